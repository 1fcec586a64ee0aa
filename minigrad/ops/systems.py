"""Inverses, and what is solved with them: inv, solve, pinv, lstsq, matrix_power.

One idea: A X = 1, differentiated, is dA X + A dX = 0, so dX = -X dA X: the slope of an inverse
is made of the inverse, and so is that of everything it solves.
"""

from typing import Any, NamedTuple

import numpy as np

from ..errors import MatrixError, ShapeError
from ..explain import without_derivative
from ..graph import apply, array_of
from ..op import Op, implements
from ..place import at, here
from ..value import Value
from .choosing import where
from .products import matmul
from .shape import expanded

__all__ = [
    "Inv",
    "LstSq",
    "PInv",
    "Solve",
]


def numbers_of(x):
    """The array of a tensor, an array itself: for questions that are not differentiated."""
    return x._array if isinstance(x, Value) else x


class Inv(Op):
    """The inverse of each matrix"""

    def forward(a):
        return np.linalg.inv(a)

    def da(g, out, a):
        return -(out.mT @ g @ out.mT)


class Solve(Op):
    """The x of a x = b"""

    def forward(a, b):
        return np.linalg.solve(a, b)

    def da(g, out, a, b):
        if b.ndim == 1:
            return -(expanded(_solve_vectors(a.mT, g), -1) * expanded(out, -2))
        return -(np.linalg.solve(a.mT, g) @ out.mT)

    def db(g, out, a, b):
        return _solve_vectors(a.mT, g) if b.ndim == 1 else np.linalg.solve(a.mT, g)


def _solve_vectors(a, b):
    """x for a stack of vectors, which np.linalg.solve would take for a matrix."""
    return np.linalg.solve(a, b) if b.ndim == 1 else np.linalg.solve(a, expanded(b, -1)).squeeze(-1)


class PInv(Op):
    """The pseudo-inverse of each matrix: for full rank a⁻¹, (aᵀa)⁻¹aᵀ or aᵀ(aaᵀ)⁻¹"""

    def forward(a, rcond=None):
        return np.linalg.pinv(a) if rcond is None else np.linalg.pinv(a, rcond)

    def da(g, out, a, rcond):
        _check_full_rank("pinv", a, out)
        p, pt, gt = out, out.mT, g.mT
        found = -(pt @ g @ pt)
        if a.shape[-2] > a.shape[-1]:  # a p is a projection, else it is 1 and nothing is left of these
            rest = gt @ p @ pt
            found = found + rest - a @ (p @ rest)
        if a.shape[-2] < a.shape[-1]:
            rest = pt @ p @ gt
            found = found + rest - (rest @ p) @ a
        return found


def _check_full_rank(name, a, p):
    """Raise MatrixError where the rank can change, and the pseudo-inverse jumps: it has no derivative there."""
    a, p = numbers_of(a), numbers_of(p)
    rank = (a * p.mT).sum((-2, -1))  # the trace of the projection a p
    full = min(a.shape[-2:])
    if rank.size and rank.min() < full - 0.5:
        raise without_derivative(
            f"{name} has no derivative at a matrix of rank {round(float(rank.min()))}, of shape {a.shape[-2:]}: "
            "the smallest change of it makes the inverse jump",
            "Drop the columns that follow from others, or solve (aᵀa + λ 1) x = aᵀb, which is smooth",
        )


class LstSq(Op):
    """The x for which |a x - b|² is smallest, and of several the shortest"""

    def forward(a, b, rcond=None):
        return np.linalg.lstsq(a, b, rcond)[0]

    def da(g, out, a, b, rcond):
        p = pinv(a, rcond)
        _check_full_rank("lstsq", a, p)
        if b.ndim == 1:
            g, out, b = expanded(g, -1), expanded(out, -1), expanded(b, -1)
        y = p.mT @ g
        found = -(y @ out.mT)
        if a.shape[0] > a.shape[1]:
            found = found + (b - a @ out) @ (p @ y).mT
        if a.shape[0] < a.shape[1]:
            found = found + (p.mT @ out) @ (g - a.mT @ y).mT
        return found

    def db(g, out, a, b, rcond):
        p = pinv(a, rcond)
        _check_full_rank("lstsq", a, p)
        return p.mT @ g


@implements(np.linalg.inv)
def inv(a: Any) -> Any:
    """Return the inverse of a matrix, or of each in a stack; the gradient is -a⁻ᵀ g a⁻ᵀ.

    Raises MatrixError, a numpy.linalg.LinAlgError, for a singular matrix and one that is not square.

    >>> import minigrad as mg
    >>> mg.linalg.inv(mg.tensor([[2.0, 0.0], [0.0, 4.0]]))
    Tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """
    return apply(Inv, a)


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    """Return the x of a x = b; the gradient of b is a⁻ᵀ g, that of a is -(a⁻ᵀ g) xᵀ.

    b is one vector, or a matrix (or a stack of them) whose columns are solved for. Raises
    MatrixError, a numpy.linalg.LinAlgError, for a singular matrix and one that is not square.

    >>> import minigrad as mg
    >>> mg.linalg.solve(mg.tensor([[2.0, 0.0], [0.0, 4.0]]), mg.tensor([2.0, 2.0]))
    Tensor([1. , 0.5])
    """
    return apply(Solve, a, b)


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None) -> Any:
    """Return the pseudo-inverse p; the gradient is -pᵀ g pᵀ and, where a is not square, what projections add.

    Singular values below `rcond` times the largest count as 0. Where that leaves fewer than
    min(rows, columns) p jumps: asked for a gradient there, it raises MatrixError. Formula:
    Golub and Pereyra, The differentiation of pseudo-inverses, SIAM J. Numer. Anal. 10 (1973).

    >>> import minigrad as mg
    >>> mg.linalg.pinv(mg.tensor([[2.0], [0.0]]))
    Tensor([[0.5, 0. ]])
    """
    return apply(PInv, a, rcond)


class LstsqResult(NamedTuple):
    """What `lstsq` returns, as NumPy has it. The first two can be differentiated."""

    x: Any
    residuals: Any
    rank: int
    s: Any
    """The singular values of a: an array, a constant. Those of `svd` have a gradient."""


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> LstsqResult:
    """Return the x for which |a x - b|² is smallest, the residuals |a x - b|², the rank, the singular values.

    The gradient of b is pᵀ g, with p the pseudo-inverse of a. x and the residuals (of each column
    of b; none where a has not more rows than columns or not full rank) can be differentiated, rank and singular
    values are constants. Asked for a gradient where a has not full rank, it raises MatrixError.

    >>> import minigrad as mg
    >>> x, residuals, rank, s = mg.linalg.lstsq(mg.tensor([[1.0], [1.0]]), mg.tensor([1.0, 3.0]))
    >>> x, residuals, rank
    (Tensor([2.]), Tensor([2.]), 1)
    """
    a, b = (x if hasattr(x, "shape") else array_of(x) for x in (a, b))
    if a.ndim == 2 and (b.ndim not in (1, 2) or b.shape[0] != a.shape[0]):
        raise ShapeError(
            f"lstsq() got a of shape {a.shape} and b of shape {b.shape}{at(here())}.\n"
            "b has one number for each row of a, or one row of numbers: shape (rows,) or (rows, columns)"
        )
    x = apply(LstSq, a, b, rcond)
    matrix = numbers_of(a)
    rows, columns = matrix.shape
    s = np.linalg.svd(matrix, compute_uv=False)
    if rcond is None:
        rcond = np.finfo(s.dtype).eps * max(rows, columns)
    elif rcond == -1:
        rcond = np.finfo(s.dtype).eps
    rank = int((s > rcond * s.max(initial=0)).sum())
    if rows > columns == rank:
        difference = b - matmul(a, x)
        residuals = (difference * difference).sum(0, keepdims=b.ndim == 1)
    else:
        residuals = x.reshape(-1)[:0]
    return LstsqResult(x, residuals, rank, s)


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """Return aⁿ for an integer n, also 0 and negative ones; the gradient is that of the products.

    Raises MatrixError, a numpy.linalg.LinAlgError, for a matrix that is not square, and for a singular
    one where n is negative.

    >>> import minigrad as mg
    >>> mg.linalg.matrix_power(mg.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    Tensor([[1., 3.],
            [0., 1.]])
    """
    a = a if hasattr(a, "shape") else array_of(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise MatrixError(
            f"matrix_power() is of square matrices; a has shape {a.shape}{at(here())}.\nOf each element it is a ** n"
        )
    if not hasattr(n, "__index__"):
        raise TypeError(
            f"matrix_power() takes an integer, not {n!r}{at(here())}.\n"
            "A root of a symmetric matrix: w, v = np.linalg.eigh(a), then v * w**0.5 @ v.mT"
        )
    if n == 0:
        return where(False, a, np.eye(a.shape[-1], dtype=a.dtype))  # a constant, and a part of the graph
    base, n, found = (inv(a), -n, None) if n < 0 else (a, n, None)
    while n:
        if n % 2:
            found = base if found is None else matmul(found, base)
        n //= 2
        if n:
            base = matmul(base, base)
    return +found if found is a else found
