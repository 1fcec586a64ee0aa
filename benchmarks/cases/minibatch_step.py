"""One minibatch step of linear regression from scratch, as a well-known textbook has it.

A batch of rows is taken from 1000 by an index array, then y = X w + b, half the squared
error, summed; each parameter moves by rate · gradient / batch. N is the batch.
"""

import itertools

import numpy as np

from ..case import Case, Numbers, Step

RATE = 0.03
ROWS = 1000

case = Case(
    "minibatch_step",
    "linear regression on 2 features, batch of N rows: index the batch, matmul, squared loss, backward, update",
    sizes=(10,),
    tiny=(10, 7),
)


def regression() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return 1000 rows of 2 features, their labels as a column, and a start for w."""
    rng = np.random.default_rng(0)
    features = rng.normal(0, 1, (ROWS, 2))
    labels = features @ np.array([[2.0], [-3.4]]) + 4.2 + rng.normal(0, 0.01, (ROWS, 1))
    return features, labels, rng.normal(0, 0.01, (2, 1))


def batches(size: int) -> list[np.ndarray]:
    """Return one epoch of row numbers in random order, `size` at a time; the last may be shorter."""
    order = np.random.default_rng(1).permutation(ROWS)
    return [order[start : start + size] for start in range(0, ROWS, size)]


@case.written_for("numpy")
def by_hand(size: int) -> tuple[Step, Numbers]:
    features, labels, w = regression()
    b = np.zeros(1)
    rows = itertools.cycle(batches(size))

    def step() -> None:
        nonlocal w, b
        batch = next(rows)
        X, y = features[batch], labels[batch]  # noqa: N806
        error = X @ w + b - y
        (error**2 / 2).sum()
        d_w = X.T @ error
        d_b = error.sum(axis=0)
        w -= RATE * d_w / size
        b -= RATE * d_b / size

    return step, lambda: [*w.ravel(), *b]


@case.written_for("minigrad")
def in_minigrad(size: int) -> tuple[Step, Numbers]:
    import minigrad as mg

    data_x, data_y, start = regression()
    features, labels = mg.from_numpy(data_x), mg.from_numpy(data_y)
    w = mg.tensor(start, requires_grad=True)
    b = mg.zeros(1, requires_grad=True)
    rows = itertools.cycle(batches(size))

    def step() -> None:
        nonlocal w, b
        batch = next(rows)
        X, y = features[batch], labels[batch]  # noqa: N806
        loss = ((X @ w + b - y) ** 2 / 2).sum()
        loss.backward()
        with mg.no_grad():
            w -= RATE * w.grad / size
            b -= RATE * b.grad / size
        w.zero_grad()
        b.zero_grad()

    return step, lambda: [*w.data.ravel(), *b.data]


@case.written_for("torch")
def in_torch(size: int) -> tuple[Step, Numbers]:
    import torch

    data_x, data_y, start = regression()
    features, labels = torch.from_numpy(data_x), torch.from_numpy(data_y)
    w = torch.from_numpy(start).requires_grad_()
    b = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    rows = itertools.cycle([torch.from_numpy(batch) for batch in batches(size)])

    def step() -> None:
        nonlocal w, b
        batch = next(rows)
        X, y = features[batch], labels[batch]  # noqa: N806
        loss = ((X @ w + b - y) ** 2 / 2).sum()
        loss.backward()
        with torch.no_grad():
            w -= RATE * w.grad / size
            b -= RATE * b.grad / size
        w.grad.zero_()
        b.grad.zero_()

    return step, lambda: [*w.detach().numpy().ravel(), *b.detach().numpy()]


@case.written_for("autograd")
def in_autograd(size: int) -> tuple[Step, Numbers]:
    import autograd.numpy as anp
    from autograd import grad

    features, labels, w = regression()
    b = np.zeros(1)
    rows = itertools.cycle(batches(size))

    def loss(parameters, X, y):  # noqa: N803
        w, b = parameters
        return anp.sum((anp.dot(X, w) + b - y) ** 2 / 2)

    gradients = grad(loss)

    def step() -> None:
        nonlocal w, b
        batch = next(rows)
        d_w, d_b = gradients((w, b), features[batch], labels[batch])
        w = w - RATE * d_w / size
        b = b - RATE * d_b / size

    return step, lambda: [*w.ravel(), *b]


@case.written_for("mygrad")
def in_mygrad(size: int) -> tuple[Step, Numbers]:
    import mygrad

    features, labels, start = regression()
    w = mygrad.tensor(start)
    b = mygrad.zeros(1, dtype=float)
    rows = itertools.cycle(batches(size))

    def step() -> None:
        batch = next(rows)
        X, y = features[batch], labels[batch]  # noqa: N806
        loss = mygrad.sum((mygrad.matmul(X, w) + b - y) ** 2 / 2)
        loss.backward()
        w.data -= RATE * w.grad / size
        b.data -= RATE * b.grad / size

    return step, lambda: [*w.data.ravel(), *b.data]


@case.written_for("dezero")
def in_dezero(size: int) -> tuple[Step, Numbers]:
    import dezero.functions as functions
    from dezero import Variable

    features, labels, start = regression()
    w = Variable(start)
    b = Variable(np.zeros(1))
    rows = itertools.cycle(batches(size))

    def step() -> None:
        batch = next(rows)
        X, y = features[batch], labels[batch]  # noqa: N806
        loss = functions.sum((functions.matmul(X, w) + b - y) ** 2 / 2)
        loss.backward()
        w.data -= RATE * w.grad.data / size
        b.data -= RATE * b.grad.data / size
        w.cleargrad()
        b.cleargrad()

    return step, lambda: [*w.data.ravel(), *b.data]


@case.written_for("micrograd")
def in_micrograd(size: int) -> tuple[Step, Numbers]:
    from micrograd.engine import Value

    features, labels, start = (v.tolist() for v in regression())
    u, v, b = Value(start[0][0]), Value(start[1][0]), Value(0.0)
    rows = itertools.cycle([batch.tolist() for batch in batches(size)])

    def step() -> None:
        loss = Value(0.0)
        for row in next(rows):
            (x1, x2), (y,) = features[row], labels[row]
            loss = loss + (u * x1 + v * x2 + b - y) ** 2 / 2
        loss.backward()
        for parameter in (u, v, b):
            parameter.data -= RATE * parameter.grad / size
            parameter.grad = 0

    return step, lambda: [u.data, v.data, b.data]


@case.written_for("jax")
def in_jax(size: int) -> tuple[Step, Numbers]:
    import jax
    import jax.numpy as jnp

    data_x, data_y, start = regression()
    features, labels = jnp.asarray(data_x), jnp.asarray(data_y)
    w, b = jnp.asarray(start), jnp.zeros(1)
    rows = itertools.cycle([jnp.asarray(batch) for batch in batches(size)])

    def loss(w, b, X, y):  # noqa: N803
        return jnp.sum((X @ w + b - y) ** 2 / 2)

    @jax.jit
    def update(w, b, features, labels, batch):
        d_w, d_b = jax.grad(loss, argnums=(0, 1))(w, b, features[batch], labels[batch])
        return w - RATE * d_w / size, b - RATE * d_b / size

    def step() -> None:
        nonlocal w, b
        w, b = jax.block_until_ready(update(w, b, features, labels, next(rows)))

    return step, lambda: [*np.asarray(w).ravel(), *np.asarray(b)]


@case.written_for("tinygrad")
def in_tinygrad(size: int) -> tuple[Step, Numbers]:
    from tinygrad import Tensor, TinyJit

    data_x, data_y, start = regression()
    features, labels = Tensor(data_x).realize(), Tensor(data_y).realize()
    w, b = Tensor(start).realize(), Tensor(np.zeros(1)).realize()
    rows = itertools.cycle([Tensor(batch).realize() for batch in batches(size)])

    @TinyJit
    def update(batch: Tensor) -> None:
        loss = ((features[batch] @ w + b - labels[batch]) ** 2 / 2).sum()
        d_w, d_b = loss.gradient(w, b)
        Tensor.realize(w.assign(w - RATE * d_w / size), b.assign(b - RATE * d_b / size))

    def step() -> None:
        update(next(rows))

    return step, lambda: [*w.numpy().ravel(), *b.numpy()]
