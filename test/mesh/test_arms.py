# SPDX-License-Identifier: Apache-2.0
"""What the mesh adds to latency, told from variants in turn: with the sidecar of the client, of the server, of both and of neither, and with
mTLS and without."""
import re

import cluster as c
import meshed as m

NS = "mesh-arms"
RATE, SECONDS = 50, 5  # of each trial
RBAC = "rbac.authorization.k8s.io"


def account():
    """Who changes the target for the variants that want it otherwise."""
    meta = {"name": "deployer", "namespace": NS}
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create", "patch"]},
             {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]},
             {"apiGroups": ["security.istio.io"], "resources": ["peerauthentications"], "verbs": ["get", "create", "patch", "delete"]}]
    c.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
            {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": meta, "rules": rules},
            {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": meta, "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": "deployer"},
             "subjects": [{"kind": "ServiceAccount", "name": "deployer", "namespace": NS}]})


def variant(name, client, *objects):
    made = {"name": name, "overrides": {"context": {"mesh": {"client": client}}}}
    return {**made, "apply": [{"manifest": one} for one in objects]} if objects else made


def without_sidecar(name):
    """What differs of a Deployment whose pods are left out of the mesh."""
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {"template": {"metadata": {"labels": {"sidecar.istio.io/inject": "false"}}}}}


def without_mtls(name):
    return {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": name},
            "spec": {"selector": {"matchLabels": {"app": name}}, "mtls": {"mode": "DISABLE"}}}


def profile(name, pairs, *variants):
    more = {"serviceAccountName": "deployer"} if any("apply" in one for one in variants) else {}
    return m.profile(NS, name, name, rate=RATE, seconds=SECONDS, trials={"repeats": {"min": pairs}, "pause": "0s"}, limits={"deadline": "3m"},
                     variants=list(variants), baseline={"from": "none", "primary": "latency.p50", "onRegression": "warn"}, **more)


def asked_for(run):
    """What the Jobs that the run has at this moment ask the injector for, by variant."""
    jobs = [job for job in c.items("jobs", NS, "loadstone.dev/part=worker") if job["metadata"]["annotations"]["loadstone.dev/run"] == run]
    return {(job["metadata"]["labels"]["loadstone.dev/variant"], job["spec"]["template"]["metadata"]["labels"].get("sidecar.istio.io/inject"))
            for job in jobs}


def milliseconds(text):
    return float(re.fullmatch(r"(-?[0-9.]+)ms", text).group(1))


def added(status, name, part, figures):
    """What that variant's comparison says was added, once it holds together; its bounds are put down in 'figures'."""
    found = next(arm["added"] for arm in status["comparison"]["arms"] if arm["b"] == name)
    assert found["part"] == part, (found, status["variants"])
    low, mean, high = (milliseconds(found["p50"][key]) for key in ("low", "mean", "high"))
    figures[part] = f"{part}_ms={mean:.3f} {part}_lo={low:.3f} {part}_hi={high:.3f}"
    assert low < mean < high, found  # how much it is, on a machine that does much else besides, is no matter of right and wrong
    by_arms = status["context"]["mesh"]["addedLatency"]
    assert (by_arms["by"], by_arms["of"]) == ("arms", "latency.p50") and by_arms[part] == f"{found['p50']['low']} to {found['p50']['high']}", by_arms
    return found["text"]


def arms(status):
    return {variant["name"]: variant["mesh"] for variant in status["variants"]}


def series(name, pairs, *variants):
    """The status at the end of a run of these variants, of which every trial counts."""
    c.apply(profile(name, pairs, *variants), c.run(NS, name, name))
    seen = set()

    def halfway():
        seen.update(asked_for(name))
        return len(c.status_of(NS, name).get("trials", [])) > len(variants)
    c.until(m.PATIENCE_S, "every variant's Job", halfway)
    wanted = {(one["name"], {"excluded": "false", "enrolled": "true"}[one["overrides"]["context"]["mesh"]["client"]]) for one in variants}
    assert seen == wanted, seen
    status = c.finished(NS, name, 2 * m.PATIENCE_S)
    assert [one["trials"] for one in status["variants"]] == [pairs] * len(variants), (status["message"], status["trials"])
    return status


def seen_by(mesh):
    return mesh["clientMeshed"], mesh["serverMeshed"], mesh.get("mtls")


def the_client_s_sidecar_brings_mtls_with_it(figures):
    status = series("web", 4, variant("out", "excluded"), variant("in", "enrolled"))
    meshes = arms(status)
    assert (seen_by(meshes["out"]), seen_by(meshes["in"])) == (("false", "1/1", "plaintext"), ("true", "1/1", "mutual")), meshes
    assert "client" in meshes["in"]["proxyCpu"] and "client" not in meshes["out"]["proxyCpu"], meshes
    text = added(status, "in", "client", figures)
    assert text.startswith("the client's sidecar, mTLS with it, adds ") and text.endswith("; 4 pairs"), text


def either_sidecar_alone_and_both_against_neither(figures):
    off = without_sidecar("sides")
    status = series("sides", 2, variant("none", "excluded", off), variant("client", "enrolled", off), variant("server", "excluded"),
                    variant("both", "enrolled"))
    meshes = arms(status)
    assert seen_by(meshes["none"])[:2] == ("false", "0/1") and seen_by(meshes["client"]) == ("true", "0/1", "plaintext"), meshes
    assert (seen_by(meshes["server"]), seen_by(meshes["both"])) == (("false", "1/1", "plaintext"), ("true", "1/1", "mutual")), meshes
    assert added(status, "client", "client", {}).startswith("the client's sidecar "), status["comparison"]
    assert added(status, "server", "server", figures).startswith("the server's sidecar "), status["comparison"]
    assert added(status, "both", "whole", figures).startswith("both sidecars, mTLS with them, "), status["comparison"]


def mtls_between_the_same_sidecars(figures):
    status = series("tls", 4, variant("plain", "enrolled", without_mtls("tls")), variant("mtls", "enrolled"))
    meshes = arms(status)
    assert (seen_by(meshes["plain"]), seen_by(meshes["mtls"])) == (("true", "1/1", "plaintext"), ("true", "1/1", "mutual")), meshes
    assert added(status, "mtls", "mtls", figures).startswith("mTLS "), status["comparison"]


def all_tests(suite, in_turn=False):
    """Returns the words of the figure: what each part adds to the median, with its 95 % interval. In turn: nothing else of ours runs meanwhile."""
    m.namespace(NS)
    account()
    for name in ("web", "sides", "tls"):
        c.server(NS, name, args=["/etc/nginx/nginx-quiet.conf"])
    for name in ("web", "sides", "tls"):
        c.server_ready(NS, name)
    figures = {}
    calls = [(test, figures) for test in (the_client_s_sidecar_brings_mtls_with_it, either_sidecar_alone_and_both_against_neither,
                                          mtls_between_the_same_sidecars)]
    if in_turn:
        for call in calls:
            suite.one(*call)
    else:
        suite.side_by_side(*calls)
    words = " ".join([*(figures[part] for part in sorted(figures)), f"rate={RATE}", f"seconds={SECONDS}"])
    print("# mesh-added", words, flush=True)
    return words
