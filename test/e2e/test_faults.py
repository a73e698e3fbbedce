# SPDX-License-Identifier: Apache-2.0
"""The operator is killed: one Job, one result, no load twice."""
import json
import pathlib
import subprocess
import time

import cluster as c

NS = "e2e-faults"
PHASES = ["Preparing", "Warming", "Running", "Collecting"]


def killed_in(operator, phase, turn):
    """Runs at two targets side by side; kill -9 when the first of them shows the phase."""
    names = [f"{phase.lower()}-{turn}-{i}" for i in (1, 2)]
    since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    for i, name in enumerate(names, 1):
        c.apply(c.profile(NS, name, f"web{i}", [c.hold(100, 3)], load={"warmup": "1s"}), c.run(NS, name, name))
    c.in_phase(NS, names[0], phase, "Succeeded", seconds=40)
    operator.kill()
    for name in names:
        status = c.finished(NS, name, 60)
        assert status["phase"] == "Succeeded", (name, status.get("message"))
        assert status["results"]["offered"] == 300 and status["results"]["requests"] == 300, (name, status["results"])
        assert len(jobs_created(since, name)) == 1, (name, jobs_created(since, name))


def jobs_created(since, run_name):
    return {e["objectRef"].get("name") for e in c.audit(since)
            if e["verb"] == "create" and e["objectRef"]["resource"] == "jobs" and e["objectRef"].get("namespace") == NS
            and e.get("responseStatus", {}).get("code") == 201 and e["objectRef"].get("name", "").startswith(run_name + "-")}


def kstatus_follows_a_run(operator):
    """Before anybody looked, while it runs, and at both ends."""
    operator.pause()
    c.apply(c.profile(NS, "standing", "web1", [c.hold(50, 3)]), c.run(NS, "standing-1", "standing"),
            c.profile(NS, "falling", "web2", [c.hold(50, 3)], path="/status/500"), c.run(NS, "falling-1", "falling"))
    try:
        assert c.kstatus("benchmarkrun", "standing-1", NS) == "InProgress", "before the first write"
    finally:
        operator.start()
    c.in_phase(NS, "standing-1", "Preparing", "Warming", "Running")
    assert c.kstatus("benchmarkrun", "standing-1", NS) == "InProgress", "while it runs"
    c.finished(NS, "standing-1")
    c.finished(NS, "falling-1")
    assert c.kstatus("benchmarkrun", "standing-1", NS) == "Current", "passed"
    assert c.kstatus("benchmarkrun", "falling-1", NS) == "Failed", "failed"
    c.until(10, "the profile to be Current", lambda: c.kstatus("performanceprofile", "standing", NS) == "Current")


def the_termination_message_is_enough(operator):
    """Logs that are gone before anybody read them: the figures come from the message, and say so."""
    c.apply(c.profile(NS, "mute", "web1", [c.hold(100, 4)]), c.run(NS, "mute-1", "mute"))
    c.in_phase(NS, "mute-1", "Warming", "Running")
    operator.pause()
    try:
        uid = c.get("benchmarkrun", "mute-1", NS)["metadata"]["uid"]
        pod = c.until(30, "the worker to end", lambda: [
            p for p in c.items("pods", NS, f"loadstone.dev/run-uid={uid}") if p["status"]["phase"] == "Succeeded"])[0]
        path = subprocess.run([str(c.ROOT / "hack/cluster"), "kubeconfig"], text=True, capture_output=True, check=True).stdout.strip()
        logs = pathlib.Path(path).parent / "pod-logs" / f"{NS}_{pod['metadata']['name']}_{pod['metadata']['uid']}"
        for log in logs.rglob("*.log"):
            log.resolve().unlink(missing_ok=True)
            log.unlink(missing_ok=True)
    finally:
        operator.start()
    status = c.finished(NS, "mute-1", 60)
    assert status["phase"] == "Succeeded" and status["validity"] == "Limited", status.get("message")
    assert "ReducedPrecision" in [r["reason"] for r in status["reasons"]], status["reasons"]
    assert status["results"]["requests"] == 400, status["results"]


def a_job_that_somebody_suspends_ends_its_run():
    c.apply(c.profile(NS, "held", "web1", [c.hold(50, 120)]), c.run(NS, "held-1", "held"))
    c.in_phase(NS, "held-1", "Running")
    job = c.status_of(NS, "held-1")["trials"][0]["job"]["name"]
    c.kubectl("patch", "job", job, "-n", NS, "--type=merge", "-p", '{"spec": {"suspend": true}}')
    status = c.finished(NS, "held-1", 60)
    assert status["phase"] == "Failed" and status["verdict"] == "None", status
    assert c.condition(status, "Stalled")["reason"] == "JobSuspended" and "somebody suspended" in status["message"], status
    c.until(30, "its Job to be gone", lambda: job not in [j["metadata"]["name"] for j in c.items("jobs", NS)])


def a_standby_takes_over(operator):
    """Two operators, the leader gets kill -9: the other leads within 17 s and finishes the run."""
    def holder():
        return c.get("lease", "loadstone-operator", c.SYSTEM)["spec"]["holderIdentity"]
    c.apply(c.profile(NS, "failover", "web1", [c.hold(50, 25)]), c.run(NS, "failover-1", "failover"))
    c.in_phase(NS, "failover-1", "Running")
    standby, before = operator.second(), holder()
    time.sleep(3)
    assert holder() == before, "the standby waits"
    operator.pause()
    start, died = time.monotonic(), time.time()
    c.until(17, "another leader", lambda: holder() not in ("", before), 0.2)
    back = time.time()
    print(f"       took over after {time.monotonic() - start:.1f} s")
    status = c.finished(NS, "failover-1")
    assert status["phase"] == "Succeeded" and status["results"]["offered"] == 1250, status.get("message")
    gaps = status["context"]["gaps"]
    assert len(gaps) == 1, gaps
    from_, to = (c.seconds_of(gaps[0][end]) for end in ("from", "to"))
    # From the last sign of life, which is a renewal at most 10 s old, to the first look of the other.
    assert died - 11 <= from_ <= died and back - 2 <= to <= back + 3, (gaps, died, back)
    standby.terminate()
    standby.wait(timeout=20)
    operator.start()


def an_operator_with_sanitizers_runs_a_benchmark(operator):
    """AddressSanitizer and UBSan end the process at the first finding, leaks included: it must end by itself, with 0."""
    operator.end_process()
    process = operator.second("asan")
    try:
        c.apply(c.profile(NS, "asan", "web1", [c.hold(100, 3)]), c.run(NS, "asan-1", "asan"))
        status = c.finished(NS, "asan-1")
        assert status["phase"] == "Succeeded" and status["results"]["requests"] == 300, status.get("message")
    finally:
        process.terminate()
        code = process.wait(timeout=30)
        operator.start()
    assert code == 0, f"exit code {code}, see {operator.folder}/operator.log"


def at_rest_with_200_finished_runs_nothing_is_written(seconds):
    c.apply(c.profile(NS, "rest", "web1", [c.hold(10, 2)]), *[c.run(NS, f"rest-{i}", "rest", cancel=True) for i in range(200)])
    c.until(120, "all runs to have ended", lambda: not [
        r for r in json.loads(c.kubectl("get", "benchmarkruns", "-A", "-o", "json"))["items"]
        if c.condition(r.get("status", {}), "Finished").get("status") != "True"], 2)
    time.sleep(10)
    since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    time.sleep(seconds)
    writes = [(e["verb"], e["objectRef"]["resource"], e["objectRef"].get("name")) for e in c.audit(since)
              if e["user"]["username"] == "system:serviceaccount:loadstone-system:loadstone-operator"
              and e["objectRef"]["resource"] != "leases"]
    assert not writes, writes


def all_tests(suite):
    c.namespace(NS)
    for i in range(1, 3):
        c.server(NS, f"web{i}", args=["/etc/nginx/nginx-quiet.conf"])
    for i in range(1, 3):
        c.server_ready(NS, f"web{i}")
    operator = c.Operator()
    for turn in range(5 if suite.long else 1):
        for phase in PHASES:
            suite.one(killed_in, operator, phase, turn)
    suite.one(kstatus_follows_a_run, operator)
    suite.one(the_termination_message_is_enough, operator)
    suite.one(a_job_that_somebody_suspends_ends_its_run)
    suite.one(a_standby_takes_over, operator)
    suite.one(an_operator_with_sanitizers_runs_a_benchmark, operator)
    operator.end()
    suite.one(at_rest_with_200_finished_runs_nothing_is_written, 120 if suite.long else 60)
