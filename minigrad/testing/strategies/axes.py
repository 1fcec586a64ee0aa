"""Axes: one, several in any order, counted from either end, none, all; and permutations of them.

One idea: an axis form that is rare among random ones gets a branch of its own. Axes out of order and
negative need hundreds of random tuples; permutations of which the inverse is another are one in six.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy

from .options import given, shape_of, whole

Axes = int | tuple[int, ...] | None


def axes(
    ndim: Any, *, allow_none: bool = True, allow_tuple: bool = True, among: Iterable[int] | None = None
) -> SearchStrategy[Axes]:
    """Draw an `axis=` of an array with `ndim` axes: None, an integer, or a tuple in any order, both signs mixed.

    `among` are the axes that may be named (of length 1, for a squeeze); None, which means all, comes
    only if all of them may. A tuple may be empty. The simplest is None, then 0. Raises InvalidArgument,
    when drawn, for an axis that is not there and for options that leave nothing.

    >>> from hypothesis import find
    >>> find(axes(3), lambda axis: isinstance(axis, tuple) and list(axis) != sorted(axis))
    (1, 0)
    """
    return _axes(ndim, allow_none, allow_tuple, among)


@st.composite
def _axes(draw: st.DrawFn, ndim: Any, allow_none: bool, allow_tuple: bool, among: Any) -> Axes:
    count = whole(draw, "ndim", ndim)
    named = list(range(count)) if among is None else _named(given(draw, among), count)
    kinds = ["none"] if allow_none and len(named) == count else []
    kinds += ["one"] if named else []
    kinds += ["several"] if allow_tuple else []
    kinds += ["out of order", "out of order"] if allow_tuple and len(named) > 1 else []
    if not kinds:
        raise InvalidArgument(f"no axis can be drawn among {named} of {count}.\nAllow None or tuples, or name an axis")
    kind = draw(st.sampled_from(kinds))
    if kind == "none":
        return None
    if kind == "one":
        return _either_end(draw, draw(st.sampled_from(named)), count)
    if kind == "several":
        return tuple(_either_end(draw, axis, count) for axis in _some(draw, named, 0))
    chosen = _some(draw, named, 2)
    chosen = chosen if chosen != sorted(chosen) else chosen[::-1]
    return tuple(_either_end(draw, axis, count) for axis in chosen)


def _named(among: Any, count: int) -> list[int]:
    """The axes in `among`, counted from the front. Raises InvalidArgument for one that is not there."""
    found: list[int] = []
    for axis in among:
        if not isinstance(axis, int) or not -count <= axis < count:
            raise InvalidArgument(f"among={among!r} names axis {axis!r} of {count}.\nGive axes that are there")
        found.append(axis % count)
    return sorted(set(found))


def _some(draw: st.DrawFn, named: list[int], least: int) -> list[int]:
    """At least so many of the axes, in any order."""
    return draw(st.permutations(named))[: draw(st.integers(least, len(named)))]


def _either_end(draw: st.DrawFn, axis: int, count: int) -> int:
    """The axis, or the same one counted from the end."""
    return axis - count if draw(st.booleans()) else axis


def reductions(shape: Any, *, allow_none: bool = True, allow_empty: bool = True) -> SearchStrategy[dict[str, Any]]:
    """Draw the keywords of a reduction of an array of this shape: `dict(axis=..., keepdims=...)`.

    Without `allow_empty` no axis of length 0 is reduced, for there the maximum of no elements would
    be asked for. Raises InvalidArgument, when drawn, if that leaves no axis form.

    >>> from hypothesis import find
    >>> find(reductions((2, 0), allow_empty=False), lambda keywords: keywords["axis"] != ())
    {'axis': 0, 'keepdims': False}
    """
    return _reductions(shape, allow_none, allow_empty)


@st.composite
def _reductions(draw: st.DrawFn, shape: Any, allow_none: bool, allow_empty: bool) -> dict[str, Any]:
    sides = shape_of(draw, shape)
    among = [axis for axis, side in enumerate(sides) if side or allow_empty]
    return {
        "axis": draw(axes(len(sides), allow_none=allow_none, among=among)),
        "keepdims": draw(st.booleans()),
    }


def transposes(ndim: Any, *, allow_none: bool = True) -> SearchStrategy[tuple[int, ...] | None]:
    """Draw the `axes=` of a transpose: None, or a permutation, each axis counted from either end.

    From 3 axes on a third of them turn three axes round, the smallest permutation that is not its own
    inverse. The simplest is None, then axes in order.

    >>> from hypothesis import find
    >>> find(transposes(3), lambda axes: axes is not None and axes[axes[0]] == 2)
    (1, 2, 0)
    """
    return _transposes(ndim, allow_none)


@st.composite
def _transposes(draw: st.DrawFn, ndim: Any, allow_none: bool) -> tuple[int, ...] | None:
    count = whole(draw, "ndim", ndim)
    kinds = (["none"] if allow_none else []) + ["any"] + (["cycle"] if count > 2 else [])
    kind = draw(st.sampled_from(kinds))
    if kind == "none":
        return None
    order: Sequence[int] = range(count)
    if kind == "any":
        order = draw(st.permutations(order))
    else:
        turned = draw(st.permutations(order))[:3]
        order = [turned[(turned.index(axis) + 1) % 3] if axis in turned else axis for axis in order]
    return tuple(_either_end(draw, axis, count) for axis in order)
