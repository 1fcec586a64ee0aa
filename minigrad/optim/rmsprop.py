"""RMSprop: the gradient in units of its usual size.

One idea: a running average of the squared gradient, and its root is the unit; centred, the
unit is the spread of the gradient about its own average.
"""

from typing import Any

import numpy as np

from ..backend import Array
from .optimiser import Group, Optimiser, fraction, nonnegative, positive, zeros


class RMSprop(Optimiser):
    """x -= lr g / (√v + eps), v a running average of g² of which `alpha` is kept in each step.

    With `centered` v is the variance, the average of g² less the square of the average of
    g; where rounding makes that negative it is taken as 0, and the step is finite (torch gives NaN
    there). With `momentum` the quotient is gathered in a velocity. `weight_decay` w adds w x to g.
    Raises as `Optimiser` does. Hinton, lecture 6e of "Neural networks for machine learning"
    (2012); centred: Graves, "Generating sequences with recurrent neural networks" (2013).

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> w = mg.tensor(3.0, requires_grad=True)
    >>> optimiser = optim.RMSprop([w], lr=0.1, alpha=0.75)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> print(f"{w:.6f}")
    2.800000
    """

    remembers = frozenset({"square", "mean", "momentum"})
    elementwise = True
    squares = True

    def __init__(
        self,
        parameters: Any,
        lr: float = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(
            parameters, lr=lr, alpha=alpha, eps=eps, weight_decay=weight_decay, momentum=momentum, centered=centered
        )

    def check(self, group: Group) -> None:
        """Raise OptimiserError for settings that make no sense."""
        super().check(group)
        positive(group, "eps")
        nonnegative(group, "momentum")
        fraction(group, "alpha")

    def advance(self, x: Array, g: Array, memory: dict[str, Any], group: Group) -> Array:
        """Return where a step leads from `x`."""
        alpha = group["alpha"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        v = memory["square"] if "square" in memory else zeros(x)
        v *= alpha
        square = g * g
        square *= 1 - alpha
        v += square
        memory["square"] = v
        if group["centered"]:
            m = memory["mean"] if "mean" in memory else zeros(x)
            change = g - m
            change *= 1 - alpha
            m += change
            memory["mean"] = m
            v = np.maximum(v - m * m, 0)
        size = np.sqrt(v)
        size += group["eps"]
        update = g / size
        if group["momentum"]:
            velocity = memory["momentum"] if "momentum" in memory else zeros(x)
            velocity *= group["momentum"]
            velocity += update
            memory["momentum"] = velocity
            update = group["lr"] * velocity
        else:
            update *= group["lr"]
        x -= update
        return x
