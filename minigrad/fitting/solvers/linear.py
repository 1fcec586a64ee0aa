"""Least squares linear in the parameters: lines, planes and polynomials, exact to rounding.

One idea: this is the way through: the points' extent, the columns to solve in (`design`, `polynomial`), their triangle,
the solution (`refinement`), and what is reported of it (`covariance`). Each step has a file of its own; here is what is
asked for, and which columns answer it.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from ..given import Points
from .covariance import Outcome, found_from
from .design import Basis, Centred, names_of_features
from .extent import LARGEST, SMALLEST, Extent, extent, middle, powers_of_two
from .polynomial import Chebyshev
from .refinement import BLOCK, Problem, solve
from .refusals import all_equal, too_few, warnings_about
from .triangle import DependentError, inverse_of_factor

Floats = NDArray[np.float64]


def least_squares(
    points: Points, *, degree: int | None = None, through: Any = None, absolute_sigma: bool = False
) -> Found:
    """Return the line, the plane or the polynomial with the least squared residuals in y.

    Each residual counts 1/sigma². `degree` asks for a polynomial in one x, `through` for a line through (x0, y0);
    0 or "origin" is the point (0, 0). Raises ValueError where the points do not determine the parameters: too few,
    all x equal, features that depend on each other (they are named), or numbers whose squares leave float64.

    >>> from minigrad.fitting.given import points
    >>> found = least_squares(points([0, 1, 2, 3], [1.0, 3.0, 5.0, 7.5]))
    >>> found.names, found.values.round(6)
    (('slope', 'intercept'), array([2.15, 0.9 ]))
    """
    x = points.x if points.x.ndim == 2 else points.x[:, None]
    flat = points.y.ndim == 1
    y = points.y[:, None] if flat else points.y
    unit = roots = weights = None
    if points.sigma is not None:
        unit = _unit_of_sigma(points.sigma)
        roots = unit / points.sigma
        weights = roots**2
    reach = extent("x", x), extent("y", y)
    extra: dict[str, Any] = {}
    if through is None:
        level = middle(y, weights, reach[1])
        basis = _basis(points, x, weights, reach[0], degree)
    else:
        if degree is not None:
            raise ValueError("through= and degree= were both given.\nA polynomial has no given point: leave one out")
        x0, level = given_point(through, x.shape[1], y.shape[1])
        basis = Centred(x0, powers_of_two(reach[0].about(x0)), names_of_features(points.x_names), False)
        extra["through"] = (float(x0[0]) if len(x0) == 1 else x0, float(level[0]) if flat else level)
    size = powers_of_two(reach[1].about(level))
    rows, p = len(x), basis.width
    if rows < p:
        raise too_few(rows, p, line=x.shape[1] == 1 and degree in (None, 1))
    problem = Problem(basis, x, y, level, size, roots)
    try:
        inverse = inverse_of_factor(problem.factor(), rows, basis.slack(reach[0]))
    except DependentError as dependent:
        raise basis.undetermined(dependent, x, points.x_names) from None
    condition = inverse.condition if degree in (None, 0, 1) else math.inf  # powers cancel, however good the columns
    solution, residuals = solve(problem, inverse.s, condition)
    residuals *= size
    squares = rss = _sums_of_squares(residuals)
    if roots is not None:
        residuals /= roots[:, None]
        rss = _sums_of_squares(residuals)
    outcome = Outcome(
        rows=rows,
        level=level,
        size=size,
        length=np.sqrt(squares),
        rss=rss,
        unit=unit,
        absolute_sigma=absolute_sigma,
    )
    found = found_from(basis, solution, outcome, residuals[:, 0] if flat else residuals, flat=flat, extra=extra)
    level_y = reach[1].low == reach[1].high
    constant = [name for name, is_level in zip(points.y_names, level_y, strict=True) if is_level]
    said = warnings_about(rows, p, absolute_sigma, constant, through is not None)
    return replace(found, warnings=(*said, *basis.cautions(found.values, points, reach, inverse)))


def _sums_of_squares(values: Floats) -> Floats:
    """The sum of the squares of each column."""
    sums: Floats = np.zeros(values.shape[1])
    for start in range(0, len(values), BLOCK):
        sums += np.square(values[start : start + BLOCK]).sum(axis=0)
    return sums


def _unit_of_sigma(sigma: Floats) -> float:
    smallest, largest = float(sigma.min()), float(sigma.max())
    if smallest < SMALLEST or largest > min(LARGEST, LARGEST * smallest):
        raise ValueError(
            f"sigma goes from {smallest:.3g} to {largest:.3g}, and the squares of that do not fit into float64.\n"
            "Give y and sigma in other units"
        )
    return math.ldexp(1.0, math.frexp(smallest)[1])


def _basis(points: Points, x: Floats, weights: Floats | None, reach: Extent, degree: int | None) -> Basis:
    """The columns of a polynomial, or of a line or plane."""
    if degree is not None:
        if x.shape[1] > 1:
            raise ValueError(
                f"x has {x.shape[1]} features, and degree={degree} asks for a polynomial in one.\n"
                "Give one column, or the powers as features of their own"
            )
        return Chebyshev.over(reach, degree)
    centre = middle(x, weights, reach)
    spread = reach.about(centre)
    if x.shape[1] == 1 and not spread[0] and len(x) > 1:
        raise all_equal(points.x_names[0], float(centre[0]), len(x))
    return Centred(centre, powers_of_two(spread), names_of_features(points.x_names))


def given_point(through: Any, features: int, outputs: int) -> tuple[Floats, Floats]:
    """Return the point that the line goes through: its x, for each feature, and its y, for each output.

    0 and "origin" mean (0, 0). Raises ValueError for what is no point.
    """
    if (isinstance(through, str) and through == "origin") or (np.isscalar(through) and through == 0):
        through = (0.0, 0.0)
    try:
        x0, y0 = (np.asarray(part, float) for part in through)
        if not all(np.isfinite(part).all() for part in (x0, y0)):
            raise ValueError
    except (TypeError, ValueError):
        raise ValueError(
            f"through is {through!r}, and a point is meant, of finite numbers.\n"
            'Write through=(x0, y0), or through="origin"'
        ) from None
    for name, part, count, of in (("x0", x0, features, "feature"), ("y0", y0, outputs, "output")):
        if part.shape not in ((), (1,), (count,)):
            them = f"{count} {of}" if count == 1 else f"{count} {of}s"
            raise ValueError(
                f"through is {through!r}, and its {name} has the shape {part.shape} for {them}.\n"
                f"Give {name} {'one number' if count == 1 else f'{count} numbers, one for each {of}'}"
            )
    return np.broadcast_to(x0, features), np.broadcast_to(y0, outputs)
