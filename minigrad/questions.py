"""What NumPy can be asked about an array, asked about a tensor: its type, its memory, its text.

One idea: an answer that is no number has no gradient, so the array answers. `np.copy` and the
parts of a complex number are here too: a tensor is real, so they are itself or zero. And
functions of two results, which are two operations.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .backend import to_numpy
from .graph import apply
from .op import by_function, by_numpy, implements
from .value import Value, wrap


def _bare(x: Any) -> Any:
    return x._array if isinstance(x, Value) else x


def _answered_by_array(function: Callable[..., Any]) -> None:
    """Let a function of NumPy, given tensors, ask their arrays."""

    @functools.wraps(function)
    def ask(*args: Any, **keywords: Any) -> Any:
        return function(*map(_bare, args), **{name: _bare(value) for name, value in keywords.items()})

    by_function[function] = ask


for _function in (
    np.can_cast,
    np.common_type,
    np.diag_indices_from,
    np.iscomplexobj,
    np.isrealobj,
    np.may_share_memory,
    np.min_scalar_type,
    np.result_type,
    np.shares_memory,
    np.tril_indices_from,
    np.triu_indices_from,
):
    _answered_by_array(_function)


@implements(np.array2string)
def array2string(x: Any, *args: Any, **keywords: Any) -> str:
    """The values of x as text, as NumPy writes them."""
    return np.array2string(to_numpy(_bare(x)), *args, **keywords)


@implements(np.array_repr)
def array_repr(x: Any) -> str:
    """The text of a tensor, which names its class and creator."""
    return repr(x)


@implements(np.array_str)
def array_str(x: Any, max_line_width: int | None = None, precision: int | None = None) -> str:
    """The values of x as text, as NumPy writes them."""
    return np.array_str(to_numpy(_bare(x)), max_line_width, precision)


@implements(np.copy)
def copied(x: Any) -> Any:
    """A new tensor with the values of x; the gradient passes."""
    if x.dtype.kind == "f":
        return apply(by_numpy[np.positive], x)
    return wrap(type(x), x._array.copy())


@implements(np.real, np.real_if_close, np.conjugate)
def itself(x: Any) -> Any:
    """The real part of a real tensor, and its conjugate."""
    return x


@implements(np.imag)
def nothing(x: Any) -> Any:
    """The imaginary part of a real tensor: zeros."""
    return np.zeros_like(x)


@implements(np.iscomplex)
def is_complex(x: Any) -> Any:
    """Whether each element has an imaginary part: none has."""
    return np.zeros_like(x, dtype=bool)


@implements(np.isreal)
def is_real(x: Any) -> Any:
    """Whether each element is real: all are."""
    return np.ones_like(x, dtype=bool)


@implements(np.divmod)
def quotient_and_remainder(x: Any, y: Any) -> tuple[Any, Any]:
    """x // y and x % y, as two results of two operations."""
    return np.floor_divide(x, y), np.remainder(x, y)


@implements(np.isin)
def is_in(x: Any, among: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of x is one of the others."""
    found = np.isin(_bare(x), _bare(among), assume_unique=assume_unique, invert=invert)
    return wrap(type(x if isinstance(x, Value) else among), found)


@implements(np.empty_like)
def empty_like(x: Any, dtype: Any = None) -> Any:
    """A tensor of the shape and dtype of x whose values are yet to be written: zeros, which tell nothing of before."""
    return np.zeros_like(x, dtype=dtype)
