"""A picture of a fit: the points, the curve with its bands and its equation, the residuals below.

One idea: what a picture claims it shows to scale. A line through points always looks right; the residual
panel shows whether it is, equal axes make shortest distances right angles, and a descent is drawn
against the minimum it was to reach. Needs matplotlib, which is imported only here, and no display.
"""

import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import matplotlib
import matplotlib.dates
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager, get_font
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import LogFormatter
from numpy.typing import NDArray

from . import report

if TYPE_CHECKING:
    from .result import FitResult

Floats = NDArray[np.float64]

_DATES: Any = matplotlib.dates
SUFFIXES = (".png", ".svg", ".pdf")

# Colours of Okabe and Ito (2008), which stay apart for colour-blind eyes; points, line and path in grey too.
_BLUE, _VERMILLION, _ORANGE, _GREEN, _GREY = "#0072B2", "#D55E00", "#E69F00", "#009E73", "#6E6E6E"
_OUTPUTS = (_BLUE, _VERMILLION, _GREEN, "#CC79A7", "#56B4E9", _ORANGE, "#000000")
_DENSITY = LinearSegmentedColormap.from_list("points", ["#D6E6F2", "#6BA6D0", _BLUE, "#00304D"])
_MORE_CHARACTERS = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB")

_CELLS_FROM = 20_000
"""From so many points on, cells are shaded by how many points they hold: marks would cover each other."""
_BARS_UP_TO = 300
"""Up to so many points have error bars and perpendiculars; of more they make a grey area."""
_PLACES = 500
_WIDTH, _HEIGHT, _BELOW, _BESIDE = 6.8, 5.6, 1.5, 4.6
"""Inches: of the figure, of the panel of residuals, and of the panel of a descent."""
_HIGHEST, _LOWEST, _NARROWEST = 6.0, 1.8, 3.4
_EQUAL = (0.1, 6.0)
"""Heights over widths of the points at which both axes can have one scale and something is still to be seen."""


def draw(
    result: "FitResult",
    path: str | Path | None = None,
    *,
    title: str | None = None,
    x_label: str | None = None,
    y_label: str | None = None,
    since: Any = None,
    unit: str = "days",
    level: float = 0.95,
) -> Figure:
    """Return a matplotlib figure of a fit, and write it to `path` (.png, .svg or .pdf), if one is given.

    One x: points, with error bars where sigmas were given (up to 300 points; from 20,000 on cells are shaded by how
    many they hold), curve, the `level` bands of the curve and of new points, the equation with its errors, and the
    residuals. A model whose points are spread over decades has logarithmic axes. The distance losses have both axes to
    one scale, and the shortest way from each point to the line.
    Several features or outputs: fitted against observed, and the residuals. A descent has its loss in a panel of its
    own, and the line on its way from faint to strong. `since`, a datetime, and `unit`, "days" or "seconds", make x a
    time axis: x counts units since then. Raises ValueError for another suffix or unit, or where the rows
    were not kept (partial_fit); OSError where it cannot write.

    >>> from minigrad.fitting import fit_line
    >>> figure = draw(fit_line([0, 1, 2, 3], [1.1, 2.9, 5.2, 6.8]))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['y', 'residual']
    """
    if path is not None and Path(path).suffix.lower() not in SUFFIXES:
        raise ValueError(f"the name of a picture ends in .png, .svg or .pdf, and this is {str(path)!r}")
    if unit not in ("days", "seconds"):
        raise ValueError(f'unit is {unit!r}, not "days" or "seconds"')
    given = result.given
    if given.n == 0 or len(result.residuals) < given.n:
        raise ValueError("the rows of this fit were not kept, so there are no points to draw.\nDraw a fit of some rows")
    x_label = _label(given.x_names[0] if x_label is None else x_label, 70)
    y_label = _label(", ".join(given.y_names) if y_label is None else y_label, 42)
    written = " ".join([x_label, y_label, title or "", *given.x_names, *given.y_names, *result.params])
    with matplotlib.rc_context(_style(written)):
        sheet = _Sheet(result, x_label, y_label, level, None if since is None else _Clock.of(since, unit))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            figure = sheet.drawn(title)
            if path is not None:
                _save(figure, Path(path))
    _say_once(caught)
    return figure


def _save(figure: Figure, path: Path) -> None:
    form = path.suffix.lower()[1:]
    # Without the date of today: the same fit makes the same file.
    undated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    figure.savefig(path, format=form, metadata=undated.get(form))


def _say_once(caught: list[warnings.WarningMessage]) -> None:
    """Say in one sentence which characters no font has, where matplotlib says it for each time one is measured."""
    missing = set()
    for warning in caught:
        glyph = re.match(r"Glyph (\d+) ", str(warning.message))
        if glyph is None:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
        else:
            missing.add(chr(int(glyph[1])))
    if missing:
        sentence = (
            f"no installed font has {' '.join(sorted(missing))}: install Noto Sans CJK, or another font with them"
        )
        warnings.warn(sentence, stacklevel=4)


def _families(text: str) -> list[str]:
    """matplotlib's own font, and of the others that are installed as many as the text needs."""
    families = ["DejaVu Sans"]
    missing = {ord(character) for character in text if not character.isspace()}
    missing -= get_font(fontManager.findfont("DejaVu Sans")).get_charmap().keys()
    # "Last Resort", which comes with matplotlib, has a box for every character there is.
    usable = (font for font in fontManager.ttflist if font.style == "normal" and "Last Resort" not in font.name)
    others = {font.name: font.fname for font in usable} if missing else {}
    for name in sorted(others, key=lambda name: (name not in _MORE_CHARACTERS, name)):
        try:
            has = missing & get_font(others[name]).get_charmap().keys()
        except (OSError, RuntimeError):  # a font that was removed, or that cannot be opened
            continue
        if has:
            families.append(name)
            missing -= has
        if not missing:
            break
    return families


def _style(text: str) -> Any:
    """Quiet axes, and fonts that have the characters of a text."""
    return {
        "font.size": 9.5,
        "font.family": _families(text),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "0.35",
        "axes.linewidth": 0.8,
        "xtick.color": "0.25",
        "ytick.color": "0.25",
        "axes.formatter.use_mathtext": True,
        "axes.unicode_minus": True,
        "svg.hashsalt": "minigrad",
        "pdf.fonttype": 42,
    }


def _plain(name: str) -> str:
    """A name as it is: dollar signs would be read as mathematics."""
    return name.replace("$", r"\$")


def _label(name: str, width: int) -> str:
    """A name as it is, in as many lines as it needs."""
    return "\n".join(_plain(line) for line in wrap(name, width)) or _plain(name)


class _Plainly(LogFormatter):
    """The ticks that a logarithmic axis labels, as 0.2 and not as 2e-01."""

    def __call__(self, x: float, pos: Any = None) -> str:
        return f"{x:g}" if super().__call__(x, pos) else ""


@dataclass(frozen=True)
class _Clock:
    """An x that counts days or seconds since a moment, on matplotlib's scale of days."""

    since: Any
    unit: str

    @classmethod
    def of(cls, since: Any, unit: str) -> "_Clock":
        """The clock of a moment that is a date, a datetime, or text; it shows no hours that are 0."""
        moment: Any = np.datetime64(since).astype("datetime64[s]")
        day = moment.astype("datetime64[D]")
        return cls(day if day == moment else moment, unit)

    def across(self, x: Any) -> Any:
        start = float(_DATES.date2num(np.datetime64(self.since, "us")))
        return start + np.asarray(x) / (1 if self.unit == "days" else 86_400)

    def label(self, axis: Any) -> None:
        locator = _DATES.AutoDateLocator()
        axis.set_major_locator(locator)
        axis.set_major_formatter(_DATES.ConciseDateFormatter(locator))


@dataclass
class _Sheet:
    """One picture in the making."""

    result: "FitResult"
    x_label: str
    y_label: str
    level: float
    clock: _Clock | None

    def drawn(self, title: str | None) -> Figure:
        result = self.result
        many = self._many
        descent = "path" in result.found.extra
        equal = result.loss == "distance" and self.clock is None and not many and self._comparable()
        layout = ConstrainedLayoutEngine(h_pad=0.05, w_pad=0.06)
        figure = Figure(figsize=(_WIDTH + (_BESIDE if descent else 0), _HEIGHT), dpi=150, layout=layout)
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            2,
            2 if descent else 1,
            height_ratios=(_HEIGHT - _BELOW, _BELOW),
            width_ratios=(_WIDTH, _BESIDE) if descent else None,
        )
        upper, lower = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[1, 0])
        if many:
            handles = self._fitted_against_observed(upper, lower)
        else:
            handles = self._curve_and_points(upper) + self._residuals(upper, lower)
        if descent:
            self._descent(figure.add_subplot(grid[:, 1]))
        for axes in figure.axes:
            axes.grid(color="0.92", linewidth=0.6)
            axes.set_axisbelow(True)
        if title is not None:
            figure.suptitle(_plain(title), x=0.02, ha="left", fontsize=11)
        self._fit_in(figure, grid, upper, handles, equal)
        return figure

    # One x.

    def _across(self, x: Any) -> Any:
        return np.asarray(x) if self.clock is None else self.clock.across(x)

    @property
    def _many(self) -> bool:
        """Whether there are several features or outputs, and so no curve over one x."""
        return self.result.given.y.ndim == 2 or len(self.result.given.x_names) > 1

    @property
    def _x(self) -> Floats:
        return self.result.given.x.reshape(-1)

    def _curve_and_points(self, axes: Any) -> list[Any]:
        result, x, y = self.result, self._x, self.result.given.y
        handles = [self._points(axes, self._across(x), y), *self._discounted(axes)]
        self._bars(axes, self._across(x), y, result.given.sigma, result.given.sigma_x)
        low, high = _extent(y)
        span = high - low
        if result.vertical:
            handles.append(axes.axvline(self._across(result.found.vertical), color=_VERMILLION, lw=1.8, label="line"))
        else:
            places = self._places()
            curve = result.predict(places)
            straight = "slope" in result.params
            (line,) = axes.plot(
                self._across(places), curve, color=_VERMILLION, lw=1.8, zorder=4, label="line" if straight else "curve"
            )
            low, high = min(low, max(curve.min(), low - span)), max(high, min(curve.max(), high + span))
            handles.append(line)
            bands, band_low, band_high = self._bands(axes, places)
            handles += bands
            low, high = min(low, max(band_low, low - 0.6 * span)), max(high, min(band_high, high + 0.6 * span))
        if result.loss == "distance":
            handles += self._shortest_ways(axes)
        path, path_low, path_high = self._path(axes)
        handles += path
        low, high = min(low, max(path_low, low - span)), max(high, min(path_high, high + span))
        if result.given.sigma is not None and result.given.n <= _BARS_UP_TO:
            low, high = min(low, np.min(y - result.given.sigma)), max(high, np.max(y + result.given.sigma))
        if self._logs[0]:
            axes.set_xscale("log")
        if self._logs[1]:
            axes.set_yscale("log")
            low, high = _extent(y)
            beyond, margin = (high / low) ** 0.3, (high / low) ** 0.05
            low, high = min(low, max(curve.min(), low / beyond)), max(high, min(curve.max(), high * beyond))
            axes.set_ylim(low / margin, high * margin)
        else:
            margin = 0.05 * (high - low) or 0.05 * abs(low) or 1.0
            axes.set_ylim(low - margin, high + margin)
        axes.set_ylabel(self.y_label)
        if self.clock is not None:
            self.clock.label(axes.xaxis)
        return handles

    @cached_property
    def _logs(self) -> tuple[bool, bool]:
        """Whether x and y have logarithmic axes: for a model whose points would lie on each other in a corner."""
        result = self.result
        powers = result.found.names == tuple(f"c{k}" for k in range(len(result.found.names)))
        plain = result.vertical or powers or "slope" in result.params or result.loss == "distance"
        if plain or self._many or self.clock is not None or result.given.n >= _CELLS_FROM:
            return False, False
        x, y = self._x, result.given.y
        heights = np.concatenate([y, result.predict(x)])
        return _over_decades(x), _over_decades(y) and bool((heights > 0).all())

    def _places(self) -> Floats:
        """Where the curve is drawn: evenly, and at the points themselves, so that it does not cut corners there."""
        x = self._x
        if self.result.loss == "distance" and x.size <= _BARS_UP_TO:
            x = np.concatenate([x, self._feet()[0]])
        evenly = np.geomspace if self._logs[0] else np.linspace
        even = evenly(x.min(), x.max(), _PLACES)
        return np.unique(np.concatenate([even, x])) if x.size <= 2 * _PLACES else even

    def _points(self, axes: Any, x: Floats, y: Floats) -> Any:
        """Draw the points; return what stands for them in the legend."""
        if len(y) >= _CELLS_FROM:
            axes.hexbin(x, y, gridsize=90, mincnt=1, bins="log", cmap=_DENSITY, linewidths=0.2, zorder=2)
            for cells in axes.collections:
                cells.set_rasterized(True)
            return Patch(facecolor=_BLUE, label=f"{self._counted}, dark where many")
        size = 5.2 if len(y) <= 50 else 4.2 if len(y) <= 200 else 3 if len(y) <= 2000 else 1.6
        alpha = 1 if len(y) <= 200 else 0.5 if len(y) <= 2000 else 0.3
        marks: dict[str, Any] = {"ls": "none", "marker": "o", "color": _BLUE, "mew": 0}
        if len(y) <= 200:
            marks |= {"mew": 0.5, "mec": "white"}
        # Few points stand before the line, many behind it.
        above = 5 if len(y) <= 200 else 3
        axes.plot(x, y, ms=size, alpha=alpha, zorder=above, rasterized=len(y) > 2000, **marks)
        return Line2D([], [], ms=5, label=self._counted, **marks)

    @property
    def _counted(self) -> str:
        """How many points there are, and of how many: a stream keeps a sample."""
        shown, n = self.result.given.n, self.result.n
        return f"{shown:,} of {n:,} points" if shown < n else "1 point" if n == 1 else f"{n:,} points"

    def _discounted(self, axes: Any) -> list[Any]:
        """Draw a ring about the points that count less than half in a robust fit."""
        weights = self.result.found.extra.get("weights")
        if weights is None or len(weights) > 2000:
            return []
        low = np.asarray(weights) < 0.5
        marks: dict[str, Any] = {"ls": "none", "marker": "o", "ms": 9, "mfc": "none", "mec": _GREY, "mew": 1.0}
        x, y = self._across(self._x)[low], self.result.given.y[low]
        return list(axes.plot(x, y, zorder=4.9, label="counts less than half", **marks)) if low.any() else []

    def _bars(self, axes: Any, x: Floats, y: Floats, sigma: Floats | None, sigma_x: Floats | None) -> None:
        if len(y) > _BARS_UP_TO or (sigma is None and sigma_x is None):
            return
        if sigma_x is not None and self.clock is not None and self.clock.unit == "seconds":
            sigma_x = sigma_x / 86_400
        axes.errorbar(x, y, sigma, sigma_x, fmt="none", ecolor=_BLUE, elinewidth=0.9, alpha=0.55, zorder=2.5)

    def _bands(self, axes: Any, places: Floats) -> tuple[list[Any], float, float]:
        """Draw the bands; return what stands for them in the legend, and how far the wider one reaches."""
        result, percent = self.result, f"{100 * self.level:g} %"
        edges = self._band_edges(places)
        if not edges:
            return [], np.inf, -np.inf
        (_, low, high), (_, new_low, new_high) = edges
        sigma = self._typical_sigma()
        of_sigma = "" if sigma is None else f" of σ = {sigma:.2g}"
        across = self._across(places)
        axes.fill_between(across, new_low, new_high, color=_ORANGE, alpha=0.16, lw=0, zorder=1)
        for edge in (new_low, new_high):
            axes.plot(across, edge, color=_ORANGE, lw=0.8, ls=(0, (5, 3)), zorder=2.6)
        axes.fill_between(across, low, high, color=_VERMILLION, alpha=0.28, lw=0, zorder=1.5)
        what = "line" if "slope" in result.params else "curve"
        handles = [
            Patch(facecolor=_VERMILLION, alpha=0.35, label=f"{percent} band of the {what}"),
            Patch(facecolor=_ORANGE, alpha=0.3, label=f"{percent} of new points{of_sigma}"),
        ]
        return handles, float(new_low.min()), float(new_high.max())

    def _band_edges(self, places: Floats) -> list[Any]:
        """The curve and the edges of its band, and of the band of new points; nothing where no errors are known."""
        mean = self.result.predict(places, band=self.level)
        if not np.isfinite(mean[1]).all():
            return []
        return [mean, self.result.predict(places, band=self.level, kind="new", sigma=self._typical_sigma())]

    def _typical_sigma(self) -> float | None:
        """The sigma of the new points of the band, where the points differ in theirs: the median, of y about the
        curve."""
        given = self.result.given
        parts = [spread for spread in (given.sigma, given.sigma_x) if spread is not None]
        if all((spread == spread[0]).all() for spread in parts):
            return None
        across = np.zeros(given.n) if given.sigma_x is None else self.result.slopes(given.x) * given.sigma_x
        return float(np.median(np.hypot(0.0 if given.sigma is None else given.sigma, across)))

    # The distance losses.

    def _feet(self) -> tuple[Floats, Floats]:
        """Where on the curve each point would most probably have been: the nearest place, in units of its errors."""
        result, x, y = self.result, self._x, self.result.given.y
        if result.found.vertical is not None:
            return np.full_like(x, result.found.vertical), y
        if "x" in result.found.extra:
            foot = np.asarray(result.found.extra["x"]).reshape(-1)
            return foot, result.predict(foot)
        # A residual is how far y lies off, over √(1 + slope² var(x) / var(y)): so it says how much of that is x's.
        off, left = y - result.predict(x), result.residuals
        rise = result.slope * (x.max() - x.min())
        shared = np.where(off == 0, 0.0, off - left * np.divide(left, off, out=np.zeros_like(off), where=off != 0))
        # Of a line as flat as that, nothing of it is.
        foot = x if abs(rise) <= 1e-6 * np.max(np.abs(off), initial=0.0) else x + shared / result.slope
        return foot, result.predict(foot)

    def _shortest_ways(self, axes: Any) -> list[Any]:
        x, y = self._x, self.result.given.y
        if len(y) > _BARS_UP_TO:
            return []
        foot_x, foot_y = self._feet()
        gap = np.full_like(x, np.nan)
        ways = np.stack([self._across(x), self._across(foot_x), gap], axis=1).ravel()
        label = "shortest way" if self._distances else "shortest way, in σ"
        if self._distances and not self._comparable():
            label += " (axes not to one scale)"
        heights = np.stack([y, foot_y, gap], axis=1).ravel()
        return list(axes.plot(ways, heights, color=_GREY, lw=0.9, zorder=2.2, label=label))

    @property
    def _distances(self) -> bool:
        """Whether residuals are distances, in units that x and y share."""
        given = self.result.given
        return self.result.loss == "distance" and given.sigma is None and given.sigma_x is None

    @property
    def _york(self) -> bool:
        """Whether residuals count errors of x too, and are those of y only in units of sigma."""
        return self.result.loss == "distance" and "slope" in self.result.params and not self._distances

    def _comparable(self) -> bool:
        """Whether both axes can have one scale."""
        (left, right), (low, high) = _extent(self._x), _extent(self.result.given.y)
        return left == right or _EQUAL[0] <= (high - low) / (right - left) <= _EQUAL[1]

    # What is left over.

    def _residuals(self, upper: Any, lower: Any) -> list[Any]:
        result = self.result
        beside = result.given.y if result.vertical else self._across(self._x)
        residuals, sigma, label = result.residuals, result.given.sigma, "residual"
        if self._distances:
            label = "distance"
        elif sigma is not None and (self._york or sigma.max() > 3 * sigma.min()):
            residuals, sigma, label = residuals / sigma, None, "residual / σ"
        self._points(lower, beside, residuals)
        self._bars(lower, beside, residuals, sigma, None)
        barred = sigma is not None and result.given.n <= _BARS_UP_TO
        reach = float(np.max(np.abs(residuals) + (sigma if barred else 0.0)))
        lower.axhline(0, color=_VERMILLION, lw=1.2, zorder=2.8)
        lower.set_ylim(-1.15 * reach or -1, 1.15 * reach or 1)
        lower.set_ylabel(label)
        if result.vertical:
            upper.set_xlabel(self.x_label)
            lower.set_xlabel(self.y_label)
            return []
        lower.set_xlabel(self.x_label)
        if self._logs[0]:
            lower.set_xscale("log")  # sharing alone takes the ticks, and not the places
        lower.sharex(upper)
        upper.tick_params(labelbottom=False)
        if self.clock is not None:
            self.clock.label(lower.xaxis)
        return []

    def _fitted_against_observed(self, upper: Any, lower: Any) -> list[Any]:
        result = self.result
        observed = result.given.y.reshape(result.given.n, -1)
        residuals = result.residuals.reshape(result.given.n, -1)
        fitted = np.asarray(result.found.curve.at(result.given.x)).reshape(result.given.n, -1)
        handles = []
        for k, name in enumerate(result.given.y_names):
            if observed.shape[1] == 1:
                handles.append(self._points(upper, fitted[:, 0], observed[:, 0]))
                self._points(lower, fitted[:, 0], residuals[:, 0])
                continue
            marks: dict[str, Any] = {"ls": "none", "marker": "o", "mew": 0, "color": _OUTPUTS[k % len(_OUTPUTS)]}
            marks |= {"ms": 4.2 if result.given.n <= 200 else 2, "alpha": 0.7, "rasterized": result.given.n > 2000}
            handles += upper.plot(fitted[:, k], observed[:, k], label=_plain(name), **marks)
            lower.plot(fitted[:, k], residuals[:, k], **marks)
        low, high = _extent(np.concatenate([fitted, observed]))
        color = _VERMILLION if observed.shape[1] == 1 else "0.3"
        (line,) = upper.plot([low, high], [low, high], color=color, lw=1.4, zorder=4, label="fitted = observed")
        lower.axhline(0, color=color, lw=1.2, zorder=2.8)
        upper.set_ylabel(f"{self.y_label}, observed")
        lower.set_ylabel("distance" if self._distances else "residual")
        lower.set_xlabel(f"{self.y_label}, fitted")
        lower.sharex(upper)
        upper.tick_params(labelbottom=False)
        return [*handles, line]

    # Descent.

    def _descent(self, axes: Any) -> None:
        history, extra = np.asarray(self.result.history), self.result.found.extra
        steps = np.asarray(extra.get("rows", np.arange(len(history))))
        axes.plot(steps, history, color=_BLUE, lw=1.6, label="loss")
        least = extra.get("exact_loss")
        # The start is step 0, which a logarithm alone has no place for.
        axes.set_xscale("symlog", linthresh=1, linscale=0.3)
        axes.xaxis.set_major_formatter(lambda step, _: f"{step:,.0f}")
        axes.set_xlim(0, max(float(steps[-1]), 1.0))
        if (history[np.isfinite(history)] > 0).all() and (least is None or least > 0):
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(_Plainly())
            axes.yaxis.set_minor_formatter(_Plainly())
        if least is not None:
            axes.axhline(least, color=_GREY, lw=1.2, ls="--", label=f"exact minimum {least:.6g}", zorder=1.9)
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize=8, borderaxespad=0.1)

    def _path(self, axes: Any) -> tuple[list[Any], float, float]:
        """Draw a line on its way from faint to strong; return what stands for it in the legend, and its extent."""
        path, names = self.result.found.extra.get("path"), self.result.found.names
        powers = names == tuple(f"c{k}" for k in range(len(names)))
        if path is None or len(path) < 2 or not (powers or names == ("slope", "intercept")):
            return [], np.inf, -np.inf
        x = np.linspace(*_extent(self._x), 100 if powers else 2)
        seen = np.unique(np.geomspace(1, len(path), 10).round().astype(int)) - 1
        coefficients = np.asarray(path)[seen] if powers else np.asarray(path)[seen, ::-1]
        heights = np.polynomial.polynomial.polyval(x, coefficients.T)
        for k, curve in enumerate(heights):
            axes.plot(self._across(x), curve, color=_GREEN, lw=1.1, alpha=0.2 + 0.6 * k / len(seen), zorder=2.4)
        handle = Line2D(
            [], [], color=_GREEN, lw=1.1, alpha=0.7, label=f"the {'curve' if powers else 'line'} on its way"
        )
        return [handle], *_extent(heights)

    # Words among the points.

    def _equation(self, axes: Any) -> Any:
        lines = report.equation(self.result, width=46, longest=16)
        if len(lines) > 7:
            lines = [*lines[:6], f"and {len(lines) - 6} more"]
        lines = [line.replace("-", "−") for line in lines]
        if self.clock is not None and not self._many:
            (variable,) = report.called(self.result.given.x_names, "x", 16)
            counted = "" if variable.endswith(f"[{self.clock.unit}]") else f": {self.clock.unit}"
            lines.append(f"{variable}{counted} since {self.clock.since}")
        text = _plain("\n".join(lines))
        found = axes.text(0.5, 0.5, text, transform=axes.transAxes, linespacing=1.35, zorder=6, ma="left")
        found.set_fontsize(10.5 if len(lines) <= 3 else 8.5)
        found.set_bbox({"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none", "alpha": 0.8})
        found.set_in_layout(False)
        return found

    def _fit_in(self, figure: Figure, grid: Any, upper: Any, handles: list[Any], equal: bool) -> None:
        """Lay the figure out, give both axes one scale where that is asked, and find a corner for the equation."""
        text = self._equation(upper)
        _lay_out(figure)
        if equal:
            _cut_to_measure(figure, grid, upper)
        _explain(upper, handles)
        _lay_out(figure)
        if equal:
            _cut_to_measure(figure, grid, upper)
            _one_scale(upper)
        drawn, bands = self._drawn_places()
        corner = _make_room(upper, text, np.concatenate([drawn, bands]), 5, equal) if len(bands) else None
        corner = corner or _make_room(upper, text, drawn, 30, equal)
        x, y = corner or (0, 1)
        text.set(position=(0.02 + 0.96 * x, 0.03 + 0.94 * y), ha=("left", "right")[x], va=("bottom", "top")[y])
        _lay_out(figure)
        if equal:
            _one_scale(upper)
            upper.set_aspect("equal", adjustable="box")

    def _drawn_places(self) -> tuple[Floats, Floats]:
        """Points, error bars and curve, thinned, as pairs: what the equation must not cover; and the bands, which it
        covers only where there is no other place."""
        result, none = self.result, np.empty((0, 2))
        if self._many:
            observed = result.given.y.reshape(result.given.n, -1)
            fitted = np.asarray(result.found.curve.at(result.given.x)).reshape(result.given.n, -1)
            pairs = np.stack([fitted.ravel(), observed.ravel()], axis=1)
            ends = np.linspace(*_extent(pairs), 100)
            return np.concatenate([_thinned(pairs), np.stack([ends, ends], axis=1)]), none
        x, y, across = self._x, result.given.y, self._across
        drawn = [_thinned(np.stack([across(x), y], axis=1))]
        if result.given.n <= _BARS_UP_TO:
            reach, reach_x = result.given.sigma, result.given.sigma_x
            for share in np.linspace(-1, 1, 9):
                drawn += [] if reach is None else [np.stack([across(x), y + share * reach], axis=1)]
                drawn += [] if reach_x is None else [np.stack([across(x + share * reach_x), y], axis=1)]
        if result.vertical:
            low, high = _extent(y)
            heights = np.linspace(low - (high - low), high + (high - low), 200)
            drawn.append(np.stack([np.full(200, across(result.found.vertical)), heights], axis=1))
            return np.concatenate(drawn), none
        places = self._places()
        drawn.append(np.stack([across(places), result.predict(places)], axis=1))
        bands = [none]
        for _, *edges in self._band_edges(places):
            bands += [np.stack([across(places), edge], axis=1) for edge in edges]
        return np.concatenate(drawn), np.concatenate(bands)


def _explain(axes: Any, handles: list[Any]) -> None:
    """A legend in a strip above the axes, where it covers nothing, in as few rows as there is room for."""
    box = axes.get_window_extent()
    # Above the power of ten of the axis, where it has one.
    power = axes.yaxis.get_offset_text()
    above = (power.get_window_extent().height + 4) / box.height if power.get_text() else 0.0
    for columns in range(len(handles), 0, -1):
        legend = axes.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(-0.01, 1.0 + above),
            ncols=columns,
            frameon=False,
            fontsize=8,
            columnspacing=1.3,
            handlelength=1.6,
            borderaxespad=0.1,
        )
        if legend.get_window_extent().width <= box.width:
            break


def _make_room(axes: Any, text: Any, drawn: Floats, tries: int, equal: bool) -> tuple[int, int] | None:
    """Raise the upper limit of y until a corner is free; if it is never, leave the limits as they were."""
    before = axes.get_xlim(), axes.get_ylim()
    for _ in range(tries):
        corner = _free_corner(axes, text, drawn)
        if corner is not None:
            return corner
        low, high = axes.get_ylim()
        axes.set_ylim(low, high * (high / low) ** 0.05 if axes.get_yscale() == "log" else high + 0.05 * (high - low))
        if equal:
            _one_scale(axes)
    axes.set_xlim(before[0])
    axes.set_ylim(before[1])
    return None


def _free_corner(axes: Any, text: Any, drawn: Floats) -> tuple[int, int] | None:
    """The corner of the axes, (0 or 1, 0 or 1), where the text covers nothing that is drawn; None if there is none."""
    box, size = axes.get_window_extent(), text.get_window_extent()
    wide, tall = size.width / box.width + 0.05, size.height / box.height + 0.07
    inside = axes.transAxes.inverted().transform(axes.transData.transform(drawn))
    for x, y in ((0, 1), (1, 0), (1, 1), (0, 0)):
        across = inside[:, 0] < wide if x == 0 else inside[:, 0] > 1 - wide
        up = inside[:, 1] < tall if y == 0 else inside[:, 1] > 1 - tall
        if not (across & up).any():
            return x, y
    return None


def _lay_out(figure: Figure) -> None:
    """Give the axes their places, as drawing would, in a quarter less time."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)


def _cut_to_measure(figure: Figure, grid: Any, axes: Any) -> None:
    """Make the figure as high, or as narrow, as axes of one scale want to be."""
    box = axes.get_window_extent()
    width, height = box.width / figure.dpi, box.height / figure.dpi
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    steepness = (high - low) / (right - left)
    wanted_height = _clipped(width * steepness, _LOWEST, _HIGHEST)
    wanted_width = _clipped(wanted_height / steepness, min(_NARROWEST, width), width)
    whole_width, whole_height = figure.get_size_inches()
    figure.set_size_inches(whole_width + wanted_width - width, whole_height + wanted_height - height)
    ratios = grid.get_width_ratios()
    grid.set_width_ratios([ratios[0] + wanted_width - width, *ratios[1:]])
    above, below = grid.get_height_ratios()
    grid.set_height_ratios([above + wanted_height - height, below])
    _lay_out(figure)


def _one_scale(axes: Any) -> None:
    """Widen the limits of one axis, about its middle, until a unit is as long on both."""
    box = axes.get_window_extent()
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    unit = max((right - left) / box.width, (high - low) / box.height)
    middle, centre = (left + right) / 2, (low + high) / 2
    axes.set_xlim(middle - unit * box.width / 2, middle + unit * box.width / 2)
    axes.set_ylim(centre - unit * box.height / 2, centre + unit * box.height / 2)


def _extent(values: Floats) -> tuple[float, float]:
    return float(np.min(values)), float(np.max(values))


def _over_decades(values: Floats) -> bool:
    """Whether numbers are spread over three decades or more, so that their logarithms show them and they do not."""
    low, high = _extent(values)
    if low <= 0 or high < 1000 * low:
        return False
    middle = float(np.median(values))
    return middle - low < 0.1 * (high - low) and 0.2 < np.log(middle / low) / np.log(high / low) < 0.8


def _thinned(pairs: Floats) -> Floats:
    """At most some 20,000 of the points: the highest and lowest are kept, for the words that stand near them."""
    if len(pairs) <= 20_000:
        return pairs
    edge = [int(pairs[:, 1].argmax()), int(pairs[:, 1].argmin())]
    return np.concatenate([pairs[:: len(pairs) // 20_000], pairs[edge]])


def _clipped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
