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
import test_rights  # noqa: E402

CHAPTERS = {"client": test_client, "policy": test_policy, "arms": test_arms, "referee": test_referee, "rights": test_rights}
# They mostly wait, each in namespaces of its own: chapters of a row go on one after the other, beside those of the other row.
SIDE_BY_SIDE = [["client", "policy"], ["arms", "referee"]]


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    suite = c.Suite()
    c.install()
    wanted = [name for name in CHAPTERS if not words or name in words]

    def row(names):
        def in_turn(of):
            for name in names:
                if name in wanted:
                    of.chapters(CHAPTERS[name].all_tests)
        return in_turn
    suite.chapters(*map(row, SIDE_BY_SIDE))
    suite.chapters(*(CHAPTERS[name].all_tests for name in wanted if name == "rights"))
    # Their proxies would outlive the control plane.
    for name in (test_client.IN, test_client.OUT, test_client.STRICT, test_client.FENCED, test_policy.NS, test_arms.NS, test_referee.NS, test_rights.NS):
        c.delete("namespace", name, "default", wait=False)
    return suite.end()


sys.exit(main())
