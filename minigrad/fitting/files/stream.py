"""A line through a file of any length, in one pass and constant memory.

One idea: the exact line needs of its points only a small triangle (`solvers/updating.py`), so each block of the
file is folded into it and forgotten. A thinned sample of the points is kept for the eye.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..found import Floats
from ..given import points
from ..result import FitResult
from ..solvers.updating import RowsSoFar
from .reading import Block
from .table import Column

SAMPLE = 2000
"""At least so many points are kept for a picture, and at most twice as many."""


class Named:
    """Numbers with the names of their columns, as `given.points` reads them from any table."""

    def __init__(self, values: Floats, names: Sequence[str]) -> None:
        self._values = values
        if values.ndim == 2:
            self.columns = list(names)
        else:
            self.name = names[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return np.array(self._values, dtype=dtype, copy=bool(copy) or None)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def shape(self) -> tuple[int, ...]:
        return self._values.shape


@dataclass
class Thinned:
    """Every k-th of the rows that pass, k doubling as they grow more: evenly spread, whatever the blocks are."""

    most: int = 2 * SAMPLE
    step: int = 1
    seen: int = 0
    kept: list[Floats] = field(default_factory=list)
    _count: int = 0

    def add(self, values: Floats) -> None:
        """Let the rows of a block pass.

        >>> thinned = Thinned(most=4)
        >>> thinned.add(np.arange(10.0)[:, None]); thinned.add(np.arange(10.0, 13.0)[:, None])
        >>> thinned.rows[:, 0]
        array([ 0.,  4.,  8., 12.])
        """
        first = -self.seen % self.step
        some = values[first :: self.step].copy()
        self.seen += len(values)
        self.kept.append(some)
        self._count += len(some)
        while self._count > self.most:
            self.step *= 2
            self.kept = [np.concatenate(self.kept)[::2]]
            self._count = len(self.kept[0])

    @property
    def rows(self) -> Floats:
        """The rows that were kept."""
        return np.concatenate(self.kept)


def fit_stream(
    blocks: Iterable[Block],
    xs: Sequence[Column],
    y: Column,
    sigma: Column | float | None = None,
    *,
    absolute_sigma: bool = False,
) -> FitResult:
    """Return the line, or plane, of least squares through the rows of a table, which pass once and are not kept.

    The blocks have the columns of x, then that of y, then that of sigma if it is one. The same as `fit_line` of all
    rows, but for `residuals` and the points of the result: those of a thinned sample. Raises ValueError for rows
    that determine no line.
    """
    k = len(xs)
    factor, sample = RowsSoFar(features=k), Thinned()
    for block in blocks:
        if not len(block.values):
            continue
        spread = block.values[:, k + 1] if isinstance(sigma, Column) else sigma
        factor.add(block.values[:, :k], block.values[:, k], spread)
        sample.add(block.values)
    found = factor.found([column.label for column in xs], absolute_sigma=absolute_sigma)
    kept = sample.rows
    given = points(
        Named(kept[:, 0] if k == 1 else kept[:, :k], [column.label for column in xs]),
        Named(kept[:, k], [y.label]),
        sigma=kept[:, k + 1] if isinstance(sigma, Column) else sigma,
    )
    shown = replace(
        found,
        residuals=given.y - found.curve.at(given.x),
        message=f"{found.message}, in one pass over {factor.rows:,} rows",
    )
    return FitResult(given, shown, "mse", absolute_sigma)
