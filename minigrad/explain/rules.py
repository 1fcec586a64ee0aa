"""A rule of an operation returned what is no gradient.

One idea: the rule is named as its author wrote it, `Mul.dy`, with the line it starts on.
"""

import os.path
from typing import Any

from ..errors import DtypeError, GradError, MinigradError, ShapeError
from ..place import at
from .codes import coded
from .words import computed


def rule_name(call: Any, rule: Any) -> str:
    """A rule as `Mul.dy`."""
    return f"{type(call).__name__}.{getattr(rule, 'func', rule).__name__}"


def _where(call: Any, rule: Any) -> str:
    """Where a call was made and where its rule is written: ` (fit.py:5); the rule is at myop.py:14`."""
    code = getattr(getattr(rule, "func", rule), "__code__", None)
    written = f"; the rule is at {os.path.basename(code.co_filename)}:{code.co_firstlineno}" if code is not None else ""
    return f"{at(call.place)}{written}"


@coded("O05")
def no_gradient(call: Any, rule: Any, c: Any) -> GradError | DtypeError:
    """A rule returned no array of numbers."""
    what = f"an array of {c.dtype}" if hasattr(c, "dtype") else type(c).__name__
    error = DtypeError if hasattr(c, "dtype") else GradError
    return error(
        f"{rule_name(call, rule)} returned {what}, which is no gradient{_where(call, rule)}.\n"
        "A rule returns an array of real numbers; an argument that has no gradient has no rule"
    )


def rule_failed(call: Any, rule: Any, error: Exception) -> None:
    """Note on `error` which rule raised it, of which call."""
    if not isinstance(error, MinigradError) and not getattr(error, "__notes__", ()):
        error.add_note(f"in {rule_name(call, rule)}, going back through {computed(call)}")


@coded("O06")
def impossible_gradient(call: Any, rule: Any, returned: tuple[int, ...], wanted: tuple[int, ...]) -> ShapeError:
    """A rule returned a shape that its argument's gradient cannot have."""
    name = rule_name(call, rule)
    return ShapeError(
        f"{name} returned {returned}, which cannot be the gradient of {name.partition('.d')[2]} "
        f"with shape {wanted}{_where(call, rule)}.\n"
        "Return the argument's shape, or the shape it was broadcast to: minigrad sums that back"
    )


def argument(call: Any, n: int) -> str:
    """What forward calls its n-th argument; `xs[2]` for the third of `*xs`."""
    names = call.parameters
    if call.variadic and n >= len(names) - 1:
        return f"{names[-1]}[{n - len(names) + 1}]"
    return str(names[n]) if n < len(names) else f"argument {n}"
