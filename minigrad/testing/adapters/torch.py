"""Functions of torch: an `autograd.Function`'s `apply`, a module, or anything that takes and returns tensors.

One idea: the tensors share the caller's memory, as `torch.from_numpy` does, and torch is told when
that memory has changed, as `x.add_(1)` would tell it. So a Function that keeps `ctx.x = x` goes wrong
as it would in a program, and one that uses `save_for_backward` raises.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    native,
    not_there,
    one_result,
    replaced,
)


def from_torch(f: Callable[..., Any], order: int = 1) -> tuple[Forward, Vjp]:
    """Return `(forward, vjp)` of a function of torch tensors, for `check_vjp`.

    Float arrays and Python floats become tensors that require a gradient, other arrays tensors that
    do not; everything else is passed on. Float32 stays float32. Results that are not floats are left
    out. With `order=2` the pair is that of f's own backward pass, (x..., g) -> Jᵀg, for functions
    with one result. Raises ModuleNotFoundError without torch, UncheckableError where there is no
    gradient to check.

    >>> import numpy as np, torch
    >>> forward, vjp = from_torch(torch.square)
    >>> forward(np.array([3.0])), vjp(np.array([1.0]), None, np.array([3.0]))
    (array([9.]), array([6.]))
    """
    torch = library("torch", "from_torch")
    check_order(order, "from_torch")
    modules = (torch, torch.special, torch.nn.functional, torch.linalg)
    name, call = described(f, "from_torch", order, modules)
    function = f if order == 1 else _backward_of(torch, f, name)

    def forward(*args: Any, **keywords: Any) -> Any:
        floats_among(args, name)
        with torch.no_grad(), _missing_rules(name, order):
            out = function(*[_as_tensor(torch, value)[0] for value in args], **keywords)
        return joined([_as_array(one) for one in _results(torch, out, name)])

    def linearize(*args: Any, **keywords: Any) -> tuple[Any, Pullback]:
        places = floats_among(args, name)
        tensors, watched = [], []
        for n, value in enumerate(args):
            tensor, shared = _as_tensor(torch, value)
            if n in places:
                tensor.requires_grad_()
            if shared is not None:
                watched.append((tensor, shared, shared.copy()))
            tensors.append(tensor)
        leaves = [tensors[n] for n in places]
        with torch.enable_grad(), _missing_rules(name, order):
            out = function(*tensors, **keywords)
        outs = _results(torch, out, name)
        if order == 2 and _ends_in_error(outs):
            raise not_there(name, order, RuntimeError("a backward pass on the way is marked @once_differentiable"))
        live = [k for k, one in enumerate(outs) if one.requires_grad]
        if (order == 1 and len(live) < len(outs)) or not live:
            which = next(k for k in range(len(outs)) if k not in live)
            raise cut_off(name, which, "detach(), .numpy(), no_grad or mark_non_differentiable")

        def pullback(g: Any) -> tuple[Array, ...]:
            for tensor, shared, before in watched:
                if not np.array_equal(shared, before, equal_nan=shared.dtype.kind == "f"):
                    torch.autograd.graph.increment_version(tensor)
            given = as_gradients(g)
            upstream = [_as_upstream(torch, given[k]) for k in live]
            with _missing_rules(name, order):
                gradients = torch.autograd.grad(
                    [outs[k] for k in live], leaves, upstream, retain_graph=True, allow_unused=True
                )
            return tuple(
                np.zeros_like(_as_array(leaf)) if gradient is None else _as_array(gradient)
                for leaf, gradient in zip(leaves, gradients, strict=True)
            )

        return joined([_as_array(one) for one in outs]), pullback

    return named_as(f, forward, order), Vjp(linearize, name, call, layouts=("C", "F", "broadcast"))


@contextmanager
def _missing_rules(name: str, order: int) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if any(words in str(error) for words in ("not implemented", "not differentiable", "once_differentiable")):
            raise not_there(name, order, error) from error
        raise


def _backward_of(torch: Any, f: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The backward pass of f as a function of (x..., g), differentiable where gradients are recorded."""

    def backward(*args: Any, **keywords: Any) -> Any:
        *args_of_f, g = args
        again = torch.is_grad_enabled()
        places = [n for n, x in enumerate(args_of_f) if isinstance(x, torch.Tensor) and x.is_floating_point()]
        leaves = [args_of_f[n] if again else args_of_f[n].detach().requires_grad_() for n in places]
        if not leaves:
            raise UncheckableError(
                f"{name} was given one float argument, and order=2 takes f's own and an incoming gradient.\n"
                "Give them all: check_vjp(*from_torch(f, order=2), x, g)"
            )
        with torch.enable_grad():
            out = one_result(f(*replaced(args_of_f, places, leaves), **keywords), name)
            (out,) = _results(torch, out, name)
            if not out.requires_grad:
                raise cut_off(name, 0, "detach(), .numpy() or no_grad")
            return torch.autograd.grad(out, leaves, g, create_graph=again, materialize_grads=True)

    return backward


def _ends_in_error(outs: list[Any]) -> bool:
    """Whether once_differentiable cut the graph: its node raises if it is run, and torch does not run it, for it has
    no way on to the leaves; the missing part of the gradient would be taken for zeros."""
    stack, seen = [one.grad_fn for one in outs], set()
    while stack:
        node = stack.pop()
        if node is not None and node not in seen:
            if type(node).__name__ == "Error":
                return True
            seen.add(node)
            stack.extend(before for before, _ in node.next_functions)
    return False


def _as_tensor(torch: Any, value: Any) -> tuple[Any, Array | None]:
    """A tensor of an array, and the caller's array if they share memory; anything else as it is."""
    if isinstance(value, np.generic) and value.dtype.kind != "f":
        return value.item(), None
    if not isinstance(value, np.ndarray | np.generic | float):
        return value, None
    array = np.asarray(value)
    shared = value is array and array.flags.writeable and array.dtype.isnative and min(array.strides, default=0) >= 0
    return _tensor_of(torch, array if shared else np.array(native(array))), array if shared else None


def _tensor_of(torch: Any, array: Array) -> Any:
    try:
        return torch.from_numpy(array)
    except TypeError:
        raise UncheckableError(
            f"torch has no dtype like NumPy's {array.dtype}.\nGive float64 or float32: x.astype(np.float64)"
        ) from None


def _as_upstream(torch: Any, g: Any) -> Any:
    """A tensor of an incoming gradient, in its memory if torch can, and of stride 0 where it has stride 0."""
    array = np.asarray(g)
    if array.flags.writeable or 0 not in array.strides or 0 in array.shape:
        with warnings.catch_warnings():  # of a read-only array: torch has none, and a write would go through
            warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
            return _as_tensor(torch, array)[0]
    one = tuple(slice(0, 1) if step == 0 else slice(None) for step in array.strides)
    return _tensor_of(torch, np.array(array[one])).expand(array.shape)


def _results(torch: Any, out: Any, name: str) -> list[Any]:
    return as_results(out, name, lambda one: isinstance(one, torch.Tensor), lambda one: str(one.dtype))


def _as_array(tensor: Any) -> Array:
    """A copy; torch's tensors of zeros without memory, lazily negated and sparse ones become plain."""
    plain: Array = tensor.detach().to_dense().clone().resolve_neg().numpy()
    return plain
