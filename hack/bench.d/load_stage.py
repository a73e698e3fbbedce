# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks of the load worker share, on loopback: the client on one core, one nginx worker on another, and pairs of runs.

A ratio is ours/theirs of one pair of runs that followed each other; pairs alternate their order. Printed are the median and the
95 % interval of the median (order statistics). LOADSTONE_BENCH_QUICK=1 makes 3 pairs of 1 s, which show that it works and decide
nothing."""
import json
import math
import os
import pathlib
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test/load"))
import worker as w  # noqa: E402
from certificates import self_signed  # noqa: E402

QUICK = os.environ.get("LOADSTONE_BENCH_QUICK") == "1"
PAIRS, SECONDS = (3, 1) if QUICK else (15, 4)
CORES = sorted(os.sched_getaffinity(0))
CLIENT, SERVER = CORES[0], CORES[-1]
PROGRAM = ROOT / "build/release/bin/loadstone-load"
PACKAGES = ["nginx-light", "openssl", "wrk", "hey", "nghttp2-client", "gcc"]


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def prepare():
    need = "; ".join([". hack/lib/common.sh", "apt_need " + " ".join(PACKAGES)])
    subprocess.run(["bash", "-c", need], cwd=ROOT, check=True, stdout=sys.stderr)
    subprocess.run(["hack/build", "release"], cwd=ROOT, check=True, stdout=sys.stderr)


class Nginx:
    """One worker process that answers from memory and never closes a connection."""

    def __init__(self, tls=False, http2=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="loadstone-bench-", dir="/dev/shm"))
        self.folder.chmod(0o755)  # nginx serves as another user
        self.port, self.tls, self.scheme = 18080, tls, {(0, 0): "http", (1, 0): "https", (0, 1): "h2c", (1, 1): "h2"}[tls, http2]
        (self.folder / "1k").write_bytes(b"x" * 1024)
        (self.folder / "64k").write_bytes(b"x" * 65536)
        if tls:
            self_signed(self.folder, "tls", "bench", "IP:127.0.0.1")
        also = " http2" if http2 else ""
        ssl = " ssl; ssl_certificate tls.crt; ssl_certificate_key tls.key; ssl_protocols TLSv1.3" if tls else ""
        (self.folder / "nginx.conf").write_text(f"""daemon off; worker_processes 1; pid pid; error_log error.log;
events {{ worker_connections 20000; }}
http {{ access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on; open_file_cache max=10;
  client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
  server {{ listen 127.0.0.1:{self.port} backlog=20000{also}{ssl}; root {self.folder}; location = / {{ return 200 "hello\\n"; }} }} }}""")
        self.process = subprocess.Popen(["taskset", "-c", str(SERVER), "nginx", "-p", str(self.folder), "-c", "nginx.conf"],
                                        stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        if self.process.poll() is not None:
            raise RuntimeError(f"nginx does not run: {(self.folder / 'error.log').read_text()}")

    def url(self, path="/"):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}{path}"

    def end(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        shutil.rmtree(self.folder)


def spend(command, **options):
    """Runs a client on its core: (output, CPU seconds of it and what it started)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(["taskset", "-c", str(CLIENT), *map(str, command)], capture_output=True, text=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout + done.stderr, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def plan_for(nginx, **changes):
    plan = {"version": 1, "run": {"uid": "bench", "namespace": "n", "name": "r", "trial": 0}, "authority": "127.0.0.1",
            "addresses": [f"127.0.0.1:{nginx.port}"], "requests": [{"name": "r", "path": changes.pop("path", "/")}],
            "scheme": nginx.scheme, "warmupMs": 0, "timeoutMs": 5000}
    if nginx.tls:
        plan["tls"] = {"verify": False}  # as the peers do
    return dict(plan, **changes)


def ours(plan, **options):
    """(result of the worker, CPU seconds)."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(plan, file)
        file.flush()
        out, cpu_s = spend([PROGRAM, "--plan", file.name, "--index", "0", "--start-now"], **options)
    result = w.Result(0, out.encode(), "", None)
    total = result.end["C"]
    assert total["done"] == total["offered"] == total["ok"], total
    return result, cpu_s


def per_cpu_second(nginx, path, connections, streams=1):
    result, cpu_s = ours(plan_for(nginx, path=path, connections=connections, streamsPerConnection=streams,
                                  shape=[{"kind": "closed", "forMs": SECONDS * 1000}]))
    return result.end["C"]["ok"] / cpu_s


def interval(values):
    """Median and the 95 % interval of the median, by ranks: the whole range when there are too few."""
    values, n = sorted(values), len(values)
    low = 0
    while sum(math.comb(n, k) for k in range(low + 1)) / 2 ** n <= 0.025 and low < n // 2:
        low += 1
    low = max(low - 1, 0)
    return statistics.median(values), values[low], values[n - 1 - low]


def pairs(a, b, what):
    ratios = []
    for i in range(PAIRS):
        first, second = (a, b) if i % 2 == 0 else (b, a)
        x, y = first(), second()
        ratios.append(x / y if i % 2 == 0 else y / x)
        say(f"    {what} {i + 1}/{PAIRS}: {ratios[-1]:.3f}")
    return interval(ratios)


def higher(low, high, mark):
    return "met" if low >= 0.97 * mark else "missed" if high < mark else "undecided"


def lower(low, high, mark):
    return "met" if high <= mark else "missed" if low > mark else "undecided"


def worst(verdicts):
    return next((v for v in ("missed", "undecided") if v in verdicts), "met")
