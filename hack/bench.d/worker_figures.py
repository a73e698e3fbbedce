# SPDX-License-Identifier: Apache-2.0
"""The load worker by itself, and the image."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from figures import judged

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/load"))
from worker import at_once  # noqa: E402


def image():
    """Size of the image's files."""
    done = subprocess.run(["hack/image"], cwd=ROOT, check=True, text=True, capture_output=True)
    size = float((done.stdout + done.stderr).split(" MiB")[0].rsplit(" ", 1)[1])
    return judged(f"mib={size:.1f}", mib=(size, 25))


def load_start():
    """From exec of the load worker to its first record: median of 20 starts, with real-time priority where that is allowed."""
    subprocess.run(["hack/build", "release"], cwd=ROOT, check=True, stdout=sys.stderr)
    plan = {"version": 1, "run": {"uid": "bench", "namespace": "n", "name": "r", "trial": 0}, "workers": 1,
            "addresses": ["127.0.0.1:9"], "authority": "x", "requests": [{"name": "d", "path": "/"}], "connections": 1,
            "shape": [{"kind": "hold", "rate": 1, "forMs": 1000}]}
    path = pathlib.Path("/tmp/loadstone-bench-plan.json")
    path.write_text(json.dumps(plan), encoding="utf-8")
    spans = []
    at_once()  # children inherit it, and are made without a copy of this process
    for _ in range(20):
        start = time.monotonic()
        worker = subprocess.Popen([str(ROOT / "build/release/bin/loadstone-load"), "--plan", str(path), "--index", "0", "--start-now"],
                                  stdout=subprocess.PIPE)
        worker.stdout.readline()
        spans.append((time.monotonic() - start) * 1000)
        worker.kill()
        worker.wait()
    path.unlink()
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    median = statistics.median(spans)
    return judged(f"ms={median:.1f} starts=20", ms=(median, 10))


BENCHMARKS = {"image": image, "load-start": load_start}
