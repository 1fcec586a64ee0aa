"""Why a tensor's `.grad` is what it is.

One idea: the answer is in what the tensor remembers: how it was made, when its gradient was written,
when it was changed itself.
"""

import warnings
from collections.abc import Sequence
from types import FrameType
from typing import Any

import numpy as np

from .. import inplace
from ..errors import GradWarning, NonFiniteWarning
from ..place import at, computes_with_attribute, expression, here, is_own, rebinds, spot, stack_level, uses_attribute
from ..value import Value
from .going_back import cause_of_constant
from .words import born, called, computed, made


def warn_if_not_kept(tensor: Any, kept: bool, frame: FrameType) -> None:
    """Warn the reader who wrote `.grad` of a computed tensor, and finds None there.

    Not where they ask whether it is None, nor where getattr, hasattr, a copy, a debugger
    or minigrad itself reads it.
    """
    if kept or is_own(frame) or not uses_attribute(frame.f_code, frame.f_lasti, "grad"):
        return
    if frame.f_code.co_filename == "<string>":  # what eval() is given by a debugger that shows an expression
        return
    place = born(tensor) or (tensor._cut and tensor._cut[1])
    name = called(tensor)
    if rebinds(place, name):
        message = (
            f"{name}.grad is None: this {name} is not the parameter any more: "
            f"{name} = {expression(place) or '...'}{at(place)} computed a new tensor from it.\n"
            f"Change the parameter itself, outside the graph: with no_grad(): {name} -= lr * {name}.grad"
        )
    elif tensor.creator is not None:
        message = (
            f"{name}.grad is None: {name} was computed{made(name, tensor.creator)}, "
            "and backward() keeps gradients for parameters only.\n"
            f"Ask before backward(): {name}.retain_grad(), or take it from gradients(L, {name})."
        )
    elif tensor._requires_grad and computes_with_attribute(frame.f_code, frame.f_lasti):  # which fails in a moment
        message = (
            f"{name}.grad is None: no backward() has reached {name} since it was made or cleared"
            f"{at((frame.f_code, frame.f_lasti))}.\n"
            f"Before this line call backward() on a loss that was computed from {name}."
        )
    else:
        return
    warnings.warn(f"[W01] {message}", GradWarning, stacklevel=stack_level())


def warn_of_non_finite(leaf: Any, g: Any, output: Any, order: Sequence[Any], frame: FrameType) -> None:
    """Warn that backward(), called in `frame`, brings a leaf a gradient that is not finite, and say what made it so.

    By then the graph is freed, so where NaN was born is not known, nor what led to this leaf: but `order`, the calls
    that were passed, is, and so are those whose slope can be infinite. detect_anomaly() finds the birth.
    """
    if is_own(frame):  # a descent of our own sees to it by itself
        return
    array = g._array if isinstance(g, Value) else g
    name, place = called(leaf, "a parameter"), here()
    index = [int(n) for n in np.argwhere(~np.isfinite(array))[0]] if array.shape else []
    bad = f"{name}.grad{index or ''} is {float(array[tuple(index)])}{at(place)}"
    end = output._array
    if not np.isfinite(end).all():
        what = called(output, "what it started from")
        cause = f"{what} itself is {float(end)}" if end.size == 1 else f"{what} itself is not finite"
    else:
        singular = list(dict.fromkeys(computed(call) for call in reversed(order) if call.singular))
        cause = "an overflow on the way back, or 0 times infinity"
        if singular:
            cause += f"; it may be an infinite slope, as there can be in {' or '.join(singular[:3])}"
    warnings.warn(
        f"[W04] {bad}: {cause}.\nKeep away from there, as in np.sqrt(x + 1e-12). "
        "To see where it is born, repeat the step inside: with minigrad.detect_anomaly():",
        NonFiniteWarning,
        stacklevel=stack_level(),
    )


def why(tensor: Any, kept: bool) -> str:
    """Why `.grad` of a tensor is what it is, in words. `kept`: whether retain_grad() was called."""
    name = called(tensor)
    if not tensor._requires_grad:
        cause, mend = cause_of_constant(tensor, name)
        if tensor._cut is None:
            cause = f"{name} does not require one"
            mend = f"Say so before computing with it: {name}.requires_grad = True"
            if tensor.dtype.kind != "f":
                cause, mend = f"{name} holds {tensor.dtype}, which have no slope", "Make it of floats"
        return f"{name}.grad is {_value(tensor)}: {cause}.\n{mend}."
    if tensor._grad is None:
        return f"{name}.grad is None: {_not_arrived(tensor, name, kept)}"
    _, place, passes = getattr(tensor._grad, "_assigned", (0, None, 0))
    last = f" at {spot(place)}" if place else ""
    times = f"{passes} gradients added up, the last" if passes > 1 else "one gradient, brought"
    story = f"{name}.grad holds {times} by the backward(){last}"
    if not passes:
        story = f"{name}.grad was given by hand"
    changed, where = inplace.last_written(tensor)
    if changed > inplace.last_written(tensor._grad)[0]:
        there = f" at {spot(where)}" if where else ""
        return f"{story}; {name} changed{there} since, and has another slope now.\nClear it: {name}.zero_grad()."
    return f"{story}.\nMore is added to it by each backward() until {name}.zero_grad()."


def _value(tensor: Any) -> str:
    return "None" if tensor._grad is None else "what was given by hand"


def _not_arrived(tensor: Any, name: str, kept: bool) -> str:
    call = tensor.creator
    if call is None:
        return (
            f"no backward() has reached {name} since it was made or cleared.\n"
            f"Either none was called, or what it started from was not computed from this {name}: "
            f"gradients(L, {name}) is then zero."
        )
    how = f"{name} was computed{made(name, call)}"
    went = "" if call.record else spot(call.record.place)
    if kept and not call.record:
        return (
            f"{how} and asked to keep its gradient, but the backward(){' at ' + went if went else ''} "
            "had passed before, or it was cleared since.\n"
            f"Ask earlier, {name}.retain_grad() right where {name} is computed, and read its .grad before clearing it."
        )
    if kept:
        return f"{how} and asked to keep its gradient, but no backward() has passed it since.\nCall L.backward()."
    if not call.record:
        return (
            f"{how}; the backward(){' at ' + went if went else ''} passed its gradient on and kept none, "
            f"as for all that is no parameter.\nAsk before backward(): {name}.retain_grad()."
        )
    return f"{how}, and backward() keeps gradients for parameters only.\nAsk before backward(): {name}.retain_grad()."
