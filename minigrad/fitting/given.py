"""What was given to a fit: points, their errors, their names; checked once, in float64.

One idea: bad input never yields a line. Whatever a fit cannot use is refused here, by a
sentence that says which number, in which row, and what to write instead; behind this file
all numbers are finite, all lengths agree, and a sigma is one standard deviation.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import minigrad as mg

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """Points to fit: x of shape (n,), or (n, k) for k features; y of shape (n,), or (n, m) for m outputs.

    `sigma` and `sigma_x` are standard deviations of y and x, of shape (n,), or None where they
    were not given. `rows` are the numbers of the rows, as given, that are left.
    """

    x: Floats
    y: Floats
    sigma: Floats | None
    sigma_x: Floats | None
    x_names: tuple[str, ...]
    y_names: tuple[str, ...]
    rows: NDArray[np.intp]
    given: int
    """How many rows there were before bad ones were left out."""

    @property
    def n(self) -> int:
        """The number of points."""
        return len(self.y)

    @property
    def weights(self) -> Floats | None:
        """1/sigma², or None where no sigma was given."""
        return None if self.sigma is None else 1 / self.sigma**2

    def take(self, rows: Any) -> "Points":
        """Return the points at some rows, by index or mask; an index may come twice."""

        def some(array: Floats | None) -> Any:
            return None if array is None else array[rows]

        return replace(
            self,
            x=self.x[rows],
            y=self.y[rows],
            sigma=some(self.sigma),
            sigma_x=some(self.sigma_x),
            rows=self.rows[rows],
        )


def points(
    x: ArrayLike,
    y: ArrayLike,
    *,
    sigma: ArrayLike | None = None,
    sigma_x: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    skip_bad: bool = False,
) -> Points:
    """Return the points that were given, checked.

    `x` has n numbers, or n rows of k features; `y` n numbers, or n rows of m outputs. `sigma` and `sigma_x` are
    one standard deviation each, a number for all points or one for each; `weights` means 1/sigma², and sigma or
    weights are given, not both. `skip_bad` leaves rows with NaN or infinity out. Raises ValueError for numbers
    that are not finite (a masked value is not), for lengths that differ, for row labels of tables in another order,
    for a sigma that is not above 0, and for no points at all; TypeError for what holds no numbers.

    >>> points([0, 1, 2], [1.0, 2.0, 4.0], sigma=0.5).weights
    array([4., 4., 4.])
    """
    if sigma is not None and weights is not None:
        raise ValueError(
            "sigma and weights were both given, and weights mean 1/sigma².\n"
            "Give one of them: sigma is one standard deviation"
        )
    _check_labels({"x": x, "y": y, "sigma": sigma, "sigma_x": sigma_x, "weights": weights})
    xs, ys = _numbers("x", x, axes=2), _numbers("y", y, axes=2)
    x_names, y_names = _names(x, "x", xs), _names(y, "y", ys)
    if len(xs) != len(ys):
        raise ValueError(f"x has {_count(len(xs))} and y {_count(len(ys))}.\nEach point needs one of each")
    n = len(ys)
    if n == 0:
        raise ValueError(
            "x and y are empty: there are no points to fit.\nA line needs two points, and its errors three"
        )
    spread = None if sigma is None else _deviations("sigma", sigma, n)
    if weights is not None:
        spread = _from_weights(weights, n)
    spread_x = None if sigma_x is None else _deviations("sigma_x", sigma_x, n)
    columns = {"x": xs, "y": ys, "sigma": spread, "sigma_x": spread_x}
    good = np.ones(n, dtype=bool)
    for name, column in columns.items():
        if column is None:
            continue
        fine: NDArray[np.bool_] = np.isfinite(column)
        if fine.ndim == 2:
            fine = np.logical_and.reduce(fine, axis=1)
        if not fine.all() and not skip_bad:
            raise ValueError(_not_finite("weights" if name == "sigma" and weights is not None else name, column, fine))
        good &= fine
    if not good.any():
        raise ValueError(f"none of the {_count(n, 'row')} is finite in every column: there is nothing to fit")
    for name, column in (("sigma", spread), ("sigma_x", spread_x)):
        if column is not None and not (column[good] > 0).all():
            row = int(np.flatnonzero(good & ~(column > 0))[0])
            raise ValueError(
                f"{name} is {column[row]:g} in row {row + 1} of {n}, and a standard deviation is above 0.\n"
                "Give each point its own error, or leave the point out"
            )
    found = Points(xs, ys, spread, spread_x, x_names, y_names, np.arange(n), n)
    return found if good.all() else found.take(good)


def _not_finite(name: str, column: Floats, fine: NDArray[np.bool_]) -> str:
    """The sentence for a column with NaN or infinity in it."""
    n = len(column)
    nan, inf = int(np.isnan(column).sum()), int(np.isinf(column).sum())
    kinds = " and ".join(f"{count} {kind}" for count, kind in ((nan, "NaN"), (inf, "inf")) if count)
    row = int(np.flatnonzero(~fine)[0]) + 1
    first = f"row {row} of {n}" if nan + inf == 1 else f"the first in row {row} of {n}"
    it = "it" if nan + inf == 1 else "such rows"
    return f"{name} has {kinds} ({first}); pass skip_bad=True to leave {it} out"


def as_array(name: str, values: Any) -> Any:
    """Return what was given as an array: out of the graph that it may be in, a masked value as NaN.

    Raises TypeError for what NumPy cannot read; ValueError for rows that differ in length, and for numbers that are
    too large.
    """
    if values is None:
        raise TypeError(f"{name} is None, and numbers are needed")
    if hasattr(values, "detach"):
        values = values.detach()
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan) if np.ma.is_masked(values) else values.data
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} is no array of numbers: its rows differ in length.\n{error}") from None
    except (TypeError, RuntimeError) as error:
        if isinstance(error, mg.MinigradError):
            raise
        raise TypeError(f"NumPy cannot read {name}, of type {type(values).__name__}: {error}") from None
    if array.dtype == object:
        try:
            array = array.astype(np.float64)
        except OverflowError:
            raise ValueError(
                f"{name} has a number that is too large for float64, which ends at 1.8e308.\nGive {name} in other units"
            ) from None
        except (TypeError, ValueError):
            wrong = _first_wrong(array)
            said = repr(wrong).partition("\n")[0]
            raise TypeError(f"{name} must hold numbers, and holds {said}{_instead_of(wrong, name)}") from None
    if array.dtype.kind == "b":
        array = array.astype(np.float64)
    if array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must hold numbers, not {array.dtype}{_instead(array, name)}")
    return array


def _numbers(name: str, values: Any, axes: int = 1) -> Floats:
    """The values as a float64 array of one axis, or of up to `axes`."""
    array = as_array(name, values)
    if not 1 <= array.ndim <= axes:
        shapes = "(n,)" if axes == 1 else "(n,) or (n, k)"
        raise ValueError(f"{name} has the shape {array.shape}, not {shapes}.\nFor a column: {name}.reshape(-1)")
    if array.ndim == 2 and array.shape[1] == 0:
        raise ValueError(f"{name} has the shape {array.shape}: rows without a number in them")
    found: Floats = array.astype(np.float64, order="F")  # column by column: 4 to 20 times faster to look through
    return found


def _first_wrong(array: Any) -> Any:
    """The first element that is no number."""
    for item in array.ravel():
        try:
            float(item)
        except (TypeError, ValueError):
            return item
    return array.ravel()[0]


def _instead_of(wrong: Any, name: str) -> str:
    """What to write instead of an object that is no number."""
    if hasattr(wrong, "timestamp"):
        return f".\nGive seconds: [moment.timestamp() for moment in {name}]"
    if hasattr(wrong, "toordinal"):
        return f".\nGive days: [day.toordinal() for day in {name}]"
    if hasattr(wrong, "toarray"):
        return f".\nGive all of its numbers: {name}.toarray()"
    if isinstance(wrong, Iterable) and not isinstance(wrong, str | bytes | Mapping | Set):
        return f".\nGive what can be read more than once: list({name})"
    return ""


def _instead(array: Any, name: str) -> str:
    if array.dtype.kind == "M":
        return f".\nGive seconds or days: ({name} - {name}[0]) / np.timedelta64(1, 's')"
    if array.dtype.kind == "m":
        return f".\nGive seconds or days: {name} / np.timedelta64(1, 's')"
    if array.dtype.kind == "c":
        return f".\nFit the real part and the imaginary part: {name}.real, {name}.imag"
    if array.dtype.kind in "US":
        return f".\nConvert it first: np.asarray({name}, dtype=float)"
    return ""


def _check_labels(columns: dict[str, Any]) -> None:
    """Refuse columns of tables whose rows have the same labels in another order: by place they would not belong."""
    seen: tuple[str, Any] | None = None
    for name, column in columns.items():
        labels: Any = getattr(column, "index", None)
        if not hasattr(labels, "equals"):
            continue
        if seen is None:
            seen = name, labels
        elif len(labels) == len(seen[1]) and not labels.equals(seen[1]) and bool(labels.isin(seen[1]).all()):
            raise ValueError(
                f"{seen[0]} and {name} have the same row labels in another order, and points are taken row by row.\n"
                f"Bring them in line: {name}.reindex({seen[0]}.index); or take the rows as they are: {name}.to_numpy()"
            )


def _deviations(name: str, values: Any, n: int) -> Floats:
    """Standard deviations, one for each of n points."""
    array = as_array(name, values)
    if array.ndim == 0:
        array = np.full(n, float(array))
    found = _numbers(name, array)
    if len(found) != n:
        raise ValueError(
            f"{name} has {_count(len(found))} for {_count(n, 'point')}.\nGive one number, or one for each point"
        )
    return found


def _from_weights(values: ArrayLike, n: int) -> Floats:
    """Standard deviations from weights: 1/√w. A weight of 0 is refused: such a point is to be left out."""
    weights = _deviations("weights", values, n)
    if (weights <= 0).any():
        row = int(np.flatnonzero(weights <= 0)[0])
        raise ValueError(
            f"weights is {weights[row]:g} in row {row + 1} of {n}; a weight is 1/sigma², above 0.\n"
            "Leave points without weight out: x[w > 0], y[w > 0], weights=w[w > 0]"
        )
    return np.where(np.isinf(weights), np.inf, 1 / np.sqrt(weights))  # refused by name, or left out


def _names(values: Any, otherwise: str, numbers: Floats) -> tuple[str, ...]:
    """The names of columns: those that a table brings along, else x, or x1, x2, ..."""
    columns = getattr(values, "columns", None)
    if columns is not None:
        return tuple(str(name) for name in columns)
    if numbers.ndim == 2:
        return tuple(f"{otherwise}{k + 1}" for k in range(numbers.shape[1]))
    name = getattr(values, "name", None)
    return (str(name) if isinstance(name, str) and name else otherwise,)


def _count(n: int, noun: str = "number") -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
