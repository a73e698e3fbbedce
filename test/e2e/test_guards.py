# SPDX-License-Identifier: Apache-2.0
"""Who may load what: consent of another namespace, URLs, addresses that are never loaded, the brake, and the switch."""
import json
import time

import cluster as c

NS, OPS = "e2e-guards", "e2e-guards-ops"
CONFIG = "loadstone-config"


def configure(text):
    """None: no configuration."""
    if text is None:
        c.delete("configmap", CONFIG, c.SYSTEM)
    else:
        c.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": CONFIG, "namespace": c.SYSTEM}, "data": {"config.yaml": text}})


def of_ops(name, **more):
    made = c.profile(NS, name, "web", [c.hold(50, 3)], **more)
    made["spec"]["target"]["service"]["namespace"] = OPS
    return made


def to_url(name, url, shape=None):
    made = c.profile(NS, name, "web", shape or [c.hold(50, 3)])
    made["spec"]["target"] = {"url": url}
    return made


def ends_refused(name, reason, *words):
    status = c.finished(NS, name, 30)
    assert status["phase"] == "Failed", status
    assert c.condition(status, "Stalled")["reason"] == reason, status
    for word in words:
        assert word in status["message"], status["message"]
    assert not [j for j in c.items("jobs", NS) if j["metadata"]["annotations"].get("loadstone.dev/run") == name], "a Job was made"


def another_namespace_has_to_agree():
    c.apply(of_ops("ask"), c.run(NS, "ask-1", "ask"))
    ends_refused("ask-1", "TargetNotAllowed", f"does not accept load from namespace {NS}", "loadstone.dev/accept-load-from")
    c.kubectl("annotate", "service", "web", "-n", OPS, f"loadstone.dev/accept-load-from={NS}")
    c.apply(c.run(NS, "ask-2", "ask"))
    status = c.finished(NS, "ask-2")
    assert status["phase"] == "Succeeded" and status["target"] == f"Service {OPS}/web" and status["results"]["requests"] == 150, status
    assert status["context"]["target"]["pods"]["max"] == 1, status["context"]


def a_url_needs_the_allow_list():
    address = c.get("service", "web", OPS)["spec"]["clusterIP"]
    url = f"http://web.{OPS}.svc.cluster.local:8080/"
    c.apply(to_url("url", url), c.run(NS, "url-1", "url"))
    ends_refused("url-1", "TargetNotAllowed", "is not in the administrator's targets.allow")
    configure(json.dumps({"targets": {"allow": [{"host": f"*.{OPS}.svc.cluster.local", "cidr": address, "ports": [8080], "maxRate": "60/s"},
                                                {"cidr": "0.0.0.0/0", "ports": [80, 443, 6443, 10250]}]}}))
    c.until(10, "the configuration to be in force", lambda: allowed(url))


def allowed(url):
    """Runs are ended at once while the configuration is not yet seen."""
    name = f"url-{time.monotonic_ns()}"
    c.apply(c.run(NS, name, "url"))
    status = c.finished(NS, name)
    if status["phase"] != "Succeeded":
        return False
    assert status["target"] == "URL " + url.removeprefix("http://").rstrip("/") and status["results"]["requests"] == 150, status
    return True


def what_is_never_loaded_is_refused_though_allowed():
    node = c.items("nodes", "default")[0]["status"]["addresses"][0]["address"]
    api = c.get("service", "kubernetes", "default")["spec"]["clusterIP"]
    for name, url, word in (("metadata", "http://169.254.169.254/", "link-local"), ("loopback", "http://127.0.0.1/", "loopback"),
                            ("node", f"https://{node}:10250/", "of a node"), ("api", f"https://{api}/", "API server"),
                            ("mapped", "http://[::ffff:169.254.169.254]/", "link-local")):
        c.apply(to_url(name, url), c.run(NS, f"{name}-1", name))
        ends_refused(f"{name}-1", "TargetNotAllowed", word)
    c.apply(to_url("fast", f"http://web.{OPS}.svc.cluster.local:8080/", [c.hold(100, 3)]), c.run(NS, "fast-1", "fast"))
    ends_refused("fast-1", "TargetNotAllowed", "at most 60/s")


def a_name_is_looked_at_where_it_leads():
    """The name of a Service without selector that somebody has pointed at the node; its own address is never the target here."""
    node = c.items("nodes", "default")[0]["status"]["addresses"][0]["address"]
    c.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "astray", "namespace": NS},
             "spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 80}]}},
            {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
             "metadata": {"name": "astray-1", "namespace": NS, "labels": {"kubernetes.io/service-name": "astray"}},
             "ports": [{"name": "http", "port": 80}], "endpoints": [{"addresses": [node], "conditions": {"ready": True}}]})
    c.apply(to_url("name", f"http://astray.{NS}.svc.cluster.local/"), c.run(NS, "name-1", "name"),
            c.profile(NS, "behind", "astray", [c.hold(50, 3)]), c.run(NS, "behind-1", "behind"))
    ends_refused("behind-1", "TargetNotAllowed", f"behind Service {NS}/astray stands {node}, which is the address of a node")
    status = c.finished(NS, "name-1", 40)
    assert status["validity"] == "Invalid" and f"is at {node}" in status["message"], status
    assert not status["results"]["requests"], status


def errors_pull_the_brake():
    c.apply(c.profile(NS, "brake", "own", [c.hold(50, 60)], path="/status/500", limits={"brake": {"for": "2s"}}), c.run(NS, "brake-1", "brake"))
    status = c.finished(NS, "brake-1", 40)
    assert (status["phase"], status["verdict"]) == ("Succeeded", "Fail"), status
    assert "Brake" in [r["reason"] for r in status["reasons"]], status["reasons"]
    assert 50 <= status["results"]["requests"] <= 600, status["results"]


def the_switch_stops_everything_within_seconds():
    c.apply(c.profile(NS, "switch", "own", [c.hold(50, 60)]), c.run(NS, "switch-1", "switch"))
    c.in_phase(NS, "switch-1", "Running")
    time.sleep(2)
    begun = time.monotonic()
    configure("stopAll: true")
    try:
        c.until(5, "the workers to be told", lambda: c.status_of(NS, "switch-1").get("stop"), 0.1)
        status = c.finished(NS, "switch-1", 20)
        print(f"       stopped and stored {time.monotonic() - begun:.1f} s after the switch", flush=True)
        assert status["phase"] == "Failed" and status["stop"]["reason"] == "StoppedByAdmin", status
        assert status["results"]["requests"] >= 50 and status["resultRef"]["configMap"], status
        c.apply(c.run(NS, "switch-2", "switch"))
        c.until(10, "the next to wait", lambda: c.status_of(NS, "switch-2").get("queue", {}).get("reason") == "StopAll")
        configure("stopAll: perhaps")
        c.until(10, "an Event", lambda: c.items("events", c.SYSTEM) and [
            e for e in c.items("events", c.SYSTEM) if e["reason"] == "ConfigurationRefused"])
        assert c.status_of(NS, "switch-2")["phase"] == "Queued", "a mistake has lifted the switch"
    finally:
        configure(None)
    c.in_phase(NS, "switch-2", "Preparing", "Warming", "Running", seconds=10)
    c.kubectl("patch", "benchmarkrun", "switch-2", "-n", NS, "--type=merge", "-p", '{"spec":{"cancel":true}}')


def denies(name, group, resource, message):
    """A policy of somebody else that lets nothing of that kind be made in our namespace, and its binding."""
    made = {"resourceRules": [{"apiGroups": [group], "apiVersions": ["v1"], "resources": [resource], "operations": ["CREATE"]}]}
    kind, api, meta = "ValidatingAdmissionPolicy", "admissionregistration.k8s.io/v1", {"name": name}
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NS}}}
    return ({"apiVersion": api, "kind": kind, "metadata": meta,
             "spec": {"matchConstraints": made, "validations": [{"expression": "false", "message": message}]}},
            {"apiVersion": api, "kind": f"{kind}Binding", "metadata": meta,
             "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": here}})


def refused(resource):
    """What the API server says against a Job or a pod, "" when it takes it."""
    pod = {"restartPolicy": "Never", "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
           "containers": [{"name": "probe", "image": "none", "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}]}
    probe = {"apiVersion": "v1", "kind": "Pod", "spec": pod} if resource == "pods" else \
        {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": pod}}}
    try:
        c.kubectl("create", "-f", "-", "--dry-run=server", body=json.dumps({**probe, "metadata": {"name": "probe", "namespace": NS}}))
        return ""
    except c.Refused as why:
        return str(why)


def under_policy(group, resource, message, look):
    """Looks while such a policy is in force."""
    name = f"e2e-guards-no-{resource}"
    c.apply(*denies(name, group, resource, message))
    try:
        c.until(30, "the policy to be in force", lambda: message in refused(resource))
        look()
    finally:
        c.kubectl("delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", name)


def a_policy_that_denies_the_generator_is_named():
    message = "nobody makes Jobs here on Fridays"

    def look():
        c.apply(c.profile(NS, "denied", "own", [c.hold(50, 3)]), c.run(NS, "denied-1", "denied"))
        ends_refused("denied-1", "CreateRefused", message)
    under_policy("batch", "jobs", message, look)


def a_policy_that_denies_its_pods_is_named():
    message = "no pod without a cost centre"

    def look():
        c.apply(c.profile(NS, "podless", "own", [c.hold(50, 3)], limits={"readyTimeout": "15s"}), c.run(NS, "podless-1", "podless"))
        status = c.finished(NS, "podless-1", 60)
        assert status["phase"] == "Failed" and message in status["message"], status
        assert c.condition(status, "Stalled")["status"] == "True", status
        c.until(60, "its Job to be gone", lambda: not [j for j in c.items("jobs", NS) if j["metadata"]["name"].startswith("podless-1-")])
    under_policy("", "pods", message, look)


def all_tests(suite):
    for name in (NS, OPS):
        c.namespace(name)
    configure(None)
    c.server(OPS, "web")
    c.server(NS, "own")
    c.server_ready(OPS, "web")
    c.server_ready(NS, "own")
    suite.side_by_side((another_namespace_has_to_agree,), (errors_pull_the_brake,))
    suite.one(a_url_needs_the_allow_list)
    suite.side_by_side((what_is_never_loaded_is_refused_though_allowed,), (a_name_is_looked_at_where_it_leads,))
    suite.one(a_policy_that_denies_the_generator_is_named)
    suite.one(a_policy_that_denies_its_pods_is_named)
    suite.one(the_switch_stops_everything_within_seconds)
