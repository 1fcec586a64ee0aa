"""`fit_line`: the line, the plane or the polynomial through points, by the loss that was asked for.

One idea: here is only the choice. Each loss has its solver in a file of its own, every solver returns
`Found`, and `FitResult` says what follows from it.
"""

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from .found import Found
from .given import Points, points
from .result import FitResult

LOSSES = ("mse", "distance", "huber", "l1", "tukey")
DESCENTS = ("gd", "sgd", "adam", "lbfgs")
SOLVERS = ("auto", *DESCENTS)

Loss = str | Callable[[Any], Any]


def fit_line(
    x: ArrayLike,
    y: ArrayLike,
    *,
    loss: Loss = "mse",
    sigma: ArrayLike | None = None,
    sigma_x: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    through: tuple[float, float] | None = None,
    degree: int | None = None,
    delta: float | None = None,
    solver: str = "auto",
    steps: int | None = None,
    lr: float | str = "auto",
    schedule: str = "cosine",
    batch_size: int | None = None,
    standardize: bool = True,
    seed: int = 0,
    errors: str = "gauss-newton",
    absolute_sigma: bool = False,
    skip_bad: bool = False,
    callback: Callable[..., object] | None = None,
    progress: Any = None,
) -> FitResult:
    """Return the line through points, with its uncertainty."""
    given = points(x, y, sigma=sigma, sigma_x=sigma_x, weights=weights, skip_bad=skip_bad)
    found = _exact(given, loss, through, degree, delta, absolute_sigma)
    if solver != "auto":
        from .watching import descend_line

        found = descend_line(
            given,
            loss,
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
    if errors != "gauss-newton":
        from .uncertainty import with_errors

        found = with_errors(
            found,
            given,
            errors,
            refit=lambda some: _exact(some, loss, through, degree, delta, absolute_sigma),
            absolute_sigma=absolute_sigma,
            seed=seed,
        )
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", "a callable")
    return FitResult(given, found, name, absolute_sigma)


def _exact(
    given: Points,
    loss: Loss,
    through: tuple[float, float] | None,
    degree: int | None,
    delta: float | None,
    absolute_sigma: bool,
) -> Found:
    """What the solver of this loss finds."""
    if loss == "mse":
        from .linear import least_squares

        return least_squares(given, degree=degree, through=through, absolute_sigma=absolute_sigma)
    if loss == "distance":
        if given.sigma_x is not None or given.sigma is not None:
            from .york import york_line

            return york_line(given, absolute_sigma=absolute_sigma)
        from .distance import nearest_line

        return nearest_line(given, delta=1.0 if delta is None else delta, absolute_sigma=absolute_sigma)
    from .robust import robust_line

    return robust_line(given, loss, degree=degree, absolute_sigma=absolute_sigma)


__all__ = ["DESCENTS", "LOSSES", "SOLVERS", "fit_line"]
