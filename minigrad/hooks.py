"""Functions that see a gradient as it passes: `register_hook`, and `retain_grad`.

One idea: a gradient is complete when the backward pass takes it out, and there, once, the
hooks of its tensor see it and may put another in its place. They hang on the recorded call,
so that the tensor itself need not live; and the pass asks one dictionary, empty for nearly
everybody, whether there are any.
"""

import weakref
from collections.abc import Callable, Iterable
from typing import Any, Self

import numpy as np

from .backend import check_same_library, library_of
from .errors import DtypeError, GradError, InplaceError, ShapeError
from .gradient import accumulate, apart, own
from .inplace import memory_of
from .mode import no_grad
from .place import at, here, spot
from .value import Value, wrap

Hook = Callable[[Any], Any]
"""Given a gradient; returns another, or None to leave it as it is."""

hooked: dict[int, "weakref.ref[Any]"] = {}
"""The recorded calls and leaves that have hooks, by identity."""


class Hooks:
    """What is to be done with one gradient: the hooks in order, and the tensor that keeps it."""

    __slots__ = ("count", "functions", "keeper")

    def __init__(self) -> None:
        self.functions: dict[int, Hook] = {}
        self.count = 0
        self.keeper: Callable[[], Value | None] = lambda: None


class Handle:
    """One registered hook: `remove()` takes it off again, and so does the end of a `with` block."""

    __slots__ = ("_number", "_origin")

    def __init__(self, origin: Any, number: int) -> None:
        self._origin = weakref.ref(origin)
        self._number = number

    def remove(self) -> None:
        """Take the hook off. A second time does nothing."""
        origin = self._origin()
        if origin is None:
            return
        hooks = origin._hooks
        hooks.functions.pop(self._number, None)
        if not hooks.functions and hooks.keeper() is None:
            hooked.pop(id(origin), None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.remove()


def _hooks_of(tensor: Value) -> tuple[Any, Hooks]:
    """What the gradient of a tensor belongs to, a recorded call or a leaf, and its hooks."""
    origin: Any = tensor.creator or tensor
    try:
        hooks = origin._hooks
    except AttributeError:
        hooks = origin._hooks = Hooks()
    key = id(origin)
    if key not in hooked:
        hooked[key] = weakref.ref(origin, lambda _: hooked.pop(key, None))
    return origin, hooks


def register(tensor: Value, function: Hook) -> Handle:
    """Let a function see the gradient of a tensor. Raises GradError if the tensor requires none."""
    if not callable(function):
        raise TypeError(
            f"a hook is a function of a gradient, not {type(function).__name__}{at(here())}.\n"
            "Write x.register_hook(lambda g: ...)"
        )
    if not tensor._requires_grad:
        raise _requires_none("register_hook()")
    origin, hooks = _hooks_of(tensor)
    hooks.count += 1
    hooks.functions[hooks.count] = function
    return Handle(origin, hooks.count)


def retain(tensor: Value) -> None:
    """Let a computed tensor keep its gradient. Raises GradError if it requires none."""
    if not tensor._requires_grad:
        raise _requires_none("retain_grad()")
    if tensor.creator is not None:  # a leaf keeps it anyway
        _hooks_of(tensor)[1].keeper = weakref.ref(tensor)


def is_retained(tensor: Value) -> bool:
    """Whether a computed tensor has asked to keep its gradient."""
    hooks = getattr(tensor.creator, "_hooks", None)
    return hooks is not None and hooks.keeper() is tensor


def _requires_none(call: str) -> GradError:
    """A tensor without a gradient was asked for it."""
    return GradError(
        f"{call} on a tensor that does not require a gradient{at(here())}.\n"
        "Make a parameter before computing: minigrad.tensor(..., requires_grad=True)"
    )


def complete(origin: Any, g: Any, kind: Any, create_graph: bool, taken: set[int]) -> Any:
    """Show the complete gradient of `origin` to its hooks; return it, or what they put in its place."""
    hooks: Hooks = origin._hooks
    for function in list(hooks.functions.values()):
        g = _after(function, origin, g, kind, create_graph, taken)
    tensor = hooks.keeper()
    if tensor is not None:
        accumulate(tensor, apart(g, taken) if isinstance(g, Value) else g, (origin.age, None, 1), ("backward", None))
    return g


def complete_leaves(grads: dict[Any, Any], create_graph: bool, taken: set[int]) -> None:
    """`complete` for each leaf in `grads`, at the end of a backward pass."""
    for leaf in [origin for origin in grads if not origin.age and id(origin) in hooked]:
        grads[leaf] = complete(leaf, grads[leaf], type(leaf), create_graph, taken)


def complete_inputs(
    inputs: Iterable[tuple[Any, Any]], grads: dict[Any, Any], create_graph: bool, taken: set[int]
) -> None:
    """`complete` for the inputs of a run inside of another, at its end: a pass of the run goes through none of them."""
    for origin, kind in inputs:
        if id(origin) in hooked and origin in grads:
            grads[origin] = complete(origin, grads[origin], kind, create_graph, taken)


def _after(function: Hook, origin: Any, g: Any, kind: Any, create_graph: bool, taken: set[int]) -> Any:
    """The gradient after one hook has seen it."""
    shown = g if isinstance(g, Value) and g._requires_grad else _read_only(g, kind)
    try:
        if create_graph:
            result = function(shown)
        else:
            with no_grad():
                result = function(shown)
    except Exception as error:
        if isinstance(error, ValueError) and "read-only" in str(error):
            raise _changed(function) from error
        error.add_note(f"in {_name(function)} of the gradient of {_whose(origin)}")
        raise
    if result is None or result is shown:
        return g
    if type(result) in (bool, int, float):  # for the gradient of one number
        result = library_of(shown._array).asarray(result, origin.dtype)
    check_same_library(result._array if isinstance(result, Value) else result, shown._array)
    return _fitting(result, function, origin, kind, create_graph, taken)


def _read_only(g: Any, kind: Any) -> Any:
    """A gradient as a tensor that cannot be changed: another tensor may have the same array."""
    array = g._array if isinstance(g, Value) else g
    if isinstance(array, (np.ndarray, np.generic)):
        array = np.asarray(array).view()
        array.flags.writeable = False
    else:  # CuPy's have no such flag
        array = own(array)
    return wrap(kind, array)


def _fitting(result: Any, function: Hook, origin: Any, kind: Any, create_graph: bool, taken: set[int]) -> Any:
    """What a hook returned, as the gradient of `origin`."""
    array = result._array if isinstance(result, Value) else result
    if getattr(getattr(array, "dtype", None), "kind", "") not in tuple("fiub"):
        raise DtypeError(
            f"{_name(function)} returned {type(result).__name__}, which is no gradient{at(here())}.\n"
            "A hook returns a tensor or an array of real numbers, or None to leave the gradient as it is"
        )
    if array.shape != origin.shape:
        raise ShapeError(
            f"{_name(function)} returned shape {array.shape} for a gradient of shape {origin.shape}{at(here())}.\n"
            "A hook returns a gradient of the shape it was given"
        )
    if not create_graph:
        return array if array.dtype == origin.dtype else array.astype(origin.dtype)
    taken.add(id(memory_of(array)))  # the hook may hold it, so no gradient may
    if not isinstance(result, Value):
        result = wrap(kind, array)
    return result if array.dtype == origin.dtype else result.astype(origin.dtype)


def _changed(function: Hook) -> InplaceError:
    return InplaceError(
        f"{_name(function)} would change a gradient in place{at(here())}: other tensors may have the same one.\n"
        "Return the new gradient: def hook(g): return 2 * g"
    )


def _name(function: Hook) -> str:
    code = getattr(function, "__code__", None)
    where = f" ({spot((code, 0))})" if code is not None else ""
    return f"the hook {getattr(function, '__name__', type(function).__name__)}{where}"


def _whose(origin: Any) -> str:
    return "a leaf" if isinstance(origin, Value) else f"the result of {type(origin).__name__}{at(origin.place)}"
