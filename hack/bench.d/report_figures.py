# SPDX-License-Identifier: Apache-2.0
"""The report of a run of one hour: its size, how long it takes to make, and how long a browser's main thread is busy with it."""
import pathlib
import subprocess
import sys
import tempfile
import time

from figures import judged

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMES = 9


def make(program, source, target):
    began = time.monotonic()
    subprocess.run([program, "report", "-f", source, "-o", target], check=True)
    return time.monotonic() - began


def report():
    for preset in ("release", "debug"):  # the run is made up by a test, and tests are in debug
        subprocess.run(["hack/build", preset], cwd=ROOT, check=True, stdout=sys.stderr)
    subprocess.run(["bash", "-c", ". hack/lib/common.sh; apt_need chromium fonts-liberation; need_web"], cwd=ROOT, check=True, stdout=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/hour.json", f"{folder}/hour.html"
        subprocess.run([ROOT / "build/debug/bin/test_report_run", folder, "hour"], check=True)
        seconds = sorted(make(ROOT / "build/release/bin/loadstone", source, target) for _ in range(TIMES))
        size = pathlib.Path(target).stat().st_size
        draw_s = float(subprocess.run(["node", "pkg/report/web/test/draw.mjs", target, str(TIMES)], cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    words = f"bytes={size} make_s={seconds[TIMES // 2]:.3f} draw_s={draw_s:.3f} points=240 requests=3600000"
    return judged(words, bytes=(size, 1.5 * 1024 * 1024), draw_s=(draw_s, 1))


BENCHMARKS = {"report": report}
