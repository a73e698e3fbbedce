# SPDX-License-Identifier: Apache-2.0
"""What the chapters about meshes share: namespaces in and out of the mesh, runs, and what they say."""
import json

import cluster as c

ISTIO = "istio-system"
PATIENCE_S = 300  # for the end of a run, on a machine that may have much else to do


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


def run(namespace_name, name):
    """The status at the end of a run of the profile of that name."""
    c.apply(c.run(namespace_name, name, name))
    return c.finished(namespace_name, name, PATIENCE_S)


def proxies_have(namespace_name, app, words):
    """Waits until istiod has sent to the proxies of that app what has these words in it."""
    def arrived():
        return all(words in c.kubectl("exec", pod["metadata"]["name"], "-n", namespace_name, "-c", "istio-proxy", "--",
                                      "pilot-agent", "request", "GET", "config_dump") for pod in c.items("pods", namespace_name, f"app={app}"))
    c.until(120, f"the proxies of {app} to have '{words}'", arrived, 1)


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
