"""Gradients that are too large made smaller, between backward() and step().

One idea: the norm is that of all gradients together, as of one long vector, so that clipping
by it makes the step shorter and does not turn it.
"""

import math
from typing import Any

import numpy as np

from .. import inplace
from ..backend import Array, to_numpy
from ..errors import GradError, OptimiserError
from ..place import Place, at, here
from ..value import Value
from .parameters import called, gathered, gradient_of


def clip_by_norm(parameters: Any, limit: float, order: float = 2.0) -> float:
    """Shorten the gradients of `parameters` so that their norm is at most `limit`; return the norm they had.

    `parameters` may be nested containers; one without a gradient counts as 0. The norm of
    `order` p is (Σ |g|^p)^(1/p) over all elements of all gradients; `math.inf` gives the largest |g|. All are
    multiplied by limit / (norm + 1e-6) where that is below 1: the 1e-6 is torch's, and so
    its results are found again. Raises GradError if a gradient is not finite, OptimiserError for a limit
    or an order that is not above 0.

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> w = mg.tensor([3.0, 4.0], requires_grad=True)
    >>> (w * w / 2).sum().backward()
    >>> optim.clip_by_norm([w], 1.0)
    5.0
    >>> print([f"{g:.4f}" for g in w.grad.tolist()])
    ['0.6000', '0.8000']
    """
    _above_zero("limit", limit)
    if order != math.inf:
        _above_zero("order", order)
    found = _gradients(parameters)
    for path, parameter, g in found:
        if not np.isfinite(g).all():
            raise _not_finite(parameter, path, g)
    norm = _norm([float(_size(g, order)) for _, _, g in found], order)
    scale = limit / (norm + 1e-6)
    if scale < 1:
        place = here()
        for _, parameter, g in found:
            g *= scale
            _replace(parameter, g, place)
    return norm


def clip_by_value(parameters: Any, limit: float) -> None:
    """Bring each element of the gradients of `parameters` into -limit ... limit, infinite ones too.

    `parameters` may be nested containers. Raises GradError for NaN, which is on no side of a limit,
    and OptimiserError for a limit that is not above 0.

    >>> import minigrad as mg
    >>> from minigrad import optim
    >>> w = mg.tensor([3.0, -0.5], requires_grad=True)
    >>> (w * w / 2).sum().backward()
    >>> optim.clip_by_value([w], 1.0)
    >>> w.grad
    Tensor([ 1. , -0.5])
    """
    _above_zero("limit", limit)
    found = _gradients(parameters)
    for path, parameter, g in found:
        if np.isnan(g).any():
            raise _not_finite(parameter, path, g)
    place = here()
    for _, parameter, g in found:
        if isinstance(g, np.generic):
            g = g.dtype.type(min(max(g.item(), -limit), limit))
        else:
            np.clip(g, -limit, limit, out=g)
        _replace(parameter, g, place)


def _gradients(tree: Any) -> list[tuple[str, Value, Array]]:
    """The parameters that have a gradient, each with its path and that."""
    arrays = [(path, parameter, gradient_of(parameter)) for path, parameter in gathered(tree)]
    return [(path, parameter, g) for path, parameter, g in arrays if g is not None]


def _size(g: Array, order: float) -> Any:
    """The norm of one gradient; scaled by its largest element first, so that squares do not overflow."""
    largest = abs(g).max() if g.size else 0.0
    if order == math.inf or not largest:
        return largest
    return largest * ((abs(g) / largest) ** order).sum() ** (1 / order)


def _norm(sizes: list[float], order: float) -> float:
    """The norm of a long vector from the norms of its pieces."""
    largest = max(sizes, default=0.0)
    if order == math.inf or not largest:
        return largest
    return float(largest * math.fsum((size / largest) ** order for size in sizes) ** (1 / order))


def _replace(parameter: Value, g: Array, place: Place | None) -> None:
    """Make `g` the gradient of a parameter: its own array, changed in place, or a number instead of one."""
    grad = parameter._grad
    assert grad is not None
    grad._array = g
    if g.shape:
        inplace.note_change(g, place)
    else:
        inplace.note_replaced(grad, place)


def _not_finite(parameter: Value, path: str, g: Array) -> GradError:
    values = to_numpy(g)
    bad = values[~np.isfinite(values)][0]
    return GradError(
        f"the gradient of {called(parameter, 'parameters' + path)} holds {bad}, "
        f"which no clipping can mend{at(here())}.\n"
        "Find where it was born: mostly log, √ or a division at 0, or a loss that has overflowed"
    )


def _above_zero(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not 0 < value < math.inf:
        raise OptimiserError(
            f"{name} is {value!r}, and has to be a finite number above 0{at(here())}.\nWrite {name}=1.0"
        )
