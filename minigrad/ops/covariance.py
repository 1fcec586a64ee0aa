"""How variables move together: cov, corrcoef.

One idea: with each variable less its mean, a covariance is a matrix product.
"""

from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import array_of
from ..op import implements
from ..place import at, here
from ..value import Value
from .exponential import sqrt
from .joining import concatenate
from .reduction import mean
from .shape import atleast_2d, squeeze

__all__ = [
    "corrcoef",
    "cov",
]


@implements(np.cov)
def cov(m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None) -> Any:
    """Return the covariances of the variables in the rows of m, with those of y below them: a number of one variable.

    With `rowvar` False the variables are columns. Sums are divided by n - 1, with `bias` by n, with `ddof` by
    n - ddof. Raises ShapeError for more than two axes, and where no more than ddof observations are there.

    >>> import minigrad as mg
    >>> mg.cov(mg.tensor([[1.0, 2.0, 3.0], [6.0, 4.0, 2.0]]))
    Tensor([[ 1., -2.],
            [-2.,  4.]])
    """
    x = _variables("cov", "m", m, y, rowvar)
    free = x.shape[1] - (ddof if ddof is not None else 0 if bias else 1)
    if free <= 0:
        raise ShapeError(
            f"cov() of {x.shape[1]} observations has {free} degrees of freedom{at(here())}.\n"
            "Give more of them; where observations are rows, rowvar=False; or divide by their number: bias=True"
        )
    return _covariances(x, free)


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """Return the correlations of the variables in the rows of x, with those of y below them: see `cov`.

    The derivative by a variable that does not vary is NaN, as its correlations are. Raises as `cov` does.

    >>> import minigrad as mg
    >>> mg.corrcoef(mg.tensor([1.0, 2.0, 3.0]), mg.tensor([6.0, 4.0, 2.0]))
    Tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    x = _variables("corrcoef", "x", x, y, rowvar)
    if x.shape[1] < 2:
        raise ShapeError(
            f"corrcoef() of {x.shape[1]} observations, and a variable varies over two or more{at(here())}.\n"
            "Give more of them; where observations are rows, rowvar=False"
        )
    c = _covariances(x, x.shape[1] - 1)
    if not c.shape:
        return c / c
    spread = sqrt(c.diagonal())
    r = c / spread[:, None] / spread[None, :]
    value = r._array if isinstance(r, Value) else r
    return r - (value - value.clip(-1, 1))  # what rounding put beyond 1 is taken off; it has no slope


def _covariances(x: Any, free: int) -> Any:
    """Those of the variables in the rows of x, with `free` degrees of freedom."""
    away = x - mean(x, 1, keepdims=True)
    return squeeze(away @ away.T / free)


def _variables(called: str, name: str, x: Any, y: Any, rowvar: bool) -> Any:
    """The variables of x as rows, with those of y below them; `name` is what x is to `called`."""
    x = _rows(called, name, x, rowvar)
    if y is None:
        return x
    y = _rows(called, "y", y, rowvar or np.shape(y)[:1] == (1,))  # one row is one variable either way
    if y.shape[1] != x.shape[1]:
        raise ShapeError(
            f"{called}() of {x.shape[1]} observations of {name} and {y.shape[1]} of y{at(here())}.\n"
            "Give as many of each; where observations are rows, rowvar=False"
        )
    return concatenate([x, y])


def _rows(called: str, name: str, x: Any, rowvar: bool) -> Any:
    """The variables of one array as rows."""
    x = array_of(x)
    if x.ndim > 2:
        raise ShapeError(
            f"{called}() is of variables and observations, two axes; {name} has shape {x.shape}{at(here())}.\n"
            f"Of each matrix by itself: minigrad.stack([minigrad.{called}(m) for m in {name}])"
        )
    x = x.astype(np.result_type(x.dtype, float))  # as NumPy: in twice the digits of float32
    return atleast_2d(x).T if not rowvar and x.ndim == 2 else atleast_2d(x)
