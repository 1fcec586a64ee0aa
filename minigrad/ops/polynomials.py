"""Polynomials by their coefficients, highest power first: polyval, convolve, correlate, vander.

One idea: to convolve is to multiply polynomials, and the transpose of multiplying by one is to correlate
with it: to convolve with its coefficients in reverse order.
"""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import apply, array_of
from ..op import Op, implements
from ..place import at, here
from .arithmetic import power
from .indexing import scatter
from .shape import expand_dims, reshape

__all__ = [
    "Convolve",
    "PolyVal",
    "convolve",
    "correlate",
    "polyval",
    "vander",
]


class Convolve(Op):
    """Σ a[k] v[n - k]: all of it, its middle, or where the two overlap wholly"""

    multilinear = True

    def forward(a, v, mode="full"):
        return np.convolve(a, v, mode)

    def da(g, out, a, v, mode):
        return np.convolve(_whole(g, a.shape[0], v.shape[0], mode), v[::-1], "valid")

    def dv(g, out, a, v, mode):
        return np.convolve(_whole(g, a.shape[0], v.shape[0], mode), a[::-1], "valid")


def _whole(g, n, m, mode):
    """The gradient of all of it: 0 where nothing was taken."""
    if mode == "full":
        return g
    start = min(n, m) - 1 if mode == "valid" else (min(n, m) - 1) // 2
    return scatter(g, slice(start, start + g.shape[0]), (n + m - 1,))


class PolyVal(Op):
    """p[0] x^(n-1) + ... + p[n-1], by Horner's rule"""

    def forward(p, x):
        return np.polyval(p, x)

    def dp(g, out, p, x):
        sums = []
        for _ in range(p.shape[0]):
            sums.append(g.sum())
            g = g * x
        return np.stack(sums[::-1]) if sums else g.reshape(-1)[:0]

    def dx(g, out, p, x):
        return g * polyval(p[:-1] * np.arange(p.shape[0] - 1, 0, -1), x)


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Return the convolution of two sequences; the gradient of each is g correlated with the other.

    `mode` is "full" for all n + m - 1 places, "same" for the middle max(n, m) of them, "valid" for those at
    which the shorter lies wholly inside the longer. Raises ShapeError unless both have one axis and an element.

    >>> import minigrad as mg
    >>> mg.convolve(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 10.0]))
    Tensor([ 1., 12., 20.])
    """
    a, v = (x if hasattr(x, "shape") else array_of(x) for x in (a, v))
    a, v = (x if x.ndim else x.reshape(1) for x in (a, v))
    if a.ndim != 1 or v.ndim != 1 or not a.size or not v.size:
        raise ShapeError(
            f"convolve() is of two sequences with elements; here are shapes {a.shape} and {v.shape}{at(here())}.\n"
            "Convolve each row by itself: minigrad.stack([minigrad.convolve(row, v) for row in a])"
        )
    if mode not in ("full", "same", "valid"):
        raise ValueError(f'convolve(mode={mode!r}){at(here())}.\nChoose from "full", "same" and "valid"')
    return apply(Convolve, a, v, mode)


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """Return Σ a[n + k] v[n] for each shift k of two sequences; the gradient of a is g convolved with v.

    `mode` is that of `convolve`. Raises ShapeError unless both have one axis and an element.

    >>> import minigrad as mg
    >>> mg.correlate(mg.tensor([1.0, 2.0, 4.0]), mg.tensor([1.0, 10.0]))
    Tensor([21., 42.])
    """
    a, v = (reshape(x, -1) if not np.ndim(x) else x for x in (array_of(a), array_of(v)))
    if v.shape > a.shape:  # the longer comes first; shifts then count the other way
        return convolve(v, a[::-1], mode)[::-1]
    return convolve(a, v[::-1], mode)


@implements(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """Return p[0] x^(n-1) + ... + p[n-1] for each element of x; the derivatives are the powers of x, and p'(x).

    Raises ShapeError unless the coefficients have one axis.

    >>> import minigrad as mg
    >>> mg.polyval(mg.tensor([3.0, 0.0, 1.0]), mg.tensor([0.0, 2.0]))
    Tensor([ 1., 13.])
    """
    p, x = (each if hasattr(each, "shape") else array_of(each) for each in (p, x))
    if p.ndim != 1:
        raise ShapeError(
            f"polyval() takes the coefficients of one polynomial; p has shape {p.shape}{at(here())}.\n"
            "For one polynomial a row: minigrad.stack([minigrad.polyval(row, x) for row in p])"
        )
    return apply(PolyVal, p, x)


@implements(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803
    """Return the matrix with rows x^(N-1), ..., x, 1, or in increasing order; the derivative of x^k is k x^(k-1).

    N is the number of elements if not given. Raises ShapeError unless x has one axis.

    >>> import minigrad as mg
    >>> mg.vander(mg.tensor([2.0, 3.0]), 3)
    Tensor([[4., 2., 1.],
            [9., 3., 1.]])
    """
    x = x if hasattr(x, "shape") else array_of(x)
    if x.ndim != 1:
        raise ShapeError(f"vander() takes a sequence; x has shape {x.shape}{at(here())}.\nFlatten it: x.reshape(-1)")
    powers = np.arange(x.shape[0] if N is None else N)
    return power(expand_dims(x, 1), powers if increasing else powers[::-1])
