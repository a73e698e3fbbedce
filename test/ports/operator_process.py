# SPDX-License-Identifier: Apache-2.0
"""An operator on free ports beside an API server in memory, and the ways in which others come to its ports."""
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request

from certificates import self_signed

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRAPER, NOBODY, ADMIN = "apisim-scraper", "apisim-nobody", "apisim-admin"  # whom test/apisim/review.c knows


def until(seconds, what, look):
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Apisim:
    def __init__(self, programs):
        self.process = subprocess.Popen([str(programs / "loadstone-apisim"), "--listen", "127.0.0.1:0", "--crds", str(ROOT / "crds")],
                                        stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.post("/api/v1/namespaces", {"metadata": {"name": "loadstone-system"}})

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=5))

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def end(self):
        self.thaw()
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


class Operator:
    def __init__(self, programs, api, *flags, user=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="loadstone-ports."))
        kubeconfig = self.folder / "kubeconfig"
        kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": api.url}}], "users": [{"name": "u", "user": user or {}}]}))
        self.log_file = open(self.folder / "log", "w")
        self.process = subprocess.Popen([str(programs / "loadstone-operator"), "--kubeconfig", str(kubeconfig), "--port", "0",
                                         "--metrics-port", "0", *flags], stderr=self.log_file)
        line = until(10, "the ports to be open", lambda: self.said("listening") or self.process.poll() is not None)
        assert line is not True, self.log()
        self.port, self.metrics_port = int(line["probes"]), int(line["metrics"]) if line["metrics"] != "off" else None
        until(10, "readiness", lambda: self.probe("/readyz")[0] == 200)

    def log(self):
        return (self.folder / "log").read_text()

    def said(self, what):
        """The last log line of that kind, or None."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith('{"at"')]
        return next((line for line in reversed(lines) if line["what"] == what), None)

    def plain(self, timeout=5, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout, source_address=(source, 0))

    def tls(self, timeout=15, context=None):
        if not context:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.metrics_port), timeout=timeout), server_hostname="x")

    def probe(self, path="/healthz"):
        """(status, body, seconds)"""
        began = time.monotonic()
        status, body, _ = get(self.plain(), path)
        return status, body, time.monotonic() - began

    def scrape(self, token=None, path="/metrics"):
        """(status, body, headers)"""
        return get(self.tls(), path, {"Authorization": f"Bearer {token}"} if token else {})

    def end(self):
        self.process.terminate()
        code = self.process.wait(15)
        self.log_file.close()
        assert code == 0, f"it ended with {code}: {self.log()[-3000:]}"


def get(sock, path, headers=None):
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = sock
    try:
        connection.request("GET", path, headers={"Connection": "close", **(headers or {})})
        response = connection.getresponse()
        return response.status, response.read().decode(), dict(response.getheaders())
    finally:
        connection.close()


def make_pair(folder, name):
    """tls.crt and tls.key for that name, put there in one step as a kubelet does."""
    target, made = pathlib.Path(folder), tempfile.mkdtemp()
    self_signed(made, "tls", name)
    target.mkdir(exist_ok=True)
    for file in ("tls.key", "tls.crt"):
        os.replace(f"{made}/{file}", target / file)


def shown_name(operator):
    """CN of the certificate that the metrics port shows now."""
    der = operator.tls().getpeercert(binary_form=True)
    text = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-subject", "-nameopt", "multiline"], input=der, capture_output=True,
                          check=True).stdout.decode()
    return text.split("commonName")[1].split("=")[1].strip()
