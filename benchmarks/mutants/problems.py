"""A function at a point with the gradient that the engine gives it: what every harness is shown.

One idea: the others' checkers take arrays of their own library, so a problem speaks plain NumPy:
a value, and a way back from it. It does not know by whom it is checked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import minigrad as mg

Array = np.ndarray[Any, Any]
Function = Callable[..., Any]
Pullback = Callable[[Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Problem:
    """A function of arrays and its gradient at one point."""

    function: Function
    """Written with minigrad; or, if there is a `vjp`, on arrays."""
    arrays: tuple[Array, ...]
    vjp: Function | None = None
    """(g, out, *arrays) -> a gradient, or a tuple of them."""

    def value(self, *arrays: Any) -> Any:
        """The value, as an array."""
        if self.vjp is not None:
            return np.asarray(self.function(*arrays))
        with mg.no_grad():
            return np.asarray(_array(self.function(*_leaves(arrays))))

    def linearize(self, *arrays: Any) -> tuple[Any, Pullback]:
        """The value, and the way back from it, which may be gone more than once."""
        if self.vjp is not None:
            out = np.asarray(self.function(*arrays))
            given = self.vjp
            return out, lambda g: _several(given(g, out, *arrays))
        leaves = _leaves(arrays)
        out = self.function(*leaves)
        return np.asarray(out.data), lambda g: _arrays(mg.gradients(out, leaves, output_gradients=g, retain_graph=True))

    def linearize_gradient(self, k: int, g: Any, *arrays: Any) -> tuple[Any, Pullback]:
        """The k-th gradient as a function of g and the arrays, and the way back from that."""
        seed, *leaves = _leaves((g, *arrays))
        out = self.function(*leaves)
        first = mg.gradients(out, leaves[k], output_gradients=seed, create_graph=True)
        return np.asarray(first.data), lambda u: _arrays(
            mg.gradients(first, [seed, *leaves], output_gradients=u, retain_graph=True)
        )


def _leaves(arrays: Any) -> list[Any]:
    return [mg.tensor(np.asarray(a), requires_grad=True) for a in arrays]


def _array(value: Any) -> Any:
    return value.data if isinstance(value, mg.Tensor) else value


def _arrays(gradients: list[Any]) -> tuple[Any, ...]:
    return tuple(np.asarray(g.data) for g in gradients)


def _several(gradients: Any) -> tuple[Any, ...]:
    return gradients if isinstance(gradients, tuple) else (gradients,)
