# SPDX-License-Identifier: Apache-2.0
"""What many runs cost, on apisim, which plays Jobs, pods and workers."""
import time

import apisim
from figures import judged, memory_mib

PATCHES = 'rest_client_requests_total{.*method="PATCH".*}'
REQUESTS = "rest_client_requests_total"
ENDED = "loadstone_runs_finished_total"
TARGETS = 400
RUNS_PER_TARGET = 3


def target(i):
    """A Service with its one address and a profile for it: the shortest run there is, 1 s of load after the 2 s in which workers start."""
    name = {"name": f"web-{i}", "namespace": "team"}
    slice_ = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
              "metadata": {**name, "labels": {"kubernetes.io/service-name": f"web-{i}"}},
              "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
              "endpoints": [{"addresses": [f"10.0.{i // 250}.{i % 250 + 1}"], "conditions": {"ready": True}}]}
    service = {"apiVersion": "v1", "kind": "Service", "metadata": name,
               "spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}], "selector": {"app": f"web-{i}"}}}
    profile = {"apiVersion": "loadstone.dev/v1alpha1", "kind": "PerformanceProfile", "metadata": name,
               "spec": {"target": {"service": {"name": f"web-{i}", "port": "http"}}, "validity": {"minWindow": "1s"},
                        "load": {"requests": [{"name": "get", "path": "/"}], "shape": [{"hold": {"rate": "10/s", "for": "1s"}}],
                                 "warmup": "0s", "cooldown": "0s"}}}
    return service, slice_, profile


def ended(server):
    items = server.get("/apis/loadstone.dev/v1alpha1/namespaces/team/benchmarkruns")["items"]
    return sum(1 for one in items if one.get("status", {}).get("phase") == "Succeeded"), sum(1 for one in items if "finishTime" in one.get("status", {}))


def cpu_s(pid):
    words = open(f"/proc/{pid}/stat", encoding="utf-8").read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / 100


def fill(server, targets):
    parts = [target(i) for i in range(targets)]
    server.ask("POST", "/api/v1/namespaces", [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}])
    server.ask("POST", "/api/v1/namespaces/team/services", [p[0] for p in parts])
    server.ask("POST", "/apis/discovery.k8s.io/v1/namespaces/team/endpointslices", [p[1] for p in parts])
    server.ask("POST", "/apis/loadstone.dev/v1alpha1/namespaces/team/performanceprofiles", [p[2] for p in parts])


def start_runs(server, count, targets):
    server.ask("POST", "/apis/loadstone.dev/v1alpha1/namespaces/team/benchmarkruns",
               [{"apiVersion": "loadstone.dev/v1alpha1", "kind": "BenchmarkRun", "metadata": {"name": f"r-{i}", "namespace": "team"},
                 "spec": {"profile": f"web-{i % targets}"}} for i in range(count)])


def operator_throughput():
    """Whole runs at so many targets at once that the operator's thread is busy all the time: from their creation to the end of the last, and
    what a run costs it and apisim. The shares of a core, in the middle of it, say who of the two is the limit."""
    apisim.build()
    server = apisim.Server("script")
    fill(server, TARGETS)
    operator = apisim.Operator(server)
    operator.synced()
    apisim.at_rest(operator)
    count = TARGETS * RUNS_PER_TARGET
    pids = operator.process.pid, server.process.pid
    before = [operator.metric(name) for name in (REQUESTS, apisim.PASSES)]
    begun, cpu = time.monotonic(), [cpu_s(pid) for pid in pids]
    start_runs(server, count, TARGETS)
    middle = None
    while (done := operator.metric(ENDED)) < count and time.monotonic() - begun < 600:
        if not middle and done >= count / 2:
            middle = [(cpu_s(pid) - was) / (time.monotonic() - begun) for pid, was in zip(pids, cpu)]
        time.sleep(1)
    took = time.monotonic() - begun
    succeeded, finished = ended(server)
    asked, passes = [(operator.metric(name) - was) / count for name, was in zip((REQUESTS, apisim.PASSES), before)]
    cost = [(cpu_s(pid) - was) * 1000 / count for pid, was in zip(pids, cpu)]
    operator.end()
    server.end()
    if finished < count:
        raise RuntimeError(f"{finished} of {count} runs ended within 10 minutes")
    rate = count / took
    return judged(f"runs_per_s={rate:.1f} runs={count} succeeded={succeeded} targets={TARGETS} requests_per_run={asked:.1f} passes_per_run={passes:.1f} "
                  f"operator_cpu_ms_per_run={cost[0]:.1f} apisim_cpu_ms_per_run={cost[1]:.1f} operator_cores={middle[0]:.2f} apisim_cores={middle[1]:.2f}",
                  better="higher", runs_per_s=(rate, 500))


WAITING = 1000
ENDS = 10


def operator_queue():
    """What the end of a run costs the operator while 1,000 others wait at the same target."""
    apisim.build()
    server = apisim.Server("script")
    service, slice_, profile = target(0)
    profile["spec"]["limits"] = {"queueTimeout": "24h"}
    runs = "/apis/loadstone.dev/v1alpha1/namespaces/team/benchmarkruns"
    server.ask("POST", "/api/v1/namespaces", [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}])
    server.ask("POST", "/api/v1/namespaces/team/services", [service])
    server.ask("POST", "/apis/discovery.k8s.io/v1/namespaces/team/endpointslices", [slice_])
    server.ask("POST", "/apis/loadstone.dev/v1alpha1/namespaces/team/performanceprofiles", [profile])
    operator = apisim.Operator(server)
    operator.synced()
    apisim.at_rest(operator)
    server.ask("POST", runs, [{"apiVersion": "loadstone.dev/v1alpha1", "kind": "BenchmarkRun", "metadata": {"name": f"r-{i:05d}", "namespace": "team"},
                               "spec": {"profile": "web-0"}} for i in range(WAITING)])
    while sum(1 for one in server.get(runs)["items"] if "queue" in one.get("status", {})) < WAITING - 5 - ended(server)[1]:
        time.sleep(1)
    before = [ended(server)[1], cpu_s(operator.process.pid), operator.metric(PATCHES), operator.metric(apisim.PASSES)]
    while ended(server)[1] < before[0] + ENDS:
        time.sleep(2)
    after = [ended(server)[1], cpu_s(operator.process.pid), operator.metric(PATCHES), operator.metric(apisim.PASSES)]
    rss = memory_mib(operator.process.pid)
    operator.end()
    server.end()
    ends, cpu, patches, passes = (b - a for a, b in zip(before, after))
    return judged(f"patches_per_end={patches / ends:.0f} passes_per_end={passes / ends:.0f} operator_cpu_ms_per_end={cpu * 1000 / ends:.0f} "
                  f"waiting={WAITING} rss_mib={rss:.1f}", patches_per_end=(patches / ends, 40))


BENCHMARKS = {"operator-queue": operator_queue, "operator-throughput": operator_throughput}
