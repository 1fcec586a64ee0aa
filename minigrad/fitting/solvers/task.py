"""What is to be fitted, and what came of it: a cost, places to look at it, and from the lowest one the errors.

One idea: every loss is a sum of squares near a place. Residuals in units of sigma are; where x has errors too, each
point's own x is found on the way and is eliminated from the squares (Boggs, Byrd and Schnabel (1987), A stable and
efficient algorithm for nonlinear orthogonal distance regression); a loss that forgives outliers is the squares with
weights ψ(u)/u, which have its gradient. So one search serves them all (`levenberg.py`).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import minigrad as mg

from ..found import Found
from ..given import Points
from ..models import Model, View, checked
from .levenberg import STEPS, Ending, Limits, Look, Place, levenberg_marquardt
from .pieces import dot_products, tall_triangle
from .rows import Rows

Floats = NDArray[np.float64]
Loss = str | Callable[[Any], Any]
Watch = Callable[..., object] | None

_EPS = float(np.finfo(np.float64).eps)
_WAYS = ((100.0, 1.0), (1.0, 0.7), (0.1, 1.0))
"""The first radius and the memory of the search; the second and the third are for those that the first leads astray."""
_ROWS = 1000
_DRAWN = 300
_TRIED = 8
"""Where nobody said a start and 1 is a bad one, so many are looked at, at so many points; from the best of them the
search goes."""
_SIZES = (2.0, 6.0)
"""By how many decades a parameter may differ from 1; the second where no start of the first leads to a curve."""


@dataclass(frozen=True)
class Task:
    """What is to be fitted: a model to points, from a start, within bounds.

    `view` is how the model sees x, `start` the value of each parameter, `free` which of them may move, `told` whether
    somebody said where each of these starts.
    """

    model: Model
    view: View
    given: Points
    loss: Loss
    absolute_sigma: bool
    steps: int | None
    start: Floats
    free: tuple[int, ...] = ()
    low: Floats | None = None
    high: Floats | None = None
    told: bool = True

    @property
    def distance(self) -> bool:
        """Whether each point has an x of its own to find."""
        return self.loss == "distance" or self.given.sigma_x is not None

    @property
    def most(self) -> int:
        """The most steps of one search."""
        return STEPS if self.steps is None else self.steps

    @cached_property
    def x(self) -> Any:
        """What the model is given."""
        return self.view(self.given.x)

    @property
    def sigma_x(self) -> Floats:
        """The standard deviation of x of each point."""
        return np.ones(self.given.n) if self.given.sigma_x is None else self.given.sigma_x

    def all_of(self, free: Floats) -> list[float]:
        """Return the values of all parameters, from those of the free ones, as NumPy computes with them."""
        if len(free) == len(self.start):
            return list(free)  # not Python's own: see `Model.at`
        values = self.start.copy()
        values[list(self.free)] = free
        return list(values)

    def scaled(self, what: Floats) -> Floats:
        """Return values, or slopes, in units of sigma."""
        sigma = self.given.sigma
        if sigma is None:
            return what
        return what / (sigma if what.ndim == 1 else sigma[:, None])

    def residuals(self, free: Floats) -> Floats:
        """Return the curve less y, in units of sigma."""
        curve = checked(self.model.title, self.model(self.x, self.all_of(free)), self.given.n)
        return self.scaled(curve - self.given.y)

    def rows(self) -> Rows:
        """Return what tells values and slopes, by x too where each point has its own."""
        return Rows(self.model, self.x, self.given.n, self.free, by_x=self.distance)

    def look(self) -> "Survey":
        """Return how the search looks at parameters: at squares, or at distances."""
        return _distances(self) if self.distance else _squares(self)

    def limits(self) -> Limits | None:
        """Return the bounds of the free parameters."""
        if self.low is None or self.high is None:
            return None
        found = Limits(self.low[list(self.free)], self.high[list(self.free)])
        return found if found.any else None

    def solved(self, callback: Watch = None) -> Found:
        """Return what the search finds. Raises ValueError where the model has no finite value at the start."""
        with np.errstate(all="ignore"), mg.enable_grad():  # on the way anything may overflow: such a step is refused
            if self.loss in ("mse", "distance"):
                return self.ended(*self.best(callback))
            from .forgiving import solved

            return solved(self, callback)

    def chi2(self, values: Any) -> Any:
        """Return the sum of squares, in units of sigma, of all parameters as a Tensor (p,), recorded."""
        r = self.model(self.x, [values[k] for k in range(len(self.model.names))]) - self.given.y
        return ((r if self.given.sigma is None else r / self.given.sigma) ** 2).sum()

    def bend(self, free: Floats, shares: Floats) -> Floats:
        """Return the second derivatives of the residuals, (p, p), summed up with so much of each."""
        factors = self.scaled(shares)

        def total(moving: Any) -> Any:
            values: list[Any] = self.all_of(free)
            for place, k in enumerate(self.free):
                values[k] = moving[place]
            return (self.model(self.x, values) * factors).sum()

        return np.asarray(mg.hessian(total)(free), dtype=np.float64)

    def refitted(self, some: Points) -> Found:
        """Return the same for other points, drawn from these by `Points.take`."""
        if self.view.whole is not None:
            raise ValueError(
                "the points cannot be drawn again: x is not an array of rows.\n"
                "Give x the shape (n,) or (n, k), or take errors='gauss-newton'"
            )
        again = replace(self, given=some)
        if self.loss in ("mse", "distance"):
            found = again.solved()
        else:
            from .forgiving import solved_nearby

            with np.errstate(all="ignore"), mg.enable_grad():
                found = solved_nearby(again)
        if not found.converged or found.dof > some.n - len(self.free) or "fold" in found.extra:
            raise ValueError(f"these {some.n} points do not determine the parameters")
        return found

    # ------------------------------------------------------------------------- from start to end

    def best(self, callback: Watch) -> tuple[Ending, str]:
        """Return the best ending of all starts that are tried, and what to say of it."""
        look = self.look()
        best: Ending | None
        start = self.start[list(self.free)]
        watch = self._watch(callback)
        if self.told or _usable(look(start, None)):
            best = self._from(look, start, watch)
            if self.told or not self._poor(best):
                return best, best.message
            tried = 1
        else:
            best, tried = None, 0
        for decades in _SIZES:
            for other in _starts(self, start, decades):
                ending = self._from(look, other, watch)
                tried += 1
                if _better(ending, best):
                    best = ending
            if best is not None and not self._poor(best):
                break
        if best is None:
            refuse_start(self, look, start)
        assert best is not None
        return best, f"{best.message}, from the best of {tried} starts" if tried > 1 else best.message

    def _from(self, look: Look, start: Floats, watch: Callable[[float, Floats], object] | None) -> Ending:
        """The ending from one start. Where it ran into the flat, its first steps are tried shorter."""
        best: Ending | None = None
        left = 3 * STEPS if self.steps is None else self.steps
        for radius, memory in _WAYS:
            ending = levenberg_marquardt(
                look, start, limits=self.limits(), radius=radius, memory=memory, steps=min(left, self.most), watch=watch
            )
            if best is None and not ending.steps and not ending.converged:
                refuse_start(self, look, start)
            if _better(ending, best):
                best = ending
            left -= ending.steps
            if left <= 0 or (ending.converged and _determined(ending)):
                break
        assert best is not None
        return best

    def _watch(self, callback: Watch) -> Callable[[float, Floats], object] | None:
        """What reports each place that is better than all before, of whatever start it came."""
        if callback is None:
            return None
        best, count = math.inf, 0

        def watch(cost: float, values: Floats) -> None:
            nonlocal best, count
            if cost < best:
                best = cost
                named = zip(self.model.names, map(float, self.all_of(values)), strict=True)
                callback(count, cost / self.given.n, dict(named))
                count += 1

        return watch

    def _poor(self, ending: Ending) -> bool:
        """Whether a constant would do nearly as well, or the search did not come to an end."""
        return not ending.converged or not _determined(ending) or ending.place.cost > 0.5 * self._of_constant

    @cached_property
    def _of_constant(self) -> float:
        """The sum of squares that the best constant leaves."""
        y = self.scaled(self.given.y)
        one = self.scaled(np.ones(self.given.n))
        level = y - one * float(one @ y) / float(one @ one)
        return float(level @ level)

    # ------------------------------------------------------------------------- what is reported

    def ended(self, ending: Ending, message: str) -> Found:
        """Return what is reported of least squares, or of distances."""
        dof = self.given.n - ending.rank
        cost = ending.place.cost
        if self.absolute_sigma and self.given.sigma is not None:
            spread = 1.0
        else:
            spread = cost / dof if dof > 0 else math.nan
        scale = math.sqrt(spread)
        said = []
        y = self.scaled(self.given.y)
        if self.free and cost > self._of_constant * (1 + 1e-9) > 1e-20 * float(y @ y):
            said.append("a constant comes nearer to the points than this curve: another start may lead to a better one")
        return self.found(ending, f"Levenberg-Marquardt {message}", ending.place.linear()[1], spread, scale, cost, said)

    def found(
        self,
        ending: Ending,
        message: str,
        columns: Floats,
        spread: float,
        scale: float,
        cost: float,
        said: Sequence[str] = (),
    ) -> Found:
        """Return what is reported, with the covariance `spread` (JᵀJ)⁻¹ of the free parameters; `cost` is chi2."""
        names = self.model.names
        free = list(self.free)
        n = self.given.n
        dof = n - ending.rank
        values = np.array(self.all_of(ending.values))
        held = np.flatnonzero(ending.held).tolist()
        moving = [k for k in range(len(free)) if k not in held]
        known, lost = inverse_square(columns[:, moving] if held else columns)
        inside = spread_out(known, moving, len(free))
        warnings = list(said)
        extra: dict[str, Any] = {"fixed": tuple(name for k, name in enumerate(names) if k not in self.free)}
        title = [names[k] for k in free]
        for k in held:
            warnings.append(
                f"{title[k]} stands on its bound {ending.values[k]:g} and is pushed outwards: it has no error, "
                "and the errors of the others hold for it there"
            )
        flat = [not column.any() for column in columns.T]
        idle = [name for name, no_effect in zip(title, flat, strict=True) if no_effect]
        culprits = [title[k] for k, bad in zip(moving, lost, strict=True) if bad and not flat[k]]
        if idle:
            what = "it has" if len(idle) == 1 else "they have"
            warnings.append(f"the points do not determine {', '.join(idle)}: {what} no effect on the curve there")
        if culprits:
            warnings.append(
                f"the points do not determine {', '.join(culprits)}: a change of one is undone by the others"
            )
        if ending.converged and ending.at_fold:
            warnings.append(
                "the slopes by the parameters nearly cancel each other there: two do the same, or they run away, and "
                "the errors say no more than that"
            )
            extra["fold"] = True
        if dof <= 0 and math.isnan(spread):
            warnings.append(f"{n} points for {len(free)} parameters leave nothing that tells the errors")
        if not ending.converged:
            warnings.append(f"not converged, this is the best that was seen: {ending.message}")
        with np.errstate(invalid="ignore"):
            band = inside * spread
        reported = band.copy()
        for k in held:
            reported[k, :] = reported[:, k] = np.nan
        cov = spread_out(reported, free, len(names))
        residuals = self.given.y - self.model.at(self.x, values.tolist(), n)
        if self.distance:
            extra["x"] = ending.place.x  # type: ignore[attr-defined]
            if self.given.sigma is None and self.given.sigma_x is None:
                residuals = np.copysign(ending.place.signed, residuals)  # type: ignore[attr-defined]
        known_sigma = self.given.sigma is not None or self.given.sigma_x is not None
        return Found(
            names=names,
            values=values,
            cov=cov,
            curve=ModelCurve(self.model, self.view, values, self.free, band, n),
            residuals=residuals,
            rss=float(dot_products(residuals, residuals)),
            chi2=cost if known_sigma else None,
            dof=dof,
            scale=scale,
            converged=ending.converged,
            message=message,
            steps=ending.steps,
            history=tuple(value / n for value in ending.history),
            warnings=tuple(warnings),
            extra=extra,
        )


def refuse_start(task: Task, look: Look, start: Floats) -> None:
    """Raise ValueError if the model, or a slope, is not finite at the start: it names the values, and the row."""
    place = look(start, None)
    values = task.all_of(start)
    at = ", ".join(f"{name}={value:g}" for name, value in zip(task.model.names, values, strict=True))
    if math.isfinite(place.cost):
        rows, columns = np.nonzero(~np.isfinite(place.linear()[1]))
        if len(rows):
            name, row = task.model.names[task.free[columns[0]]], int(task.given.rows[rows[0]]) + 1
            raise ValueError(
                f"the slope of {task.model.title} by {name} is not finite in row {row} of {task.given.given}, "
                f"at the start {at}.\nStart elsewhere: start={{{name!r}: ...}}"
            )
        return
    y = task.model.at(task.x, values, task.given.n)
    bad = np.flatnonzero(~np.isfinite(y))
    if not len(bad):
        raise ValueError(
            f"the squares of the residuals overflow at the start {at}.\nStart nearer, or give x and y other units"
        )
    row = int(bad[0])
    where = f", where x is {task.given.x[row]:g}" if task.view.plain and task.given.x.ndim == 1 else ""
    raise ValueError(
        f"{task.model.title} is {y[row]:g} in row {int(task.given.rows[row]) + 1} of {task.given.given}{where}, "
        f"at the start {at}.\nStart where it is finite: start={{{task.model.names[0]!r}: ...}}"
    )


def _flat(ending: Ending) -> bool:
    """Whether some parameters have no effect of their own any more."""
    return ending.rank < len(ending.values) - int(ending.held.sum())


def _determined(ending: Ending) -> bool:
    """Whether each parameter has an effect of its own, which it has not where slopes cancel each other."""
    return not _flat(ending) and not ending.at_fold


def _usable(place: Place) -> bool:
    """Whether a search can start there."""
    return math.isfinite(place.cost) and all(np.isfinite(part).all() for part in place.linear())


def _better(one: Ending, other: Ending | None) -> bool:
    """Whether one ending is worth more: it came to an end, it is determined, it lies clearly lower."""
    if other is None:
        return True
    worth, others = (one.converged, _determined(one)), (other.converged, _determined(other))
    return worth > others or (worth == others and one.place.cost < (1 - 1e-9) * other.place.cost)


def _starts(task: Task, start: Floats, decades: float) -> list[Floats]:
    """The best of some starts where nobody said one, always the same.

    Drawn for each parameter: a number so many decades from 1 at most, a place among the x, a width or a frequency that
    x can tell. Those of which the curve is a straight function, as an amplitude, follow by least squares from the
    others.
    """
    n = task.given.n
    if n > _ROWS and task.view.whole is None:
        task = replace(task, given=task.given.take(np.linspace(0, n - 1, _ROWS).astype(np.intp)))
    look = task.look()
    limits = task.limits()
    told = np.array([task.model.names[k] in task.model.told for k in task.free], dtype=bool)
    shape = (_DRAWN, len(start))
    draws = np.random.default_rng(0)
    low, high = float(task.given.x.min()), float(task.given.x.max())
    wide = high - low or 1.0
    kinds = [
        10.0 ** draws.uniform(-decades, decades, shape) * draws.choice([1.0, 1.0, -1.0], shape),
        draws.uniform(low, high, shape),
        wide * 10.0 ** draws.uniform(-3, 0, shape),
        2 * math.pi / wide * 10.0 ** draws.uniform(-0.5, math.log10(n), shape),
    ]
    drawn = np.choose(draws.integers(0, 1 if task.view.whole is not None else 4, shape), kinds)
    drawn[:3] = np.array([[0.1], [10.0], [0.01]])
    drawn = np.where(told, start, drawn)
    if limits is not None:
        drawn = np.clip(drawn, limits.low, limits.high)
    straight = [k for k in _straight(look, drawn) if not told[k] and limits is None]
    found: list[tuple[float, int]] = []
    for m, values in enumerate(drawn):
        place = look(values, None)
        if straight and math.isfinite(place.cost):
            r, columns = place.linear()
            if np.isfinite(columns).all():
                values[straight] -= np.linalg.lstsq(columns[:, straight], r, rcond=1e-12)[0]
                place = look(values, None)
        if _usable(place):
            found.append((place.cost, m))
    return [drawn[m] for _, m in sorted(found)[:_TRIED]]


def _straight(look: Look, drawn: Floats) -> list[int]:
    """The parameters of which, together, the curve is a straight function: their columns stay while they move."""
    for values in drawn:
        place = look(values, None)
        columns = place.linear()[1] if math.isfinite(place.cost) else np.zeros((1, 1))
        if columns.any(axis=0).all() and np.isfinite(columns).all():
            break
    else:
        return []
    found: list[int] = []
    for k in range(len(values)):
        mine = [*found, k]
        moved = values.copy()
        moved[mine] = 1.5 * moved[mine] + 1
        there = look(moved, None)
        # A column that does not change by its own parameter and its fellows.
        if math.isfinite(there.cost) and np.allclose(there.linear()[1][:, mine], columns[:, mine], rtol=1e-9, atol=0):
            found.append(k)
    return found


def spread_out(known: Floats, where: Sequence[int], size: int) -> Floats:
    """Return a matrix of some parameters as one of all, with 0 for the others."""
    if len(where) == size:
        return known
    found = np.zeros((size, size))
    found[np.ix_(where, where)] = known
    return found


def inverse_square(columns: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return (JᵀJ)⁻¹, and which parameters the points do not determine: theirs is NaN.

    Of the others it is that of the smallest solution, which is theirs whatever the lost ones are.
    """
    n, p = columns.shape
    if p == 0 or not np.isfinite(columns).all():
        return np.full((p, p), np.nan), np.ones(p, dtype=bool)
    lengths = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    lengths[lengths == 0] = 1
    _, singular, directions = np.linalg.svd(
        tall_triangle(columns) / lengths if n > 10 * p else columns / lengths, n < p
    )
    if n >= p and singular[-1] > n * _EPS * singular[0]:
        half = directions.T / singular / lengths[:, None]
        return half @ half.T, np.zeros(p, dtype=bool)
    singular = np.concatenate([singular, np.zeros(p - len(singular))])
    small = singular <= max(n, p) * _EPS * singular[0]
    lost = np.sqrt(np.sum(directions[small] ** 2, axis=0)) > 1e-6
    half = directions[~small].T / singular[~small] / lengths[:, None]
    inverse = half @ half.T
    inverse[lost, :] = inverse[:, lost] = np.nan
    return inverse, lost


@dataclass
class ModelCurve:
    """The fitted model to so many points; its variance by the slopes at x. `cov` is that of the free parameters."""

    model: Model
    view: View
    values: Floats
    free: tuple[int, ...]
    cov: Floats
    points: int

    def at(self, x: Floats) -> Floats:
        """Return the model at x. Raises ValueError for other places than those of an x that was given as a whole."""
        self._refuse_elsewhere(x)
        with np.errstate(all="ignore"):
            return self.model.at(self.view(x), self.values.tolist(), len(x))

    def with_covariance(self, cov: Floats) -> "ModelCurve":
        """Return the same curve with another covariance of all parameters; NaN counts as none."""
        free = list(self.free)
        return replace(self, cov=np.nan_to_num(cov[np.ix_(free, free)]))

    def variance(self, x: Floats) -> Floats:
        """Return the variance of the model at x, by its slopes there. Raises as `at` does."""
        self._refuse_elsewhere(x)
        with np.errstate(all="ignore"):
            columns = Rows(self.model, self.view(x), len(x), self.free).at(self.values.tolist())[1]()
        return np.asarray(np.einsum("ij,jk,ik->i", columns, self.cov, columns))

    def _refuse_elsewhere(self, x: Floats) -> None:
        # A whole has no rows: its points stand for them by their numbers, and the model sees it whatever x is.
        if self.view.whole is not None and not np.array_equal(x, np.arange(self.points)):
            raise ValueError(
                f"x was one {type(self.view.whole).__name__} without rows: the curve is known at its points alone.\n"
                "Elsewhere call the model itself: model(x, **result.params)"
            )


# ----------------------------------------------------------------------------- the places of the search


class Measured(Place, Protocol):
    """A place that tells how far each point is from the curve."""

    @property
    def signed(self) -> Floats:
        """Return how far each point is, in standard deviations, above 0 where the curve is above it."""
        ...


class Survey(Protocol):
    """A `Look` whose places tell how far each point is."""

    def __call__(self, values: Floats, before: Place | None) -> Measured:
        """Return the place at some parameters."""
        ...


@dataclass
class _Squares:
    """A place of least squares: residuals in units of sigma."""

    task: Task
    r: Floats
    columns: Callable[[], Floats]
    cost: float
    noise: float

    @cached_property
    def slopes(self) -> Floats:
        """By each parameter, in units of sigma."""
        return self.task.scaled(self.columns())

    def probed(self, values: Floats) -> Floats | None:
        """As `Place.probed`."""
        return self.task.residuals(values)

    @property
    def signed(self) -> Floats:
        """As `Measured.signed`."""
        return self.r

    def linear(self) -> tuple[Floats, Floats]:
        """As `Place.linear`."""
        return self.r, self.slopes


def _squares(task: Task) -> Survey:
    rows = task.rows()
    y = task.given.y
    # The curve is rounded to about as many digits as y has.
    noise = 2 * _EPS * math.sqrt(dot_products(task.scaled(y), task.scaled(y)))

    def look(values: Floats, before: Place | None) -> Measured:
        curve, columns = rows.at(task.all_of(values))
        r = task.scaled(curve - y)
        return _Squares(task, r, columns, float(dot_products(r, r)), noise)

    return look


@dataclass
class _Distances:
    """A place of distances: also each point's own x, `u` standard deviations from the given one."""

    task: Task
    x: Floats
    u: Floats
    r: Floats
    """The curve at that x less y, in units of sigma."""
    columns: Callable[[], Floats]
    cost: float

    @property
    def noise(self) -> float:
        """As `Place.noise`: of y, and of each x by what it moves the curve."""
        y, x = self.task.scaled(self.task.given.y), self.across * self.x / self.task.sigma_x
        return 2 * _EPS * float(np.linalg.norm(y) + np.linalg.norm(x))

    @cached_property
    def slopes(self) -> Floats:
        """By each parameter, and last by x, in units of sigma."""
        return self.task.scaled(self.columns())

    @property
    def across(self) -> Floats:
        """By how many standard deviations of y the curve rises in one of x."""
        return self.slopes[:, -1] * self.task.sigma_x

    @property
    def signed(self) -> Floats:
        """As `Measured.signed`: to the place of each on the curve, all that York's weights leave of (y - f)."""
        return np.copysign(np.hypot(self.r, self.u), self.r)

    def probed(self, values: Floats) -> Floats | None:
        """As `Place.probed`: it would need each point's x there."""
        return None

    def linear(self) -> tuple[Floats, Floats]:
        """As `Place.linear`, with the points' own x eliminated: they follow any step as is best for them.

        Of (r + J d + v e)² + (u + e)² the best e leaves (r - v u + J d)² / (1 + v²).
        """
        v = self.across
        length = np.sqrt(1 + v * v)
        return (self.r - v * self.u) / length, self.slopes[:, :-1] / length[:, None]

    @property
    def pull(self) -> Floats:
        """Half the slope of each squared distance as its point moves along the curve, by u."""
        return self.r * self.across + self.u


def _distances(task: Task) -> Survey:
    rows = task.rows()
    given = task.given
    _refuse_distance(task)
    y, sigma_x = given.y, task.sigma_x

    def placed(values: Sequence[float], u: Floats) -> _Distances:
        x = given.x + sigma_x * u
        curve, columns = rows.at(values, x)
        r = task.scaled(curve - y)
        return _Distances(task, x, u, r, columns, float(r @ r + u @ u))

    def settled(values: Sequence[float], place: _Distances) -> _Distances:
        """The place where the points have followed the curve to where they are nearest.

        Newton's method for each, its second derivative by that of a straight curve, then by differences of the slope:
        where the curve bends more than a circle about the point, the straight curve leads to and fro.
        """
        bend, part = 1 + place.across**2, np.ones(given.n)
        for _ in range(40):
            pull = place.pull
            move = -part * pull / bend
            if not float(np.linalg.norm(move)) > 4 * _EPS * float(np.linalg.norm(given.x / sigma_x)):
                break
            found = placed(values, place.u + move)
            # A point may go too far where the curve bends: each stays if it was nearer before, and goes less far.
            # Near its nearest place the squares tell a point only half of the digits: so it may lose by rounding.
            stays = ~(found.r**2 + found.u**2 <= (place.r**2 + place.u**2) * (1 + 1e-9))
            straight = 1 + found.across**2
            measured = np.divide(found.pull - pull, move, out=straight.copy(), where=move != 0)
            bend = np.where(stays, bend, np.where(measured > 0.1 * straight, measured, straight))
            part = np.where(stays, part / 4, 1.0)
            if stays.all():
                continue
            place = placed(values, np.where(stays, place.u, place.u + move)) if stays.any() else found
        return place

    def look(values: Floats, before: Place | None) -> Measured:
        everything = task.all_of(values)
        u = before.u if isinstance(before, _Distances) else np.zeros(given.n)
        place = placed(everything, u)
        return settled(everything, place) if math.isfinite(place.cost) else place

    return look


def _refuse_distance(task: Task) -> None:
    """Raise ValueError for points whose distance from a curve is not defined."""
    given = task.given
    if not task.view.plain or given.x.ndim != 1:
        raise ValueError(
            "with errors in x each point has an x of its own to find, one number.\n"
            "Give x the shape (n,), or leave sigma_x and loss='distance' out"
        )
    if (given.sigma is None) != (given.sigma_x is None):
        if given.sigma is None:
            raise ValueError(
                "sigma_x was given without sigma, and distances compare the two.\n"
                "Give sigma too, one standard deviation of y: a number will do"
            )
        raise ValueError(
            "sigma was given without sigma_x, and distances compare the two.\n"
            "Give sigma_x too, sigma_x=sigma if x is as uncertain as y; if x is exact, leave loss='distance' out"
        )
