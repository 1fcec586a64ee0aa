"""How far to go along a direction: until the strong Wolfe conditions hold.

One idea: a step is good when the loss has fallen enough for its length (Armijo) and the slope
along the direction is flat enough (curvature). First the step is stretched until such a point
must lie between two trials, then the two are brought together; each next trial is the
minimum of the cubic that has their values and slopes. Nocedal and Wright, "Numerical
optimization", 2nd ed., algorithms 3.5 and 3.6, with the safeguards that torch has.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from ..backend import Array

FALL = 1e-4
"""The part of the first slope by which the loss has to fall (Armijo's condition)."""
FLAT = 0.9
"""The part of the first slope that may be left."""
NARROW = 1e-9
"""Where two trials are this near in every parameter the search ends."""


@dataclass(frozen=True)
class Trial:
    """A point on the line: the loss there, its slope along the line, and its gradient.

    The value is infinite where the loss, or its gradient, is not a finite number.
    """

    t: float
    value: float
    slope: float
    gradient: Array


def strong_wolfe(
    evaluate: Callable[[float], Trial], start: Trial, first: float, reach: float, most: int
) -> tuple[Trial, int]:
    """Return a trial where the strong Wolfe conditions hold, or the lowest found, and how often it evaluated.

    `start` is the trial at 0, `first` the step to begin with, `reach` the largest component
    of the direction; after the first trial at most `most` more are made.
    """

    def too_high(trial: Trial) -> bool:
        return trial.value > start.value + FALL * trial.t * start.slope

    before, trial, evaluations = start, evaluate(first), 1
    ends: list[Trial] = []
    tries = 0
    while not ends and tries < most:
        if too_high(trial) or (tries > 1 and trial.value >= before.value):
            ends = [before, trial]
        elif abs(trial.slope) <= -FLAT * start.slope:
            return trial, evaluations
        elif trial.slope >= 0:
            ends = [before, trial]
        else:
            shortest = trial.t + 0.01 * (trial.t - before.t)
            t = lowest_of_cubic(before, trial, shortest, 10 * trial.t)
            before, trial = trial, evaluate(t)
            evaluations += 1
            tries += 1
    ends = ends or [start, trial]

    stuck = False
    low, high = _order(ends)
    while tries < most and abs(ends[1].t - ends[0].t) * reach >= NARROW:
        left, right = sorted(end.t for end in ends)
        t, stuck = _inside(lowest_of_cubic(ends[0], ends[1], left, right), left, right, stuck)
        trial = evaluate(t)
        evaluations += 1
        tries += 1
        if too_high(trial) or trial.value >= ends[low].value:
            ends[high] = trial
            low, high = _order(ends)
            continue
        good = abs(trial.slope) <= -FLAT * start.slope
        if not good and trial.slope * (ends[high].t - ends[low].t) >= 0:
            ends[high] = ends[low]
        ends[low] = trial
        if good:
            break
    return ends[low], evaluations


def _order(ends: list[Trial]) -> tuple[int, int]:
    """Which of two trials is the lower and which the higher."""
    return (0, 1) if ends[0].value <= ends[1].value else (1, 0)


def _inside(t: float, left: float, right: float, stuck: bool) -> tuple[float, bool]:
    """The next trial between two: `t`, unless the second time in a row it is near an end; and whether it was near.

    A trial at an end teaches nothing. It is moved a tenth of the interval away from it.
    """
    margin = 0.1 * (right - left)
    if min(right - t, t - left) >= margin:
        return t, False
    if not stuck and left < t < right:
        return t, True
    return (right - margin if abs(t - right) < abs(t - left) else left + margin), False


def lowest_of_cubic(a: Trial, b: Trial, left: float, right: float) -> float:
    """Return where the cubic through two trials is lowest, not outside left ... right; the middle if it has no minimum.

    Through an infinite value there is no cubic: the middle is safe. Nocedal and Wright, equation 3.59.
    """
    middle = (left + right) / 2
    if math.inf in (a.value, b.value) or a.t == b.t:
        return middle
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return middle
    d2 = math.sqrt(square)
    divisor = b.slope - a.slope + 2 * d2
    if divisor == 0:
        return middle
    return min(max(b.t - (b.t - a.t) * ((b.slope + d2 - d1) / divisor), left), right)
