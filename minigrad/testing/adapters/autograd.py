"""Functions of HIPS autograd: built from autograd.numpy, or a `primitive` with a `defvjp` of yours.

One idea: autograd's rules keep references to what they were given, and the library asks people not
to write into arrays. So the backward pass works on copies of the arguments, and a rule is not
accused of what the library asks for; the incoming gradient is the caller's own.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import UncheckableError
from .foreign import (
    Array,
    Copies,
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
    not_there,
    one_result,
    replaced,
)


def from_autograd(f: Callable[..., Any], order: int = 1) -> tuple[Forward, Vjp]:
    """Return `(forward, vjp)` of a function written with autograd, for `check_vjp`.

    Float arrays and Python floats are differentiated, everything else is passed on. With `order=2`
    the pair is that of f's own backward pass, (x..., g) -> Jᵀg, for functions with one result.
    Raises ModuleNotFoundError without autograd, UncheckableError where there is no gradient to check.
    """
    autograd = library("autograd", "from_autograd")
    core = library("autograd.core", "from_autograd")
    check_order(order, "from_autograd")
    name, call = described(
        f,
        "from_autograd",
        order,
        (library("autograd.numpy", "from_autograd"), library("autograd.numpy.linalg", "from_autograd")),
    )
    function = f if order == 1 else _backward_of(autograd, core, f, name)

    def forward(*args: Any, **keywords: Any) -> Any:
        floats_among(args, name)
        with _missing_rules(name, order):
            out = function(*args, **keywords)
        return joined([np.array(one) for one in _results(out, name)])

    def linearize(*args: Any, **keywords: Any) -> tuple[Any, Pullback]:
        places = floats_among(args, name)
        copies = Copies(args)
        kept: list[int] = []
        several = False

        def of_floats(values: Any) -> Any:
            nonlocal several
            out = function(*replaced(copies.args, places, [values[k] for k in range(len(places))]), **keywords)
            several = isinstance(out, list | tuple)
            # a plain tuple would be taken for a constant, and every gradient would be zero
            return autograd.builtins.tuple(out) if several else out

        with _missing_rules(name, order), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Output seems independent of input")
            pull, out = _recorded(core, of_floats, tuple(copies.args[n] for n in places), name)
        outs = list(out) if several else [out]
        reals = _results(out if not several else tuple(outs), name)
        kept = [k for k, one in enumerate(outs) if any(one is real for real in reals)]

        def pullback(g: Any) -> tuple[Array, ...]:
            given = dict(zip(kept, as_gradients(g), strict=True))
            upstream = tuple(given.get(k, np.zeros_like(one)) for k, one in enumerate(outs))
            with _missing_rules(name, order):
                gradients = pull(upstream if several else upstream[0])
            copies.write_through()
            return tuple(np.array(gradient) for gradient in gradients)

        return joined([np.array(one) for one in reals]), pullback

    return named_as(f, forward, order), Vjp(linearize, name, call)


@contextmanager
def _missing_rules(name: str, order: int) -> Iterator[None]:
    try:
        yield
    except NotImplementedError as error:
        raise not_there(name, order, error) from error


def _recorded(core: Any, f: Callable[..., Any], values: Any, name: str) -> tuple[Callable[..., Any], Any]:
    """(pullback, out) as core.make_vjp, but a result that nothing was recorded for is an error."""
    start = core.VJPNode.new_root()
    out, node = core.trace(start, f, values)
    _results(tuple(out) if isinstance(out, tuple) else out, name)
    if node is None:
        raise cut_off(name, 0, "a function of plain NumPy or float(x)")
    return lambda g: core.backward_pass(g, node), out


def _backward_of(autograd: Any, core: Any, f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The backward pass of f as a function of (x..., g)."""

    def backward(*args: Any, **keywords: Any) -> Any:
        *args_of_f, g = args
        values = [getattr(x, "_value", x) for x in args_of_f]
        while any(hasattr(x, "_value") for x in values):
            values = [getattr(x, "_value", x) for x in values]
        places = floats_among(values, name) if values else []
        if not places:
            raise UncheckableError(
                f"{name} was given one float argument, and order=2 takes f's own and an incoming gradient.\n"
                "Give them all: check_vjp(*from_autograd(f, order=2), x, g)"
            )

        def of_floats(xs: Any) -> Any:
            return one_result(f(*replaced(args_of_f, places, [xs[k] for k in range(len(places))]), **keywords), name)

        start = autograd.builtins.tuple(args_of_f[n] for n in places)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Output seems independent of input")
            pull, _ = core.make_vjp(of_floats, start)
        gradients = pull(g)
        return tuple(gradients[k] for k in range(len(places)))

    return backward


def _results(out: Any, name: str) -> list[Any]:
    return as_results(
        out,
        name,
        lambda one: isinstance(one, np.ndarray | np.generic | float) and np.asarray(one).dtype != object,
        lambda one: str(np.asarray(one).dtype),
    )
