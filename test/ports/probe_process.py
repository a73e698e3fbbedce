# SPDX-License-Identifier: Apache-2.0
"""A loadstone-probe on a free port, beside an API server that knows some tokens, and a reader of its pages."""
import http.client
import http.server
import json
import pathlib
import ssl
import subprocess
import tempfile
import threading
import time

AUDIENCE = "loadstone-probe"
OPERATOR = "system:serviceaccount:loadstone-system:loadstone-operator"
# token: (account, audiences)
TOKENS = {"the-operators": (OPERATOR, [AUDIENCE]), "for-another-server": (OPERATOR, ["https://kubernetes.default.svc"]),
          "somebodys": ("system:serviceaccount:team:web", [AUDIENCE]),
          "of-an-old-authenticator": (OPERATOR, None)}  # it knows no audiences, and answers for the API server's


class Api:
    """Answers TokenReviews as an API server does that knows these tokens."""

    def __init__(self):
        self.reviews, self.broken, self.heard = [], False, []
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                spec = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["spec"]
                api.reviews.append(spec)
                api.heard.append(self.headers["Authorization"])
                account, audiences = TOKENS.get(spec["token"], (None, []))
                common = [one for one in audiences or [] if one in spec["audiences"]]
                known = bool(common) or audiences is None
                status = {"authenticated": known, "user": {"username": account}, **({"audiences": common} if common else {})} if known else {}
                body = json.dumps({"kind": "TokenReview", "status": status}).encode()
                self.send_response(500 if api.broken else 201)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()


def write(root, path, text):
    file = pathlib.Path(root) / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def pod_path(uid, container):
    return f"kubepods/burstable/pod{uid}/{container}"


def make_node(root, pods):
    """A made-up cgroup v2 of these pods: (UID, ID of its container), and a /proc."""
    write(root, "cgroup/cgroup.controllers", "cpu memory\n")
    for uid, container in pods:
        for path in (pod_path(uid, container), str(pathlib.Path(pod_path(uid, container)).parent)):
            write(root, f"cgroup/{path}/cpu.stat", "usage_usec 1132170\nuser_usec 317390\nnr_periods 675\nnr_throttled 442\nthrottled_usec 50793330\n")
            write(root, f"cgroup/{path}/cpu.max", "20000 100000\n")
            write(root, f"cgroup/{path}/memory.current", "5582848\n")
            write(root, f"cgroup/{path}/memory.stat", "anon 1\ninactive_file 4096\n")
            write(root, f"cgroup/{path}/memory.max", "67108864\n")
            write(root, f"cgroup/{path}/cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.24 total=39654383\n")
    write(root, "proc/stat", "cpu  100 20 30 4000 5 6 7 80 0 0\ncpu0 50 10 15 2000 2 3 3 40 0 0\ncpu1 50 10 15 2000 3 3 4 40 0 0\n")
    write(root, "proc/meminfo", "MemTotal: 16000000 kB\nMemFree: 4000000 kB\nInactive(file): 2000000 kB\n")


class Probe:
    def __init__(self, programs, api, *flags, node="node-1"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="loadstone-probe."))
        write(self.folder, "account/token", "the-probes-own\n")
        self.log_file = open(self.folder / "log", "w")
        self.process = subprocess.Popen([str(pathlib.Path(programs) / "loadstone-probe"), "--node", node, "--port", "0", "--api", api.url,
                                         "--account", str(self.folder / "account"), *flags], stderr=self.log_file)
        end = time.monotonic() + 10
        while '"listening"' not in self.log():
            assert self.process.poll() is None and time.monotonic() < end, self.log()
            time.sleep(0.05)
        self.port = int(json.loads(next(line for line in self.log().splitlines() if '"listening"' in line))["port"])
        self.connection = None

    def log(self):
        return (self.folder / "log").read_text()

    def get(self, path, token=None, keep=False):
        """(status, body)"""
        connection = self.connection or http.client.HTTPSConnection("127.0.0.1", self.port, timeout=15, context=ssl._create_unverified_context())
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        self.connection = connection if keep else None
        if not keep:
            connection.close()
        return answer

    def end(self):
        self.process.terminate()
        code = self.process.wait(15)
        self.log_file.close()
        assert code == 0, f"it ended with {code}: {self.log()[-3000:]}"
