# SPDX-License-Identifier: Apache-2.0
"""Runs in a real Istio (hack/cluster mesh istio): what a run says about the mesh is what the mesh did.

python3 test/mesh/run.py [NAME…] runs the chapters whose names are given."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "e2e"))

import cluster as c  # noqa: E402
import test_arms  # noqa: E402
import test_client  # noqa: E402
import test_policy  # noqa: E402
import test_referee  # noqa: E402

CHAPTERS = {"client": test_client.all_tests, "policy": test_policy.all_tests, "arms": test_arms.all_tests, "referee": test_referee.all_tests}


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    suite = c.Suite()
    c.install()
    for name, tests in CHAPTERS.items():
        if not words or name in words:
            tests(suite)
    # Their proxies would outlive the control plane.
    for name in (test_client.IN, test_client.OUT, test_client.STRICT, test_client.FENCED, test_policy.NS, test_arms.NS, test_referee.NS):
        c.delete("namespace", name, "default", wait=False)
    return suite.end()


sys.exit(main())
