"""A straight line through points, by the squared residuals or by the squared distances.

One idea: coordinates in which every data set has the same curvature. Centred and
scaled as below, the second derivatives of both losses at the minimum are 2 for each
parameter and 0 between them. So a learning rate means the same for time stamps
and for nanometres: 0.25 halves the error with every step, 1 is where it stops falling.

- "mse": mean (y - k x - m)². x and y are scaled apart, each by its standard deviation.
- "distance": mean squared distance at right angles to the line. x and y share one scale
  (scaled apart, right angles would not stay right), and the line is described by its angle,
  so that it may be vertical.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import minigrad as mg

from .descent import descend

Floats = NDArray[np.float64]

LOSSES = ("mse", "distance")
DEFAULT_LR = 0.25
DEFAULT_STEPS = 1000
LARGEST_STABLE_LR = 1.0
"""2 divided by the curvature, which is 2 in the coordinates described above."""

_EPS = float(np.finfo(np.float64).eps)
_SMALLEST, _LARGEST = 1e-150, 1e150  # beyond them the squares of deviations leave float64


@dataclass(frozen=True)
class LineFit:
    """A fitted line y = slope · x + intercept, and how it was found.

    `loss` is in the units of the data: the mean squared residual ("mse") or the mean squared
    distance ("distance"); `history` holds it for the start and after every step. A vertical
    line (only "distance" has one) has slope inf and intercept nan; `centre`, a point on the
    line amid the data, says where it stands. `message` says how the fit ended, in a sentence.
    """

    slope: float
    intercept: float
    loss: float
    points: int
    steps: int
    converged: bool
    message: str
    kind: str
    vertical: bool
    centre: tuple[float, float] = field(repr=False)
    history: tuple[float, ...] = field(repr=False)

    def predict(self, x: ArrayLike) -> Any:
        """Return the y of the line at `x`, in its shape. Raises ValueError for a vertical line.

        >>> fit_line([0, 1, 2], [1, 3, 5]).predict(10.0).round(9)
        np.float64(21.0)
        """
        if self.vertical:
            raise ValueError(f"the line is vertical, x = {self.centre[0]:.12g}: no x has one y")
        # Not slope * x + intercept: with time stamps the two are large and nearly cancel.
        return self.centre[1] + self.slope * (np.asarray(x, dtype=np.float64) - self.centre[0])

    def residuals(self, x: ArrayLike, y: ArrayLike) -> Any:
        """Return by how much each point lies above the line; at right angles to it for "distance".

        Beside a vertical line, how far it lies to the right.

        >>> fit_line([0, 1, 2, 3], [0, 1, 1, 0]).residuals([0, 1], [0, 1]).round(9)
        array([-0.5,  0.5])
        """
        if self.vertical:
            return np.asarray(x, dtype=np.float64) - self.centre[0]
        above = np.asarray(y, dtype=np.float64) - self.predict(x)
        return above if self.kind == "mse" else above / math.hypot(1.0, self.slope)


def fit_line(
    x: ArrayLike,
    y: ArrayLike,
    loss: str = "mse",
    *,
    lr: float = DEFAULT_LR,
    steps: int = DEFAULT_STEPS,
    callback: Callable[[int, float], object] | None = None,
) -> LineFit:
    """Return the line through the points (x, y) that gradient descent finds, at most `steps` steps long.

    `x` and `y` hold n numbers each, n at least 2. `loss` is "mse" or "distance". `lr` is the
    learning rate in standardised coordinates, where every rate below 1 is stable. The
    default ends when the gradient is zero to rounding: on the exact line. `callback(step, loss)`
    is called with every loss. Raises ValueError for arguments of the wrong kind, for numbers
    that are not finite, and for points that do not determine a line.

    >>> fit = fit_line([0, 1, 2, 3], [1, 3, 5, 7])
    >>> round(fit.slope, 9), round(fit.intercept, 9), fit.converged
    (2.0, 1.0, True)
    """
    check_settings(lr, steps)
    if loss not in LOSSES:
        raise ValueError(f'there is no loss "{loss}".\nChoose one of: {", ".join(LOSSES)}')
    xs, ys = _numbers("x", x), _numbers("y", y)
    if xs.size != ys.size:
        raise ValueError(f"x has {_count(xs.size)} and y {ys.size}.\nEach point needs one of each")
    if xs.size < 2:
        raise ValueError(f"a line needs at least two points, and there {'is one' if xs.size else 'are none'}")
    problem = _Squares(xs, ys) if loss == "mse" else _Distances(xs, ys)
    unit = problem.unit**2
    report = None if callback is None else lambda step, value: callback(step, value * unit)
    parameters = [mg.tensor(0.0, requires_grad=True) for _ in range(2)]
    found = descend(problem.loss, parameters, lr=lr, steps=steps, tolerance=problem.tolerance, callback=report)
    first, second = (float(p) for p in found.best.parameters)
    slope, intercept, centre, vertical = problem.line(first, second)
    history = tuple(value * unit for value in found.history)
    return LineFit(
        slope=slope,
        intercept=intercept,
        loss=found.best.loss * unit,
        points=xs.size,
        steps=found.steps,
        converged=found.converged,
        message=_ending(found.converged, found.steps, lr, history),
        kind=loss,
        vertical=vertical,
        centre=centre,
        history=history,
    )


def check_settings(lr: float, steps: int) -> None:
    """Raise ValueError unless `lr` is a positive number and `steps` a positive whole one."""
    if not (isinstance(lr, int | float | np.number) and 0 < lr < math.inf):
        raise ValueError(f"the learning rate must be a number above 0, not {lr!r}.\nThe default is {DEFAULT_LR}")
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 1:
        raise ValueError(f"the number of steps must be a whole number, at least 1, not {steps!r}")


class _Squares:
    """The mse in coordinates of mean 0 and standard deviation 1: the residual is a u + b - v."""

    def __init__(self, x: Floats, y: Floats) -> None:
        u, self.x0 = _centred("x", x)
        v, self.y0 = _centred("y", y)
        self.x_unit = _size(u)
        if self.x_unit == 0:
            raise ValueError(
                f"all {x.size} points have x = {x[0]:.12g}, so no line y = slope · x + intercept is determined.\n"
                'For a vertical line: loss="distance" (--loss distance)'
            )
        self.unit = _size(v) or 1.0  # y is constant: nothing to scale
        self._u, self._v = mg.from_numpy(u / self.x_unit), mg.from_numpy(v / self.unit)
        self.tolerance = _tolerance(self._u.data, self._v.data)

    def loss(self, a: mg.Tensor, b: mg.Tensor) -> Any:
        return mg.mean((a * self._u + b - self._v) ** 2)

    def line(self, a: float, b: float) -> tuple[float, float, tuple[float, float], bool]:
        # Exact fractions, each rounded once: with x near 1.7e9, y0 and slope · x0 nearly cancel.
        slope = Fraction(a) * Fraction(self.unit) / Fraction(self.x_unit)
        y0 = self.y0 + Fraction(b) * Fraction(self.unit)
        return _rounded(slope), _rounded(y0 - slope * self.x0), (_rounded(self.x0), _rounded(y0)), False


class _Distances:
    """The mean squared distance, with u along the axis on which the points spread more.

    A line at the angle t, at the distance d from the centre: the residual is cos(t) v - sin(t) u - d.
    For given data the loss is, up to a constant, -(l1 - l2)/2 · cos(2 (t - t*)), l1 and l2 being
    the largest and smallest variance in any direction; the common scale is √(l1 - l2). As u is the
    axis of larger spread, |t*| is at most 45°: the start t = 0 is never the maximum, which lies 90°
    from t*, and near a vertical line the small number is the angle itself, which keeps its digits.
    """

    def __init__(self, x: Floats, y: Floats) -> None:
        u, self.u0 = _centred("x", x)
        v, self.v0 = _centred("y", y)
        self.swapped = _size(v) > _size(u)
        if self.swapped:
            u, v, self.u0, self.v0 = v, u, self.v0, self.u0
        size = _size(u)
        if size == 0:
            raise ValueError(f"all {x.size} points are the same, ({x[0]:.12g}, {y[0]:.12g}): no line is determined")
        u, v = u / size, v / size
        difference, product = float(np.mean(u * u) - np.mean(v * v)), 2 * float(np.mean(u * v))
        spread = math.hypot(difference, product)
        if spread <= 64 * _EPS:
            raise ValueError(
                "the points spread equally in every direction, so every line through their centre is as good.\n"
                'If y depends on x: loss="mse" (--loss mse)'
            )
        scale = math.sqrt(spread)
        u, v = u / scale, v / scale
        self.unit = size * scale
        self.tolerance = _tolerance(u, v)
        self._u, self._v = mg.from_numpy(u), mg.from_numpy(v)

    def loss(self, t: mg.Tensor, d: mg.Tensor) -> Any:
        return mg.mean((mg.cos(t) * self._v - mg.sin(t) * self._u - d) ** 2)

    def line(self, t: float, d: float) -> tuple[float, float, tuple[float, float], bool]:
        slope = Fraction(math.tan(t))
        v0 = self.v0 + Fraction(d) * Fraction(self.unit) / Fraction(math.cos(t))
        if not self.swapped:
            return _rounded(slope), _rounded(v0 - slope * self.u0), (_rounded(self.u0), _rounded(v0)), False
        centre = (_rounded(v0), _rounded(self.u0))
        if abs(t) <= self.tolerance:  # not to be told from 0
            return math.inf, math.nan, centre, True
        return _rounded(1 / slope), _rounded(self.u0 - v0 / slope), centre, False


def _numbers(name: str, values: ArrayLike) -> Floats:
    """The values as a float64 array of one axis, all finite."""
    if isinstance(values, mg.Tensor):
        values = values.detach().numpy()
    if isinstance(values, np.ma.MaskedArray):
        raise ValueError(
            f"{name} is a masked array, and has values that are not there.\nLeave them out: {name}.compressed()"
        )
    array = np.asarray(values)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold numbers, not {array.dtype}")
    if array.ndim != 1:
        raise ValueError(
            f"{name} must have one axis, and its shape is {array.shape}.\nFor a column: {name}.reshape(-1)"
        )
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array))[0])
        raise ValueError(f"{name}[{row}] is {array[row]}, which is no number to fit.\nLeave such points out")
    return array.astype(np.float64)


def _centred(name: str, x: Floats) -> tuple[Floats, Fraction]:
    """The deviations from the mean, and the mean, without loss of digits to a large offset.

    Numbers close to each other have an exact difference, so the middle of the range goes
    first, and the mean of what is left, which is small, second.
    """
    low, high = float(x.min()), float(x.max())
    half, middle = high / 2 - low / 2, high / 2 + low / 2
    if half != 0 and not _SMALLEST < half < _LARGEST:
        raise ValueError(
            f"{name} spreads over {2 * half:.3g}, and squares of that do not fit into float64.\n"
            f"Give {name} in other units, for example multiplied by {_power_of_ten(half)}"
        )
    deviations = x - middle
    rest = float(deviations.mean())
    return deviations - rest, Fraction(middle) + Fraction(rest)


def _power_of_ten(size: float) -> str:
    return f"1e{-math.floor(math.log10(size)):+d}"


def _size(u: Floats) -> float:
    """The root mean square, also of numbers whose squares would underflow."""
    largest = float(np.abs(u).max())
    return largest * math.sqrt(float(np.mean((u / largest) ** 2))) if largest else 0.0


def _tolerance(u: Floats, v: Floats) -> float:
    """A gradient that is zero to rounding: it is a mean of products of u and v, of about this size."""
    return 8 * _EPS * _size(u) * _size(v)


def _rounded(number: Fraction) -> float:
    """The nearest float64. Raises ValueError if there is none."""
    try:
        return float(number)
    except OverflowError:
        raise ValueError(
            "the line has a coefficient above 1e308, which does not fit into float64.\nGive x and y in other units"
        ) from None


def _count(n: int) -> str:
    return f"{n} number" if n == 1 else f"{n} numbers"


def _ending(converged: bool, steps: int, lr: float, history: tuple[float, ...]) -> str:
    """How the fit ended, and, if it did not converge, what to do."""
    if converged:
        return f"converged after {steps} {'step' if steps == 1 else 'steps'}: the gradient is zero to rounding"
    if lr >= LARGEST_STABLE_LR:
        last = history[-1]
        if not math.isfinite(last):
            grew = "the loss grew beyond all bounds"
        elif last > history[0]:
            grew = f"the loss grew from {history[0]:.6g} to {last:.6g}"
        else:
            grew = "the loss does not settle"
        return (
            f"did not converge: {grew}. The learning rate {lr:g} is too large: in standardised coordinates "
            f"it must be below {LARGEST_STABLE_LR:g}; {DEFAULT_LR} is the default"
        )
    return (
        f"did not converge in {steps} {'step' if steps == 1 else 'steps'} with the learning rate {lr:g}: "
        f"this is the best line so far, not the right one. Allow more steps, or leave the learning rate at {DEFAULT_LR}"
    )
