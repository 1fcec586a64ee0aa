"""Random tensors: reproducible, of the right shape, and distributed as they say.

One idea: a distribution is tested with a bound that a right generator fails once in
a billion runs and the usual mistakes fail always; the seed is fixed anyway.
"""

import math

import numpy as np
import pytest

import minigrad as mg

DRAWS = {
    "rand": lambda *shape, **k: mg.rand(*shape, **k),
    "randn": lambda *shape, **k: mg.randn(*shape, **k),
    "normal": lambda *shape, **k: mg.normal(1.0, 2.0, shape, **k),
}


@pytest.fixture(autouse=True)
def _seeded():
    mg.manual_seed(20260501)


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_seed_gives_the_same_numbers(name):
    draw = DRAWS[name]
    mg.manual_seed(5)
    first = [draw(3, 2).tolist(), draw(4).tolist()]
    mg.manual_seed(5)
    assert [draw(3, 2).tolist(), draw(4).tolist()] == first
    assert draw(4).tolist() != first[1]
    mg.manual_seed(6)
    assert draw(3, 2).tolist() != first[0]


def test_one_generator_for_all():
    mg.manual_seed(5)
    mg.rand(1)
    after = mg.randn(3).tolist()
    mg.manual_seed(5)
    assert mg.randn(3).tolist() != after


def test_numpys_global_generator_is_left_alone():
    np.random.seed(0)
    state = np.random.get_state()[1].copy()
    mg.manual_seed(1)
    mg.rand(10)
    assert np.array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("wrong", [-1, 1.5, "a"])
def test_what_is_no_seed(wrong):
    before = mg.rand(3).tolist()
    with pytest.raises((ValueError, TypeError)):
        mg.manual_seed(wrong)
    mg.manual_seed(20260501)
    assert mg.rand(3).tolist() == before


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (0,), (2, 0, 3), (1, 1)])
def test_shapes(name, shape):
    assert DRAWS[name](*shape).shape == shape


@pytest.mark.parametrize("draw", [mg.rand, mg.randn])
def test_a_shape_may_be_a_tuple(draw):
    assert draw((2, 3)).shape == (2, 3)
    assert draw([2, 3]).shape == (2, 3)
    assert draw(()).shape == ()


def test_normal_takes_an_integer_as_a_shape():
    assert mg.normal(0.0, 1.0, 4).shape == (4,)


@pytest.mark.parametrize("name", DRAWS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (5,)])
def test_dtype_and_requires_grad(name, dtype, shape):
    t = DRAWS[name](*shape, dtype=dtype, requires_grad=True)
    assert t.dtype == dtype
    assert t.is_leaf
    (t * 2).sum().backward()
    assert t.grad.tolist() == np.full(shape, 2.0).tolist()
    assert not DRAWS[name](*shape).requires_grad


@pytest.mark.parametrize("name", DRAWS)
def test_impossible_shapes_are_refused(name):
    for shape in ((-1,), (2, -3), (1.5,), ("a",)):
        with pytest.raises((ValueError, TypeError)):
            DRAWS[name](*shape)


def test_a_negative_standard_deviation():
    with pytest.raises(ValueError, match="standard deviation"):
        mg.normal(0.0, -1.0, 3)


def test_a_standard_deviation_that_is_no_number():
    with pytest.raises(ValueError, match="standard deviation"):
        mg.normal(0.0, math.nan, 3)


# ----------------------------------------------------------------------------- distributions

N = 100_000
ONCE_IN_A_BILLION = math.sqrt(math.log(2 / 1e-9) / 2 / N)
"""Massart's bound on the largest distance of an empirical distribution of N draws from the true one."""


def distance(draws, distribution):
    """The largest distance of the empirical distribution of `draws` from `distribution` (Kolmogorov)."""
    ordered = np.sort(draws)
    expected = np.array([distribution(x) for x in ordered])
    steps = np.arange(N + 1) / N
    return max(np.max(steps[1:] - expected), np.max(expected - steps[:-1]))


def bell(mean, std):
    return lambda x: 0.5 * (1 + math.erf((x - mean) / std / math.sqrt(2)))


@pytest.mark.parametrize(
    ("name", "draw", "distribution"),
    [
        ("rand", lambda: mg.rand(N), lambda x: x),
        ("randn", lambda: mg.randn(N), bell(0, 1)),
        ("normal", lambda: mg.normal(3.0, 0.5, N), bell(3, 0.5)),
        ("randn, float32", lambda: mg.randn(N, dtype=np.float32), bell(0, 1)),
    ],
)
def test_distributions(name, draw, distribution):
    draws = draw().numpy().astype(float)
    assert distance(draws, distribution) < ONCE_IN_A_BILLION
    # The bound is sharp enough to tell a shift by a twentieth.
    assert distance(draws + 0.05, distribution) > ONCE_IN_A_BILLION


def test_rand_stays_below_one():
    for dtype in (np.float64, np.float32, np.float16):
        draws = mg.rand(N, dtype=dtype).numpy()
        assert draws.min() >= 0
        assert draws.max() < 1


def test_draws_do_not_depend_on_their_predecessors():
    """Correlation of successive draws has standard deviation 1/√N."""
    draws = mg.randn(N).numpy()
    assert abs(np.mean(draws[1:] * draws[:-1])) < 6 / math.sqrt(N)


def test_a_standard_deviation_of_zero():
    assert mg.normal(3.0, 0.0, 4).tolist() == [3, 3, 3, 3]
