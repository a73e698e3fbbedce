#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what the docs say about tests. docs/fault-list.md: F01 to F53 are there, each with a test or a reason, and every test that is named
exists. docs/security.md: so does every test that it names. docs/faults.md: its mutants are those of hack/test, its faults those of the explorer."""
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


def wrong_in_security():
    names = re.findall(r"`((?:test|fuzz)_\w+)(?:\.py)?`", (ROOT / "docs/security.md").read_text())
    return [f"docs/security.md: there is no {name}" for name in names if not any((ROOT / "test").rglob(f"{name}.*"))]


def wrong_in_faults():
    docs = (ROOT / "docs/faults.md").read_text()
    mutants = re.search(r'^MUTANTS="\n(.*?)^"', (ROOT / "hack/test").read_text(), re.MULTILINE | re.DOTALL)[1]
    run, told = {line.split()[0] for line in mutants.splitlines()}, docs.split("| guard |")[1]
    faults = set(re.findall(r'\[FAULT_\w+\] = "([\w-]+)"', (ROOT / "test/explore/fault.c").read_text())) - {"none"}
    return [f"docs/faults.md: mutant {name} is not in both tables" for name in run ^ set(re.findall(r"^\| ([\w-]+) \|", told, re.MULTILINE))] + \
        [f"docs/faults.md: fault {name} is not described" for name in sorted(faults) if not re.search(rf"^\|.*`{name}`.*\|", docs, re.MULTILINE) and
         not re.search(rf"`{name.split('-')[0]}…`", docs)]


def main():
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in (ROOT / "docs/fault-list.md").read_text().splitlines() if line.startswith("| F")]
    wrong = [] if [row[0] for row in rows] == [f"F{i:02}" for i in range(1, FAULTS + 1)] else ["the rows are not F01 to F53 in order"]
    for number, _, tests, note in rows:
        named = re.findall(r"`([^`:]+):([^`]+)`", tests)
        wrong += [f"{number}: there is no {file}:{name}" for file, name in named if not exists(file, name)]
        if not named and not note:
            wrong.append(f"{number}: neither a test nor a reason")
    wrong += wrong_in_security() + wrong_in_faults()
    print("\n".join(wrong) or f"{len(rows)} faults, {sum('`' in row[2] for row in rows)} with tests")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
