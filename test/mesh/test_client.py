# SPDX-License-Identifier: Apache-2.0
"""The generator in the mesh, out of it, and against a target out of it: the run says which, and its Job ends by itself."""
import copy
import json
import re
import time

import cluster as c
import meshed as m

IN, OUT, STRICT, FENCED = "mesh-in", "mesh-out", "mesh-strict", "mesh-fenced"


def version():
    """What the control plane calls itself."""
    pods = c.items("pods", m.ISTIO, "app=istiod")
    return pods[0]["spec"]["containers"][0]["image"].rsplit(":", 1)[1]


def client_and_server_are_in_the_mesh():
    status = m.run(IN, "both")
    mesh = status["context"]["mesh"]
    assert (mesh["type"], mesh["mode"], mesh["version"]) == ("ISTIO", "sidecar", version()), mesh
    assert (mesh["clientMeshed"], mesh["serverMeshed"]) == ("true", "1/1"), mesh
    assert m.policy(status, "mtls.effective")[0] == "mutual", mesh
    m.all_answered(status)
    assert status["summary"]["mesh"] == "istio 1/1 mutual", status["summary"]
    proxies = m.full(IN, status)["proxies"]
    assert {p["side"] for p in proxies} == {"client", "server"} and all(p["pages"] >= 2 for p in proxies), proxies


def the_client_is_excluded():
    status = m.run(IN, "alone")
    mesh = status["context"]["mesh"]
    assert (mesh["type"], mesh["clientMeshed"], mesh["serverMeshed"]) == ("ISTIO", "false", "1/1"), mesh
    assert m.policy(status, "mtls.effective")[0] == "plaintext", mesh
    m.all_answered(status)


def the_server_is_out_of_the_mesh():
    status = m.run(IN, "outwards")
    mesh = status["context"]["mesh"]
    assert (mesh["clientMeshed"], mesh["serverMeshed"]) == ("true", "0/1"), mesh
    assert m.policy(status, "mtls.effective")[0] == "plaintext", mesh
    m.all_answered(status)


def the_client_is_enrolled_from_a_namespace_that_is_not():
    status = m.run(OUT, "enrolled")
    mesh = status["context"]["mesh"]
    assert (mesh["type"], mesh["clientMeshed"]) == ("ISTIO", "true"), mesh
    m.all_answered(status)


def a_server_that_wants_mtls_refuses_a_client_without():
    status = m.run(STRICT, "refused")
    found = m.explanation(status, "PlaintextRefused")
    assert found["confidence"] == "high" and "PeerAuthentication mesh-strict/default" in found["text"], \
        (found, status["message"], status["validity"], status["reasons"], status["results"], status["workers"])
    assert found["text"] in status["message"], status["message"]
    assert m.policy(status, "mtls.effective")[0] == "refused", status["context"]["mesh"]
    assert status["results"]["succeeded"] == 0, status["results"]


def what_is_required_and_not_in_effect_makes_the_result_invalid():
    status = m.run(IN, "demanding")
    said = m.unmet(status)
    assert said.startswith("required mesh.mtls strict was not in effect at the start: mTLS of the server is PERMISSIVE"), said
    m.all_answered(status)


def what_is_required_and_in_effect_changes_nothing():
    status = m.run(STRICT, "satisfied")
    assert status["validity"] != "Invalid" and m.policy(status, "mtls.server")[0] == "STRICT", status
    m.all_answered(status)


def a_namespace_that_refuses_the_init_container_says_what_helps():
    c.apply(m.profile(FENCED, "fenced", "web", limits={"readyTimeout": "20s"}))
    status = m.run(FENCED, "fenced")
    assert status["phase"] == "Failed" and c.condition(status, "Stalled")["reason"] == "MeshInitForbidden", status
    assert "CNI plugin" in status["message"], status["message"]


def the_job_ends_without_the_operator(native):
    """The Job of a run made again by hand, with another name and its start in it: nobody ends its proxy but itself or the worker."""
    name = "native" if native else "plain"
    c.apply(c.run(IN, name, name))
    def its_job():
        jobs = [j for j in c.items("jobs", IN) if j["metadata"]["annotations"].get("loadstone.dev/run") == name]
        return jobs[0] if jobs else None
    original = c.until(m.PATIENCE_S, "the run's Job", its_job, 0.1)
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": f"{name}-again", "namespace": IN},
           "spec": copy.deepcopy(original["spec"])}
    for key in ("selector", "manualSelector"):
        job["spec"].pop(key, None)
    job["spec"]["suspend"] = False
    template = job["spec"]["template"]["metadata"]
    template["labels"] = {k: v for k, v in template["labels"].items() if not re.search(r"controller-uid|job-name|managed-by", k)}
    template["annotations"] = {**template["annotations"], "sidecar.istio.io/nativeSidecar": json.dumps(native),
                               "loadstone.dev/start-at": str(int((time.time() + 20) * 1000))}
    c.finished(IN, name, m.PATIENCE_S)
    c.apply(job)
    def look():
        found = c.get("job", f"{name}-again", IN)
        return found if [x for x in found.get("status", {}).get("conditions", []) if x["status"] == "True"] else None
    ended = c.until(m.PATIENCE_S, lambda: f"Job {name}-again to end: {c.get('job', name + '-again', IN)['status']}", look)
    assert ended["status"].get("succeeded") == 1, ended["status"]
    assert c.finished(IN, name)["phase"] == "Succeeded"


def all_tests(suite):
    m.namespace(IN)
    m.namespace(OUT, meshed=False)
    m.namespace(STRICT)
    m.namespace(FENCED, **{"pod-security.kubernetes.io/enforce": "restricted"})
    m.istio("PeerAuthentication", "default", STRICT, {"mtls": {"mode": "STRICT"}}, "security")
    for name in (IN, OUT, STRICT):
        c.server(name, "web", args=["/etc/nginx/nginx-quiet.conf"])
    c.server(FENCED, "web", args=["/etc/nginx/nginx-quiet.conf"], labels={"sidecar.istio.io/inject": "false"})
    c.server(IN, "plain", args=["/etc/nginx/nginx-quiet.conf"], labels={"sidecar.istio.io/inject": "false"})
    for name in (IN, OUT, STRICT, FENCED):
        c.server_ready(name, "web")
    c.server_ready(IN, "plain")
    for i in ("both", "alone", "native", "plain", "demanding"):  # one run at a time loads a Service
        c.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"web-{i}", "namespace": IN},
                 "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 8080, "targetPort": 8080}]}})
        c.apply(m.profile(IN, i, f"web-{i}", client="excluded" if i == "alone" else "inherit",
                          require=[{"clientMeshed": True}, {"mesh.mtls": "strict"}] if i == "demanding" else ()))
    c.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web-satisfied", "namespace": STRICT},
             "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 8080, "targetPort": 8080}]}})
    c.apply(m.profile(IN, "outwards", "plain"), m.profile(OUT, "enrolled", "web", client="enrolled"),
            m.profile(STRICT, "refused", "web", client="excluded"),
            m.profile(STRICT, "satisfied", "web-satisfied", require=[
                {"mesh.type": "istio"}, {"mesh.mtls": "strict"}, {"clientMeshed": True}, {"serverMeshed": True}]))
    suite.side_by_side((client_and_server_are_in_the_mesh,), (the_client_is_excluded,), (the_server_is_out_of_the_mesh,),
                       (the_client_is_enrolled_from_a_namespace_that_is_not,))
    suite.side_by_side((a_server_that_wants_mtls_refuses_a_client_without,), (a_namespace_that_refuses_the_init_container_says_what_helps,),
                       (the_job_ends_without_the_operator, True), (the_job_ends_without_the_operator, False))
    suite.side_by_side((what_is_required_and_not_in_effect_makes_the_result_invalid,), (what_is_required_and_in_effect_changes_nothing,))
