"""Adam: each number has a step of its own, its mean gradient in units of its usual size.

One idea: two running averages, of the gradient and of its square. Both start at zero, and are
divided by how much of the true average they hold after t steps, 1 - betaᵗ.
"""

import math
from typing import Any

import numpy as np

from ..backend import Array
from ..errors import OptimiserError
from ..place import at, here
from .optimiser import Group, Optimiser, fraction, positive, zeros


class Adam(Optimiser):
    """x -= lr m̂ / (√v̂ + eps), m̂ and v̂ the running averages of the gradient and of its square.

    `betas` is how much of each is kept in a step; `weight_decay` w adds w x to the
    gradient (`AdamW` shrinks x instead). With `amsgrad` v̂ is the largest so far. Raises as
    `Optimiser` does. Kingma and Ba, "Adam" (2015); Reddi et al., "On the convergence of Adam
    and beyond" (2018).

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> w = mg.tensor(3.0, requires_grad=True)
    >>> optimiser = optim.Adam([w], lr=0.1)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> print(f"{w:.6f}")
    2.900000
    """

    remembers = frozenset({"steps", "mean", "square", "largest"})
    elementwise = True
    squares = True
    decoupled = False
    """Whether weight decay shrinks x itself, past the averages."""

    def __init__(
        self,
        parameters: Any,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(parameters, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, amsgrad=amsgrad)

    def check(self, group: Group) -> None:
        """Raise OptimiserError for settings that make no sense."""
        super().check(group)
        positive(group, "eps")
        if not isinstance(group["betas"], tuple) or len(group["betas"]) != 2:
            raise OptimiserError(
                f"betas is {group['betas']!r}, and has to be two numbers, for the gradient and for its square"
                f"{at(here())}.\nWrite betas=(0.9, 0.999)"
            )
        fraction(group, "betas")

    def advance(self, x: Array, g: Array, memory: dict[str, Any], group: Group) -> Array:
        """Return where a step leads from `x`."""
        lr, (beta1, beta2), weight_decay = group["lr"], group["betas"], group["weight_decay"]
        if not memory:
            memory.update(steps=0, mean=zeros(x), square=zeros(x))
        t = memory["steps"] = memory["steps"] + 1
        if weight_decay and self.decoupled:
            x *= 1 - lr * weight_decay
        elif weight_decay:
            g = g + weight_decay * x
        m, v = memory["mean"], memory["square"]
        m *= beta1
        m += g * (1 - beta1)
        v *= beta2
        square = np.square(g)
        square *= 1 - beta2
        v += square
        memory["mean"], memory["square"] = m, v
        if group["amsgrad"]:
            v = memory["largest"] = np.maximum(v, memory.get("largest", v))
        size = np.sqrt(v)
        size *= 1 / math.sqrt(1 - beta2**t)
        size += group["eps"]
        update = m / size
        update *= lr / (1 - beta1**t)
        x -= update
        return x


class AdamW(Adam):
    """Adam with weight decay w that shrinks x by lr w x, whatever the size of its gradients.

    In `Adam` the decay is part of the gradient, and so is divided by √v̂ like the rest. Raises as
    `Optimiser` does. Loshchilov and Hutter, "Decoupled weight decay regularization" (2019).

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> w = mg.tensor(3.0, requires_grad=True)
    >>> optimiser = optim.AdamW([w], lr=0.1, weight_decay=0.01)
    >>> (w * w).backward()
    >>> optimiser.step()
    >>> print(f"{w:.6f}")
    2.897000
    """

    decoupled = True

    def __init__(
        self,
        parameters: Any,
        lr: float = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        amsgrad: bool = False,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay, amsgrad)
