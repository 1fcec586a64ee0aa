"""Shapes: scalars, empty arrays, lengths of 1 in the middle, and shapes that broadcast together.

One idea: shapes that broadcast are made from the result. Each operand gets it whole, or with some
lengths turned to 1, or without its first axes, or both: the four ways in which a gradient has to be
summed back.
"""

from typing import Any

from hypothesis import strategies as st
from hypothesis.extra.numpy import BroadcastableShapes
from hypothesis.strategies import SearchStrategy

from .options import size_of, whole


def shapes(
    *, min_dims: int = 0, max_dims: int = 3, max_side: int = 3, max_size: int = 12, allow_empty: bool = True
) -> SearchStrategy[tuple[int, ...]]:
    """Draw shapes of up to `max_dims` axes and `max_size` elements; the simplest is (), or all ones.

    Four kinds: any lengths, all longer than 1, a length of 1 between longer ones, and (with
    `allow_empty`) a length of 0. Raises InvalidArgument, when drawn, for bounds without shapes.

    >>> from hypothesis import find
    >>> find(shapes(min_dims=2), lambda shape: 3 in shape)
    (1, 3)
    """
    return _shapes(min_dims, max_dims, max_side, max_size, allow_empty)


@st.composite
def _shapes(
    draw: st.DrawFn, min_dims: Any, max_dims: Any, max_side: Any, max_size: Any, allow_empty: bool
) -> tuple[int, ...]:
    least = whole(draw, "min_dims", min_dims)
    most = whole(draw, "max_dims", max_dims, least)
    longest = whole(draw, "max_side", max_side, 1)
    size = whole(draw, "max_size", max_size, 1)
    kinds = ["any"] * 3
    kinds += ["long"] if longest > 1 and size >= 2 ** max(least, 1) and most else []
    kinds += ["one between"] if most >= 3 and longest > 1 and size >= 4 else []
    kinds += ["empty"] if allow_empty and most else []
    kind = draw(st.sampled_from(kinds))
    if kind == "long":
        most = min(most, size.bit_length() - 1)  # as many axes of length 2 as there is room for
    ndim = draw(st.integers(max(least, {"any": 0, "one between": 3}.get(kind, 1)), most))
    middle = draw(st.integers(1, ndim - 2)) if kind == "one between" else None
    shortest = [2 if kind == "long" or (middle is not None and abs(axis - middle) == 1) else 1 for axis in range(ndim)]
    sides: list[int] = []
    for axis in range(ndim):
        room = size // size_of((*sides, *shortest[axis + 1 :]))
        sides.append(
            1 if axis == middle else draw(st.integers(shortest[axis], max(shortest[axis], min(longest, room))))
        )
    if kind == "empty":
        sides[draw(st.integers(0, ndim - 1))] = 0
    return tuple(sides)


def broadcastable_shapes(
    num: int = 2,
    *,
    min_dims: int = 0,
    max_dims: int = 3,
    max_side: int = 3,
    max_size: int = 12,
    allow_empty: bool = True,
) -> SearchStrategy[BroadcastableShapes]:
    """Draw `num` shapes that broadcast, and the shape of the result, as `(input_shapes, result_shape)`.

    `min_dims` to `allow_empty` are about the result, as in `shapes`. The simplest operands have the
    shape of the result. Raises InvalidArgument, when drawn, for bounds without shapes.

    >>> from hypothesis import find
    >>> find(broadcastable_shapes(), lambda s: s.input_shapes[0] == () != s.input_shapes[1]).input_shapes
    ((), (1,))
    """
    return _broadcastable_shapes(
        num, shapes(min_dims=min_dims, max_dims=max_dims, max_side=max_side, max_size=max_size, allow_empty=allow_empty)
    )


@st.composite
def _broadcastable_shapes(draw: st.DrawFn, num: Any, results: SearchStrategy[tuple[int, ...]]) -> BroadcastableShapes:
    count = whole(draw, "num", num, 1)
    result = draw(results)
    longer = [axis for axis, side in enumerate(result) if side != 1]
    kinds = ["same", "each", "each"]
    kinds += ["crossed"] if count > 1 and len(longer) > 1 else []
    kinds += ["one"] if count > 1 and len(result) > 1 and longer[-1:] > [0] else []
    kind = draw(st.sampled_from(kinds))
    inputs: tuple[tuple[int, ...], ...] = (result,) * count
    if kind == "crossed":
        inputs = (*_crossed(draw, result, longer), *(narrowed(draw, result) for _ in range(count - 2)))
    elif kind == "one":
        narrow = draw(st.integers(0, count - 1))
        inputs = tuple(narrowed(draw, result, "both") if n == narrow else result for n in range(count))
    elif kind == "each":
        inputs = tuple(narrowed(draw, result) for _ in range(count))
    missing = len(result) - max(map(len, inputs))
    inputs = ((1,) * missing + inputs[0], *inputs[1:])  # the result has the axes that were asked for
    return BroadcastableShapes(inputs, _broadcast(inputs))


def _crossed(draw: st.DrawFn, result: tuple[int, ...], longer: list[int]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Two shapes of which each is widened by the other, as a column and a row are."""
    first, second = draw(st.permutations(longer))[:2]
    column, row = ([1 if axis == turned else side for axis, side in enumerate(result)] for turned in (first, second))
    while row[:1] == [1] and draw(st.booleans()):
        del row[0]
    return tuple(column), tuple(row)


def narrowed(draw: st.DrawFn, result: tuple[int, ...], kind: str = "") -> tuple[int, ...]:
    """A shape that broadcasts to `result`, in one of the four ways; in a drawn one if none is named."""
    if not result:
        return result
    kind = kind or draw(st.sampled_from(["whole", "ones", "dropped", "both", "whole"]))
    sides = list(result)
    if kind in ("dropped", "both"):
        # Of both, keep an axis that can be turned to 1, if there is one behind the first.
        last = max((axis for axis, side in enumerate(sides) if side != 1), default=0)
        least = len(sides) - last if kind == "both" and last else 0
        sides = sides[len(sides) - draw(st.integers(least, len(sides) - 1)) :]
    if kind in ("ones", "both") and sides:
        longer = [axis for axis, side in enumerate(sides) if side != 1] or [0]
        turned = draw(st.sampled_from(longer))
        sides = [1 if axis == turned or draw(st.integers(0, 3)) == 3 else side for axis, side in enumerate(sides)]
    return tuple(sides)


def _broadcast(inputs: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """The shape of the result: if every operand has a 1 somewhere, so has the result."""
    ndim = max(len(shape) for shape in inputs)
    padded = [(1,) * (ndim - len(shape)) + shape for shape in inputs]
    return tuple(next((side for side in sides if side != 1), 1) for sides in zip(*padded, strict=True))
