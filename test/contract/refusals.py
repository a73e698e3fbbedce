# SPDX-License-Identifier: Apache-2.0
"""What is refused: one row each, the request and the Status that answers it. {ns} is the namespace; the objects 'there',
'frozen' (immutable), 'paused' (a suspended Job), 'run' and 'held' (a Lease) are made before."""
from client import JSON_PATCH, MERGE, STRATEGIC
from suite import CASES, configmap, event, holds, job, lease, run

CM = "/api/v1/namespaces/{ns}/configmaps"
JOBS = "/apis/batch/v1/namespaces/{ns}/jobs"
RUNS = "/apis/loadstone.dev/v1alpha1/namespaces/{ns}/benchmarkruns"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{ns}/leases"
EVENTS = "/apis/events.k8s.io/v1/namespaces/{ns}/events"
PODS = "/api/v1/namespaces/{ns}/pods"
OLD_TOKEN = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiJwYWdlMVx1MDAwMCJ9"  # of version 1
HELD = {"details_name": "there", "details_kind": "configmaps"}
CHANGED = "the object has been modified; please apply your changes to the latest version and try again"


def cause(field, reason):
    return {"reason": "Invalid", "details_causes_0_field": field, "details_causes_0_reason": reason}


ROWS = [
    # name, method, path, body, content type, code, what the Status says
    ("get of what is not there", "GET", CM + "/none", None, None, 404,
     {"reason": "NotFound", "message": 'configmaps "none" not found', "details_name": "none", "details_kind": "configmaps"}),
    ("get of a custom resource that is not there", "GET", RUNS + "/none", None, None, 404,
     {"message": 'benchmarkruns.loadstone.dev "none" not found', "details_group": "loadstone.dev"}),
    ("unknown resource of a known group", "GET", "/apis/batch/v1/namespaces/{ns}/nonsense", None, None, 404, {"reason": "NotFound"}),
    ("unknown group", "GET", "/apis/nonsense.dev/v1/things", None, None, 404, {}),
    ("create of what is there", "POST", CM, configmap(name="there"), None, 409,
     {"reason": "AlreadyExists", "message": 'configmaps "there" already exists', **HELD}),
    ("create with a version", "POST", CM, configmap(name="v", resourceVersion="5"), None, 500,
     {"message": "resourceVersion should not be set on objects to be created"}),
    ("create without a name", "POST", CM, configmap(), None, 422, cause("metadata.name", "FieldValueRequired")),
    ("create with a bad name", "POST", CM, configmap(name="A_b"), None, 422, cause("metadata.name", "FieldValueInvalid")),
    ("create with a bad label", "POST", CM, configmap(name="l", labels={"a": "b c"}), None, 422,
     cause("metadata.labels", "FieldValueInvalid")),
    ("create with an owner without uid", "POST", CM, configmap(name="o", ownerReferences=[{"apiVersion": "v1", "kind": "Pod", "name": "p"}]),
     None, 422, cause("metadata.ownerReferences.uid", "FieldValueInvalid")),
    ("create in a namespace that is not there", "POST", "/api/v1/namespaces/contract-none/configmaps", configmap(name="a"), None, 404,
     {"message": 'namespaces "contract-none" not found', "details_kind": "namespaces"}),
    ("create in another namespace than the path's", "POST", CM, configmap(name="a", namespace="other"), None, 400,
     {"message": "the namespace of the provided object does not match the namespace sent on the request"}),
    ("create of another kind", "POST", CM, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}, None, 400, {"reason": "BadRequest"}),
    ("create of another version", "POST", CM, {**configmap(name="a"), "apiVersion": "v2"}, None, 400, {"reason": "BadRequest"}),
    ("create of a custom resource of another kind", "POST", RUNS, {**run(), "kind": "Foo", "metadata": {"name": "a"}}, None, 422,
     cause("kind", "FieldValueInvalid")),
    ("create of a custom resource without kind", "POST", RUNS, {"metadata": {"name": "a"}, "spec": {"profile": "a"}}, None, 400,
     {"reason": "BadRequest"}),
    ("body that is cut", "POST", CM, '{"a":', None, 400, {"reason": "BadRequest"}),
    ("body that is empty", "POST", CM, "", None, 400, {"reason": "BadRequest"}),
    ("body that is a list", "POST", CM, "[]", None, 400, {"reason": "BadRequest"}),
    ("name that is a number", "POST", CM, configmap(name=5), None, 400, {"reason": "BadRequest"}),
    ("label that is a number", "POST", CM, configmap(name="a", labels={"a": 1}), None, 400, {"reason": "BadRequest"}),
    ("data that are a number", "POST", CM, configmap({"a": 1}, name="a"), None, 400, {"reason": "BadRequest"}),
    ("spec that is a list", "POST", JOBS, {**job(), "spec": [], "metadata": {"name": "a"}}, None, 400, {"reason": "BadRequest"}),
    ("switch that is a word", "POST", JOBS, {**job(suspend="yes"), "metadata": {"name": "a"}}, None, 400, {"reason": "BadRequest"}),
    ("metadata that is a word", "POST", RUNS, {**run(), "metadata": "a"}, None, 400, {"reason": "BadRequest"}),
    ("merge patch to a wrong type", "PATCH", CM + "/there", {"data": {"a": 5}}, MERGE, 422, cause("patch", "FieldValueInvalid")),
    ("body of an unknown type", "POST", CM, "hello", "text/plain", 415, {"reason": "UnsupportedMediaType"}),
    ("patch of an unknown type", "PATCH", CM + "/there", "{}", "application/json", 415, {"reason": "UnsupportedMediaType"}),
    ("strategic patch of a custom resource", "PATCH", RUNS + "/run", {"metadata": {"labels": {"a": "b"}}}, STRATEGIC, 415,
     {"reason": "UnsupportedMediaType"}),
    ("post to an object", "POST", CM + "/there", configmap(name="there"), None, 405, {"reason": "MethodNotAllowed"}),
    ("put to a collection", "PUT", CM, configmap(name="there"), None, 405, {"reason": "MethodNotAllowed"}),
    ("patch of a collection", "PATCH", CM, {}, MERGE, 405, {"reason": "MethodNotAllowed"}),
    ("put of what is not there", "PUT", CM + "/new", configmap(name="new"), None, 404, {"details_name": "new"}),
    ("put under another name", "PUT", CM + "/there", configmap(name="other"), None, 400,
     {"message": "the name of the object (other) does not match the name on the URL (there)"}),
    ("put of an old version", "PUT", CM + "/there", configmap(name="there", resourceVersion="5"), None, 409,
     {"reason": "Conflict", "message": f'Operation cannot be fulfilled on configmaps "there": {CHANGED}', **HELD}),
    ("put of a version that is no number", "PUT", CM + "/there", configmap(name="there", resourceVersion="abc"), None, 500, {}),
    ("put of another uid", "PUT", CM + "/there", configmap(name="there", uid="123"), None, 409, {"reason": "Conflict", **HELD}),
    ("put of a custom resource without version", "PUT", RUNS + "/run", {**run(), "metadata": {"name": "run"}}, None, 422,
     cause("metadata.resourceVersion", "FieldValueInvalid")),
    ("put of a lease without version", "PUT", LEASES + "/held", lease(name="held"), None, 422,
     cause("metadata.resourceVersion", "FieldValueInvalid")),
    ("merge patch of an old version", "PATCH", CM + "/there", {"metadata": {"resourceVersion": "5"}, "data": {"b": "2"}}, MERGE, 409,
     {"reason": "Conflict", **HELD}),
    ("merge patch of another uid", "PATCH", CM + "/there", {"metadata": {"uid": "5"}}, MERGE, 422, cause("metadata.uid", "FieldValueInvalid")),
    ("merge patch of another name", "PATCH", CM + "/there", {"metadata": {"name": "5"}}, MERGE, 400, {"reason": "BadRequest"}),
    ("merge patch of another namespace", "PATCH", CM + "/there", {"metadata": {"namespace": "5"}}, MERGE, 400, {"reason": "BadRequest"}),
    ("merge patch of what is not there", "PATCH", CM + "/none", {"data": {}}, MERGE, 404, {"reason": "NotFound"}),
    ("merge patch that is cut", "PATCH", CM + "/there", '{"data":', MERGE, 400, {"reason": "BadRequest"}),
    ("merge patch that is a list", "PATCH", CM + "/there", "[]", MERGE, 400, {"reason": "BadRequest"}),
    ("JSON patch whose test fails", "PATCH", CM + "/there", [{"op": "test", "path": "/data/a", "value": "2"}], JSON_PATCH, 422,
     {"reason": "Invalid", "message": "the server rejected our request due to an error in our request"}),
    ("JSON patch that removes what is not there", "PATCH", CM + "/there", [{"op": "remove", "path": "/data/z"}], JSON_PATCH, 422,
     {"reason": "Invalid"}),
    ("JSON patch of an unknown operation", "PATCH", CM + "/there", [{"op": "frob", "path": "/data/a"}], JSON_PATCH, 422, {"reason": "Invalid"}),
    ("JSON patch that is no list", "PATCH", CM + "/there", {"op": "test"}, JSON_PATCH, 400, {"reason": "BadRequest"}),
    ("change of immutable data", "PATCH", CM + "/frozen", {"data": {"b": "2"}}, MERGE, 422, {
        **cause("data", "FieldValueForbidden"), "message":
        'ConfigMap "frozen" is invalid: data: Forbidden: field is immutable when `immutable` is set'}),
    ("change of immutable itself", "PATCH", CM + "/frozen", {"immutable": False}, MERGE, 422, cause("immutable", "FieldValueForbidden")),
    ("change of immutable itself to nothing", "PATCH", CM + "/frozen", {"immutable": None}, MERGE, 422, cause("immutable", "FieldValueForbidden")),
    ("delete of what is not there", "DELETE", CM + "/none", None, None, 404, {"reason": "NotFound", "details_name": "none"}),
    ("delete of another uid", "DELETE", CM + "/there", {"preconditions": {"uid": "x"}}, None, 409,
     {"reason": "Conflict", "details_name": "there"}),
    ("delete of another version", "DELETE", CM + "/there", {"preconditions": {"resourceVersion": "7"}}, None, 409, {"reason": "Conflict"}),
    ("delete with an unknown propagation", "DELETE", CM + "/there", {"propagationPolicy": "Sometimes"}, None, 422,
     cause("propagationPolicy", "FieldValueNotSupported")),
    ("list by a broken label selector", "GET", CM + "?labelSelector=a%3D%3D%3Db", None, None, 400, {"reason": "BadRequest"}),
    ("list by an unknown field", "GET", CM + "?fieldSelector=spec.x%3Db", None, None, 400, {"reason": "BadRequest"}),
    ("list with a broken token", "GET", CM + "?limit=1&continue=zzz", None, None, 400, {"reason": "BadRequest"}),
    ("list with a token and a version", "GET", CM + "?resourceVersion=5&continue=" + OLD_TOKEN, None, None, 400,
     {"message": "specifying resource version is not allowed when using continue"}),
    ("list with a token that has expired", "GET", CM + "?limit=1&continue=" + OLD_TOKEN, None, None, 410,
     {"reason": "Expired", "metadata_continue": ...}),
    ("list at a version that is compacted", "GET", CM + "?resourceVersion=1&resourceVersionMatch=Exact", None, None, 410, {"reason": "Expired"}),
    ("list at a version of the future", "GET", CM + "?resourceVersion=99999999999", None, None, 504,
     {"reason": "Timeout", "details_retryAfterSeconds": 1, "details_causes_0_reason": "ResourceVersionTooLarge"}),
    ("list at a version that is no number", "GET", CM + "?resourceVersion=abc", None, None, 400, {"reason": "BadRequest"}),
    ("list with a match and no version", "GET", CM + "?resourceVersionMatch=Exact", None, None, 422,
     cause("resourceVersionMatch", "FieldValueForbidden")),
    ("watch of initial events without a match", "GET", CM + "?watch=true&sendInitialEvents=true&timeoutSeconds=1", None, None, 422,
     cause("resourceVersionMatch", "FieldValueForbidden")),
    ("watch from a version that is no number", "GET", CM + "?watch=true&resourceVersion=abc", None, None, 500, {}),
    ("custom resource with a value of the wrong type", "POST", RUNS, {**run(profile=5), "metadata": {"name": "a"}}, None, 422,
     cause("spec.profile", "FieldValueTypeInvalid")),
    ("custom resource without what is required", "POST", RUNS, {**run(), "spec": None, "metadata": {"name": "a"}}, None, 422,
     cause("spec", "FieldValueRequired")),
    ("custom resource with too long a text", "POST", RUNS, {**run(profile="a" * 53), "metadata": {"name": "a"}}, None, 422,
     cause("spec.profile", "FieldValueTooLong")),
    ("custom resource with too small a number", "POST", RUNS,
     {**run(overrides={"load": {"concurrency": {"connections": 0}}}), "metadata": {"name": "a"}}, None, 422,
     cause("spec.overrides.load.concurrency.connections", "FieldValueInvalid")),
    ("status with a word of no list", "PATCH", RUNS + "/run/status", {"status": {"phase": "Dancing"}}, MERGE, 422,
     cause("status.phase", "FieldValueNotSupported")),
    ("unknown field in a strict request", "POST", RUNS + "?fieldValidation=Strict", {**run(nonsense=1), "metadata": {"name": "a"}}, None, 400,
     {"reason": "BadRequest"}),
    ("job of another completion mode", "PATCH", JOBS + "/paused", {"spec": {"completionMode": "NonIndexed"}}, MERGE, 422,
     cause("spec.completionMode", "FieldValueInvalid")),
    ("job of another selector", "PATCH", JOBS + "/paused", {"spec": {"selector": {"matchLabels": {"a": "b"}}}}, MERGE, 422,
     {"reason": "Invalid"}),
    ("lease of no duration", "PATCH", LEASES + "/held", {"spec": {"leaseDurationSeconds": 0}}, MERGE, 422,
     cause("spec.leaseDurationSeconds", "FieldValueInvalid")),
    ("event without an action", "POST", EVENTS, {**event("{ns}", action=""), "metadata": {"name": "e"}}, None, 422,
     cause("action", "FieldValueRequired")),
    ("event with a long note", "POST", EVENTS, {**event("{ns}", note="x" * 1025), "metadata": {"name": "e"}}, None, 422,
     cause("message", "FieldValueInvalid")),
    ("log of a pod that is not there", "GET", PODS + "/none/log", None, None, 404, {"reason": "NotFound"}),
]


def prepare(world):
    world.make(world.configmaps(), configmap(name="there"))
    world.make(world.configmaps(), {**configmap(name="frozen"), "immutable": True})
    world.make(world.jobs(), {**job(), "metadata": {"name": "paused"}})
    world.make(world.runs(), {**run(), "metadata": {"name": "run"}})
    world.make(world.leases(), lease(name="held"))


def check_of(method, path, body, content, code, said):
    def check(world):
        if isinstance(body, dict) and "regarding" in body:
            body["regarding"]["namespace"] = world.namespace
        expected = {"kind": "Status", "status": "Failure", "code": code, **said} if said else {}
        holds(world.server.request(method, path.replace("{ns}", world.namespace), body, content), code, **expected)
    return check


CASES.extend(("refused: " + name, check_of(*row)) for name, *row in ROWS)
