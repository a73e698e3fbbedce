# SPDX-License-Identifier: Apache-2.0
"""Secrets reach the target and nobody else: headers and client certificates through the kubelet, and canaries that must stay unseen."""
import base64
import json
import pathlib
import tempfile
import threading
import time

import cluster as c
from certificates import self_signed, signed

NS = "e2e-secrets"
CANARY = "canary-5d1c8e72"
METRICS_READER = "e2e-secrets-metrics-reader"
POLICY = ["validatingadmissionpolicybinding/loadstone-authors", "validatingadmissionpolicy/loadstone-authors"]
CONFIG = """
daemon off; worker_processes 1; pid /tmp/nginx.pid; error_log /dev/stderr; events { worker_connections 256; }
http { access_log off; client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f; uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s;
  server { listen 8080; location / { if ($http_authorization != "Bearer %s") { return 401; } return 200 "hello"; } }
  server { listen 8443 ssl; ssl_certificate /etc/tls/tls.crt; ssl_certificate_key /etc/tls/tls.key;
    ssl_client_certificate /etc/tls/ca.crt; ssl_verify_client on;
    location / { if ($ssl_client_s_dn != CN=load) { return 403; } return 200 "hello"; } } }
""" % CANARY


def certificates():
    """{"ca": …, "server": (certificate, key), "load": (certificate, key)}, as text."""
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        self_signed(folder, "ca", "test ca")
        for name, extension in (("server", f"subjectAltName=DNS:guarded.{NS}.svc"), ("load", "extendedKeyUsage=clientAuth")):
            signed(folder, name, name, extension)
            made[name] = ((path / f"{name}.crt").read_text(), (path / f"{name}.key").read_text())
        made["ca"] = (path / "ca.crt").read_text()
    return made


MADE = certificates()
KEY_LINE = MADE["load"][1].splitlines()[1]


def secret(name, data, kind="Opaque"):
    return {"apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": {"name": name, "namespace": NS}, "stringData": data}


def server():
    """nginx that wants the token on one port and a client certificate on the other."""
    labels = {"app": "guarded"}
    container = {"name": "server", "image": "localhost/loadstone-nginx:1", "imagePullPolicy": "IfNotPresent", "args": ["/etc/guarded/nginx.conf"],
                 "readinessProbe": {"tcpSocket": {"port": 8443}, "periodSeconds": 1},
                 "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                 "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "tls", "mountPath": "/etc/tls"}, {"name": "conf", "mountPath": "/etc/guarded"}]}
    volumes = [{"name": "tmp", "emptyDir": {}}, {"name": "tls", "secret": {"secretName": "server"}}, {"name": "conf", "secret": {"secretName": "nginx"}}]
    c.apply(secret("nginx", {"nginx.conf": CONFIG}),
            secret("server", {"tls.crt": MADE["server"][0], "tls.key": MADE["server"][1], "ca.crt": MADE["ca"]}),
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "guarded", "namespace": NS}, "spec": {
                "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
                    "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": False,
                    "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
                    "containers": [container], "volumes": volumes}}}})
    for name in ("guarded", "guarded2", "guarded3", "guarded4", "guarded5"):  # one run at a time has a Service
        c.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": NS}, "spec": {
            "selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "https", "port": 443, "targetPort": 8443}]}})


def header(name="token", key="value"):
    return [{"name": "authorization", "secretKeyRef": {"name": name, "key": key}}]


class Listener:
    """Keeps what the workers of a run say while they are there; their pods go with the Job."""

    def __init__(self, run_name):
        self.run, self.said, self.over = run_name, {}, threading.Event()
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        while not self.over.is_set():
            for pod in c.items("pods", NS, "loadstone.dev/part=worker"):
                if pod["metadata"]["annotations"].get("loadstone.dev/run") == self.run:
                    name = pod["metadata"]["name"]
                    self.said[name] = max(self.said.get(name, ""), c.kubectl("logs", name, "-n", NS, check=False), key=len)
                    self.said[name + " object"] = json.dumps(pod)
            time.sleep(0.5)

    def text(self):
        self.over.set()
        self.thread.join()
        return "\n".join(self.said.values())


def a_header_arrives_and_is_seen_nowhere_else():
    c.apply(c.profile(NS, "header", "guarded", [c.hold(50, 4)], load={"headersFrom": header(), "workers": 2}))
    listener = Listener("header-1")
    c.apply(c.run(NS, "header-1", "header"))
    status = c.finished(NS, "header-1", 60)
    said = listener.text()
    assert status["phase"] == "Succeeded" and status["results"]["succeeded"] == 200, status.get("message")
    assert '"type":"hello"' in said and '"type":"interval"' in said, "no worker was heard"
    look_everywhere(said, CANARY)


def a_client_certificate_opens_the_door():
    tls = {"caFrom": {"secretKeyRef": {"name": "server", "key": "ca.crt"}}, "clientCertificateFrom": {"secretRef": {"name": "load"}}}
    target = {"scheme": "https", "host": f"guarded.{NS}.svc"}
    c.apply(c.profile(NS, "mutual", "guarded2", [c.hold(50, 3)], port="https", target=target, load={"tls": tls}))
    listener = Listener("mutual-1")
    c.apply(c.run(NS, "mutual-1", "mutual"))
    status = c.finished(NS, "mutual-1", 60)
    said = listener.text()
    assert status["phase"] == "Succeeded" and status["results"]["succeeded"] == 150, status.get("message")
    look_everywhere(said, KEY_LINE)


def without_a_certificate_it_stays_shut():
    target, tls = {"scheme": "https", "host": f"guarded.{NS}.svc"}, {"caFrom": {"secretKeyRef": {"name": "server", "key": "ca.crt"}}}
    c.apply(c.profile(NS, "shut", "guarded3", [c.hold(50, 2)], port="https", target=target, load={"tls": tls}), c.run(NS, "shut-1", "shut"))
    status = c.finished(NS, "shut-1", 60)
    assert status["results"].get("byStatus", {}).get("400") == 100 or status["results"].get("succeeded", 0) == 0, status["results"]


def metrics_of(pod):
    """What an account that may read the metrics gets from this pod."""
    token = c.kubectl("create", "token", "metrics-reader", "-n", NS).strip()
    return c.in_network("curl", "--silent", "--insecure", "--max-time", "15", "--header", f"Authorization: Bearer {token}",
                        f"https://{pod['status']['podIP']}:8443/metrics")


def look_everywhere(said, canary):
    """In all that people and programs can read but Secrets themselves; plain and as the API shows bytes."""
    seen = {"workers": said}
    for kind in ("benchmarkruns", "performanceprofiles", "configmaps", "jobs", "pods", "events", "events.events.k8s.io"):
        seen[kind] = c.kubectl("get", kind, "-n", NS, "-o", "json")
    for pod in c.operator_pods():
        seen["operator's log"] = c.kubectl("logs", pod["metadata"]["name"], "-n", c.SYSTEM, "--tail=-1")
        seen["metrics"] = metrics_of(pod)
        seen["readiness"] = c.kubectl("get", "--raw", f"/api/v1/namespaces/{c.SYSTEM}/pods/{pod['metadata']['name']}:8080/proxy/readyz", check=False)
    assert len(seen["configmaps"]) > 1000 and len(seen["operator's log"]) > 100 and "rest_client_requests_total" in seen["metrics"], {name: len(text) for name, text in seen.items()}
    for where, text in seen.items():
        for form in (canary, base64.b64encode(canary.encode()).decode()[:-4], canary[:10]):
            assert form not in text, f"{form} stands in {where}"


def a_secret_that_is_not_there_is_named(name, references, service, words):
    c.apply(c.profile(NS, name, service, [c.hold(50, 2)], limits={"readyTimeout": "15s"}, load={"headersFrom": references}),
            c.run(NS, f"{name}-1", name))
    status = c.finished(NS, f"{name}-1", 60)
    assert status["phase"] == "Failed" and c.condition(status, "Stalled")["reason"] == "ConfigError", status
    for word in words:
        assert word in status["message"], status["message"]


def a_value_that_cannot_be_sent_ends_the_run_unquoted():
    c.apply(c.profile(NS, "unfit", "guarded", [c.hold(50, 2)], limits={"readyTimeout": "15s"}, load={"headersFrom": header("unfit")}),
            c.run(NS, "unfit-1", "unfit"))
    status = c.finished(NS, "unfit-1", 60)
    assert status["phase"] != "Succeeded" or status["validity"] != "Valid", status
    assert "headersFrom[0]: authorization: the value holds line breaks" in json.dumps(status), status
    assert CANARY not in json.dumps(status), status


def without_the_policy_secrets_are_refused():
    c.kubectl("delete", *POLICY)
    try:
        c.until(30, "the profile to be stalled", lambda: touched_and_stalled("header"))
        c.apply(c.run(NS, "header-2", "header"))
        status = c.finished(NS, "header-2", 40)
        assert status["phase"] == "Failed" and c.condition(status, "Stalled")["reason"] == "SecretsNotAllowed", status
        assert "ValidatingAdmissionPolicy loadstone-authors is not installed" in status["message"], status["message"]
        assert "trials" not in status, status
        allow(True)
        c.apply(c.run(NS, "header-3", "header"))
        assert c.finished(NS, "header-3", 60)["phase"] == "Succeeded", "although the administrator allows it"
    finally:
        allow(False)
        c.kubectl("apply", "--server-side", "-k", str(c.ROOT / "deploy/policies"))
    time.sleep(11)  # an answer of the API server serves for ten seconds
    c.apply(c.run(NS, "header-4", "header"))
    status = c.finished(NS, "header-4", 40)
    assert c.condition(status, "Stalled")["reason"] == "SecretsNotAllowed" and "written before policy" in status["message"], status


def touched_and_stalled(name):
    c.kubectl("label", "performanceprofile", name, "-n", NS, f"touched={time.monotonic_ns()}", "--overwrite")
    found = c.get("performanceprofile", name, NS)
    return c.condition(found.get("status", {}), "Stalled").get("reason") == "SecretsNotAllowed"


def allow(yes):
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "loadstone-config", "namespace": c.SYSTEM},
              "data": {"config.yaml": "allowSecretsWithoutPolicy: true\n"}}
    if yes:
        c.apply(config)
        time.sleep(1)
    else:
        c.delete("configmap", "loadstone-config", c.SYSTEM)


def all_tests(suite):
    c.namespace(NS)
    server()
    c.apply(secret("token", {"value": f"Bearer {CANARY}\n"}), secret("unfit", {"value": f"Bearer {CANARY}\r\nx-smuggled: 1"}),
            secret("load", {"tls.crt": MADE["load"][0], "tls.key": MADE["load"][1]}, "kubernetes.io/tls"),
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "metrics-reader", "namespace": NS}},
            {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": METRICS_READER},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "loadstone-metrics-reader"},
             "subjects": [{"kind": "ServiceAccount", "name": "metrics-reader", "namespace": NS}]})
    c.server_ready(NS, "guarded")
    suite.side_by_side((a_header_arrives_and_is_seen_nowhere_else,), (a_client_certificate_opens_the_door,), (without_a_certificate_it_stays_shut,),
                       (a_secret_that_is_not_there_is_named, "absent", header("nobody"), "guarded4", ("Secret nobody (load.headersFrom[0])", "not found")),
                       (a_secret_that_is_not_there_is_named, "keyless", header("token", "other"), "guarded5",
                        ("key other of Secret token (load.headersFrom[0])",)))
    suite.one(a_value_that_cannot_be_sent_ends_the_run_unquoted)
    suite.one(without_the_policy_secrets_are_refused)
    c.kubectl("delete", "clusterrolebinding", METRICS_READER)
