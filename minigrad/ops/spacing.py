"""Numbers at even distances, and slopes from numbers at distances: linspace, gradient.

One idea: both are weighted sums of a few numbers, and the weights are slopes. The ends and the distances
may be tensors too.
"""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from ..errors import ShapeError
from ..graph import array_of
from ..op import implements
from ..place import at, here
from ..value import Value
from .joining import concatenate
from .shape import broadcast_to, moveaxis, reshape

__all__: list[str] = []
"""These go by NumPy's names: minigrad.linspace makes a tensor, and minigrad.gradients goes back."""


@implements(np.linspace)
def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, *, axis: int = 0) -> Any:
    """`num` numbers at even distances from start to stop; each shares its gradient between the two.

    Of arrays, which broadcast, lines of numbers along a new `axis`. Raises ValueError for a num below 0.

    >>> import numpy as np, minigrad as mg
    >>> stop = mg.tensor(4.0, requires_grad=True)
    >>> mg.gradients(np.linspace(0.0, stop, 5).sum(), stop)
    Tensor(2.5)
    """
    if num < 0:
        raise ValueError(f"linspace() was asked for {num} numbers{at(here())}.\nGive a count from 0 on")
    start, stop = _of_numbers(start), _of_numbers(stop)
    steps = num - 1 if endpoint else num
    dtype = np.result_type(1.0, *(x.dtype for x in (start, stop) if hasattr(x, "dtype")))
    start, stop = _as_floats(start, dtype), _as_floats(stop, dtype)
    way = (stop - start)[None]
    count = np.arange(num, dtype=dtype).reshape((num,) + (1,) * (way.ndim - 1))
    line = count * (way / steps if steps > 0 else way) + start
    if endpoint and num > 1:  # the last is stop itself, whatever was rounded on the way
        line = concatenate([line[:-1], broadcast_to(stop, way.shape)])
    return moveaxis(line, 0, axis) if axis else line


def _of_numbers(x: Any) -> Any:
    """Lists as arrays; a Python number stays one, and float32 beside it float32."""
    return x if isinstance(x, (int, float)) else array_of(x)


def _as_floats(x: Any, dtype: Any) -> Any:
    """Whole numbers in `dtype`, for those of eight bits wrap around where they are subtracted; floats as they are."""
    if isinstance(x, (int, float)):
        return dtype.type(x)
    return x.astype(dtype) if x.dtype.kind in "biu" else x


@implements(np.gradient)
def gradient(f: Any, *distances: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Return the slopes of f between its neighbours, along each of `axis`, all of them if None: a tuple if several.

    `distances` are one number, or for each axis a number or the places of its elements. Inside, the slope is
    that of the parabola through three neighbours; at the edges, of the line through two, or with
    edge_order=2 of the parabola through three (Fornberg, 1988). Raises ShapeError where there are too few
    elements, or places that are not one for each of them.

    >>> import numpy as np, minigrad as mg
    >>> np.gradient(mg.tensor([1.0, 2.0, 4.0, 7.0]))
    Tensor([1. , 1.5, 2.5, 3. ])
    """
    f = array_of(f)
    f = _as_floats(f, np.dtype(float))
    axes = range(f.ndim) if axis is None else normalize_axis_tuple(axis, f.ndim)
    one = not distances or (len(distances) == 1 and np.ndim(array_of(distances[0])) == 0)
    if not one and len(distances) != len(axes):
        raise TypeError(
            f"gradient() was given {len(distances)} distances for {len(axes)} axes{at(here())}.\n"
            "Give one number for all, or for each axis a number or the places of its elements"
        )
    if edge_order not in (1, 2):
        raise ValueError(f"gradient(edge_order={edge_order!r}){at(here())}.\nChoose from 1 and 2")
    given = list(distances) if len(distances) == len(axes) else [*(distances or (1.0,))] * len(axes)
    slopes = tuple(_slopes(f, n, distance, edge_order) for n, distance in zip(axes, given))
    return slopes[0] if len(slopes) == 1 else slopes


def _slopes(f: Any, axis: int, distance: Any, edge_order: int) -> Any:
    """The slopes along one axis."""
    n = f.shape[normalize_axis_index(axis, f.ndim)]
    if n < edge_order + 1:
        raise ShapeError(
            f"gradient(edge_order={edge_order}) needs {edge_order + 1} elements along axis {axis}, "
            f"and there are {n}{at(here())}.\nChoose the axes that are long enough: axis=..."
        )
    distance = _of_numbers(distance)
    if hasattr(distance, "dtype"):
        distance = _as_floats(distance, np.dtype(float))
    if np.ndim(distance):
        if distance.shape != (n,):
            raise ShapeError(
                f"gradient() needs the places of the {n} elements along axis {axis}, "
                f"and was given an array of shape {distance.shape}{at(here())}.\n"
                "Give one place for each, or one number: the distance of neighbours"
            )
        steps = distance[1:] - distance[:-1]
        if not isinstance(steps, Value) and (steps == steps[0]).all():
            distance = steps[0]
    f = moveaxis(f, axis, 0)
    if np.ndim(distance) == 0:
        inside = (f[2:] - f[:-2]) / (2 * distance)
        if edge_order == 1:
            first, last = (f[1:2] - f[:1]) / distance, (f[-1:] - f[-2:-1]) / distance
        else:
            first = (-1.5 * f[:1] + 2 * f[1:2] - 0.5 * f[2:3]) / distance
            last = (1.5 * f[-1:] - 2 * f[-2:-1] + 0.5 * f[-3:-2]) / distance
        return _along(axis, [first, inside, last], f.dtype)
    steps = reshape(steps, (n - 1,) + (1,) * (f.ndim - 1))
    left, right = steps[:-1], steps[1:]
    both = left + right
    inside = -right / (left * both) * f[:-2] + (right - left) / (left * right) * f[1:-1] + left / (right * both) * f[2:]
    if edge_order == 1:
        first, last = (f[1:2] - f[:1]) / steps[:1], (f[-1:] - f[-2:-1]) / steps[-1:]
    else:
        first = _edge(f[:1], f[1:2], f[2:3], steps[:1], steps[1:2])
        last = -_edge(f[-1:], f[-2:-1], f[-3:-2], steps[-1:], steps[-2:-1])
    return _along(axis, [first, inside, last], f.dtype)


def _along(axis: int, parts: list[Any], dtype: Any) -> Any:
    """The slopes in one array, in the dtype of f whatever that of the distances, as NumPy has them."""
    slopes = moveaxis(concatenate(parts), 0, axis)
    return slopes if slopes.dtype == dtype else slopes.astype(dtype)


def _edge(f0: Any, f1: Any, f2: Any, one: Any, two: Any) -> Any:
    """The slope at the first of three places of the parabola through them; `one` and `two` are their distances."""
    both = one + two
    return -(one + both) / (one * both) * f0 + both / (one * two) * f1 - one / (two * both) * f2
