"""Gradient descent that remembers the best point it has seen.

One idea: the best is a *pair*, a loss and the parameters that have this very loss,
never the loss of one step beside the parameters of the next. Of equal losses the
later wins, because descent is nearer the minimum then.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad as mg

_ROUNDING = 64 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Best:
    """A loss, and the parameters that have it."""

    loss: float
    parameters: tuple[Any, ...]
    step: int


@dataclass(frozen=True)
class Descent:
    """What `descend` found: the best pair, every loss on the way, and how it ended."""

    best: Best
    history: tuple[float, ...]
    steps: int
    converged: bool


def descend(
    loss: Callable[..., Any],
    parameters: Sequence[mg.Tensor],
    *,
    lr: float,
    steps: int,
    tolerance: float = 0.0,
    callback: Callable[[int, float], object] | None = None,
) -> Descent:
    """Return where `steps` updates p -= lr * p.grad lead, with the best point on the way.

    `loss(*parameters)` gives one number. Descent converged when no component of the
    gradient exceeds `tolerance`, and ends there; it also ends when the loss is no longer
    finite. `parameters` are changed in place and are left at the last point, with the
    gradient None. `callback(step, loss)` is called with every loss, that of the start as
    step 0. The best is the lowest loss, the later of equals, and the last point if descent
    converged and only rounding speaks against it. Raises ValueError if the loss at the start is not finite.

    >>> import minigrad as mg
    >>> w = mg.tensor(0.0, requires_grad=True)
    >>> found = descend(lambda w: (w - 3) ** 2, [w], lr=0.5, steps=10)
    >>> found.best.parameters[0].item(), found.converged, found.steps
    (3.0, True, 1)
    """
    history: list[float] = []
    best: Best | None = None
    converged = False
    # A rate that is too large ends in an overflow, which is reported and needs no warning.
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(steps + 1):
            for parameter in parameters:
                parameter.zero_grad()
            value = loss(*parameters)
            number = float(value.item())
            history.append(number)
            if not math.isfinite(number):
                break
            if best is None or number <= best.loss:
                best = Best(number, _copies(parameters), step)
            if callback is not None:
                callback(step, number)
            value.backward()
            steepest = max(float(np.max(np.abs(p.grad.data), initial=0.0)) for p in parameters)
            converged = steepest <= tolerance
            # Near its minimum a loss is flat: parameters that differ by 1e-8 have losses that differ
            # by 1e-16, and rounding picks the lowest. There the gradient is the better judge.
            if converged and number - best.loss <= _ROUNDING * abs(history[0]):
                best = Best(number, _copies(parameters), step)
            if converged or step == steps:
                break
            with mg.no_grad():
                for parameter in parameters:
                    parameter -= lr * parameter.grad
    for parameter in parameters:
        parameter.zero_grad()
    if best is None:
        raise ValueError(f"the loss at the starting point is {history[0]}, so there is nothing to descend from")
    return Descent(best, tuple(history), len(history) - 1, converged)


def _copies(parameters: Sequence[mg.Tensor]) -> tuple[Any, ...]:
    return tuple(np.array(p.data) for p in parameters)
