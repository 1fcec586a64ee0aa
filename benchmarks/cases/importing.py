"""The time to import, in a fresh process, above NumPy's own: NumPy is imported before the clock starts.

The figure of `numpy` is its own import, in the same processes.
"""

import os
import subprocess
import sys

from ..case import Case
from ..rivals import MODULES

case = Case(
    "import",
    "time to import in a fresh process that has imported NumPy (numpy: its own import)",
    sizes=(1,),
    tiny=(1,),
    measures="import",
)

for _name in ("numpy", "minigrad", "torch", "autograd", "mygrad", "dezero", "micrograd", "jax", "tinygrad"):
    # Measured from outside, below; there is nothing to step through.
    case.implementations[_name] = lambda size: (lambda: None, lambda: [])

_PROGRAM = """
import importlib, time
start = time.perf_counter()
import numpy
then = time.perf_counter()
numpy.int = int
importlib.import_module({module!r})
print(then - start, time.perf_counter() - then)
"""


def seconds(name: str, limit: float) -> float:
    """Return how long a fresh process takes to import an implementation's module."""
    module = "micrograd.engine" if name == "micrograd" else MODULES[name]
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(module=module)],
        # Installed packages come with their bytecode; a checkout must be allowed to write its own.
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        capture_output=True,
        text=True,
        timeout=limit,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    of_numpy, of_module = done.stdout.split()
    return float(of_numpy if name == "numpy" else of_module)
