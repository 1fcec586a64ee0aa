"""One operation, forward and backward from a given gradient: what the engine itself costs.

Two operations: z = x y (two inputs, both with a gradient) and z = exp(x) (one input, and
the result is kept for the rule). N = 0 stands for a 0-d array. Nothing is summed, so
nothing but the operation is measured; the gradients are cleared after each step.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..case import Case, Implementation, Numbers, Step

multiply = Case(
    "multiply",
    "z = x * y at N elements (0: 0-d), backward from a given gradient, both gradients",
    sizes=(0, 16, 100_000),
    tiny=(0, 16),
)
exp = Case(
    "exp",
    "z = exp(x) at N elements (0: 0-d), backward from a given gradient",
    sizes=(0, 16, 100_000),
    tiny=(0, 16),
)


def arrays(n: int) -> list[Any]:
    """Return x, y and the incoming gradient; at 0-d the gradient is 1, which all take by default."""
    if not n:
        return [np.array(0.7), np.array(1.3), np.array(1.0)]
    return [np.linspace(0.1, 1, n), np.linspace(2, 1, n), np.linspace(-1, 1, n)]


Written = Callable[[int, bool], tuple[Step, Numbers]]


def both(name: str) -> Callable[[Written], Written]:
    """Decorate an implementation of both operations: a function of n and of whether it is exp."""

    def add(written: Written) -> Written:
        product: Implementation = functools.partial(written, is_exp=False)
        exponential: Implementation = functools.partial(written, is_exp=True)
        multiply.written_for(name)(product)
        exp.written_for(name)(exponential)
        return written

    return add


@both("numpy")
def by_hand(n: int, is_exp: bool) -> tuple[Step, Numbers]:
    x, y, g = (v if v.ndim else v[()] for v in arrays(n))  # a NumPy scalar: 0.04 µs a product, 0-d 0.2
    found: list[Any] = []

    def product() -> None:
        z = x * y
        found[:] = z, g * y, g * x

    def exponential() -> None:
        z = np.exp(x)
        found[:] = z, g * z

    return (exponential if is_exp else product), lambda: found


@both("minigrad")
def in_minigrad(n: int, is_exp: bool) -> tuple[Step, Numbers]:
    import minigrad as mg

    data_x, data_y, given = arrays(n)
    x, y = mg.tensor(data_x, requires_grad=True), mg.tensor(data_y, requires_grad=True)
    g = mg.from_numpy(given) if n else None
    found: list[Any] = []

    def product() -> None:
        z = x * y
        z.backward(g)
        found[:] = z, x.grad, y.grad
        x.zero_grad()
        y.zero_grad()

    def exponential() -> None:
        z = mg.exp(x)
        z.backward(g)
        found[:] = z, x.grad
        x.zero_grad()

    return (exponential if is_exp else product), lambda: [v.data for v in found]


@both("torch")
def in_torch(n: int, is_exp: bool) -> tuple[Step, Numbers]:
    import torch

    data_x, data_y, given = arrays(n)
    x, y = torch.from_numpy(data_x).requires_grad_(), torch.from_numpy(data_y).requires_grad_()
    g = torch.from_numpy(given) if n else None
    found: list[Any] = []

    def product() -> None:
        z = x * y
        z.backward(g)
        found[:] = z, x.grad, y.grad
        x.grad = None
        y.grad = None

    def exponential() -> None:
        z = torch.exp(x)
        z.backward(g)
        found[:] = z, x.grad
        x.grad = None

    return (exponential if is_exp else product), lambda: [v.detach().numpy() for v in found]


@both("autograd")
def in_autograd(n: int, is_exp: bool) -> tuple[Step, Numbers]:
    import autograd.numpy as anp
    from autograd import make_vjp

    x, y, g = arrays(n)
    product_and_back = make_vjp(lambda parameters: parameters[0] * parameters[1])
    exp_and_back = make_vjp(anp.exp)
    found: list[Any] = []

    def product() -> None:
        back, z = product_and_back((x, y))
        found[:] = z, *back(g)

    def exponential() -> None:
        back, z = exp_and_back(x)
        found[:] = z, back(g)

    return (exponential if is_exp else product), lambda: found


@both("mygrad")
def in_mygrad(n: int, is_exp: bool) -> tuple[Step, Numbers]:
    import mygrad

    data_x, data_y, given = arrays(n)
    x, y = mygrad.tensor(data_x), mygrad.tensor(data_y)
    g = given if n else None
    found: list[Any] = []

    def product() -> None:
        z = x * y
        z.backward(g)
        found[:] = z.data, x.grad, y.grad

    def exponential() -> None:
        z = mygrad.exp(x)
        z.backward(g)
        found[:] = z.data, x.grad

    return (exponential if is_exp else product), lambda: found


@both("dezero")
def in_dezero(n: int, is_exp: bool) -> tuple[Step, Numbers]:
    import dezero.functions as functions
    from dezero import Variable

    data_x, data_y, given = arrays(n)
    x, y = Variable(data_x), Variable(data_y)
    g = Variable(given) if n else None
    found: list[Any] = []

    def product() -> None:
        z = x * y
        z.grad = g
        z.backward()
        found[:] = z, x.grad, y.grad
        x.cleargrad()
        y.cleargrad()

    def exponential() -> None:
        z = functions.exp(x)
        z.grad = g
        z.backward()
        found[:] = z, x.grad
        x.cleargrad()

    return (exponential if is_exp else product), lambda: [v.data for v in found]


@multiply.written_for("micrograd", at_most=0)
def in_micrograd(n: int) -> tuple[Step, Numbers]:
    """On bare Python floats; it has no exp."""
    from micrograd.engine import Value

    data_x, data_y, _ = arrays(n)
    x, y = Value(data_x.item()), Value(data_y.item())
    found: list[Any] = []

    def product() -> None:
        z = x * y
        z.backward()
        found[:] = z.data, x.grad, y.grad
        x.grad = 0
        y.grad = 0

    return product, lambda: found


@both("jax")
def in_jax(n: int, is_exp: bool) -> tuple[Step, Numbers]:
    import jax
    import jax.numpy as jnp

    x, y, g = (jnp.asarray(v) for v in arrays(n))
    found: list[Any] = []

    @jax.jit
    def product_and_back(x, y, g):
        z, back = jax.vjp(jnp.multiply, x, y)
        return z, *back(g)

    @jax.jit
    def exp_and_back(x, g):
        z, back = jax.vjp(jnp.exp, x)
        return z, *back(g)

    def product() -> None:
        found[:] = jax.block_until_ready(product_and_back(x, y, g))

    def exponential() -> None:
        found[:] = jax.block_until_ready(exp_and_back(x, g))

    return (exponential if is_exp else product), lambda: [np.asarray(v) for v in found]


@both("tinygrad")
def in_tinygrad(n: int, is_exp: bool) -> tuple[Step, Numbers]:
    from tinygrad import Tensor, TinyJit

    x, y, g = (Tensor(v).clone().realize() for v in arrays(n))
    found: list[Any] = []

    @TinyJit
    def product_and_back() -> Any:
        z = x * y
        d_x, d_y = z.gradient(x, y, gradient=g)
        return Tensor.realize(z, d_x, d_y), d_x, d_y

    @TinyJit
    def exp_and_back() -> Any:
        z = x.exp()
        (d_x,) = z.gradient(x, gradient=g)
        return Tensor.realize(z, d_x), d_x

    def product() -> None:
        found[:] = product_and_back()

    def exponential() -> None:
        found[:] = exp_and_back()

    return (exponential if is_exp else product), lambda: [v.numpy() for v in found]
