"""Steps: functions that are constant between jumps, so that no gradient passes."""

from typing import Any

import numpy as np

from ..graph import apply
from ..op import Op

__all__ = [
    "Sign",
    "sign",
]


class Sign(Op, numpy=np.sign):
    """-1, 0 or 1: constant between jumps, so no gradient"""

    elementwise = True

    def forward(x):
        return np.sign(x)


def sign(x: Any) -> Any:
    """Return -1, 0 or 1 for each element: a constant, no gradient passes.

    >>> import minigrad as mg
    >>> mg.sign(mg.tensor([-3.0, 0.0]))
    Tensor([-1.,  0.])
    """
    return apply(Sign, x)
