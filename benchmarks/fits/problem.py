"""A problem of fitting: points of any number, their exact answer, and how each library fits them.

One idea: a library's way is a function of the points that returns a step; the step fits, and returns
the parameters and their standard errors (None where the library has none), both of which are timed.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from typing import Any

import numpy as np

Fitted = tuple[Any, ...]
"""Parameters, their standard errors where they are known, and where it is counted how often the model was run."""

Step = Callable[[], Fitted]

MOST = 16.0
"""Digits of a float64 that is right to the last bit."""


@dataclass(frozen=True)
class Data:
    """Points, and what a fit of them should say; exact values are None where nobody defines them."""

    x: Any
    y: Any
    parameters: tuple[Decimal, ...] | None
    errors: tuple[Decimal, ...] | None
    sigma: Any = None
    sigma_x: Any = None


Way = Callable[[Data], Step]


@dataclass
class Problem:
    """One kind of fit, at several numbers of points."""

    name: str
    says: str
    make: Callable[[int], Data]
    sizes: tuple[int, ...] = (15, 1_000, 1_000_000)
    most: float = MOST
    """Digits that the answer has."""
    caution: str = ""
    """What to know of its digits, put below the table."""
    ways: dict[str, Way] = field(default_factory=dict)
    largest: dict[str, int] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)

    def by(self, name: str, at_most: int | None = None, note: str | None = None) -> Callable[[Way], Way]:
        """Decorate the way of a library, which is not tried above `at_most` points; `note` is put below the table.

        A way's name begins with the name of the module that it needs.
        """

        def add(way: Way) -> Way:
            self.ways[name] = way
            if at_most is not None:
                self.largest[name] = at_most
            if note is not None:
                self.notes[name] = note
            return way

        return add


def module_of(name: str) -> str:
    """Return the module that a way needs.

    >>> module_of("scipy.stats.linregress"), module_of("torch, 1000 steps")
    ('scipy', 'torch')
    """
    return re.match(r"\w+", name)[0]  # type: ignore[index]


def digits(found: Sequence[float] | None, exact: Sequence[Decimal] | None, most: float = MOST) -> float | None:
    """Return how many digits of the worst number are right, from 0 to `most`; None where there is nothing to compare.

    >>> digits([1.0001, 2.0], [Decimal(1), Decimal(2)])
    4.0
    """
    if found is None or exact is None:
        return None
    if len(found) != len(exact):
        raise ValueError(f"{len(found)} numbers came where {len(exact)} were expected")
    return min(_right(float(f), e, most) for f, e in zip(found, exact, strict=True))


def _right(found: float, exact: Decimal, most: float) -> float:
    if not math.isfinite(found):
        return 0.0
    with localcontext(prec=60):
        wrong = abs(Decimal(found) - exact)
        if wrong == 0:
            return most
        of = abs(exact) if exact else Decimal(1)
        return min(max(0.0, round(-float((wrong / of).log10()), 2)), most)


def grid(values: Any, bits: int) -> Any:
    """Return values rounded to multiples of 2**-bits, so that their exact answer needs few integers."""
    return np.ldexp(np.rint(np.ldexp(values, bits)), -bits)
