"""What follows from what a solver found: errors, intervals, bands, R², JSON.

One idea: the results are made by NumPy's normal equations, not by a solver of minigrad, and what is
derived is held against statsmodels' definitions, written out, and against simulated repetition.
"""

import json
import math
import pickle
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from minigrad.fitting import fit, fit_line
from minigrad.fitting.found import Found
from minigrad.fitting.given import points
from minigrad.fitting.result import FitResult

from .found_lines import Straight, line

X = [3.3, 4.4, 5.5, 6.71, 6.93, 4.168, 9.779, 6.182, 7.59, 2.167, 7.042, 10.791, 5.313, 7.997, 3.1]
Y = [1.7, 2.76, 2.09, 3.19, 1.694, 1.573, 3.366, 2.596, 2.53, 1.221, 2.827, 3.465, 1.65, 2.904, 1.3]


@pytest.fixture
def fifteen():
    return line(X, Y)


@pytest.fixture
def vertical():
    given_points = points([2.0, 2.0, 2.0], [0.0, 1.0, 3.0])
    nan = np.full((2, 2), np.nan)
    found = Found(
        ("slope", "intercept"), np.array([np.inf, np.nan]), nan, Straight(np.zeros(2), nan, False),
        np.zeros(3), 0.0, None, 1, 0.0, message="the line is vertical: x = 2", vertical=2.0,
    )  # fmt: skip
    return FitResult(given_points, found, "distance")


@pytest.fixture
def without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)


def test_a_line_agrees_with_linregress(fifteen):
    known = stats.linregress(X, Y)
    assert fifteen.slope == pytest.approx(known.slope, rel=1e-12)
    assert fifteen.intercept == pytest.approx(known.intercept, rel=1e-12)
    assert fifteen.errors["slope"] == pytest.approx(known.stderr, rel=1e-12)
    assert fifteen.errors["intercept"] == pytest.approx(known.intercept_stderr, rel=1e-12)
    assert fifteen.p["slope"] == pytest.approx(known.pvalue, rel=1e-10)
    assert fifteen.r2 == pytest.approx(known.rvalue**2, rel=1e-12)
    assert fifteen.t["slope"] == pytest.approx(known.slope / known.stderr, rel=1e-12)


def test_values_of_one_output_are_python_floats_and_the_order_is_that_of_the_names(fifteen):
    for table in (fifteen.params, fifteen.errors, fifteen.t, fifteen.p):
        assert list(table) == ["slope", "intercept"]
        assert all(type(value) is float for value in table.values())
    assert type(fifteen.predict(3.0)) is float


@given(level=st.floats(0.01, 0.99))
def test_an_interval_is_the_values_that_its_level_does_not_reject(level):
    result = line(X, Y)
    for name, (low, high) in result.conf_int(level).items():
        for edge in (low, high):
            t = abs(result.params[name] - edge) / result.errors[name]
            assert 2 * stats.t.sf(t, result.dof) == pytest.approx(1 - level, rel=1e-9)


def test_sigma_taken_as_absolute_has_the_normal_distribution():
    result = line(X, Y, sigma=0.4, absolute=True)
    low, high = result.conf_int(0.95)["slope"]
    assert (high - low) / 2 / result.errors["slope"] == pytest.approx(1.959963984540054, rel=1e-12)
    assert result.p["slope"] == pytest.approx(2 * stats.norm.sf(result.t["slope"]), rel=1e-10)


def test_an_interval_after_a_bootstrap_is_its_percentiles(fifteen, without_scipy):
    drawn = np.stack([np.arange(101.0), np.arange(101.0) ** 2], axis=1)
    drawn[7] = np.nan  # a draw that could not be fitted
    result = replace(fifteen, found=replace(fifteen.found, extra={"bootstrap": drawn}))
    kept = np.delete(drawn, 7, axis=0)
    for k, bounds in enumerate(result.conf_int(0.9).values()):
        assert bounds == pytest.approx(np.quantile(kept[:, k], [0.05, 0.95]), rel=1e-12)


def test_what_other_numbers_follow_from_cannot_be_written_to(fifteen):
    """`r.residuals /= sigma` changed R² without a word."""
    r2, errors = fifteen.r2, fifteen.errors
    for array in (fifteen.residuals, fifteen.cov):
        with pytest.raises(ValueError, match="read-only"):
            array /= 2
    assert (fifteen.r2, fifteen.errors) == (r2, errors)
    fifteen.residuals.copy()[0] = 1.0


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, math.nan, "95%", None, True])
def test_a_level_outside_of_0_to_1_is_refused(fifteen, level):
    with pytest.raises(ValueError, match=r"write|Write"):
        fifteen.conf_int(level)
    if level is not None:  # no band
        with pytest.raises(ValueError, match=r"band="):
            fifteen.predict(1.0, band=level)


def test_without_scipy_errors_and_repr_work_and_the_rest_names_the_extra(fifteen, without_scipy):
    assert fifteen.errors["slope"] == pytest.approx(0.0484, abs=1e-4)
    assert "0.260(48)" in repr(fifteen)
    for call in (lambda: fifteen.p, fifteen.conf_int, lambda: fifteen.predict(1.0, band=0.95)):
        with pytest.raises(ModuleNotFoundError, match=r'^[^\n]*pip install "minigrad\[fit\]"$') as refusal:
            call()
        assert refusal.value.name == "scipy"
    summary = fifteen.summary()
    assert "P>|t|     [" not in summary
    assert 'need SciPy: pip install "minigrad[fit]"' in summary
    assert fifteen.to_dict()["p"] is None
    assert fifteen.to_dict()["conf_int"] is None
    assert fifteen.predict(1.0) == pytest.approx(1.00766, abs=1e-4)


# Bands.


def test_the_mean_band_at_zero_is_the_interval_of_the_intercept(fifteen):
    _, low, high = fifteen.predict(0.0, band=0.9)
    assert (low, high) == pytest.approx(fifteen.conf_int(0.9)["intercept"], rel=1e-12)


def test_the_bands_are_the_textbook_s(fifteen):
    x, n = np.array(X), len(X)
    places = np.array([0.0, 5.0, 20.0])
    s = math.sqrt(fifteen.rss / (n - 2))
    lever = 1 / n + (places - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)
    quantile = stats.t.ppf(0.975, n - 2)
    for kind, extra in (("mean", 0), ("new", 1)):
        y, low, high = fifteen.predict(places, band=0.95, kind=kind)
        assert high - y == pytest.approx(quantile * s * np.sqrt(lever + extra), rel=1e-10)
        assert y - low == pytest.approx(high - y, rel=1e-10)


def test_a_new_point_has_the_sigma_that_all_points_have_or_its_own():
    result = line(X, Y, sigma=0.4)
    y, _, high = result.predict(5.0, band=0.95, kind="new")
    assert (y, high) == pytest.approx(line(X, Y).predict(5.0, band=0.95, kind="new")[::2], rel=1e-12)
    _, _, wider = result.predict(5.0, band=0.95, kind="new", sigma=0.8)
    mean = result.predict(5.0, band=0.95)[2] - y
    assert (wider - y) ** 2 - mean**2 == pytest.approx(4 * ((high - y) ** 2 - mean**2), rel=1e-9)
    uneven = line(X, Y, sigma=np.linspace(0.1, 0.5, 15))
    with pytest.raises(ValueError, match="sigma="):
        uneven.predict(5.0, band=0.95, kind="new")
    assert len(uneven.predict([5.0, 6.0], band=0.95, kind="new", sigma=[0.1, 0.2])) == 3
    with pytest.raises(ValueError, match="without sigma"):
        line(X, Y).predict(5.0, band=0.95, kind="new", sigma=0.1)


def test_the_new_band_of_a_distance_loss_is_of_y_not_of_the_distance():
    rng = np.random.default_rng(0)
    true = np.linspace(0, 10, 4000)
    x, y = true + rng.normal(0, 0.1, 4000), 3 * true + rng.normal(0, 0.1, 4000)
    flat = line(x, y)
    away = flat.residuals / math.hypot(1, flat.slope)
    found = replace(flat.found, residuals=away, rss=float(away @ away), scale=0.1)
    result = replace(flat, found=found, loss="distance")
    expected, low, high = result.predict(x, band=0.95, kind="new")
    inside = np.mean((low < y) & (y < high))
    # of 4000 points the share inside has a standard deviation of 0.0034
    assert abs(inside - 0.95) < 4 * 0.0034
    assert np.mean(high - expected) == pytest.approx(1.96 * 0.1 * math.hypot(1, 3), rel=0.05)


def test_the_new_band_of_a_distance_loss_with_one_sigma_counts_it_in_x_too():
    result = fit_line(X, 3 * np.array(Y), loss="distance", sigma=0.4, absolute_sigma=True)
    mean, new = (result.predict(5.0, band=0.95, kind=kind) for kind in ("mean", "new"))
    extra = ((new[2] - new[0]) ** 2 - (mean[2] - mean[0]) ** 2) / stats.norm.ppf(0.975) ** 2
    assert extra == pytest.approx(0.4**2 * (1 + result.slope**2), rel=1e-9)


def test_a_stream_reports_what_it_counted_and_not_what_it_kept():
    both = np.stack([Y, np.array(Y) ** 2], axis=1)
    for whole in (line(X, Y), line(X, both)):
        sample = replace(whole.given, x=whole.given.x[:5], y=whole.given.y[:5])
        extra = {"n": 15, "r2": whole.r2}
        found = replace(whole.found, residuals=whole.found.residuals[:5], extra=extra)
        result = replace(whole, given=sample, found=found)
        assert result.n == 15
        assert np.sum(result.rss) == pytest.approx(np.sum(whole.rss))
        assert result.residual_error == pytest.approx(whole.residual_error)
        assert "0.6894" in result.summary()


def test_predict_takes_a_number_a_column_or_an_array(fifteen):
    one = fifteen.predict(2.0)
    assert fifteen.predict([2.0]).tolist() == [one]
    assert fifteen.predict([[2.0], [3.0]]).shape == (2,)
    with pytest.raises(ValueError, match=r"shape \(n,\)"):
        fifteen.predict([[2.0, 3.0]])
    with pytest.raises(TypeError, match="datetime64"):
        fifteen.predict(np.array(["2020-01-01"], dtype="M8[D]"))
    with pytest.raises(ValueError, match="kind is"):
        fifteen.predict(1.0, kind="observation")


def test_features_are_taken_by_their_names_where_a_table_brings_them():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(1)
    table = pandas.DataFrame(rng.normal(size=(20, 2)), columns=["height", "age"])
    result = line(table, 2 * table["height"] - table["age"] + rng.normal(size=20))
    assert list(result.params) == ["intercept", "height", "age"]
    turned = table[["age", "height"]]
    assert result.predict(turned).tolist() == result.predict(table).tolist()
    with pytest.raises(ValueError, match=r"\[\[height, age\]\]"):
        result.predict([1.0, 2.0])


def test_a_table_of_other_columns_is_not_taken_by_place():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame({"a": [0.0, 1, 2, 4], "b": [1.0, 0, 3, 1], "c": [2.0, 2, 1, 0]})
    found = fit_line(table[["a", "b"]], [1.0, 3, 2, 5])
    wanted = found.predict(table[["a", "b"]].to_numpy())
    np.testing.assert_array_equal(found.predict(table), wanted)
    with pytest.raises(ValueError, match=r"^x has the columns b, c, and the fit was made with a, b\.\n"):
        found.predict(table[["b", "c"]])
    # Arrays have no names, and any table may stand for them.
    unnamed = fit_line(table[["a", "b"]].to_numpy(), [1.0, 3, 2, 5])
    np.testing.assert_array_equal(unnamed.predict(table[["a", "b"]]), wanted)


def test_a_variance_below_0_by_rounding_is_a_band_of_no_width(fifteen):
    """The jackknife of points at two places knows two heights alone: 0 at one of them came out as -5e-33, and NaN."""

    class Rounded:
        at = staticmethod(np.ones_like)

        def variance(self, x):
            return np.array([-5e-33, 0.0, np.nan])[: len(x)]

    known = replace(fifteen, found=replace(fifteen.found, curve=Rounded()))
    _, low, high = known.predict([1.0, 2.0, 3.0], band=0.9)
    np.testing.assert_array_equal(low, [1.0, 1.0, np.nan])
    np.testing.assert_array_equal(high, low)


def test_a_constant_y_beyond_the_squares_of_float64_has_no_r2_and_no_complaint():
    assert math.isnan(fit_line([0.0, 1.0, 3.0], [2.5e272] * 3).r2)


def test_a_sigma_of_new_points_is_looked_at_like_any_other(fifteen):
    found = fit_line(fifteen.given.x, fifteen.given.y, sigma=0.1)
    for sigma, message in (
        (-1.0, "sigma is -1, and a standard deviation is finite and above 0"),
        ([0.1, math.nan], "sigma is nan"),
        ([0.1, 0.2, 0.3], r"sigma has the shape \(3,\) for 2 new points"),
    ):
        with pytest.raises(ValueError, match=message):
            found.predict([1.0, 2.0], band=0.9, kind="new", sigma=sigma)
    with pytest.raises(TypeError, match="sigma must hold numbers"):
        found.predict([1.0, 2.0], band=0.9, kind="new", sigma="wide")


def test_a_place_that_is_masked_has_no_y(fifteen):
    found = fifteen.predict(np.ma.masked_array([1.0, 2.0], [False, True]))
    assert math.isnan(found[1])
    assert found[0] == fifteen.predict(1.0)


def test_the_new_band_with_errors_in_x_counts_them_by_the_slope_of_the_curve():
    x = np.linspace(0, 2, 12)
    y = np.exp(x) + np.array([0.1, -0.1] * 6)
    fitted = fit(lambda x, k: np.exp(k * x), x, y, start={"k": 0.9}, loss="distance", sigma=0.1, sigma_x=0.2)
    mean, new = (fitted.predict(1.5, band=0.95, kind=kind) for kind in ("mean", "new"))
    quantile = stats.t.ppf(0.975, fitted.dof)
    extra = ((new[2] - new[0]) ** 2 - (mean[2] - mean[0]) ** 2) / quantile**2
    k = fitted.params["k"]
    slope = k * math.exp(k * 1.5)
    assert extra == pytest.approx(fitted.found.scale**2 * (0.1**2 + slope**2 * 0.2**2), rel=1e-6)


def test_the_new_band_of_a_plane_counts_the_errors_of_every_feature():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2))
    y = x @ [2.0, -3.0] + rng.normal(0, 0.1, 40)
    result = fit_line(x, y, loss="distance", sigma=0.1, sigma_x=0.05, absolute_sigma=True)
    place = [[0.5, 0.5]]
    mean, new = (result.predict(place, band=0.95, kind=kind) for kind in ("mean", "new"))
    quantile = stats.norm.ppf(0.975)
    extra = ((new[2] - new[0]) ** 2 - (mean[2] - mean[0]) ** 2) / quantile**2
    slopes = [result.params["x1"], result.params["x2"]]
    assert extra == pytest.approx(0.1**2 + 0.05**2 * np.sum(np.square(slopes)), rel=1e-6)


# R².


def test_r2_with_weights_is_that_of_copies():
    copies = np.array([1, 3, 2, 1, 4, 1, 1, 2, 1, 5, 1, 1, 2, 1, 3])
    weighted = line(X, Y, sigma=1 / np.sqrt(copies))
    repeated = line(np.repeat(X, copies), np.repeat(Y, copies))
    assert weighted.r2 == pytest.approx(repeated.r2, rel=1e-12)


@given(shift=st.floats(-1e3, 1e3), scale=st.floats(0.01, 100), sign=st.sampled_from([1, -1]))
def test_r2_does_not_depend_on_the_units_of_y(shift, scale, sign):
    assert line(X, sign * scale * np.array(Y) + shift).r2 == pytest.approx(line(X, Y).r2, rel=1e-7)


def test_r2_of_a_line_through_the_origin_is_nist_s():
    # NoInt1: y = 2.07438... x; the certified R² compares with y = 0, not with the mean.
    data = json.loads((Path(__file__).parent / "data" / "nist_linear.json").read_text())["problems"]["NoInt1"]
    x, y = np.array(data["x"]), np.array(data["y"])
    slope = float(x @ y / (x @ x))
    residuals = y - slope * x
    cov = np.array([[float(residuals @ residuals) / (len(x) - 1) / float(x @ x)]])
    found = Found(
        ("slope",), np.array([slope]), cov, Straight(np.array([slope]), cov),
        residuals, float(residuals @ residuals), None, len(x) - 1, 1.0, extra={"through": (0.0, 0.0)},
    )  # fmt: skip
    result = FitResult(points(x, y), found, "mse")
    assert result.r2 == pytest.approx(0.999365492298663, rel=1e-13)
    with pytest.raises(AttributeError, match=r"parameters are slope"):
        _ = result.intercept


def test_adjusted_r2_compares_variances_instead_of_sums():
    y = np.array(Y)
    free = line(X, Y)
    assert free.r2_adjusted == pytest.approx(1 - (free.rss / 13) / (np.sum((y - y.mean()) ** 2) / 14), rel=1e-12)
    forced = fit_line(X, Y, through=(0, 0))
    assert forced.r2_adjusted == pytest.approx(1 - (forced.rss / 14) / (y @ y / 15), rel=1e-12)


@pytest.mark.parametrize("off", [1e-1, 1e-4, 1e-6])
def test_r2_is_shown_as_1_only_where_it_is(off):
    y = np.array(X) + off * np.sin(np.arange(15))
    shown = float(re.search(r"R² (\S+)", repr(line(X, y)))[1])
    assert shown < 1
    assert 1 - shown == pytest.approx(1 - line(X, y).r2, rel=0.06)
    assert "R² 1.0000" in repr(line(X, X))


def test_a_constant_y_has_no_r2_and_that_is_said():
    result = line([1.0, 2.0, 4.0], [0.1, 0.1, 0.1])
    assert math.isnan(result.r2)
    assert math.isnan(result.r2_adjusted)
    assert result.warnings == ("y is constant: R² is undefined",)
    assert "R² undefined" in repr(result)


def test_r2_of_the_distance_loss_does_not_ask_which_is_the_response(fifteen):
    there = replace(fifteen, loss="distance")
    back = replace(line(Y, X), loss="distance")
    assert there.r2 == pytest.approx(back.r2, rel=1e-12)
    assert there.r2 == pytest.approx(fifteen.r2, rel=1e-12)


# Several outputs, vertical lines, too few points.


@pytest.mark.parametrize("at", [1.0, 1e9, 4e15])
def test_r2_of_two_points_is_1_however_near_they_are(at):
    x = np.array([at, np.nextafter(at, np.inf)])
    assert fit_line(x, [1.0, 2.0], loss="distance", sigma=1.0, sigma_x=1.0).r2 == 1


def test_several_outputs_are_as_many_fits():
    x, y = np.array(X), np.stack([Y, np.array(Y) ** 2, -np.array(X)], axis=1)
    y[3, 2] += 0.5
    together = line(x, y)
    for k in range(3):
        alone = line(x, y[:, k])
        for of_all, of_one in (
            (together.params, alone.params),
            (together.errors, alone.errors),
            (together.t, alone.t),
            (together.p, alone.p),
        ):
            assert {name: value[k] for name, value in of_all.items()} == pytest.approx(of_one, rel=1e-9)
        assert together.r2[k] == pytest.approx(alone.r2, rel=1e-12)
        assert together.rss[k] == pytest.approx(alone.rss, rel=1e-9)
        assert together.corr[k] == pytest.approx(alone.corr, rel=1e-9)
        for kind in ("mean", "new"):
            parts = together.predict([2.0, 9.0], band=0.95, kind=kind)
            for part, single in zip(parts, alone.predict([2.0, 9.0], band=0.95, kind=kind), strict=True):
                assert part[:, k] == pytest.approx(single, rel=1e-9)
    assert together.predict(2.0).shape == (3,)
    assert "slope (y2)" in repr(together)
    assert "intercept (y3)" in together.summary()
    json.loads(together.to_json())


def test_a_vertical_line_says_where_it_stands_and_predicts_nothing(vertical):
    assert vertical.vertical
    assert vertical.slope == math.inf
    assert math.isnan(vertical.intercept)
    assert "x = 2" in repr(vertical)
    assert "x = 2" in vertical.summary()
    with pytest.raises(ValueError, match=r"x = 2: no y belongs"):
        vertical.predict(1.0)
    read = json.loads(vertical.to_json())
    assert (read["params"]["slope"], read["vertical"], read["x0"]) == (None, True, 2.0)


def test_two_points_have_a_line_and_no_errors():
    result = line([0.0, 1.0], [1.0, 3.0])
    assert math.isnan(result.errors["slope"])
    assert math.isnan(result.p["slope"])
    assert all(math.isnan(bound) for bound in result.conf_int()["slope"])
    assert result.predict(2.0) == pytest.approx(5.0)
    assert math.isnan(result.predict(2.0, band=0.95)[1])
    assert math.isnan(result.residual_error)
    assert "nan" in result.summary()


def test_a_parameter_held_fixed_has_no_t(fifteen):
    cov = fifteen.cov.copy()
    cov[1, :] = cov[:, 1] = 0
    result = replace(fifteen, found=replace(fifteen.found, cov=cov, extra={"fixed": ("intercept",)}))
    assert result.errors["intercept"] == 0
    assert math.isnan(result.t["intercept"])
    assert math.isnan(result.p["intercept"])
    assert "(fixed)" in repr(result)
    assert "fixed" in result.summary()
    assert np.isnan(result.corr[[0, 1], [1, 1]]).all()
    assert result.corr[0, 0] == 1


# What is handed on.


def test_json_reads_back_to_the_same_bits(fifteen):
    def same(read, said):
        if isinstance(said, dict):
            return read.keys() == said.keys() and all(same(read[name], said[name]) for name in said)
        if isinstance(said, list):
            return len(read) == len(said) and all(map(same, read, said))
        return read is None if isinstance(said, float) and not math.isfinite(said) else read == said

    for result in (fifteen, line([0.0, 1.0], [1.0, 3.0]), line(X, Y, sigma=0.1)):
        said = result.to_dict()
        assert same(json.loads(result.to_json()), said)
        assert same(json.loads(result.to_json(indent=None)), said)
        assert said["params"] == result.params


@settings(max_examples=30)
@given(
    slope=st.floats(-1e9, 1e9), error=st.floats(0, 1e9) | st.just(math.nan) | st.just(math.inf), converged=st.booleans()
)
def test_every_result_can_be_shown(slope, error, converged):
    base = line(X, Y)
    cov = np.array([[error**2, 0.0], [0.0, 1.0]])
    found = replace(base.found, values=np.array([slope, 1.0]), cov=cov, converged=converged)
    result = replace(base, found=found)
    assert result.summary().count("\n") >= 8
    assert max(map(len, result.summary().splitlines())) < 140
    assert ("not converge" in repr(result)) is not converged
    json.loads(result.to_json())


def test_a_result_goes_through_pickle(fifteen):
    back = pickle.loads(pickle.dumps(fifteen))
    assert back.to_json() == fifteen.to_json()
    assert back.predict([1.0, 2.0]).tolist() == fifteen.predict([1.0, 2.0]).tolist()


def test_the_summary_has_what_people_look_for(fifteen):
    lines = fifteen.summary().splitlines()
    assert 10 <= len(lines) <= 16
    text = fifteen.summary()
    for word in ("points", "degrees of freedom", "residual standard error", "R²", "P>|t|", "[0.025", "0.975]"):
        assert word in text
    assert "chi²" not in text
    assert "reduced chi²" in line(X, Y, sigma=0.3).summary()
    assert "[0.05 " in fifteen.summary(level=0.9)
    warned = replace(fifteen, found=replace(fifteen.found, warnings=("point 3 is far off",)))
    assert "Warning: point 3 is far off" in warned.summary()
    stopped = replace(fifteen, found=replace(fifteen.found, converged=False))
    assert "Warning: the fit did not converge" in stopped.summary()


def test_tiny_numbers_are_shown_as_tiny_and_not_as_zero():
    slope = line(X, 1e-4 * np.array(Y) + np.array(X)).summary().splitlines()[-3]
    assert re.search(r"4\.84e-06", slope)
    assert "<1e-300" in slope or re.search(r"\de-\d+", slope)
    exact = line([0.0, 1.0, 2.0, 3.0], [1.0, 3.0, 5.0, 7.0])
    exact = replace(exact, found=replace(exact.found, cov=np.diag([1e-320, 1e-320])))
    assert "<1e-300" in exact.summary()


def test_the_short_table_stays_short():
    rng = np.random.default_rng(0)
    result = line(rng.normal(size=(60, 40)), rng.normal(size=60))
    assert len(repr(result).splitlines()) == 32
    assert repr(result).endswith("and 11 more: params and errors have them all")
    assert "x40" in result.summary()


def test_a_column_is_as_good_as_an_array():
    column = line(np.array(X)[:, None], Y)
    assert column.predict(2.0) == column.predict([2.0])[0] == column.predict([[2.0]])[0]
    assert column.r2 == pytest.approx(line(X, Y).r2, rel=1e-12)


def test_the_summary_says_what_was_made_of_sigma():
    assert "sigma" not in line(X, Y).summary()
    assert "errors scaled by √(chi²/dof)" in line(X, Y, sigma=0.3).summary()
    assert "sigma as it is" in line(X, Y, sigma=0.3, absolute=True).summary()


def test_the_notebook_s_table_is_escaped():
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"<b>x&y": X, "z": np.square(X)})
    html = line(table, Y)._repr_html_()
    assert "<b>x" not in html
    assert "&lt;b&gt;x&amp;y" in html
    assert "<script" not in html
    assert "http" not in html
