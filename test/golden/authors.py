# SPDX-License-Identifier: Apache-2.0
"""The admission policy on profiles and runs: who may name which Secret, tried on the real API server under restricted users."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import cluster as c  # noqa: E402

NAMESPACE = "loadstone-authors"
OPERATOR = "system:serviceaccount:loadstone-system:loadstone-operator"
OWN = [f"s{i}" for i in range(16)] + ["ca", "client"]  # what "author" may read; nobody here may read "foreign"
RIGHTS = {  # user: rules of their Role
    "reader": [(["performanceprofiles", "benchmarkruns"], "loadstone.dev", None, ["get", "create", "update", "patch"])],
    "worker": [(["jobs"], "batch", None, ["create"])],
    "author": [(["jobs"], "batch", None, ["create"]), (["secrets"], "", OWN, ["get"]), (["serviceaccounts"], "", ["deployer"], ["impersonate"])],
    OPERATOR: [(["performanceprofiles/status", "benchmarkruns/status"], "loadstone.dev", None, ["get"])],  # kubectl reads what it patches
}


def role(user):
    rules = RIGHTS["reader"] + (RIGHTS[user] if user != "reader" else [])
    meta = {"name": user, "namespace": NAMESPACE}
    group = "rbac.authorization.k8s.io"
    return [{"apiVersion": f"{group}/v1", "kind": "Role", "metadata": meta, "rules": [
                {"apiGroups": [api], "resources": resources, "verbs": verbs, **({"resourceNames": names} if names else {})}
                for resources, api, names, verbs in rules]},
            {"apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": meta,
             "roleRef": {"apiGroup": group, "kind": "Role", "name": user}, "subjects": [{"apiGroup": group, "kind": "User", "name": user}]}]


def header(index, secret):
    return {"name": f"x-{index}", "secretKeyRef": {"name": secret, "key": "value"}}


def spec(headers=(), tls=None):
    load = {"requests": [{"name": "get", "path": "/"}], "shape": [c.hold(5, 5)]}
    if headers:
        load["headersFrom"] = [header(i, secret) for i, secret in enumerate(headers)]
    if tls:
        load["tls"] = tls
    return {"target": {"service": {"name": "web", "port": 80}, "scheme": "https"}, "load": load}


def profile(made, name="new"):
    return {"apiVersion": c.GROUP, "kind": "PerformanceProfile", "metadata": {"name": name, "namespace": NAMESPACE}, "spec": made}


def run(made, name="new"):
    return {"apiVersion": c.GROUP, "kind": "BenchmarkRun", "metadata": {"name": name, "namespace": NAMESPACE}, "spec": made}


def asked(user, *args, body=None):
    """What the API server says to that user; "" when it agrees."""
    try:
        c.kubectl(*args, "-n", NAMESPACE, f"--as={user}", "--dry-run=server", body=body)
    except c.Refused as refused:
        return str(refused)
    return ""


def created(user, made):
    return asked(user, "create", "-f", "-", body=json.dumps(made))


def patched(user, kind, name, patch, *more):
    return asked(user, "patch", kind, name, "--type=merge", "-p", json.dumps(patch), *more)


def says(sentence, said):
    assert sentence in said, said or "it was allowed"


def agrees(said):
    assert said == "", said


JOBS = f"you may not create Jobs in namespace {NAMESPACE}, and this makes one: ask for that right, or let somebody who has it apply this"


def who_may_not_create_jobs_writes_neither_profiles_nor_runs():
    says(JOBS, created("reader", profile(spec())))
    says(JOBS, created("reader", run({"profile": "there"})))
    says(JOBS, patched("reader", "performanceprofile", "there", {"spec": {"description": "x"}}))


def who_may_needs_no_more_where_there_is_no_secret():
    agrees(created("worker", profile(spec())))
    agrees(created("worker", profile(spec(tls={"caFrom": {"configMapKeyRef": {"name": "ca", "key": "ca.crt"}}}))))
    agrees(created("worker", run({"template": spec()})))
    agrees(created("worker", run({"profile": "there"})))


def names(field, secret):
    return f"{field} names Secret {secret}, which you may not read: ask for get on it, or let somebody who has it apply this"


def a_secret_that_the_author_may_not_read_is_named():
    says(names("load.headersFrom[0]", "s0"), created("worker", profile(spec(["s0"]))))
    ca, client = ({"caFrom": {"secretKeyRef": {"name": "foreign", "key": "ca.crt"}}}, {"clientCertificateFrom": {"secretRef": {"name": "foreign"}}})
    for made in (profile, lambda inside: run({"template": inside})):
        says(names("load.tls.caFrom", "foreign"), created("author", made(spec(tls=ca))))
        says(names("load.tls.clientCertificateFrom", "foreign"), created("author", made(spec(tls=client))))
        for slot in range(16):
            headers = [f"s{i}" if i != slot else "foreign" for i in range(16)]
            says(names(f"load.headersFrom[{slot}]", "foreign"), created("author", made(spec(headers))))


def as_many_as_there_can_be_are_within_the_cost():
    tls = {"caFrom": {"secretKeyRef": {"name": "ca", "key": "ca.crt"}}, "clientCertificateFrom": {"secretRef": {"name": "client"}}}
    whole = spec([f"s{i}" for i in range(16)], tls)
    agrees(created("author", profile(whole)))
    agrees(created("author", run({"template": whole})))


def a_change_asks_again():
    says(names("load.headersFrom[1]", "foreign"), patched("author", "performanceprofile", "secret", {
        "spec": {"load": {"headersFrom": [header(0, "s0"), header(1, "foreign")]}}}))
    agrees(patched("author", "performanceprofile", "secret", {"spec": {"load": {"headersFrom": [header(0, "s0"), header(1, "s1")]}}}))


def a_workload_needs_the_right_to_its_account():
    def brings(account=None):
        made = {**spec(), "workload": {"manifests": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}]}}
        return {**made, "serviceAccountName": account} if account else made
    sentence = "workload is applied as service account {}, which you may not impersonate: ask for that right on it, or let somebody who has it apply this"
    for made in (profile, lambda inside: run({"template": inside})):
        says(sentence.format("default"), created("author", made(brings())))
        says(sentence.format("other"), created("author", made(brings("other"))))
        agrees(created("author", made(brings("deployer"))))


def what_a_variant_applies_needs_it_too():
    def applies(account=None):
        patch = {"target": {"apiVersion": "v1", "kind": "ConfigMap", "name": "x"}, "value": {"data": {"a": "b"}}}
        made = {**spec(), "variants": [{"name": "a"}, {"name": "b", "apply": [{"patch": patch}]}]}
        return {**made, "serviceAccountName": account} if account else made
    sentence = "variants[].apply is applied as service account {}, which you may not impersonate: ask for that right on it"
    for made in (profile, lambda inside: run({"template": inside})):
        says(sentence.format("default"), created("author", made(applies())))
        says(sentence.format("other"), created("author", made(applies("other"))))
        agrees(created("author", made(applies("deployer"))))


def another_target_would_get_to_see_the_secret():
    says(names("load.headersFrom[0]", "s0"), patched("worker", "performanceprofile", "secret", {"spec": {"target": {"host": "mine.example.com"}}}))


def what_runs_nothing_else_is_free():
    agrees(patched("reader", "performanceprofile", "secret", {"metadata": {"labels": {"team": "shop"}}}))
    agrees(patched("reader", "benchmarkrun", "secret", {"metadata": {"labels": {"team": "shop"}}}))
    agrees(patched("reader", "benchmarkrun", "secret", {"spec": {"cancel": True}}))


def whoever_may_run_may_run_what_others_wrote():
    agrees(created("worker", run({"profile": "secret"})))


def the_operator_is_not_in_its_own_way():
    agrees(patched(OPERATOR, "performanceprofile", "secret", {"status": {"observedGeneration": 1}}, "--subresource=status"))
    agrees(patched(OPERATOR, "benchmarkrun", "secret", {"status": {"observedGeneration": 1}}, "--subresource=status"))
    agrees(created(OPERATOR, run({"profile": "secret"})))


def the_api_server_finds_nothing_to_warn_of():
    policy = json.loads(c.kubectl("get", "validatingadmissionpolicy", "loadstone-authors", "-o", "json"))
    assert not policy["status"].get("typeChecking", {}).get("expressionWarnings"), policy["status"]["typeChecking"]


def tests(suite):
    c.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(c.ROOT / "deploy/policies"))
    c.namespace(NAMESPACE)
    c.apply(*(item for user in RIGHTS for item in role(user)))
    c.apply(profile(spec(), "there"), profile(spec(["s0"]), "secret"), run({"template": spec(["s0"])}, "secret"))
    c.until(30, "the policy to be in force", lambda: JOBS in created("reader", profile(spec())))
    c.until(30, "the policy to be looked at", lambda: "observedGeneration" in json.loads(
        c.kubectl("get", "validatingadmissionpolicy", "loadstone-authors", "-o", "json")).get("status", {}))
    for test in (who_may_not_create_jobs_writes_neither_profiles_nor_runs, who_may_needs_no_more_where_there_is_no_secret,
                 a_secret_that_the_author_may_not_read_is_named, as_many_as_there_can_be_are_within_the_cost, a_change_asks_again, a_workload_needs_the_right_to_its_account, what_a_variant_applies_needs_it_too,
                 another_target_would_get_to_see_the_secret, what_runs_nothing_else_is_free, whoever_may_run_may_run_what_others_wrote,
                 the_operator_is_not_in_its_own_way, the_api_server_finds_nothing_to_warn_of):
        suite.one(test)
    c.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
