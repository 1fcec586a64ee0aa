"""Least squares linear in the parameters: centred, scaled, factored, and corrected until exact.

One idea: the problem is solved in columns that hardly depend on each other (centred features, or
Chebyshev polynomials of a centred, scaled x), and what is reported, slope and intercept or the
coefficients of powers, follows by one matrix. Few rows are solved exactly to rounding: QR gives the
matrix S with which the columns become orthonormal but for 1e-16 times their condition, the new columns
XS are computed with twice the digits, so are the residuals, and what is left over is corrected away.
Many rows, and columns so independent that float64 has digits to spare, are solved by the same formulas without.

Correction by residuals of twice the digits: Björck (1967), Iterative refinement of linear least squares
solutions. R of the QR as a preconditioner whose remaining error is that of the QR, cond · 1e-16, not
cond²: Björck (1987), Stability analysis of the method of seminormal equations.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from ..given import Points
from .extended import Pair, above, add, beside, exactly, inner, multiply, product, subtract, two_sum

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_TINY = float(np.finfo(np.float64).tiny)
_COARSE = 1e-6  # of the spread
_ALIKE = 1e6
_SMALLEST, _LARGEST = 1e-150, 1e150  # beyond them the squares of deviations leave float64


class Basis(Protocol):
    """Columns in which to solve, and what their coefficients mean."""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that are reported."""
        ...

    @property
    def level(self) -> int:
        """Which of them moves when a constant is added to y."""
        ...

    @property
    def width(self) -> int:
        """How many columns there are, p."""
        ...

    def columns(self, x: Floats) -> Floats:
        """Return the matrix of the problem, of shape (n, p)."""
        ...

    def exact_columns(self, x: Floats) -> Pair:
        """Return the same with twice the digits."""
        ...

    def outside(self) -> Pair:
        """Return the matrix of shape (q, p) that makes the reported parameters of the coefficients."""
        ...

    def reported(self, coefficients: Pair) -> Pair:
        """Return its product with coefficients, (p, m)."""
        ...

    def slack(self, x: "Extent") -> float:
        """Return how far, relatively, columns may be from dependent by the rounding of x alone."""
        ...

    def undetermined(self, dependent: "DependentError", x: Floats, x_names: Sequence[str]) -> ValueError:
        """Return the error for columns that depend on each other."""
        ...

    def cautions(
        self, values: Floats, points: Points, reach: tuple["Extent", "Extent"], inverse: "Inverse"
    ) -> list[str]:
        """Return what a reader of the reported parameters ought to know; `reach` is that of x and of y."""
        ...


@dataclass(frozen=True)
class Centred:
    """The columns 1, (x1 - centre1) / unit1, ...; without the 1 for a line through a given point.

    The units are powers of two, so that dividing by them rounds nothing.
    """

    centre: Floats
    unit: Floats
    names: tuple[str, ...]
    constant: bool = True

    @property
    def level(self) -> int:
        """The place of the intercept: last in a line, first among several features."""
        return 1 if len(self.centre) == 1 else 0

    @property
    def width(self) -> int:
        """One column a feature, and the 1."""
        return len(self.centre) + self.constant

    def columns(self, x: Floats) -> Floats:
        """Return the matrix of the problem, of shape (n, p)."""
        k, first = len(self.centre), int(self.constant)
        matrix = np.empty((k + first, len(x))).T  # column by column: they are computed so, and summed so
        if self.constant:
            matrix[:, 0] = 1
        np.subtract(x.reshape(-1, k), self.centre, out=matrix[:, first:])
        matrix[:, first:] *= 1 / self.unit  # as exact as a division, in a quarter of the time
        return matrix

    def exact_columns(self, x: Floats) -> Pair:
        """Return the same with twice the digits."""
        deviations = two_sum(x.reshape(-1, len(self.centre)), -self.centre)
        high, low = deviations.high / self.unit, deviations.low / self.unit
        if not self.constant:
            return Pair(high, low)
        return beside(exactly(np.ones((len(x), 1))), Pair(high, low))

    def outside(self) -> Pair:
        """Return the matrix that makes slopes and intercept of the coefficients; its numbers are exact."""
        return self.reported(exactly(np.eye(self.width)))

    def reported(self, coefficients: Pair) -> Pair:
        """Return slopes and intercept of coefficients, (p, m): in p · m steps, for there may be many features."""
        inside = coefficients[int(self.constant) :]
        unit = self.unit[:, None]
        slopes = Pair(inside.high / unit, inside.low / unit)
        intercept = product(exactly(-self.centre[None]), slopes)
        if self.constant:
            intercept = add(intercept, coefficients[:1])
        return above(slopes, intercept) if self.level else above(intercept, slopes)

    def slack(self, x: "Extent") -> float:
        """Return how far, relatively, features may be from dependent by their own rounding; a single one never is."""
        return float(rounding(x.largest, x.about(self.centre)).max()) if len(self.centre) > 1 else 0.0

    def undetermined(self, dependent: "DependentError", x: Floats, x_names: Sequence[str]) -> ValueError:
        """Return the error that names the features that depend on each other."""
        if len(x_names) == 1:
            return ValueError(
                f"all {x_names[0]} are {self.centre[0]:.12g}, where the line is to go through: every slope fits.\n"
                "Give points elsewhere"
            )
        return dependent_features(dependent, x_names, self.constant)

    def cautions(
        self, values: Floats, points: Points, reach: tuple["Extent", "Extent"], inverse: "Inverse"
    ) -> list[str]:
        """Return a warning where the rounding of x to float64, before it came here, leaves a slope few digits."""
        x_names, largest = points.x_names, reach[0].largest
        coarse = rounding(largest, self.unit) / 4
        if (coarse > _COARSE).any():
            whole = (points.x.reshape(points.n, -1) % 1 == 0).all(axis=0) & (largest <= 2.0**53)
            coarse = np.where(whole, 0.0, coarse)
        said = [
            f"float64 keeps {name} to no more than {part:.0e} of its spread, so far from 0: "
            f"subtract a start from {name} before it becomes float64"
            for name, part in zip(x_names, coarse, strict=True)
            if part > _COARSE
        ]
        if not said and inverse.condition > _ALIKE:
            alike = [name for name, is_one in zip(x_names, inverse.weakest[-len(x_names) :], strict=True) if is_one]
            said.append(
                f"{', '.join(alike[:-1])} and {alike[-1]} nearly depend on each other (condition "
                f"{inverse.condition:.0e}): the last digits of x decide on their slopes"
            )
        return said


@dataclass(frozen=True)
class Combination:
    """The curve y = level + columns(x) c: evaluated where the digits are, amid the points.

    `factor` F gives the covariance of the coefficients, deviation² F Fᵀ. Of several outputs, coefficients are
    (p, m), and level and deviation (m,).
    """

    basis: Basis
    coefficients: Floats
    level: Any
    factor: Floats
    deviation: Any

    def at(self, x: Floats) -> Floats:
        """Return the curve's y at x."""
        y: Floats = self.level + self.basis.columns(x) @ self.coefficients
        return y

    def variance(self, x: Floats) -> Floats:
        """Return the variance of that y."""
        lengths = ((self.basis.columns(x) @ self.factor) ** 2).sum(axis=1)
        variances: Floats = np.multiply.outer(lengths, np.square(self.deviation))
        return variances


def names_of_features(x_names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the parameters: slope and intercept, or intercept and the names of several features.

    Raises ValueError where two would be the same.
    """
    if len(x_names) == 1:
        return ("slope", "intercept")
    names = ("intercept", *x_names)
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValueError(f'two parameters would be called "{name}".\nGive the columns of x names of their own')
    return names


@dataclass(frozen=True)
class Solution:
    """The coefficients c of every output, (p, m), and the matrices with which (XᵀX)⁻¹ = S K Kᵀ Sᵀ."""

    coefficients: Pair
    s: Floats
    k: Floats


@dataclass(frozen=True)
class Outcome:
    """How far the points are from the curve, of every output, and in which units.

    The problem was solved for y = level + size · columns c. `length` is √Σ (residual · unit / sigma)², with a `unit` of
    sigma that keeps the squares in float64, or √Σ residual² where no sigma was given and `unit` is None.
    """

    rows: int
    level: Floats
    size: Floats
    length: Floats
    rss: Floats
    unit: float | None = None
    absolute_sigma: bool = False


def report(
    basis: Basis,
    solution: Solution,
    outcome: Outcome,
    residuals: Floats,
    *,
    flat: bool,
    extra: dict[str, Any] | None = None,
) -> Found:
    """Return what was found, in the parameters that are reported; `flat` if y had one output and no axis for it.

    Raises ValueError where a parameter or its error does not fit into float64.
    """
    p, m = solution.coefficients.high.shape
    dof, unit = outcome.rows - p, outcome.unit or 1.0
    if outcome.absolute_sigma:
        deviation = np.full(m, unit)
    else:
        deviation = outcome.length / math.sqrt(dof) if dof else np.full(m, np.nan)
    scale = deviation / unit
    with np.errstate(over="ignore"):
        chi2 = None if outcome.unit is None else float(np.square(outcome.length / unit).sum())
    if chi2 == math.inf:
        raise ValueError(
            "the residuals over sigma, squared, do not fit into float64.\nGive a sigma of the size of the residuals"
        )
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        both = basis.reported(beside(exactly(solution.s), solution.coefficients))
        exact = multiply(both[:, p:], exactly(outcome.size))
        moved = add(exact[basis.level], exactly(outcome.level))
        values = exact.rounded()
        values[basis.level] = np.where(np.abs(moved.high) > _NOTHING * np.abs(outcome.level), moved.rounded(), 0.0)
        root = both[:, :p].rounded() @ solution.k
        roots = deviation[:, None, None] * root
        cov = roots @ roots.transpose(0, 2, 1)
    variances = np.diagonal(cov, axis1=1, axis2=2)
    vanished = (variances < _TINY) & (deviation > 0)[:, None] & root.any(axis=1)
    lost = ~np.isfinite(values.T) | np.isinf(variances) | vanished
    if lost.any():
        name = basis.names[int(np.argwhere(lost)[0, 1])]
        raise ValueError(f"{name} or its error does not fit into float64 in these units.\nGive x or y in other units")
    inside = solution.coefficients.rounded() * outcome.size
    curve = Combination(basis, inside, outcome.level, solution.s @ solution.k, deviation)
    if flat:
        curve = Combination(basis, inside[:, 0], float(outcome.level[0]), curve.factor, float(deviation[0]))
    return Found(
        names=basis.names,
        values=values[:, 0] if flat else values.T,
        cov=cov[0] if flat else cov,
        curve=curve,
        residuals=residuals,
        rss=float(outcome.rss.sum()),
        chi2=chi2,
        dof=dof,
        scale=float(scale[0]) if flat else scale,
        extra={} if extra is None else extra,
    )


def triangle(matrix: Floats) -> Floats:
    """Return R of a QR factorisation."""
    r: Any = np.linalg.qr(matrix, mode="r")
    factor: Floats = r
    return factor


@dataclass(frozen=True)
class Inverse:
    """R⁻¹ of a factor; the condition of its columns, each scaled to length 1, and which of them make it so."""

    s: Floats
    condition: float
    weakest: NDArray[np.bool_]


def inverse_of_factor(r: Floats, rows: int, slack: float = 0.0) -> Inverse:
    """Return R⁻¹ of a triangular factor of `rows` rows, and its condition.

    Raises DependentError where its columns depend on each other to the rounding of float64, or to `slack` where that is
    more: the relative rounding of the numbers that were given.
    """
    lengths = np.sqrt(np.einsum("ij,ij->j", r, r))
    lengths[lengths == 0] = 1
    unit_columns = r / lengths
    _, values, directions = np.linalg.svd(unit_columns)
    small = values <= max(max(rows, len(r)) * _EPS, slack) * values[0]
    if small.any():
        raise DependentError(int((~small).sum()), np.abs(directions[small]).max(axis=0) > _INVOLVED)
    inverse: Floats = np.linalg.solve(unit_columns, np.eye(len(r))) / lengths[:, None]
    return Inverse(inverse, float(values[0] / values[-1]), np.abs(directions[-1]) > 0.5 / len(r))


_INVOLVED = 1e-4  # of a unit vector: what is not involved is there by rounding, at most the slack of the rank


class DependentError(ValueError):
    """The points determine fewer parameters than there are: `rank`, and which columns depend on each other."""

    def __init__(self, rank: int, involved: NDArray[np.bool_]) -> None:
        super().__init__(f"the points determine {rank} of {len(involved)} coefficients")
        self.rank = rank
        self.involved = involved


def dependent_features(dependent: DependentError, x_names: Sequence[str], constant: bool) -> ValueError:
    """Return the error that names the features that depend on each other."""
    k, parameters = len(x_names), len(x_names) + constant
    involved = dependent.involved[-k:]
    culprits = [name for name, is_one in zip(x_names, involved, strict=True) if is_one]
    rank = parameters - (len(dependent.involved) - dependent.rank)
    determined = f"the points determine {rank} of {parameters} parameters"
    if len(culprits) == 1:
        what = "is the same in every row, as the intercept is" if constant else "is 0 in every row"
        return ValueError(f"{culprits[0]} {what}: {determined}.\nLeave {culprits[0]} out")
    them = f"{', '.join(culprits[:-1])} and {culprits[-1]}"
    return ValueError(f"{them} depend on each other: {determined}.\nLeave one of them out, for example {culprits[-1]}")


def too_few(rows: int, parameters: int, line: bool = False) -> ValueError:
    """Return the error for fewer points than parameters, which are those of a line or of something else."""
    points = "one point does" if rows == 1 else f"{rows} points do"
    if line:
        return ValueError(
            f"{points} not determine a line.\nGive another point, or one that the line goes through: through=(0, 0)"
        )
    return ValueError(
        f"{points} not determine {parameters} parameters.\nGive at least {parameters} points, and one more for errors"
    )


def all_equal(name: str, value: float, rows: int) -> ValueError:
    """Return the error for points above each other, which a vertical line fits."""
    return ValueError(
        f"all {rows} {name} are {value:.12g}: no line y = slope · x + intercept goes through points above each other.\n"
        'For a vertical line: fit_line(x, y, loss="distance")'
    )


def powers_of_two(sizes: Floats) -> Floats:
    """Return the powers of two next above each size, 1 for 0."""
    return np.where(sizes > 0, np.ldexp(1.0, np.frexp(sizes)[1]), 1.0)


def rounding(largest: Floats, spread: Floats) -> Floats:
    """Return by how much, relative to its spread, each feature was rounded when it was written down as float64."""
    return 4 * _EPS * largest / np.where(spread > 0, spread, np.inf)


@dataclass(frozen=True)
class Extent:
    """The smallest and the largest number of each column of `name`."""

    name: str
    low: Floats
    high: Floats

    @property
    def largest(self) -> Floats:
        """The largest size of a number in each column."""
        return np.maximum(-self.low, self.high)

    def about(self, centre: Floats) -> Floats:
        """Return the largest deviation of each column. Raises ValueError where its square leaves float64."""
        with np.errstate(over="ignore"):
            sizes: Floats = np.maximum(self.high - centre, centre - self.low)
        for size in sizes.tolist():
            if size and not _SMALLEST <= size <= _LARGEST:
                raise ValueError(
                    f"{self.name} spreads over {size:.3g}, and the square of that does not fit into float64.\n"
                    f"Give {self.name} in other units"
                )
        return sizes


def extent(name: str, values: Floats) -> Extent:
    """Return the extent of the columns of values, (n, k)."""
    return Extent(name, values.min(axis=0), values.max(axis=0))


def middle(values: Floats, weights: Floats | None, reach: Extent) -> Floats:
    """Return the mean of each column: exactly its value where a column is constant."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = values.mean(axis=0) if weights is None else weights @ values / weights.sum()
    # A sum is rounded, and may overflow: a mean stays in the extent.
    return np.clip(np.where(np.isnan(mean), reach.low, mean), reach.low, reach.high)


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
        for start in range(0, len(self.x), _BLOCK):
            rows = slice(start, start + _BLOCK)
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
        if len(self.x) > _BLOCK:
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


_BLOCK = 8192  # rows: of 1e6 in one piece, half the time goes into memory that is asked for and given back
_WELL_CONDITIONED = 1e4  # R from the Gram matrix has lost 4 digits at most, and its errors 12 left


def solve_exactly(columns: Pair, y: Pair, s: Floats) -> tuple[Solution, Floats]:
    """Return the coefficients c that make Σ (y - columns c)² smallest, and y - columns c, exact to rounding.

    `columns` is (n, p), y (n, m), and `s` R⁻¹ of the columns, as float64 has it.

    >>> x = np.array([[1.0, -1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> s = inverse_of_factor(triangle(x), 3).s
    >>> solve_exactly(exactly(x), exactly(np.array([[1.0], [3.0], [5.0]])), s)[0].coefficients.rounded()
    array([[3.],
           [2.]])
    """
    # Orthonormal but for the rounding of R, which is known from here on: (QᵀQ)⁻¹ = K Kᵀ.
    q = product(columns, exactly(s))
    k: Floats = np.linalg.inv(np.linalg.cholesky(inner(q, q))).T
    z = exactly(np.zeros((len(s), y.high.shape[1])))
    residuals = y
    for _ in range(_ROUNDS):
        step = k @ (k.T @ inner(q, residuals))
        z = add(z, exactly(step))
        residuals = subtract(y, product(q, z))
        # Each round leaves about 1e-16 of the error there was.
        if np.abs(step).max() <= 8 * _EPS * np.abs(z.high).max():
            break
    # What is left of a coefficient or a residual that is 0, by the rounding of 31 digits: points on a line have none.
    size = np.abs(z.high)
    kept = size > _NOTHING * size.max(axis=0)
    z = Pair(np.where(kept, z.high, 0.0), np.where(kept, z.low, 0.0))
    left = residuals.rounded()
    terms = np.abs(y.high) + np.abs(q.high) @ size
    reach = np.abs(columns.high).max(axis=1, keepdims=True)
    left[np.abs(left) <= 4 * _NOTHING * np.maximum(terms, terms.max(axis=0) * (reach / reach.max()))] = 0.0
    return Solution(product(exactly(s), z), s, k), left


_ROUNDS = 5
_NOTHING = 1e-29


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


def worth_exact(rows: int, p: int, m: int, condition: float) -> bool:
    """Return whether twice the digits are worth their time: for few rows, and for more where digits would be lost."""
    return rows * p * max(p, m) <= _AT_MOST and (rows * p <= _FEW or condition > _NEARLY_ORTHOGONAL)


_FEW = 500  # numbers: 1 ms for a line through 250 points, where float64 takes 0.3 ms and is good to 15 digits
_AT_MOST = 200_000  # products: 0.1 s
_AT_MOST_ONCE = 2_000_000  # products: 0.3 s
_CANCELLED = 1e-4  # largest residual, y being about 1: of less than that float64 has no 12 digits left
_NEARLY_ORTHOGONAL = 100.0  # condition: of three features of 2,000 points float64 has 13 digits at 100, 12 at 3,000


def least_squares(
    points: Points, *, degree: int | None = None, through: Any = None, absolute_sigma: bool = False
) -> Found:
    """Return the line, the plane or the polynomial with the least squared residuals in y.

    Each residual counts 1/sigma². `degree` asks for a polynomial in one x, `through` for a line through (x0, y0);
    0 or "origin" is the point (0, 0). Raises ValueError where the points do not determine the parameters: too few,
    all x equal, features that depend on each other (they are named), or numbers whose squares leave float64.

    >>> from minigrad.fitting.given import points
    >>> found = least_squares(points([0, 1, 2, 3], [1.0, 3.0, 5.0, 7.5]))
    >>> found.names, found.values.round(6)
    (('slope', 'intercept'), array([2.15, 0.9 ]))
    """
    x = points.x if points.x.ndim == 2 else points.x[:, None]
    flat = points.y.ndim == 1
    y = points.y[:, None] if flat else points.y
    unit = roots = weights = None
    if points.sigma is not None:
        unit = _unit_of_sigma(points.sigma)
        roots = unit / points.sigma
        weights = roots**2
    reach = extent("x", x), extent("y", y)
    extra: dict[str, Any] = {}
    if through is None:
        level = middle(y, weights, reach[1])
        basis = _basis(points, x, weights, reach[0], degree)
    else:
        if degree is not None:
            raise ValueError("through= and degree= were both given.\nA polynomial has no given point: leave one out")
        x0, level = given_point(through, x.shape[1], y.shape[1])
        basis = Centred(x0, powers_of_two(reach[0].about(x0)), names_of_features(points.x_names), False)
        extra["through"] = (float(x0[0]) if len(x0) == 1 else x0, float(level[0]) if flat else level)
    size = powers_of_two(reach[1].about(level))
    rows, p = len(x), basis.width
    if rows < p:
        raise too_few(rows, p, line=x.shape[1] == 1 and degree in (None, 1))
    problem = Problem(basis, x, y, level, size, roots)
    try:
        inverse = inverse_of_factor(problem.factor(), rows, basis.slack(reach[0]))
    except DependentError as dependent:
        raise basis.undetermined(dependent, x, points.x_names) from None
    condition = inverse.condition if degree in (None, 0, 1) else math.inf  # powers cancel, however good the columns
    if worth_exact(rows, p, y.shape[1], condition):
        solution, residuals = solve_exactly(*problem.exactly(), inverse.s)
    else:
        solution, residuals = solve_in_float64(problem, inverse.s)
        cancelled = condition == math.inf or np.abs(residuals).max() < _CANCELLED
        if cancelled and worth_exact(rows, p, y.shape[1], math.inf):
            solution, residuals = solve_exactly(*problem.exactly(), inverse.s)
        elif cancelled and rows * p * y.shape[1] <= _AT_MOST_ONCE:
            solution, residuals = corrected_once(problem, solution)
    residuals *= size
    squares = rss = _sums_of_squares(residuals)
    if roots is not None:
        residuals /= roots[:, None]
        rss = _sums_of_squares(residuals)
    outcome = Outcome(
        rows=rows,
        level=level,
        size=size,
        length=np.sqrt(squares),
        rss=rss,
        unit=unit,
        absolute_sigma=absolute_sigma,
    )
    found = report(basis, solution, outcome, residuals[:, 0] if flat else residuals, flat=flat, extra=extra)
    level_y = reach[1].low == reach[1].high
    constant = [name for name, is_level in zip(points.y_names, level_y, strict=True) if is_level]
    said = warnings_about(rows, p, absolute_sigma, constant, through is not None)
    return replace(found, warnings=(*said, *basis.cautions(found.values, points, reach, inverse)))


def _sums_of_squares(values: Floats) -> Floats:
    """The sum of the squares of each column."""
    sums: Floats = np.zeros(values.shape[1])
    for start in range(0, len(values), _BLOCK):
        sums += np.square(values[start : start + _BLOCK]).sum(axis=0)
    return sums


def _unit_of_sigma(sigma: Floats) -> float:
    smallest, largest = float(sigma.min()), float(sigma.max())
    if smallest < _SMALLEST or largest > min(_LARGEST, _LARGEST * smallest):
        raise ValueError(
            f"sigma goes from {smallest:.3g} to {largest:.3g}, and the squares of that do not fit into float64.\n"
            "Give y and sigma in other units"
        )
    return math.ldexp(1.0, math.frexp(smallest)[1])


def _basis(points: Points, x: Floats, weights: Floats | None, reach: Extent, degree: int | None) -> Basis:
    """The columns of a polynomial, or of a line or plane."""
    if degree is not None:
        from .polynomial import Chebyshev

        if x.shape[1] > 1:
            raise ValueError(
                f"x has {x.shape[1]} features, and degree={degree} asks for a polynomial in one.\n"
                "Give one column, or the powers as features of their own"
            )
        return Chebyshev.over(reach, degree)
    centre = middle(x, weights, reach)
    spread = reach.about(centre)
    if x.shape[1] == 1 and not spread[0] and len(x) > 1:
        raise all_equal(points.x_names[0], float(centre[0]), len(x))
    return Centred(centre, powers_of_two(spread), names_of_features(points.x_names))


def given_point(through: Any, features: int, outputs: int) -> tuple[Floats, Floats]:
    """Return the point that the line goes through: its x, for each feature, and its y, for each output.

    0 and "origin" mean (0, 0). Raises ValueError for what is no point.
    """
    if (isinstance(through, str) and through == "origin") or (np.ndim(through) == 0 and through == 0):
        through = (0.0, 0.0)
    try:
        x0, y0 = through
        point = np.broadcast_to(np.asarray(x0, float), features), np.broadcast_to(np.asarray(y0, float), outputs)
    except (TypeError, ValueError):
        point = (np.full(1, np.nan),) * 2
    if not all(np.isfinite(part).all() for part in point):
        raise ValueError(
            f"through is {through!r}, and a point is meant, of finite numbers.\n"
            'Write through=(x0, y0), or through="origin"'
        )
    return point


def warnings_about(
    rows: int, parameters: int, absolute_sigma: bool, constant: Sequence[str], through: bool = False
) -> tuple[str, ...]:
    """Return what a reader of the parameters ought to know; `constant` are the names of outputs that do not vary."""
    said = []
    if rows == parameters and not absolute_sigma:
        count = "one point" if rows == 1 else f"{rows} points"
        them = "one parameter" if parameters == 1 else f"{parameters} parameters"
        said.append(f"{count} for {them}: nothing is left to tell the errors from, which are NaN")
    if constant and not through:
        are = "is constant" if len(constant) == 1 else "are constant"
        said.append(f"{' and '.join(constant)} {are}: R² is undefined")
    return tuple(said)
