"""Errors by second derivatives, by drawing points again, by leaving them out: where they must agree, and with what."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.fitting import fit_line
from minigrad.fitting.found import Found
from minigrad.fitting.given import points
from minigrad.fitting.solvers.distance import nearest_line
from minigrad.fitting.solvers.linear import least_squares
from minigrad.fitting.solvers.losses import loss_of, scale
from minigrad.fitting.solvers.robust import redrawn, robust_line
from minigrad.fitting.solvers.uncertainty import DRAWS, with_errors

seeds = st.integers(0, 10**6)
DATA = Path(__file__).parent / "data"


def line(seed, n=20, outputs=None):
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 5, n)
    return x, (1 + 2 * x + rng.normal(0, 0.4, (outputs or 1, n))).T.reshape((n, outputs) if outputs else (n,))


def errors(found):
    return np.sqrt(np.diagonal(found.cov, axis1=-2, axis2=-1))


def jackknife(values):
    """(n-1)/n Σ (θᵢ - θ̄)(θᵢ - θ̄)ᵀ, from the fits without each point."""
    about = values - values.mean(axis=0)
    return (len(values) - 1) / len(values) * about.T @ about


# ----------------------------------------------------------------------------- the jackknife


@given(seed=seeds, n=st.integers(4, 15), degree=st.integers(1, 3), weighted=st.booleans())
@settings(max_examples=30, deadline=None)
def test_the_jackknife_by_leverages_is_that_of_fitting_again(seed, n, degree, weighted):
    x, y = line(seed, n)
    assume(n > degree + 2 and np.min(np.diff(np.sort(x))) > 0.05)
    sigma = np.random.default_rng(seed).uniform(0.5, 2, n) if weighted else None
    given_ = points(x, y, sigma=sigma)

    def refit(some):
        return least_squares(some, degree=degree)

    found = refit(given_)
    by_rows = with_errors(found, given_, "jackknife", refit=refit, squares=True)
    again = with_errors(found, given_, "jackknife", refit=refit)
    each = np.stack([refit(given_.take(np.arange(n) != row)).values for row in range(n)])
    # A point left out may stand for most of what is known of a parameter; 1 - h is what the others know.
    columns = np.vander(x, degree + 1) / (1 if sigma is None else sigma[:, None])
    left = 1 - np.einsum("ij,ij->i", (q := np.linalg.qr(columns)[0]), q).min()
    assume(left > 1e-6)
    np.testing.assert_allclose(by_rows.cov, jackknife(each), rtol=1e-7)
    np.testing.assert_allclose(again.cov, jackknife(each), rtol=1e-7)
    np.testing.assert_allclose(by_rows.curve.variance(x), again.curve.variance(x), rtol=1e-7)


@given(seed=seeds)
@settings(max_examples=20, deadline=None)
def test_the_jackknife_of_a_mean_is_the_error_of_the_mean(seed):
    _, y = line(seed)
    given_ = points(np.arange(20.0), y)
    found = least_squares(given_, degree=0)
    by_rows = with_errors(found, given_, "jackknife", refit=least_squares, squares=True)
    np.testing.assert_allclose(by_rows.cov, found.cov, rtol=1e-12)


@pytest.mark.parametrize("loss", ["mse", "distance", "huber", "tukey"])
def test_the_jackknife_of_fit_line_is_its_formula(loss):
    x, y = line(3, 15)
    result = fit_line(x, y, loss=loss, errors="jackknife")
    each = []
    for row in range(15):
        rest = np.arange(15) != row
        params = fit_line(x[rest], y[rest], loss=loss).params
        each.append([params["slope"], params["intercept"]])
    np.testing.assert_allclose(result.cov, jackknife(np.array(each)), rtol=1e-8)
    assert "jackknife" in result.message


def test_a_point_that_cannot_be_left_out_is_named():
    x = np.array([0.0, 0.0, 0.0, 1.0])
    y = np.array([1.0, 2.0, 1.5, 4.0])
    for loss in ("mse", "huber"):
        with pytest.raises(ValueError, match="without row 4 of 4"):
            fit_line(x, y, loss=loss, errors="jackknife")


def test_the_jackknife_of_a_loss_with_a_corner_is_said_to_be_no_guide():
    x, y = line(0)
    assert any("corner" in said for said in fit_line(x, y, loss="l1", errors="jackknife").warnings)
    assert not any("corner" in said for said in fit_line(x, y, loss="huber", errors="jackknife").warnings)


# ----------------------------------------------------------------------------- the bootstrap


@pytest.mark.parametrize("loss", ["huber", "tukey"])
@given(
    seed=seeds,
    degree=st.sampled_from([None, 2]),
    weighted=st.booleans(),
    outputs=st.sampled_from([None, 2]),
    absolute=st.booleans(),
)
@settings(max_examples=10, deadline=None)
def test_draws_of_a_robust_fit_at_once_are_robust_fits_of_each(loss, seed, degree, weighted, outputs, absolute):
    """In each draw that came to rest the pulls on its own scale cancel; for Huber's loss it is the fit of the draw."""
    x, y = line(seed, 25, outputs)
    y[::8] += 5
    given_ = points(x, y, sigma=np.linspace(0.5, 2, 25) if weighted or absolute else None)
    keywords = {"degree": degree, "absolute_sigma": absolute}
    found = robust_line(given_, loss, **keywords)
    rows = np.random.default_rng(seed).integers(0, 25, (20, 25))
    together = redrawn(given_, found, loss, absolute_sigma=absolute)(rows).reshape(20, outputs or 1, -1)
    basis = found.curve.basis
    inner = found.curve.coefficients.reshape(together.shape[2], -1).T
    ys, level = y.reshape(25, -1), np.atleast_1d(found.curve.level)
    rested = 0
    for some, differences in zip(rows, together, strict=True):
        sigma = np.ones(25) if given_.sigma is None else given_.sigma[some]
        columns = basis.columns(x[some]) / sigma[:, None]
        for k, difference in enumerate(differences):
            if not np.isfinite(difference).all():
                continue
            rested += 1
            r = (ys[some, k] - level[k]) / sigma - columns @ (inner[k] + difference)
            pulls = loss_of(loss).psi(r / (1.0 if absolute else scale(r)))
            # A step of 1e-12 of the fit is none; columns of up to 2 and slopes of up to 1 / s make 1e-9 of it.
            assert np.abs(columns.T @ pulls).max() <= 1e-8 * np.abs(columns).sum()
            if loss == "huber" and absolute:  # whose minimum is one
                alone = robust_line(given_.take(some), loss, **keywords).values.reshape(outputs or 1, -1)[k]
                mine = found.values.reshape(outputs or 1, -1)[k] + basis.outside().rounded() @ difference
                np.testing.assert_allclose(mine, alone, rtol=1e-8, atol=1e-8)
    assert rested > 0.5 * 20 * (outputs or 1)


def test_the_bootstrap_of_a_robust_line_is_that_of_its_fits():
    x, y = line(3, 40)
    y[5] += 4
    drawn = fit_line(x, y, loss="huber", errors="bootstrap")
    given_ = points(x, y)
    found = robust_line(given_, "huber")
    again = with_errors(
        found, given_, "bootstrap", refit=lambda some: robust_line(some, "huber", start=found.curve), draws=200
    )
    # 200 draws tell an error to 1/20, 1000 to 1/45, and the same seed draws the same first.
    assert errors(again) == pytest.approx(list(drawn.errors.values()), rel=0.2)
    first = drawn.found.extra["bootstrap"][:200]
    assert np.median(np.abs(first - again.extra["bootstrap"])) < 1e-10


def test_the_bootstrap_of_many_gaussian_points_is_near_gauss_newton():
    x, y = line(0, 2000)
    found = fit_line(x, y)
    drawn = fit_line(x, y, errors="bootstrap")
    # 1000 draws tell a standard deviation to 1/√2000 = 2.2 %, 2000 points to 1.6 %: three of these together.
    for name, error in found.errors.items():
        assert drawn.errors[name] == pytest.approx(error, rel=0.08)
        low, high = drawn.conf_int()[name]
        expected = found.conf_int()[name]
        np.testing.assert_allclose([low, high], expected, atol=0.3 * error)
    assert drawn.params == found.params
    places = np.array([-2.0, 0.0, 5.0])
    np.testing.assert_allclose(drawn.found.curve.variance(places), found.found.curve.variance(places), rtol=0.16)


def test_errors_that_grow_with_x_are_seen_by_the_bootstrap_and_not_by_gauss_newton():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 10, 400)
    y = 1 + 2 * x + rng.normal(size=400) * x**2 / 20
    assumed, drawn = fit_line(x, y).errors, fit_line(x, y, errors="bootstrap").errors
    # The sandwich of White (1980), which the bootstrap of pairs estimates.
    columns = np.column_stack([x, np.ones(400)])
    inverse = np.linalg.inv(columns.T @ columns)
    r = y - columns @ np.linalg.solve(columns.T @ columns, columns.T @ y)
    sandwich = np.sqrt(np.diag(inverse @ (columns.T * r**2) @ columns @ inverse))
    np.testing.assert_allclose(list(drawn.values()), sandwich, rtol=0.08)
    assert assumed["intercept"] > 1.5 * drawn["intercept"]


@given(seed=seeds, n=st.integers(5, 30), weighted=st.booleans(), outputs=st.sampled_from([None, 2]))
@settings(max_examples=10, deadline=None)
def test_the_bootstrap_by_rows_is_that_of_fitting_each_draw(seed, n, weighted, outputs):
    x, y = line(seed, n, outputs)
    given_ = points(x, y, sigma=np.linspace(0.5, 2, n) if weighted else None)
    found = least_squares(given_)
    keywords = {"refit": least_squares, "seed": seed, "draws": 20}
    by_rows = with_errors(found, given_, "bootstrap", squares=True, **keywords)
    again = with_errors(found, given_, "bootstrap", **keywords)
    assume(np.abs(by_rows.extra["bootstrap"]).max() < 1e3)
    np.testing.assert_allclose(by_rows.extra["bootstrap"], again.extra["bootstrap"], rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(by_rows.cov, again.cov, rtol=1e-7)
    np.testing.assert_allclose(by_rows.curve.variance(x), again.curve.variance(x), rtol=1e-7)
    assert by_rows.cov.shape == ((2, 2) if outputs is None else (2, 2, 2))


@pytest.mark.parametrize("loss", ["mse", "distance", "huber", "tukey", "l1"])
def test_the_same_seed_draws_the_same_points(loss):
    x, y = line(1, 12)
    given_ = points(x, y)

    def refit(some):
        if loss == "mse":
            return least_squares(some)
        return nearest_line(some) if loss == "distance" else robust_line(some, loss)

    one, same, other = (
        with_errors(refit(given_), given_, "bootstrap", refit=refit, seed=s, draws=40) for s in (5, 5, 6)
    )
    np.testing.assert_array_equal(one.cov, same.cov)
    assert not np.allclose(one.cov, other.cov)
    assert one.extra["bootstrap"].shape[1] == 2
    np.testing.assert_allclose(np.cov(one.extra["bootstrap"].T), one.cov, rtol=1e-8)


def test_draws_that_determine_no_line_are_left_out_and_counted():
    result = fit_line([0.0, 1.0, 2.0, 3.0], [0.0, 1.2, 1.9, 3.1], errors="bootstrap")
    drawn = result.found.extra["bootstrap"]
    # All four draws are the same point with the probability 4 / 4^4 = 1/64.
    left_out = DRAWS - len(drawn)
    assert 3 < left_out < 40
    assert f"{left_out} of {DRAWS} bootstrap draws" in result.warnings[0]
    assert np.isfinite(drawn).all()


def test_too_few_draws_that_determine_a_line_are_refused():
    x = np.array([0.0, 0.0, 0.0, 0.0, 1.0])
    y = np.array([1.0, 2.0, 3.0, 4.0, 1.0])
    given_ = points(x, y)

    def refit(some):
        if some is not given_ and some.x.sum() < 2:
            raise ValueError("too few")
        return least_squares(some)

    with pytest.raises(ValueError, match="too few for a bootstrap"):
        with_errors(least_squares(given_), given_, "bootstrap", refit=refit, draws=50)


@pytest.mark.parametrize("way", ["bootstrap", "jackknife"])
def test_a_fit_that_cannot_be_repeated_says_why(way):
    x, y = line(0)
    given_ = points(x, y)

    def refit(some):
        raise ValueError("the points cannot be drawn again")

    with pytest.raises(ValueError, match="cannot be drawn again"):
        with_errors(least_squares(given_), given_, way, refit=refit)


def test_time_stamps_keep_the_digits_of_drawn_errors():
    x, y = line(2)
    x = np.round(x * 1024) / 1024
    for way in ("bootstrap", "jackknife"):
        near, far = fit_line(x, y, errors=way), fit_line(x + 2.0**32, y, errors=way)
        assert far.errors["slope"] == pytest.approx(near.errors["slope"], rel=1e-12)
        np.testing.assert_allclose(far.found.curve.variance(x + 2.0**32), near.found.curve.variance(x), rtol=1e-11)


@pytest.mark.parametrize("way", ["bootstrap", "jackknife"])
def test_drawn_errors_are_not_said_to_be_scaled(way):
    x, y = line(4)
    told = fit_line(x, y, sigma=0.5, errors=way).summary()
    assert way in told
    assert "scaled" not in told
    both = fit_line(x, y, loss="distance", errors=way).message
    assert "in their place errors by" in both


def test_a_line_through_a_point_has_no_error_there():
    x, y = line(4)
    for way in ("bootstrap", "jackknife"):
        result = fit_line(x, y, through=(0, 1), errors=way)
        assert result.errors["intercept"] == 0
        np.testing.assert_allclose(result.found.curve.variance(np.zeros(1)), 0, atol=1e-30)


# ----------------------------------------------------------------------------- second derivatives


@given(seed=seeds, n=st.integers(4, 30), weighted=st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_hessian_of_a_linear_problem_is_gauss_newton(seed, n, weighted):
    x, y = line(seed, n)
    sigma = np.linspace(0.5, 2, n) if weighted else None
    given_ = points(x, y, sigma=sigma)
    found = least_squares(given_)

    def chi2(p):
        return mg.sum(((y - p[0] * x - p[1]) / (1 if sigma is None else sigma)) ** 2)

    by_chi2 = with_errors(found, given_, "hessian", refit=least_squares, chi2=chi2)
    by_word = with_errors(found, given_, "hessian", refit=least_squares, squares=True)
    np.testing.assert_allclose(by_chi2.cov, found.cov, rtol=1e-9)
    np.testing.assert_array_equal(by_word.cov, found.cov)
    np.testing.assert_allclose(by_chi2.curve.variance(x), found.curve.variance(x), rtol=1e-8)
    assert "second derivatives" in by_chi2.message
    assert "second derivatives" in by_word.message


class Planck:
    """The spectrum of a black body, in MJy/sr, of a wavenumber in 1/cm."""

    def __init__(self, temperature):
        self.temperature = temperature

    def at(self, x):
        h, c, k = 6.62607015e-34, 299792458.0, 1.380649e-23
        nu = 100 * c * x
        return 2 * h * nu**3 / c**2 / mg.expm1(h * nu / (k * self.temperature)) / 1e-20

    def variance(self, x):
        return np.zeros_like(x)


def test_the_hessian_of_a_curved_problem_is_the_certified_one():
    """FIRAS: one parameter, with its errors by the Hessian and by Gauss-Newton in the eighth digit apart."""
    data = json.loads((DATA / "firas_planck.json").read_text())
    x, y, sigma = (np.array(data[name]) for name in ("x", "y", "sigma_y"))
    best, gauss_newton = data["expected_parameters"][0], data["expected_std_errors_gauss_newton"][0]
    given_ = points(x, y, sigma=sigma)
    residuals = y - np.asarray(Planck(best).at(x))
    chi2 = float(np.sum((residuals / sigma) ** 2))
    found = Found(
        names=("T",),
        values=np.array([best]),
        cov=np.array([[gauss_newton**2]]),
        curve=Planck(best),
        residuals=residuals,
        rss=float(residuals @ residuals),
        chi2=chi2,
        dof=data["dof"],
        scale=1.0,
    )
    by_hessian = with_errors(
        found,
        given_,
        "hessian",
        refit=lambda some: found,
        absolute_sigma=True,
        chi2=lambda p: mg.sum(((y - Planck(p[0]).at(x)) / sigma) ** 2),
    )
    assert errors(by_hessian)[0] == pytest.approx(data["expected_std_errors"][0], rel=1e-12, abs=0)
    assert errors(by_hessian)[0] != pytest.approx(gauss_newton, rel=4e-8, abs=0)


def test_a_parameter_that_was_held_stays_without_error():
    x, y = line(0)
    given_ = points(x, y)
    found = least_squares(given_, through=(0.0, 1.0))
    found = with_errors(
        Found(**{**vars(found), "extra": {"fixed": ("intercept",)}}),
        given_,
        "hessian",
        refit=least_squares,
        chi2=lambda p: mg.sum((y - p[0] * x - p[1]) ** 2),
    )
    assert found.cov[1, 1] == found.cov[0, 1] == 0
    assert found.cov[0, 0] == pytest.approx(found.scale**2 / np.sum(x**2), rel=1e-10)


def test_second_derivatives_of_no_minimum_tell_no_errors():
    x, y = line(0)
    given_ = points(x, y)
    found = with_errors(least_squares(given_), given_, "hessian", refit=least_squares, chi2=lambda p: -mg.sum(p**2))
    assert np.isnan(found.cov).all()
    assert "not those of a minimum" in found.warnings[-1]


def test_a_loss_with_a_corner_has_no_hessian():
    x, y = line(0)
    with pytest.raises(ValueError, match="errors='bootstrap'"):
        fit_line(x, y, loss="l1", errors="hessian")


# ----------------------------------------------------------------------------- nothing to tell errors from


def test_another_way_is_refused_with_the_ways_there_are():
    x, y = line(0)
    given_ = points(x, y)
    with pytest.raises(ValueError, match="'gauss-newton', 'hessian', 'bootstrap', 'jackknife'"):
        with_errors(least_squares(given_), given_, "magic", refit=least_squares)
    found = least_squares(given_)
    assert with_errors(found, given_, "gauss-newton", refit=least_squares) is found


@pytest.mark.parametrize("way", ["hessian", "bootstrap", "jackknife"])
def test_two_points_have_no_errors_in_any_way(way):
    result = fit_line([0.0, 1.0], [1.0, 3.0], errors=way)
    assert np.isnan(result.cov).all()
    assert any(way in said for said in result.warnings)


@pytest.mark.parametrize("way", ["bootstrap", "jackknife"])
def test_a_vertical_line_has_no_slope_whose_error_could_be_told(way):
    result = fit_line([1.0, 1.0, 1.0], [0.0, 1.0, 2.0], loss="distance", errors=way)
    assert result.vertical
    assert any("vertical" in said for said in result.warnings)


@pytest.mark.parametrize("errors", ["jackknife", "bootstrap"])
@pytest.mark.parametrize(("of_x", "of_y"), [(2.0**60, 1.0), (2.0**-60, 1.0), (2.0**100, 2.0**-100)])
def test_errors_of_a_line_by_distances_have_the_units_of_each_axis(errors, of_x, of_y):
    """Frequencies of 1e15 beside the column of 1 left the pseudo-inverse one direction of two: errors of 0."""
    random = np.random.default_rng(1)
    x, sigma_x, sigma = random.normal(size=8), random.uniform(0.1, 1, 8), random.uniform(0.1, 1, 8)
    y = 2 * x + 1 + random.normal(size=8) / 4
    here = fit_line(x, y, loss="distance", sigma=sigma, sigma_x=sigma_x, errors=errors)
    there = fit_line(x * of_x, y * of_y, loss="distance", sigma=sigma * of_y, sigma_x=sigma_x * of_x, errors=errors)
    assert there.errors["slope"] * of_x / of_y == pytest.approx(here.errors["slope"], rel=1e-9)
    assert there.errors["intercept"] / of_y == pytest.approx(here.errors["intercept"], rel=1e-9)
    band = np.array(there.predict(x * of_x, band=0.9)) / of_y
    np.testing.assert_allclose(band, here.predict(x, band=0.9), rtol=1e-9)


@pytest.mark.parametrize("options", [{}, {"degree": 2}, {"loss": lambda r: r**4}])
def test_the_band_of_a_hessian_does_not_hang_on_the_units_of_x(options):
    """It went through the covariance of the powers, which keeps no digits of it: 5 % off where x is about 1e9."""
    random = np.random.default_rng(1)
    x = random.normal(size=20)
    y = 2 * x + 1 + random.normal(size=20)
    settings = {"loss": "huber", "errors": "hessian", **options}
    here = fit_line(x, y, **settings).predict(x, band=0.9)
    for unit in (2.0**30, 2.0**-60, 2.0**90):
        np.testing.assert_allclose(fit_line(x * unit, y, **settings).predict(x * unit, band=0.9), here, rtol=1e-9)
    # Of a straight line the covariance says the same, where it has the digits.
    if not options:
        line = fit_line(x, y, **settings)
        variance = line.cov[0, 0] * x**2 + 2 * line.cov[0, 1] * x + line.cov[1, 1]
        np.testing.assert_allclose(line.found.curve.variance(x), variance, rtol=1e-12)
