# SPDX-License-Identifier: Apache-2.0
"""Benchmarks of the load worker, on loopback: the client on one core, one nginx worker on another.

A ratio is ours/theirs of one pair of runs that followed each other; pairs alternate their order. Printed are the median and the
95 % interval of the median (order statistics). The peer is held against itself first: that is what the machine's noise looks
like. LOADSTONE_BENCH_QUICK=1 makes 3 pairs of 1 s, which show that it works and decide nothing."""
import json
import math
import os
import pathlib
import re
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

QUICK = os.environ.get("LOADSTONE_BENCH_QUICK") == "1"
PAIRS, SECONDS = (3, 1) if QUICK else (15, 4)
CORES = sorted(os.sched_getaffinity(0))
CLIENT, SERVER = CORES[0], CORES[-1]
PROGRAM = ROOT / "build/release/bin/loadstone-load"
PACKAGES = ["nginx-light", "openssl", "wrk", "hey", "nghttp2-client", "gcc"]
GO_TOOLS = {"fortio": "fortio.org/fortio@v1.68.2", "vegeta": "github.com/tsenart/vegeta/v12@v12.12.0", "k6": "go.k6.io/k6@v1.8.1"}


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def prepare():
    need = "; ".join([". hack/lib/common.sh", "apt_need " + " ".join(PACKAGES)])
    subprocess.run(["bash", "-c", need], cwd=ROOT, check=True, stdout=sys.stderr)
    subprocess.run(["hack/build", "release"], cwd=ROOT, check=True, stdout=sys.stderr)


def go_tool(name):
    """Path of a peer that is built from its Go module once, or None where that fails."""
    folder = pathlib.Path(os.environ.get("LOADSTONE_CACHE") or pathlib.Path.home() / ".cache/loadstone") / "go/bin"
    if not (folder / name).exists():
        say(f"building {GO_TOOLS[name]}")
        command = f". hack/lib/common.sh; need_go; cd /tmp; GOBIN={folder} CGO_ENABLED=0 retry 2 go install {GO_TOOLS[name]}"
        subprocess.run(["bash", "-c", command], cwd=ROOT, stdout=sys.stderr)
    return folder / name if (folder / name).exists() else None


class Nginx:
    """One worker process that answers from memory and never closes a connection."""

    def __init__(self, tls=False, http2=False):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="loadstone-bench-", dir="/dev/shm"))
        self.folder.chmod(0o755)  # nginx serves as another user
        self.port, self.tls, self.scheme = 18080, tls, {(0, 0): "http", (1, 0): "https", (0, 1): "h2c", (1, 1): "h2"}[tls, http2]
        (self.folder / "1k").write_bytes(b"x" * 1024)
        (self.folder / "64k").write_bytes(b"x" * 65536)
        if tls:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                            "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key", "-out", "crt"],
                           cwd=self.folder, check=True, stderr=subprocess.DEVNULL)
        also = " http2" if http2 else ""
        ssl = " ssl; ssl_certificate crt; ssl_certificate_key key; ssl_protocols TLSv1.3" if tls else ""
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


def wrk_per_cpu_second(nginx, path, connections):
    out, cpu_s = spend(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", nginx.url(path)])
    assert "Non-2xx" not in out and "Socket errors" not in out, out
    return int(re.search(r"(\d+) requests in", out).group(1)) / cpu_s


def h2load_per_cpu_second(nginx, connections, streams):
    out, cpu_s = spend(["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{SECONDS}", nginx.url()])
    done, failed = re.search(r"(\d+) done, \d+ succeeded, (\d+) failed", out).groups()
    assert int(failed) == 0, out
    return int(done) / cpu_s


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


def against_wrk(path="/", tls=False, counts=(32,)):
    prepare()
    nginx, texts, verdicts = Nginx(tls), [], []
    try:
        for connections in counts:
            def us():
                return per_cpu_second(nginx, path, connections)

            def them():
                return wrk_per_cpu_second(nginx, path, connections)
            tail = "" if connections == counts[0] else f"_{connections}"
            _, aa_low, aa_high = pairs(them, them, f"{connections} connections, wrk against itself")
            ratio, low, high = pairs(us, them, f"{connections} connections")
            texts.append(f"ratio{tail}={ratio:.3f} lo{tail}={low:.3f} hi{tail}={high:.3f} aa_lo{tail}={aa_low:.3f} aa_hi{tail}={aa_high:.3f}")
            verdicts.append(higher(low, high, 1.0))
        return f"{' '.join(texts)} peer=wrk connections={','.join(map(str, counts))} pairs={PAIRS} better=higher mark=1.00 verdict={worst(verdicts)}"
    finally:
        nginx.end()


def load_h1():
    """Requests per CPU second of the client, closed loop, answers of 6 bytes."""
    return against_wrk(counts=(32, 256))


def load_h1_tls():
    """The same over TLS 1.3."""
    return against_wrk(tls=True)


def load_h1_1k():
    """The same, answers of 1 KiB."""
    return against_wrk(path="/1k")


def load_h1_64k():
    """The same, answers of 64 KiB."""
    return against_wrk(path="/64k")


def against_h2load(tls, connections=8, streams=32):
    prepare()
    nginx = Nginx(tls, http2=True)
    try:
        def us():
            return per_cpu_second(nginx, "/", connections, streams)

        def them():
            return h2load_per_cpu_second(nginx, connections, streams)
        _, aa_low, aa_high = pairs(them, them, "h2load against itself")
        ratio, low, high = pairs(us, them, f"{connections} connections of {streams} streams")
        return (f"ratio={ratio:.3f} lo={low:.3f} hi={high:.3f} aa_lo={aa_low:.3f} aa_hi={aa_high:.3f} peer=h2load connections={connections} "
                f"streams={streams} pairs={PAIRS} better=higher mark=1.00 verdict={higher(low, high, 1.0)}")
    finally:
        nginx.end()


def load_h2():
    """Requests per CPU second of the client over HTTP/2 and TLS 1.3, closed loop, answers of 6 bytes."""
    return against_h2load(tls=True)


def load_h2c():
    """The same over HTTP/2 without TLS."""
    return against_h2load(tls=False)


def open_peers(nginx, rate, connections, seconds):
    """name -> (command, how much of ours/theirs CPU is allowed); only what can be had."""
    url = nginx.url()
    peers = {"hey": (["hey", "-z", f"{seconds}s", "-c", connections, "-q", rate / connections, url], 0.5)}
    fortio, vegeta, k6 = go_tool("fortio"), go_tool("vegeta"), go_tool("k6")
    if fortio:
        peers["fortio"] = ([fortio, "load", "-quiet", "-qps", rate, "-c", connections, "-t", f"{seconds}s", url], 0.75)
    if vegeta:
        (nginx.folder / "targets").write_text(f"GET {url}\n")
        peers["vegeta"] = ([vegeta, "attack", f"-rate={rate}", f"-duration={seconds}s", f"-connections={connections}", f"-workers={connections}",
                            f"-targets={nginx.folder}/targets", "-output=/dev/null"], 0.35)
    if k6:
        script = {"executor": "constant-arrival-rate", "rate": rate, "timeUnit": "1s", "duration": f"{seconds}s",
                  "preAllocatedVUs": connections, "maxVUs": connections}
        (nginx.folder / "k6.js").write_text(
            f"import http from 'k6/http'; export const options = {{discardResponseBodies: true, scenarios: {{s: {json.dumps(script)}}}}};"
            f"export default () => http.get('{url}');")
        peers["k6"] = ([k6, "run", "--quiet", "--no-usage-report", nginx.folder / "k6.js"], 0.25)
    return peers


def load_open(rate=10000, connections=64):
    """CPU of the client at a fixed rate, coarse pacing: ours/theirs for each peer."""
    prepare()
    nginx = Nginx()
    try:
        def us():
            return ours(plan_for(nginx, connections=connections, pacing="coarse",
                                 shape=[{"kind": "hold", "rate": rate, "forMs": SECONDS * 1000}]))[1]
        texts, verdicts = [], []
        for name, (command, mark) in open_peers(nginx, rate, connections, SECONDS).items():
            ratio, low, high = pairs(us, lambda command=command: spend(command)[1], f"load-open {name}")
            texts.append(f"ratio_{name}={ratio:.3f} lo_{name}={low:.3f} hi_{name}={high:.3f} mark_{name}={mark}")
            verdicts.append(lower(low, high, mark))
        return f"{' '.join(texts)} rate={rate} pairs={PAIRS} better=lower verdict={worst(verdicts)}"
    finally:
        nginx.end()


def load_lateness():
    """Entry of the send call against the due time, in both modes, at several rates, with the CPU they take. The worker has real-time
    priority where that is allowed: what is measured is the worker, not what else the machine does."""
    prepare()
    nginx, texts, good = Nginx(), [], True
    try:
        for rate in (1000, 100, 10000):
            tail, found = "" if rate == 1000 else f"_{rate}", {}
            for pacing in ("coarse", "precise"):
                shape = [{"kind": "hold", "rate": rate, "forMs": SECONDS * 2000}]
                result, cpu_s = ours(plan_for(nginx, connections=32, pacing=pacing, shape=shape), preexec_fn=w.at_once)
                late_ns = result.whole("piece", "pacing")
                found[pacing] = (late_ns.quantile(0.5) / 1e3, late_ns.quantile(0.99) / 1e3, cpu_s / (SECONDS * 2))
                narrowed = sum(r.get("narrowed", False) for r in result.all("interval"))
            (c50, c99, c_cores), (p50, p99, p_cores) = found["coarse"], found["precise"]
            # Narrowed, it says itself that it is less exact (load/pacer.h).
            good = good and (narrowed > 0 or p50 <= 5 and p50 <= c50 / 10 and p99 <= c99 / 10)
            texts.append(f"p50_us{tail}={p50:.1f} p99_us{tail}={p99:.1f} cores{tail}={p_cores:.2f} coarse_p50_us{tail}={c50:.1f} "
                         f"coarse_p99_us{tail}={c99:.1f} coarse_cores{tail}={c_cores:.2f} narrowed{tail}={narrowed}")
        return f"{' '.join(texts)} rate=1000,100,10000 better=lower mark=5 verdict={'met' if good else 'missed'}"
    finally:
        nginx.end()


class LoggingServer:
    """test/load/server.c: writes down when it answered which request."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="loadstone-bench-"))
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", self.folder / "server", ROOT / "test/load/server.c"], check=True)
        self.process = subprocess.Popen([self.folder / "server", "ok", self.folder / "log"], stdout=subprocess.PIPE, preexec_fn=w.at_once)
        self.port, self.tls, self.scheme = int(self.process.stdout.readline()), False, "http"

    def end(self):
        self.process.terminate()
        self.process.wait()
        entries = [line.split() for line in open(self.folder / "log")]
        shutil.rmtree(self.folder)
        return [(index, int(at)) for index, at in entries]


def stalled_once():
    """A server that is stopped for a second: our figures against those of the server's own log, in ns. Both with real-time priority
    where that is allowed: an answer that lies in the kernel until the worker gets to run is no error of its figures."""
    server = LoggingServer()
    worker = w.Worker(str(PROGRAM), str(server.folder), dict(plan_for(server, connections=32, shape=[{"kind": "hold", "rate": 1000, "forMs": 5000}]),
                                                           indexHeader=True), prepare=w.at_once)
    worker.wait_for("start")
    time.sleep(1.5)
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(1)
    server.process.send_signal(signal.SIGCONT)
    result = worker.result()
    start_ms = result.one("start")["startWallMs"]
    truth = sorted(at - (start_ms + int(index)) * 1e6 for index, at in server.end())
    hist = result.whole("piece", "latency")
    assert hist.count == len(truth) == 5000, (hist.count, len(truth))
    return {"mean": (hist.sum / hist.count, sum(truth) / 5000), "p99": (hist.quantile(0.99), truth[4949]),
            "p999": (hist.quantile(0.999), truth[4994]), "max": (hist.max, truth[-1])}


def load_stall():
    """The largest relative error of our figures while a server stands still for a second; the median of several tries."""
    prepare()
    tries = [stalled_once() for _ in range(3 if QUICK else 9)]
    errors = {name: statistics.median(abs(t[name][0] / t[name][1] - 1) for t in tries) for name in tries[0]}
    apart = {name: statistics.median(abs(t[name][0] - t[name][1]) for t in tries) for name in tries[0]}
    good = all(errors[n] <= 0.002 or apart[n] <= 200e3 for n in errors)
    return (" ".join(f"{n}_error={errors[n]:.5f}" for n in errors) +
          f" tries={len(tries)} better=lower mark=0.002 verdict={'met' if good else 'missed'}")


def load_merge():
    """A million values fed to one recorder and to eight that are added: whether the payloads are the same bytes."""
    subprocess.run(["hack/build", "debug"], cwd=ROOT, check=True, stdout=sys.stderr)
    done = subprocess.run([ROOT / "build/debug/bin/test_stat_codec"], capture_output=True, text=True)
    same = re.search(r"OK \] eight_recorders_added_have_the_payload_of_one", done.stdout + done.stderr)
    return (f"identical={'yes' if same else 'no'} recorders=8 better=higher mark=yes verdict={'met' if same else 'missed'}")


def load_10k_conns():
    """Memory of a worker with 10,000 connections, and whether every request is accounted for."""
    prepare()
    server = LoggingServer()
    plan = plan_for(server, connections=10000, readyTimeoutMs=60000, shape=[{"kind": "hold", "rate": 5000, "forMs": SECONDS * 1000}])
    path = server.folder / "plan.json"
    path.write_text(json.dumps(plan))
    out = open(server.folder / "out", "w+b")
    process = subprocess.Popen([PROGRAM, "--plan", path, "--index", "0", "--start-now"], stdout=out)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    out.seek(0)
    result = w.Result(0, out.read(), "", None)
    total, ready = result.end["C"], result.one("ready")
    server.end()
    kept = total["offered"] == total["done"] == SECONDS * 5000 and ready["connections"] == 10000
    rss_mib = usage.ru_maxrss / 1024
    return (f"rss_mib={rss_mib:.1f} connections={ready['connections']} done={total['done']} ok={total.get('ok', 0)} "
          f"better=lower mark=64 verdict={'met' if kept and rss_mib <= 64 else 'missed'}")


BENCHMARKS = {"load-h1": load_h1, "load-h1-tls": load_h1_tls, "load-h1-1k": load_h1_1k, "load-h1-64k": load_h1_64k, "load-h2": load_h2, "load-h2c": load_h2c, "load-open": load_open,
         "load-lateness": load_lateness, "load-stall": load_stall, "load-merge": load_merge, "load-10k-conns": load_10k_conns}
