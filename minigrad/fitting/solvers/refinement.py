"""A least squares problem in given columns, solved until it is exact to rounding.

One idea: QR gives the matrix S with which the columns become orthonormal but for 1e-16 times their condition, the new
columns XS are computed with twice the digits, so are the residuals, and what is left over is corrected away. Many rows,
and columns so independent that float64 has digits to spare, are solved by the same formulas without.

Correction by residuals of twice the digits: Björck (1967), Iterative refinement of linear least squares
solutions. R of the QR as a preconditioner whose remaining error is that of the QR, cond · 1e-16, not
cond²: Björck (1987), Stability analysis of the method of seminormal equations.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .design import Basis
from .extended import Pair, add, dot_products, exactly, multiply, product, subtract, two_sum
from .triangle import triangle

Floats = NDArray[np.float64]

BLOCK = 8192
"""Rows computed at once: of 1e6 in one piece, half the time goes into memory that is asked for and given back."""

NOTHING = 1e-29
"""So much, relative to what it was computed from, is left of 0 by the rounding of 31 digits."""

_EPS = float(np.finfo(np.float64).eps)
_WELL_CONDITIONED = 1e4  # R from the Gram matrix has lost 4 digits at most, and its errors 12 left
_ROUNDS = 5
_FEW = 500  # numbers: 1 ms for a line through 250 points, where float64 takes 0.3 ms and is good to 15 digits
_AT_MOST = 200_000  # products: 0.1 s
_AT_MOST_ONCE = 2_000_000  # products: 0.3 s
_CANCELLED = 1e-4  # largest residual, y being about 1: of less than that float64 has no 12 digits left
_NEARLY_ORTHOGONAL = 100.0  # condition: of three features of 2,000 points float64 has 13 digits at 100, 12 at 3,000


@dataclass(frozen=True)
class Problem:
    """Columns and targets, each row over its sigma: by blocks of rows, which stay in the cache, or all of them exactly.

    The targets are (y - level) / size, (n, m); `roots` are unit / sigma, or None.
    """

    basis: Basis
    x: Floats
    y: Floats
    level: Floats
    size: Floats
    roots: Floats | None

    def blocks(self) -> Iterator[tuple[slice, Floats, Floats]]:
        """Yield rows, their columns and their targets."""
        for start in range(0, len(self.x), BLOCK):
            rows = slice(start, start + BLOCK)
            columns, targets = self.basis.columns(self.x[rows]), (self.y[rows] - self.level) * (1 / self.size)
            if self.roots is not None:
                columns, targets = columns * self.roots[rows, None], targets * self.roots[rows, None]
            yield rows, columns, targets

    def exactly(self, rows: slice = slice(None)) -> tuple[Pair, Pair]:
        """Return columns and targets, all or those of some rows, with twice the digits."""
        deviations = two_sum(self.y[rows], -self.level)
        columns = self.basis.exact_columns(self.x[rows])
        targets = Pair(deviations.high / self.size, deviations.low / self.size)
        if self.roots is None:
            return columns, targets
        roots = exactly(self.roots[rows, None])
        return multiply(columns, roots), multiply(targets, roots)

    def factor(self) -> Floats:
        """Return R of the columns; of many rows by Cholesky where that loses nothing: a QR takes five times as long."""
        if len(self.x) > BLOCK:
            p = self.basis.width
            gram = np.zeros((p, p))
            for _, columns, _ in self.blocks():
                gram += columns.T @ columns
            lengths = np.sqrt(np.diagonal(gram))
            if lengths.all() and np.linalg.cond(gram / np.outer(lengths, lengths)) < _WELL_CONDITIONED:
                return np.asarray(np.linalg.cholesky(gram).T, np.float64)
        r: Floats = np.empty((0, self.basis.width))
        for _, columns, _ in self.blocks():
            r = triangle(np.concatenate([r, columns]))
        return r


@dataclass(frozen=True)
class Solution:
    """The coefficients c of every output, (p, m), and the matrices with which (XᵀX)⁻¹ = S K Kᵀ Sᵀ."""

    coefficients: Pair
    s: Floats
    k: Floats


def solve_exactly(columns: Pair, y: Pair, s: Floats) -> tuple[Solution, Floats]:
    """Return the coefficients c that make Σ (y - columns c)² smallest, and y - columns c, exact to rounding.

    `columns` is (n, p), y (n, m), and `s` R⁻¹ of the columns, as float64 has it.

    >>> from minigrad.fitting.solvers.triangle import inverse_of_factor
    >>> x = np.array([[1.0, -1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> s = inverse_of_factor(triangle(x), 3).s
    >>> solve_exactly(exactly(x), exactly(np.array([[1.0], [3.0], [5.0]])), s)[0].coefficients.rounded()
    array([[3.],
           [2.]])
    """
    # Orthonormal but for the rounding of R, which is known from here on: (QᵀQ)⁻¹ = K Kᵀ.
    q = product(columns, exactly(s))
    k: Floats = np.linalg.inv(np.linalg.cholesky(dot_products(q, q))).T
    z = exactly(np.zeros((len(s), y.high.shape[1])))
    residuals = y
    for _ in range(_ROUNDS):
        step = k @ (k.T @ dot_products(q, residuals))
        z = add(z, exactly(step))
        residuals = subtract(y, product(q, z))
        # Each round leaves about 1e-16 of the error there was.
        if np.abs(step).max() <= 8 * _EPS * np.abs(z.high).max():
            break
    # What is left of a coefficient or a residual that is 0, by the rounding of 31 digits: points on a line have none.
    size = np.abs(z.high)
    kept = size > NOTHING * size.max(axis=0)
    z = Pair(np.where(kept, z.high, 0.0), np.where(kept, z.low, 0.0))
    left = residuals.rounded()
    terms = np.abs(y.high) + np.abs(q.high) @ size
    reach = np.abs(columns.high).max(axis=1, keepdims=True)
    left[np.abs(left) <= 4 * NOTHING * np.maximum(terms, terms.max(axis=0) * (reach / reach.max()))] = 0.0
    return Solution(product(exactly(s), z), s, k), left


def solve_in_float64(problem: Problem, s: Floats) -> tuple[Solution, Floats]:
    """Return the same without further digits, corrected once: for many rows, or columns that are nearly orthogonal."""
    p, m = len(s), len(problem.level)
    residuals = np.empty((len(problem.x), m))
    moments = np.zeros((p, m))
    for _, columns, targets in problem.blocks():
        moments += columns.T @ targets
    c = s @ (s.T @ moments)
    moments[:] = 0
    for rows, columns, targets in problem.blocks():
        residuals[rows] = targets - columns @ c
        moments += columns.T @ residuals[rows]
    step = s @ (s.T @ moments)
    if np.abs(step).max() > _EPS * np.abs(c).max():
        for rows, columns, _ in problem.blocks():
            residuals[rows] -= columns @ step
    return Solution(exactly(c + step), s, np.eye(p)), residuals


def corrected_once(problem: Problem, solution: Solution) -> tuple[Solution, Floats]:
    """Return a solution of float64 corrected by residuals of twice the digits, and these: for many rows that cancel."""
    c, s = solution.coefficients, solution.s
    residuals = np.empty((len(problem.x), len(problem.level)))
    moments = np.zeros(c.high.shape)
    for rows, columns, _ in problem.blocks():
        exact, targets = problem.exactly(rows)
        residuals[rows] = subtract(targets, product(exact, c)).rounded()
        moments += columns.T @ residuals[rows]
    step = s @ (s.T @ moments)
    for rows, columns, _ in problem.blocks():
        residuals[rows] -= columns @ step
    return Solution(add(c, exactly(step)), s, solution.k), residuals


def solve(problem: Problem, s: Floats, condition: float) -> tuple[Solution, Floats]:
    """Return the solution and its residuals with as many digits as are worth their time.

    `s` is R⁻¹ of the columns; `condition` that of the columns, or infinite where what is reported of their coefficients
    cancels however good they are.
    """
    rows, p, m = len(problem.x), len(s), len(problem.level)
    if _worth_exact(rows, p, m, condition):
        return solve_exactly(*problem.exactly(), s)
    solution, residuals = solve_in_float64(problem, s)
    if condition == math.inf or np.abs(residuals).max() < _CANCELLED:
        if _worth_exact(rows, p, m, math.inf):
            return solve_exactly(*problem.exactly(), s)
        if rows * p * m <= _AT_MOST_ONCE:
            return corrected_once(problem, solution)
    return solution, residuals


def _worth_exact(rows: int, p: int, m: int, condition: float) -> bool:
    """Are twice the digits worth their time? For few rows they are, and for more where digits would be lost."""
    return rows * p * max(p, m) <= _AT_MOST and (rows * p <= _FEW or condition > _NEARLY_ORTHOGONAL)
