"""Indexing: slices, integers, arrays of integers, masks, and all of them together.

One idea: taking elements (GetItem) and adding elements into zeros (Scatter) are each
other's transpose. An element taken twice receives two gradients.
"""

import operator
from typing import Any

import numpy as np

from ..backend import library_of
from ..graph import apply
from ..op import Op, implements
from ..value import Value

__all__ = [
    "GetItem",
    "Scatter",
    "getitem",
    "scatter",
]


class GetItem(Op):
    """x[index]"""

    linear = True
    masks = True

    def forward(x, index):
        return x[index]

    def dx(g, out, x, index):
        return scatter(g, index, x.shape)


class Scatter(Op):
    """zeros of a shape, with x added at index: the transpose of GetItem"""

    linear = True

    def forward(x, index, shape):
        library = library_of(x)
        out = library.zeros(shape, x.dtype)
        if _is_basic(index):
            out[index] = x  # no element is met twice
        else:
            library.add.at(out, index, x)
        return out

    def dx(g, out, x, index, shape):
        return g[index]


def _is_basic(index: Any) -> bool:
    """Whether an index is made of integers, slices, None and ... alone, or is a single mask."""
    if isinstance(index, tuple):
        return all(isinstance(part, int | np.integer | slice | None) or part is Ellipsis for part in index)
    if hasattr(index, "dtype"):
        return bool(index.dtype.kind == "b")
    return isinstance(index, int | np.integer | slice | None) or index is Ellipsis


def _as_arrays(index: Any) -> Any:
    """An index of arrays alone, which nobody else can change before the backward pass."""
    if isinstance(index, tuple):
        return tuple([_as_arrays(part) for part in index])
    if isinstance(index, list):
        return np.asarray([_as_arrays(part) for part in index], dtype=None if index else np.intp)
    array = index._array if isinstance(index, Value) else index
    return array.copy() if hasattr(array, "shape") and array.shape else array


@implements(operator.getitem)
def getitem(x: Any, index: Any) -> Any:
    """Return x[index], for any index NumPy takes; tensors of integers or truth values too.

    Raises IndexError for an index that x does not have.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> x[[0, 0, 2]].sum().backward()
    >>> x.grad
    Tensor([2., 0., 1.])
    """
    return apply(GetItem, x, _as_arrays(index))


def scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with x added at `index`; elements met twice add up.

    The transpose of indexing: scatter(g, index, x.shape) is the gradient of x[index].

    >>> import minigrad as mg
    >>> mg.scatter(mg.tensor([1.0, 2.0, 5.0]), [0, 0, 2], (3,))
    Tensor([3., 0., 5.])
    """
    return apply(Scatter, x, _as_arrays(index), shape)
