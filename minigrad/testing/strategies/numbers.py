"""Numbers at which gradients go wrong, and that are short to write.

One idea: a number has few bits. Then x + h and x - h are exact, equal numbers are equal to the last
bit, and what is left after shrinking is 0, 1, -1 or one half. Random digits have none of these.
"""

import functools
import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy

from .options import dtype_of, given, pair

SIGNIFICANT = 20
"""The most bits of a drawn number, so that x + h is exact in float64 for steps down to 2^-30 of it."""
SMALL = (0.0, 1.0, 2.0, 3.0, 2.5, 1.5, 0.5, -1.0, -2.0, -3.0, -2.5, -1.5, -0.5)
"""The small numbers, the simplest first. Beside each stands one that may do as well: shrinking takes small steps."""
DENSE = 256
"""How many numbers without any pattern there are to draw from."""
GOLDEN = (math.sqrt(5) - 1) / 2


class Range(NamedTuple):
    """Numbers from low to high, with or without the ends."""

    low: float
    high: float
    open_low: bool
    open_high: bool

    def __contains__(self, x: object) -> bool:
        number = float(x)  # type: ignore[arg-type]
        above = number > self.low if self.open_low else number >= self.low
        return above and (number < self.high if self.open_high else number <= self.high)


def values(
    dtype: Any = np.float64,
    *,
    min_value: Any = None,
    max_value: Any = None,
    exclude_min: bool = False,
    exclude_max: bool = False,
    boundaries: Iterable[float] = (0.0,),
    magnitudes: tuple[int, int] = (-26, 10),
    special: bool = False,
) -> SearchStrategy[float]:
    """Draw numbers: small ones, exact boundaries, fractions, and every power of two away from a boundary.

    `boundaries` are the numbers to meet exactly and to come close to, from both sides: where an
    operation has a kink, a jump or a pole. The ends of the range are among them. `magnitudes` are
    the exponents e of the distances to them, m/8 2^e with m from 8 to 15. With `special`, infinities,
    NaN (if the range has no ends), -0.0, and the largest and smallest numbers of the dtype too.
    Every number is one of the dtype (a strategy of dtypes is fine), as a Python float; the simplest
    is 0, then small integers, then halves. Raises InvalidArgument, when drawn, for a dtype that is
    not of floats and for a range without numbers.

    >>> from hypothesis import find
    >>> find(values(min_value=0.25), lambda x: x < 1)
    0.5
    """
    return _values(dtype, min_value, max_value, exclude_min, exclude_max, boundaries, magnitudes, special)


@st.composite
def _values(
    draw: st.DrawFn,
    dtype: Any,
    min_value: Any,
    max_value: Any,
    exclude_min: bool,
    exclude_max: bool,
    boundaries: Any,
    magnitudes: Any,
    special: bool,
) -> float:
    low, high = given(draw, min_value), given(draw, max_value)
    for name, end, excluded in (("min", low, exclude_min), ("max", high, exclude_max)):
        if end is None and excluded:
            raise InvalidArgument(f"exclude_{name}=True leaves out no number.\nGive {name}_value too")
        if end is not None and (not isinstance(end, int | float | np.number) or math.isnan(end)):
            raise InvalidArgument(f"{name}_value={end!r} bounds nothing.\nGive a number, or None")
    span = Range(
        -math.inf if low is None else float(low), math.inf if high is None else float(high), exclude_min, exclude_max
    )
    if span.low > span.high or (span.low == span.high and (exclude_min or exclude_max)):
        raise InvalidArgument(
            f"no number lies between min_value={low} and max_value={high}.\nGive the smaller first, and leave one in"
        )
    try:
        met = tuple(float(b) for b in boundaries)
    except (TypeError, ValueError):
        met = (math.nan,)
    if not all(map(math.isfinite, met)):
        raise InvalidArgument(f"boundaries={boundaries!r} are no finite numbers.\nGive a tuple such as (0.0, 1.0)")
    unbounded = low is None and high is None
    chosen = _numbers(dtype_of(draw, dtype), span, met, pair("magnitudes", magnitudes), special, unbounded)
    return draw(chosen)


@functools.lru_cache(maxsize=512)
def _numbers(
    dtype: np.dtype[Any],
    span: Range,
    boundaries: tuple[float, ...],
    magnitudes: tuple[int, int],
    special: bool,
    unbounded: bool,
) -> SearchStrategy[float]:
    """Tables to draw from: the small numbers, the boundaries, and all, which begins with the small ones.

    Hypothesis shrinks a choice by its position. A number is one choice, the simple ones come first, and
    those alike lie together; so it finds its way to them. Drawn as n / 2^k, it got stuck at 3.25 for 4.
    """
    ends = [end for end in (span.low, span.high) if math.isfinite(end)]
    met = [*dict.fromkeys(_in(dtype, b) for b in (*boundaries, *ends))]
    exact = sorted((b for b in met if b in span and math.isfinite(b)), key=_simplicity)
    small = [*dict.fromkeys(x for x in (*SMALL, *exact) if x in span)]
    further = [float(sign * n) for sign in (1, -1) for n in range(4, 11)]
    everything = (*small, *further, *_near(dtype, span, met, magnitudes), *_fractions(dtype, span))
    everything = tuple(dict.fromkeys(x for x in everything if x in span))
    odd = [x for x in _special(dtype) if x in span or (unbounded and x != x)] if special else []
    tables = [table for table in (small, exact, small, everything, everything, odd) if table]
    # Of one number twice: no choice at all would be preferred to the choice of a simpler number.
    return st.one_of([st.sampled_from([*table, table[-1]]) for table in tables]) if tables else _any(dtype, span)


def _any(dtype: np.dtype[Any], span: Range) -> SearchStrategy[float]:
    """Any number of the range: for ranges so narrow, or so far out, that no short number lies in them."""
    low, high = (None if math.isinf(end) else end for end in (span.low, span.high))
    return st.floats(
        low,
        high,
        exclude_min=span.open_low and low is not None,
        exclude_max=span.open_high and high is not None,
        width={2: 16, 4: 32}.get(dtype.itemsize, 64),  # type: ignore[arg-type]
    )


def _in(dtype: np.dtype[Any], x: float) -> float:
    """x as a number of this dtype."""
    with np.errstate(over="ignore", under="ignore"):
        return float(dtype.type(x))


def _simplicity(x: float) -> tuple[bool, bool, bool, float]:
    """What to sort by: integers, then halves, then the rest; positive ones first; by size."""
    return x != int(x), 2 * x != int(2 * x), x < 0, abs(x)


def _fractions(dtype: np.dtype[Any], span: Range) -> list[float]:
    """Numbers of many digits: DENSE of them, between -4 and 4 or as near to that as the range is.

    They lie where multiples of the golden ratio do, which fill the range evenly, rounded to
    SIGNIFICANT bits of the largest.
    """
    most = float(np.finfo(dtype).max)
    low, high = max(span.low, -4.0), min(span.high, 4.0)
    if low >= high and span.low >= 4:
        low, high = span.low, min(span.high, 2 * span.low, most)
    elif low >= high:
        low, high = max(span.low, 2 * span.high, -most), span.high
    if not low < high < math.inf or low == -math.inf:
        return []
    grid = math.ldexp(1.0, math.frexp(max(abs(low), abs(high)))[1] - min(SIGNIFICANT, np.finfo(dtype).nmant))
    drawn = [low + (high - low) * (n * GOLDEN % 1.0) for n in range(1, DENSE + 1)]
    return sorted((_in(dtype, min(round(x / grid) * grid, most)) for x in drawn), key=_simplicity)


def _near(dtype: np.dtype[Any], span: Range, met: list[float], magnitudes: tuple[int, int]) -> list[float]:
    """Numbers at every distance from a boundary: powers of two away first, positive before negative.

    The far come before the near, each in order: Hypothesis searches a table by its position, and
    finds the least number above 10 if those above 10 lie together.
    """
    smallest = float(np.finfo(dtype).smallest_normal)
    exponents = range(magnitudes[0], magnitudes[1] + 1)
    ordered = [e for e in exponents if e >= 0] + [e for e in reversed(exponents) if e < 0]
    found: dict[float, None] = {}
    for eighths in ((8,), range(9, 16)):
        for sign in (1, -1):
            for b in met:
                for e in ordered:
                    for m in eighths:
                        x = _in(dtype, b + sign * math.ldexp(m / 8, e))
                        if x != b and x in span and smallest <= abs(x) < math.inf:
                            found[x] = None
    return list(found)


def _special(dtype: np.dtype[Any]) -> list[float]:
    """The numbers that are unlike the others."""
    info = np.finfo(dtype)
    extremes = [float(x) for x in (info.max, info.smallest_normal, info.smallest_subnormal)]  # longdouble's: inf, 0, 0
    finite = [x for x in extremes if 0 < x < math.inf]
    return [math.inf, -math.inf, math.nan, -0.0, *finite, *(-x for x in finite)]
