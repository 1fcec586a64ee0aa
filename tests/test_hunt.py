"""The hunt for wrong gradients: it finds one that is planted, passes over what is right, and mpmath decides.

One idea: the libraries' own faults change with their versions, so what is hunted here is planted.
"""

import functools
import math
from typing import Any

import numpy as np
import pytest
import torch

pytest.importorskip("mpmath", reason="mpmath is not installed: it judges what the hunt finds")

from benchmarks.__main__ import main as benchmarks
from benchmarks.hunt import main
from benchmarks.quarry import finding, truth
from benchmarks.quarry.calls import REAL, SMALL, Call, elementwise, guessed
from benchmarks.quarry.sweep import sweep
from minigrad.testing.adapters import from_torch


class WrongMaximum(torch.autograd.Function):
    """The maximum, with both gradients 1 at a tie."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, y)
        return torch.maximum(x, y)

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> Any:
        x, y = ctx.saved_tensors
        left, right = g * (x >= y), g * (y >= x)
        return left.sum_to_size(x.shape), right.sum_to_size(y.shape)


def hunted(name: str, function: Any, order: int = 1, domains: Any = (SMALL, SMALL), examples: int = 30) -> Any:
    return sweep(Call(name, function, elementwise(*domains)), from_torch, order, np.float64, examples)


def test_a_planted_fault_is_found_shrunk_and_confirmed() -> None:
    outcome = hunted("planted.maximum", WrongMaximum.apply)
    assert outcome.kind == "number"
    assert all(x.size == 1 and x == 0 for x in outcome.args)
    found = finding.of(outcome)
    assert found.verdict == "confirmed"
    assert (found.actual, float(found.right)) == (2.0, 1.0)
    assert "planted.maximum" in found.row()


def test_a_right_function_is_passed_over() -> None:
    outcome = hunted("torch.hypot", lambda x, y: x * y)
    assert outcome.error is None
    assert outcome.conclusive > 15


def test_a_fault_without_a_formula_is_not_called_confirmed() -> None:
    assert finding.of(hunted("planted.nobody knows", WrongMaximum.apply)).verdict == "no formula"


def test_a_right_gradient_that_is_accused_is_called_a_false_alarm() -> None:
    """As if the formula were that of what the planted function does: then the kit would be at fault."""
    outcome = hunted("planted.maximum", WrongMaximum.apply)
    truth.TABLE["accused"] = lambda x, y: np.asarray(x + y, dtype=object)
    try:
        wrong = Call("accused", outcome.call.function, outcome.call.draw)
        outcome.call = wrong
        assert finding.of(outcome).verdict == "FALSE ALARM"
    finally:
        del truth.TABLE["accused"]


def test_a_fault_of_the_second_order_is_found() -> None:
    class Detached(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(x)
            return x.tanh()

        @staticmethod
        def backward(ctx: Any, g: torch.Tensor) -> torch.Tensor:
            return g * (1 - ctx.saved_tensors[0].detach().tanh() ** 2)

    assert hunted("planted.tanh", Detached.apply, 1, (REAL,)).error is None
    outcome = hunted("planted.tanh", Detached.apply, 2, (REAL,))
    assert finding.of(outcome).verdict == "confirmed"


def test_a_kink_has_no_second_derivative() -> None:
    outcome = hunted("torch.norm", functools.partial(torch.linalg.vector_norm, ord=3), 2, (REAL,))
    assert outcome.error is None
    assert any("a kink of the function" in reason for reason in outcome.reasons)


@pytest.mark.parametrize("x", [0.0, 0.25, -1.5, 1e-9])
def test_slopes_of_mpmath(x: float) -> None:
    one = [np.ones(())]
    sinc = truth.slope(truth.TABLE["sinc"], (np.array(x),), one, one, 1)
    right = (math.cos(math.pi * x) - np.sinc(x)) / x if abs(x) > 1e-3 else -(math.pi**2) * x / 3
    assert not sinc.kink
    assert float(sinc.right) == pytest.approx(right, rel=1e-12, abs=1e-30)


def test_kinks_and_second_derivatives_of_mpmath() -> None:
    one = [np.ones(())]
    kink = truth.slope(truth.TABLE["norm"], (np.array(0.0),), one, one, 1)
    assert kink.kink
    assert (float(kink.left), float(kink.right)) == (-1.0, 1.0)
    args = (np.array(0.5), np.array(3.0))  # g * tanh'(x): by x it is g * tanh'', by g it is tanh'
    by_x = truth.slope(truth.TABLE["tanh"], args, one, [np.ones(()), np.zeros(())], 2)
    by_g = truth.slope(truth.TABLE["tanh"], args, one, [np.zeros(()), np.ones(())], 2)
    t = math.tanh(0.5)
    assert float(by_x.right) == pytest.approx(-6 * t * (1 - t * t), rel=1e-13)
    assert float(by_g.left) == pytest.approx(1 - t * t, rel=1e-13)


def test_functions_without_an_entry_are_guessed() -> None:
    assert guessed("torch.tanh", torch.tanh, from_torch) is not None
    assert guessed("torch.hypot", torch.hypot, from_torch) is not None
    assert guessed("torch.det", torch.linalg.det, from_torch) is not None
    assert guessed("torch.isnan", torch.isnan, from_torch) is None
    assert guessed("torch.gcd", torch.gcd, from_torch) is None


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmarks(["hunt", "torch", "--only", "torch.sinc", "--list"]) == 0
    assert "- `torch.sinc`" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["tensorflow"])
    assert "no library is called tensorflow" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["torch", "--examples", "many"])
