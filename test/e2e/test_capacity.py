# SPDX-License-Identifier: Apache-2.0
"""The capacity of a target of which it is known: so many slots, each taken for the time that the server takes."""
import json

import cluster as c

NS = "e2e-capacity"
SLOTS = 8
SERVER = ["server", "-echo-server-default-params", "delay=40ms"]


def rate(text):
    assert text.endswith("/s"), text
    return float(text.removesuffix("/s"))


def the_capacity_is_slots_by_service_time_also_with_another_operator():
    """Connections are the slots: a request waits until one is free, and the server holds it for its time. The median is what two cores that run a
    whole cluster besides let stand; a pause of theirs costs some steps of 3 %, never the other way."""
    spec = c.profile(NS, "echo", "echo", None, path="/echo", load={"warmup": "1s", "timeout": "2s", "concurrency": {"connections": SLOTS}},
                     objectives=[{"metric": "latency.p50", "max": "120ms"}],
                     capacity={"from": "150/s", "limit": "1000/s", "precision": "6%", "probe": "3s"})
    del spec["spec"]["load"]["shape"]
    c.apply(spec, c.run(NS, "search", "echo"))
    c.until(90, "the third probe", lambda: len(c.status_of(NS, "search").get("trials", [])) == 3)
    c.another_operator()
    status = c.finished(NS, "search", 240)
    assert status["phase"] == "Succeeded" and status["verdict"] == "Pass", status["message"]
    assert [row["index"] for row in status["trials"]] == list(range(len(status["trials"]))), status["trials"]
    assert [row["outcome"] for row in status["trials"]][-2:] == ["held", "held"], status["trials"]
    found, truth = status["capacity"], SLOTS * 1e6 / status["results"]["serviceMicros"]["mean"]
    assert 0.88 * truth <= rate(found["rate"]) <= 1.02 * truth, (found, truth)
    assert rate(found["low"]) < rate(found["rate"]) < rate(found["high"]), found
    assert found["limitedBy"] in ("latency.p50", "rate.achieved", "backlog", "generator"), found  # the generator has a share of two busy cores
    assert status["message"].startswith(f"carries {found['rate']} ({found['low']} to {found['high']}); at {found['high']} "), status["message"]
    print(f"       {found['rate']}, slots by service time {truth:.1f}/s, {len(status['trials'])} probes: {json.dumps(found)}")


def all_tests(suite):
    c.namespace(NS)
    c.server(NS, "echo", image="localhost/loadstone-fortio:1", args=SERVER)
    c.server_ready(NS, "echo")
    suite.one(the_capacity_is_slots_by_service_time_also_with_another_operator)
