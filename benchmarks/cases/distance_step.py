"""One step of gradient descent on the distance loss of a line, mean((a x - y + b)² / (a² + 1)).

Forward, backward, update, gradients cleared. This is what minigrad was made for, and
the case its budget is written in.
"""

import numpy as np

from ..case import Case, Numbers, Step

RATE = 1e-5

case = Case(
    "distance_step",
    "distance loss of a line at N points: forward, backward, update, gradients cleared",
    sizes=(15, 100, 10_000, 1_000_000),
    tiny=(15, 100),
)


def points(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return n points about y = 2.5 x + 1. No array but these two is made, so that memory can be measured."""
    rng = np.random.default_rng(0)
    x, y = np.empty(n), np.empty(n)
    for start in range(0, n, 4096):
        part = slice(start, min(start + 4096, n))
        exact = np.arange(part.start, part.stop) * (100 / n)
        x[part] = exact + rng.normal(0, 2, exact.size)
        y[part] = 2.5 * exact + 1 + rng.normal(0, 2, exact.size)
    return x, y


@case.written_for("numpy")
def by_hand(n: int) -> tuple[Step, Numbers]:
    """The same graph, forward and backward, as one writes it who knows NumPy: no array that is not needed.

    The gradient of a mean is the same number for every element, so it stays a number. Spelled
    out as an array (`np.full`) the step took 9.4 µs instead of 7.4 at 100 points, 164 instead of 35 at 10,000.
    """
    x, y = points(n)
    a = b = np.float64(0)

    def step() -> None:
        nonlocal a, b
        distance = a * x - y + b
        scale = a**2 + 1
        ratio = distance**2 / scale
        ratio.mean()
        d_ratio = 1 / n
        d_scale = -(d_ratio * ratio).sum() / scale
        d_distance = d_ratio / scale * 2 * distance
        d_b = d_distance.sum()
        d_a = (d_distance * x).sum() + d_scale * 2 * a
        a -= RATE * d_a
        b -= RATE * d_b

    return step, lambda: [a, b]


@case.written_for("numpy-fused")
def by_formula(n: int) -> tuple[Step, Numbers]:
    """The derivative worked out on paper: three sums are all it needs."""
    x, y = points(n)
    a = b = np.float64(0)

    def step() -> None:
        nonlocal a, b
        r = a * x - y + b
        d = a * a + 1
        d_a = (2 * (r @ x) / d - 2 * a * (r @ r) / (d * d)) / n
        d_b = 2 * r.sum() / d / n
        a = a - RATE * d_a
        b = b - RATE * d_b

    return step, lambda: [a, b]


@case.written_for("minigrad")
def in_minigrad(n: int) -> tuple[Step, Numbers]:
    import minigrad as mg

    x, y = (mg.from_numpy(v) for v in points(n))
    a = mg.tensor(0.0, requires_grad=True)
    b = mg.tensor(0.0, requires_grad=True)

    def step() -> None:
        nonlocal a, b
        loss = ((a * x - y + b) ** 2 / (a**2 + 1)).mean()
        loss.backward()
        with mg.no_grad():
            a -= RATE * a.grad
            b -= RATE * b.grad
        a.zero_grad()
        b.zero_grad()

    return step, lambda: [a.item(), b.item()]


@case.written_for("torch")
def in_torch(n: int) -> tuple[Step, Numbers]:
    import torch

    x, y = (torch.from_numpy(v) for v in points(n))
    a = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)
    b = torch.tensor(0.0, dtype=torch.float64, requires_grad=True)

    def step() -> None:
        nonlocal a, b
        loss = ((a * x - y + b) ** 2 / (a**2 + 1)).mean()
        loss.backward()
        with torch.no_grad():
            a -= RATE * a.grad
            b -= RATE * b.grad
        a.grad = None
        b.grad = None

    return step, lambda: [a.item(), b.item()]


@case.written_for("autograd")
def in_autograd(n: int) -> tuple[Step, Numbers]:
    import autograd.numpy as anp
    from autograd import value_and_grad

    x, y = points(n)
    a = b = 0.0

    def loss(a, b):
        return anp.mean((a * x - y + b) ** 2 / (a**2 + 1))

    loss_and_gradients = value_and_grad(loss, argnum=(0, 1))

    def step() -> None:
        nonlocal a, b
        _, (d_a, d_b) = loss_and_gradients(a, b)
        a = a - RATE * d_a
        b = b - RATE * d_b

    return step, lambda: [a, b]


@case.written_for("mygrad")
def in_mygrad(n: int) -> tuple[Step, Numbers]:
    """Its tensors forget their gradient when they are next used, so nothing is cleared."""
    import mygrad

    x, y = points(n)
    a = mygrad.tensor(0.0)
    b = mygrad.tensor(0.0)

    def step() -> None:
        loss = mygrad.mean((a * x - y + b) ** 2 / (a**2 + 1))
        loss.backward()
        a.data -= RATE * a.grad
        b.data -= RATE * b.grad

    return step, lambda: [a.item(), b.item()]


@case.written_for("dezero")
def in_dezero(n: int) -> tuple[Step, Numbers]:
    """It has no mean; its own loss functions write sum / len."""
    import dezero.functions as functions
    from dezero import Variable

    x, y = (Variable(v) for v in points(n))
    a = Variable(np.array(0.0))
    b = Variable(np.array(0.0))

    def step() -> None:
        loss = functions.sum((a * x - y + b) ** 2 / (a**2 + 1)) / n
        loss.backward()
        a.data -= RATE * a.grad.data
        b.data -= RATE * b.grad.data
        a.cleargrad()
        b.cleargrad()

    return step, lambda: [a.data, b.data]


@case.written_for("micrograd", at_most=500)
def in_micrograd(n: int) -> tuple[Step, Numbers]:
    """On bare Python floats, a value a point: its recursion ends at a sum of about a thousand."""
    from micrograd.engine import Value

    points_of_floats = list(zip(*(v.tolist() for v in points(n))))
    a = Value(0.0)
    b = Value(0.0)

    def step() -> None:
        scale = a**2 + 1
        loss = sum(((a * x - y + b) ** 2 / scale for x, y in points_of_floats), Value(0.0)) / n
        loss.backward()
        a.data -= RATE * a.grad
        b.data -= RATE * b.grad
        a.grad = 0
        b.grad = 0

    return step, lambda: [a.data, b.data]


@case.written_for("jax")
def in_jax(n: int) -> tuple[Step, Numbers]:
    import jax
    import jax.numpy as jnp

    x, y = (jnp.asarray(v) for v in points(n))
    a = b = jnp.asarray(0.0)

    def loss(a, b, x, y):
        return jnp.mean((a * x - y + b) ** 2 / (a**2 + 1))

    @jax.jit
    def update(a, b, x, y):
        d_a, d_b = jax.grad(loss, argnums=(0, 1))(a, b, x, y)
        return a - RATE * d_a, b - RATE * d_b

    def step() -> None:
        nonlocal a, b
        a, b = jax.block_until_ready(update(a, b, x, y))

    return step, lambda: [float(a), float(b)]


@case.written_for("tinygrad")
def in_tinygrad(n: int) -> tuple[Step, Numbers]:
    from tinygrad import Tensor, TinyJit

    x, y = (Tensor(v).realize() for v in points(n))
    # clone: a 0-d tensor is a constant until then, and both would be one.
    a = Tensor(np.array(0.0)).clone().realize()
    b = Tensor(np.array(0.0)).clone().realize()

    @TinyJit
    def update() -> None:
        loss = ((a * x - y + b) ** 2 / (a**2 + 1)).mean()
        d_a, d_b = loss.gradient(a, b)
        Tensor.realize(a.assign(a - RATE * d_a), b.assign(b - RATE * d_b))

    def step() -> None:
        update()

    return step, lambda: [a.item(), b.item()]
