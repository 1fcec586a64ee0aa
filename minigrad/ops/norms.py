"""Norms of vectors and matrices, of every order.

One idea: a norm has a kink at 0, and its slope there is 0 by convention, as that of |x|. All but two are
made of operations that know that: sizes, sums, largest and smallest, singular values.
"""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import apply, array_of
from ..op import Op, implements
from ..place import at, here
from .arithmetic import absolute
from .comparison import not_equal
from .decompositions import svdvals
from .reduction import max, min, restored, sum
from .shape import astype, expand_dims, reshape, transpose
from .systems import numbers_of

__all__ = [
    "Norm2",
    "NormP",
    "norm",
]


class Norm2(Op):
    """The square root of Σ x² over axes"""

    reduces = True

    def forward(x, axis=None, keepdims=False):
        if axis is None:
            return np.linalg.norm(x, None, None, keepdims)
        return np.sqrt((x * x).sum(axis, keepdims=keepdims))

    def dx(g, out, x, axis, keepdims):
        g, out = restored(g, axis, keepdims), restored(out, axis, keepdims)
        zero = numbers_of(out) == 0
        if not zero.any():
            return x * (g / out)
        return x * np.where(zero, 0, g / np.where(zero, 1, out))


class NormP(Op):
    """Σ |x|^p to the power of 1/p, over axes; the slope by an element that is 0 is 0"""

    reduces = True

    def forward(x, p, axis=None, keepdims=False):
        if axis is None or isinstance(axis, int):
            return np.linalg.norm(x.reshape(-1) if axis is None else x, p, axis, axis is not None and keepdims)
        return (abs(x) ** p).sum(axis, keepdims=keepdims) ** (1 / p)

    def dx(g, out, x, p, axis, keepdims):
        g, out = restored(g, axis, keepdims), restored(out, axis, keepdims)
        zero = (x == 0) | (out == 0)
        ratio = abs(np.where(zero, 1, x)) / np.where(out == 0, 1, out)
        return g * np.where(zero, 0, np.sign(x) * ratio ** (p - 1))


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return a norm of vectors (one axis) or matrices (two); the slope of the usual one is x / |x|, and 0 at 0.

    `ord` for vectors: None or 2 for √Σx², inf, -inf, 0, or any p for (Σ|x|^p)^(1/p); for matrices None
    or "fro" for √Σx², 1, -1, inf, -inf (the sums of columns and rows), 2, -2, "nuc" (singular values).
    Without `axis` and `ord` it is √Σx² of all elements. Elements that share the largest or smallest place share
    the gradient. Raises ShapeError for an order and axes that do not go together.

    >>> import minigrad as mg
    >>> x = mg.tensor([3.0, 4.0], requires_grad=True)
    >>> mg.norm(x).backward()
    >>> x.grad
    Tensor([0.6, 0.8])
    """
    x = x if hasattr(x, "shape") else array_of(x)
    if x.dtype.kind != "f":
        x = astype(x, float)
    if axis is None:
        if ord is None or (ord == 2 and x.ndim == 1) or (ord in ("f", "fro") and x.ndim == 2):
            found = apply(Norm2, x, None, False)
            return reshape(found, (1,) * x.ndim) if keepdims else found
        axes: tuple[int, ...] = tuple(range(x.ndim))
    else:
        axes = (axis,) if hasattr(axis, "__index__") else tuple(axis)
        for each in axes:
            if not -x.ndim <= each < x.ndim:
                raise np.exceptions.AxisError(each, x.ndim)
        axes = tuple([int(each) % x.ndim for each in axes])
    if len(axes) == 1:
        return _of_vectors(x, 2 if ord is None else ord, axes[0], keepdims)
    if len(axes) == 2 and axes[0] != axes[1]:
        return _of_matrices(x, "fro" if ord is None else ord, axes, keepdims)
    raise ShapeError(
        f"norm() is of vectors, one axis, or of matrices, two different ones; "
        f"x of shape {x.shape} has axes {axes}{at(here())}.\n"
        "Say which: axis=-1 or axis=(0, 1); or minigrad.linalg.vector_norm(x), of all elements in one row"
    )


def _of_vectors(x: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    """A norm of vectors along one axis, or along several that are taken as one, or None for all."""
    if isinstance(ord, str):
        raise ShapeError(
            f'norm(ord="{ord}") is of matrices, and here are vectors{at(here())}.\n'
            "Give two axes, axis=(0, 1), or leave ord out"
        )
    if ord == 2:
        return apply(Norm2, x, axis, keepdims)
    if ord == 1:
        return sum(absolute(x), axis, keepdims)
    if ord in (np.inf, -np.inf):
        return (max if ord > 0 else min)(absolute(x), axis, keepdims)
    if ord == 0:
        return sum(astype(not_equal(x, 0), x.dtype), axis, keepdims)
    return apply(NormP, x, float(ord), axis, keepdims)


def _of_matrices(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """A norm of the matrices in two axes, of rows and of columns."""
    rows, columns = axes
    if ord in ("fro", "f"):
        return apply(Norm2, x, axes, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        sums = sum(absolute(x), rows if abs(ord) == 1 else columns, True)
        return (max if ord > 0 else min)(sums, axes, keepdims)
    if ord in (2, -2, "nuc"):
        if (rows, columns) != (x.ndim - 2, x.ndim - 1):
            x = transpose(x, (*[n for n in range(x.ndim) if n not in axes], rows, columns))
        s = svdvals(x)
        found = sum(s, -1) if ord == "nuc" else (max if ord > 0 else min)(s, -1)
        return expand_dims(found, axes) if keepdims else found
    raise ShapeError(
        f"norm(ord={ord!r}) is no norm of matrices{at(here())}.\n"
        'Of matrices there are "fro", "nuc", 1, -1, 2, -2, inf, -inf; of vectors, one axis, any number'
    )


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Return the norm of the vectors along `axis`; several axes, or None for all, are taken as one.

    The slopes are those of `norm`. Raises ShapeError for the name of a norm of matrices.

    >>> import minigrad as mg
    >>> mg.linalg.vector_norm(mg.tensor([[1.0, 2.0], [3.0, -4.0]]), ord=1)
    Tensor(10.)
    """
    x = x if hasattr(x, "shape") else array_of(x)
    if x.dtype.kind != "f":
        x = astype(x, float)
    if axis is not None and not hasattr(axis, "__index__"):
        axis = tuple(axis)
    return _of_vectors(x, ord, axis, keepdims)


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Return the norm of the matrices in the last two axes; the slopes are those of `norm`.

    Raises ShapeError for an order that is none of matrices.

    >>> import minigrad as mg
    >>> mg.linalg.matrix_norm(mg.tensor([[3.0, 0.0], [0.0, 4.0]]), ord="nuc")
    Tensor(7.)
    """
    return norm(x, ord, (-2, -1), keepdims)
