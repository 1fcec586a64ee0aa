"""Who is measured: minigrad, NumPy by hand, and whichever rivals are installed.

One idea: a rival is a module name and what its users do once before they compute.
"""

import importlib
import importlib.metadata
import importlib.util
import os
from pathlib import Path

import numpy as np

MODULES = {
    "numpy": "numpy",
    "numpy-fused": "numpy",
    "minigrad": "minigrad",
    "torch": "torch",
    "autograd": "autograd",
    "mygrad": "mygrad",
    "dezero": "dezero",
    "micrograd": "micrograd",
    "jax": "jax",
    "tinygrad": "tinygrad",
    "cupy": "cupy",
    "minigrad-cupy": "cupy",
    "torch-cuda": "torch",
}
"""Every implementation, in the order of the table's columns, and the module it needs."""

EAGER = ("torch", "autograd", "mygrad", "dezero")
"""The rivals that compute on arrays operation by operation, as minigrad does."""

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "NUM_CPU_THREADS": "1",
}
"""Environment of every process that measures. NumPy has one thread outside BLAS, so all get one."""


def installed(name: str) -> bool:
    """Return whether the module that an implementation needs is there (it is not imported)."""
    return importlib.util.find_spec(MODULES[name]) is not None


def set_up(name: str) -> None:
    """Import a rival and do what its users do once, so that all compute in float64 on one thread."""
    if name.startswith("torch"):
        import torch

        torch.set_num_threads(1)
    elif name == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
    elif name == "dezero" and "int" not in vars(np):
        # DeZero 0.0.13 reads np.int while it is imported, and NumPy 2 has none.
        np.int = int  # type: ignore[attr-defined]
    elif name == "tinygrad":
        # Its search for a device hides why none was found; asked for by name, it says so.
        os.environ.setdefault("DEV", "CPU")
    importlib.import_module(MODULES[name])


def versions(names: list[str]) -> dict[str, str]:
    """Return the version of each module that the implementations `names` need."""
    found = {}
    for module in dict.fromkeys(MODULES[name] for name in names):
        packages = importlib.metadata.packages_distributions().get(module, []) if module == "cupy" else [module]
        for package in packages:
            found[package] = importlib.metadata.version(package)
    return found


def gpu_missing() -> str | None:
    """Return why CuPy cannot compute on a GPU here, or None if it can."""
    if not installed("cupy"):
        return "CuPy is not installed" if Path("/dev/nvidia0").exists() else "no GPU"
    import cupy

    try:
        return None if cupy.cuda.runtime.getDeviceCount() else "no GPU"
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"no GPU ({error})"
