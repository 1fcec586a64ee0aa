"""A fit of any model: certified answers, symmetries of least squares, bounds, and words for what cannot be fitted."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.fitting import fit, fit_line

from .nist import MODELS, PROBLEMS, digits, points

FIRAS = json.loads((Path(__file__).parent / "data" / "firas_planck.json").read_text(encoding="utf-8"))


def decay(x, a, b, c):
    return a * np.exp(-b * x) + c


def decaying(scatter=0.05, n=40, seed=1):
    draws = np.random.default_rng(seed)
    x = np.linspace(0, 4, n)
    return x, decay(x, 3.0, 1.2, 0.5) + scatter * draws.normal(size=n)


# ----------------------------------------------------------------------------- certified answers


@pytest.mark.parametrize("start", ["start1", "start2"])
@pytest.mark.parametrize("name", PROBLEMS)
def test_nist_is_met_from_both_starts(name, start):
    """NIST prints 11 digits, so that agreement ends between 10.3 and 11: half a unit of the last one."""
    problem = PROBLEMS[name]
    x, y = points(name)
    result = fit(MODELS[name], x, y, problem[start])
    assert result.converged, result.message
    assert result.dof == len(y) - len(problem["parameters"])
    assert digits(list(result.params.values()), problem["parameters"]) > 10.2
    # The residuals of Lanczos1 are 9e-14, of numbers near 2.5 that are rounded at 2e-16: a part in 300 of them.
    # Those of Lanczos2 are 1e-6: ten digits of them are left.
    assert digits(list(result.errors.values()), problem["errors"]) > (2.5 if name == "Lanczos1" else 9.8)
    assert digits([result.rss], [problem["rss"]]) > (2.5 if name == "Lanczos1" else 9.8)


def planck(x, T):  # noqa: N803
    h, c, k = 6.62607015e-34, 299792458.0, 1.380649e-23
    nu = 100 * c * x
    return 2 * h * nu**3 / c**2 / np.expm1(h * nu / (k * T)) / 1e-20


@pytest.mark.parametrize("start", np.geomspace(0.5, 3000, 25))
def test_the_temperature_of_the_sky_from_any_start(start):
    result = fit(planck, FIRAS["x"], FIRAS["y"], {"T": start}, sigma=FIRAS["sigma_y"], absolute_sigma=True)
    assert result.converged
    assert abs(result.params["T"] - 2.72501533) < 1e-8
    assert abs(result.chi2 - FIRAS["expected_chi2"]) < 1e-8
    relative = fit(planck, FIRAS["x"], FIRAS["y"], [start], sigma=FIRAS["sigma_y"])
    assert relative.errors["T"] == pytest.approx(result.errors["T"] * np.sqrt(result.chi2 / 42), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("start", np.geomspace(0.5, 3000, 300))
def test_the_temperature_of_the_sky_from_many_starts(start):
    result = fit(planck, FIRAS["x"], FIRAS["y"], [start], sigma=FIRAS["sigma_y"])
    assert abs(result.params["T"] - 2.72501533) < 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_called_converged_is_a_stationary_point_wherever_it_started(name):
    """From starts up to three times too large or too small many searches end elsewhere: at a minimum, or saying so."""
    draws = np.random.default_rng(1)
    x, y = points(name)
    for _ in range(8):
        start = np.array(PROBLEMS[name]["start1"]) * 10 ** draws.uniform(-0.5, 0.5, len(PROBLEMS[name]["start1"]))
        result = fit(MODELS[name], x, y, start)
        assert np.isfinite(list(result.params.values())).all()
        if result.converged and not result.warnings:
            at = tuple(np.float64(value) for value in result.params.values())
            slopes = np.stack(mg.jacobian(lambda *b: MODELS[name](x, *b), tuple(range(len(at))))(*at), axis=1)
            q = np.linalg.qr(slopes / np.linalg.norm(slopes, axis=0))[0]
            # What the curve can still follow of the residuals, but for their rounding.
            rounding = 1e-15 * np.linalg.norm(y) + 1e-6 * np.linalg.norm(result.residuals)
            assert np.linalg.norm(q.T @ result.residuals) < rounding


# ----------------------------------------------------------------------------- statements about least squares

lines = st.integers(3, 30).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(-10, 10), min_size=n, max_size=n, unique_by=lambda v: round(v, 2)),
        # Of y below 1e-135 squares leave float64, and `fit` refuses them.
        st.lists(st.floats(-10, 10).map(lambda v: v if abs(v) > 1e-100 else 0.0), min_size=n, max_size=n),
    )
)


@settings(max_examples=25, deadline=None)
@given(lines)
def test_a_line_by_the_search_is_the_line_by_the_formula(xy):
    x, y = map(np.array, xy)
    found = fit(lambda x, slope, intercept: slope * x + intercept, x, y)
    exact = fit_line(x, y)
    # Both are exact to the rounding of y - mean(y), magnified by the condition of the columns x and 1.
    magnified = np.linalg.cond(np.column_stack([x, np.ones(len(x))]))
    near = 1e-13 * magnified * (1 + np.max(np.abs(y)))
    for name in ("slope", "intercept"):
        assert abs(found.params[name] - exact.params[name]) < near / np.std(x) + near
        assert abs(found.errors[name] - exact.errors[name]) < (near / np.std(x) + near) * 10


@settings(max_examples=15, deadline=None)
@given(st.floats(-6, 6), st.booleans())
def test_scaling_y_scales_what_is_in_its_units(exponent, negative):
    factor = 10.0**exponent * (-1 if negative else 1)
    x, y = decaying()
    one = fit(decay, x, y, [2.0, 1.0, 0.0])
    other = fit(decay, x, factor * y, [2.0 * factor, 1.0, 0.0])
    for name, scale in (("a", factor), ("b", 1.0), ("c", factor)):
        assert other.params[name] == pytest.approx(one.params[name] * scale, rel=1e-10)
        assert other.errors[name] == pytest.approx(one.errors[name] * abs(scale), rel=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=12, max_size=12))
def test_a_weight_of_k_is_k_copies(copies):
    x, y = decaying(n=12)
    weighted = fit(decay, x, y, [2.0, 1.0, 0.0], weights=copies, absolute_sigma=True)
    copied = fit(decay, np.repeat(x, copies), np.repeat(y, copies), [2.0, 1.0, 0.0], sigma=1.0, absolute_sigma=True)
    for name in weighted.params:
        assert weighted.params[name] == pytest.approx(copied.params[name], rel=1e-10)
        assert weighted.errors[name] == pytest.approx(copied.errors[name], rel=1e-10)


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(12)))
def test_the_order_of_the_points_does_not_matter(order):
    x, y = decaying(n=12)
    one, other = fit(decay, x, y), fit(decay, x[order], y[order])
    assert list(other.params.values()) == pytest.approx(list(one.params.values()), rel=1e-10)


def test_other_units_of_a_parameter_give_the_same_curve():
    x, y = decaying()
    one = fit(decay, x, y, [2.0, 1.0, 0.0])
    other = fit(lambda x, a, b, c: decay(x, a, 1e-6 * b, c), x, y, [2.0, 1e6, 0.0])
    assert other.params["b"] == pytest.approx(1e6 * one.params["b"], rel=1e-10)
    assert other.errors["b"] == pytest.approx(1e6 * one.errors["b"], rel=1e-9)


def test_the_prediction_is_the_model_and_its_band_the_spread_of_refits():
    x, y = decaying()
    result = fit(decay, x, y)
    at = np.array([0.5, 3.0])
    np.testing.assert_array_equal(result.predict(at), decay(at, *result.params.values()))
    variance = result.found.curve.variance(at)
    slopes = mg.jacobian(lambda p: decay(at, p[0], p[1], p[2]))(np.array(list(result.params.values())))
    np.testing.assert_allclose(variance, np.diag(slopes @ result.cov @ slopes.T), rtol=1e-10)


# ----------------------------------------------------------------------------- starts, what is fixed, bounds


def test_defaults_are_starts_and_start_goes_before_them():
    x, y = decaying()
    told = fit(lambda x, a=2.0, b=1.0, c=0.0: decay(x, a, b, c), x, y)
    assert list(told.params) == ["a", "b", "c"]
    assert list(told.params.values()) == pytest.approx(list(fit(decay, x, y, [3, 1, 0]).params.values()), rel=1e-10)


@pytest.mark.parametrize(
    ("model", "x", "true"),
    [
        (lambda x, a, mu, s, c: a * np.exp(-((x - mu) ** 2) / (2 * s**2)) + c, np.linspace(0, 100, 80), (50, 40, 7, 3)),
        (lambda x, a, mu, s: a * np.exp(-((x - mu) ** 2) / (2 * s**2)), np.linspace(0, 1000, 200), (5, 700, 20)),
        (lambda x, top, k, x0: top / (1 + np.exp(-k * (x - x0))), np.linspace(0, 50, 60), (120, 0.3, 25)),
        (lambda x, a, w, p, c: a * np.sin(w * x + p) + c, np.linspace(0, 10, 100), (2, 3.3, 0.5, 10)),
        (lambda x, a, b: a * x**b, np.linspace(1, 100, 50), (3, 1.7)),
        (lambda x, a, b: a * np.exp(-x / b), np.linspace(0, 1000, 50), (30, 200)),
        (lambda x, v, k: v * x / (k + x), np.linspace(0.1, 200, 30), (80, 33)),
        (lambda x, a, e: a * np.exp(-e / (8.314 * x)), np.linspace(300, 400, 20), (1e6, 4e4)),
        (lambda x, a, x0, g: a * g**2 / ((x - x0) ** 2 + g**2), np.linspace(-50, 50, 101), (7, 12, 3)),
        (lambda x, k, size: 1 - np.exp(-((x / size) ** k)), np.linspace(0.1, 30, 40), (2.2, 10)),
        (lambda x, slope, level: slope * x + level, 1.7e6 + np.arange(50.0), (3e-3, 5)),
    ],
)
def test_without_a_start_the_curves_of_every_day_are_found(model, x, true):
    y = model(x, *true)
    y = y + 0.02 * np.std(y) * np.random.default_rng(0).normal(size=len(x))
    assert fit(model, x, y).rss == pytest.approx(fit(model, x, y, list(true)).rss, rel=1e-9)


def test_that_starts_were_tried_is_said():
    x = np.linspace(0, 10, 5000)
    result = fit(lambda x, a, w, p: a * np.sin(w * x + p), x, 2 * np.sin(7 * x + 1))
    assert abs(result.params["w"]) == pytest.approx(7)
    assert "from the best of 9 starts" in result.message


def test_what_is_fixed_stays_and_has_no_error():
    x, y = decaying()
    result = fit(decay, x, y, fixed={"c": 0.5})
    assert result.params["c"] == 0.5
    assert result.errors["c"] == 0
    assert (result.cov[2] == 0).all()
    assert result.dof == len(x) - 2
    same = fit(lambda x, a, b: decay(x, a, b, 0.5), x, y)
    assert result.params["a"] == pytest.approx(same.params["a"], rel=1e-12)
    assert result.errors["b"] == pytest.approx(same.errors["b"], rel=1e-9)
    assert fit(decay, x, y, {"c": 0.5}, fixed=("c",)).params == pytest.approx(result.params)
    nothing = fit(decay, x, y, fixed={"a": 3, "b": 1, "c": 0})
    assert nothing.params == {"a": 3.0, "b": 1.0, "c": 0.0}
    assert nothing.converged


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.floats(-4, 4), st.floats(0.1, 4)),
    st.tuples(st.floats(-4, 4), st.floats(0.1, 4)),
    st.integers(0, 5),
)
def test_within_bounds_it_ends_where_nothing_that_may_move_wants_to(one, two, seed):
    """The conditions of Karush, Kuhn and Tucker: no slope inside, and on a bound only one that points outwards."""
    draws = np.random.default_rng(seed)
    x = draws.normal(size=12)
    y = 1.5 * x - 0.5 * x**2 + draws.normal(size=12)
    bounds = {"a": (one[0], one[0] + one[1]), "b": (two[0], two[0] + two[1])}
    result = fit(lambda x, a, b: a * x + b * x**2, x, y, bounds=bounds)
    columns = np.column_stack([x, x**2])
    pull = columns.T @ (columns @ list(result.params.values()) - y)
    for slope, (name, (low, high)), value in zip(pull, bounds.items(), result.params.values(), strict=True):
        assert low <= value <= high
        if value == low:
            assert slope >= -1e-9, name
        elif value == high:
            assert slope <= 1e-9, name
        else:
            assert abs(slope) < 1e-9, name
    assert result.converged


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(150))
def test_two_exponentials_within_bounds_end_at_a_point_of_karush_kuhn_and_tucker(seed):
    draws = np.random.default_rng(seed)

    def model(x, a, b, c, d):
        return a * np.exp(-b * x) + c * np.exp(-d * x)

    x, true = np.linspace(0, 3, 25), draws.uniform(0.2, 3, 4)
    y = model(x, *true) + 0.05 * draws.normal(size=25)
    low = true * draws.uniform(0.3, 1.3, 4)
    high = low + draws.uniform(0.1, 2, 4)
    start = np.clip(low + (high - low) * draws.choice([0, 0.5, 1, 1e-14], 4), low, high)
    result = fit(model, x, y, start, bounds=dict(zip("abcd", zip(low, high, strict=True), strict=True)))
    assert result.converged
    values = result.found.values
    slopes = mg.jacobian(lambda v: model(x, v[0], v[1], v[2], v[3]))(values)
    pull = (model(x, *values) - y) @ slopes / np.linalg.norm(slopes, axis=0) / np.linalg.norm(result.residuals)
    assert ((low <= values) & (values <= high)).all()
    assert (pull[values == low] > -1e-8).all()
    assert (pull[values == high] < 1e-8).all()
    assert (np.abs(pull[(values > low) & (values < high)]) < 1e-7).all()


def test_a_parameter_on_its_bound_is_named_and_has_no_error():
    x, y = decaying()
    result = fit(decay, x, y, [2.0, 1.0, 0.7], bounds={"c": (0.6, None)})
    assert result.params["c"] == 0.6
    assert np.isnan(result.errors["c"])
    held = fit(decay, x, y, [2.0, 1.0, 0.6], fixed=("c",))
    assert result.params["a"] == pytest.approx(held.params["a"], rel=1e-9)
    assert result.errors["a"] == pytest.approx(held.errors["a"], rel=1e-6)
    assert any("c stands on its bound 0.6" in warning for warning in result.warnings)
    free = fit(decay, x, y, [2.0, 1.0, 0.7], bounds={"c": (0, None), "b": (None, 50)})
    assert free.params == pytest.approx(fit(decay, x, y, [2.0, 1.0, 0.7]).params, rel=1e-9)
    assert not free.warnings


# ----------------------------------------------------------------------------- what the points do not determine


def test_parameters_that_undo_each_other_are_named():
    x, y = decaying()
    result = fit(lambda x, a, b, c, d: a * np.exp(-b * x) + c + d, x, y, [2.0, 1.0, 0.0, 0.0])
    assert np.isnan(result.errors["c"])
    assert np.isnan(result.errors["d"])
    assert result.errors["b"] == pytest.approx(fit(decay, x, y).errors["b"], rel=1e-6)
    assert any("c, d" in warning for warning in result.warnings)


def test_a_parameter_without_effect_is_named():
    x, y = decaying()
    result = fit(lambda x, a, b, c, useless: decay(x, a, b, c), x, y, [2.0, 1.0, 0.0, 4.0])
    assert np.isnan(result.errors["useless"])
    assert result.params["useless"] == 4.0
    assert any("useless: it has no effect" in warning for warning in result.warnings)


@pytest.mark.parametrize("n", [240, 300, 3000])
def test_a_parameter_without_effect_stops_no_other_among_many_points(n):
    """Of many rows the factors come from sums of products, where the direction of such a parameter has no column."""
    draws = np.random.default_rng(0)
    x = np.linspace(0, 100, n)
    y = decay(x, 3.0, 0.1, 0.5) + 0.05 * draws.normal(size=n)
    found = fit(lambda x, a, b, c, idle: decay(x, a, b, c) + 0 * idle, x, y, [10.0, 0.01, 5.0, 1.0])
    alone = fit(decay, x, y, [10.0, 0.01, 5.0])
    assert found.converged
    # Each search ends where rounding hides the minimum: about 1e-8 of an error.
    for name in "abc":
        assert found.params[name] == pytest.approx(alone.params[name], abs=1e-6 * alone.errors[name])


def test_steps_that_are_asked_for_are_taken():
    """One search alone takes 1000; a valley without an end needs as many as it gets."""
    x = np.arange(1.0, 11.0)
    found = fit(lambda x, a, b, c: a * np.exp(-b * x) + c, x, 2 * x, steps=1500, start={"a": 1, "b": 1, "c": 1})
    assert not found.converged
    assert found.found.steps > 1000


def test_as_many_points_as_parameters_leave_no_errors():
    result = fit(lambda x, a, b: a * x**b, [1.0, 2.0], [3.0, 5.0])
    assert result.params["a"] == pytest.approx(3.0, rel=1e-12)
    assert result.converged
    assert np.isnan(result.errors["a"])
    assert any("2 points for 2 parameters" in warning for warning in result.warnings)


def test_an_exact_curve_is_found_to_rounding():
    x = np.linspace(0, 3, 20)
    result = fit(decay, x, decay(x, 3.0, 1.2, 0.5), [1.0, 1.0, 0.0])
    assert result.converged
    assert list(result.params.values()) == pytest.approx([3.0, 1.2, 0.5], rel=1e-13)


def test_it_ends_where_a_whole_step_of_gauss_and_newton_goes_too_far():
    """Three exponentials under noise: the residuals bend the cost more than the slopes do, and steps overshoot."""
    draws = np.random.default_rng(0)
    model, true = MODELS["Lanczos3"], PROBLEMS["Lanczos3"]["parameters"]
    x = np.sort(draws.uniform(0, 1.15, 4000))
    y = model(x, *true)
    y += 0.01 * np.std(y) * draws.normal(size=4000)
    result = fit(model, x, y, PROBLEMS["Lanczos3"]["start2"])
    assert result.converged
    slopes = mg.jacobian(lambda p: model(x, *[p[k] for k in range(6)]))(result.found.values)
    cosines = np.abs(result.residuals @ slopes) / np.linalg.norm(slopes, axis=0) / np.linalg.norm(result.residuals)
    assert cosines.max() < 1e-9


def test_too_few_steps_are_said_and_the_best_is_kept():
    x, y = points("MGH17")
    seen = []
    result = fit(
        MODELS["MGH17"],
        x,
        y,
        PROBLEMS["MGH17"]["start1"],
        steps=3,
        callback=lambda step, loss, params: seen.append(loss),
    )
    assert not result.converged
    assert any("not converged" in warning for warning in result.warnings)
    assert result.rss / len(y) == pytest.approx(min(seen))
    assert seen == sorted(seen, reverse=True)
    assert all(np.isfinite(value) for value in result.params.values())


# ----------------------------------------------------------------------------- models of every kind


def test_x_may_be_whatever_the_model_understands():
    draws = np.random.default_rng(0)
    a, b = draws.normal(size=(2, 30))
    y = 2 * a - 3 * b + 0.1 * draws.normal(size=30)
    by_rows = fit(lambda x, p, q: p * x[:, 0] + q * x[:, 1], np.column_stack([a, b]), y)
    by_columns = fit(lambda x, p, q: p * x[0] + q * x[1], np.stack([a, b]), y)
    by_name = fit(lambda x, p, q: p * x["a"] + q * x["b"], {"a": a, "b": b}, y)
    product = fit(lambda x, p, q: x @ np.stack([p, q]), np.column_stack([a, b]), y)
    for other in (by_columns, by_name, product):
        assert other.params == pytest.approx(by_rows.params, rel=1e-12)
        assert other.errors == pytest.approx(by_rows.errors, rel=1e-10)
        at = np.column_stack([a, b])[:3]
        np.testing.assert_allclose(other.predict(at), by_rows.predict(at), rtol=1e-10)
    assert by_name.given.x_names == ("a", "b")
    whole = fit(lambda x, p, q: p * x[1][0] + q * x[1][1], ("any thing", [a, b]), y)
    assert whole.params == pytest.approx(by_rows.params, rel=1e-12)


def test_places_are_given_to_predict_as_points_were_to_the_fit():
    rows = np.random.default_rng(0).normal(size=(8, 2))
    y = 2 * rows[:, 0] - rows[:, 1]
    new = np.array([[1.0, 2.0], [3.0, 5.0]])  # as many places as columns: neither way round is told by the shape
    wanted = 2 * new[:, 0] - new[:, 1]
    below = fit(lambda x, a, b: a * x[0] + b * x[1], rows.T, y)
    np.testing.assert_allclose(below.predict(new.T), wanted, atol=1e-12)
    named = fit(lambda x, a, b: a * x["u"] + b * x["v"], {"u": rows[:, 0], "v": rows[:, 1]}, y)
    np.testing.assert_allclose(named.predict({"v": new[:, 1], "u": new[:, 0]}), wanted, atol=1e-12)
    with pytest.raises(TypeError, match="x must hold numbers"):
        named.predict({"u": new[:, 0]})


@pytest.mark.parametrize(
    "x", [np.arange(1.0, 9.0), np.arange(1.0, 17.0).reshape(8, 2), np.arange(1.0, 17.0).reshape(2, 8)]
)
def test_a_model_that_writes_into_x_is_refused(x):
    def doubling(x, a):
        x *= 2
        return a * x.reshape(-1)[:8]

    before = x.copy()
    with pytest.raises(ValueError, match="read-only"):
        fit(doubling, x, np.arange(8.0))
    np.testing.assert_array_equal(x, before)


def test_a_model_may_ask_its_parameters():
    x, y = decaying()
    result = fit(lambda x, a, b, c: decay(x, a, b, c) if b > 0 else x * np.inf, x, y, [2.0, 1.0, 0.0])
    assert result.params == pytest.approx(fit(decay, x, y).params, rel=1e-10)


def test_a_step_to_where_the_model_is_not_defined_is_refused():
    x = np.linspace(0, 5, 20)
    result = fit(lambda x, a, b: a * np.sqrt(x - b), x, 2 * np.sqrt(x + 0.3), {"a": 5.0, "b": -8.0})
    assert result.params == pytest.approx({"a": 2.0, "b": -0.3}, rel=1e-9)


# ----------------------------------------------------------------------------- errors by other ways


def test_the_curve_is_known_elsewhere_only_where_x_has_rows():
    """Of a whole, without rows, the model would give the values at its own points, whatever x was asked for."""
    x, y = decaying()
    columns = {"time": x, "dose": x**2}
    named = fit(lambda x, p, q: p * x["time"] + q * x["dose"], columns, y)
    some = {name: column[:3] for name, column in columns.items()}
    np.testing.assert_array_equal(named.predict(some), named.predict(np.column_stack([*columns.values()]))[:3])

    whole = fit(lambda x, p, q: p * x[1] + q * x[1] ** 2, ("any thing", x), y)
    np.testing.assert_allclose(whole.predict(whole.given.x) + whole.residuals, y, rtol=1e-14)
    for elsewhere in (np.zeros(len(x)), np.zeros(3)):
        for band in (None, 0.95):
            with pytest.raises(ValueError, match=r"x was one tuple without rows: .*\n.*call the model itself"):
                whole.predict(elsewhere, band=band)
    with pytest.raises(TypeError, match="x must hold numbers, and holds <object"):
        whole.predict(object())


@pytest.mark.parametrize("option", [{"lr": 0.1}, {"schedule": "cosine"}, {"batch_size": 3}, {"standardize": False}])
@pytest.mark.parametrize("solver", ["auto", "lm"])
def test_what_belongs_to_a_descent_is_refused_without_one(solver, option):
    with pytest.raises(ValueError, match=f"{next(iter(option))} belongs to a solver that descends"):
        fit(decay, *decaying(), solver=solver, **option)


def test_errors_in_x_ask_for_distances_without_the_word():
    x, y = decaying()
    asked = fit(decay, x, y, sigma=0.05, sigma_x=0.02)
    assert asked.loss == "distance"
    assert asked.to_json() == fit(decay, x, y, sigma=0.05, sigma_x=0.02, loss="distance").to_json()


def test_an_absolute_sigma_is_to_be_given():
    with pytest.raises(ValueError, match="no sigma was given"):
        fit(decay, *decaying(), absolute_sigma=True)


def test_errors_by_second_derivatives_are_those_of_the_whole_hessian():
    x, y = decaying()
    found = fit(decay, x, y, errors="hessian")
    at = np.array(list(found.params.values()))
    hessian = mg.hessian(lambda p: np.sum((decay(x, p[0], p[1], p[2]) - y) ** 2))(at)
    cov = 2 * found.rss / found.dof * np.linalg.inv(hessian)
    np.testing.assert_allclose(found.cov, cov, rtol=1e-9)
    np.testing.assert_allclose(found.found.curve.variance(x[:1]), cov[0, 0] + cov[2, 2] + 2 * cov[0, 2], rtol=1e-9)


def test_errors_of_what_is_fixed_stay_0_by_every_way():
    x, y = decaying()
    for way in ("hessian", "jackknife"):
        found = fit(decay, x, y, fixed={"c": 0.5}, errors=way)
        assert found.errors["c"] == 0
        assert found.errors["a"] == pytest.approx(fit(decay, x, y, fixed={"c": 0.5}).errors["a"], rel=0.5)


@pytest.mark.slow
def test_the_bootstrap_agrees_with_gauss_newton_where_the_noise_is_gaussian():
    """1000 draws tell a standard deviation to 1/√2000 = 2 %; 40 points tell the noise to 1/√74 = 12 %."""
    x, y = decaying()
    found, drawn = fit(decay, x, y), fit(decay, x, y, errors="bootstrap")
    for name in found.params:
        assert drawn.errors[name] == pytest.approx(found.errors[name], rel=0.4)


# ----------------------------------------------------------------------------- losses that forgive


@pytest.mark.parametrize("loss", ["huber", "tukey", "l1", lambda u: np.sqrt(1 + u**2)])
def test_a_straight_model_under_another_loss_is_the_line_under_it(loss):
    draws = np.random.default_rng(5)
    x = np.linspace(0, 5, 31)
    y = 2 * x + 1 + 0.3 * draws.standard_t(2, 31)
    found = fit(lambda x, slope, intercept: slope * x + intercept, x, y, loss=loss)
    line = fit_line(x, y, loss=loss)
    assert found.converged, found.message
    for name in ("slope", "intercept"):
        assert found.params[name] == pytest.approx(line.params[name], rel=1e-9)
        assert found.errors[name] == pytest.approx(line.errors[name], rel=1e-7)


@pytest.mark.parametrize("loss", ["huber", "tukey", "l1"])
def test_outliers_do_not_pull_a_curve_far(loss):
    x, y = decaying(scatter=0.01)
    y[::9] += 3
    result = fit(decay, x, y, [2.0, 1.0, 0.0], loss=loss)
    assert result.converged, result.message
    assert list(result.params.values()) == pytest.approx([3.0, 1.2, 0.5], abs=0.1)
    with_squares = fit(decay, x, y, [2.0, 1.0, 0.0])
    assert abs(with_squares.params["b"] - 1.2) > 2 * abs(result.params["b"] - 1.2)


@pytest.mark.parametrize("loss", ["huber", "tukey"])
def test_bounds_hold_under_a_loss_that_forgives(loss):
    x, y = decaying()
    result = fit(decay, x, y, [2.0, 1.0, 0.7], loss=loss, bounds={"c": (0.6, None)})
    held = fit(decay, x, y, [2.0, 1.0, 0.6], loss=loss, fixed=("c",))
    assert result.params == pytest.approx(held.params, rel=1e-8)


def test_the_least_absolute_deviations_go_through_as_many_points_as_parameters():
    x, y = decaying()
    result = fit(decay, x, y, [2.0, 1.0, 0.0], loss="l1")
    assert np.count_nonzero(np.abs(result.residuals) < 1e-12) == 3


# ----------------------------------------------------------------------------- errors in x


def test_distances_from_a_straight_model_are_the_nearest_line():
    draws = np.random.default_rng(3)
    t = np.linspace(0, 5, 25)
    x, y = t + 0.1 * draws.normal(size=25), 2 * t + 1 + 0.1 * draws.normal(size=25)

    def line(x, slope, intercept):
        return slope * x + intercept

    result = fit(line, x, y, loss="distance")
    # The direction of the nearest line is the first singular vector of the centred points (Pearson, 1901).
    centre = np.array([x.mean(), y.mean()])
    _, singular, (direction, _) = np.linalg.svd(np.column_stack([x, y]) - centre)
    assert result.params["slope"] == pytest.approx(direction[1] / direction[0], rel=1e-10)
    assert result.rss == pytest.approx(singular[1] ** 2, rel=1e-10)


PEARSON = (
    [0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4],
    [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5],
    [1e3, 1e3, 5e2, 8e2, 2e2, 8e1, 6e1, 2e1, 1.8, 1.0],
    [1.0, 1.8, 4.0, 8.0, 2e1, 2e1, 7e1, 7e1, 1e2, 5e2],
)
"""Pearson's points with York's weights (York 1966, Least-squares fitting of a straight line)."""


def test_pearson_york_by_the_general_way():
    x, y, weight_x, weight_y = map(np.array, PEARSON)
    result = fit(
        lambda x, slope, intercept: slope * x + intercept,
        x,
        y,
        {"slope": -0.5, "intercept": 5.0},
        sigma=weight_y**-0.5,
        sigma_x=weight_x**-0.5,
        absolute_sigma=True,
    )
    assert result.converged
    assert result.params["slope"] == pytest.approx(-0.480533407446, abs=5e-12)
    assert result.params["intercept"] == pytest.approx(5.47991022403, abs=5e-11)


def test_errors_in_x_of_a_curve_are_the_same_as_with_each_x_as_a_parameter():
    """The search over a, b, c and all 20 x at once, each x with a residual of its own: what was eliminated, in full."""
    draws = np.random.default_rng(7)
    true = np.linspace(0, 4, 20)
    sigma, sigma_x = draws.uniform(0.02, 0.1, 20), draws.uniform(0.02, 0.2, 20)
    x, y = true + sigma_x * draws.normal(size=20), decay(true, 3.0, 1.2, 0.5) + sigma * draws.normal(size=20)
    found = fit(decay, x, y, [2.0, 1.0, 0.0], sigma=sigma, sigma_x=sigma_x)

    def both(_, *v):
        own = np.stack(v[3:])
        return np.concatenate([(decay(own, *v[:3]) - y) / sigma, (own - x) / sigma_x])

    whole = fit(both, np.zeros(40), np.zeros(40), [2.0, 1.0, 0.0, *x])
    values = list(whole.params.values())
    assert list(found.params.values()) == pytest.approx(values[:3], rel=1e-8)
    assert found.chi2 == pytest.approx(whole.rss, rel=1e-10)
    assert found.found.extra["x"] == pytest.approx(values[3:], rel=1e-7)
    # 40 residuals less 23 unknowns are 20 less 3.
    assert found.dof == whole.dof
    assert list(found.errors.values()) == pytest.approx(list(whole.errors.values())[:3], rel=1e-7)


def test_a_start_that_leads_away_is_never_called_converged():
    x, y = points("MGH10")
    result = fit(MODELS["MGH10"], x, y, [1.7, 881200.0, 9533.0])
    assert not result.converged or result.rss == pytest.approx(PROBLEMS["MGH10"]["rss"], rel=1e-6)


def test_small_errors_in_x_change_little_and_equal_the_limit():
    x, y = decaying()
    plain = fit(decay, x, y, sigma=0.05)
    nearly = fit(decay, x, y, sigma=0.05, sigma_x=1e-9)
    assert nearly.params == pytest.approx(plain.params, rel=1e-8)
    assert nearly.errors == pytest.approx(plain.errors, rel=1e-6)


# ----------------------------------------------------------------------------- words for what cannot be fitted

X, Y = [0.0, 1.0, 2.0, 3.0], [1.0, 2.0, 4.0, 9.0]


def curve(x, a, b):
    return a * np.exp(b * x)


@pytest.mark.parametrize(
    ("arguments", "keywords", "says"),
    [
        ((curve, X, Y, {"A": 1}), {}, "start names 'A', which is no parameter"),
        ((curve, X, Y, [1.0]), {}, "start has 1 numbers for 2 parameters: a, b"),
        ((curve, X, Y, {"a": np.nan}), {}, "the start of a is nan"),
        ((curve, X, Y), {"bounds": {"q": (0, 1)}}, "bounds names 'q'"),
        ((curve, X, Y), {"bounds": {"a": (0, 1)}, "fixed": {"a": 2}}, "a is held fast at 2, outside of its bounds 0"),
        ((curve, X, Y), {"bounds": {"a": (np.inf, None)}}, "nothing lies between them.\nGive (low, high)"),
        ((curve, X, Y), {"seed": "x", "errors": "bootstrap"}, "seed is 'x'"),
        ((curve, X, np.ones((4, 2))), {}, 'model(d["x"], a, b).reshape(-1), {"x": x}, y.reshape(-1))'),
        ((curve, X, Y), {"bounds": {"a": (1, 0)}}, "nothing lies between"),
        ((curve, X, Y), {"bounds": {"a": 3}}, "the bounds of a are 3"),
        ((curve, X, Y, {"a": 5}), {"bounds": {"a": (0, 1)}}, "outside of its bounds 0 and 1"),
        ((curve, X, Y), {"fixed": ("a",)}, "a is fixed, and nothing says where"),
        ((curve, X, Y), {"fixed": {"c": 1}}, "fixed names 'c'"),
        ((curve, X, Y), {"loss": "squares"}, "loss is 'squares'"),
        ((curve, X, Y), {"solver": "newton"}, "solver is 'newton'"),
        ((curve, X, Y), {"steps": 0}, "steps is 0"),
        ((curve, X[:1], Y[:1]), {}, "1 point cannot determine 2 parameters"),
        ((curve, [0, np.nan, 2, 3], Y), {}, "x has 1 NaN (row 2 of 4); pass skip_bad=True"),
        ((curve, X, Y[:3]), {}, "x has 4 numbers and y 3"),
        ((curve, X, np.ones((4, 2))), {}, "y has the shape (4, 2)"),
        (
            (lambda x, a: np.log(x) * a, X, Y, [1.0]),
            {},
            "the model is -inf in row 1 of 4, where x is 0, at the start a=1",
        ),
        ((curve, X, Y, {"a": 1, "b": 1e4}), {}, "curve() is inf in row 2 of 4"),
        ((lambda x, a: np.sqrt(a * x), X, Y, [0.0]), {}, "the slope of the model by a is not finite in row"),
        ((curve, X, Y, {"a": 1e200, "b": 0}), {}, "overflow at the start a=1e+200, b=0"),
        ((lambda x, a: a * x[:2], X, Y), {}, "returned the shape (2,) for 4 points"),
        ((lambda x, a: (a * x)[:, None], X, Y), {}, "Return its one column: [:, 0]"),
        ((curve, X, np.array(Y) * 1e-200), {}, "y is about 9e-200, and its squares leave float64"),
        ((curve, X, np.array(Y) * 1e200), {}, "Give y in other units: y * 1e-201"),
        ((curve, X, Y), {"loss": "l1", "bounds": {"a": (0, None)}}, "the least absolute deviations know no bounds"),
        ((curve, X, Y), {"sigma_x": 0.1}, "Give sigma too, one standard deviation of y"),
        ((curve, X, Y), {"sigma": 0.1, "loss": "distance"}, "sigma_x=sigma if x is as uncertain as y"),
    ],
)
def test_what_cannot_be_fitted_is_a_value_error_that_says_why(arguments, keywords, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        fit(*arguments, **keywords)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"bounds": ([0, 0], [1, 1])}, "bounds is a tuple, which does not say whose they are"),
        ({"bounds": [(0, 1), (0, 1)]}, "bounds={'a': (0, None)}"),
        ({"fixed": 1}, "fixed={'a': 1}"),
    ],
)
def test_what_names_no_parameter_is_a_type_error_that_shows_how(option, says):
    with pytest.raises(TypeError, match=re.escape(says)):
        fit(curve, X, Y, **option)


def test_several_outputs_are_one_as_the_refusal_says():
    x = np.linspace(0, 3, 12)
    y = np.column_stack([3 * np.exp(-x), 3 * np.exp(-2 * x) + 0.5])

    def model(x, a, b, c):
        return np.stack([a * np.exp(-b * x), a * np.exp(-2 * b * x) + c], axis=1)

    found = fit(lambda d, a, b, c: model(d["x"], a, b, c).reshape(-1), {"x": x}, y.reshape(-1))
    assert found.params == pytest.approx({"a": 3, "b": 1, "c": 0.5}, rel=1e-9)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (lambda x, a: None, "returned None"),
        (lambda x, a: a * x + 1j, "complex"),
        (lambda x: x, "no parameters"),
        (3.0, "not a function"),
    ],
)
def test_what_is_no_model_is_a_type_error(model, says):
    with pytest.raises(TypeError) as error:
        fit(model, X, Y)
    assert says in str(error.value)


def test_a_model_of_the_math_module_is_told_what_to_write():
    import math

    with pytest.raises(TypeError) as error:
        fit(lambda x, a: np.array([math.exp(a) * v for v in x]), X, Y)
    assert "np.exp" in str(error.value) or "math" in str(error.value)


def test_skip_bad_leaves_rows_out():
    x, y = decaying()
    worse = y.copy()
    worse[3] = np.nan
    result = fit(decay, x, worse, skip_bad=True)
    assert result.params == pytest.approx(fit(decay, np.delete(x, 3), np.delete(y, 3)).params, rel=1e-10)


# ----------------------------------------------------------------------------- found by a hunt among classical models


def hill(x, v, k, n):
    return v * x**n / (k**n + x**n)


def test_a_step_to_a_negative_base_is_a_step_to_nan_and_not_to_complex_numbers():
    """Python's own (-1.0)**0.5 is complex, and NumPy's is NaN: a step there is refused, and the search goes on."""
    x = np.linspace(0.5, 20, 30)
    y = hill(x, 10, 6, 2.3) + 0.1 * np.random.default_rng(5).normal(size=30)
    found = fit(hill, x, y, [1, 100, 1])
    assert found.params == pytest.approx(fit(hill, x, y, [10, 5, 2]).params, rel=1e-6) or not found.converged


@pytest.mark.parametrize(
    ("model", "held"),
    [
        (lambda x, a, b: a * x + 1 / b, {"b": 0.0}),
        (lambda x, a, b: a * x + 10.0**b, {"b": 400.0}),
        (lambda x, a, b, c: a * x + b**c, {"b": -2.0, "c": 0.5}),
    ],
)
def test_what_python_cannot_compute_of_numbers_held_fast_is_said_as_a_value_of_the_model(model, held):
    with pytest.raises(ValueError, match=r"the model is (inf|nan) in row 1 of 4"):
        fit(model, X, Y, fixed=held)


def test_without_a_start_slopes_that_are_not_finite_at_1_are_left_behind():
    """At T = 1 K the exponential overflows, and the slope is 0 · inf."""
    x = np.linspace(0.3, 3, 30)
    y = 1e4 / x**5 / np.expm1(14388 / (x * 5778))
    found = fit(lambda x, a, t: a / x**5 / np.expm1(14388 / (x * t)), x, y)
    assert found.params["t"] == pytest.approx(5778, rel=1e-9)


def test_without_a_start_an_end_where_slopes_cancel_is_no_end():
    """Bates and Watts (1988), the chloride problem: from 1 two parameters run away together."""
    t = np.arange(2.45, 7.8, 0.1)
    y = 39 * (1 - 0.83 * np.exp(-0.159 * t)) + 0.2 * np.random.default_rng(0).normal(size=len(t))
    found = fit(lambda t, a, b, c: a * (1 - b * np.exp(-c * t)), t, y)
    near = fit(lambda t, a, b, c: a * (1 - b * np.exp(-c * t)), t, y, [39, 0.8, 0.16])
    assert found.params == pytest.approx(near.params, rel=1e-6)


def test_a_curve_that_is_worse_than_a_constant_is_said():
    """Puromycin (Bates and Watts 1988): from 1, 1 the search ends at a pole among the points."""
    x = np.repeat([0.02, 0.06, 0.11, 0.22, 0.56, 1.1], 2)
    y = np.array([76, 47, 97, 107, 123, 139, 159, 152, 191, 201, 207, 200.0])
    found = fit(lambda x, v, k: v * x / (k + x), x, y, [1, 1])
    assert found.r2 > 0.9 or any("a constant comes nearer" in said for said in found.warnings)
    good = fit(lambda x, v, k: v * x / (k + x), x, y, [200, 0.1])
    assert not good.warnings
