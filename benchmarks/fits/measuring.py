"""Measuring the ways of a problem: in turns, in one process, one thread each; time and digits of the same step.

One idea: what disturbs a round makes it slower, and never more right; so the time is the fastest round's,
and the digits are those of the first.
"""

import itertools
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .problem import MOST, Data, Step, Way, digits


@dataclass(frozen=True)
class Figure:
    """What one way did: seconds, digits of the parameters and of their errors; or why it did not."""

    seconds: float | None
    parameters: float | None = None
    errors: float | None = None
    reason: str = ""


def measured(
    data: Data, ways: dict[str, Way], seconds: float, rounds: int, most: float = MOST, longest: float = 4.0
) -> dict[str, Figure]:
    """Return a figure for each way: the fastest of `rounds` rounds of `seconds` or one step.

    A way gets no more rounds once they took `longest` seconds in all.
    """
    steps: dict[str, Step] = {}
    figures: dict[str, Figure] = {}
    counts: dict[str, int] = {}
    spent: dict[str, float] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, way in ways.items():
            try:
                step = way(data)
                start = time.perf_counter()
                found, errors = step()
                once = time.perf_counter() - start
                figures[name] = Figure(once, digits(found, data.parameters, most), digits(errors, data.errors, most))
            except Exception as error:  # whatever a rival raises, the table says it and goes on
                lines = str(error).strip().splitlines()
                figures[name] = Figure(None, reason=f"{type(error).__name__}: {lines[0] if lines else ''}"[:160])
                continue
            steps[name], spent[name] = step, once
            if once < seconds:
                once = min(_seconds(step, 1) for _ in range(2))
            counts[name] = max(1, int(seconds / max(once, 1e-7)))
        best = {name: figures[name].seconds for name in steps}
        for _ in range(rounds):
            for name, step in steps.items():
                if spent[name] < longest:
                    took = _seconds(step, counts[name])
                    spent[name] += took
                    best[name] = min(best[name], took / counts[name])
    return figures | {name: Figure(best[name], figures[name].parameters, figures[name].errors) for name in steps}


def _seconds(step: Callable[[], Any], count: int) -> float:
    times = itertools.repeat(None, count)
    start = time.perf_counter()
    for _ in times:
        step()
    return time.perf_counter() - start
