"""A chain of N operations on one number, forward and backward: y = 0.99999 y, N times.

What a node costs when there are many: its making, its place in the order, its freeing.
"""

from typing import Any

import numpy as np

from ..case import Case, Numbers, Step

FACTOR = 0.99999

case = Case(
    "chain",
    "a chain of N products y = 0.99999 y on one number, forward, backward, graph freed",
    sizes=(100_000,),
    tiny=(50,),
)


@case.written_for("numpy")
def by_hand(n: int) -> tuple[Step, Numbers]:
    x = np.float64(1.5)
    found: list[Any] = []

    def step() -> None:
        y = x
        for _ in range(n):
            y = y * FACTOR
        g = np.float64(1)
        for _ in range(n):
            g = g * FACTOR
        found[:] = y, g

    return step, lambda: found


@case.written_for("minigrad")
def in_minigrad(n: int) -> tuple[Step, Numbers]:
    import minigrad as mg

    x = mg.tensor(1.5, requires_grad=True)
    found: list[Any] = []

    def step() -> None:
        y = x
        for _ in range(n):
            y = y * FACTOR
        y.backward()
        found[:] = y.item(), x.grad.item()
        x.zero_grad()

    return step, lambda: found


@case.written_for("torch")
def in_torch(n: int) -> tuple[Step, Numbers]:
    import torch

    x = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    found: list[Any] = []

    def step() -> None:
        y = x
        for _ in range(n):
            y = y * FACTOR
        y.backward()
        found[:] = y.item(), x.grad.item()
        x.grad = None

    return step, lambda: found


@case.written_for("autograd")
def in_autograd(n: int) -> tuple[Step, Numbers]:
    from autograd import value_and_grad

    def product(x):
        y = x
        for _ in range(n):
            y = y * FACTOR
        return y

    product_and_gradient = value_and_grad(product)
    found: list[Any] = []

    def step() -> None:
        found[:] = product_and_gradient(1.5)

    return step, lambda: found


@case.written_for("mygrad")
def in_mygrad(n: int) -> tuple[Step, Numbers]:
    import mygrad

    x = mygrad.tensor(1.5)
    found: list[Any] = []

    def step() -> None:
        y = x
        for _ in range(n):
            y = y * FACTOR
        y.backward()
        found[:] = y.item(), x.grad.item()

    return step, lambda: found


@case.written_for("dezero")
def in_dezero(n: int) -> tuple[Step, Numbers]:
    from dezero import Variable

    x = Variable(np.array(1.5))
    found: list[Any] = []

    def step() -> None:
        y = x
        for _ in range(n):
            y = y * FACTOR
        y.backward()
        found[:] = y.data.item(), x.grad.data.item()
        x.cleargrad()

    return step, lambda: found


@case.written_for("micrograd")
def in_micrograd(n: int) -> tuple[Step, Numbers]:
    from micrograd.engine import Value

    x = Value(1.5)
    found: list[Any] = []

    def step() -> None:
        y = x
        for _ in range(n):
            y = y * FACTOR
        y.backward()
        found[:] = y.data, x.grad
        x.grad = 0

    return step, lambda: found


@case.written_for("jax")
def in_jax(n: int) -> tuple[Step, Numbers]:
    """As a compiled loop: written out, 100,000 products would be compiled one by one."""
    import jax

    @jax.jit
    @jax.value_and_grad
    def product_and_gradient(x):
        return jax.lax.fori_loop(0, n, lambda _, y: y * FACTOR, x)

    found: list[Any] = []

    def step() -> None:
        found[:] = jax.block_until_ready(product_and_gradient(1.5))

    return step, lambda: [float(v) for v in found]


@case.written_for("tinygrad")
def in_tinygrad(n: int) -> tuple[Step, Numbers]:
    from tinygrad import Tensor

    x = Tensor(np.array(1.5)).clone().realize()
    found: list[Any] = []

    def step() -> None:
        y = x
        for _ in range(n):
            y = y * FACTOR
        (g,) = y.gradient(x)
        Tensor.realize(y, g)
        found[:] = y.item(), g.item()

    return step, lambda: found
