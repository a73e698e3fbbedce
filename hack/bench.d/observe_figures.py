# SPDX-License-Identifier: Apache-2.0
"""What it costs the operator to sample 100 pods of a target: apisim plays the cluster, a made-up kubelet serves pages of the size that a real
one serves for so many pods, over TLS; and a real probe, of made-up cgroups, each second of them."""
import http.server
import pathlib
import shutil
import ssl
import sys
import tempfile
import threading
import time

import apisim
from certificates import self_signed
from figures import judged, memory_mib
from throughput_figures import REQUESTS, cpu_s, target

sys.path.insert(0, str(apisim.ROOT / "test/ports"))
from probe_process import Api, Probe, make_node  # noqa: E402

PODS = 100
FOR_S = 60
# Of each cgroup; cAdvisor tells some forty more of each than are looked at.
NOISE = [f"container_series_{i}" for i in range(36)]


class Kubelet:
    """Its counters rise by the clock; every page is of now."""

    def __init__(self, folder):
        self.pages = 0
        self.key, self.ca = folder / "kubelet.key", folder / "kubelet.crt"
        self_signed(folder, "kubelet", "kubelet", "IP:127.0.0.1")
        self.resource, self.cadvisor = template(resource_lines()), template(cadvisor_lines())
        kubelet = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                now = time.time()
                text = (kubelet.cadvisor if self.path == "/metrics/cadvisor" else kubelet.resource).replace("@VALUE", f"{now / 10:.3f}")
                body = text.replace("@AT", str(int(now * 1000))).encode()
                kubelet.pages += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self.ca, self.key)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def template(lines):
    return "".join(f"{line} @VALUE @AT\n" for line in lines)


def pod_name(i):
    return f"web-{i:03d}"


def resource_lines():
    for i in range(PODS):
        labels = f'namespace="team",pod="{pod_name(i)}"'
        for series in ("cpu_usage_seconds_total", "memory_working_set_bytes"):
            yield f"pod_{series}{{{labels}}}"
            yield f'container_{series}{{container="server",{labels}}}'


def cadvisor_lines():
    wanted = ["container_cpu_usage_seconds_total", "container_memory_working_set_bytes", "container_cpu_cfs_periods_total",
              "container_cpu_cfs_throttled_periods_total", "container_pressure_cpu_waiting_seconds_total"]
    for series in wanted + NOISE:
        for i in range(PODS):
            for container, name in (("", ""), ("", "sandbox"), ("server", "c")):
                yield (f'{series}{{container="{container}",id="/kubepods/burstable/pod{i}/{name}",image="",name="{name}",namespace="team",pod="{pod_name(i)}"}}')


def node(kubelet):
    addresses = [{"type": "InternalIP", "address": "127.0.0.1"}] if kubelet else []
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "apisim"},
            "status": {"addresses": addresses, "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.port if kubelet else 0}}}}


def pods():
    return [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": pod_name(i), "namespace": "team", "labels": {"app": "web-0"}},
             "spec": {"containers": [{"name": "server", "image": "server"}]}} for i in range(PODS)]


class Probed:
    """A probe of the node that these pods are on, and the pod in which the operator finds it."""

    def __init__(self, server):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="loadstone-node."))
        uids = [pod["metadata"]["uid"] for pod in server.get("/api/v1/namespaces/team/pods")["items"]]
        make_node(self.folder, [(uid, f"{i:064x}") for i, uid in enumerate(uids)])
        self.api = Api()
        self.probe = Probe(apisim.BIN, self.api, "--cgroups", str(self.folder / "cgroup"), "--proc", str(self.folder / "proc"), node="apisim")
        (self.folder / "token").write_text("the-operators\n")
        self.flags = ["--probe-namespace", "loadstone-probe", "--probe-token", str(self.folder / "token")]
        server.ask("POST", "/api/v1/namespaces", [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "loadstone-probe"}}])
        server.ask("POST", "/api/v1/namespaces/loadstone-probe/pods", [{
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe", "namespace": "loadstone-probe", "labels": {"app.kubernetes.io/name": "loadstone-probe"}},
            "spec": {"nodeName": "apisim", "containers": [{"name": "probe", "image": "probe", "ports": [{"containerPort": self.probe.port}]}]}}])
        time.sleep(2)  # the script has made it run, at an address of its own
        server.ask("PATCH", "/api/v1/namespaces/loadstone-probe/pods/probe/status", [{"status": {"phase": "Running", "podIP": "127.0.0.1"}}])

    def end(self):
        """How often the operator was asked about, before it was served."""
        self.probe.end()
        self.api.end()
        shutil.rmtree(self.folder)
        shutil.rmtree(self.probe.folder)
        return len(self.api.reviews)


def one_run(kubelet, ca, with_probe=False):
    """CPU in percent of a core, memory and requests a minute while load is sent."""
    server = apisim.Server("script")
    service, slice_, profile = target(0)
    profile["spec"]["load"]["shape"] = [{"hold": {"rate": "10/s", "for": f"{FOR_S + 30}s"}}]
    server.ask("POST", "/api/v1/namespaces", [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}])
    server.ask("PATCH", "/api/v1/nodes/apisim/status", [node(kubelet)])
    server.ask("POST", "/api/v1/namespaces/team/pods", pods())
    server.ask("POST", "/api/v1/namespaces/team/services", [service])
    server.ask("POST", "/apis/discovery.k8s.io/v1/namespaces/team/endpointslices", [slice_])
    server.ask("POST", "/apis/loadstone.dev/v1alpha1/namespaces/team/performanceprofiles", [profile])
    probed = Probed(server) if with_probe else None
    operator = apisim.Operator(server, ca, probed.flags if probed else [])
    operator.synced()
    apisim.at_rest(operator)
    runs = "/apis/loadstone.dev/v1alpha1/namespaces/team/benchmarkruns"
    server.ask("POST", runs, [{"apiVersion": "loadstone.dev/v1alpha1", "kind": "BenchmarkRun", "metadata": {"name": "r-0", "namespace": "team"},
                               "spec": {"profile": "web-0"}}])
    begun = time.monotonic()
    while server.get(runs)["items"][0].get("status", {}).get("phase") != "Running" and time.monotonic() - begun < 60:
        time.sleep(0.5)
    time.sleep(5)
    cpu, asked, pages = cpu_s(operator.process.pid), operator.metric(REQUESTS), kubelet.pages if kubelet else 0
    time.sleep(FOR_S)
    cpu, asked = cpu_s(operator.process.pid) - cpu, operator.metric(REQUESTS) - asked
    pages = kubelet.pages - pages if kubelet else 0
    rss = memory_mib(operator.process.pid)
    operator.end()
    if probed and not probed.end():
        raise RuntimeError("nobody asked the probe")
    server.end()
    if kubelet and not pages:
        raise RuntimeError("nobody asked the kubelet")
    return cpu / FOR_S * 100, rss, asked * 60 / FOR_S, pages * 60 / FOR_S


def observe():
    """100 pods of a target on one node, of which the kubelet's page is asked for every two seconds and cAdvisor's every five; beside it the same run
    with a node that has no kubelet, and one with a probe on the node that tells each second."""
    apisim.build()
    with tempfile.TemporaryDirectory(prefix="loadstone-kubelet.") as folder:
        kubelet = Kubelet(pathlib.Path(folder))
        ca = kubelet.ca.read_bytes()
        blind, seeing, probing = one_run(None, ca), one_run(kubelet, ca), one_run(kubelet, ca, with_probe=True)
        lines = kubelet.cadvisor.count("\n")
        kubelet.server.shutdown()
    more_cpu, more_mib = seeing[0] - blind[0], seeing[1] - blind[1]
    probe_cpu, probe_mib = probing[0] - blind[0], probing[1] - blind[1]
    return judged(f"core_percent={more_cpu:.2f} more_mib={more_mib:.1f} pods={PODS} lines_of_cadvisor={lines} kubelet_pages_per_min={seeing[3]:.0f} "
                  f"api_requests_per_min={seeing[2]:.0f} without_core_percent={blind[0]:.2f} without_api_requests_per_min={blind[2]:.0f} with_probe_core_percent={probe_cpu:.2f} with_probe_more_mib={probe_mib:.1f} "
                  f"with_probe_api_requests_per_min={probing[2]:.0f}",
                  core_percent=(more_cpu, 2), more_mib=(more_mib, 16), with_probe_core_percent=(probe_cpu, 2), with_probe_more_mib=(probe_mib, 16))


BENCHMARKS = {"observe": observe}
