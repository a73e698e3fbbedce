# SPDX-License-Identifier: Apache-2.0
"""What happens to objects: versions, generations, status, defaults, patches, Leases, Events, reviews, discovery."""
from client import JSON_PATCH, STRATEGIC, at
from suite import case, configmap, event, job, lease, name_of, owned_by, run, uid_of, until, version_of


# ---- versions and identity ----

@case
def a_new_object_has_uid_time_and_version(w):
    made = w.make(w.configmaps(), configmap())
    assert len(uid_of(made)) == 36 and at(made, "metadata.creationTimestamp").endswith("Z") and version_of(made) > 0


@case
def versions_only_grow(w):
    made = w.make(w.configmaps(), configmap())
    other = w.make(w.configmaps(), configmap())
    changed = w.patch(w.configmaps(name_of(made)), {"data": {"b": "2"}}).json
    assert version_of(made) < version_of(other) < version_of(changed)


@case
def a_write_that_changes_nothing_is_no_version(w):
    made = w.make(w.configmaps(), configmap())
    assert version_of(w.patch(w.configmaps(name_of(made)), {"data": {"a": "1"}}).json) == version_of(made)


@case
def a_name_made_again_has_another_uid(w):
    made = w.make(w.configmaps(), configmap())
    w.delete(w.configmaps(name_of(made)))
    again = w.make(w.configmaps(), configmap(name=name_of(made)))
    assert uid_of(again) != uid_of(made)


@case
def names_are_generated(w):
    body = configmap(generateName="made-")
    made = w.post(w.configmaps(), body).json
    assert name_of(made).startswith("made-") and len(name_of(made)) == 10


@case
def what_only_the_server_sets_cannot_be_set(w):
    body = configmap(name=w.fresh(), uid="mine", creationTimestamp="2001-01-01T00:00:00Z", generation=7)
    made = w.post(w.configmaps(), body).json
    assert uid_of(made) != "mine" and not at(made, "metadata.creationTimestamp").startswith("2001")


@case
def a_dry_run_leaves_nothing(w):
    name = w.fresh()
    w.post(w.configmaps() + "?dryRun=All", configmap(name=name), 201, metadata_name=name)
    w.get(w.configmaps(name), 404)


# ---- generation and status ----

@case
def generation_begins_at_one(w):
    for path, body in ((w.runs(), run()), (w.jobs(), job())):
        assert at(w.make(path, body), "metadata.generation") == 1


@case
def generation_follows_the_spec_and_nothing_else(w):
    path = w.runs(name_of(w.make(w.runs(), run())))
    w.patch(path, {"metadata": {"labels": {"a": "b"}}}, metadata_generation=1)
    w.patch(path + "/status", {"status": {"phase": "Running"}}, metadata_generation=1)
    w.patch(path, {"spec": {"cancel": True}}, metadata_generation=2)
    w.patch(path, {"spec": {"cancel": True}}, metadata_generation=2)


@case
def configmaps_have_no_generation(w):
    assert at(w.make(w.configmaps(), configmap()), "metadata.generation") is None


@case
def status_is_not_made_with_the_object(w):
    made = w.make(w.runs(), {**run(), "status": {"phase": "Succeeded"}})
    assert at(made, "status.phase") is None and at(made, "status.observedGeneration") == -1


@case
def a_change_of_the_object_leaves_status(w):
    path = w.runs(name_of(w.make(w.runs(), run())))
    w.patch(path + "/status", {"status": {"phase": "Running"}}, status_phase="Running")
    w.patch(path, {"spec": {"cancel": True}, "status": {"phase": "Failed"}}, status_phase="Running", spec_cancel=True)


@case
def a_change_of_status_leaves_the_object(w):
    path = w.runs(name_of(w.make(w.runs(), run())))
    answer = w.patch(path + "/status", {"metadata": {"labels": {"a": "b"}}, "spec": {"cancel": True}, "status": {"phase": "Running"}},
                     status_phase="Running", spec_cancel=False)
    assert answer.at("metadata.labels") is None


@case
def status_is_written_by_compare_and_swap(w):
    made = w.settled(w.runs(name_of(w.make(w.runs(), run()))))
    path = w.runs(name_of(made), "status")
    first = w.patch(path, {"metadata": {"resourceVersion": str(version_of(made))}, "status": {"phase": "Running"}}).json
    w.patch(path, {"metadata": {"resourceVersion": str(version_of(made))}, "status": {"phase": "Failed"}}, 409, reason="Conflict")
    w.patch(path, {"metadata": {"resourceVersion": str(version_of(first)), "uid": uid_of(made)}, "status": {"phase": "Collecting"}},
            status_phase="Collecting")


@case
def status_has_a_face_of_its_own(w):
    made = w.make(w.runs(), run())
    path = w.runs(name_of(made), "status")
    w.settled(w.runs(name_of(made)))
    body = w.get(path, kind="BenchmarkRun", status_observedGeneration=...).json
    body["status"] = {"observedGeneration": 1, "phase": "Queued"}
    w.put(path, body, status_phase="Queued", metadata_generation=1)


@case
def annotations_of_pods_are_patched_with_their_uid(w):
    made = w.make(w.pods(), {"apiVersion": "v1", "kind": "Pod", "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "x:1"}]}})
    path = w.pods(name_of(made))
    w.patch(path, {"metadata": {"uid": uid_of(made), "annotations": {"loadstone.dev/start-at": "1"}}})
    assert w.get(path).json["metadata"]["annotations"]["loadstone.dev/start-at"] == "1"
    w.patch(path, {"metadata": {"uid": "another", "annotations": {"loadstone.dev/start-at": "2"}}}, 422, reason="Invalid")


@case
def the_spec_of_a_pod_stands_still(w):
    made = w.make(w.pods(), {"apiVersion": "v1", "kind": "Pod", "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "x:1"}]}})
    w.patch(w.pods(name_of(made)), {"spec": {"hostname": "x"}}, 422, reason="Invalid", details_causes_0_field="spec")


# ---- schemas ----

@case
def unknown_fields_are_pruned_with_a_warning(w):
    answer = w.post(w.runs(), {**run(nonsense=1), "metadata": {"name": w.fresh()}})
    assert "nonsense" not in answer.json["spec"] and 'unknown field \\"spec.nonsense\\"' in answer.headers["Warning"]


@case
def unknown_fields_of_status_are_pruned(w):
    path = w.runs(name_of(w.make(w.runs(), run())), "status")
    answer = w.patch(path, {"status": {"phase": "Running", "nonsense": {"a": 1}}}, status_phase="Running")
    assert "nonsense" not in answer.json["status"]


@case
def defaults_of_the_schema_are_filled_in(w):
    made = w.make(w.path("loadstone.dev/v1alpha1", "performanceprofiles"), {
        "apiVersion": "loadstone.dev/v1alpha1", "kind": "PerformanceProfile", "spec": {
            "target": {"service": {"name": "web", "port": 80}}, "load": {"shape": [{"hold": {"rate": "5/s", "for": "5s"}}]}}})
    for path, value in (("spec.target.scheme", "http"), ("spec.load.concurrency.connections", 64), ("spec.load.workers", 1),
                        ("spec.load.requests.0.method", "GET"), ("spec.limits.deadline", "30m"), ("spec.suspend", False)):
        assert at(made, path) == value, f"{path} is {at(made, path)}"


@case
def a_field_that_is_removed_gets_its_default_again(w):
    made = w.make(w.runs(), run(cancel=False))
    w.patch(w.runs(name_of(made)), {"spec": {"cancel": None}}, spec_cancel=False, metadata_generation=1)


@case
def several_faults_are_told_together(w):
    answer = w.post(w.runs(), {**run(profile=5, cancel="yes"), "metadata": {"name": "a"}}, 422)
    fields = sorted(cause["field"] for cause in answer.at("details.causes"))
    assert fields == ["<nil>", "spec.cancel", "spec.profile"], fields


# ---- patches ----

@case
def null_in_a_merge_patch_removes(w):
    made = w.make(w.configmaps(), configmap({"a": "1", "b": "2"}, labels={"x": "1", "y": "2"}))
    changed = w.patch(w.configmaps(name_of(made)), {"data": {"a": None, "c": "3"}, "metadata": {"labels": {"x": None}}}).json
    assert changed["data"] == {"b": "2", "c": "3"} and changed["metadata"]["labels"] == {"y": "2"}


@case
def a_merge_patch_replaces_lists(w):
    made = w.make(w.configmaps(), configmap(finalizers=["a.dev/x", "b.dev/y"]))
    changed = w.patch(w.configmaps(name_of(made)), {"metadata": {"finalizers": ["b.dev/y"]}}).json
    assert changed["metadata"]["finalizers"] == ["b.dev/y"]
    w.patch(w.configmaps(name_of(made)), {"metadata": {"finalizers": None}})


@case
def a_json_patch_is_applied_in_order(w):
    made = w.make(w.configmaps(), configmap(annotations={"a.dev/b": "2"}))
    changed = w.patch(w.configmaps(name_of(made)), [
        {"op": "test", "path": "/data/a", "value": "1"}, {"op": "add", "path": "/data/d", "value": "4"},
        {"op": "move", "from": "/metadata/annotations/a.dev~1b", "path": "/data/e"}, {"op": "copy", "from": "/data/d", "path": "/data/f"},
        {"op": "replace", "path": "/data/a", "value": "5"}, {"op": "remove", "path": "/data/d"}], content=JSON_PATCH).json
    assert changed["data"] == {"a": "5", "e": "2", "f": "4"}, changed["data"]


@case
def a_json_patch_that_fails_changes_nothing(w):
    made = w.make(w.configmaps(), configmap())
    path = w.configmaps(name_of(made))
    w.patch(path, [{"op": "replace", "path": "/data/a", "value": "2"}, {"op": "test", "path": "/data/a", "value": "1"}], 422, JSON_PATCH)
    assert version_of(w.get(path, data_a="1").json) == version_of(made)


@case
def a_json_patch_inserts_into_lists(w):
    made = w.make(w.configmaps(), configmap(finalizers=["a.dev/x", "b.dev/y"]))
    path = w.configmaps(name_of(made))
    changed = w.patch(path, [{"op": "add", "path": "/metadata/finalizers/1", "value": "c.dev/z"},
                             {"op": "add", "path": "/metadata/finalizers/-", "value": "d.dev/w"},
                             {"op": "remove", "path": "/metadata/finalizers/0"}], content=JSON_PATCH).json
    assert changed["metadata"]["finalizers"] == ["c.dev/z", "b.dev/y", "d.dev/w"]
    w.patch(path, {"metadata": {"finalizers": None}})


@case
def a_strategic_patch_merges_lists_by_key(w):
    made = w.make(w.pods(), {"apiVersion": "v1", "kind": "Pod", "spec": {"schedulerName": "nobody", "containers": [
        {"name": "c", "image": "x:1"}, {"name": "d", "image": "y:1"}]}})
    changed = w.patch(w.pods(name_of(made)), {"spec": {"containers": [{"name": "d", "image": "y:2"}]}}, content=STRATEGIC).json
    assert [c["image"] for c in changed["spec"]["containers"]] == ["x:1", "y:2"]
    assert changed["spec"]["containers"][1]["imagePullPolicy"] == "IfNotPresent"


@case
def metadata_of_an_immutable_configmap_may_change(w):
    made = w.make(w.configmaps(), {**configmap(), "immutable": True})
    w.patch(w.configmaps(name_of(made)), {"metadata": {"labels": {"a": "b"}}}, metadata_labels_a="b", immutable=True)


@case
def a_put_without_version_replaces(w):
    made = w.make(w.configmaps(), configmap({"a": "1", "b": "2"}))
    assert w.put(w.configmaps(name_of(made)), configmap({"c": "3"}, name=name_of(made))).json["data"] == {"c": "3"}


# ---- Leases ----

@case
def a_lease_is_taken_by_one(w):
    made = w.make(w.leases(), lease("a"))
    path = w.leases(name_of(made))
    taken = {**made, "spec": {**made["spec"], "holderIdentity": "b"}}
    w.put(path, taken, spec_holderIdentity="b")
    w.put(path, {**made, "spec": {**made["spec"], "holderIdentity": "c"}}, 409, reason="Conflict")
    w.get(path, spec_holderIdentity="b", spec_leaseDurationSeconds=15, spec_renewTime="2026-01-01T00:00:00.000000Z")


@case
def a_lease_is_made_by_a_put(w):
    w.put(w.leases("by-put"), lease(name="by-put"), 201, spec_holderIdentity="a")


# ---- Events ----

@case
def an_event_has_two_faces(w):
    made = w.make(w.events(), event(w.namespace))
    w.get(w.events(name_of(made)), note="it began", regarding_name="regarded", reportingController="loadstone.dev/operator")
    w.get(w.path("v1", "events", name_of(made)), kind="Event", message="it began", involvedObject_name="regarded",
          reportingComponent="loadstone.dev/operator")


@case
def events_are_selected_by_what_they_are_about(w):
    about = w.fresh()
    body = event(w.namespace)
    body["regarding"]["name"] = about
    w.make(w.events(), body)
    assert len(w.get(w.path("v1", "events") + f"?fieldSelector=involvedObject.name%3D{about}&limit=20").json["items"]) == 1


@case
def an_event_becomes_a_series(w):
    path = w.events(name_of(w.make(w.events(), event(w.namespace))))
    w.patch(path, {"series": {"count": 3, "lastObservedTime": "2026-01-01T00:01:00.000000Z"}}, series_count=3, note="it began")
    w.patch(path, {"note": "something else"}, 422, details_causes_0_field="message")


# ---- built-in defaults ----

@case
def a_job_is_filled_in(w):
    made = w.make(w.jobs(), {**job(), "spec": {"suspend": True, "template": job()["spec"]["template"]}})
    for path, value in (("spec.parallelism", 1), ("spec.completions", 1), ("spec.backoffLimit", 6), ("spec.completionMode", "NonIndexed"),
                        ("spec.template.spec.dnsPolicy", "ClusterFirst"), ("spec.podReplacementPolicy", "TerminatingOrFailed"),
                        ("spec.template.spec.containers.0.terminationMessagePath", "/dev/termination-log"), ("status", {})):
        assert at(made, path) == value, f"{path} is {at(made, path)}"
    labels = made["spec"]["template"]["metadata"]["labels"]
    assert labels["batch.kubernetes.io/job-name"] == name_of(made) and labels["batch.kubernetes.io/controller-uid"] == uid_of(made)
    assert made["spec"]["selector"]["matchLabels"] == {"batch.kubernetes.io/controller-uid": uid_of(made)}


@case
def a_service_gets_an_address(w):
    w.post(w.path("v1", "services"), {"apiVersion": "v1", "kind": "Service", "metadata": {"name": w.fresh()}, "spec": {
        "selector": {"a": "b"}, "ports": [{"port": 80}]}}, spec_clusterIP=..., spec_type="ClusterIP", spec_ports_0_targetPort=80,
        spec_ports_0_protocol="TCP")


@case
def a_deployment_is_filled_in(w):
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}
    w.post(w.path("apps/v1", "deployments"), {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": w.fresh()}, "spec": {
        "replicas": 0, "selector": {"matchLabels": {"a": "b"}}, "template": pod}}, metadata_generation=1, spec_strategy_type="RollingUpdate",
        spec_template_spec_restartPolicy="Always", spec_template_spec_containers_0_imagePullPolicy="Always", status={})


@case
def owners_are_kept_as_they_are_written(w):
    owner = w.make(w.configmaps(), configmap())
    made = w.make(w.configmaps(), configmap(ownerReferences=owned_by(owner, False)))
    assert made["metadata"]["ownerReferences"] == owned_by(owner, False)
    until(1, lambda: w.get(w.configmaps(name_of(made))))


@case
def reviews_are_answered(w):
    w.post("/apis/authentication.k8s.io/v1/tokenreviews", {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "no"}},
           status_error=...)
    for groups, allowed in ([], False), (["system:masters"], True):
        w.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": {
                "user": "contract-nobody", "groups": groups, "nonResourceAttributes": {"verb": "get", "path": "/metrics"}}}, status_allowed=allowed)


@case
def discovery_names_what_is_served(w):
    for group_version, plural, namespaced in (("v1", "pods", True), ("v1", "nodes", False), ("batch/v1", "jobs", True),
                                              ("loadstone.dev/v1alpha1", "benchmarkruns", True), ("coordination.k8s.io/v1", "leases", True)):
        path = "/api/v1" if group_version == "v1" else f"/apis/{group_version}"
        resources = {r["name"]: r for r in w.get(path, kind="APIResourceList", groupVersion=group_version).json["resources"]}
        assert resources[plural]["namespaced"] == namespaced and {"get", "list", "watch", "create", "patch"} <= set(resources[plural]["verbs"])
    groups = [group["name"] for group in w.get("/apis", kind="APIGroupList").json["groups"]]
    assert {"batch", "apps", "loadstone.dev", "events.k8s.io"} <= set(groups)
    w.get("/api", kind="APIVersions", versions_0="v1")
    w.get("/version", major="1", gitVersion=...)
