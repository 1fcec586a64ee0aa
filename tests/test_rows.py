"""The rows of a Jacobian in one pass: equal to its columns by forward mode, for whatever a model is made of."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.fitting.models import model_of
from minigrad.fitting.solvers.rows import Rows

X = np.linspace(0.2, 2.0, 7)

# A random model is an expression over x and parameters, grown from these.
LEAVES = ("x", "a", "b", "c", "1.5")
ONE = (np.sin, np.exp, np.tanh, np.square, np.negative, np.arctan, abs, np.abs, lambda u: np.log(2 + u * u))
TWO = (
    np.add,
    np.subtract,
    np.multiply,
    np.maximum,
    lambda u, v: u / (2 + v * v),
    lambda u, v: np.where(X > 1, u, v),
    lambda u, v: (1 + u * u) ** np.tanh(v),
)


@st.composite
def expressions(draw):
    """A function of x, a, b, c, and a place to differentiate it at."""
    program = []
    for _ in range(draw(st.integers(1, 8))):
        two = draw(st.booleans())
        rule = draw(st.sampled_from(TWO if two else ONE))
        program.append((rule, [draw(st.integers(0, len(LEAVES) + len(program) - 1)) for _ in range(1 + two)]))

    def model(x, a, b, c):
        values = [x, a, b, c, 1.5]
        for rule, arguments in program:
            values.append(rule(*[values[k] for k in arguments]))
        return values[-1] + 0 * x

    return model, draw(st.lists(st.floats(-2, 2), min_size=3, max_size=3))


@given(expressions())
def test_the_rows_are_the_columns_of_forward_mode(drawn):
    model, values = drawn
    y, columns = Rows(model_of(model), X, 7, (0, 1, 2)).at(values)
    np.testing.assert_array_equal(y, model(X, *values))
    jacobian = columns()
    for k in range(3):
        along = [np.float64(k == n) for n in range(3)]
        at = tuple(np.float64(value) for value in values)
        expected = mg.jvp(lambda a, b, c: model(X, a, b, c), at, tuple(along))[1]
        # The same slopes, multiplied in another order: rounding alone.
        np.testing.assert_allclose(jacobian[:, k], expected, rtol=1e-11, atol=1e-12 * (1 + np.abs(expected).max()))


def both(model, values, n=7, x=X):
    _, columns = Rows(model_of(model, values), x, n, range(len(values))).at(values)
    found = columns()
    step = 1e-6
    for k in range(len(values)):
        up, down = list(values), list(values)
        up[k] += step
        down[k] -= step
        slope = (np.asarray(model(x, *up)) - np.asarray(model(x, *down))) / (2 * step)
        # A central difference: h² f''' / 6 and rounding over h, both below 1e-8 for numbers of order 1.
        np.testing.assert_allclose(found[:, k], slope + np.zeros(n), atol=1e-7)
    return found


def test_a_model_that_mixes_the_points_is_still_right():
    """Here the value at a point depends on the parameters through all points: no row may be taken apart."""
    both(lambda x, a, b: a * x / np.sum(np.exp(-b * x)), [1.3, 0.7])
    both(lambda x, a, b: np.cumsum(a * np.exp(-b * x)), [1.3, 0.7])
    both(lambda x, a, b: a * np.mean(x**2) + b * x, [1.3, 0.7])


def test_products_of_matrices_and_indices():
    both(lambda x, a, b: np.stack([x, x**2], axis=1) @ np.stack([a, b]), [1.3, 0.7])
    both(lambda x, a, b: np.stack([a * x, b * x])[0], [1.3, 0.7])
    both(lambda x, a, b: np.concatenate([a * x[:3], b * x[3:]]), [1.3, 0.7])


def test_a_branch_on_a_parameter():
    both(lambda x, a, b: a * x if b > 0 else b * x, [1.3, 0.7])
    both(lambda x, a, b: a * x if b > 0 else b * x, [1.3, -0.7])


def test_a_constant_a_column_without_effect_and_what_is_held():
    assert (both(lambda x, a, b: a, [1.3, 0.7]) == [1, 0]).all()
    assert (both(lambda x, a: x, [1.3]) == 0).all()
    _, columns = Rows(model_of(lambda x, a, b, c: a * x + b * c), X, 7, (2,)).at([1.0, 3.0, 5.0])
    assert columns().shape == (7, 1)
    assert (columns() == 3).all()
    assert Rows(model_of(lambda x, a: a * x), X, 7, ()).at([1.0])[1]().shape == (7, 0)


def test_by_x_too():
    for model in (lambda x, a: np.sin(a * x), lambda x, a: np.stack([np.sin(a * x), x])[0]):
        _, columns = Rows(model_of(model), X, 7, (0,), by_x=True).at([1.3])
        np.testing.assert_allclose(columns()[:, 0], X * np.cos(1.3 * X), rtol=1e-13)
        np.testing.assert_allclose(columns()[:, 1], 1.3 * np.cos(1.3 * X), rtol=1e-13)


def test_a_branch_not_taken_does_not_let_nan_through():
    x = np.array([0.0, 1.0, 2.0])
    _, columns = Rows(model_of(lambda x, a: np.where(x > 0, np.sqrt(a * x), a)), x, 3, (0,)).at([4.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        found = columns()
    np.testing.assert_allclose(found[:, 0], [1.0, 0.25, 0.5 * np.sqrt(2) / 2])


def test_nothing_is_left_behind_and_no_grad_does_not_stop_it():
    x = X.copy()
    with mg.no_grad():
        _, columns = Rows(model_of(lambda x, a: a * x), x, 7, (0,)).at([2.0])
        np.testing.assert_array_equal(columns()[:, 0], X)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("kind", [np.vectorize(lambda v: v), lambda v: np.array([float(u) for u in v])])
def test_a_model_that_leaves_minigrad_is_refused_by_words(kind):
    with pytest.raises((TypeError, mg.MinigradError, ValueError)):
        Rows(model_of(lambda x, a: kind(a * x)), X, 7, (0,)).at([2.0])[1]()
