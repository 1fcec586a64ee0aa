"""The process that runs harnesses on subjects, in a copy of the engine.

One idea: it is told what to run and says what became of it, in JSON; which fault the copy
carries, if any, it does not know.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import minigrad

from .others import Outcome, each_of, hips, naive, torchs
from .ours import ours
from .subjects import SUBJECTS, Subject


def run(harness: str, subject: Subject, examples: int, seed: int) -> Outcome | None:
    """Return what became of a subject under a harness; None if that harness has nothing for it."""
    if harness == "D":
        return ours(subject, examples, seed)
    if harness == "C":
        return None if subject.naive is None else naive(subject.naive, examples)
    np.random.seed(seed)  # check_grads draws its projections from there
    problems = subject.problems(np.random.default_rng(seed))
    return each_of(problems, examples, hips if harness == "A" else torchs)


def answer(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Run each harness on its subjects, in their order; if asked to stop, only until one of them fails."""
    found = []
    for harness, names in asked["harnesses"].items():
        for name in names:
            start = time.perf_counter()
            outcome = run(harness, SUBJECTS[name], asked["examples"], asked["seed"])
            if outcome is None:
                continue
            seconds = round(time.perf_counter() - start, 2)
            found.append({"harness": harness, "subject": name, "seconds": seconds, **asdict(outcome)})
            if asked["stop"] and outcome.failed and not outcome.undecided:
                break
    return found


def main() -> None:
    """Read what to run in JSON, print what became of it."""
    root = Path.cwd()
    if not Path(minigrad.__file__).is_relative_to(root):
        raise SystemExit(f"minigrad is not the copy in {root}, but {minigrad.__file__}")
    print("\n" + json.dumps(answer(json.load(sys.stdin))))


if __name__ == "__main__":
    main()
