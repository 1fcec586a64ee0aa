"""Matrices of which the singular values or the eigenvalues are known: near singular, repeated, far apart.

One idea: a matrix is its spectrum, turned. The turns are rational rotations, (1 - t²) / (1 + t²) and
2t / (1 + t²) with a short t, so the simplest matrix is the diagonal one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy

from .options import dtype_of, given, shape_of, size_of

SPECTRUM = (1.0, 2.0, 0.5, 3.0, 0.25, 4.0)
"""What a spectrum is made of if nobody says: well away from 0, and short enough a list to repeat itself."""
TURNS = (0.0, 1.0, 0.5, -0.5, 0.25, -1.0, 2.0)
"""The t of the rotations: by 0, 90 and 53 degrees, and so on."""


def matrices(
    shape: Any,
    *,
    singular_values: SearchStrategy[float] | Sequence[float] | None = None,
    eigenvalues: SearchStrategy[float] | Sequence[float] | None = None,
    symmetric: bool = False,
    positive_definite: bool = False,
    dtype: Any = np.float64,
) -> SearchStrategy[np.ndarray[Any, Any]]:
    """Draw matrices, or stacks of them, with given singular values or given real eigenvalues.

    `shape` is (..., m, n), or a strategy. A spectrum is min(m, n) numbers, which every matrix of the
    stack gets, or a strategy of single numbers; if there is none, numbers between 1/4 and 4, often
    repeated. Singular values: U diag(s) Vᵀ. Eigenvalues: Q diag(λ) Qᵀ for symmetric matrices, else
    P diag(λ) P⁻¹ with P of integers and determinant 1. A symmetric matrix is exactly so; its
    eigenvalues are its singular values with drawn signs, all + if it is positive definite. Raises
    InvalidArgument, when drawn, for a spectrum that no such matrix has.

    >>> import numpy as np
    >>> from hypothesis import find
    >>> a = find(matrices((2, 2), singular_values=(1, 1e-6)), lambda a: a[0, 1] != 0)
    >>> float(np.linalg.cond(a).round())
    1000000.0
    """
    return _matrices(shape, singular_values, eigenvalues, symmetric, positive_definite, dtype)


@st.composite
def _matrices(
    draw: st.DrawFn,
    shape: Any,
    singular_values: Any,
    eigenvalues: Any,
    symmetric: bool,
    positive_definite: bool,
    dtype: Any,
) -> np.ndarray[Any, Any]:
    sides, kind = shape_of(draw, shape), dtype_of(draw, dtype)
    symmetric = symmetric or positive_definite
    if len(sides) < 2:
        raise InvalidArgument(f"shape={sides} is no shape of matrices.\nGive (rows, columns), or more axes for a stack")
    if singular_values is not None and eigenvalues is not None:
        raise InvalidArgument("singular_values and eigenvalues are given.\nGive one of them: each makes the matrix")
    if sides[-1] != sides[-2] and (symmetric or eigenvalues is not None):
        raise InvalidArgument(f"shape={sides} has no symmetric matrices nor eigenvalues.\nGive as many rows as columns")
    made = [
        _matrix(draw, sides[-2], sides[-1], singular_values, eigenvalues, symmetric, positive_definite)
        for _ in range(size_of(sides[:-2]))
    ]
    return np.array(made, kind).reshape(sides)


def _matrix(
    draw: st.DrawFn, rows: int, columns: int, singular: Any, eigen: Any, symmetric: bool, positive: bool
) -> np.ndarray[Any, Any]:
    name = "singular_values" if eigen is None else "eigenvalues"
    spectrum = _spectrum(draw, name, singular if eigen is None else eigen, min(rows, columns))
    if eigen is None and (spectrum < 0).any():
        raise InvalidArgument(f"singular_values={spectrum} are not all >= 0.\nGive their sizes, or give eigenvalues")
    if positive and (spectrum <= 0).any():
        raise InvalidArgument(f"{name}={spectrum} are not all above 0.\nA positive definite matrix has no other")
    if eigen is None and symmetric and not positive:
        spectrum = spectrum * [draw(st.sampled_from([1.0, -1.0])) for _ in spectrum]
    if symmetric:
        q = _rotation(draw, rows)
        a = q * spectrum @ q.T
        mean: np.ndarray[Any, Any] = (a + a.T) / 2
        return mean
    if eigen is not None:
        return _similar(draw, spectrum)
    diagonal = np.zeros((rows, columns))
    np.fill_diagonal(diagonal, spectrum)
    turned: np.ndarray[Any, Any] = _rotation(draw, rows) @ diagonal @ _rotation(draw, columns).T
    return turned


def _spectrum(draw: st.DrawFn, name: str, option: Any, count: int) -> np.ndarray[Any, Any]:
    """The numbers on the diagonal."""
    if option is None:
        option = st.sampled_from(SPECTRUM)
    if isinstance(option, SearchStrategy):
        option = [draw(option) for _ in range(count)]
    try:
        spectrum = np.array(given(draw, option), np.float64)
    except (TypeError, ValueError):
        spectrum = np.array(np.nan)
    if spectrum.shape != (count,) or not np.isfinite(spectrum).all():
        raise InvalidArgument(f"{name}={option!r} are not {count} finite numbers.\nGive {count}, or a strategy of one")
    return spectrum


def _rotation(draw: st.DrawFn, side: int) -> np.ndarray[Any, Any]:
    """A rotation: one in each plane of two axes."""
    whole = np.eye(side)
    for i in range(side):
        for j in range(i):
            t = draw(st.sampled_from(TURNS))
            cosine, sine = (1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)
            whole[[i, j]] = cosine * whole[[i, j]] + [[sine], [-sine]] * whole[[j, i]]
    return whole


def _similar(draw: st.DrawFn, eigenvalues: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A matrix with these eigenvalues, its eigenvectors not orthogonal.

    P = L U with ones on both diagonals: P⁻¹ is then of integers too, and rounding it takes the
    errors of the inversion away.
    """
    side = len(eigenvalues)
    lower, upper = np.eye(side), np.eye(side)
    for i in range(side):
        for j in range(i):
            lower[i, j] = draw(st.integers(-1, 1))
            upper[j, i] = draw(st.integers(-1, 1))
    p = lower @ upper
    similar: np.ndarray[Any, Any] = p * eigenvalues @ np.rint(np.linalg.inv(p))
    return similar
