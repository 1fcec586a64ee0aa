"""What the derivative is where there is none: the conventions, in one table.

One idea: a convention is a number in a table, and the guards that make it hold (0 · ∞
is 0 where nothing was taken) may not cost anything elsewhere: the backward pass stays
linear, and the second derivative keeps the promise too.
"""

from typing import Any

import numpy as np
import pytest

import minigrad as mg

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, at 1/0 and log(0)

nan, inf = float("nan"), float("inf")


def gradients(function: Any, *values: Any, u: Any = None) -> list[Any]:
    """The gradients of sum(f), or of <u, f>, as lists."""
    xs = [mg.tensor(value, requires_grad=True, dtype=float) for value in values]
    y = function(*xs)
    return [g.tolist() for g in mg.gradients(y.sum() if u is None else y, xs, output_gradients=u)]


TABLE: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "maximum, a tie": (mg.maximum, [[1.0, 0.0], [1.0, 0.0]], [[0.5, 0.5], [0.5, 0.5]]),
    "minimum, a tie": (mg.minimum, [[1.0, 0.0], [1.0, 0.0]], [[0.5, 0.5], [0.5, 0.5]]),
    "maximum, 0.0 ties with -0.0": (mg.maximum, [0.0, -0.0], [0.5, 0.5]),
    "maximum, a tie with a number": (lambda x: mg.maximum(x, 1.0), [[1.0, 2.0, 0.0]], [[0.5, 1.0, 0.0]]),
    "maximum, infinities tie": (mg.maximum, [inf, inf], [0.5, 0.5]),
    "maximum, NaN is the maximum": (mg.maximum, [[nan, 1.0], [1.0, nan]], [[1.0, 0.0], [0.0, 1.0]]),
    "minimum, NaN is the minimum": (mg.minimum, [[nan, 1.0], [1.0, nan]], [[1.0, 0.0], [0.0, 1.0]]),
    "maximum, two NaN tie": (mg.maximum, [nan, nan], [0.5, 0.5]),
    "max, ties": (mg.max, [[3.0, 1.0, 3.0, 3.0, 3.0]], [[0.25, 0.0, 0.25, 0.25, 0.25]]),
    "min, ties": (mg.min, [[3.0, 1.0, 1.0]], [[0.0, 0.5, 0.5]]),
    "max, ties on an axis": (lambda x: mg.max(x, -1), [[[2.0, 2.0], [1.0, 2.0]]], [[[0.5, 0.5], [0.0, 1.0]]]),
    "max, ties in one line and NaN in another": (
        lambda x: mg.max(x, -1),
        [[[1.0, 1.0], [nan, 2.0]]],
        [[[0.5, 0.5], [1.0, 0.0]]],
    ),
    "max, all equal": (mg.max, [[0.0] * 8], [[0.125] * 8]),
    "max, NaN is the largest": (mg.max, [[1.0, nan, 2.0]], [[0.0, 1.0, 0.0]]),
    "max, two NaN tie": (mg.max, [[nan, 1.0, nan]], [[0.5, 0.0, 0.5]]),
    "min, NaN is the smallest": (mg.min, [[1.0, nan, 0.0]], [[0.0, 1.0, 0.0]]),
    "ptp, ties at both ends": (mg.ptp, [[3.0, 1.0, 3.0, 1.0, 1.0]], [[0.5, -1 / 3, 0.5, -1 / 3, -1 / 3]]),
    "ptp, all equal": (mg.ptp, [[2.0, 2.0]], [[0.0, 0.0]]),
    "nanmax, ties and a NaN": (mg.nanmax, [[nan, 3.0, 1.0, 3.0]], [[0.0, 0.5, 0.0, 0.5]]),
    "nanmin, NaN is not the smallest": (mg.nanmin, [[1.0, nan, 2.0]], [[1.0, 0.0, 0.0]]),
    "prod, one zero": (mg.prod, [[2.0, 0.0, 3.0]], [[0.0, 6.0, 0.0]]),
    "prod, two zeros": (mg.prod, [[0.0, 2.0, 0.0]], [[0.0, 0.0, 0.0]]),
    "cumprod, one zero": (mg.cumprod, [[2.0, 0.0, 3.0]], [[1.0, 8.0, 0.0]]),
    "std, all equal": (mg.std, [[0.1, 0.1, 0.1]], [[0.0, 0.0, 0.0]]),
    "std, one element": (mg.std, [[5.0]], [[0.0]]),
    "sort, a tie": (lambda x: mg.sort(x)[:1], [[2.0, 1.0, 1.0, 1.0]], [[0.0, 1.0, 0.0, 0.0]]),
    "sort, all equal": (lambda x: mg.sort(x) * [1.0, 2.0, 3.0], [[0.0, -0.0, 0.0]], [[1.0, 2.0, 3.0]]),
    "topk, a tie": (lambda x: mg.topk(x, 1).values, [[1.0, 2.0, 2.0]], [[0.0, 1.0, 0.0]]),
    "median, an even number": (mg.median, [[1.0, 4.0, 2.0, 0.0]], [[0.5, 0.0, 0.5, 0.0]]),
    "median, a tie of three": (mg.median, [[1.0, 1.0, 1.0]], [[0.0, 1.0, 0.0]]),
    "quantile, between two": (lambda x: mg.quantile(x, 0.25), [[5.0, 1.0, 2.0]], [[0.0, 0.5, 0.5]]),
    "quantile, at an element": (lambda x: mg.quantile(x, 0.5), [[5.0, 1.0, 2.0]], [[0.0, 0.0, 1.0]]),
    "logsumexp, all -inf": (mg.logsumexp, [[-inf, -inf]], [[0.0, 0.0]]),
    "logsumexp, infinities tie": (mg.logsumexp, [[inf, 1.0, inf]], [[0.5, 0.0, 0.5]]),
    "abs at 0": (mg.absolute, [[0.0, -0.0, -2.0, 3.0]], [[0.0, 0.0, -1.0, 1.0]]),
    "relu at 0": (mg.relu, [[0.0, -0.0, -2.0, 3.0]], [[0.0, 0.0, 0.0, 1.0]]),
    "sqrt at 0": (mg.sqrt, [[0.0, 4.0]], [[inf, 0.25]]),
    "fabs at 0": (mg.fabs, [[0.0, -0.0, -2.0, 3.0]], [[0.0, 0.0, -1.0, 1.0]]),
    "fmax, a tie": (mg.fmax, [[1.0, 0.0], [1.0, 0.0]], [[0.5, 0.5], [0.5, 0.5]]),
    "fmin, a tie": (mg.fmin, [[1.0, 0.0], [1.0, 0.0]], [[0.5, 0.5], [0.5, 0.5]]),
    "fmax, NaN is left out": (mg.fmax, [[nan, 1.0, nan], [1.0, nan, nan]], [[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]]),
    "fmin, NaN is left out": (mg.fmin, [[nan, 1.0, nan], [1.0, nan, nan]], [[0.0, 1.0, 0.5], [1.0, 0.0, 0.5]]),
    "clip at its bounds": (
        mg.clip,
        [[-1.0, 0.0, 0.5, 1.0, 2.0], [0.0] * 5, [1.0] * 5],
        [[0.0, 0.5, 1.0, 0.5, 0.0], [1.0, 0.5, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.5, 1.0]],
    ),
    "clip, one bound": (lambda x: mg.clip(x, 0.0), [[-1.0, 0.0, 1.0]], [[0.0, 0.5, 1.0]]),
    "clip, bounds that meet": (
        mg.clip,
        [[0.0, 1.0, 2.0], [1.0] * 3, [1.0] * 3],
        [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.5, 1.0, 1.0]],
    ),
    "clip, bounds in the wrong order": (
        mg.clip,
        [[0.0, 1.0, 2.0, 3.0, 4.0], [3.0] * 5, [1.0] * 5],
        [[0.0] * 5, [0.0] * 5, [1.0] * 5],
    ),
    "clip, a tie beside bounds in the wrong order": (
        mg.clip,
        [[0.0, 0.0], [0.0, 0.125], [0.125, -0.125]],
        [[0.5, 0.0], [0.5, 0.0], [0.0, 1.0]],
    ),
    "clip, NaN stays": (mg.clip, [[nan], [0.0], [1.0]], [[1.0], [0.0], [0.0]]),
    "nan_to_num": (mg.nan_to_num, [[1.0, nan, inf, -inf]], [[1.0, 0.0, 0.0, 0.0]]),
    "hypot at the origin": (mg.hypot, [[0.0, 3.0, 0.0], [0.0, 4.0, -2.0]], [[0.0, 0.6, 0.0], [0.0, 0.8, -1.0]]),
    "arctan2 at the origin": (mg.arctan2, [[0.0, 0.0], [0.0, 2.0]], [[nan, 0.5], [nan, 0.0]]),
    "arctan2 on its cut": (mg.arctan2, [[0.0, -0.0], [-2.0, -2.0]], [[-0.5, -0.5], [0.0, 0.0]]),
    "logaddexp of infinities": (
        mg.logaddexp,
        [[-inf, inf, -inf, inf], [-inf, inf, 1.0, 1.0]],
        [[0.5, 0.5, 0.0, 1.0], [0.5, 0.5, 1.0, 0.0]],
    ),
    "logaddexp2 of infinities": (
        mg.logaddexp2,
        [[-inf, inf, -inf, inf], [-inf, inf, 1.0, 1.0]],
        [[0.5, 0.5, 0.0, 1.0], [0.5, 0.5, 1.0, 0.0]],
    ),
    "cbrt at 0": (mg.cbrt, [[0.0, 8.0, -1.0]], [[inf, 1 / 12, 1 / 3]]),
    "arcsin at ±1": (mg.arcsin, [[-1.0, 0.0, 1.0]], [[inf, 1.0, inf]]),
    "arccos at ±1": (mg.arccos, [[-1.0, 0.0, 1.0]], [[-inf, -1.0, -inf]]),
    "arctanh at ±1": (mg.arctanh, [[-1.0, 0.0, 1.0]], [[inf, 1.0, inf]]),
    "arccosh at 1": (mg.arccosh, [[1.0]], [[inf]]),
    "log1p at -1": (mg.log1p, [[-1.0, 0.0]], [[inf, 1.0]]),
    "heaviside at its jump": (mg.heaviside, [[-1.0, 0.0, 1.0], [5.0] * 3], [[0.0] * 3, [0.0, 1.0, 0.0]]),
    "sinc at 0": (mg.sinc, [[0.0]], [[0.0]]),
    "float_power, 0**0": (mg.float_power, [[0.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, np.log(2.0)]]),
    "x**0 for a number": (lambda x: x**0, [[0.0, 2.0, -1.0]], [[0.0, 0.0, 0.0]]),
    "x**0.0 for a number": (lambda x: x**0.0, [[0.0, 2.0]], [[0.0, 0.0]]),
    "x**0 for an array": (lambda x: x ** np.array([0.0, 0.0]), [[0.0, 2.0]], [[0.0, 0.0]]),
    "x**0 for integers": (lambda x: x ** np.array([0, 0]), [[0.0, 2.0]], [[0.0, 0.0]]),
    "x**1 at 0": (lambda x: x**1, [[0.0]], [[1.0]]),
    "x**2 at 0": (lambda x: x**2, [[0.0]], [[0.0]]),
    "x**1 at 0 for an array": (lambda x: x ** np.array([1.0, 2.0, 3.0]), [[0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]]),
    "x**0.5 at 0": (lambda x: x**0.5, [[0.0]], [[inf]]),
    "x**y at 0, both asked": (mg.power, [[0.0, 0.0, 0.0], [0.0, 1.0, 2.0]], [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]),
    "0**y in y": (lambda y: 0.0**y, [[0.0, 1.0, 2.5]], [[0.0, 0.0, 0.0]]),
    "norm at 0": (mg.norm, [[0.0, 0.0]], [[0.0, 0.0]]),
    "norm at 0, by rows": (lambda x: mg.norm(x, axis=1), [[[0.0, 0.0], [0.0, 2.0]]], [[[0.0, 0.0], [0.0, 1.0]]]),
    "norm of a number": (mg.norm, [0.0], [0.0]),
    "norm of order 3, an element is 0": (lambda x: mg.norm(x, 3), [[0.0, 2.0]], [[0.0, 1.0]]),
    "norm of order 1/2, an element is 0": (lambda x: mg.norm(x, 0.5), [[0.0, 4.0]], [[0.0, 1.0]]),
    "norm of order 3 at 0": (lambda x: mg.norm(x, 3), [[0.0, 0.0]], [[0.0, 0.0]]),
    "norm of order inf, a tie": (lambda x: mg.norm(x, inf), [[3.0, -3.0, 1.0]], [[0.5, -0.5, 0.0]]),
    "nuclear norm at 0": (lambda x: mg.norm(x, "nuc"), [[[0.0, 0.0], [0.0, 0.0]]], [[[0.0, 0.0], [0.0, 0.0]]]),
    "interp at a point": (
        lambda x: mg.interp(x, [0.0, 1.0, 2.0], [0.0, 1.0, 3.0]),
        [[-1.0, 0.0, 0.5, 1.0, 2.0, 3.0]],
        [[0.0, 1.0, 1.0, 2.0, 0.0, 0.0]],
    ),
    "index_update, a repeated index": (
        lambda x, y: mg.index_update(x, [0, 0], y),
        [[1.0, 2.0], [3.0, 4.0]],
        [[0.0, 1.0], [0.0, 1.0]],
    ),
    "a negative base, a constant exponent": (lambda x: x ** np.array([2.0, 3.0]), [[-1.0, -2.0]], [[-2.0, 12.0]]),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_table(name):
    function, values, expected = TABLE[name]
    for found, wanted in zip(gradients(function, *values), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [mg.max, mg.min])
def test_many_ties_share_exactly_one(function, dtype):
    x = mg.tensor(np.zeros(70_000), dtype=dtype, requires_grad=True)
    g = mg.gradients(function(x), x)
    assert g.dtype == dtype
    assert g.data.sum(dtype=np.float64) == pytest.approx(1, rel=1e-6)


# Functions that are not taken where their slope is infinite or NaN, and a mask of where they are.
NOT_TAKEN: dict[str, tuple[Any, list[float]]] = {
    "sqrt": (lambda x: mg.where(x > 0, mg.sqrt(x), 0.0), [0.0, 4.0]),
    "sqrt of a negative": (lambda x: mg.where(x > 0, mg.sqrt(x), 0.0), [-1.0, 4.0]),
    "log": (lambda x: mg.where(x > 0, mg.log(x), 0.0), [0.0, 4.0]),
    "1/x": (lambda x: mg.where(x > 0, 1 / x, 0.0), [0.0, 4.0]),
    "reciprocal": (lambda x: mg.where(x > 0, mg.reciprocal(x), 0.0), [0.0, 4.0]),
    "x**-2": (lambda x: mg.where(x > 0, x**-2, 0.0), [0.0, 4.0]),
    "x**0.5": (lambda x: mg.where(x > 0, x**0.5, 0.0), [0.0, 4.0]),
    "exp that overflows": (lambda x: mg.where(x < 100, mg.exp(x), 0.0), [1000.0, 4.0]),
    "exp that overflows, inside": (lambda x: mg.where(x < 100, mg.log(1 + mg.exp(x)), x), [1000.0, 4.0]),
    "x/x": (lambda x: mg.where(x > 0, x / x**2, 0.0), [0.0, 4.0]),
    "in a chain": (lambda x: mg.where(x > 0, mg.sin(mg.sqrt(x)) * 3 + 1, 0.0), [0.0, 4.0]),
    "cbrt": (lambda x: mg.where(x > 0, mg.cbrt(x), 0.0), [0.0, 4.0]),
    "log2": (lambda x: mg.where(x > 0, mg.log2(x), 0.0), [0.0, 4.0]),
    "log1p": (lambda x: mg.where(x > 0, mg.log1p(x - 1), 0.0), [0.0, 4.0]),
    "arcsin": (lambda x: mg.where(x > 0, mg.arcsin(x / 4 - 1), 0.0), [0.0, 4.0]),
    "arctanh": (lambda x: mg.where(x > 0, mg.arctanh(x / 5 - 1), 0.0), [0.0, 4.0]),
    "arccosh": (lambda x: mg.where(x > 0, mg.arccosh(x + 1), 0.0), [0.0, 4.0]),
    "arctan2": (lambda x: mg.where(x > 0, mg.arctan2(x, 3 * x), 0.0), [0.0, 4.0]),
    "a NaN that was replaced": (lambda x: mg.nan_to_num(mg.log(x)), [0.0, 4.0]),
    "clipped away": (lambda x: mg.clip(mg.log(x), -5.0, 5.0), [0.0, 4.0]),
    "as the other branch": (lambda x: mg.where(x <= 0, 0.0, mg.sqrt(x)), [0.0, 4.0]),
    "indexed away": (lambda x: mg.sqrt(x)[1:], [0.0, 4.0]),
    "masked away": (lambda x: (1 / x)[np.array([False, True])], [0.0, 4.0]),
    "indexed away after a chain": (lambda x: (mg.log(x) * 2)[[1]], [0.0, 4.0]),
    "the smaller one": (lambda x: mg.maximum(mg.log(x), -5.0), [0.0, 4.0]),
    "below 0": (lambda x: mg.relu(mg.log(x)), [0.0, 4.0]),
    "not the largest": (lambda x: mg.max(mg.log(x)), [0.0, 4.0]),
    "times an inf": (lambda x: mg.where(x > 0, x * np.array([inf, 2.0]), 0.0), [0.0, 4.0]),
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_nothing_comes_from_what_was_not_taken(name):
    """Its gradient is exactly 0, and what was taken has the gradient it has alone."""
    function, values = NOT_TAKEN[name]
    x = mg.tensor(values, requires_grad=True)
    alone = mg.tensor([4.0, 4.0], requires_grad=True)
    first = mg.gradients(function(x).sum(), x, create_graph=True)
    again = mg.gradients((function(alone) * np.ones(function(alone).shape)).sum(), alone, create_graph=True)
    bare = mg.gradients(function(x).sum(), x)
    skipped = 1.0 if name == "exp that overflows, inside" else 0.0  # there the other branch is x itself
    assert bare.tolist()[0] == first.tolist()[0] == skipped
    taken = mg.gradients(function(alone).sum(), alone).tolist()[1]
    assert first.tolist()[1] == bare.tolist()[1] == (2 * taken if name == "not the largest" else taken)
    second = mg.gradients(first.sum(), x).tolist()
    assert second[0] == 0
    expected = mg.gradients(again.sum(), alone).tolist()[1]
    assert second[1] == pytest.approx(2 * expected if name == "not the largest" else expected, rel=1e-14)


@pytest.mark.parametrize(
    "function", [mg.sqrt, mg.log, mg.reciprocal, lambda x: x**-1.5, lambda x: 1 / x, lambda x: x**0.5]
)
def test_a_zero_in_the_given_gradient_is_nothing_taken(function):
    (found,) = gradients(function, [0.0, 4.0], u=np.array([0.0, 1.0]))
    (expected,) = gradients(function, [4.0, 4.0], u=np.array([0.0, 1.0]))
    assert found == expected
    x = mg.tensor([0.0, 4.0], requires_grad=True)
    function(x).backward(np.array([0.0, 1.0]))
    assert x.grad.tolist() == expected


@pytest.mark.parametrize(
    "function", [mg.sqrt, mg.log, mg.exp, mg.reciprocal, lambda x: x * x, lambda x: x**-1.5, mg.tanh]
)
def test_differentiating_the_vjp_by_its_vector_gives_the_jacobian_at_0_too(function):
    """<Jᵀ v> is linear in v, so its derivative is J, where v is 0 as well: the guard may not cut it."""
    for zero in ([0.0, 0.0], [0.0, 1.0]):
        x = mg.tensor([0.25, 4.0], requires_grad=True)
        v = mg.tensor(zero, requires_grad=True)
        g = mg.gradients(function(x), x, output_gradients=v, create_graph=True)
        found = mg.gradients(g.sum(), v)
        expected = mg.gradients(function(x).sum(), x)
        assert found.tolist() == expected.tolist()


def test_the_jacobian_by_double_vjp_beside_a_singular_element():
    x = mg.tensor([0.0, 4.0], requires_grad=True)
    v = mg.tensor([0.0, 0.0], requires_grad=True)
    g = mg.gradients(mg.sqrt(x), x, output_gradients=v, create_graph=True)
    assert g.tolist() == [0.0, 0.0]
    assert mg.gradients(g.sum(), v).tolist()[1] == 0.25


def test_a_product_with_an_infinite_slope_that_was_taken_is_not_hidden():
    """The guard is for what was not taken: an honest infinity or NaN stays."""
    assert gradients(mg.sqrt, 0.0) == [inf]
    assert gradients(lambda x: mg.where(x >= 0, mg.sqrt(x), 0.0), [0.0]) == [[inf]]
    (g,) = gradients(mg.log, [nan])
    assert np.isnan(g).all()
    (g,) = gradients(lambda x: mg.where(np.array([True]), x * nan, 0.0), [1.0])
    assert np.isnan(g).all()


@pytest.mark.parametrize("order", ["x first", "y first"])
def test_mixed_second_derivative_of_a_power(order):
    """∂²(x^y)/∂x∂y = x^(y-1) (1 + y log x), whichever comes first; at y = 0 it is 1/x."""
    a, b = np.array([0.5, 3.0, 3.0, 2.0]), np.array([0.0, 0.0, 1.0, -1.5])
    x, y = mg.tensor(a, requires_grad=True), mg.tensor(b, requires_grad=True)
    first, second = (x, y) if order == "x first" else (y, x)
    g = mg.gradients(mg.power(x, y), first, output_gradients=np.ones(4), create_graph=True)
    found = mg.gradients(g.sum(), second).data
    np.testing.assert_allclose(found, a ** (b - 1) * (1 + b * np.log(a)), rtol=1e-14)


def test_second_derivatives_at_kinks_are_0():
    for function in (
        *(mg.absolute, mg.fabs, mg.relu, lambda x: mg.maximum(x, 0.0), lambda x: mg.minimum(x, 0.0)),
        *(lambda x: mg.hypot(x, 0.0), lambda x: mg.clip(x, 0.0, 1.0), lambda x: mg.fmax(x, 0.0)),
    ):
        x = mg.tensor([0.0, -1.0, 2.0], requires_grad=True)
        g = mg.gradients(function(x).sum(), x, create_graph=True)
        assert mg.gradients((g * g).sum(), x).tolist() == [0.0, 0.0, 0.0]


def test_the_mean_of_nothing():
    x = mg.tensor(np.zeros((0, 2)), requires_grad=True)
    y = mg.mean(x, 0)
    assert np.isnan(y.data).all()
    y.sum().backward()
    assert x.grad.shape == (0, 2)


@pytest.mark.parametrize("function", [mg.max, mg.min])
def test_the_largest_of_nothing_is_refused(function):
    with pytest.raises(ValueError, match="zero-size"):
        function(mg.tensor([], requires_grad=True))


def test_sigmoid_does_not_overflow():
    x = mg.tensor([-1000.0, 1000.0, 0.0], requires_grad=True)
    with np.errstate(over="raise"):
        y = mg.sigmoid(x)
        y.sum().backward()
    assert y.tolist() == [0.0, 1.0, 0.5]
    assert x.grad.tolist() == [0.0, 0.0, 0.25]


def test_a_mask_speaks_for_its_own_branch_alone():
    """sqrt(x)² at 0 is 0 · ∞, whatever another branch of the sum leaves out."""
    x, w = mg.tensor([0.0, 4.0], requires_grad=True), mg.tensor([1.0, -1.0], requires_grad=True)
    with np.errstate(all="ignore"):
        alone = mg.gradients((mg.sqrt(x) ** 2).sum(), x)
        beside, _ = mg.gradients((mg.sqrt(x) ** 2).sum() + mg.relu(w).sum(), [x, w])  # the relu is visited first
    np.testing.assert_array_equal(alone.data, [np.nan, 1])
    np.testing.assert_array_equal(beside.data, alone.data)


def test_where_takes_all_ways_to_be_exact():
    """A gradient of 0 that reached a root another way than through the mask is no "not taken"."""
    x = mg.tensor([0.0, 4.0], requires_grad=True)
    root = mg.sqrt(x)
    with np.errstate(all="ignore"):
        g = mg.gradients(mg.where(x > 0, root, 0.0).sum() + (root * 0.0).sum(), x)
    np.testing.assert_array_equal(g.data, [np.nan, 0.25])


def test_no_warning_for_what_was_not_taken():
    x = mg.tensor([0.0, 4.0], requires_grad=True)
    with np.errstate(all="raise"):
        mg.where(x > 0, mg.sqrt(x), 0.0).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [0, 0.25])


def test_the_slope_of_a_remainder_lies_beside_its_jumps():
    x, y = mg.tensor([4.0, -1.0], requires_grad=True), mg.tensor([2.0, 2.0], requires_grad=True)
    gx, gy = mg.gradients((x % y).sum(), [x, y])
    assert (gx.tolist(), gy.tolist()) == ([1, 1], [-2, 1])
    assert not (x // y).requires_grad


@pytest.mark.parametrize("value", [1.0, 0.1, 0.7, 1e8 / 3])
def test_std_of_equal_numbers_is_flat_however_their_mean_is_rounded(value):
    for n in (2, 3, 6, 7):
        assert not mg.grad(np.std)(np.full(n, value)).any()
        assert not mg.hessian(np.std)(np.full(n, value)).any()
    rows = np.array([[value] * 3, [1.0, 2.0, 4.0]])
    second = mg.hessian(lambda x: np.std(x, axis=1, keepdims=True).sum())(rows)
    assert not second[0].any()
    np.testing.assert_allclose(second[1, :, 1], mg.hessian(np.std)(rows[1]))
