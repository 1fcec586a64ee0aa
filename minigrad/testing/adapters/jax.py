"""Functions of JAX: with JAX's own rules, or with a `custom_vjp` of yours.

One idea: `jax.vjp` is the pair already. A JAX array never changes, so there is nothing to find out
about writing into one, and it has one memory layout.
"""

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
    described,
    floats_among,
    joined,
    library,
    named_as,
    native,
    one_result,
    replaced,
)


def from_jax(f: Callable[..., Any], order: int = 1) -> tuple[Forward, Vjp]:
    """Return `(forward, vjp)` of a function of JAX arrays, for `check_vjp`.

    Float arrays and Python floats are differentiated, other arrays become JAX arrays, everything
    else is passed on as it is and never traced. With `order=2` the pair is that of f's own backward
    pass, (x..., g) -> Jᵀg, for functions with one result. Raises ModuleNotFoundError without JAX,
    and UncheckableError where there is no gradient to check or JAX would make float32 of float64.
    """
    jax = library("jax", "from_jax")
    check_order(order, "from_jax")
    name, call = described(f, "from_jax", order, (jax.numpy, jax.nn, jax.scipy.special, jax.numpy.linalg))
    function = f if order == 1 else _backward_of(jax, f, name)

    def converted(args: Any) -> tuple[list[int], list[Any]]:
        places = floats_among(args, name)
        wide = {"float64", "longdouble"} if not jax.config.jax_enable_x64 else {"longdouble"}
        for n in places:
            if np.asarray(args[n]).dtype.name in wide or np.asarray(args[n]).dtype.itemsize > 8:
                _refuse(n, np.asarray(args[n]).dtype, name)
        return places, [
            # a copy: on a CPU JAX would share the memory of an array it believes nobody changes
            jax.numpy.array(native(value)) if isinstance(value, np.ndarray | np.generic) or n in places else value
            for n, value in enumerate(args)
        ]

    def forward(*args: Any, **keywords: Any) -> Any:
        out = function(*converted(args)[1], **keywords)
        return joined([_as_array(one) for one in _results(jax, out, name)])

    def linearize(*args: Any, **keywords: Any) -> tuple[Any, Pullback]:
        places, arrays = converted(args)

        def of_floats(*values: Any) -> tuple[Any, ...]:
            return tuple(_results(jax, function(*replaced(arrays, places, values), **keywords), name))

        outs, pull = jax.vjp(of_floats, *[arrays[n] for n in places])

        def pullback(g: Any) -> tuple[Array, ...]:
            upstream = tuple(jax.numpy.array(native(one)) for one in as_gradients(g))
            return tuple(_as_array(gradient) for gradient in pull(upstream))

        return joined([_as_array(one) for one in outs]), pullback

    return named_as(f, forward, order), Vjp(linearize, name, call, layouts=("C",), mutable=False)


def _refuse(n: int, dtype: Any, name: str) -> None:
    if dtype == np.float64:
        raise UncheckableError(
            f"argument {n} of {name} is float64, and JAX would compute in float32.\n"
            'Switch 64 bits on first: jax.config.update("jax_enable_x64", True); or give float32 arrays'
        )
    raise UncheckableError(f"JAX has no dtype like NumPy's {dtype} (argument {n} of {name}).\nGive float64 or float32")


def _backward_of(jax: Any, f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The backward pass of f as a function of (x..., g)."""

    def backward(*args: Any, **keywords: Any) -> Any:
        *args_of_f, g = args
        places = [
            n
            for n, x in enumerate(args_of_f)
            if isinstance(x, jax.Array) and jax.numpy.issubdtype(x.dtype, jax.numpy.floating)
        ]
        if not places:
            raise UncheckableError(
                f"{name} was given one float argument, and order=2 takes f's own and an incoming gradient.\n"
                "Give them all: check_vjp(*from_jax(f, order=2), x, g)"
            )

        def of_floats(*values: Any) -> Any:
            (one,) = _results(jax, one_result(f(*replaced(args_of_f, places, values), **keywords), name), name)
            return one

        return jax.vjp(of_floats, *[args_of_f[n] for n in places])[1](g)

    return backward


def _results(jax: Any, out: Any, name: str) -> list[Any]:
    return as_results(out, name, lambda one: isinstance(one, jax.Array), lambda one: str(one.dtype))


def _as_array(array: Any) -> Array:
    return np.array(array)
