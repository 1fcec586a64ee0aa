"""What a check has found out: the slopes a backward pass claims, and the slopes that were measured.

One idea: every check fills the same two matrices. A row is a way to weigh the outputs, a column
a way to move the inputs, mostly one element each; reverse mode gives the rows of what is claimed,
forward mode the columns, and the differences do not care.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np


class Verdict(IntEnum):
    """What may be said of one claimed slope."""

    WRONG = -1
    UNKNOWN = 0
    RIGHT = 1


STATUSES = ("smooth", "kink", "jump", "noisy", "quantised", "infinite", "undefined", "untried")
"""How a function goes along a direction, as far as its values show.

`untried` marks a joint direction in a row that has an element nobody could judge: it counts for nothing.
"""


class Leaf(NamedTuple):
    """One array among the arguments or the results, and what the caller would write for it."""

    path: str
    """`x`, `params["w"]`, `out`, `out[1]`."""
    array: np.ndarray[Any, Any]


@dataclass(frozen=True)
class Direction:
    """One element of one leaf, or all leaves at once."""

    steps: tuple[np.ndarray[Any, Any], ...]
    """An array for each leaf, of its shape."""
    leaf: int | None = None
    """The leaf of the one element; None if many move."""
    index: tuple[int, ...] = ()
    """The index of the one element in its leaf."""
    name: str = ""
    """What to call it if many move: `all ones`, `random`."""


@dataclass
class Evidence:
    """The claimed and the measured slopes of one function at one point."""

    name: str
    """The function's, as a reader would say it: `maximum`."""
    call: str
    """How to ask for this check again, up to the arguments: `check_grad(mg.maximum`."""
    inputs: list[Leaf]
    outputs: list[Leaf]
    rows: list[Direction]
    columns: list[Direction]
    actual: np.ndarray[Any, Any]
    """(rows, columns): what the code under test says."""
    desired: np.ndarray[Any, Any]
    """(rows, columns): what the differences say. At a kink, the middle of the interval of slopes."""
    uncertainty: np.ndarray[Any, Any]
    """(rows, columns): the error bar of `desired`. At a kink, half the interval."""
    allowed: np.ndarray[Any, Any]
    """(rows, columns): how far apart the two may be."""
    left: np.ndarray[Any, Any]
    """(rows, columns): the slope from the left, NaN where it was not looked at."""
    right: np.ndarray[Any, Any]
    """(rows, columns): the slope from the right, NaN where it was not looked at."""
    status: np.ndarray[Any, Any]
    """(rows, columns): strings, of STATUSES."""
    verdict: np.ndarray[Any, Any]
    """(rows, columns): integers, of Verdict."""
    rtol: float = 0.0
    """The relative error a backward pass is allowed: sqrt(eps) of its dtype, unless the caller said less."""
    fast: int = 0
    """How many columns the fast path accepted, without a ladder."""
    evaluations: int = 0
    steps: tuple[float, float] = (0.0, 0.0)
    """The largest and the smallest step taken."""
    constant: bool = False
    """Whether no value ever changed, near or far."""
    contracts: list[str] = field(default_factory=list)
    """The contracts that were found to hold: `shape`, `dtype`, `linear`, ..."""
    arguments: tuple[Any, ...] = ()
    """The arguments of the check as the caller gave them, for the line to paste."""
    keywords: dict[str, Any] = field(default_factory=dict)
    """The keyword arguments of the check that were not the defaults, for the line to paste."""
