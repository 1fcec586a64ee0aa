"""The line that `fit_line` finds is the right one, whatever the units; and the best point is a pair."""

import math
import subprocess
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.fitting import descend, fit_line, read_table
from minigrad.fitting.line import LARGEST_STABLE_LR, LOSSES

DATA = Path(__file__).parent.parent / "examples" / "data"

SLOPE = 1e-11
"""How far, relatively, a slope may be from the exact one."""


def exact_line(x, y, loss):
    """Slope and intercept in exact fractions; for distances the one square root has 80 digits.

    Also the size of the terms that cancel in the intercept, slope · mean(x) and mean(y), and the
    determination: how large the covariance is beside the spreads that it is a sum over.
    """
    xs, ys = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y]
    n = len(xs)
    x0, y0 = sum(xs) / n, sum(ys) / n
    sxx = sum((v - x0) ** 2 for v in xs)
    syy = sum((v - y0) ** 2 for v in ys)
    sxy = sum((v - x0) * (w - y0) for v, w in zip(xs, ys, strict=True))
    with localcontext() as context:
        context.prec = 80

        def decimal(f):
            return Decimal(f.numerator) / Decimal(f.denominator)

        root = decimal((syy - sxx) ** 2 + 4 * sxy**2).sqrt()
        if loss == "mse":
            slope = decimal(sxy) / decimal(sxx)
        elif syy > sxx:
            slope = (decimal(syy - sxx) + root) / decimal(2 * sxy)
        else:
            slope = decimal(2 * sxy) / (decimal(sxx - syy) + root)
        intercept = decimal(y0) - slope * decimal(x0)
        terms = abs(slope * decimal(x0)) + abs(decimal(y0))
        determined = abs(decimal(sxy)) / (decimal(sxx) * decimal(syy)).sqrt() if syy else Decimal(1)
        if loss == "distance":
            determined *= root / decimal(sxx + syy)
        return slope, intercept, terms, float(determined)


def assert_exact(fit, x, y):
    slope, intercept, terms, determined = exact_line(x, y, fit.kind)
    allowed = Decimal(SLOPE / determined)
    assert fit.converged, fit.message
    assert abs(Decimal(fit.slope) - slope) <= allowed * abs(slope)
    assert abs(Decimal(fit.intercept) - intercept) <= allowed * terms


# Points with a correlation, in any units: made of unit-sized ones, so that shifts do not swallow them.
shifts = st.sampled_from([0.0, 1.0, -3e5, 1.7e9, 1e-3])
scales = st.sampled_from([1e-12, 1e-9, 1e-3, 1.0, 7.0, 1e4, 1e8])


@st.composite
def clouds(draw, min_size=3, max_size=40):
    """x and y of order 1, neither constant nor uncorrelated."""
    n = draw(st.integers(min_size, max_size))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    slope = draw(st.sampled_from([-1.0, 1.0])) * draw(st.floats(0.1, 3.0))
    noise = draw(st.sampled_from([0.0, 1e-6, 0.1, 0.5]))
    x = rng.standard_normal(n)
    assume(np.ptp(x) > 0.1)
    return x, slope * x + noise * rng.standard_normal(n)


losses = pytest.mark.parametrize("loss", LOSSES)


@losses
@given(cloud=clouds(), x_shift=shifts, x_scale=scales, y_shift=shifts, y_scale=scales)
def test_the_line_is_the_exact_one_in_any_units(loss, cloud, x_shift, x_scale, y_shift, y_scale):
    x, y = x_shift + x_scale * cloud[0], y_shift + y_scale * cloud[1]
    # The units may be too coarse for the shift: then what is left is rounding, not these points.
    assume(x_scale > 1e-9 * abs(x_shift) and y_scale > 1e-9 * abs(y_shift))
    determined = exact_line(x, y, loss)[3]
    assume(determined > 0.01)
    assert_exact(fit_line(x, y, loss), x, y)


@losses
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1.7e9 + 60 * n for n in range(15)], [20 + math.sin(n) for n in range(15)]),
        ([1e-9 * n for n in range(9)], [1e9 + n * n for n in range(9)]),
        ([0.1, 0.3], [0.7, -5.0]),
        ([1e12, 1e12 + 0.25, 1e12 + 1], [5e-7, 6e-7, 9e-7]),
        ([0.0, 1.0, 2.0, 1e6], [0.0, 1.0, 4.0, 1e6 + 5]),
    ],
    ids=["time stamps", "nanometres", "two points", "a hair at 1e12", "an outlier"],
)
def test_awkward_units_have_the_exact_line(loss, x, y):
    assert_exact(fit_line(x, y, loss), x, y)


@losses
def test_a_hundred_thousand_points(loss):
    rng = np.random.default_rng(3)
    x = 1.7e9 + 1e5 * rng.random(100_000)
    y = 40 + 3e-4 * (x - 1.7e9) + rng.standard_normal(x.size)
    fit = fit_line(x, y, loss)
    u, v = x - x.mean(), y - y.mean()
    if loss == "mse":
        slope = (u @ v) / (u @ u)
    else:
        _, _, axes = np.linalg.svd(np.column_stack([u, v]), full_matrices=False)
        slope = axes[0, 1] / axes[0, 0]
    assert fit.converged
    assert fit.slope == pytest.approx(slope, rel=1e-9)
    assert fit.predict(x.mean()) == pytest.approx(y.mean(), rel=1e-12)


def test_known_answers():
    norris = read_table(DATA / "norris.csv")
    fit = fit_line(norris.column("x"), norris.column("y"))
    assert fit.slope == pytest.approx(1.00211681802045, rel=1e-13)  # certified by NIST
    assert fit.intercept == pytest.approx(-0.262323073774029, rel=1e-12)
    generated = read_table(DATA / "line_distance_100.csv")
    fit = fit_line(generated.column("x"), generated.column("y"), "distance")
    assert fit.slope == pytest.approx(2.520965239064576, rel=1e-12)
    assert fit.intercept == pytest.approx(-0.4952648285503, rel=1e-11)
    assert fit.loss == pytest.approx(4.195225015267501, rel=1e-12)
    quartet = read_table(DATA / "anscombe.csv")
    for n, line in enumerate(
        [
            (0.5000909090909091, 3.000090909090909),
            (0.5, 3.000909090909091),
            (0.49972727272727274, 3.0024545454545453),
            (0.4999090909090909, 3.0017272727272726),
        ],
        1,
    ):
        fit = fit_line(quartet.column(f"x{n}"), quartet.column(f"y{n}"))
        assert (fit.slope, fit.intercept) == pytest.approx(line, rel=1e-12)
    tutorial = read_table(DATA / "line_15.csv")
    fit = fit_line(tutorial.column("x"), tutorial.column("y"))
    assert (fit.slope, fit.intercept) == pytest.approx((0.2599898981327833, 0.7476652637839224), rel=1e-12)
    assert fit.loss == pytest.approx(0.16891525512460112, rel=1e-12)


@given(cloud=clouds())
def test_mse_agrees_with_lstsq(cloud):
    x, y = cloud
    solution = np.linalg.lstsq(np.column_stack([x, np.ones_like(x)]), y, rcond=None)[0]
    fit = fit_line(x, y)
    assert [fit.slope, fit.intercept] == pytest.approx(solution, rel=1e-9, abs=1e-9)


@losses
@given(cloud=clouds(), c=st.floats(-100, 100))
def test_adding_c_to_y_adds_c_to_the_intercept(loss, cloud, c):
    x, y = cloud
    before, after = fit_line(x, y, loss), fit_line(x, y + c, loss)
    assert after.slope == pytest.approx(before.slope, rel=1e-9, abs=1e-9)
    assert after.intercept == pytest.approx(before.intercept + c, rel=1e-9, abs=1e-9)


@losses
@given(cloud=clouds(), data=st.data())
def test_the_order_of_the_points_does_not_matter(loss, cloud, data):
    x, y = cloud
    order = np.array(data.draw(st.permutations(range(x.size))))
    one, other = fit_line(x, y, loss), fit_line(x[order], y[order], loss)
    assert [one.slope, one.intercept, one.loss] == pytest.approx(
        [other.slope, other.intercept, other.loss], rel=1e-9, abs=1e-9
    )


@given(cloud=clouds())
def test_swapping_x_and_y_gives_the_same_line_by_distance(cloud):
    x, y = cloud
    one, other = fit_line(x, y, "distance"), fit_line(y, x, "distance")
    assert one.slope * other.slope == pytest.approx(1, rel=1e-9)
    assert one.intercept == pytest.approx(-other.intercept * one.slope, rel=1e-9, abs=1e-9)
    assert one.loss == pytest.approx(other.loss, rel=1e-9, abs=1e-20)


@given(cloud=clouds(), angle=st.floats(-math.pi, math.pi))
def test_turning_the_points_turns_the_line_by_distance(cloud, angle):
    x, y = cloud
    assume(exact_line(x, y, "distance")[3] > 0.1)
    c, s = math.cos(angle), math.sin(angle)
    before, after = fit_line(x, y, "distance"), fit_line(c * x - s * y, s * x + c * y, "distance")
    turned = math.atan(after.slope) - math.atan(before.slope) - angle
    assert math.sin(turned) == pytest.approx(0, abs=1e-9)
    assert after.loss == pytest.approx(before.loss, rel=1e-9, abs=1e-20)


@given(cloud=clouds(), factor=st.sampled_from([1e-9, 0.1, 3.0, 1e7]), other=st.sampled_from([1e-6, 5.0]))
def test_scaling_scales_the_line(cloud, factor, other):
    x, y = cloud
    before, after = fit_line(x, y, "distance"), fit_line(factor * x, factor * y, "distance")
    assert [after.slope, after.intercept] == pytest.approx(
        [before.slope, factor * before.intercept], rel=1e-9, abs=1e-12 * factor
    )
    assert after.slope == pytest.approx(before.slope, rel=1e-9)
    assert after.loss == pytest.approx(factor**2 * before.loss, rel=1e-9, abs=1e-20 * factor**2)
    before, after = fit_line(x, y), fit_line(factor * x, other * y)
    assert after.slope == pytest.approx(before.slope * other / factor, rel=1e-9)
    assert after.intercept == pytest.approx(before.intercept * other, rel=1e-9, abs=1e-12 * other)
    assert after.loss == pytest.approx(before.loss * other**2, rel=1e-9, abs=1e-20 * other**2)


@losses
@given(
    slope=st.integers(-1000, 1000), intercept=st.integers(-1000, 1000), x=st.sets(st.integers(-999, 999), min_size=2)
)
def test_points_on_a_line_have_that_line(loss, slope, intercept, x):
    x = np.array(sorted(x))
    fit = fit_line(x, slope * x + intercept, loss)
    assert fit.slope == pytest.approx(slope, rel=1e-12)
    assert fit.intercept == pytest.approx(intercept, rel=1e-10, abs=1e-10 * (1 + abs(slope)) * 1000)
    assert np.allclose(fit.residuals(x, slope * x + intercept), 0, atol=1e-9 * (1 + abs(slope)))


@losses
def test_constant_y_has_slope_exactly_zero(loss):
    fit = fit_line([1.0, 2.0, 4.0], [0.1, 0.1, 0.1], loss)
    assert (fit.slope, fit.intercept, fit.loss) == (0.0, 0.1, 0.0)
    assert fit.converged


@given(y=st.sets(st.integers(-999, 999), min_size=2), c=st.floats(-1e9, 1e9))
def test_a_vertical_line_is_reported_as_one(y, c):
    fit = fit_line([c] * len(y), sorted(y), "distance")
    assert fit.vertical
    assert fit.slope == math.inf
    assert math.isnan(fit.intercept)
    assert fit.centre[0] == c
    assert fit.loss == 0
    assert (fit.residuals([c + 1], [0.0]) == c + 1 - c).all()
    with pytest.raises(ValueError, match="no x has one y"):
        fit.predict(0.0)


def test_a_scattered_cloud_can_have_a_vertical_line_too():
    fit = fit_line([2.9, 3.1, 2.9, 3.1], [0, 0, 9, 9], "distance")
    assert fit.vertical
    assert fit.centre[0] == pytest.approx(3.0)
    assert fit.loss == pytest.approx(0.01)


@pytest.mark.parametrize("lean", [1e-12, -1e-12, 1e-6])
def test_an_almost_vertical_line_keeps_the_digits_of_its_slope(lean):
    y = np.arange(7.0)
    assert fit_line(lean * y, y, "distance").slope == pytest.approx(1 / lean, rel=1e-12)


@losses
@settings(max_examples=30)
@given(cloud=clouds(), lr=st.floats(0.05, 0.95))
def test_every_rate_below_the_largest_stable_one_finds_the_line(loss, cloud, lr):
    x, y = cloud
    assert lr < LARGEST_STABLE_LR
    one, other = fit_line(x, y, loss), fit_line(x, y, loss, lr=lr)
    assert other.converged, other.message
    assert [one.slope, one.intercept] == pytest.approx([other.slope, other.intercept], rel=1e-9, abs=1e-9)


@losses
def test_a_rate_that_is_too_large_is_named_and_the_best_is_kept(loss):
    x, y = [1.0, 2.0, 4.0, 5.0], [0.1, 3.0, 3.0, 7.0]
    fit = fit_line(x, y, loss, lr=5.0)
    assert not fit.converged
    assert "must be below 1" in fit.message
    assert fit.loss == min(value for value in fit.history if math.isfinite(value))
    assert math.isfinite(fit.slope)


@losses
def test_too_few_steps_are_said_and_the_line_has_the_loss_it_claims(loss):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(20)
    y = 2 * x + rng.standard_normal(20)
    fit = fit_line(x, y, loss, lr=0.01, steps=7)
    assert not fit.converged
    assert "more steps" in fit.message
    assert fit.steps == 7
    assert len(fit.history) == 8
    assert fit.loss == fit.history[-1] < fit.history[0]
    assert np.mean(fit.residuals(x, y) ** 2) == pytest.approx(fit.loss, rel=1e-12)


@losses
def test_the_callback_sees_every_loss_in_the_units_of_the_data(loss):
    seen = []
    fit = fit_line([0, 100, 200], [0, 300, 310], loss, callback=lambda step, value: seen.append((step, value)))
    assert seen == list(enumerate(fit.history))


def test_tensors_are_points_too():
    x, y = mg.tensor([0.0, 1.0, 2.0]), mg.tensor([1.0, 3.0, 5.0], requires_grad=True)
    assert fit_line(x, y).slope == pytest.approx(2)
    assert y.grad is None


@pytest.mark.parametrize(
    ("x", "y", "options", "reason"),
    [
        ([1], [2], {}, "there is one"),
        ([], [], {}, "(must hold numbers|there are none)"),
        ([1, 2], [1, 2, 3], {}, "x has 2 numbers and y 3"),
        ([1, math.nan], [1, 2], {}, r"x\[1\] is nan"),
        ([1, 2], [math.inf, 2], {}, r"y\[0\] is inf"),
        ([1, 1, 1], [1, 2, 3], {}, "loss distance"),
        ([1, 1], [2, 2], {"loss": "distance"}, "all 2 points are the same"),
        ([1, -1, 1, -1], [1, 1, -1, -1], {"loss": "distance"}, "equally in every direction"),
        ([[1, 2]], [1, 2], {}, "one axis"),
        (["a", "b"], [1, 2], {}, "must hold numbers"),
        ([1, 2j], [1, 2], {}, "must hold numbers"),
        ([True, False], [1, 2], {}, "must hold numbers"),
        (np.ma.array([1.0, 2.0], mask=[0, 1]), [1, 2], {}, "masked"),
        ([1e300, -1e300], [1, 2], {}, "multiplied by 1e-300"),
        ([0, 1e-200], [1, 2], {}, "multiplied by 1e.201"),
        ([0, 1e-150 * 3], [0, 1e149], {"loss": "mse"}, None),
        ([1, 2], [1, 2], {"loss": "huber"}, "there is no loss"),
        ([1, 2], [1, 2], {"lr": 0}, "above 0"),
        ([1, 2], [1, 2], {"lr": math.nan}, "above 0"),
        ([1, 2], [1, 2], {"lr": math.inf}, "above 0"),
        ([1, 2], [1, 2], {"steps": 0}, "at least 1"),
        ([1, 2], [1, 2], {"steps": 2.5}, "at least 1"),
    ],
)
def test_what_determines_no_line_is_refused(x, y, options, reason):
    if reason is None:
        assert fit_line(x, y, **options).slope == pytest.approx(1e299 / 3, rel=1e-12)
        return
    with pytest.raises(ValueError, match=reason):
        fit_line(x, y, **options)


def test_best_is_a_pair_and_the_later_of_equals_wins():
    w = mg.tensor(1.0, requires_grad=True)
    # With the rate 1, w² is the same at 1, -1, 1, ...: all equal.
    found = descend(lambda w: w * w, [w], lr=1.0, steps=5)
    assert found.history == (1.0,) * 6
    assert (found.best.loss, found.best.parameters[0].item(), found.best.step) == (1.0, -1.0, 5)
    assert not found.converged


@given(start=st.floats(-10, 10), lr=st.floats(1e-3, 1.5))
def test_the_best_parameters_have_the_best_loss(start, lr):
    def loss(w, v):
        return (w * w - 2) ** 2 + (v - w) ** 2

    w, v = mg.tensor(start, requires_grad=True), mg.tensor(1.0, requires_grad=True)
    found = descend(loss, [w, v], lr=lr, steps=20)
    assert found.best.loss == loss(*[mg.tensor(p) for p in found.best.parameters]).item()
    assert found.best.loss == min(value for value in found.history if math.isfinite(value))
    assert found.best.loss == found.history[found.best.step]
    assert w.grad is None


def test_descent_handles_whole_arrays_of_parameters():
    target = np.array([[1.0, -2.0], [3.0, 0.5]])
    w = mg.zeros((2, 2), requires_grad=True)
    found = descend(lambda w: mg.sum((w - target) ** 2), [w], lr=0.3, steps=200, tolerance=1e-12)
    assert found.converged
    assert np.allclose(found.best.parameters[0], target, atol=1e-12)


def test_a_start_without_a_finite_loss_is_refused():
    w = mg.tensor(0.0, requires_grad=True)
    with pytest.raises(ValueError, match="nothing to descend from"), np.errstate(divide="ignore"):
        descend(lambda w: 1 / w, [w], lr=0.1, steps=3)


def test_importing_minigrad_leaves_the_fitting_room_alone():
    code = "import sys, minigrad; sys.exit(any('fitting' in m or m in ('click', 'rich') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_fitting_needs_numpy_alone():
    code = (
        "import sys\nfor name in ('click', 'rich', 'matplotlib', 'scipy'): sys.modules[name] = None\n"
        "from minigrad.fitting import fit_line\nprint(fit_line([0, 1], [1, 3]).converged)"
    )
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout == "True\n"


def test_the_data_files_are_the_ones_the_readme_of_the_folder_names():
    text = (DATA / "README.md").read_text()
    for path in DATA.glob("*.csv"):
        assert f"`{path.name}`" in text
    assert [len(read_table(DATA / f"{name}.csv").rows) for name in ("anscombe", "line_15")] == [11, 15]
