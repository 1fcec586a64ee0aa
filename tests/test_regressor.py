"""LineRegressor: scikit-learn's own checks, and that it is the line of fit_line, whatever way the rows come."""

import pickle
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn")

import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import minigrad
from minigrad import LineRegressor

LOSSES = ("mse", "distance", "huber", "l1", "tukey")


@parametrize_with_checks([LineRegressor(), LineRegressor("distance"), LineRegressor("huber")])
def test_scikit_learn_finds_an_estimator(estimator, check):
    check(estimator)


def rows(seed, n=40, k=1, outputs=None):
    """Points about a plane with slopes 1, 2, ... and noise of 0.3."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, k)) * 3
    y = 5 + (x @ np.arange(1.0, k + 1))[:, None] + 0.3 * rng.normal(size=(n, outputs or 1))
    return x, y if outputs else y[:, 0]


@pytest.mark.parametrize("loss", LOSSES)
def test_it_is_the_line_of_fit_line(loss):
    x, y = rows(0)
    m, r = LineRegressor(loss).fit(x, y), minigrad.fit_line(x[:, 0], y, loss=loss)
    assert m.result_.params == r.params
    assert m.result_.errors == r.errors
    assert (m.coef_.tolist(), m.intercept_) == ([r.params["slope"]], r.params["intercept"])
    np.testing.assert_array_equal(m.predict(x), r.predict(x[:, 0]))


@pytest.mark.parametrize(
    "settings",
    [{"degree": 3}, {"through": (0, 5)}, {"loss": "huber", "tuning": 2.0}, {"loss": "distance", "delta": 4.0}],
)
def test_settings_are_those_of_fit_line(settings):
    x, y = rows(1)
    m, r = LineRegressor(**settings).fit(x, y), minigrad.fit_line(x[:, 0], y, **settings)
    assert m.result_.params == r.params
    level = "c0" if "degree" in settings else "intercept"
    assert m.intercept_ == r.params[level]
    assert m.coef_.tolist() == [value for name, value in r.params.items() if name != level]


def test_bootstrapped_errors_have_a_seed():
    x, y = rows(2)
    one, same, other = (LineRegressor(errors="bootstrap", seed=seed).fit(x, y).result_.errors for seed in (3, 3, 4))
    assert one == same
    assert one["slope"] != other["slope"]
    assert other["slope"] == pytest.approx(LineRegressor().fit(x, y).result_.errors["slope"], rel=0.5)


# ----------------------------------------------------------------------------- rows that come in pieces


@given(
    st.integers(0, 2**31),
    st.integers(1, 4),
    st.sampled_from([None, 1, 3]),
    st.lists(st.integers(1, 39), max_size=5),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_partial_fit_over_any_split_equals_fit(seed, k, outputs, cuts, weighted):
    x, y = rows(seed, k=k, outputs=outputs)
    w = np.random.default_rng(seed).integers(1, 5, len(x)).astype(float) if weighted else None
    whole, parts = LineRegressor().fit(x, y, w), LineRegressor()
    for piece in np.split(np.arange(len(x)), sorted(set(cuts))):
        parts.partial_fit(x[piece], y[piece], None if w is None else w[piece])
    assert parts.coef_.shape == whole.coef_.shape
    # 40 rows whose columns are nearly at right angles: some tens of roundings of 1e-16 each.
    np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=0, atol=1e-13)
    np.testing.assert_allclose(parts.intercept_, whole.intercept_, rtol=1e-13)
    np.testing.assert_allclose(parts.predict(x), whole.predict(x), rtol=0, atol=1e-12)
    for name, error in whole.result_.errors.items():
        np.testing.assert_allclose(parts.result_.errors[name], error, rtol=1e-11)
    np.testing.assert_allclose(parts.result_.r2, whole.result_.r2, rtol=1e-12)
    # What is said of each output is said of each.
    for name in ("chi2", "reduced_chi2") if weighted else ("rss", "residual_error"):
        mine, right = getattr(parts.result_, name), getattr(whole.result_, name)
        assert np.shape(mine) == np.shape(right)
        np.testing.assert_allclose(mine, right, rtol=1e-11)
    assert parts.result_.n == whole.result_.n == len(x)


def test_a_fit_that_fails_leaves_nothing_half_old_behind():
    x, y = rows(3, k=3)
    m = LineRegressor().fit(x, y)
    with pytest.raises(ValueError, match="all 3 x are 1"):
        m.fit(np.ones((3, 1)), [1.0, 2.0, 3.0])
    with pytest.raises(NotFittedError):
        m.predict(np.ones((2, 1)))
    assert not hasattr(m, "coef_")
    np.testing.assert_allclose(m.partial_fit(x, y).coef_, LineRegressor().fit(x, y).coef_, rtol=1e-12)

    for bad in ({"y": np.full(len(y), np.nan)}, {"sample_weight": -np.ones(len(y))}, {"y": y[:-1]}):
        m = LineRegressor()
        with pytest.raises(ValueError, match=r"."):
            m.partial_fit(**{"X": x, "y": y, **bad})
        np.testing.assert_allclose(m.partial_fit(x, y).coef_, LineRegressor().fit(x, y).coef_, rtol=1e-12)

    m = LineRegressor().partial_fit(x, y)
    with pytest.raises(ValueError, match=r"^y has the shape \(40, 2\), and rows here have 1 output\."):
        m.partial_fit(x, np.column_stack([y, y]))
    assert m.result_.n == len(x)


def test_partial_fit_of_features_that_have_come_to_depend_forgets_the_coefficients_of_before():
    x, y = rows(4, k=2)
    m = LineRegressor().fit(np.column_stack([x, x[:, 0]]), y)  # the shortest coefficients, by `fit`
    m.partial_fit(np.column_stack([x, x[:, 0]]), y)
    assert not hasattr(m, "coef_")
    with pytest.raises(NotFittedError, match="x1 and x3 depend on each other"):
        m.predict(np.column_stack([x, x[:, 0]]))
    m.partial_fit(np.column_stack([x, x[:, 1]]), y)
    assert m.coef_.shape == (3,)


def test_partial_fit_goes_on_from_a_fit_and_a_fit_forgets():
    x, y = rows(3, k=2)
    whole = LineRegressor().fit(x, y)
    some = LineRegressor().fit(x[:30], y[:30]).partial_fit(x[30:], y[30:])
    np.testing.assert_allclose(some.coef_, whole.coef_, rtol=1e-13)
    assert some.fit(x, y).coef_.tolist() == whole.coef_.tolist()
    np.testing.assert_allclose(some.partial_fit(x, y).coef_, whole.coef_, rtol=1e-13)  # each row twice: the same plane


def test_rows_that_determine_nothing_yet_are_kept():
    m = LineRegressor().partial_fit([[1.0]], [3.0])
    with pytest.raises(NotFittedError, match="one point does not determine a line"):
        m.predict([[2.0]])
    m.partial_fit([[1.0]], [5.0])
    with pytest.raises(NotFittedError, match="all 2 x are 1"):
        m.predict([[2.0]])
    assert m.partial_fit([[2.0]], [6.0]).predict([[3.0]]) == pytest.approx(8)


@pytest.mark.parametrize("settings", [{"loss": "huber"}, {"degree": 2}, {"through": (0, 0)}])
def test_partial_fit_says_for_which_settings_there_is_none(settings):
    m = LineRegressor(**settings)
    assert not hasattr(m, "partial_fit")
    with pytest.raises(AttributeError, match="needs all rows at once") as caught:
        m.partial_fit([[1.0]], [1.0])
    assert next(iter(settings)) in str(caught.value)


# ----------------------------------------------------------------------------- weights


@given(st.integers(0, 2**31), st.sampled_from(["mse", "distance", "huber", "tukey"]))
@settings(deadline=None, max_examples=30)
def test_a_weight_counts_copies(seed, loss):
    x, y = rows(seed)
    counts = np.random.default_rng(seed + 1).integers(0, 4, len(x))
    weighted, copied = (
        LineRegressor(loss).fit(x, y, counts),
        LineRegressor(loss).fit(x.repeat(counts, 0), y.repeat(counts)),
    )
    np.testing.assert_allclose(weighted.coef_, copied.coef_, rtol=1e-8)
    np.testing.assert_allclose(weighted.predict(x), copied.predict(x), rtol=1e-8, atol=1e-8)


def test_robust_losses_take_whole_weights_or_equal_ones():
    x, y = rows(4)
    m = LineRegressor("huber")
    assert m.fit(x, y, np.full(len(x), 0.3)).coef_.tolist() == m.fit(x, y).coef_.tolist()
    with pytest.raises(ValueError, match=r"a sample_weight is 0\.5, and loss='huber' takes whole numbers"):
        m.fit(x, y, np.r_[0.5, np.ones(len(x) - 1)])
    with pytest.raises(ValueError, match="at least one non-zero"):
        m.fit(x, y, np.zeros(len(x)))


# ----------------------------------------------------------------------------- features


@given(st.integers(0, 2**31), st.integers(3, 8), st.integers(1, 2))
@settings(deadline=None, max_examples=30)
def test_dependent_features_get_the_shortest_coefficients(seed, k, missing):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, k - missing)) @ rng.normal(size=(k - missing, k)) + 10
    y = x.sum(axis=1) + rng.normal(size=30)
    m = LineRegressor().fit(x, y)
    # What is predicted is what every least squares solution predicts; of these, none is shorter.
    np.testing.assert_allclose(m.predict(x), LinearRegression().fit(x, y).predict(x), rtol=0, atol=1e-7)
    _, _, directions = np.linalg.svd((x - x.mean(axis=0)) / x.std(axis=0))
    np.testing.assert_allclose(directions[k - missing :] @ (m.coef_ * x.std(axis=0)), 0, atol=1e-7)
    assert all(np.isnan(error) for error in m.result_.errors.values())
    assert (
        f"the points determine {k - missing + 1} of {k + 1} parameters; these are the shortest" in m.result_.warnings[0]
    )
    assert "shortest" in m.result_.summary().replace("\n  ", " ")


def test_a_feature_and_its_copy_share_the_slope():
    x, y = rows(5)
    m, one = LineRegressor().fit(np.hstack([x, 10 * x]), y), LineRegressor().fit(x, y)
    np.testing.assert_allclose(m.coef_, one.coef_[0] / 2 * np.array([1, 0.1]), rtol=1e-12)
    np.testing.assert_allclose(m.predict(np.hstack([x, 10 * x])), one.predict(x), rtol=1e-11)


@pytest.mark.parametrize("columns", [np.ones((9, 1)), np.ones((9, 2))])
def test_features_that_say_nothing_are_refused(columns):
    with pytest.raises(ValueError, match=r"all 9 x are 1|each of x1 and x2 is the same in every row"):
        LineRegressor().fit(columns, np.arange(9.0))


def test_names_of_a_table_go_into_the_result():
    x, y = rows(6, k=2)
    table = pd.DataFrame(x, columns=["wind", "rain"])
    for m in (LineRegressor().fit(table, y), LineRegressor().partial_fit(table, y)):
        assert m.feature_names_in_.tolist() == ["wind", "rain"]
        assert list(m.result_.params) == ["intercept", "wind", "rain"]
        assert m.n_features_in_ == 2
    one = LineRegressor().fit(table[["rain"]], y)
    assert list(one.result_.params) == ["slope", "intercept"]
    assert "rain" in one.result_.summary()


def test_distance_takes_several_features_and_stands_upright():
    x, y = rows(7, k=2)
    m = LineRegressor("distance").fit(x, y)
    assert m.result_.params == minigrad.fit_line(x, y, loss="distance").params
    m.fit([[2.0], [2.0], [2.0]], [1.0, 2.0, 4.0])
    assert (m.coef_[0], m.result_.vertical) == (np.inf, True)
    assert np.isnan(m.intercept_)
    with pytest.raises(ValueError, match="the line is vertical"):
        m.predict([[1.0]])


# ----------------------------------------------------------------------------- among other estimators


def test_it_works_in_pipelines_searches_and_copies():
    x, _ = rows(8, n=200)
    y = x[:, 0] ** 3 - 2 * x[:, 0] + np.random.default_rng(0).normal(size=200)
    search = GridSearchCV(make_pipeline(StandardScaler(), LineRegressor()), {"lineregressor__degree": [1, 2, 3]})
    search.fit(x, y)
    assert search.best_params_ == {"lineregressor__degree": 3}
    best = search.best_estimator_[-1]
    again = pickle.loads(pickle.dumps(best))
    np.testing.assert_array_equal(again.predict(x), best.predict(x))
    assert again.result_.errors == best.result_.errors
    assert clone(best).get_params() == best.get_params()
    assert not hasattr(clone(best), "coef_")
    assert cross_val_score(LineRegressor(degree=3), x, y).min() > 0.95


def test_a_partial_fit_is_pickled_and_goes_on():
    x, y = rows(9, k=3)
    some = pickle.loads(pickle.dumps(LineRegressor().partial_fit(x[:20], y[:20]))).partial_fit(x[20:], y[20:])
    np.testing.assert_allclose(some.coef_, LineRegressor().fit(x, y).coef_, rtol=1e-12)


def test_score_is_r2():
    x, y = rows(10, k=2)
    m = LineRegressor().fit(x, y)
    assert m.score(x, y) == pytest.approx(m.result_.r2, rel=1e-12)


def test_without_scikit_learn_one_line_names_the_extra(monkeypatch):
    monkeypatch.delitem(sys.modules, "minigrad.fitting.regressor")
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        __import__("minigrad.fitting.regressor")
    assert str(caught.value) == 'LineRegressor needs scikit-learn: pip install "minigrad[sklearn]"'
