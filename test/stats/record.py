#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures on the real cluster what loadstone-rejudge judges again: hack/test --long stats.

Runs each of SERIES with the operator that is installed there, asks of the result what must be so, and writes test/stats/records/NAME.json: the
profile, what each trial left but for its histograms, what the server logged of it, and the comparison or the capacity found."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import cluster as c  # noqa: E402
import server_log  # noqa: E402

NS = "stats-record"
RECORDS = pathlib.Path(__file__).resolve().parent / "records"
KEPT = ("version", "index", "validity", "whole", "reasons", "row", "nodes", "probe")
COMPARED = ("latency.p50", "latency.p99", "service.p50", "rate.achieved", "errors.ratio")
PAIRS = {"repeats": {"min": 6}, "pause": "2s"}
SLOTS = 16


def echo(delay):
    """Arguments of a server that takes so long for each answer."""
    return ["server", "-echo-server-default-params", f"delay={delay}"]


# ---- what is run ----

def loops(second, connections):
    def made(name):
        compared = [{"name": "four"}, {"name": second, "overrides": {"load": {"concurrency": {"connections": connections}}}}]
        return c.profile(NS, name, "echo", [{"closed": {"for": "10s"}}], path="/echo?delay=5ms", variants=compared, trials=PAIRS,
                         load={"concurrency": {"connections": 4}}, baseline={"from": "none", "primary": "rate.achieved", "gate": ["service.p50"]})
    return made


def pairs_of(changed):
    """The server as it is, and with that in its container."""
    def made(name):
        new = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
               "spec": {"template": {"spec": {"containers": [{"name": "server", **changed}]}}}}
        return c.profile(NS, name, name, [c.hold(50, 10)], path="/echo", variants=[{"name": "old"}, {"name": "new", "apply": [{"manifest": new}]}],
                         trials=PAIRS, serviceAccountName="deployer", baseline={"from": "none", "primary": "latency.p50", "gate": ["errors.ratio"]})
    return made


def search(name):
    """Connections are the slots: a request waits until one is free, and the server holds it for its time."""
    made = c.profile(NS, name, name, None, path="/echo", load={"warmup": "1s", "timeout": "2s", "concurrency": {"connections": SLOTS}},
                     objectives=[{"metric": "latency.p90", "max": "400ms"}],
                     capacity={"from": "100/s", "limit": "300/s", "precision": "2%", "probe": "10s"})
    del made["spec"]["load"]["shape"]
    return made


# ---- what must be so ----

def arm_of(status):
    return status["comparison"]["arms"][0]


def not_worse(status):
    assert arm_of(status)["verdict"] != "worse", arm_of(status)


def half_as_much(status):
    """A loop of half the connections has half the rate, where every answer takes 5 ms: within three standard errors."""
    primary = next(metric for metric in arm_of(status)["metrics"] if metric["role"] == "primary")
    low, ratio, high = (float(primary[word]) for word in ("low", "ratio", "high"))
    assert arm_of(status)["verdict"] == "worse" and abs(ratio - 0.5) <= 3 * (high - low) / 2 / 2.571, primary  # t of 5 degrees of freedom


def worse(status):
    assert arm_of(status)["verdict"] == "worse" and arm_of(status)["pairs"] == 6, arm_of(status)  # by how much: loadstone-rejudge


def found(status):
    assert status["verdict"] == "Pass" and status["capacity"]["rate"], status["message"]  # how much: loadstone-rejudge


SERIES = {  # name: what it is, its profile, what must be so, and the server that logs what it does: image and arguments
    "same": ("four connections and the same again, 6 pairs of 10 s, answers after 5 ms", loops("same", 4), not_worse, None),
    "half": ("four connections and two, 6 pairs of 10 s, answers after 5 ms", loops("two", 2), half_as_much, None),
    "slower": ("2 ms more for each answer, 6 pairs of 10 s", pairs_of({"args": echo("5ms")}), worse, ("localhost/loadstone-fortio:1", echo("3ms"))),
    "image": ("an old image and a new one, 6 pairs of 10 s", pairs_of({"image": "localhost/loadstone-fortio:2"}), worse,
              ("localhost/loadstone-fortio:1", None)),
    "slots": (f"the capacity of {SLOTS} slots, answers after 100 ms", search, found, ("localhost/loadstone-fortio:1", echo("100ms"))),
}


# ---- what is kept ----

def kept_of(document):
    kept = {key: document[key] for key in KEPT if key in document}
    if "fold" in document:
        kept["fold"] = {}
    return {**kept, "estimates": {metric: document["estimates"][metric] for metric in COMPARED if metric in document["estimates"]}}


def documents_of(name):
    maps = [m for m in c.items("configmaps", NS, "loadstone.dev/part=trial") if m["metadata"]["name"].startswith(f"{name}-")]
    documents = [json.loads(m["data"]["trial.json"]) for m in maps if "trial.json" in m["data"]]
    return [kept_of(document) for document in sorted(documents, key=lambda one: one["index"])]


def add_server(documents, log):
    """Nobody else loads that server: what it answered from the start of a trial to that of the next belongs to it."""
    starts = [c.seconds_of(document["row"]["startTime"]) for document in documents] + [float("inf")]
    for document, begin, end in zip(documents, starts, starts[1:]):
        document["server"] = log.of(begin, end)
        assert document["server"], f"the server has logged nothing of trial {document['index']}"


def judged_of(status):
    if "capacity" in status:
        return {"capacity": status["capacity"], "slots": SLOTS}
    comparison = json.loads(json.dumps(status["comparison"]))
    for arm in comparison["arms"]:
        arm.pop("added", None)
    return {"comparison": comparison}


def logging_server(name, image, args):
    c.server(NS, name, image=image, args=args)
    c.kubectl("patch", "deployment", name, "-n", NS, "--type=strategic", "-p", json.dumps(
        {"spec": {"template": {"spec": {"containers": [{"name": "server", "env": server_log.VERBOSE}]}}}}))
    c.server_ready(NS, name)
    return server_log.ServerLog(NS, name)


def record(name):
    what, made, must, server = SERIES[name]
    log = logging_server(name, *server) if server else None
    c.apply(made(name), c.run(NS, name, name))
    status = c.finished(NS, name, 1200)
    documents = documents_of(name)
    if log:
        log.end()
        add_server(documents, log)
    must(status)
    kept = {"what": what, "spec": c.get("performanceprofile", name, NS)["spec"], "trials": documents, **judged_of(status)}
    RECORDS.mkdir(exist_ok=True)
    (RECORDS / f"{name}.json").write_text(json.dumps(kept, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def main():
    suite = c.Suite()
    c.install()
    c.namespace(NS)
    c.deployer(NS)
    c.server(NS, "echo", image="localhost/loadstone-fortio:1")
    c.server_ready(NS, "echo")
    for name in sys.argv[1:] or SERIES:
        suite.one(record, name)
    return suite.end()


sys.exit(main())
