"""Determinants.

One idea: the slope of a determinant by an element is the element's cofactor, which is a polynomial
and exists where there is no inverse. It is computed from the inverse if that is well known, else from the
singular values: a = U S Vᵀ has the cofactors ±U cof(S) Vᵀ, and cof(S) is the products of all but one of S.
"""

from typing import Any, NamedTuple

import numpy as np

from ..backend import library_of
from ..graph import apply
from ..op import Op, implements
from ..value import Value
from .indexing import getitem
from .joining import Stack
from .systems import inv

__all__ = [
    "Cofactors",
    "Det",
    "SLogDet",
]


class Det(Op):
    """The determinant of each matrix"""

    def forward(a):
        return np.linalg.det(a)

    def da(g, out, a):
        cofactors = apply(Cofactors, a) if isinstance(a, Value) else _cofactors(a, out)
        return g.reshape((*g.shape, 1, 1)) * cofactors


class Cofactors(Op):
    """The cofactors of each matrix: the slopes of its determinant"""

    def forward(a):
        return _cofactors(a, np.linalg.det(a))

    def da(g, out, a):
        if isinstance(a, Value):  # of which the inverse is a function that can be differentiated again
            inverse = inv(a)
        else:
            inverse = _inverse(a, np.linalg.det(a))
        if inverse is not None:
            both = (g * out).sum(axis=(-2, -1), keepdims=True)
            return both * inverse.mT - inverse.mT @ g.mT @ out
        u, s, vh, sign = _factors(a)
        turned = u.mT @ g @ vh.mT
        pairs, one = _others(s, 2), _one(s)
        diagonal = (turned * one).sum(-1, keepdims=True)
        return sign * (u @ np.where(one, pairs @ diagonal, -pairs * turned.mT) @ vh)


def _cofactors(a, determinant):
    inverse = _inverse(a, determinant)
    if inverse is not None:
        return determinant[..., None, None] * inverse.mT
    u, s, vh, sign = _factors(a)
    return sign * (u * _others(s, 1) @ vh)


def _inverse(a, determinant):
    """The inverse where it is known to ten digits, else None."""
    size = abs(determinant)
    if not ((size > 0) & (size < np.inf)).all():
        return None
    inverse = np.linalg.inv(a)
    return inverse if abs(a).max(initial=0) * abs(inverse).max(initial=0) < 1e5 else None


def _factors(a):
    """The singular value decomposition, and the determinant of U Vᵀ: 1 or -1."""
    u, s, vh = np.linalg.svd(a)
    return u, s, vh, np.sign(np.expand_dims(np.linalg.det(u) * np.linalg.det(vh), (-2, -1)))


def _others(s, count):
    """The products of all singular values but one, or but two: an axis for each that is left out."""
    one = _one(s)
    if count == 1:
        return np.where(one, 1, s[..., None, :]).prod(-1)[..., None, :]
    left_out = one[:, None, :] | one[None, :, :]
    return np.where(one, 0, np.where(left_out, 1, s[..., None, None, :]).prod(-1))


def _one(s):
    return library_of(s).eye(s.shape[-1], dtype=bool)


class SLogDet(Op):
    """The sign of the determinant and the logarithm of its size, one after the other"""

    def forward(a):
        return Stack.forward(0, *np.linalg.slogdet(a))

    def da(g, out, a):
        return g[1].reshape((*g.shape[1:], 1, 1)) * inv(a).mT


class SlogdetResult(NamedTuple):
    """What `slogdet` returns, as NumPy has it."""

    sign: Any
    logabsdet: Any


@implements(np.linalg.det)
def det(a: Any) -> Any:
    """Return the determinant of a matrix, or of each in a stack; the gradient is g times the cofactors.

    det(a) a⁻ᵀ where a is invertible, and exact where it is not. A third derivative needs an
    invertible matrix. Raises MatrixError, a numpy.linalg.LinAlgError, for one that is not square.

    >>> import minigrad as mg
    >>> a = mg.tensor([[1.0, 0.0], [0.0, 0.0]], requires_grad=True)
    >>> mg.linalg.det(a).backward()
    >>> a.grad
    Tensor([[0., 0.],
            [0., 1.]])
    """
    return apply(Det, a)


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> SlogdetResult:
    """Return the sign of the determinant and log |det a|; the gradient of the latter is g a⁻ᵀ.

    The sign is a constant. Raises MatrixError, a numpy.linalg.LinAlgError, for a matrix that is not
    square, and for a singular one if it is asked for a gradient.

    >>> import minigrad as mg
    >>> mg.linalg.slogdet(mg.tensor([[0.0, 1.0], [1.0, 0.0]]))
    SlogdetResult(sign=Tensor(-1.), logabsdet=Tensor(0.))
    """
    both = apply(SLogDet, a)
    constant = both.detach() if isinstance(a, Value) else both
    return SlogdetResult(getitem(constant, 0), getitem(both, 1))
