"""Models that outliers cannot pull far: Huber, Tukey, least absolute deviations, a callable.

One idea: weights ψ(u)/u make squares of any loss near a place, with its very gradient, so the search of least squares
finds its minimum; the scale of the residuals is measured there, and the search goes on until it stays.

Least absolute deviations have a corner at each point and no weights there: the curve is taken as straight, the best
fit of the straight problem is found exactly, and the way there is gone as far as it leads down (Osborne and Watson
(1971), On an algorithm for discrete nonlinear L1 approximation).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from .levenberg import Ending, Look, Place, Step, levenberg_marquardt, times
from .losses import Loss, loss_of, scale, spread, spread_of_gaussian
from .robust import variance_of_absolute
from .task import Task, Watch
from .vertices import least_absolute

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_ROUNDS = 200


@dataclass
class _Weighted:
    """A place of a loss ρ on the scale s: the cost is 2 s² Σ ρ(r / s), and r with the roots of its weights its linear
    problem."""

    task: Task
    r: Floats
    """The curve less y, in units of sigma."""
    roots: Floats
    columns: Callable[[], Floats]
    cost: float
    noise: float

    def probed(self, values: Floats) -> Floats | None:
        """As `Place.probed`: with the weights of here."""
        return self.roots * self.task.residuals(values)

    def linear(self) -> tuple[Floats, Floats]:
        """As `Place.linear`."""
        return self.roots * self.r, self.roots[:, None] * self.task.scaled(self.columns())


def _weighted(task: Task, loss: Loss, s: float) -> Look:
    rows = task.rows()
    y = task.given.y
    noise = 2 * _EPS * float(np.linalg.norm(task.scaled(y)))

    def look(values: Floats, step: Step | None) -> Place:
        curve, columns = rows.at(task.all_of(values))
        r = task.scaled(curve - y)
        if not np.isfinite(r).all():
            return _Weighted(task, r, np.ones(len(r)), columns, math.inf, noise)
        u = -r / s
        cost = 2 * s * s * float(np.sum(loss.rho(u)))
        return _Weighted(task, r, np.sqrt(np.maximum(loss.weight(u), 0.0)), columns, cost, noise)

    return look


@dataclass(frozen=True)
class _End:
    """Where a loss is least: the search's ending, the scale, and its residuals in units of sigma."""

    ending: Ending
    scale: float
    r: Floats
    settled: bool


def solved(task: Task, callback: Watch) -> Found:
    """Return the fit of the loss of a task: "huber", "tukey", "l1" or a callable, from the fit of least squares.

    Raises as `Task.solved`, and ValueError for bounds under "l1".
    """
    if task.loss == "l1" and task.limits() is not None:
        raise ValueError(
            "the least absolute deviations know no bounds here.\n"
            "Take loss='huber', or hold a parameter on its bound: fixed={...}"
        )
    squares = replace(task, loss="mse")
    first, said = squares.best(callback)
    start = first.values
    if len(start) == 0:
        return squares.ended(first, said)
    if task.loss == "l1":
        return _absolute(task, start)
    loss = loss_of(task.loss)
    name = f"the loss {loss.name}, by Levenberg-Marquardt with its weights"
    absolute = task.absolute_sigma and task.given.sigma is not None
    if absolute or callable(task.loss):
        end = _settled(task, loss, start, 1.0)
    else:
        end = _settled(task, loss, start)
        if loss.name == "tukey":
            # Of several minima that of the smaller scale: from Huber's fit, or from the least absolute deviations.
            starts = [_settled(task, loss_of("huber"), start).ending.values, _least(task, start)[0]]
            ends = [end, *(_settled(task, loss, each) for each in starts)]
            end = min(ends, key=lambda one: (not one.settled, _tau(loss, one)))
    u = -end.r / end.scale
    p = end.ending.rank
    variance = spread_of_gaussian(loss) if absolute else end.scale**2 * spread(loss, u, p)
    reported = scale(end.r) if callable(task.loss) and not absolute else end.scale
    warnings = []
    if math.isnan(variance):
        warnings.append(
            "the loss is not curved upward at these residuals, and tells no errors: errors='bootstrap' does"
        )
    if not end.settled:
        warnings.append("the weights and the scale chased each other: the scale was held where it was")
    return task.found(
        end.ending,
        f"{name}, scale {reported:.4g}: {end.ending.message}",
        _slopes(task, end.ending.values),
        variance,
        reported,
        float(end.r @ end.r),
        warnings,
    )


def _slopes(task: Task, values: Floats) -> Floats:
    return task.scaled(task.rows().at(task.all_of(values))[1]())


def _settled(task: Task, loss: Loss, start: Floats, known: float | None = None) -> _End:
    """Where the search and the scale come to rest together."""
    floor = 16 * _EPS * float(np.max(np.abs(task.scaled(task.given.y)), initial=0.0)) or 1.0
    r = task.residuals(start)
    s = max(scale(r), floor) if known is None else known
    steps = 0
    settled = False
    for _ in range(_ROUNDS):
        ending = levenberg_marquardt(_weighted(task, loss, s), start, limits=task.limits(), steps=task.steps)
        steps += ending.steps
        start, r = ending.values, task.residuals(ending.values)
        measured = max(scale(r), floor) if known is None else known
        settled = abs(measured - s) <= 1e-13 * s or measured <= floor
        if settled:
            break
        s = measured
    message = f"converged after {times(steps)}" if ending.converged else ending.message
    return _End(replace(ending, steps=steps, message=message), s, r, settled)


def _tau(loss: Loss, end: _End) -> float:
    """The τ scale, small where most residuals are (Yohai and Zamar (1988), High breakdown-point estimates)."""
    return end.scale * math.sqrt(float(np.mean(loss.rho(-end.r / end.scale))))


def _least(task: Task, start: Floats) -> tuple[Floats, float, int, bool]:
    """The values of the least absolute deviations, the deviations, the steps, and whether no way leads down."""
    rows = task.rows()
    limits = task.limits()
    values, steps = start, 0
    curve, columns = rows.at(task.all_of(values))
    r = task.scaled(curve - task.given.y)
    lowest = float(np.sum(np.abs(r)))
    noise = 4 * _EPS * float(np.sum(np.abs(task.scaled(task.given.y))))
    for _ in range(100):
        q, triangle = np.linalg.qr(task.scaled(columns()))
        size = np.abs(np.diag(triangle))
        if not np.isfinite(triangle).all() or size.min() <= 1e-13 * size.max():
            return values, lowest, steps, False
        by = np.linalg.solve(triangle, least_absolute(q, -r, np.zeros(len(values))).coefficients)
        part = 1.0
        while part > 1e-10:
            there = values + part * by
            if limits is not None:
                there = np.clip(there, limits.low, limits.high)
            curve, columns_there = rows.at(task.all_of(there))
            r_there = task.scaled(curve - task.given.y)
            sum_there = float(np.sum(np.abs(r_there)))
            if sum_there < lowest:
                break
            part /= 2
        small = (np.abs(by) <= 1e-12 * np.abs(values)).all()
        if not part > 1e-10 or not lowest - sum_there > noise:
            # Nothing is won any more; a whole step to where the straight curve goes through its points is right.
            if part == 1.0 or small:
                return there, sum_there, steps, True
            return values, lowest, steps, lowest - sum_there <= noise
        values, r, columns, lowest, steps = there, r_there, columns_there, sum_there, steps + 1
    return values, lowest, steps, False


def _absolute(task: Task, start: Floats) -> Found:
    """The least absolute deviations, with the errors of Koenker and Bassett (1978), Regression quantiles."""
    values, lowest, steps, ended = _least(task, start)
    r = task.residuals(values)
    p = len(values)
    # Through p points the curve goes; how near the search came to them is not for their errors to tell.
    without = r.copy()
    without[np.argsort(np.abs(r), kind="stable")[:p]] = 0.0
    absolute = task.absolute_sigma and task.given.sigma is not None
    variance = math.pi / 2 if absolute else variance_of_absolute(without, p)
    columns = _slopes(task, values)
    place = _weighted(task, loss_of("huber"), 1.0)(values, None)
    message = f"{'converged' if ended else 'stopped'} after {times(steps)}"
    ending = Ending(values, place, ended, message, steps, [lowest], np.zeros(p, dtype=bool), p)
    reported = 1.0 if absolute else scale(r)
    title = f"the least absolute deviations, of the straight problem again and again: {message}"
    return task.found(ending, title, columns, variance, reported, float(r @ r))
