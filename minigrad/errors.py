"""Every error and warning minigrad raises, in one tree.

Each class also inherits from the built-in a NumPy user would catch
(`ValueError` for shapes, `TypeError` for dtypes), so existing `except` clauses
go on working. The text of a message says what happened and where on its first
line, and how to mend it on its second.
"""

from typing import Any

import numpy as np


class MinigradError(Exception):
    """The root of everything minigrad raises on purpose."""


class GradError(MinigradError, RuntimeError):
    """A gradient was asked for that cannot be given."""


class GraphFreedError(GradError):
    """A backward pass met a graph that an earlier pass has already freed."""


class InplaceError(GradError):
    """An array was changed in place where the graph needs it as it was."""


class NonFiniteError(GradError, FloatingPointError):
    """Inside detect_anomaly(): the first NaN or infinity."""


class GraphCutError(MinigradError, TypeError):
    """A call would leave the graph and lose the gradient without a word."""


class ShapeError(MinigradError, ValueError):
    """Shapes that do not fit each other."""


class MatrixError(MinigradError, np.linalg.LinAlgError):
    """A matrix that is not square, not invertible, not positive definite, or has no derivative where one is asked."""


class DtypeError(MinigradError, TypeError):
    """A dtype that cannot do what was asked: integers and complex numbers have no gradient here."""


class BackendError(MinigradError, RuntimeError):
    """The array library asked for is missing, has no device, or does not own these arrays."""


class OptimiserError(MinigradError, ValueError):
    """An optimiser or a schedule was given settings, parameters or a state it cannot work with."""


class DivergedError(MinigradError, ArithmeticError):
    """Descent ran away: its learning rate is too large.

    `lr` is that rate, `largest_stable_lr` the largest that is stable at the best point (NaN if it is not known), and
    `best` the best point: from `descend` the pair (loss, params), from a fit what it would have returned.
    """

    lr: float
    largest_stable_lr: float
    best: Any


class GradWarning(UserWarning):
    """Legal, but rarely what was meant."""


class StaleGradWarning(GradWarning):
    """A gradient is added to one that belongs to an older value of the parameter."""


class NonFiniteWarning(GradWarning):
    """A backward pass from a loss brought a parameter NaN or infinity."""


class BroadcastWarning(GradWarning):
    """An (n, 1) met an (n,) and made an (n, n)."""
