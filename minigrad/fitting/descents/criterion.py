"""What residuals cost, as operations of minigrad: the losses of residuals in y that a descent goes down.

One idea: a loss is a mean over points of what each residual adds, in units in which they are of order one and the
curvature near 0 is that of the mse; how large the terms of a gradient are says when it is zero to rounding.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg

from ...errors import OptimiserError
from ...place import at, here
from ..found import Found
from ..solvers.losses import TUNING
from .coordinates import Batch

Floats = NDArray[np.float64]
Loss = str | Callable[[Any], Any]


class Criterion:
    """What residuals cost: the mean of what each adds, where `factors` (n,) multiply them: 1/sigma, of mean square 1.

    `size` is what a residual of 1 is in the units of the data, or of sigma for a callable; `bend` where a robust loss
    leaves u², which it is near 0, so that its curvature there is that of the mse.
    """

    def __init__(self, loss: Loss, factors: Floats | None = None, size: float = 1.0, bend: float = math.inf) -> None:
        self.loss = loss
        self.factors = factors
        self.size = size
        self.bend = bend
        self.unit = 1.0 if callable(loss) else size if loss == "l1" else size**2

    def __call__(self, r: Any, rows: Batch = None) -> Any:
        """Return the loss of residuals r, the curve less y, (n,), or (n, m) of m outputs, over which it is summed."""
        if self.factors is not None:
            f = self.factors if rows is None else self.factors[rows]
            r = r * (f[:, None] if r.ndim == 2 else f)
        if callable(self.loss):
            r = r[:, 0] if r.ndim == 2 else r
            return mg.sum(self.loss(-self.size * r)) / r.shape[0]
        if self.loss == "mse":
            mean = (r**2).mean()
            return mean * r.shape[1] if r.ndim == 2 and r.shape[1] > 1 else mean
        if self.loss == "l1":
            return mg.abs(r).mean()
        k = self.bend
        if self.loss == "huber":
            return mg.where(abs(r) <= k, r**2, 2 * k * abs(r) - k**2).mean()
        inside = 1 - mg.minimum((r / k) ** 2, 1.0)
        return (k**2 / 3 * (1 - inside**3)).mean()

    def terms(self, columns: Floats, residuals: Floats) -> Floats:
        """Return how large the terms are that the derivative by each coefficient is the sum of, (p, m).

        |Σ g x| is at most |g| |x| (Cauchy and Schwarz), g being the derivatives by each residual.
        """
        r = mg.tensor(residuals, requires_grad=True)
        with np.errstate(over="ignore"):  # what leaves float64 has no loss either, and is refused for that
            g = mg.gradients(self(r), r).numpy().reshape(len(residuals), -1)
            sizes: Floats = np.multiply.outer(*(np.sqrt((each**2).sum(axis=0)) for each in (columns, g)))
        return sizes


def bend_of(loss: Loss, exact: Found, tuning: float | None = None) -> float:
    """Return where a robust loss leaves u², in units of sigma where it is given; infinite for the others.

    Raises OptimiserError where the scale is 0: the loss then is 0 everywhere, and nothing goes down.
    """
    if not isinstance(loss, str) or loss not in TUNING:
        return math.inf
    scale = float(np.ravel(exact.scale)[0])
    if not scale > 0:
        raise OptimiserError(
            f'more than half of the points lie on the curve, so the scale of loss="{loss}" is 0, and there is nothing '
            f'to descend{at(here())}.\nTake solver="auto", which has found it'
        )
    return (TUNING[loss] if tuning is None else tuning) * scale
