# SPDX-License-Identifier: Apache-2.0
"""Watches: framing, positions, selection, bookmarks, ends."""
import threading
import time

from client import at
from suite import case, configmap, event, job, name_of, run, uid_of, version_of


def labelled(w):
    label = w.fresh()
    return label, w.configmaps() + f"?watch=true&labelSelector=set%3D{label}&timeoutSeconds=20"


def now(w):
    return w.get(w.configmaps() + "?limit=1").at("metadata.resourceVersion")


@case
def a_watch_is_json_in_chunks_one_event_a_line(w):
    label, path = labelled(w)
    with w.server.watch(path + f"&resourceVersion={now(w)}") as watch:
        assert watch.code == 200 and watch.headers["Transfer-Encoding"] == "chunked" and watch.headers["Content-Type"].startswith("application/json")
        w.make(w.configmaps(), configmap({"text": "two\nlines"}, name=label, labels={"set": label}))
        event_ = watch.next()
        assert event_["type"] == "ADDED" and event_["object"]["kind"] == "ConfigMap" and event_["object"]["data"]["text"] == "two\nlines"


@case
def a_watch_tells_the_life_of_an_object(w):
    label, path = labelled(w)
    with w.server.watch(path + f"&resourceVersion={now(w)}") as watch:
        made = w.make(w.configmaps(), configmap(name=label, labels={"set": label}))
        changed = w.patch(w.configmaps(label), {"data": {"a": "2"}}).json
        w.delete(w.configmaps(label))
        added, modified, deleted = watch.next(), watch.next(), watch.next()
        assert [e["type"] for e in (added, modified, deleted)] == ["ADDED", "MODIFIED", "DELETED"]
        assert version_of(added["object"]) == version_of(made) and version_of(modified["object"]) == version_of(changed)
        assert version_of(deleted["object"]) > version_of(changed) and at(deleted["object"], "data.a") == "2"
        assert uid_of(deleted["object"]) == uid_of(made)


@case
def a_watch_from_a_version_begins_after_it(w):
    label, path = labelled(w)
    first = w.make(w.configmaps(), configmap(name=label + "-a", labels={"set": label}))
    w.make(w.configmaps(), configmap(name=label + "-b", labels={"set": label}))
    with w.server.watch(path + f"&resourceVersion={version_of(first)}") as watch:
        assert name_of(watch.next()["object"]) == label + "-b"


@case
def a_watch_from_nowhere_begins_with_what_is_there(w):
    label, path = labelled(w)
    for suffix in "ab":
        w.make(w.configmaps(), configmap(name=f"{label}-{suffix}", labels={"set": label}))
    for position in ("", "&resourceVersion=0"):
        with w.server.watch(path + position) as watch:
            seen = [watch.next(), watch.next()]
            assert {name_of(e["object"]) for e in seen} == {label + "-a", label + "-b"} and {e["type"] for e in seen} == {"ADDED"}


@case
def a_watch_from_a_compacted_version_is_an_error_event(w):
    with w.server.watch(w.configmaps() + "?watch=true&timeoutSeconds=5&resourceVersion=1") as watch:
        event_ = watch.next()
        assert watch.code == 200 and event_["type"] == "ERROR" and event_["object"]["code"] == 410 and event_["object"]["reason"] == "Expired"
        assert watch.next() is None


@case
def a_watch_from_the_future_waits(w):
    began = time.monotonic()
    with w.server.watch(w.configmaps() + "?watch=true&timeoutSeconds=2&resourceVersion=99999999999") as watch:
        assert watch.code == 200 and watch.next() is None
    assert time.monotonic() - began > 1


@case
def a_watch_ends_cleanly_when_its_time_is_over(w):
    label, path = labelled(w)
    began = time.monotonic()
    with w.server.watch(path.replace("timeoutSeconds=20", "timeoutSeconds=2")) as watch:
        assert watch.rest() == []
    assert 1.5 < time.monotonic() - began < 6


@case
def an_object_enters_and_leaves_a_selection(w):
    label, path = labelled(w)
    with w.server.watch(path + f"&resourceVersion={now(w)}") as watch:
        w.make(w.configmaps(), configmap(name=label))
        w.patch(w.configmaps(label), {"metadata": {"labels": {"set": label}}})
        assert watch.next()["type"] == "ADDED"
        left = w.patch(w.configmaps(label), {"metadata": {"labels": {"set": "other"}}}).json
        gone = watch.next()
        assert gone["type"] == "DELETED" and version_of(gone["object"]) == version_of(left)
        assert at(gone["object"], "metadata.labels.set") == label


@case
def a_watch_of_one_name(w):
    name = w.fresh()
    path = w.configmaps() + f"?watch=true&timeoutSeconds=20&fieldSelector=metadata.name%3D{name}&resourceVersion={now(w)}"
    with w.server.watch(path) as watch:
        w.make(w.configmaps(), configmap())
        w.make(w.configmaps(), configmap(name=name))
        assert name_of(watch.next()["object"]) == name


@case
def initial_events_end_with_a_bookmark(w):
    label, path = labelled(w)
    w.make(w.configmaps(), configmap(name=label, labels={"set": label}))
    with w.server.watch(path + "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true") as watch:
        assert watch.next()["type"] == "ADDED"
        mark = watch.next()
        assert mark["type"] == "BOOKMARK" and mark["object"]["kind"] == "ConfigMap" and version_of(mark["object"]) > 0
        assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        w.patch(w.configmaps(label), {"data": {"a": "2"}})
        assert watch.next()["type"] == "MODIFIED"


@case
def a_watch_from_nowhere_with_bookmarks_says_when_it_is_current(w):
    label, path = labelled(w)
    w.make(w.configmaps(), configmap(name=label, labels={"set": label}))
    with w.server.watch(path + "&allowWatchBookmarks=true") as watch:
        watch.until("ADDED")
        assert watch.next()["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


@case
def bookmarks_bring_the_position_forward(w):
    label, path = labelled(w)
    position = now(w)
    with w.server.watch(path.replace("timeoutSeconds=20", "timeoutSeconds=6") + f"&allowWatchBookmarks=true&resourceVersion={position}") as watch:
        w.make(w.configmaps(), configmap())  # that the watch does not select
        mark = watch.until("BOOKMARK", 8)
        assert version_of(mark["object"]) > int(position) and "annotations" not in mark["object"]["metadata"]


@case
def without_being_asked_there_are_no_bookmarks(w):
    label, path = labelled(w)
    with w.server.watch(path.replace("timeoutSeconds=20", "timeoutSeconds=5") + f"&resourceVersion={now(w)}") as watch:
        assert watch.rest() == []


@case
def two_watches_see_the_same_order(w):
    label, path = labelled(w)
    seen = [[], []]

    def follow(into):
        with w.server.watch(path + f"&resourceVersion={position}") as watch:
            while len(into) < 6:
                into.append(version_of(watch.next()["object"]))
    position = now(w)
    threads = [threading.Thread(target=follow, args=(into,)) for into in seen]
    for thread in threads:
        thread.start()
    for i in range(3):
        w.make(w.configmaps(), configmap(name=f"{label}-{i}", labels={"set": label}))
        w.patch(w.configmaps(f"{label}-{i}"), {"data": {"a": "2"}})
    for thread in threads:
        thread.join(15)
    assert seen[0] == seen[1] == sorted(seen[0]) and len(seen[0]) == 6


@case
def status_and_jobs_and_events_are_watched(w):
    made = w.make(w.runs(), run())
    with w.server.watch(w.runs() + f"?watch=true&timeoutSeconds=20&resourceVersion={version_of(made)}") as watch:
        w.patch(w.runs(name_of(made), "status"), {"status": {"phase": "Running"}})
        while at(watch.until("MODIFIED", name=name_of(made))["object"], "status.phase") != "Running":
            pass  # what an operator writes meanwhile
    with w.server.watch(w.events() + f"?watch=true&timeoutSeconds=20&resourceVersion={now(w)}") as watch:
        told = w.make(w.events(), event(w.namespace))
        assert watch.until("ADDED", name=name_of(told))["object"]["note"] == "it began"
    with w.server.watch(w.jobs() + f"?watch=true&timeoutSeconds=20&resourceVersion={now(w)}") as watch:
        made = w.make(w.jobs(), job())
        assert watch.until("ADDED", name=name_of(made))["object"]["spec"]["suspend"] is True
