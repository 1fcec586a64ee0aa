"""`python -m benchmarks verdicts`: does a gradient checker tell right from wrong?

One idea: give it a derivative that is right to the last bit, and the same with one element off by a
little. To reject the first is a false alarm, to accept the second is a miss; where the functions, the
points and the truth come from is `bank`. The rivals get the same functions and points.
"""

import argparse
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from minigrad.testing import GradientMismatch, InconclusiveError, UncheckableError, check_vjp

from . import table
from .bank import ALL, GROUPS
from .bank.known import Known
from .rivals import installed, set_up, versions

ERRORS = (1e-3, 1e-5, 1e-7)
TARGETS = {"float64": (0.99, 0.97, 0.95), "float32": (0.99,)}
"""How much of each error must be caught."""

TITLE = "Verdicts on known derivatives"

Claim = list[np.ndarray[Any, Any]]
"""What is claimed to be the derivative: an array out.shape + in.shape for each argument."""
Checker = Callable[[Known, tuple[Any, ...], Claim], str]
"""Says "right", "wrong", "unknown" or "refused"."""


# ----------------------------------------------------------------------------- the checkers


def pull(g: Any, jacobian: Any) -> Any:
    """Return the vjp: g times the derivative, of the derivative's dtype."""
    return np.asarray(np.tensordot(g, jacobian, axes=np.ndim(g)), dtype=jacobian.dtype)


def by_minigrad(function: Known, args: tuple[Any, ...], claim: Claim) -> str:
    """Our verdict, as users get it."""

    def vjp(g: Any, out: Any, *_: Any) -> Any:
        found = tuple(pull(g, jacobian) for jacobian in claim)
        return found[0] if len(found) == 1 else found

    try:
        report = check_vjp(function.f, vjp, *args, contracts=False)
    except GradientMismatch:
        return "wrong"
    except InconclusiveError:
        return "unknown"
    except UncheckableError:
        return "refused"
    return "unknown" if report.inconclusive else "right"


def by_torch(function: Known, args: tuple[Any, ...], claim: Claim) -> str:
    """torch.autograd.gradcheck by its defaults, on a Function that calls the NumPy function."""
    import torch

    class Wrapped(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *xs):
            return torch.from_numpy(np.array(function.f(*(x.detach().numpy() for x in xs))))

        @staticmethod
        def backward(ctx, g):
            return tuple(torch.from_numpy(pull(g.numpy(), jacobian)) for jacobian in claim)

    tensors = [torch.from_numpy(x.copy()).requires_grad_() for x in args]
    good = torch.autograd.gradcheck(Wrapped.apply, tensors, raise_exception=False)
    return "right" if good else "wrong"


def by_autograd(function: Known, args: tuple[Any, ...], claim: Claim) -> str:
    """autograd.test_util.check_grads, first order, reverse mode."""
    from autograd.extend import defvjp, primitive
    from autograd.test_util import check_grads

    wrapped = primitive(lambda *xs: function.f(*(np.asarray(x) for x in xs)))
    defvjp(wrapped, *(lambda out, *xs, jacobian=jacobian: lambda g: pull(g, jacobian) for jacobian in claim))
    try:
        check_grads(wrapped, modes=["rev"], order=1)(*(x.copy() for x in args))
    except AssertionError:
        return "wrong"
    return "right"


def by_jax(function: Known, args: tuple[Any, ...], claim: Claim) -> str:
    """jax.test_util.check_vjp by its defaults; it takes any pair of callables on arrays."""
    from jax.test_util import check_vjp as jax_check

    def f_vjp(*xs):
        return function.f(*(np.asarray(x) for x in xs)), lambda g: tuple(pull(np.asarray(g), j) for j in claim)

    try:
        jax_check(lambda *xs: function.f(*(np.asarray(x) for x in xs)), f_vjp, args)
    except AssertionError:
        return "wrong"
    return "right"


def by_differences(function: Known, args: tuple[Any, ...], claim: Claim) -> str:
    """What is written by hand: central differences with h = 1e-6, and numpy.allclose."""
    for n, jacobian in enumerate(claim):
        for index in np.ndindex(args[n].shape):
            moved = []
            for h in (1e-6, -1e-6):
                xs = [x.copy() for x in args]
                xs[n][index] += h
                moved.append(function.f(*xs))
            if not np.allclose(jacobian[(..., *index)], (moved[0] - moved[1]) / 2e-6):
                return "wrong"
    return "right"


RIVALS: dict[str, tuple[str, str, Checker]] = {
    "torch": ("torch", "torch gradcheck", by_torch),
    "autograd": ("autograd", "HIPS check_grads", by_autograd),
    "jax": ("jax", "jax check_vjp", by_jax),
    "numpy": ("numpy", "h = 1e-6, allclose", by_differences),
}


# ----------------------------------------------------------------------------- the counting


class Trial(NamedTuple):
    """One question to a checker, and its answer; `error` is 0 for the right derivative."""

    function: Known
    args: tuple[Any, ...]
    error: float
    claim: Claim
    answer: str


@dataclass
class Count:
    """The answers of a checker for some functions."""

    answers: Counter[tuple[float, str]] = field(default_factory=Counter)
    functions: int = 0

    def __iadd__(self, other: "Count") -> "Count":
        self.answers.update(other.answers)
        self.functions += other.functions
        return self

    def add(self, error: float, answer: str) -> None:
        """Count one answer."""
        self.answers[error, answer] += 1

    def of(self, error: float) -> int:
        """How many were asked."""
        return sum(count for (e, _), count in self.answers.items() if e == error)

    def share(self, error: float, *answers: str) -> float:
        """Return which part of the answers is one of these; NaN of none."""
        asked = self.of(error)
        return sum(self.answers[error, answer] for answer in answers) / asked if asked else float("nan")


def questions(
    function: Known, count: int, errors: Sequence[float] = ERRORS, wrong_at: int | None = None
) -> Iterator[tuple[tuple[Any, ...], dict[float, Claim]]]:
    """Yield points, each with its right derivative (error 0) and wrong ones, which are off in one element.

    The wrong ones come with the first `wrong_at` points, or with all.

    There are none at a kink, where the derivative is 0, nor below what float32 can hold.
    """
    rng = function.generator(1)
    for point, args in enumerate(function.points(count)):
        right = function.derivative(args, rng)
        claims = {0.0: right}
        elements = [(n, index) for n, part in enumerate(right) for index in np.ndindex(part.shape) if part[index]]
        if elements and not function.at_kink and (wrong_at is None or point < wrong_at):
            n, index = elements[rng.integers(len(elements))]
            for error in errors if right[0].dtype == np.float64 else errors[:1]:
                wrong = [part.copy() for part in right]
                wrong[n][index] = float(right[n][index]) * (1 + error)
                claims[error] = wrong
        yield args, claims


def ask(
    checker: Checker,
    functions: Sequence[Known],
    count: int,
    errors: Sequence[float] = ERRORS,
    wrong_at: int | None = None,
) -> Iterator[Trial]:
    """Yield every answer of a checker; what it warns of is not shown."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.random.seed(0)  # HIPS autograd draws its directions from the global generator
        for function in functions:
            for args, claims in questions(function, count, errors, wrong_at):
                accepted = True
                for error, claim in claims.items():
                    answer = checker(function, args, claim)
                    if not error:
                        accepted = answer != "wrong"
                    elif not accepted:
                        answer = "rejected both"  # told nothing apart
                    yield Trial(function, args, error, claim, answer)


def counted(
    trials: Iterator[Trial], show: Callable[[Trial], None] = lambda trial: None
) -> dict[tuple[str, str], Count]:
    """Return the answers by function; `show` sees every trial."""
    counts: dict[tuple[str, str], Count] = {}
    for trial in trials:
        count = counts.setdefault(trial.function.key, Count(functions=1))
        count.add(trial.error, trial.answer)
        show(trial)
    return counts


def pooled(counts: dict[tuple[str, str], Count], functions: Sequence[Known], *groups: str) -> Count:
    """Return the answers of some groups together."""
    total = Count()
    for function in functions:
        if function.group in groups:
            total += counts[function.key]
    return total


def bound(alarms: int, checks: int) -> float:
    """Return the 95 % upper bound on the rate of false alarms, one-sided, after Clopper and Pearson.

    Without an alarm it is 1 - 0.05^(1/n), nearly 3/n.
    """
    from scipy.stats import beta

    return float(beta.ppf(0.95, alarms + 1, checks - alarms)) if alarms < checks else 1.0


# ----------------------------------------------------------------------------- the tables

FLOAT64 = tuple(group for group in GROUPS if group != "float32")


def percent(share: float, digits: int = 1) -> str:
    """Return a share in percent; a dash for none."""
    return "—" if share != share else f"{100 * share:.{digits}f}"


def ours(counts: dict[tuple[str, str], Count], functions: Sequence[Known]) -> str:
    """Return the table of our verdicts, a row for each group."""
    lines = [
        "| group | functions | points | false alarms, % | inconclusive, % | caught at 1e-3, % | 1e-5 | 1e-7 |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    groups = [(group, (group,)) for group in GROUPS]
    for name, members in [*groups, ("**float64**", FLOAT64), ("**all**", GROUPS)]:
        count = pooled(counts, functions, *members)
        if count.functions:
            caught = [percent(count.share(error, "wrong")) for error in ERRORS]
            caught = [*caught[:1], *["—"] * 2] if name == "**all**" else caught
            lines.append(
                f"| {name} | {count.functions} | {count.of(0):,} | {percent(count.share(0, 'wrong'), 3)} "
                f"| {percent(count.share(0, 'unknown', 'refused'), 2)} | {' | '.join(caught)} |"
            )
    return "\n".join(lines) + "\n"


def targets(counts: dict[tuple[str, str], Count], functions: Sequence[Known]) -> str:
    """Return what was aimed at, beside what was measured."""
    everything = pooled(counts, functions, *GROUPS)
    alarms, checks = everything.answers[0.0, "wrong"], everything.of(0)
    lines = [
        "| target | measured | |",
        "|---|--:|---|",
        f"| no false alarm in 200 points on each of 200 functions | {alarms} in {checks:,} points on "
        f"{everything.functions} functions; 95 % bound {bound(alarms, checks):.1e} a check "
        f"| {'met' if not alarms else '**missed**'} |",
    ]
    for dtype, groups in (("float64", FLOAT64), ("float32", ("float32",))):
        count = pooled(counts, functions, *groups)
        for error, target in zip(ERRORS, TARGETS[dtype]):
            share = count.share(error, "wrong")
            if share == share:
                lines.append(
                    f"| {dtype}: {100 * target:.0f} % of errors of {error:.0e} | {percent(share, 2)} % "
                    f"| {'met' if share >= target else '**missed**'} |"
                )
    return "\n".join(lines) + "\n"


def beside(rivals: dict[str, dict[tuple[str, str], Count]], functions: Sequence[Known]) -> str:
    """Return the table of checkers at the same points; what is caught is of float64 unless it says otherwise."""
    present = [group for group in GROUPS if any(function.group == group for function in functions)]
    columns = [*present, "caught, %: 1e-3", "1e-5", "1e-7", "float32: 1e-3"]
    lines = [f"| checker | false alarms, %: {' | '.join(columns)} |", "|---|" + "--:|" * len(columns)]
    for name, counts in rivals.items():
        alarms = [percent(pooled(counts, functions, group).share(0, "wrong")) for group in present]
        double, single = pooled(counts, functions, *FLOAT64), pooled(counts, functions, "float32")
        caught = [percent(double.share(error, "wrong")) for error in ERRORS]
        lines.append("| " + " | ".join([name, *alarms, *caught, percent(single.share(1e-3, "wrong"))]) + " |")
    return "\n".join(lines) + "\n"


def by_function(counts: dict[tuple[str, str], Count], functions: Sequence[Known]) -> str:
    """Return a line for each function with a false alarm, an inconclusive point or a miss."""
    lines = []
    for function in functions:
        count = counts[function.key]
        shares = [count.share(error, "wrong") for error in (0.0, *ERRORS)]
        unknown = count.share(0, "unknown", "refused")
        if shares[0] or unknown or min(shares[1:], default=1) < 1:
            told = "  ".join(f"{percent(share):>5}" for share in [shares[0], unknown, *shares[1:]])
            lines.append(f"{function.group:15} {function.name:38} {told}")
    head = f"{'':54} alarm  incon   1e-3   1e-5   1e-7"
    return "\n".join([head, *lines]) + "\n"


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks verdicts", description="Ask gradient checkers about known derivatives, right and wrong."
    )
    parser.add_argument("only", nargs="*", metavar="GROUP", help="only these groups, or functions of these names")
    parser.add_argument("--points", type=int, default=200, metavar="N", help="points on each function (200)")
    parser.add_argument(
        "--wrong-points",
        type=int,
        default=40,
        metavar="N",
        help="points at which wrong derivatives are asked about too, the first of those (40)",
    )
    parser.add_argument(
        "--rival-points",
        type=int,
        default=20,
        metavar="N",
        help="points for the rivals, the first of those (20; 0: none)",
    )
    parser.add_argument("--details", action="store_true", help="a line for each function that is not perfect, too")
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/RESULTS.md as well")
    chosen = parser.parse_args(words)
    unknown = [name for name in chosen.only if name not in GROUPS and name not in ALL]
    if unknown:
        parser.error(
            f"no group or function is called {unknown[0]}: choose from {', '.join(GROUPS)}, or a function's name"
        )
    if chosen.points < 1 or chosen.rival_points < 0 or chosen.wrong_points < 0:
        parser.error("there is nothing to ask about in fewer than one point")
    if chosen.write and (chosen.only or chosen.points < 200):
        parser.error("--write keeps full measurements only: leave out the names, and ask about 200 points or more")
    return chosen


def alarm(trial: Trial) -> None:
    """Print a false alarm or a refusal at once."""
    if not trial.error and trial.answer in ("wrong", "refused"):
        print(f"{trial.answer}: {trial.function.name}{trial.args}, claimed {trial.claim}", file=sys.stderr, flush=True)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 1 after a false alarm."""
    chosen = arguments(words)
    functions = [
        function
        for name, function in ALL.items()
        if not chosen.only or name in chosen.only or function.group in chosen.only
    ]
    start = time.perf_counter()
    counts = counted(ask(by_minigrad, functions, chosen.points, wrong_at=chosen.wrong_points), alarm)
    seconds = time.perf_counter() - start
    checks = sum(sum(count.answers.values()) for count in counts.values())
    body = (
        f"{date.today().isoformat()}, {', '.join(f'{name} {version}' for name, version in _versions().items())}. "
        f"{len(functions)} functions with derivatives known to 60 digits, {chosen.points} points each. "
        "False alarms: the right derivative, rounded, is called wrong. Caught: the right one is not called wrong, and "
        "with one non-zero element of it off by this relative error it is; asked at the first "
        f"{min(chosen.wrong_points, chosen.points)} points. "
        f"{checks:,} checks in {seconds:.0f} s.\n\n{ours(counts, functions)}\n{targets(counts, functions)}"
    )
    if chosen.rival_points:
        few = min(chosen.points, chosen.rival_points)
        rivals = {"minigrad": counted(ask(by_minigrad, functions, few))}
        for name, (_, title, checker) in RIVALS.items():
            if installed(name):
                set_up(name)
                rivals[title] = counted(ask(checker, functions, few))
        body += f"\nAll checkers by their defaults, at the first {few} points of each function:\n\n"
        body += beside(rivals, functions)
    print(f"## {TITLE}\n\n{body}")
    if chosen.details:
        print(by_function(counts, functions))
    if chosen.write:
        table.write(TITLE, body)
    return int(any(count.answers[0.0, "wrong"] for count in counts.values()))


def _versions() -> dict[str, str]:
    return versions(["minigrad", *(name for name in RIVALS if installed(name))])


if __name__ == "__main__":
    sys.exit(main())
