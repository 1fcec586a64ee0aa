"""`fit_line`: the line, the plane or the polynomial through points, by the loss that was asked for.

One idea: here is only the choice. Each loss has its solver in a file of its own, every solver returns
`Found`, and `FitResult` says what follows from it. What cannot be meant together is refused before
anything is computed.
"""

import math
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .found import Curve, Found
from .given import Points, points
from .result import FitResult

LOSSES = ("mse", "distance", "huber", "l1", "tukey")
DESCENTS = ("gd", "sgd", "adam", "lbfgs")
SOLVERS = ("auto", *DESCENTS)
ERRORS = ("gauss-newton", "hessian", "bootstrap", "jackknife")

Loss = str | Callable[[Any], Any]
Schedule = str | Callable[[int], float]

_ALSO_CALLED = {
    "ols": "mse",
    "l2": "mse",
    "squares": "mse",
    "least squares": "mse",
    "tls": "distance",
    "odr": "distance",
    "orthogonal": "distance",
    "deming": "distance",
    "york": "distance",
    "mae": "l1",
    "lad": "l1",
    "absolute": "l1",
    "bisquare": "tukey",
    "biweight": "tukey",
    "sandwich": "hessian",
    "qr": "auto",
    "exact": "auto",
    "l-bfgs": "lbfgs",
    "bfgs": "lbfgs",
}


def fit_line(
    x: ArrayLike,
    y: ArrayLike,
    *,
    loss: Loss = "mse",
    sigma: ArrayLike | None = None,
    sigma_x: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    through: Any = None,
    degree: int | None = None,
    delta: float | None = None,
    tuning: float | None = None,
    solver: str = "auto",
    steps: int | None = None,
    lr: float | str = "auto",
    schedule: Schedule = "auto",
    batch_size: int | None = None,
    standardize: bool = True,
    seed: int = 0,
    errors: str = "gauss-newton",
    absolute_sigma: bool = False,
    skip_bad: bool = False,
    callback: Callable[..., object] | None = None,
    progress: Any = None,
) -> FitResult:
    """Return the line through points, with its uncertainty.

    `x` has the shape (n,), or (n, k) for a plane in k features; `y` (n,), or (n, m) for m outputs. The parameters are
    slope and intercept; intercept and one for each of several features; c0 ... ck with `degree=k`, a polynomial.

    - `loss`: "mse" (squared residuals in y), "distance" (squared distances to the line; `delta` is the ratio of the
      variances of y and x errors, 1 for right angles; with `sigma` and `sigma_x` York's problem; with `sigma` or
      `weights` alone x has the same error), "huber", "tukey", "l1", or a callable that takes the residuals.
      `tuning` is where Huber and Tukey leave least squares.
    - `sigma`, `sigma_x`: one standard deviation of y and of x, a number or one for each point; `weights` are 1/sigma².
      The errors are scaled by the residuals; with `absolute_sigma` sigma is taken as it is.
    - `through`: a point (x0, y0) that the line goes through, or "origin". `skip_bad` leaves rows with NaN or inf out.
    - `solver`: "auto" (exact, or to convergence), or one that descends and can be watched: "gd", "sgd", "adam", "lbfgs"
      in at most `steps` steps, with the learning rate `lr` by a `schedule` ("constant", "cosine", "step",
      "exponential", "inverse_time", or a function), on batches of `batch_size` points, in standardised coordinates with
      "cosine", or with `standardize=False` as the tutorials do it: on the points as they are, and "constant".
      callback(step, loss, params) is called with every step, `progress=True` shows it. See `descents/watching.py`.
    - `errors`: "gauss-newton" (for distances: York's), "hessian", "bootstrap" or "jackknife"; `seed` draws for them.

    Raises DivergedError, which carries the best point, for a learning rate that is too large;
    ValueError for arguments that contradict each other, numbers that are not finite, lengths that differ, and
    points that do not determine the parameters; TypeError for what holds no numbers.

    >>> fit = fit_line([0, 1, 2, 3], [1.0, 3.0, 5.0, 7.5])
    >>> round(fit.slope, 6), round(fit.intercept, 6), round(fit.errors["slope"], 6)
    (2.15, 0.9, 0.086603)
    """
    _check_choices(loss, solver, errors)
    _check_model(loss, through, degree, delta, tuning)
    _check_spread(loss, sigma, sigma_x, weights, delta, absolute_sigma)
    _check_descent(solver, steps, lr, schedule, batch_size, standardize, callback)
    given = points(x, y, sigma=sigma, sigma_x=sigma_x, weights=weights, skip_bad=skip_bad)

    def exactly(some: Points, start: Curve | None = None) -> Found:
        return _exact(some, loss, through, degree, delta, tuning, errors, absolute_sigma, start)

    found = exactly(given)
    if solver != "auto":
        from .descents.watching import descend_line

        found = descend_line(
            given,
            loss,
            solver,
            exact=found,
            delta=delta,
            tuning=tuning,
            absolute_sigma=absolute_sigma,
            steps=steps,
            lr=lr,
            schedule=schedule,
            batch_size=batch_size,
            standardize=standardize,
            seed=seed,
            callback=callback,
            progress=progress,
        )
    if errors in ("bootstrap", "jackknife") or (errors == "hessian" and loss != "distance"):
        from .solvers.uncertainty import with_errors

        many = None
        if errors == "bootstrap" and loss in ("huber", "tukey") and isinstance(loss, str):
            from .solvers.robust import redrawn

            many = redrawn(given, found, loss, absolute_sigma=absolute_sigma, tuning=tuning)
        curve = found.curve
        found = with_errors(
            found,
            given,
            errors,
            refit=lambda some: exactly(some, curve),
            absolute_sigma=absolute_sigma,
            seed=seed,
            squares=loss == "mse",
            redrawn=many,
        )
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", "a callable")
    return FitResult(given, found, name, absolute_sigma)


def _exact(
    given: Points,
    loss: Loss,
    through: Any,
    degree: int | None,
    delta: float | None,
    tuning: float | None,
    errors: str,
    absolute_sigma: bool,
    start: Curve | None,
) -> Found:
    """What the solver of this loss finds."""
    if loss == "mse":
        from .solvers.linear import least_squares

        return least_squares(given, degree=degree, through=through, absolute_sigma=absolute_sigma)
    if loss == "distance":
        by = "hessian" if errors == "hessian" else "york"
        ratio = 1.0 if delta is None else delta
        features = given.x.shape[1] if given.x.ndim == 2 else 1
        if through is not None:
            from .solvers.linear import given_point

            x0, y0 = given_point(through, features, 1)
            through = x0 if features > 1 else float(x0[0]), float(y0[0])
        if features > 1:
            from .solvers.plane import nearest_plane

            return nearest_plane(given, delta=ratio, absolute_sigma=absolute_sigma, through=through, errors=by)
        if given.sigma_x is not None:
            from .solvers.york import york_line

            return york_line(given, absolute_sigma=absolute_sigma, through=through, errors=by)
        from .solvers.distance import nearest_line

        return nearest_line(given, delta=ratio, absolute_sigma=absolute_sigma, through=through, errors=by)
    from .solvers.robust import robust_line

    return robust_line(given, loss, degree=degree, absolute_sigma=absolute_sigma, tuning=tuning, start=start)


def _check_choices(loss: Loss, solver: str, errors: str) -> None:
    if solver == "lm":
        raise ValueError(
            'solver="lm" is for models: minigrad.fit. A line is found without steps.\n'
            'Write solver="auto", or leave it out'
        )
    for kind, choice, choices in (("loss", loss, LOSSES), ("solver", solver, SOLVERS), ("errors", errors, ERRORS)):
        if (isinstance(choice, str) and choice in choices) or (kind == "loss" and callable(choice)):
            continue
        meant = _ALSO_CALLED.get(str(choice).lower())
        near = [meant] if meant in choices else get_close_matches(str(choice).lower(), choices, 1)
        instead = f'Write {kind}="{near[0]}"' if near else f"Choose one of: {', '.join(choices)}"
        function = ", or a function of the residuals" if kind == "loss" and not near else ""
        are = "are" if kind == "errors" else "is"
        raise ValueError(f"there {are} no {kind} {_quoted(choice)}.\n{instead}{function}")


def _check_model(loss: Loss, through: Any, degree: int | None, delta: float | None, tuning: float | None) -> None:
    """What belongs to one loss or one model only."""
    if degree is not None:
        if isinstance(degree, bool) or not isinstance(degree, int | np.integer) or degree < 0:
            raise ValueError(f"degree is {degree!r}, and a polynomial has a whole one.\nWrite degree=2 for a parabola")
        if loss == "distance":
            raise ValueError(
                'loss="distance" fits straight lines, and degree asks for a polynomial.\n'
                'Leave degree out, or take loss="mse"'
            )
        if through is not None:
            raise ValueError(
                "through and degree were both given, and only a line can be put through a point.\nLeave one of them out"
            )
    if through is not None and loss not in ("mse", "distance"):
        raise ValueError(
            f"through was given, and with loss={_quoted(loss)} no line goes through a given point.\n"
            'Take loss="mse" or loss="distance", or leave through out'
        )
    if delta is not None:
        if loss != "distance":
            raise ValueError(
                f"delta is the ratio of the variances of y and x errors, and loss={_quoted(loss)} has none in x.\n"
                'Leave delta out, or take loss="distance"'
            )
        if not (isinstance(delta, int | float | np.number) and 0 < delta < math.inf):
            raise ValueError(
                f"delta is {delta!r}, and the ratio of two variances is above 0.\nWrite delta=1 for right angles"
            )
    if tuning is not None and loss not in ("huber", "tukey"):
        raise ValueError(f'tuning belongs to the losses "huber" and "tukey".\nLeave it out with loss={_quoted(loss)}')


def _check_spread(loss: Loss, sigma: Any, sigma_x: Any, weights: Any, delta: Any, absolute_sigma: bool) -> None:
    """What belongs to standard deviations that were given."""
    if sigma_x is not None and loss != "distance":
        raise ValueError(
            f"sigma_x was given, and loss={_quoted(loss)} takes x as exact.\n"
            + (
                'Write loss="distance", or leave sigma_x out'
                if loss == "mse"
                else 'Write loss="distance", '
                "or forgive distances with a model: fit(lambda x, a, b: a + b * x, x, y, ...)"
            )
        )
    if sigma_x is not None and sigma is None and weights is None:
        raise ValueError(
            "sigma_x was given and sigma was not: the distance needs the errors of both.\n"
            "Give sigma too; if y is exact: fit_line(y, x, sigma=...)"
        )
    if sigma_x is not None and delta is not None:
        raise ValueError(
            "sigma_x and delta were both given, and delta is (sigma / sigma_x)², the same for all points.\n"
            "Leave one of them out"
        )
    if absolute_sigma and sigma is None and weights is None:
        raise ValueError(
            "absolute_sigma=True takes sigma as it is, and no sigma was given.\n"
            "Give sigma, one standard deviation of y, or leave absolute_sigma out"
        )


def _check_descent(
    solver: str,
    steps: int | None,
    lr: float | str,
    schedule: Schedule,
    batch_size: int | None,
    standardize: bool,
    callback: Any,
) -> None:
    """What belongs to the solvers that descend."""
    if solver == "auto":
        asked = {
            "steps": steps is not None,
            "lr": lr != "auto",
            "schedule": schedule != "auto",
            "batch_size": batch_size is not None,
            "standardize": not standardize,
            "callback": callback is not None,
        }
        for name, was_asked in asked.items():
            if was_asked:
                raise ValueError(
                    f'{name} belongs to a solver that descends, and solver="auto" does not.\n'
                    f'Leave {name} out, or choose one: solver="gd"'
                )
        return
    for name, number in (("steps", steps), ("batch_size", batch_size)):
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1):
            raise ValueError(f"{name} is {number!r}, and a whole number is meant, at least 1.\nWrite {name}=100")
    if lr != "auto" and not (isinstance(lr, int | float | np.number) and 0 < lr < math.inf):
        raise ValueError(f'lr is {lr!r}, and a learning rate is above 0.\nWrite lr=0.1, or lr="auto"')


def _quoted(choice: Any) -> str:
    return f'"{choice}"' if isinstance(choice, str) else getattr(choice, "__name__", repr(choice))


__all__ = ["DESCENTS", "ERRORS", "LOSSES", "SOLVERS", "fit_line"]
