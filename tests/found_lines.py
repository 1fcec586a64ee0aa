"""Results made without any solver of minigrad: least squares by NumPy, wrapped as a solver would."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.fitting.found import Floats, Found
from minigrad.fitting.given import points
from minigrad.fitting.result import FitResult


@dataclass
class Straight:
    """The curve X(x) c, for a matrix X of powers or of features with a column of ones."""

    coefficients: Floats
    cov: Floats
    powers: bool = True

    def rows(self, x: Floats) -> Floats:
        if x.ndim == 2:
            return np.column_stack([np.ones(len(x)), x])
        size = self.cov.shape[-1]
        return np.stack([x**k for k in range(size)], axis=1) if self.powers else np.stack([x, np.ones(len(x))], axis=1)

    def at(self, x: Floats) -> Floats:
        return self.rows(x) @ self.coefficients.T

    def variance(self, x: Floats) -> Floats:
        rows = self.rows(x)
        return np.einsum("ni,...ij,nj->n...", rows, self.cov, rows)


def line(x: Any, y: Any, *, sigma: Any = None, absolute: bool = False, degree: int | None = None, **more: Any) -> Any:
    """The least squares line (plane, polynomial; one for each output) by the normal equations."""
    given = points(x, y, sigma=sigma)
    straight = Straight(np.zeros(1), np.zeros((2 if degree is None else degree + 1,) * 2), powers=degree is not None)
    rows = straight.rows(given.x)
    weights = np.ones(given.n) if sigma is None else given.weights
    inverse = np.linalg.inv(rows.T @ (weights[:, None] * rows))
    values = (inverse @ (rows.T @ (weights * given.y.T).T)).T
    residuals = given.y - rows @ values.T
    dof = given.n - rows.shape[1]
    chi2 = np.sum(weights * residuals.T**2, axis=-1)
    s2 = np.ones_like(chi2) if absolute else chi2 / dof if dof else chi2 * np.nan
    cov = s2[..., None, None] * inverse
    if given.x.ndim == 2:
        names = ("intercept", *given.x_names)
    else:
        names = ("slope", "intercept") if degree is None else tuple(f"c{k}" for k in range(degree + 1))
    found = Found(
        names=names,
        values=values,
        cov=cov,
        curve=Straight(values, cov, straight.powers),
        residuals=residuals,
        rss=float(np.sum(residuals**2)),
        chi2=None if sigma is None else float(np.sum(chi2)),
        dof=dof,
        scale=float(np.sqrt(s2)) if given.y.ndim == 1 else np.sqrt(s2),
        **more,
    )
    return FitResult(given, found, "mse", absolute)
