# SPDX-License-Identifier: Apache-2.0
"""What a run reports equals what the server saw, and what an independent reader finds in the ConfigMaps."""
import json
import subprocess
import tempfile
import time
import pathlib

import cluster as c

NS = "e2e-results"


def server_lines(name):
    """Requests in nginx's own log, over all its pods."""
    count = 0
    for pod in c.items("pods", NS, f"app={name}"):
        log = c.kubectl("logs", pod["metadata"]["name"], "-n", NS, "--tail=-1", timeout=60)
        count += sum(1 for line in log.splitlines() if line.startswith('{"msec"'))
    return count


def two_workers_offer_and_count_exactly():
    c.apply(c.profile(NS, "exact", "exact", [c.hold(500, 20)], load={"workers": 2}), c.run(NS, "exact-1", "exact"))
    status = c.finished(NS, "exact-1")
    assert status["phase"] == "Succeeded", status.get("message")
    results = status["results"]
    assert results["offered"] == 10000, results["offered"]
    assert abs(results["requests"] - results["offered"]) <= 0.01 * results["offered"], results
    assert status["workers"]["finished"] == 2, status["workers"]
    seen = c.until(10, "nginx's log to be complete", lambda: server_lines("exact") >= results["requests"] and server_lines("exact"))
    assert seen == results["requests"], f"server saw {seen}, run counted {results['requests']}"


def an_independent_reader_finds_the_same_percentiles():
    status = c.finished(NS, "exact-1")
    reader = c.ROOT / "test/reader"
    with tempfile.TemporaryDirectory() as folder:
        maps = c.items("configmaps", NS, f"loadstone.dev/run-uid={c.get('benchmarkrun', 'exact-1', NS)['metadata']['uid']}")
        path = pathlib.Path(folder) / "maps.json"
        path.write_text(json.dumps({"kind": "List", "items": maps}))
        if not (reader / "node_modules").exists():
            subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=reader, check=True, capture_output=True)
        done = subprocess.run(["node", str(reader / "read.js"), str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)["results"]
    latency = status["results"]["latencyMicros"]
    assert read["requests"] == status["results"]["requests"], (read, status["results"]["requests"])
    for name in ("p50", "p99"):
        assert read["latencyMicros"][name] == latency[name], (name, read["latencyMicros"], latency)


def a_report_is_made_of_it_and_a_missing_run_is_named():
    program = str(c.ROOT / "build/release/bin/loadstone")
    config = subprocess.run([str(c.ROOT / "hack/cluster"), "kubeconfig"], capture_output=True, text=True, check=True).stdout.strip()
    status = c.finished(NS, "exact-1")
    with tempfile.TemporaryDirectory() as folder:
        words = [program, "report", "exact-1", "-n", NS, "--kubeconfig", config]
        for name in ("exact.html", "exact.json"):
            subprocess.run([*words, "-o", f"{folder}/{name}"], check=True, capture_output=True, text=True)
        page = json.loads((pathlib.Path(folder) / "exact.json").read_text())
        assert (pathlib.Path(folder) / "exact.html").stat().st_size > 100000
    assert page["results"] == status["results"] and page["evidence"] == status["resultRef"], page["evidence"]
    assert sum(page["histogram"]["ok"]) == status["results"]["succeeded"], page["histogram"]
    assert page["load"]["requests"] and len(page["series"]["from"]) >= 20, page["load"]
    done = subprocess.run([program, "report", "nobody", "-n", NS, "--kubeconfig", config], capture_output=True, text=True)
    assert done.returncode == 2 and "run nobody in namespace" in done.stderr, done


def fortio_is_loaded_too():
    c.apply(c.profile(NS, "fortio", "fortio", [c.hold(200, 5)], path="/echo"), c.run(NS, "fortio-1", "fortio"))
    status = c.finished(NS, "fortio-1")
    assert status["phase"] == "Succeeded" and status["results"]["succeeded"] == 1000, status.get("message")


def a_closed_loop_reports_its_rate():
    c.apply(c.profile(NS, "closed", "quiet", [{"closed": {"for": "4s"}}],
                      objectives=[{"metric": "rate.achieved", "min": "10/s"}]), c.run(NS, "closed-1", "closed"))
    status = c.finished(NS, "closed-1")
    assert status["verdict"] == "Pass", (status.get("verdict"), status.get("message"))
    assert status["results"]["latencyKind"] == "uncorrected"


def objectives_decide_and_are_shown():
    c.apply(c.profile(NS, "judged", "quiet", [c.hold(300, 4)], objectives=[
        {"metric": "latency.p99", "max": "2s"}, {"metric": "latency.p50", "max": "1us"}]), c.run(NS, "judged-1", "judged"))
    status = c.finished(NS, "judged-1")
    assert status["verdict"] == "Fail", status.get("message")
    assert [o["met"] for o in status["objectives"]] == ["True", "False"], status["objectives"]
    assert c.condition(status, "Passed")["status"] == "False" and c.condition(status, "Stalled")["status"] == "True"


def errors_are_a_verdict_and_never_a_success():
    c.apply(c.profile(NS, "bad", "quiet", [c.hold(50, 3)], path="/status/500"), c.run(NS, "bad-1", "bad"))
    status = c.finished(NS, "bad-1")
    assert status["verdict"] == "Fail", (status["verdict"], status.get("message"))
    assert status["results"]["errorsByClass"] == {"status": 150}, status["results"].get("errorsByClass")


def a_target_that_refuses_ends_with_connect_errors():
    c.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "nobody", "namespace": NS},
             "spec": {"selector": {"app": "nobody"}, "ports": [{"name": "http", "port": 80}]}},
            c.profile(NS, "nobody", "nobody", [c.hold(20, 3)], load={"timeout": "1s"}), c.run(NS, "nobody-1", "nobody"))
    status = c.finished(NS, "nobody-1")
    assert status["verdict"] in ("Fail", "None") and status["results"].get("succeeded", 0) == 0, status.get("message")
    assert c.condition(status, "Ready")["status"] == "False"


def a_target_that_does_not_exist_ends_with_a_sentence():
    c.apply(c.profile(NS, "missing", "no-such-service", [c.hold(20, 3)], limits={"readyTimeout": "4s"}),
            c.run(NS, "missing-1", "missing"))
    status = c.finished(NS, "missing-1", 40)
    assert status["phase"] == "Failed" and "no Service no-such-service" in status["message"], status
    assert c.condition(status, "Stalled")["reason"] == "TargetUnresolved", status["conditions"]


def context_names_pods_images_and_nodes():
    status = c.finished(NS, "exact-1")
    context = status["context"]
    assert context["target"]["pods"] == {"min": 1, "max": 1}, context["target"]
    assert context["target"]["images"], context["target"]
    assert context["nodes"][0]["name"] == "loadstone" and context["nodes"][0]["kubelet"] == "v1.34.4", context["nodes"]


def a_scaling_during_the_run_is_listed_with_its_time():
    c.apply(c.profile(NS, "scaled", "scaled", [c.hold(50, 12)]), c.run(NS, "scaled-1", "scaled"))
    c.in_phase(NS, "scaled-1", "Running")
    time.sleep(1)
    c.kubectl("scale", "deployment/scaled", "-n", NS, "--replicas=2")
    status = c.finished(NS, "scaled-1")
    kinds = [change["kind"] for change in status["context"]["changes"]]
    assert "scale" in kinds, status["context"]["changes"]
    assert status["context"]["target"]["pods"]["max"] == 2, status["context"]["target"]
    assert status["validity"] == "Limited", status["validity"]


def all_tests(suite):
    c.namespace(NS)
    c.server(NS, "exact")
    c.server(NS, "scaled", args=["/etc/nginx/nginx-quiet.conf"])
    c.server(NS, "quiet", args=["/etc/nginx/nginx-quiet.conf"])
    c.server(NS, "fortio", image="localhost/loadstone-fortio:1")
    for name in ("exact", "scaled", "quiet", "fortio"):
        c.server_ready(NS, name)
    suite.one(two_workers_offer_and_count_exactly)
    suite.side_by_side((an_independent_reader_finds_the_same_percentiles,), (context_names_pods_images_and_nodes,),
                       (a_report_is_made_of_it_and_a_missing_run_is_named,),
                       (fortio_is_loaded_too,), (objectives_decide_and_are_shown,),
                       (a_target_that_refuses_ends_with_connect_errors,),
                       (a_target_that_does_not_exist_ends_with_a_sentence,),
                       (a_scaling_during_the_run_is_listed_with_its_time,))
    suite.one(a_closed_loop_reports_its_rate)
    suite.one(errors_are_a_verdict_and_never_a_success)
