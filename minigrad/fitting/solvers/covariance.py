"""From coefficients to what is reported: parameters, their covariance, and the curve.

One idea: (XᵀX)⁻¹ is never formed. Its root S K is multiplied by the matrix of the basis, and that by its own transpose,
so a covariance keeps the digits of the QR; a parameter is rounded once, last of all.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..found import Found
from .design import Basis, Combination
from .extended import add, beside, exactly, multiply
from .refinement import NOTHING, Solution

Floats = NDArray[np.float64]

_TINY = float(np.finfo(np.float64).tiny)


@dataclass(frozen=True)
class Outcome:
    """How far the points are from the curve, of every output, and in which units.

    The problem was solved for y = level + size · columns c. `length` is √Σ (residual · unit / sigma)², with a `unit` of
    sigma that keeps the squares in float64, or √Σ residual² where no sigma was given and `unit` is None.
    """

    rows: int
    level: Floats
    size: Floats
    length: Floats
    rss: Floats
    unit: float | None = None
    absolute_sigma: bool = False


def found_from(
    basis: Basis,
    solution: Solution,
    outcome: Outcome,
    residuals: Floats,
    *,
    flat: bool,
    extra: dict[str, Any] | None = None,
) -> Found:
    """Return what was found, in the parameters that are reported; `flat` if y had one output and no axis for it.

    Raises ValueError where a parameter or its error does not fit into float64.
    """
    p, m = solution.coefficients.high.shape
    dof, unit = outcome.rows - p, outcome.unit or 1.0
    if outcome.absolute_sigma:
        deviation = np.full(m, unit)
    else:
        deviation = outcome.length / math.sqrt(dof) if dof else np.full(m, np.nan)
    scale = deviation / unit
    with np.errstate(over="ignore"):
        chi2 = None if outcome.unit is None else float(np.square(outcome.length / unit).sum())
    if chi2 == math.inf:
        raise ValueError(
            "the residuals over sigma, squared, do not fit into float64.\nGive a sigma of the size of the residuals"
        )
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        both = basis.reported(beside(exactly(solution.s), solution.coefficients))
        exact = multiply(both[:, p:], exactly(outcome.size))
        moved = add(exact[basis.level], exactly(outcome.level))
        values = exact.rounded()
        values[basis.level] = np.where(np.abs(moved.high) > NOTHING * np.abs(outcome.level), moved.rounded(), 0.0)
        root = both[:, :p].rounded() @ solution.k
        roots = deviation[:, None, None] * root
        cov = roots @ roots.transpose(0, 2, 1)
    variances = np.diagonal(cov, axis1=1, axis2=2)
    vanished = (variances < _TINY) & (deviation > 0)[:, None] & root.any(axis=1)
    lost = ~np.isfinite(values.T) | np.isinf(variances) | vanished
    if lost.any():
        name = basis.names[int(np.argwhere(lost)[0, 1])]
        raise ValueError(f"{name} or its error does not fit into float64 in these units.\nGive x or y in other units")
    inside = solution.coefficients.rounded() * outcome.size
    curve = Combination(basis, inside, outcome.level, solution.s @ solution.k, deviation)
    if flat:
        curve = Combination(basis, inside[:, 0], float(outcome.level[0]), curve.factor, float(deviation[0]))
    return Found(
        names=basis.names,
        values=values[:, 0] if flat else values.T,
        cov=cov[0] if flat else cov,
        curve=curve,
        residuals=residuals,
        rss=float(outcome.rss.sum()),
        chi2=chi2,
        dof=dof,
        scale=float(scale[0]) if flat else scale,
        extra={} if extra is None else extra,
    )
