"""The draws of a bootstrap of one robust fit, all fitted at once.

One idea: re-weighting and Newton's method as `reweighting.py` has them, with one more axis in front. Each draw has
some rows of the same columns, starts from the fit of all points, and leaves when it has come to rest; what does not
come to rest here is left to be fitted by itself. Of Tukey's loss it is the minimum that this way leads to: 29 of 1000
draws of 25 points with an outlier had a lower one elsewhere, and the error changed by a fiftieth of itself.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .losses import MAD
from .reweighting import Problem

Floats = NDArray[np.float64]

_ROUNDS = 60
_REST = 1e-12
"""A step so small, in parts of the fit, is none: far less than what a thousand draws can tell of an error."""


@dataclass
class _Draws:
    """So many draws, each where it stands: coefficients (k, p), residuals (k, n), scale (k,), the next step (k, p)."""

    problem: Problem
    rows: NDArray[np.int64]
    coefficients: Floats
    residuals: Floats
    scale: Floats
    step: Floats

    @property
    def size(self) -> Floats:
        """How long the next step of re-weighting is."""
        return np.asarray(np.linalg.norm(self.step, axis=1))

    def some(self, which: NDArray[np.bool_]) -> "_Draws":
        """Return some of them."""
        parts = (self.coefficients[which], self.residuals[which], self.scale[which], self.step[which])
        return _Draws(self.problem, self.rows[which], *parts)

    def guessed(self) -> Floats:
        """Return where Newton's method leads: as `Problem.newton`."""
        x, r, s, loss = self.problem.columns[self.rows], self.residuals, self.scale, self.problem.loss
        u = r / s[:, None]
        slopes, pulls = loss.slope(u), loss.psi(u)
        bend = (x * slopes[:, :, None]).transpose(0, 2, 1) @ x
        if self.problem.known is None:
            n = r.shape[1]
            middle = np.argpartition(np.abs(r), [(n - 1) // 2, n // 2], axis=1)[:, [(n - 1) // 2, n // 2]]
            draw = np.arange(len(r))[:, None]
            sizes = np.abs(r[draw, middle]).mean(axis=1)
            ds = -(np.sign(r[draw, middle])[:, :, None] * x[draw, middle]).mean(axis=1) * (s / sizes)[:, None]
            bend = bend + _along(x, slopes * u - pulls)[:, :, None] * ds[:, None, :]
        step, solved = _solved(bend, s[:, None] * _along(x, pulls))
        step[~solved] = np.nan
        return self.coefficients + step


def settled_draws(problem: Problem, start: Floats, rows: NDArray[np.int64]) -> Floats:
    """Return the coefficients of each draw, (k, p), for rows of shape (k, n); NaN where one does not come to rest.

    It does not where its points do not determine them, or where more than half of them lie on a curve.
    """
    found = np.full((len(rows), len(start)), np.nan)
    left = np.arange(len(rows))
    here = _placed(problem, rows, np.broadcast_to(start, found.shape))
    for _ in range(_ROUNDS):
        going = np.isfinite(here.size)
        rest = here.size <= _REST * (
            np.linalg.norm(here.coefficients, axis=1) + here.scale * np.sqrt(float(rows.shape[1]))
        )
        found[left[rest & going]] = here.coefficients[rest & going]
        left, here = left[going & ~rest], here.some(going & ~rest)
        if not len(left):
            break
        guess = here.guessed()
        there = _placed(problem, here.rows, guess)
        # As in `reweighting.settle`: Newton's method is followed where it brings rest nearer, and not far.
        far = np.linalg.norm(guess - here.coefficients, axis=1) > 10 * here.size
        near = (there.size < here.size / 4) & ~(far & (problem.loss.name != "huber"))
        here = _placed(problem, here.rows, np.where(near[:, None], guess, here.coefficients + here.step))
    return found


def _placed(problem: Problem, rows: NDArray[np.int64], coefficients: Floats) -> _Draws:
    """Where the draws stand at some coefficients; the step is NaN where there is none."""
    x = problem.columns[rows]
    r = problem.y[rows] - (x @ coefficients[:, :, None])[:, :, 0]
    s = np.median(np.abs(r), axis=1) / MAD if problem.known is None else np.full(len(r), problem.known)
    on_curve = 2 * np.count_nonzero(np.abs(r) <= 100 * problem.noise[rows], axis=1) > rows.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = problem.loss.weight(r / s[:, None])
    weights[on_curve] = 0.0
    weighted = x * weights[:, :, None]
    step, solved = _solved(weighted.transpose(0, 2, 1) @ x, _along(weighted, r))
    step[~solved | on_curve] = np.nan
    return _Draws(problem, rows, coefficients, r, s, step)


def _along(x: Floats, r: Floats) -> Floats:
    """XᵀR of each draw."""
    return np.asarray((r[:, None, :] @ x)[:, 0])


def _solved(matrices: Floats, right: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """The solution of each, and whether there is one that is more than rounding."""
    finite: NDArray[np.bool_] = np.isfinite(matrices.sum(axis=(1, 2)) + right.sum(axis=1))
    safe = np.where(finite[:, None, None], matrices, np.eye(matrices.shape[1]))
    singular = np.linalg.svd(safe, compute_uv=False)
    good = finite & (singular[:, -1] > 1e-10 * singular[:, 0])
    safe = np.where(good[:, None, None], safe, np.eye(matrices.shape[1]))
    return np.asarray(np.linalg.solve(safe, right[:, :, None])[:, :, 0], dtype=np.float64), good
