"""`checkpoint`: the same numbers, any order, less memory.

One idea: a checkpointed function is the function. Whatever is computed with one is computed with the other
and compared; only the memory tells them apart.
"""

import gc
import tracemalloc
import weakref
from typing import Any

import numpy as np
import pytest

import minigrad as mg

X = np.array([0.5, -1.0, 2.0])


def layer(x: Any) -> Any:
    return np.tanh(np.exp(np.sin(x)) * x)


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)


DERIVATIVES = {
    "grad": lambda f: mg.grad(lambda x: np.sum(f(x) ** 2))(X),
    "jacobian": lambda f: mg.jacobian(f)(X),
    "jvp": lambda f: mg.jvp(f, (X,), (X[::-1].copy(),))[1],
    "hessian": lambda f: mg.hessian(lambda x: np.sum(f(x) ** 2))(X),
    "hvp": lambda f: mg.hvp(lambda x: np.sum(f(x) ** 2), (X,), (X,))[0],
    "third": lambda f: mg.jacobian(mg.hessian(lambda x: np.sum(f(x) ** 2)))(X),
    "jvp of grad": lambda f: mg.jvp(mg.grad(lambda x: np.sum(f(x) ** 2)), (X,), (X,))[1],
    "grad of jvp": lambda f: mg.grad(lambda x: np.sum(mg.jvp(f, (x,), (X,))[1]))(X),
    "elementwise": lambda f: mg.elementwise_grad(f)(X),
}

FUNCTIONS = {
    "one": lambda wrap: wrap(layer),
    "two in a row": lambda wrap: lambda x: wrap(layer)(wrap(layer)(x)),
    "nested": lambda wrap: wrap(lambda x: x * wrap(lambda y: layer(y) + x)(x * x)),
    "its own argument": lambda wrap: wrap(lambda x: x),
    "unused": lambda wrap: lambda x: wrap(lambda x, y: np.sin(y))(x, x * x),
    "captured": lambda wrap: lambda x: wrap(lambda y: y * x * wrap(lambda z: z + x * y)(x))(x * x),
    "captured alone": lambda wrap: lambda x: wrap(lambda: np.sin(x) * x)(),
    "twice": lambda wrap: lambda x: wrap(lambda x, y: np.sin(x) * y)(x, x),
    "containers": lambda wrap: (
        lambda x: (lambda r: r["y"] * r["more"][0] + r["c"])(
            wrap(lambda p, n: {"y": np.sin(p[0]) * n, "more": (np.sum(p[1] ** 2), None), "c": 3.0})((x, x * x), 2)
        )
    ),
}


@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_derivative_is_that_of_the_function(function, derivative):
    make, derive = FUNCTIONS[function], DERIVATIVES[derivative]
    close(derive(make(mg.checkpoint)), derive(make(lambda f: f)))


def test_values_and_containers_are_those_of_the_function():
    def f(x: Any, *, scale: float) -> Any:
        """What it does."""
        return {"y": x * scale, "n": 3, "none": None}

    g = mg.checkpoint(f)
    assert (g.__name__, g.__doc__) == ("f", "What it does.")
    x = mg.tensor(X, requires_grad=True)
    result = g(x, scale=2.0)
    assert type(result["y"].creator).__name__ == "Part"
    assert (result["n"], result["none"]) == (3, None)
    assert result["y"].tolist() == (X * 2).tolist()
    plain = g(X, scale=2.0)
    assert type(plain["y"]) is np.ndarray
    with mg.no_grad():
        assert not g(x, scale=2.0)["y"].requires_grad


def test_what_f_uses_without_being_given_it_gets_its_gradient():
    w = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    v = w * w  # computed outside: the outer graph goes on through it
    x = mg.tensor(X, requires_grad=True)

    def f(x: Any) -> Any:
        return np.sum(np.sin(x * v) * w)

    for order in (1, 2):
        found = []
        for g in (f, mg.checkpoint(f)):
            grads = mg.gradients(g(x) * v[0], [x, w], create_graph=True)
            if order == 2:
                grads = mg.gradients(sum((one * one).sum() for one in grads), [x, w], retain_graph=True)
            found.append([one.detach().numpy() for one in grads])
        for ours, theirs in zip(*found, strict=True):
            close(theirs, ours)
    alone = mg.checkpoint(lambda: np.sum(v * w))()
    assert mg.gradients(alone, w, retain_graph=True).tolist() == [3, 12, 27]
    v.sum().backward()  # which nothing has freed
    assert w.grad.tolist() == [2, 4, 6]


def test_mixed_dtypes():
    x, y = mg.tensor(X, requires_grad=True), mg.tensor(X, dtype=np.float32, requires_grad=True)
    a, b = mg.checkpoint(lambda x, y: (x * y, y * 2))(x, y)
    assert (a.dtype, b.dtype) == (np.float64, np.float32)
    gx, gy = mg.gradients([a, b], [x, y], output_gradients=[np.ones(3), np.ones(3)])
    assert (gx.dtype, gy.dtype) == (np.float64, np.float32)
    close(gx.data, X)
    close(gy.data, X + 2)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 1), (1,)])
def test_shapes_without_much_in_them(shape):
    x = np.ones(shape)
    close(mg.grad(lambda x: np.sum(mg.checkpoint(np.exp)(x)))(x), np.exp(x))


def test_memory_is_that_of_the_ends():
    """Ten layers of 20 results each: a pass that keeps them all needs 200 arrays, this one about 30."""
    size = 20_000

    def deep(x: Any) -> Any:
        for _ in range(10):
            x = np.tanh(x) + 0.1
        return x

    def peak(f: Any) -> float:
        x = np.ones(size)

        def loss(x: Any) -> Any:
            for _ in range(10):
                x = f(x)
            return np.sum(x)

        tracemalloc.start()
        mg.grad(loss)(x)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top / (8 * size)

    assert peak(mg.checkpoint(deep)) < 32
    assert peak(deep) > 100


def test_the_record_of_the_first_run_dies_at_once_and_all_of_it_afterwards():
    inside: list[Any] = []

    def f(x: Any) -> Any:
        y = np.exp(x)
        inside.append(weakref.ref(y))
        return np.sum(y * y)

    gc.disable()
    try:
        x = mg.tensor(X, requires_grad=True)
        y = mg.checkpoint(f)(x)
        assert inside[0]() is None
        y.backward()
        assert [r() for r in inside] == [None, None]
        block = weakref.ref(y.creator)
        del y
        assert block() is None
    finally:
        gc.enable()


def test_f_runs_twice_for_a_gradient():
    count = 0

    def f(x: Any) -> Any:
        nonlocal count
        count += 1
        return np.sin(x), np.cos(x), np.exp(x)

    mg.grad(lambda x, y: sum(np.sum(part) for part in mg.checkpoint(f)(x * y)), (0, 1))(X, X)
    assert count == 2


def test_another_result_the_second_time_is_refused():
    rng = np.random.default_rng(0)
    lengths = iter([2, 3])

    @mg.checkpoint
    def noisy(x: Any) -> Any:
        return np.sum(x * rng.random(3))

    @mg.checkpoint
    def growing(x: Any) -> Any:
        return x[: next(lengths)]

    says = r"{}, under checkpoint, computed something else when it was run again.*\nDraw random numbers outside"
    with pytest.raises(mg.GradError, match=says.format("noisy")):
        mg.grad(noisy)(X)
    with pytest.raises(mg.GradError, match=says.format("growing")):
        mg.grad(lambda x: np.sum(growing(x)))(np.zeros(3))


def test_an_input_changed_in_place_is_noticed():
    x = mg.tensor(X, requires_grad=True)
    y = mg.checkpoint(lambda x: np.sum(x * x))(x)
    with mg.no_grad():
        x += 1
    with pytest.raises(mg.InplaceError, match=r"going back through y = .*checkpoint.* needs x as it was"):
        y.backward()


def test_a_nan_in_the_result_is_the_same_nan_again():
    x = mg.tensor([1.0, -1.0], requires_grad=True)
    with np.errstate(invalid="ignore"):
        mg.checkpoint(lambda x: np.sqrt(x))(x).backward(np.ones(2))
    assert x.grad.data[0] == 0.5
    assert np.isnan(x.grad.data[1])
