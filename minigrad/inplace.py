"""Arrays changed in place: which, when, and where in the reader's code.

One idea: the counter that dates every recorded operation also dates every
change. Going back through an operation asks for each array it kept: was it
changed after that date? Nothing is paid while recording, and while no change is
younger than the operation one comparison of integers is the whole cost.

Changes are kept by *memory*, not by tensor, so one seen through a view
(`x.detach()`, `from_numpy`) counts as well. Writing into a bare array,
`x.data[0] = 1`, is NumPy's affair and cannot be seen; `x.data -= 1` is.
"""

import itertools
import weakref
from typing import Any

from .place import Place

clock = itertools.count(1)
"""The ages of operations and the dates of changes, in one sequence; next() is atomic."""

_changes: dict[int, tuple[weakref.ref[Any], int, Place | None]] = {}
latest = 0
"""The date of the latest change to any array."""


def memory_of(array: Any) -> Any:
    """The array that owns the memory that `array` looks at."""
    while hasattr(getattr(array, "base", None), "dtype"):
        array = array.base
    return array


def note_change(array: Any, place: Place | None) -> None:
    """Write down that `array` is changed in place now, at `place`."""
    global latest
    owner = memory_of(array)
    key = id(owner)
    known = _changes.get(key)
    if known is not None and known[0]() is owner:
        reference = known[0]
    else:
        reference = weakref.ref(owner, lambda _: _changes.pop(key, None))
    latest = next(clock)
    _changes[key] = (reference, latest, place)


def note_replaced(tensor: Any, place: Place | None) -> None:
    """Write down that the one number a tensor holds is replaced by another now, at `place`."""
    global latest
    latest = next(clock)
    tensor._replaced = (latest, place)


def changed_since(age: int, array: Any) -> tuple[bool, Place | None]:
    """Whether the memory of `array` was changed after `age`, and where."""
    owner = memory_of(array)
    known = _changes.get(id(owner))
    if known is None or known[0]() is not owner or known[1] < age:
        return False, None
    return True, known[2]
