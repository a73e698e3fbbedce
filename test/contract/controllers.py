# SPDX-License-Identifier: Apache-2.0
"""What acts by itself: garbage collection, namespaces, the Job controller. Its time is waited for, with a bound."""
import urllib.parse

from client import MERGE
from suite import case, configmap, job, name_of, owned_by, uid_of, until, version_of

PATIENCE_S = 30


def gone(w, path):
    until(PATIENCE_S, lambda: w.server.request("GET", path).code == 404)


def pods_of(w, made):
    selector = urllib.parse.quote(f"batch.kubernetes.io/job-name={name_of(made)}")
    return w.get(w.pods() + "?labelSelector=" + selector).json["items"]


def condition(object_, kind):
    found = [c for c in object_.get("status", {}).get("conditions", []) if c["type"] == kind]
    return found[0] if found else {}


def resumed(w, **spec):
    made = w.make(w.jobs(), job(**spec))
    until(PATIENCE_S, lambda: condition(w.get(w.jobs(name_of(made))).json, "Suspended").get("status") == "True")
    w.patch(w.jobs(name_of(made)), {"metadata": {"uid": uid_of(made)}, "spec": {"suspend": False}}, metadata_generation=2)
    pods = until(PATIENCE_S, lambda: len(p := pods_of(w, made)) == made["spec"]["parallelism"] and p)
    return made, pods


def failing(w, made, pod, status):
    """The Job when it has failed. A real kubelet may put its own word over ours, so it is said until it is heard."""
    seen = w.get(w.jobs(name_of(made))).json
    if not condition(seen, "FailureTarget") and not condition(seen, "Failed"):
        w.server.request("PATCH", w.pods(pod, "status"), {"status": status}, MERGE)
    return seen if condition(seen, "Failed") else None


# ---- owners ----

@case
def in_the_background_the_owner_goes_first(w):
    owner = w.make(w.configmaps(), configmap())
    other = w.make(w.configmaps(), configmap())
    owned = w.make(w.configmaps(), configmap(ownerReferences=owned_by(owner)))
    kept = w.make(w.configmaps(), configmap(ownerReferences=owned_by(owner) + owned_by(other)))
    w.delete(w.configmaps(name_of(owner)), {"propagationPolicy": "Background"}, status="Success")
    w.get(w.configmaps(name_of(owner)), 404)
    gone(w, w.configmaps(name_of(owned)))
    w.get(w.configmaps(name_of(kept)))


@case
def in_the_foreground_the_owner_waits(w):
    owner = w.make(w.configmaps(), configmap())
    owned = w.make(w.configmaps(), configmap(ownerReferences=owned_by(owner), finalizers=["a.dev/x"]))
    answer = w.delete(w.configmaps(name_of(owner)), {"propagationPolicy": "Foreground"}, kind="ConfigMap", metadata_deletionTimestamp=...)
    assert answer.at("metadata.finalizers") == ["foregroundDeletion"]
    until(PATIENCE_S, lambda: w.get(w.configmaps(name_of(owned))).at("metadata.deletionTimestamp"))
    w.get(w.configmaps(name_of(owner)))
    w.patch(w.configmaps(name_of(owned)), {"metadata": {"finalizers": None}})
    gone(w, w.configmaps(name_of(owner)))


@case
def orphans_are_left_behind(w):
    owner = w.make(w.configmaps(), configmap())
    owned = w.make(w.configmaps(), configmap(ownerReferences=owned_by(owner)))
    w.delete(w.configmaps(name_of(owner)), {"propagationPolicy": "Orphan"})
    gone(w, w.configmaps(name_of(owner)))
    until(PATIENCE_S, lambda: w.get(w.configmaps(name_of(owned))).at("metadata.ownerReferences") is None)


@case
def an_owner_of_another_uid_is_no_owner(w):
    owner = w.make(w.configmaps(), configmap())
    stale = owned_by(owner)
    w.delete(w.configmaps(name_of(owner)))
    w.make(w.configmaps(), configmap(name=name_of(owner)))
    owned = w.make(w.configmaps(), configmap(ownerReferences=stale))
    gone(w, w.configmaps(name_of(owned)))


# ---- Jobs ----

@case
def a_suspended_job_has_no_pods_and_says_so(w):
    made = w.make(w.jobs(), job())
    seen = until(PATIENCE_S, lambda: (j := w.get(w.jobs(name_of(made))).json) and condition(j, "Suspended") and j)
    assert condition(seen, "Suspended")["reason"] == "JobSuspended" and "startTime" not in seen["status"] and not pods_of(w, made)
    assert seen["metadata"]["generation"] == 1 and version_of(seen) > version_of(made)


@case
def a_released_job_has_one_pod_for_each_index(w):
    made, pods = resumed(w)
    seen = until(PATIENCE_S, lambda: (j := w.get(w.jobs(name_of(made))).json)["status"].get("active") == 2 and j)
    assert seen["status"]["startTime"] and seen["status"]["ready"] == 0 and condition(seen, "Suspended")["reason"] == "JobResumed"
    by_index = {pod["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"]: pod for pod in pods}
    assert sorted(by_index) == ["0", "1"]
    for index, pod in by_index.items():
        assert name_of(pod).startswith(f"{name_of(made)}-{index}-") and pod["spec"]["hostname"] == f"{name_of(made)}-{index}"
        assert pod["metadata"]["labels"]["batch.kubernetes.io/job-completion-index"] == index
        assert pod["metadata"]["labels"]["batch.kubernetes.io/controller-uid"] == uid_of(made) and pod["metadata"]["labels"]["x"] == "y"
        assert pod["metadata"]["ownerReferences"] == [{"apiVersion": "batch/v1", "kind": "Job", "name": name_of(made), "uid": uid_of(made),
                                                       "controller": True, "blockOwnerDeletion": True}]
        assert pod["metadata"]["finalizers"] == ["batch.kubernetes.io/job-tracking"]
        assert "JOB_COMPLETION_INDEX" in [e["name"] for e in pod["spec"]["containers"][0]["env"]]


@case
def the_release_is_a_compare_and_swap(w):
    made = w.make(w.jobs(), job())
    until(PATIENCE_S, lambda: condition(w.get(w.jobs(name_of(made))).json, "Suspended"))
    w.patch(w.jobs(name_of(made)), {"metadata": {"resourceVersion": str(version_of(made))}, "spec": {"suspend": False}}, 409, reason="Conflict")
    w.patch(w.jobs(name_of(made)), {"metadata": {"uid": "another"}, "spec": {"suspend": False}}, 422, reason="Invalid")
    w.get(w.jobs(name_of(made)), spec_suspend=True)


@case
def the_waiting_pod_says_why_and_has_no_log(w):
    _, pods = resumed(w, completions=1, parallelism=1)
    path = w.pods(name_of(pods[0]))
    waiting = until(PATIENCE_S, lambda: (w.get(path).at("status.containerStatuses.0.state.waiting.reason") or "").startswith(("ErrImage", "ImagePull")))
    assert waiting
    w.get(path + "/log?container=load", 400, reason="BadRequest")
    w.get(path + "/log?container=none", 400, message=f"container none is not valid for pod {name_of(pods[0])}")


@case
def suspending_again_takes_the_pods_away(w):
    made, _ = resumed(w)
    w.patch(w.jobs(name_of(made)), {"spec": {"suspend": True}}, metadata_generation=3)
    until(PATIENCE_S, lambda: not pods_of(w, made))
    seen = until(PATIENCE_S, lambda: (j := w.get(w.jobs(name_of(made))).json) and not j["status"].get("active") and
                 condition(j, "Suspended").get("status") == "True" and j)
    assert not condition(seen, "Failed") and not condition(seen, "FailureTarget")


@case
def deleting_a_job_in_the_background_takes_its_pods(w):
    made, _ = resumed(w)
    w.delete(w.jobs(name_of(made)), {"propagationPolicy": "Background", "preconditions": {"uid": uid_of(made)}}, status="Success",
             details_uid=uid_of(made))
    until(PATIENCE_S, lambda: not pods_of(w, made))


@case
def deleting_a_job_without_a_word_orphans_its_pods(w):
    made, pods = resumed(w)
    answer = w.delete(w.jobs(name_of(made)), kind="Job")
    assert answer.at("metadata.finalizers") == ["orphan"]
    gone(w, w.jobs(name_of(made)))
    until(PATIENCE_S, lambda: all("ownerReferences" not in pod["metadata"] for pod in pods_of(w, made)))
    assert len(pods_of(w, made)) == len(pods)
    for pod in pods_of(w, made):
        w.delete(w.pods(name_of(pod)) + "?gracePeriodSeconds=0")


@case
def a_job_past_its_deadline_fails(w):
    made, _ = resumed(w, activeDeadlineSeconds=2)
    seen = until(PATIENCE_S, lambda: (j := w.get(w.jobs(name_of(made))).json) and condition(j, "Failed") and j)
    assert condition(seen, "Failed")["reason"] == "DeadlineExceeded" == condition(seen, "FailureTarget")["reason"]
    until(PATIENCE_S, lambda: not pods_of(w, made) or all(p["status"]["phase"] == "Failed" for p in pods_of(w, made)))


@case
def an_evicted_worker_ends_the_job_by_its_policy(w):
    rule = {"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
    made, pods = resumed(w, podFailurePolicy={"rules": [rule]}, podReplacementPolicy="Failed")
    path = w.pods(name_of(pods[0]))
    disrupted = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    seen = until(PATIENCE_S, lambda: w.get(path).at("status.containerStatuses") and w.get(path)).json
    conditions = seen["status"]["conditions"] + [disrupted]
    seen = until(PATIENCE_S, lambda: failing(w, made, name_of(pods[0]), {"phase": "Failed", "conditions": conditions}))
    assert condition(seen, "Failed")["reason"] == "PodFailurePolicy"
    assert condition(seen, "Failed")["message"] == f"Pod {w.namespace}/{name_of(pods[0])} has condition DisruptionTarget matching FailJob rule at index 0"


@case
def a_failed_worker_ends_the_job(w):
    made, pods = resumed(w)
    seen = until(PATIENCE_S, lambda: failing(w, made, name_of(pods[1]), {"phase": "Failed"}))
    assert condition(seen, "Failed")["reason"] == "BackoffLimitExceeded" and seen["status"]["failed"] >= 1


# ---- namespaces ----

@case
def a_namespace_takes_everything_with_it(w):
    name = f"{w.namespace}-b"
    w.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, status_phase="Active", spec_finalizers_0="kubernetes")
    inner = f"/api/v1/namespaces/{name}/configmaps"
    w.post(inner, configmap(name="a", finalizers=["a.dev/x"]))
    w.delete(f"/api/v1/namespaces/{name}", status_phase="Terminating", metadata_deletionTimestamp=...)
    w.post(inner, configmap(name="late"), 403, reason="Forbidden", details_causes_0_reason="NamespaceTerminating")
    until(PATIENCE_S, lambda: w.get(inner + "/a").at("metadata.deletionTimestamp"))
    w.patch(inner + "/a", {"metadata": {"finalizers": None}})
    gone(w, f"/api/v1/namespaces/{name}")
