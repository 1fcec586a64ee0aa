"""Losses that outliers cannot pull at: what each residual adds, how hard it pulls, and the scale it is measured on.

One idea: a loss ρ(u) of scaled residuals u is known by its pull ψ = ρ' and by the weight ψ(u)/u, with which
weighted least squares has the same minimum. A fit asks for weights and a scale; its errors for ψ and ψ'.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg

Floats = NDArray[np.float64]

TUNING = {"huber": 1.345, "tukey": 4.685}
"""95 % of the precision of least squares where the errors are Gaussian (Holland and Welsch, 1977)."""

MAD = 0.6744897501960817
"""The median of |u| for a Gaussian u of standard deviation 1: its 75 % quantile."""


def scale(residuals: Floats) -> float:
    """Return the standard deviation of the residuals as their median absolute value tells it: median |r| / 0.67449.

    `residuals` has the shape (n,), n > 0, and the result is in their units. Half of the residuals may be anything.
    About 0, not about their median, as in Huber (1981), Robust Statistics, 7.7.

    >>> round(scale(np.array([-1.0, 0.5, 1.0, 2.0, 1e9])), 6)
    1.482602
    """
    return float(np.median(np.abs(residuals))) / MAD


@dataclass(frozen=True)
class Loss:
    """A loss of residuals in units of their scale: ρ, its pull ψ = ρ', and the slope ψ' of the pull.

    `tuning` is where it leaves least squares, in scales; None for a callable, which sees residuals in units of
    sigma (or as they are where no sigma was given), never scaled by how they scatter.
    """

    name: str
    tuning: float | None
    rho: Callable[[Floats], Floats]
    psi: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]

    def weight(self, u: Floats) -> Floats:
        """Return ψ(u)/u, and ψ'(0) where u is 0."""
        at_zero = u == 0
        safe = np.where(at_zero, 1.0, u)
        return np.where(at_zero, self.slope(np.zeros_like(u)), self.psi(safe) / safe)


def loss_of(loss: str | Callable[[Any], Any], tuning: float | None = None) -> Loss:
    """Return the loss that a name or a callable means: "huber" (t = 1.345) or "tukey" (c = 4.685).

    A callable takes residuals, a Tensor of shape (n,), and returns what each adds, or one number for all; called with
    anything else it raises TypeError or ValueError. Raises ValueError for another name, and for a tuning constant that
    is not above 0. Huber (1964); Beaton and Tukey (1974).

    >>> loss_of("huber").weight(np.array([0.0, 1.0, 2.69]))
    array([1. , 1. , 0.5])
    """
    if callable(loss):
        if tuning is not None:
            raise ValueError(
                "tuning belongs to the losses 'huber' and 'tukey', and a callable was given.\n"
                "Write the constant into the callable"
            )
        return _differentiated(loss)
    if loss not in TUNING:
        raise ValueError(f"loss={loss!r} has no weights.\nThe losses that have: 'huber', 'tukey', or a callable")
    c: Any = TUNING[loss] if tuning is None else tuning
    if not (isinstance(c, int | float | np.number) and c > 0):
        raise ValueError(f"tuning is {c!r}, and must be above 0.\nThe usual one of {loss!r} is {TUNING[loss]}")
    c = float(c)
    return _huber(c) if loss == "huber" else _tukey(c)


def weights(loss: str | Callable[[Any], Any], u: Floats, tuning: float | None = None) -> Floats:
    """Return ψ(u)/u of a loss at scaled residuals u: the weights that make least squares of it.

    Errors are those of `loss_of`.

    >>> weights("tukey", np.array([0.0, 4.685, 100.0]))
    array([1., 0., 0.])
    """
    return loss_of(loss, tuning).weight(u)


def spread(loss: Loss, u: Floats, parameters: int) -> float:
    """Return σ² such that the parameters have the covariance σ² (XᵀX)⁻¹, for residuals u in units of their scale.

    K² Σψ² / (n - p) / mean(ψ')², with K = 1 + (p/n) var(ψ') / mean(ψ')²: Huber (1981), Robust Statistics, 7.6. NaN
    where the points do not tell it: with no more points than parameters, or where the loss is not curved upward.
    """
    n = len(u)
    slopes = loss.slope(u)
    mean = float(slopes.mean())
    if n <= parameters or not mean > 0:
        return math.nan
    k = 1 + parameters / n * float(slopes.var()) / mean**2
    return k**2 * float(np.sum(loss.psi(u) ** 2)) / (n - parameters) / mean**2


def spread_of_gaussian(loss: Loss) -> float:
    """Return the same for many residuals that are Gaussian with standard deviation 1: E ψ² / (E ψ')².

    E ψ'(u) is taken as E u ψ(u), which it is of a Gaussian u: Stein (1981), Estimation of the mean of a multivariate
    normal distribution. So the sum over a grid need not see ψ' jump.

    >>> round(1 / spread_of_gaussian(loss_of("huber")), 6)
    0.95
    """
    u = np.linspace(-12, 12, 24001)
    density = np.exp(-(u**2) / 2)
    density /= density.sum()
    mean = float(np.sum(density * u * loss.psi(u)))
    return float(np.sum(density * loss.psi(u) ** 2)) / mean**2 if mean > 0 else math.nan


def _huber(t: float) -> Loss:
    """u²/2 up to t, then straight on."""

    def rho(u: Floats) -> Floats:
        near = np.minimum(np.abs(u), t)
        return near * (np.abs(u) - near / 2)

    return Loss("huber", t, rho, lambda u: np.clip(u, -t, t), lambda u: (np.abs(u) <= t).astype(np.float64))


def _tukey(c: float) -> Loss:
    """c²/6 (1 - (1 - (u/c)²)³) up to c, and level from there."""

    def inside(u: Floats) -> Floats:
        return 1 - np.minimum(np.abs(u) / c, 1.0) ** 2

    return Loss(
        "tukey",
        c,
        lambda u: c**2 / 6 * (1 - inside(u) ** 3),
        lambda u: u * inside(u) ** 2,
        lambda u: inside(u) * (5 * inside(u) - 4),
    )


def _differentiated(loss: Callable[[Any], Any]) -> Loss:
    """A callable, with the derivatives that minigrad finds. Of one number for all, ρ is not known one by one."""

    name = getattr(loss, "__name__", "<lambda>")
    title = "that was given" if name == "<lambda>" else name

    def called(u: Any) -> Any:
        each = loss(u)
        if not isinstance(each, mg.Tensor):
            raise TypeError(
                f"the loss {title} returned {type(each).__name__}, which has no derivatives.\n"
                "Write it with operations of NumPy or minigrad on the residuals, a Tensor"
            )
        if each.shape not in ((), u.shape):
            raise ValueError(
                f"the loss {title} returned the shape {each.shape} for residuals of the shape {u.shape}.\n"
                "Return what each residual adds, or one number for all"
            )
        return each

    def total(u: Any) -> Any:
        return mg.sum(called(u))

    def rho(u: Floats) -> Floats:
        with mg.no_grad():
            return np.asarray(called(mg.tensor(u)).numpy())

    pull = mg.grad(total)

    def slope(u: Floats) -> Floats:
        return np.asarray(mg.hvp(total, (u,), (np.ones_like(u),))[0])

    return Loss(title, None, rho, lambda u: np.asarray(pull(u)), slope)
