"""The methods behind Python's operators: `apply`, unrolled for the common cases.

One idea: nothing here that `apply` does not do. `x * y` for two tensors, or for a
tensor and a Python number, is recorded in one Python call, because on small arrays
the calls are the cost. Measured on 100 elements, in a run where NumPy's own product
took 0.24 µs: 0.9 µs here, 2.2 µs through `apply`.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import inplace
from .errors import InplaceError, ShapeError
from .graph import Op, Value, apply, by_ufunc
from .graph import _explain, _result, _warn_if_outer
from .mode import _recording
from .place import at, here, name_of

_new = object.__new__
_recording_now = _recording.get
_tick = inplace.clock.__next__
_frame = sys._getframe
_ndarray = np.ndarray
_FLOATS = frozenset({np.float64, np.float32, np.float16})


def binary(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """The method behind an operator such as `x * y`: `apply` for two arguments, unrolled.

    It does what `apply` does, for a tensor and a tensor of the same class or a Python
    number, and leaves everything else to `apply`.
    """
    op: type[Op] = None  # type: ignore[assignment]  # operations are defined after Tensor
    keeps: Any = None

    def operate(self: Any, other: Any) -> Any:
        nonlocal op, keeps
        if op is None:
            op = by_ufunc[ufunc]
            keeps = [op.keeps[mask] for mask in range(4)]
        kind = type(self)
        other_kind = type(other)
        left = self._data
        if other_kind is kind:
            right = other._data
            mask = 1 if self._requires_grad else 0
            if other._requires_grad:
                mask += 2
        elif other_kind is float or other_kind is int:
            right = other
            mask = 1 if self._requires_grad else 0
        else:
            return _apply_to_other(op, self, other, False)
        try:
            out = op.forward(left, right)
        except Exception as error:
            _explain(op, (left, right), error)
            raise
        out_kind = type(out)
        if out_kind is not _ndarray and out_kind not in _FLOATS:
            out = _result(op, (left, right), out)
        result = _new(kind)
        result._data = out
        result._grad = None
        if mask and _recording_now():
            result._requires_grad = True
            result.creator = node = op()
            (keep_left, keep_right), keep_out = keeps[mask]
            if mask == 1:
                a = self.creator or self
                node.inputs = (a,)
                node.args = (left if keep_left else a, right if keep_right else None)
            else:
                b = other.creator or other
                if mask == 2:
                    node.inputs = (None, b)
                    node.args = (left if keep_left else None, right if keep_right else b)
                else:
                    a = self.creator or self
                    node.inputs = (a, b)
                    node.args = (left if keep_left else a, right if keep_right else b)
            node.out = out if keep_out else None
            node.shape = shape = out.shape
            node.dtype = out.dtype
            frame = _frame(1)
            node.place = place = (frame.f_code, frame.f_lasti)
            node.age = _tick()
            if len(shape) > 1:
                _warn_if_outer(op, left, right, out, place)
        else:
            result._requires_grad = False
            result.creator = None
        return result

    return operate


def reflected(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    """The method behind a reflected operator such as `2 * x`: `binary` for a number on the left."""
    op: type[Op] = None  # type: ignore[assignment]
    keep_left = keep_right = keep_out = False

    def operate(self: Any, other: Any) -> Any:
        nonlocal op, keep_left, keep_right, keep_out
        if op is None:
            op = by_ufunc[ufunc]
            (keep_left, keep_right), keep_out = op.keeps[2]  # type: ignore[misc]
        other_kind = type(other)
        if other_kind is not float and other_kind is not int:
            return _apply_to_other(op, self, other, True)
        out = op.forward(other, self._data)
        out_kind = type(out)
        if out_kind is not _ndarray and out_kind not in _FLOATS:
            out = _result(op, (self._data,), out)
        result = _new(type(self))
        result._data = out
        result._grad = None
        if self._requires_grad and _recording_now():
            result._requires_grad = True
            result.creator = node = op()
            origin = self.creator or self
            node.inputs = (None, origin)
            node.args = (other if keep_left else None, self._data if keep_right else origin)
            node.out = out if keep_out else None
            node.shape = out.shape
            node.dtype = out.dtype
            frame = _frame(1)
            node.place = (frame.f_code, frame.f_lasti)
            node.age = _tick()
        else:
            result._requires_grad = False
            result.creator = None
        return result

    return operate


def _apply_to_other(op: type[Op], self: Value, other: Any, reflected: bool) -> Any:
    """The slow way round an operator: other classes of tensor, arrays, lists, complex numbers."""
    known = isinstance(other, Value | np.ndarray | np.generic | bool | list | tuple | complex)
    if not known and not hasattr(other, "__array_interface__") and not hasattr(other, "__cuda_array_interface__"):
        return NotImplemented
    return apply(op, other, self) if reflected else apply(op, self, other)


def unary(ufunc: np.ufunc) -> Callable[[Any], Any]:
    """The method behind an operator such as `-x`."""

    def operate(self: Any) -> Any:
        return apply(by_ufunc[ufunc], self)

    return operate


def inplace_operator(function: Callable[[Any, Any], Any], ufunc: np.ufunc, sign: str) -> Callable[[Any, Any], Any]:
    """The method behind `x += y`: change the array of x itself, outside the graph."""

    def operate(self: Any, other: Any) -> Any:
        if _recording_now() and (self._requires_grad or (isinstance(other, Value) and other._requires_grad)):
            refuse_inplace(self, f"x {sign}= ...", f"x = x {sign} ...")
        array = self._data
        value = other._data if isinstance(other, Value) else other
        if isinstance(array, np.generic):  # a NumPy scalar cannot change: put another in its place
            value = function(array, value)
            if value.shape or (
                value.dtype != array.dtype and not np.can_cast(value.dtype, array.dtype, "same_kind")
            ):
                raise ShapeError(
                    f"x {sign}= y cannot make a number of {array.dtype} an array of {value.dtype} "
                    f"with shape {value.shape}{at(here())}.\nWrite x = x {sign} y"
                )
            self._data = value if type(value) is type(array) else array.dtype.type(value)
            array = self
        else:
            ufunc(array, value, out=array, casting="same_kind")
        frame = _frame(1)
        inplace.note_change(array, (frame.f_code, frame.f_lasti))
        return self

    return operate


def refuse_inplace(tensor: Value, written: str, instead: str) -> None:
    """Raise the InplaceError of a change to `tensor` that would have to be recorded."""
    name = name_of(lambda v: v is tensor, "x")
    written = written.replace("x", name, 1)
    raise InplaceError(
        f"{written} would change {name} while the graph is being recorded{at(here())}.\n"
        f"To update a parameter: with no_grad(): {written}   To compute: {instead.replace('x', name)}"
    )
