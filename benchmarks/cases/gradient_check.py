"""A gradient check of every element: tanh of a (3, 4) array, 12 inputs and 12 outputs.

What a passing check costs, since it runs again in each of a hundred examples. NumPy's is what is
written by hand: central differences of each element, and numpy.allclose. Ours is `check_vjp` as it
comes, contracts of the backward pass included; HIPS autograd compares one random projection only.
"""

from typing import Any

import numpy as np

from ..case import Case, Numbers, Step

case = Case(
    "gradient_check",
    "a check of the gradient of tanh at N numbers in three rows; numpy: central differences by hand, numpy.allclose",
    sizes=(12,),
    tiny=(6,),
)


def points(n: int) -> Any:
    """Return n numbers in three rows, where tanh is neither flat nor straight."""
    return np.linspace(-2, 2, n).reshape(3, -1)


def gradient(g: Any, out: Any, x: Any) -> Any:
    """The backward pass of tanh."""
    return g * (1 - out * out)


@case.written_for("numpy")
def by_hand(n: int) -> tuple[Step, Numbers]:
    x = points(n)

    def step() -> None:
        slopes = gradient(1.0, np.tanh(x), x)
        for index in np.ndindex(x.shape):
            ahead, behind = x.copy(), x.copy()
            ahead[index] += 1e-6
            behind[index] -= 1e-6
            wanted = np.zeros_like(x)
            wanted[index] = slopes[index]
            if not np.allclose((np.tanh(ahead) - np.tanh(behind)) / 2e-6, wanted):
                raise AssertionError(index)

    return step, lambda: [gradient(1.0, np.tanh(x), x)]


@case.written_for("minigrad")
def in_minigrad(n: int) -> tuple[Step, Numbers]:
    from minigrad.testing import check_vjp

    x = points(n)

    def step() -> None:
        check_vjp(np.tanh, gradient, x)

    return step, lambda: [gradient(1.0, np.tanh(x), x)]


@case.written_for("torch")
def in_torch(n: int) -> tuple[Step, Numbers]:
    import torch

    x = torch.from_numpy(points(n)).requires_grad_()

    def step() -> None:
        torch.autograd.gradcheck(torch.tanh, x)

    return step, lambda: [torch.autograd.grad(torch.tanh(x).sum(), x)[0].numpy()]


@case.written_for("autograd")
def in_autograd(n: int) -> tuple[Step, Numbers]:
    import autograd.numpy as anp
    from autograd import elementwise_grad
    from autograd.test_util import check_grads

    x = points(n)
    check = check_grads(anp.tanh, modes=["rev"], order=1)

    def step() -> None:
        check(x)

    return step, lambda: [elementwise_grad(anp.tanh)(x)]


@case.written_for("jax")
def in_jax(n: int) -> tuple[Step, Numbers]:
    import jax
    import jax.numpy as jnp
    from jax.test_util import check_grads

    x = points(n)

    def step() -> None:
        check_grads(jnp.tanh, (x,), order=1, modes=["rev"])

    return step, lambda: [jax.grad(lambda x: jnp.tanh(x).sum())(x)]
