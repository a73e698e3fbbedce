#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures on the real cluster what loadstone-rejudge judges again: hack/test --long stats.

Runs each of SERIES with the operator that is installed there, asks of the result what must be so, and writes test/stats/records/NAME.json: the
profile, what each trial left but for its histograms, and the comparison."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

import cluster as c  # noqa: E402

NS = "stats-record"
RECORDS = pathlib.Path(__file__).resolve().parent / "records"
KEPT = ("version", "index", "validity", "whole", "reasons", "row", "nodes")
COMPARED = ("latency.p50", "latency.p99", "service.p50", "rate.achieved", "errors.ratio")
PAIRS = {"repeats": {"min": 6}, "pause": "2s"}


def loops(second, connections):
    return [{"name": "four"}, {"name": second, "overrides": {"load": {"concurrency": {"connections": connections}}}}]


def not_worse(arm):
    assert arm["verdict"] != "worse", arm


def half_as_much(arm):
    """A loop of half the connections has half the rate, where every answer takes 5 ms: within three standard errors."""
    primary = next(metric for metric in arm["metrics"] if metric["role"] == "primary")
    low, ratio, high = (float(primary[word]) for word in ("low", "ratio", "high"))
    assert arm["verdict"] == "worse" and abs(ratio - 0.5) <= 3 * (high - low) / 2 / 2.571, primary  # t of 5 degrees of freedom


SERIES = {
    "same": ("four connections and the same again, 6 pairs of 10 s, answers after 5 ms", loops("same", 4), not_worse),
    "half": ("four connections and two, 6 pairs of 10 s, answers after 5 ms", loops("two", 2), half_as_much),
}


def kept_of(document):
    kept = {key: document[key] for key in KEPT if key in document}
    if "fold" in document:
        kept["fold"] = {}
    return {**kept, "estimates": {metric: document["estimates"][metric] for metric in COMPARED if metric in document["estimates"]}}


def documents_of(name):
    maps = [m for m in c.items("configmaps", NS, "loadstone.dev/part=trial") if m["metadata"]["name"].startswith(f"{name}-")]
    found = [json.loads(m["data"]["trial.json"]) for m in maps if "trial.json" in m["data"]]
    return [kept_of(document) for document in sorted(found, key=lambda one: one["index"])]


def record(name):
    what, compared, must = SERIES[name]
    made = c.profile(NS, name, "echo", [{"closed": {"for": "10s"}}], path="/echo?delay=5ms", variants=compared, trials=PAIRS,
                     baseline={"from": "none", "primary": "rate.achieved", "gate": ["service.p50"]})
    made["spec"]["load"]["concurrency"] = {"connections": 4}
    c.apply(made, c.run(NS, name, name))
    status = c.finished(NS, name, 600)
    must(status["comparison"]["arms"][0])
    comparison = json.loads(json.dumps(status["comparison"]))
    for arm in comparison["arms"]:
        arm.pop("added", None)
    kept = {"what": what, "spec": c.get("performanceprofile", name, NS)["spec"], "trials": documents_of(name), "comparison": comparison}
    RECORDS.mkdir(exist_ok=True)
    (RECORDS / f"{name}.json").write_text(json.dumps(kept, separators=(",", ":"), sort_keys=True) + "\n", encoding="utf-8")


def main():
    suite = c.Suite()
    c.install()
    c.namespace(NS)
    c.server(NS, "echo", image="localhost/loadstone-fortio:1")
    c.server_ready(NS, "echo")
    for name in sys.argv[1:] or SERIES:
        suite.one(record, name)
    return suite.end()


sys.exit(main())
