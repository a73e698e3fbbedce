#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks docs/fault-list.md: F01 to F53 are there, each with a test or a reason, and every test that is named exists."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
EXPLORER = "".join(path.read_text() for path in (ROOT / "test/explore").rglob("*.c"))
FAULTS = 53


def exists(folder_file, name):
    if folder_file == "explore":
        return (ROOT / f"test/explore/workloads/{name}.c").exists() or f'"{name}"' in EXPLORER
    path = ROOT / "test" / folder_file
    return path.exists() and re.search(rf"\b{name}\(", path.read_text()) is not None


def main():
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in (ROOT / "docs/fault-list.md").read_text().splitlines() if line.startswith("| F")]
    wrong = [] if [row[0] for row in rows] == [f"F{i:02}" for i in range(1, FAULTS + 1)] else ["the rows are not F01 to F53 in order"]
    for number, _, tests, note in rows:
        named = re.findall(r"`([^`:]+):([^`]+)`", tests)
        wrong += [f"{number}: there is no {file}:{name}" for file, name in named if not exists(file, name)]
        if not named and not note:
            wrong.append(f"{number}: neither a test nor a reason")
    print("\n".join(wrong) or f"{len(rows)} faults, {sum('`' in row[2] for row in rows)} with tests")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
