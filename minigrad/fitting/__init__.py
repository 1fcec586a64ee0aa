"""Lines and curves fitted to points: the right one, with its uncertainty.

`fit_line` takes arrays, `fit` any model, `minigrad fit` a file. One idea: every solver, exact or
descending, takes checked points and returns one thing, and one result says what follows from it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..errors import DivergedError as DivergedError
    from .descents.descent import descend as descend
    from .descents.descent import largest_stable_lr as largest_stable_lr
    from .general import fit as fit
    from .line import fit_line as fit_line
    from .regressor import LineRegressor as LineRegressor
    from .result import FitResult as FitResult

_WHERE = {
    "DivergedError": "descents.descent",
    "FitResult": "result",
    "LineRegressor": "regressor",
    "descend": "descents.descent",
    "fit": "general",
    "fit_line": "line",
    "largest_stable_lr": "descents.descent",
}


def __getattr__(name: str) -> Any:
    # Each from its own file, when it is asked for: LineRegressor needs scikit-learn, the others do not.
    if name in _WHERE:
        return getattr(import_module(f".{_WHERE[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
