# SPDX-License-Identifier: Apache-2.0
"""The words of a figure's line, and what several benchmarks measure."""
import pathlib


def judged(words, better="lower", **marks):
    """The line's words, and how its figures stand to their marks: marks are pairs (figure, mark) by name."""
    met = all((figure <= mark) if better == "lower" else (figure >= mark) for figure, mark in marks.values())
    text = ",".join(f"{name}:{mark:g}" for name, (_, mark) in marks.items()) if len(marks) > 1 else f"{next(iter(marks.values()))[1]:g}"
    return f"{words} better={better} mark={text} verdict={'met' if met else 'missed'}"


def memory_mib(pid, field="VmRSS:"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no {field}")


def quantile(values, q):
    """The smallest value that at least the part q of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * q // 1).__int__() - 1)]
