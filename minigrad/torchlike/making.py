"""Making tensors, with torch's names and defaults: float32 for floats, int64 for integers.

A size is `(2, 3)`, or `2, 3`, or `size=(2, 3)`. Random numbers are NumPy's.
"""

from typing import Any

import numpy as np

import minigrad

from ..backend import Array
from ..graph import array_of
from ..place import at, here
from ..value import Value
from .dtypes import as_dtype, dtype_of_number, float32, int64
from .tensor import Tensor, as_torch

_NUMBERS = {"f": float32, "i": int64}


def _size(sizes: tuple[Any, ...], size: Any) -> Any:
    if size is None:
        size = sizes[0] if len(sizes) == 1 else sizes
    elif sizes:
        raise TypeError(f"the size was given twice, {sizes} and size={size}{at(here())}")
    return size if isinstance(size, int) else tuple(size)


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor with a copy of `data`; Python floats become float32, an array keeps its dtype.

    Raises as `minigrad.tensor` does.

    >>> import minigrad.torchlike as torch
    >>> torch.tensor([1.0, 2.0], requires_grad=True)
    tensor([1., 2.], requires_grad=True)
    """
    if dtype is None and not hasattr(data, "dtype"):
        array = array_of(data)
        if not any(hasattr(item, "dtype") for item in _first(data)):
            dtype = _NUMBERS.get(array.dtype.kind, array.dtype) if array.size else float32
        data = array
    return as_torch(minigrad.tensor(data, dtype=None if dtype is None else as_dtype(dtype)), requires_grad)


def _first(data: Any) -> list[Any]:
    """The first number in nested lists: torch asks it whether it has a dtype already."""
    while isinstance(data, list | tuple) and data:
        data = data[0]
    return [data]


def from_numpy(array: Array) -> Tensor:
    """Return a tensor on the memory of a NumPy array, of its dtype (float64, more often than not).

    Raises as `minigrad.from_numpy` does.

    >>> import numpy as np, minigrad.torchlike as torch
    >>> torch.from_numpy(np.zeros(2)).float()
    tensor([0., 0.])
    """
    return as_torch(minigrad.from_numpy(array))


def zeros(*sizes: Any, size: Any = None, dtype: Any = float32, requires_grad: bool = False) -> Tensor:
    """Return a tensor of zeros."""
    return as_torch(minigrad.zeros(_size(sizes, size), dtype=as_dtype(dtype)), requires_grad)


def ones(*sizes: Any, size: Any = None, dtype: Any = float32, requires_grad: bool = False) -> Tensor:
    """Return a tensor of ones."""
    return as_torch(minigrad.ones(_size(sizes, size), dtype=as_dtype(dtype)), requires_grad)


def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor filled with one value, whose kind decides the dtype."""
    dtype = dtype_of_number(fill_value) if dtype is None else as_dtype(dtype)
    return as_torch(minigrad.full(_size((size,), None), fill_value, dtype=dtype), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = float32, requires_grad: bool = False) -> Tensor:
    """Return the identity matrix."""
    return as_torch(minigrad.eye(n, m, dtype=as_dtype(dtype)), requires_grad)


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return start, start + step, ... below end; float32 if one of the three is a float."""
    counted = minigrad.arange(start, end, step)
    dtype = _NUMBERS[counted.dtype.kind] if dtype is None else as_dtype(dtype)
    return as_torch(minigrad.astype(counted, dtype), requires_grad)


def linspace(start: Any, end: Any, steps: int = 100, *, dtype: Any = float32, requires_grad: bool = False) -> Tensor:
    """Return evenly spaced numbers, both ends included: 100 if not said otherwise, as older torch had it."""
    return as_torch(minigrad.linspace(start, end, steps, dtype=as_dtype(dtype)), requires_grad)


def zeros_like(input: Value, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the shape and dtype of a tensor."""
    return as_torch(minigrad.zeros_like(input, dtype=as_dtype(dtype or input.dtype)), requires_grad)


def ones_like(input: Value, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the shape and dtype of a tensor."""
    return as_torch(minigrad.ones_like(input, dtype=as_dtype(dtype or input.dtype)), requires_grad)


def manual_seed(seed: int) -> None:
    """Restart the random numbers at `seed`: the same numbers every time, but not the ones torch draws."""
    minigrad.manual_seed(seed)


def rand(*sizes: Any, size: Any = None, dtype: Any = float32, requires_grad: bool = False) -> Tensor:
    """Return numbers drawn evenly from [0, 1)."""
    return as_torch(minigrad.rand(_size(sizes, size), dtype=as_dtype(dtype)), requires_grad)


def randn(*sizes: Any, size: Any = None, dtype: Any = float32, requires_grad: bool = False) -> Tensor:
    """Return numbers drawn from the normal distribution with mean 0 and standard deviation 1."""
    return as_torch(minigrad.randn(_size(sizes, size), dtype=as_dtype(dtype)), requires_grad)


def normal(mean: Any, std: Any, size: Any = None, *, dtype: Any = float32, requires_grad: bool = False) -> Tensor:
    """Return numbers of a mean and a standard deviation; without `size` those are tensors, a number for each.

    Raises ValueError for a negative standard deviation.

    >>> import minigrad.torchlike as torch
    >>> torch.normal(0, 1, (2, 3)).shape
    (2, 3)
    """
    if size is not None:
        return as_torch(minigrad.normal(mean, std, _size((size,), None), dtype=as_dtype(dtype)), requires_grad)
    mean, std = (getattr(value, "_array", value) for value in (mean, std))
    if np.any(std < 0):
        raise ValueError(f"normal() was given a standard deviation below zero{at(here())}")
    drawn = mean + std * minigrad.randn(np.broadcast_shapes(np.shape(mean), np.shape(std)))  # type: ignore[arg-type]
    return as_torch(minigrad.astype(drawn, as_dtype(dtype)), requires_grad)
