"""Products of vectors, matrices and arrays of any number of axes.

One idea: a product is linear in each factor, so the gradient of one is again a product, of the
incoming gradient with the other. Those with letters are in `einsum.py`.
"""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import apply, array_of
from ..op import Op, implements
from ..place import at, here
from ..value import Value
from .arithmetic import multiply
from .shape import expanded, reshape, transpose

__all__ = [
    "Cross",
    "Kron",
    "MatMul",
    "Outer",
    "TensorDot",
    "VecDot",
    "cross",
    "dot",
    "inner",
    "kron",
    "matmul",
    "matvec",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
    "vecmat",
]


class MatMul(Op, numpy=np.matmul):
    """x @ y, as NumPy has it: vectors, matrices, stacks of matrices"""

    multilinear = True

    def forward(x, y):
        return np.matmul(x, y)

    def dx(g, out, x, y):
        if y.ndim == 1:  # each row of x met y: one number a row
            return expanded(g, -1) * y
        if x.ndim == 1:  # x met each column of y
            return (expanded(g, -2) @ y.mT).squeeze(-2)
        return g @ y.mT

    def dy(g, out, x, y):
        if x.ndim == 1:
            return expanded(x, -1) * expanded(g, -2) if y.ndim > 1 else x * g
        if y.ndim == 1:
            return (x.mT @ expanded(g, -1)).squeeze(-1)
        return x.mT @ g


class VecDot(Op, numpy=np.vecdot):
    """Σ x y over the last axis"""

    multilinear = True

    def forward(x, y):
        return np.vecdot(x, y)

    def dx(g, out, x, y):
        return expanded(g, -1) * y

    def dy(g, out, x, y):
        return expanded(g, -1) * x


class TensorDot(Op):
    """Σ x y over axes of x and as many of y, in pairs; what is left of x comes first"""

    multilinear = True

    def forward(x, y, axes):
        return np.tensordot(x, y, axes)

    def dx(g, out, x, y, axes):
        of_x, of_y = axes
        free_x, free_y = _free(x.ndim, of_x), _free(y.ndim, of_y)
        found = tensordot(g, y, (range(len(free_x), g.ndim), free_y))
        # After the free axes of x come those of y that met x, in the order of y.
        return transpose(found, _order([*free_x, *_partners(of_y, of_x)]))

    def dy(g, out, x, y, axes):
        of_x, of_y = axes
        free_x, free_y = _free(x.ndim, of_x), _free(y.ndim, of_y)
        found = tensordot(x, g, (free_x, range(len(free_x))))
        return transpose(found, _order([*_partners(of_x, of_y), *free_y]))


def _free(ndim, axes):
    """The axes that are not summed."""
    return [axis for axis in range(ndim) if axis not in axes]


def _partners(axes, others):
    """The others, in the order in which their partners lie in memory."""
    return [other for _, other in sorted(zip(axes, others))]


def _order(axes):
    """Where each axis is now: the permutation that puts them in order."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


class Outer(Op):
    """x yᵀ, both flattened"""

    multilinear = True

    def forward(x, y):
        return np.outer(x, y)

    def dx(g, out, x, y):
        return (g @ y.reshape(-1)).reshape(x.shape)

    def dy(g, out, x, y):
        return (x.reshape(-1) @ g).reshape(y.shape)


class Kron(Op):
    """Every element of x times the whole of y, in its place"""

    multilinear = True

    def forward(x, y):
        ndim = max(x.ndim, y.ndim)
        x_spread, y_spread = _spread(x.shape, ndim, 0), _spread(y.shape, ndim, 1)
        shape = [n * m for n, m in zip(x_spread[::2], y_spread[1::2])]
        return (x.reshape(x_spread) * y.reshape(y_spread)).reshape(shape)

    def dx(g, out, x, y):
        products = _blocks(g, x.shape, y.shape) * y.reshape(_spread(y.shape, g.ndim, 1))
        return np.sum(products, tuple(range(1, 2 * g.ndim, 2))).reshape(x.shape)

    def dy(g, out, x, y):
        products = _blocks(g, x.shape, y.shape) * x.reshape(_spread(x.shape, g.ndim, 0))
        return np.sum(products, tuple(range(0, 2 * g.ndim, 2))).reshape(y.shape)


def _blocks(g, x_shape, y_shape):
    """g with two axes for each: which element of x, and which of y."""
    both = zip(_spread(x_shape, g.ndim, 0), _spread(y_shape, g.ndim, 1))
    return g.reshape([n * m for n, m in both])


def _spread(shape, ndim, first):
    """A shape of 2 ndim axes: `shape` in every other one, up to the last, and 1 elsewhere."""
    spread = [1] * (2 * ndim)
    spread[2 * (ndim - len(shape)) + first :: 2] = shape
    return spread


class Cross(Op):
    """x × y, of three components along the last axis"""

    multilinear = True

    def forward(x, y):
        # xₙ yₙ₊₁ - xₙ₊₁ yₙ stands at n - 1 of the result: a fifth of the time of np.cross.
        return (x * y.take(_NEXT, -1) - x.take(_NEXT, -1) * y).take(_NEXT, -1)

    def dx(g, out, x, y):
        return _crossed(y, g)

    def dy(g, out, x, y):
        return _crossed(g, x)


_NEXT = (1, 2, 0)


def _crossed(x, y):
    recorded = isinstance(x, Value) or isinstance(y, Value)
    return apply(Cross, x, y) if recorded else Cross.forward(x, y)


@implements(np.linalg.matmul)
def matmul(x: Any, y: Any) -> Any:
    """Return the matrix product x @ y; the gradients are g yᵀ and xᵀ g.

    Vectors, matrices and stacks of matrices, as numpy.matmul. Raises ValueError if the
    inner lengths differ, or for a scalar.

    >>> import minigrad as mg
    >>> mg.matmul(mg.tensor([[1.0, 2.0]]), mg.tensor([[3.0], [4.0]]))
    Tensor([[11.]])
    """
    return apply(MatMul, x, y)


def _as_array(x: Any) -> Any:
    return x if hasattr(x, "shape") else array_of(x)


@implements(np.dot)
def dot(a: Any, b: Any) -> Any:
    """Return Σ a b over the last axis of a and the last but one of b; the gradients are products with g.

    Of vectors the inner product, of matrices the matrix product, of a number the multiple. Raises
    ShapeError if the lengths differ.

    >>> import minigrad as mg
    >>> mg.dot(mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0]))
    Tensor(11.)
    """
    a, b = _as_array(a), _as_array(b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    if a.ndim <= 2 and b.ndim <= 2:
        return apply(MatMul, a, b)
    return tensordot(a, b, (-1, -2 if b.ndim > 1 else -1))


@implements(np.inner)
def inner(a: Any, b: Any) -> Any:
    """Return Σ a b over the last axis of both; the gradients are g b and g a.

    Raises ShapeError if the lengths differ.

    >>> import minigrad as mg
    >>> mg.inner(mg.tensor([[1.0, 2.0]]), mg.tensor([3.0, 4.0]))
    Tensor([11.])
    """
    a, b = _as_array(a), _as_array(b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return apply(MatMul, a, b) if b.ndim == 1 and a.ndim <= 2 else tensordot(a, b, (-1, -1))


@implements(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    """Return Σ a b over all elements, whatever the shapes; the gradients are g b and g a.

    Raises ShapeError if the numbers of elements differ.

    >>> import minigrad as mg
    >>> mg.vdot(mg.tensor([[1.0, 2.0]]), mg.tensor([3.0, 4.0]))
    Tensor(11.)
    """
    return apply(MatMul, reshape(_as_array(a), -1), reshape(_as_array(b), -1))


@implements(np.vecdot)
def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    """Return Σ x1 x2 over one axis, the others broadcast; the gradients are g x2 and g x1.

    Raises ValueError if the lengths differ or x1 or x2 is a number.

    >>> import minigrad as mg
    >>> mg.vecdot(mg.tensor([[1.0, 2.0], [0.0, 1.0]]), mg.tensor([3.0, 4.0]))
    Tensor([11.,  4.])
    """
    x1, x2 = _as_array(x1), _as_array(x2)
    if axis != -1:
        x1, x2 = _moved(x1, axis, -1), _moved(x2, axis, -1)
    return apply(VecDot, x1, x2)


@implements(np.outer, np.linalg.outer)
def outer(a: Any, b: Any) -> Any:
    """Return the matrix of all products of an element of a and one of b; the gradients are g b and aᵀ g.

    Arrays of more axes are flattened.

    >>> import minigrad as mg
    >>> mg.outer(mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0]))
    Tensor([[3., 4.],
            [6., 8.]])
    """
    return apply(Outer, a, b)


@implements(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Return Σ a b over axes of a and of b; the gradients are such products too.

    `axes` is how many, the last of a and the first of b, or (axes of a, axes of b), each one axis or
    several. Raises ShapeError if they do not pair up.

    >>> import minigrad as mg
    >>> a, b = mg.ones((2, 3, 4)), mg.ones((4, 3, 5))
    >>> mg.tensordot(a, b, axes=([1, 2], [1, 0])).shape
    (2, 5)
    """
    a, b = _as_array(a), _as_array(b)
    try:
        of_a, of_b = axes
    except TypeError:
        of_a, of_b = range(-axes, 0), range(axes)
    of_a, of_b = _axes(of_a, a.ndim), _axes(of_b, b.ndim)
    if len(of_a) != len(of_b) or any(a.shape[n] != b.shape[m] for n, m in zip(of_a, of_b)):
        raise ShapeError(
            f"tensordot() sums over axes {of_a} of a, of shape {a.shape}, and {of_b} of b, of shape {b.shape}"
            f"{at(here())}.\nGive as many axes of each, of the same lengths: axes=([1, 2], [0, 1])"
        )
    if a.ndim <= 2 >= b.ndim and of_a == (a.ndim - 1,) and of_b == (0,):
        return apply(MatMul, a, b)
    return apply(TensorDot, a, b, (of_a, of_b))


def _axes(axes: Any, ndim: int) -> tuple[int, ...]:
    """Axes counted from the start, each once. Raises AxisError for one that is not there, ShapeError for a repeated."""
    axes = (axes,) if hasattr(axes, "__index__") else tuple(axes)
    for axis in axes:
        if not -ndim <= axis < ndim:
            raise np.exceptions.AxisError(axis, ndim)
    counted = tuple([int(axis) % ndim for axis in axes])
    if len(set(counted)) < len(counted):
        raise ShapeError(f"tensordot() was given an axis twice: {axes}{at(here())}.\nName each axis once")
    return counted


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    """Return the Kronecker product: every element of a times the whole of b, as blocks.

    The gradient of a is Σ g b over each block, that of b Σ g a over the blocks.

    >>> import minigrad as mg
    >>> mg.kron(mg.tensor([1.0, 10.0]), mg.tensor([1.0, 2.0]))
    Tensor([ 1.,  2., 10., 20.])
    """
    return apply(Kron, a, b)


@implements(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Return the cross product of vectors of three components; the gradients are b × g and g × a.

    The components lie along `axisa` of a and `axisb` of b, of the result along `axisc`, or along
    `axis` of all three; the other axes broadcast. Raises ShapeError for vectors of another length.

    >>> import minigrad as mg
    >>> mg.cross(mg.tensor([1.0, 0.0, 0.0]), mg.tensor([0.0, 1.0, 0.0]))
    Tensor([0., 0., 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _moved(_as_array(a), axisa, -1), _moved(_as_array(b), axisb, -1)
    if a.shape[-1:] != (3,) or b.shape[-1:] != (3,):
        raise ShapeError(
            f"cross() is of vectors of three components; here they have shapes {a.shape} and {b.shape}{at(here())}.\n"
            "In the plane write a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]"
        )
    return _moved(apply(Cross, a, b), -1, axisc)


def _moved(x: Any, source: int, target: int) -> Any:
    """x with one axis at another place, itself if it is there."""
    if source == target or not x.ndim:
        return x
    for axis in (source, target):
        if not -x.ndim <= axis < x.ndim:
            raise np.exceptions.AxisError(axis, x.ndim)
    order = [n for n in range(x.ndim) if n != source % x.ndim]
    order.insert(target % x.ndim, source % x.ndim)
    return transpose(x, order)


def matvec(x1: Any, x2: Any) -> Any:
    """Return the product of each matrix of a stack x1 with each vector of x2; the gradients are g x2ᵀ and x1ᵀ g.

    Raises ShapeError for an x1 of less than two axes, a number x2, and where the inner lengths do not agree.

    >>> import minigrad as mg
    >>> mg.matvec(mg.ones((4, 2, 3)), mg.ones(3)).shape
    (4, 2)
    """
    x1, x2 = _with_axes("matvec", x1, 2, x2, 1)
    return matmul(x1, x2[..., None])[..., 0]


def vecmat(x1: Any, x2: Any) -> Any:
    """Return the product of each vector of x1 with each matrix of a stack x2; the gradients are x2 g and x1ᵀ g.

    Raises ShapeError for a number x1, an x2 of less than two axes, and where the inner lengths do not agree.

    >>> import minigrad as mg
    >>> mg.vecmat(mg.ones(2), mg.ones((4, 2, 3))).shape
    (4, 3)
    """
    x1, x2 = _with_axes("vecmat", x1, 1, x2, 2)
    return matmul(x1[..., None, :], x2)[..., 0, :]


def _with_axes(called: str, x1: Any, first: int, x2: Any, second: int) -> tuple[Any, Any]:
    """Both as arrays; raises ShapeError if they have fewer axes than `first` and `second`."""
    x1, x2 = _as_array(x1), _as_array(x2)
    if x1.ndim < first or x2.ndim < second:
        needed = {1: "one axis or more (vectors)", 2: "two axes or more (matrices)"}
        raise ShapeError(
            f"{called}() needs x1 of {needed[first]} and x2 of {needed[second]}; "
            f"here are shapes {x1.shape} and {x2.shape}{at(here())}.\n"
            "The product of two vectors is x1 @ x2, that with a number x1 * x2"
        )
    return x1, x2


for _name, _ours in (("matvec", matvec), ("vecmat", vecmat)):
    if hasattr(np, _name):  # since NumPy 2.2
        implements(getattr(np, _name))(_ours)
