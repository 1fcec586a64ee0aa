"""Operations of each element beside their slopes: names, forms of calls, and digits where rules could lose them.

One idea: what the spec of an operation cannot say is said here, once, by the book.
"""

from typing import Any

import mpmath
import numpy as np
import pytest

import minigrad as mg

nan, inf = float("nan"), float("inf")


# ----------------------------------------------------------------------------- names


OTHER_NAMES = ["true_divide", "mod", "abs", "pow", "degrees", "radians", "around", "fix", "bitwise_not"]
OTHER_NAMES += ["acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh"]


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("name", OTHER_NAMES)
def test_numpys_other_names_are_ours_too(name):
    numpy, ours = getattr(np, name), getattr(mg, name)
    x = mg.tensor([True, False]) if name == "bitwise_not" else mg.tensor([1.0, 1.0])
    arguments = (x, x)[: getattr(numpy, "nin", 1)]
    expected = numpy(*(a.data for a in arguments))
    for function in (numpy, ours):
        found = function(*arguments)
        assert type(found) is mg.Tensor
        np.testing.assert_array_equal(found.data, expected)


def test_one_operation_for_two_names_of_numpys(forgetful_registry):
    class Degrees(mg.Op, numpy=(len, repr)):
        def forward(x):
            return x

    assert mg.op.by_numpy[len] is mg.op.by_numpy[repr] is Degrees
    with pytest.raises(TypeError, match="recorded by Degrees already"):

        class Again(mg.Op, numpy=(min, len)):
            def forward(x):
                return x


# ----------------------------------------------------------------------------- forms of calls


def test_the_forms_of_clip():
    x = mg.tensor([-2.0, 0.5, 3.0], requires_grad=True)
    for found, expected in [
        (np.clip(x, 0.0, 1.0), [0.0, 0.5, 1.0]),
        (np.clip(x, a_min=0.0, a_max=None), [0.0, 0.5, 3.0]),
        (np.clip(x, None, 1.0), [-2.0, 0.5, 1.0]),
        (np.clip(x, min=0.0, max=1.0), [0.0, 0.5, 1.0]),
        (np.clip(x, max=1.0), [-2.0, 0.5, 1.0]),
        (np.clip(x, None, None), [-2.0, 0.5, 3.0]),
        (x.clip(0.0, 1.0), [0.0, 0.5, 1.0]),
        (x.clip(0.0), [0.0, 0.5, 3.0]),
        (x.clip(max=1.0), [-2.0, 0.5, 1.0]),
        (np.clip(x, [0.0, 1.0, 0.0], 2), [0.0, 1.0, 2.0]),
    ]:
        assert found.tolist() == expected
        assert found.requires_grad
    assert np.clip(mg.tensor([1, 5, 9]), 2, 6).tolist() == [2, 5, 6]
    with pytest.raises(TypeError, match=r"one bound by two names[\s\S]*clip\(x, lower, upper\)"):
        mg.clip(x, 0.0, min=1.0)


def test_a_bound_of_clip_may_have_a_gradient_of_its_own():
    lo = mg.tensor(0.0, requires_grad=True)
    mg.clip(np.array([-2.0, -1.0, 3.0]), lo, 1.0).sum().backward()
    assert lo.grad.item() == 2.0
    lo = mg.tensor([0.0], requires_grad=True)
    mg.clip(np.array([[-2.0], [3.0]]), min=lo).sum().backward()
    assert lo.grad.tolist() == [1.0]


def test_nan_to_num_takes_what_numpy_takes_by_name():
    x = mg.tensor([nan, inf, -inf, 1.0])
    assert np.nan_to_num(x, nan=1.0, posinf=2.0, neginf=3.0).tolist() == [1.0, 2.0, 3.0, 1.0]
    with pytest.raises(TypeError, match="fewer arguments"):
        np.nan_to_num(x, copy=False)


def test_rounding():
    x = mg.tensor([12.345, -0.5, 1.5], requires_grad=True)
    for found, expected in [
        (x.round(1), [12.3, -0.5, 1.5]),
        (np.round(x), [12.0, -0.0, 2.0]),
        (np.around(x, -1), [10.0, -0.0, 0.0]),
        (np.fix(x), [12.0, -0.0, 1.0]),
    ]:
        assert found.tolist() == expected
        assert not found.requires_grad


def test_the_value_at_the_jump_of_heaviside_has_a_gradient():
    x, y = mg.tensor([-1.0, 0.0], requires_grad=True), mg.tensor(0.5, requires_grad=True)
    np.heaviside(x, y).sum().backward()
    assert y.grad.item() == 1.0
    assert x.grad.tolist() == [0.0, 0.0]


def test_comparisons_that_are_one_truth_value():
    x = mg.tensor([1.0, nan], requires_grad=True)
    y = mg.tensor([1.0 + 1e-9, nan])
    for result, expected in [
        (np.allclose(x, y), False),
        (np.allclose(x, y, equal_nan=True), True),
        (np.allclose(x, [1.0, 2.0]), False),
        (np.array_equal(x, x), False),
        (np.array_equal(x, x, equal_nan=True), True),
        (np.array_equal(x, [1.0]), False),
        (np.array_equiv(mg.ones((2, 2)), mg.ones(2)), True),
        (mg.allclose(np.ones(2), 1), True),
    ]:
        assert result is expected


def test_infinities_and_truth():
    x = mg.tensor([inf, -inf, nan, 0.0, 1.0])
    for function in (np.isposinf, np.isneginf, np.isinf, np.isnan, np.isfinite, np.logical_not):
        np.testing.assert_array_equal(function(x).data, function(x.data))
    assert bool((x > 0).any())
    assert not (x > 0).all()
    assert np.any(x[3:4]).item() is False
    assert (x[:2] > 0).all(axis=0, keepdims=True).tolist() == [False]
    a, b = mg.tensor([True, False]), mg.tensor([True, True])
    assert (a ^ b).tolist() == [False, True]
    assert (True ^ a).tolist() == [False, True]
    assert (mg.tensor([6]) ^ 3).tolist() == [5]


# ----------------------------------------------------------------------------- digits


def nth(function: Any, x: Any, order: int) -> Any:
    """The derivative of that order."""
    x = mg.tensor(x, requires_grad=True)
    y = function(x)
    for _ in range(order):
        y = mg.gradients(y.sum(), x, create_graph=True)
    return y.detach().data


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_all_derivatives_of_sinc(order):
    x = np.array([0.0, 1e-8, -1e-3, 0.1, 0.3, -0.6, 0.64, 0.95, 1.0, 1.3, 1.6, -2.5, 7.1, 40.2])

    def sinc(t):
        return mpmath.sincpi(t) if t else mpmath.mpf(1)

    with mpmath.workdps(50):
        right = [float(mpmath.diff(sinc, mpmath.mpf(t), order)) for t in x.tolist()]
    found = nth(mg.sinc, x, order)
    np.testing.assert_allclose(found, right, rtol=0, atol=2e-14 * np.pi**order)
    if order % 2:
        assert found[0] == 0
        np.testing.assert_allclose(found[1:5], right[1:5], rtol=1e-14)  # near 0 it is nearly 0, and keeps its digits


@pytest.mark.parametrize(
    ("function", "right", "x"),
    [
        (mg.arcsin, lambda x: 1 / mpmath.sqrt(1 - x * x), [0.999999999, -0.99999]),
        (mg.arccos, lambda x: -1 / mpmath.sqrt(1 - x * x), [0.999999999, -0.99999]),
        (mg.arctanh, lambda x: 1 / (1 - x * x), [0.999999999, -0.99999]),
        (mg.arccosh, lambda x: 1 / mpmath.sqrt(x * x - 1), [1.000000001, 1.5, 20.0]),
        (mg.arcsinh, lambda x: 1 / mpmath.sqrt(x * x + 1), [1e-9, -2.0, 20.0]),
        (mg.expm1, mpmath.exp, [-40.0, 1e-20]),
        (mg.log1p, lambda x: 1 / (1 + x), [-0.999999999, 1e-20]),
        (mg.log10, lambda x: 1 / (x * mpmath.log(10)), [1e308, 1e-300]),
        (mg.softplus, lambda x: 1 / (1 + mpmath.exp(-x)), [-700.0, -40.0, 0.0, 40.0]),
        (mg.hypot, lambda x: x / mpmath.hypot(x, mpmath.mpf("1e-200")), [1e-200, 3e-200]),
    ],
)
def test_rules_keep_their_digits(function, right, x):
    ours = (lambda t: function(t, 1e-200)) if function is mg.hypot else function
    with mpmath.workdps(40):
        expected = [float(right(mpmath.mpf(t))) for t in x]
    np.testing.assert_allclose(nth(ours, x, 1), expected, rtol=4e-16 * 4)


@pytest.mark.parametrize("function", [mg.arcsinh, mg.arccosh])
def test_slopes_at_huge_numbers_do_not_overflow(function):
    """The result is some hundreds, and its last digit is what the slope is exact to."""
    with np.errstate(over="raise"):
        np.testing.assert_allclose(nth(function, [1e200, 1e300], 1), [1e-200, 1e-300], rtol=1e-13)


def test_the_angle_of_a_tiny_and_of_a_huge_point():
    for size in (1e-200, 1e200):
        y, x = mg.tensor(3 * size, requires_grad=True), mg.tensor(4 * size, requires_grad=True)
        found = mg.gradients(mg.arctan2(y, x), [y, x])
        np.testing.assert_allclose([g.item() for g in found], [0.16 / size, -0.12 / size], rtol=1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("y", [3, 4, -2, 3.0, -2.0])
def test_powers_by_products_are_numpys(y, dtype):
    """At every magnitude: what overflows or vanishes on the way is the same as in the end."""
    ends = np.finfo(dtype)
    x = np.geomspace(float(ends.smallest_subnormal), float(ends.max) * 0.999, 999).astype(dtype)
    x = np.concatenate([x, -x, [0.0, -0.0, inf, -inf, nan]]).astype(dtype)
    for found in (mg.power(x, y), (mg.tensor(x) ** y).data):
        right = x**y
        assert found.dtype == dtype
        zero = right == 0
        np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(right[zero]))
        np.testing.assert_allclose(found, right, rtol=4 * ends.eps, atol=4 * ends.smallest_subnormal)


def test_the_slope_of_gelu_at_numbers_that_have_lost_digits():
    x = mg.tensor([0.0, 5e-324, 1.5e-323, -2.5e-322], requires_grad=True)
    for recorded in (False, True):
        for some in (x, x[1:], x[2:]):
            slopes = mg.gradients(mg.gelu(some).sum(), some, create_graph=recorded)
            np.testing.assert_array_equal(slopes.detach().data, np.full(some.shape, 0.5))


@pytest.mark.parametrize(("dtype", "x"), [(np.float64, -720.0), (np.float32, -95.0), (np.float16, -12.0)])
def test_sigmoid_where_its_denominator_overflows(dtype, x):
    found = mg.sigmoid(np.array([x, 0.0, 800.0], dtype))
    assert found.dtype == dtype
    assert found.tolist() == [np.exp(dtype(x)), 0.5, 1.0]
    assert found[0] > 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_slope_of_a_rest_by_infinity_and_by_0():
    for x, y, expected in [(1.0, inf, 0.0), (-1.0, inf, 1.0), (1.0, -inf, 1.0), (1.0, 0.0, -inf), (-1.0, 0.0, inf)]:
        t = mg.tensor([y, 1.0], requires_grad=True)
        assert mg.gradients(mg.remainder(x, t).sum(), t).tolist()[0] == expected


def test_the_second_derivative_of_a_saturated_softplus():
    x = np.array([-40.0, -5.0, 0.0, 5.0, 40.0])
    with mpmath.workdps(40):
        right = [float(1 / (2 + mpmath.exp(t) + mpmath.exp(-t))) for t in x.tolist()]
    np.testing.assert_allclose(nth(mg.softplus, x, 2), right, rtol=1e-14)


def test_the_rest_of_a_quotient_that_rounds_to_a_whole_number():
    """5 × 0.1 is just above 0.5, but 0.5 / 0.1 rounds to 5 where it is a little less."""
    x, y = 0.5, 0.1
    slope = mg.gradients(mg.fmod(x, t := mg.tensor(y, requires_grad=True)), t).item()
    assert slope == -4.0
    assert np.fmod(x, y) == pytest.approx(0.1)


def test_float_power_computes_in_float64():
    x = mg.tensor(np.array([3.0, 0.5], np.float32), requires_grad=True)
    y = np.float_power(x, 2)
    assert y.dtype == np.float64
    y.sum().backward()
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [6.0, 1.0]
    assert np.float_power(mg.tensor([2, 4]), -1).tolist() == [0.5, 0.25]


# ----------------------------------------------------------------------------- many elements


HARD = {
    "none": [],
    "an overflow": [1e200, -1e200],
    "too small": [1e-200, 3e-200],
    "infinities": [inf, inf],
    "nothing": [0.0, 0.0],
    "NaN": [nan, 1.0],
}
"""What may stand among many ordinary numbers, so that no formula that is fast for those may be used."""

OF_ONE = [mg.sigmoid, mg.sinc, mg.erf, mg.erfc, mg.gelu, mg.nan_to_num, mg.relu]
OF_ONE += [lambda x: x**3, lambda x: mg.power(x, 4.0), lambda x: x**-2, lambda x: mg.clip(x, -1.0, 1.0)]
OF_TWO = [mg.hypot, mg.arctan2, mg.logaddexp, mg.logaddexp2, mg.remainder, mg.maximum, mg.fmin]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("hard", HARD)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("function", "count"), [*[(f, 1) for f in OF_ONE], *[(f, 2) for f in OF_TWO]])
def test_many_elements_are_as_a_few(function, count, dtype, hard):
    """Value and slopes: a faster formula for many is of the same digits, and is left where it does not hold."""
    arguments = np.random.default_rng(0).uniform(-3, 3, (2, 1500))
    arguments[:, 1000 : 1000 + len(HARD[hard])] = HARD[hard]
    arguments[1, 500 : 500 + len(HARD[hard])] = HARD[hard]
    arguments = arguments[:count].astype(dtype)

    def value_and_slopes(*values):
        xs = [mg.tensor(value, requires_grad=True) for value in values]
        y = function(*xs)
        return np.array([y.data, *(g.data for g in mg.gradients(y.sum(), xs))])

    found = value_and_slopes(*arguments)
    few = np.concatenate([value_and_slopes(*arguments[:, n : n + 10]) for n in range(0, 1500, 10)], axis=1)
    digits = 32 * np.finfo(dtype).eps
    np.testing.assert_allclose(found, few, rtol=digits, atol=digits)
