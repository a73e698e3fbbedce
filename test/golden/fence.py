# SPDX-License-Identifier: Apache-2.0
"""The admission policy around "patch pods": what the operator's account may still do with it, tried on the real API server."""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import cluster as c  # noqa: E402

NAMESPACE = "loadstone-fence"
OPERATOR = "system:serviceaccount:loadstone-system:loadstone-operator"


def pod(name, labels, owner=None):
    meta = {"name": name, "namespace": NAMESPACE, "labels": labels, "annotations": {"loadstone.dev/run": "r"}}
    if owner:
        meta["ownerReferences"] = [{"apiVersion": "batch/v1", "kind": "Job", "name": owner["name"], "uid": owner["uid"]}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {
        "nodeSelector": {"no": "such-node"}, "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "load", "image": "localhost/pause:1", "securityContext": {
            "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}}


def patched(name, patch):
    """What the API server says to the operator's patch; "" when it agrees."""
    try:
        c.kubectl("patch", "pod", name, "-n", NAMESPACE, f"--as={OPERATOR}", "--dry-run=server", "--type=merge", "-p", json.dumps(patch))
    except c.Refused as refused:
        return str(refused)
    return ""


START = {"metadata": {"annotations": {"loadstone.dev/start-at": "123"}}}


def the_start_instant_is_allowed():
    assert patched("worker", START) == "", patched("worker", START)


def refused(name, patch, sentence):
    said = patched(name, patch)
    assert sentence in said, said or "it was allowed"


def another_annotation_is_not():
    refused("worker", {"metadata": {"annotations": {"other": "x"}}}, "may set only the annotation loadstone.dev/start-at")
    refused("worker", {"metadata": {"annotations": {"loadstone.dev/run": "other"}}}, "may set only the annotation")
    refused("worker", {"metadata": {"annotations": {"loadstone.dev/run": None}}}, "may set only the annotation")


def labels_owners_finalizers_and_image_are_not():
    sentence = "may not change a pod's spec, labels, owners or finalizers"
    refused("worker", {"metadata": {"labels": {"x": "y"}}}, sentence)
    refused("worker", {"metadata": {"finalizers": ["example.com/x"]}}, sentence)
    refused("worker", {"spec": {"activeDeadlineSeconds": 5}}, sentence)


def pods_of_others_are_not():
    refused("foreign", START, "may patch only pods of its own generator Jobs")
    refused("pretender", START, "may patch only pods of its own generator Jobs")


def others_are_not_fenced():
    c.kubectl("patch", "pod", "foreign", "-n", NAMESPACE, "--dry-run=server", "--type=merge", "-p", json.dumps({"metadata": {"labels": {"x": "y"}}}))


def secrets_and_exec_are_out_of_reach():
    for verb, thing in (("get", "secrets"), ("list", "secrets"), ("create", "pods"), ("create", "pods/exec"), ("create", "pods/ephemeralcontainers"),
                        ("update", "benchmarkruns.loadstone.dev"), ("update", "configmaps"), ("impersonate", "serviceaccounts")):
        said = c.kubectl("auth", "can-i", verb, thing, f"--as={OPERATOR}", "-n", NAMESPACE, check=False).strip()
        assert said == "no", f"{verb} {thing}: {said}"


def tests(suite):
    c.kubectl("create", "namespace", c.SYSTEM, check=False)
    for part in ("fence", "base/rbac.yaml"):
        how = "-f" if part.endswith(".yaml") else "-k"
        c.kubectl("apply", "--server-side", "--force-conflicts", "-n", c.SYSTEM, how, str(c.ROOT / "deploy" / part))
    c.namespace(NAMESPACE)
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "owner", "namespace": NAMESPACE}, "spec": {
        "suspend": True, "template": {"spec": {**pod("x", {})["spec"], "restartPolicy": "Never"}}}}
    c.apply(job)
    owner = c.get("job", "owner", NAMESPACE)["metadata"]
    labels = {"loadstone.dev/part": "worker", "loadstone.dev/run-uid": "u"}
    c.apply(pod("worker", labels, owner), pod("pretender", labels), pod("foreign", {"app": "x"}))
    c.until(20, "the policy to be in force", lambda: patched("foreign", START))
    for test in (the_start_instant_is_allowed, another_annotation_is_not, labels_owners_finalizers_and_image_are_not,
                 pods_of_others_are_not, others_are_not_fenced, secrets_and_exec_are_out_of_reach):
        suite.one(test)
    c.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
