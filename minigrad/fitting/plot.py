"""A picture of a fitted line: the points, the line with its equation, the residuals below.

One idea: the residual panel. A line through points always looks right; what it leaves over
shows whether it is. Needs matplotlib, which is imported only here, and no display.
"""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font_names
from numpy.typing import ArrayLike

from .line import Floats, LineFit

# Two colours of the Okabe-Ito palette, which stay apart for colour-blind eyes and in grey.
_POINTS, _LINE = "#0072B2", "#D55E00"
_MORE_CHARACTERS = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB")


def picture(fit: LineFit, x: ArrayLike, y: ArrayLike, x_name: str = "x", y_name: str = "y") -> Figure:
    """Return a matplotlib figure of the points (x, y), the fitted line and the residuals.

    The residuals of "distance" are signed distances. Beside a vertical line they are shown against y.

    >>> from minigrad.fitting import fit_line
    >>> figure = picture(fit_line([0, 1, 2], [1, 3, 5]), [0, 1, 2], [1, 3, 5])
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['y', 'residual']
    """
    with matplotlib.rc_context(_style()):
        return _drawn(fit, np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64), x_name, y_name)


def _drawn(fit: LineFit, x: Floats, y: Floats, x_name: str, y_name: str) -> Figure:
    figure = Figure(figsize=(7, 6), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, height_ratios=(3, 1), sharex=not fit.vertical)
    size = 5 if x.size <= 200 else 3 if x.size <= 2000 else 1.5
    marks: dict[str, Any] = {
        "linestyle": "none",
        "marker": "o",
        "color": _POINTS,
        "alpha": 0.75 if x.size <= 1000 else 0.25,
        "markersize": size,
        "markeredgewidth": 0,
        "rasterized": x.size > 2000,
    }
    line: dict[str, Any] = {"color": _LINE, "linewidth": 1.8, "label": _equation(fit, x_name, y_name)}
    upper.plot(x, y, label=f"{fit.points:,} points", **marks)
    if fit.vertical:
        upper.axvline(fit.centre[0], **line)
    else:
        ends = np.array([x.min(), x.max()])
        upper.plot(ends, fit.predict(ends), **line)
    legend = upper.legend(loc="best", framealpha=0.85, edgecolor="none", markerscale=5 / size)
    for handle in legend.legend_handles:
        if handle is not None:
            handle.set_alpha(1)
    upper.set_ylabel(_plain(y_name))

    residuals = fit.residuals(x, y)
    lower.plot(y if fit.vertical else x, residuals, **marks)
    lower.axhline(0, color=_LINE, linewidth=1.2, zorder=3)
    reach = float(np.abs(residuals).max())
    if reach > 0:
        lower.set_ylim(-1.15 * reach, 1.15 * reach)
    lower.set_ylabel("residual" if fit.kind == "mse" else "distance")
    lower.set_xlabel(_plain(y_name if fit.vertical else x_name))
    for axes in (upper, lower):
        axes.grid(color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)

    if fit.vertical:
        upper.set_xlabel(_plain(x_name))
    return figure


def _style() -> Any:
    """Quiet axes, and fonts that have more characters than matplotlib's own, where they are installed."""
    installed = set(get_font_names())
    families = ["DejaVu Sans", *[name for name in _MORE_CHARACTERS if name in installed]]
    return {"font.size": 10, "font.family": families, "axes.spines.top": False, "axes.spines.right": False}


def save_picture(path: str | Path, *args: Any) -> None:
    """Draw `picture(*args)` into the file at `path`, in the format of its suffix. Raises OSError."""
    picture(*args).savefig(path)


def _equation(fit: LineFit, x_name: str, y_name: str) -> str:
    if fit.vertical:
        return f"{_plain(x_name)} = {fit.centre[0]:.6g}"
    sign = "−" if fit.intercept < 0 else "+"
    slope = f"{fit.slope:.6g}".replace("-", "−")
    return f"{_plain(y_name)} = {slope} · {_plain(x_name)} {sign} {abs(fit.intercept):.6g}"


def _plain(name: str) -> str:
    """A name as it is: dollar signs would be read as mathematics."""
    return name.replace("$", r"\$")
