"""Tensor with torch's methods, on the same engine.

A result has the most derived class among its inputs, so whatever starts here stays
here, and the engine need not know. One idea: torch's in-place methods on memory
(`p.data.add_(...)`) write into the array; on a computed tensor they are recorded,
by letting the tensor stand for the new result.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from .. import explain, inplace, ops
from ..backend import library_of, to_numpy
from ..errors import DtypeError, InplaceError, ShapeError
from ..graph import apply
from ..hooks import is_retained
from ..mode import is_recording
from ..op import Op
from ..ops.indexing import _as_arrays
from ..place import at, here, name_of
from ..tensor import Tensor as EngineTensor
from ..value import Value, wrap
from . import dtypes
from .dtypes import TYPE_NAMES, Dtype, as_dtype, cast, is_operand, promoted

_engine: Mapping[str, Any] = vars(EngineTensor)
_data_of: Callable[[Value], Any] = _engine["data"].fget  # the array, a 0-d one kept in place
_set_data_of: Callable[[Value, Any], None] = _engine["data"].fset
_set_grad_of: Callable[[Value, Any], None] = _engine["grad"].fset


class Extremum(NamedTuple):
    """What `x.max(dim)` returns in torch: the values, and where they were."""

    values: Any
    indices: Any


class Count(int):
    """The number of elements, which can be called: torch's `x.size()` is the shape."""

    shape: tuple[int, ...]

    def __call__(self, dim: int | None = None) -> Any:
        """Return the shape, or its length along `dim`."""
        return self.shape if dim is None else self.shape[dim]


def _operator(op: type[Op], reflected: bool = False) -> Callable[[Any, Any], Any]:
    to_float = op is ops.Div

    def operate(self: Any, other: Any) -> Any:
        dtype, kind = self._array.dtype, type(other)
        if dtype.kind == "f" and (kind is float or kind is int or (kind is Tensor and other._array.dtype is dtype)):
            return apply(op, other, self) if reflected else apply(op, self, other)  # the common case
        if not is_operand(other):
            return NotImplemented
        x, y = (other, self) if reflected else (self, other)
        return apply(op, *promoted(x, y, to_float))

    return operate


def _elementwise(op: type[Op]) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return apply(op, self if self.dtype.kind == "f" else self.to(dtypes.float32))

    method.__doc__ = f"Return {op.__doc__}, element by element; integers become float32."
    return method


def _changing(method: Callable[..., Any]) -> Callable[..., Any]:
    """The in-place form of a method: `x.add_(y)` of `x.add(y)`."""

    def change(self: Any, *args: Any, **keywords: Any) -> Any:
        alone = _is_alone(self)
        result = method(self, *args, **keywords)
        return result if result is NotImplemented else self._become(result, alone)

    change.__doc__ = f"{method.__doc__ or 'Compute'} In place."
    return change


def _converter(dtype: Dtype) -> Callable[[Any], Any]:
    def convert(self: Any) -> Any:
        return cast(self, dtype)

    convert.__doc__ = f"Return the tensor as {dtype}; itself if it is."
    return convert


class Tensor(EngineTensor):
    """torch's tensor: `torch.Tensor([1, 2])` is float32, `torch.Tensor(2, 3)` has that size (and zeros in it).

    Raises as `minigrad.Tensor` does, and TypeError for a size that is no integer.

    >>> import minigrad.torchlike as torch
    >>> torch.Tensor([1, 2])
    tensor([1., 2.])
    """

    __slots__ = ()

    def __init__(self, *data: Any, dtype: Any = dtypes.float32) -> None:
        if len(data) == 1 and not isinstance(data[0], int):
            super().__init__(data[0], dtype=as_dtype(dtype))
        else:
            super().__init__(np.zeros(data or 0, as_dtype(dtype)))

    # ------------------------------------------------------------------------- what it holds

    @property
    def data(self) -> Self:
        """A tensor on the same memory, outside the graph. (In `minigrad.Tensor` it is the array.)"""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        if not isinstance(value, Value):
            raise TypeError(
                f".data takes a tensor, not {type(value).__name__}{at(here())}.\nx.data = torch.tensor(...)"
            )
        _set_data_of(self, value)

    @property
    def grad(self) -> Any:
        """The gradient that backward() brought, or None."""
        if self._grad is None and self.creator is not None:
            explain.warn_if_not_kept(self, is_retained(self), sys._getframe(1))
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        plain = isinstance(value, Value) and not value._requires_grad
        _set_grad_of(self, wrap(EngineTensor, value._array) if plain else value)

    @property
    def grad_fn(self) -> Op | None:
        """The recorded call that computed it, or None for a leaf."""
        return self.creator  # type: ignore[no-any-return]

    @property
    def size(self) -> Count:
        """NumPy's number of elements; called, torch's `x.size()` and `x.size(dim)`."""
        count = Count(self._array.size)
        count.shape = self.shape
        return count

    def dim(self) -> int:
        """Return the number of axes."""
        return len(self.shape)

    def numel(self) -> int:
        """Return the number of elements."""
        return int(self._array.size)

    def detach(self) -> Self:
        """Return a tensor on the same memory that is not in the graph."""
        result: Self = wrap(type(self), _data_of(self))
        result._cut = ("detach", here()) if self._requires_grad else self._cut
        return result

    def requires_grad_(self, requires_grad: Any = True) -> Self:
        """Say, in place, that a gradient is wanted."""
        self.requires_grad = requires_grad
        return self

    def clone(self) -> Self:
        """Return a recorded copy on memory of its own."""
        return apply(ops.AsType, self, self.dtype)  # type: ignore[no-any-return]

    def numpy(self) -> Any:
        """Return the values as a NumPy array on the same memory; see `minigrad.Tensor.numpy`."""
        if self._requires_grad and is_recording():
            return super().numpy()  # says why not
        return to_numpy(_data_of(self))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        text = np.array2string(to_numpy(self._array), precision=4, separator=", ", prefix="tensor(", threshold=1000)
        if self.dtype not in (dtypes.float32, dtypes.int64, dtypes.boolean) or not self._array.size:
            text += f", dtype=torch.{self.dtype}"
        if self.creator is not None:
            text += f", grad_fn=<{type(self.creator).__name__}>"
        elif self._requires_grad:
            text += ", requires_grad=True"
        return f"tensor({text})"

    # ------------------------------------------------------------------------- arithmetic

    __add__ = _operator(ops.Add)
    __radd__ = _operator(ops.Add, reflected=True)
    __sub__ = _operator(ops.Sub)
    __rsub__ = _operator(ops.Sub, reflected=True)
    __mul__ = _operator(ops.Mul)
    __rmul__ = _operator(ops.Mul, reflected=True)
    __truediv__ = _operator(ops.Div)
    __rtruediv__ = _operator(ops.Div, reflected=True)
    __pow__ = _operator(ops.Pow)
    __rpow__ = _operator(ops.Pow, reflected=True)

    def add(self, other: Any, *, alpha: Any = 1) -> Self:
        """Return x + alpha * other."""
        return self + (other if alpha == 1 else other * alpha)  # type: ignore[no-any-return]

    def sub(self, other: Any, *, alpha: Any = 1) -> Self:
        """Return x - alpha * other."""
        return self - (other if alpha == 1 else other * alpha)  # type: ignore[no-any-return]

    def mul(self, other: Any) -> Self:
        """Return x * other."""
        return self * other  # type: ignore[no-any-return]

    def div(self, other: Any) -> Self:
        """Return x / other; of integers too it is a true division, in float32."""
        return self / other  # type: ignore[no-any-return]

    def pow(self, exponent: Any) -> Self:
        """Return x ** exponent."""
        return self**exponent  # type: ignore[no-any-return]

    def neg(self) -> Self:
        """Return -x."""
        return -self  # type: ignore[no-any-return]

    def abs(self) -> Self:
        """Return |x|."""
        return abs(self)  # type: ignore[no-any-return]

    def matmul(self, other: Any) -> Self:
        """Return the matrix product. Raises DtypeError unless both have one dtype, as torch does."""
        if not isinstance(other, Value):
            raise TypeError(f"matmul takes two tensors, not {type(other).__name__}{at(here())}")
        if self.dtype != other.dtype:
            raise DtypeError(
                f"matmul of {self.dtype} and {other.dtype}: torch wants one dtype{at(here())}.\n"
                "Convert one of the two: x.float() or x.double()"
            )
        return apply(ops.MatMul, self, other)  # type: ignore[no-any-return]

    def __matmul__(self, other: Any) -> Any:
        return self.matmul(other) if isinstance(other, Value) else NotImplemented

    def mm(self, other: Any) -> Self:
        """Return the product of two matrices. Raises ShapeError for anything but matrices."""
        if len(self.shape) != 2 or len(other.shape) != 2:
            raise ShapeError(
                f"mm takes two matrices, not shapes {self.shape} and {other.shape}{at(here())}.\n"
                "For vectors and stacks: x.matmul(y)"
            )
        return self.matmul(other)

    exp = _elementwise(ops.Exp)
    log = _elementwise(ops.Log)
    sqrt = _elementwise(ops.Sqrt)
    sin = _elementwise(ops.Sin)
    cos = _elementwise(ops.Cos)
    tanh = _elementwise(ops.Tanh)
    sigmoid = _elementwise(ops.Sigmoid)

    def relu(self) -> Self:
        """Return max(x, 0)."""
        return apply(ops.Relu, self)  # type: ignore[no-any-return]

    def square(self) -> Self:
        """Return x²."""
        return apply(ops.Square, self)  # type: ignore[no-any-return]

    def clamp(self, min: Any = None, max: Any = None) -> Self:
        """Return x, at least `min` and at most `max`; at the bounds themselves the gradient passes, as in torch."""
        if min is None and max is None:
            raise TypeError(f"clamp needs min= or max={at(here())}")
        x: Any = self
        if min is not None:
            x, min = promoted(x, min)
            x = ops.where(x < min, min, x)
        if max is not None:
            x, max = promoted(x, max)
            x = ops.where(x > max, max, x)
        return x  # type: ignore[no-any-return]

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
        if method == "__call__" and len(inputs) == 2 and all(map(is_operand, inputs)):
            inputs = promoted(*inputs, ufunc is np.true_divide)
        return super().__array_ufunc__(ufunc, method, *inputs, **keywords)

    # ------------------------------------------------------------------------- reductions

    def sum(self, dim: Any = None, keepdim: Any = False, *, axis: Any = None, keepdims: Any = False) -> Self:
        """Return the sum over `dim` (an integer, several, or None for all); of integers as int64."""
        x = cast(self, dtypes.int64) if self.dtype.kind in "bu" else self
        return apply(ops.Sum, x, _dims(dim, axis), keepdim or keepdims)  # type: ignore[no-any-return]

    def mean(self, dim: Any = None, keepdim: Any = False, *, axis: Any = None, keepdims: Any = False) -> Self:
        """Return the mean over `dim`. Raises DtypeError for integers, as torch does."""
        if self.dtype.kind != "f":
            raise DtypeError(f"the mean of {self.dtype} is no {self.dtype}{at(here())}.\nWrite x.float().mean()")
        return apply(ops.Mean, self, _dims(dim, axis), keepdim or keepdims)  # type: ignore[no-any-return]

    def max(self, dim: Any = None, keepdim: Any = False, *, axis: Any = None, keepdims: Any = False) -> Any:
        """Return the largest element; with `dim`, a pair (values, indices); with a tensor, the larger of each two."""
        if isinstance(dim, Value):
            return ops.maximum(*promoted(self, dim))
        dim = _dims(dim, axis)
        return apply(ops.Max, self) if dim is None else self._extremum("argmax", dim, keepdim or keepdims)

    def min(self, dim: Any = None, keepdim: Any = False, *, axis: Any = None, keepdims: Any = False) -> Any:
        """Return the smallest element; with `dim`, a pair (values, indices); with a tensor, the smaller of each two."""
        if isinstance(dim, Value):
            return ops.minimum(*promoted(self, dim))
        dim = _dims(dim, axis)
        return apply(ops.Min, self) if dim is None else self._extremum("argmin", dim, keepdim or keepdims)

    def argmax(self, dim: Any = None, keepdim: Any = False) -> Self:
        """Return the index of the largest element, of the first of several."""
        return wrap(type(self), self._array.argmax(axis=dim, keepdims=keepdim))  # type: ignore[no-any-return]

    def argmin(self, dim: Any = None, keepdim: Any = False) -> Self:
        """Return the index of the smallest element, of the first of several."""
        return wrap(type(self), self._array.argmin(axis=dim, keepdims=keepdim))  # type: ignore[no-any-return]

    def _extremum(self, which: str, dim: int, keepdim: Any) -> Extremum:
        """torch takes one element along `dim`, so its gradient goes to that one, not evenly to the ties."""
        library = library_of(self._array)
        at_most = getattr(library, which)(_data_of(self), axis=dim, keepdims=True)
        index = [
            library.arange(n).reshape([-1 if k == j else 1 for k in range(len(self.shape))])
            for j, n in enumerate(self.shape)
        ]
        if index:
            index[dim] = at_most
        values = self[tuple(index)]
        indices = wrap(type(self), at_most)
        return Extremum(values, indices) if keepdim else Extremum(values.squeeze(dim), indices.squeeze(dim))

    # ------------------------------------------------------------------------- shapes

    def view(self, *size: Any) -> Self:
        """Return the same elements in another size."""
        return self.reshape(*size)

    def transpose(self, *dims: Any) -> Self:
        """Return x with two axes exchanged, torch's way; a tuple of axes or none is NumPy's."""
        if len(dims) == 2:
            axes = list(range(len(self.shape)))
            axes[dims[0]], axes[dims[1]] = axes[dims[1]], axes[dims[0]]
            dims = (tuple(axes),)
        return super().transpose(*dims)

    def t(self) -> Self:
        """Return the transpose of a matrix. Raises ShapeError for more than two axes."""
        if len(self.shape) > 2:
            raise ShapeError(f"t() takes a matrix, not shape {self.shape}{at(here())}.\nWrite x.transpose(0, 1)")
        return super().transpose()

    def squeeze(self, dim: Any = None) -> Self:
        """Return x without axes of length 1; an axis of another length stays, as in torch."""
        if dim is not None and self.shape[dim] != 1:
            return self
        return super().squeeze(dim)

    def unsqueeze(self, dim: int) -> Self:
        """Return x with a new axis of length 1."""
        return self.expand_dims(dim)

    def expand(self, *size: Any) -> Self:
        """Return x repeated to a larger size; -1 keeps the length of an axis."""
        wanted = tuple(size[0]) if len(size) == 1 and not isinstance(size[0], int) else size
        lead = len(wanted) - len(self.shape)
        size = tuple(self.shape[k - lead] if n == -1 and k >= lead else n for k, n in enumerate(wanted))
        return ops.broadcast_to(self, size)  # type: ignore[no-any-return]

    # ------------------------------------------------------------------------- elements, and changing them

    def __getitem__(self, index: Any) -> Self:
        taken = ops.getitem(self, index)
        if taken.creator is None and isinstance(taken._array, np.generic):
            # One element: NumPy copies it, torch's x[0] is on x's memory.
            index = _as_arrays(index)
            taken._array = _data_of(self)[(*index, ...) if isinstance(index, tuple) else (index, ...)]
        return taken  # type: ignore[no-any-return]

    def __setitem__(self, index: Any, value: Any) -> None:
        recorded = isinstance(value, Value) and value._requires_grad
        if is_recording() and (self._requires_grad or recorded):
            alone = _is_alone(self)
            self._become(_assigned(self, _as_arrays(index), value), alone)
        else:
            array = _data_of(self)
            array[_as_arrays(index)] = value._array if isinstance(value, Value) else value
            inplace.note_change(array, here())

    def _become(self, result: Any, alone: Any) -> Self:
        """Take the values of `result`: in the graph where it is recorded, else in memory."""
        if result.shape != self.shape:
            raise ShapeError(f"a tensor of shape {self.shape} cannot become {result.shape} in place{at(here())}")
        if not np.can_cast(result.dtype, self.dtype, "same_kind"):
            raise DtypeError(
                f"a tensor of {self.dtype} cannot become {result.dtype} in place{at(here())}.\nWrite x = x + y"
            )
        if is_recording() and (self._requires_grad or result._requires_grad):
            if self._requires_grad and self.creator is None:
                name = name_of(lambda v: v is self, "x")
                raise InplaceError(
                    f"{name} is a leaf that requires a gradient, and was to be changed in place{at(here())}.\n"
                    f"To update a parameter: with torch.no_grad(): {name} -= ..., or {name}.data -= ..."
                )
            if not alone:  # a view would not see the new values
                name = name_of(lambda v: v is self, "x")
                raise InplaceError(
                    f"{name} was to be changed in place, but a view of it or the graph needs it as it was"
                    f"{at(here())}.\nChange a copy, {name} = {name}.clone(), or write {name} = {name} + ..."
                )
            result = cast(result, self.dtype)
            self._array, self.creator, self._requires_grad = result._array, result.creator, result._requires_grad
        else:
            array = _data_of(self)
            array[...] = result._array
            inplace.note_change(array, here())
        return self

    add_ = _changing(add)
    sub_ = _changing(sub)
    mul_ = _changing(mul)
    div_ = _changing(div)
    pow_ = _changing(pow)
    clamp_ = _changing(clamp)
    __iadd__ = _changing(__add__)
    __isub__ = _changing(__sub__)
    __imul__ = _changing(__mul__)
    __itruediv__ = _changing(__truediv__)
    __ipow__ = _changing(__pow__)

    def copy_(self, source: Any) -> Self:
        """Take the values of `source`."""
        self[...] = source
        return self

    def fill_(self, value: Any) -> Self:
        """Make every element `value`."""
        return self.copy_(value)

    def zero_(self) -> Self:
        """Make every element zero."""
        return self.copy_(0)

    # ------------------------------------------------------------------------- dtypes and devices

    def to(self, target: Any) -> Self:
        """Return the tensor in a dtype, or on "cpu" or "cuda"; itself if it is there."""
        if isinstance(target, str):
            return super().to({"cpu": "numpy", "cuda": "cupy"}.get(target, target))
        return cast(self, as_dtype(target))  # type: ignore[no-any-return]

    def cpu(self) -> Self:
        """Return the tensor in NumPy's memory."""
        return self.to("cpu")

    def cuda(self) -> Self:
        """Return the tensor in CuPy's memory."""
        return self.to("cuda")

    def type(self, dtype: Any = None) -> Any:
        """Return the tensor in `dtype` (torch.float32, or the older torch.FloatTensor), or the name of its type."""
        return f"torch.{TYPE_NAMES[self.dtype]}" if dtype is None else self.to(as_dtype(dtype))

    float = _converter(dtypes.float32)
    double = _converter(dtypes.float64)
    byte = _converter(dtypes.uint8)
    int = _converter(dtypes.int32)
    long = _converter(dtypes.int64)
    bool = _converter(dtypes.boolean)


def _dims(dim: Any, axis: Any) -> Any:
    """`dim=` is torch's word, `axis=` NumPy's."""
    dim = axis if dim is None else dim
    return tuple(dim) if isinstance(dim, list) else dim


def _assigned(x: Any, index: Any, value: Any) -> Any:
    """x with value at index, recorded: each element of value is taken where it landed last."""
    array = _data_of(x)
    library = library_of(array)
    source = library.full(x.shape, -1)  # which element of value comes here
    order = library.arange(source[index].size).reshape(source[index].shape)
    source[index] = order
    if not isinstance(value, Value) or not order.size:
        return ops.where(source >= 0, value if order.size else 0, x)
    flat = ops.reshape(ops.broadcast_to(cast(value, x.dtype), order.shape), -1)
    return ops.where(source >= 0, ops.getitem(flat, library.maximum(source, 0)), x)


def _is_alone(tensor: Value) -> bool:
    """Whether nobody but the tensor holds its memory: no view, no other tensor, no recorded call."""
    array = tensor._array
    return isinstance(array, np.generic) or (array.base is None and sys.getrefcount(array) <= _ALONE)


_ALONE = 0
_probe = Tensor(1)
while not _is_alone(_probe):  # counts _probe's own reference and those of the call itself
    _ALONE += 1


def as_torch(tensor: Value, requires_grad: bool = False) -> Tensor:
    """An engine's leaf as torch's, on the same memory."""
    made: Tensor = wrap(Tensor, tensor._array)
    return made.requires_grad_() if requires_grad else made
