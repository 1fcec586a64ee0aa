"""What every strategy does with its options: draw those that are strategies, and refuse the impossible.

One idea: an option that is a value may be a strategy of such values. So nothing is checked when a
strategy is made, all of it when the first example is drawn.
"""

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy


def given(draw: st.DrawFn, option: Any) -> Any:
    """The option, drawn if it is a strategy."""
    return draw(option) if isinstance(option, SearchStrategy) else option


def shape_of(draw: st.DrawFn, option: Any) -> tuple[int, ...]:
    """A shape: an integer, integers, or a strategy of either. Raises InvalidArgument for anything else."""
    shape = given(draw, option)
    shape = (shape,) if isinstance(shape, int | np.integer) else shape
    try:
        sides = tuple(int(side) for side in shape)
        whole = all(side == given for side, given in zip(sides, shape, strict=True))
    except (TypeError, ValueError):
        sides, whole = (), False
    if not whole or min(sides, default=0) < 0:
        raise InvalidArgument(f"shape={shape!r} is no shape.\nGive an integer, or a tuple of integers that are >= 0")
    return sides


def dtype_of(draw: st.DrawFn, option: Any, kinds: str = "f") -> np.dtype[Any]:
    """A dtype of one of these kinds. Raises InvalidArgument for another one."""
    wanted = given(draw, option)
    try:
        dtype: np.dtype[Any] = np.dtype(wanted)
    except TypeError:
        raise InvalidArgument(f"dtype={wanted!r} is no dtype.\nGive one such as np.float64") from None
    if dtype.kind not in kinds:
        also = "" if kinds == "f" else ", np.int64 or bool"
        raise InvalidArgument(f"dtype={dtype} is not one of the kinds {kinds!r}.\nGive one such as np.float64{also}")
    return dtype


def whole(draw: st.DrawFn, name: str, option: Any, least: int = 0) -> int:
    """An integer that is not below `least`. Raises InvalidArgument for anything else."""
    number = given(draw, option)
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
        raise InvalidArgument(f"{name}={number!r} is out of range.\nGive an integer that is >= {least}")
    return int(number)


def pair(name: str, option: Any, least: int | None = None) -> tuple[int, int]:
    """Two integers in order, the least and the most. Raises InvalidArgument for anything else."""
    try:
        low, high = option
    except (TypeError, ValueError):
        low, high = None, None
    if not (isinstance(low, int) and isinstance(high, int)) or low > high or (least is not None and low < least):
        bound = "" if least is None else f", {least} or more"
        raise InvalidArgument(f"{name}={option!r} is no range.\nGive (least, most), two integers in order{bound}")
    return low, high


def elements_of(option: Any, default: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """The strategy of elements, or the default for None. Raises InvalidArgument for what is no strategy."""
    if option is None:
        return default
    if not isinstance(option, SearchStrategy):
        raise InvalidArgument(f"elements={option!r} is no strategy.\nGive one, such as gst.values(min_value=0)")
    return option


def size_of(shape: tuple[int, ...]) -> int:
    """How many elements an array of this shape has."""
    return math.prod(shape)
