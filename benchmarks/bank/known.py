"""A function whose derivative is known: as a user writes it in NumPy, and exactly, in 60 digits.

One idea: three columns that can be held against each other. `f` computes in floats, `exact` is the
same function in mpmath, `slope` its derivative there; a test differentiates `exact` and compares.
Where there is no derivative, `slope` is a list: its convex hull holds all that may be claimed.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpmath import mp

from .draws import Draw, Generator, Number, numbers

DIGITS = 60


@dataclass(frozen=True)
class Known:
    """One function of the bank; arguments are floating-point arrays, 0-d ones for functions of numbers."""

    name: str
    group: str
    f: Callable[..., Any]
    exact: Callable[..., Any]
    """The same on mpmath numbers (for a 0-d argument) or object arrays of them."""
    slope: Callable[..., Any]
    """The derivative, out.shape + in.shape, a tuple of them for several arguments; a list of such at a kink."""
    draw: Draw

    def points(self, count: int, seed: int = 0) -> list[tuple[Any, ...]]:
        """Return `count` points: tuples of arguments, the same for the same seed."""
        rng = self.generator(seed)
        return [self.draw(rng) for _ in range(count)]

    def generator(self, *seeds: int) -> Generator:
        """Return a random generator that belongs to this function."""
        return np.random.default_rng([zlib.crc32(self.name.encode()), *seeds])

    def value(self, args: Sequence[Any]) -> Any:
        """Return the value in `DIGITS` digits: an object array."""
        with mp.workdps(DIGITS):
            return np.array(self.exact(*map(lifted, args)), dtype=object)

    def derivative(self, args: Sequence[Any], rng: Generator) -> list[Any]:
        """Return the derivative for each argument, out.shape + in.shape, rounded to its dtype.

        At a kink it is one that may be claimed, drawn from the generator.
        """
        with mp.workdps(DIGITS):
            found = self.slope(*map(lifted, args))
            corners = [columns(corner) for corner in (found if isinstance(found, list) else [found])]
            weights = _weights(len(corners), rng) if self.at_kink else [1.0]
            parts = [np.array(sum(w * corner[n] for w, corner in zip(weights, corners))) for n in range(len(args))]
            return [np.array(part.astype(np.float64), dtype=arg.dtype) for part, arg in zip(parts, args)]

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.group, self.name

    @property
    def at_kink(self) -> bool:
        """Whether the points are kinks, where any subgradient is right."""
        return self.group == "at kink"


def lifted(x: Any) -> Any:
    """Return a float array as mpmath numbers: one for a 0-d array, else an object array."""
    return mp.mpf(float(x)) if x.ndim == 0 else np.frompyfunc(lambda v: mp.mpf(float(v)), 1, 1)(x)


def columns(slope: Any) -> list[Any]:
    """Return what `slope` gave as one object array for each argument."""
    return [np.array(part, dtype=object) for part in (slope if isinstance(slope, tuple) else (slope,))]


def _weights(count: int, rng: Generator) -> list[float]:
    """Return dyadic weights that add up to 1: one corner, the middle, or anything between."""
    kind = rng.integers(3)
    if kind == 0 or count == 1:
        return np.eye(count)[rng.integers(count)].tolist()
    if kind == 1 and count in (2, 4, 8):
        return [1 / count] * count
    cuts = np.sort(rng.integers(0, 1025, count - 1)) / 1024
    return [float(w) for w in np.diff([0.0, *cuts, 1.0])]


def of_number(
    group: str, name: str, f: Callable[..., Any], exact: Callable[..., Any], slope: Callable[..., Any], *each: Number
) -> Known:
    """Return a function of float64 numbers, one for each drawing in `each`."""
    return Known(name, group, f, exact, slope, numbers(*each))
