"""Products and linear algebra: what their specs do not say, the forms of a call and the functions made of operations.

One idea: a form of a call is right if its value is NumPy's and its slopes are those of that value.
"""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import check_grad_grad, property_test

from .calls import assert_close

test_functions_made_of_operations = property_test(mg.dot, mg.inner, mg.vdot)


def numbers(*shape: int) -> Any:
    """Numbers that are no two alike, short in binary."""
    size = int(np.prod(shape))
    return ((np.arange(size) * 5 % 7 + 1) / 4 * np.where(np.arange(size) % 3, 1, -1)).reshape(shape)


CALLS: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = [
    (np.dot, (numbers(3), numbers(3)), {}),
    (np.dot, (numbers(2, 3), numbers(3, 2)), {}),
    (np.dot, (numbers(2, 3), numbers(2, 3, 2)), {}),
    (np.dot, (numbers(2, 1, 3), numbers(3)), {}),
    (np.dot, (2.0, numbers(3)), {}),
    (np.inner, (numbers(2, 3), numbers(2, 2, 3)), {}),
    (np.inner, (numbers(3), numbers(2, 3)), {}),
    (np.vdot, (numbers(2, 3), numbers(6)), {}),
    (np.outer, (numbers(2, 2), numbers(3)), {}),
    (np.linalg.outer, (numbers(2), numbers(3)), {}),
    (np.linalg.matmul, (numbers(2, 2), numbers(2)), {}),
    (np.kron, (numbers(2, 1, 2), numbers(2)), {}),
    (np.cross, (numbers(3, 2), numbers(2, 3)), {"axisa": 0}),
    (np.cross, (numbers(3, 2), numbers(3)), {"axisa": 0, "axisc": 0}),
    (np.cross, (numbers(2, 3, 1), numbers(2, 3, 1)), {"axis": 1}),
    (np.tensordot, (numbers(2, 3), numbers(2, 3)), {}),
    (np.tensordot, (numbers(2, 3), numbers(3, 2)), {"axes": 1}),
    (np.tensordot, (numbers(2), numbers(3)), {"axes": 0}),
    (np.tensordot, (numbers(2, 3), numbers(3, 2)), {"axes": (1, 0)}),
    (np.tensordot, (numbers(2, 3, 2), numbers(3, 2, 2)), {"axes": ([0, 1], [2, 0])}),
    (np.tensordot, (numbers(2, 3, 2), numbers(3, 2, 2)), {"axes": ((-3, 1), (-1, -3))}),
    (np.einsum, ("ij,jk", numbers(2, 3), numbers(3, 2)), {}),
    (np.einsum, ("ba", numbers(2, 3)), {}),
    (np.einsum, (" i j , j -> i ", numbers(2, 3), numbers(3)), {}),
    (np.einsum, (numbers(2, 3), [0, 1], numbers(3, 2), [1, 2], [2, 0]), {}),
    (np.einsum, (numbers(2, 3), [30, 1], numbers(3, 2), [1, 26]), {}),
    (np.einsum, (numbers(2, 3), [..., 1], numbers(3, 2), [1, 2]), {}),
    (np.einsum, ("ij,jk,kl,lm->im", *[numbers(2, 2)] * 4), {"optimize": True}),
]


@pytest.mark.parametrize(("function", "args", "keywords"), CALLS, ids=lambda part: getattr(part, "__name__", ""))
def test_every_form_of_a_call(function, args, keywords):
    expected = function(*args, **keywords)
    tensors = [mg.tensor(a) if isinstance(a, np.ndarray) else a for a in args]
    found = function(*tensors, **keywords)
    assert type(found) is mg.Tensor
    assert_close(found.data, np.asarray(expected), ulps=4)
    check_grad_grad(function, *args, kwargs=keywords)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ij,jk->ik", [(40, 50), (50, 60)]),
        ("bij,bkj->kbi", [(3, 40, 50), (3, 60, 50)]),
        ("abij,jkba->ikab", [(3, 2, 30, 40), (40, 30, 2, 3)]),
        ("ijk,ijk->", [(30, 40, 50), (30, 40, 50)]),
        ("ij,jk->", [(200, 30), (30, 20)]),
        ("ij,jk,kl->il", [(30, 40), (40, 50), (50, 20)]),
        ("ii,ij,jk,k->", [(40, 40), (40, 50), (50, 20), (20,)]),
        ("ij,jk->ik", [(40, 50), (1, 60)]),
        ("...ij,...jk->...ik", [(3, 1, 20, 30), (4, 30, 20)]),
        ("ij,ij,i,k->jk", [(30, 40), (30, 40), (30,), (50,)]),
    ],
)
def test_large_contractions_are_matrix_products_with_the_same_result(subscripts, shapes):
    rng = np.random.default_rng(0)
    xs = [rng.standard_normal(shape) for shape in shapes]
    tensors = [mg.tensor(x, requires_grad=True) for x in xs]
    y = mg.einsum(subscripts, *tensors)
    expected = np.einsum(subscripts, *xs)
    np.testing.assert_allclose(y.data, expected, rtol=1e-11, atol=1e-11 * np.abs(expected).max())
    u = rng.standard_normal(y.shape)
    for k, g in enumerate(mg.gradients(y, tensors, output_gradients=u)):
        # Linear in each: the derivative in the direction of d is the einsum with d in the place of x.
        d = rng.standard_normal(shapes[k])
        moved = np.einsum(subscripts, *xs[:k], d, *xs[k + 1 :])
        np.testing.assert_allclose(
            (g.data * d).sum(), (u * moved).sum(), rtol=1e-9, atol=1e-9 * np.abs(u * moved).sum()
        )


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: mg.einsum("ij,jk", x), "letters for 2 operands, and was given 1"),
        (lambda x: mg.einsum("ijk", x), "'ijk' names 3 axes of operand 0, which has 2"),
        (lambda x: mg.einsum("i", x), "'i' names 1 axes of operand 0, which has 2"),
        (lambda x: mg.einsum("ij->ik", x), "'k' is in the output and in no operand"),
        (lambda x: mg.einsum("ij->ii", x), "'i' is in the output twice"),
        (lambda x: mg.einsum("i?", x), "'i.' is not made of letters"),
        (lambda x: mg.einsum("ij,ij", x, x.T), "'i' has length 2 and, in operand 1 of shape .3, 2., 3"),
        (lambda x: mg.einsum("...j->j", x), "missing in the output"),
        (lambda x: mg.einsum(x, [0, 99]), "integers up to 51"),
        (lambda x: mg.tensordot(x, x.T), "sums over axes"),
        (lambda x: mg.tensordot(x, x, ((0, 0), (0, 0))), "an axis twice"),
        (lambda x: mg.cross(x[:, :2], x[:, :2]), "In the plane write"),
        (lambda x: mg.dot(x, x), "inner lengths do not agree"),
    ],
)
def test_the_errors_of_products_teach(call, says):
    x = mg.tensor(numbers(2, 3), requires_grad=True)
    with pytest.raises(mg.ShapeError, match=says) as raised:
        call(x)
    assert str(raised.value).count("\n") == 1
    assert "test_linear_algebra.py:" in str(raised.value)
