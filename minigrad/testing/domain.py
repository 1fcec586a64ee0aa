"""Where an operation is defined: the numbers that each of its operands may be.

One idea: a domain is written as mathematics writes it, (0, inf) or "[0, 1)", and read once: intervals with ends that
belong to it or not, a dtype for a constant, or a strategy for all else.
"""

import math
from typing import Any, NamedTuple, cast

import numpy as np
from hypothesis.strategies import SearchStrategy

from .errors import UncheckableError


class Interval(NamedTuple):
    """Numbers from `low` to `high`; an end belongs to it if it is closed.

    >>> 0.0 in Interval.of("[0, inf)"), 0.0 in Interval.of((0, 1))
    (True, False)
    """

    low: float
    high: float
    closed_low: bool = False
    closed_high: bool = False

    @classmethod
    def of(cls, written: Any) -> "Interval":
        """The interval written as (low, high), whose ends are open, or as text such as "[0, 1)".

        Raises UncheckableError if no number lies between the ends.
        """
        closed = (False, False)
        ends = written
        if isinstance(written, str):
            text = written.strip()
            if text[:1] not in ("(", "[") or text[-1:] not in (")", "]") or text.count(",") != 1:
                raise _no_domain(written)
            closed = (text[0] == "[", text[-1] == "]")
            ends = text[1:-1].split(",")
        try:
            low, high = (float(end) for end in ends)
        except (TypeError, ValueError):
            raise _no_domain(written) from None
        if not low < high:
            raise UncheckableError(f"no number lies between {low} and {high}.\nWrite the smaller end first")
        return cls(low, high, closed[0] and low > -math.inf, closed[1] and high < math.inf)

    def covers(self, other: "Interval") -> bool:
        """Whether every number of the other interval is in this one."""
        low = self.low < other.low or (self.low == other.low and (self.closed_low or not other.closed_low))
        high = self.high > other.high or (self.high == other.high and (self.closed_high or not other.closed_high))
        return low and high

    def __contains__(self, x: object) -> bool:
        number = cast(float, x)
        return self.low < number < self.high or (
            (self.closed_low and number == self.low) or (self.closed_high and number == self.high)
        )


LINE = (Interval(-math.inf, math.inf),)
"""Every number."""

nonzero = [(-math.inf, 0.0), (0.0, math.inf)]
"""A domain: every number but 0."""

Domain = tuple[Interval, ...] | np.dtype[Any] | SearchStrategy[Any]
"""What one operand may be: numbers of these intervals, a constant of this dtype, or elements from a strategy."""


def _no_domain(written: Any) -> UncheckableError:
    return UncheckableError(
        f"{written!r} is no domain.\n"
        'Write (0, inf), whose ends are open, or "[0, 1)"; a list of several; bool or int for a constant; '
        "or a tuple of these, one for each operand"
    )


def _domain(written: Any) -> Domain:
    """The domain of one operand."""
    if written is None:
        return LINE
    if isinstance(written, SearchStrategy):
        return written
    if isinstance(written, (type, np.dtype)):
        dtype = np.dtype(written)
        if dtype.kind not in "biu":
            raise UncheckableError(
                f"{written!r} as a domain: a constant operand is of truth values or integers.\n"
                "For an operand with a gradient, give the interval of its numbers"
            )
        return dtype
    if isinstance(written, list):
        if not written:
            raise _no_domain(written)
        return tuple(sorted(Interval.of(each) for each in written))
    return (Interval.of(written),)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


def domains_of(written: Any, operands: int) -> tuple[Domain, ...]:
    """The domain of each operand."""
    if isinstance(written, tuple) and not (len(written) == 2 and all(map(_is_number, written))):
        if len(written) != operands:
            raise UncheckableError(
                f"{len(written)} domains for {operands} operand{'s' * (operands != 1)}: {written!r}.\n"
                "Give one for all of them, or one for each; an end without bound is -inf or inf, not None"
            )
        return tuple(_domain(each) for each in written)
    return (_domain(written),) * operands
