"""A backward pass was called with arguments that do not fit.

One idea: said before anything is computed, with what was given and what was expected.
"""

from typing import Any

from ..errors import ShapeError
from ..place import at, here
from .codes import coded


@coded("S03")
def wrong_gradient(given: tuple[int, ...], wanted: tuple[int, ...]) -> ShapeError:
    """A gradient of the wrong shape was given to a backward pass."""
    return ShapeError(
        f"the gradient given to a backward pass has shape {given}, its output {wanted}{at(here())}.\n"
        "Give one number for each element of the output"
    )


@coded("G07")
def not_one_each(outputs: int, given: int) -> ShapeError:
    """gradients() got another number of output_gradients than of outputs."""
    return ShapeError(
        f"gradients() was given {outputs} outputs and {given} output_gradients{at(here())}.\n"
        "Give one for each output, None where it is one number that counts once"
    )


@coded("G08")
def not_create_graph(value: Any) -> TypeError:
    """The third argument of gradients() was a gradient."""
    return TypeError(
        f"create_graph is True or False, not {type(value).__name__}{at(here())}.\n"
        "A gradient to start from goes by name: gradients(y, x, output_gradients=g)"
    )
