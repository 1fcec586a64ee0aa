"""Derivatives by other means: central differences with an error bar, and torch.

One idea: a difference quotient is evidence only with its error. Three steps, each an
eighth of the last, give two extrapolated values; what they disagree by, and what
rounding can do at the smallest step, is the bar within which a gradient must lie.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

STEPS = (2.0**-8, 2.0**-11, 2.0**-14)
"""Powers of two: for the numbers of the samples x + h is exact, in float32 too."""

Terms = Callable[[list[Any]], Any]
"""A function of several arrays: an array of terms, whose sum is differentiated."""


def check_by_differences(terms: Terms, arrays: Sequence[Any], gradients: Sequence[Any]) -> None:
    """Assert that `gradients` are those of the sum of `terms`, element by element."""
    for which, (array, gradient) in enumerate(zip(arrays, gradients, strict=True)):
        assert gradient.shape == array.shape
        for place in np.ndindex(array.shape):
            slope, bar, size = _slope(terms, arrays, which, place)
            found = float(gradient[place])
            assert bar <= 1e-6 * max(1.0, size), "the differences are too blunt to judge by"
            # A backward pass may lose half of its digits, no more.
            allowed = 4 * bar + 1.5e-8 * max(abs(slope), abs(found))
            assert abs(found - slope) <= allowed, (
                f"argument {which} at {place}: gradient {found}, by differences {slope} ± {bar:.1g}\n{arrays}"
            )


def _slope(terms: Terms, arrays: Sequence[Any], which: int, place: tuple[int, ...]) -> tuple[float, float, float]:
    """The derivative by one element, its error bar, and the size of the numbers that were subtracted."""
    quotients = []
    size = 0.0
    for h in STEPS:
        sums = []
        for moved in (h, -h):
            shifted = [a.copy() for a in arrays]
            shifted[which][place] += moved
            values = np.ravel(terms(shifted)).astype(np.float64)
            size = max(size, float(np.abs(values).sum()))
            sums.append(math.fsum(values))
        quotients.append((sums[0] - sums[1]) / (2 * h))
    coarse, middle, fine = quotients
    first, second = middle + (middle - coarse) / 63, fine + (fine - middle) / 63
    return second, abs(second - first) + 4 * 2.0**-52 * size / STEPS[-1], size


def as_torch(array: Any) -> Any:
    """A torch parameter with a copy of the array."""
    return torch.tensor(np.ascontiguousarray(array).reshape(array.shape), requires_grad=True)


def constant_to_torch(value: Any) -> Any:
    """Arrays of truth values and integers as torch has them; everything else as it is."""
    return torch.tensor(value) if isinstance(value, np.ndarray) else value


def assert_close(found: Any, expected: Any, ulps: float = 64) -> None:
    """Assert the same dtype, the same shape, and values equal up to rounding."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    eps = float(np.finfo(expected.dtype).eps) if expected.dtype.kind == "f" else 0.0
    finite = np.abs(expected[np.isfinite(expected)]) if expected.dtype.kind == "f" else np.zeros(0)
    scale = float(finite.max()) if finite.size else 0.0
    np.testing.assert_allclose(found, expected, rtol=ulps * eps, atol=ulps * eps * scale)
