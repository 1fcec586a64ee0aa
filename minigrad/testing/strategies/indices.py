"""Indices: what may stand between the brackets of x[...].

One idea: the same element may be taken twice, and it is then owed two gradients. Repeats are made,
also those that do not show: 0 and -n are one element, and so are rows met by two index arrays.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.strategies import SearchStrategy

from .options import shape_of


def indices(shape: Any, *, allow_repeats: bool = True) -> SearchStrategy[Any]:
    """Draw an index of an array of this shape, of every kind there is.

    Integers, slices, negative steps, `...` and `None`; lists and arrays of integers with repeats,
    negative ones among them; several index arrays that broadcast; truth values, for the first axes or
    for all; and an index array beside slices and None. Without `allow_repeats` no element is taken
    twice, as an assignment x[index] = y needs it. Raises InvalidArgument, when drawn, for what is no
    shape.

    >>> from hypothesis import find
    >>> find(indices((3,)), lambda index: isinstance(index, list) and len(set(index)) < len(index))
    [0, 0]
    """
    return _indices(shape, allow_repeats)


@st.composite
def _indices(draw: st.DrawFn, shape: Any, allow_repeats: bool) -> Any:
    sides = shape_of(draw, shape)
    first = sides[0] if sides else 0
    kinds = ["basic", "mask"]
    kinds += ["backwards"] if sides else []
    kinds += ["integers"] if sides else []
    kinds += ["repeated", "repeated"] if first and allow_repeats else []
    kinds += ["several"] if len(sides) > 1 and 0 not in sides[:2] and allow_repeats else []
    kinds += ["beside slices", "beside slices"] if len(sides) > 1 else []
    kind = draw(st.sampled_from(kinds))
    if kind == "basic":
        return draw(hnp.basic_indices(sides, allow_newaxis=True))
    if kind == "backwards":
        steps = [slice(None, None, draw(st.sampled_from([-1, -2, None, 2]))) for _ in sides]
        steps[draw(st.integers(0, len(sides) - 1))] = slice(None, None, -1)
        return tuple(steps) if draw(st.booleans()) else (..., steps[-1])
    if kind == "mask":
        return _mask(draw, sides)
    if kind == "integers":
        return _as_list_or_array(draw, _integers(draw, first, allow_repeats))
    if kind == "repeated":
        return _as_list_or_array(draw, _repeated(draw, first))
    if kind == "several":
        return _several(draw, sides)
    return _beside_slices(draw, sides, allow_repeats)


def _mask(draw: st.DrawFn, sides: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Truth values for the first axes, for all or for none."""
    covered = sides[: draw(st.integers(0, len(sides)))]
    return draw(hnp.arrays(np.bool_, covered, elements=st.booleans(), fill=st.nothing()))


def _integers(draw: st.DrawFn, side: int, allow_repeats: bool) -> list[int]:
    """Up to four elements of an axis, counted from either end."""
    if not side:
        return []
    if allow_repeats:
        return draw(st.lists(st.integers(-side, side - 1), max_size=4))
    order = draw(st.permutations(range(side)))[: draw(st.integers(0, side))]
    return [n - side if draw(st.booleans()) else n for n in order]


def _repeated(draw: st.DrawFn, side: int) -> list[int]:
    """Elements of an axis of which one comes at least twice, once perhaps counted from the end."""
    twice = draw(st.integers(0, side - 1))
    again = twice - side if draw(st.booleans()) else twice
    others = draw(st.lists(st.integers(-side, side - 1), max_size=3))
    taken = [twice, *others]
    taken.insert(draw(st.integers(0, len(taken))), again)
    return taken


def _as_list_or_array(draw: st.DrawFn, taken: list[int]) -> Any:
    if draw(st.booleans()):
        array = np.array(taken, np.intp)
        return array.reshape(-1, 2) if taken and len(taken) % 2 == 0 and draw(st.booleans()) else array
    return taken


def _several(draw: st.DrawFn, sides: tuple[int, ...]) -> Any:
    """Two index arrays that broadcast: points, a grid, one beside an integer, one after a None."""
    rows = np.array(_repeated(draw, sides[0]), np.intp)
    columns = np.array([draw(st.integers(-sides[1], sides[1] - 1)) for _ in rows], np.intp)
    how = draw(st.sampled_from(["points", "grid", "integer", "apart"]))
    if how == "grid":
        return rows[:, None], columns[:2]
    if how == "integer":
        return rows, int(columns[0])
    return (rows, None, columns) if how == "apart" else (rows, columns)


def _beside_slices(draw: st.DrawFn, sides: tuple[int, ...], allow_repeats: bool) -> Any:
    """An index array for one axis, slices for those before it, sometimes None or `...` between."""
    axis = draw(st.integers(0, len(sides) - 1))
    side = sides[axis]
    if draw(st.booleans()):
        part: Any = draw(hnp.arrays(np.bool_, (side,), elements=st.booleans(), fill=st.nothing()))
    else:
        taken = _repeated(draw, side) if side and allow_repeats else _integers(draw, side, allow_repeats)
        part = np.array(taken, np.intp)
    before: list[Any] = [
        draw(st.sampled_from([slice(None), slice(None, None, -1), slice(1, None)])) for _ in range(axis)
    ]
    between: list[Any] = draw(st.sampled_from([[], [None]]))
    if axis == len(sides) - 1 and draw(st.booleans()):
        return (*between, ..., part)
    return (*before, *between, part)
