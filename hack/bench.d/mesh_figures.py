# SPDX-License-Identifier: Apache-2.0
"""What Istio's sidecars and mTLS add to latency on the cluster of hack/cluster: the variants of test/mesh/test_arms.py, one after the other."""
import subprocess
import sys

import cluster as c
from operator_figures import ROOT

sys.path.append(str(ROOT / "test/mesh"))
import test_arms  # noqa: E402


def mesh_added():
    for command in (["hack/cluster", "up"], ["hack/images", "nginx"], ["hack/image", "--load"], ["hack/cluster", "mesh", "istio"]):
        subprocess.run(command, cwd=ROOT, check=True, stdout=sys.stderr)
    c.install()
    suite = c.Suite()
    words = test_arms.all_tests(suite, in_turn=True)
    c.delete("namespace", test_arms.NS, "default", wait=False)
    if suite.failed:
        raise RuntimeError("not every comparison came to its end")
    return words


BENCHMARKS = {"mesh-added": mesh_added}
