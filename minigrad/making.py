"""Making tensors: from numbers, from NumPy, filled with a value, or counted.

Names and defaults are NumPy's (float64 for floats). One idea: what is made here is a leaf,
on memory nobody else holds unless it says so.
"""

from typing import Any

import numpy as np

from . import dlpack
from .backend import Array, library, library_of
from .explain import refuse_masked
from .graph import apply
from .op import implements
from .ops.repeating import Full
from .place import at, here
from .tensor import Tensor, check_numbers
from .value import Value, wrap


def _made(array: Array, requires_grad: bool) -> Tensor:
    """A leaf around an array nobody else holds."""
    check_numbers(array)
    made: Tensor = wrap(Tensor, array)
    if requires_grad is not False:
        made.requires_grad = requires_grad
    return made


def tensor(data: Any, requires_grad: bool = False, *, dtype: Any = None, backend: str | None = None) -> Tensor:
    """Return a tensor with a copy of `data`: a number, nested lists, or an array.

    With `requires_grad` it is a parameter: `backward()` leaves its gradient in `.grad`. `dtype` is that of the array,
    or of the numbers (1 is an integer, 1.0 a float64), unless it is given; `backend` is "numpy" or "cupy", else where
    the array is, or the library that `minigrad.backend.use` has chosen. Raises as `Tensor` does.

    >>> import minigrad as mg
    >>> mg.tensor([1, 2.5], requires_grad=True)
    Tensor([1. , 2.5], requires_grad=True)
    """
    return Tensor(data, requires_grad, dtype=dtype, backend=backend)


def from_numpy(array: Any, requires_grad: bool = False) -> Tensor:
    """Return a tensor on the memory of an existing array: a change to one is seen in the other.

    Shape, dtype and library are the array's; with `requires_grad` it is a parameter, as in `tensor`. Raises TypeError
    for anything but an array, DtypeError for one without real numbers.

    >>> import minigrad as mg, numpy as np
    >>> a = np.zeros(2)
    >>> t = mg.from_numpy(a)
    >>> a[0] = 7
    >>> t
    Tensor([7., 0.])
    """
    if isinstance(array, Value) or not (hasattr(array, "dtype") and hasattr(array, "shape")):
        raise TypeError(
            f"from_numpy() shares an array's memory, and {type(array).__name__} is none{at(here())}.\n"
            "For numbers and lists: minigrad.tensor(data)"
        )
    refuse_masked(array)
    array = np.asarray(array) if library_of(array) is np else array
    return _made(array, requires_grad)


def from_dlpack(x: Any, requires_grad: bool = False) -> Tensor:
    """Return a tensor on the memory of another library's array: torch, CuPy, JAX, whatever speaks DLPack.

    A change to one is seen in the other; memory of a GPU becomes a tensor of CuPy. With `requires_grad`
    it is a parameter, as in `tensor`. Raises TypeError for what speaks no DLPack, BackendError for what its
    library will not share, GraphCutError for a tensor in a graph, DtypeError for what is not real numbers.

    >>> import minigrad as mg, numpy as np
    >>> a = np.zeros(2)
    >>> t = mg.from_dlpack(a)
    >>> a[0] = 7
    >>> t
    Tensor([7., 0.])
    """
    return _made(dlpack.array_of(x), requires_grad)


def zeros(shape: Any, *, requires_grad: bool = False, dtype: Any = float, backend: str | None = None) -> Tensor:
    """Return a tensor of zeros.

    `shape` is an integer or a tuple of them, () for one number; `dtype` is float64 unless given, `requires_grad` and
    `backend` are those of `tensor`. Raises DtypeError for integers that should require a gradient.

    >>> import minigrad as mg
    >>> mg.zeros(2)
    Tensor([0., 0.])
    """
    return _made(library(backend).zeros(shape, dtype), requires_grad)


def ones(shape: Any, *, requires_grad: bool = False, dtype: Any = float, backend: str | None = None) -> Tensor:
    """Return a tensor of ones.

    Arguments and errors are those of `zeros`.

    >>> import minigrad as mg
    >>> mg.ones((1, 2))
    Tensor([[1., 1.]])
    """
    return _made(library(backend).ones(shape, dtype), requires_grad)


def full(
    shape: Any, value: Any, *, requires_grad: bool = False, dtype: Any = None, backend: str | None = None
) -> Tensor:
    """Return a tensor filled with one value; if that is a tensor, the gradient of the copies is added up in it.

    `dtype` is that of the value unless given; the other arguments and errors are those of `zeros`.

    >>> import minigrad as mg
    >>> mg.full(2, 3.0)
    Tensor([3., 3.])
    """
    if isinstance(value, Value):
        return _filled(value if backend is None else value.to(backend), shape, dtype, requires_grad)  # type: ignore[attr-defined]
    return _made(library(backend).full(shape, value, dtype), requires_grad)


def _filled(value: Value, shape: Any, dtype: Any, requires_grad: bool) -> Tensor:
    filled: Tensor = apply(Full, value, (shape,) if isinstance(shape, int) else tuple(shape))
    if dtype is not None and filled.dtype != dtype:
        filled = filled.astype(dtype)
    if requires_grad and not filled._requires_grad:
        filled.requires_grad = requires_grad
    return filled


def eye(
    rows: int,
    columns: int | None = None,
    *,
    requires_grad: bool = False,
    dtype: Any = float,
    backend: str | None = None,
) -> Tensor:
    """Return the identity matrix, of shape (rows, columns), or (rows, rows).

    The other arguments and errors are those of `zeros`.

    >>> import minigrad as mg
    >>> mg.eye(2)
    Tensor([[1., 0.],
            [0., 1.]])
    """
    return _made(library(backend).eye(rows, columns, dtype=dtype), requires_grad)


def arange(
    start: float,
    stop: float | None = None,
    step: float = 1,
    *,
    requires_grad: bool = False,
    dtype: Any = None,
    backend: str | None = None,
) -> Tensor:
    """Return start, start + step, ... below stop (0, 1, ... below start, if it is alone).

    `dtype` is that of the numbers unless given: arange(3) holds integers, arange(3.0) float64. The other arguments and
    errors are those of `zeros`.

    >>> import minigrad as mg
    >>> mg.arange(3)
    Tensor([0, 1, 2])
    """
    start, stop = (0, start) if stop is None else (start, stop)
    return _made(library(backend).arange(start, stop, step, dtype), requires_grad)


def linspace(
    start: float,
    stop: float,
    num: int = 50,
    *,
    requires_grad: bool = False,
    dtype: Any = None,
    backend: str | None = None,
) -> Tensor:
    """Return `num` evenly spaced numbers from start to stop, both included.

    `dtype` is float64 unless given; the other arguments and errors are those of `zeros`.

    >>> import minigrad as mg
    >>> mg.linspace(0, 1, 3)
    Tensor([0. , 0.5, 1. ])
    """
    return _made(library(backend).linspace(start, stop, num, dtype=dtype), requires_grad)


@implements(np.zeros_like)
def zeros_like(x: Any, *, requires_grad: bool = False, dtype: Any = None) -> Any:
    """Return zeros of the shape and dtype of x, in its array library.

    `dtype` gives them another, and `requires_grad` makes a parameter of them. Raises as `zeros` does.

    >>> import minigrad as mg
    >>> mg.zeros_like(mg.tensor([1.0, 2.0]))
    Tensor([0., 0.])
    """
    array = x._array if isinstance(x, Value) else np.asarray(x)
    return _like(x, library_of(array).zeros(array.shape, dtype or array.dtype), requires_grad)


@implements(np.ones_like)
def ones_like(x: Any, *, requires_grad: bool = False, dtype: Any = None) -> Any:
    """Return ones of the shape and dtype of x, in its array library.

    `dtype` gives them another, and `requires_grad` makes a parameter of them. Raises as `ones` does.

    >>> import minigrad as mg
    >>> mg.ones_like(mg.tensor([1.0, 2.0]))
    Tensor([1., 1.])
    """
    array = x._array if isinstance(x, Value) else np.asarray(x)
    return _like(x, library_of(array).ones(array.shape, dtype or array.dtype), requires_grad)


@implements(np.full_like)
def full_like(x: Any, fill_value: Any, *, requires_grad: bool = False, dtype: Any = None) -> Any:
    """Return an array of the shape and dtype of x filled with one value, which may be a tensor, as in `full`.

    `dtype` gives it another, and `requires_grad` makes a parameter of it. Raises as `full` does.

    >>> import minigrad as mg
    >>> mg.full_like(mg.tensor([1.0, 2.0]), 7)
    Tensor([7., 7.])
    """
    array = x._array if isinstance(x, Value) else np.asarray(x)
    if isinstance(fill_value, Value):
        return _filled(fill_value, array.shape, dtype or array.dtype, requires_grad)
    return _like(x, library_of(array).full(array.shape, fill_value, dtype or array.dtype), requires_grad)


def _like(x: Any, array: Array, requires_grad: bool) -> Any:
    check_numbers(array)
    made = wrap(type(x) if isinstance(x, Value) else Tensor, array)
    if requires_grad is not False:
        made.requires_grad = requires_grad
    return made
