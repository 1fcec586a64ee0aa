"""What a solver found: the parameters, their covariance, the curve through the points, and how it ended.

One idea: every solver, exact or descending, returns this one thing, and `FitResult` derives all the
rest from it: errors, intervals, bands, the report, the plot.
"""

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Curve(Protocol):
    """The fitted curve, in whatever coordinates keep its digits. May be pickled."""

    def at(self, x: Floats) -> Floats:
        """Return the curve's y at x, of shape (n,) or (n, k)."""
        ...

    def variance(self, x: Floats) -> Floats:
        """Return the variance of that y, from the covariance of the parameters."""
        ...


@dataclass(frozen=True)
class Found:
    """What a solver found.

    `values` are the parameters, in the order of `names`; `cov` is their covariance as it is to be
    reported (scaled by the residuals or not, as was asked), NaN where the points do not determine it.
    `residuals` are y - curve(x), or for the distance losses the signed distances to the line; `rss` is
    the sum of their squares, in the units of the points, and `chi2` the same over sigma² (None where no sigma is
    known). `scale` is the standard deviation of a point about the curve as the covariance takes it: √(rss / dof), or
    in units of sigma √(chi2 / dof), which is 1 where sigma is taken as absolute.
    Of m outputs, values are (m, p), cov (m, p, p), scale (m,); rss and chi2 are the sums over them, dof that of each.
    """

    names: tuple[str, ...]
    values: Floats
    cov: Floats
    curve: Curve
    residuals: Floats
    rss: float
    chi2: float | None
    dof: int
    scale: Any
    converged: bool = True
    message: str = "exact"
    steps: int = 0
    history: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()
    vertical: float | None = None
    """Where a vertical line stands, x = vertical; None for every other curve."""
    extra: dict[str, Any] = field(default_factory=dict)
    """What only some solvers know; what the report and the plot look for:

    "fixed": the names of parameters that were held; "through": the point (x, y) a line was forced through;
    "bootstrap": the parameters that were drawn, of shape (draws, p); "weights": how much each point counted, 0 to 1,
    in a robust fit, "cov_hessian", its covariance by exact second derivatives, "inner_hessian", that of its curve's
    coefficients, and "corner", where its loss has one;
    "x": where on the curve each point belongs, in a model with errors in x; "fold", where the slopes of a model nearly
    cancel each other at its end; of a descent, "path": the parameters on
    the way, (k, p), "rows", (k,), after which steps, "lr", its rate, "exact" and "exact_loss", the parameters and the
    loss of the exact answer; "n" and "r2" of a stream whose rows are gone; "second_minimum" of York's chi2, the lowest
    beside the one returned: slope, intercept, chi2.
    """
