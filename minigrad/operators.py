"""The methods behind Python's operators: `apply`, unrolled for the common cases.

One idea: nothing here that `apply` does not do. `x * y` for two tensors, or for a
tensor and a Python number, is recorded in one Python call, because on small arrays
the calls are the cost: 0.9 µs here against 2.4 through `apply`, measured on 100
elements where NumPy's own product takes 0.24.
"""

import functools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import numpy as np

from . import anomaly, inplace
from .errors import BackendError, DtypeError, ShapeError
from .explain import forward_failed, in_place_while_recording, warn_if_outer
from .graph import apply, checked, tick
from .mode import is_recording
from .numpy_protocol import as_numpy, takes
from .op import Op, by_function, by_numpy
from .place import at, here, name_of
from .value import FLOATS, Cut, Value

M = TypeVar("M", bound=Callable[..., Any])

_new = object.__new__
_frame = sys._getframe
_ndarray = np.ndarray


def _specialised(method: M) -> M:
    """The same method with a code object of its own.

    CPython adapts bytecode to the classes it meets, and keeps what it learnt in the code
    object. Shared by all operators it would fit none: 6 % of the whole distance step.
    """
    method.__code__ = method.__code__.replace()
    return method


def not_recorded(op: type[Op], frame: FrameType) -> Cut:
    """Why a result has no graph although an argument requires a gradient, and where."""
    return (op if is_recording() else "no_grad", (frame.f_code, frame.f_lasti))


def binary(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """The method behind an operator such as `x * y`."""
    op: type[Op] | None = None  # looked up when first used: operations are defined after Tensor
    forward: Any = None
    dx: Any = None
    dy: Any = None
    keeps: Any = None
    elementwise = masks = False

    def operate(self: Any, other: Any) -> Any:
        nonlocal op, forward, dx, dy, keeps, elementwise, masks
        if op is None:
            found = by_numpy[ufunc]
            forward, elementwise, masks = found.forward, found.elementwise, found.masks
            dx, dy = found.rules
            keeps = [found.keeps[mask] for mask in range(4)]
            op = found  # last: another thread that sees it finds the rest in place
        kind = type(self)
        other_kind = type(other)
        left = self._array
        if other_kind is kind:
            right = other._array
            mask = 1 if self._requires_grad else 0
            if other._requires_grad:
                mask += 2
        elif other_kind is float or other_kind is int:
            right = other
            mask = 1 if self._requires_grad else 0
        else:
            return _with_another(op, self, other, False)
        try:
            out = forward(left, right)
        except Exception as error:
            forward_failed(op, (left, right), error)
            raise
        out_kind = type(out)
        if (out_kind is not _ndarray and out_kind not in FLOATS) or anomaly.on:
            out = checked(op, (left, right), out)
        result = _new(kind)
        result._array = out
        result._grad = None
        if mask and dx is not None and is_recording():
            result._requires_grad = True
            result._cut = None
            result.creator = call = op()
            (keep_left, keep_right), keep_out = keeps[mask]
            ways: Any
            if mask == 1:
                a = self.creator or self
                ways = ((0, dx, a),)
                args = (left if keep_left else a, right if keep_right else None)
            elif mask == 2:
                b = other.creator or other
                ways = ((1, dy, b),)
                args = (left if keep_left else None, right if keep_right else b)
            else:
                a = self.creator or self
                b = other.creator or other
                ways = ((1, dy, b), (0, dx, a))
                args = (left if keep_left else a, right if keep_right else b)
            call.record = (ways, args, out if keep_out else None, elementwise, masks)
            call.shape = shape = out.shape
            call.dtype = out.dtype
            frame = _frame(1)
            call.place = (frame.f_code, frame.f_lasti)
            call.age = tick()
            if len(shape) > 1 and elementwise:
                warn_if_outer(call, left, right)
        else:
            result._requires_grad = False
            result.creator = None
            if mask:
                result._cut = not_recorded(op, _frame(1))
            else:
                result._cut = self._cut or other._cut if other_kind is kind else self._cut
        return result

    return _specialised(operate)


def reflected(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """The method behind a reflected operator such as `2 * x`: `binary` for a number on the left."""
    op: type[Op] | None = None
    keep_left = keep_right = keep_out = False
    dy: Any = None

    def operate(self: Any, other: Any) -> Any:
        nonlocal op, dy, keep_left, keep_right, keep_out
        if op is None:
            found = by_numpy[ufunc]
            dy = found.rules[1]
            (keep_left, keep_right), keep_out = found.keeps[2]
            op = found
        other_kind = type(other)
        if other_kind is not float and other_kind is not int:
            return _with_another(op, self, other, True)
        right = self._array
        try:
            out = op.forward(other, right)
        except Exception as error:
            forward_failed(op, (other, right), error)
            raise
        out_kind = type(out)
        if (out_kind is not _ndarray and out_kind not in FLOATS) or anomaly.on:
            out = checked(op, (other, right), out)
        result = _new(type(self))
        result._array = out
        result._grad = None
        if self._requires_grad and dy is not None and is_recording():
            result._requires_grad = True
            result._cut = None
            result.creator = call = op()
            origin = self.creator or self
            args = (other if keep_left else None, right if keep_right else origin)
            call.record = (((1, dy, origin),), args, out if keep_out else None, op.elementwise, op.masks)
            call.shape = out.shape
            call.dtype = out.dtype
            frame = _frame(1)
            call.place = (frame.f_code, frame.f_lasti)
            call.age = tick()
        else:
            result._requires_grad = False
            result.creator = None
            result._cut = not_recorded(op, _frame(1)) if self._requires_grad else self._cut
        return result

    return _specialised(operate)


def _with_another(op: type[Op], self: Value, other: Any, reflected: bool) -> Any:
    """The slow way round an operator: another class of tensor, an array, a list, a complex number."""
    known = isinstance(other, (Value, np.ndarray, np.generic, bool, list, tuple, complex))
    if not known and not hasattr(other, "__array_interface__") and not hasattr(other, "__cuda_array_interface__"):
        if hasattr(other, "__dlpack__"):  # torch's: two classes called Tensor in Python's own message help nobody
            library = type(other).__module__.partition(".")[0]
            raise BackendError(
                f"{op.__name__} of a tensor of minigrad and one of {library}{at(here())}: neither records the other.\n"
                f"Share its memory first: minigrad.from_dlpack({name_of(lambda v: v is other, 't')})"
            )
        if op.__name__ in ("Equal", "NotEqual"):  # x == None is False, as everywhere; and so `x in things` is answered
            return NotImplemented
        if other is None:
            raise TypeError(
                f"{op.__name__} of a tensor and None{at(here())}.\nWhat was to be computed is not there: "
                "a function without return gives None, and so does .grad that no backward() has reached"
            )
        if hasattr(other, "to_numpy"):  # a column of pandas takes a tensor apart, into numbers without a graph
            name = name_of(lambda v: v is other, "s")
            raise BackendError(
                f"{op.__name__} of a tensor and a {type(other).__name__} of {type(other).__module__.partition('.')[0]}"
                f"{at(here())}: no graph goes through one.\nTake its numbers: {name}.to_numpy()"
            )
        return NotImplemented
    return apply(op, other, self) if reflected else apply(op, self, other)


def unary(ufunc: np.ufunc) -> Callable[[Any], Any]:
    """The method behind an operator such as `-x`."""

    def operate(self: Any) -> Any:
        return apply(by_numpy[ufunc], self)

    return _specialised(operate)


def method(function: Any) -> Callable[..., Any]:
    """The method of an array that is a function of NumPy: `x.prod(axis)` is `np.prod(x, axis)`."""
    name = function.__name__

    def call(self: Any, *args: Any, **keywords: Any) -> Any:
        ours = by_function.get(function) or functools.partial(apply, by_numpy[function])
        try:
            return ours(self, *args, **keywords)
        except TypeError:
            if takes(ours, (self, *args), keywords):
                raise
        return as_numpy(function, self, *args, **keywords)  # with NumPy's out, dtype, ...: refused by a sentence

    call.__name__ = name
    call.__qualname__ = f"Tensor.{name}"
    call.__doc__ = f"Return np.{name} of the tensor: see `minigrad.{name}`."
    return call


def reduction(function: Any) -> Callable[..., Any]:
    """The method behind a reduction such as `x.mean(axis, keepdims)`."""
    op: type[Op] | None = None
    forward: Any = None
    dx: Any = None
    keep = keep_out = masks = False

    def reduce(self: Any, axis: Any = None, keepdims: bool = False, **others: Any) -> Any:
        nonlocal op, forward, dx, keep, keep_out, masks
        if op is None:
            found = by_numpy[function]
            forward, dx, masks = found.forward, found.rules[0], found.masks
            (keep, *_), keep_out = found.keeps[1]
            op = found
        if others:  # NumPy's dtype, out, where, ...
            return as_numpy(function, self, axis=axis, keepdims=keepdims, **others)
        value = self._array
        try:
            out = forward(value, axis, keepdims)
        except Exception as error:
            if keepdims is None or isinstance(keepdims, (type, str, np.dtype)):  # NumPy's dtype comes second
                return as_numpy(function, self, axis, keepdims)
            forward_failed(op, (value, axis, keepdims), error)
            raise
        out_kind = type(out)
        if (out_kind is not _ndarray and out_kind not in FLOATS) or anomaly.on:
            out = checked(op, (value,), out)
        result = _new(type(self))
        result._array = out
        result._grad = None
        if self._requires_grad and is_recording():
            result._requires_grad = True
            result._cut = None
            result.creator = call = op()
            origin = self.creator or self
            args = (value if keep else origin, axis, keepdims)
            call.record = (((0, dx, origin),), args, out if keep_out else None, False, masks)
            call.shape = out.shape
            call.dtype = out.dtype
            frame = _frame(1)
            call.place = (frame.f_code, frame.f_lasti)
            call.age = tick()
        else:
            result._requires_grad = False
            result.creator = None
            result._cut = not_recorded(op, _frame(1)) if self._requires_grad else self._cut
        return result

    name = reduce.__name__ = function.__name__
    reduce.__qualname__ = f"Tensor.{name}"
    reduce.__doc__ = f"Reduce over `axis` (an integer, a tuple of them, or None for all): see `minigrad.{name}`."
    return _specialised(reduce)


def inplace_operator(function: Callable[[Any, Any], Any], ufunc: np.ufunc, sign: str) -> Callable[[Any, Any], Any]:
    """The method behind `x += y`: change the array of x itself, outside the graph.

    A computed number is what NumPy's is, a value and no memory: `total += loss` computes another.
    """

    def operate(self: Any, other: Any) -> Any:
        if is_recording() and (self._requires_grad or (isinstance(other, Value) and other._requires_grad)):
            if not self._array.shape and (self.creator is not None or id(self) in inplace.values):
                result, frame = function(self, other), _frame(1)
                if result.creator is not None:
                    result.creator.place = (frame.f_code, frame.f_lasti)  # not the line above
                return result
            raise in_place_while_recording(self, f"x {sign}= ...", f"x = x {sign} ...")
        array = self._array
        value = other._array if isinstance(other, Value) else other
        frame = _frame(1)
        place = (frame.f_code, frame.f_lasti)
        if isinstance(array, np.generic):  # a NumPy scalar cannot change: another takes its place
            self._array = _number_like(array, function(array, value), sign)
            inplace.note_replaced(self, place)
        else:
            ufunc(array, value, out=array, casting="same_kind")
            inplace.note_change(array, place)
        return self

    return _specialised(operate)


def _number_like(number: Any, value: Any, sign: str) -> Any:
    """`value` as a NumPy scalar of number's dtype, as NumPy's own `x += y` would have it."""
    if type(value) is type(number):
        return value
    if value.shape:
        raise ShapeError(
            f"x {sign}= y cannot make a number an array of shape {value.shape}{at(here())}.\nWrite x = x {sign} y"
        )
    if not np.can_cast(value.dtype, number.dtype, "same_kind"):
        raise DtypeError(f"x {sign}= y cannot make {value.dtype} of {number.dtype}{at(here())}.\nWrite x = x {sign} y")
    return number.dtype.type(value)
