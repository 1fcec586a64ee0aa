"""`fit`: any curve through points, by its own function.

One idea: here is only what was asked. Points, start, bounds and what is held fast are checked, by sentences that
name the parameter; then the task is solved elsewhere (`solvers/task.py`), and `FitResult` says what follows.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .given import Points, points
from .line import DESCENTS, ERRORS, LOSSES
from .models import Start, View, model_of, number, refuse_unknown
from .result import FitResult
from .solvers.task import Loss, Task

Bounds = Mapping[str, tuple[float | None, float | None]] | None
Fixed = Iterable[str] | Mapping[str, float]

SOLVERS = ("auto", "lm", *DESCENTS)


def fit(
    model: Callable[..., Any],
    x: Any,
    y: ArrayLike,
    start: Start = None,
    *,
    loss: Loss = "mse",
    sigma: ArrayLike | None = None,
    sigma_x: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    bounds: Bounds = None,
    fixed: Fixed = (),
    solver: str = "auto",
    steps: int | None = None,
    lr: float | str = "auto",
    schedule: str | Callable[[int], float] = "auto",
    batch_size: int | None = None,
    standardize: bool = True,
    seed: int = 0,
    errors: str = "gauss-newton",
    absolute_sigma: bool = False,
    skip_bad: bool = False,
    callback: Callable[..., object] | None = None,
    progress: Any = None,
) -> FitResult:
    """Return the parameters with which `model(x, a, b, ...)` comes nearest to the points, with their errors.

    `model` is any function written with NumPy or minigrad: it is given x as float64 and the parameters as numbers,
    and returns n values that depend on nothing else. Its parameters are named from its signature. x has the shape (n,)
    or (n, k); anything else the model understands (a dict of columns, an array of shape (k, n)) is handed to it as it
    is. y has the shape (n,).

    `start` gives start values by name or in order; else those that are the defaults of the arguments; else 1, and a
    few more are tried where that leads nowhere. `bounds` has a pair (low, high) by name, None for no bound;
    `fixed` names parameters that stay at their start, or gives them values: fixed={"b": 0}.

    `loss` is "mse", "distance", "huber", "l1", "tukey", or a callable that takes the residuals.
    `sigma` is one standard deviation of y, for all or for each point; `weights` = 1/sigma². With `sigma_x`, or
    loss="distance", each point also has an x of its own to find, and any other loss is that of its distance from the
    curve, d = (y - f) / √(sigma² + f'² sigma_x²) where that is straight: Brown (1982), Zamar (1989). The errors are
    √diag s² (JᵀJ)⁻¹, scaled so that chi2/dof is 1 unless `absolute_sigma`; `errors` may be "hessian", "bootstrap",
    "jackknife".

    solver "lm" (also "auto") is Levenberg-Marquardt with exact derivatives; `steps` the most steps it takes.
    "lbfgs", "gd", "sgd", "adam" are descent, to be watched: `lr`, `schedule`, `batch_size`, `standardize` and
    `seed` are theirs. callback(step, loss, params) is called at each step. Raises ValueError or TypeError, with what to
    write instead, for points, starts, bounds or a model that cannot be fitted, and where the model has no finite
    value at the start. What was not determined has the error NaN, and a sentence in `warnings`.

    >>> import numpy as np
    >>> result = fit(lambda x, a, b: a * np.exp(b * x), [0, 1, 2, 3], [2.0, 3.3, 5.4, 8.8])
    >>> print(f"{result.params['a']:.3f} {result.params['b']:.3f} {result.errors['b']:.3f}")
    2.016 0.491 0.002
    """
    asked = model_of(model, start)
    given, view = _given(x, y, sigma, sigma_x, weights, skip_bad)
    _choice("solver", solver, SOLVERS)
    _choice("errors", errors, ERRORS)
    if not callable(loss):
        _choice("loss", loss, LOSSES)
    if steps is not None and (isinstance(steps, bool) or not isinstance(steps, int) or steps < 1):
        raise ValueError(f"steps is {steps!r}.\nGive a whole number from 1 on")
    _refuse_unused(solver, lr=lr, schedule=schedule, batch_size=batch_size, standardize=standardize)
    if absolute_sigma and sigma is None and weights is None:
        raise ValueError(
            "absolute_sigma=True takes sigma as it is, and no sigma was given.\n"
            "Give sigma, one standard deviation of y, or leave absolute_sigma out"
        )
    most = None if solver in DESCENTS else steps
    task = Task(asked, view, given, loss, absolute_sigma, most, np.array(asked.start))
    task = _limited(task, bounds, fixed)
    if given.n < len(task.free):
        raise ValueError(
            f"{given.n} {'point' if given.n == 1 else 'points'} cannot determine {len(task.free)} parameters: "
            f"{', '.join(asked.names[k] for k in task.free)}.\n"
            f"Give more points, or hold some fast: fixed={{{asked.names[task.free[-1]]!r}: 0}}"
        )
    _refuse_size(task)
    found = task.solved(callback if solver in ("auto", "lm") else None)
    if solver in DESCENTS:
        from .descents.watching import descend_model

        found = descend_model(
            task,
            solver,
            exact=found,
            steps=steps,
            lr=lr,
            schedule=schedule,
            batch_size=batch_size,
            standardize=standardize,
            seed=seed,
            callback=callback,
            progress=progress,
        )
    absolute = absolute_sigma and given.sigma is not None
    if errors != "gauss-newton":
        from .solvers.uncertainty import with_errors

        nearby = replace(task, start=found.values, told=True)
        found = with_errors(
            found,
            given,
            errors,
            refit=nearby.refitted,
            absolute_sigma=absolute,
            seed=seed,
            chi2=task.chi2 if loss == "mse" and not task.distance else None,
        )
    if task.distance and loss == "mse":
        loss = "distance"  # sigma_x asks for it without its name
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", "a callable")
    return FitResult(given, found, name, absolute)


def _choice(what: str, value: Any, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"{what} is {value!r}, which is none of them.\nChoose from {', '.join(map(repr, known))}")


def _refuse_unused(solver: str, **options: Any) -> None:
    """Raise ValueError for what belongs to a descent, where there is none."""
    unset = {"lr": "auto", "schedule": "auto", "batch_size": None, "standardize": True}
    for name, value in options.items():
        if solver not in DESCENTS and value != unset[name]:
            raise ValueError(
                f"{name} belongs to a solver that descends, and solver={solver!r} does not.\n"
                f"Leave {name} out, or choose one: solver='gd'"
            )


def _refuse_size(task: Task) -> None:
    """Raise ValueError for y whose squares, or those of its rounding, leave float64."""
    size = float(np.max(np.abs(task.scaled(task.given.y))))
    if size > 1e150 or 0 < size < 1e-135:
        what = "y" if task.given.sigma is None else "y / sigma"
        raise ValueError(
            f"{what} is about {size:.0e}, and its squares leave float64.\nGive y in other units: y * {1 / size:.0e}"
        )


# ----------------------------------------------------------------------------- what was given


def _given(x: Any, y: ArrayLike, sigma: Any, sigma_x: Any, weights: Any, skip_bad: bool) -> tuple[Points, View]:
    """The points, checked, and how the model is to see their x."""
    n = len(y) if isinstance(y, Sized) else None
    rows, view = _rows(x, n)
    given = points(rows, y, sigma=sigma, sigma_x=sigma_x, weights=weights, skip_bad=skip_bad)
    if view.names is not None:
        given = replace(given, x_names=view.names)
    if given.n < given.given and view.whole is not None:
        raise ValueError(
            "skip_bad leaves rows out, and x is not an array of rows that could be left out with them.\n"
            "Leave them out before, or give x the shape (n,) or (n, k)"
        )
    if given.y.ndim > 1:
        raise ValueError(
            f"y has the shape {given.y.shape}: a model is fitted to one output.\n"
            "Fit each, y[:, 0]; or all with the same parameters as one: "
            'fit(lambda d, a, b: model(d["x"], a, b).reshape(-1), {"x": x}, y.reshape(-1))'
        )
    return given, view


def _rows(x: Any, n: int | None) -> tuple[Any, View]:
    """x as rows of numbers, one for each of n points, and how the model is to see them again."""
    if isinstance(x, Mapping) or len(getattr(x, "columns", ())) > 0:
        names = tuple(str(name) for name in (x if isinstance(x, Mapping) else x.columns))
        columns = [np.asarray(x[name]) for name in (x if isinstance(x, Mapping) else x.columns)]
        if columns and all(column.ndim == 1 and len(column) == n for column in columns):
            return np.column_stack(columns), View(names=names)
        return np.arange(n or 0), View(whole=x)
    try:
        shape = np.shape(x)
    except ValueError:  # rows of different lengths
        shape = ()
    if len(shape) == 1 or (len(shape) == 2 and shape[0] == n):
        return x, View()
    if len(shape) == 2 and shape[1] == n:
        return np.asarray(x).T, View(transposed=True)
    return np.arange(n or 0), View(whole=x)


def _limited(task: Task, bounds: Bounds, fixed: Fixed) -> Task:
    """The task with its bounds and with what is held fast."""
    names = task.model.names
    start = np.array(task.model.start)
    if isinstance(fixed, str):
        fixed = (fixed,)
    if not isinstance(fixed, Iterable):
        raise TypeError(f"fixed is {fixed!r}.\nGive names, or values by name: fixed={{{names[0]!r}: {fixed!r}}}")
    held = dict(fixed) if isinstance(fixed, Mapping) else dict.fromkeys(fixed)
    refuse_unknown("fixed", held, names)
    for name, value in held.items():
        if value is not None:
            start[names.index(name)] = number(f"value of {name} in fixed", value)
        elif name not in task.model.told:
            raise ValueError(
                f"{name} is fixed, and nothing says where.\nGive it a value: fixed={{{name!r}: 0}}, or a start"
            )
    low, high = np.full(len(names), -np.inf), np.full(len(names), np.inf)
    if not isinstance(bounds, Mapping | None):
        raise TypeError(
            f"bounds is a {type(bounds).__name__}, which does not say whose they are.\n"
            f"Give a pair by name, None for no bound: bounds={{{names[0]!r}: (0, None)}}"
        )
    refuse_unknown("bounds", {} if bounds is None else bounds, names)
    for name, pair in ({} if bounds is None else bounds).items():
        k = names.index(name)
        try:
            below, above = pair
        except (TypeError, ValueError):
            raise ValueError(
                f"the bounds of {name} are {pair!r}.\nGive a pair (low, high), None for no bound"
            ) from None
        low[k] = -np.inf if below is None else _bound(name, below)
        high[k] = np.inf if above is None else _bound(name, above)
        if not low[k] < high[k]:
            instead = f", or hold it fast: fixed={{{name!r}: {low[k]:g}}}" if math.isfinite(low[k]) else ""
            raise ValueError(
                f"the bounds of {name} are {low[k]:g} and {high[k]:g}: nothing lies between them.\n"
                f"Give (low, high){instead}"
            )
        if name in held:
            if not low[k] <= start[k] <= high[k]:
                raise ValueError(
                    f"{name} is held fast at {start[k]:g}, outside of its bounds {low[k]:g} and {high[k]:g}.\n"
                    "Leave out one of them, or hold it within"
                )
            continue
        if not low[k] <= start[k] <= high[k]:
            if name in task.model.told:
                raise ValueError(
                    f"the start of {name} is {start[k]:g}, outside of its bounds {low[k]:g} and {high[k]:g}.\n"
                    "Start within them"
                )
            start[k] = _inside(low[k], high[k])
    free = tuple(k for k, name in enumerate(names) if name not in held)
    told = all(names[k] in task.model.told for k in free)
    if not bounds:
        return replace(task, start=start, free=free, told=told)
    return replace(task, start=start, free=free, low=low, high=high, told=told)


def _bound(name: str, value: Any) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"a bound of {name} is {value!r}, no number.\nGive a number, or None for no bound") from None
    if math.isnan(found):
        raise ValueError(f"a bound of {name} is NaN.\nGive a number, or None for no bound")
    return found


def _inside(low: float, high: float) -> float:
    """A start between two bounds, of which one may be infinite."""
    if math.isfinite(low) and math.isfinite(high):
        return (low + high) / 2
    return low + 1 if math.isfinite(low) else high - 1
