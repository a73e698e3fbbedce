# SPDX-License-Identifier: Apache-2.0
"""HTTP/2, TLS and gRPC on the real cluster, against servers that others wrote: nginx, and Fortio's gRPC server."""
import base64
import json
import pathlib
import subprocess
import tempfile

import cluster as c
from certificates import self_signed

NS = "e2e-protocols"
CA = {"caFrom": {"configMapKeyRef": {"name": "ca", "key": "ca.crt"}}}
STREAMS = {"connections": 2, "streamsPerConnection": 16}


def certificate():
    """(certificate, key) for every Service of the namespace; it is its own authority."""
    with tempfile.TemporaryDirectory() as folder:
        self_signed(folder, "tls", "test", f"DNS:*.{NS}.svc")
        return (pathlib.Path(folder) / "tls.crt").read_text(), (pathlib.Path(folder) / "tls.key").read_text()


def descriptors():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["protoc", "--include_imports", f"--descriptor_set_out={folder}/ping.pb", f"--proto_path={c.ROOT}/test/proto", "ping.proto"],
                       check=True, capture_output=True)
        return (pathlib.Path(folder) / "ping.pb").read_bytes()


def server(name, image, args, port, services):
    """A Deployment with the certificate at /etc/tls, and a Service for each run that loads it, since one run at a time has a Service."""
    labels = {"app": name}
    container = {"name": "server", "image": image, "imagePullPolicy": "IfNotPresent", "args": args,
                 "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1},
                 "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                 "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}, {"name": "tls", "mountPath": "/etc/tls"}]}
    volumes = [{"name": "tmp", "emptyDir": {}}, {"name": "tls", "secret": {"secretName": "server"}}]
    c.apply({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": NS}, "spec": {
        "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
            "terminationGracePeriodSeconds": 1, "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container], "volumes": volumes}}}})
    for service, target_port in services.items():
        c.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": service, "namespace": NS},
                 "spec": {"selector": labels, "ports": [{"name": "main", "port": 443, "targetPort": target_port}]}})


def ended(name, scheme, load, shape=None, seconds=60, **more):
    """The status of a run against the Service of that name."""
    c.apply(c.profile(NS, name, name, shape or [c.hold(100, 5)], port="main", target={"scheme": scheme}, load=load, **more),
            c.run(NS, f"{name}-1", name))
    return c.finished(NS, f"{name}-1", seconds)


def all_answered(status, code, count):
    results = status.get("results", {})
    assert status["phase"] == "Succeeded" and status["verdict"] != "Fail", status.get("message")
    assert results["byStatus"] == {code: count} and results["succeeded"] == count, results


def lines_of(path):
    """What nginx says that it answered, by its own log."""
    pod = c.items("pods", NS, "app=nginx")[0]["metadata"]["name"]
    lines = [json.loads(line) for line in c.kubectl("logs", pod, "-n", NS, "--tail=-1").splitlines() if line.startswith('{"msec"')]
    return [line for line in lines if line["uri"] == path]


def http2_is_spoken(name, scheme, load):
    """As many requests as nginx has seen, on no more connections than there should be."""
    status = ended(name, scheme, dict(load, requests=[{"name": "get", "path": f"/{name}"}], workers=2))
    all_answered(status, "200", 500)
    lines = c.until(10, "nginx's log to be complete", lambda: len(lines_of(f"/{name}")) >= 500 and lines_of(f"/{name}"))
    connections = len({line["conn"] for line in lines})
    assert len(lines) == 500 and connections == load["concurrency"]["connections"], (len(lines), connections)
    if scheme in ("h2", "https"):
        assert status["results"]["handshakeMicros"]["max"] > 0, status["results"]


def calls_of_bytes():
    """The health service that every gRPC server has, by a message that stands in the profile as bytes: none."""
    requests = [{"name": "check", "method": "POST", "path": "/grpc.health.v1.Health/Check"}]
    all_answered(ended("bytes", "grpc", {"requests": requests, "concurrency": STREAMS}), "OK", 500)


def calls_of_json(name, scheme, load):
    """Fortio answers as late as the message tells it: so it has read the message as it was meant."""
    requests = [{"name": "ping", "method": "POST", "path": "/fgrpc.PingServer/Ping", "body": {"inline": '{"payload": "abc", "delayNanos": "20000000"}'}}]
    grpc = {"descriptorSetFrom": {"configMapKeyRef": {"name": "protos", "key": "ping.pb"}}}
    status = ended(name, scheme, dict(load, requests=requests, grpc=grpc, concurrency=STREAMS))
    all_answered(status, "OK", 500)
    assert 20000 <= status["results"]["serviceMicros"]["p50"] < 100000, status["results"]["serviceMicros"]


def calls_that_fail_are_judged_by_name():
    requests = [{"name": "no", "method": "POST", "path": "/fgrpc.PingServer/NoSuch", "expect": {"grpcStatus": ["UNIMPLEMENTED"]}}]
    objectives = [{"metric": 'status.ratio{code="UNIMPLEMENTED"}', "max": "1%"}]
    status = ended("fails", "grpc", {"requests": requests, "concurrency": STREAMS}, objectives=objectives)
    assert status["results"]["byStatus"] == {"UNIMPLEMENTED": 500} and status["results"]["succeeded"] == 500, status["results"]
    assert status["verdict"] == "Fail" and status["objectives"][0]["met"] == "False", status["objectives"]


def a_message_that_does_not_fit_is_named():
    requests = [{"name": "ping", "method": "POST", "path": "/fgrpc.PingServer/Ping", "body": {"inline": '{"payload": 1}'}}]
    grpc = {"descriptorSetFrom": {"configMapKeyRef": {"name": "protos", "key": "ping.pb"}}}
    status = ended("unfit", "grpc", {"requests": requests, "grpc": grpc}, limits={"readyTimeout": "15s"})
    assert "requests[0]: body: payload: a text is wanted" in json.dumps(status), status


def descriptors_that_are_not_there_are_named():
    grpc = {"descriptorSetFrom": {"configMapKeyRef": {"name": "protos", "key": "gone.pb"}}}
    requests = [{"name": "ping", "method": "POST", "path": "/fgrpc.PingServer/Ping"}]
    status = ended("gone", "grpc", {"requests": requests, "grpc": grpc}, limits={"readyTimeout": "15s"})
    assert status["phase"] == "Failed" and "key gone.pb of ConfigMap protos (load.grpc.descriptorSetFrom)" in status["message"], status


def a_server_of_http1_is_not_spoken_to_in_http2():
    status = ended("only1", "h2c", {"timeout": "1s", "concurrency": {"connections": 2}}, shape=[c.hold(20, 2)])
    results = status["results"]
    assert results["succeeded"] == 0 and results["errorsByClass"] == {"protocol": 40}, results


def all_tests(suite):
    c.namespace(NS)
    made = certificate()
    c.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "server", "namespace": NS}, "stringData": {"tls.crt": made[0], "tls.key": made[1]}},
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ca", "namespace": NS}, "data": {"ca.crt": made[0]}},
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "protos", "namespace": NS},
             "binaryData": {"ping.pb": base64.b64encode(descriptors()).decode()}})
    server("nginx", "localhost/loadstone-nginx:1", ["/etc/nginx/nginx-tls.conf"], 8443, {"plain2": 8082, "over-tls2": 8443, "over-tls": 8443, "only1": 8080})
    server("fortio", "localhost/loadstone-fortio:1", ["server", "-grpc-port", "8079"], 8079,
           {"bytes": 8079, "json": 8079, "fails": 8079, "unfit": 8079, "gone": 8079})
    server("fortio-tls", "localhost/loadstone-fortio:1", ["server", "-grpc-port", "8079", "-cert", "/etc/tls/tls.crt", "-key", "/etc/tls/tls.key"], 8079,
           {"json-tls": 8079})
    for name in ("nginx", "fortio", "fortio-tls"):
        c.server_ready(NS, name)
    suite.side_by_side((http2_is_spoken, "plain2", "h2c", {"concurrency": STREAMS}), (http2_is_spoken, "over-tls2", "h2", {"concurrency": STREAMS, "tls": CA}),
                       (http2_is_spoken, "over-tls", "https", {"concurrency": {"connections": 8}, "tls": CA}), (calls_of_bytes,))
    suite.side_by_side((calls_of_json, "json", "grpc", {}), (calls_of_json, "json-tls", "grpcs", {"tls": CA}), (calls_that_fail_are_judged_by_name,),
                       (a_message_that_does_not_fit_is_named,), (descriptors_that_are_not_there_are_named,), (a_server_of_http1_is_not_spoken_to_in_http2,))
