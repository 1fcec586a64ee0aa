"""Coordinates in which to descend to any curve, and the way back.

One idea: a parameter is told in units of what moves the curve by the spread of y, seen from the start. There its loss
curves by 2 along each parameter, where the curve is straight; how much they hinder each other no unit can say.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

import minigrad as mg

from ...errors import OptimiserError
from ...place import at, here
from ..found import Found
from ..solvers.levenberg import Ending
from ..solvers.task import ModelCurve, Task
from .coordinates import Batch, root_mean_square
from .criterion import Criterion, bend_of

Floats = NDArray[np.float64]


class Scaled:
    """The free parameters of a task: p = start + unit · q, where q is descended from 0; or p as it is.

    See `coordinates.Coordinates`. Raises OptimiserError for distances, where each point has an x of its own to find.
    """

    def __init__(self, task: Task, exact: Found, standardize: bool) -> None:
        if task.distance:
            raise OptimiserError(
                f"each point has an x of its own to find, and a descent moves the parameters alone{at(here())}.\n"
                'Take solver="lm", or leave sigma_x out'
            )
        self.task, self.exact, self.n, self.names = task, exact, task.given.n, exact.names
        y, sigma = task.given.y, task.given.sigma
        free = list(task.free)
        start = np.array(task.start[free])
        if task.loss == "tukey":  # flat far away: there it has no slope to go down by
            start = np.array(replace(task, loss="huber").solved().values[free])
        curve, columns = task.rows().at(task.all_of(start))
        slopes = columns()
        self.size = 1.0
        self.start, self.units = np.zeros(len(free)), np.ones(len(free))
        first: list[float] = start.tolist()
        if standardize:
            self.size = root_mean_square(y - y.mean()) or 1.0
            lengths = np.sqrt(np.mean(slopes**2, axis=0))
            known = np.isfinite(lengths) & (lengths > 0)
            self.start = start
            self.units = np.where(known, self.size / np.where(known, lengths, 1.0), np.abs(start) + (start == 0))
            first = [0.0] * len(free)
        self.tensors = [mg.tensor(value, requires_grad=True) for value in first]
        typical = 1.0 if sigma is None else root_mean_square(1 / sigma)
        bend = bend_of(task.loss, exact) / (self.size * typical)
        factors = None if sigma is None else 1 / sigma / typical
        self.criterion = Criterion(task.loss, factors, self.size * (typical if callable(task.loss) else 1.0), bend)
        self.unit = self.criterion.unit
        with np.errstate(all="ignore"):  # where it is not finite descent cannot start, and says so
            self.terms = list(self.criterion.terms(slopes * self.units / self.size, (curve - y) / self.size)[:, 0])
        with mg.no_grad():
            self.exact_loss = self.unit * float(self.criterion(mg.tensor(-exact.residuals / self.size)).item())

    def _free(self, tensors: Sequence[Any]) -> list[Any]:
        """The free parameters, of numbers or of tensors."""
        return [
            start + unit * q for start, unit, q in zip(self.start.tolist(), self.units.tolist(), tensors, strict=True)
        ]

    def loss(self, rows: Batch) -> Any:
        """Return the loss over some points, None for all."""
        task = self.task
        values: list[Any] = task.start.tolist()
        for k, value in zip(task.free, self._free(self.tensors), strict=True):
            values[k] = value
        y = task.given.y
        if rows is None:
            return self.criterion((task.model(task.x, values) - y) / self.size)
        if task.view.whole is not None:  # x has no rows that could be taken
            return self.criterion(((task.model(task.x, values) - y) / self.size)[rows], rows)
        return self.criterion((task.model(task.view(task.given.x[rows]), values) - y[rows]) / self.size, rows)

    def confine(self) -> None:
        """Move the parameters back into their bounds."""
        limits = self.task.limits()
        if limits is None:
            return
        low, high = (limits.low - self.start) / self.units, (limits.high - self.start) / self.units
        for tensor, below, above in zip(self.tensors, low, high, strict=True):
            if not below <= tensor._array <= above:
                tensor.data = np.clip(tensor._array, below, above)[()]

    def reported(self, values: Sequence[Any]) -> Floats:
        """Return all parameters."""
        return np.array(self.task.all_of(np.array(self._free(values), dtype=np.float64)))

    def found(self, values: Sequence[Any]) -> Found:
        """Return the same, and what follows from them: errors by the Jacobian there, a robust loss keeps its own."""
        task, exact = self.task, self.exact
        free = np.array(self._free(values), dtype=np.float64)
        limits = task.limits()
        with np.errstate(all="ignore"):
            residuals = task.residuals(free)
            columns = task.scaled(task.rows().at(task.all_of(free))[1]())
            held = np.zeros(len(free), dtype=bool) if limits is None else limits.pushed(free, residuals @ columns)
            cost = float(residuals @ residuals)
            spread = 1.0 if task.absolute_sigma and task.given.sigma is not None else np.nan
            if np.isnan(spread) and exact.dof > 0:
                spread = cost / exact.dof
            place: Any = None  # asked for by distances alone
            ending = Ending(free, place, True, "", 0, held=held, rank=self.n - exact.dof)
            found = task.found(ending, "", columns, spread, float(np.sqrt(spread)), cost)
        if task.loss != "mse":
            assert isinstance(found.curve, ModelCurve)
            curve = found.curve.with_covariance(exact.cov)
            found = replace(found, cov=exact.cov, scale=exact.scale, curve=curve)
        return found
