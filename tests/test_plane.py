"""The plane nearest to the points: the same one whichever column is called y."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad import functional
from minigrad.fitting import fit_line
from minigrad.fitting.given import points
from minigrad.fitting.solvers.distance import nearest_line
from minigrad.fitting.solvers.plane import nearest_plane


@st.composite
def clouds(draw):
    """Points scattered about a plane in two or three features, with whole coordinates."""
    k = draw(st.integers(2, 3))
    n = draw(st.integers(k + 3, 12))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    slopes = rng.integers(1, 4, size=k) * rng.choice([-1, 1], size=k)
    x = rng.integers(-100, 100, size=(n, k)).astype(float)
    y = x @ slopes + rng.integers(-8, 9, size=n)
    centred = np.column_stack([x - x.mean(axis=0), y - y.mean()])
    values = np.linalg.svd(centred, compute_uv=False)
    assume(values[-2] > 4 * values[-1] + 1 and values[-2] > 0.05 * values[0])
    return x, y


def rss_of(normals, x, y):
    """The sum of squared distances to the plane through the centre with each unit normal (rows)."""
    centred = np.column_stack([x - x.mean(axis=0), y - y.mean()])
    return np.sum((normals @ centred.T) ** 2, axis=1)


def test_a_plane_without_errors_is_found_exactly_far_from_the_origin():
    rng = np.random.default_rng(0)
    x = rng.integers(-50, 50, size=(9, 2)) + np.array([4e9, -7e8])
    found = nearest_plane(points(x, 2 * x[:, 0] - 3 * x[:, 1] + 5))
    np.testing.assert_array_equal(found.values, [5, 2, -3])
    assert found.names == ("intercept", "x1", "x2")


@pytest.mark.parametrize("errors", ["york", "hessian"])
@given(seed=st.integers(0, 10**6), through=st.sampled_from([None, (2.0, 1.0)]), delta=st.sampled_from([0.5, 1.0, 4.0]))
def test_the_plane_in_one_feature_is_the_line(errors, seed, through, delta):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=9)
    y, sigma = 0.7 * x + 0.1 * rng.normal(size=9), rng.uniform(0.5, 2.0, size=9)
    how = {"delta": delta, "errors": errors}
    line = nearest_line(points(x, y, sigma=sigma), through=through, **how)
    of_a_plane = through and (np.array([through[0]]), through[1])
    plane = nearest_plane(points(x[:, None], y, sigma=sigma), through=of_a_plane, **how)
    # Parameters end within some roundings of the terms they are computed from, which are of order 1.
    np.testing.assert_allclose(plane.values[::-1], line.values, rtol=1e-14, atol=1e-14)
    np.testing.assert_allclose(plane.cov[::-1, ::-1], line.cov, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(plane.residuals, line.residuals, rtol=1e-12, atol=1e-14)
    assert (plane.dof, plane.chi2) == (line.dof, pytest.approx(line.chi2, rel=1e-13))


@given(clouds())
def test_the_normal_is_the_direction_of_least_spread(cloud):
    x, y = cloud
    found = nearest_plane(points(x, y))
    centred = np.column_stack([x - x.mean(axis=0), y - y.mean()])
    _, values, directions = np.linalg.svd(centred)
    np.testing.assert_allclose(found.values[1:], -directions[-1, :-1] / directions[-1, -1], rtol=1e-10, atol=1e-10)
    assert found.rss == pytest.approx(values[-1] ** 2, rel=1e-10, abs=1e-18)
    assert found.values[0] == pytest.approx(y.mean() - x.mean(axis=0) @ found.values[1:], abs=1e-9)


@given(clouds(), st.integers(0, 10**6))
def test_no_other_plane_is_nearer(cloud, seed):
    x, y = cloud
    found = nearest_plane(points(x, y))
    normal = np.append(-found.values[1:], 1.0)
    rng = np.random.default_rng(seed)
    others = normal + rng.normal(size=(200, len(normal))) * np.logspace(-3, 0, 200)[:, None]
    others /= np.linalg.norm(others, axis=1)[:, None]
    assert found.rss <= rss_of(others, x, y).min() * (1 + 1e-12)


@given(clouds())
def test_exchanging_y_and_a_feature_gives_the_same_plane(cloud):
    x, y = cloud
    one = nearest_plane(points(x, y))
    exchanged = x.copy()
    exchanged[:, 0] = y
    other = nearest_plane(points(exchanged, x[:, 0]))
    intercept, first, *rest = other.values
    np.testing.assert_allclose(one.values[1:], [1 / first, *(-np.array(rest) / first)], rtol=1e-10)
    assert one.values[0] == pytest.approx(-intercept / first, rel=1e-9, abs=1e-9)
    # The errors too: that of an inverse slope is slope² times smaller.
    assert math.sqrt(one.cov[1, 1]) == pytest.approx(math.sqrt(other.cov[1, 1]) / first**2, rel=1e-8)


@given(clouds(), st.integers(-20, 20))
def test_delta_is_y_in_another_unit(cloud, power):
    x, y = cloud
    one, other = nearest_plane(points(x, y)), nearest_plane(points(x, np.ldexp(y, power)), delta=4.0**power)
    np.testing.assert_allclose(np.ldexp(one.values, power), other.values, rtol=1e-9)
    np.testing.assert_allclose(np.ldexp(one.residuals, power), other.residuals, rtol=1e-6, atol=2.0**power * 1e-10)


@given(clouds(), st.data())
def test_a_weight_k_counts_as_k_copies(cloud, data):
    x, y = cloud
    k = np.array(data.draw(st.lists(st.integers(1, 3), min_size=len(y), max_size=len(y))))
    one = nearest_plane(points(x, y, weights=k), absolute_sigma=True)
    other = nearest_plane(points(np.repeat(x, k, axis=0), np.repeat(y, k), sigma=1.0), absolute_sigma=True)
    np.testing.assert_allclose(one.values, other.values, rtol=1e-9, atol=1e-8)
    np.testing.assert_allclose(one.cov, other.cov, rtol=1e-7, atol=1e-12)
    assert one.chi2 == pytest.approx(other.chi2, rel=1e-9)


@given(clouds())
def test_hessian_errors_are_those_of_our_second_derivatives(cloud):
    x, y = cloud
    found = nearest_plane(points(x, y), absolute_sigma=True, errors="hessian")
    u, v = x - x.mean(axis=0), y - y.mean()

    def half_the_sum(p):
        return ((v - p[0] - u @ p[1:]) ** 2).sum() / (1 + (p[1:] ** 2).sum()) / 2

    at = np.array([found.curve.at(x.mean(axis=0)[None])[0] - y.mean(), *found.values[1:]])
    matrix = functional.hessian(half_the_sum)(at)
    expected = np.linalg.inv(np.asarray(getattr(matrix, "data", matrix)))
    np.testing.assert_allclose(found.cov[1:, 1:], expected[1:, 1:], rtol=1e-6, atol=1e-9 * expected.max())


@given(clouds())
def test_the_curve_knows_what_the_covariance_says(cloud):
    x, y = cloud
    found = nearest_plane(points(x, y))
    design = np.column_stack([np.ones(len(x)), x])
    np.testing.assert_allclose(found.curve.at(x), design @ found.values, atol=1e-9)
    expected = np.einsum("ij,jk,ik->i", design, found.cov, design)
    np.testing.assert_allclose(found.curve.variance(x), expected, rtol=1e-6, atol=1e-9)
    above = y - found.curve.at(x)
    np.testing.assert_allclose(found.residuals, above / math.hypot(1, *found.values[1:]), atol=1e-9)


def test_a_plane_through_a_point_goes_through_it():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(8, 2))
    y = 1 + x @ [2.0, -1.0] + rng.normal(size=8) / 10
    fit = fit_line(x, y, loss="distance", through=(0, 1))
    assert fit.found.curve.at(np.zeros((1, 2)))[0] == 1
    assert fit.found.dof == 6
    _, _, directions = np.linalg.svd(np.column_stack([x, y - 1]))
    np.testing.assert_allclose(fit.found.values[1:], -directions[-1, :2] / directions[-1, 2], rtol=1e-12)


def test_a_plane_through_a_point_with_an_x_for_each_feature():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(9, 2))
    y = 1 + x @ [2.0, -1.0] + rng.normal(size=9) / 10
    at = np.array([1.0, -2.0])
    moved, there = fit_line(x - at, y - 5, loss="distance", through=0), fit_line(x, y, loss="distance", through=(at, 5))
    assert there.predict([at]) == 5
    np.testing.assert_allclose(there.found.values[1:], moved.found.values[1:], rtol=1e-12)
    np.testing.assert_allclose(there.rss, moved.rss, rtol=1e-12)


def test_the_errors_are_those_that_repeated_measurements_show():
    rng = np.random.default_rng(2)
    true = rng.uniform(-10, 10, size=(60, 2))
    drawn = []
    for _ in range(300):
        x = true + rng.normal(size=true.shape) / 4
        found = nearest_plane(points(x, 1 + true @ [1.0, -2.0] + rng.normal(size=60) / 4))
        drawn.append((*found.values, *np.sqrt(np.diag(found.cov))))
    values, errors = np.array(drawn)[:, :3], np.array(drawn)[:, 3:]
    # The deviation of 300 draws is known to 4 %.
    np.testing.assert_allclose(values.std(axis=0), errors.mean(axis=0), rtol=0.15)


def test_features_that_determine_no_plane_are_named():
    x = np.arange(6.0)
    noise = np.array([0.1, -0.3, 0.2, 0.4, -0.2, 0.0])
    with pytest.raises(ValueError, match="x1, x2 depend on each other"):
        nearest_plane(points(np.column_stack([x, 2 * x]), x + noise))
    with pytest.raises(ValueError, match="x2 is constant"):
        nearest_plane(points(np.column_stack([x, np.ones(6)]), x + noise))
    with pytest.raises(ValueError, match="on a line"):
        nearest_plane(points(np.column_stack([x, 2 * x]), 3 * x))
    with pytest.raises(ValueError, match=r"x or y spreads over 5e\+159, and the square of that does not fit"):
        nearest_plane(points(np.column_stack([1e160 * x, x**2]) / 5, x + noise))
    with pytest.raises(ValueError, match="2 points do not determine 3"):
        nearest_plane(points(np.eye(2), [1.0, 2.0]))
    with pytest.raises(ValueError, match="differs from point to point"):
        fit_line(np.column_stack([x, x**2]), noise, loss="distance", sigma=1.0, sigma_x=1 + x)


def test_three_points_have_a_plane_and_no_errors():
    found = nearest_plane(points([[0, 0], [1, 0], [0, 1]], [1.0, 3.0, 4.0]))
    np.testing.assert_allclose(found.values, [1, 2, 3], rtol=1e-15)
    assert np.isnan(found.cov).all()
    assert "NaN" in found.warnings[0]


def test_fit_line_takes_several_features_by_distance():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(20, 2))
    y = 1 + x @ [2.0, -1.0] + rng.normal(size=20) / 10
    fit = fit_line(x, y, loss="distance")
    assert list(fit.params) == ["intercept", "x1", "x2"]
    same = fit_line(x, y, loss="distance", sigma=2.0, sigma_x=1.0)
    np.testing.assert_allclose(same.found.values, fit_line(x, y, loss="distance", delta=4).found.values, rtol=1e-13)
    assert 0.9 < fit.r2 < 1
    assert "x2" in fit.summary()


@pytest.mark.parametrize(
    ("of_x", "of_y", "exact"), [(1e-90, 1e90, "x"), (1e90, 1e-90, "y"), (1e-170, 1e170, "x"), (1e170, 1e-170, "y")]
)
def test_errors_of_one_axis_that_are_none_beside_the_other_are_refused(of_x, of_y, exact):
    """An SVD did not converge, of numbers that had overflowed."""
    x = np.array([[0.0, 1.0], [1.0, 0.5], [2.0, 3.0], [4.0, 1.0]])
    with pytest.raises(ValueError, match=f"is less than 1e-120 of the error of the other axis.\n{exact} is as good"):
        fit_line(x, [1.0, 2.0, 0.5, 3.0], loss="distance", sigma=of_y, sigma_x=of_x)
