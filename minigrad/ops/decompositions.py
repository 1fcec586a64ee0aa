"""Decompositions: cholesky, eigh, svd, qr.

One idea: an operation has one result, so the parts of a decomposition are one array, one part above
the other, and the function that people call cuts it. One rule then sees the gradients of all parts
together, and needs nothing but the parts. What LAPACK chooses (the signs of vectors) is a constant
of the slope; what it has no choice in is all there is to differentiate. Formulas: M. Giles, Collected
matrix derivative results for forward and reverse mode (2008); for Q R of wide matrices
Roberts and Roberts, QR and LQ decomposition matrix backpropagation (2020).
"""

from typing import Any, NamedTuple

import numpy as np

from ..backend import library_of
from ..errors import GradError
from ..explain import without_derivative
from ..graph import apply, array_of
from ..mode import is_recording
from ..op import Op, implements
from ..place import at, here
from ..value import Value, wrap
from .indexing import getitem
from .shape import expanded
from .systems import numbers_of

__all__ = [
    "QR",
    "SVD",
    "Cholesky",
    "Eigh",
    "Eigvalsh",
    "SingularValues",
]


def _eye(like, n):
    return library_of(numbers_of(like)).eye(n, dtype=like.dtype)


def _half(like, n):
    """1 below the diagonal and 1/2 on it."""
    return library_of(numbers_of(like)).tri(n, dtype=like.dtype) - _eye(like, n) / 2


def _on_read_triangle(full, uplo):
    """The gradient of a matrix of which one triangle is read and stands for the other too."""
    half = _half(full, full.shape[-1])
    return (full + full.mT) * (half if uplo in "lL" else half.T)


class Cholesky(Op):
    """The lower triangular L of L Lᵀ = a; or the upper U of Uᵀ U = a. The other triangle of a is not read"""

    def forward(a, upper=False):
        return np.linalg.cholesky(a, upper=True) if upper else np.linalg.cholesky(a)

    def da(g, out, a, upper):
        lower, g = (out.mT, g.mT) if upper else (out, g)
        inverse = np.linalg.inv(lower)
        middle = (lower.mT @ g) * _half(lower, lower.shape[-1])
        return _on_read_triangle(inverse.mT @ middle @ inverse, "U" if upper else "L")


class Eigvalsh(Op):
    """The eigenvalues of a symmetric matrix, of which one triangle is read"""

    def forward(a, uplo="L"):
        return np.linalg.eigvalsh(a, uplo)

    def da(g, out, a, uplo):
        v = eigh(a, uplo).eigenvectors
        return _on_read_triangle(v * expanded(g, -2) @ v.mT, uplo)


class Eigh(Op):
    """The eigenvalues of a symmetric matrix, and below them the eigenvectors"""

    def forward(a, uplo="L"):
        w, v = np.linalg.eigh(a, uplo)
        return np.concatenate([expanded(w, -2), v], -2)

    def da(g, out, a, uplo):
        w, v, gw, gv = out[..., :1, :], out[..., 1:, :], g[..., :1, :], g[..., 1:, :]
        if not (isinstance(gv, Value) or gv.any()):
            return _on_read_triangle(v * gw @ v.mT, uplo)
        gaps = w - w.mT
        same = _same(numbers_of(gaps), numbers_of(w), _columns_of(gv), "eigh", "eigenvalues")
        middle = gw * _eye(w, w.shape[-1]) + np.where(same, 0, v.mT @ gv / np.where(same, 1, gaps))
        return _on_read_triangle(v @ middle @ v.mT, uplo)


def _columns_of(g):
    """Which vectors have a gradient: (..., 1, n)."""
    return (numbers_of(g) != 0).any(-2, keepdims=True)


def _same(gaps, values, asked, name, what):
    """Where two values are equal up to rounding. Raises MatrixError if the vectors of such are asked for a gradient."""
    n = values.shape[-1]
    largest = abs(values).max(axis=(-2, -1), keepdims=True, initial=0)
    same = abs(gaps) <= n * np.finfo(values.dtype).eps * largest
    one = library_of(values).eye(n, dtype=bool)
    if (same & ~one & (asked | asked.mT)).any():
        raise without_derivative(
            f"{name}: the vectors of equal {what} have no derivative: any turn of them would do as well",
            f"The {what} alone have one, and the vectors of others; functions of the matrix may be had without: "
            "a @ a, np.linalg.inv(a), np.linalg.matrix_power(a, n)",
        )
    return same | one


class SingularValues(Op):
    """The singular values of each matrix, largest first"""

    def forward(a):
        return np.linalg.svd(a, compute_uv=False)

    def da(g, out, a):
        u, _, vh = (svd if isinstance(a, Value) else np.linalg.svd)(a, full_matrices=False)
        return u * expanded(g * np.sign(out), -2) @ vh


class SVD(Op):
    """U, the singular values and V of a = U diag(s) Vᵀ, one below the other, as many columns as singular values"""

    def forward(a):
        u, s, vh = np.linalg.svd(a, full_matrices=False)
        return np.concatenate([u, expanded(s, -2), vh.mT], -2)

    def da(g, out, a):
        m, n = a.shape[-2:]
        u, s, v = out[..., :m, :], out[..., m : m + 1, :], out[..., m + 1 :, :]
        gu, gs, gv = g[..., :m, :], g[..., m : m + 1, :], g[..., m + 1 :, :]
        if not (isinstance(g, Value) or gu.any() or gv.any()):
            return u * (gs * np.sign(s)) @ v.mT
        middle = gs * np.sign(s) * _eye(s, s.shape[-1])
        asked = _columns_of(gu) | _columns_of(gv)
        gaps = (s - s.mT) * (s + s.mT)
        same = _same(numbers_of(s - s.mT), numbers_of(s), asked, "svd", "singular values")
        gaps = np.where(same, 1, gaps)
        of_u, of_v = u.mT @ gu, v.mT @ gv
        middle = middle + np.where(same, 0, (of_u - of_u.mT) / gaps) * s
        middle = middle + np.where(same, 0, (of_v - of_v.mT) / gaps) * s.mT
        found = u @ middle @ v.mT
        if m != n:
            divisor = _not_zero(s, asked)
            if m > n:
                found = found + (gu - u @ of_u) / divisor @ v.mT
            else:
                found = found + u / divisor @ (gv - v @ of_v).mT
        return found


def _not_zero(s, asked):
    """s with 1 for 0. Raises MatrixError if the vectors of a singular value 0 are asked for a gradient."""
    values = numbers_of(s)
    zero = values <= values.shape[-1] * np.finfo(values.dtype).eps * values.max(axis=-1, keepdims=True, initial=0)
    if (zero & asked).any():
        raise without_derivative(
            "svd: the vectors of a singular value 0 of a matrix that is not square have no derivative",
            "The singular values have one, and the vectors of those that are not 0",
        )
    return np.where(zero, 1, s)


class QR(Op):
    """Q and Rᵀ of a = Q R, one below the other"""

    def forward(a):
        q, r = np.linalg.qr(a)
        return np.concatenate([q, r.mT], -2)

    def da(g, out, a):
        m, n = a.shape[-2:]
        q, r, gq, gr = out[..., :m, :], out[..., m:, :].mT, g[..., :m, :], g[..., m:, :].mT
        _check_independent(numbers_of(r))
        if m >= n:
            return _back_through_qr(q, r, gq, gr)
        # The first m columns make Q; the others are Q times theirs of R.
        late, g_late = r[..., m:], gr[..., m:]
        early = _back_through_qr(q, r[..., :m], gq + q @ late @ g_late.mT, gr[..., :m])
        return np.concatenate([early, q @ g_late], -1)


def _back_through_qr(q, r, gq, gr):
    """The gradient of a = Q R, with R square."""
    inner = r @ gr.mT - gq.mT @ q
    lower = inner * _half(inner, inner.shape[-1])
    return np.linalg.solve(r, (gq + q @ (lower + lower.mT)).mT).mT


def _check_independent(r):
    """Raise MatrixError if a column that makes Q follows from those before it."""
    diagonal = abs(r.diagonal(0, -2, -1))
    if (diagonal <= r.shape[-1] * np.finfo(r.dtype).eps * diagonal.max(axis=-1, keepdims=True, initial=0)).any():
        raise without_derivative(
            "qr has no derivative at a matrix whose first columns depend on each other: "
            "the direction of Q is free there",
            "Drop the columns that follow from others",
        )


# ----------------------------------------------------------------------------- as people call them


@implements(np.linalg.cholesky)
def cholesky(a: Any, *, upper: bool = False) -> Any:
    """Return the lower triangular L of a = L Lᵀ, or the upper triangular U of a = Uᵀ U.

    The gradient is L⁻ᵀ Φ(Lᵀ g) L⁻¹, Φ taking the lower triangle and half of the diagonal, made symmetric and
    folded onto the lower triangle of a (the upper for U): the only one NumPy reads. Raises
    MatrixError, a numpy.linalg.LinAlgError, for a matrix that is not positive definite.

    >>> import minigrad as mg
    >>> mg.linalg.cholesky(mg.tensor([[4.0, 2.0], [2.0, 2.0]]))
    Tensor([[2., 0.],
            [1., 1.]])
    """
    return apply(Cholesky, a, upper)


class EighResult(NamedTuple):
    """What `eigh` returns, as NumPy has it."""

    eigenvalues: Any
    eigenvectors: Any


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> EighResult:  # noqa: N803
    """Return the eigenvalues of a symmetric matrix, smallest first, and its eigenvectors as columns.

    With V those, the gradient is V (diag(g_w) + F ∘ Vᵀ g_V) Vᵀ, F = 1 / (w_j - w_i), made symmetric and
    folded onto the triangle of a that NumPy reads, UPLO: the gradient of the other is 0. The sign of
    a vector is LAPACK's and stays. At equal eigenvalues each has the slope along the vectors that LAPACK found, so
    that their sum and any symmetric function of them is right; a gradient through the vectors raises
    MatrixError there.

    >>> import minigrad as mg
    >>> mg.linalg.eigh(mg.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    Tensor([1., 2.])
    """
    _check_triangle("eigh", UPLO)
    both = apply(Eigh, a, UPLO)
    return EighResult(getitem(both, (..., 0, slice(None))), getitem(both, (..., slice(1, None), slice(None))))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:  # noqa: N803
    """Return the eigenvalues of a symmetric matrix, smallest first; the gradient is V diag(g) Vᵀ.

    It is folded onto the triangle of a that NumPy reads, UPLO; see `eigh`, also for equal eigenvalues.

    >>> import minigrad as mg
    >>> a = mg.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    >>> mg.linalg.eigvalsh(a)[-1].backward()
    >>> a.grad
    Tensor([[1., 0.],
            [0., 0.]])
    """
    _check_triangle("eigvalsh", UPLO)
    return apply(Eigvalsh, a, UPLO)


def _check_triangle(name: str, triangle: Any) -> None:
    """Raise ValueError unless a triangle is L or U."""
    if not isinstance(triangle, str) or triangle.upper() not in ("L", "U"):
        given = repr(triangle) if isinstance(triangle, (str, int)) else f"a {type(triangle).__name__}"
        raise ValueError(
            f"{name}() reads the lower or the upper triangle of a, UPLO, and was given {given}{at(here())}.\n"
            f'Write np.linalg.{name}(a), or np.linalg.{name}(a, UPLO="U") for the upper'
        )


class SVDResult(NamedTuple):
    """What `svd` returns, as NumPy has it."""

    U: Any
    S: Any
    Vh: Any


@implements(np.linalg.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return U, the singular values s, largest first, and Vᵀ of a = U diag(s) Vᵀ; or s alone.

    The gradient by s alone is U diag(g) Vᵀ, and 0 where s is 0, as for |x|; that by U and V has 1 / (s_j² - s_i²) in
    it. The signs of the vectors are LAPACK's and stay. Asked for a gradient through the vectors of
    equal singular values, or of 0 where a is not square, it raises MatrixError; and GradError for the full U or V of a
    matrix that is not square: what they have more is any basis of the rest.

    >>> import minigrad as mg
    >>> mg.linalg.svd(mg.tensor([[0.0, 3.0], [2.0, 0.0]]), compute_uv=False)
    Tensor([3., 2.])
    """
    if not compute_uv:
        return apply(SingularValues, a)
    a = a if hasattr(a, "shape") else array_of(a)
    rows = a.shape[-2] if a.ndim > 1 else 0
    if full_matrices and a.ndim > 1 and rows != a.shape[-1]:
        if isinstance(a, Value) and a._requires_grad and is_recording():
            raise GradError(
                f"svd() of a matrix of shape {a.shape[-2:]}: the full U and V have no derivative, "
                f"as their last columns are any basis of the rest{at(here())}.\n"
                "Write np.linalg.svd(a, full_matrices=False)"
            )
        found = np.linalg.svd(numbers_of(a))
        return SVDResult(*[wrap(type(a), part) if isinstance(a, Value) else part for part in found])
    both = apply(SVD, a)
    every = slice(None)
    v = getitem(both, (..., slice(rows + 1, None), every))
    return SVDResult(getitem(both, (..., slice(None, rows), every)), getitem(both, (..., rows, every)), v.mT)


def svdvals(x: Any) -> Any:
    """Return the singular values, largest first; the gradient is U diag(g) Vᵀ, and 0 where one is 0.

    >>> import minigrad as mg
    >>> mg.linalg.svdvals(mg.tensor([[0.0, 3.0], [2.0, 0.0]]))
    Tensor([3., 2.])
    """
    return apply(SingularValues, x)


class QRResult(NamedTuple):
    """What `qr` returns, as NumPy has it."""

    Q: Any
    R: Any


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """Return Q, whose columns are orthonormal, and the upper triangular R of a = Q R; R alone for mode "r".

    The gradient is (g_Q + Q sym(M)) R⁻ᵀ with M the lower triangle of R g_Rᵀ - g_Qᵀ Q. The signs are LAPACK's
    and stay. Asked for a gradient where the columns that make Q depend on each other, it raises
    MatrixError; GradError for the complete Q of a matrix with more rows than columns: what it has more
    is any basis of the rest.

    >>> import minigrad as mg
    >>> q, r = mg.linalg.qr(mg.tensor([[3.0], [4.0]]))
    >>> r
    Tensor([[-5.]])
    """
    a = a if hasattr(a, "shape") else array_of(a)
    same = a.ndim > 1 and a.shape[-2] <= a.shape[-1]  # as the reduced
    if not isinstance(mode, str) or mode not in ("reduced", "r", *(["complete"] if same else [])):
        given = repr(mode) if isinstance(mode, (str, int)) else f"a {type(mode).__name__}"
        raise GradError(
            f"qr(mode={given}) has no derivative for a of shape {a.shape}: it gives more than a determines"
            f'{at(here())}.\nWrite np.linalg.qr(a), whose Q has as many columns as a, or mode="r" for R alone'
        )
    both = apply(QR, a)
    rows, every = a.shape[-2], slice(None)
    r = getitem(both, (..., slice(rows, None), every)).mT
    return r if mode == "r" else QRResult(getitem(both, (..., slice(None, rows), every)), r)


implements(np.linalg.svdvals)(svdvals)
