"""Rearranging: the same elements in other places of the same shape: flipped, rolled, turned.

One idea: a permutation's transpose is its inverse. A flip undoes itself, a roll is undone by rolling back.
"""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..errors import ShapeError
from ..graph import apply, array_of, run
from ..op import Op, implements
from ..place import at, here

__all__ = [
    "Flip",
    "Roll",
    "Rot90",
    "flip",
    "fliplr",
    "flipud",
    "roll",
    "rot90",
]

_ALL, _BACKWARDS = slice(None), slice(None, None, -1)


class Flip(Op):
    """x in reverse order along axes, all of them if that is None"""

    linear = True

    def forward(x, axis=None):
        return x[_reversed(axis, x.ndim)]

    def dx(g, out, x, axis):
        return g[_reversed(axis, x.ndim)]


def _reversed(axis, ndim):
    """The index that turns these axes round."""
    if axis is None:
        return (_BACKWARDS,) * ndim
    index = [_ALL] * ndim
    for each in (normalize_axis_index(axis, ndim),) if type(axis) is int else normalize_axis_tuple(axis, ndim):
        index[each] = _BACKWARDS
    return tuple(index)


class Roll(Op):
    """x moved on along axes, what is pushed out at the end coming in at the front; flattened if axis is None"""

    linear = True

    def forward(x, shift, axis=None):
        if axis is None:
            return Roll.forward(x.reshape(-1), shift, 0).reshape(x.shape)
        out = x
        for along, places in _shifts(shift, axis, x.ndim):
            places %= x.shape[along] or 1
            if places:
                before = (_ALL,) * along
                out = np.concatenate((out[(*before, slice(-places, None))], out[(*before, slice(-places))]), along)
        return x.copy() if out is x else out

    def dx(g, out, x, shift, axis):
        return run(Roll, g, -shift if type(shift) is int else tuple([-places for places in shift]), axis)


def _shifts(shift, axis, ndim):
    """By how many places each axis moves, from one number, or one for each, on either side."""
    if type(shift) is type(axis) is int:
        return ((normalize_axis_index(axis, ndim), shift),)
    pairs = np.broadcast(normalize_axis_tuple(axis, ndim, allow_duplicate=True), shift)
    if pairs.ndim > 1:
        raise ShapeError(
            f"roll() takes a number or a flat list of shifts, not one of shape {np.shape(shift)}{at(here())}.\n"
            "Give one shift for each axis: roll(x, (1, 2), axis=(0, 1))"
        )
    total = {}
    for each, places in pairs:
        total[int(each)] = total.get(int(each), 0) + int(places)
    return total.items()


class Rot90(Op):
    """x turned k quarters in the plane of two axes, from the first towards the second"""

    linear = True

    def forward(x, k=1, axes=(0, 1)):
        first, second = axes
        turned = ((), (first,), (first, second), (second,))[k % 4]
        return (x.swapaxes(first, second) if k % 2 else x)[_reversed(turned, x.ndim)]

    def dx(g, out, x, k, axes):
        return run(Rot90, g, -k, axes)


@implements(np.flip)
def flip(x: Any, axis: Any = None) -> Any:
    """Return x with its elements in reverse order along `axis` (None for all). The gradient is flipped back.

    Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.flip(mg.tensor([1.0, 2.0, 3.0]))
    Tensor([3., 2., 1.])
    """
    return apply(Flip, x, axis)


@implements(np.fliplr)
def fliplr(x: Any) -> Any:
    """Return x with each row in reverse order. The gradient is flipped back.

    Raises ShapeError if x has fewer than two axes.

    >>> import minigrad as mg
    >>> mg.fliplr(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[2., 1.],
            [4., 3.]])
    """
    x = array_of(x)
    if x.ndim < 2:
        raise ShapeError(
            f"fliplr() turns rows round, and an array of shape {x.shape} has none{at(here())}.\n"
            "Along the only axis: minigrad.flip(x)"
        )
    return apply(Flip, x, 1)


@implements(np.flipud)
def flipud(x: Any) -> Any:
    """Return x with its rows in reverse order. The gradient is flipped back.

    Raises ShapeError for a number.

    >>> import minigrad as mg
    >>> mg.flipud(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[3., 4.],
            [1., 2.]])
    """
    x = array_of(x)
    if not x.ndim:
        raise ShapeError(
            f"flipud() turns the order of rows round, and a number has none{at(here())}.\n"
            "Give an array of one axis at least"
        )
    return apply(Flip, x, 0)


@implements(np.roll)
def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Return x moved on by `shift` places along `axis`, round the end; flattened for that if `axis` is None.

    Both may be tuples. The gradient is rolled back. Raises numpy.exceptions.AxisError for an axis
    that x does not have, ValueError if there are neither one nor as many shifts as axes.

    >>> import minigrad as mg
    >>> mg.roll(mg.tensor([1.0, 2.0, 3.0]), 1)
    Tensor([3., 1., 2.])
    """
    return apply(Roll, x, shift if type(shift) is int or np.iterable(shift) else int(shift), axis)


@implements(np.rot90)
def rot90(x: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Return x turned k quarters in the plane of two axes, from the first towards the second.

    The gradient is turned back. Raises ShapeError unless `axes` are two different axes of x.

    >>> import minigrad as mg
    >>> mg.rot90(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([[2., 4.],
            [1., 3.]])
    """
    x = array_of(x)
    try:
        first, second = normalize_axis_tuple(axes, x.ndim, "axes")  # raises for one axis twice too
    except ValueError as error:
        raise ShapeError(
            f"rot90() turns in the plane of two different axes of x, which has {x.ndim}, not of {axes}{at(here())}.\n"
            "Name two: rot90(x, axes=(0, 1))"
        ) from error
    return apply(Rot90, x, k, (first, second))
