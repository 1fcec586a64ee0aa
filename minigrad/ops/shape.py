"""Shapes: the same elements with other axes.

One idea: each of these is a linear map, and its rule is the transposed map, which is
again one of these: Reshape and Transpose undo themselves. Repeating along axes of length 1
(BroadcastTo) and summing along them are each other's transpose.
"""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..errors import ShapeError
from ..gradient import sum_to
from ..graph import apply, array_of, run
from ..op import Op, implements
from ..place import at, here
from ..value import Value

__all__ = [
    "AsType",
    "BroadcastTo",
    "ExpandDims",
    "Flatten",
    "Reshape",
    "Squeeze",
    "Transpose",
    "astype",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "broadcast_to",
    "expand_dims",
    "flatten",
    "matrix_transpose",
    "moveaxis",
    "permute_dims",
    "ravel",
    "reshape",
    "rollaxis",
    "squeeze",
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


class Flatten(Op):
    """a copy of x with one axis"""

    linear = True

    def forward(x):
        return x.flatten()

    def dx(g, out, x):
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
        if type(axis) is int and -x.ndim - 1 <= axis <= x.ndim:
            return x[(*[slice(None)] * (axis % (x.ndim + 1)), None)]  # what np.expand_dims makes in five times the time
        return np.expand_dims(x, axis)

    def dx(g, out, x, axis):
        return g.reshape(x.shape)


def expanded(x, axis):
    """x with a new axis of length 1, in a rule: at once on an array, recorded on a tensor."""
    return run(ExpandDims, x, axis)


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
def reshape(x: Any, shape: Any, order: str = "C") -> Any:
    """Return the elements of x in another shape, in C order; one length may be -1. The gradient is shaped back.

    Raises ShapeError if the number of elements differs, TypeError for another order.

    >>> import minigrad as mg
    >>> mg.reshape(mg.arange(4.0), (2, 2))
    Tensor([[0., 1.],
            [2., 3.]])
    """
    if order != "C":
        raise _not_in_c_order("reshape", order, "minigrad.reshape(x.T, shape[::-1]).T")
    return apply(Reshape, x, shape)


@implements(np.ravel)
def ravel(x: Any, order: str = "C") -> Any:
    """Return the elements of x along one axis, in C order. The gradient is shaped back.

    Raises TypeError for another order.

    >>> import minigrad as mg
    >>> mg.ravel(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 2., 3., 4.])
    """
    if order != "C":
        raise _not_in_c_order("ravel", order, "minigrad.ravel(x.T)")
    return apply(Reshape, x, -1)


@implements(np.ndarray.flatten)
def flatten(x: Any, order: str = "C") -> Any:
    """Return a copy of the elements of x along one axis, in C order. The gradient is shaped back.

    Raises TypeError for another order.

    >>> import minigrad as mg
    >>> mg.flatten(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    Tensor([1., 2., 3., 4.])
    """
    if order != "C":
        raise _not_in_c_order("flatten", order, "minigrad.flatten(x.T)")
    return apply(Flatten, x)


def _not_in_c_order(name: str, order: str, instead: str) -> TypeError:
    return TypeError(
        f"{name}(order={order!r}): elements are counted in C order, the last axis first{at(here())}.\n"
        f"For Fortran's order transpose first: {instead}"
    )


@implements(np.transpose)
def transpose(x: Any, axes: Any = None) -> Any:
    """Return x with its axes in the order `axes`, reversed if None. The gradient is permuted back.

    Raises ShapeError if `axes` is no permutation.

    >>> import minigrad as mg
    >>> mg.transpose(mg.ones((2, 3))).shape
    (3, 2)
    """
    return apply(Transpose, x, axes if axes is None else (axes,) if hasattr(axes, "__index__") else tuple(axes))


permute_dims = transpose


@implements(np.matrix_transpose)
def matrix_transpose(x: Any) -> Any:
    """Return x with its last two axes exchanged. The gradient is permuted back.

    Raises numpy.exceptions.AxisError if x has fewer than two.

    >>> import minigrad as mg
    >>> mg.matrix_transpose(mg.ones((5, 2, 3))).shape
    (5, 3, 2)
    """
    return swapaxes(x, -1, -2)


@implements(np.swapaxes)
def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Return x with two axes exchanged. The gradient is permuted back.

    Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.swapaxes(mg.ones((2, 3, 4)), -1, -2).shape
    (2, 4, 3)
    """
    x = array_of(x)
    axes = list(range(x.ndim))
    axis1, axis2 = normalize_axis_index(axis1, x.ndim), normalize_axis_index(axis2, x.ndim)
    axes[axis1], axes[axis2] = axis2, axis1
    return apply(Transpose, x, tuple(axes))


@implements(np.moveaxis)
def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Return x with the axes `source` moved to `destination`, the others in their order. The gradient is permuted back.

    Raises numpy.exceptions.AxisError for an axis that x does not have, ShapeError if there
    are more of the one than of the other.

    >>> import minigrad as mg
    >>> mg.moveaxis(mg.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x = array_of(x)
    if type(source) is type(destination) is int:
        axes = list(range(x.ndim))
        axes.insert(normalize_axis_index(destination, x.ndim), axes.pop(normalize_axis_index(source, x.ndim)))
        return apply(Transpose, x, tuple(axes))
    sources = normalize_axis_tuple(source, x.ndim, "source")
    destinations = normalize_axis_tuple(destination, x.ndim, "destination")
    if len(sources) != len(destinations):
        raise ShapeError(
            f"moveaxis() was given {len(sources)} axes and {len(destinations)} places for them{at(here())}.\n"
            "Give one place for each: moveaxis(x, (0, 1), (-1, -2))"
        )
    axes = [axis for axis in range(x.ndim) if axis not in sources]
    for place, axis in sorted(zip(destinations, sources)):
        axes.insert(place, axis)
    return apply(Transpose, x, tuple(axes))


@implements(np.rollaxis)
def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    """Return x with one axis moved to before the axis `start`. The gradient is permuted back.

    Raises numpy.exceptions.AxisError for an axis that x does not have.

    >>> import minigrad as mg
    >>> mg.rollaxis(mg.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    x = array_of(x)
    axis = normalize_axis_index(axis, x.ndim)
    start = normalize_axis_index(start, x.ndim + 1) if start >= 0 else normalize_axis_index(start, x.ndim)
    axes = list(range(x.ndim))
    axes.insert(start - (axis < start), axes.pop(axis))
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


@implements(np.broadcast_arrays)
def broadcast_arrays(*xs: Any) -> tuple[Any, ...]:
    """Return all xs, each repeated to their common shape; the gradients of the copies are added up.

    Raises ValueError if they do not broadcast together.

    >>> import minigrad as mg
    >>> [x.shape for x in mg.broadcast_arrays(mg.ones((2, 1)), mg.ones(3))]
    [(2, 3), (2, 3)]
    """
    xs = tuple([array_of(x) for x in xs])
    shape = np.broadcast_shapes(*[x.shape for x in xs])
    return tuple([x if x.shape == shape else broadcast_to(x, shape) for x in xs])


@implements(np.atleast_1d)
def atleast_1d(*xs: Any) -> Any:
    """Return x with one axis at least; of several xs, a tuple. The gradient is shaped back.

    >>> import minigrad as mg
    >>> mg.atleast_1d(mg.tensor(2.0))
    Tensor([2.])
    """
    return _each(xs, lambda shape: shape or (1,))


@implements(np.atleast_2d)
def atleast_2d(*xs: Any) -> Any:
    """Return x with two axes at least, new ones in front; of several xs, a tuple. The gradient is shaped back.

    >>> import minigrad as mg
    >>> mg.atleast_2d(mg.tensor([2.0, 3.0]))
    Tensor([[2., 3.]])
    """
    return _each(xs, lambda shape: shape if len(shape) > 1 else (1, *(shape or (1,))))


@implements(np.atleast_3d)
def atleast_3d(*xs: Any) -> Any:
    """Return x with three axes at least: (n,) becomes (1, n, 1), (m, n) becomes (m, n, 1). The gradient is shaped back.

    >>> import minigrad as mg
    >>> mg.atleast_3d(mg.ones(4)).shape, mg.atleast_3d(mg.ones((2, 3))).shape
    ((1, 4, 1), (2, 3, 1))
    """
    return _each(xs, lambda shape: shape if len(shape) > 2 else (*((1, *(shape or (1,)))[-2:]), 1))


def _each(xs: tuple[Any, ...], wanted: Any) -> Any:
    """Each of xs in the shape that `wanted` says of its own; itself if it has it."""
    found = []
    for x in xs:
        array = array_of(x)
        shape = wanted(array.shape)
        found.append(array if array.shape == shape else apply(Reshape, array, shape))
    return found[0] if len(found) == 1 else tuple(found)


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


@implements(np.astype)
def astype(x: Any, dtype: Any) -> Any:
    """Return x in another dtype; no gradient passes to integers or truth values.

    >>> import minigrad as mg
    >>> mg.astype(mg.tensor([1.5]), "float32")
    Tensor([1.5], dtype=float32)
    """
    return apply(AsType, x, dtype)
