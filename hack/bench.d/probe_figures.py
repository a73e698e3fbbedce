# SPDX-License-Identifier: Apache-2.0
"""What a node's probe costs that watches 100 containers in 100 pods: real cgroups, read once a second, and the
operator's question every two seconds, by TLS."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from figures import judged, memory_mib, quantile
from throughput_figures import cpu_s

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/ports"))
from probe_process import Api, Probe, pod_path  # noqa: E402

CONTAINERS = 100
FOR_S = 60
CGROUPS = pathlib.Path("/sys/fs/cgroup")
TOP = "loadstone-bench"


def hierarchies():
    """Of version 2 its root; of version 1 those that are read."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [CGROUPS / name for name in ("cpu", "cpuacct", "memory", "unified") if (CGROUPS / name).exists()]


def make_group(root, path):
    at = root
    for part in path.parts:
        hand_down(at)
        at = at / part
        at.mkdir(exist_ok=True)
    return at


def hand_down(folder):
    """Version 2 has a controller below a group only where the group says so; version 1 knows no such thing."""
    for controller in ("+cpu", "+memory"):
        try:
            (folder / "cgroup.subtree_control").write_text(controller)
        except OSError:
            pass


def make_groups(sleeper):
    for i in range(CONTAINERS):
        for root in hierarchies():
            group = make_group(root, pathlib.Path(TOP) / pod_path(f"{i:08d}-3348-4b90-bdd7-83977c4d3bce", f"{i:064x}"))
            if i == 0:
                (group / "cgroup.procs").write_text(str(sleeper.pid))


def remove_groups():
    for root in hierarchies():
        for folder, _, _ in os.walk(root / TOP, topdown=False):
            os.rmdir(folder)


def ask(probe, since):
    status, page = probe.get(f"/samples/{since}", "the-operators", keep=True)
    if status != 200:
        raise RuntimeError(f"the probe answers {status}: {page}")
    seconds = re.findall(r"^second (\d+)$", page, re.M)
    return int(seconds[-1]) if seconds else since, len(seconds), len(page), len(re.findall(r"^group ", page, re.M)) - 1


def watch(probe):
    pid, since, seen, seconds, memory = probe.process.pid, 0, (0, 0, 0, 0), 0, []
    since, *_ = ask(probe, since)
    time.sleep(5)
    since, *_ = ask(probe, since)
    cpu, begun = cpu_s(pid), time.monotonic()
    while time.monotonic() - begun < FOR_S:
        for _ in range(8):
            time.sleep(0.25)
            memory.append(memory_mib(pid))
        seen = ask(probe, since)
        since, seconds = seen[0], seconds + seen[1]
    return (cpu_s(pid) - cpu) / (time.monotonic() - begun) * 100, memory, seconds, seen


def probe():
    subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "loadstone-probe"], cwd=ROOT, check=True, capture_output=True)
    sleeper = subprocess.Popen(["sleep", "1000"])
    api, probed = Api(), None
    try:
        make_groups(sleeper)
        probed = Probe(ROOT / "build/release/bin", api, "--below", TOP)
        core, memory, seconds, last = watch(probed)
        probed.end()
    finally:
        sleeper.kill()
        sleeper.wait()
        time.sleep(0.2)
        remove_groups()
        api.end()
        if probed:
            shutil.rmtree(probed.folder, ignore_errors=True)
    median = quantile(memory, 0.5)
    return judged(f"core_percent={core:.2f} rss_mib={median:.1f} rss_p90_mib={quantile(memory, 0.9):.1f} cgroups={last[3]} "
                  f"seconds={seconds} page_bytes={last[2]}", core_percent=(core, 1), rss_mib=(median, 4))


BENCHMARKS = {"probe": probe}
