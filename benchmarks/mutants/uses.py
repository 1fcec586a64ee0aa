"""Programs, and ways to use the engine, whose gradients can be checked like those of any function.

One idea: whatever the engine promises can be put as a function and its gradient. That a second
backward() adds up: two passes, halved, are the gradient. That no_grad stops the gradient: x times
what was computed under it has the gradient of x times a constant. That a change in place is
refused: whoever is refused computes afresh, and has the right gradient in either case.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

import minigrad as mg

Function = Callable[..., Any]
Functions = list[tuple[int, Function]]


def _standardised(x: Any) -> Any:
    y = x - x.mean()
    return y / ((y * y).mean() + 1.0) ** 0.5


def _logsumexp(x: Any) -> Any:
    m = x.max().detach()
    return mg.log(mg.exp(x - m).sum()) + m


def _softmax(x: Any) -> Any:
    e = mg.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _diamond(x: Any) -> Any:
    y = mg.exp(mg.sin(x))
    return y * y + y


def _deep(x: Any) -> Any:
    y = x
    for _ in range(5):
        y = mg.tanh(y) + y * 0.5
    return y


COMPOSITES: Functions = [
    (2, lambda x, y: x * y + mg.sin(x)),
    (2, lambda x, y: mg.tanh(x @ mg.transpose(y)).sum()),
    (1, lambda x: x * x * x),
    (1, _diamond),
    (1, _deep),
    (1, _logsumexp),
    (1, _softmax),
    (1, _standardised),
    (2, lambda x, y: ((x - y) ** 2).mean()),
]
"""What suites elsewhere test beside single operations."""

KINKED: Functions = [
    (2, lambda x, y: mg.concatenate([x, mg.relu(y)]).sum(0)),
    (2, lambda x, y: mg.maximum(x, y) * x),
]
"""More of these, which central differences alone cannot judge where they bend."""

OPERATORS: Functions = [
    (2, lambda x, y: x + y),
    (2, lambda x, y: x - y),
    (2, lambda x, y: x * y),
    (2, lambda x, y: x / (y * y + 1.0)),
    (2, lambda x, y: (x * x + 1.0) ** mg.sin(y)),
    (1, lambda x: -x * abs(x * x + 1)),
    (1, lambda x: x - x),
]
"""Every operator between tensors."""

CONSTANTS: Functions = [
    (1, lambda x: 2 - x),
    (1, lambda x: 3 * x - 2),
    (1, lambda x: 2.0 / (x * x + 1)),
    (1, lambda x: 2 ** mg.sin(x)),
    (1, lambda x: (x / 4) ** 3),
    (1, lambda x: mg.tensor(3.0) - x),
    (1, lambda x: mg.tensor(3.0) * x),
    (1, lambda x: mg.tensor(2.0) / (x * x + 1)),
]
"""Operators between a tensor and a number, or a tensor that requires no gradient."""

METHODS: Functions = [
    (2, lambda x, y: mg.stack([x + y, x * y]).sum(0, keepdims=True)),
    (2, lambda x, y: mg.stack([x + y, x * y]).mean(0)),
    (1, lambda x: mg.stack([x, 2 * x + 1]).max(0, keepdims=True)),
    (1, lambda x: x.sum() * x + x.T.sum()),
    (1, lambda x: x.mean() * x),
]
"""Tensor's methods that reduce."""

GUARDED: Functions = [
    (1, lambda x: mg.where(x > 1, mg.log(x), 0.0)),
    (1, lambda x: mg.where(x > 1, mg.sqrt(x), x)),
    (1, lambda x: mg.where(x > 1, mg.log(mg.sqrt(x)), 0.0)),
    (1, lambda x: mg.where(x > 1, 1 / x, x)),
    (1, lambda x: mg.stack([mg.sqrt(x), x])[1:]),
    (1, lambda x: mg.maximum(mg.where(x > 1, mg.square(mg.log(x)), x), x)),
]
"""Slopes that are infinite or undefined where they are not taken."""

LARGE: Functions = [
    (2, lambda x, y: mg.exp(x) + (x + y)),
    (1, lambda x: mg.sin(x) + (x + x * x)),
]
"""Programs for arrays of more than a thousand elements, of which the engine reuses the memory."""


@dataclass(frozen=True)
class Pair:
    """A function on arrays and its backward pass, which depend on the point they are made for."""

    name: str
    count: int
    at: Callable[..., tuple[Function, Function]]


def _leaves(arrays: Any) -> list[Any]:
    return [mg.tensor(np.asarray(a), requires_grad=True) for a in arrays]


def _on_arrays(f: Function) -> Function:
    """The values of a function written with minigrad."""
    return lambda *arrays: f(*[mg.tensor(np.asarray(a)) for a in arrays]).data


def _always(name: str, count: int, f: Function, vjp: Function) -> Pair:
    """A pair that is the same at every point."""
    return Pair(name, count, lambda *arrays: (_on_arrays(f), vjp))


# ----------------------------------------------------------------------------- backward(), more than once

_WAVE: Function = lambda x: mg.sin(x) * x + x  # noqa: E731 - used as a value below


def _grads(ts: list[Any]) -> tuple[Any, ...]:
    return tuple(t.grad.data for t in ts)


def _backward_once(f: Function) -> Function:
    def vjp(g: Any, out: Any, *arrays: Any) -> Any:
        ts = _leaves(arrays)
        f(*ts).backward(g)
        return _grads(ts)

    return vjp


def _backward_twice(f: Function) -> Function:
    def vjp(g: Any, out: Any, *arrays: Any) -> Any:
        ts = _leaves(arrays)
        y = f(*ts)
        y.backward(g, retain_graph=True)
        y.backward(g)
        return tuple(grad / 2 for grad in _grads(ts))

    return vjp


def _two_graphs(f: Function, h: Function) -> Function:
    def vjp(g: Any, out: Any, *arrays: Any) -> Any:
        ts = _leaves(arrays)
        f(*ts).backward(g)
        h(*ts).backward(g)
        return _grads(ts)

    return vjp


TWICE = [
    _always("backward_of_sum", 2, lambda x, y: x + y, _backward_once(lambda x, y: x + y)),
    _always("backward_twice", 1, _WAVE, _backward_twice(_WAVE)),
    _always("backward_twice_of_x", 1, lambda x: +x, _backward_twice(lambda x: +x)),
    _always(
        "backward_of_two_sums",
        2,
        lambda x, y: x + y + x * y,
        _two_graphs(lambda x, y: x + y, lambda x, y: x * y),
    ),
]

# ----------------------------------------------------------------------------- several outputs, inputs asked for twice


def _named_twice(g: Any, out: Any, x: Any) -> Any:
    (t,) = _leaves([x])
    y = _WAVE(t)
    return mg.gradients([y, y], t, output_gradients=[g / 2, g / 2]).data


def _two_outputs(g: Any, out: Any, x: Any) -> Any:
    (t,) = _leaves([x])
    y = mg.sin(t)
    return mg.gradients([y, y * t], t, output_gradients=[g, -g]).data


def _asked_twice(g: Any, out: Any, x: Any) -> Any:
    (t,) = _leaves([x])
    a, b = mg.gradients(_WAVE(t), [t, t], output_gradients=g)
    return (a.data + b.data) / 2


def _with_inner(g: Any, out: Any, x: Any) -> Any:
    (t,) = _leaves([x])
    inner = mg.sin(t)
    return mg.gradients(inner * inner + t, [inner, t], output_gradients=g)[1].data


def _with_unused(g: Any, out: Any, x: Any, y: Any) -> Any:
    ts = _leaves([x, y])
    return tuple(a.data for a in mg.gradients(ts[0] * 2.0, ts, output_gradients=g))


SEVERAL = [
    _always("output_named_twice", 1, _WAVE, _named_twice),
    _always("two_outputs", 1, lambda x: mg.sin(x) - mg.sin(x) * x, _two_outputs),
    _always("input_asked_for_twice", 1, _WAVE, _asked_twice),
    _always("input_beyond_another", 1, lambda x: mg.square(mg.sin(x)) + x, _with_inner),
    _always("input_not_used", 2, lambda x, y: x * 2.0, _with_unused),
]

# ----------------------------------------------------------------------------- where the gradient should stop


def _stops(name: str, factor: Function) -> Pair:
    """x times a factor that is computed from x, but counts as a constant."""

    def at(x: Any) -> tuple[Function, Function]:
        with mg.no_grad():
            constant = factor(mg.tensor(x)).data

        def vjp(g: Any, out: Any, x: Any) -> Any:
            (t,) = _leaves([x])
            return mg.gradients(t * factor(t), t, output_gradients=g).data

        return lambda z: z * constant, vjp

    return Pair(name, 1, at)


def _under_no_grad(f: Function) -> Function:
    return mg.no_grad()(f)


def _after_an_inner_no_grad(x: Any) -> Any:
    with mg.no_grad():
        with mg.no_grad():
            pass
        return x * x


STOPPED = [
    _stops("no_grad_of_one", _under_no_grad(mg.sin)),
    _stops("no_grad_of_two", _under_no_grad(lambda x: mg.multiply(x, x))),
    _stops("no_grad_of_operator", _under_no_grad(lambda x: x * x)),
    _stops("no_grad_of_number", _under_no_grad(lambda x: 2 - x)),
    _stops("no_grad_of_method", _under_no_grad(lambda x: x.sum())),
    _stops("no_grad_inside_another", _after_an_inner_no_grad),
    _stops("detach", lambda x: (x * x).detach()),
]

# ----------------------------------------------------------------------------- changes in place


def _refused_or_right(name: str, f: Function, disturbed: Function) -> Pair:
    """`disturbed(t, x, g)` is the gradient of f despite a change in place, or is refused."""

    def vjp(g: Any, out: Any, x: Any) -> Any:
        (t,) = _leaves([x])
        try:
            return disturbed(t, x, g).data
        except mg.InplaceError:
            (t,) = _leaves([x])
            return mg.gradients(f(t), t, output_gradients=g).data

    return _always(name, 1, f, vjp)


def _changing(change: Callable[[Any], None], f: Function) -> Function:
    """The gradient of f after a change to its argument."""

    def disturbed(t: Any, x: Any, g: Any) -> Any:
        y = f(t)
        with mg.no_grad():
            change(t)
        return mg.gradients(y, t, output_gradients=g)

    return disturbed


def _add_one(t: Any) -> None:
    t += 1


def _zero(t: Any) -> None:
    t[...] = 0.0


def _by_data(t: Any) -> None:
    t.data -= 1


def _by_view(t: Any) -> None:
    view = mg.reshape(t, -1)
    view *= 2


def _result_changed(t: Any, x: Any, g: Any) -> Any:
    y = mg.tanh(t)
    with mg.no_grad():
        view = y.detach()
        view *= 2
    return mg.gradients(y, t, output_gradients=g)


def _callers_array(t: Any, x: Any, g: Any) -> Any:
    mine = np.array(x)
    t = mg.tensor(mine, requires_grad=True)
    y = t * t
    mine += 1
    return mg.gradients(y, t, output_gradients=g)


def _ends(x: Any) -> Any:
    """The indices of the first element, twice, and of the last."""
    return np.array([0, 0, -1][: 3 * min(x.size, 1)], dtype=np.intp)


def _callers_index(t: Any, x: Any, g: Any) -> Any:
    index = _ends(t)
    y = mg.reshape(t, -1)[index]
    index[:] = -1
    return mg.gradients(y, t, output_gradients=g)


def _added_while_recording(t: Any, x: Any, g: Any) -> Any:
    y = t * 2.0
    y += t
    return mg.gradients(y, t, output_gradients=g)


def _set_while_recording(t: Any, x: Any, g: Any) -> Any:
    y = t * 2.0
    y[...] = t * 3.0
    return mg.gradients(y, t, output_gradients=g)


_SQUARE: Function = lambda x: x * x  # noqa: E731

CHANGED = [
    _refused_or_right("leaf_added_to", _SQUARE, _changing(_add_one, _SQUARE)),
    _refused_or_right("elements_set", _SQUARE, _changing(_zero, _SQUARE)),
    _refused_or_right("data_changed", _SQUARE, _changing(_by_data, _SQUARE)),
    _refused_or_right("changed_by_a_view", _SQUARE, _changing(_by_view, _SQUARE)),
    _refused_or_right("result_changed", mg.tanh, _result_changed),
    _refused_or_right("callers_array_changed", _SQUARE, _callers_array),
    _refused_or_right("callers_index_changed", lambda x: mg.reshape(x, -1)[_ends(x)], _callers_index),
    _refused_or_right("added_while_recording", lambda x: x * 3.0, _added_while_recording),
    _refused_or_right("set_while_recording", lambda x: x * 3.0, _set_while_recording),
]

# ----------------------------------------------------------------------------- derivatives as functions


def _by_columns(f: Function) -> Function:
    """The gradient of <g, sum of the results of f> from a tangent for each element: forward mode."""

    def vjp(g: Any, out: Any, x: Any) -> Any:
        gradient = np.zeros(x.size, x.dtype)
        for n in range(x.size):
            e = np.zeros(x.size, x.dtype)
            e[n] = 1
            gradient[n] = np.sum(g * sum(mg.jvp(f, (x,), (e.reshape(x.shape),))[1]))
        return gradient.reshape(x.shape)

    return vjp


def _pulled_back(f: Function) -> Function:
    def vjp(g: Any, out: Any, x: Any) -> Any:
        return mg.vjp(f, x)[1](g)[0]

    return vjp


def _two_results(x: Any) -> Any:
    y = mg.tanh(x) * x + mg.sqrt(x * x + 1.0)
    return y, mg.sum(y * x) + mg.reshape(mg.reshape(x, -1), x.shape)


def _their_sum(x: Any) -> Any:
    y, z = _two_results(x)
    return y + z


def _slope_at_itself(x: Any) -> Any:
    return mg.elementwise_grad(lambda y: x * y * y)(x)


def _slope_of_closure(x: Any) -> Any:
    return x * mg.elementwise_grad(lambda y: x * y * y)(np.ones(x.shape, x.dtype))


def _forgetful(x: Any) -> Any:
    w = mg.sin(x)
    y, z = mg.checkpoint(lambda x: (mg.exp(x * 0.5) * w, x * w))(x)
    return y * z


DERIVED = [
    _always("forward_mode", 1, _their_sum, _by_columns(_two_results)),
    _always("pullback", 1, _their_sum, _pulled_back(_their_sum)),
    _always("slope_at_itself", 1, lambda x: 2.0 * x * x, _pulled_back(_slope_at_itself)),
    _always("slope_of_closure", 1, lambda x: 2.0 * x * x, _pulled_back(_slope_of_closure)),
    _always("checkpoint", 1, lambda x: mg.exp(x * 0.5) * mg.sin(x) * x * mg.sin(x), _pulled_back(_forgetful)),
]


# ----------------------------------------------------------------------------- hooks


def _hooked(g: Any, out: Any, x: Any) -> Any:
    (t,) = _leaves([x])
    h = mg.sin(t)
    h.register_hook(lambda g: 3 * g)
    h.register_hook(lambda g: g + 0)
    return mg.gradients(h + t, t, output_gradients=g).data


def _hooked_leaf(g: Any, out: Any, x: Any) -> Any:
    (t,) = _leaves([x])
    t.register_hook(lambda g: 3 * g)
    (mg.sin(t) + t).backward(g)
    return t.grad.data


HOOKED = [
    _always("hooked", 1, lambda x: 3 * mg.sin(x) + x, _hooked),
    _always("hooked_leaf", 1, lambda x: 3 * (mg.sin(x) + x), _hooked_leaf),
]

PAIRS = [*TWICE, *SEVERAL, *STOPPED, *CHANGED, *DERIVED, *HOOKED]

# ----------------------------------------------------------------------------- as our strategies draw them


def _arrays(count: int) -> st.SearchStrategy[tuple[Any, ...]]:
    from minigrad.testing import strategies as gst

    dtypes = st.sampled_from([np.float64, np.float64, np.float64, np.float32])
    if count == 1:
        return dtypes.flatmap(lambda dtype: st.tuples(gst.arrays(gst.shapes(), dtype=dtype)))
    return dtypes.flatmap(lambda dtype: gst.broadcastable(count, dtype=dtype)).map(tuple)


def our_functions(functions: Functions) -> st.SearchStrategy[Any]:
    """Cases of these functions at hard points."""
    from minigrad.testing import OpCase

    return st.sampled_from(functions).flatmap(
        lambda pair: _arrays(pair[0]).map(lambda arrays: OpCase(pair[1], arrays, {}, "program"))
    )


def our_pairs(pair: Pair) -> st.SearchStrategy[Any]:
    """Cases of this pair at hard points."""
    from minigrad.testing import OpCase, OpSpec

    def case(arrays: tuple[Any, ...]) -> Any:
        forward, vjp = pair.at(*arrays)
        for function, name in ((forward, pair.name), (vjp, pair.name + "_vjp")):
            function.__name__ = function.__qualname__ = name  # what a report calls it
        spec = OpSpec(name=pair.name, function=forward, vjp=vjp, second_order=False)
        return OpCase(forward, arrays, {}, pair.name, spec)

    return _arrays(pair.count).map(case)


def our_programs() -> st.SearchStrategy[Any]:
    """Random programs."""
    from minigrad.testing import strategies as gst

    return gst.programs()


def our_large() -> st.SearchStrategy[Any]:
    """The large programs at small whole numbers."""
    from minigrad.testing import OpCase

    def arrays(count: int, seed: int) -> tuple[Any, ...]:
        return tuple(np.random.default_rng(seed).integers(-4, 5, size=(count, 40, 30)) / 2)

    return st.tuples(st.sampled_from(LARGE), st.integers(0, 99)).map(
        lambda drawn: OpCase(drawn[0][1], arrays(drawn[0][0], drawn[1]), {}, "large")
    )
