# SPDX-License-Identifier: Apache-2.0
"""What many objects cost, on apisim: nothing but the operator and HTTP on loopback stands between the figures and the code."""
import json
import time

import apisim
from figures import judged, memory_mib

TIME = "2026-01-31T10:00:00Z"
NS = 50  # namespaces that the objects are spread over


def managed_fields():
    """As a kubelet and a controller leave them: half of what a server sends for a pod, and nobody reads it."""
    leaf = {f"f:{name}": {} for name in ("name", "image", "imagePullPolicy", "resources", "securityContext", "terminationMessagePath",
                                         "args", "env", "volumeMounts")}
    fields = {"f:metadata": {"f:annotations": {".": {}, "f:batch.kubernetes.io/job-completion-index": {}}, "f:generateName": {},
                             "f:labels": {".": {}, "f:batch.kubernetes.io/controller-uid": {}, "f:batch.kubernetes.io/job-name": {}},
                             "f:ownerReferences": {".": {}, 'k:{"uid":"5d2f8f0e-1111-2222-3333-444444444444"}': {}}},
              "f:spec": {"f:containers": {'k:{"name":"load"}': leaf}, "f:dnsPolicy": {}, "f:restartPolicy": {}, "f:schedulerName": {}}}
    return [{"manager": manager, "operation": "Update", "apiVersion": "v1", "time": TIME, "fieldsType": "FieldsV1", "fieldsV1": fields}
            for manager in ("kube-controller-manager", "kubelet")]


def namespace(i):
    return f"team-{i % NS}"


def run(i):
    return {"apiVersion": "loadstone.dev/v1alpha1", "kind": "BenchmarkRun", "metadata": {"name": f"checkout-baseline-{i:05d}", "namespace": namespace(i), "managedFields": managed_fields()},
            "spec": {"profile": "checkout", "overrides": {"load": {"warmup": "5s"}}, "labels": {"commit": f"{i:040x}"}}}


def ended_status(i):
    def condition(kind, status, message):
        return {"type": kind, "status": status, "reason": kind, "message": message, "lastTransitionTime": TIME, "observedGeneration": 1}
    rate, ms = f"{480 + i % 40}.{i % 10}/s", f"{12 + i % 9}.{i % 10}ms"
    return {"status": {
        "observedGeneration": 1, "phase": "Succeeded", "reason": "Passed", "validity": "Valid", "verdict": "Pass",
        "message": f"{rate}, p99 {ms}: all objectives met", "target": f"{namespace(i)}/checkout:http", "startTime": TIME, "finishTime": TIME,
        "conditions": [condition("Finished", "True", "ended"), condition("Succeeded", "True", f"{rate}, p99 {ms}"),
                       condition("Valid", "True", "every gate passed"), condition("Passed", "True", "all objectives met")],
        "summary": {"rate": rate, "p50": "4.1ms", "p99": ms, "errors": "0"},
        "trials": [{"index": 0, "job": {"name": f"checkout-baseline-{i:05d}", "uid": f"{i:08x}-5555-6666-7777-888888888888"},
                    "validity": "Valid", "rate": rate, "p50": "4.1ms", "p99": ms, "errorRatio": "0"}]}}


def job(name, owner):
    meta = owner["metadata"]
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "namespace": meta["namespace"], "finalizers": ["bench.loadstone.dev/held"],
                         "managedFields": managed_fields(),
                         "labels": {"app.kubernetes.io/managed-by": "loadstone", "loadstone.dev/run-uid": meta["uid"]},
                         "ownerReferences": [{"apiVersion": "loadstone.dev/v1alpha1", "kind": "BenchmarkRun", "name": meta["name"],
                                              "uid": meta["uid"], "controller": True}]},
            "spec": {"parallelism": 3, "completions": 3, "completionMode": "Indexed", "backoffLimit": 0, "suspend": True,
                     "template": {"metadata": {"labels": {"app.kubernetes.io/managed-by": "loadstone"}},
                                  "spec": {"restartPolicy": "Never", "containers": [
                                      {"name": "load", "image": "registry.example/loadstone:0.1.0", "args": ["--plan", "/plan"]}]}}}}


def pod(i, k, owner):
    meta = owner["metadata"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"{meta['name']}-{k}-x{i % 9999:04d}", "generateName": f"{meta['name']}-{k}-", "namespace": meta["namespace"],
                         "managedFields": managed_fields(), "finalizers": ["batch.kubernetes.io/job-tracking"],
                         "labels": {"app.kubernetes.io/managed-by": "loadstone", "batch.kubernetes.io/controller-uid": meta["uid"],
                                    "batch.kubernetes.io/job-name": meta["name"], "batch.kubernetes.io/job-completion-index": str(k),
                                    "loadstone.dev/run-uid": meta["labels"]["loadstone.dev/run-uid"], "loadstone.dev/part": "worker"},
                         "annotations": {"batch.kubernetes.io/job-completion-index": str(k), "loadstone.dev/start-at": "1769853600000",
                                         "loadstone.dev/run": meta["ownerReferences"][0]["name"]},
                         "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": meta["name"], "uid": meta["uid"],
                                              "controller": True, "blockOwnerDeletion": True}]},
            "spec": {"nodeName": f"node-{i % 200}", "restartPolicy": "Never", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
                     "volumes": [{"name": "plan", "configMap": {"name": f"{meta['name'][:-3]}-plan", "defaultMode": 420}}],
                     "containers": [{"name": "load", "image": "registry.example/loadstone:0.1.0", "args": ["--plan", "/plan"],
                                     "env": [{"name": "POD_UID", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.uid"}}}],
                                     "resources": {"limits": {"cpu": "2", "memory": "256Mi"}, "requests": {"cpu": "2", "memory": "256Mi"}},
                                     "volumeMounts": [{"name": "plan", "mountPath": "/plan"}], "terminationMessagePath": "/dev/termination-log",
                                     "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True}}],
                     "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]}}


def pod_ended(i):
    sha = f"{i:08x}" * 8
    return {"status": {
        "phase": "Succeeded", "hostIP": "10.0.0.1", "podIP": f"10.1.{i // 250 % 250}.{i % 250}", "startTime": TIME, "qosClass": "Guaranteed",
        "conditions": [{"type": kind, "status": status, "lastTransitionTime": TIME} for kind, status in (
            ("Initialized", "True"), ("Ready", "False"), ("ContainersReady", "False"), ("PodScheduled", "True"))],
        "containerStatuses": [{"name": "load", "ready": False, "restartCount": 0, "image": "registry.example/loadstone:0.1.0",
                               "imageID": f"registry.example/loadstone@sha256:{'0123abcd' * 8}", "containerID": f"containerd://{sha}",
                               "state": {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": TIME, "finishedAt": TIME,
                                                        "message": json.dumps({"sha256": sha, "records": 60, "worker": i % 3})}}}]}}


def fill(server, runs):
    """Ended runs; of each the Job, being deleted and still held by a finalizer, and its three pods: all that can be there at rest."""
    group = "/apis/loadstone.dev/v1alpha1/namespaces"
    server.ask("POST", "/api/v1/namespaces", [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"team-{i}"}} for i in range(NS)])
    made = server.ask("POST", [f"{group}/{namespace(i)}/benchmarkruns" for i in range(runs)], [run(i) for i in range(runs)])
    server.ask("PATCH", [f"{group}/{namespace(i)}/benchmarkruns/checkout-baseline-{i:05d}/status" for i in range(runs)],
               [ended_status(i) for i in range(runs)])
    names = [f"{owner['metadata']['name']}-{owner['metadata']['uid'][:8]}-t0" for owner in made]
    paths = [f"/apis/batch/v1/namespaces/{namespace(i)}/jobs" for i in range(runs)]
    jobs = server.ask("POST", paths, [job(name, owner) for name, owner in zip(names, made)])
    server.ask("DELETE", [f"{path}/{name}" for path, name in zip(paths, names)], [{"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}] * runs)
    pods = [pod(i, k, owner) for i, owner in enumerate(jobs) for k in range(3)]
    paths = [f"/api/v1/namespaces/{p['metadata']['namespace']}/pods" for p in pods]
    server.ask("POST", paths, pods)
    server.ask("PATCH", [f"{path}/{p['metadata']['name']}/status" for path, p in zip(paths, pods)], [pod_ended(i) for i in range(len(pods))])


RUNS = 10000


def operator_scale():
    """10,000 ended runs, 10,000 Jobs and 30,000 pods: memory at rest, and from the start of the operator to all caches synced."""
    apisim.build()
    server = apisim.Server("still")
    fill(server, RUNS)
    operator = apisim.Operator(server)
    sync_s = operator.synced()
    apisim.at_rest(operator)
    rss, busy = memory_mib(operator.process.pid), operator.passes_in(60)
    operator.end()
    empty = apisim.Server("still")
    idle = apisim.Operator(empty)
    start_s = idle.synced()
    apisim.at_rest(idle)
    time.sleep(25)  # rest is ten seconds without a pass
    idle_rss, idle_anon = memory_mib(idle.process.pid), memory_mib(idle.process.pid, "RssAnon:")
    for one in (idle, server, empty):
        one.end()
    return judged(f"rss_mib={rss:.1f} sync_s={sync_s:.2f} objects={5 * RUNS} idle_rss_mib={idle_rss:.1f} idle_anon_mib={idle_anon:.1f} idle_sync_s={start_s:.2f} "
                  f"passes_at_rest={busy:g}", rss_mib=(rss, 64), sync_s=(sync_s, 2), idle_rss_mib=(idle_rss, 8), passes_at_rest=(busy, 0))


BENCHMARKS = {"operator-scale": operator_scale}
