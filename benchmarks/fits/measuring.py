"""Measuring the ways of a problem: in turns, in one process, one thread each; time and digits of the same step.

One idea: what disturbs a round makes it slower, and never more right; so the time is the fastest round's,
and the digits are those of the first.
"""

import itertools
import time
import warnings
from dataclasses import dataclass, replace

from .problem import Problem, Step, digits


@dataclass(frozen=True)
class Figure:
    """What one way did: seconds, digits of the parameters and of their errors, runs of the model; or why it did not."""

    seconds: float | None
    parameters: float | None = None
    errors: float | None = None
    runs: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Patience:
    """`rounds` rounds of `round` seconds or one step; none more for a way that took `longest` seconds in all."""

    round: float
    rounds: int
    longest: float


FULL = Patience(0.02, 9, 4.0)
QUICK = Patience(0.002, 3, 0.5)


def measured(problem: Problem, n: int, names: list[str], patience: Patience) -> dict[str, Figure]:
    """Return a figure for each of the ways of a problem of n points."""
    data = problem.make(n)
    steps: dict[str, Step] = {}
    figures: dict[str, Figure] = {}
    counts: dict[str, int] = {}
    spent: dict[str, float] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            try:
                step = problem.ways[name](data)
                found, errors, *more = step()
                figures[name] = Figure(
                    None,
                    digits(found, data.parameters, problem.most),
                    digits(errors, data.errors, problem.most),
                    more[0] if more else None,
                )
            except Exception as error:  # whatever a library raises, the table says it and goes on
                lines = str(error).strip().splitlines()
                figures[name] = Figure(None, reason=f"{type(error).__name__}: {lines[0] if lines else ''}"[:160])
                continue
            steps[name], spent[name] = step, _seconds(step, 1)  # the one before loaded what is loaded once
            counts[name] = max(1, int(patience.round / max(spent[name], 1e-7)))
        best = dict(spent)
        for _ in range(patience.rounds):
            for name, step in steps.items():
                if spent[name] < patience.longest:
                    took = _seconds(step, counts[name])
                    spent[name] += took
                    best[name] = min(best[name], took / counts[name])
    return {name: replace(figures[name], seconds=best.get(name)) for name in names}


def _seconds(step: Step, count: int) -> float:
    times = itertools.repeat(None, count)
    start = time.perf_counter()
    for _ in times:
        step()
    return time.perf_counter() - start
