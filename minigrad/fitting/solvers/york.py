"""The line through points whose errors in x and in y differ from point to point: York's problem.

One idea: all minima are found, and the lowest is returned. For a given slope the intercept is a mean, so what
is left to minimise is a sum in one unknown, the direction, which runs round once: rising, vertical,
falling, level, rising. The sum changes its character only where the direction passes a ratio sigma / sigma_x,
so its derivative is looked at on directions between all of them, close beside each other; each change from falling
to rising is a minimum, from which Newton's method goes on to its bottom.

Problem and standard errors: York (1966, 1969); York, Evensen, Martínez and Delgado (2004), Unified equations for the
slope, intercept, and standard errors of the best straight line, American Journal of Physics 72, 367. Iterating
their equation, as is usual, ends in the minimum next to the start: on Pearson's data with York's
weights there is a second one, with a slope of the other sign.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from ..given import Points
from .distance import closed_form, coefficients, found_along, frame_of
from .errors_in_x import both_deviations, check_errors, one_output
from .flat import Flat, Frame, corrected, stiffness, weighted_dot, weighted_mean, weights_at

Floats = NDArray[np.float64]

_STEP = 0.1  # of the logarithm of the slope: a weight changes by at most a factor of 1.22
_BEYOND = 4.0  # steeper than the steepest ratio by e⁴, weights have less than a thousandth still to change
_CLASSES = 512  # more points than that are searched in classes
_WIDTH = 0.02  # of a class: of the logarithm of sigma / sigma_x
_SAME = 1e-14
_SMALLEST = 1e-100  # of (sigma / sigma_x)²
_ROUNDING = 1e-14  # of a sum of some hundred terms
_HIGH = 100.0  # Pearson's data with York's weights: 19.5 times the lowest; points with a clear line: thousands
_DEVIATIONS = 4.0  # two lines further apart than so many standard deviations are told apart
_ROUNDS = 100
_NEAR = 1e-7  # Newton's next step is the square of it


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # found_along() looks at what comes out
def york_line(
    points: Points,
    *,
    absolute_sigma: bool = False,
    through: tuple[float, float] | None = None,
    errors: str = "york",
) -> Found:
    """Return the line with the smallest Σ (y - intercept - slope x)² / (sigma² + slope² sigma_x²).

    `points` have a sigma and a sigma_x each. Residuals are in units of y and become standardised when they are divided
    by sigma: their squares then sum to chi2. If there are more minima, the best of them is `extra["second_minimum"]`:
    slope, intercept and chi2; `warnings` tell it unless its chi2 is a hundred times the lowest.

    `errors` is "york" (York et al. 2004) or "hessian" (from the second derivatives of the sum); both are multiplied by
    √(chi2 / dof) unless `absolute_sigma`. Raises ValueError where sigma or sigma_x is missing, or where the points do
    not determine a line.

    >>> from minigrad.fitting.given import points
    >>> york_line(points([0, 1, 2, 3], [1, 3, 5, 7], sigma=[1, 2, 1, 2], sigma_x=0.5)).values
    array([2., 1.])
    """
    check_errors(errors)
    one_output(points)
    sigma, sigma_x = both_deviations(points)
    frame = frame_of(points, sigma_x, sigma, through)
    ratios = frame.b / frame.a
    if float(ratios.max()) <= float(ratios.min()) * (1 + _SAME):
        lines = [closed_form(frame)]
    else:
        if not _SMALLEST < float(ratios.min()) <= float(ratios.max()) < 1 / _SMALLEST:
            raise ValueError(
                "sigma and sigma_x, each relative to the spread of its axis, differ by a factor of 1e50.\n"
                "Where x is exact: fit_line(x, y, sigma=...)"
            )
        lines = minima(frame)
    best, *others = lines
    how = "York's chi2, " + (f"the lowest of its {len(lines)} minima" if others else "its only minimum")
    return found_along(
        best,
        points,
        absolute_sigma=absolute_sigma,
        errors=errors,
        how=how,
        warnings=_told(best, others[0], points.n) if others else (),
        extra={"second_minimum": _as_dict(others[0])} if others else {},
    )


def _as_dict(line: Flat) -> dict[str, float]:
    slope, intercept = coefficients(line)
    return {"slope": slope, "intercept": intercept, "chi2": line.sum / line.frame.unit_sigma**2}


def _told(best: Flat, other: Flat, n: int) -> tuple[str, ...]:
    """The sentence about a minimum that is not the lowest, unless it is so high that nobody takes it for the answer."""
    lowest, second = _as_dict(best), _as_dict(other)
    if second["chi2"] > _HIGH * lowest["chi2"]:
        return ()
    line = f"slope {second['slope']:.6g}, intercept {second['intercept']:.6g}"
    if math.isinf(second["slope"]):
        line = "a vertical line"
    near = second["chi2"] - lowest["chi2"] < _DEVIATIONS**2 * max(1.0, lowest["chi2"] / n)
    end = "the points hardly tell the two apart" if near else "a search that starts near it ends there"
    return (f"chi2 has a second minimum, {second['chi2']:.6g} where this line has {lowest['chi2']:.6g}: {line}; {end}",)


def minima(frame: Frame) -> list[Flat]:
    """Return the lines where the sum is smaller than beside them, the lowest first.

    Raises ValueError where the sum is the same for all directions.
    """
    lines: list[Flat] = []
    middle = math.exp(float(np.mean(np.log(frame.b / frame.a))) / 2)
    for along, across in _valleys(frame):
        steep = abs(across[1]) > middle * abs(along[1])
        own = frame.turn() if steep else frame
        found = corrected(own, np.array([_bottom(own, *(along / across if steep else across / along).tolist())]))
        if not any(_same_direction(found, line) for line in lines):
            lines.append(found)
    if not lines:
        raise ValueError(
            "to rounding no direction is better than another: the points spread equally, or sigmas differ by 1e8.\n"
            'Leave points without weight out, or, if y depends on x, take loss="mse"'
        )
    return sorted(lines, key=lambda line: line.sum)


def _same_direction(one: Flat, other: Flat) -> bool:
    p, q = float(one.m.high[0]), float(other.m.high[0])
    if one.frame.turned is other.frame.turned:
        return bool(abs(p - q) <= _NEAR * (abs(p) + abs(q)))
    return bool(abs(p * q - 1) <= _NEAR)


def _valleys(frame: Frame) -> list[tuple[Floats, Floats]]:
    """The directions (along u, along v), three by three, between which the sum turns from falling to rising.

    The second of the three is where it does so if the derivative is straight between the first and the third.
    Points with nearly the same ratio of errors are taken together: of them, six sums are needed for any direction.
    """
    ratio, sums = _classes(frame)
    steps = math.ceil((math.log(ratio.max() / ratio.min()) + 2 * _BEYOND) / _STEP)
    slopes = np.geomspace(ratio.min() * math.exp(-_BEYOND), ratio.max() * math.exp(_BEYOND), steps + 1)
    slopes = np.concatenate([-slopes[::-1], slopes])
    c = 1 / np.hypot(1, slopes)
    s = slopes * c
    f = 1 / (np.outer(c * c, ratio) + np.outer(s * s, 1 / ratio))
    g = f * f * (1 / ratio - ratio)
    one, u, v, uu, uv, vv = sums @ f.T
    d = np.zeros_like(c) if frame.fixed else (c * v - s * u) / one
    # Residuals c v - s u - d, whose derivative by the angle is -s v - c u; then the derivative of the weights f.
    change = c * s * (uu - vv) - (c * c - s * s) * uv + d * (s * v + c * u)
    one, u, v, uu, uv, vv = sums @ g.T
    change -= c * s * (c * c * vv - 2 * c * s * uv + s * s * uu - 2 * d * (c * v - s * u) + d * d * one)
    # Where the sum is level but for rounding, its derivative has no sign: it is less than a share of its terms.
    s_size = np.abs(s)
    one, u, v, uu, uv, vv = np.abs(sums) @ f.T
    d = np.zeros_like(c) if frame.fixed else (c * v + s_size * u) / one
    terms = c * s_size * (uu + vv) + uv + d * (s_size * v + c * u)
    one, u, v, uu, uv, vv = np.abs(sums) @ np.abs(g).T
    terms += c * s_size * (c * c * vv + 2 * c * s_size * uv + s * s * uu + 2 * d * (c * v + s_size * u) + d * d * one)
    certain = np.abs(change) > _ROUNDING * terms
    c, s, change = c[certain], s[certain], change[certain]
    rising = change > 0
    found = []
    for k in range(len(change)):
        after = (k + 1) % len(change)
        if not rising[k] and rising[after]:
            part = np.array([0.0, change[k] / (change[k] - change[after]), 1.0])
            sign = -1.0 if after == 0 else 1.0  # past the vertical a direction has both signs changed
            found.append(((1 - part) * c[k] + part * sign * c[after], (1 - part) * s[k] + part * sign * s[after]))
    return found


def _classes(frame: Frame) -> tuple[Floats, Floats]:
    """The ratio sigma / sigma_x of each class of points, and Σ ω, ω u, ω v, ω u², ω u v, ω v² in it, (6, classes).

    A weight 1 / (c² b + s² a) is ω = 1/√(a b) over c² ratio + s² / ratio.
    """
    u, v = frame.u[0], frame.v
    omega, logarithm = 1 / np.sqrt(frame.a * frame.b), np.log(frame.b / frame.a) / 2
    terms = [omega, omega * u, omega * v, omega * u * u, omega * u * v, omega * v * v]
    if frame.n <= _CLASSES:
        return np.exp(logarithm), np.stack(terms)
    places = np.round(logarithm / _WIDTH).astype(np.intp)
    lowest = int(places.min())
    sums: Floats = np.stack([np.bincount(places - lowest, weights=term) for term in terms]).astype(np.float64)
    there = sums[0] > 0
    ratios: Floats = np.exp((lowest + np.flatnonzero(there)) * _WIDTH)
    return ratios, sums[:, there]


def _bottom(frame: Frame, low: float, m: float, high: float) -> float:
    """The m of the minimum between low and high, by Newton's method with steps that are not long and do not go up."""
    reach = abs(high - low)
    value, slope, curvature = _at(frame, m)
    for _ in range(_ROUNDS):
        step = min(max(-slope / curvature, -reach), reach)
        while (ahead := _at(frame, m + step))[0] > value * (1 + _SAME) and abs(step) > _NEAR * reach:
            step /= 2
        m, (value, slope, curvature) = m + step, ahead
        if abs(step) <= _NEAR * reach:
            break
    return m


def _at(frame: Frame, m: float) -> tuple[float, float, float]:
    """Half the sum's value and derivative by m, with the best c for this m, and a curvature above 0 to go down by."""
    slopes = np.array([m])
    weights = weights_at(frame, slopes)
    u, residuals = frame.u[0], frame.v - m * frame.u[0]
    if not frame.fixed:
        residuals = residuals - weighted_mean(residuals, weights)
    slope = -weighted_dot(weights, residuals, u + (m * frame.a * weights) * residuals)
    curvature = stiffness(frame, slopes, weights, residuals)[1].item()
    if curvature <= 0:
        curvature = stiffness(frame, slopes, weights, residuals, "york")[1].item()
    return weighted_dot(weights, residuals, residuals) / 2, slope, curvature
