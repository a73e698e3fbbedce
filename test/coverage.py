#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what a coverage build has counted (gcov, part of gcc) and judges two promises:

  parsers      of the lines that read bytes from outside at least 90 % are reached, file by file;
  error exits  every line of pkg/kube that makes or passes on a failure (a call of fail_set, fail_wrap, fail_errno, or a
               return of a FAIL_ kind) is reached. EXCEPTIONS below are the ones that are not, each with its reason; one
               that is reached after all, or gone, is an error too.

usage: test/coverage.py BUILD-DIRECTORY     after the tests have run there
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LEAST_PERCENT = 90
PARSERS = """
pkg/base/text.c pkg/base/clock.c pkg/data/doc.c pkg/data/yaml.c pkg/data/unit.c pkg/data/field.c pkg/kube/answer.c
pkg/kube/reader.c pkg/kube/reader_string.c pkg/kube/sift.c pkg/kube/page.c pkg/kube/watch_frame.c pkg/kube/watch.c pkg/kube/pages.c
pkg/kube/contents.c pkg/kube/kubeconfig.c pkg/kube/election.c
pkg/api/profile.c pkg/api/profile_requests.c pkg/api/run.c pkg/api/pod.c pkg/api/job.c pkg/api/target.c pkg/api/metric.c
pkg/load/plan.c pkg/load/plan_request.c pkg/load/http1.c pkg/load/record_frame.c pkg/stat/hist_codec.c
pkg/probe/facts.c pkg/probe/node_page.c pkg/node/figures.c pkg/result/harvest.c pkg/result/harvest_record.c
pkg/data/address.c pkg/data/prometheus.c pkg/data/proto_json.c pkg/data/proto_known.c pkg/data/proto_scalar.c pkg/data/proto_set.c
pkg/data/proto_wire.c pkg/data/url_parts.c
pkg/api/admin.c pkg/api/admin_check.c pkg/api/manifest.c pkg/api/profile_baseline.c pkg/api/profile_context.c pkg/api/profile_grpc.c
pkg/api/profile_merge.c pkg/api/profile_secrets.c pkg/api/profile_shape.c pkg/api/profile_target.c pkg/api/profile_trials.c
pkg/api/profile_variants.c pkg/api/profile_workers.c pkg/api/steps.c
pkg/load/grpc.c pkg/load/plan_grpc.c pkg/load/plan_guard.c pkg/load/plan_shape.c
pkg/mesh/counters.c pkg/probe/page.c pkg/probe/promql.c pkg/probe/samples_page.c pkg/result/trial.c pkg/result/unpack.c
""".split()
EXIT = re.compile(r"\bfail_(set|wrap|errno)\(|\breturn\b[^;]*\bFAIL_(?!NONE)[A-Z_]+")

# file, a part of the line, why no test reaches it
EXCEPTIONS = [
    ("pkg/kube/exec_plugin.c", 'fail_errno(fail, errno, "credential plugin")', "reading from an open pipe does not fail"),
    ("pkg/kube/page.c", 'fail_wrap(fail, "metadata")', "what passes the reader passes doc_parse() (kube/reader.h; fuzz_sift holds them to it)"),
    ("pkg/kube/transfer.c", "no handle from libcurl", "only without memory, and that ends the process first (base/heap.c)"),
]


def counted(build):
    """{file: {line: times}} of pkg/, over every program that was run."""
    lines = collections.defaultdict(lambda: collections.defaultdict(int))
    data = sorted(str(path) for path in build.rglob("*.gcda") if "/pkg_" in str(path))
    for start in range(0, len(data), 40):
        out = subprocess.run(["gcov", "--json-format", "--stdout", *data[start:start + 40]], cwd=build, check=True, capture_output=True, text=True).stdout
        for document in out.splitlines():
            for file in json.loads(document)["files"] if document.startswith("{") else []:
                # As the build names it (-ffile-prefix-map): from the root, or from where the compiler ran.
                path = next((found for found in ((ROOT / file["file"]).resolve(), (build / file["file"]).resolve()) if found.exists()), pathlib.Path(file["file"]))
                name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
                for line in file["lines"]:
                    lines[name][line["line_number"]] += line["count"]
    return lines


def judge_parsers(lines):
    fine = True
    for name in PARSERS:
        reached = [times > 0 for times in lines[name].values()]
        percent = 100 * sum(reached) / len(reached) if reached else 0
        good = percent >= LEAST_PERCENT
        fine = fine and good
        print(f"{'ok    ' if good else 'not ok'} parser {name}: {percent:.1f} % of {len(reached)} lines")
    return fine


def judge_exits(lines):
    missed, known, total = [], set(), 0
    for path in sorted((ROOT / "pkg/kube").glob("*.c")):
        name = str(path.relative_to(ROOT))
        for number, text in enumerate(path.read_text().splitlines(), 1):
            if number not in lines[name] or not EXIT.search(text):
                continue
            total += 1
            if lines[name][number]:
                continue
            excused = [e for e in EXCEPTIONS if e[0] == name and e[1] in text]
            known.update(excused)
            if not excused:
                missed.append(f"{name}:{number}: {text.strip()}")
    for line in missed:
        print("not ok error exit never taken:", line)
    for name, part, why in sorted(set(EXCEPTIONS) - known):
        print(f"not ok exception that is none: {name}: {part}")
    if not missed:
        print(f"ok     error exits of pkg/kube: {total - len(known)} of {total} taken, {len(known)} excused")
    return not missed and known == set(EXCEPTIONS)


def main():
    lines = counted(pathlib.Path(sys.argv[1]).resolve())
    if not lines:
        sys.exit("nothing was counted: build the preset coverage and run its tests first")
    parsers, exits = judge_parsers(lines), judge_exits(lines)
    print(f"coverage pkg_lines={sum(map(len, lines.values()))} "
          f"pkg_percent={100 * sum(t > 0 for f in lines.values() for t in f.values()) / sum(map(len, lines.values())):.1f}")
    sys.exit(0 if parsers and exits else 1)


if __name__ == "__main__":
    main()
