# SPDX-License-Identifier: Apache-2.0
"""The operator is killed: one Job, one result, no load twice."""
import json
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


def a_standby_takes_over():
    c.kubectl("scale", "deployment/loadstone-operator", "-n", c.SYSTEM, "--replicas=2")
    c.kubectl("rollout", "status", "deployment/loadstone-operator", "-n", c.SYSTEM, "--timeout=60s")
    c.apply(c.profile(NS, "failover", "web1", [c.hold(50, 25)]), c.run(NS, "failover-1", "failover"))
    c.in_phase(NS, "failover-1", "Running")

    def holder():
        return c.get("lease", "loadstone-operator", c.SYSTEM)["spec"]["holderIdentity"]
    before = holder()
    pod = before.rsplit("_", 1)[0]
    start = time.monotonic()
    c.kubectl("delete", "pod", pod, "-n", c.SYSTEM, "--force", "--grace-period=0")
    c.until(17, "another leader", lambda: holder() not in ("", before), 0.2)
    print(f"       took over after {time.monotonic() - start:.1f} s")
    status = c.finished(NS, "failover-1")
    assert status["phase"] == "Succeeded" and status["results"]["offered"] == 1250, status.get("message")
    c.kubectl("scale", "deployment/loadstone-operator", "-n", c.SYSTEM, "--replicas=1")


def at_rest_nothing_is_written():
    c.until(30, "all runs to have ended", lambda: not [
        r for r in json.loads(c.kubectl("get", "benchmarkruns", "-A", "-o", "json"))["items"]
        if c.condition(r.get("status", {}), "Finished").get("status") != "True"])
    time.sleep(8)
    since = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    time.sleep(30)
    writes = [(e["verb"], e["objectRef"]["resource"]) for e in c.audit(since)
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
    operator.end()
    suite.one(a_standby_takes_over)
    suite.one(at_rest_nothing_is_written)
