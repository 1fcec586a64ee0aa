"""Names for the witnesses of planted faults, and the process that evaluates them.

One idea: a witness is an expression; its value in a harmed copy of the engine is compared, as
text with every digit, with its value in an unharmed one. An error is a value too.
"""

import json
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad as mg

Function = Callable[..., Any]


def leaves(values: tuple[Any, ...], dtype: Any = float) -> list[Any]:
    """Return parameters with these values."""
    return [mg.tensor(np.array(value, dtype), requires_grad=True) for value in values]


def grad(f: Function, *values: Any, g: Any = None, dtype: Any = float) -> list[Any]:
    """Return the gradients of <g, f> as arrays; g is ones if not given."""
    xs = leaves(values, dtype)
    y = f(*xs)
    g = np.ones(y.shape, y.dtype) if g is None else np.asarray(g, y.dtype)
    return [np.asarray(x.data) for x in mg.gradients(y, xs, output_gradients=g)]


def second(f: Function, *values: Any) -> list[Any]:
    """Return the gradients of the sum of each first gradient."""
    xs = leaves(values)
    y = f(*xs)
    first = mg.gradients(y, xs, output_gradients=np.ones(y.shape), create_graph=True)
    return [[np.asarray(h.data) for h in mg.gradients(a.sum(), xs, retain_graph=True)] for a in first]


def changed_gradient(f: Function, value: Any) -> Any:
    """Return the incoming gradient after a backward pass, which must not have touched it."""
    x, *_ = leaves((value,))
    g = np.ones(x.shape)
    mg.gradients(f(x), x, output_gradients=g)
    return g


def changed_result(f: Function, value: Any) -> Any:
    """Return the result after a backward pass, which must not have touched it."""
    x, *_ = leaves((value,))
    y = f(x)
    mg.gradients(y, x, output_gradients=np.ones(x.shape))
    return y.data


def shared(f: Function, *values: Any, create_graph: bool = False) -> bool:
    """Return whether the first two gradients share memory."""
    xs = leaves(values)
    y = f(*xs)
    a, b = mg.gradients(y, xs, output_gradients=np.ones(y.shape), create_graph=create_graph)
    return np.shares_memory(a.data, b.data)


def backward_twice(f: Function, value: Any) -> Any:
    """Return .grad after two backward passes."""
    x, *_ = leaves((value,))
    y = f(x)
    y.backward(np.ones(y.shape), retain_graph=True)
    y.backward(np.ones(y.shape))
    return x.grad.data


def changed_by_backward(value: Any) -> Any:
    """Return the array given to backward(), after two passes from it."""
    x, *_ = leaves((value,))
    g = np.ones(x.shape)
    (+x).backward(g)
    (+x).backward(g)
    return g


def uneven(x: Any) -> Any:
    """A value used near the end and, through a longer way, far from it."""
    a = x * x
    b = mg.exp(mg.sin(a))
    c = b * b
    return a * c + c * mg.sin(mg.sin(b * c))


def stopped(f: Function, value: Any) -> Any:
    """Return the gradient of x · f(x) where f ran under no_grad."""
    x, *_ = leaves((value,))
    with mg.no_grad():
        s = f(x)
    return mg.gradients((x * s).sum(), x).data


def stopped_inside(value: Any) -> Any:
    """`stopped` with an inner no_grad that has ended."""

    def f(x: Any) -> Any:
        with mg.no_grad():
            pass
        return x * x

    return stopped(f, value)


def hooked(leaf: bool) -> Any:
    """The gradient of sin x + x where a hook makes that of sin x, or that of x, three times as large."""
    x, *_ = leaves((1.0,))
    h = mg.sin(x)
    (x if leaf else h).register_hook(lambda g: 3 * g)
    (h + x).backward()
    return x.grad.data


def outputs_twice() -> Any:
    """The gradient of two outputs that are one tensor."""
    x, *_ = leaves((3.0,))
    y = x * x
    return mg.gradients([y, y], x).data


def two_outputs() -> Any:
    """The gradient of two outputs, each with an incoming gradient of its own."""
    x, *_ = leaves((3.0,))
    return mg.gradients([x * x, x * 5.0], x, output_gradients=[1.0, 2.0]).data


def inner_and_leaf() -> Any:
    """The gradients of a computed tensor and of what it was computed from."""
    x, *_ = leaves((3.0,))
    h = x * x
    return [g.data for g in mg.gradients(mg.exp(h), [h, x])]


def asked_twice() -> Any:
    """One gradient, asked for twice."""
    x, *_ = leaves((3.0,))
    return [g.data for g in mg.gradients(x * x, [x, x])]


def _after(change: Function, h: Function = lambda x: x * x) -> Any:
    x, *_ = leaves(([1.0, 2.0],))
    y = h(x)
    with mg.no_grad():
        change(x)
    return mg.gradients(y.sum(), x).data


def leaf_changed() -> Any:
    """x += 1 between forward and backward."""

    def change(x: Any) -> None:
        x += 1

    return _after(change)


def element_changed() -> Any:
    """x[0] = 7 between forward and backward."""

    def change(x: Any) -> None:
        x[0] = 7.0

    return _after(change)


def data_changed() -> Any:
    """x.data -= 1 between forward and backward."""

    def change(x: Any) -> None:
        x.data -= 1

    return _after(change)


def view_changed() -> Any:
    """A change through a view of x between forward and backward."""
    a = np.array([1.0, 2.0])
    x = mg.from_numpy(a[:], requires_grad=True)
    view = mg.from_numpy(a)
    y = x * x
    view += 1
    return mg.gradients(y.sum(), x).data


def result_changed() -> Any:
    """A change to the result between forward and backward."""
    x, *_ = leaves(([1.0, 2.0],))
    y = mg.exp(x)
    view = y.detach()
    view *= 2
    return mg.gradients(y.sum(), x).data


def index_changed() -> Any:
    """The index changed between forward and backward."""
    x, *_ = leaves(([1.0, 2.0],))
    index = np.array([0, 0])
    y = x[index]
    index[:] = 1
    return mg.gradients(y.sum(), x).data


def array_changed() -> Any:
    """The array a tensor was made of, changed between forward and backward."""
    a = np.array([1.0, 2.0])
    x = mg.tensor(a, requires_grad=True)
    y = x * x
    a += 1
    return mg.gradients(y.sum(), x).data


def added_in_place() -> Any:
    """y += x while recording: refused."""
    x, *_ = leaves(([1.0, 2.0],))
    y = x * 2.0
    y += x
    return mg.gradients(y.sum(), x).data


def element_zeroed() -> Any:
    """y[0] = 0 while recording: refused."""
    x, *_ = leaves(([1.0, 2.0],))
    y = x * 2.0
    y[0] = 0.0
    return mg.gradients(y.sum(), x).data


def value_of(expression: str) -> str:
    """Return what an expression evaluates to, as text; an error by its class."""
    try:
        with np.errstate(all="ignore"), np.printoptions(precision=17, floatmode="unique"):
            return repr(eval(expression, globals()))  # written in this repository
    except Exception as error:
        return type(error).__name__


def main() -> None:
    """Read a list of expressions in JSON, print the list of their values."""
    warnings.simplefilter("ignore")
    print(json.dumps([value_of(expression) for expression in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
