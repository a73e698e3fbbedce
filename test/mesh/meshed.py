# SPDX-License-Identifier: Apache-2.0
"""What the chapters about meshes share: namespaces in and out of the mesh, runs, and what they say."""
import json

import cluster as c

ISTIO = "istio-system"


def namespace(name, meshed=True, **labels):
    """An empty namespace, its pods in the mesh or not; without Pod Security, which istio-init does not fit."""
    c.delete("namespace", name, "default")
    if meshed:
        labels["istio-injection"] = "enabled"
    c.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})


def istio(kind, name, namespace_name, spec, group="networking"):
    c.apply({"apiVersion": f"{group}.istio.io/v1", "kind": kind, "metadata": {"name": name, "namespace": namespace_name}, "spec": spec})


def route(host, **more):
    """Spec of a VirtualService that leads to its own host."""
    return {"hosts": [host], "http": [{"route": [{"destination": {"host": host}}], **more}]}


def profile(namespace_name, name, service, rate=20, seconds=6, client="inherit", path="/", require=(), **more):
    """Slowly and patiently: what is tested is what the mesh does, on a machine that may have much else to do."""
    limits = {"readyTimeout": "90s", "brake": {"off": True}, **more.pop("limits", {})}
    return c.profile(namespace_name, name, service, [c.hold(rate, seconds)], path=path, context={"mesh": {"client": client}, "require": list(require)},
                     limits=limits, load={"timeout": "30s", "concurrency": {"connections": 32}}, **more)


def run(namespace_name, name, seconds=150):
    """The status at the end of a run of the profile of that name. On a machine that is so busy that the kubelet hands on the start when the load
    should be over already, nothing is sent, and the run says so: then it is made once more."""
    c.apply(c.run(namespace_name, name, name))
    status = c.finished(namespace_name, name, seconds)
    if status.get("results", {}).get("requests") == 0 and any(r["reason"] == "StartedLate" for r in status.get("reasons", [])):
        c.apply(c.run(namespace_name, f"{name}-again", name))
        return c.finished(namespace_name, f"{name}-again", seconds)
    return status


def policy(status, key):
    """Value and origin of a policy as the status has it."""
    for entry in status["context"]["mesh"]["policies"]:
        if entry["key"] == key:
            return entry["value"], entry["origin"]
    return None, None


def explanation(status, code):
    for entry in status.get("explanations", []):
        if entry["code"] == code:
            return entry
    raise AssertionError(f"no explanation {code}: {json.dumps(status.get('explanations'))}; {status.get('message')}; "
                         f"{json.dumps(status.get('results', {}).get('byStatus'))}")


def evidence(status, code):
    """The number in the evidence of an explanation that is sure of itself."""
    entry = explanation(status, code)
    assert entry["confidence"] == "high", entry
    return int(entry["evidence"].rsplit(" ", 2)[1])


def proxy_cpu(status, side):
    """What the proxies on that side used, in thousandths of a core."""
    return int(status["context"]["mesh"]["proxyCpu"][side].rstrip("m"))


def full(namespace_name, status):
    """The mesh in the result ConfigMap."""
    result = c.get("configmap", status["resultRef"]["configMap"], namespace_name)
    return json.loads(result["data"]["context.json"])["mesh"]


def counted(mesh, side, counter):
    """What the proxies on one side counted together; 0 when none of them did."""
    return sum(p["counters"].get(counter, 0) for p in mesh["proxies"] if p["side"] == side)


def unmet(status):
    """What a result that is Invalid says about its requirements."""
    assert status["validity"] == "Invalid", (status["validity"], status.get("reasons"))
    found = [r["message"] for r in status["reasons"] if r["reason"] == "RequirementUnmet"]
    assert len(found) == 1 and status["verdict"] == "None", status["reasons"]
    return found[0]


def all_answered(status):
    """Every request had its answer, and a good one."""
    results = status["results"]
    assert status["phase"] == "Succeeded" and results["succeeded"] == results["requests"] > 0, (status["message"], results)


def answers(status):
    """Answers with a status by the client's own count."""
    return {int(code): n for code, n in status["results"]["byStatus"].items() if code != "other"}
