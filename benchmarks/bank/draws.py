"""Where to look at a function: points drawn from a seeded generator, the awkward ones on purpose.

One idea: a uniform draw never meets what breaks a difference quotient. So every domain is drawn
in parts: plain numbers, numbers with few bits (0, 1, -1/2 among them), tiny ones, and those next
to the ends of the domain.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Generator = np.random.Generator
Draw = Callable[[Generator], tuple[Any, ...]]
"""Draws the arguments of one call."""
Number = Callable[[Generator], float]


def around(spread: float = 1.0) -> Number:
    """Draw from the whole line, about `spread` in size: normal, with few bits, tiny, or four times as large."""

    def number(rng: Generator) -> float:
        kind = rng.integers(6)
        if kind < 3:
            return spread * rng.normal()
        if kind == 3:
            return spread * rng.integers(-24, 25) / 8
        if kind == 4:
            return spread * _sign(rng) * 2.0 ** -rng.uniform(1, 26)
        return spread * rng.uniform(-4, 4)

    return number


def apart(spread: float = 1.0, least: float = 2.0**-10) -> Number:
    """Draw as `around`, at least `least * spread` away from 0."""
    line = around(spread)

    def number(rng: Generator) -> float:
        while abs(x := line(rng)) < least * spread:
            pass
        return x

    return number


def between(low: float, high: float, closest: float = 1e-8) -> Number:
    """Draw from an open interval: uniform, a round fraction of it, or next to an end (`closest` of its length)."""

    def number(rng: Generator) -> float:
        kind = rng.integers(6)
        if kind < 4:
            return rng.uniform(low, high)
        if kind == 4:
            return low + (high - low) * rng.integers(1, 16) / 16
        distance = (high - low) * _magnitude(rng, closest, 0.1)
        return low + distance if rng.random() < 0.5 else high - distance

    return number


def positive(low: float, high: float, signed: bool = False) -> Number:
    """Draw a size from `low` to `high`, all powers of ten alike; a third of them have few bits."""

    def number(rng: Generator) -> float:
        x = _magnitude(rng, low, high)
        if rng.random() < 1 / 3:
            fraction, exponent = np.frexp(x)
            x = min(max(np.ldexp(np.round(fraction * 8) / 8, exponent), low), high)
        return _sign(rng) * x if signed else x

    return number


def near(*places: float, closest: float = 1e-7, farthest: float = 0.1) -> Number:
    """Draw next to one of some places, at any power of ten of a distance."""

    def number(rng: Generator) -> float:
        return places[rng.integers(len(places))] + _sign(rng) * _magnitude(rng, closest, farthest)

    return number


def among(*values: float) -> Number:
    """Draw one of some values."""
    return lambda rng: values[rng.integers(len(values))]


def numbers(*each: Number, dtype: Any = np.float64) -> Draw:
    """Draw a 0-d array for each argument."""
    return lambda rng: tuple(np.array(number(rng), dtype) for number in each)


def arrays(*shapes: tuple[int, ...], of: Number | None = None, dtype: Any = np.float64) -> Draw:
    """Draw an array of each shape, element by element."""
    number = of or around()

    def draw(rng: Generator) -> tuple[Any, ...]:
        return tuple(
            np.array([number(rng) for _ in range(int(np.prod(shape)))], dtype).reshape(shape) for shape in shapes
        )

    return draw


def _sign(rng: Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0


def _magnitude(rng: Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
