"""Gradient descent, with momentum if wanted.

One idea: momentum is a velocity that keeps a part of itself in each step; Nesterov's looks
at the slope where the velocity is about to lead.
"""

from typing import Any

from ..backend import Array
from ..errors import OptimiserError
from ..place import at, here
from .optimiser import Group, Optimiser, nonnegative


class SGD(Optimiser):
    """x -= lr v, where v is the gradient g or, with momentum, v = momentum v + (1 - dampening) g.

    The first v is g itself, not dampened, as in torch. With `nesterov` the step is
    x -= lr (g + momentum v). `weight_decay` w adds w x to g: the gradient of w/2 |x|².
    Raises as `Optimiser` does. Nesterov's form: Sutskever et al., "On the importance of
    initialization and momentum in deep learning" (2013).

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> w = mg.tensor(3.0, requires_grad=True)
    >>> optimiser = optim.SGD([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> w
    Tensor(2.4, requires_grad=True)
    """

    remembers = frozenset({"momentum"})
    elementwise = True

    def __init__(
        self,
        parameters: Any,
        lr: float = 0.001,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(
            parameters, lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov
        )

    def check(self, group: Group) -> None:
        """Raise OptimiserError for settings that make no sense."""
        super().check(group)
        nonnegative(group, "momentum")
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise OptimiserError(
                f"Nesterov's step needs momentum and no dampening; momentum is {group['momentum']}, "
                f"dampening {group['dampening']}{at(here())}.\nWrite SGD(..., momentum=0.9, nesterov=True)"
            )

    def advance(self, x: Array, g: Array, memory: dict[str, Any], group: Group) -> Array:
        """Return where a step leads from `x`."""
        momentum = group["momentum"]
        if group["weight_decay"]:
            g = g + group["weight_decay"] * x
        if momentum:
            v = memory.get("momentum")
            if v is None:
                v = g.copy()
            else:
                v *= momentum
                v += (1 - group["dampening"]) * g if group["dampening"] else g
            memory["momentum"] = v
            g = g + momentum * v if group["nesterov"] else v
        x -= group["lr"] * g
        return x
