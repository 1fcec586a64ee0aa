"""`FitResult`: everything that follows from what a solver found.

One idea: one result for every fit, exact or descending, linear or not; what it reports it derives.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .found import Found
from .given import Points

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FitResult:
    """A fit: parameters, their errors, and all that follows."""

    given: Points
    found: Found
    loss: str

    @property
    def params(self) -> dict[str, Any]:
        """The parameters by name."""
        return dict(zip(self.found.names, self.found.values, strict=True))

    @property
    def errors(self) -> dict[str, Any]:
        """The standard error of each parameter, by name."""
        return dict(zip(self.found.names, np.sqrt(np.diagonal(self.found.cov, axis1=-2, axis2=-1)).T, strict=True))
