"""How far off a gradient is, and which entry is furthest; numbers with the digits that a reader needs.

One idea: an error is relative to the larger of the two numbers, and where both are as good as 0 to the largest of all.
"""

import math
from typing import Any

import numpy as np

from .evidence import Evidence


def scales(e: Evidence) -> np.ndarray[Any, Any]:
    """What each entry's error is relative to: the larger of the two, or of all if both are as good as 0."""
    with np.errstate(all="ignore"):
        own = np.maximum(np.abs(e.desired), np.abs(e.actual)).astype(float)
        ends = np.abs(e.desired) + np.where(e.status == "kink", e.uncertainty, 0.0)
    finite = ends[np.isfinite(ends)]
    whole = float(finite.max()) if finite.size else 0.0
    return np.asarray(np.where(own > e.allowed + e.uncertainty, own, np.maximum(own, whole)))


def gaps(e: Evidence) -> np.ndarray[Any, Any]:
    """How far each claimed slope is from the measured one; from the nearest end of the interval at a kink."""
    with np.errstate(all="ignore"):
        gap = np.abs(e.actual - e.desired).astype(float)
        gap = np.where(e.actual == e.desired, 0.0, gap)  # inf and inf
        gap = np.where(e.status == "kink", np.maximum(gap - e.uncertainty, 0.0), gap)
    return np.where(np.isnan(gap), np.inf, gap)


def worst_entry(e: Evidence, among: np.ndarray[Any, Any]) -> tuple[int, int]:
    """The worst entry: a single element of the output and of the input if there is one."""
    found = np.argwhere(among)
    if not len(found):
        raise ValueError("no entry of this evidence is one of those asked for")
    gap = gaps(e)
    excess = ratios(gap, e.allowed)

    def rank(entry: Any) -> tuple[float, ...]:
        r, c = entry
        joint = (e.rows[r].leaf is None) + (e.columns[c].leaf is None)
        return (joint, -excess[r, c], -gap[r, c], r, c)

    row, column = min(found, key=rank)
    return int(row), int(column)


def ratios(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """a / b, and 0 where a is 0, whatever b."""
    with np.errstate(all="ignore"):
        return np.asarray(np.where(a == 0, 0.0, a / np.asarray(b, float)))


def largest(values: np.ndarray[Any, Any], otherwise: float = 0.0) -> float:
    """The largest of some numbers; of none the other one."""
    return float(values.max()) if values.size else otherwise


def resolved(errors: np.ndarray[Any, Any]) -> float:
    """The smallest relative error that all of these would have shown: infinite from 1 on, NaN of none."""
    worst = largest(errors, math.nan)
    return math.inf if worst >= 1 else worst


def counted(n: int, what: str) -> str:
    """`1 slope`, `2 slopes`."""
    return f"{n} {what}{'' if n == 1 else 's'}"


def short(x: float) -> str:
    """A size to two digits: 1.5e-08, 0.5, 0."""
    return f"{x:.2g}"


def as_number(x: float) -> str:
    """A number in full, as Python writes it."""
    return repr(float(x))


def told_apart(a: float, b: float) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see where they part, and three more."""
    digits = 6
    if math.isfinite(a) and math.isfinite(b) and a != b:
        apart = abs(a - b) / max(abs(a), abs(b))
        digits = min(17, max(6, math.ceil(-math.log10(apart)) + 3)) if apart else 17
    one, other = (min((as_number(x), f"{x:.{digits}g}"), key=lambda t: (len(t), "." not in t)) for x in (a, b))
    return one, other
