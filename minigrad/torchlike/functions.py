"""torch.exp(x), torch.sum(x, dim=1), ...: a tensor's methods as functions, and what joins several tensors."""

import functools
from collections.abc import Callable
from typing import Any

import minigrad

from ..place import at, here
from .dtypes import promoted
from .tensor import Tensor

# fmt: off
METHODS = (
    "abs", "add", "argmax", "argmin", "clamp", "cos", "div", "exp", "log", "matmul", "max", "mean", "min", "mm", "mul",
    "neg", "pow", "relu", "reshape", "sigmoid", "sin", "sqrt", "square", "squeeze", "sub", "sum", "t", "tanh",
    "transpose", "unsqueeze",
)
# fmt: on
"""The methods that torch also has as functions."""


def as_function(name: str) -> Callable[..., Any]:
    """A method as a function of a tensor."""
    method = getattr(Tensor, name)

    @functools.wraps(method)
    def function(input: Any, *args: Any, **keywords: Any) -> Any:
        if not isinstance(input, Tensor):
            raise TypeError(
                f"torch.{name} takes a tensor, not {type(input).__name__}{at(here())}.\n"
                "Make one first: torch.tensor(data), or torch.from_numpy(array)"
            )
        return method(input, *args, **keywords)

    function.__name__ = function.__qualname__ = name
    return function


def maximum(input: Any, other: Any) -> Any:
    """Return the larger of each two elements."""
    return minigrad.maximum(*promoted(input, other))


def minimum(input: Any, other: Any) -> Any:
    """Return the smaller of each two elements."""
    return minigrad.minimum(*promoted(input, other))


def where(condition: Any, input: Any, other: Any) -> Any:
    """Return input where condition, else other."""
    return minigrad.where(condition, *promoted(input, other))


def cat(tensors: Any, dim: int = 0) -> Any:
    """Return the tensors joined along an existing axis."""
    return minigrad.concatenate(list(tensors), dim)


def stack(tensors: Any, dim: int = 0) -> Any:
    """Return the tensors joined along a new axis."""
    return minigrad.stack(list(tensors), dim)
