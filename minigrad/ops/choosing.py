"""Choices between elements: `where`, `maximum`, `minimum`, `clip`, `choose`, `select`, and what to take for NaN.

One idea: the gradient goes to what was taken; to the other goes exactly 0, never NaN. A tie gives each half.
"""

import functools
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..gradient import where_taken
from ..graph import apply, array_of
from ..op import Op, by_numpy, implements
from ..place import at, here
from ..value import Value
from .arithmetic import positive
from .taking import nonzero

__all__ = [
    "Choose",
    "Clip",
    "FMax",
    "FMin",
    "Maximum",
    "Minimum",
    "NanToNum",
    "Where",
    "choose",
    "clip",
    "fmax",
    "fmin",
    "maximum",
    "minimum",
    "nan_to_num",
    "select",
    "where",
]


class Maximum(Op, numpy=np.maximum):
    """max(x, y); a tie gives each half"""

    elementwise = True
    masks = True

    def forward(x, y):
        return np.maximum(x, y)

    def dx(g, out, x, y):
        return _to_winner(g, x > y, x < y, x, y, nan_wins=True)

    def dy(g, out, x, y):
        return _to_winner(g, y > x, y < x, y, x, nan_wins=True)


class Minimum(Op, numpy=np.minimum):
    """min(x, y); a tie gives each half"""

    elementwise = True
    masks = True

    def forward(x, y):
        return np.minimum(x, y)

    def dx(g, out, x, y):
        return _to_winner(g, x < y, x > y, x, y, nan_wins=True)

    def dy(g, out, x, y):
        return _to_winner(g, y < x, y > x, y, x, nan_wins=True)


class FMax(Op, numpy=np.fmax):
    """The larger of x and y that is not NaN; a tie gives each half"""

    elementwise = True
    masks = True

    def forward(x, y):
        return np.fmax(x, y)

    def dx(g, out, x, y):
        return _to_winner(g, x > y, x < y, x, y, nan_wins=False)

    def dy(g, out, x, y):
        return _to_winner(g, y > x, y < x, y, x, nan_wins=False)


class FMin(Op, numpy=np.fmin):
    """The smaller of x and y that is not NaN; a tie gives each half"""

    elementwise = True
    masks = True

    def forward(x, y):
        return np.fmin(x, y)

    def dx(g, out, x, y):
        return _to_winner(g, x < y, x > y, x, y, nan_wins=False)

    def dy(g, out, x, y):
        return _to_winner(g, y < x, y > x, y, x, nan_wins=False)


def _to_winner(g, won, lost, x, y, nan_wins):
    """g where x has won, 0 where it has lost, half at a tie or between two NaN; one NaN wins, or it does not."""
    taken = where_taken(won, g)
    if np.count_nonzero(won) + np.count_nonzero(lost) == g.size:  # mostly; the rest takes four times as many passes
        return taken
    clear = won | lost
    nan = x if nan_wins else y
    alone = np.where(nan != nan, g, 0)
    return np.where(clear, taken, np.where((x != x) != (y != y), alone, g / 2))


class Clip(Op):
    """min(max(x, lo), hi); a tie gives each half, and a bound above which hi lies has no slope in x"""

    elementwise = True
    masks = True

    def forward(x, lo, hi):
        return x.clip(lo, hi) if hasattr(x, "clip") else np.clip(x, lo, hi)  # which takes twice the time of a few

    # Where lo >= hi the result is no function of x: at x = lo = hi two ties, one after the other,
    # would give x a quarter although nothing changes with it.
    def dx(g, out, x, lo, hi):
        kept = x == out
        if np.count_nonzero(kept != ((x <= lo) | (x >= hi))) == g.size:  # no ties, no NaN
            return where_taken(kept, g)
        inside = (lo < x) & (x < hi)
        tie = ((x == lo) | (x == hi)) & (lo < hi)
        return np.where(inside | (x != x), g, np.where(tie, g / 2, 0))

    def dlo(g, out, x, lo, hi):
        tie = ((x == lo) & (lo < hi)) | ((x < lo) & (lo == hi))
        return np.where(((x < lo) & (lo < hi)) | (lo != lo), g, np.where(tie, g / 2, 0))

    def dhi(g, out, x, lo, hi):
        tie = ((x == hi) & (lo < hi)) | ((x < lo) & (lo == hi))
        return np.where(tie, g / 2, np.where((x >= hi) | (lo > hi) | (hi != hi), g, 0))


class NanToNum(Op):
    """x, and numbers where it is NaN or infinite, through which no gradient passes"""

    elementwise = True
    masks = True

    def forward(x, nan=0.0, posinf=None, neginf=None):
        if type(x) is np.ndarray and x.dtype.kind == "f" and np.isfinite(x).all():  # a fifth of the time of the rest
            return +x
        return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)

    def dx(g, out, x, nan, posinf, neginf):
        return where_taken(np.isfinite(x), g)


class Where(Op):
    """x where condition, else y"""

    elementwise = True
    masks = True

    def forward(condition, x, y):
        return np.where(condition, x, y)

    def dx(g, out, condition, x, y):
        return where_taken(condition, g)

    def dy(g, out, condition, x, y):
        return where_taken(np.logical_not(condition), g)


class Choose(Op):
    """of several xs the one whose number stands in index, element by element"""

    elementwise = True
    linear = True
    masks = True

    def forward(index, *xs):
        if len(xs) < 32:  # as many as np.choose takes
            dtype = np.result_type(*xs)
            return np.choose(
                index, [x.astype(dtype, copy=False) if hasattr(x, "dtype") else np.asarray(x, dtype) for x in xs]
            )
        return functools.reduce(lambda out, k: np.where(index == k, xs[k], out), range(1, len(xs)), xs[0])

    def dxs(k, g, out, index, *xs):
        return np.where(index == k, g, 0)


def maximum(x: Any, y: Any) -> Any:
    """Return the larger of x and y, element by element; at a tie each gets half the gradient.

    >>> import minigrad as mg
    >>> mg.maximum(mg.tensor([1.0, 5.0]), 3.0)
    Tensor([3., 5.])
    """
    return apply(Maximum, x, y)


def minimum(x: Any, y: Any) -> Any:
    """Return the smaller of x and y, element by element; at a tie each gets half the gradient.

    >>> import minigrad as mg
    >>> mg.minimum(mg.tensor([1.0, 5.0]), 3.0)
    Tensor([1., 3.])
    """
    return apply(Minimum, x, y)


def fmax(x: Any, y: Any) -> Any:
    """Return the larger of x and y that is not NaN; at a tie each gets half the gradient.

    >>> import minigrad as mg
    >>> mg.fmax(mg.tensor([1.0, float("nan")]), 3.0)
    Tensor([3., 3.])
    """
    return apply(FMax, x, y)


def fmin(x: Any, y: Any) -> Any:
    """Return the smaller of x and y that is not NaN; at a tie each gets half the gradient.

    >>> import minigrad as mg
    >>> mg.fmin(mg.tensor([1.0, float("nan")]), 3.0)
    Tensor([1., 3.])
    """
    return apply(FMin, x, y)


@implements(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """Return a where it lies between two bounds, and the bound that it passes elsewhere.

    It is minimum(maximum(a, a_min), a_max): at a bound each of the two gets half the gradient. A bound may be an
    array or a tensor with a gradient of its own, or None. `min` and `max` are NumPy 2's names for the bounds. Raises
    TypeError for one bound by both of its names.

    >>> import minigrad as mg
    >>> x = mg.tensor([-2.0, 0.5, 1.0, 3.0], requires_grad=True)
    >>> mg.clip(x, 0.0, 1.0).sum().backward()
    >>> x.grad
    Tensor([0. , 1. , 0.5, 0. ])
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise TypeError(
            f"clip() got one bound by two names, a_min and min or a_max and max{at(here())}.\n"
            "Write clip(x, lower, upper), or clip(x, min=lower, max=upper)"
        )
    lower = a_min if min is None else min
    upper = a_max if max is None else max
    if upper is None:
        return positive(a) if lower is None else maximum(a, lower)
    return minimum(a, upper) if lower is None else apply(Clip, a, lower, upper)


@implements(np.nan_to_num)
def nan_to_num(x: Any, *, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Return x with numbers for NaN (0 unless told) and ±inf (the largest there are unless told).

    The derivative is 1, and 0 where a number stands for what was none.

    >>> import minigrad as mg
    >>> mg.nan_to_num(mg.tensor([1.0, float("nan"), float("inf")]), posinf=9.0)
    Tensor([1., 0., 9.])
    """
    return apply(NanToNum, x, nan, posinf, neginf)


@implements(np.where)
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Return x where `condition` holds and y elsewhere, all three broadcast; of `condition` alone, where it holds.

    Of numbers, those other than 0 hold. The gradient goes to what was taken; to the other goes exactly 0,
    even if its slope there is infinite or NaN. Where `condition` holds are whole numbers, as `nonzero` gives
    them. Raises ValueError for x without y.

    >>> import minigrad as mg
    >>> x = mg.tensor([0.0, 4.0], requires_grad=True)
    >>> mg.where(x > 0, mg.sqrt(x), 0.0).sum().backward()
    >>> x.grad
    Tensor([0.  , 0.25])
    """
    if x is None or y is None:
        if x is not y:
            raise ShapeError(f"where() was given one of x and y{at(here())}.\nGive both, or neither")
        return nonzero(condition)
    if isinstance(condition, Value) and condition._requires_grad:  # numbers: their truth is a constant
        condition = apply(by_numpy[np.not_equal], condition, 0)
    return apply(Where, condition, x, y)


@implements(np.choose)
def choose(index: Any, choices: Any, *, mode: str = "raise") -> Any:
    """Return choices[index[i]][i]: for each element the one of `choices` whose number stands in `index`.

    The gradient goes to what was taken. A number that is too large or too small raises ValueError, or
    counts on from the other end (mode "wrap"), or means the last or the first (mode "clip").

    >>> import minigrad as mg
    >>> mg.choose([0, 1, 0], [mg.tensor([1.0, 2.0, 3.0]), -1.0])
    Tensor([ 1., -1.,  3.])
    """
    xs = [x if isinstance(x, _NUMBERS) else array_of(x) for x in choices]
    index = index._array if isinstance(index, Value) else np.array(index)
    if index.dtype.kind not in "iub":
        raise TypeError(
            f"choose() takes the numbers of its choices, not {index.dtype}{at(here())}.\n"
            "For a condition: minigrad.where(condition, x, y)"
        )
    if mode == "wrap":
        index = index % len(xs)
    elif mode == "clip":
        index = np.clip(index, 0, len(xs) - 1)
    elif mode != "raise":
        raise ShapeError(f'choose() knows no mode {mode!r}{at(here())}.\nUse "raise", "wrap" or "clip"')
    elif index.size and not 0 <= index.min() <= index.max() < len(xs):
        raise ShapeError(
            f"choose() was asked for number {index.min() if index.min() < 0 else index.max()} "
            f"of {len(xs)} choices{at(here())}.\n"
            'They count from 0; or say mode="wrap" or mode="clip"'
        )
    return apply(Choose, index.astype(np.intp), *xs)


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Return, for each element, the one of `choicelist` whose condition is the first to hold, `default` if none does.

    The gradient goes to what was taken. Raises ShapeError if there are not as many conditions as choices,
    TypeError for conditions that are no truth values.

    >>> import minigrad as mg
    >>> x = mg.tensor([-1.0, 0.5, 3.0])
    >>> mg.select([x < 0, x < 1], [-x, x * x], 1.0)
    Tensor([1.  , 0.25, 1.  ])
    """
    conditions = [c._array if isinstance(c, Value) else np.asarray(c) for c in condlist]
    if len(conditions) != len(choicelist) or not conditions:
        raise ShapeError(
            f"select() was given {len(conditions)} conditions and {len(choicelist)} choices{at(here())}.\n"
            "Give one choice for each condition, and one at least"
        )
    index: Any = len(conditions)
    for n in range(len(conditions) - 1, -1, -1):
        if conditions[n].dtype != bool:
            raise TypeError(
                f"select() takes conditions of truth values, and number {n} is of {conditions[n].dtype}{at(here())}.\n"
                "Compare it: x != 0"
            )
        index = np.where(conditions[n], n, index)
    xs = [x if isinstance(x, _NUMBERS) else array_of(x) for x in (*choicelist, default)]
    return apply(Choose, index, *xs)


_NUMBERS = (bool, int, float)
