"""Products: vectors, matrices, stacks of them, axes in any order and of length 0."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ... import ops
from .. import strategies as gst
from ..spec import op_spec

Shape = tuple[int, ...]

_moderate = gst.values(magnitudes=(-10, 6))
"""For sums of products: small numbers beside large ones are lost in them, and then nothing can be measured."""


@st.composite
def _arrays(draw: st.DrawFn, left: Shape, right: Shape) -> tuple[Any, Any]:
    """Two arrays, of one shape perhaps one and the same."""
    x = draw(gst.arrays(left, elements=_moderate))
    return x, x if left == right and draw(st.booleans()) else draw(gst.arrays(right, elements=_moderate))


@st.composite
def _products(draw: st.DrawFn) -> tuple[Any, Any]:
    """Vectors, matrices and stacks of matrices, whose stacking axes broadcast."""
    n, k, m = (draw(st.sampled_from([1, 2, 1, 3, 1, 2, 0])) for _ in range(3))
    k = k if n * m else max(k, 1)
    forms = [((n, k), (k, m)), ((k,), (k, m)), ((n, k), (k,)), ((k,), (k,)), ((k,), (k, m)), ((n, k), (k,))]
    left, right = draw(st.sampled_from(forms))
    stacks = draw(gst.broadcastable_shapes(2, max_dims=2, max_side=2, max_size=2)).input_shapes
    left, right = (
        (*stack, *shape) if len(shape) == 2 and draw(st.booleans()) else shape
        for stack, shape in zip(stacks, (left, right))
    )
    return draw(_arrays(left, right))


@st.composite
def _dots(draw: st.DrawFn) -> tuple[Any, Any]:
    """Any number of axes of each; a number too."""
    k = draw(st.sampled_from([1, 2, 3, 0]))
    side = st.sampled_from([1, 2, 0, 3])
    left = (*draw(st.lists(side, max_size=2)), k)
    right = draw(st.sampled_from([(k,), (k, draw(side)), (draw(side), k, draw(side))]))
    number = draw(st.integers(0, 5))
    return draw(_arrays(() if number == 4 else left, () if number == 5 else right))


@st.composite
def _inners(draw: st.DrawFn) -> tuple[Any, Any]:
    """Any number of axes of each, the last ones of one length; a number too."""
    k = draw(st.sampled_from([1, 2, 3, 0]))
    left, right = ((*draw(st.lists(st.sampled_from([1, 2, 0, 3]), max_size=2)), k) for _ in range(2))
    number = draw(st.integers(0, 5))
    return draw(_arrays(() if number == 4 else left, () if number == 5 else right))


@st.composite
def _flat(draw: st.DrawFn) -> tuple[Any, Any]:
    """As many elements, in any two shapes."""
    shape = draw(gst.shapes(max_size=6))
    return draw(_arrays(shape, draw(st.sampled_from([shape, shape[::-1], (int(np.prod(shape)),)]))))


@st.composite
def _tensordots(draw: st.DrawFn) -> tuple[Any, Any, Any]:
    """Axes that meet, in any order, among others."""
    side = st.sampled_from([1, 2, 3, 0])
    shared = draw(st.lists(side, max_size=2))
    shapes: list[Shape] = []
    places: list[Shape] = []
    for _ in range(2):
        shape = draw(st.lists(side, max_size=2 if len(shared) < 2 else 1))
        taken: list[int] = []
        for length in shared:
            place = draw(st.integers(0, len(shape)))
            shape.insert(place, length)
            taken = [n + (n >= place) for n in taken] + [place]
        shapes.append(tuple(shape))
        places.append(tuple(taken))
    return (*draw(_arrays(*shapes)), tuple(places))


@st.composite
def _pairs(draw: st.DrawFn, max_dims: int = 3) -> tuple[Any, Any]:
    """Two arrays that need not fit each other."""
    left, right = (draw(gst.shapes(max_dims=max_dims, max_size=6)) for _ in range(2))
    return draw(_arrays(left, left if draw(st.integers(0, 3)) == 3 else right))


@st.composite
def _vectors(draw: st.DrawFn, lengths: SearchStrategy[int]) -> tuple[Any, Any]:
    """Vectors of one length along the last axis, whose other axes broadcast."""
    n = draw(lengths)
    left, right = draw(gst.broadcastable_shapes(2, max_dims=2, max_side=2, max_size=4)).input_shapes
    return draw(_arrays((*left, n), (*right, n)))


@st.composite
def _einsums(draw: st.DrawFn) -> tuple[Any, ...]:
    """Letters repeated, summed alone, in the output or not; lengths of 1 that broadcast; axes under "..."."""
    lengths = {c: draw(st.sampled_from([2, 1, 3, 2, 0])) for c in "ijk"}
    hidden = [draw(st.sampled_from([1, 2])) for _ in range(draw(st.integers(0, 2)))]
    words, shapes = [], []
    for _ in range(draw(st.sampled_from([2, 1, 2, 3]))):
        letters: list[str] = draw(st.lists(st.sampled_from("ijk"), max_size=3))
        thin = [1 if letters.count(c) == 1 and draw(st.integers(0, 5)) == 5 else lengths[c] for c in letters]
        place = draw(st.none() | st.integers(0, len(letters))) if hidden else None
        if place is not None:
            some = hidden[draw(st.integers(0, len(hidden))) :]
            front = [1 if draw(st.booleans()) else n for n in some]
            letters.insert(place, "...")
            thin[place:place] = front
        words.append("".join(letters))
        shapes.append(tuple(thin))
    subscripts = ",".join(words)
    if draw(st.integers(0, 2)) > 0:
        seen = sorted(set(subscripts) - set(",."))
        output = list(draw(st.permutations(seen)))[: draw(st.integers(0, len(seen)))] if seen else []
        output.insert(draw(st.integers(0, len(output))), "..." if "..." in subscripts else "")
        subscripts += "->" + "".join(output)
    xs = [draw(gst.arrays(shape, elements=_moderate)) for shape in shapes]
    if len(xs) > 1 and shapes[0] == shapes[1] and draw(st.booleans()):
        xs[1] = xs[0]
    return (subscripts, *xs)


op_spec(ops.matmul, op=ops.MatMul, arguments=_products(), reference="torch.matmul")
op_spec(ops.dot, arguments=_dots(), values=np.dot)
op_spec(ops.inner, arguments=_inners(), reference="torch.inner", values=np.inner)
op_spec(ops.vdot, arguments=_flat(), values=np.vdot)
op_spec(ops.vecdot, op=ops.VecDot, arguments=_vectors(st.sampled_from([1, 2, 3, 0])), reference="torch.linalg.vecdot")
op_spec(ops.outer, op=ops.Outer, arguments=_pairs(), values=np.outer)
op_spec(ops.kron, op=ops.Kron, arguments=_pairs(max_dims=2), reference="torch.kron", values=np.kron)
op_spec(ops.cross, op=ops.Cross, arguments=_vectors(st.just(3)), reference="torch.linalg.cross", values=np.cross)
op_spec(ops.tensordot, op=ops.TensorDot, arguments=_tensordots(), reference="torch.tensordot", values=np.tensordot)
op_spec(ops.einsum, op=ops.Einsum, arguments=_einsums(), reference="torch.einsum", values=np.einsum)
