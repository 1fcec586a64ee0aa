"""An array in the graph, before it has any operators.

One idea: what recording needs of a tensor fits in five slots. `Tensor` adds the
arithmetic; the engine below it works with this alone.
"""

import operator
from typing import Any, ClassVar

import numpy as np

from .backend import Array
from .place import Place

FLOATS = frozenset({np.float64, np.float32, np.float16})
"""The classes of a 0-d NumPy result. Arithmetic on these takes 0.04 µs, on 0-d arrays 0.24."""

Cut = tuple[Any, Place | None]
"""Why and where no gradient passes: "no_grad", "detach", "backward", or an operation whose result is constant."""

_new = object.__new__


class Value:
    """An array in the graph. `Tensor` adds the operators; this is what recording needs."""

    __slots__ = (
        "__weakref__",
        "_array",
        "_assigned",
        "_cut",
        "_grad",
        "_hooks",
        "_replaced",
        "_requires_grad",
        "creator",
    )

    _array: Array  # not _data, which numpy.ma would take for one of its own
    _grad: "Value | None"
    _requires_grad: bool
    _replaced: tuple[int, Place | None]
    """When and where the one number of a 0-d tensor was replaced; unset until then."""
    _hooks: Any
    """What sees a leaf's gradient: see `hooks.py`; unset until there is something."""
    _assigned: tuple[int, Place | None, int]
    """When and where its array was assigned, `x.data = ...`, or written by backward() as a gradient, and the number of
    passes that have added to it; unset until then."""
    _cut: Cut | None
    """Where a gradient was stopped on the way to a tensor that is in no graph; None if nowhere. Only errors ask for it.
    Kept because nothing else remembers: what is not recorded has no history (5 ns a result)."""
    creator: Any
    """The recorded call that computed it, an Op; None for a leaf."""

    age: ClassVar[int] = 0  # a leaf is older than every recorded call

    # attrgetter, because it is C: the backward pass asks each leaf (60 ns against 110).
    shape = property(operator.attrgetter("_array.shape"), doc="The length of each axis.")
    dtype = property(operator.attrgetter("_array.dtype"), doc="The type of each element.")
    ndim = property(operator.attrgetter("_array.ndim"), doc="The number of axes.")
    size = property(operator.attrgetter("_array.size"), doc="The number of elements.")


def wrap(kind: type[Any], array: Array, creator: Any = None, requires_grad: bool = False) -> Any:
    """A tensor of class `kind` around an array, unchecked."""
    tensor = _new(kind)
    tensor._array = array
    tensor._grad = None
    tensor._requires_grad = requires_grad
    tensor._cut = None
    tensor.creator = creator
    return tensor
