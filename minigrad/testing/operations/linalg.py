"""Linear algebra: matrices with a spectrum that allows the derivative, stacks of them, and none at all.

Eigenvectors and singular vectors are compared with one sign: that in which they point to one side of a
plane that none of the vectors drawn here lies in.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import linalg, ops
from ...value import Value
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]

_square: SearchStrategy[Shape] = st.sampled_from([(2, 2), (1, 1), (3, 3), (2, 2, 2), (0, 0), (1, 2, 2), (0, 2, 2)])
_of_three: SearchStrategy[Shape] = st.sampled_from([(3, 3), (1, 3, 3), (0, 3, 3)])
_tall: list[Shape] = [(2, 1), (3, 2), (2, 3, 1), (2, 0)]
_wide: list[Shape] = [(1, 2), (2, 3), (2, 1, 3), (0, 2)]
_any_shape: SearchStrategy[Shape] = _square | st.sampled_from(_tall + _wide)

_DISTINCT = (1.0, 2.0, 0.5, 3.0)
_SIGNED = (1.0, -2.0, 0.5, 3.0)


def _matrices(*args: Any, **keywords: Any) -> SearchStrategy[Any]:
    """Those of the kit, without the dust that rounding leaves for a 0: LAPACK's results are not exact to 1e-17."""
    return gst.matrices(*args, **keywords).map(lambda a: np.where(abs(a) < 1e-12, 0.0, a))


_invertible = _matrices(_square)
_full_rank = _matrices(_any_shape)
_positive = _matrices(_square, positive_definite=True)


@st.composite
def _distinct(draw: st.DrawFn, shapes: SearchStrategy[Shape] = _any_shape) -> Any:
    """Matrices of which no two singular values are equal."""
    shape = draw(shapes)
    order = draw(st.permutations(_DISTINCT))
    return draw(_matrices(shape, singular_values=order[: min(shape[-2:])]))


@st.composite
def _first_columns_independent(draw: st.DrawFn) -> Any:
    """Matrices of full rank, of which the first columns make Q."""
    shape = draw(_any_shape)
    square = draw(_matrices((*shape[:-1], min(shape[-2:]))))
    more = draw(gst.arrays((*shape[:-1], max(0, shape[-1] - shape[-2])), elements=gst.values(magnitudes=(-4, 4))))
    return np.concatenate([square, more], -1)


@st.composite
def _one_triangle(draw: st.DrawFn, positive: bool = False) -> tuple[Any, Any]:
    """Symmetric matrices of which no two eigenvalues are equal, and the triangle to read; the other may be anything."""
    shape = draw(_square)
    order = draw(st.permutations(_DISTINCT if positive else _SIGNED))
    a = draw(_matrices(shape, eigenvalues=order[: shape[-1]], symmetric=True))
    uplo = draw(st.sampled_from("LU"))
    if draw(st.booleans()):
        a = np.tril(a) if uplo == "L" else np.triu(a)
    return a, uplo


@st.composite
def _systems(draw: st.DrawFn, matrices: SearchStrategy[Any]) -> tuple[Any, Any]:
    """A matrix, and right sides: one, several, or a stack."""
    a = draw(matrices)
    columns = draw(st.sampled_from([1, 2, 0]))
    right = [a.shape[-2:-1], (a.shape[-2], columns)]
    if a.ndim > 2:
        right.append((*a.shape[:-1], columns))
    elif a.shape[-1] == a.shape[-2]:
        right.append((2, *right[1]))
    return a, draw(gst.arrays(draw(st.sampled_from(right)), elements=gst.values(magnitudes=(-4, 4))))


@st.composite
def _least_squares(draw: st.DrawFn) -> tuple[Any, Any]:
    a = draw(_matrices(st.sampled_from([(2, 2), (2, 1), (1, 1), (3, 2), (1, 2), (2, 3)])))
    b = draw(st.sampled_from([a.shape[:1], (len(a), 2), (len(a), 0)]))
    return a, draw(gst.arrays(b, elements=gst.values(magnitudes=(-4, 4))))


def _singular_too(draw: st.DrawFn) -> Any:
    """Determinants are polynomials: of singular matrices too, whose small whole numbers cancel exactly."""
    if draw(st.booleans()):
        return draw(_invertible)
    shape = draw(_square)
    rank = draw(st.integers(0, max(shape[-1] - 1, 0)))
    whole = st.sampled_from([0.0, 1.0, -1.0, 2.0])
    left = draw(gst.arrays((*shape[:-1], rank), elements=whole))
    return left @ draw(gst.arrays((*shape[:-2], rank, shape[-1]), elements=whole))


def _alone(strategy: SearchStrategy[Any]) -> SearchStrategy[tuple[Any, ...]]:
    return strategy.map(lambda a: (a,))


def _joined(*parts: Any) -> Any:
    """The parts of a decomposition, one above the other, by whichever library they are of."""
    return np.concatenate(parts, -2)


def _side(v: Any) -> Any:
    """1 or -1 for each column of v: the side of the plane it lies on."""
    values = v._array if isinstance(v, Value) else v
    normal = np.sqrt(np.arange(2.0, 2 + v.shape[-2]))[:, None]
    return np.where((values * normal).sum(-2, keepdims=True) < 0, -1, 1).astype(v.dtype)


def _eigh(module: Any) -> Callable[..., Any]:
    def eigh(a: Any, uplo: str) -> Any:
        w, v = module.eigh(a, uplo)
        return _joined(np.expand_dims(w, -2), v * _side(v))

    return eigh


def _svd(module: Any) -> Callable[..., Any]:
    def svd(a: Any) -> Any:
        u, s, vh = module.svd(a, full_matrices=False)
        v, side = np.swapaxes(vh, -1, -2), _side(u)
        return _joined(u * side, np.expand_dims(s, -2), v * side)

    return svd


def _qr(module: Any) -> Callable[..., Any]:
    def qr(a: Any) -> Any:
        q, r = module.qr(a)
        side = _side(q)
        return _joined(q * side, np.swapaxes(r, -1, -2) * side)

    return qr


def _lstsq(a: Any, b: Any) -> Any:
    return linalg.lstsq(a, b).x


def _slogdet(a: Any) -> Any:
    return linalg.slogdet(a).logabsdet


def _cofactors(a: Any) -> Any:
    return np.linalg.det(a)[..., None, None] * np.swapaxes(np.linalg.inv(a), -1, -2)


@st.composite
def _normed(draw: st.DrawFn) -> Any:
    """Arrays, and the axes of a norm over all elements, over one axis or over two."""
    x = draw(gst.arrays(gst.shapes(max_size=6), elements=gst.values(magnitudes=(-4, 4))))
    axes = [None, *range(x.ndim)] + [(i, j) for i in range(x.ndim) for j in range(x.ndim) if i != j]
    axis = draw(st.sampled_from(axes))
    return x, axis, False if axis is None else draw(st.booleans())


@st.composite
def _normed_by_p(draw: st.DrawFn) -> Arguments:
    """Such arrays without 0, where these norms have their other kinks, and the order."""
    x, axis, keepdims = draw(_normed())
    p = draw(st.sampled_from([3.0, 1.5, 0.5, -1.0]))
    return Arguments((np.where(abs(x) < 0.25, 0.75, x), p, axis, keepdims), wrt=(0,))


def _norm2(x: Any, axis: Any, keepdims: bool) -> Any:
    return linalg.vector_norm(x, axis=axis, keepdims=keepdims)


def _norm2_by_numpy(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.linalg.norm(x, None, axis, keepdims)


def _norm_p(x: Any, p: float, axis: Any, keepdims: bool) -> Any:
    return linalg.vector_norm(x, ord=p, axis=axis, keepdims=keepdims)


def _norm_p_by_numpy(x: Any, p: float, axis: Any, keepdims: bool) -> Any:
    return np.linalg.vector_norm(x, ord=p, axis=axis, keepdims=keepdims)


op_spec(linalg.inv, op=ops.Inv, arguments=_alone(_invertible), reference="torch.linalg.inv", values=np.linalg.inv)
op_spec(linalg.solve, op=ops.Solve, arguments=_systems(_invertible), values=np.linalg.solve)
op_spec(linalg.pinv, op=ops.PInv, arguments=_alone(_full_rank), reference="torch.linalg.pinv", values=np.linalg.pinv)
op_spec(_lstsq, name="lstsq", op=ops.LstSq, arguments=_least_squares(), values=lambda a, b: np.linalg.lstsq(a, b)[0])
op_spec(
    linalg.det,
    op=ops.Det,
    arguments=_alone(st.composite(_singular_too)()),
    reference="torch.linalg.det",
    values=np.linalg.det,
)
# Of 2 x 2 matrices they are linear, and what rounding leaves of a second derivative has nothing to be compared with.
op_spec(ops.Cofactors, arguments=_alone(_matrices(_of_three)), values=_cofactors)
op_spec(
    _slogdet, name="slogdet", op=ops.SLogDet, arguments=_alone(_invertible), values=lambda a: np.linalg.slogdet(a)[1]
)
op_spec(linalg.cholesky, op=ops.Cholesky, arguments=_alone(_positive), values=np.linalg.cholesky)
op_spec(linalg.eigvalsh, op=ops.Eigvalsh, arguments=_one_triangle(), values=np.linalg.eigvalsh)
op_spec(_eigh(linalg), name="eigh", op=ops.Eigh, arguments=_one_triangle(), values=_eigh(np.linalg))
op_spec(
    linalg.svdvals,
    op=ops.SingularValues,
    arguments=_alone(_distinct()),
    reference="torch.linalg.svdvals",
    values=np.linalg.svdvals,
)
op_spec(linalg.cond, arguments=_alone(_distinct()), values=np.linalg.cond)
op_spec(_svd(linalg), name="svd", op=ops.SVD, arguments=_alone(_distinct()), values=_svd(np.linalg))
op_spec(_qr(linalg), name="qr", op=ops.QR, arguments=_alone(_first_columns_independent()), values=_qr(np.linalg))
op_spec(_norm2, name="norm2", op=ops.Norm2, arguments=_normed(), values=_norm2_by_numpy)
op_spec(_norm_p, name="normp", op=ops.NormP, arguments=_normed_by_p(), values=_norm_p_by_numpy)
