"""A wrong gradient, and what mathematics says to it.

One idea: three parties. The library claims a slope, the differences measured one, mpmath computes
one. A finding is confirmed if the last two agree and the first does not; if the first and the last
agree it is a false alarm, and this kit's fault.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from mpmath import isnan, mpf

from minigrad.testing import source
from minigrad.testing.evidence import Verdict

from . import truth
from .sweep import Outcome


@dataclass(frozen=True)
class Finding:
    """One outcome with an error, reduced to one slope."""

    name: str
    order: int
    dtype: str
    kind: str
    at: str
    actual: float
    desired: str
    right: str
    verdict: str
    """`confirmed`, `FALSE ALARM`, `rounding`, `differences wrong`, `first order inexact`, `no formula`,
    `contract: ` and which is broken, or `the formula does not fit: ` and why."""

    def row(self) -> str:
        """The finding as a row of a Markdown table."""
        second = ", second order" if self.order == 2 else ""
        narrow = f", {self.dtype}" if self.dtype != "float64" else ""
        return (
            f"| `{self.name}`{second}{narrow} | `{self.at}` | {self.actual:.10g} | {self.desired} | {self.right} "
            f"| {self.verdict} |"
        )


def of(outcome: Outcome) -> Finding:
    """Return what was found, with the verdict of mpmath if the function's mathematics is written down."""
    assert outcome.error is not None
    call, evidence = outcome.call, outcome.error.evidence
    at = ", ".join(source.paste(value) for value in outcome.args)
    if outcome.error.contract:
        first = str(outcome.error).splitlines()[0]
        return Finding(
            call.name, outcome.order, outcome.dtype, outcome.kind, at, np.nan, first, "", f"contract: {outcome.kind}"
        )
    m, c = worst(evidence)
    actual = float(evidence.actual[m, c])
    desired, bar = float(evidence.desired[m, c]), float(evidence.uncertainty[m, c])
    measured = f"{desired:.12g} ± {bar:.2g}"
    exact = truth.known(call.name)
    if exact is None:
        return Finding(call.name, outcome.order, outcome.dtype, "number", at, actual, measured, "", "no formula")
    try:
        right = truth.slope(
            exact, outcome.args, list(evidence.rows[m].steps), list(evidence.columns[c].steps), outcome.order
        )
    except (ValueError, TypeError, IndexError, AttributeError) as error:
        said = f"the formula does not fit: {type(error).__name__}"
        return Finding(call.name, outcome.order, outcome.dtype, "number", at, actual, measured, "", said)
    low, high = (right.left, right.left) if not isnan(right.left) else (right.right, right.right)
    if right.kink:
        low, high = sorted([right.left, right.right])
    size = max(abs(float(low)), abs(float(high)))
    near = evidence.rtol * size
    # At a kink the bar is the interval, and the interval is known to a millionth of itself.
    slack = 1e-6 * max(size, bar) if evidence.status[m, c] == "kink" else 4 * bar + 1e-9 * size
    verdict = "confirmed"
    if np.isfinite(actual) and low - near <= mpf(actual) <= high + near:
        verdict = "FALSE ALARM"
    elif np.isfinite(actual) and max(size, abs(actual)) <= rounding(evidence):
        verdict = "rounding"
    elif not low - slack <= mpf(desired) <= high + slack:
        # the second order is measured on the library's own gradient, which may have lost its digits already
        verdict = "differences wrong" if outcome.order == 1 else "first order inexact"
    return Finding(call.name, outcome.order, outcome.dtype, "number", at, actual, measured, str(right), verdict)


def rounding(evidence: Any) -> float:
    """The size of a slope that is nothing but rounding: 64 eps of the largest, or of the value over the argument.

    The slope of x / |x| vanishes by cancellation, and what a right rule gives for it has no digit.
    """
    finite = np.abs(evidence.desired[np.isfinite(evidence.desired)])
    out = max((float(np.abs(leaf.array).max(initial=0.0)) for leaf in evidence.outputs), default=0.0)
    sizes = np.concatenate([np.abs(leaf.array[leaf.array != 0]).ravel() for leaf in evidence.inputs] + [np.ones(1)])
    narrow = max(float(np.finfo(leaf.array.dtype).eps) for leaf in evidence.inputs)
    return 64 * narrow * max(float(finite.max(initial=0.0)), out / float(sizes.min()))


def worst(evidence: Any) -> tuple[int, int]:
    """The row and column of the slope to show: a NaN first, else the largest relative error; single elements first."""
    wrong = evidence.verdict == Verdict.WRONG
    with np.errstate(all="ignore"):
        off = np.abs(evidence.actual - evidence.desired) / np.maximum(np.abs(evidence.actual), np.abs(evidence.desired))
    size = np.where(np.isfinite(off), off, 2.0)
    single = np.array([column.leaf is not None for column in evidence.columns])
    rank = np.where(wrong, size + 4.0 * single[None, :], -1.0)
    m, c = np.unravel_index(int(np.argmax(rank)), rank.shape)
    return int(m), int(c)
