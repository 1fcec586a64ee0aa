"""Random tensors, from one generator that can be seeded.

One idea: there is a single generator a process, NumPy's PCG64 (CuPy's on a GPU), and
`manual_seed` restarts it: the same seed gives the same numbers.
"""

from typing import Any

import numpy as np

from .backend import Array, default_backend, library
from .errors import DtypeError
from .making import _made
from .place import at, here
from .tensor import Tensor

_generators: dict[str, Any] = {}
_seed: int | None = None


def _generator(backend: str | None) -> Any:
    name = backend or default_backend()
    if name not in _generators:
        _generators[name] = library(name).random.default_rng(_seed)
    return _generators[name]


def manual_seed(seed: int) -> None:
    """Restart the generator at `seed`: the numbers drawn from here on are the same each time.

    Raises ValueError or TypeError, as NumPy does, unless the seed is a whole number that is not negative.

    >>> import minigrad as mg
    >>> mg.manual_seed(0)
    >>> first = mg.rand(2)
    >>> mg.manual_seed(0)
    >>> bool((first == mg.rand(2)).numpy().all())
    True
    """
    global _seed
    np.random.SeedSequence(seed)  # refuses what is no seed
    _generators.clear()
    _seed = seed


def rand(*shape: int, requires_grad: bool = False, dtype: Any = float, backend: str | None = None) -> Tensor:
    """Return numbers drawn evenly from [0, 1).

    `rand(2, 3)` has the shape (2, 3), and so has `rand((2, 3))`. `dtype` is float64 unless it is float32 or float16;
    `requires_grad` and `backend` are those of `tensor`. Raises DtypeError for any other dtype.

    >>> import minigrad as mg
    >>> mg.rand(2, 3).shape
    (2, 3)
    """
    return _made(_drawn("random", shape, dtype, backend), requires_grad)


def randn(*shape: int, requires_grad: bool = False, dtype: Any = float, backend: str | None = None) -> Tensor:
    """Return numbers drawn from the normal distribution with mean 0 and standard deviation 1.

    Arguments and errors are those of `rand`.

    >>> import minigrad as mg
    >>> mg.randn(2, 3).shape
    (2, 3)
    """
    return _made(_drawn("standard_normal", shape, dtype, backend), requires_grad)


def normal(
    mean: float, std: float, shape: Any, *, requires_grad: bool = False, dtype: Any = float, backend: str | None = None
) -> Tensor:
    """Return numbers drawn from the normal distribution of the given mean and standard deviation.

    `shape` is an integer or a tuple of them; the other arguments are those of `rand`. Raises ValueError for a
    negative standard deviation, DtypeError for a dtype that is not of floats.

    >>> import minigrad as mg
    >>> mg.normal(0.0, 1.0, (2, 3)).shape
    (2, 3)
    """
    if not std >= 0:
        raise ValueError(f"normal() was given the standard deviation {std}{at(here())}.\nIt is a number, not negative")
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    array = mean + std * _drawn("standard_normal", shape, dtype, backend)
    return _made(array.astype(dtype, copy=False), requires_grad)


def _drawn(distribution: str, shape: tuple[Any, ...], dtype: Any, backend: str | None) -> Array:
    """Draw in the dtype itself: a float64 just below 1, rounded to float32, would be 1."""
    dtype = np.dtype(dtype)
    if dtype not in (np.float16, np.float32, np.float64):
        raise DtypeError(f"random numbers are real numbers, not {dtype}{at(here())}.\nUse dtype=float, then .astype()")
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])  # rand((2, 3)) means rand(2, 3)
    drawn = np.dtype(np.float32) if dtype == np.float16 else dtype  # no generator draws float16
    array = library(backend).asarray(getattr(_generator(backend), distribution)(shape, dtype=drawn))
    if dtype == np.float16 and distribution == "random":
        array = library(backend).floor(array * 2048) / 2048  # the multiples of 2⁻¹¹, all exact in float16
    return array.astype(dtype, copy=False)
