"""Check one call at many points, and keep the smallest at which its gradient is wrong.

One idea: Hypothesis finds the point and shrinks it, `check_vjp` says what is wrong there; what is left
to do here is to tell a wrong gradient from a function that has none, or that refuses the arguments.
"""

import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from minigrad.testing import GradientMismatch, UncheckableError, check_vjp, numeric_jacobian
from minigrad.testing import strategies as gst
from minigrad.testing.options import ALWAYS

from .calls import Call

PATIENCE = 8.0
"""Seconds for one call, order and dtype before it has found anything."""


SECOND = ("dtype", "deterministic", "zero", "untouched", "alias")
"""Of the second order the numbers are asked for: what is not linear shows in the first."""


@dataclass
class Outcome:
    """What became of one call at one order and dtype."""

    call: Call
    order: int
    dtype: str
    checks: int = 0
    conclusive: int = 0
    refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why nothing was checked: the first line of each refusal."""
    args: tuple[Any, ...] = ()
    """The smallest arguments at which something is wrong."""
    error: GradientMismatch | None = None
    raised: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    """What the backward pass raised where the forward pass did not, with the first such arguments."""
    hurried: bool = False

    @property
    def kind(self) -> str:
        """`number`, or the name of a broken contract; nothing if all is well."""
        return "" if self.error is None else self.error.contract or "number"


def sweep(call: Call, adapter: Callable[..., Any], order: int, dtype: Any, examples: int) -> Outcome:
    """Check a call at `examples` drawn points."""
    outcome = Outcome(call, order, np.dtype(dtype).name)
    first = adapter(call.function)
    pair = adapter(call.function, order) if order == 2 else first
    start = time.monotonic()

    @seed(0)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(st.data())
    def property_of_the_call(data: st.DataObject) -> None:
        args = data.draw(call.draw(dtype))
        try:
            out = first[0](*args)
        except Exception as error:
            outcome.refused += 1
            outcome.reasons[_line(error)] += 1
            return
        if order == 2:
            if isinstance(out, tuple):
                outcome.refused += 1
                outcome.reasons["several results, and the second order takes one"] += 1
                return
            # Where g is 0 and a slope infinite, all four give NaN for 0: no need to find it again and again.
            args = (*args, data.draw(gst.cotangents(out.shape, out.dtype, zeros=False)))
        if outcome.error is None and time.monotonic() - start > PATIENCE:
            outcome.hurried = True
            return
        try:
            _one(pair, args, outcome, ALWAYS if order == 1 else SECOND)
        except GradientMismatch as error:
            if order == 2 and not _smooth(first[0], args[:-1]):
                outcome.reasons["no second derivative: a kink of the function"] += 1
                return
            outcome.args, outcome.error = args, error
            raise

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            property_of_the_call()
        except GradientMismatch as error:
            outcome.error = error
    return outcome


def _one(pair: Any, args: tuple[Any, ...], outcome: Outcome, contracts: tuple[str, ...]) -> None:
    """One check. What cannot be checked is counted, and passes."""
    try:
        report = check_vjp(*pair, *args, inconclusive="ignore", contracts=contracts)
    except GradientMismatch:
        raise
    except UncheckableError as error:
        outcome.refused += 1
        outcome.reasons[_line(error)] += 1
    except Exception as error:
        outcome.raised.setdefault(f"{type(error).__name__}: {_line(error)}", args)
    else:
        outcome.checks += 1
        outcome.conclusive += bool(report)


def _smooth(forward: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether the function itself has one slope here, in each direction: else it has no second derivative."""
    status = numeric_jacobian(forward, *args).status
    return all(np.isin(one, ("smooth", "noisy")).all() for one in (status if isinstance(status, tuple) else (status,)))


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
