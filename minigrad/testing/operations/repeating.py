"""Repeats, tiles and borders: no copies at all, borders longer than what they mirror, widths of each side."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import Arguments, op_spec

Shape = tuple[int, ...]

_few = gst.shapes(max_size=12)


def _repeats(shape: Shape) -> SearchStrategy[dict[str, Any]]:
    axis = st.none() | st.integers(-len(shape), len(shape) - 1) if shape else st.none()
    return st.fixed_dictionaries({"repeats": st.sampled_from([2, 1, 0, 3]), "axis": axis})


def _reps(shape: Shape) -> SearchStrategy[Any]:
    return st.lists(st.sampled_from([1, 2, 0, 3]), min_size=len(shape), max_size=len(shape) + 1).map(tuple)


@st.composite
def _borders(draw: st.DrawFn, shape: Shape) -> dict[str, Any]:
    """A width for each side; none along an axis without elements."""
    widths = tuple((draw(st.integers(0, 4)), draw(st.integers(0, 2 * side + 1))) if side else (0, 0) for side in shape)
    return {"pad_width": widths, "mode": draw(st.sampled_from(["edge", "reflect", "symmetric", "wrap"]))}


def _padded_by_numpy(x: Any, pad_width: Any, mode: Any) -> Any:
    return np.pad(x, pad_width, mode) if x.ndim else x  # NumPy takes no widths of no axes


@st.composite
def _removed(draw: st.DrawFn) -> Arguments:
    """What is left when a border is added to where it came from."""
    x = draw(gst.arrays(_few))
    keywords = draw(_borders(x.shape))
    padded = draw(gst.arrays(_padded_by_numpy(x, **keywords).shape))
    return Arguments((padded,), {"shape": x.shape, **keywords})


def _removed_by_numpy(x: Any, shape: Shape, pad_width: Any, mode: Any) -> Any:
    out = np.zeros(shape, x.dtype)
    numbers = np.arange(out.size).reshape(shape)
    np.add.at(out.reshape(-1), _padded_by_numpy(numbers, pad_width, mode), x)
    return out


@st.composite
def _any_pad(draw: st.DrawFn) -> Arguments:
    """Constants of every form, and one number for the widths."""
    x = draw(gst.arrays(_few))
    width = draw(st.sampled_from([0, 1, 2, (1, 2), ((2, 1),)]))
    constants = draw(st.sampled_from([0, 2.5, (1.0, -1.0), ((0.5, 2.0),)]))
    return Arguments((x,), {"pad_width": width, "constant_values": constants})


@st.composite
def _filled(draw: st.DrawFn) -> Arguments:
    x = draw(gst.arrays(gst.shapes(max_size=6)))
    front = draw(st.lists(st.sampled_from([1, 2, 0]), max_size=2))
    return Arguments((x,), {"shape": (*front, *(draw(st.sampled_from([1, 3])) if n == 1 else n for n in x.shape))})


def _filled_by_numpy(x: Any, shape: Shape) -> Any:
    return np.array(np.broadcast_to(x, shape))


@st.composite
def _axes_of_grid(draw: st.DrawFn) -> Arguments:
    lines = tuple(draw(gst.arrays(gst.shapes(max_dims=1, max_size=3))) for _ in range(draw(st.integers(1, 3))))
    return Arguments(lines, {"indexing": draw(st.sampled_from(["xy", "ij"])), "sparse": draw(st.booleans())})


op_spec(ops.Full, arguments=_filled(), linear=True, values=_filled_by_numpy)
op_spec(ops.repeat, op=ops.Repeat, operands=1, shapes=_few, kwargs=_repeats, linear=True, values=np.repeat)
op_spec(ops.tile, op=ops.Tile, shapes=_few, kwargs={"reps": _reps}, linear=True, values=np.tile)
op_spec(ops.Pad, name="border", operands=1, shapes=_few, kwargs=_borders, linear=True, values=_padded_by_numpy)
op_spec(ops.Unpad, arguments=_removed(), linear=True, values=_removed_by_numpy)
op_spec(ops.pad, arguments=_any_pad(), values=np.pad)
op_spec(ops.meshgrid, arguments=_axes_of_grid(), linear=True, values=np.meshgrid)
