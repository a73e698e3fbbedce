# SPDX-License-Identifier: Apache-2.0
"""The API server in memory as a process, an operator beside it, and a quick way to fill it."""
import base64
import json
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build/explore/bin"
SYSTEM = "loadstone-system"
PASSES = "controller_runtime_reconcile_total"
BURST = 400  # requests that are sent before their answers are read


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


def build():
    for command in (["cmake", "--preset", "explore"],
                    ["cmake", "--build", "--preset", "explore", "--target", "loadstone-apisim", "loadstone-operator", "loadstone-probe"]):
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


class Server:
    def __init__(self, pods):
        self.process = subprocess.Popen([str(BIN / "loadstone-apisim"), "--listen", "127.0.0.1:0", "--crds", str(ROOT / "crds"),
                                         "--pods", pods], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rsplit(":", 1)[1])
        self.wire = socket.create_connection(("127.0.0.1", self.port))
        self.incoming = self.wire.makefile("rb")
        self.ask("POST", "/api/v1/namespaces", [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}])

    def end(self):
        self.incoming.close()
        self.wire.close()
        self.process.terminate()
        self.process.wait(timeout=120)  # it frees all that it holds

    def answer(self):
        status = int(self.incoming.readline().split()[1])
        size = 0
        while (line := self.incoming.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        body = self.incoming.read(size)
        if status > 299:
            raise RuntimeError(f"apisim answered {status}: {body[:300]}")
        return json.loads(body)

    def ask(self, method, paths, bodies=None):
        """One request per body (or path), many on their way at once; all answers in order."""
        bodies = bodies if bodies is not None else [None] * len(paths)
        paths = [paths] * len(bodies) if isinstance(paths, str) else paths
        patch = "application/merge-patch+json" if method == "PATCH" else "application/json"
        answers = []
        for at in range(0, len(bodies), BURST):
            burst = bytearray()
            for path, body in zip(paths[at:at + BURST], bodies[at:at + BURST]):
                data = json.dumps(body).encode() if body is not None else b""
                burst += f"{method} {path} HTTP/1.1\r\nHost: apisim\r\nContent-Type: {patch}\r\nContent-Length: {len(data)}\r\n\r\n".encode()
                burst += data
            self.wire.sendall(burst)
            answers += [self.answer() for _ in bodies[at:at + BURST]]
        return answers

    def get(self, path):
        return self.ask("GET", [path])[0]


class Operator:
    def __init__(self, server, ca=None, flags=()):
        """'ca': PEM of the authority that kubelets are checked against."""
        self.folder = tempfile.TemporaryDirectory(prefix="loadstone-bench.")
        config = pathlib.Path(self.folder.name) / "kubeconfig"
        cluster = {"server": server.url, **({"certificate-authority-data": base64.b64encode(ca).decode()} if ca else {})}
        config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}], "users": [{"name": "u", "user": {}}]}))
        self.port, self.metrics_port = free_port(), free_port()
        self.log = open(pathlib.Path(self.folder.name) / "operator.log", "w+", encoding="utf-8")
        self.started = time.monotonic()
        self.process = subprocess.Popen([str(BIN / "loadstone-operator"), "--kubeconfig", str(config), "--port", str(self.port),
                                         "--metrics-port", str(self.metrics_port), "--metrics-auth", "none", *flags],
                                        stdout=self.log, stderr=self.log)

    def ask(self, path, port, tls=None):
        """(status, text), or None while it does not listen yet."""
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as plain, tls.wrap_socket(plain) if tls else plain as wire:
                wire.sendall(f"GET {path} HTTP/1.1\r\nHost: operator\r\nConnection: close\r\n\r\n".encode())
                head, _, body = wire.makefile("rb").read().partition(b"\r\n\r\n")
                return int(head.split()[1]), body.decode()
        except (ConnectionError, IndexError):
            return None

    def synced(self, within_s=60):
        """Seconds from exec to the answer that all caches are synced."""
        while time.monotonic() - self.started < within_s:
            answer = self.ask("/readyz", self.port)
            if answer and answer[0] == 200:
                return time.monotonic() - self.started
            time.sleep(0.005)
        raise RuntimeError("the operator does not become ready")

    def metric(self, name):
        """The sum of all samples of that name, an expression."""
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        answer = self.ask("/metrics", self.metrics_port, tls)
        lines = answer[1].splitlines() if answer else []
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if re.match(rf"{name}[ {{]", line))

    def passes_in(self, seconds):
        before = self.metric(PASSES)
        time.sleep(seconds)
        return self.metric(PASSES) - before

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()
        self.folder.cleanup()


def at_rest(operator, within_s=60):
    """Waits until an operator leads and has made all the passes that what it found called for."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        if operator.metric("leader_election_master_status") == 1 and operator.passes_in(3) == 0:
            return
    raise RuntimeError("the operator does not come to rest")
