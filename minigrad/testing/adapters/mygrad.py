"""Functions of MyGrad.

One idea: MyGrad clears its graph with the first backward pass and makes the arrays in a graph
read-only until then. So every pullback runs the forward pass again, on copies, and the caller's arrays
stay writable.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UncheckableError
from .foreign import (
    Array,
    Forward,
    Pullback,
    Vjp,
    as_gradients,
    as_results,
    check_order,
    cut_off,
    described,
    floats_among,
    joined,
    library,
    named_as,
)


def from_mygrad(f: Callable[..., Any], order: int = 1) -> tuple[Forward, Vjp]:
    """Return `(forward, vjp)` of a function of MyGrad tensors, for `check_vjp`.

    Float arrays and Python floats become tensors, everything else is passed on. Raises
    ModuleNotFoundError without MyGrad, and UncheckableError where there is no gradient to check:
    MyGrad has no second derivatives, so `order=2` is one such place.
    """
    mygrad = library("mygrad", "from_mygrad")
    check_order(order, "from_mygrad")
    name, call = described(f, "from_mygrad", 1, (mygrad, mygrad.nnet.activations))
    if order == 2:
        raise UncheckableError(
            f"the second derivative of {name} cannot be checked: MyGrad's backward pass returns plain arrays.\n"
            "Leave order=2 out"
        )

    def tensors(args: Any, places: list[int]) -> list[Any]:
        return [mygrad.tensor(value, copy=True) if n in places else value for n, value in enumerate(args)]

    def forward(*args: Any, **keywords: Any) -> Any:
        places = floats_among(args, name)
        with mygrad.no_autodiff:
            out = f(*[mygrad.astensor(value) if n in places else value for n, value in enumerate(args)], **keywords)
        return joined([_as_array(one) for one in _results(mygrad, out, name)])

    def linearize(*args: Any, **keywords: Any) -> tuple[Any, Pullback]:
        places = floats_among(args, name)
        kept = [np.array(value) if isinstance(value, np.ndarray) else value for value in args]

        def run() -> tuple[list[Any], list[Any]]:
            given = tensors(kept, places)
            outs = _results(mygrad, f(*given, **keywords), name)
            for k, one in enumerate(outs):
                if one.constant:
                    raise cut_off(name, k, ".data, np.asarray, a constant tensor or no_autodiff")
            return [given[n] for n in places], outs

        def pullback(g: Any) -> tuple[Array, ...]:
            leaves, outs = run()
            given = as_gradients(g)
            if len(outs) == 1:
                outs[0].backward(given[0])
            else:  # MyGrad passes back from one tensor: from sum(g * out), whose gradient is that of all of them
                parts = [mygrad.sum(one * upstream) for one, upstream in zip(outs, given, strict=True)]
                functools.reduce(operator.add, parts).backward()
            return tuple(np.zeros_like(leaf.data) if leaf.grad is None else np.array(leaf.grad) for leaf in leaves)

        return joined([_as_array(one) for one in run()[1]]), pullback

    return named_as(f, forward), Vjp(linearize, name, call)


def _results(mygrad: Any, out: Any, name: str) -> list[Any]:
    return as_results(out, name, lambda one: isinstance(one, mygrad.Tensor), lambda one: str(one.dtype))


def _as_array(tensor: Any) -> Array:
    return np.array(tensor.data)
