"""Gradient testing, for minigrad's gradients and anybody else's.

>>> import numpy as np
>>> from minigrad.testing import check_vjp
>>> def forward(x):
...     return x / np.sqrt(1 + x * x)
>>> def vjp(g, out, x):
...     return g * (1 + x * x) ** -1.5
>>> bool(check_vjp(forward, vjp, np.array([0.0, -3.0, 1e6])))
True

One idea: a numerical derivative is evidence only with its error bar. `ladder.py` measures both,
`judge.py` says right, wrong or cannot tell, `check.py` asks the questions, `contracts.py` asks
those that are not about numbers. The checkers need NumPy alone; `strategies`, `op_spec` and
`property_test` need Hypothesis and are imported when first used.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..absent import absent

if TYPE_CHECKING:
    from . import strategies
    from .adapters import from_autograd, from_jax, from_mygrad, from_pair, from_torch
    from .adjoint import check_adjoint
    from .against import check_against
    from .check import check_grad, check_vjp
    from .errors import GradientMismatch, InconclusiveError, UncheckableError
    from .forward_mode import check_jvp
    from .jacobian import NumericJacobian, numeric_jacobian
    from .property import property_test
    from .report import GradReport
    from .second_order import check_grad_grad
    from .spec import OpCase, OpSpec, op_spec

_HOME = {
    "GradReport": "report",
    "GradientMismatch": "errors",
    "InconclusiveError": "errors",
    "NumericJacobian": "jacobian",
    "OpCase": "spec",
    "OpSpec": "spec",
    "UncheckableError": "errors",
    "check_adjoint": "adjoint",
    "check_against": "against",
    "check_grad": "check",
    "check_grad_grad": "second_order",
    "check_jvp": "forward_mode",
    "check_vjp": "check",
    "from_autograd": "adapters",
    "from_jax": "adapters",
    "from_mygrad": "adapters",
    "from_pair": "adapters",
    "from_torch": "adapters",
    "numeric_jacobian": "jacobian",
    "op_spec": "spec",
    "property_test": "property",
}
"""In which file each public name lives: it is read when the name is first used."""

_TORCHES = {
    "check": "check_grad(f, x)",
    "gradcheck": "check_grad(f, x)",
    "gradgradcheck": "check_grad_grad(f, x)",
    "check_grads": "check_grad(f, x)",
    "check_gradient": "check_grad(f, x)",
}
"""How torch and JAX spell it, and how it is spelt here."""

__all__ = [
    "GradReport",
    "GradientMismatch",
    "InconclusiveError",
    "NumericJacobian",
    "OpCase",
    "OpSpec",
    "UncheckableError",
    "check_adjoint",
    "check_against",
    "check_grad",
    "check_grad_grad",
    "check_jvp",
    "check_vjp",
    "from_autograd",
    "from_jax",
    "from_mygrad",
    "from_pair",
    "from_torch",
    "numeric_jacobian",
    "op_spec",
    "property_test",
    "strategies",
]


def __getattr__(name: str) -> Any:
    if name != "strategies" and name not in _HOME:
        instead = f"{__name__}.{_TORCHES[name]}" if name in _TORCHES else ""
        raise absent(__name__, name, instead, sys._getframe(1))
    try:
        module = import_module(f".{_HOME.get(name, name)}", __name__)
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "hypothesis":
            raise
        raise ModuleNotFoundError(
            f'minigrad.testing.{name} needs Hypothesis: pip install "minigrad[testing]"', name=missing.name
        ) from None
    found = module if name == "strategies" else getattr(module, name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*globals(), *__all__]
