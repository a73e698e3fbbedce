# SPDX-License-Identifier: Apache-2.0
"""The frame of the contract: cases find each other in a list, and each has a namespace with a few objects in it."""
import json
import time

from client import MERGE, at

CASES = []


def case(function):
    """Registers a check; its name is what is printed."""
    CASES.append((function.__name__.replace("_", " "), function))
    return function


def until(seconds, look, pause=0.1):
    """Repeats look() until it returns something true; controllers of a real cluster take their time."""
    end = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(pause)
    return seen


def holds(answer, code, /, **expected):
    """The answer has this code, and at each dotted path (a_b is a.b) this value; ... is anything but nothing."""
    assert answer.code == code, f"{code} was expected: {answer}"
    for path, value in expected.items():
        seen = answer.at(path.replace("_", "."))
        assert seen == value or (value is ... and seen is not None), f"{path} is {seen!r}, not {value!r}: {answer}"
    return answer


class World:
    """A server and one namespace on it."""

    def __init__(self, server, namespace):
        self.server, self.namespace = server, namespace
        self.count = 0

    def path(self, group_version, plural, name="", sub=""):
        root = "/api/v1" if group_version == "v1" else f"/apis/{group_version}"
        return f"{root}/namespaces/{self.namespace}/{plural}" + (f"/{name}" if name else "") + (f"/{sub}" if sub else "")

    def configmaps(self, name="", sub=""):
        return self.path("v1", "configmaps", name, sub)

    def pods(self, name="", sub=""):
        return self.path("v1", "pods", name, sub)

    def jobs(self, name="", sub=""):
        return self.path("batch/v1", "jobs", name, sub)

    def runs(self, name="", sub=""):
        return self.path("loadstone.dev/v1alpha1", "benchmarkruns", name, sub)

    def leases(self, name=""):
        return self.path("coordination.k8s.io/v1", "leases", name)

    def events(self, name=""):
        return self.path("events.k8s.io/v1", "events", name)

    def fresh(self):
        """A name nobody else has used."""
        self.count += 1
        return f"x{self.count}"

    def get(self, path, code=200, **expected):
        return holds(self.server.request("GET", path), code, **expected)

    def post(self, path, body, code=201, **expected):
        return holds(self.server.request("POST", path, body), code, **expected)

    def put(self, path, body, code=200, **expected):
        return holds(self.server.request("PUT", path, body), code, **expected)

    def patch(self, path, body, code=200, content=MERGE, **expected):
        return holds(self.server.request("PATCH", path, body, content), code, **expected)

    def delete(self, path, body=None, code=200, **expected):
        return holds(self.server.request("DELETE", path, body), code, **expected)

    def make(self, path, body):
        """Creates it under a fresh name unless it has one; the object."""
        body.setdefault("metadata", {}).setdefault("name", self.fresh())
        return self.post(path, body).json

    def settled(self, path):
        """The object when nobody has written to it for half a second: an operator may be at work on a real cluster."""
        seen = self.get(path).json
        while True:
            time.sleep(0.5)
            again = self.get(path).json
            if version_of(again) == version_of(seen):
                return again
            seen = again


def configmap(data=None, **metadata):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"a": "1"}}


def job(**spec):
    template = {"metadata": {"labels": {"x": "y"}}, "spec": {
        "restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": False,
        "containers": [{"name": "load", "image": "localhost/no-such-image:1", "imagePullPolicy": "Never"}]}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {}, "spec": {
        "suspend": True, "completions": 2, "parallelism": 2, "completionMode": "Indexed", "backoffLimit": 0,
        "template": template, **spec}}


def run(**spec):
    return {"apiVersion": "loadstone.dev/v1alpha1", "kind": "BenchmarkRun", "metadata": {},
            "spec": {"profile": "contract-no-such-profile", **spec}}


def lease(holder="a", **metadata):
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": {
        "holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": "2026-01-01T00:00:00.000000Z"}}


def event(namespace, **more):
    return {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {}, "eventTime": "2026-01-01T00:00:00.000000Z",
            "reportingController": "loadstone.dev/operator", "reportingInstance": "contract", "type": "Normal", "reason": "Began",
            "action": "Begin", "note": "it began", "regarding": {
                "apiVersion": "batch/v1", "kind": "Job", "name": "regarded", "namespace": namespace}, **more}


def name_of(object_):
    return at(object_, "metadata.name")


def uid_of(object_):
    return at(object_, "metadata.uid")


def version_of(object_):
    return int(at(object_, "metadata.resourceVersion"))


def owned_by(owner, block=True):
    return [{"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name_of(owner), "uid": uid_of(owner),
             "blockOwnerDeletion": block}]


def text(object_):
    return json.dumps(object_, sort_keys=True)
