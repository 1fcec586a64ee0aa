"""How gradients are checked elsewhere: the real checkers of HIPS autograd and torch, and central differences.

One idea: no model of a rival where the rival itself can be asked. An operation of the engine is
wrapped as a primitive of autograd and as a Function of torch, twice differentiable, and given
to `autograd.test_util.check_grads` and to `torch.autograd.gradcheck` with `gradgradcheck` as they
come. Inputs are what their own suites use: a fixed list of shapes, normal random numbers.
"""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from .problems import Problem


@dataclass(frozen=True)
class Outcome:
    """What became of one subject under one harness."""

    failed: bool
    examples: int
    """How many examples were drawn up to the first that failed, or in all."""
    why: str = ""
    undecided: bool = False
    """The harness gave up without a verdict."""


def first_line(error: BaseException, width: int = 160) -> str:
    """Return an error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:width]


def each_of(problems: Iterator[Problem], examples: int, check: Callable[[Problem], Any]) -> Outcome:
    """Check so many problems, until one fails."""
    for n in range(1, examples + 1):
        problem = next(problems)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check(problem)
        except Exception as error:  # a crash is a failed test too
            return Outcome(True, n, first_line(error))
    return Outcome(False, examples)


# ----------------------------------------------------------------------------- A: HIPS autograd


def hips(problem: Problem) -> None:
    """Give a problem to `autograd.test_util.check_grads`, in reverse mode, to the second order where there is one."""
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    count = len(problem.arrays)

    @primitive
    def value(*arrays: Any) -> Any:
        return _number(problem.value(*arrays))

    @primitive
    def gradient(k: int, g: Any, *arrays: Any) -> Any:
        return _number(problem.linearize(*arrays)[1](np.asarray(g))[k])

    def back(k: int) -> Any:
        return lambda out, *arrays: lambda g: gradient(k, g, *arrays)

    def back_again(n: int) -> Any:
        def of(out: Any, k: int, g: Any, *arrays: Any) -> Any:
            pullback = problem.linearize_gradient(k, np.asarray(g), *arrays)[1]
            return lambda u: _number(pullback(np.asarray(u))[n])

        return of

    defvjp(value, *[back(k) for k in range(count)])
    defvjp(gradient, *[back_again(n) for n in range(count + 1)], argnums=range(1, count + 2))
    check_grads(value, modes=["rev"], order=1 if problem.vjp is not None else 2)(*[_number(a) for a in problem.arrays])


def _number(a: Any) -> Any:
    """autograd takes a Python float, not a 0-d array."""
    return a if a.shape else float(a)


# ----------------------------------------------------------------------------- B: torch


def torchs(problem: Problem) -> None:
    """Give a problem to `torch.autograd.gradcheck`, and to `gradgradcheck` where there is a second order."""
    import torch

    def tensors(arrays: Any) -> tuple[Any, ...]:
        return tuple(torch.tensor(np.array(a)) for a in arrays)

    class Gradient(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, k: int, g: Any, *inputs: Any) -> Any:
            found, ctx.pullback = problem.linearize_gradient(
                k, g.detach().numpy().copy(), *[x.detach().numpy().copy() for x in inputs]
            )
            return tensors([found])[0]

        @staticmethod
        def backward(ctx: Any, u: Any) -> Any:
            return None, *tensors(ctx.pullback(u.numpy()))

    class Value(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *inputs: Any) -> Any:
            out, ctx.pullback = problem.linearize(*[x.detach().numpy().copy() for x in inputs])
            ctx.save_for_backward(*inputs)
            return tensors([out])[0]

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            if torch.is_grad_enabled():
                return tuple(Gradient.apply(k, g, *ctx.saved_tensors) for k in range(len(ctx.saved_tensors)))
            return tensors(ctx.pullback(g.numpy()))

    inputs = tuple(x.requires_grad_() for x in tensors(problem.arrays))
    fast = sum(a.size for a in problem.arrays) > 200  # as its own suite does: the whole Jacobian takes minutes
    torch.autograd.gradcheck(Value.apply, inputs, fast_mode=fast)
    if problem.vjp is None:
        torch.autograd.gradgradcheck(Value.apply, inputs, fast_mode=fast)


# ----------------------------------------------------------------------------- C: central differences


def central(problem: Problem, weights: Any) -> None:
    """Compare the gradient of <weights, f> with central differences of step 1e-6, by allclose(rtol=1e-3, atol=1e-5)."""
    out, pullback = problem.linearize(*problem.arrays)
    g = np.resize(weights, out.shape).astype(out.dtype)
    found = pullback(g)
    for k, array in enumerate(problem.arrays):
        slopes = np.zeros(array.shape)
        for index in np.ndindex(array.shape):
            ends = []
            for step in (1e-6, -1e-6):
                moved = [a.copy() for a in problem.arrays]
                moved[k][index] += step
                ends.append(np.sum(g * problem.value(*moved)))
            slopes[index] = (ends[0] - ends[1]) / 2e-6
        np.testing.assert_allclose(found[k], slopes, rtol=1e-3, atol=1e-5)


def naive(problems: st.SearchStrategy[Problem], examples: int) -> Outcome:
    """Draw problems by Hypothesis and compare each with central differences."""
    drawn = 0
    failed_at = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )
    @given(problems, st.lists(st.floats(-10, 10), min_size=3, max_size=6))
    def test(problem: Problem, weights: list[float]) -> None:
        nonlocal drawn, failed_at
        drawn += not failed_at
        try:
            with np.errstate(all="ignore"):
                central(problem, weights)
        except Exception:
            failed_at = failed_at or drawn
            raise

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            test()
    except Exception as error:
        return Outcome(True, failed_at, first_line(error))
    return Outcome(False, examples)
