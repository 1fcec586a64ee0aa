"""Models that outliers cannot pull far: Huber, Tukey, least absolute deviations, a callable.

One idea: weights ψ(u)/u make squares of any loss near a place, with its very gradient, so the search of least squares
finds its minimum; the scale of the residuals is measured there, and the search goes on until it stays.

Least absolute deviations have a corner at each point and no weights there: the curve is taken as straight, the best
fit of the straight problem is found exactly, and the way there is gone as far as it leads down (Osborne and Watson
(1971), On an algorithm for discrete nonlinear L1 approximation).
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from .levenberg import Ending, Look, Place, levenberg_marquardt, times
from .losses import Loss, loss_of, scale, spread, spread_of_gaussian
from .reweighting import Problem, is_better
from .robust import collapsed, exact_warning, variance_of_absolute
from .task import Measured, Task, Watch
from .vertices import least_absolute

Floats = NDArray[np.float64]

_EPS = float(np.finfo(np.float64).eps)
_ROUNDS = 200
_SUBSETS = 60
"""So many curves are put through as few points as determine them: of 5 parameters one is free of outliers, where these
are 4 in 10, with a probability of 1 - (1 - 0.6⁵)⁶⁰ = 0.99."""
_FEW = 15
_KEPT = 5


@dataclass
class _Weighted:
    """A place of a loss ρ on the scale s: the cost is 2 s² Σ ρ(d / s), and its linear problem that of the squares, with
    the roots of the weights."""

    measured: Measured
    roots: Floats
    cost: float

    @property
    def noise(self) -> float:
        """As `Place.noise`."""
        return self.measured.noise

    def probed(self, values: Floats) -> Floats | None:
        """As `Place.probed`: with the weights of here."""
        r = self.measured.probed(values)
        return None if r is None else self.roots * r

    def linear(self) -> tuple[Floats, Floats]:
        """As `Place.linear`."""
        r, columns = self.measured.linear()
        return self.roots * r, self.roots[:, None] * columns


Weigh = Callable[[Floats], tuple[Floats, float]]
"""The roots of the weights, and the cost, of points so far from the curve."""


def _weighted(task: Task, weigh: Weigh) -> Look:
    survey = task.look()

    def look(values: Floats, before: Place | None) -> Place:
        place = survey(values, before.measured if isinstance(before, _Weighted) else None)
        if not math.isfinite(place.cost):
            return _Weighted(place, np.ones(task.given.n), math.inf)
        return _Weighted(place, *weigh(place.signed))

    return look


def _by(loss: Loss, s: float) -> Weigh:
    """The weights of a loss on a scale."""

    def weigh(signed: Floats) -> tuple[Floats, float]:
        u = -signed / s
        return np.sqrt(np.maximum(loss.weight(u), 0.0)), 2 * s * s * float(np.sum(loss.rho(u)))

    return weigh


@dataclass(frozen=True)
class _End:
    """Where a loss is least: the search's ending, the scale, and how far the points are, in units of sigma."""

    ending: Ending
    scale: float
    r: Floats
    settled: bool


def solved(task: Task, callback: Watch) -> Found:
    """Return the fit of the loss of a task: "huber", "tukey", "l1" or a callable, from the fit of least squares.

    Where x has errors too the loss is that of the distances: Brown (1982), Robust line estimation with errors in both
    variables; Zamar (1989), Robust estimation in the errors-in-variables model. Raises as `Task.solved`, and ValueError
    for bounds under "l1".
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
    loss, known = loss_of(task.loss), _known(task)
    if loss.name == "huber":
        return _reported(task, loss, _settled(task, loss, start, known))
    # Of several minima the lowest: from Huber's fit, least squares, the least absolute deviations, and half the points.
    huber = _settled(task, loss_of("huber"), start, known).ending.values
    starts = [huber, start, _least(task, start)[0]]
    more = _halves(task, starts) if _falls_off(loss) else []
    ends = [_settled(task, loss, each, known) for each in starts + more]
    usual, *others = [end for end in ends if not _by_chance(task, loss, end)] or ends
    return _reported(task, loss, _best(loss, usual, others, known), [usual, *others])


def _falls_off(loss: Loss) -> bool:
    """Whether a point that is far pulls less than one that is nearer: only such a loss can leave half of them out."""
    pull = loss.psi(np.geomspace(1e-3, 1e6, 100))
    return bool((np.diff(pull) < 0).any())


def solved_nearby(task: Task) -> Found:
    """Return the minimum of the loss of a task near its start, for points drawn from those that led there."""
    start = task.start[list(task.free)]
    if task.loss == "l1":
        return _absolute(task, start)
    loss = loss_of(task.loss)
    end = _settled(task, loss, start, _known(task), near=True)
    return _reported(task, loss, end)


def _known(task: Task) -> float | None:
    """The scale, where it need not be measured: sigma is taken as it is, or by a callable."""
    return 1.0 if callable(task.loss) or (task.absolute_sigma and task.given.sigma is not None) else None


def _reported(task: Task, loss: Loss, end: _End, beside: Sequence[_End] = ()) -> Found:
    absolute = task.absolute_sigma and task.given.sigma is not None
    u = -end.r / end.scale
    variance = spread_of_gaussian(loss) if absolute else end.scale**2 * spread(loss, u, end.ending.rank)
    reported = scale(end.r) if callable(task.loss) and not absolute else end.scale
    warnings = []
    n, on, counted = task.given.n, _on_curve(task, end), int(np.count_nonzero(loss.weight(u)))
    sunk = end.scale <= 16 * _floor(task)
    if min(on if sunk else n, counted) <= end.ending.rank < n:
        variance = math.nan
        warnings.append(collapsed(min(on, counted), n, end.ending.rank))
    elif sunk and on < n:
        variance = 0.0
        warnings.append(exact_warning(on, n))
    elif math.isnan(variance) and n > end.ending.rank:
        warnings.append(
            "the loss is not curved upward at these residuals, and tells no errors: errors='bootstrap' does"
        )
    if not end.settled:
        warnings.append("the weights and the scale chased each other: the scale was held where it was")
    other = _other(task, end, beside)
    if other is not None:
        values = zip((task.model.names[k] for k in task.free), other.ending.values, strict=True)
        named = ", ".join(f"{name} {value:.6g}" for name, value in values)
        warnings.append(
            f"the loss {loss.name} has another minimum, of scale {other.scale:.3g} beside {end.scale:.3g}: {named}"
        )
    return task.found(
        _unweighted(end.ending),
        f"the loss {loss.name}, by Levenberg-Marquardt with its weights, scale {reported:.4g}: {end.ending.message}"
        f"{_of_sigma(task)}",
        _measured(end.ending).linear()[1],
        variance,
        reported,
        float(end.r @ end.r),
        warnings,
    )


def _of_sigma(task: Task) -> str:
    """What was made of sigma: it is no chi2 that the errors are scaled by."""
    if task.given.sigma is None:
        return ""
    return "; sigma as it is" if task.absolute_sigma else "; residuals in units of sigma"


def _measured(ending: Ending) -> Measured:
    assert isinstance(ending.place, _Weighted)
    return ending.place.measured


def _unweighted(ending: Ending) -> Ending:
    return replace(ending, place=_measured(ending))


def _floor(task: Task) -> float:
    """The smallest scale that is more than rounding."""
    return 16 * _EPS * float(np.max(np.abs(task.scaled(task.given.y)), initial=0.0)) or 1.0


def _settled(task: Task, loss: Loss, start: Floats, known: float | None, *, near: bool = False) -> _End:
    """Where the search and the scale come to rest together; `near` says that the start is not far from there."""
    if near:
        found = _straightened(task, loss, start, known)
        if found is not None:
            return found
    floor = _floor(task)
    s = max(scale(task.look()(start, None).signed), floor) if known is None else known
    steps = 0
    settled = False
    for _ in range(_ROUNDS):
        look = _weighted(task, _by(loss, s))
        ending = levenberg_marquardt(look, start, limits=task.limits(), steps=task.most)
        steps += ending.steps
        start, r = ending.values, _measured(ending).signed
        measured = max(scale(r), floor) if known is None else known
        settled = abs(measured - s) <= 1e-13 * s or measured <= floor
        if settled:
            break
        found = _straightened(task, loss, start, known)
        start, s = (start, measured) if found is None else (found.ending.values, found.scale)
    message = f"converged after {times(steps)}" if ending.converged else ending.message
    return _End(replace(ending, steps=steps, message=message), s, r, settled)


def _straightened(task: Task, loss: Loss, start: Floats, known: float | None) -> _End | None:
    """Where the loss and the scale come to rest together, by Newton's method on the equations of both, with the curve
    taken as straight; None where a step is more than half of that before, as it is where that leads nowhere."""
    if task.limits() is not None:
        return None
    floor, survey = _floor(task), task.look()
    values, before, place = start, math.inf, None
    for steps in range(30):
        place = survey(values, None)
        r, columns = place.linear()
        if not (np.isfinite(r).all() and np.isfinite(columns).all()):
            return None
        s = scale(r) if known is None else known
        if not s > floor:
            return None
        step = Problem(columns, -r, loss, np.zeros(len(r)), known).newton_from(-r, s)
        length = math.inf if step is None else float(np.linalg.norm(columns @ step))
        if step is None or not length <= before / 2:
            return None
        if length <= 1e-13 * s * math.sqrt(len(r)) or before <= 1e-11 * s * math.sqrt(len(r)):
            roots, cost = _by(loss, s)(place.signed)
            weighed = _Weighted(place, roots, cost)
            rank = len(values)
            ending = Ending(values, weighed, True, f"converged after {times(steps)}", steps, [cost], rank=rank)
            return _End(replace(ending, held=np.zeros(rank, dtype=bool)), s, place.signed, True)
        values, before = values + step, length
    return None


def _on_curve(task: Task, end: _End) -> int:
    """How many points lie on the curve, as far as rounding lets it be seen; re-weighting creeps towards them."""
    size = np.abs(end.r)
    return int(np.count_nonzero(size <= max(16 * _floor(task), 1e-10 * float(size.max()))))


def _by_chance(task: Task, loss: Loss, end: _End) -> bool:
    """Whether the curve goes through half of the points, and through hardly more than its parameters let it choose."""
    n, on = task.given.n, _on_curve(task, end)
    p = len(end.ending.values)
    if np.count_nonzero(loss.weight(end.r / end.scale)) <= p < n:
        return True
    return end.scale <= 16 * _floor(task) and on < n and on <= n / 2 + p


def _best(loss: Loss, usual: _End, others: Sequence[_End], known: float | None) -> _End:
    """The lowest of several minima, or if each has a scale of its own the best as `is_better` says."""
    settled = [end for end in (usual, *others) if end.settled and end.ending.converged]
    if not settled:
        return usual
    if known is not None:
        return min(settled, key=lambda end: float(np.sum(loss.rho(-end.r / end.scale))))
    best = usual if settled[0] is usual else settled[0]
    for end in sorted(settled, key=lambda end: end.scale):
        if is_better(loss, (end.r, end.scale), (best.r, best.scale), len(end.ending.values)):
            return end
    return best


def _other(task: Task, end: _End, beside: Sequence[_End]) -> _End | None:
    """The minimum of the smallest scale beside the one returned."""
    elsewhere = [
        one
        for one in beside
        if one.settled
        and one.ending.converged
        and not one.ending.at_fold
        and np.linalg.norm(one.r - end.r) > (1e-6 * end.scale + 1e3 * _floor(task)) * math.sqrt(len(end.r))
    ]
    return min(elsewhere, key=lambda one: one.scale, default=None)


def _halves(task: Task, starts: Sequence[Floats]) -> list[Floats]:
    """Where the sum of the smaller half of the squared residuals is least, from each start and from curves through few
    points: Rousseeuw (1984), Least median of squares regression.

    The choices of the points, as many as there are parameters, depend on the number of both alone.
    """
    n, p = task.given.n, len(starts[0])
    half = (n + p + 1) // 2

    def nearer(signed: Floats) -> tuple[Floats, float]:
        return _counted(signed, np.argpartition(np.abs(signed), half - 1)[:half])

    def least(of: Task, weigh: Weigh, start: Floats, steps: int) -> Floats:
        return levenberg_marquardt(_weighted(of, weigh), start, limits=task.limits(), steps=steps).values

    # To start from, distances in y will do, and cost a tenth.
    upright = replace(task, loss="mse", given=replace(task.given, sigma_x=None))
    draws = np.random.default_rng(0)
    through = [_through(draws.choice(n, p, replace=False)) for _ in range(_SUBSETS)]
    tried = [least(upright, weigh, starts[0], _FEW) for weigh in through]
    look = _weighted(upright, nearer)
    costs = np.array([look(values, None).cost for values in tried])
    best = [tried[k] for k in np.argsort(costs, kind="stable")[:_KEPT] if math.isfinite(costs[k])]
    return [least(task, nearer, values, task.most) for values in (*starts, *best)]


def _through(rows: NDArray[np.intp]) -> Weigh:
    return lambda signed: _counted(signed, rows)


def _counted(signed: Floats, rows: NDArray[np.intp]) -> tuple[Floats, float]:
    """Weights of 1 for some points, 0 for the others, and their squares."""
    roots = np.zeros(len(signed))
    roots[rows] = 1.0
    return roots, float(signed[rows] @ signed[rows])


def _least(task: Task, start: Floats) -> tuple[Floats, Measured, int, bool]:
    """The values of the least absolute deviations, their place, the steps, and whether no way leads down."""
    survey = task.look()
    limits = task.limits()
    values, steps = start, 0
    place = survey(values, None)
    lowest = float(np.sum(np.abs(place.signed)))
    noise = 4 * _EPS * float(np.sum(np.abs(task.scaled(task.given.y))))
    for _ in range(100):
        r, columns = place.linear()
        q, triangle = np.linalg.qr(columns)
        size = np.abs(np.diag(triangle))
        if not np.isfinite(triangle).all() or size.min() <= 1e-13 * size.max():
            return values, place, steps, False
        by = np.linalg.solve(triangle, least_absolute(q, -r, np.zeros(len(values))).coefficients)
        part = 1.0
        while part > 1e-10:
            there = values + part * by
            if limits is not None:
                there = np.clip(there, limits.low, limits.high)
            place_there = survey(there, place)
            sum_there = float(np.sum(np.abs(place_there.signed)))
            if sum_there < lowest:
                break
            part /= 2
        small = (np.abs(by) <= 1e-12 * np.abs(values)).all()
        if not part > 1e-10 or not lowest - sum_there > noise:
            # Nothing is won any more; a whole step to where the straight curve goes through its points is right.
            if part == 1.0 or small:
                return there, place_there, steps, True
            return values, place, steps, lowest - sum_there <= noise
        values, place, lowest, steps = there, place_there, sum_there, steps + 1
    return values, place, steps, False


def _bent(task: Task, values: Floats, place: Measured, among: int) -> tuple[Floats, Measured, int, bool]:
    """As `_least`, where the curve goes through fewer points than there are parameters, since it bends so much.

    Newton's method on the sum of the other points' deviations, a smooth function, with the curve held to the `among`
    nearest points, each by a multiplier; within -1 and 1 these prove that no way leads off the points and down (Murray
    and Overton (1981), A projected Lagrangian algorithm for nonlinear minimax and l1 optimization).
    """
    p, n = len(values), task.given.n
    on = np.argsort(np.abs(place.signed), kind="stable")[:among]
    signs = np.sign(place.signed)
    signs[on] = 0.0
    first = float(np.sum(np.abs(place.signed)))
    survey, held = task.look(), np.zeros(among)
    here, at = place, values
    for steps in range(1, 21):
        r, columns = here.linear()
        if not (np.isfinite(r).all() and np.isfinite(columns).all()):
            break
        shares = signs.copy()
        shares[on] = held
        matrix = np.zeros((p + among, p + among))
        matrix[:p, :p] = task.bend(at, shares)
        matrix[:p, p:] = columns[on].T
        matrix[p:, :p] = columns[on]
        lengths = np.concatenate([np.sqrt(np.sum(columns**2, axis=0)), np.ones(among)])
        right = np.concatenate([-signs @ columns, -r[on]]) / lengths
        try:
            found = np.linalg.solve(matrix / np.outer(lengths, lengths), right) / lengths
        except np.linalg.LinAlgError:
            break
        before, at, held = at, at + found[:p], found[p:]
        here = survey(at, None)
        if (np.abs(found[:p]) <= 1e-11 * np.abs(before)).all():
            total = float(np.sum(np.abs(here.signed)))
            kept = np.delete(np.sign(here.signed) == signs, on).all()
            rounding = 4 * _EPS * n * float(np.max(np.abs(task.scaled(task.given.y))))
            _, _, ways = np.linalg.svd(columns[on] / lengths[:p])
            along = ways[among:] / lengths[:p]
            upward = (np.linalg.eigvalsh(along @ matrix[:p, :p] @ along.T) > 0).all()
            if kept and upward and (np.abs(held) <= 1).all() and total <= first + rounding:
                return at, here, steps, True
            break
    return values, place, 0, False


def _absolute(task: Task, start: Floats) -> Found:
    """The least absolute deviations, with the errors of Koenker and Bassett (1978), Regression quantiles."""
    values, place, steps, ended = _least(task, start)
    for among in range(len(values), -1, -1):
        if ended or task.distance:
            break
        values, place, more, ended = _bent(task, values, place, among)
        steps += more
    r = place.signed
    p = len(values)
    # Through p points the curve goes; how near the search came to them is not for their errors to tell.
    without = r.copy()
    without[np.argsort(np.abs(r), kind="stable")[:p]] = 0.0
    absolute = task.absolute_sigma and task.given.sigma is not None
    variance = math.pi / 2 if absolute else variance_of_absolute(without, p)
    message = f"{'converged' if ended else 'stopped'} after {times(steps)}"
    ending = Ending(values, place, ended, message, steps, [float(np.sum(np.abs(r)))], np.zeros(p, dtype=bool), p)
    reported = 1.0 if absolute else scale(r)
    said = []
    off = int(np.count_nonzero(np.abs(r) > 16 * _floor(task)))
    if variance == 0 and off:
        said.append(exact_warning(task.given.n - off, task.given.n))
    if math.isnan(variance) and task.given.n > p:
        said.append(
            f"{task.given.n} points for {p} parameters: the one residual left does not tell the errors, which are NaN"
        )
    title = f"the least absolute deviations, of the straight problem again and again: {message}{_of_sigma(task)}"
    found = task.found(ending, title, place.linear()[1], variance, reported, float(r @ r), said)
    return replace(found, extra={**found.extra, "corner": True})
