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
import operator
import weakref
from typing import Any

from .place import Place

clock = itertools.count(1)
"""The ages of operations and the dates of changes, in one sequence; next() is atomic."""

_changes: dict[int, tuple[weakref.ref[Any], int, Place | None]] = {}
latest = 0
"""The date of the latest change to any array."""
by_reader = 0
"""The date of the latest change that was not backward() adding to a gradient."""

values: set[int] = set()
"""The inputs, by identity, that a function is being run with and that the reader gave as numbers: `x *= 2` makes
another number there, as it does without minigrad."""


def memory_of(array: Any) -> Any:
    """The array that owns the memory that `array` looks at."""
    while hasattr(getattr(array, "base", None), "dtype"):
        array = array.base
    return array


def note_change(array: Any, place: Place | None) -> None:
    """Write down that `array` is changed in place now, at `place`."""
    global latest, by_reader
    owner = memory_of(array)
    key = id(owner)
    known = _changes.get(key)
    if known is not None and known[0]() is owner:
        reference = known[0]
    else:
        reference = weakref.ref(owner, lambda _: _changes.pop(key, None))
    latest = by_reader = next(clock)
    _changes[key] = (reference, latest, place)


def note_own_change(array: Any, place: Place | None) -> None:
    """`note_change` for a gradient to which backward() adds."""
    global by_reader
    before = by_reader
    note_change(array, place)
    by_reader = before


def note_replaced(tensor: Any, place: Place | None) -> None:
    """Write down that the one number a tensor holds is replaced by another now, at `place`."""
    global latest, by_reader
    latest = by_reader = next(clock)
    tensor._replaced = (latest, place)


def note_assigned(tensor: Any, place: Place | None) -> None:
    """Write down that a tensor holds another array from now on; what was recorded has kept the old one."""
    global by_reader
    by_reader = next(clock)
    tensor._assigned = (by_reader, place, 1)


def note_given(gradient: Any) -> None:
    """Write down that the reader gave a tensor this gradient now, by hand."""
    gradient._assigned = (next(clock), None, 0)


def last_written(tensor: Any) -> tuple[int, Place | None]:
    """When and where the numbers of a tensor were last changed, replaced or assigned; (0, None) if never."""
    owner = memory_of(tensor._array)
    known = _changes.get(id(owner))
    changed = known[1:] if known is not None and known[0]() is owner else (0, None)
    assigned = getattr(tensor, "_assigned", (0, None))[:2]
    return max(changed, assigned, getattr(tensor, "_replaced", (0, None)), key=operator.itemgetter(0))


def changed_since(age: int, array: Any) -> tuple[bool, Place | None]:
    """Whether the memory of `array` was changed after `age`, and where."""
    owner = memory_of(array)
    known = _changes.get(id(owner))
    if known is None or known[0]() is not owner or known[1] < age:
        return False, None
    return True, known[2]
