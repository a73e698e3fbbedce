# SPDX-License-Identifier: Apache-2.0
"""A profile that brings its own server along: there for the run, and gone after every end of it."""
import json
import time

import cluster as c

NS = "e2e-workload"
GROUPS = {"": ["services", "configmaps"], "apps": ["deployments"]}


def account(name, rights=True):
    """A service account, and what it needs to apply a Deployment and a Service."""
    meta = {"name": name, "namespace": NS}
    group = "rbac.authorization.k8s.io"
    rules = [{"apiGroups": [api], "resources": resources, "verbs": ["get", "create", "patch", "delete"]} for api, resources in GROUPS.items()]
    rules.append({"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list"]})
    c.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta})
    if rights:
        c.apply({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": meta, "rules": rules},
                {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": meta, "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
                 "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NS}]})


def manifests(name, image="localhost/loadstone-nginx:1", labels=None):
    """The Deployment and the Service of cluster.server(), as a profile has them."""
    made = c.server_objects(NS, name, image=image, args=["/etc/nginx/nginx-quiet.conf"])
    for item in made:
        del item["metadata"]["namespace"]
        item["metadata"].update({"labels": labels} if labels else {})
    return made


def brings(name, seconds, service_account="deployer", ready="60s", made=None, **more):
    workload = {"manifests": made or manifests(name), "readyTimeout": ready, **more}
    return c.profile(NS, name, name, [c.hold(50, seconds)], workload=workload, serviceAccountName=service_account)


def step_jobs(run_name):
    return [j["metadata"]["name"] for j in c.items("jobs", NS) if j["metadata"]["annotations"].get("loadstone.dev/run") == run_name]


def nothing_left(name, run_name):
    c.until(60, f"{name} to be gone", lambda: not c.get("deployment", name, NS) and not c.get("service", name, NS))
    c.until(30, lambda: f"Jobs of {run_name} to be gone: {step_jobs(run_name)}", lambda: not step_jobs(run_name))


def journal_says(run_name, state):
    maps = [m for m in c.items("configmaps", NS, "loadstone.dev/part=undo") if m["metadata"]["annotations"]["loadstone.dev/run"] == run_name]
    assert [m["data"]["state"] for m in maps] == [state], maps


def a_workload_is_there_for_the_run_and_gone_afterwards():
    c.apply(brings("own", 5), c.run(NS, "own-1", "own"))
    status = c.finished(NS, "own-1", 120)
    assert status["phase"] == "Succeeded" and status["results"]["errors"] == 0 and status["results"]["offered"] == 250, status
    assert [j["role"] for j in status["jobs"]] == ["apply", "undo"], status
    nothing_left("own", "own-1")
    journal_says("own-1", "undone")


def cancelled_while_it_is_loaded_it_goes():
    c.apply(brings("cancelled", 120), c.run(NS, "cancelled-1", "cancelled"))
    c.in_phase(NS, "cancelled-1", "Running", seconds=120)
    c.kubectl("patch", "benchmarkrun", "cancelled-1", "-n", NS, "--type=merge", "-p", '{"spec":{"cancel":true}}')
    assert c.finished(NS, "cancelled-1", 60)["phase"] == "Cancelled"
    nothing_left("cancelled", "cancelled-1")


def deleted_while_it_is_applied_it_goes():
    c.apply(brings("deleted", 120), c.run(NS, "deleted-1", "deleted"))
    c.until(60, "the Deployment to be made", lambda: c.get("deployment", "deleted", NS), 0.1)
    c.delete("benchmarkrun", "deleted-1", NS, wait=False)
    nothing_left("deleted", "deleted-1")


def a_right_that_is_missing_is_named():
    c.apply(brings("poor", 5, "poor"), c.run(NS, "poor-1", "poor"))
    status = c.finished(NS, "poor-1", 90)
    assert status["phase"] == "Failed" and c.condition(status, "Stalled")["reason"] == "WorkloadFailed", status
    assert f"no right to get configmaps in namespace {NS}" in status["message"], status["message"]
    nothing_left("poor", "poor-1")


def what_is_never_ready_is_named_and_goes():
    c.apply(brings("stuck", 5, ready="10s", made=manifests("stuck", image="localhost/no-such-image:1")), c.run(NS, "stuck-1", "stuck"))
    status = c.finished(NS, "stuck-1", 120)
    assert status["phase"] == "Failed" and c.condition(status, "Stalled")["reason"] == "WorkloadFailed", status
    assert "Deployment stuck is not ready within workload.readyTimeout: 0 of 1 pods are available" in status["message"], status["message"]
    nothing_left("stuck", "stuck-1")


def what_argo_keeps_is_left_alone():
    there, tracked = manifests("kept"), {"argocd.argoproj.io/instance": "shop"}
    for item in there:
        item["metadata"].update(namespace=NS, labels=tracked)
    c.apply(*there)
    c.apply(brings("kept", 5), c.run(NS, "kept-1", "kept"))
    status = c.finished(NS, "kept-1", 90)
    assert c.condition(status, "Stalled")["reason"] == "WorkloadFailed" and "Deployment kept: Argo CD keeps it as it is" in status["message"], status
    found = c.get("deployment", "kept", NS)
    assert found["metadata"]["labels"] == tracked and "loadstone.dev/applied-by" not in found["metadata"].get("annotations", {}), found["metadata"]


def what_was_there_is_as_it_was():
    c.server(NS, "present", args=["/etc/nginx/nginx-quiet.conf"], replicas=2)
    c.server_ready(NS, "present")
    before = c.get("deployment", "present", NS)
    changed = manifests("present")
    changed[0]["spec"]["template"]["metadata"]["labels"]["changed"] = "yes"
    c.apply(brings("present", 4, made=changed), c.run(NS, "present-1", "present"))
    c.until(60, "the change", lambda: c.get("deployment", "present", NS)["spec"]["replicas"] == 1, 0.1)
    assert c.finished(NS, "present-1", 120)["phase"] == "Succeeded", c.status_of(NS, "present-1")
    c.until(60, "its Jobs to be gone", lambda: not step_jobs("present-1"))
    after = c.get("deployment", "present", NS)
    assert after["spec"] == before["spec"] and after["metadata"]["uid"] == before["metadata"]["uid"], (before["spec"], after["spec"])
    assert after["metadata"].get("annotations", {}).get("loadstone.dev/applied-by") is None, after["metadata"]


def the_next_at_its_target_waits_until_it_is_taken_back():
    c.apply(brings("next", 3), c.run(NS, "next-1", "next"), c.run(NS, "next-2", "next"))
    seen = set()

    def both_done():
        second = c.status_of(NS, "next-2")
        seen.add(second.get("queue", {}).get("reason"))
        return c.condition(second, "Finished").get("status") == "True"
    c.until(180, "both runs to end", both_done, 0.1)
    first, second = c.status_of(NS, "next-1"), c.status_of(NS, "next-2")
    assert first["phase"] == second["phase"] == "Succeeded", (first, second)
    assert "UndoPending" in seen, seen
    nothing_left("next", "next-2")


def who_wrote_it_must_be_allowed_to_impersonate():
    user = "author"
    group = "rbac.authorization.k8s.io"
    rules = [{"apiGroups": ["loadstone.dev"], "resources": ["performanceprofiles"], "verbs": ["create", "get"]},
             {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"]}]
    c.apply({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": user, "namespace": NS}, "rules": rules},
            {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": {"name": user, "namespace": NS},
             "roleRef": {"apiGroup": group, "kind": "Role", "name": user}, "subjects": [{"apiGroup": group, "kind": "User", "name": user}]})

    def said():
        try:
            c.kubectl("create", "-n", NS, f"--as={user}", "--dry-run=server", "-f", "-", body=json.dumps(brings("foreign", 5)))
        except c.Refused as refused:
            return str(refused)
        return ""
    c.until(10, said, lambda: "workload is applied as service account deployer, which you may not impersonate" in said())
    rules.append({"apiGroups": [""], "resources": ["serviceaccounts"], "resourceNames": ["deployer"], "verbs": ["impersonate"]})
    c.apply({"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": user, "namespace": NS}, "rules": rules})
    c.until(10, said, lambda: said() == "")


def killed_at_any_time_the_operator_takes_it_back(after_s):
    name = f"killed{int(after_s * 10)}"
    c.apply(brings(name, 3), c.run(NS, f"{name}-1", name))
    time.sleep(after_s)
    c.another_operator()
    assert c.finished(NS, f"{name}-1", 150)["phase"] == "Succeeded", c.status_of(NS, f"{name}-1")
    nothing_left(name, f"{name}-1")


def all_tests(suite):
    c.namespace(NS)
    account("deployer")
    account("poor", rights=False)
    suite.side_by_side((a_workload_is_there_for_the_run_and_gone_afterwards,), (cancelled_while_it_is_loaded_it_goes,),
                       (deleted_while_it_is_applied_it_goes,), (a_right_that_is_missing_is_named,), (what_is_never_ready_is_named_and_goes,),
                       (what_argo_keeps_is_left_alone,), (what_was_there_is_as_it_was,), (the_next_at_its_target_waits_until_it_is_taken_back,))
    suite.one(who_wrote_it_must_be_allowed_to_impersonate)
    with c.Operator.borrowed():
        for after_s in (0.3, 1.5, 4.0) if suite.long else (1.5,):
            suite.one(killed_at_any_time_the_operator_takes_it_back, after_s)
