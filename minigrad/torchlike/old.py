"""Spellings that torch itself has left behind, for tutorials that have not.

Each works, and its docstring says what replaced it.
"""

from typing import Any

from ..value import Value
from . import dtypes
from .tensor import Tensor, as_torch


class _TypedTensor(type):
    """torch.FloatTensor and its like: a dtype that can be called, and asked with isinstance."""

    dtype: dtypes.Dtype

    def __call__(cls, *data: Any) -> Tensor:
        return Tensor(*data, dtype=cls.dtype)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor) and bool(instance.dtype == cls.dtype)


class FloatTensor(metaclass=_TypedTensor):
    """Old. Write `torch.tensor(data, dtype=torch.float32)`; for a type, `torch.float32` or `x.float()`."""

    dtype = dtypes.float32


class DoubleTensor(metaclass=_TypedTensor):
    """Old. Write `torch.tensor(data, dtype=torch.float64)`; for a type, `torch.float64` or `x.double()`."""

    dtype = dtypes.float64


class IntTensor(metaclass=_TypedTensor):
    """Old. Write `torch.tensor(data, dtype=torch.int32)`; for a type, `torch.int32` or `x.int()`."""

    dtype = dtypes.int32


class LongTensor(metaclass=_TypedTensor):
    """Old. Write `torch.tensor(data, dtype=torch.int64)`; for a type, `torch.int64` or `x.long()`."""

    dtype = dtypes.int64


class ByteTensor(metaclass=_TypedTensor):
    """Old. Write `torch.tensor(data, dtype=torch.uint8)`; for a mask, `torch.bool` or `x.bool()`."""

    dtype = dtypes.uint8


class BoolTensor(metaclass=_TypedTensor):
    """Old. Write `torch.tensor(data, dtype=torch.bool)`; for a type, `torch.bool` or `x.bool()`."""

    dtype = dtypes.boolean


class _AnyTensor(type):
    def __call__(cls, data: Any, requires_grad: bool = False) -> Tensor:
        if not isinstance(data, Value):
            raise TypeError(f"Variable takes a tensor, not {type(data).__name__}: Variable(torch.tensor(data))")
        if data._requires_grad and isinstance(data, Tensor):
            return data
        return as_torch(data, requires_grad)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_AnyTensor):
    """Old. Since torch 0.4 every tensor is one: write `torch.tensor(data, requires_grad=True)`.

    Returns a tensor on the memory of the one given.

    >>> import minigrad.torchlike as torch
    >>> torch.autograd.Variable(torch.FloatTensor([1, 2]), requires_grad=True)
    tensor([1., 2.], requires_grad=True)
    """
