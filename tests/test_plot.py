"""Pictures of fits, drawn without a display: what is drawn is the data, the curve, its bands, to scale.

One idea: a picture is asked for its numbers. Line ends, the widths of bands, the lengths and angles of the
shortest ways are read from what was drawn and held against the result; words are where they can be read.
"""

import itertools
import math
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.fitting import fit, fit_line

from .found_lines import line
from .test_result import X, Y

matplotlib = pytest.importorskip("matplotlib")

from minigrad.fitting import plot  # noqa: E402
from minigrad.fitting.plot import draw  # noqa: E402


def curves(axes, color):
    return [drawn for drawn in axes.lines if drawn.get_color() == color and len(drawn.get_xdata()) > 1]


def points_of(axes):
    return next(drawn for drawn in axes.lines if drawn.get_marker() == "o").get_xydata()


def the_line(axes):
    return curves(axes, plot._VERMILLION)[0].get_xydata()


def bands(axes):
    return [collection.get_paths()[0].vertices for collection in axes.collections if collection.get_paths()]


def heights_at(vertices, x):
    """The lowest and highest y of a band at x, which is one of its corners."""
    y = vertices[vertices[:, 0] == x, 1]
    return y.min(), y.max()


def words(axes):
    return [text for text in axes.texts if text.get_text()]


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


def overlap(figure, text, pairs):
    """How many of the pairs, in units of the axes, a text covers."""
    figure.draw_without_rendering()
    box = text.get_window_extent()
    places = text.axes.transData.transform(pairs)
    return int(
        np.sum((box.x0 < places[:, 0]) & (places[:, 0] < box.x1) & (box.y0 < places[:, 1]) & (places[:, 1] < box.y1))
    )


def everything_inside(figure):
    figure.draw_without_rendering()
    whole = figure.bbox
    for axes in figure.axes:
        parts = [axes.title, axes.xaxis.label, axes.yaxis.label, *axes.texts, axes.get_legend()]
        for part in filter(None, parts):
            box = part.get_window_extent()
            if box.width and part.get_visible():
                assert box.x0 >= -1, part
                assert box.x1 <= whole.x1 + 1, part
                assert box.y0 >= -1, part
                assert box.y1 <= whole.y1 + 1, part
        for text in axes.texts:
            box, frame = text.get_window_extent(), axes.get_window_extent()
            assert frame.x0 <= box.x0
            assert box.x1 <= frame.x1
            assert frame.y0 <= box.y0
            assert box.y1 <= frame.y1


# A line.


@pytest.fixture(scope="module")
def drawn_line():
    result = fit_line(X, Y)
    return result, draw(result)


def test_the_points_are_the_data_and_the_line_ends_where_they_end(drawn_line):
    result, figure = drawn_line
    upper, lower = figure.axes
    assert points_of(upper).tolist() == np.stack([X, Y], axis=1).tolist()
    ends = the_line(upper)
    assert ends[0, 0] == min(X)
    assert ends[-1, 0] == max(X)
    assert ends[:, 1] == pytest.approx(result.slope * ends[:, 0] + result.intercept, rel=1e-12)
    assert points_of(lower)[:, 1].tolist() == result.residuals.tolist()
    assert legend(figure) == ["15 points", "line", "95 % band of the line", "95 % of new points"]


def test_the_bands_are_as_wide_as_predict_says(drawn_line):
    result, figure = drawn_line
    new, mean = bands(figure.axes[0])
    for band, kind in ((mean, "mean"), (new, "new")):
        for x in X:
            _, low, high = result.predict(x, band=0.95, kind=kind)
            assert heights_at(band, x) == pytest.approx((low, high), rel=1e-9)


def test_a_column_is_drawn_as_an_array_is(drawn_line):
    figure = draw(fit_line(np.array(X)[:, None], Y))
    assert points_of(figure.axes[0]).tolist() == points_of(drawn_line[1].axes[0]).tolist()
    assert words(figure.axes[0])[0].get_text() == "y = 0.260(48) x1 + 0.75(31)"


def test_another_level_is_another_band_and_is_said():
    result = fit_line(X, Y)
    figure = draw(result, level=0.68)
    _, low, high = result.predict(X[0], band=0.68)
    assert heights_at(bands(figure.axes[0])[1], X[0]) == pytest.approx((low, high), rel=1e-9)
    assert "68 % band of the line" in legend(figure)


def test_the_equation_stands_in_a_corner_and_covers_no_point(drawn_line):
    _, figure = drawn_line
    (text,) = words(figure.axes[0])
    assert text.get_text() == "y = 0.260(48) x + 0.75(31)"
    assert overlap(figure, text, np.concatenate([np.stack([X, Y], axis=1), the_line(figure.axes[0])])) == 0
    everything_inside(figure)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([-3.0, -0.1, 0.0, 0.1, 3.0]), st.integers(3, 60))
def test_the_equation_never_covers_a_point_wherever_they_are(seed, slope, n):
    uncovered(seed, slope, n)


@pytest.mark.parametrize(("seed", "slope", "n"), [(0, 0.0, 60), (1, -0.1, 5), (2, 3.0, 200)])
def test_the_equation_never_covers_a_point(seed, slope, n):
    uncovered(seed, slope, n)


def uncovered(seed, slope, n):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n)
    y = slope * x + rng.uniform(-5, 5, n)
    figure = draw(fit_line(x, y))
    (text,) = words(figure.axes[0])
    assert overlap(figure, text, np.stack([x, y], axis=1)) == 0
    everything_inside(figure)


def test_all_points_and_residuals_are_inside_the_axes():
    figure = draw(fit_line(X, Y, sigma=np.linspace(0.2, 0.5, 15)))
    for axes in figure.axes:
        inside = axes.transAxes.inverted().transform(axes.transData.transform(points_of(axes)))
        assert ((inside > 0) & (inside < 1)).all()


def test_names_and_title_are_shown_as_they_are():
    pandas = pytest.importorskip("pandas")
    result = fit_line(pandas.Series(X, name="cost in $ or $$"), pandas.Series(Y, name="a_b^c %"))
    figure = draw(result, title="1 $ = 2 $")
    assert figure.axes[1].get_xlabel() == r"cost in \$ or \$\$"
    assert figure.axes[0].get_ylabel() == "a_b^c %"
    everything_inside(figure)
    assert draw(result, x_label="price").axes[1].get_xlabel() == "price"


def test_long_names_are_broken_on_the_axes_and_not_repeated_in_the_equation():
    pandas = pytest.importorskip("pandas")
    name = "the acceleration of a falling weight, as read from the film (in units of m/s²)"
    result = fit_line(pandas.Series(X, name="time"), pandas.Series(Y, name=name))
    figure = draw(result)
    assert figure.axes[0].get_ylabel().replace("\n", " ") == name
    assert words(figure.axes[0])[0].get_text() == "y = 0.260(48) · time + 0.75(31)"
    everything_inside(figure)


def test_the_legend_leaves_room_for_a_power_of_ten():
    figure = draw(fit_line(X, 1e-9 * np.array(Y)))
    figure.draw_without_rendering()
    power = figure.axes[0].yaxis.get_offset_text()
    assert "10^{−9}" in power.get_text()
    assert not power.get_window_extent().overlaps(figure.axes[0].get_legend().get_window_extent())


def test_characters_that_no_font_has_are_named_once(monkeypatch):
    pandas = pytest.importorskip("pandas")
    own = [font for font in plot.fontManager.ttflist if "DejaVu" in font.name or "Last Resort" in font.name]
    monkeypatch.setattr(plot.fontManager, "ttflist", own)
    result = fit_line(pandas.Series(X, name="温度"), Y)
    with pytest.warns(UserWarning, match="no installed font has 度 温: install") as said:
        result.plot()
    assert len(said) == 1


def test_a_fit_whose_rows_are_gone_cannot_be_drawn():
    result = line(X, Y)
    gone = replace(result, found=replace(result.found, residuals=np.empty(0)))
    with pytest.raises(ValueError, match="rows of this fit were not kept"):
        gone.plot()


def test_two_points_have_a_line_and_no_bands():
    figure = draw(fit_line([0.0, 1.0], [1.0, 3.0]))
    assert not bands(figure.axes[0])
    assert legend(figure) == ["2 points", "line"]
    assert words(figure.axes[0])[0].get_text() == "y = 2 x + 1"


def test_the_equation_keeps_off_the_bands_where_there_is_room():
    figure = draw(fit_line(X, -np.array(Y)))
    (text,) = words(figure.axes[0])
    assert sum(overlap(figure, text, band) for band in bands(figure.axes[0])) == 0


# Errors of the points.


def test_the_equation_keeps_off_the_error_bars():
    x, sigma = np.arange(12.0), np.full(12, 0.1)
    sigma[:3] = 3.0
    y = np.arange(12.0) * 0.3
    figure = draw(fit_line(x, y, sigma=sigma))
    (text,) = words(figure.axes[0])
    along = np.concatenate([np.stack([x, y + share * sigma], axis=1) for share in np.linspace(-1, 1, 50)])
    assert overlap(figure, text, along) == 0


def test_error_bars_are_one_sigma_to_either_side():
    sigma = np.linspace(0.2, 0.5, 15)
    upper, lower = draw(fit_line(X, Y, sigma=sigma)).axes
    bars = [
        collection for collection in upper.collections if isinstance(collection, matplotlib.collections.LineCollection)
    ]
    ends = np.array(bars[0].get_segments())
    assert ends[:, 0, 1] == pytest.approx(np.array(Y) - sigma)
    assert ends[:, 1, 1] == pytest.approx(np.array(Y) + sigma)
    assert lower.get_ylabel() == "residual"


def test_residuals_of_very_unequal_sigmas_are_shown_in_sigmas():
    sigma = np.geomspace(0.1, 10, 15)
    result = fit_line(X, Y, sigma=sigma)
    _, lower = draw(result).axes
    assert lower.get_ylabel() == "residual / σ"
    assert points_of(lower)[:, 1] == pytest.approx(result.residuals / sigma)


# The distance losses.


def angles(figure):
    """The cosines between the line, as it is on paper, and each shortest way."""
    upper = figure.axes[0]
    figure.draw_without_rendering()
    ways = upper.transData.transform(curves(upper, plot._GREY)[0].get_xydata())
    a, b = ways[0::3], ways[1::3]
    ends = upper.transData.transform(the_line(upper)[[0, -1]])
    along = ends[1] - ends[0]
    across = b - a
    return across @ along / np.linalg.norm(along) / np.linalg.norm(across, axis=1)


@pytest.mark.parametrize("steepness", [0.15, 0.5, 1.0, 4.0])
def test_the_shortest_ways_are_at_right_angles_on_paper_and_as_long_as_the_residuals(steepness):
    rng = np.random.default_rng(0)
    t = np.linspace(0, 8, 25)
    x, y = t + rng.normal(0, 0.2, 25), -steepness * t + 1 + rng.normal(0, 0.2, 25)
    result = fit_line(x, y, loss="distance")
    figure = draw(result)
    assert np.abs(angles(figure)).max() < 1e-6
    way = curves(figure.axes[0], plot._GREY)[0].get_xydata()
    lengths = np.linalg.norm(way[1::3] - way[0::3], axis=1)
    assert lengths == pytest.approx(np.abs(result.residuals), rel=1e-6)
    everything_inside(figure)
    assert figure.axes[0].get_xlim() == figure.axes[1].get_xlim()
    ends = the_line(figure.axes[0])
    assert ends[0, 0] <= way[1::3, 0].min()  # the line reaches as far as the ways do
    assert ends[-1, 0] >= way[1::3, 0].max()


def test_axes_that_cannot_share_a_scale_do_not_and_say_so():
    rng = np.random.default_rng(0)
    x = np.linspace(0, 1000, 20)
    figure = draw(fit_line(x, x / 1e4 + rng.normal(0, 0.01, 20), loss="distance"))
    assert "shortest way (axes not to one scale)" in legend(figure)
    assert figure.axes[0].get_aspect() == "auto"


@pytest.mark.parametrize("x", [[3.0, 3.0, 3.0], [1.0, 1.0, 2.0, 2.0]])
def test_a_vertical_line_is_drawn_upright(x):
    y = [0.0, 1.0, 3.0] if len(x) == 3 else [0.0, 5.0, 0.0, 5.0]
    result = fit_line(x, y, loss="distance")
    assert result.vertical
    figure = draw(result)
    upper, lower = figure.axes
    assert set(the_line(upper)[:, 0]) == {result.found.vertical}
    assert words(upper)[0].get_text() == f"x = {result.found.vertical:g}"
    assert upper.get_aspect() == 1.0
    assert (upper.get_xlabel(), lower.get_xlabel(), lower.get_ylabel()) == ("x", "y", "distance")
    assert points_of(lower)[:, 0].tolist() == y
    everything_inside(figure)


def test_york_s_ways_go_where_chi2_is_least():
    weights_x = np.array([1000.0, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1.0])
    weights_y = np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500.0])
    x = np.array([0.0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4])
    y = np.array([5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5])
    sx, sy = weights_x**-0.5, weights_y**-0.5
    result = fit_line(x, y, loss="distance", sigma=sy, sigma_x=sx)
    figure = draw(result)
    way = curves(figure.axes[0], plot._GREY)[0].get_xydata()
    foot = way[1::3]
    chi2 = np.sum(((x - foot[:, 0]) / sx) ** 2 + ((y - foot[:, 1]) / sy) ** 2)
    assert chi2 == pytest.approx(result.chi2, rel=1e-9)
    assert points_of(figure.axes[1])[:, 1] == pytest.approx(result.residuals / sy)
    assert figure.axes[1].get_ylabel() == "residual / σ"
    assert any("of σ = " in text for text in legend(figure))
    everything_inside(figure)


def test_distances_to_a_curve_end_on_the_curve():
    rng = np.random.default_rng(1)
    t = np.linspace(0, 4, 20)
    x, y = t + rng.normal(0, 0.08, 20), 2 * np.exp(-0.7 * t) + rng.normal(0, 0.08, 20)
    result = fit(lambda x, a, k: a * np.exp(-k * x), x, y, start={"a": 1.0, "k": 1.0}, loss="distance")
    figure = draw(result)
    way = curves(figure.axes[0], plot._GREY)[0].get_xydata()
    assert way[1::3, 1] == pytest.approx(result.predict(way[1::3, 0]), rel=1e-9)
    assert np.linalg.norm(way[1::3] - way[0::3], axis=1) == pytest.approx(np.abs(result.residuals), rel=1e-6)
    assert words(figure.axes[0])[0].get_text().startswith("a = ")


# Curves, many features, many points.


def test_a_curve_is_smooth_and_goes_through_what_predict_says():
    rng = np.random.default_rng(0)
    x = np.linspace(-3, 4, 40)
    result = fit_line(x, x**3 - x + rng.normal(size=40), degree=3)
    upper = draw(result).axes[0]
    curve = the_line(upper)
    assert len(curve) >= 400
    assert curve[:, 1] == pytest.approx(result.predict(curve[:, 0]), rel=1e-12)
    assert "x³" in words(upper)[0].get_text()


def test_several_features_are_fitted_against_observed():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    result = fit_line(x, x @ [1.0, -2.0, 0.5] + rng.normal(size=50))
    figure = draw(result)
    upper, lower = figure.axes
    fitted = result.predict(x)
    assert points_of(upper) == pytest.approx(np.stack([fitted, result.given.y], axis=1), abs=1e-12)
    assert points_of(lower) == pytest.approx(np.stack([fitted, result.residuals], axis=1), abs=1e-12)
    ends = the_line(upper)
    assert (ends[:, 0] == ends[:, 1]).all()
    assert (upper.get_ylabel(), lower.get_xlabel()) == ("y, observed", "y, fitted")
    everything_inside(figure)


def test_a_plane_of_shortest_distances_is_fitted_against_observed_too():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2))
    result = fit_line(x, x @ [2.0, -3.0] + rng.normal(0, 0.1, 40), loss="distance")
    upper, lower = draw(result).axes
    assert points_of(upper)[:, 0] == pytest.approx(result.predict(x))
    assert points_of(lower)[:, 1] == pytest.approx(result.residuals)
    assert lower.get_ylabel() == "distance"


def test_several_outputs_have_a_colour_each():
    rng = np.random.default_rng(0)
    y = np.stack([2 * np.array(X), -np.array(X), np.array(X) / 3], axis=1) + rng.normal(size=(15, 3))
    figure = draw(line(X, y))
    marks = [drawn for drawn in figure.axes[0].lines if drawn.get_marker() == "o"]
    assert len({drawn.get_color() for drawn in marks}) == 3
    assert legend(figure) == ["y1", "y2", "y3", "fitted = observed"]
    for k, drawn in enumerate(marks):
        assert drawn.get_ydata().tolist() == y[:, k].tolist()


def test_very_many_points_are_shaded_cells_that_count_them_all():
    rng = np.random.default_rng(0)
    x = rng.normal(size=50_000)
    figure = draw(fit_line(x, x + rng.normal(size=50_000)))
    cells = [part for part in figure.axes[0].collections if isinstance(part, matplotlib.collections.PolyCollection)]
    counts = next(part.get_array() for part in cells if part.get_array() is not None)
    assert counts.sum() == 50_000
    assert legend(figure)[0] == "50,000 points, dark where many"


def test_a_sample_of_a_stream_says_of_how_many():
    result = line(X, Y)
    sample = replace(result, found=replace(result.found, extra={"n": 10_000_000, "r2": 0.5}))
    assert legend(draw(sample))[0] == "15 of 10,000,000 points"


def test_points_that_hardly_count_are_ringed():
    x = np.linspace(0, 8, 25)
    y = 2 * x + np.sin(7 * x) / 3
    y[[3, 20]] += [9, -11]
    figure = draw(fit_line(x, y, loss="tukey"))
    ringed = next(drawn for drawn in figure.axes[0].lines if drawn.get_label() == "counts less than half")
    assert ringed.get_xydata().tolist() == [[x[3], y[3]], [x[20], y[20]]]


def test_dates_are_written_as_dates():
    rng = np.random.default_rng(0)
    x = np.arange(200.0)
    figure = draw(fit_line(x, 0.02 * x + rng.normal(size=200)), since="2021-11-03", x_label="date")
    start = matplotlib.dates.date2num(np.datetime64("2021-11-03"))
    assert points_of(figure.axes[0])[:, 0] == pytest.approx(start + x)
    assert the_line(figure.axes[0])[-1, 0] == pytest.approx(start + 199)
    assert "x: days since 2021-11-03" in words(figure.axes[0])[0].get_text()
    figure.draw_without_rendering()
    assert "2022" in [label.get_text() for label in figure.axes[1].get_xticklabels()]
    in_seconds = draw(fit_line(x * 86_400, x + rng.normal(size=200)), since="2021-11-03", unit="seconds")
    assert points_of(in_seconds.axes[0])[:, 0] == pytest.approx(start + x)
    wide = draw(
        fit_line(x * 86_400, x, loss="distance", sigma=1.0, sigma_x=43_200.0), since="2021-11-03", unit="seconds"
    )
    bars = [part for part in wide.axes[0].collections if isinstance(part, matplotlib.collections.LineCollection)]
    assert np.ptp(np.array(bars[0].get_segments())[0, :, 0]) == pytest.approx(1.0)  # half a day to either side
    with pytest.raises(ValueError, match='"days" or "seconds"'):
        draw(fit_line(X, Y), since="2021-11-03", unit="hours")


def test_the_command_hands_the_dates_of_a_file_on(tmp_path, monkeypatch):
    from click.testing import CliRunner

    from minigrad.cli import program
    from minigrad.fitting import FitResult

    asked = {}
    monkeypatch.setattr(FitResult, "plot", lambda self, path, **options: asked.update(options))
    for first, unit, since in (
        ("2024-02-28", "days", "2024-02-28"),
        ("2024-02-28 06:00", "seconds", "2024-02-28T06:00:00"),
    ):
        text = f"day,y\n{first},1\n{first.replace('28', '29', 1)},3\n{first.replace('02-28', '03-05')},5\n"
        path = str(tmp_path / "fit.png")
        done = CliRunner().invoke(program(), ["fit", "-", "--plot", path], input=text, prog_name="minigrad")
        assert done.exit_code == 0, done.stderr
        assert asked == {"since": since, "unit": unit, "x_label": "day"}


# Descent.


@pytest.fixture(scope="module")
def descended():
    x, y = np.array(X), np.array(Y)
    found, (slope, intercept), path, history = line(X, Y), (-0.18, 0.0), [], []
    for _ in range(500):
        off = y - slope * x - intercept
        path.append((slope, intercept))
        history.append(float(np.mean(off**2)))
        slope, intercept = slope + 0.02 * np.mean(off * x), intercept + 0.02 * np.mean(off)
    extra = {"path": np.array(path), "rows": np.arange(500), "exact_loss": float(np.mean(found.residuals**2))}
    return replace(found, found=replace(found.found, history=tuple(history), extra=extra))


def test_a_descent_shows_its_loss_and_the_minimum_it_was_to_reach(descended):
    figure = draw(descended)
    panel = figure.axes[2]
    loss, minimum = panel.lines
    assert loss.get_ydata().tolist() == list(descended.history)
    assert loss.get_xdata()[0] == 0
    assert set(minimum.get_ydata()) == {descended.found.extra["exact_loss"]}
    assert minimum.get_linestyle() == "--"
    assert panel.get_yscale() == "log"
    assert panel.get_xscale() == "symlog"
    everything_inside(figure)


def test_the_line_on_its_way_goes_from_faint_to_strong(descended):
    way = curves(draw(descended).axes[0], plot._GREEN)
    strengths = [drawn.get_alpha() for drawn in way]
    assert len(way) >= 5
    assert all(a < b for a, b in itertools.pairwise(strengths))
    x, y = way[0].get_data()
    assert y == pytest.approx(-0.18 * np.array(x))
    assert way[0].axes.get_ylim()[0] < min(y)


def test_a_curve_on_its_way_is_drawn_as_the_curve_it_was():
    result = line(X, Y, degree=2)
    path = np.array([[0.0, 0.0, 0.0], [1.0, -0.5, 0.05], result.found.values])
    extra = {"path": path, "rows": np.arange(3), "exact_loss": 0.1}
    figure = draw(replace(result, found=replace(result.found, history=(3.0, 1.0, 0.2), extra=extra)))
    middle = curves(figure.axes[0], plot._GREEN)[1].get_xydata()
    assert middle[:, 1] == pytest.approx(1 - 0.5 * middle[:, 0] + 0.05 * middle[:, 0] ** 2)
    assert "the curve on its way" in legend(figure)


# Files.


@pytest.mark.parametrize("suffix", plot.SUFFIXES)
def test_the_same_fit_makes_the_same_file_without_a_display(tmp_path, monkeypatch, suffix):
    monkeypatch.delenv("DISPLAY", raising=False)
    result = fit_line(X, Y)
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        result.plot(path)
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert first.startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix])


def test_a_png_has_the_colours_of_points_line_and_bands(tmp_path):
    figure = fit_line(X, Y).plot(tmp_path / "fit.png")
    pixels = matplotlib.image.imread(tmp_path / "fit.png")
    assert pixels.shape[:2] == tuple(int(side * figure.dpi) for side in figure.get_size_inches()[::-1])
    for color in (plot._BLUE, plot._VERMILLION):
        near = np.abs(pixels[..., :3] - matplotlib.colors.to_rgb(color)).max(axis=-1) < 0.02
        assert near.sum() > 500


def test_a_file_that_is_no_picture_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"\.png, \.svg or \.pdf, and this is .*fit\.xlsx"):
        fit_line(X, Y).plot(tmp_path / "fit.xlsx")
    assert not (tmp_path / "fit.xlsx").exists()


def test_pyplot_is_not_touched():
    code = (
        "import sys; from minigrad.fitting import fit_line; fit_line([0, 1, 2, 3], [1, 3, 4, 7]).plot();"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.delitem(sys.modules, "minigrad.fitting.plot")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ModuleNotFoundError, match=r'^plot\(\) needs matplotlib: pip install "minigrad\[fit\]"$'):
        fit_line(X, Y).plot()


def test_the_colours_stay_apart_in_grey():
    def lightness(color):
        red, green, blue = matplotlib.colors.to_rgb(color)
        return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2

    tones = sorted(lightness(color) for color in (plot._BLUE, plot._VERMILLION, plot._ORANGE))
    assert all(b - a > 0.05 for a, b in itertools.pairwise(tones))
    assert math.isclose(lightness("#ffffff"), 1.0)


def test_any_installed_font_that_has_a_character_is_taken(monkeypatch):
    class Charmap:
        def __init__(self, characters):
            self.characters = characters

        def get_charmap(self):
            return {ord(character): 1 for character in self.characters}

    fonts = {"own": "abc", "Aa": "ab度", "Noto Sans CJK SC": "温", "Cc": "abc", "Broken": None}

    def opened(path):
        if fonts[path] is None:
            raise OSError
        return Charmap(fonts[path])

    entries = [SimpleNamespace(name=name, fname=name, style="normal") for name in fonts]
    monkeypatch.setattr(plot, "get_font", opened)
    monkeypatch.setattr(plot, "fontManager", SimpleNamespace(ttflist=entries, findfont=lambda name: "own"))
    assert plot._families("a b") == ["DejaVu Sans"]
    assert plot._families("a 度") == ["DejaVu Sans", "Aa"]
    assert plot._families("a 度温é") == ["DejaVu Sans", "Noto Sans CJK SC", "Aa"]


def test_a_model_over_decades_has_logarithmic_axes_and_a_line_has_not():
    x = np.geomspace(1.0, 1e6, 31)
    law = fit(lambda x, a, b: a * x**b, x, 3e5 / x, start={"a": 2e5, "b": -0.9})
    upper, lower = draw(law).axes
    assert (upper.get_xscale(), upper.get_yscale(), lower.get_xscale(), lower.get_yscale()) == (*["log"] * 3, "linear")
    places = np.column_stack([x, np.ones(31)])
    np.testing.assert_allclose(upper.transData.transform(places)[:, 0], lower.transData.transform(places)[:, 0])
    low, high = upper.get_ylim()
    assert 0 < low < 0.3
    assert high > 3e5
    for other in (
        fit_line(x, 3e5 / x),
        fit_line(x, 3e5 / x, degree=2),
        fit(lambda x, a, b: a * np.exp(-b * x), np.arange(9.0), np.exp(-np.arange(9.0)), start={"a": 1.0, "b": 0.9}),
        fit(lambda x, a, b: a * x + b, x - 1, x, start={"a": 1.0, "b": 0.0}),
    ):
        assert draw(other).axes[0].get_xscale() == "linear"
    # What goes below 0 has a logarithmic x alone.
    wave = fit(lambda x, a, b: a * np.log(x) - b, x, np.log(x) - 5, start={"a": 1.0, "b": 3.0})
    upper = draw(wave).axes[0]
    assert (upper.get_xscale(), upper.get_yscale()) == ("log", "linear")


def test_the_equation_stands_free_on_logarithmic_axes():
    rng = np.random.default_rng(4)
    x = np.geomspace(1.0, 1e6, 31)
    for power in (-1.0, 1.0):
        law = fit(lambda x, a, b: a * x**b, x, 3e5 * x**power * rng.normal(1, 0.05, 31), start={"a": 3e5, "b": power})
        figure = draw(law)
        upper = figure.axes[0]
        box = upper.texts[0].get_window_extent().transformed(upper.transAxes.inverted())
        inside = upper.transAxes.inverted().transform(upper.transData.transform(np.column_stack([x, law.given.y])))
        covered = (inside[:, 0] > box.x0) & (inside[:, 0] < box.x1) & (inside[:, 1] > box.y0) & (inside[:, 1] < box.y1)
        assert not covered.any()


def test_the_legend_of_a_descent_covers_no_loss():
    """Of a descent that hardly moved the loss stays at the top, where the legend used to be."""
    x = np.arange(40.0)
    slow = fit_line(x, 20 - 1.3 * x + np.sin(x), solver="adam", steps=50, standardize=False)
    figure = draw(slow)
    panel = figure.axes[-1]
    assert panel.get_legend().get_window_extent().y0 >= panel.get_window_extent().y1
