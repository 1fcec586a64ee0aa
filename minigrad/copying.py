"""Copies and pickles of a tensor: a leaf as it is; a computed tensor cut from its graph, with a warning.

One idea: a copied graph would end in copied leaves, and gradients would arrive at those and not at
the parameters. So a copy never has a graph, and whoever makes one of a computed tensor is told.
"""

import copy
import sys
import warnings
from typing import Any

from .backend import Array
from .errors import GradWarning
from .mode import is_recording
from .place import at, here, is_own, name_of, stack_level
from .value import Cut, Value, wrap

_STANDARD = frozenset({"copy", "copyreg", "pickle"})
"""Modules that may stand between the reader's line and ours."""


def reduced(tensor: Any, protocol: Any) -> Any:
    """What pickle and deepcopy keep of a tensor."""
    return restored, (type(tensor), tensor.data, _requires_grad(tensor), tensor._grad, _cut(tensor))


def copied(tensor: Any, *memo: Any) -> Any:
    """A leaf with the values of a tensor, in memory of its own, and its gradient in memory of its own."""
    return restored(type(tensor), tensor.data.copy(), _requires_grad(tensor), copy.deepcopy(tensor._grad), _cut(tensor))


def _cut(tensor: Value) -> Cut | None:
    """What a copy says when it is asked for a graph. Places stay behind: code cannot be pickled."""
    return None if tensor.creator is None and tensor._cut is None else ("copy", None)


def restored(kind: type[Any], array: Array, requires_grad: bool, grad: Any, cut: Cut | None = None) -> Any:
    """A leaf from what was kept of it."""
    tensor = wrap(kind, array if array.shape else array[()], None, requires_grad)
    tensor._grad = grad
    tensor._cut = cut
    return tensor


def _requires_grad(tensor: Value) -> bool:
    """Whether a copy requires a gradient, as that of a parameter does. Warns if a graph is cut."""
    if tensor.creator is None:
        return tensor._requires_grad
    if is_recording():
        name, place = name_of(lambda v: v is tensor, "a tensor"), here()
        frame: Any = sys._getframe(1)
        while frame.f_back is not None and _on_the_way(frame.f_globals.get("__name__", "")):
            frame = frame.f_back
        if is_own(frame):  # a library made the copy, matplotlib of what it draws: the reader has no use for it
            return False
        warnings.warn(
            f"[W05] the copy of {name}, "
            f"which was computed by {type(tensor.creator).__name__}{at(tensor.creator.place)}, "
            f"is cut from the graph{at(place)}: it is a constant.\n"
            f"If that is meant, say so, {name}.detach(); for a copy in the graph, np.copy({name})",
            GradWarning,
            stacklevel=stack_level(),
        )
    return False


def _on_the_way(module: str) -> bool:
    return module in _STANDARD or module.partition(".")[0] == "minigrad"
