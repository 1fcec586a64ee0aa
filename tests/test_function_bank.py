"""The bank of known functions is right, and our checker tells its right derivatives from wrong ones."""

import numpy as np
import pytest

pytest.importorskip("mpmath", reason="the true derivatives are computed with mpmath")
pytest.importorskip("scipy", reason="half of the functions are SciPy's")

from mpmath import mp

from benchmarks import bank, verdicts
from benchmarks.bank.known import DIGITS, columns, lifted
from benchmarks.rivals import installed, set_up

BANK = [pytest.param(function, id=name) for name, function in bank.ALL.items()]
SMOOTH = [pytest.param(function, id=name) for name, function in bank.ALL.items() if not function.at_kink]
KINKS = [pytest.param(function, id=name) for name, function in bank.ALL.items() if function.at_kink]

LOST = {"(x + 1e6)^2 - 1e12": 1e-5}
"""Functions that cancel most of their digits, as users' functions do, and what is left."""


def moved(args, n, index, h):
    """The arguments with one element moved, all of them mpmath numbers."""
    lifted_args = [lifted(arg) for arg in args]
    if args[n].ndim == 0:
        lifted_args[n] = lifted_args[n] + h
    else:
        lifted_args[n][index] += h
    return lifted_args


def differences(function, args):
    """The derivative from differences of the exact function, in 130 digits."""
    found = []
    with mp.workdps(130):
        for n, arg in enumerate(args):
            of_arg = None
            for index in np.ndindex(arg.shape):
                h = mp.mpf("1e-40") * (abs(float(arg[index])) or 1)
                above, below = (
                    np.array(function.exact(*moved(args, n, index, step)), dtype=object) for step in (h, -h)
                )
                slope = np.asarray((above - below) / (2 * h), dtype=object)
                if of_arg is None:
                    of_arg = np.empty((*slope.shape, *arg.shape), dtype=object)
                of_arg[(..., *index)] = slope
            found.append(of_arg)
    return found


def worst(found, wanted):
    """The largest error of an array of numbers, relative to the largest of them."""
    scale = max([abs(v) for v in wanted.ravel()], default=0) or 1
    return float(max((abs(a - b) for a, b in zip(found.ravel(), wanted.ravel(), strict=True)), default=0) / scale)


def points(function, count):
    return function.points(count, seed=1)


def test_the_bank_is_large_enough():
    assert len(bank.ALL) >= 200
    assert {function.group for function in bank.ALL.values()} == set(bank.GROUPS)


@pytest.mark.parametrize("function", SMOOTH)
def test_a_derivative_is_the_limit_of_exact_differences(function):
    for args in points(function, 3):
        with mp.workdps(DIGITS):
            claimed = columns(function.slope(*map(lifted, args)))
        for found, wanted in zip(claimed, differences(function, args), strict=True):
            assert found.shape == wanted.shape
            assert worst(found, wanted) < 1e-30, args


@pytest.mark.parametrize("function", KINKS)
def test_a_corner_is_a_slope_on_one_side(function):
    """Each corner of the subgradients is the derivative next to the kink, in some direction."""
    for args in points(function, 3):
        with mp.workdps(130):
            corners = function.slope(*map(lifted, args))
            assert isinstance(corners, list)
            for corner in corners:
                assert any_side(function, args, columns(corner))


def any_side(function, args, corner):
    """Whether these slopes fit the exact function along some short line away from the kink, all the way."""
    rng = np.random.default_rng(0)
    middle = np.array(function.exact(*map(lifted, args)), dtype=object)
    for _ in range(400):
        us = [np.array(rng.integers(-3, 4, arg.shape)) for arg in args]
        h = mp.mpf("1e-50")
        there = np.array(function.exact(*[lifted(arg) + h * u * mp.mpf(1) for arg, u in zip(args, us)]), dtype=object)
        slope = (there - middle) / h
        wanted = sum(np.tensordot(J, u, axes=u.ndim) if u.ndim else J * u for J, u in zip(corner, us))
        if all(abs(a - b) < mp.mpf("1e-6") for a, b in zip(np.ravel(slope), np.ravel(wanted))) and any(
            u.any() for u in us
        ):
            return True
    return False


@pytest.mark.parametrize("function", BANK)
def test_the_float_function_is_the_exact_one(function):
    for args in points(function, 10):
        with np.errstate(all="ignore"):
            found = np.asarray(function.f(*args))
        wanted = function.value(args)
        assert found.dtype == args[0].dtype
        assert found.shape == wanted.shape
        tolerance = LOST.get(function.name, 1e-9 if found.dtype == np.float64 else 2e-3)
        assert worst(np.array(found, dtype=object), wanted) < tolerance, args


# ----------------------------------------------------------------------------- right from wrong

FUNCTIONS = list(bank.ALL.values())
SURE = [function for function in FUNCTIONS if function.group in ("smooth", "special", "near kink", "oscillating")]


def without_alarm(function, count):
    for trial in verdicts.ask(verdicts.by_minigrad, [function], count, errors=()):
        assert trial.answer != "wrong", (trial.args, trial.claim)
        assert trial.answer != "refused", trial.args
        yield trial.answer


@pytest.mark.parametrize("function", BANK)
def test_a_right_derivative_is_no_false_alarm(function):
    assert "right" in list(without_alarm(function, 3))


def test_a_small_error_is_caught():
    """At one point of every function: the targets, with a margin for so few points."""
    counts = verdicts.counted(verdicts.ask(verdicts.by_minigrad, FUNCTIONS, 1))
    everything = verdicts.pooled(counts, FUNCTIONS, *verdicts.FLOAT64)
    assert everything.answers[0.0, "wrong"] == 0
    for error, least in zip(verdicts.ERRORS, (0.98, 0.97, 0.94), strict=True):
        assert everything.share(error, "wrong") >= least
    assert verdicts.pooled(counts, FUNCTIONS, "float32").share(1e-3, "wrong") >= 0.94
    sure = verdicts.pooled(counts, SURE, *bank.GROUPS)
    assert [sure.share(error, "wrong") for error in (1e-3, 1e-5)] == [1, 1]


@pytest.mark.parametrize("function", KINKS)
def test_outside_the_subgradients_is_wrong(function):
    """Steeper by a tenth than the steepest slope, or 1e-3 where that is 0."""
    [(args, claims)] = verdicts.questions(function, 1)
    with mp.workdps(DIGITS):
        found = function.slope(*map(lifted, args))
    largest = [max(float(abs(v)) for corner in found for v in columns(corner)[n].ravel()) for n in range(len(args))]
    wrong = [np.full_like(part, 1.1 * most or 1e-3) for part, most in zip(claims[0.0], largest)]
    assert verdicts.by_minigrad(function, args, wrong) == "wrong"


@pytest.mark.slow
@pytest.mark.parametrize("function", BANK)
def test_a_right_derivative_is_no_false_alarm_at_many_points(function):
    assert list(without_alarm(function, 60)).count("right") >= 30


@pytest.mark.slow
def test_the_targets():
    counts = verdicts.counted(verdicts.ask(verdicts.by_minigrad, FUNCTIONS, 6))
    for dtype, groups in (("float64", verdicts.FLOAT64), ("float32", ("float32",))):
        count = verdicts.pooled(counts, FUNCTIONS, *groups)
        for error, target in zip(verdicts.ERRORS, verdicts.TARGETS[dtype]):
            assert count.share(error, "wrong") >= target


# ----------------------------------------------------------------------------- the measuring itself


@pytest.mark.parametrize("name", verdicts.RIVALS)
def test_a_rival_can_be_asked(name):
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    set_up(name)
    checker = verdicts.RIVALS[name][2]
    for function, args in (
        (bank.ALL["tanh"], (np.array(0.5),)),
        (bank.ALL["x sin y + y cos x"], (np.array(0.5), np.array(-0.75))),
        (bank.ALL["softmax"], (np.array([0.5, -0.5, 0.25, 1.0]),)),
        (bank.ALL["outer product"], (np.array([0.5, -0.5]), np.array([1.0, 2.0, -1.0]))),
    ):
        right = function.derivative(args, np.random.default_rng(0))
        assert checker(function, args, right) == "right"
        assert checker(function, args, [1.5 * part for part in right]) == "wrong"


def test_what_is_off_is_one_element():
    for args, claims in verdicts.questions(bank.ALL["softmax"], 3):
        assert list(claims) == [0.0, 1e-3, 1e-5, 1e-7]
        for error in verdicts.ERRORS:
            off = claims[error][0] / claims[0.0][0] - 1
            assert np.count_nonzero(off) == 1
            assert off.max() == pytest.approx(error, rel=1e-6)
        assert args[0].shape == (4,)


def test_there_is_no_wrong_claim_where_none_can_be_told():
    [(_, at_kink)] = verdicts.questions(bank.ALL["|x|, at 0"], 1)
    [(_, single)] = verdicts.questions(bank.ALL["tanh (float32)"], 1)
    assert (list(at_kink), list(single)) == ([0.0], [0.0, 1e-3])
    assert single[1e-3][0].dtype == np.float32


@pytest.mark.parametrize(("answer", "caught"), [("right", 0), ("wrong", 0), ("unknown", 0)])
def test_a_checker_that_always_says_the_same_catches_nothing(answer, caught):
    tanh = bank.ALL["tanh"]
    count = verdicts.counted(verdicts.ask(lambda *_: answer, [tanh], 2))[tanh.key]
    assert count.share(0.0, answer) == 1
    assert [count.share(error, "wrong") for error in verdicts.ERRORS] == [caught] * 3


def test_the_bound_on_the_rate():
    assert verdicts.bound(0, 300) == pytest.approx(1 - 0.05 ** (1 / 300))
    assert verdicts.bound(2, 100) == pytest.approx(0.0616, abs=1e-3)  # as tables of Clopper and Pearson have it
    assert verdicts.bound(5, 5) == 1


def test_it_prints_its_tables(capsys):
    assert verdicts.main(["sin", "tanh (float32)", "--points", "2", "--rival-points", "1", "--details"]) == 0
    shown = capsys.readouterr().out
    assert "| smooth | 1 | 2 | 0.000 | 0.00 | 100.0 | 100.0 | 100.0 |" in shown
    assert "0 in 4 points on 2 functions" in shown
    assert "| minigrad | 0.0 | 0.0 |" in shown


def test_a_false_alarm_is_shown_and_fails(capsys, monkeypatch):
    monkeypatch.setattr(verdicts, "by_minigrad", lambda *_: "wrong")
    assert verdicts.main(["sin", "--points", "1", "--rival-points", "0"]) == 1
    shown = capsys.readouterr()
    assert "wrong: sin(array(" in shown.err
    assert "**missed**" in shown.out


@pytest.mark.parametrize("words", [["nothing"], ["--points", "0"], ["--write", "sin"], ["--write", "--points", "3"]])
def test_bad_arguments_are_refused(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        verdicts.main(words)
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err
