# SPDX-License-Identifier: Apache-2.0
"""Variants of one load in one run, in turn: the same twice is not worse, half the connections are half the rate, and neither a restart of
the operator nor another profile in the middle changes what is run."""
import json

import cluster as c

NS = "e2e-variants"
DELAY = ["server", "-echo-server-default-params", "delay=5ms"]  # so that a loop's rate goes by its connections
LOOP = {"shape": [{"closed": {"for": "4s"}}], "concurrency": {"connections": 4}}
ORDER = ["four", "same", "two", "two", "same", "four", "two", "same", "four", "four", "same", "two"]


def profile(name, **more):
    made = c.profile(NS, name, "echo", LOOP["shape"], path="/echo", variants=[
        {"name": "four"}, {"name": "same"}, {"name": "two", "overrides": {"load": {"concurrency": {"connections": 2}}}}],
        trials={"repeats": {"min": 4}, "pause": "1s"}, **more)
    made["spec"]["load"].update(LOOP)
    return made


def arm_of(status, name):
    return next(arm for arm in status["comparison"]["arms"] if arm["b"] == name)


def primary_of(status, name):
    return next(metric for metric in arm_of(status, name)["metrics"] if metric["role"] == "primary")


def a_variant_of_half_the_connections_is_worse_and_the_same_is_not():
    c.apply(profile("loops", baseline={"from": "none", "primary": "rate.achieved", "gate": ["service.p50"]}), c.run(NS, "loops", "loops"))
    seen = set()

    def fifth():
        active = [job["metadata"]["name"] for job in c.items("jobs", NS) if job.get("status", {}).get("active")]
        assert len(active) <= 1, active
        seen.update(active)
        return len(c.status_of(NS, "loops").get("trials", [])) == 5
    c.until(150, lambda: f"the fifth trial: {json.dumps(c.status_of(NS, 'loops'))}", fifth)
    # Neither a new operator nor other variants in the profile: the run goes on with what it froze.
    c.kubectl("patch", "performanceprofile", "loops", "-n", NS, "--type=merge", "-p", json.dumps(
        {"spec": {"trials": {"repeats": {"min": 2}}, "variants": [{"name": "other"}, {"name": "four"}]}}))
    c.another_operator()
    status = c.finished(NS, "loops", 300)
    assert [row["variant"] for row in status["trials"]] == ORDER, status["trials"]
    assert len({row["job"]["name"] for row in status["trials"] if "job" in row}) == len([r for r in status["trials"] if "job" in r])
    variants = {variant["name"]: variant for variant in status["variants"]}
    assert {name: variant["trials"] for name, variant in variants.items()} == {"four": 4, "same": 4, "two": 4}, variants
    comparison = status["comparison"]
    assert comparison["method"] == "paired" and comparison["confirmation"] == "confirmed" and "baseline" not in comparison, comparison
    assert arm_of(status, "two")["pairs"] == 4 and arm_of(status, "two")["verdict"] == "worse", comparison
    primary = primary_of(status, "two")
    assert 0.45 < float(primary["ratio"]) < 0.55 and float(primary["high"]) < 0.8, primary
    # The same connections twice: no difference at the error rate of 1 %, whatever the machine did meanwhile.
    assert arm_of(status, "same")["verdict"] != "worse", arm_of(status, "same")
    assert 0.9 < float(primary_of(status, "same")["ratio"]) < 1.1, primary_of(status, "same")
    assert status["verdict"] == "Fail" and any(r["reason"] == "Regression" for r in status["reasons"]), status["message"]
    assert status["summary"]["change"].startswith("two: ") and "less throughput than four (" in status["summary"]["change"], status["summary"]
    assert status["message"].startswith("four: "), status["message"]
    assert c.kstatus("benchmarkrun", "loops", NS) == "Failed"


def a_slower_arm_that_is_only_to_be_known_passes():
    c.apply(profile("known", baseline={"from": "none", "primary": "rate.achieved", "onRegression": "warn"}),
            c.run(NS, "known", "known", overrides={"trials": {"repeats": {"min": 2}, "order": "sequence"}}))
    status = c.finished(NS, "known", 150)
    assert [row["variant"] for row in status["trials"]] == ["four", "same", "two"] * 2, status["trials"]
    assert status["verdict"] in ("Pass", "Inconclusive"), status["message"]
    assert status["comparison"]["confirmation"] == "none", status["comparison"]
    assert "indicative, fewer than 4 pairs" in status["message"], status["message"]


def a_cancelled_series_compares_nothing_and_keeps_what_is_over():
    c.apply(profile("cut"), c.run(NS, "cut", "cut"))
    c.until(90, "the third trial", lambda: len(c.status_of(NS, "cut").get("trials", [])) == 3)
    c.kubectl("patch", "benchmarkrun", "cut", "-n", NS, "--type=merge", "-p", '{"spec":{"cancel":true}}')
    status = c.finished(NS, "cut", 60)
    assert status["phase"] == "Cancelled" and status["verdict"] == "None" and "comparison" not in status, status["message"]
    assert status["variants"][1]["results"]["requests"] > 0, status["variants"]
    c.until(20, "its Jobs to be gone", lambda: not [j for j in c.items("jobs", NS) if j["metadata"]["name"].startswith("cut-")])


def all_tests(suite):
    c.namespace(NS)
    c.server(NS, "echo", image="localhost/loadstone-fortio:1", args=DELAY)
    c.server_ready(NS, "echo")
    suite.one(a_variant_of_half_the_connections_is_worse_and_the_same_is_not)
    suite.one(a_slower_arm_that_is_only_to_be_known_passes)
    suite.one(a_cancelled_series_compares_nothing_and_keeps_what_is_over)
