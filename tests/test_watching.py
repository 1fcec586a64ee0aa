"""Descent as a solver: on the exact line in any units, the tutorials' loop to the bit, and honest about its end."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.errors import DivergedError, GradError, OptimiserError
from minigrad.fitting.descents.watching import descend_line
from minigrad.fitting.given import points
from minigrad.fitting.line import fit_line
from minigrad.fitting.solvers.distance import nearest_line
from minigrad.fitting.solvers.linear import least_squares
from minigrad.fitting.solvers.plane import nearest_plane
from minigrad.fitting.solvers.robust import robust_line
from minigrad.fitting.solvers.york import york_line

from .given_points import example

SOLVERS = ("gd", "sgd", "adam", "lbfgs")
seeds = st.integers(0, 2**32 - 1)


@st.composite
def clouds(draw, min_size=3, max_size=30):
    """x and y of order 1, neither constant nor uncorrelated."""
    rng = np.random.default_rng(draw(seeds))
    x = rng.standard_normal(draw(st.integers(min_size, max_size)))
    assume(np.ptp(x) > 0.1)
    slope = draw(st.sampled_from([-1.0, 1.0])) * draw(st.floats(0.1, 3.0))
    noise = draw(st.sampled_from([1e-3, 0.1, 0.5]))
    return x, slope * x + noise * rng.standard_normal(x.size)


def errors_of(found):
    return np.sqrt(np.diagonal(found.cov, axis1=-2, axis2=-1))


def assert_near(found, exact, part=1e-6):
    """Each parameter within such a part of its standard error of the exact one.

    1e-6 leaves room: the gradient is zero to 1e-14 of its terms, so a parameter is right to about 1e-13 of the spread
    of y over that of x, and a standard error is 1e-3 (the noise) over √n of the same.
    """
    assert found.converged, found.message
    assert (np.abs(found.values - exact.values) <= part * errors_of(exact)).all(), found.message
    sizes = errors_of(exact)[..., :, None] * errors_of(exact)[..., None, :]
    np.testing.assert_allclose(found.cov / sizes, exact.cov / sizes, atol=10 * part)
    np.testing.assert_allclose(found.residuals, exact.residuals, atol=1e-6 * np.abs(exact.residuals).max())


# ------------------------------------------------------------------------------------- the exact line, in any units


shifts = st.sampled_from([0.0, 1.0, -3e5, 1.7e9])
scales = st.sampled_from([1e-12, 1e-3, 1.0, 1e4, 1e8])


@pytest.mark.parametrize("loss", ["mse", "distance"])
@given(cloud=clouds(), x_shift=shifts, x_scale=scales, y_shift=shifts, y_scale=scales)
def test_descent_ends_on_the_exact_line_whatever_the_units(loss, cloud, x_shift, x_scale, y_shift, y_scale):
    x, y = x_shift + x_scale * cloud[0], y_shift + y_scale * cloud[1]
    # The units may be too coarse for the shift: then what is left is rounding, not these points.
    assume(x_scale > 1e-7 * abs(x_shift) and y_scale > 1e-7 * abs(y_shift))
    if loss == "distance":
        y = y / y_scale * x_scale  # x and y of one unit; a distance in others has no curvature left
        assume(x_scale > 1e-7 * abs(y_shift / y_scale * x_scale))
    given_points = points(x, y)
    exact = least_squares(given_points) if loss == "mse" else nearest_line(given_points)
    found = descend_line(given_points, loss, "gd", exact=exact)
    assert_near(found, exact)
    assert found.history[-1] == pytest.approx(found.extra["exact_loss"], rel=1e-9)
    # "auto" is a quarter of the largest stable rate, and halves the distance with every step, in any units.
    assert found.extra["lr"] == pytest.approx(0.25, rel=0.02 if loss == "distance" else 1e-9)
    assert found.steps < 80


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@settings(max_examples=10)
@given(cloud=clouds(min_size=5))
def test_other_solvers_end_there_too(solver, cloud):
    given_points = points(*cloud)
    exact = least_squares(given_points)
    assert_near(descend_line(given_points, "mse", solver, exact=exact, steps=2000), exact, part=1e-2)


@given(seeds, st.integers(2, 4))
def test_planes_with_weights(seed, features):
    rng = np.random.default_rng(seed)
    x = 1e3 * np.arange(1, features + 1) + rng.standard_normal((40, features)) * 10.0 ** np.arange(features)
    y = x @ rng.standard_normal(features) + rng.standard_normal(40)
    given_points = points(x, y, sigma=rng.uniform(0.5, 2, 40))
    exact = least_squares(given_points)
    assert_near(descend_line(given_points, "mse", "gd", exact=exact, steps=3000), exact)
    absolute = least_squares(given_points, absolute_sigma=True)
    found = descend_line(given_points, "mse", "lbfgs", exact=absolute, absolute_sigma=True)
    np.testing.assert_allclose(found.cov, absolute.cov, rtol=1e-10)


def test_several_outputs_polynomials_and_a_given_point():
    rng = np.random.default_rng(0)
    x = np.linspace(2, 12, 60)
    both = np.stack([3 * x + 1, 0.1 * x * x - 2], axis=1) + 0.1 * rng.standard_normal((60, 2))
    assert_near(descend_line(p := points(x, both), "mse", "gd", exact=(e := least_squares(p))), e)
    e = least_squares(p := points(x, both[:, 1]), degree=3)
    found = descend_line(p, "mse", "gd", exact=e)
    assert_near(found, e)
    np.testing.assert_allclose(found.curve.at(x), e.curve.at(x), rtol=1e-9)
    np.testing.assert_allclose(found.curve.variance(x), e.curve.variance(x), rtol=1e-9)
    for standardize in (True, False):
        e = least_squares(p := points(x, both[:, 0]), through=(0.0, 1.0))
        found = descend_line(p, "mse", "gd", exact=e, standardize=standardize)
        np.testing.assert_allclose(found.values, e.values, rtol=1e-9)
        e = nearest_line(p, through=(0.0, 1.0))
        found = descend_line(p, "distance", "lbfgs", exact=e, standardize=standardize)
        np.testing.assert_allclose(found.values, e.values, rtol=1e-9)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("loss", ["huber", "tukey", "l1", lambda r: mg.log(mg.cosh(r))])
def test_robust_losses_descend_to_what_their_solvers_find(loss, standardize):
    rng = np.random.default_rng(1)
    x = rng.uniform(0, 3, 50)
    y = 2 * x + 1 + 0.3 * rng.standard_normal(50)
    y[:5] += 20
    if loss == "tukey":
        y[5:] = 2 * x[5:] + 1 + (y[5:] - 2 * x[5:] - 1) / 100  # so steep beside its scale that from level all is flat
    exact = robust_line(given_points := points(x, y), loss)
    found = descend_line(given_points, loss, "lbfgs" if loss != "l1" else "adam", exact=exact, standardize=standardize)
    if loss == "l1" and not standardize:
        assert (np.abs(found.values - exact.values) < 0.3 * errors_of(exact)).all()  # a corner, and a constant rate
        return
    assert (np.abs(found.values - exact.values) < 0.02 * errors_of(exact)).all()
    assert min(found.history) == pytest.approx(found.extra["exact_loss"], rel=1e-3 if loss == "l1" else 1e-9)


PEARSON = [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4], [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
YORK = {  # weights of x and of y
    "sigma_x": np.array([1000.0, 1000.0, 500.0, 800.0, 200.0, 80.0, 60.0, 20.0, 1.8, 1.0]) ** -0.5,
    "sigma": np.array([1.0, 1.8, 4.0, 8.0, 20.0, 20.0, 70.0, 70.0, 100.0, 500.0]) ** -0.5,
}


def test_errors_in_x_and_y_of_each_point():
    given_points = points(*PEARSON, **YORK)
    exact = york_line(given_points)
    for solver in ("gd", "lbfgs"):
        found = descend_line(given_points, "distance", solver, exact=exact, steps=2000)
        assert found.values == pytest.approx([-0.480533407446, 5.47991022403], rel=1e-8)
        np.testing.assert_allclose(found.cov, exact.cov, rtol=1e-5)
        assert found.history[-1] == pytest.approx(11.866353194061444 / 10, rel=1e-10)
        assert found.extra["exact_loss"] == pytest.approx(11.866353194061444 / 10, rel=1e-12)


def test_another_minimum_is_not_called_arrived():
    """Into the second minimum of Pearson's data with York's weights falls every descent from zero on raw x."""
    fit = fit_line(*PEARSON, loss="distance", solver="lbfgs", standardize=False, **YORK)
    assert fit.params == pytest.approx({"slope": 0.2487871, "intercept": 1.6326114}, rel=1e-6)
    assert not fit.converged
    assert "10.7 times its standard error away" in fit.message
    assert fit.warnings[-1] == (
        "descent came to rest where the loss is 23.11, and elsewhere it is 1.18664: this is another minimum, or a plain"
    )


@given(y=st.sets(st.integers(-999, 999), min_size=3), c=st.integers(-1000, 1000))
def test_a_vertical_line(y, c):
    given_points = points([c] * len(y), sorted(y))
    found = descend_line(given_points, "distance", "gd", exact=nearest_line(given_points))
    assert found.vertical == c
    assert found.values[0] == math.inf
    assert "as the exact line is" in found.message


@given(lean=st.sampled_from([1e-9, -1e-6, 1e-3]), delta=st.sampled_from([1.0, 4.0]))
def test_an_almost_vertical_line_keeps_the_digits_of_its_slope(lean, delta):
    y = np.arange(7.0)
    given_points = points(lean * y, y)
    exact = nearest_line(given_points, delta=delta)
    found = descend_line(given_points, "distance", "gd", exact=exact, delta=delta)
    assert found.values[0] == pytest.approx(1 / lean, rel=1e-12)


# ------------------------------------------------------------------------------------- the tutorials, to the bit


def loop(loss, *tensors, lr, steps):
    """The loop as tutorials write it: parameters and losses, before each step and after the last."""
    path = []
    for step in range(steps + 1):
        value = loss(*tensors)
        path.append((*[t.item() for t in tensors], value.item()))
        if step < steps:
            value.backward()
            with mg.no_grad():
                for t in tensors:
                    t -= lr * t.grad
            for t in tensors:
                t.zero_grad()
    return np.array(path)


def assert_is_loop(fit, path):
    assert np.array_equal(fit.found.extra["path"], path[:, :2])
    assert np.array_equal(fit.history, path[:, 2])
    best = len(path) - 1 - int(np.argmin(path[::-1, 2]))
    assert tuple(fit.params.values()) == tuple(path[best, :2])


def test_a_hundred_points_on_raw_x():
    _, x, y = example("line_100")
    fit = fit_line(x, y, solver="gd", lr=1e-4, steps=1000, standardize=False)
    w, b = mg.tensor(0.0, requires_grad=True), mg.tensor(0.0, requires_grad=True)
    u, v = mg.tensor(x), mg.tensor(y)
    assert_is_loop(fit, loop(lambda w, b: ((w * u + b - v) ** 2).mean(), w, b, lr=1e-4, steps=1000))
    assert not fit.converged
    assert fit.params == pytest.approx({"slope": 0.99181091, "intercept": -0.02578486}, rel=1e-6)


def test_distances_on_raw_x():
    _, x, y = example("line_distance_100")
    fit = fit_line(x, y, loss="distance", solver="gd", lr=1e-5, steps=1000, standardize=False)
    a, b = mg.tensor(0.0, requires_grad=True), mg.tensor(0.0, requires_grad=True)
    u, v = mg.tensor(x), mg.tensor(y)
    assert_is_loop(fit, loop(lambda a, b: ((a * u - v + b) ** 2 / (a**2 + 1)).mean(), a, b, lr=1e-5, steps=1000))
    assert fit.params == pytest.approx({"slope": 2.51311, "intercept": 0.02681}, abs=5e-6)
    # 0.52208 away, and the standard error of the exact line is 1.11985.
    assert fit.message == "after 1000 steps the intercept is 47 % of its standard error away from the exact line"


@pytest.mark.slow
def test_sixteen_points_a_hundred_thousand_steps():
    data, x, y = example("line_16")
    fit = fit_line(x, y, solver="gd", lr=1e-4, steps=100_000, standardize=False)
    expected = data["expected_after_100000_iterations_from_zero"]
    assert (fit.params["slope"], fit.params["intercept"]) == pytest.approx((expected["w"], expected["b"]), rel=1e-12)
    assert fit.history[-1] == pytest.approx(expected["loss"], rel=1e-9)


@pytest.mark.parametrize(("name", "lr", "epochs"), [("d2l_linear_1000", 0.03, 3), ("ohm_1000", 0.05, 5)])
def test_minibatches_on_raw_x(name, lr, epochs):
    """The loss of these tutorials is half the squared error: half of our rate is the very same step."""
    data, x, y = example(name)
    x = x.reshape(len(y), -1)
    fit = fit_line(x, y, solver="sgd", lr=lr / 2, steps=epochs * 100, batch_size=10, standardize=False, seed=0)
    rows = np.random.default_rng(0)
    w, b = mg.zeros((x.shape[1], 1), requires_grad=True), mg.zeros(1, requires_grad=True)
    u, v = mg.tensor(x), mg.tensor(y.reshape(-1, 1))
    losses = []
    for _ in range(epochs):
        order = rows.permutation(len(y))
        for start in range(0, len(y), 10):
            batch = order[start : start + 10]
            (((u[batch] @ w + b - v[batch]) ** 2 / 2).mean()).backward()
            with mg.no_grad():
                w -= lr * w.grad
                b -= lr * b.grad
            w.zero_grad()
            b.zero_grad()
        losses.append(((u @ w + b - v) ** 2).mean().item())
    assert fit.history[1:] == tuple(losses)
    assert np.array_equal(
        fit.found.extra["path"][-1], [b.item(), *w.data.ravel()] if x.shape[1] > 1 else [w.item(), b.item()]
    )
    true = [data["true"]["b"], *data["true"]["w"]] if x.shape[1] > 1 else [data["true"]["w"][0], data["true"]["b"]]
    assert np.abs(fit.found.values - true).max() < 1e-3
    assert fit.history[-1] / 2 < 1.02 * 5.3e-5


# ------------------------------------------------------------------------------------- any model


def decay(x, a, k, c):
    return a * np.exp(-k * x) + c


START = {"a": 1.0, "k": 0.3, "c": 0.0}


def decayed(seed=0, n=60):
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 4, n)
    return x, decay(x, 3.0, 0.8, 0.5) + 0.05 * rng.standard_normal(n)


@settings(max_examples=10)
@given(seeds, st.sampled_from([1e-9, 1.0, 1e6]), st.sampled_from([1e-6, 1.0, 1e9]))
def test_a_model_is_descended_to_where_levenberg_and_marquardt_find_it(seed, x_unit, y_unit):
    x, y = decayed(seed)
    start = {"a": 1.0 * y_unit, "k": 0.3 / x_unit, "c": 0.0}
    exact = mg.fit(decay, x * x_unit, y * y_unit, start)
    found = mg.fit(decay, x * x_unit, y * y_unit, start, solver="lbfgs")
    assert found.converged, found.message
    for name in "akc":
        assert abs(found.params[name] - exact.params[name]) < 1e-4 * exact.errors[name]
        assert found.errors[name] == pytest.approx(exact.errors[name], rel=1e-5)
    assert found.history[-1] == pytest.approx(exact.rss / len(x), rel=1e-9)


@pytest.mark.parametrize("loss", ["mse", "huber", "tukey", "l1", lambda r: mg.log(mg.cosh(10 * r))])
def test_losses_of_a_model(loss):
    x, y = decayed()
    y[::10] += 5
    start = {"a": 2.0, "k": 0.6, "c": 0.3}
    exact, found = (mg.fit(decay, x, y, start, loss=loss, solver=solver) for solver in ("lm", "adam"))
    for name in "akc":  # least absolute deviations have their minimum at a corner, about which a step swings
        assert abs(found.params[name] - exact.params[name]) < (0.2 if loss == "l1" else 0.01) * exact.errors[name]


def test_bounds_and_what_is_fixed_hold_on_the_way():
    x, y = decayed()
    exact, found = (mg.fit(decay, x, y, START, bounds={"k": (0, 0.6)}, solver=solver) for solver in ("lm", "gd"))
    assert (found.found.extra["path"][:, 1] <= 0.6).all()
    assert found.params == pytest.approx(exact.params, rel=1e-4)
    assert math.isnan(found.errors["k"])
    assert any("stands on its bound" in warning for warning in found.warnings)
    found = mg.fit(decay, x, y, START, fixed={"c": 0.5}, sigma=0.05, absolute_sigma=True, solver="adam")
    exact = mg.fit(decay, x, y, START, fixed={"c": 0.5}, sigma=0.05, absolute_sigma=True)
    assert (found.found.extra["path"][:, 2] == 0.5).all()
    assert found.errors == pytest.approx(exact.errors, rel=1e-4)
    with pytest.raises(OptimiserError, match="lbfgs knows no bounds"):
        mg.fit(decay, x, y, START, bounds={"k": (0, 0.6)}, solver="lbfgs")
    with pytest.raises(OptimiserError, match="an x of its own"):
        mg.fit(decay, x, y, START, sigma=0.05, sigma_x=0.01, solver="gd")


def test_a_model_as_it_is_goes_the_way_of_the_bare_loop():
    x, y = decayed()
    fit = mg.fit(decay, x, y, START, solver="gd", lr=0.05, steps=50, standardize=False)
    tensors = [mg.tensor(value, requires_grad=True) for value in START.values()]
    path = loop(lambda a, k, c: ((decay(x, a, k, c) - y) ** 2).mean(), *tensors, lr=0.05, steps=50)
    assert np.array_equal(fit.found.extra["path"], path[:, :3])
    assert np.array_equal(fit.history, path[:, 3])
    assert fit.message == "after 50 steps the parameter a is 51.7 times its standard error away from the exact fit"


def test_batches_of_a_model_take_rows_of_whatever_x_is():
    x, y = decayed()
    columns = {"x": x, "unused": 0 * x}
    one, other = (
        mg.fit(model, given_x, y, START, solver="sgd", batch_size=7, steps=40, seed=3)
        for model, given_x in [(decay, x), (lambda t, a, k, c: decay(t["x"], a, k, c), columns)]
    )
    np.testing.assert_allclose(one.found.extra["path"], other.found.extra["path"], rtol=1e-12)


@pytest.mark.parametrize("standardize", [True, False])
def test_a_rate_found_by_itself_is_made_smaller_where_the_curve_gets_steeper(standardize):
    x = np.linspace(0, 6, 40)
    y = 2 * np.exp(0.7 * x)
    start = {"a": 5.0, "b": -0.5}  # where the loss curves next to nothing of what it curves at the end
    fit = mg.fit(lambda x, a, b: a * np.exp(b * x), x, y, start, solver="gd", steps=300, standardize=standardize)
    assert min(fit.history) < 0.9 * fit.history[0]


def test_a_rate_with_which_the_loss_rises_again_is_said_to_be_too_large():
    fit = mg.fit(decay, *decayed(), START, solver="gd", lr=0.7, steps=30, standardize=False)
    assert fit.params == START
    assert fit.warnings[-1] == "the loss rose again after step 0, where it was least: try a smaller rate, lr=0.07"


def test_a_model_diverges_with_the_best_point_kept():
    x, y = decayed()
    with pytest.raises(DivergedError, match="write lr=") as caught:
        mg.fit(decay, x, y, START, solver="gd", lr=20.0, standardize=False)
    assert caught.value.best.params == START


# ------------------------------------------------------------------------------------- how it goes, and how it is told


@pytest.mark.parametrize(
    "schedule", ["constant", "cosine", "step", "exponential", "inverse_time", lambda t: 0.9**t + 0.1]
)
def test_every_schedule_brings_a_line_home(schedule):
    _, x, y = example("line_100")
    assert_near(descend_line(p := points(x, y), "mse", "gd", exact=(e := least_squares(p)), schedule=schedule), e)


@given(cloud=clouds(), solver=st.sampled_from(SOLVERS), steps=st.integers(1, 20))
def test_the_best_is_a_pair_and_the_path_has_its_losses(cloud, solver, steps):
    x, y = cloud
    seen = []
    found = descend_line(
        p := points(x, y),
        "mse",
        solver,
        exact=least_squares(p),
        steps=steps,
        batch_size=3 if solver == "sgd" else None,
        callback=lambda *row: seen.append(row),
    )
    path, history = found.extra["path"], np.array(found.history)
    assert len(path) == len(history) == len(found.extra["rows"]) == len(seen)
    assert found.extra["rows"][-1] == found.steps <= steps
    for k, (step, loss, params) in enumerate(seen):
        assert (step, loss) == (found.extra["rows"][k], history[k])
        assert list(params.items()) == list(zip(found.names, path[k].tolist(), strict=True))
    losses = [np.mean((y - slope * x - intercept) ** 2) for slope, intercept in path]
    np.testing.assert_allclose(history, losses, rtol=1e-9, atol=1e-14)
    assert np.mean(found.residuals**2) == pytest.approx(min(losses), rel=1e-9, abs=1e-14)


@settings(max_examples=10)
@given(clouds(min_size=8), st.integers(0, 5))
def test_minibatches_are_drawn_by_the_seed(cloud, seed):
    def paths(seed):
        exact = least_squares(p := points(*cloud))
        return descend_line(p, "mse", "sgd", exact=exact, batch_size=3, steps=20, seed=seed).extra["path"]

    assert np.array_equal(paths(seed), paths(seed))
    assert not np.array_equal(paths(seed), paths(seed + 1))


def test_the_distance_from_the_exact_line_is_told_in_standard_errors():
    _, x, y = example("line_100")
    exact = least_squares(p := points(x, y))
    for steps in (1, 3, 9, 27):
        found = descend_line(p, "mse", "gd", exact=exact, steps=steps, schedule="constant")
        parts = np.abs(found.values - exact.values) / errors_of(exact)
        name = found.names[int(np.argmax(parts))]
        times, _, rest = found.message.partition(f"the {name} is ")[2].partition(" its standard error")
        number = float(times.split()[0]) / (100 if "%" in times else 1) if "less" not in times else 0
        assert number == pytest.approx(parts.max(), rel=0.06, abs=1e-4)
        assert rest == " away from the exact line"
        assert found.converged == (parts.max() < 0.01)
        assert any("allow more steps" in warning for warning in found.warnings) != found.converged


def test_points_on_a_line_have_no_errors_to_measure_by():
    found = descend_line(p := points([0, 1, 2, 3], [1, 3, 5, 7]), "mse", "gd", exact=least_squares(p), steps=3)
    assert found.message == "after 3 steps the intercept is 0.82 away from the exact line"
    assert not found.converged
    assert descend_line(p, "mse", "gd", exact=least_squares(p)).converged


@given(clouds(), st.floats(1.05, 1e4))
def test_a_rate_that_is_too_large_is_named_and_the_best_is_kept(cloud, lr):
    x, y = cloud
    p = points(x, y)
    exact = least_squares(p)
    with pytest.raises(
        DivergedError, match=r"\nThe largest stable rate at the best point is 1: write lr=0\.5"
    ) as caught:
        descend_line(p, "mse", "gd", exact=exact, lr=lr, schedule="constant")
    assert caught.value.largest_stable_lr == pytest.approx(1, rel=1e-9)
    best = caught.value.best
    residuals = y - best.params["slope"] * x - best.params["intercept"]
    assert best.loss == pytest.approx(float(np.mean(residuals**2)), rel=1e-9)


@given(clouds(), st.floats(0.02, 0.97))
def test_every_rate_below_the_largest_stable_one_finds_the_line(cloud, lr):
    exact = least_squares(p := points(*cloud))
    assert_near(descend_line(p, "mse", "gd", exact=exact, lr=lr, schedule="constant", steps=2000), exact)


def test_raw_x_diverges_as_tutorials_do_and_is_told_what_to_write():
    _, x, y = example("line_100")
    with pytest.raises(DivergedError, match=r"lr=0\.01 .*\n.* 0\.0002\d+: write lr=0\.00015") as caught:
        fit_line(x, y, solver="gd", lr=0.01, standardize=False)
    assert caught.value.best.params == {"slope": 0.0, "intercept": 0.0}
    fit_line(x, y, solver="gd", lr=1.5e-4, standardize=False)
    with pytest.raises(DivergedError, match=r"write lr=0\.05"):
        fit_line(x, y, solver="adam", lr=1e300)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"solver": "newton"}, "no solver"),
        ({"schedule": "cosin"}, "no schedule"),
        ({"callback": 3}, "callback is 3, and a function is called with every step"),
        ({"lr": "fast"}, "auto"),
        ({"lr": 0.0}, "above 0"),
        ({"lr": math.nan}, "above 0"),
        ({"steps": 0}, "from 1 on"),
        ({"batch_size": 5}, "gd takes all points"),
        ({"solver": "lbfgs", "batch_size": 5}, "lbfgs takes all points"),
        ({"solver": "sgd", "batch_size": 0}, "from 1 on"),
    ],
)
def test_what_makes_no_sense_is_refused(options, words):
    options = {"solver": "gd", **options}
    with pytest.raises(OptimiserError, match=words):
        descend_line(p := points([0, 1, 2], [1, 2, 4]), "mse", exact=least_squares(p), **options)


def test_a_robust_loss_of_several_outputs_is_refused():
    p = points([0, 1, 2, 4], [[1, 2], [2, 3], [4, 4], [5, 6]])
    with pytest.raises(OptimiserError, match="one can be watched at a time"):
        descend_line(p, "huber", "gd", exact=robust_line(p, "huber"))


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("delta", [None, 4.0])
@pytest.mark.parametrize("through", [None, ((1.0, 2.0), 0.5)])
def test_a_plane_of_distances(standardize, delta, through):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 2)) * [2.0, 3.0] + [1.0, 2.0]
    y = (x - [1.0, 2.0]) @ [0.7, -1.2] + 0.5 + 0.2 * rng.standard_normal(50)
    given_points = points(x + 0.1 * rng.standard_normal(x.shape), y, sigma=rng.uniform(0.5, 2, 50))
    exact = nearest_plane(given_points, delta=1.0 if delta is None else delta, through=through)
    for solver in ("gd", "lbfgs"):
        found = descend_line(
            given_points, "distance", solver, exact=exact, delta=delta, standardize=standardize, steps=3000
        )
        assert_near(found, exact, part=1e-4)  # L-BFGS ends where no step moves anything: eight digits
        assert found.history[-1] == pytest.approx(found.extra["exact_loss"], rel=1e-9)


def test_a_plane_far_away_keeps_its_digits():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((30, 2)) + [1.7e9, -3e5]
    y = (x - [1.7e9, -3e5]) @ [0.5, 1.5] + 0.1 * rng.standard_normal(30) + 1e6
    exact = nearest_plane(p := points(x, y))
    assert_near(descend_line(p, "distance", "gd", exact=exact), exact, part=1e-5)


@pytest.mark.parametrize("loss", ["huber", "tukey"])
def test_a_robust_loss_without_a_scale_is_refused(loss):
    x = np.arange(8.0)
    with pytest.raises(OptimiserError, match="more than half of the points lie on the curve"):
        fit_line(x, np.where(x == 3, 50.0, 2 * x), loss=loss, solver="gd")


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("loss", ["mse", "distance"])
def test_constant_y_is_where_descent_starts(loss, solver):
    fit = fit_line([1.0, 2.0, 4.0], [3.0, 3.0, 3.0], loss=loss, solver=solver)
    assert fit.params == {"slope": 0.0, "intercept": 3.0}
    assert fit.message == "after 0 steps every parameter is that of the exact line, to the last digit"
    assert fit.converged


@pytest.mark.parametrize("solver", SOLVERS)
def test_few_points_and_strange_shapes(solver):
    assert fit_line([0, 1], [1, 3], solver=solver).params == pytest.approx({"slope": 2.0, "intercept": 1.0}, rel=1e-9)
    one = fit_line([1.0], [2.0], through=(0, 0), solver=solver)
    assert one.params == pytest.approx({"slope": 2.0, "intercept": 0.0})
    level = fit_line([1.0, 2.0, 3.0], [2.0, 3.0, 7.0], degree=0, solver=solver)
    assert level.params == pytest.approx({"c0": 4.0})
    x = np.arange(6.0)
    column = fit_line(x[:, None], (x**2)[:, None], solver=solver, loss="huber")
    flat = fit_line(x, x**2, solver=solver, loss="huber")
    assert column.params["slope"] == pytest.approx(flat.params["slope"], rel=1e-9)


def test_numbers_that_overflow_as_they_are_are_told_so():
    x = np.arange(6.0)
    with pytest.raises(GradError, match="other units"):
        fit_line(1e100 * x, 1e120 * x**2, solver="gd", standardize=False, lr=0.1)
    assert fit_line(1e100 * x, 1e120 * x**2, solver="gd").converged


def test_the_bar_goes_to_standard_error(capsys):
    descend_line(p := points([0, 1, 2], [1, 2, 4]), "mse", "gd", exact=least_squares(p), progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "gd" in err
    assert "loss" in err


def test_watching_needs_numpy_alone():
    program = (
        "import sys\nfor name in ('click', 'rich', 'matplotlib', 'scipy', 'pandas'): sys.modules[name] = None\n"
        "from minigrad.fitting import fit_line\nprint(fit_line([0, 1, 3], [1, 3, 4], solver='gd').converged)"
    )
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60)
    assert result.stdout == "True\n"


@pytest.mark.parametrize("unit", [1e-20, 1.0, 1e20])
def test_a_slope_half_way_has_not_arrived_in_whatever_units(unit):
    """Points on a line have no standard errors; in units of the intercept a slope of 1e-20 is always near."""
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    half = fit_line(x * unit, 1 + x, solver="gd", steps=1)
    assert half.slope * unit == pytest.approx(0.5)
    assert not half.converged
    assert half.warnings == ("descent ended before it arrived: allow more steps",)
    assert fit_line(x * unit, 1 + x, solver="gd").converged
    assert fit_line(x * unit, x, solver="gd").converged  # through 0, which no rate is measured in
