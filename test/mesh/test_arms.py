# SPDX-License-Identifier: Apache-2.0
"""What the mesh adds to latency, told from variants in turn: the client in the mesh and out of it, before a server that is in it and one that
is not."""
import re

import cluster as c
import meshed as m

NS = "mesh-arms"
PAIRS = 4


def profile(name, service):
    return m.profile(NS, name, service, rate=200, seconds=6, trials={"repeats": {"min": PAIRS}, "pause": "0s"}, limits={"deadline": "3m"}, variants=[
        {"name": "out", "overrides": {"context": {"mesh": {"client": "excluded"}}}},
        {"name": "in", "overrides": {"context": {"mesh": {"client": "enrolled"}}}},
    ], baseline={"from": "none", "primary": "latency.p50", "onRegression": "warn"})


def asked_for(run):
    """What the Jobs that the run has at this moment ask the injector for, by variant."""
    jobs = [job for job in c.items("jobs", NS) if job["metadata"]["annotations"]["loadstone.dev/run"] == run]
    return {(job["metadata"]["labels"]["loadstone.dev/variant"], job["spec"]["template"]["metadata"]["labels"].get("sidecar.istio.io/inject"))
            for job in jobs}


def milliseconds(text):
    return float(re.fullmatch(r"(-?[0-9.]+)ms", text).group(1))


def added(status, part):
    """What the second arm's comparison says was added, once it holds together."""
    found = status["comparison"]["arms"][0]["added"]
    assert found["part"] == part, (found, status["variants"])
    low, mean, high = (milliseconds(found["p50"][key]) for key in ("low", "mean", "high"))
    # How much it is, on a machine that does much else besides, is no matter of right and wrong; that it was less than nothing is.
    assert low < mean < high and high > 0, found
    by_arms = status["context"]["mesh"]["addedLatency"]
    assert (by_arms["by"], by_arms["of"]) == ("arms", "latency.p50") and by_arms[part] == f"{found['p50']['low']} to {found['p50']['high']}", by_arms
    return found["text"]


def arms(status):
    return {variant["name"]: variant["mesh"] for variant in status["variants"]}


def begin(name, service):
    c.apply(profile(name, service), c.run(NS, name, name))
    seen = set()

    def third():
        seen.update(asked_for(name))
        return len(c.status_of(NS, name).get("trials", [])) >= 3
    c.until(120, "the third trial", third)
    assert seen == {("out", "false"), ("in", "true")}, seen
    status = c.finished(NS, name, 300)
    assert all(row["validity"] != "Invalid" for row in status["trials"]) and len(status["trials"]) == 2 * PAIRS, status["trials"]
    return status


def the_client_s_sidecar_and_mtls_with_it():
    status = begin("meshed", "web")
    meshes = arms(status)
    assert (meshes["out"]["clientMeshed"], meshes["out"]["serverMeshed"], meshes["out"]["mtls"]) == ("false", "1/1", "plaintext"), meshes
    assert (meshes["in"]["clientMeshed"], meshes["in"]["serverMeshed"], meshes["in"]["mtls"]) == ("true", "1/1", "mutual"), meshes
    assert "client" in meshes["in"]["proxyCpu"] and "client" not in meshes["out"]["proxyCpu"], meshes
    text = added(status, "client")
    assert text.startswith("the client's sidecar, mTLS with it, adds ") and text.endswith(f"; {PAIRS} pairs"), text


def the_client_s_sidecar_alone_before_a_server_out_of_the_mesh():
    status = begin("twin", "plain")
    meshes = arms(status)
    assert (meshes["out"]["clientMeshed"], meshes["in"]["clientMeshed"], meshes["in"]["mtls"]) == ("false", "true", "plaintext"), meshes
    assert {mesh["serverMeshed"] for mesh in meshes.values()} == {"0/1"}, meshes
    assert added(status, "client").startswith("the client's sidecar adds "), status["comparison"]


def all_tests(suite):
    quiet = ["/etc/nginx/nginx-quiet.conf"]
    m.namespace(NS)
    c.server(NS, "web", args=quiet)
    c.server(NS, "plain", args=quiet, labels={"sidecar.istio.io/inject": "false"})
    for name in ("web", "plain"):
        c.server_ready(NS, name)
    suite.side_by_side((the_client_s_sidecar_and_mtls_with_it,), (the_client_s_sidecar_alone_before_a_server_out_of_the_mesh,))
