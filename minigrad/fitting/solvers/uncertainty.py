"""Errors by other ways than Gauss-Newton's: exact second derivatives, the bootstrap, the jackknife.

One idea: a way of telling errors puts another covariance into what was found, and leaves the parameters
as they are. The bootstrap draws the points again and again, the jackknife leaves each out once; of least
squares both are formulas on the rows of the orthonormal columns, and nothing is fitted again.

Bootstrap of pairs: Efron (1979), Bootstrap methods: another look at the jackknife. Jackknife: Tukey (1958),
Bias and confidence in not quite large samples; by leverages: Miller (1974), An unbalanced jackknife.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg

from ..found import Curve, Found
from ..given import Points
from .design import Basis, Centred, Combination
from .extent import powers_of_two
from .flat import Straight
from .task import ModelCurve

Floats = NDArray[np.float64]
Refit = Callable[[Points], Found]

WAYS = ("gauss-newton", "hessian", "bootstrap", "jackknife")
DRAWS = 1000

_AT_ONCE = 2_000_000  # numbers drawn at once: 16 MB
_SINGULAR = 1e-10  # of a draw's share of the points in some direction, where all points have 1


def with_errors(
    found: Found,
    given: Points,
    errors: str,
    *,
    refit: Refit,
    absolute_sigma: bool = False,
    seed: int = 0,
    squares: bool = False,
    chi2: Callable[[Any], Any] | None = None,
    redrawn: Callable[[NDArray[np.int64]], Floats] | None = None,
    draws: int = DRAWS,
) -> Found:
    """Return what was found with the covariance that another way tells: "hessian", "bootstrap" or "jackknife".

    `refit` fits other points the same way; it is not called where `squares` says that this is least squares, linear in
    the parameters. `chi2` takes all parameters, a Tensor (p,), and returns Σ (residual / sigma)² by operations of
    minigrad: "hessian" is 2 s² H⁻¹ of it, with s² = 1 if `absolute_sigma`. `redrawn` fits many draws at once, where
    there is a way: as `robust.redrawn`. The `draws` of a bootstrap are in
    `extra["bootstrap"]`, (draws, p) or (draws, m, p); those that determine no fit are left out, and counted in
    `warnings`. Raises ValueError for another way, for a loss without second derivatives, and for a jackknife where a
    point cannot be left out.

    >>> from minigrad.fitting.given import points
    >>> from minigrad.fitting.solvers.linear import least_squares
    >>> four = points([0, 1, 2, 3], [1.0, 3.0, 5.0, 7.5])
    >>> found = with_errors(least_squares(four), four, "jackknife", refit=least_squares, squares=True)
    >>> np.sqrt(np.diagonal(found.cov)).round(6)
    array([0.15771 , 0.220158])
    """
    if errors not in WAYS:
        raise ValueError(f"errors is {errors!r}, which is none of the ways.\nChoose from {', '.join(map(repr, WAYS))}")
    if errors == "gauss-newton":
        return found
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"seed is {seed!r}, and the draws are numbered by it.\nGive a whole number from 0 on")
    if found.vertical is not None:
        return _noted(found, f"the line is vertical and has no slope whose error could be told by {errors}")
    if found.dof <= 0:
        return _noted(found, f"as many parameters as points: {errors} has nothing to tell errors from")
    if errors == "hessian":
        return _by_hessian(found, squares, chi2, absolute_sigma)
    ends = _ends_of(found, given)
    by_rows = squares and isinstance(found.curve, Combination)
    if not by_rows:
        refit(given)  # what cannot be fitted again at all says why, before draws that cannot are left out
    if errors == "jackknife":
        if found.extra.get("corner"):
            # Efron (1979), section 3: of a median it is off by a random factor, however many points there are.
            found = _noted(found, "the jackknife is no guide for a loss with a corner: errors='bootstrap' is")
            ends = replace(ends, found=found)
        return _by_jackknife(found, given, refit, ends, by_rows)
    return _by_bootstrap(found, given, refit, redrawn, ends, by_rows, seed, draws)


def _noted(found: Found, sentence: str) -> Found:
    return replace(found, warnings=(*found.warnings, sentence))


# ----------------------------------------------------------------------------- second derivatives


def _by_hessian(found: Found, squares: bool, chi2: Callable[[Any], Any] | None, absolute_sigma: bool) -> Found:
    if squares:
        how = "errors by exact second derivatives: those of Gauss-Newton, since the curve is linear in its parameters"
        return replace(found, message=f"{found.message}; {how}")
    message = f"{found.message}; errors by exact second derivatives"
    if "cov_hessian" in found.extra:
        # A robust loss knows more than its Hessian: how far the residuals pull, on both sides of it.
        assert isinstance(found.curve, Combination)
        curve = Scattered(found.curve, found.curve.basis, found.extra["inner_hessian"])
        return replace(found, cov=found.extra["cov_hessian"], curve=curve, message=message)
    if chi2 is None:
        raise ValueError("of this loss no second derivatives are known that tell errors.\nTake errors='bootstrap'")
    cov = np.array(found.cov)
    variances = np.diagonal(cov)
    held = np.isin(found.names, found.extra.get("fixed", ()))
    free = np.flatnonzero(~held & np.isfinite(variances))
    every = np.array(found.values)

    def of_free(moved: Any) -> Any:
        """chi2 of the free parameters in units of their errors, in which the matrix is near twice the correlations."""
        return chi2(mg.index_update(every, free, every[free] + moved * units))

    units = np.sqrt(np.where(variances[free] > 0, variances[free], 1.0))
    hessian = np.asarray(mg.hessian(of_free)(np.zeros(len(free))), dtype=np.float64)
    values, vectors = np.linalg.eigh((hessian + hessian.T) / 2)
    s2 = 1.0 if absolute_sigma else float(found.scale) ** 2
    if not values[0] > 0:
        cov[np.ix_(free, free)] = np.nan
        found = _noted(found, "the second derivatives of chi2 are not those of a minimum: they tell no errors")
    else:
        inner = (vectors / values) @ vectors.T
        cov[np.ix_(free, free)] = 2 * s2 * inner * np.outer(units, units)
    return replace(_with_cov(found, cov), message=message)


# ----------------------------------------------------------------------------- points drawn again, or left out


@dataclass(frozen=True)
class _Ends:
    """Where other points lead, as differences from what was found: in coefficients of columns that keep the digits of
    a line far from x = 0, if the curve has any, else in the parameters themselves."""

    found: Found
    basis: Basis | None
    x: Floats
    inverse: Floats | None

    def of(self, other: Found) -> Floats:
        """The difference of another fit, (p,) or (m, p)."""
        if self.basis is None or self.inverse is None:
            difference = other.values - self.found.values
        else:
            difference = (self.inverse @ (other.curve.at(self.x) - self.found.curve.at(self.x))).T
        if not (np.isfinite(difference).all() and np.isfinite(other.values).all()):
            raise ValueError("no finite parameters")
        return np.asarray(difference)

    def outside(self, differences: Floats) -> Floats:
        """The same in the parameters that are reported: (..., p) gives (..., q)."""
        if self.basis is None:
            return differences
        return np.asarray(differences @ self.basis.outside().rounded().T)

    def reported(self, inner: Floats, message: str, extra: dict[str, Any], said: tuple[str, ...] = ()) -> Found:
        """What was found, with the covariance `inner`, (p, p) or (m, p, p), of these differences."""
        root = self.outside(np.eye(inner.shape[-1])).T
        instead = "in their place " if "errors" in self.found.message else ""
        curve = self.found.curve
        if self.basis is not None:
            curve = Scattered(curve, self.basis, inner)
        found = replace(
            self.found,
            cov=root @ inner @ root.T,
            curve=curve,
            message=f"{self.found.message}; {instead}{message}",
            warnings=(*self.found.warnings, *said),
            extra={**self.found.extra, **extra},
        )
        return found if self.basis is not None else _with_cov(found, found.cov)


@dataclass(frozen=True)
class Scattered:
    """A curve of which the covariance of the coefficients is `inner`, (p, p), or (m, p, p) for m outputs."""

    curve: Curve
    basis: Basis
    inner: Floats

    def at(self, x: Floats) -> Floats:
        """Return the curve's y at x."""
        return self.curve.at(x)

    def variance(self, x: Floats) -> Floats:
        """Return the variance of that y."""
        columns = self.basis.columns(x)
        return np.asarray(np.einsum("np,...pq,nq->n...", columns, self.inner, columns))


def _ends_of(found: Found, given: Points) -> _Ends:
    basis = _basis_of(found, given.x)
    inverse = None if basis is None else np.asarray(np.linalg.pinv(basis.columns(given.x)), dtype=np.float64)
    return _Ends(found, basis, given.x, inverse)


def _basis_of(found: Found, x: Floats) -> Basis | None:
    """Columns of which the curve is a combination, if it is straight or a polynomial."""
    if isinstance(found.curve, Combination):
        return found.curve.basis
    if isinstance(found.curve, Straight):
        # In units of the spread: beside a column of 1, one of 1e16 would leave the other no digits.
        centre = found.curve.centre
        unit = powers_of_two(np.abs(x.reshape(-1, len(centre)) - centre).max(axis=0))
        return Centred(centre, unit, found.names)
    return None


def _with_cov(found: Found, cov: Floats) -> Found:
    """What was found, with another covariance of the parameters; the curve's follows where it can."""
    curve = found.curve
    if isinstance(curve, ModelCurve):
        # A parameter that stands on its bound has no error, and moves nothing.
        curve = replace(curve, cov=np.nan_to_num(cov[np.ix_(curve.free, curve.free)]))
    return replace(found, cov=cov, curve=curve)


def _rows(found: Found, given: Points) -> tuple[Floats, Floats, Floats]:
    """Of least squares: orthonormal columns (n, p), residuals (n, m) in units of sigma, and what leads to the basis."""
    assert isinstance(found.curve, Combination)
    sigma = np.ones(given.n) if given.sigma is None else given.sigma
    q, r = np.linalg.qr(found.curve.basis.columns(given.x) / sigma[:, None])
    return q, found.residuals.reshape(given.n, -1) / sigma[:, None], np.linalg.inv(r)


def _by_jackknife(found: Found, given: Points, refit: Refit, ends: _Ends, by_rows: bool) -> Found:
    n = given.n
    if by_rows:
        q, residuals, inverse = _rows(found, given)
        left = 1 - np.einsum("np,np->n", q, q)
        if (left <= _SINGULAR).any():
            raise _not_without(given, int(np.argmin(left)))
        moved = -q[:, None, :] * (residuals / left[:, None])[:, :, None]
        differences = moved @ inverse.T
        if found.values.ndim == 1:
            differences = differences[:, 0]
    else:
        each = []
        for row in range(n):
            try:
                each.append(ends.of(refit(given.take(np.arange(n) != row))))
            except (ValueError, np.linalg.LinAlgError):
                raise _not_without(given, row) from None
        differences = np.stack(each)
    about = differences - differences.mean(axis=0)
    inner = (n - 1) / n * np.einsum("n...p,n...q->...pq", about, about)
    point = "point" if given.sigma is None else "point with its sigma"
    return ends.reported(inner, f"errors by the jackknife, each {point} left out once", {})


def _not_without(given: Points, row: int) -> ValueError:
    return ValueError(
        f"without row {int(given.rows[row]) + 1} of {given.given} the points do not determine the parameters, "
        "and the jackknife leaves each row out once.\nTake errors='bootstrap' or errors='gauss-newton'"
    )


def _by_bootstrap(
    found: Found,
    given: Points,
    refit: Refit,
    redrawn: Callable[[NDArray[np.int64]], Floats] | None,
    ends: _Ends,
    by_rows: bool,
    seed: int,
    draws: int,
) -> Found:
    if by_rows:
        differences = _drawn_squares(found, given, seed, draws)
    else:
        each = []
        for rows in _drawn(given.n, seed, draws):
            at_once = None if redrawn is None else redrawn(rows)
            for draw, some in enumerate(rows):
                if at_once is not None and np.isfinite(at_once[draw]).all():
                    each.append(at_once[draw])
                    continue
                try:
                    each.append(ends.of(refit(given.take(some))))
                except (ValueError, np.linalg.LinAlgError):
                    continue  # counted below
        differences = np.array(each)
    kept = len(differences)
    if kept < max(2, draws // 2):
        raise ValueError(
            f"of {draws} draws of the points only {kept} determine the parameters: too few for a bootstrap.\n"
            "Give more points, or take errors='gauss-newton'"
        )
    said: tuple[str, ...] = ()
    if kept < draws:
        said = (f"{draws - kept} of {draws} bootstrap draws determine no fit, and were left out",)
    about = differences - differences.mean(axis=0)
    inner = np.einsum("n...p,n...q->...pq", about, about) / (kept - 1)
    drawn = found.values + ends.outside(differences)
    points = "points" if given.sigma is None else "points with their sigmas"
    message = f"errors by {draws} bootstrap draws of the {points} (seed {seed})"
    return ends.reported(inner, message, {"bootstrap": drawn}, said)


def _drawn(n: int, seed: int, draws: int) -> Iterator[NDArray[np.int64]]:
    """Rows drawn with replacement, in blocks of shape (k, n)."""
    random = np.random.default_rng(seed)
    block = max(1, _AT_ONCE // n)
    for first in range(0, draws, block):
        yield random.integers(0, n, (min(block, draws - first), n))


def _drawn_squares(found: Found, given: Points, seed: int, draws: int) -> Floats:
    """Least squares of every draw: (QᵀCQ)⁻¹ Qᵀ C r, where C counts how often each point was drawn."""
    q, residuals, inverse = _rows(found, given)
    n, p = q.shape
    pairs = (q[:, :, None] * q[:, None, :]).reshape(n, p * p)
    pulls = (q[:, :, None] * residuals[:, None, :]).reshape(n, -1)
    both = np.hstack([pairs, pulls])
    kept = []
    for rows in _drawn(n, seed, draws):
        k = len(rows)
        counts = np.bincount((rows + n * np.arange(k)[:, None]).ravel(), minlength=k * n).reshape(k, n)
        sums = counts.astype(np.float64) @ both
        gram, pull = sums[:, : p * p].reshape(k, p, p), sums[:, p * p :].reshape(k, p, -1)
        good = np.linalg.eigvalsh(gram)[:, 0] > _SINGULAR
        kept.append(inverse @ np.linalg.solve(gram[good], pull[good]))
    differences = np.concatenate(kept).transpose(0, 2, 1)
    return differences[:, 0] if found.values.ndim == 1 else differences
