# SPDX-License-Identifier: Apache-2.0
"""The operator on the cluster of hack/cluster, as a process of this machine with the rights of its service account. The figures are
taken from the process itself, from its log and from the API server's audit log."""
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time
import urllib.request

import apisim
import cluster as c
from figures import judged, memory_mib, quantile

ROOT = pathlib.Path(__file__).resolve().parents[2]
NS = "loadstone-bench"
RELEASES = 200


def set_up():
    for command in (["hack/build", "release"], ["hack/cluster", "up"], ["hack/images", "nginx"], ["hack/image", "--load"]):
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    c.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(ROOT / "deploy/base"))
    c.kubectl("wait", "--for=condition=Established", "crd/benchmarkruns.loadstone.dev", "--timeout=30s")
    c.namespace(NS)
    c.server(NS, "web", args=["/etc/nginx/nginx-quiet.conf"])
    c.server_ready(NS, "web")


def own_writes(since):
    """Writes of the operator's account but Lease and Events."""
    return [e for e in c.audit(since) if e["user"]["username"].endswith(":loadstone-operator") and
            e["objectRef"]["resource"] not in ("leases", "events")]


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())


def wall_s(text):
    whole, fraction = text.rstrip("Z").split(".")
    return time.mktime(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - time.timezone + float("0." + fraction)


def ended_runs(prefix, count):
    """Runs that are cancelled before they begin: the shortest way to have many ended ones."""
    for at in range(0, count, 200):
        c.apply(c.profile(NS, "web", "web", [c.hold(10, 2)]),
                *[c.run(NS, f"{prefix}-{i}", "web", cancel=True) for i in range(at, min(at + 200, count))])
    c.until(60 + count, f"{count} runs to have ended", lambda: sum(
        1 for r in c.items("benchmarkruns", NS) if r["metadata"]["name"].startswith(prefix) and
        c.condition(r.get("status", {}), "Finished").get("status") == "True") == count, 2)


def operator_rest():
    """Memory and writes of an operator with 200 finished runs and nothing to do, over two minutes."""
    set_up()
    operator = c.Operator()
    ended_runs("rest", 200)
    time.sleep(10)
    since = now()
    time.sleep(120)
    writes, rss = len(own_writes(since)) / 2, memory_mib(operator.process.pid)
    anon = memory_mib(operator.process.pid, "RssAnon:")
    operator.end()
    return judged(f"rss_mib={rss:.1f} anon_mib={anon:.1f} writes_per_min={writes:g} runs=200", rss_mib=(rss, 16), writes_per_min=(writes, 0))


def synced(operator):
    """Starts it again; seconds from exec to the answer that all caches are synced."""
    port, begun = apisim.free_port(), time.monotonic()
    operator.process = subprocess.Popen([str(ROOT / "build/release/bin/loadstone-operator"), "--kubeconfig", str(operator.kubeconfig),
                                         "--port", str(port), "--metrics-port", "0"], stdout=operator.log, stderr=operator.log)
    while time.monotonic() - begun < 60:
        try:
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).status == 200:
                return time.monotonic() - begun
        except OSError:
            time.sleep(0.01)
    raise RuntimeError("the operator does not become ready")


def operator_scale_cluster():
    """2,000 runs on the real API server, each through a whole operator: how long they take to end when they are cancelled before they begin,
    and what a new operator makes of them, that finds them all."""
    set_up()
    operator = c.Operator()
    begun = time.monotonic()
    ended_runs("scale", 2000)
    ended_s = time.monotonic() - begun
    operator.end_process()
    sync_s = synced(operator)
    time.sleep(30)
    since = now()
    time.sleep(60)
    writes, rss = len(own_writes(since)), memory_mib(operator.process.pid)
    operator.end()
    return judged(f"rss_mib={rss:.1f} sync_s={sync_s:.2f} writes_per_min={writes} runs=2000 ended_s={ended_s:.0f}",
                  rss_mib=(rss, 64), sync_s=(sync_s, 2), writes_per_min=(writes, 0))


def audit_after(path, offset):
    """What was added behind that byte; a line that is being written is left for the next look."""
    with open(path, "rb") as log:
        log.seek(offset)
        return [json.loads(line) for line in log.read().splitlines(keepends=True) if line.endswith(b"\n")]


def released(i, path, offset):
    """Seconds from the API server's answer to the create of a run to its answer to the release of the Job; None until then."""
    made = done = None
    for e in audit_after(path, offset):
        ref = e.get("objectRef", {"resource": ""})
        if ref["resource"] == "benchmarkruns" and ref.get("name") == f"release-{i}" and e["verb"] in ("create", "patch") and \
                not ref.get("subresource") and not made:
            made = e["stageTimestamp"]
        if ref["resource"] == "jobs" and ref.get("name", "").startswith(f"release-{i}-") and e["verb"] == "patch" and not done:
            done = e["stageTimestamp"]
    return wall_s(done) - wall_s(made) if made and done else None


def apply_to_release():
    """200 runs, one after the other, each deleted when its Job is released."""
    set_up()
    operator = c.Operator()
    c.apply(c.profile(NS, "web", "web", [c.hold(10, 60)], load={"warmup": "0s"}))
    path = pathlib.Path(subprocess.run([str(ROOT / "hack/cluster"), "audit-log"], text=True, capture_output=True, check=True).stdout.strip())
    spans = []
    for i in range(RELEASES):
        offset = path.stat().st_size
        c.apply(c.run(NS, f"release-{i}", "web"))
        spans.append(c.until(30, "the Job to be released", lambda i=i, offset=offset: released(i, path, offset), 0.1) * 1000)
        c.delete("benchmarkrun", f"release-{i}", NS)
        c.until(60, "the Job to be gone", lambda: not c.items("jobs", NS), 0.1)
    operator.end()
    p50, p99 = statistics.median(spans), quantile(spans, 0.99)
    return judged(f"p50_ms={p50:.0f} p99_ms={p99:.0f} max_ms={max(spans):.0f} runs={len(spans)}", p99_ms=(p99, 150))


def operator_writes():
    """Writes of the operator for one successful run of one worker and 5 s; Events, Lease, chunks of results and what was refused apart."""
    set_up()
    operator = c.Operator()
    c.apply(c.profile(NS, "web", "web", [c.hold(10, 5)], load={"warmup": "1s"}))
    time.sleep(2)
    since = now()
    c.apply(c.run(NS, "writes-1", "web"))
    c.finished(NS, "writes-1")
    time.sleep(3)
    writes = own_writes(since)
    for e in writes:
        print("   ", e["verb"], e["objectRef"]["resource"], e["objectRef"].get("name", ""), file=sys.stderr)
    operator.end()
    refused = sum(1 for e in writes if e["responseStatus"]["code"] > 299)
    chunks = sum(1 for e in writes if e["verb"] == "create" and re.search(r"-s\d+$", e["objectRef"].get("name", "")))
    per_run = len(writes) - refused - chunks
    return judged(f"per_run={per_run} chunks={chunks} refused={refused}", per_run=(per_run, 14))


def leads_since(operator, since):
    """When somebody began to lead after that time, by the log that all of them write to."""
    for line in (pathlib.Path(operator.folder) / "operator.log").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        if entry.get("what") == "leading" and wall_s(entry["at"]) > since:
            return wall_s(entry["at"])
    return None


def failover(operator, end):
    """Seconds from the end of the leader to the beginning of the one that stood by."""
    standby = operator.second()
    time.sleep(5)
    begun = time.time()
    end(operator.process)
    led = c.until(40, "the other one to lead", lambda: leads_since(operator, begun), 0.2)
    operator.process.wait()
    operator.process = standby
    return led - begun


def operator_failover():
    """The longest of five changes of leader by SIGTERM and of three by SIGKILL."""
    set_up()
    operator = c.Operator()
    c.until(60, "the first to lead", lambda: leads_since(operator, 0))
    clean = [failover(operator, subprocess.Popen.terminate) for _ in range(5)]
    crash = [failover(operator, subprocess.Popen.kill) for _ in range(3)]
    operator.end()
    return judged(f"clean_s={max(clean):.2f} crash_s={max(crash):.2f} changes=5+3", clean_s=(max(clean), 2.5), crash_s=(max(crash), 17))


BENCHMARKS = {"operator-rest": operator_rest, "operator-writes": operator_writes, "operator-failover": operator_failover,
              "operator-scale-cluster": operator_scale_cluster, "apply-to-release": apply_to_release}
