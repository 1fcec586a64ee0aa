"""Where the first NaN or infinity is born: `detect_anomaly()`.

One idea: every result and every gradient is looked at as soon as it exists, so the first bad
one is a birth and not an echo. Off, it is one global that is asked.
"""

import contextlib
import sys
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, Self

import numpy as np

from .errors import NonFiniteError
from .explain import argument, rule_name
from .place import at, here, name_of
from .value import Value

on = 0
"""How many blocks are open, in all threads."""

_lock = threading.Lock()

_watching: ContextVar[tuple[bool, Any] | None] = ContextVar("minigrad_anomaly", default=None)
"""Inside a block: whether NaN alone is sought, and what was so outside it. In the context, not on the
object, so that one object may be entered twice, or by two threads."""

_WALKS = ("minigrad.graph", "minigrad.forward_mode")
"""The modules that walk through a graph."""

_Index = tuple[int, ...]


class detect_anomaly(contextlib.ContextDecorator):
    """Raise NonFiniteError where the first NaN or infinity is born, forward or backward.

    For a `with` block or a decorated function. The error names the operation, the element and the
    line; of a value that was not finite when it was given to an operation, it says so. With
    `nan_only`, infinities may be, where one masks with -inf, say. Gradients of elements that `where`
    did not take are zero, and no anomaly; but forward, the log of 0 is one even if `where` leaves
    it out afterwards. A step takes 1.5 to 3 times as long inside, and no longer outside.

    >>> import minigrad as mg
    >>> x = mg.tensor([4.0, -1.0], requires_grad=True)
    >>> with mg.detect_anomaly():
    ...     mg.sqrt(x * x.detach()).sum().backward()
    >>> x.grad
    Tensor([ 0.5, -0.5])
    """

    def __init__(self, nan_only: bool = False) -> None:
        if not isinstance(nan_only, bool):
            raise TypeError(f"nan_only is True or False, not {nan_only!r}{at(here())}")
        self._nan_only = nan_only

    def __enter__(self) -> Self:
        global on
        _watching.set((self._nan_only, _watching.get()))
        with _lock:
            on += 1
        return self

    def __exit__(self, *error: object) -> None:
        global on
        watching = _watching.get()
        assert watching is not None, "a block was left that was not entered in this context"
        _watching.set(watching[1])
        with _lock:
            on -= 1


def check_result(op: Any, values: Sequence[Any], out: Any) -> None:
    """Raise NonFiniteError for the result of a call that is not finite."""
    index = _first_bad(out)
    if index is None or _going(
        "_pass_back", "push"
    ):  # what a rule computes on its way is looked at when it is complete
        return
    for n, value in enumerate(values):
        given = _first_bad(value)
        if given is not None:
            name, _ = _reader_s(value, f"its {argument(op, n)}")
            raise NonFiniteError(
                f"[N01] {op.__name__}{at(here())} was given {_text(value, given)}: {_element(name, given)}.\n"
                "No operation in this block made it: look at where it comes from, or leave it out with np.isfinite"
            )
    what = f"{op.__name__}{at(here())} made {_text(out, index)}" + (f", its element {list(index)}" if index else "")
    if op.elementwise:
        raise NonFiniteError(
            f"[N01] {what}, from {_arguments(op, values, index)}.\n"
            f"Keep to where {op.__name__} is finite, before the call: np.clip(x, low, high) or np.where(ok, x, 1.0)"
        )
    sizes = [
        f"{_reader_s(v, f'its {argument(op, n)}')[0]} of shape {np.shape(v)}, in size up to {float(abs(v).max()):.3g}"
        for n, v in enumerate(values)
        if getattr(getattr(v, "dtype", None), "kind", "") == "f" and v.size
    ]
    raise NonFiniteError(
        f"[N01] {what}, from {' and '.join(sizes) or 'no elements'}.\n"
        f"All of that is finite, and the result leaves the range of {out.dtype}: scale it down, or use logarithms"
    )


def check_gradient(origin: Any, g: Any) -> None:
    """Raise NonFiniteError for a complete gradient that is not finite, though no rule made it so."""
    index = _first_bad(g)
    if index is None or _going("push"):  # a rule that is transposed: what comes of it is looked at when it is complete
        return
    whose, _ = _reader_s(origin, "a leaf" if isinstance(origin, Value) else f"the result of {type(origin).__name__}")
    place = None if isinstance(origin, Value) else origin.place
    element = f" at {list(index)}" if index else ""
    raise NonFiniteError(
        f"[N01] the gradient of {whose}{at(place)} is {_text(g, index)}{element}{at(here())}, and no rule made it.\n"
        f"It was given to start from, or returned by a hook, or is a sum that leaves the range of {g.dtype}"
    )


def check_rule(call: Any, n: int, rule: Any, g: Any, c: Any, args: Sequence[Any]) -> None:
    """Raise NonFiniteError for what a rule made of a finite gradient, if it is not finite."""
    index = _first_bad(c)
    if index is None or _going("push"):
        return
    origin = call.inputs[n]
    name, _ = _reader_s(origin, f"its {argument(call, n)}")
    why = "finite numbers alone"
    if call.elementwise and np.shape(c) == call.shape:
        met = _arguments(call, [origin if k == n else value for k, value in enumerate(args)], index)
        why = f"a gradient of {_text(g, index)}" + (f" at {met}" if met else "")
    raise NonFiniteError(
        f"[N01] going back through {type(call).__name__}{at(call.place) or at(here())}, {rule_name(call, rule)} made "
        f"the gradient of {_element(name, index)} {_text(c, index)}, from {why}.\n{_kept_away(call)}"
    )


def check_tangent(call: Any, t: Any, tangents: dict[Any, Any]) -> None:
    """Raise NonFiniteError for the tangent of a result, made from those of the arguments, if it is not finite."""
    index = _first_bad(t)
    if index is None:
        return
    ways, args = call.record[:2]
    origins = {n: origin for n, _, origin in ways if origin in tangents}
    through = f"going forward through {type(call).__name__}{at(call.place) or at(here())}"
    for n, origin in origins.items():
        given = _first_bad(tangents[origin])
        if given is not None:
            bad = _text(tangents[origin], given) + (f" at {list(given)}" if given else "")
            raise NonFiniteError(
                f"[N01] {through}, the tangent of its {argument(call, n)} was given {bad}.\n"
                "No operation in this block made it: give jvp() finite tangents, 0.0 for what does not move"
            )
    why = "finite numbers alone"
    if call.elementwise:
        each = [_text(s, _own(index, np.shape(_array(s)))) for s in (tangents[origin] for origin in origins.values())]
        met = _arguments(
            call, [origins.get(n, value) if value is None else value for n, value in enumerate(args)], index
        )
        why = f"{'a tangent' if len(each) == 1 else 'tangents'} of {' and '.join(each)}" + (f" at {met}" if met else "")
    element = f" at {list(index)}" if index else ""
    raise NonFiniteError(
        f"[N01] {through} made the tangent of its result {_text(t, index)}{element}, from {why}.\n{_kept_away(call)}"
    )


def _kept_away(call: Any) -> str:
    """How to keep away from where a slope is not finite."""
    if call.singular:
        return (
            "The slope is infinite there: keep away, as in np.sqrt(x + 1e-12), or choose x before, np.where(ok, x, 1.0)"
        )
    return "An overflow, or 0 times infinity: keep x where the slope is finite, np.clip(x, low, high) before the call"


def _first_bad(value: Any) -> _Index | None:
    """The index of the first element of an array or a number that is sought; None if there is none."""
    watching = _watching.get()
    array = _array(value)
    if watching is None or (type(array) is not float and getattr(getattr(array, "dtype", None), "kind", "") != "f"):
        return None
    bad = np.isnan(array) if watching[0] else ~np.isfinite(array)
    if not bad.any():
        return None
    return tuple(int(n) for n in np.unravel_index(int(bad.argmax()), bad.shape))


def _array(value: Any) -> Any:
    return value._array if isinstance(value, Value) else value


def _text(value: Any, index: _Index) -> str:
    array = _array(value)
    return str(float(array[index] if getattr(array, "shape", ()) else array))


def _element(name: str, index: _Index) -> str:
    return f"{name}{list(index)}" if index else name


def _arguments(op: Any, values: Sequence[Any], index: _Index) -> str:
    """The elements of the arguments that met in one element of the result: `x[3] = 0.0 and its y = 2.0`."""
    met = []
    for n, value in enumerate(values):
        name, known = _reader_s(value, f"its {argument(op, n)}")
        shape = () if isinstance(known, (int, float)) else getattr(known, "shape", None)
        if shape is None:  # a rule did not read it, so it was not kept
            continue
        own = _own(index, shape)
        met.append(f"{_element(name, own)} = {_text(known, own)}")
    return " and ".join(met)


def _own(index: _Index, shape: tuple[int, ...]) -> _Index:
    """The index, in an array that was broadcast from `shape`, of the element behind one of the result."""
    return tuple([0 if length == 1 else k for length, k in zip(shape, index[len(index) - len(shape) :], strict=True)])


def _reader_s(what: Any, otherwise: str) -> tuple[str, Any]:
    """What the reader calls a tensor, given itself, its array or the call that computed it; and its array if known."""
    known = [_array(what)] if isinstance(what, (Value, int, float)) or hasattr(what, "__array__") else []

    def is_it(v: Any) -> bool:
        if not isinstance(v, Value) or what is None or not (v is what or v._array is what or v.creator is what):
            return False
        known.append(v._array)
        return True

    name = otherwise if isinstance(what, (int, float)) else name_of(is_it, otherwise)
    return name, known[-1] if known else None


def _going(*walks: str) -> bool:
    """Whether a pass is under way that is itself recorded: backward in `_pass_back`, forward in `push`."""
    frame = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name in walks and frame.f_globals.get("__name__") in _WALKS:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
