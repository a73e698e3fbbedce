# SPDX-License-Identifier: Apache-2.0
"""Deleting, cancelling, queueing, editing: what happens to a run happens to its load, and evidence stays."""
import time

import cluster as c

NS = "e2e-life"


def jobs_of(run_name):
    return [j for j in c.items("jobs", NS) if j["metadata"]["annotations"].get("loadstone.dev/run") == run_name]


def pods_of(run_name):
    return [p for p in c.items("pods", NS, "loadstone.dev/part=worker")
            if p["metadata"]["annotations"].get("loadstone.dev/run") == run_name]


def a_deleted_run_takes_job_and_pods_along():
    c.apply(c.profile(NS, "deleted", "web1", [c.hold(50, 60)]), c.run(NS, "deleted-1", "deleted"))
    c.in_phase(NS, "deleted-1", "Running", "Warming")
    c.delete("benchmarkrun", "deleted-1", NS, wait=False)
    c.until(10, "Job and pods to be gone", lambda: not jobs_of("deleted-1") and not pods_of("deleted-1"))


def a_cancelled_run_keeps_what_it_measured():
    c.apply(c.profile(NS, "cancelled", "web2", [c.hold(100, 60)]), c.run(NS, "cancelled-1", "cancelled"))
    c.in_phase(NS, "cancelled-1", "Running")
    time.sleep(4)
    c.kubectl("patch", "benchmarkrun", "cancelled-1", "-n", NS, "--type=merge", "-p", '{"spec":{"cancel":true}}')
    status = c.finished(NS, "cancelled-1", 30)
    assert status["phase"] == "Cancelled", status
    assert status["results"]["requests"] >= 200, status["results"]
    assert "Partial" in [r["reason"] for r in status["reasons"]], status["reasons"]
    assert c.get("configmap", status["resultRef"]["configMap"], NS), status["resultRef"]


def a_profile_edited_under_way_changes_nothing():
    c.apply(c.profile(NS, "edited", "web3", [c.hold(100, 8)]), c.run(NS, "edited-1", "edited"))
    c.in_phase(NS, "edited-1", "Running", "Warming")
    c.apply(c.profile(NS, "edited", "web3", [c.hold(10, 30)]))
    status = c.finished(NS, "edited-1")
    assert status["results"]["offered"] == 800, status["results"]


def the_second_run_at_a_target_is_queued_and_then_runs():
    c.apply(c.profile(NS, "queued", "web4", [c.hold(50, 6)]), c.run(NS, "queued-1", "queued"))
    c.in_phase(NS, "queued-1", "Preparing", "Running", "Warming")
    c.apply(c.run(NS, "queued-2", "queued"))
    c.in_phase(NS, "queued-2", "Queued", seconds=10)
    waiting = c.status_of(NS, "queued-2")
    assert waiting["queue"]["position"] == 1 and waiting["queue"]["reason"] == "TargetBusy", waiting
    assert c.finished(NS, "queued-1")["phase"] == "Succeeded"
    second = c.finished(NS, "queued-2")
    assert second["phase"] == "Succeeded" and second["results"]["offered"] == 300, second.get("message")
    assert second["startTime"] >= c.status_of(NS, "queued-1")["finishTime"]


def a_run_whose_pods_never_start_names_the_cause():
    c.apply(c.profile(NS, "nowhere", "web5", [c.hold(50, 6)], limits={"readyTimeout": "6s"},
                      placement={"nodeSelector": {"no": "such-node"}}), c.run(NS, "nowhere-1", "nowhere"))
    status = c.finished(NS, "nowhere-1", 60)
    assert status["phase"] == "Failed" and c.condition(status, "Stalled")["reason"] == "Unschedulable", status
    assert "node" in status["message"], status["message"]
    c.until(10, "the Job to be gone", lambda: not jobs_of("nowhere-1"))


def an_image_that_is_not_there_names_the_cause():
    c.apply(c.profile(NS, "image", "web6", [c.hold(50, 6)], limits={"readyTimeout": "8s"},
                      placement={"image": "localhost/no-such-image:1"}), c.run(NS, "image-1", "image"))
    status = c.finished(NS, "image-1", 60)
    assert status["phase"] == "Failed" and c.condition(status, "Stalled")["reason"] == "ImagePull", status


def a_body_that_is_not_there_names_the_cause():
    shape = [c.hold(50, 6)]
    c.apply(c.profile(NS, "body", "web8", shape, limits={"readyTimeout": "20s"}, load={"requests": [
                {"name": "post", "method": "POST", "path": "/", "body": {"configMapKeyRef": {"name": "nobody", "key": "k"}}}]}),
            c.run(NS, "body-1", "body"))
    status = c.finished(NS, "body-1", 90)
    assert status["phase"] == "Failed" and c.condition(status, "Stalled")["reason"] == "ConfigError", status
    assert "nobody" in status["message"], status["message"]


def a_quota_that_leaves_no_room_names_the_cause():
    namespace = NS + "-quota"
    c.namespace(namespace)
    c.server(namespace, "web", args=["/etc/nginx/nginx-quiet.conf"])
    c.server_ready(namespace, "web")
    c.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "one", "namespace": namespace},
             "spec": {"hard": {"pods": "1"}}},
            c.profile(namespace, "full", "web", [c.hold(50, 6)], limits={"readyTimeout": "15s"}), c.run(namespace, "full-1", "full"))
    status = c.finished(namespace, "full-1", 60)
    assert c.condition(status, "Stalled")["reason"] == "QuotaExceeded", status


def results_outlive_runs_of_the_same_name():
    uids = []
    c.apply(c.profile(NS, "again", "web7", [c.hold(50, 2)], history={"keep": 3}))
    for _ in range(3):
        c.apply(c.run(NS, "again-1", "again"))
        assert c.finished(NS, "again-1")["phase"] == "Succeeded"
        uids.append(c.get("benchmarkrun", "again-1", NS)["metadata"]["uid"])
        c.delete("benchmarkrun", "again-1", NS)
    for uid in uids:
        assert c.items("configmaps", NS, f"loadstone.dev/run-uid={uid},loadstone.dev/part=result"), f"result of {uid} is gone"
    c.apply(c.run(NS, "again-1", "again"))
    c.in_phase(NS, "again-1", "Preparing", "Running", "Warming")
    c.delete("performanceprofile", "again", NS)
    assert c.finished(NS, "again-1")["phase"] == "Succeeded", "a run does not need its profile any more once it began"
    for uid in uids:
        assert c.items("configmaps", NS, f"loadstone.dev/run-uid={uid},loadstone.dev/part=result"), f"result of {uid} is gone"
    c.apply(c.profile(NS, "again", "web7", [c.hold(50, 2)], history={"keep": 3}))
    c.until(15, "history to be cut to three runs",
            lambda: len(c.items("configmaps", NS, "loadstone.dev/profile=again,loadstone.dev/part=result")) == 3)
    assert not c.items("configmaps", NS, f"loadstone.dev/run-uid={uids[0]}"), "the oldest run is still there"


def all_tests(suite):
    c.namespace(NS)
    for i in range(1, 9):
        c.server(NS, f"web{i}", args=["/etc/nginx/nginx-quiet.conf"])
    for i in range(1, 9):
        c.server_ready(NS, f"web{i}")
    suite.side_by_side((a_deleted_run_takes_job_and_pods_along,), (a_cancelled_run_keeps_what_it_measured,),
                       (a_profile_edited_under_way_changes_nothing,), (the_second_run_at_a_target_is_queued_and_then_runs,),
                       (a_run_whose_pods_never_start_names_the_cause,), (an_image_that_is_not_there_names_the_cause,),
                       (a_body_that_is_not_there_names_the_cause,),
                       (a_quota_that_leaves_no_room_names_the_cause,), (results_outlive_runs_of_the_same_name,))
