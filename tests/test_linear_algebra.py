"""Products and linear algebra: what their specs do not say, the forms of a call and the functions made of operations.

One idea: a form of a call is right if its value is NumPy's and its slopes are those of that value.
"""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.testing import check_grad_grad, property_test

from .calls import assert_close

test_functions_made_of_operations = property_test(mg.dot, mg.inner, mg.vdot, mg.trapezoid, mg.vander, examples=30)


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
    (np.linalg.tensordot, (numbers(2, 3), numbers(3, 2)), {"axes": 1}),
    (np.linalg.cross, (numbers(3, 2), numbers(3, 2)), {"axis": 0}),
    (np.linalg.vecdot, (numbers(3, 2), numbers(3, 2)), {"axis": 0}),
    (np.linalg.matrix_transpose, (numbers(2, 3, 2),), {}),
    (np.matrix_transpose, (numbers(2, 3),), {}),
    (np.linalg.trace, (numbers(2, 3, 3),), {}),
    (np.linalg.trace, (numbers(2, 3),), {"offset": -1}),
    (np.linalg.diagonal, (numbers(2, 3, 2),), {"offset": 1}),
    (np.linalg.diagonal, (numbers(2, 3, 2),), {"offset": -2}),
    (np.linalg.diagonal, (numbers(2, 2),), {"offset": -5}),
    (np.linalg.inv, (numbers(2, 2, 2),), {}),
    (np.linalg.solve, (numbers(2, 2, 2), numbers(2)), {}),
    (np.linalg.solve, (numbers(2, 2), numbers(3, 2, 1)), {}),
    (np.linalg.pinv, (numbers(2, 3, 2),), {"rcond": 1e-9}),
    (np.linalg.det, (numbers(2, 2, 2),), {}),
    (np.linalg.cholesky, (np.array([[3.0, 9.0], [0.5, 2.0]]),), {}),
    (np.linalg.cholesky, (np.array([[3.0, 0.5], [9.0, 2.0]]),), {"upper": True}),
    (np.linalg.eigvalsh, (numbers(3, 3),), {"UPLO": "U"}),
    (np.linalg.svd, (numbers(2, 3),), {"compute_uv": False}),
    (np.linalg.svdvals, (numbers(3, 2),), {}),
    (np.linalg.qr, (numbers(3, 2),), {"mode": "r"}),
    (np.linalg.qr, (numbers(2, 3),), {"mode": "r"}),
    (np.convolve, (numbers(4), numbers(2)), {}),
    (np.convolve, (numbers(2), numbers(5)), {"mode": "same"}),
    (np.convolve, (numbers(5), numbers(4)), {"mode": "same"}),
    (np.convolve, (numbers(2), numbers(5)), {"mode": "valid"}),
    (np.trapezoid, (numbers(2, 3), numbers(3)), {}),
    (np.trapezoid, (numbers(3, 2), numbers(3)), {"axis": 0}),
    (np.trapezoid, (numbers(3, 2),), {"dx": 0.5, "axis": -2}),
    (np.polyval, (numbers(3), numbers(2, 2)), {}),
    (np.vander, (numbers(3),), {"increasing": True}),
    *[(np.linalg.matrix_power, (numbers(2, 2),), {"n": n}) for n in (1, 2, 3, 7, -1, -2)],
    *[(np.linalg.norm, (numbers(2, 3),), {"ord": p}) for p in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)],
    *[
        (np.linalg.norm, (numbers(2, 3),), {"ord": p, "axis": -1, "keepdims": True})
        for p in (None, 1, 2, 3.5, -1, np.inf, -np.inf)
    ],
    *[
        (np.linalg.norm, (numbers(2, 3, 2),), {"ord": p, "axis": (2, 0), "keepdims": keep})
        for p, keep in [
            ("nuc", True),
            ("nuc", False),
            (1, True),
            (-1, False),
            (2, True),
            ("fro", False),
            (np.inf, False),
        ]
    ],
    *[(np.linalg.vector_norm, (numbers(2, 3, 2),), {"axis": (0, 2), "ord": p}) for p in (1, 2, 3, np.inf)],
    *[(np.linalg.matrix_norm, (numbers(2, 3, 2),), {"ord": p}) for p in ("fro", "nuc", np.inf)],
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


@pytest.mark.parametrize("period", [3.0, -4.0])
def test_interpolation_with_a_period(period):
    x, xp, fp = np.array([-1.1, 0.3, 2.6, 7.7]), np.array([2.5, 0.5, 5.0]), numbers(3)
    expected = np.interp(x, xp, fp, period=period)
    assert_close(np.interp(mg.tensor(x), xp, mg.tensor(fp), period=period).data, expected, ulps=8)
    check_grad_grad(lambda x, fp: mg.interp(x, xp, fp, period=period), x, fp)
    with pytest.raises(mg.GradError, match="argument xp"):
        mg.interp(x, mg.tensor(xp, requires_grad=True), fp, period=period)


def test_a_chain_of_matrices_is_multiplied_in_the_cheapest_order():
    shapes = [(10, 30), (30, 5), (5, 60), (60,)]
    arrays = [numbers(*shape) for shape in shapes]
    found = np.linalg.multi_dot([mg.tensor(a, requires_grad=True) for a in arrays])
    np.testing.assert_allclose(found.data, np.linalg.multi_dot(arrays), rtol=1e-12)
    products = [call.shape for call in mg.history(found)]
    assert products == [(10,), (30,), (5,)]  # from the vector on
    check_grad_grad(lambda *xs: np.linalg.multi_dot(xs), numbers(2), numbers(2, 1), numbers(1, 3), numbers(3))


# ----------------------------------------------------------------------------- where the derivative is a matter of care


@pytest.mark.parametrize(
    "a",
    [
        np.zeros((2, 2)),
        np.diag([1.0, 2.0, 0.0]),
        np.diag([1.0, 0.0, 0.0]),
        np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]),
        np.diag([1.0, 2.0, 1e-9]),
        np.array([[0.0, 1.0], [1.0, 0.0]]),
        np.array([[[2.0, 1.0], [4.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]]]),
        np.zeros((0, 0)),
        np.array([[0.0]]),
    ],
)
def test_the_slope_of_a_determinant_is_exact_where_there_is_no_inverse(a):
    x = mg.tensor(a, requires_grad=True)
    found = mg.gradients(mg.linalg.det(x).sum(), x).data
    n = a.shape[-1]
    for place in np.ndindex(a.shape):
        minor = np.delete(np.delete(a[place[:-2]], place[-2], 0), place[-1], 1)
        sign = (-1) ** (place[-2] + place[-1])
        assert found[place] == pytest.approx(sign * np.linalg.det(minor) if n > 1 else 1.0, abs=1e-13)
    if n > 1:
        check_grad_grad(mg.linalg.det, a, inconclusive="ignore")


@pytest.mark.parametrize("a", [np.eye(3), np.diag([2.0, 2.0, 1.0]), np.zeros((2, 2)), np.ones((3, 3))])
def test_functions_of_all_eigenvalues_are_right_where_some_are_equal(a):
    x = mg.tensor(a, requires_grad=True)
    np.testing.assert_allclose(mg.gradients(mg.linalg.eigvalsh(x).sum(), x).data, np.eye(len(a)), atol=1e-14)
    cubes = mg.gradients((mg.linalg.eigh(x).eigenvalues ** 3).sum(), x).data
    expected = 3 * a @ a
    np.testing.assert_allclose(cubes, np.tril(expected) + np.tril(expected, -1), atol=1e-13)
    np.testing.assert_allclose(mg.gradients((mg.linalg.svdvals(x) ** 2).sum(), x).data, 2 * a, atol=1e-14)


@pytest.mark.parametrize(
    ("a", "call", "says"),
    [
        (np.eye(2), lambda a: mg.linalg.eigh(a).eigenvectors, "vectors of equal eigenvalues"),
        (np.eye(2), lambda a: mg.linalg.svd(a).U, "vectors of equal singular values"),
        (np.eye(2), lambda a: mg.linalg.svd(a).Vh, "vectors of equal singular values"),
        (np.ones((3, 2)), lambda a: mg.linalg.svd(a, full_matrices=False).U, "singular value 0"),
        (np.ones((2, 2)), mg.linalg.pinv, "pinv has no derivative at a matrix of rank 1"),
        (
            np.ones((3, 2)),
            lambda a: mg.linalg.lstsq(a, np.arange(3.0)).x,
            "lstsq has no derivative at a matrix of rank",
        ),
        (np.ones((2, 2)), lambda a: mg.linalg.qr(a).Q, "first columns depend on each other"),
        (np.ones((2, 2)), lambda a: mg.linalg.slogdet(a).logabsdet, "Inv needs invertible matrices; . has rank 1"),
        (np.zeros((3, 3)), lambda a: mg.linalg.eigh(a).eigenvectors, "vectors of equal eigenvalues"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_derivative_that_does_not_exist_is_refused_with_a_sentence(a, call, says):
    x = mg.tensor(a, requires_grad=True)
    y = call(x)
    for create_graph in (False, True):
        with pytest.raises(mg.MatrixError, match=says) as raised:
            mg.gradients(y, x, output_gradients=numbers(*y.shape), create_graph=create_graph, retain_graph=True)
        assert str(raised.value).count("\n") == 1
        assert "test_linear_algebra.py:" in str(raised.value)


def test_vectors_of_other_values_than_the_equal_ones_have_their_derivative():
    """Two eigenvalues are 1: the vector of the third does not mind."""
    a = np.diag([1.0, 1.0, 3.0])
    x = mg.tensor(a, requires_grad=True)
    for column in (mg.linalg.eigh(x).eigenvectors[:, 2], mg.linalg.svd(x).U[:, 0]):
        g = mg.gradients(column[0] * column[2], x).data
        # Of (3 - A)⁻¹ the part beside the vector: e0 moves by da / 2; one triangle is read, or both are.
        assert abs(g[2, 0] + g[0, 2]) == pytest.approx(0.5)


def test_what_is_not_determined_is_refused_and_had_without_a_gradient():
    a = numbers(3, 2)
    x = mg.tensor(a, requires_grad=True)
    for call in (lambda x: mg.linalg.svd(x), lambda x: mg.linalg.qr(x, "complete"), lambda x: mg.linalg.qr(x, "raw")):
        with pytest.raises(mg.GradError, match="no derivative") as raised:
            call(x)
        assert "np.linalg." in str(raised.value).splitlines()[1]
    for found, expected in zip(mg.linalg.svd(x.detach()), np.linalg.svd(a), strict=True):
        assert type(found) is mg.Tensor
        assert_close(found.data, expected)
    with mg.no_grad():
        assert mg.linalg.svd(x).U.shape == (3, 3)


def test_the_parts_that_nobody_asks_for_have_no_say():
    """Of equal eigenvalues the vectors have no derivative; the values alone are not refused."""
    x = mg.tensor(np.eye(2), requires_grad=True)
    for values in (mg.linalg.eigh(x).eigenvalues, mg.linalg.svd(x).S):
        np.testing.assert_array_equal(mg.gradients(values.sum(), x).data, np.eye(2))


def test_least_squares_returns_what_numpy_returns():
    for shape, right in [((4, 2), (4,)), ((4, 2), (4, 3)), ((2, 2), (2,)), ((2, 3), (2, 2))]:
        a, b = numbers(*shape), numbers(*right)
        expected = np.linalg.lstsq(a, b)
        found = np.linalg.lstsq(mg.tensor(a, requires_grad=True), b)
        assert found.x.requires_grad
        for mine, theirs in zip((found.x.data, found.residuals.data, found.s), (expected[0], expected[1], expected[3])):
            np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-13)
            assert mine.shape == theirs.shape
        assert found.rank == expected[2]
        if expected[1].size:
            check_grad_grad(lambda a, b: mg.linalg.lstsq(a, b).residuals, a, b)
    singular = np.linalg.lstsq(mg.tensor(np.ones((3, 2))), np.arange(3.0))
    assert (singular.rank, singular.residuals.shape) == (1, (0,))


def test_the_sign_of_a_determinant_is_a_constant():
    x = mg.tensor([[0.0, 2.0], [1.0, 0.0]], requires_grad=True)
    sign, logarithm = np.linalg.slogdet(x)
    assert (sign.item(), sign.requires_grad) == (-1.0, False)
    np.testing.assert_allclose(mg.gradients(logarithm, x).data, [[0.0, 0.5], [1.0, 0.0]])


def test_the_power_0_is_a_constant_in_the_graph():
    x = mg.tensor(numbers(2, 2), requires_grad=True)
    y = mg.linalg.matrix_power(x, 0)
    np.testing.assert_array_equal(y.data, np.eye(2))
    np.testing.assert_array_equal(mg.gradients(y.sum(), x).data, np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mg.linalg.inv(mg.ones((2, 3))), r"Inv is of square matrices; a has shape \(2, 3\)"),
        (lambda: mg.linalg.inv(np.ones((2, 2))), "Inv needs invertible matrices; a has rank 1, not 2"),
        (lambda: mg.linalg.inv(mg.tensor(np.stack([np.eye(2), np.ones((2, 2))]))), r"a\[1\] has rank 1"),
        (lambda: mg.linalg.det(mg.ones(3)), r"Det takes a matrix, or a stack of them; a has shape \(3,\)"),
        (lambda: mg.linalg.cholesky(mg.tensor([[1.0, 2.0], [2.0, 1.0]])), "smallest eigenvalue of a is -1"),
        (lambda: mg.linalg.svdvals(mg.tensor([[1.0, np.nan], [1.0, 2.0]])), r"was given nan at a\[0, 1\]"),
        (lambda: mg.linalg.matrix_power(mg.ones((2, 3)), 2), "Of each element it is a"),
    ],
)
def test_the_errors_of_matrices_teach(call, says):
    with pytest.raises(np.linalg.LinAlgError, match=says) as raised:
        call()
    assert isinstance(raised.value, mg.MatrixError)
    assert str(raised.value).count("\n") == 1
    assert "test_linear_algebra.py:" in str(raised.value)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mg.linalg.lstsq(mg.ones((2, 2)), mg.ones(3)), "one number for each row"),
        (lambda: mg.norm(mg.ones((2, 2, 2)), 2), "one axis, or of matrices, two"),
        (lambda: mg.norm(mg.ones(2), "fro", axis=0), "is of matrices, and here are vectors"),
        (lambda: mg.norm(mg.ones((2, 2)), 3), "is no norm of matrices"),
        (lambda: mg.linalg.multi_dot([mg.ones(2)]), "at least two arrays"),
        (lambda: mg.linalg.multi_dot([mg.ones(2)] * 3), r"number 1 of its 3 has shape \(2,\)(.|\n)*may be vectors"),
        (
            lambda: np.linalg.multi_dot([np.ones((1, 2, 2)), mg.ones((2, 2))]),
            r"number 0 of its 2 has shape \(1, 2, 2\)",
        ),
        (lambda: mg.linalg.diagonal(mg.ones(2)), "two different axes"),
        (lambda: mg.convolve(mg.ones((2, 2)), mg.ones(2)), "is of two sequences"),
        (lambda: mg.polyval(mg.ones((2, 2)), 1.0), "coefficients of one polynomial"),
        (lambda: mg.interp(1.0, [0.0, 1.0], mg.ones(3)), "two sequences of one length"),
        (lambda: mg.vander(mg.ones((2, 2))), "takes a sequence"),
    ],
)
def test_the_errors_of_shapes_teach(call, says):
    with pytest.raises(mg.ShapeError, match=says) as raised:
        call()
    assert str(raised.value).count("\n") == 1
    assert "test_linear_algebra.py:" in str(raised.value)


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


@pytest.mark.parametrize("which", ["eigh", "eigvalsh"])
@pytest.mark.parametrize("triangle", ["Q", 3, None, np.eye(2)], ids=str)
def test_a_triangle_is_l_or_u(which, triangle):
    a = mg.tensor(np.eye(2), requires_grad=True)
    for wrong in (triangle, a):
        with pytest.raises(ValueError, match=rf"{which}\(\) reads the lower or the upper triangle") as caught:
            getattr(np.linalg, which)(a, wrong)
        assert len(str(caught.value).splitlines()) == 2


def test_the_mode_of_qr_is_told_in_one_line():
    a = mg.tensor(np.eye(2), requires_grad=True)
    for mode in (a, np.eye(3), 3, "raw"):
        with pytest.raises(mg.GradError) as caught:
            np.linalg.qr(a, mode)
        assert len(str(caught.value).splitlines()) == 2


def test_right_hand_sides_of_another_length_are_told_so():
    a, b = mg.tensor(np.eye(2), requires_grad=True), mg.tensor(np.ones(3))
    with pytest.raises(mg.ShapeError, match=r"Solve got a of shape \(2, 2\) and b of shape \(3,\): .*\n.*b must be"):
        np.linalg.solve(a, b)
