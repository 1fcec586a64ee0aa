"""Products of vectors, matrices and stacks of them."""

from typing import Any

from hypothesis import strategies as st

from ... import ops
from .. import strategies as gst
from ..spec import op_spec

Shape = tuple[int, ...]


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
    elements = gst.values(magnitudes=(-10, 6))
    x = draw(gst.arrays(left, elements=elements))
    return x, x if left == right and draw(st.booleans()) else draw(gst.arrays(right, elements=elements))


op_spec(ops.matmul, op=ops.MatMul, arguments=_products(), reference="torch.matmul")
