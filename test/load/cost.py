#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one request costs the worker, free of noise: system calls (strace) and user instructions (callgrind) per request of a
closed loop over HTTP/1.1, and over HTTP/2 with 8 connections of 32 streams, against nginx, as the difference of a long and a short run. How many answers one wake-up finds decides what a
request costs: nginx has the worker's core, and real-time priority, so that each request is answered before the worker goes on, and each
wake-up finds the answers of all connections. cost.json holds the committed figures: more by 1 % is a failure; where real-time priority
is not allowed, by 5 %. Less is none. Instructions are compared with the compiler they were counted for; --update writes what was found."""
import itertools, json, os, re, shutil, subprocess, sys, tempfile, time

from worker import at_once

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PROGRAM = ROOT + "/build/release/bin/loadstone-load"
PORT, TOLERANCE, TOLERANCE_NOISY = 18097, 0.01, 0.05
PLANS = {"h1": {"scheme": "http", "connections": 32, "addresses": ["127.0.0.1:%d" % PORT]},
         "h2": {"scheme": "h2c", "connections": 8, "streamsPerConnection": 32, "addresses": ["127.0.0.1:%d" % (PORT + 1)]}}
SYSCALLS_MAX = {"h1": 2.2, "h2": 0.2}
CORE = min(os.sched_getaffinity(0))


def start_nginx(folder):
    with open(folder + "/nginx.conf", "w") as file:
        file.write("""daemon off; worker_processes 1; pid pid; error_log error.log; events { worker_connections 200; }
http { access_log off; keepalive_requests 1000000000; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t;
  uwsgi_temp_path t; scgi_temp_path t; server { listen 127.0.0.1:%d; listen 127.0.0.1:%d http2; location / { return 200 "hello\\n"; } } }""" % (PORT, PORT + 1))
    server = subprocess.Popen(["taskset", "-c", str(CORE), "nginx", "-p", folder, "-c", "nginx.conf"], stderr=subprocess.DEVNULL,
                              preexec_fn=at_once)
    time.sleep(0.5)
    assert server.poll() is None, open(folder + "/error.log").read()
    return server


def requests_of(folder, kind, wrapper, for_ms):
    """Runs the worker on one core under a tool; the requests it made."""
    path = folder + "/plan.json"
    with open(path, "w") as file:
        json.dump(dict({"version": 1, "authority": "x", "requests": [{"path": "/"}], "intervalMs": 60000,
                        "shape": [{"kind": "closed", "forMs": for_ms}]}, **PLANS[kind]), file)
    out = subprocess.run(["taskset", "-c", str(CORE), *wrapper, PROGRAM, "--plan", path, "--index", "0", "--start-now"], check=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    counters = json.loads(out.splitlines()[-1])["C"]
    assert counters["ok"] == counters["offered"] == counters["done"], counters
    return counters["ok"]


def syscalls(folder, kind, for_ms):
    log = folder + "/strace"
    requests = requests_of(folder, kind, ["strace", "-f", "-c", "-o", log], for_ms)
    return requests, int(re.search(r"^100\.00 +\S+ +(?:\d+ +)?(\d+) .*total$", open(log).read(), re.M).group(1))


def instructions(folder, kind, for_ms):
    """Of the thread that sends and receives: what is printed at the end depends on the figures more than on their number."""
    out = folder + "/out"
    requests = requests_of(folder, kind, ["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, "--log-file=" + folder + "/log"], for_ms)
    table = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out], check=True, capture_output=True, text=True).stdout
    return requests, int(re.search(r"^ *([\d,]+) .*pkg/load/lane\.c:run\b", table, re.M).group(1).replace(",", ""))


def per_request(measure, folder, kind):
    (few, low), (many, high) = measure(folder, kind, 300), measure(folder, kind, 2500)
    return (high - low) / (many - few)


def compiler():
    return "%s-%s" % (os.uname().machine, subprocess.run(["cc", "-dumpfullversion"], capture_output=True, text=True).stdout.strip())


def main():
    folder = tempfile.mkdtemp(prefix="loadstone-cost-")
    server = start_nginx(folder)
    wanted = json.load(open(HERE + "/cost.json"))
    found, failed = {"compiler": compiler()}, 0
    try:
        for kind, (what, measure) in itertools.product(PLANS, (("syscalls", syscalls), ("instructions", instructions))):
            name = "%s %s" % (kind, what)
            # What disturbs makes shorter batches: the best of three is the program's own.
            found[name] = round(min(per_request(measure, folder, kind) for _ in range(3)), 3)
            limit = wanted[name] * (TOLERANCE if os.sched_getscheduler(server.pid) == os.SCHED_RR else TOLERANCE_NOISY)
            compared = what == "syscalls" or found["compiler"] == wanted["compiler"]
            good = (not compared or found[name] <= wanted[name] + limit) and (what != "syscalls" or found[name] <= SYSCALLS_MAX[kind])
            failed += not good
            print("%s %.3f %s per request (committed: %.3f%s)" % ("ok" if good else "not ok", found[name], name, wanted[name],
                                                                "" if compared else " by another compiler, not compared"), flush=True)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)
    if "--update" in sys.argv:
        with open(HERE + "/cost.json", "w") as file:
            json.dump(found, file, indent=1)
            file.write("\n")
        return 0
    return 1 if failed else 0


sys.exit(main())
