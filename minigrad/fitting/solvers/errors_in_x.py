"""Errors in x and in y: what has to be given for them, and how the standard errors are told.

One idea: the line by a closed form, York's line and the plane are asked in the same words, and refuse in the same.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..given import Points

Floats = NDArray[np.float64]

ERRORS = ("york", "hessian")

_WIDEST, _FAINTEST = 1e50, 1e-120
"""How far errors may differ between points, and how far the smallest of them from the largest of either axis."""


def check_errors(errors: str) -> None:
    """Raise ValueError for standard errors that are not told of a flat."""
    if errors not in ERRORS:
        raise ValueError(f'there are no errors "{errors}" here.\nChoose one of: {", ".join(ERRORS)}')


def how_the_errors(errors: str, absolute_sigma: bool, sigma: bool) -> str:
    """Return how the standard errors were computed, and in which scaling."""
    name = "York's standard errors (2004)" if errors == "york" else "standard errors from the second derivatives"
    if absolute_sigma:
        return f"{name}, not scaled" + ("" if sigma else ", for errors of 1 in y")
    return f"{name}, scaled by √({'chi2' if sigma else 'rss'}/dof)"


def one_output(points: Points) -> None:
    """Raise ValueError unless y is one number for each point."""
    if points.y.ndim == 2 and points.y.shape[1] > 1:
        raise ValueError(
            f'y has {points.y.shape[1]} columns, and loss="distance" takes one: the distance to which line?\n'
            'Fit each of them: fit_line(x, y[:, 0], loss="distance")'
        )


def both_deviations(points: Points) -> tuple[Floats, Floats]:
    """Return sigma and sigma_x. Raises ValueError where one is missing."""
    if points.sigma is None or points.sigma_x is None:
        missing, there = ("sigma", "sigma_x") if points.sigma is None else ("sigma_x", "sigma")
        instead = "fit_line(y, x, sigma=...)" if points.sigma is None else "fit_line(x, y, sigma=...)"
        raise ValueError(
            f"{there} was given and {missing} was not: errors in x and y need both.\n"
            f"Give {missing}; for no errors there at all: {instead}"
        )
    return points.sigma, points.sigma_x


def comparable(a: Any, b: Any) -> None:
    """Raise ValueError where variances of x and of y, in units of the spreads, leave one of them no digits."""
    largest = max(float(np.max(a)), float(np.max(b)))
    for name, variance, instead in (
        ("sigma_x", a, 'x is as good as exact: loss="mse"'),
        ("sigma", b, "y is as good as exact: fit_line(y, x)"),
    ):
        least, most = float(np.min(variance)), float(np.max(variance))
        if least < most / _WIDEST**2:
            raise ValueError(
                f"{name} differs by a factor of {_WIDEST:g} between points.\nLeave points without weight out"
            )
        if least < largest and not least > largest * _FAINTEST**2:
            raise ValueError(f"{name} is less than {_FAINTEST:g} of the error of the other axis.\n{instead}")
