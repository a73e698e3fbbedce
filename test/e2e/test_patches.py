# SPDX-License-Identifier: Apache-2.0
"""Variants that change the target: a quarter of its CPU is worse, also when the operator is killed in the middle, and afterwards everything
is as it was; what Argo keeps is left alone; and a change that somebody takes back is noticed.
That the quarter is throttled, which the kubelet counts too seldom for trials this short, is shown where there are probes (test_samples.py)."""
import json

import cluster as c

NS = "e2e-patches"


def profile(name, service, shape, variants, pairs, **more):
    return c.profile(NS, name, service, shape, variants=variants, serviceAccountName="deployer", trials={"repeats": {"min": pairs}, "pause": "0s"}, **more)


def limited(cpu):
    """What a Deployment's container gets, as server-side apply has it."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "server", "resources": {"limits": {"cpu": cpu}}}]}}}}


def as_it_was(kind, name, before):
    after = c.get(kind, name, NS)
    for field in ("spec", "data"):
        assert after.get(field) == before.get(field), (before.get(field), after.get(field))
    assert "loadstone.dev/applied-by" not in after["metadata"].get("annotations", {}), after["metadata"]


def step_jobs(run_name):
    return [j["metadata"]["name"] for j in c.items("jobs", NS) if j["metadata"]["annotations"].get("loadstone.dev/run") == run_name]


def a_quarter_of_the_cpu_is_worse_also_when_the_operator_is_killed():
    quarter = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, **limited("20m")}
    before = c.get("deployment", "web", NS)
    variants = [{"name": "whole"}, {"name": "quarter", "apply": [{"manifest": quarter}]}]
    c.apply(profile("cpu", "web", [{"closed": {"for": "2s"}}], variants, 4, baseline={"from": "none", "primary": "rate.achieved"}), c.run(NS, "cpu", "cpu"))
    said = set()

    def third():
        said.add(c.status_of(NS, "cpu").get("message"))
        return len(c.status_of(NS, "cpu").get("trials", [])) == 3
    c.until(90, lambda: f"the third trial: {json.dumps(c.status_of(NS, 'cpu'))}", third)
    c.another_operator()
    status = c.finished(NS, "cpu", 200)
    assert [row["variant"][0] for row in status["trials"]] == list("wqqwqwwq"), status["trials"]
    assert "applying variant quarter (Deployment web) as service account deployer" in said, said
    arm = status["comparison"]["arms"][0]
    primary = next(metric for metric in arm["metrics"] if metric["role"] == "primary")
    assert arm["verdict"] == "worse" and arm["pairs"] == 4 and float(primary["ratio"]) < 0.5 and status["verdict"] == "Fail", (arm, status["message"])
    assert [variant.get("applied") for variant in status["variants"]] == [None, "Deployment web"], status["variants"]
    c.until(60, lambda: f"its Jobs to be gone: {step_jobs('cpu')}", lambda: not step_jobs("cpu"))
    as_it_was("deployment", "web", before)


def what_argo_keeps_is_left_alone():
    kept = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "namespace": NS, "labels": {"argocd.argoproj.io/instance": "shop"}},
            "data": {"a": "b"}}
    c.apply(kept)
    patch = {"patch": {"target": {"apiVersion": "v1", "kind": "ConfigMap", "name": "kept"}, "value": {"data": {"a": "c"}}}}
    c.apply(profile("kept", "kept", [c.hold(50, 2)], [{"name": "other", "apply": [patch]}, {"name": "plain"}], 2), c.run(NS, "kept", "kept"))
    status = c.finished(NS, "kept", 90)
    assert c.condition(status, "Stalled")["reason"] == "VariantFailed", status
    assert "ConfigMap kept: Argo CD keeps it as it is" in status["message"] and "allowManaged in the variant" in status["message"], status["message"]
    as_it_was("configmap", "kept", kept)


def a_change_that_somebody_takes_back_is_noticed_and_made_again():
    flags = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags", "namespace": NS}, "data": {"cache": "on", "old": "yes"}}
    c.apply(flags)
    patch = {"patch": {"target": {"apiVersion": "v1", "kind": "ConfigMap", "name": "flags"}, "type": "merge", "value": {"data": {"cache": "off", "old": None}}}}
    made = profile("flags", "flags", [c.hold(50, 2)], [{"name": "on"}, {"name": "off", "apply": [patch]}], 2)
    c.kubectl("apply", "--server-side", "-f", "-", body=json.dumps(made))  # without it kubectl leaves the null out
    c.apply(c.run(NS, "flags", "flags"))
    c.until(90, "the second trial", lambda: len(c.status_of(NS, "flags").get("trials", [])) == 2, 0.1)
    assert c.get("configmap", "flags", NS)["data"] == {"cache": "off"}
    c.kubectl("patch", "configmap", "flags", "-n", NS, "--type=merge", "-p", '{"data":{"cache":"on"}}')
    status = c.finished(NS, "flags", 200)
    invalid = [row for row in status["trials"] if row["validity"] == "Invalid"]  # the second, or the third if that had begun meanwhile
    assert len(invalid) == 1 and invalid[0]["variant"] == "off" and len(status["trials"]) == 6, status["trials"]
    stored = [m for m in c.items("configmaps", NS, "loadstone.dev/part=trial")
              if m["metadata"]["name"].startswith("flags-") and m["metadata"]["name"].endswith(f"-r{invalid[0]['index']}")]
    reasons = {r["reason"]: r["message"] for r in json.loads(stored[0]["data"]["trial.json"])["reasons"]}
    assert reasons["VariantReverted"] == "variant off was undone during the trial: ConfigMap flags: data.cache", reasons
    c.until(60, lambda: f"its Jobs to be gone: {step_jobs('flags')}", lambda: not step_jobs("flags"))
    as_it_was("configmap", "flags", flags)


def all_tests(suite):
    c.namespace(NS)
    c.deployer(NS)
    c.server(NS, "web", args=["/etc/nginx/nginx-quiet.conf"])
    c.kubectl("patch", "deployment", "web", "-n", NS, "--type=strategic", "-p", json.dumps(limited("80m")))
    for name in ("kept", "flags"):
        c.server(NS, name, args=["/etc/nginx/nginx-quiet.conf"])
    for name in ("web", "kept", "flags"):
        c.server_ready(NS, name)
    with c.Operator.borrowed():
        suite.side_by_side((a_quarter_of_the_cpu_is_worse_also_when_the_operator_is_killed,), (what_argo_keeps_is_left_alone,),
                           (a_change_that_somebody_takes_back_is_noticed_and_made_again,))
