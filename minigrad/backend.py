"""Which array library: NumPy on the CPU, CuPy on a GPU.

One idea: an operation runs where its arrays live, so nothing here is asked
while computing. A default is needed only where new arrays are made: the
`backend=` argument, else the innermost `with backend.use("cupy")`, else the
environment variable `MINIGRAD_BACKEND`, else NumPy. CuPy is imported when it is
asked for, never before.
"""

import os
import sys
from contextvars import ContextVar
from types import ModuleType
from typing import Any, Self

import numpy as np

from .errors import BackendError
from .place import at, here, name_of

Array = Any
"""An array of whichever library: a NumPy, CuPy or Dask array. Their types share no base class."""

NAMES = ("numpy", "cupy")

_chosen: ContextVar[str | None] = ContextVar("minigrad_backend", default=None)


def default_backend() -> str:
    """Return the name of the library in which new tensors are made.

    Raises BackendError if `MINIGRAD_BACKEND` names none.

    >>> import minigrad as mg
    >>> mg.backend.default_backend()
    'numpy'
    """
    name = _chosen.get()
    if name is not None:
        return name
    return _known(os.environ.get("MINIGRAD_BACKEND") or "numpy", "MINIGRAD_BACKEND")


class use:
    """Make new tensors in the library `name`, inside a `with` block.

    Raises BackendError if the library is unknown, not installed, or has no device.

    >>> import minigrad as mg
    >>> with mg.backend.use("numpy"):
    ...     mg.zeros(2)
    Tensor([0., 0.])
    """

    __slots__ = ("_before", "_name")

    def __init__(self, name: str) -> None:
        library(name)
        self._name = name
        self._before: list[str | None] = []

    def __enter__(self) -> Self:
        self._before.append(_chosen.get())
        _chosen.set(self._name)
        return self

    def __exit__(self, *error: object) -> None:
        _chosen.set(self._before.pop())


def library(name: str | None = None) -> ModuleType:
    """Return the array library called `name` ("numpy" or "cupy"), or the default one.

    Raises BackendError if it is unknown, not installed, or has no device.

    >>> import minigrad as mg
    >>> mg.backend.library("numpy").__name__
    'numpy'
    """
    name = default_backend() if name is None else _known(name, "backend")
    return np if name == "numpy" else _cupy()


def library_of(array: Array) -> ModuleType:
    """Return the library an array belongs to; Python and NumPy scalars belong to NumPy.

    Raises BackendError for an array of no known library.

    >>> import minigrad as mg
    >>> mg.backend.library_of(mg.zeros(3).data).__name__
    'numpy'
    """
    if isinstance(array, (np.ndarray, np.generic, bool, int, float)):
        return np
    root = type(array).__module__.partition(".")[0]
    module = sys.modules.get(root)
    if module is None or not (hasattr(module, "asarray") and hasattr(module, "array")):  # torch has no array
        raise BackendError(
            f"no array library is known for {type(array).__qualname__}: minigrad computes on NumPy and CuPy arrays"
            f"{at(here())}.\n"
            f"Convert it first, minigrad.tensor(numpy.asarray({name_of(lambda v: v is array, 'x')})), "
            f"or share its memory: minigrad.from_dlpack({name_of(lambda v: v is array, 'x')})"
        )
    return module


def to_numpy(array: Array) -> Any:
    """Return the array as a NumPy array, copied from the GPU if it lives there.

    >>> import minigrad as mg
    >>> mg.backend.to_numpy(mg.ones(2).data)
    array([1., 1.])
    """
    return array.get() if library_of(array).__name__ == "cupy" else np.asarray(array)


def move(array: Array, name: str) -> Array:
    """Return the array in the library `name`; it is copied only if it lives elsewhere.

    Raises BackendError if that library is unknown, not installed, or has no device.

    >>> import minigrad as mg
    >>> mg.backend.move(mg.ones(2).data, "numpy")
    array([1., 1.])
    """
    target = library(name)
    if library_of(array) is target:
        return array
    return target.asarray(to_numpy(array))


def check_same_library(*arrays: Array) -> None:
    """Raise BackendError if some arrays live on the CPU and some on the GPU."""
    names = {library_of(a).__name__ for a in arrays if hasattr(a, "dtype") and hasattr(a, "shape")}
    if len(names) > 1:
        raise BackendError(
            f"this operation mixes arrays of {' and '.join(sorted(names))}: one lives on the CPU, one on the GPU"
            f"{at(here())}.\n"
            'Move one of them first: x.to("cupy") or x.to("numpy")'
        )


def _known(name: str, source: str) -> str:
    if name not in NAMES:
        raise BackendError(
            f"{source} is {name!r}, which is not an array library minigrad knows{at(here())}.\nUse one of {NAMES}"
        )
    return name


def _cupy() -> ModuleType:
    try:
        import cupy
    except ImportError as error:
        raise BackendError(
            "the cupy backend was asked for, but CuPy is not installed.\n"
            'Install it for your CUDA version: pip install "minigrad[cuda12]" or pip install "minigrad[cuda13]"'
        ) from error
    try:
        count = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise BackendError(
            f"the cupy backend was asked for, but CuPy finds no usable GPU: {error}.\n"
            "Install the NVIDIA driver and the CuPy that fits it (minigrad[cuda12] or minigrad[cuda13]), "
            'or use backend="numpy"'
        ) from error
    if count == 0:
        raise BackendError(
            "the cupy backend was asked for, but this machine shows no GPU.\n"
            'Check nvidia-smi and CUDA_VISIBLE_DEVICES, or use backend="numpy"'
        )
    return cupy  # type: ignore[no-any-return]  # CuPy ships no types
