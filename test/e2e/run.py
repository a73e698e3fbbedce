# SPDX-License-Identifier: Apache-2.0
"""End to end on the real cluster of hack/cluster: the operator is installed as a user would, and real load is run.

python3 test/e2e/run.py [NAME…] runs the chapters whose names are given; --long repeats the faults more often."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "hack/lib")]

import cluster as c  # noqa: E402
import test_also  # noqa: E402
import test_capacity  # noqa: E402
import test_compare  # noqa: E402
import test_guards  # noqa: E402
import test_life  # noqa: E402
import test_metrics  # noqa: E402
import test_faults  # noqa: E402
import test_patches  # noqa: E402
import test_protocols  # noqa: E402
import test_results  # noqa: E402
import test_samples  # noqa: E402
import test_secrets  # noqa: E402
import test_trials  # noqa: E402
import test_variants  # noqa: E402
import test_workload  # noqa: E402

CHAPTERS = {
    "results": test_results.all_tests, "protocols": test_protocols.all_tests, "compare": test_compare.all_tests, "trials": test_trials.all_tests,
    "variants": test_variants.all_tests, "patches": test_patches.all_tests, "workload": test_workload.all_tests, "capacity": test_capacity.all_tests,
    "samples": test_samples.all_tests, "also": test_also.all_tests, "metrics": test_metrics.all_tests, "secrets": test_secrets.all_tests,
    "life": test_life.all_tests, "faults": test_faults.all_tests, "guards": test_guards.all_tests}
# They mostly wait, each in a namespace of its own and for targets of its own; and an operator that is killed for one is killed for all.
SIDE_BY_SIDE = ["compare", "variants", "patches", "workload"]


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    suite = c.Suite()
    suite.long = "--long" in sys.argv
    c.install()
    wanted = [name for name in CHAPTERS if not words or name in words]
    together = [name for name in wanted if name in SIDE_BY_SIDE]
    for name in wanted:
        if name not in together:
            suite.chapters(CHAPTERS[name])
        elif name == together[0]:
            suite.chapters(*(CHAPTERS[name] for name in together))
    return suite.end()


sys.exit(main())
