"""Sums and products with twice the digits of float64, on arrays.

One idea: a number is the unevaluated sum of two float64, `high + low`, and the rounding error of
a sum or a product is itself a float64 that can be computed. So a residual y - Xc is right to all
its digits even where y and Xc agree in fifteen of them, and a least squares problem can be
corrected until it is exact to rounding.

Sums: Knuth (1969), The Art of Computer Programming 2, 4.2.2. Products: Dekker (1971), A floating-point
technique for extending the available precision. Numbers beyond 1e300 overflow in the splitting:
callers scale first.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_SPLIT = 134217729.0  # 2**27 + 1: cuts 53 bits into two halves whose products are exact


@dataclass(slots=True, eq=False)
class Pair:
    """A number, or an array of them, as high + low; |low| is at most half a unit in the last place of high."""

    high: Any
    low: Any

    def __getitem__(self, index: Any) -> "Pair":
        return Pair(self.high[index], self.low[index])

    def rounded(self) -> Any:
        """Return the nearest float64."""
        return self.high + self.low


def exactly(x: Any) -> Pair:
    """Return x as a pair.

    >>> exactly(0.1)
    Pair(high=0.1, low=0.0)
    """
    return Pair(x, np.zeros(x.shape) if isinstance(x, np.ndarray) else 0.0)


def two_sum(a: Any, b: Any) -> Pair:
    """Return a + b without any rounding (Knuth 1969).

    >>> two_sum(1.0, 1e-20)
    Pair(high=1.0, low=1e-20)
    """
    s = a + b
    t = s - a
    return Pair(s, (a - (s - t)) + (b - t))


def _renormalised(a: Any, b: Any) -> Pair:
    """a + b without any rounding, where |b| is no larger than |a|, or a is 0 (Dekker 1971)."""
    s = a + b
    return Pair(s, b - (s - a))


def two_product(a: Any, b: Any) -> Pair:
    """Return a * b without any rounding (Dekker 1971).

    >>> two_product(0.1, 0.1).low != 0
    True
    """
    p = a * b
    t = _SPLIT * a
    a_high = t - (t - a)
    a_low = a - a_high
    t = _SPLIT * b
    b_high = t - (t - b)
    b_low = b - b_high
    return Pair(p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low)


def add(x: Pair, y: Pair) -> Pair:
    """Return x + y to about 31 digits, also where x and y cancel (Li et al. 2002, "accurate" addition)."""
    s = two_sum(x.high, y.high)
    t = two_sum(x.low, y.low)
    s = _renormalised(s.high, s.low + t.high)
    return _renormalised(s.high, s.low + t.low)


def subtract(x: Pair, y: Pair) -> Pair:
    """Return x - y to about 31 digits."""
    return add(x, Pair(-y.high, -y.low))


def multiply(x: Pair, y: Pair) -> Pair:
    """Return x * y to about 31 digits."""
    p = two_product(x.high, y.high)
    return _renormalised(p.high, p.low + (x.high * y.low + x.low * y.high))


def beside(a: Pair, b: Pair) -> Pair:
    """Return the columns of a, then those of b."""
    return Pair(np.concatenate([a.high, b.high], axis=1), np.concatenate([a.low, b.low], axis=1))


def above(a: Pair, b: Pair) -> Pair:
    """Return the rows of a, then those of b."""
    return Pair(np.concatenate([a.high, b.high]), np.concatenate([a.low, b.low]))


def product(a: Pair, b: Pair) -> Pair:
    """Return the matrix product of a (n, p) and b (p, m)."""
    terms = multiply(Pair(a.high[:, :, None], a.low[:, :, None]), b)
    while (p := terms.high.shape[1]) > 1:
        half = p // 2
        folded = add(terms[:, :half], terms[:, half : 2 * half])
        if p % 2:
            folded = beside(folded, terms[:, -1:])
        terms = folded
    return terms[:, 0]


def dot_products(a: Pair, b: Pair) -> Floats:
    """Return aᵀ b of a (n, p) and b (n, m), of shape (p, m), rounded once (Shewchuk 1997, through `math.fsum`).

    >>> dot_products(exactly(np.array([[1e16], [1.0], [-1e16]])), exactly(np.ones((3, 1))))
    array([[1.]])
    """
    shape = a.high.shape[1], b.high.shape[1]
    terms = multiply(
        Pair(a.high[:, :, None], a.low[:, :, None]),
        Pair(b.high[:, None, :], b.low[:, None, :]),
    )
    both = np.concatenate([terms.high, terms.low]).reshape(-1, shape[0] * shape[1])
    return np.array([math.fsum(column) for column in both.T.tolist()]).reshape(shape)
