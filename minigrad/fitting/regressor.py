"""`LineRegressor`: the lines of `fit_line` as a scikit-learn estimator.

One idea: an estimator is a fit that is told its settings before its points. All it knows is in `result_`, the same
result that `fit_line` returns; what scikit-learn asks for besides, here is added: validation in its words, weights that
mean copies, and coefficients where the features determine only some combinations of them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

try:
    from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
except ModuleNotFoundError as missing:
    if str(missing.name).partition(".")[0] != "sklearn":
        raise
    raise ModuleNotFoundError(
        'LineRegressor needs scikit-learn: pip install "minigrad[sklearn]"', name="sklearn"
    ) from None

from .found import Curve, Found
from .given import Points
from .line import fit_line
from .result import FitResult
from .solvers.updating import RowsSoFar

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_ONE_OUTPUT = ("distance",)
_WEIGHTED = ("mse", "distance")
"""Losses for which a weight w, as an error of 1/√w, is the same as w copies."""


class _WhereExact:
    """`partial_fit`, which there is for some settings: asked for with others, an AttributeError says why not."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, estimator: Any, owner: Any = None) -> Any:
        if estimator is None:
            return self._method
        settings = [name for name in ("degree", "through") if getattr(estimator, name) is not None]
        if estimator.loss != "mse" or settings:
            why = f"loss={estimator.loss!r}" if estimator.loss != "mse" else f"{settings[0]}="
            raise AttributeError(
                f"partial_fit adds rows to a line of least squares, and this one has {why}, which needs all rows at "
                "once.\nCall fit with all of them"
            )
        return self._method.__get__(estimator, owner)


class LineRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A line, a plane or a polynomial as a scikit-learn estimator, with its uncertainty in `result_`.

    `loss`, `degree`, `through`, `delta`, `tuning`, `errors` and `seed` are those of `fit_line`. X has the shape (n,
    k), y (n,), or (n, m) for m outputs. `sample_weight` counts copies: a row of weight 0 is left out, and a robust
    loss takes whole numbers alone; the errors of "mse" and "distance" yet count rows, as they do with weights of
    1/sigma². Features that depend on each other, or outnumber the rows, are given the shortest coefficients that
    fit best, in units of the spread of each feature; their errors are NaN, and `result_.warnings` names them.

    After a fit: `coef_` (k,), or (m, k); `intercept_`; `result_`, the FitResult; `n_features_in_`,
    `feature_names_in_`. The coefficients of a polynomial are those of x, x², ... Raises ModuleNotFoundError where
    scikit-learn is not installed, ValueError as `fit_line` does.

    >>> m = LineRegressor().fit([[0.0], [1.0], [2.0], [3.0]], [1.0, 3.0, 5.0, 7.5])
    >>> m.coef_.round(6), round(m.intercept_, 6), m.predict([[4.0]]).round(6)
    (array([2.15]), 0.9, array([9.5]))
    """

    def __init__(
        self,
        loss: Any = "mse",
        *,
        degree: int | None = None,
        through: Any = None,
        delta: float | None = None,
        tuning: float | None = None,
        errors: str = "gauss-newton",
        seed: int = 0,
    ) -> None:
        self.loss = loss
        self.degree = degree
        self.through = through
        self.delta = delta
        self.tuning = tuning
        self.errors = errors
        self.seed = seed

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> "LineRegressor":  # noqa: N803
        """Fit the rows of X, (n, k), to y, (n,) or (n, m), and return the estimator itself.

        Raises ValueError where they do not determine a line, or hold what is no finite number; what was fitted before
        is forgotten then too.
        """
        self._forget()
        rows, targets, weights = self._checked(X, y, sample_weight, reset=True)
        self._take(self._fitted(rows, targets, weights))
        return self

    @_WhereExact
    def partial_fit(
        self,
        X: ArrayLike,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> "LineRegressor":
        """Fit these rows and all before them, by `fit` or by `partial_fit`, and return the estimator itself.

        The line is that of `fit` on all rows at once, to rounding: a triangular factor takes the rows, in memory that
        does not grow with them. Rows that do not determine a line yet are kept; `predict` says what is missing. Raises
        ValueError for rows of another width, AttributeError where the loss is not "mse" or degree or through was set.
        """
        first = not self.__sklearn_is_fitted__()
        rows, targets, weights = self._checked(X, y, sample_weight, reset=first, least=1)
        so_far = self._rows
        if so_far is None:
            so_far = RowsSoFar(rows.shape[1], 1 if targets.ndim == 1 else targets.shape[1])
            if not first:
                before = self.result_.given
                so_far.add(before.x, before.y, before.sigma)
        so_far.add(rows, targets, None if weights is None else 1 / np.sqrt(weights))
        names = self._names()
        try:
            found = so_far.found(names)
        except ValueError as undetermined:
            self._forget()
            self._rows, self._waiting = so_far, str(undetermined)
            return self
        self._rows = so_far
        if targets.ndim == 2 and targets.shape[1] == 1:
            found = _with_an_axis(found)
        none = np.zeros(0, dtype=np.intp)
        shape = 0 if len(names) == 1 else (0, len(names))
        given = Points(np.empty(shape), targets[:0], None, None, names, _y_names(targets), none, so_far.rows)
        self._take(FitResult(given, found, "mse"))
        return self

    def predict(self, X: ArrayLike) -> Floats:  # noqa: N803
        """Return the curve's y at the rows of X: of shape (n,), or (n, m) for m outputs.

        Raises NotFittedError before a fit, and ValueError for a vertical line.
        """
        check_is_fitted(self)
        if self._waiting is not None:
            raise NotFittedError(f"the rows so far do not determine a line: {self._waiting}")
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        found: Floats = self.result_.predict(rows[:, 0] if rows.shape[1] == 1 else rows)
        return found

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "result_") or self._waiting is not None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = self.loss not in _ONE_OUTPUT
        return tags

    # Inside.

    _rows: RowsSoFar | None = None
    """All rows so far, where `partial_fit` took some."""
    _waiting: str | None = None
    """Why the rows so far do not determine a line."""

    def _forget(self) -> None:
        for name in ("result_", "coef_", "intercept_", "_rows", "_waiting"):
            self.__dict__.pop(name, None)

    def _checked(
        self,
        X: Any,  # noqa: N803
        y: Any,
        sample_weight: Any,
        *,
        reset: bool,
        least: int | None = None,
    ) -> tuple[Floats, Floats, Floats | None]:
        """Rows, targets and weights as scikit-learn would have them, less the rows of weight 0."""
        least = least or (2 if self.through is None else 1)
        several = self.loss not in _ONE_OUTPUT
        rows, targets = validate_data(
            self, X, y, reset=reset, dtype=np.float64, multi_output=several, y_numeric=True, ensure_min_samples=least
        )
        targets = np.asarray(targets, dtype=np.float64)
        if sample_weight is None:
            return rows, targets, None
        weights = _check_sample_weight(sample_weight, rows, dtype=np.float64, ensure_non_negative=True)
        counted = weights > 0
        return rows[counted], targets[counted], weights[counted]

    def _names(self) -> tuple[str, ...]:
        """The names of the features: those that a table brought along, else x, or x1, x2, ..."""
        if hasattr(self, "feature_names_in_"):
            return tuple(map(str, self.feature_names_in_))
        k = self.n_features_in_
        return ("x",) if k == 1 else tuple(f"x{j + 1}" for j in range(k))

    def _fitted(self, rows: Floats, targets: Floats, weights: Floats | None) -> FitResult:
        """The fit of all features; where they do not determine it, of the directions in which they differ."""
        names = self._names()
        if weights is not None and self.loss not in _WEIGHTED:
            rows, targets, weights = _copies(rows, targets, weights, self.loss)
        try:
            return self._line(rows, targets, weights, names)
        except ValueError as undetermined:
            if len(names) == 1 or self.through is not None:
                raise
            directions = _Directions.of(rows, weights)
            rank = directions.vectors.shape[1]
            if not 0 < rank < len(names):
                raise
            try:
                found = self._line(directions.scores(rows), targets, weights, tuple(f"z{j + 1}" for j in range(rank)))
            except ValueError:
                raise undetermined from None
            given = replace(found.given, x=rows, x_names=names)
            return replace(found, given=given, found=directions.back(found.found, names, str(undetermined)))

    def _line(self, rows: Floats, targets: Floats, weights: Floats | None, names: tuple[str, ...]) -> FitResult:
        x = (rows[:, 0] if len(names) == 1 else rows).view(_Named)
        x.columns, x.name = None if len(names) == 1 else names, names[0]
        settings: dict[str, Any] = {"weights": weights}
        if weights is not None and self.loss == "distance":
            deviation = 1 / np.sqrt(weights)
            settings = {"sigma": deviation * (1.0 if self.delta is None else self.delta) ** 0.5, "sigma_x": deviation}
        elif self.delta is not None:
            settings["delta"] = self.delta
        return fit_line(
            x,
            targets,
            loss=self.loss,
            degree=self.degree,
            through=self.through,
            tuning=self.tuning,
            errors=self.errors,
            seed=self.seed,
            **settings,
        )

    def _take(self, result: FitResult) -> None:
        """Keep a result, and its parameters under scikit-learn's names."""
        found = result.found
        place = found.names.index("intercept" if "intercept" in found.names else "c0")
        self.result_ = result
        self.coef_ = np.delete(found.values, place, axis=-1)
        level = found.values[..., place]
        self.intercept_ = float(level) if level.ndim == 0 else level
        self._waiting = None


class _Named(np.ndarray[Any, Any]):
    """An array with names for its columns, as a table has them."""

    columns: tuple[str, ...] | None
    name: str


def _y_names(targets: Floats) -> tuple[str, ...]:
    return ("y",) if targets.ndim == 1 else tuple(f"y{j + 1}" for j in range(targets.shape[1]))


def _copies(rows: Floats, targets: Floats, weights: Floats, loss: Any) -> tuple[Floats, Floats, None]:
    """The rows, each as often as its weight says; equal weights are none at all."""
    if (weights == weights[0]).all():
        return rows, targets, None
    counts = np.rint(weights)
    if (counts != weights).any():
        one = float(weights[counts != weights][0])
        raise ValueError(
            f"a sample_weight is {one:g}, and loss={loss!r} takes whole numbers, which count copies of a row.\n"
            "For rows of unlike errors: fit_line(x, y, sigma=..., loss=...)"
        )
    again = np.repeat(np.arange(len(rows)), counts.astype(np.intp))
    return rows[again], targets[again], None


def _with_an_axis(found: Found) -> Found:
    """What was found for y of shape (n,), as it is for (n, 1)."""
    return replace(
        found,
        values=found.values[None],
        cov=found.cov[None],
        curve=_Column(found.curve),
        scale=np.atleast_1d(found.scale),
        extra={
            **found.extra,
            "r2": np.atleast_1d(found.extra["r2"]),
            "rss": np.atleast_1d(found.rss),
            "chi2": None if found.chi2 is None else np.atleast_1d(found.chi2),
        },
    )


@dataclass(frozen=True)
class _Column:
    """A curve of one output that had an axis for it."""

    curve: Curve

    def at(self, x: Floats) -> Floats:
        return self.curve.at(x)[:, None]

    def variance(self, x: Floats) -> Floats:
        return self.curve.variance(x)[:, None]


@dataclass(frozen=True)
class _Directions:
    """Orthonormal directions in which features differ: features that depend on each other have fewer than features.

    Coefficients along them are the shortest of all that predict the same, in units of the spread of each feature.
    """

    centre: Floats
    spread: Floats
    vectors: Floats

    @staticmethod
    def of(rows: Floats, weights: Floats | None) -> "_Directions":
        """Return the directions of rows about their mean."""
        w = np.ones(len(rows)) if weights is None else weights
        centre = w @ rows / w.sum()
        deviations = rows - centre
        spread = np.sqrt(w @ deviations**2 / w.sum())
        spread[spread == 0] = 1
        _, values, vectors = np.linalg.svd(deviations / spread, full_matrices=False)
        rank = int((values > 4 * max(rows.shape) * _EPS * values[0]).sum())
        return _Directions(centre, spread, vectors[:rank].T)

    def scores(self, x: Floats) -> Floats:
        """Return the places of rows along the directions."""
        places: Floats = (x - self.centre) / self.spread @ self.vectors
        return places

    def back(self, found: Found, names: tuple[str, ...], why: str) -> Found:
        """Return what was found along the directions as coefficients of the features."""
        place = found.names.index("intercept")
        along = np.delete(found.values, place, axis=-1)
        slopes = along @ self.vectors.T / self.spread
        intercept = found.values[..., place] - slopes @ self.centre
        values = np.concatenate([intercept[..., None], slopes], axis=-1)
        size = values.shape[-1]
        note = f"{why.splitlines()[0].rstrip('.')}; these are the shortest coefficients, and their errors are NaN"
        return replace(
            found,
            names=("intercept", *names),
            values=values,
            cov=np.full((*values.shape, size), np.nan),
            curve=_Along(found.curve, self),
            warnings=(note, *found.warnings),
        )


@dataclass(frozen=True)
class _Along:
    """A curve in features that was fitted along directions of them."""

    curve: Curve
    directions: _Directions

    def at(self, x: Floats) -> Floats:
        return self.curve.at(self._places(x))

    def variance(self, x: Floats) -> Floats:
        return self.curve.variance(self._places(x))

    def _places(self, x: Floats) -> Floats:
        places = self.directions.scores(x)
        return places[:, 0] if places.shape[1] == 1 else places
