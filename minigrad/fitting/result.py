"""`FitResult`: everything that follows from what a solver found.

One idea: one result for every fit, exact or descending, linear or not. It keeps the points and what
was found, and derives the rest when it is asked for: errors, intervals, bands, the report, the plot.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import report
from .found import Found
from .given import Points, as_array

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class FitResult:
    """A fit: its parameters, their errors, and all that follows.

    `params`, `errors`, `t`, `p` and `conf_int()` are dictionaries in the order of the parameters; of m outputs each
    value is an array of length m, and `cov` has the shape (m, p, p). Standard errors need NumPy alone; `p`,
    `conf_int()` and the bands of `predict` need SciPy (the extra `fit`). The quantiles are Student's t with `dof`
    degrees of freedom, and the normal distribution's where sigma was taken as absolute. A result can be pickled, that
    of a model where the model can: a function of a module, no lambda.

    >>> from minigrad.fitting import fit_line
    >>> fit_line([0, 1, 2, 3], [1.1, 2.9, 5.2, 6.8])
    y against x, loss mse, 4 points, R² 0.99566
    slope      1.940(91)
    intercept  1.09(17)
    """

    given: Points
    found: Found
    loss: str
    absolute_sigma: bool = False
    """Whether sigma was taken as it is, or only the ratios of the sigmas."""

    # What was found.

    @property
    def params(self) -> dict[str, Any]:
        """The parameters by name."""
        return self._by_name(self.found.values)

    @property
    def errors(self) -> dict[str, Any]:
        """The standard error of each parameter, by name; 0 for a parameter that was held fixed."""
        return self._by_name(self._errors)

    @property
    def cov(self) -> Floats:
        """The covariance of the parameters, of shape (p, p), or (m, p, p) for m outputs; it cannot be written to."""
        return _read_only(self.found.cov)

    @property
    def corr(self) -> Floats:
        """The correlations of the parameters, of the shape of `cov`; NaN where an error is 0 or unknown."""
        errors = self._errors
        with np.errstate(divide="ignore", invalid="ignore"):
            corr = self.found.cov / (errors[..., :, None] * errors[..., None, :])
        known = np.isfinite(errors) & (errors > 0)
        size = errors.shape[-1]
        corr[..., np.arange(size), np.arange(size)] = np.where(known, 1.0, np.nan)
        return corr

    @property
    def slope(self) -> Any:
        """The slope of a line; infinite where the line is vertical. Raises AttributeError for other models."""
        return self._of_line("slope")

    @property
    def intercept(self) -> Any:
        """The y of a line, or plane, at x = 0; NaN where the line is vertical. Raises AttributeError without one."""
        return self._of_line("intercept")

    @property
    def held(self) -> tuple[str, ...]:
        """The parameters that were not fitted: held fixed, or given by the point that the line goes through."""
        if "through" in self.found.extra:
            variances = np.diagonal(self.found.cov, axis1=-2, axis2=-1).reshape(-1, len(self.found.names))
            return tuple(name for name, v in zip(self.found.names, variances.T, strict=True) if (v == 0).all())
        return tuple(self.found.extra.get("fixed", ()))

    @property
    def n(self) -> int:
        """The number of points that were fitted."""
        return int(self.found.extra.get("n", self.given.n))

    @property
    def dof(self) -> int:
        """The degrees of freedom: points less parameters that were free; of several outputs, those of each."""
        return self.found.dof

    @property
    def residuals(self) -> Floats:
        """y less the curve, of the shape of y; for the distance losses the signed distances to the line.

        They cannot be written to, for R² and chi² follow from them: copy them first.
        """
        return _read_only(self.found.residuals)

    @property
    def rss(self) -> Any:
        """The sum of the squares of the residuals; of several outputs, one for each."""
        residuals = self.found.residuals
        if residuals.ndim == 2 and len(residuals) == self.n:
            return np.sum(residuals**2, axis=0)
        return self.found.extra.get("rss", self.found.rss)

    @property
    def chi2(self) -> Any:
        """The sum of (residual / sigma)², of several outputs one for each; None where no sigma was given."""
        residuals, sigma = self.found.residuals, self.given.sigma
        if self.found.chi2 is None or sigma is None or residuals.ndim == 1 or len(residuals) < self.n:
            return self.found.extra.get("chi2", self.found.chi2)
        return np.sum((residuals / sigma[:, None]) ** 2, axis=0)

    @property
    def reduced_chi2(self) -> Any:
        """chi2 over the degrees of freedom, about 1 where the sigmas are true; None where no sigma was given."""
        if self.chi2 is None:
            return None
        return self.chi2 / self.dof if self.dof > 0 else self.chi2 * math.nan

    @property
    def residual_error(self) -> Any:
        """The residual standard error √(rss / dof), in the units of the residuals; NaN without degrees of freedom."""
        rss = self.rss
        if len(self.found.residuals) < self.n and self.chi2 is None:
            return self.found.scale
        if self.dof <= 0:
            return rss * math.nan
        return np.sqrt(rss / self.dof) if isinstance(rss, np.ndarray) else math.sqrt(rss / self.dof)

    @property
    def r2(self) -> Any:
        """R², the share of the variance of y that the curve explains; NaN where y is constant.

        1 - Σ w (y - curve)² / Σ w (y - ȳ)², with w = 1/sigma² and ȳ the weighted mean. A line forced through a
        point has that point's y in place of ȳ (as R and NIST have it for lines through the origin). The distance
        losses do not say which of x and y is the response: of a line theirs is the squared correlation of x and y. Of
        several outputs, one for each.
        """
        if "r2" in self.found.extra:
            return self.found.extra["r2"]
        x, y, sigma = self.given.x, self.given.y, self.given.sigma
        if self._distances and "slope" in self.found.names:
            return _squared_correlation(x.reshape(-1), y.reshape(-1))
        w = np.ones(len(y)) if sigma is None else np.square(np.min(sigma) / sigma)
        w = w.reshape(-1, *[1] * (y.ndim - 1))
        off = y - self.found.curve.at(self.given.x) if self._distances else self.found.residuals
        through = self.found.extra.get("through")
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            centre = np.sum(w * y, axis=0) / np.sum(w) if through is None else np.asarray(through[1])
            total = np.sum(w * (y - centre) ** 2, axis=0)
            explained = 1 - np.sum(w * off**2, axis=0) / total
        constant = (y == y[0]).all(axis=0) if through is None else total == 0
        found = np.where(constant, np.nan, explained)
        return found if y.ndim == 2 else float(found)

    @property
    def r2_adjusted(self) -> Any:
        """R² adjusted for the number of parameters (Theil, 1961): 1 - (1 - R²) (degrees of freedom of y) / dof."""
        free = self.n if "through" in self.found.extra else self.n - 1
        return 1 - (1 - self.r2) * free / self.dof if self.dof > 0 else self.r2 * math.nan

    @property
    def history(self) -> tuple[float, ...]:
        """The loss at each step of a solver that goes in steps; empty for a closed form."""
        return self.found.history

    @property
    def steps(self) -> int:
        """How many steps the solver took."""
        return self.found.steps

    @property
    def converged(self) -> bool:
        """Whether the solver came to an end; if not, this is the best it saw."""
        return self.found.converged

    @property
    def message(self) -> str:
        """How the line was found, and how it ended."""
        return self.found.message

    @property
    def vertical(self) -> bool:
        """Whether the line is vertical, x = x0; x0 is in `message`."""
        return self.found.vertical is not None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a careful reader would want to know before using the numbers, a sentence each."""
        y = self.given.y
        constant = y.size > 0 and len(y) > 1 and bool((y == y[0]).all())
        note = ("y is constant: R² is undefined",)
        said = any("R²" in warning for warning in self.found.warnings)
        return self.found.warnings + (note if constant and not said else ())

    # What follows with the quantiles of a distribution.

    @property
    def t(self) -> dict[str, Any]:
        """Each parameter over its standard error; NaN for one that was held fixed."""
        return self._by_name(self._t)

    @property
    def p(self) -> dict[str, Any]:
        """The probability of a |t| at least as large if the parameter were 0, two-sided. Raises ModuleNotFoundError
        without SciPy."""
        special = _special("p")
        t = np.abs(self._t)
        if self.absolute_sigma:
            return self._by_name(2 * special.ndtr(-t))
        return self._by_name(2 * special.stdtr(self.dof, -t) if self.dof > 0 else t * np.nan)

    def conf_int(self, level: float = 0.95) -> dict[str, tuple[Any, Any]]:
        """Return the confidence interval of each parameter, by name: (low, high).

        A parameter ± the quantile of t times its error; after a bootstrap, the percentiles of the parameters that
        were drawn (Efron, 1979). Raises ValueError for a level outside of 0..1; ModuleNotFoundError without SciPy,
        unless there was a bootstrap.

        >>> from minigrad.fitting import fit_line
        >>> low, high = fit_line([0, 1, 2, 3], [1.1, 2.9, 5.2, 6.8]).conf_int()["slope"]
        >>> print(f"{low:.3f} {high:.3f}")
        1.550 2.330
        """
        _check_level(level)
        drawn = self.found.extra.get("bootstrap")
        if drawn is not None:
            low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
        else:
            reach = self._quantile(level, "conf_int()") * self._errors
            low, high = self.found.values - reach, self.found.values + reach
        lows, highs = self._by_name(low), self._by_name(high)
        return {name: (lows[name], highs[name]) for name in self.found.names}

    def predict(
        self, x: ArrayLike, band: float | None = None, kind: str = "mean", sigma: ArrayLike | None = None
    ) -> Any:
        """Return the curve's y at x; with a band, (y, low, high).

        `x` is a number or of shape (n,), of shape (n, k) for k features, (k, n) where a model was fitted to that, or a
        table or dict of their columns; y is a float, (n,), or (n, m) for m outputs, in the units of y. `band=0.95` is
        the confidence level. kind "mean" is the band of the curve itself, from the covariance of the parameters; kind
        "new" the band in which a new point falls: it adds the variance of a point about the curve, scale². Where sigma
        was given, scale is in units of it, and a new point needs its own: `sigma`, one standard deviation of y about
        the curve (an error of x included), by default the one that all points had. Raises ValueError for an x of
        another shape, a band outside of 0..1, a vertical line, or a new point whose sigma is not known; TypeError for
        an x that holds no numbers; ModuleNotFoundError for a band without SciPy.

        >>> from minigrad.fitting import fit_line
        >>> result = fit_line([0, 1, 2, 3], [1.1, 2.9, 5.2, 6.8])
        >>> y, low, high = result.predict(4, band=0.95, kind="new")
        >>> print(f"{y:.2f} in {low:.2f}..{high:.2f}")
        8.85 in 7.47..10.23
        """
        if self.found.vertical is not None:
            raise ValueError(
                f"the line is vertical, {self.given.x_names[0]} = {self.found.vertical:.12g}: no y belongs to an x.\n"
                "Fit x against y: fit_line(y, x)"
            )
        if kind not in ("mean", "new"):
            raise ValueError(f'kind is {kind!r}, not "mean" (the curve itself) or "new" (a new point)')
        if band is not None:
            _check_level(band, "band")
        places, single = self._places(x)
        y = np.asarray(self.found.curve.at(places))
        if band is None:
            return _of_one(y) if single else y
        variance = np.asarray(self.found.curve.variance(places))
        if kind == "new":
            variance = variance + self._variance_of_new(places, sigma, y.ndim)
        # Below 0 by rounding alone, as where two places are all that errors are known of.
        reach = self._quantile(band, "a band") * np.sqrt(np.maximum(variance, 0.0))
        found = (y, y - reach, y + reach)
        return tuple(_of_one(part) for part in found) if single else found

    # How it is shown.

    def summary(self, level: float = 0.95) -> str:
        """Return the report: about 14 lines, the table of the parameters in the middle, what to beware of below."""
        return report.summary(self, level)

    def to_dict(self) -> dict[str, Any]:
        """Return all that the summary says as plain Python, in full digits; residuals and history are left out.

        `t`, `p` and `conf_int` are None where SciPy is not installed.
        """
        return report.as_dict(self)

    def to_json(self, indent: int | None = 2) -> str:
        """Return `to_dict()` as JSON. A number reads back to the same bits; NaN and infinity are null, as JSON has
        no word for them."""
        return report.as_json(self, indent)

    def plot(self, path: Any = None, **options: Any) -> "Figure":
        """Draw points, curve, bands and residuals, and write them to path (.png, .svg, .pdf), if one is given.

        Returns the matplotlib figure; the options are those of `minigrad.fitting.plot.draw`. Needs no display.
        Raises ModuleNotFoundError without matplotlib.
        """
        try:
            from .plot import draw
        except ModuleNotFoundError as missing:
            raise _needs("plot()", str(missing.name)) from None
        return draw(self, path, **options)

    def __repr__(self) -> str:
        return report.short(self)

    def _repr_html_(self) -> str:
        return report.as_html(self)

    # Inside.

    def _by_name(self, values: Floats) -> dict[str, Any]:
        if values.ndim == 1:
            return {name: float(value) for name, value in zip(self.found.names, values, strict=True)}
        return {name: values[:, k].copy() for k, name in enumerate(self.found.names)}

    @property
    def _errors(self) -> Floats:
        variance = np.diagonal(self.found.cov, axis1=-2, axis2=-1)
        with np.errstate(invalid="ignore"):
            return np.sqrt(variance)

    @property
    def _t(self) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            t = self.found.values / self._errors
        t[..., [name in self.held for name in self.found.names]] = np.nan
        return t

    @property
    def _distances(self) -> bool:
        """Whether x has errors too, so that neither x nor y is the response."""
        return self.loss == "distance" or self.given.sigma_x is not None

    def _of_line(self, name: str) -> Any:
        params = self.params
        if name not in params:
            raise AttributeError(
                f"this fit has no {name}: its parameters are {', '.join(params)}.\nThey are in result.params"
            )
        return params[name]

    def _quantile(self, level: float, what: str) -> float:
        """How many standard errors an interval of this level reaches to either side."""
        special = _special(what)
        if self.absolute_sigma:
            return float(special.ndtri((1 + level) / 2))
        return float(special.stdtrit(self.dof, (1 + level) / 2)) if self.dof > 0 else math.nan

    def _places(self, x: Any) -> tuple[Floats, bool]:
        """x as the curve takes it, and whether it is one place alone."""
        names = self.given.x_names
        columns = getattr(x, "columns", None)
        if columns is not None:
            given = [str(column) for column in columns]
            of_places = ("x",) if len(names) == 1 else tuple(f"x{j + 1}" for j in range(len(names)))
            if set(names) <= set(given) and all(isinstance(column, str) for column in columns):
                x = x[list(names)]
            elif len(names) > 1 and names not in (of_places, tuple(given)):
                raise ValueError(
                    f"x has the columns {', '.join(given)}, and the fit was made with {', '.join(names)}.\n"
                    f"Give it those, or its numbers alone: x.to_numpy()"
                )
        if isinstance(x, Mapping) and set(x) == set(names):
            x = np.stack([as_array(name, x[name]) for name in names], axis=-1)
        array = as_array("x", x).astype(np.float64)
        if self.given.x.ndim == 1:
            if array.ndim == 2 and array.shape[1] == 1:
                array = array[:, 0]
            if array.ndim > 1:
                raise ValueError(
                    f"x has the shape {array.shape}, and the fit one x for a point.\nGive it the shape (n,)"
                )
            return array.reshape(-1), array.ndim == 0
        k = self.given.x.shape[1]
        if k == 1 and array.ndim < 2:
            return array.reshape(-1, 1), array.ndim == 0
        if (
            array.ndim == 2
            and len(array) == k
            and getattr(getattr(self.found.curve, "view", None), "transposed", False)
        ):
            return array.T, False
        if array.ndim != 2 or array.shape[1] != k:
            one = f"\nFor one place: [[{', '.join(names)}]]" if array.shape == (k,) else ""
            raise ValueError(
                f"x has the shape {array.shape}, and the fit {k} features: give it the shape (n, {k}).{one}"
            )
        return array, False

    def _variance_of_new(self, x: Floats, sigma: ArrayLike | None, axes: int) -> Any:
        """The variance of a new point about the curve, in units of y²."""
        given, found = self.given, self.found
        if sigma is not None and given.sigma is None and given.sigma_x is None:
            raise ValueError("the fit was made without sigma: it takes the spread of points from the residuals")
        if not self._distances and given.sigma is None and given.sigma_x is None:
            return np.square(found.scale)
        if sigma is not None:
            own = as_array("sigma", sigma).astype(np.float64)
            if own.shape not in ((), (1,), (len(x),)):
                raise ValueError(
                    f"sigma has the shape {own.shape} for {len(x)} new points.\nGive one number, or one for each"
                )
            if not (np.isfinite(own) & (own > 0)).all():
                wrong = own[~(np.isfinite(own) & (own > 0))].flat[0]
                raise ValueError(f"sigma is {wrong:g}, and a standard deviation is finite and above 0")
        elif given.sigma_x is not None:
            own = np.hypot(_common(given.sigma, "sigma"), self.slopes(x) * _common(given.sigma_x, "sigma_x"))
        else:
            own = np.asarray(_common(given.sigma, "sigma"))
        if self._distances and sigma is None and given.sigma_x is None:
            # Residuals are distances here, and one ratio makes of each how far y lies from the line at its x.
            off = given.y - found.curve.at(given.x)
            if given.sigma is None:
                return float(off @ off) / self.dof if self.dof > 0 else math.nan
            own = own * math.sqrt(float(off @ off) / self.rss) if self.rss > 0 else own
        variance = np.square(found.scale * own)
        return variance[:, None] if axes == 2 and np.ndim(own) == 1 else variance

    def slopes(self, x: Floats) -> Floats:
        """Return the slope of the curve at x, of several features the length of its gradient.

        By differences: good to some nine digits, which a band does not show.
        """
        at, columns = self.found.curve.at, np.atleast_2d(x.T)
        squares = np.zeros(len(x))
        for k, spread in enumerate(np.atleast_1d(np.ptp(self.given.x, axis=0))):
            step = np.zeros(len(columns))
            step[k] = 1e-5 * (float(spread) or 1.0)
            step = step if x.ndim == 2 else step[0]
            squares += np.square((at(x + step) - at(x - step)) / (2 * np.max(step)))
        return np.sqrt(squares)


def _common(spread: Floats | None, name: str) -> float:
    """The standard deviation that all points have in common."""
    if spread is None:
        return 0.0
    if not (spread == spread[0]).all():
        raise ValueError(
            f"each point has its own {name}, so a new point needs one too.\n"
            'Give the deviation of its y about the curve: predict(x, band=0.95, kind="new", sigma=...)'
        )
    return float(spread[0])


def _squared_correlation(x: Floats, y: Floats) -> float:
    if (x == x[0]).all() or (y == y[0]).all():
        return math.nan
    u, v = x - x[0], y - y[0]  # exact where all are nearly the same
    u, v = u - u.mean(), v - v.mean()
    u, v = u / np.max(np.abs(u)), v / np.max(np.abs(v))
    return float((u @ v) ** 2 / ((u @ u) * (v @ v)))


def _of_one(values: Floats) -> Any:
    """What belongs to one place: a float, or one number for each output."""
    return float(values[0]) if values.ndim == 1 else values[0]


def _read_only(values: Floats) -> Floats:
    view = values.view()
    view.flags.writeable = False
    return view


def _check_level(level: float, name: str = "level") -> None:
    number = isinstance(level, int | float | np.number) and not isinstance(level, bool)
    if not (number and 0 < level < 1):
        instead = f"{name}={level / 100:g}" if number and 2 <= level < 100 else f"{name}=0.95"
        raise ValueError(f"{name} is {level!r}, and a probability between 0 and 1 is needed.\nWrite {instead}")


def _special(what: str) -> Any:
    """SciPy's distributions, imported when they are used."""
    try:
        from scipy import special
    except ModuleNotFoundError:
        raise _needs(what, "SciPy") from None
    return special


def _needs(what: str, library: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f'{what} needs {library}: pip install "minigrad[fit]"', name=library.lower())
