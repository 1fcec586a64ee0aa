"""The kill matrix: which harness notices which planted fault, and after how many examples.

One idea: a harness that also fails on the unharmed engine has noticed nothing, so where it does its
verdict does not count, and the table says so.
"""

import platform
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .bugs import BUGS, Bug
from .planting import copy_with, run_in

HARNESSES = {
    "A": "HIPS autograd's check_grads",
    "B": "torch's gradcheck and gradgradcheck",
    "C": "Hypothesis, central differences and allclose",
    "D": "minigrad.testing's property_test",
}
LIMIT = 900.0
"""Seconds after which the harnesses on one fault are given up."""
SOON = 50
"""Examples that anybody can afford."""
CALM = 400
"""Examples for each subject on the unharmed engine."""

Answer = list[dict[str, Any]]


@dataclass
class Row:
    """One fault, and what became of it."""

    bug: Bug
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The failed outcome of each harness that noticed it."""
    uncounted: set[str] = field(default_factory=set)
    """Harnesses that have no subject left here: they fail on the unharmed engine, or have none."""
    trouble: str = ""


@dataclass
class Matrix:
    """All that was found out."""

    harnesses: tuple[str, ...]
    examples: int
    calm: Answer = field(default_factory=list)
    """What the harnesses said of the unharmed engine."""
    rows: list[Row] = field(default_factory=list)

    def alarms(self, harness: str) -> dict[str, str]:
        """The subjects on which a harness fails although nothing is wrong, and why."""
        return {one["subject"]: one["why"] for one in self.calm if one["harness"] == harness and one["failed"]}

    def kills(self, harness: str, within: int | None = None) -> int:
        """How many faults a harness noticed, within so many examples."""
        return sum(
            harness in row.found and (within is None or row.found[harness]["examples"] <= within) for row in self.rows
        )

    def survivors(self, harness: str) -> list[str]:
        """The faults that a harness did not notice."""
        return [row.bug.name for row in self.rows if harness not in row.found]


def subjects_of(bugs: Iterable[Bug]) -> list[str]:
    """The subjects that these faults need, each once."""
    return list(dict.fromkeys(name for bug in bugs for name in bug.subjects))


def measure(
    bugs: list[Bug],
    harnesses: tuple[str, ...],
    examples: int,
    *,
    calm: int = CALM,
    seed: int = 0,
    processes: int = 2,
    says: Callable[[str], Any] = lambda text: print(text, file=sys.stderr, flush=True),
) -> Matrix:
    """Run the harnesses on the unharmed engine, then on a copy for each fault."""
    matrix = Matrix(harnesses, examples)
    # One copy that all others are made from: what is edited meanwhile does not matter.
    with copy_with(None) as root, ThreadPoolExecutor(processes) as pool:  # each thread waits for a process of its own
        names = subjects_of(bugs)
        jobs = [pool.submit(_calm, root, harnesses, name, calm, seed) for name in names]
        for n, job in enumerate(as_completed(jobs), 1):
            matrix.calm += job.result()
            says(f"unharmed {n}/{len(jobs)}")
        alarms = {harness: matrix.alarms(harness).keys() for harness in harnesses}
        # A harness that has nothing for a subject is left out of the answer.
        known = {(one["harness"], one["subject"]) for one in matrix.calm}
        rows = [pool.submit(_examine, root, bug, harnesses, known, alarms, examples, seed) for bug in bugs]
        order = {id(job): n for n, job in enumerate(rows)}
        finished: dict[int, Row] = {}
        for n, done in enumerate(as_completed(rows), 1):
            row = done.result()
            finished[order[id(done)]] = row
            noticed = "".join(harness if harness in row.found else "-" for harness in harnesses)
            says(f"{n}/{len(rows)} {row.bug.name} {noticed} {row.trouble}".rstrip())
        matrix.rows = [finished[n] for n in range(len(rows))]
    return matrix


def _calm(root: Path, harnesses: tuple[str, ...], name: str, examples: int, seed: int) -> Answer:
    asked = {"harnesses": {h: [name] for h in harnesses}, "examples": examples, "seed": seed, "stop": False}
    answer: Answer = run_in(root, "worker", asked, LIMIT)
    return answer


def _examine(
    unharmed: Path,
    bug: Bug,
    harnesses: tuple[str, ...],
    known: set[tuple[str, str]],
    alarms: dict[str, Any],
    examples: int,
    seed: int,
) -> Row:
    row = Row(bug)
    asked = {h: [s for s in bug.subjects if (h, s) in known and s not in alarms[h]] for h in harnesses}
    row.uncounted = {h for h, names in asked.items() if not names}
    with copy_with(bug, unharmed) as root:
        try:
            answer = run_in(
                root, "worker", {"harnesses": asked, "examples": examples, "seed": seed, "stop": True}, LIMIT
            )
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            row.trouble = " ".join(str(error).split())[-200:]
            return row
    for one in answer:
        if one["failed"] and one["undecided"]:
            row.trouble = f"{one['harness']} gave up on {one['subject']}: {one['why']}"
        elif one["failed"]:
            row.found[one["harness"]] = one
    return row


# ----------------------------------------------------------------------------- as text


def _cell(row: Row, harness: str) -> str:
    if harness in row.found:
        return str(row.found[harness]["examples"])
    return "×" if harness in row.uncounted else "·"


def conditions(matrix: Matrix) -> str:
    """Return one paragraph on what was run, with which versions."""
    names = ("numpy", "hypothesis", "torch", "autograd")
    with_versions = ", ".join(f"{name} {version(name)}" for name in names if find_spec(name))
    files = len({row.bug.file for row in matrix.rows})
    calm = max((one["examples"] for one in matrix.calm), default=0)
    return (
        f"{date.today().isoformat()}, {platform.python_implementation()} {platform.python_version()}, {with_versions}. "
        f"{len(matrix.rows)} faults in {files} files, each alone in a copy of the engine; every harness draws up to "
        f"{matrix.examples} examples from each subject that a fault concerns, and {calm} on the unharmed engine. "
        "A and B are given the shapes that their own suites use, with normal random numbers, and are asked for the "
        "second order as well.\n"
    )


def markdown(matrix: Matrix) -> str:
    """Return what was run, the table, its totals and its notes."""
    heads = ["fault", "from", "where", "what", *matrix.harnesses, "shrunk by D to"]
    lines = [
        conditions(matrix),
        *totals(matrix),
        "",
        "| " + " | ".join(heads) + " |",
        "|" + "|".join(["---"] * 4 + ["--:"] * len(matrix.harnesses) + ["---"]) + "|",
    ]
    for row in matrix.rows:
        bug = row.bug
        example = row.found["D"]["why"] if "D" in row.found else row.trouble
        cells = [bug.name, bug.source, bug.file, bug.says, *[_cell(row, h) for h in matrix.harnesses]]
        lines.append("| " + " | ".join([*map(_safe, cells), _code(example)]) + " |")
    lines.append("")
    lines.append(
        "A number is the example at which the harness failed, · a fault it did not notice, × one where it does not "
        "count, because it fails on the unharmed engine too or has nothing for it."
    )
    return "\n".join(lines) + "\n"


def totals(matrix: Matrix) -> list[str]:
    """Return the totals as a small table."""
    subjects = len({one["subject"] for one in matrix.calm})
    soon = min(SOON, matrix.examples)
    lines = [
        f"| | harness | noticed, of {len(matrix.rows)} | within {soon} examples "
        f"| fails on the unharmed engine, of {subjects} subjects |",
        "|---|---|--:|--:|---|",
    ]
    for harness in matrix.harnesses:
        alarms = matrix.alarms(harness)
        names = f" ({', '.join(alarms)})" if alarms else ""
        lines.append(
            f"| {harness} | {HARNESSES[harness]} | {matrix.kills(harness)} | "
            f"{matrix.kills(harness, soon)} | {len(alarms)}{names} |"
        )
    return lines


def _safe(text: str) -> str:
    return text.replace("|", "\\|")


def _code(text: str) -> str:
    if not text:
        return ""
    return f"`{_safe(textwrap.shorten(text, 140, placeholder=' ...'))}`"


def chosen(names: Iterable[str]) -> list[Bug]:
    """The faults with these names, or of these files; all if none is named. Raises KeyError for another name."""
    names = list(names)
    if not names:
        return BUGS
    found = []
    for name in names:
        fitting = [bug for bug in BUGS if name in (bug.name, bug.file)]
        if not fitting:
            raise KeyError(name)
        found += [bug for bug in fitting if bug not in found]
    return found
