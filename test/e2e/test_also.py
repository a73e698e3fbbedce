# SPDX-License-Identifier: Apache-2.0
"""What the target depends on is observed beside it: it scales while load is sent elsewhere."""
import json
import time

import cluster as c

NS = "e2e-also"


def full_context(status):
    return json.loads(c.get("configmap", status["resultRef"]["configMap"], NS)["data"]["context.json"])


def a_dependency_that_changes_is_told_at_its_second_and_is_not_the_target():
    c.apply(c.profile(NS, "web", "web", [c.hold(50, 25)], context={"also": [{"service": {"name": "carts"}}, {"service": {"name": "nobody"}}]}),
            c.run(NS, "web-1", "web"))
    c.in_phase(NS, "web-1", "Running")
    wall = time.time()
    c.kubectl("scale", "deployment/carts", "-n", NS, "--replicas=2")
    c.kubectl("rollout", "status", "deployment/carts", "-n", NS, "--timeout=20s")
    status = c.finished(NS, "web-1", 120)
    context = status["context"]
    carts, nobody = context["also"]
    assert carts["service"] == "carts" and carts["pods"] == {"min": 1, "max": 2} and carts["restarts"] == 0 and carts["images"], carts
    assert carts["mesh"] == "none", carts
    assert nobody["service"] == "nobody" and nobody["pods"]["max"] == "unknown" and "not found" in nobody["problem"], nobody
    assert context["target"]["pods"] == {"min": 1, "max": 1}, context["target"]
    scaled = [change for change in context["changes"] if change["object"] == "carts: Deployment/carts" and change["kind"] == "scale"]
    assert len(scaled) == 1 and scaled[0]["text"] == "1 -> 2 replicas" and -1 <= c.seconds_of(scaled[0]["at"]) - wall <= 2, (context["changes"], wall)
    joined = [change for change in context["changes"] if change["object"].startswith("carts: Pod/carts-") and change["kind"] == "pod-join"]
    assert len(joined) == 1, context["changes"]
    full = [one for one in full_context(status)["also"] if one["service"] == "carts"][0]
    pods = [len([o for o in full[when]["objects"] if o["kind"] == "Pod" and o["ready"]]) for when in ("before", "after")]
    assert pods == [1, 2], full


def all_tests(suite):
    c.namespace(NS)
    for name in ("web", "carts"):
        c.server(NS, name)
    for name in ("web", "carts"):
        c.server_ready(NS, name)
    suite.one(a_dependency_that_changes_is_told_at_its_second_and_is_not_the_target)
