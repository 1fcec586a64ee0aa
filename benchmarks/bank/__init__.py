"""Functions whose derivatives are known, to see whether a gradient checker tells right from wrong.

One idea: the truth is mathematics, in 60 digits; nothing here was differentiated by a machine that
is being judged. `ALL` is the functions by name, `GROUPS` how they are counted.
"""

from . import kinks, oscillating, scaled, single, smooth, special, vectors
from .known import Known

GROUPS = (
    "smooth",
    "special",
    "scaled",
    "oscillating",
    "small gradient",
    "near kink",
    "at kink",
    "vector-valued",
    "float32",
)
"""In the order of the table."""

_FUNCTIONS = [
    function
    for module in (smooth, special, scaled, oscillating, kinks, vectors, single)
    for function in module.FUNCTIONS
]


def _by_name(functions: list[Known]) -> dict[str, Known]:
    found: dict[str, Known] = {}
    for function in functions:
        name = function.name if function.name not in found else f"{function.name} ({function.group})"
        if name in found or function.group not in GROUPS:
            raise ValueError(f"two functions are called {name}, or {function.group} is no group")
        found[name] = function
    return found


ALL = _by_name(_FUNCTIONS)
