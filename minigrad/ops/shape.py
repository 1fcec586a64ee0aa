"""Shapes: the same elements arranged, repeated or joined otherwise.

One idea: each of these is a linear map, and its rule is the transposed map, which is
again one of these. Reshape and Transpose undo themselves; repeating (BroadcastTo) and
summing are each other's transpose, and so are joining (Concatenate) and slicing.
"""

import itertools
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..gradient import sum_to
from ..graph import apply
from ..op import Op, implements
from ..place import at, here
from ..value import Value

__all__ = [
    "AsType",
    "BroadcastTo",
    "Concatenate",
    "ExpandDims",
    "Reshape",
    "Squeeze",
    "Transpose",
    "astype",
    "broadcast_to",
    "concatenate",
    "expand_dims",
    "reshape",
    "squeeze",
    "stack",
    "swapaxes",
    "transpose",
]


class Reshape(Op):
    """x in another shape, in C order"""

    linear = True

    def forward(x, shape):
        return x.reshape(shape)

    def dx(g, out, x, shape):
        return g.reshape(x.shape)


class Transpose(Op):
    """the axes of x in another order"""

    linear = True

    def forward(x, axes=None):
        return x.transpose(axes)

    def dx(g, out, x, axes):
        return g.transpose(None if axes is None else _inverse(axes, x.ndim))


def _inverse(axes, ndim):
    """The permutation that puts the axes back."""
    back = [0] * ndim
    for new, old in enumerate(axes):
        back[old] = new
    return tuple(back)


class BroadcastTo(Op):
    """x repeated along new axes and along those of length 1"""

    linear = True

    def forward(x, shape):
        if not x.shape and type(x).__module__ == "numpy":
            # One number, seen from everywhere: what np.broadcast_to makes in ten times the time.
            view = np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
            if type(x) is np.ndarray:  # the memory of a NumPy scalar is read-only already
                view.flags.writeable = False
            return view
        return np.broadcast_to(x, shape)

    def dx(g, out, x, shape):
        return sum_to(g, x.shape)


class Squeeze(Op):
    """x without axes of length 1"""

    linear = True

    def forward(x, axis=None):
        return x.squeeze(axis)

    def dx(g, out, x, axis):
        return g.reshape(x.shape)


class ExpandDims(Op):
    """x with new axes of length 1"""

    linear = True

    def forward(x, axis):
        return np.expand_dims(x, axis)

    def dx(g, out, x, axis):
        return g.reshape(x.shape)


class Concatenate(Op):
    """the xs joined along an axis"""

    linear = True

    def forward(axis, ends, *xs):
        return np.concatenate(xs, axis)

    def dxs(k, g, out, axis, ends, *xs):
        part = [slice(None)] * g.ndim
        part[axis] = slice(ends[k - 1] if k else 0, ends[k])  # ends: where each of the xs ends in the whole
        return g[tuple(part)]


class AsType(Op):
    """x in another dtype"""

    linear = True

    def forward(x, dtype):
        return x.astype(dtype)

    def dx(g, out, x, dtype):
        return g  # the engine gives every gradient its tensor's dtype


implements(np.shape)(lambda x: x.shape)
implements(np.ndim)(lambda x: x.ndim)
implements(np.size)(lambda x, axis=None: x.size if axis is None else x.shape[axis])


@implements(np.reshape)
def reshape(x: Any, shape: Any) -> Any:
    """Return the elements of x in another shape, in C order; one length may be -1.

    Raises ValueError if the number of elements differs.

    >>> import minigrad as mg
    >>> mg.reshape(mg.arange(4.0), (2, 2))
    Tensor([[0., 1.],
            [2., 3.]])
    """
    return apply(Reshape, x, shape)


@implements(np.transpose)
def transpose(x: Any, axes: Any = None) -> Any:
    """Return x with its axes in the order `axes`, reversed if None.

    Raises ValueError if `axes` is no permutation.

    >>> import minigrad as mg
    >>> mg.transpose(mg.ones((2, 3))).shape
    (3, 2)
    """
    return apply(Transpose, x, axes if axes is None else tuple(axes))


@implements(np.swapaxes)
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return x with two axes exchanged. Raises numpy.exceptions.AxisError for one that x does not have.

    >>> import minigrad as mg
    >>> mg.swapaxes(mg.ones((2, 3, 4)), -1, -2).shape
    (2, 4, 3)
    """
    x = x if hasattr(x, "shape") else np.asarray(x)
    axes = list(range(x.ndim))
    for axis in (axis1, axis2):
        if not -x.ndim <= axis < x.ndim:
            raise np.exceptions.AxisError(axis, x.ndim)
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return apply(Transpose, x, tuple(axes))


@implements(np.broadcast_to)
def broadcast_to(x: Any, shape: Any) -> Any:
    """Return x repeated to `shape`; the gradients of the copies are added up.

    Raises ValueError if x does not broadcast to `shape`.

    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> mg.broadcast_to(x, (3,)).sum().backward()
    >>> x.grad
    Tensor(3.)
    """
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return apply(BroadcastTo, x, shape) if isinstance(x, Value) else BroadcastTo.forward(x, shape)


@implements(np.squeeze)
def squeeze(x: Any, axis: Any = None) -> Any:
    """Return x without its axes of length 1, or without those in `axis`.

    Raises ValueError for an axis of another length.

    >>> import minigrad as mg
    >>> mg.squeeze(mg.ones((1, 3, 1))).shape
    (3,)
    """
    return apply(Squeeze, x, axis)


@implements(np.expand_dims)
def expand_dims(x: Any, axis: Any) -> Any:
    """Return x with a new axis of length 1 at each place in `axis`.

    >>> import minigrad as mg
    >>> mg.expand_dims(mg.ones(3), 0).shape
    (1, 3)
    """
    return apply(ExpandDims, x, axis)


@implements(np.concatenate)
def concatenate(arrays: Any, axis: int | None = 0) -> Any:
    """Return the arrays joined along an existing axis, or flattened and joined if it is None.

    Raises ValueError if their other axes differ in length.

    >>> import minigrad as mg
    >>> mg.concatenate([mg.ones(2), mg.zeros(1)])
    Tensor([1., 1., 0.])
    """
    arrays = [x if hasattr(x, "shape") else np.asarray(x) for x in arrays]
    if axis is None:
        arrays, axis = [reshape(x, -1) for x in arrays], 0
    ends: tuple[int, ...] = ()
    if all(-x.ndim <= axis < x.ndim for x in arrays):  # else np.concatenate says what is wrong
        ends = tuple(itertools.accumulate(x.shape[axis] for x in arrays))
    return apply(Concatenate, axis, ends, *arrays)


@implements(np.stack)
def stack(arrays: Any, axis: int = 0) -> Any:
    """Return the arrays, all of one shape, joined along a new axis.

    Raises ValueError if their shapes differ.

    >>> import minigrad as mg
    >>> mg.stack([mg.tensor(1.0), mg.tensor(2.0)])
    Tensor([1., 2.])
    """
    shapes = {np.shape(x) for x in arrays}
    if len(shapes) > 1:
        raise ShapeError(
            f"stack() joins arrays of one shape; these have {sorted(shapes)}{at(here())}.\n"
            "To join along an axis they have: minigrad.concatenate"
        )
    return concatenate([expand_dims(x, axis) for x in arrays], axis)


@implements(np.astype)
def astype(x: Any, dtype: Any) -> Any:
    """Return x in another dtype; no gradient passes to integers or truth values.

    >>> import minigrad as mg
    >>> mg.astype(mg.tensor([1.5]), "float32")
    Tensor([1.5], dtype=float32)
    """
    return apply(AsType, x, dtype)
