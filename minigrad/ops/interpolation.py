"""Between given points: interp and trapezoid, both by straight lines.

One idea: on a straight line between two points a value is a weighted mean of their two; so is its
gradient shared out.
"""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..explain import no_rule
from ..graph import apply, array_of
from ..mode import is_recording
from ..op import Op, implements
from ..place import at, here
from ..value import Value
from .indexing import getitem, scatter
from .reduction import sum
from .shape import reshape

__all__ = [
    "Interp",
    "interp",
    "trapezoid",
]


class Interp(Op):
    """The straight line between the points (xp, fp), at each x; the slope at a point is that to its right"""

    def forward(x, xp, fp, left=None, right=None):
        return np.interp(x, xp, fp, left, right)

    def dx(g, out, x, xp, fp, left, right):
        lower, upper, _, slope = _between(x, xp)
        return g * (fp[upper] * slope - fp[lower] * slope)

    def dfp(g, out, x, xp, fp, left, right):
        lower, upper, weight, _ = _between(x, xp)
        if left is not None:
            g = np.where(x < xp[0], 0, g)
        if right is not None:
            g = np.where(x > xp[-1], 0, g)
        return scatter(g * (1 - weight), lower, fp.shape) + scatter(g * weight, upper, fp.shape)


def _between(x, xp):
    """The points to the left and to the right of each x, the weight of the latter, and the slope of that weight."""
    at_x, points = (each._array if isinstance(each, Value) else each for each in (x, xp))
    points = points.astype(np.float64)  # as NumPy computes it, whatever is given
    last = points.shape[0] - 1
    lower = np.clip(np.searchsorted(points, at_x, "right") - 1, 0, max(last - 1, 0))
    upper = np.minimum(lower + 1, last)
    width = points[upper] - points[lower]
    inside = (at_x >= points[0]) & (at_x < points[-1]) & (width > 0)
    slope = np.where(inside, 1 / np.where(inside, width, 1), 0)
    return lower, upper, np.where(at_x >= points[-1], 1, (x - points[lower]) * slope), slope


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Return, at each x, the straight line between the points (xp, fp); beyond them `left`, `right` or the last fp.

    The gradient of fp goes to the two points around x, by nearness; that of x is the slope, to the right of a
    point at a point, and 0 beyond them. The points xp, in increasing order, `left` and `right` are constants:
    asked for their gradient it raises GradError. With a `period` x and xp are taken modulo it. Raises ShapeError
    unless xp and fp are sequences of one length.

    >>> import minigrad as mg
    >>> y = mg.tensor([0.0, 10.0], requires_grad=True)
    >>> mg.interp(0.25, np.array([0.0, 1.0]), y).backward()
    >>> y.grad
    Tensor([0.75, 0.25])
    """
    x, xp, fp = (each if hasattr(each, "shape") else array_of(each) for each in (x, xp, fp))
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.size:
        raise ShapeError(
            f"interp() got points xp of shape {xp.shape} and values fp of shape {fp.shape}{at(here())}.\n"
            "Give one value for each point, and at least one: two sequences of one length"
        )
    if period is not None:
        if isinstance(xp, Value) and xp._requires_grad and is_recording():
            raise no_rule(Interp, 1)
        period, left, right = abs(period), None, None
        points = (xp._array if isinstance(xp, Value) else xp) % period
        order = np.argsort(points)
        points = points[order]
        xp = np.concatenate([points[-1:] - period, points, points[:1] + period])
        fp = getitem(fp, np.concatenate([order[-1:], order, order[:1]]))
        x = x % period
    return apply(Interp, x, xp, fp, left, right)


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Return the area under the straight lines through y, `dx` apart or at the places x, along one axis.

    The gradient of y is half the width on both sides of each; that of x and of dx is there too. Raises
    ValueError if x does not fit.

    >>> import minigrad as mg
    >>> mg.trapezoid(mg.tensor([1.0, 2.0, 3.0]), dx=0.5)
    Tensor(2.)
    """
    y = y if hasattr(y, "shape") else array_of(y)
    if not -y.ndim <= axis < y.ndim:
        raise np.exceptions.AxisError(axis, y.ndim)
    axis %= y.ndim
    late, early = _both_ends(axis, y.ndim)
    widths = dx
    if x is not None:
        x = x if hasattr(x, "shape") else array_of(x)
        if x.ndim == 1:
            x = reshape(x, tuple([-1 if n == axis else 1 for n in range(y.ndim)]))
        after, before = _both_ends(axis - y.ndim + x.ndim, x.ndim)
        widths = getitem(x, after) - getitem(x, before)
    return sum(widths * (getitem(y, late) + getitem(y, early)) / 2.0, axis)


def _both_ends(axis: int, ndim: int) -> tuple[Any, Any]:
    """The indices of all but the first, and of all but the last, along an axis."""
    every = [slice(None)] * ndim
    return (
        (*every[:axis], slice(1, None), *every[axis + 1 :]),
        (*every[:axis], slice(None, -1), *every[axis + 1 :]),
    )
