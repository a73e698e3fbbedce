# SPDX-License-Identifier: Apache-2.0
"""Lists and their pages, selection, and deletion as far as the server does it by itself."""
import base64
import urllib.parse

from client import at
from suite import case, configmap, name_of, run, uid_of, version_of


# ---- lists ----

def four(w):
    label = w.fresh()
    for i in range(4):
        w.make(w.configmaps(), configmap({"i": str(i)}, name=f"{label}-{i}", labels={"set": label, "i": str(i), "odd": str(i % 2)}))
    return label, w.configmaps() + "?labelSelector=" + urllib.parse.quote(f"set={label}")


def names(answer):
    return [name_of(item)[-1] for item in answer.json["items"]]


@case
def a_list_has_kind_and_version_and_its_items_do_not(w):
    label, path = four(w)
    seen = w.get(path, kind="ConfigMapList", apiVersion="v1", metadata_resourceVersion=...)
    assert names(seen) == ["0", "1", "2", "3"] and "kind" not in seen.json["items"][0]


@case
def items_of_custom_resources_have_their_kind(w):
    w.make(w.runs(), run())
    w.get(w.runs(), kind="BenchmarkRunList", items_0_kind="BenchmarkRun", items_0_apiVersion="loadstone.dev/v1alpha1")


@case
def an_empty_list_is_a_list(w):
    assert w.get(w.configmaps() + "?labelSelector=no%3Dsuch").json["items"] == []


@case
def pages_show_one_moment(w):
    label, path = four(w)
    first = w.get(path + "&limit=2")
    token = urllib.parse.quote(first.at("metadata.continue"))
    w.delete(w.configmaps(f"{label}-2"))
    w.patch(w.configmaps(f"{label}-3"), {"data": {"i": "changed"}})
    w.make(w.configmaps(), configmap(name=f"{label}-4", labels={"set": label}))
    second = w.get(path + "&limit=2&continue=" + token)
    assert names(first) + names(second) == ["0", "1", "2", "3"]
    assert first.at("metadata.resourceVersion") == second.at("metadata.resourceVersion")
    assert at(second.json["items"][1], "data.i") == "3"


@case
def a_token_of_no_version_lists_what_is_now(w):
    label, path = four(w)
    token = base64.urlsafe_b64encode(b'{"v":"meta.k8s.io/v1","rv":-1,"start":"%s-0\\u0000"}' % label.encode()).decode().rstrip("=")
    w.delete(w.configmaps(f"{label}-1"))
    assert names(w.get(path + "&continue=" + token)) == ["2", "3"]


@case
def a_list_at_an_exact_version_shows_the_past(w):
    label, path = four(w)
    then = w.get(path).at("metadata.resourceVersion")
    w.delete(w.configmaps(f"{label}-0"))
    assert names(w.get(path + f"&resourceVersion={then}&resourceVersionMatch=Exact")) == ["0", "1", "2", "3"]
    assert names(w.get(path + f"&resourceVersion={then}")) == ["1", "2", "3"]


@case
def labels_select(w):
    label, _ = four(w)
    for selector, expected in (("odd=1", "13"), ("odd!=1", "02"), ("i in (0,3)", "03"), ("i notin (0, 3)", "12"), ("odd,i=2", "2"), ("!odd", ""),
                               ("odd==0,i!=0", "2")):
        quoted = urllib.parse.quote(f"set={label},{selector}")
        assert names(w.get(w.configmaps() + "?labelSelector=" + quoted)) == list(expected), selector


@case
def fields_select(w):
    label, _ = four(w)
    assert names(w.get(w.configmaps() + f"?fieldSelector=metadata.name%3D{label}-2")) == ["2"]


@case
def a_list_over_all_namespaces_has_ours(w):
    label, _ = four(w)
    assert names(w.get(f"/api/v1/configmaps?labelSelector=set%3D{label}")) == ["0", "1", "2", "3"]


# ---- deletion ----

@case
def a_delete_says_what_was_deleted(w):
    made = w.make(w.configmaps(), configmap())
    w.delete(w.configmaps(name_of(made)), None, 200, status="Success", details_name=name_of(made), details_kind="configmaps", details_uid=uid_of(made))
    w.get(w.configmaps(name_of(made)), 404)


@case
def a_delete_with_the_right_preconditions_goes_through(w):
    made = w.make(w.configmaps(), configmap())
    w.delete(w.configmaps(name_of(made)), {"preconditions": {"uid": uid_of(made), "resourceVersion": str(version_of(made))}}, status="Success")


@case
def a_finalizer_holds_an_object(w):
    made = w.make(w.configmaps(), configmap(finalizers=["a.dev/x"]))
    path = w.configmaps(name_of(made))
    first = w.delete(path, metadata_deletionTimestamp=..., metadata_deletionGracePeriodSeconds=0).json
    assert version_of(w.delete(path).json) == version_of(first)
    w.patch(path, {"metadata": {"finalizers": ["a.dev/x", "b.dev/y"]}}, 422, details_causes_0_field="metadata.finalizers")
    w.patch(path, {"metadata": {"finalizers": None}})
    w.get(path, 404)


@case
def deleting_with_a_finalizer_is_a_generation(w):
    made = w.make(w.runs(), {**run(), "metadata": {"name": w.fresh(), "finalizers": ["a.dev/x"]}})
    w.delete(w.runs(name_of(made)), metadata_generation=2)
    w.patch(w.runs(name_of(made)), {"metadata": {"finalizers": None}})


@case
def a_pod_that_never_ran_goes_at_once(w):
    made = w.make(w.pods(), {"apiVersion": "v1", "kind": "Pod", "spec": {"schedulerName": "nobody", "containers": [{"name": "c", "image": "x:1"}]}})
    w.delete(w.pods(name_of(made)), kind="Pod", metadata_deletionGracePeriodSeconds=0)
    w.get(w.pods(name_of(made)), 404)
