# SPDX-License-Identifier: Apache-2.0
"""What may not be read is unknown. The operator is restarted, which nobody else may need meanwhile."""
import cluster as c
import meshed as m

NS = "mesh-rights"


def nothing_is_told_that_may_not_be_read():
    """Without the right to read Istio's policies the run goes on, and says that it does not know them."""
    c.kubectl("label", "clusterrole", "loadstone-operator-mesh-istio", "loadstone.dev/aggregate-to-mesh-")
    try:
        c.until(60, "the aggregated role to shrink", lambda: "networking.istio.io" not in c.kubectl(
            "get", "clusterrole", "loadstone-operator-mesh", "-o", "json"))
        # A watch that was let in stays open; another operator has to ask anew.
        c.kubectl("rollout", "restart", "deployment/loadstone-operator", "-n", c.SYSTEM)
        c.kubectl("rollout", "status", "deployment/loadstone-operator", "-n", c.SYSTEM, "--timeout=60s")
        status = m.run(NS, "blind")
    finally:
        c.kubectl("label", "clusterrole", "loadstone-operator-mesh-istio", "loadstone.dev/aggregate-to-mesh=true")
    mesh = status["context"]["mesh"]
    assert status["phase"] == "Succeeded" and (mesh["type"], mesh["clientMeshed"]) == ("ISTIO", "true"), status
    assert any("Forbidden" in entry for entry in mesh["unknown"]), mesh
    for key in ("retries.attempts", "timeout.requestUs"):
        assert m.policy(status, key)[0] in (None, "unknown"), mesh


def all_tests(suite):
    m.namespace(NS)
    c.server(NS, "blind", args=["/etc/nginx/nginx-quiet.conf"])
    c.server_ready(NS, "blind")
    c.apply(m.profile(NS, "blind", "blind"))
    suite.one(nothing_is_told_that_may_not_be_read)
