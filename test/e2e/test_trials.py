# SPDX-License-Identifier: Apache-2.0
"""Several trials of one run: one Job after the other, across a restart of the operator, and a change that is really there."""
import json

import cluster as c

NS = "e2e-trials"
TRIALS = {"repeats": {"min": 3}, "pause": "2s"}
SLOWER = ["server", "-echo-server-default-params", "delay=5ms"]


def series(name, **more):
    return c.run(NS, name, "echo", overrides={"trials": TRIALS}, **more)


def rows_of(status):
    return [(row["index"], row["validity"], row.get("p50")) for row in status["trials"]]


def three_trials_are_one_result():
    c.apply(c.profile(NS, "echo", "echo", [c.hold(100, 4)], path="/echo", baseline={"from": "none", "primary": "latency.p50"},
                      objectives=[{"metric": "latency.p50", "max": "2s"}]), series("three"))
    jobs = set()

    def look():
        active = [job["metadata"]["name"] for job in c.items("jobs", NS) if job.get("status", {}).get("active")]
        assert len(active) <= 1, active
        jobs.update(active)
        return c.condition(c.status_of(NS, "three"), "Finished").get("status") == "True"
    c.until(150, lambda: f"the series to finish: {json.dumps(c.status_of(NS, 'three'))}", look)
    status = c.status_of(NS, "three")
    assert status["phase"] == "Succeeded" and status["verdict"] == "Pass", status["message"]
    assert len(jobs) == 3 and [row[0] for row in rows_of(status)] == [0, 1, 2], (jobs, rows_of(status))
    assert status["results"]["requests"] == 1200, status["results"]
    assert status["results"]["rateAchieved"].startswith(("99.", "100.")), status["results"]
    # Nothing else loads the target: each pause ends when the kubelet says that it is at rest, a minute or six pauses at the latest.
    assert "pauseEnd" not in status["trials"][0], status["trials"]
    for row in status["trials"][1:]:
        assert row["pauseEnd"] == "Idle" and 2 <= float(row["pause"].rstrip("s")) <= 13, status["trials"]
    low, high = status["results"]["interval95"]["p50"]
    assert low <= high and status["objectives"][0]["reason"] == "Interval", status["objectives"]
    assert status["progress"] == {**status["progress"], "trial": 3, "trials": 3, "percent": 100}, status["progress"]
    parts = sorted(m["metadata"]["labels"]["loadstone.dev/part"] for m in c.items("configmaps", NS, "loadstone.dev/profile=echo"))
    assert parts.count("trial") == 3 and parts.count("result") == 1, parts


def a_series_survives_its_operator_and_a_real_change_fails_it():
    c.kubectl("patch", "deployment", "echo", "-n", NS, "--type=json", "-p",
              json.dumps([{"op": "add", "path": "/spec/template/spec/containers/0/args", "value": SLOWER}]))
    c.server_ready(NS, "echo")
    c.apply(series("slower", baseline={"run": "three"}))
    c.until(90, "the second trial", lambda: len(c.status_of(NS, "slower").get("trials", [])) == 2)
    c.another_operator()
    status = c.finished(NS, "slower", 150)
    assert [row[0] for row in rows_of(status)] == [0, 1, 2], rows_of(status)
    assert status["results"]["requests"] == 1200, (status["results"]["requests"], status["message"])
    assert status["verdict"] == "Fail" and status["comparison"]["confirmation"] == "replicated", status["message"]
    assert any(reason["reason"] == "Regression" for reason in status["reasons"]), status["reasons"]
    assert "% slower than three (" in status["summary"]["change"], status["summary"]
    primary = status["comparison"]["arms"][0]["metrics"][0]
    assert primary["metric"] == "latency.p50" and primary["verdict"] == "worse", primary
    a, b = (float(primary[side].removesuffix("ms")) for side in "ab")
    assert 4.5 < b - a < 7, primary  # 5 ms were added
    assert c.kstatus("benchmarkrun", "slower", NS) == "Failed"


def a_cancelled_series_keeps_what_is_over():
    c.apply(series("cut"))
    c.until(90, "the second trial", lambda: len(c.status_of(NS, "cut").get("trials", [])) == 2)
    c.kubectl("patch", "benchmarkrun", "cut", "-n", NS, "--type=merge", "-p", '{"spec":{"cancel":true}}')
    status = c.finished(NS, "cut", 60)
    assert status["phase"] == "Cancelled" and status["verdict"] == "None", status["message"]
    assert status["results"]["requests"] == 400, status["results"]["requests"]
    assert "the series was stopped after" in json.dumps(status["reasons"]), status["reasons"]
    c.until(20, "its Jobs to be gone", lambda: not [j for j in c.items("jobs", NS) if j["metadata"]["name"].startswith("cut-")])


def all_tests(suite):
    c.namespace(NS)
    c.server(NS, "echo", image="localhost/loadstone-fortio:1")
    c.server_ready(NS, "echo")
    suite.one(three_trials_are_one_result)
    suite.one(a_series_survives_its_operator_and_a_real_change_fails_it)
    suite.one(a_cancelled_series_keeps_what_is_over)
