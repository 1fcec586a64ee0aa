"""Where a descent moves, and the way back to the units of the data.

One idea: a descent sees numbers of order one and a loss whose curvature it knows; what they mean in the units of the
data is computed apart, and rounded once. Those of residuals in y are in `columns.py`, those of distances in
`angles.py`, and those of a model, each parameter in units of what moves the curve by the spread of y, in `scaled.py`.
"""

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..found import Found

Floats = NDArray[np.float64]
Batch = NDArray[np.intp] | None
"""The places of some points; None for all of them."""


class Coordinates(Protocol):
    """Where a descent moves: tensors, the loss there, and what they mean in the units of the data."""

    names: tuple[str, ...]
    tensors: list[Any]
    n: int
    """How many points there are."""
    unit: float
    """What a loss of 1 is in the units of the data."""
    exact_loss: float
    """The loss of the exact answer, in the units of the data."""
    terms: list[Any]
    """For each tensor, how large the terms are that its gradient is the sum of, from the start."""

    def loss(self, rows: Batch) -> Any:
        """Return the loss over some points, None for all, as a tensor of one number."""
        ...

    def confine(self) -> None:
        """Move the tensors back into their bounds, if there are any."""
        ...

    def reported(self, values: Sequence[Any]) -> Floats:
        """Return the parameters in the units of the data, to plot and to tell on the way."""
        ...

    def found(self, values: Sequence[Any]) -> Found:
        """Return the same with all their digits, and what follows from them."""
        ...


def root_mean_square(values: Floats, weights: Floats | None = None) -> float:
    """Return the root of the mean square, also of numbers whose squares would leave float64."""
    largest = float(np.abs(values).max())
    if not largest:
        return 0.0
    return largest * math.sqrt(float(np.average((values / largest) ** 2, weights=weights)))
