# SPDX-License-Identifier: Apache-2.0
"""CPU, memory and throttling of the target as the kubelet and the node's probe tell them, on the axis of the latency."""
import glob
import json
import pathlib
import re
import threading
import time

import cluster as c

NS = "e2e-samples"


def limited(name, cpu):
    c.server(NS, name, args=["/etc/nginx/nginx-quiet.conf"])
    c.kubectl("patch", f"deployment/{name}", "-n", NS, "--type=json", "-p", json.dumps([
        {"op": "add", "path": "/spec/template/spec/containers/0/resources",
         "value": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": cpu, "memory": "64Mi"}}}]))
    c.server_ready(NS, name)


def subjects_of(status):
    """What samples.json of all chunks hold."""
    found = []
    manifest = json.loads(c.get("configmap", status["resultRef"]["configMap"], NS)["data"]["manifest.json"])
    for chunk in manifest["chunks"]:
        data = c.get("configmap", chunk["name"], NS)["data"]
        if "samples.json" in data:
            found += json.loads(data["samples.json"])["subjects"]
    return found


def milli(text):
    assert text.endswith("m"), text
    return int(text[:-1])


def percent(text):
    return float(text.rstrip("%"))


def of_kind(subjects, kind, role):
    return [s for s in subjects if s["kind"] == kind and s["role"] in (role, "both")]


def a_busy_target_shows_its_cpu_and_an_idle_one_does_not():
    limited("busy", "1")
    c.apply(c.profile(NS, "busy", "busy", [c.hold(1500, 40)]), c.run(NS, "busy-1", "busy"))
    busy = c.finished(NS, "busy-1", 150)
    c.apply(c.profile(NS, "idle", "busy", [c.hold(1, 40)]), c.run(NS, "idle-1", "idle"))
    idle = c.finished(NS, "idle-1", 150)
    for status in (busy, idle):
        target = status["context"]["target"]
        assert status["context"]["samples"]["source"] == "kubelet cadvisor, kubelet resource", status["context"]["samples"]
        assert "problem" not in status["context"]["samples"], status["context"]["samples"]
        assert target["cpu"]["limit"] == "1000m" and target["memory"]["limit"] == "64.0Mi", target
    assert milli(busy["context"]["target"]["cpu"]["mean"]) > 5 * milli(idle["context"]["target"]["cpu"]["mean"]), (busy["context"], idle["context"])
    assert milli(idle["context"]["target"]["cpu"]["mean"]) < 50, idle["context"]
    node = busy["context"]["nodes"][0]
    assert node["role"] == "both" and 0 < percent(node["cpuMax"]) <= 105 and 0 < percent(node["memoryMax"]) < 100, node
    rows = subjects_of(busy)
    assert of_kind(rows, "node", "target") and of_kind(rows, "pod", "generator"), [(s["kind"], s["role"]) for s in rows]
    pod = [s for s in of_kind(rows, "pod", "target") if s["source"] == "kubelet resource"][0]
    steps = [b - a for a, b in zip(pod["to"], pod["to"][1:])]
    assert len(steps) > 10 and max(steps) < 6000, steps
    assert pod["to"] == sorted(pod["to"]) and all(a <= b for a, b in zip(pod["from"], pod["to"])), pod
    assert max(m for m in pod["memoryKiB"] if m is not None) < 64 * 1024, pod


def a_target_at_its_limit_is_throttled_and_said_to_be():
    limited("tight", "20m")
    asked = [{"metric": "target.cpu", "max": "30m"}, {"metric": "target.memory", "max": "64Mi"}, {"metric": "target.restarts", "max": "0"},
             {"metric": "target.throttled", "max": "1%"}, {"metric": "proxy.cpu", "max": "1"}]
    c.apply(c.profile(NS, "tight", "tight", [c.hold(1500, 45)], objectives=asked), c.run(NS, "tight-1", "tight"))
    status = c.finished(NS, "tight-1", 150)
    judged = {one["metric"]: (one["met"], one["reason"]) for one in status["objectives"]}
    met, missed, nobody = ("True", "PointEstimate"), ("False", "PointEstimate"), ("Unknown", "NotSampled")
    assert judged == {"target.cpu": met, "target.memory": met, "target.restarts": met, "target.throttled": missed, "proxy.cpu": nobody}, status["objectives"]
    assert status["verdict"] == "Fail" and "target.throttled is" in status["message"], status["message"]
    target = status["context"]["target"]
    assert target["cpu"]["limit"] == "20m" and 15 <= milli(target["cpu"]["mean"]) <= 25, target
    assert percent(target["throttled"]) > 30, target
    told = status["explanations"][0]
    assert told["code"] == "TargetThrottled" and told["confidence"] == "high" and "limit of 20m" in told["text"], status["explanations"]
    assert told["object"].startswith("Pod/tight-"), told
    pod = [s for s in of_kind(subjects_of(status), "pod", "target") if s["source"] == "kubelet cadvisor"][0]
    during = [t for to, t in zip(pod["to"], pod["throttledPermille"]) if t is not None and 15000 < to < 45000]
    assert during and min(during) > 300, pod


def a_variant_that_is_throttled_says_so():
    limited("turns", "20m")
    made = c.profile(NS, "turns", "turns", [c.hold(20, 30)], variants=[
        {"name": "few"}, {"name": "many", "overrides": {"load": {"shape": [c.hold(1500, 30)]}}}],
        trials={"repeats": {"min": 2}, "pause": "1s"}, baseline={"from": "none", "primary": "latency.p50"})
    c.apply(made, c.run(NS, "turns-1", "turns"))
    status = c.finished(NS, "turns-1", 250)
    told = [one for one in status["explanations"] if one["code"] == "TargetThrottled"]
    assert [one["variant"] for one in told if "2 of 2 trials" in one["text"]] == ["many"], status["explanations"]
    many = next(one for one in told if one["variant"] == "many")
    assert many["text"].startswith("many, 2 of 2 trials: the CPU limit of 20m stopped pod turns-"), many
    assert many["text"] in status["message"] or told[0]["text"] in status["message"], status["message"]


def a_limit_tightened_under_way_shows_at_its_second():
    limited("resized", "500m")
    c.apply(c.profile(NS, "resized", "resized", [c.hold(1500, 45)]), c.run(NS, "resized-1", "resized"))
    c.in_phase(NS, "resized-1", "Running")
    time.sleep(12)
    name = c.items("pods", NS, "app=resized")[0]["metadata"]["name"]
    at = time.time()
    c.kubectl("patch", "pod", name, "-n", NS, "--subresource=resize", "--type=strategic", "-p", json.dumps(
        {"spec": {"containers": [{"name": "server", "resources": {"limits": {"cpu": "20m"}}}]}}))
    pressed = press()
    status = c.finished(NS, "resized-1", 150)
    changes = {change["kind"]: change for change in status["context"]["changes"]}
    assert "cpu=500m" in changes["resize"]["text"] and "-> cpu=20m" in changes["resize"]["text"], changes
    assert -1 <= c.seconds_of(changes["resize"]["at"]) - at <= 4, (at, changes["resize"])
    assert any(abs(c.seconds_of(one["at"]) - pressed) <= 3 for one in status["context"]["changes"] if "PIDPressure: False -> True" in one["text"]), (pressed, status["context"])
    zero = c.seconds_of(status["workers"]["startAt"])
    pod = [s for s in of_kind(subjects_of(status), "pod", "target") if s["source"] == "kubelet resource"][0]
    rows = [(to / 1000 + zero, cpu) for to, cpu in zip(pod["to"], pod["cpuMilli"]) if cpu is not None]
    before = [cpu for to, cpu in rows if zero + 3 < to <= at]
    after = [cpu for to, cpu in rows if at + 5 < to < zero + 44]
    assert before and after and max(after) <= 30 and sum(before) / len(before) > sum(after) / len(after), (at - zero, rows)
    assert status["explanations"][0]["code"] == "TargetThrottled", status["explanations"]


def press():
    """Says of the node, as its kubelet would, that it is short of processes; its next look sets that right."""
    node = json.loads(c.kubectl("get", "node", "-o", "json"))["items"][0]
    conditions = [{**one, "status": "True"} for one in node["status"]["conditions"] if one["type"] == "PIDPressure"]
    at = time.time()
    c.kubectl("patch", "node", node["metadata"]["name"], "--subresource=status", "--type=strategic", "-p", json.dumps({"status": {"conditions": conditions}}))
    return at


def without_the_right_the_reason_is_said_and_the_run_goes_on():
    c.delete("clusterrole", "loadstone-operator-samples", "default")
    # A kubelet remembers for minutes what a token may do: a new pod has a new one.
    c.kubectl("rollout", "restart", "deployment/loadstone-operator", "-n", c.SYSTEM)
    c.kubectl("rollout", "status", "deployment/loadstone-operator", "-n", c.SYSTEM, "--timeout=120s")
    try:
        c.apply(c.profile(NS, "blind", "busy", [c.hold(50, 4)]), c.run(NS, "blind-1", "blind"))
        status = c.finished(NS, "blind-1", 120)
    finally:
        c.install()
    assert status["phase"] == "Succeeded" and status["context"]["target"]["cpu"]["mean"] == "unknown", status["context"]
    assert "nodes/metrics" in status["context"]["samples"]["problem"], status["context"]["samples"]


def cgroup_files(pod, *names):
    """Of this pod and its containers, on the node, which is this machine."""
    uid = pod["metadata"]["uid"]
    return [pathlib.Path(path) for name in names for path in glob.glob(f"/sys/fs/cgroup/**/pod{uid}/**/{name}", recursive=True)]


class Watch(threading.Thread):
    """The moment at which look() is true first; None: it never was."""

    def __init__(self, look, seconds=15):
        super().__init__(daemon=True)
        self.look, self.end, self.at = look, time.time() + seconds, None
        self.start()

    def run(self):
        while self.at is None and time.time() < self.end:
            self.at = time.time() if self.look() else None
            time.sleep(0.02)

    def moment(self):
        self.join()
        assert self.at, "it never happened"
        return self.at


def with_probes():
    c.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(c.ROOT / "deploy/overlays/probe"))
    c.kubectl("rollout", "status", "daemonset/loadstone-probe", "-n", "loadstone-probe", "--timeout=60s")
    c.kubectl("rollout", "status", "deployment/loadstone-operator", "-n", c.SYSTEM, "--timeout=60s")


def without_probes():
    c.kubectl("delete", "-k", str(c.ROOT / "deploy/components/probe"), "--ignore-not-found", check=False)
    for kind, name in (("clusterrolebinding", "loadstone-probe"), ("clusterrole", "loadstone-probe"), ("namespace", "loadstone-probe")):
        c.delete(kind, name, "default")
    c.kubectl("delete", "deployment/loadstone-operator", "-n", c.SYSTEM, "--ignore-not-found")
    c.install()


def by_the_probe_a_limit_and_a_death_are_at_their_second():
    limited("fine", "2")
    c.apply(c.profile(NS, "fine", "fine", [c.hold(1500, 24)]), c.run(NS, "fine-1", "fine"))
    c.in_phase(NS, "fine-1", "Running")
    time.sleep(8)
    pod = c.items("pods", NS, "app=fine")[0]
    name = pod["metadata"]["name"]
    limits = cgroup_files(pod, "cpu.max", "cpu.cfs_quota_us")
    tightened = Watch(lambda: any(f.exists() and f.read_text().split()[0] == "2000" for f in limits))
    c.kubectl("patch", "pod", name, "-n", NS, "--subresource=resize", "--type=strategic", "-p", json.dumps(
        {"spec": {"containers": [{"name": "server", "resources": {"limits": {"cpu": "20m"}}}]}}))
    at_limit = tightened.moment()
    time.sleep(5)
    usages = cgroup_files(pod, "cpu.stat")
    dying, dead = Watch(lambda: not all(f.exists() for f in usages)), Watch(lambda: not any(f.exists() for f in usages))
    c.delete("pod", name, NS, wait=False)
    died, gone = dying.moment(), dead.moment()
    status = c.finished(NS, "fine-1", 120)
    samples = status["context"]["samples"]
    assert samples["source"].startswith("node probe") and "problem" not in samples, samples
    assert samples["every"] in ("900ms", "1s", "1.100s", "1.200s"), samples
    zero = c.seconds_of(status["workers"]["startAt"])
    rows = [s for s in of_kind(subjects_of(status), "pod", "target") if s["source"] == "node probe" and s["name"] == name][0]
    seconds = [(a / 1000 + zero, b / 1000 + zero, t) for a, b, t in zip(rows["from"], rows["to"], rows["throttledPermille"]) if t is not None]
    assert max(b - a for a, b, _ in seconds) <= 2.5, seconds
    first = min(b for _, b, t in seconds if t >= 100)
    assert -0.1 <= first - at_limit <= 1.3, (first - at_limit, seconds)
    assert all(t >= 100 for a, b, t in seconds if at_limit + 0.5 < a and b < died - 1.5), (at_limit, died, seconds)
    assert died - 1.3 <= seconds[-1][1] <= gone + 0.1, (seconds[-1], died, gone)
    node = status["context"]["nodes"][0]
    assert 0 <= percent(node["steal"]) <= 100 and 0 < percent(node["cpuMax"]) <= 105, node


def by_the_probe_a_quarter_of_the_cpu_is_throttled_in_its_trials():
    """The kubelet counts every 10 to 15 s, and a sample that is half of another variant explains nothing: trials of 4 s need the probe."""
    limited("cut", "80m")
    quarter = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "cut"},
               "spec": {"template": {"spec": {"containers": [{"name": "server", "resources": {"limits": {"cpu": "20m"}}}]}}}}
    c.apply(c.profile(NS, "cut", "cut", [{"closed": {"for": "4s"}}], variants=[{"name": "whole"}, {"name": "quarter", "apply": [{"manifest": quarter}]}],
                      serviceAccountName="deployer", trials={"repeats": {"min": 2}, "pause": "0s"}, baseline={"from": "none", "primary": "rate.achieved"}),
            c.run(NS, "cut-1", "cut"))
    status = c.finished(NS, "cut-1", 150)
    primary = status["comparison"]["arms"][0]["metrics"][0]
    assert float(primary["ratio"]) < 0.6, status["comparison"]
    told = [one for one in status["explanations"] if one["code"] == "TargetThrottled" and one["variant"] == "quarter"]
    found = re.match(r"quarter, 2 of 2 trials: the CPU limit of 20m stopped pod cut-\S+ in (\d+)% of", told[0]["text"] if told else "")
    assert found and int(found[1]) > 50 and told[0]["confidence"] == "high", status["explanations"]


def all_tests(suite):
    c.namespace(NS)
    c.deployer(NS)
    suite.one(a_busy_target_shows_its_cpu_and_an_idle_one_does_not)
    suite.one(a_target_at_its_limit_is_throttled_and_said_to_be)
    if suite.long:
        suite.one(a_variant_that_is_throttled_says_so)
    suite.one(a_limit_tightened_under_way_shows_at_its_second)
    with_probes()
    try:
        suite.side_by_side((by_the_probe_a_limit_and_a_death_are_at_their_second,), (by_the_probe_a_quarter_of_the_cpu_is_throttled_in_its_trials,))
    finally:
        without_probes()
    suite.one(without_the_right_the_reason_is_said_and_the_run_goes_on)
