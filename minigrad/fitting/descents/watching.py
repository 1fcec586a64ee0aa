"""Descent as a solver of `fit_line` and `fit`: gd, sgd, adam, lbfgs, to be watched.

One idea: the loss is descended in coordinates in which every data set has the same curvature, and the answer
is compared with the exact one. Centred and scaled as in `columns.py`, both losses of a line have second derivatives
of 2 at the minimum, so a learning rate means the same for time stamps and for nanometres: 0.25 halves the
error with every step, and 1 is where it stops falling. With `standardize=False` it is the tutorials' loop on the
points as they are, to the bit; how far it ended from the exact line is said in standard errors.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ... import optim
from ...errors import DivergedError, GradError, MinigradError, OptimiserError
from ...place import at, here
from ..found import Found
from ..given import Points
from .angles import distance_coordinates
from .columns import column_coordinates
from .coordinates import Coordinates
from .descent import Best, Watch, copies, count, diverged_error, largest_stable_lr, rate

if TYPE_CHECKING:
    from ..solvers.task import Task

Floats = NDArray[np.float64]

SOLVERS = ("gd", "sgd", "adam", "lbfgs")
SCHEDULES = ("auto", "constant", "cosine", "step", "exponential", "inverse_time")

STEPS = 1000
"""Of gd and adam; sgd takes as many, and at least 20 epochs. L-BFGS ends by itself, long before."""
BATCH = 32
"""The points of a step of sgd."""
PART = 0.25
"""lr="auto" is this part of the largest stable rate: the error of a line is halved with every step."""
ADAM_LR = 0.05
"""lr="auto" of Adam, whose rate is the length of a step and has nothing to do with the curvature."""
TRIES = 6
"""So often lr="auto" starts again at a tenth of the rate, where the curvature grows on the way."""

_EPS = float(np.finfo(np.float64).eps)
_ZERO = 16 * _EPS
"""A gradient so small beside the terms that it is the mean of is zero to rounding."""
_SMALL = 1e-6
"""A gradient so small leaves the parameters with about six digits."""
_NOTHING = 0.01
"""What is nearer to the exact parameters than this part of their standard errors, has arrived."""

Callback = Callable[[int, float, dict[str, Any]], object]


@dataclass(frozen=True)
class Settings:
    """How to descend, checked."""

    solver: str
    steps: int | None
    lr: float | None
    schedule: str | Callable[[int], float]
    batch_size: int | None
    standardize: bool
    seed: int
    callback: Callback | None
    progress: Any


def settings(
    solver: str,
    *,
    steps: int | None = None,
    lr: float | str = "auto",
    schedule: str | Callable[[int], float] = "auto",
    batch_size: int | None = None,
    standardize: bool = True,
    seed: int = 0,
    callback: Callback | None = None,
    progress: Any = None,
) -> Settings:
    """Return the settings of a descent. Raises OptimiserError for what makes no sense.

    `steps` is a number of updates, None for the solver's own; `lr` a rate or "auto"; `schedule` "constant", "cosine"
    (to 0), "step" (a tenth at each third), "exponential" (to a hundredth), "inverse_time" (to a tenth), a function of
    the number of steps, or "auto": cosine in standardised coordinates, constant on the points as they are.
    """
    if solver not in SOLVERS:
        raise OptimiserError(f"there is no solver {solver!r}{at(here())}.\nChoose one of {', '.join(SOLVERS)}")
    if not callable(schedule) and schedule not in SCHEDULES:
        raise OptimiserError(
            f"there is no schedule {schedule!r}{at(here())}.\n"
            f"Choose one of {', '.join(SCHEDULES)}, or give a function: lambda t: 0.99**t"
        )
    if isinstance(lr, str) and lr != "auto":
        raise OptimiserError(f'lr is {lr!r}, and has to be "auto" or a number above 0{at(here())}.\nWrite lr="auto"')
    if callback is not None and not callable(callback):
        raise OptimiserError(
            f"callback is {callback!r}, and a function is called with every step{at(here())}.\n"
            "Write callback=lambda step, loss, params: print(step, loss)"
        )
    if batch_size is not None:
        batch_size = count("batch_size", batch_size)
        if solver in ("gd", "lbfgs"):
            raise OptimiserError(
                f"{solver} takes all points in each step, and batch_size={batch_size} was given{at(here())}.\n"
                'For steps of a few points: solver="sgd" or "adam"'
            )
    return Settings(
        solver,
        None if steps is None else count("steps", steps),
        None if isinstance(lr, str) else rate(lr),
        schedule,
        batch_size,
        bool(standardize),
        seed,
        callback,
        progress,
    )


def descend_line(
    points: Points,
    loss: str | Callable[[Any], Any],
    solver: str,
    *,
    exact: Found,
    delta: float | None = None,
    tuning: float | None = None,
    absolute_sigma: bool = False,
    **options: Any,
) -> Found:
    """Return the line, plane or polynomial to which a solver descends: that of the lowest loss it saw.

    `loss` is a name, or a callable on residuals; `exact` what its exact solver found, from which the columns, the
    scale of a robust loss, and the formula of the covariance are taken, and with which the end is compared.
    `options` are those of `settings`. The Found has, besides:

    - `history`, the loss in the units of the data at the start and after each step; with batches, which are drawn
      anew for each epoch by `seed`, after each epoch, over all points;
    - `extra["path"]`, the parameters there, (rows, p); `extra["rows"]`, after which steps; `extra["exact"]` and
      `extra["exact_loss"]`, the parameters and the loss to which it should have come; `extra["lr"]`;
    - `message`: how far it ended from there, in standard errors.

    It ends before its steps where the gradient is zero to rounding, relative to the terms it is the mean of.
    It has converged where each parameter is within 1 % of its standard error of the exact one, or where the gradient
    is below 1e-6 of its terms, and the loss no higher than the exact one. Tukey's loss is descended from Huber's line.
    Raises DivergedError, with the best point as (loss, {name: value}), and OptimiserError.

    >>> from minigrad.fitting.given import points
    >>> from minigrad.fitting.solvers.linear import least_squares
    >>> some = points([0, 1, 2, 3], [1.0, 3.0, 5.0, 7.5])
    >>> found = descend_line(some, "mse", "gd", exact=least_squares(some), schedule="constant")
    >>> found.values.round(9), found.converged
    (array([2.15, 0.9 ]), True)
    >>> print(found.message)
    after 49 steps the slope is less than 0.01 % of its standard error away from the exact line
    """
    how = settings(solver, **options)
    if loss == "distance":
        coordinates = distance_coordinates(points, exact, delta, absolute_sigma, how.standardize)
    else:
        coordinates = column_coordinates(points, loss, exact, tuning, absolute_sigma, how.standardize)
    return watched(coordinates, how, exact, "the exact line" if len(exact.names) == 2 else "the exact fit")


def descend_model(task: "Task", solver: str, *, exact: Found, **options: Any) -> Found:
    """Return the parameters of a model to which a solver descends from their start: those of the lowest loss it saw.

    Standardised, each parameter is in units of what moves the curve by the spread of y, seen from the start; else
    as it is. gd, sgd and adam keep the bounds: what a step takes beyond is put back on them. The rest is as in
    `descend_line`. Raises as it does, and OptimiserError for lbfgs with bounds.
    """
    from .scaled import Scaled

    how = settings(solver, **options)
    if task.limits() is not None and solver == "lbfgs":
        raise OptimiserError(
            f"lbfgs knows no bounds, and bounds were given{at(here())}.\n"
            'Leave them out, or take solver="lm", "gd" or "adam"'
        )
    return watched(Scaled(task, exact, how.standardize), how, exact, "the exact fit")


# ------------------------------------------------------------------------------------- the descent


@dataclass
class _Seen:
    """What a descent saw, row by row, in its own coordinates; and how it ended."""

    rows: list[int]
    losses: list[float]
    points: list[list[Any]]
    best: list[Any]
    best_loss: float
    best_step: int
    steps: int
    at_rest: bool
    """Whether the gradient at the end is below 1e-6 of its terms."""


def watched(coordinates: Coordinates, how: Settings, exact: Found, target: str) -> Found:
    """Return what a descent in these coordinates finds, compared with the exact answer."""
    lr, given = how.lr, how.lr is not None
    start = copies(coordinates.tensors)
    for left in reversed(range(TRIES)):
        if not given:
            lr = _automatic(coordinates, how) if lr is None else lr / 10
        assert lr is not None
        try:
            with _progress(how, coordinates) as tell:
                seen = _descend(coordinates, how, lr, tell)
            if given or not left or seen.at_rest or seen.best_step:
                break  # a descent whose best is its start has gone nowhere
        except DivergedError:
            if given or not left:
                raise
        for tensor, value in zip(coordinates.tensors, start, strict=True):
            tensor.data = np.array(value)[()]
    assert lr is not None
    found = coordinates.found(seen.best)
    path = np.array([coordinates.reported(values) for values in seen.points])
    away, message = _distance(found, exact, path, seen.steps, target)
    best, first = coordinates.unit * seen.best_loss, coordinates.unit * seen.losses[0]
    elsewhere = best > coordinates.exact_loss + 1e-6 * abs(coordinates.exact_loss) + 1e-12 * abs(first)
    converged = away < _NOTHING or (seen.at_rest and not elsewhere)
    warnings = exact.warnings
    if seen.at_rest and not converged:
        warnings = (
            *warnings,
            f"descent came to rest where the loss is {best:.6g}, and elsewhere it is {coordinates.exact_loss:.6g}: "
            "this is another minimum, or a plain",
        )
    elif not converged and seen.losses[-1] > 1.5 * seen.best_loss:
        smaller = f"try a smaller rate, lr={lr / 10:.2g}"
        warnings = (*warnings, f"the loss rose again after step {seen.best_step}, where it was least: {smaller}")
    elif not converged:
        remedy = "allow more steps" if how.standardize else "allow more steps, or leave standardize=True"
        warnings = (*warnings, f"descent ended before it arrived: {remedy}")
    extra = {
        **found.extra,
        "path": path,
        "rows": np.array(seen.rows),
        "exact": exact.values,
        "exact_loss": coordinates.exact_loss,
        "lr": lr,
    }
    return replace(
        found,
        converged=converged,
        message=message,
        steps=seen.steps,
        history=tuple(coordinates.unit * loss for loss in seen.losses),
        warnings=warnings,
        extra=extra,
    )


def _automatic(coordinates: Coordinates, how: Settings) -> float:
    """The rate that lr="auto" means."""
    if how.solver == "lbfgs":
        return 1.0
    if how.solver == "adam":
        return ADAM_LR
    batch = _batch_size(coordinates, how)
    # A few points may curve more than all of them do: the first batches of the first epoch tell.
    order = np.random.default_rng(how.seed).permutation(coordinates.n)
    some = [order[k : k + batch] for k in range(0, coordinates.n, batch)][:8] if batch < coordinates.n else []
    limits = [
        largest_stable_lr(lambda rows=rows: coordinates.loss(rows), coordinates.tensors) for rows in [None, *some]
    ]
    lowest = min(limits)
    return PART * lowest if lowest < math.inf else ADAM_LR  # |r| has no curvature: its rate is a length too


def _batch_size(coordinates: Coordinates, how: Settings) -> int:
    """The points of a step: all of them unless somebody, or the solver, says otherwise."""
    size = how.batch_size if how.batch_size is not None or how.solver != "sgd" else BATCH
    return coordinates.n if size is None else min(size, coordinates.n)


def _descend(coordinates: Coordinates, how: Settings, lr: float, tell: Callable[..., object] | None) -> _Seen:
    tensors = coordinates.tensors
    batch = _batch_size(coordinates, how)
    epoch = -(-coordinates.n // batch)  # steps; the last batch may be shorter
    steps = how.steps if how.steps is not None else max(STEPS, 20 * epoch if epoch > 1 else 0)
    optimiser: Any
    if how.solver == "lbfgs":
        # One move a step. It ends where nothing moves any more, not where a loss changes by 1e-9 of who knows what.
        optimiser = optim.LBFGS(tensors, lr=lr, max_iter=1, max_eval=25, tolerance_grad=0.0, tolerance_change=0.0)
        changing = None
    else:
        optimiser = optim.Adam(tensors, lr=lr) if how.solver == "adam" else optim.SGD(tensors, lr=lr)
        changing = optim.Schedule(optimiser, _factor(how, steps))
    draw = np.random.default_rng(how.seed)
    order = np.arange(coordinates.n)
    watch = Watch()
    rows: list[int] = []
    losses: list[float] = []
    points: list[list[Any]] = []
    share = math.inf
    ended = False
    step = 0

    def diverged(loss: float) -> DivergedError:
        return _diverged(coordinates, how, lr, watch, step, loss)

    # A rate that is too large ends in an overflow, which is reported and needs no warning.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for step in range(steps + 1):
            if step % epoch == 0 or step == steps:
                loss, steepest = _evaluated(coordinates, optimiser, None)
                if watch.lost(step, loss) or watch.lost(step, loss, steepest):
                    raise diverged(loss)
                if not math.isfinite(steepest):
                    raise GradError(
                        f"the gradient is not finite after {step} steps, where the loss is "
                        f"{coordinates.unit * loss:.6g}{at(here())}.\n"
                        "A kink, an edge of the domain, or too large numbers: start elsewhere, or take other units"
                    )
                rows.append(step)
                losses.append(loss)
                points.append(copies(tensors))
                watch.see(step, loss, points[-1])
                if tell is not None or how.callback is not None:
                    values = _named(coordinates, points[-1])
                    for hear in (tell, how.callback):
                        if hear is not None:
                            hear(step, coordinates.unit * loss, values)
                share = _share(tensors, coordinates.terms)
                # Near its minimum a loss is flat: parameters that differ by 1e-8 have losses that differ by 1e-16, and
                # rounding picks the lowest. There the gradient is the better judge.
                if share <= _ZERO and loss - watch.loss <= _ZERO * abs(losses[0]):
                    watch.loss, watch.values, watch.step = loss, points[-1], step
                stuck = how.solver == "lbfgs" and len(points) > 1 and _same(points[-1], points[-2])
                ended = share <= _ZERO or stuck
            if ended or step == steps:
                break
            if how.solver == "lbfgs":
                optimiser.step(lambda: _with_gradient(coordinates))
                continue
            if epoch > 1:
                if step % epoch == 0:
                    order = draw.permutation(coordinates.n)
                first = step % epoch * batch
                loss, steepest = _evaluated(coordinates, optimiser, order[first : first + batch])
                if not (math.isfinite(loss) and math.isfinite(steepest)):
                    raise diverged(loss)
            optimiser.step()
            coordinates.confine()
            assert changing is not None
            changing.step()
    return _Seen(rows, losses, points, watch.values, watch.loss, watch.step, step, share <= _SMALL)


def _evaluated(coordinates: Coordinates, optimiser: Any, rows: Any) -> tuple[float, float]:
    """The loss and the length of its gradient, which is left in the tensors."""
    optimiser.zero_grad()
    value = coordinates.loss(rows)
    value.backward()
    square = sum(float(np.vdot(t.grad._array, t.grad._array)) for t in coordinates.tensors if t.grad is not None)
    return float(value.item()), math.sqrt(square)


def _with_gradient(coordinates: Coordinates) -> Any:
    value = coordinates.loss(None)
    value.backward()
    return value


def _share(tensors: list[Any], terms: list[Any]) -> float:
    """The largest component of the gradient, beside the terms that it is the sum of."""
    found = 0.0
    for tensor, size in zip(tensors, terms, strict=True):
        if tensor.grad is None:
            continue
        g: Any = tensor.grad._array
        if g.shape:
            found = max(found, float((np.abs(g) / np.maximum(size, 1e-300)).max()))
        else:  # of numbers NumPy is the slower
            found = max(found, abs(float(g)) / max(float(size), 1e-300))
    return found


def _same(one: list[Any], other: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _named(coordinates: Coordinates, values: list[Any]) -> dict[str, Any]:
    """The parameters by name."""
    reported = coordinates.reported(values)
    return dict(zip(coordinates.names, reported.T if reported.ndim == 2 else reported.tolist(), strict=True))


def _factor(how: Settings, steps: int) -> Callable[[int], float]:
    """The schedule over so many steps."""
    name = how.schedule
    if callable(name):
        return name
    if name == "auto":
        name = "cosine" if how.standardize else "constant"
    if name == "cosine":
        return optim.cosine(steps)
    if name == "step":
        return optim.step_decay(max(1, -(-steps // 3)))
    if name == "exponential":
        return optim.exponential(0.01 ** (1 / steps))
    return optim.inverse_time(9 / steps) if name == "inverse_time" else optim.constant


def _diverged(
    coordinates: Coordinates, how: Settings, lr: float, watch: Watch, step: int, loss: float
) -> DivergedError:
    for tensor, value in zip(coordinates.tensors, watch.values, strict=True):
        tensor.zero_grad()
        tensor.data = np.array(value)[()]
    stable = math.nan
    if how.solver != "adam":
        try:
            stable = largest_stable_lr(lambda: coordinates.loss(None), coordinates.tensors)
        except MinigradError:  # no second derivatives: the error is still to be told
            stable = math.nan
    unit = coordinates.unit
    best = Best(unit * watch.loss, _named(coordinates, watch.values))
    least = ADAM_LR if how.solver == "adam" else math.inf
    return diverged_error(lr, stable, best, unit * watch.first, unit * loss, step, least)


# ------------------------------------------------------------------------------------- how it ended


def _distance(found: Found, exact: Found, path: Floats, steps: int, target: str) -> tuple[float, str]:
    """How far the end is from the exact answer in standard errors, and the sentence that says so."""
    after = f"after {steps} {'step' if steps == 1 else 'steps'}"
    if exact.vertical is not None or found.vertical is not None:
        if exact.vertical is not None and found.vertical is not None:
            return 0.0, f"{after} the line is vertical, x = {found.vertical:.12g}, as the exact line is"
        lines = (
            "the exact line is vertical" if exact.vertical is not None else "the line is vertical, the exact one not"
        )
        return math.inf, f"{after} the slope is {found.values[0]:.6g}; {lines}"
    difference = np.abs(found.values - exact.values)
    if not difference.any():
        return 0.0, f"{after} every parameter is that of {target}, to the last digit"
    errors = np.sqrt(np.diagonal(exact.cov, axis1=-2, axis2=-1))
    known = np.isfinite(errors) & (errors > 0)
    # Points on the line to rounding: an error is then rounding as well, and no measure of anything.
    if not known.any() or (known & (errors <= 1e-12 * np.abs(exact.values))).any():
        # Each in units of its own: of one that is 0, how far descent has had it away from there.
        moved = np.abs(path - exact.values)
        moved = np.max(np.where(np.isfinite(moved), moved, 0.0), axis=0)
        parts = difference / np.maximum(np.abs(exact.values), 1e-3 * moved + 1e-300)
        where = np.unravel_index(int(np.argmax(parts)), difference.shape)
        name = found.names[where[-1]]
        away = float(parts[where]) / _SMALL * _NOTHING
        return away, f"{after} the {name} is {difference[where]:.3g} away from {target}"
    parts = np.where(known, difference / np.where(known, errors, 1.0), 0.0)
    where = np.unravel_index(int(np.argmax(parts)), parts.shape)
    away = float(parts[where])
    name = found.names[where[-1]]
    name = name if name in ("slope", "intercept") else f"parameter {name}"
    return away, f"{after} the {name} is {_times(away)} its standard error away from {target}"


def _times(part: float) -> str:
    """A part of something, in percent, with no more digits than it needs."""
    percent = 100 * part
    if percent < 0.01:
        return "less than 0.01 % of"
    if percent >= 1000:
        return f"{part:.3g} times"
    return f"{percent:.0f} % of" if percent >= 10 else f"{percent:.2g} % of"


@contextmanager
def _progress(how: Settings, coordinates: Coordinates) -> Iterator[Callable[..., object] | None]:
    """A progress bar on standard error, if it was asked for."""
    if not how.progress:
        yield None
        return
    try:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            'progress=True needs rich, which is not installed: pip install "minigrad[fit]"'
        ) from None
    batch = _batch_size(coordinates, how)
    epoch = -(-coordinates.n // batch)
    total = how.steps if how.steps is not None else max(STEPS, 20 * epoch if epoch > 1 else 0)
    columns = (TextColumn(how.solver), BarColumn(bar_width=30), TextColumn("step {task.completed:.0f}"))
    with Progress(*columns, TextColumn("{task.fields[loss]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=total, loss="")
        yield lambda step, loss, _: bar.update(task, completed=step, loss=f"loss {loss:.6g}")
        done = max(bar.tasks[0].completed, 1)  # it mostly ends long before the last step it might take
        bar.update(task, completed=done, total=done)
