"""The report of a gradient check: the code it prints, the numbers it sums up, the causes it names.

One idea: a hint is tested twice, with numbers made up for it and with a backward pass that has the
bug; and numbers that have no pattern get none.
"""

import dataclasses
import functools
import re
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad.testing import page, report
from minigrad.testing.check import check_grad, check_vjp
from minigrad.testing.errors import GradientMismatch, InconclusiveError
from minigrad.testing.evidence import Direction, Evidence, Leaf, Verdict
from minigrad.testing.hints import hint
from minigrad.testing.source import code_of, name_of, paste

HALF = 2.0**-26
"""sqrt(eps) of float64: the relative error that a backward pass is allowed."""


def singles(leaves):
    """One direction an element."""
    found = []
    for n, leaf in enumerate(leaves):
        for index in np.ndindex(*leaf.array.shape):
            steps = tuple(np.zeros(other.array.shape) for other in leaves)
            steps[n][index] = 1
            found.append(Direction(steps, n, index))
    return found


def joint(leaves, name="all ones"):
    return Direction(tuple(np.ones(leaf.array.shape) for leaf in leaves), name=name)


def evidence(
    actual, desired, inputs, outputs, *, bar=1e-12, status="smooth", rows=(), columns=(), unknown=False, **others
):
    """What a check would have found: everything that is not right is wrong, unless it is unknown."""
    inputs = [Leaf(path, np.asarray(array)) for path, array in inputs.items()]
    outputs = [Leaf(path, np.asarray(array)) for path, array in outputs.items()]
    rows, columns = [*singles(outputs), *rows], [*singles(inputs), *columns]
    shape = (len(rows), len(columns))
    actual, desired = (np.asarray(m, float).reshape(shape) for m in (actual, desired))
    bar = np.broadcast_to(np.asarray(bar, float), shape)
    with np.errstate(invalid="ignore"):
        allowed = 4 * bar + HALF * np.maximum(np.nan_to_num(np.abs(actual), posinf=1.0), np.abs(desired))
        verdict = np.where(np.abs(actual - desired) <= allowed, Verdict.RIGHT, Verdict.WRONG)
    missing = np.full(shape, np.nan)
    made: dict[str, Any] = dict(  # noqa: C408 - they are the fields of Evidence
        name="f", call="check_vjp(mymodule.f, mymodule.f_vjp", inputs=inputs, outputs=outputs, rows=rows,
        columns=columns, actual=actual, desired=desired, uncertainty=bar, allowed=allowed, left=missing,
        right=missing, status=np.broadcast_to(np.asarray(status, "<U9"), shape),
        verdict=np.where(unknown, Verdict.UNKNOWN, verdict), rtol=HALF, evaluations=48, steps=(0.5, 1.7e-17),
        arguments=tuple(leaf.array for leaf in inputs),
    )  # fmt: skip
    return Evidence(**(made | others))


def one(actual, desired, x=3.0, out=9.0, **others):
    """A number in, a number out."""
    return evidence(actual, desired, {"x": x}, {"out": out}, **others)


def diagonal(actual, desired, x, out=None, **others):
    """An elementwise function of one array."""
    x = np.asarray(x, float)
    return evidence(np.diag(actual), np.diag(desired), {"x": x}, {"out": x if out is None else out}, **others)


# --------------------------------------------------------------------------------------- source.py


@dataclasses.dataclass
class Layer:
    weight: np.ndarray
    bias: float = 0.0


class Pair(NamedTuple):
    first: Any
    second: Any


def plain(x):
    return x


def same(a, b):
    """Equal to the bit, of one type, dtype, shape; NaN is itself."""
    if isinstance(a, mg.Tensor):
        return isinstance(b, mg.Tensor) and a.requires_grad == b.requires_grad and same(a.data, b.data)
    if isinstance(a, (np.ndarray, np.generic)):
        if type(a) is not type(b) or a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype.kind not in "fc":
            return bool((a == b).all())
        signs = bool((np.signbit(a.real) == np.signbit(b.real))[~np.isnan(a.real)].all())
        return signs and np.array_equal(a, b, equal_nan=True)
    if dataclasses.is_dataclass(a) and not isinstance(a, type):
        return type(a) is type(b) and same(vars(a), vars(b))
    if isinstance(a, (tuple, list)):
        return type(a) is type(b) and len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return type(a) is type(b) and a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, slice):
        return isinstance(b, slice) and same((a.start, a.stop, a.step), (b.start, b.stop, b.step))
    if isinstance(a, functools.partial):
        return same((a.func, a.args, a.keywords), (b.func, b.args, b.keywords))
    return type(a) is type(b) and (a == b or (a != a and b != b))


def run(code):
    import tests.test_report

    return eval(code, {"np": np, "mg": mg, "functools": functools, "tests": tests})


def comes_back(value):
    assert same(run(paste(value)), value), paste(value)


dtypes = st.one_of(
    st.sampled_from(["f2", "f4", "f8", ">f8", "?", "c8", "c16", "U3"]), hnp.integer_dtypes(), hnp.floating_dtypes()
)
arrays = dtypes.flatmap(lambda t: hnp.arrays(t, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)))


@given(arrays)
@example(np.full((2, 3), -0.0))
@example(np.array([0.0, -0.0, 0.0, 0.0, 0.0, 0.0]))
@example(np.array([np.nan, np.inf, -np.inf]))
@example(np.array(0.1, np.float32))
@example(np.array([np.longdouble(1) / 3, 2, np.longdouble(0.1)]))
@example(np.array([[1, 2], [3, 4]], np.float64, order="F"))
@example(np.full((300,), 1e-8, np.float16))
@example(np.array([complex(-0.0, np.inf)]))
def test_the_code_of_an_array_makes_it_again(a):
    comes_back(a)


@given(hnp.from_dtype(np.dtype(np.float32)) | hnp.from_dtype(np.dtype(np.float16)) | st.floats() | st.complex_numbers())
def test_the_code_of_a_number_makes_it_again(x):
    comes_back(x)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just(...) | st.slices(4)
containers = st.recursive(
    scalars | hnp.arrays(np.float64, (2,)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=2), inner, max_size=2)
        | st.builds(Layer, inner, inner)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=6,
)


@given(containers)
def test_the_code_of_a_container_makes_it_again(value):
    comes_back(value)


def test_layouts_are_part_of_the_code():
    assert paste(np.array([[1.0, 2.0], [3.0, 4.0]], order="F")) == 'np.array([[1., 2.], [3., 4.]], order="F")'
    assert paste(np.arange(3.0)[::-1]) == "np.array([0., 1., 2.])[::-1]"
    assert run(paste(np.arange(3.0)[::-1])).strides == (-8,)
    stretched = np.broadcast_to(np.array([1.0, 2.0]), (3, 2))
    assert run(paste(stretched)).strides[0] == 0
    assert same(run(paste(stretched)), stretched)


def test_the_code_reads_as_one_would_write_it():
    assert paste(np.array([0.0])) == "np.array([0.])"
    assert paste(np.array(0.5)) == "np.array(0.5)"
    assert paste(np.zeros((0, 3))) == "np.zeros((0, 3))"
    assert paste(np.ones((4, 4), np.float32)) == "np.ones((4, 4), np.float32)"
    assert paste(np.array([0.1], np.float32)) == "np.array([0.1], np.float32)"
    assert paste((slice(None), -1, slice(None, None, -2), ...)) == "np.s_[:, -1, ::-2, ...]"
    assert paste(mg.tensor([1.0, 2.0], requires_grad=True)) == "mg.tensor(np.array([1., 2.]), requires_grad=True)"
    assert paste({"w": (1.0, [np.float32(0.5)])}) == "{'w': (1.0, [np.float32(0.5)])}"


def test_tensors_come_back():
    comes_back(mg.tensor(3.0))
    comes_back(mg.tensor([[1.0], [2.0]], requires_grad=True))
    comes_back(mg.tensor([1.0, 2.0]).astype(np.float32))


def test_functions_are_named_so_that_they_can_be_found():
    assert [code_of(f) for f in (mg.maximum, mg.ops.Mul, np.sinc, np.exp, np.linalg.inv, len)] == [
        "mg.maximum", "mg.ops.Mul", "np.sinc", "np.exp", "np.linalg.inv", "len",
    ]  # fmt: skip
    assert code_of(plain) == "tests.test_report.plain"
    assert run(code_of(plain)) is plain
    comes_back(functools.partial(mg.sum, axis=(0, -1)))


def test_a_function_without_a_name_to_import_is_said_in_angle_brackets():
    def inside(x):
        return x

    assert re.fullmatch(r"<lambda at test_report\.py:\d+>", code_of(lambda x: x))
    assert re.fullmatch(r"<inside at test_report\.py:\d+>", code_of(inside))
    assert paste(np.array([None], object)).startswith("<")
    assert paste(object()) == "<object>"


def test_names_for_a_sentence():
    class Function:
        @classmethod
        def apply(cls, x):
            return x

        def forward(self, x):
            return x

    assert name_of(mg.maximum) == "maximum"
    assert name_of(functools.partial(np.sum, axis=0)) == "sum"
    assert name_of(Function.apply) == "Function"
    assert name_of(Function().forward) == "Function.forward"
    assert name_of(lambda x: x).startswith("<lambda at test_report.py:")


# ----------------------------------------------------------------------------------- what a report sums up


def test_a_passing_check_says_what_it_would_have_seen():
    told = report.summarise(diagonal([2, 4], [2, 4], [1, 2]))
    assert told
    assert (told.entries, told.inconclusive, told.kinks, told.wrong) == (4, 0, 0, 0)
    assert told.resolved == pytest.approx(HALF, rel=1e-2)
    assert str(told) == "f: 4 slopes right; a relative error of 1.5e-08 would have been seen; 48 evaluations"


def test_the_worst_smooth_entry_decides_what_was_resolved():
    bar = np.array([[1e-12, 1e-12], [1e-12, 1e-3]])
    told = report.summarise(diagonal([2, 4], [2, 4], [1, 2], bar=bar))
    assert told.resolved == pytest.approx(5e-3 / 4, rel=1e-3)
    assert told.uncertainty == pytest.approx(1e-3 / 4)
    at_kink = report.summarise(diagonal([2, 4], [2, 4], [1, 2], bar=bar, status=[["smooth"] * 2, ["smooth", "kink"]]))
    assert at_kink.resolved < 1e-7
    assert at_kink.kinks == 1


def test_zeros_are_measured_against_the_largest_slope():
    bar = np.array([[0.0, 1e-6], [0.0, 0.0]])
    told = report.summarise(diagonal([1, 100], [1, 100], [1, 2], bar=bar))
    assert told.resolved == pytest.approx(5e-6 / 100, rel=1e-2)


def test_slopes_that_cancel_along_a_joint_direction_do_not_spoil_the_resolution():
    leaf = [Leaf("x", np.ones(2))]
    both = evidence([1, -1, 1e-9], [1, -1, 1e-9], {"x": np.ones(2)}, {"out": 0.0}, columns=[joint(leaf)])
    both.allowed[0, 2] = 3e-8
    assert report.summarise(both).resolved < 1e-7


def test_a_report_is_true_only_if_something_was_settled():
    assert not report.summarise(one(1, 1, unknown=True, status="noisy"))
    assert not report.summarise(one(2, 1))
    nothing = evidence(np.zeros((0, 0)), np.zeros((0, 0)), {"x": np.zeros(0)}, {"out": np.zeros(0)})
    assert not report.summarise(nothing)
    nothing.contracts = ["shape"]
    assert report.summarise(nothing)


def test_what_is_not_known_is_counted_by_its_reason():
    status = [["jump", "smooth", "smooth"]]
    some = evidence([1, 2, 3], [1, 2, 3], {"x": np.ones(3)}, {"out": 1.0}, status=status, unknown=[[True, True, False]])
    told = report.summarise(some)
    assert told.reasons == {"jump": 1, "noisy": 1}
    assert "1 slope right" in str(told)
    assert "2 inconclusive (1 jump, 1 noisy)" in str(told)


# ------------------------------------------------------------------------------------- a wrong number


def test_the_report_of_a_wrong_number():
    leaves = [Leaf("x", np.zeros(1)), Leaf("y", np.zeros(1))]
    e = evidence(
        [0.5, 0.5, 0.0], [0.5, 0.5, 1.0], {"x": np.zeros(1), "y": np.zeros(1)}, {"out": np.zeros(1)},
        bar=[[0.5, 0.5, 0.0]], status=[["kink", "kink", "smooth"]], columns=[joint(leaves)], name="maximum",
        call="check_grad(mg.maximum", left=np.array([[0, 0, 1.0]]), right=np.array([[1, 1, 1.0]]),
        keywords={"rtol": 1e-9},
    )  # fmt: skip
    error = page.mismatch(e)
    assert isinstance(error, AssertionError)
    assert error.evidence is e
    assert (
        str(error)
        == """\
gradient of maximum(x, y) is wrong: d out[0] when all inputs move (all ones) is 0, not 1
  d out[0] when all inputs move (all ones)
    ACTUAL     0       (the code under test)
    DESIRED    1 ± 0   (finite differences)
    allowed    1.5e-08 apart (1.5e-08 of the larger, half the digits of float64)
    slopes     1 from both sides: smooth along this direction
    mismatched 1 / 3 slopes (33.3%), in 1 of 3 directions
    direction  x by [1.], y by [1.]
    at         x = np.array([0.])   # tie: x[0] == y[0]
               y = np.array([0.])
    hint       at the tie x[0] == y[0] the shares of the gradient must add up to 1; they add up
               to 0
    confirmed  with an independent step ladder (48 evaluations, h = 0.5 ... 1.7e-17)
    reproduce  check_grad(mg.maximum, np.array([0.]), np.array([0.]), rtol=1e-09)"""
    )


def test_a_single_element_is_told_before_a_joint_direction():
    leaf = [Leaf("x", np.ones(2))]
    e = evidence([1.0, 2.5, 99.0], [1.0, 2.0, 3.0], {"x": np.ones(2)}, {"out": 1.0}, columns=[joint(leaf)])
    assert "d out / d x[1] is 2.5, not 2" in str(page.mismatch(e))


def test_the_worst_of_several_elements_is_told():
    e = diagonal([1.1, 2.0, -5.0], [1.0, 2.0, 3.0], [0.5, 0.25, 0.75])
    text = str(page.mismatch(e))
    assert "d out[2] / d x[2] is -5, not 3" in text
    assert "2 / 9 slopes (22.2%), in 2 of 3 directions" in text


def test_numbers_have_the_digits_that_tell_them_apart():
    text = str(page.mismatch(one(1.99999996, 1.99999999999, bar=1.6e-10)))
    assert "is 1.99999996, not 2" in text.partition("\n")[0]
    assert "DESIRED    2 ± 1.6e-10" in text
    assert "is 2.5, not 0.333333" in str(page.mismatch(one(2.5, 1 / 3)))


def test_at_a_kink_every_slope_in_between_is_right():
    text = str(page.mismatch(one(2.0, 0.0, bar=1.0, status="kink", verdict=np.array([[-1]]))))
    assert "between -1 and 1" in text
    assert "any slope in between is right" in text


def test_a_long_array_is_abbreviated_and_its_line_is_exact():
    x = np.linspace(0, 1, 40)
    e = diagonal(np.full(40, 2.0), np.ones(40), x)
    text = str(error := page.mismatch(e))
    assert "x = [0., 0.025641, 0.051282, ..., 0.948718, 0.974359, 1.]   float64 (40,)" in text
    line = text.partition("reproduce  ")[2].partition("\n")[0]
    assert same(eval(line.replace("check_vjp(mymodule.f, mymodule.f_vjp, ", "("), {"np": np}), x)
    assert error.reproduce == line


def test_a_line_too_long_to_print_is_cut_and_kept():
    x = np.linspace(0, 1, 100)
    error = page.mismatch(diagonal(np.full(100, 2.0), np.ones(100), x))
    assert "check_vjp(mymodule.f, mymodule.f_vjp, <float64 (100,)>)" in str(error)
    assert "error.reproduce is the whole line" in str(error)
    assert paste(x) in error.reproduce


@given(st.integers(1, 4), st.integers(1, 30), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_no_line_but_the_first_and_the_one_to_paste_is_wider_than_a_terminal(rank, side, random):
    shape = (side,) + (1,) * (rank - 1)
    x = np.array([random.uniform(-1e3, 1e3) for _ in range(side)]).reshape(shape)
    noise = np.array([random.uniform(0.5, 3) for _ in range(side)])
    text = str(page.mismatch(diagonal(noise * 7, np.ones(side), x)))
    for line in text.split("\n")[1:]:
        assert len(line) <= 100 or "reproduce" in line or "#" in line, line


# ------------------------------------------------------------------------------------- the other outcomes


def test_the_report_of_a_broken_contract():
    error = page.broken(
        one(1, 1), "linear", "the gradient of x is not linear", actual=np.float64(1.0), desired=2.0, hint="a mask of g"
    )
    assert (error.evidence, error.contract) == (None, "linear")
    assert str(error) == (
        "f(x): the gradient of x is not linear\n"
        "    contract   linear\n"
        "    ACTUAL     1\n"
        "    DESIRED    2\n"
        "    hint       a mask of g\n"
        "    at         x = np.array(3.)\n"
        "    reproduce  check_vjp(mymodule.f, mymodule.f_vjp, np.array(3.))"
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("jump", "jumps there"),
        ("noisy", "0.7 ± 0.3"),
        ("smooth", "0.7 ± 0.3"),
        ("quantised", "move in steps"),
        ("infinite", "grows without bound"),
        ("undefined", "not finite, or raises"),
        ("kink", "at a kink"),
    ],
)
def test_what_cannot_be_told_has_its_own_sentence_and_advice(status, words):
    error = page.undecided(one(1.0, 0.7, bar=0.3, status=status, unknown=True))
    first, second = str(error).split("\n")[:2]
    assert words in first
    assert "d out / d x" in first
    assert second.startswith("  ")
    assert len(second) > 40
    assert error.report.inconclusive == 1
    assert "reproduce  check_vjp(" in str(error)


def test_constant_and_empty_functions_have_theirs():
    assert "never changes" in str(page.undecided(one(0, 0, constant=True, unknown=True)))
    nothing = evidence(np.zeros((0, 0)), np.zeros((0, 0)), {"x": np.zeros(0)}, {"out": np.zeros(0)})
    assert report.summarise(one(0, 0, constant=True, unknown=True)).reasons == {"constant": 1}
    assert "nothing to differentiate" in str(page.undecided(nothing))


# ------------------------------------------------------------------------------------------- the hints

NAN, INF = np.nan, np.inf
EXP = np.exp([0.3, 1.7, -2.0])
COLUMN = np.kron(np.eye(2), np.ones((3, 1)))
"""The Jacobian of a (2, 1) array broadcast to (2, 3)."""
SCALED = np.diag([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
FLIPPED = np.arange(6).reshape(2, 3)[:, ::-1].ravel()


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        (lambda: diagonal([4, -8], [2, -4], [1.5, 7]), "2 times DESIRED in both wrong slopes: counted twice"),
        (lambda: diagonal([1, -2], [2, -4], [1.5, 7]), "1/2 times DESIRED in both wrong slopes: one of two uses"),
        (lambda: one(6, 3, x=2.0), "2 times DESIRED: counted twice, or a factor 1/2 is missing; x is 2 there, too"),
        (lambda: diagonal([-2, 4], [2, -4], [1.5, 7]), "-1 times DESIRED in both wrong slopes: the sign is wrong"),
        (lambda: diagonal([1, 1, 1], [1, 1, -1], [1, 2, -3]), "only where x < 0: the sign is wrong"),
        (lambda: evidence(np.ones(3), np.ones(3) / 3, {"x": np.ones(3)}, {"out": 1.0}), "3 is the length of x: summed"),
        (lambda: evidence(np.ones(3) / 3, np.ones(3), {"x": np.ones(3)}, {"out": 1.0}), "averaged where it should be"),
        (lambda: evidence([2, 3, 4], [4, 6, 8], {"x": [1.0, 2, 3]}, {"out": 1.0}), "1/2 times"),
        (lambda: evidence(COLUMN / 3, COLUMN, {"x": np.ones((2, 1))}, {"out": np.ones((2, 3))}), "x is broadcast, not"),
        (lambda: diagonal([2, 2], [3, 3], [1.5, 7]), "2/3 times DESIRED in both wrong slopes: as if 2 of 3 uses"),
        (lambda: diagonal([1, 0.5], [1 / np.log(10), 0.5 / np.log(10)], [1, 2]), "a factor ln 10 too many"),
        (lambda: diagonal([3 * 1.5, 3 * 7], [3, 3], [1.5, 7]), "DESIRED times x in both wrong slopes: x is a factor"),
        (lambda: diagonal([3 / 1.5, 3 / 7], [3, 3], [1.5, 7]), "DESIRED divided by x in both wrong slopes: x is miss"),
        (lambda: diagonal(EXP**2, EXP, [0.3, 1.7, -2.0], EXP), "DESIRED times out"),
        (lambda: diagonal([0.3, 1.7, -2.0], EXP, [0.3, 1.7, -2.0], EXP), "ACTUAL is x itself"),
        (lambda: diagonal([0.3, 0.8], [0.7, 0.2], [5, 6]), "ACTUAL is 1 - DESIRED"),
        (
            lambda: evidence([1.5, 3, 2.5, 7], [2.5, 7, 1.5, 3], {"x": [1, 2.0], "y": [3, 4.0]}, {"out": 1.0}),
            "x and y have got each other's gradient",
        ),
        (
            lambda: evidence(
                np.where(np.arange(6)[:, None] % 3 == 0, COLUMN, 0),
                COLUMN,
                {"x": np.ones((2, 1))},
                {"out": np.ones((2, 3))},
            ),
            "x is broadcast and its gradient not summed: only the first",
        ),
        (
            lambda: evidence(
                [[0, 0], [1, 0], [0, 1]], [[1, 0], [1, 0], [0, 1]], {"x": [1.0, 2.0]}, {"out": [1.0, 1.0, 2.0]}
            ),
            "the last use only: an assignment where there should be a sum",
        ),
        (
            lambda: evidence(SCALED[FLIPPED], SCALED, {"x": np.ones((2, 3))}, {"out": np.ones((2, 3))}),
            "flipped along axis 1",
        ),
        (
            lambda: evidence(SCALED[:, FLIPPED], SCALED, {"x": np.ones((2, 3))}, {"out": np.ones(6)}),
            "the right gradient of x, flipped along axis 1",
        ),
        (
            lambda: evidence(np.diag([1, 3, 2, 4]), np.diag([1, 2, 3, 4]), {"x": np.ones(4)}, {"out": np.ones(4)}),
            "",
        ),
        (
            lambda: evidence(
                np.diag([1.0, 2, 3, 4])[:, [0, 2, 1, 3]],
                np.diag([1.0, 2, 3, 4]),
                {"x": np.ones((2, 2))},
                {"out": np.ones(4)},
            ),
            "the right gradient of x, transposed",
        ),
        (
            lambda: evidence(
                np.triu(np.ones((3, 3))), np.tril(np.ones((3, 3))), {"x": [1.0, 2, 3]}, {"out": np.ones(3)}
            ),
            "the transposed Jacobian",
        ),
        (
            lambda: evidence(np.eye(3)[[1, 2, 0]], np.eye(3)[[2, 0, 1]], {"x": [1.0, 2, 3]}, {"out": np.ones(3)}),
            "shifted by one",
        ),
        (
            lambda: evidence(
                np.eye(4)[[3, 0, 2, 1]], np.eye(4)[[3, 0, 2, 1]].T, {"x": [3.0, 1, 2, 7]}, {"out": np.ones(4)}
            ),
            "the permutation itself, not by its inverse",
        ),
        (
            lambda: evidence(
                [[0, 0], [0, 0], [3, 0], [0, 4]], [[0, 0], [2, 0], [0, 3], [0, 0]], {"x": [1.0, 2]}, {"out": np.ones(4)}
            ),
            "wrong elements of out: the one 1 after",
        ),
        (lambda: diagonal([1 / (0.5 + 1e-8), 1 / 0.25], [2, 4], [0.5, 0.25], bar=1e-14), "x + 1e-08 stood in the den"),
        (lambda: one(1 / np.sqrt(0.25 + 1e-6), 2, x=0.25, bar=1e-14), "sqrt(x + 1e-06) stood in the denominator"),
        (lambda: one(1 / (0.5 + 1e-5), 2, x=17.0, out=0.5, bar=1e-14), "out + 1e-05 stood in the denominator"),
        (lambda: diagonal(np.float32(EXP), EXP, [5, 6, 7.0]), "a float32 number in both wrong slopes: the rule goes"),
        (lambda: diagonal(np.float16(EXP), EXP, [5, 6, 7.0]), "a float16 number"),
        (lambda: diagonal([2 + 3e-7, 3 - 2e-7], [2, 3], [5, 6]), "looks like float32"),
        (lambda: diagonal([2 + 3e-5, 3], [2, 3], [1e-6, 1]), "digits cancel"),
        (lambda: diagonal([2 * (1 + 3e-7), 3], [2, 3], [1e-6, 1]), "digits cancel"),
        (lambda: diagonal([NAN, 2, 2], [2, 2, 2], [0, 1, 3]), "nan, exactly where the input is 0"),
        (lambda: one(NAN, 1, x=0.0), "nan, where the input is 0"),
        (lambda: diagonal([NAN, 2], [2, 2], [1, INF]), "where something is infinite"),
        (lambda: one(NAN, 1, x=-768.0, out=-768.0), "as large as 768"),
        (lambda: one(INF, 1, x=2.0, out=3.0), "ACTUAL is infinite"),
        (
            lambda: evidence(
                [[INF, 0], [NAN, 1]],
                [[5, 0], [0, 1]],
                {"x": [0.0, 1]},
                {"out": [0.0, 1]},
                status=[["infinite", "smooth"], ["smooth", "smooth"]],
                unknown=[[True, False], [False, False]],
            ),
            "where the slope is infinite and the incoming gradient 0",
        ),
        (
            lambda: evidence([NAN, NAN], [1, -1], {"x": [3.0, 3.0]}, {"out": 2.0}),
            "x[0] == x[1]: something is divided by their difference",
        ),
        (
            lambda: evidence([2, 5, 0, 0], [2, 5, 1, 3], {"x": [2.0, 5], "y": [1.0, 3]}, {"out": 2.0}),
            "no gradient arrives at y at all",
        ),
        (
            lambda: evidence([2, 0], [2, 3], {"x": 2.0}, {"a": 1.0, "b": 2.0}),
            "no gradient comes back from b at all",
        ),
        (lambda: diagonal([0, 3, 3], [3, 3, 3], [1, 2, 3]), "ACTUAL is 0 where it should not be, only at the first"),
        (
            lambda: diagonal([1, 1, 1], [0, 1, 1], [-1, 2, 3]),
            "not depend on x, only where x < 0: is a mask",
        ),
        (
            lambda: evidence(
                [[2, 0], [0, 3], [0, -3]],
                [[2, 0], [0, 3], [-2, -3]],
                {"x": [5.0, 6]},
                {"out": [1.0, 2]},
                rows=[Direction((np.array([-1.0, -1.0]),), name="random weights")],
            ),
            "wrong only where the incoming gradient is negative",
        ),
        (lambda: diagonal([1.234, 3, 9], [2, 3, 9], [-1, 2, 3]), "wrong, only where x < 0"),
        (lambda: diagonal([1.234, 0.77], [2, 3], [5, 6]), ""),
        (lambda: diagonal([2, 4], [2, 4], [5, 6]), ""),
    ],
)
def test_hints(numbers, words):
    found = hint(numbers())
    assert words in found
    assert words or not found


@given(st.integers(2, 4), st.integers(0, 2**32 - 1), st.sampled_from([1.0, 1e-3, 1e-6]))
@settings(max_examples=200)
def test_numbers_without_a_pattern_get_no_cause(n, seed, size):
    """Every slope has an error of its own: whatever a hint says of all would be untrue."""
    rng = np.random.default_rng(seed)
    desired = rng.uniform(0.1, 9, (n, n))
    actual = desired + size * rng.uniform(-1, 1, (n, n))
    x, out = rng.uniform(20, 30, (2, n))
    found = hint(evidence(actual, desired, {"x": x}, {"out": out}))
    assert found == "" or (size == 1e-6 and "looks like float32" in found)


@given(hnp.arrays(np.float64, 3, elements=st.floats(0.1, 9)), st.sampled_from([2.0, -1.0, 0.5, 3.0, -3.0, 0.25, 1 / 7]))
@settings(max_examples=50)
def test_a_factor_is_recognised_whatever_the_numbers(desired, factor):
    found = hint(diagonal(desired * factor, desired, [11.5, 12.25, 13.75]))
    assert re.match(r"ACTUAL is (\S+) times DESIRED in all 3 wrong slopes", found)
    assert float(Fraction(re.search(r"is (\S+) times", found)[1])) == pytest.approx(factor)


def test_a_factor_that_holds_for_most_says_for_how_many():
    desired = np.array([1.0, 2, 3, 4, 5])
    found = hint(diagonal(desired * [2, 2, 2, 2, 1.3], desired, [11.5, 12.25, 13.75, 14, 15]))
    assert "2 times DESIRED in 4 of 5 wrong slopes" in found


def test_a_sample_of_a_large_function_is_not_taken_for_the_whole():
    """The wrong row is one that was not looked at alone: that says nothing about linearity."""
    x = np.arange(1.0, 4.0)
    both = Direction((np.array([1.0, -1.0, 2.0]),), name="random weights 1")
    e = evidence([[1, 0, 0], [1, -1, 5]], [[1, 0, 0], [1, -1, 2]], {"x": x}, {"out": np.ones(1)}, rows=[both])
    e.outputs[0] = Leaf("out", np.ones(3))
    assert "linear" not in hint(e)


def test_a_blunt_measurement_gets_no_factor():
    """0.3 where 0.2 ± 0.05 was measured may be 2 times, or 3/2, or nothing of the kind."""
    assert hint(one(0.45, 0.2, bar=0.05)) == ""


# ----------------------------------------------------------------------------------- with real bugs


def unsummed(g, out, x, y):
    return g * y, (g * x)[:1]


def gather(x):
    return x[np.array([0, 0, 1])]


def gather_vjp(g, out, x):
    gradient = np.zeros_like(x)
    gradient[np.array([0, 0, 1])] = g
    return gradient


M = np.array([[1.0, -2.5, 3.25], [0.5, 4.0, -1.75]])


@pytest.mark.parametrize(
    ("forward", "vjp", "args", "words"),
    [
        (np.square, lambda g, out, x: 4 * g * x, [[1.0, 3.0, -2.0]], "2 times DESIRED in all 3"),
        (np.square, lambda g, out, x: g * x, [[1.0, 3.0, -2.0]], "1/2 times DESIRED in all 3"),
        (np.cos, lambda g, out, x: g * np.sin(x), [[1.0, 2.5]], "the sign is wrong"),
        (np.mean, lambda g, out, a: g * np.ones_like(a), [[1.0, 3.0, -2.0]], "3 is the length of a"),
        (np.divide, lambda g, out, x, y: (g / y, -g * x / y), [[1.0, 3.0], [3.0, 5.0]], "is a factor too many"),
        (np.exp, lambda g, out, x: g * x, [[0.3, 1.7]], "x itself in both"),
        (np.multiply, lambda g, out, x, y: (g * x, g * y), [[1.5, 3.0], [2.5, 7.0]], "each other's gradient"),
        (np.multiply, unsummed, [M, [[2.0, 3.0, 5.0]]], "is broadcast and its gradient not summed: only the first"),
        (gather, gather_vjp, [[1.0, 2.0]], "the last use only"),
        (lambda x: x.T, lambda g, out, x: g.reshape(x.shape), [M], "reshaped instead of transposed"),
        (np.sort, lambda g, out, a: g[np.argsort(a)], [[3.0, 1.0, 2.0, 7.0]], "not by its inverse"),
        (np.log, lambda g, out, x: g / (x + 1e-8), [[0.5, 0.25]], "x + 1e-08 stood in the denominator"),
        (np.exp, lambda g, out, x: g * np.float32(out), [[0.3, 1.7]], "float32"),
        (np.prod, lambda g, out, a: g * out / a, [[0.0, 2.0]], "nan, where the input is 0"),
        (lambda x: x + x + x, lambda g, out, x: 2 * g, [[1.0, 3.0]], "as if 2 of 3 uses"),
        (np.multiply, lambda g, out, x, y: (g * y, 0 * g), [[1.0], [2.0]], "no gradient arrives at"),
        (np.maximum, lambda g, out, x, y: (g * (x > y), g * (y > x)), [[0.0], [0.0]], "they add up to 0"),
        (np.max, lambda g, out, a: g * (a == out), [[0.0, 0.0, 1.0, 1.0]], "a[2] == a[3] the shares"),
    ],
)
def test_a_real_bug_gets_its_hint(forward, vjp, args, words):
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(forward, vjp, *(np.array(a) for a in args))
    text = " ".join(str(caught.value).split())
    assert words in text.partition("hint ")[2]


def test_the_line_to_paste_runs_and_says_the_same():
    with pytest.raises(GradientMismatch) as caught:
        check_vjp(gather, gather_vjp, np.array([1.0, 2.0]), rtol=1e-9)
    names = {"np": np, "check_vjp": check_vjp, "tests": __import__("tests.test_report")}
    line = str(caught.value).partition("reproduce  ")[2]
    assert "rtol=1e-09" in line
    with pytest.raises(GradientMismatch) as again:
        eval(line, names)
    assert str(again.value) == str(caught.value)


def test_what_cannot_be_told_of_a_real_function():
    with pytest.raises(InconclusiveError, match="jumps there"):
        check_vjp(np.floor, lambda g, out, x: 0 * g, np.array(1.0))
    with pytest.raises(InconclusiveError, match="grows without bound"):
        check_vjp(np.cbrt, lambda g, out, x: g, np.array(0.0))


# ------------------------------------------------------------------------------------------ Hypothesis


def test_nothing_is_announced_outside_a_test():
    report.announce(report.summarise(one(1, 1)))


def test_hypothesis_is_told_of_each_check_and_two_checks_in_one_example_are_no_error(capsys):
    seen = []

    @settings(max_examples=5, database=None)
    @given(st.floats(0.5, 2))
    def tested(x):
        report.announce(report.summarise(one(1.0, 1.0, x=x)))
        report.announce(report.summarise(one(1.0, 1.0, x=x, bar=1.0, status="kink", fast=1)))
        check_grad(mg.exp, np.array(x))
        check_grad(mg.exp, np.array(x))
        seen.append(x)

    tested()
    assert seen


def test_hypothesis_shows_the_report_of_a_check_before_the_failure():
    @settings(max_examples=5, database=None)
    @given(st.floats(0.5, 2))
    def tested(x):
        report.announce(report.summarise(one(1.0, 1.0, x=x)))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        tested()
    assert any("f: 1 slope right" in note for note in caught.value.__notes__)
