"""NumPy's functions that are a few lines of others: their values are NumPy's, their errors say what to write.

One idea: their derivatives are those of what they are made of, and tested with every operation; here is the rest.
"""

import warnings

import numpy as np
import pytest

import minigrad as mg

rng = np.random.default_rng(7)
SQUARE = rng.normal(size=(3, 3))
LINE = rng.normal(size=5)
PLACES = np.array([0.0, 0.5, 0.75, 2.0, 2.25])

CALLS = {
    "linspace, a float32": lambda x: np.linspace(0.0, x.astype(np.float32), 4),
    "linspace, no numbers": lambda x: np.linspace(x, 1.0, 0),
    "linspace, lines in columns": lambda x: np.linspace(x[:, :1], [1.0, 2.0], 3, axis=-1),
    "linspace of small integers": lambda x: np.linspace(np.array([200, 3], "u1"), (x[0, 0] * 0 + 7).astype("u1"), 3),
    "linspace, a number to lines of float32": lambda x: np.linspace(x[0].astype(np.float32), 4, 3),
    "gradient at places that are small integers": lambda x: np.gradient(x, np.array([7, 3, 1], "u1"), axis=0),
    "gradient at a distance that is a small integer": lambda x: np.gradient(x, np.uint8(200), axis=0),
    "gradient of float32 at places in float64": lambda x: np.gradient(x[0].astype("f4"), [0.0, 1.0, 4.0]),
    "gradient along two axes": lambda x: np.gradient(x, 0.5, [0.0, 1.0, 4.0]),
    "gradient along the last, of second order": lambda x: np.gradient(x, axis=-1, edge_order=2),
    "gradient of whole numbers": lambda x: np.gradient(np.round(x * 9).astype(int), axis=0),
    "cov of float32": lambda x: np.cov(x.astype(np.float32)),
    "cov of columns with one row beside them": lambda x: np.cov(x, x[:1], rowvar=False),
    "cov of one variable": lambda x: np.cov(x[0]),
    "corrcoef of one variable": lambda x: np.corrcoef(x[0]),
    "corrcoef of what moves together": lambda x: np.corrcoef([[1.0, 2.0, 4.0]], 3 * x[:1]),
    "block of rows": lambda x: np.block([[x, x[:, :1]], [x[:1], 5.0]]),
    "block of numbers": lambda x: np.block([x[0, 0], 2.0]),
    "block of one": lambda x: np.block(x),
    "block in three axes": lambda x: np.block([[[x], [x]]]),
    "diagflat": lambda x: np.diagflat(x, -1),
    "nancumsum": lambda x: np.nancumsum(x, axis=0),
    "correlate": lambda x: np.correlate(x[0], x[1], "same"),
    "cond by the Frobenius norm": lambda x: np.linalg.cond(x, "fro"),
    "cond, the smallest first": lambda x: np.linalg.cond(x, -2),
    "cond of the zero matrix and another": lambda x: np.linalg.cond(np.stack([x * 0, x])),
    "cond of the zero matrix, the smallest first": lambda x: np.linalg.cond(x * 0, -2),
}
if np.lib.NumpyVersion(np.__version__) >= "2.2.0":
    CALLS |= {
        "unstack": lambda x: np.unstack(x, axis=-1),
        "cumulative_sum": lambda x: np.cumulative_sum(x, axis=1, include_initial=True),
        "cumulative_prod": lambda x: np.cumulative_prod(x[0]),
        "matvec": lambda x: np.matvec(x, x[:2]),
        "vecmat": lambda x: np.vecmat(x[:2], x),
    }


def as_list(result):
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("name", CALLS)
def test_values_are_numpys(name):
    wanted, found = as_list(CALLS[name](SQUARE)), as_list(CALLS[name](mg.tensor(SQUARE, requires_grad=True)))
    assert len(found) == len(wanted)
    for ours, theirs in zip(found, wanted):
        assert isinstance(ours, mg.Tensor)
        assert (ours.shape, ours.dtype) == (np.shape(theirs), theirs.dtype)
        # Sums of a dozen terms of order 1, in another order than NumPy's; cond multiplies that by its value, below 100.
        np.testing.assert_allclose(ours.detach().numpy(), theirs, rtol=1e3 * np.finfo(ours.dtype).eps, atol=1e-15)


@pytest.mark.parametrize("name", ["gradient along two axes", "cov of one variable", "block of rows", "correlate"])
def test_second_derivatives_both_ways(name):
    def loss(x):
        return sum(np.sum(part**3) for part in as_list(CALLS[name](x)))

    v = rng.normal(size=(3, 3))
    forward = mg.jvp(mg.grad(loss), (SQUARE,), (v,))[1]
    np.testing.assert_allclose(forward, mg.hvp(loss, (SQUARE,), (v,))[0], rtol=1e-12, atol=1e-12)


def test_a_correlation_of_one_keeps_its_slope():
    """What rounding puts beyond 1 is taken off the value, and a clip would halve the slope there."""
    x, u = rng.normal(size=(2, 40)), np.array([[0.0, 1.0], [0.0, 0.0]])
    pair = np.stack([x[0], 3 * x[0]])
    r, pullback = mg.vjp(np.corrcoef, pair)
    assert r[0, 1] == pytest.approx(1.0, abs=4e-16)
    assert abs(r).max() <= 1.0
    assert abs(pullback(u)[0]).max() < 1e-14  # 1 is the largest there is: flat
    second = mg.hvp(lambda a: np.corrcoef(a)[0, 1], (pair,), (x,))[0]
    h = 1e-4
    slope = mg.grad(lambda a: np.corrcoef(a)[0, 1])
    central = (slope(pair + h * x) - slope(pair - h * x)) / (2 * h)
    np.testing.assert_allclose(second, central, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: np.gradient(mg.ones(1)), "needs 2 elements along axis 0, and there are 1"),
        (lambda: np.gradient(mg.ones(4), [0.0, 1.0]), r"the places of the 4 elements .* shape \(2,\)"),
        (lambda: np.cov(mg.ones((2, 2, 2))), r"two axes; m has shape \(2, 2, 2\)"),
        (lambda: np.cov(mg.ones(1)), "1 observations has 0 degrees"),
        (lambda: np.cov(mg.ones((2, 3)), mg.ones(2)), "cov.* 3 observations of m and 2 of y"),
        (lambda: np.cov(mg.ones((2, 3)), 1.0, rowvar=False), "cov.* 2 observations of m and 1 of y"),
        (lambda: np.corrcoef(mg.ones((2, 3)), mg.ones(2)), "corrcoef.* 3 observations of x and 2 of y"),
        (lambda: np.corrcoef(mg.ones((2, 2, 2))), r"corrcoef.*; x has(.|\n)*minigrad\.corrcoef\(m\) for m in x"),
        (lambda: np.corrcoef(mg.ones(1)), "corrcoef.* 1 observations"),
        (lambda: np.block([[mg.ones(2)], mg.ones(2)]), r"nested to depths \[1, 2\]"),
        (lambda: np.block([[mg.ones(2)], []]), "an empty list"),
        (lambda: mg.block([(mg.ones(2), mg.ones(2))]), "was given a tuple"),
        (lambda: mg.unstack(mg.tensor(1.0)), "of a number"),
        (lambda: mg.cumulative_sum(mg.ones((2, 2))), r"cumulative_sum\(x, axis=0\)"),
        (lambda: mg.cumulative_prod(mg.tensor(2.0)), "an array of one axis or more"),
        (lambda: np.linalg.cond(mg.ones(3)), "is of matrices with elements"),
        (lambda: mg.matvec(mg.ones((2, 3)), mg.ones(2)), "inner lengths do not agree"),
        (lambda: mg.matvec(mg.ones(2), mg.ones(2)), r"matvec.* shapes \(2,\) and \(2,\)"),
        (lambda: mg.matvec(mg.ones((2, 2)), 2.0), r"matvec.* shapes \(2, 2\) and \(\)"),
        (lambda: mg.vecmat(mg.ones(2), mg.ones(2)), r"vecmat.* shapes \(2,\) and \(2,\)"),
        (lambda: mg.vecmat(2.0, mg.ones((2, 2))), r"vecmat.* shapes \(\) and \(2, 2\)"),
    ],
)
def test_the_errors_teach(call, says):
    with pytest.raises(mg.ShapeError, match=says) as raised:
        call()
    assert str(raised.value).count("\n") == 1


def test_the_distances_of_a_gradient_are_counted():
    with pytest.raises(TypeError, match=r"2 distances for 1 axes(.|\n)*one number for all"):
        np.gradient(mg.ones(4), 1.0, 2.0)
    with pytest.raises(TypeError, match=r"1 distances for 2 axes(.|\n)*one number for all"):  # as NumPy
        np.gradient(mg.ones((3, 3)), [0.0, 1.0, 3.0])
    with pytest.raises(ValueError, match="edge_order=3"):
        np.gradient(mg.ones(4), edge_order=3)
    with pytest.raises(ValueError, match="-1 numbers"):
        np.linspace(mg.tensor(0.0), 1.0, -1)


def test_places_have_gradients_too():
    f, places = LINE, PLACES
    wanted = np.empty(5)
    for n in range(5):
        h = np.zeros(5)
        h[n] = 1e-6
        up, down = (np.sum(np.gradient(f, places + s * h) ** 2) for s in (1, -1))
        wanted[n] = (up - down) / 2e-6
    found = mg.grad(lambda p: np.sum(np.gradient(f, p) ** 2))(places)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_lines_of_as_many_numbers_as_they_are_long_are_no_mistake(axis):
    """W03, of a column with a row, is for what the reader writes, not for what linspace does with it."""
    x = mg.tensor(SQUARE, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for start, stop in ((x[0], x[1]), (x[0], SQUARE[1]), (SQUARE[0], x[1]), (0.0, x[1]), (x[0], 1.0)):
            np.linspace(start, stop, 3, axis=axis)


def test_a_line_from_infinity_ends_at_its_stop():
    """The last number is stop, and nothing of start: not NaN, and its slope by start exactly zero."""
    start, stop = mg.tensor([np.inf, 1.0], requires_grad=True), mg.tensor([2.0, 3.0], requires_grad=True)
    with np.errstate(invalid="ignore"):
        last = np.linspace(start, stop, 3)[-1]
        assert last.tolist() == [2.0, 3.0]
        slopes = mg.gradients(last.sum(), [start, stop])
    assert [g.tolist() for g in slopes] == [[0.0, 0.0], [1.0, 1.0]]


def test_the_condition_of_the_zero_matrix_has_no_slope():
    """It is infinite, as NumPy has it; a slope that is a number would be made up."""
    zero = mg.zeros((2, 2), requires_grad=True)
    with np.errstate(all="ignore"):
        found = mg.gradients(np.linalg.cond(zero), zero)
    assert not np.isfinite(found.numpy()).any()
