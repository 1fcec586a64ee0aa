"""The strategies: what they draw is valid, hard often enough, and short once it is shrunk.

One idea: a strategy that could draw a hard case is no use if it does not. Each case that a known
bug needs has a frequency here, below the least that was measured over eight runs of 200 examples.
"""

import functools
import itertools
import math
import random
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

import minigrad as mg
from minigrad.testing import numeric_jacobian
from minigrad.testing import strategies as gst
from minigrad.testing.strategies.layouts import LAYOUTS, possible
from minigrad.testing.strategies.programs import KINKED, OPERATIONS, SHAPED, SMOOTH

FIXED = settings(derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow], deadline=None)
"""The same examples in every run. Health checks stay on: a strategy that throws much away fails."""


@functools.cache
def drawn(strategy, count=200):
    """So many examples, drawn beside another number, as they are in any real test.

    Alone, a strategy with few simple examples gives each of them once: Hypothesis repeats nothing.
    """
    found = []

    @settings(FIXED, max_examples=count, phases=[Phase.generate])
    @given(st.integers(0, 2**32), strategy)
    def collect(_, example):
        found.append(example)

    collect()
    return found


def simplest(strategy, condition=lambda _: True):
    return find(strategy, condition, settings=settings(FIXED, max_examples=2000))


def equal(a, b):
    """Whether they are the same arrays, to the dtype."""
    return a.dtype == b.dtype and a.shape == b.shape and bool(np.array_equal(a, b, equal_nan=True))


# ----------------------------------------------------------------------------- how often

VALUES = gst.values()
CLIPPED = gst.values(boundaries=(-1.0, 1.0))
LOGS = gst.values(min_value=0, exclude_min=True)
SPECIAL = gst.values(special=True)
ARRAYS = gst.arrays(gst.shapes(min_dims=1, allow_empty=False))
THREE = gst.arrays((3,))
SHAPES = gst.shapes()
PAIRS = gst.broadcastable()
PAIRS_OF_SHAPES = gst.broadcastable_shapes()
UPSTREAM = gst.cotangents((2, 2))
CONSTANT = gst.layouts(np.ones((2, 3, 2)))
AXES = gst.axes(3)
REDUCTIONS = gst.reductions((2, 3))
TRANSPOSES = gst.transposes(3)
INDICES = gst.indices((2, 3))
PROGRAMS = gst.programs()
LONG = gst.programs(length=(1, 20))
ARITHMETIC = gst.programs(["add", "subtract", "sin"])
SHAPING = gst.programs([*SHAPED, "add"])


def a_tuple(axis):
    return isinstance(axis, tuple)


def resolved(index, shape=(2, 3)):
    """The numbers of the elements that an index takes."""
    return np.arange(math.prod(shape)).reshape(shape)[index].ravel().tolist()


def parts_of(index):
    return index if isinstance(index, tuple) else (index,)


def arrays_in(index):
    return [np.asarray(part) for part in parts_of(index) if isinstance(part, np.ndarray | list)]


def integer_arrays_in(index):
    return [part for part in arrays_in(index) if part.dtype.kind == "i"]


def booleans_in(index):
    return [part for part in arrays_in(index) if part.dtype == bool]


def same_element_by_two_names(index):
    """0 and -2 in one axis of length 2."""
    return any(len({n % 2 for n in part.ravel()}) < len(set(part.ravel())) for part in integer_arrays_in(index))


def reads(program):
    """How often each value is read."""
    names = re.findall(r"\b[xv]\d+\b", " ".join(line.split(" = ", 1)[1] for line in program.lines))
    return {name: names.count(name) for name in names}


def operands(program):
    """What each line makes, and of what."""
    return {made: re.findall(r"\b[xv]\d+\b", how) for made, how in (line.split(" = ", 1) for line in program.lines)}


def uneven(program):
    """A line with two operands, one of them made from the other: a short way and a long one."""
    made_of = operands(program)

    def behind(name):
        found = set()
        for of in made_of.get(name, ()):
            found |= {of} | behind(of)
        return found

    pairs = [(a, b) for a, b in (of for of in made_of.values() if len(of) == 2) if a != b]
    return any(a in behind(b) or b in behind(a) for a, b in pairs)


def dead_end(program):
    return len(set(operands(program)) - set(reads(program))) > 1


def equal_leaves(program):
    return any(equal(a, b) for a, b in itertools.combinations(program.leaves, 2))


KINK_NAMES = ("maximum", "minimum", "absolute", "where", "max(", "min(")


def widened(shapes, which):
    """Whether an operand has a length of 1 where the result is longer."""
    given = shapes.input_shapes[which]
    return any(side == 1 < long for side, long in zip(given[::-1], shapes.result_shape[::-1]))


def both_ways(shapes):
    """Whether an operand lacks an axis and has a length of 1 at another."""
    ndim = len(shapes.result_shape)
    return any(widened(shapes, n) and len(shape) < ndim for n, shape in enumerate(shapes.input_shapes))


def turned(axes):
    return [axis % 3 for axis in axes] in ([1, 2, 0], [2, 0, 1])


FREQUENCIES = [
    # Numbers
    ("exactly 0", VALUES, lambda x: x == 0, 0.15),
    ("1 or -1", VALUES, lambda x: abs(x) == 1, 0.02),
    ("negative", VALUES, lambda x: x < 0, 0.15),
    ("below 1e-4, not 0", VALUES, lambda x: 0 < abs(x) < 1e-4, 0.04),
    ("above 100", VALUES, lambda x: abs(x) > 100, 0.01),
    ("many digits", VALUES, lambda x: x * 2**10 != int(x * 2**10) and abs(x) > 0.01, 0.03),
    ("exactly on a boundary", CLIPPED, lambda x: abs(x) == 1, 0.12),
    ("close to a boundary", CLIPPED, lambda x: 0 < abs(abs(x) - 1) < 1e-4, 0.04),
    ("close to the end of the range", LOGS, lambda x: x < 1e-4, 0.04),
    ("infinite", SPECIAL, math.isinf, 0.01),
    ("NaN", SPECIAL, math.isnan, 0.005),
    ("minus zero", SPECIAL, lambda x: x == 0 and math.copysign(1, x) < 0, 0.005),
    # Arrays
    ("two zeros", THREE, lambda x: (x == 0).sum() >= 2, 0.1),
    ("two zeros beside another number", THREE, lambda x: (x == 0).sum() == 2, 0.04),
    ("a tie", THREE, lambda x: len(set(x)) < 3, 0.4),
    ("a tie, not constant", THREE, lambda x: len(set(x)) == 2, 0.2),
    ("a tie of numbers other than 0", THREE, lambda x: len(set(x[x != 0])) < (x != 0).sum(), 0.3),
    ("constant", THREE, lambda x: len(set(x)) == 1, 0.15),
    ("no tie", THREE, lambda x: len(set(x)) == 3, 0.08),
    # Shapes
    ("0-d", SHAPES, lambda s: s == (), 0.04),
    ("empty", SHAPES, lambda s: 0 in s, 0.06),
    ("one axis", SHAPES, lambda s: len(s) == 1, 0.08),
    ("a length of 1 between longer ones", SHAPES, lambda s: len(s) == 3 and s[1] == 1 < min(s[0], s[2]), 0.05),
    ("three axes, each longer than 1", SHAPES, lambda s: len(s) == 3 and min(s) > 1, 0.01),
    ("all lengths different", SHAPES, lambda s: len(s) == len(set(s)) > 1, 0.05),
    ("one element, with axes", SHAPES, lambda s: s and math.prod(s) == 1, 0.05),
    # Operands that broadcast
    ("shapes differ", PAIRS, lambda p: p[0].shape != p[1].shape, 0.3),
    ("second along an axis of length 1", PAIRS_OF_SHAPES, lambda s: widened(s, 1), 0.04),
    ("first along an axis of length 1", PAIRS_OF_SHAPES, lambda s: widened(s, 0), 0.06),
    ("an axis missing", PAIRS_OF_SHAPES, lambda s: len(s.input_shapes[0]) != len(s.input_shapes[1]), 0.12),
    ("an axis missing and another of length 1", PAIRS_OF_SHAPES, both_ways, 0.02),
    ("both are widened", PAIRS_OF_SHAPES, lambda s: all(s.result_shape != i for i in s.input_shapes), 0.04),
    ("0-d with n-d", PAIRS_OF_SHAPES, lambda s: () in s.input_shapes and s.result_shape, 0.06),
    ("empty operands", PAIRS, lambda p: p[0].size * p[1].size == 0, 0.03),
    ("the same array twice", PAIRS, lambda p: p[0] is p[1], 0.03),
    ("a tie across", PAIRS, lambda p: p[0] is not p[1] and (p[0] == p[1]).any(), 0.15),
    ("a tie across, not at 0", PAIRS, lambda p: p[0] is not p[1] and ((p[0] == p[1]) & (p[0] != 0)).any(), 0.08),
    ("equal, and another array", PAIRS, lambda p: p[0] is not p[1] and p[0].size and equal(*p), 0.05),
    ("a leading axis of length 1", PAIRS_OF_SHAPES, lambda s: any(i[:1] == (1,) for i in s.input_shapes), 0.25),
    # Incoming gradients
    ("both signs", UPSTREAM, lambda g: g.min() < 0 < g.max(), 0.2),
    ("a zero among others", UPSTREAM, lambda g: (g == 0).any() and (g != 0).sum() > 1, 0.05),
    ("one number not 0", UPSTREAM, lambda g: (g != 0).sum() == 1, 0.06),
    ("all different", UPSTREAM, lambda g: len(set(g.flat)) == 4, 0.05),
    # Layouts
    ("C", CONSTANT, lambda a: a.flags.c_contiguous and a.flags.writeable, 0.05),
    ("F", CONSTANT, lambda a: a.flags.f_contiguous, 0.05),
    ("reversed", CONSTANT, lambda a: min(a.strides) < 0, 0.05),
    ("with gaps", CONSTANT, lambda a: a.strides[-1] == 16, 0.05),
    ("neither order", CONSTANT, lambda a: a.strides[0] not in (max(a.strides), min(a.strides)), 0.05),
    ("stride 0", CONSTANT, lambda a: 0 in a.strides, 0.05),
    ("read-only", CONSTANT, lambda a: not a.flags.writeable and 0 not in a.strides, 0.05),
    # Axes
    ("None", AXES, lambda a: a is None, 0.06),
    ("an integer", AXES, lambda a: isinstance(a, int), 0.06),
    ("a negative integer", AXES, lambda a: isinstance(a, int) and a < 0, 0.02),
    ("no axis", AXES, lambda a: a == (), 0.01),
    ("several axes", AXES, lambda a: a_tuple(a) and len(a) > 1, 0.3),
    ("out of order", AXES, lambda a: a_tuple(a) and [n % 3 for n in a] != sorted(n % 3 for n in a), 0.3),
    ("out of order and all negative", AXES, lambda a: a_tuple(a) and list(a) != sorted(a) and max(a) < 0, 0.06),
    ("both signs", AXES, lambda a: a_tuple(a) and a and min(a) < 0 <= max(a), 0.1),
    ("all axes, named", AXES, lambda a: a_tuple(a) and len(a) == 3, 0.12),
    ("negative axis, kept", REDUCTIONS, lambda k: k["keepdims"] and k["axis"] in (-1, -2), 0.01),
    ("out of order, not kept", REDUCTIONS, lambda k: not k["keepdims"] and k["axis"] in ((1, 0), (-1, 0)), 0.02),
    ("a cycle of three", TRANSPOSES, lambda a: a and turned(a), 0.25),
    ("a cycle of three, some negative", TRANSPOSES, lambda a: a and turned(a) and min(a) < 0, 0.2),
    # Indices
    ("an element twice", INDICES, lambda i: len(set(resolved(i))) < len(resolved(i)), 0.25),
    ("an element twice, by two names", INDICES, same_element_by_two_names, 0.15),
    ("a list", INDICES, lambda i: isinstance(i, list), 0.06),
    ("truth values", INDICES, booleans_in, 0.06),
    ("truth values beside a slice", INDICES, lambda i: len(parts_of(i)) > 1 and booleans_in(i), 0.01),
    ("a negative step", INDICES, lambda i: any((s.step or 1) < 0 for s in parts_of(i) if isinstance(s, slice)), 0.03),
    ("None", INDICES, lambda i: any(part is None for part in parts_of(i)), 0.04),
    ("an ellipsis", INDICES, lambda i: any(part is ... for part in parts_of(i)), 0.03),
    ("two index arrays", INDICES, lambda i: len(integer_arrays_in(i)) == 2, 0.03),
    ("an index array beside a slice", INDICES, lambda i: len(parts_of(i)) > 1 == len(integer_arrays_in(i)), 0.05),
    ("an index array of two axes", INDICES, lambda i: any(a.ndim == 2 for a in integer_arrays_in(i)), 0.01),
    ("nothing taken", INDICES, lambda i: not resolved(i), 0.02),
    ("everything taken once", INDICES, lambda i: sorted(resolved(i)) == list(range(6)), 0.03),
    # Programs
    ("a value read three times", PROGRAMS, lambda p: max(reads(p).values()) >= 3, 0.2),
    ("a value read five times", PROGRAMS, lambda p: max(reads(p).values()) >= 5, 0.04),
    ("a value read more than eight times", LONG, lambda p: max(reads(p).values()) > 8, 0.05),
    ("a value beside itself", PROGRAMS, lambda p: any(of == [of[0]] * 2 for of in operands(p).values()), 0.1),
    ("x - x", ARITHMETIC, lambda p: any(re.search(r"subtract\((\w+), \1\)", line) for line in p.lines), 0.005),
    ("an uneven diamond", PROGRAMS, uneven, 0.4),
    ("a dead end", PROGRAMS, dead_end, 0.1),
    ("leaves of equal values", PROGRAMS, equal_leaves, 0.05),
    ("three leaves", PROGRAMS, lambda p: len(p.leaves) == 3, 0.05),
    ("leaves of different shapes", PROGRAMS, lambda p: len({leaf.shape for leaf in p.leaves}) > 1, 0.05),
    ("a step with a kink", PROGRAMS, lambda p: any(step in line for line in p.lines for step in KINK_NAMES), 0.2),
    ("a step that changes shape", PROGRAMS, lambda p: p.run(*p.leaves, module=np).shape != p.leaves[0].shape, 0.2),
    ("a repeated index", SHAPING, lambda p: any("[0, -1, 0]" in line for line in p.lines), 0.01),
    ("a value as it was", PROGRAMS, lambda p: any("[...]" in line for line in p.lines), 0.01),
]


@pytest.mark.parametrize(("case", "strategy", "is_one", "least"), FREQUENCIES, ids=[case for case, *_ in FREQUENCIES])
def test_a_hard_case_comes_often(case, strategy, is_one, least):
    examples = drawn(strategy)
    share = sum(map(bool, map(is_one, examples))) / len(examples)
    assert share >= least, f"{case}: {share:.3f} of {len(examples)} examples"


# ----------------------------------------------------------------------------- numbers


RANGES = [
    {},
    {"min_value": 0},
    {"min_value": 0, "exclude_min": True},
    {"max_value": -2.5},
    {"min_value": -1, "max_value": 1, "exclude_min": True, "exclude_max": True},
    {"min_value": 0.3, "max_value": 0.4},
    {"min_value": 1000, "max_value": 3000},
    {"min_value": 2.0, "max_value": 2.0},
    {"min_value": -math.inf, "max_value": 5, "special": True},
    {"boundaries": (math.pi / 2, -math.pi / 2), "min_value": -4},
]


@pytest.mark.parametrize("options", RANGES, ids=str)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.longdouble])
def test_a_number_is_of_its_range_and_of_its_dtype(dtype, options):
    lowest, highest = options.get("min_value", -math.inf), options.get("max_value", math.inf)
    for x in drawn(gst.values(dtype, **options), 60):
        assert type(x) is float
        assert float(np.dtype(dtype).type(x)) == x
        # An end that the dtype does not have is not rounded to a number outside.
        assert lowest <= x <= highest
        assert x != lowest or not options.get("exclude_min")
        assert x != highest or not options.get("exclude_max")


@pytest.mark.parametrize(
    "options",
    [
        {"min_value": 1 + 1e-12, "max_value": 1 + 2e-12},
        {"min_value": 1e-300, "max_value": 1e-290},
        {"min_value": 1e300},
        {"min_value": 5e-324, "max_value": 5e-324},
    ],
    ids=str,
)
def test_a_range_without_short_numbers_has_numbers(options):
    for x in drawn(gst.values(**options), 20):
        assert options["min_value"] <= x <= options.get("max_value", math.inf)


@pytest.mark.parametrize("boundaries", [(0.0,), (0.0, 1.0, -1.0)])
def test_a_step_away_from_a_number_is_exact(boundaries):
    """What makes a difference quotient exact: x + h - x is h, for each power of two down to 2^-30 of x."""
    for x in drawn(gst.values(boundaries=boundaries)):
        for k in range(31):
            h = math.ldexp(max(abs(x), 2.0**-10), -k)
            h = math.ldexp(1, math.frexp(h)[1])
            assert (x + h) - x == h
            assert x - (x - h) == h


def test_boundaries_are_met_exactly_and_from_both_sides():
    numbers = drawn(gst.values(boundaries=(0.375,)))
    assert 0.375 in numbers
    assert any(0 < x - 0.375 < 1e-5 for x in numbers)
    assert any(0 < 0.375 - x < 1e-5 for x in numbers)


def test_magnitudes_say_how_far():
    numbers = drawn(gst.values(magnitudes=(100, 200), special=False), 300)
    assert any(x > 2.0**100 for x in numbers)
    assert not any(0 < abs(x) < 2.0**-20 for x in numbers)


def test_only_special_numbers_are_special():
    assert all(map(math.isfinite, drawn(VALUES)))
    assert not any(x == 0 and math.copysign(1, x) < 0 for x in drawn(VALUES))
    bounded = drawn(gst.values(max_value=1, special=True), 400)
    assert -math.inf in bounded
    assert not any(map(math.isnan, bounded))


# ----------------------------------------------------------------------------- what it shrinks to


@pytest.mark.parametrize(
    ("strategy", "condition", "shortest"),
    [
        (gst.values(), lambda x: True, 0.0),
        (gst.values(), lambda x: x > 0.3, 1.0),
        (gst.values(), lambda x: x < 0, -1.0),
        (gst.values(boundaries=(0.3,)), lambda x: True, 0.0),
        (gst.values(min_value=0, max_value=1, exclude_min=True), lambda x: x < 1, 0.5),
        (gst.shapes(), lambda s: True, ()),
        (gst.shapes(), lambda s: len(s) == 2, (1, 1)),
        (gst.shapes(), lambda s: 0 in s, (0,)),
        (gst.axes(3), lambda a: a is not None, 0),
        (gst.axes(3), lambda a: isinstance(a, tuple) and len(a) == 2 and max(a) < 0 and a[0] > a[1], (-2, -3)),
        (gst.reductions((2, 3)), lambda k: k["axis"] is not None and k["keepdims"], {"axis": 0, "keepdims": True}),
        (gst.transposes(3), lambda a: a is not None and turned(a), (1, 2, 0)),
        (gst.indices((3,)), lambda i: isinstance(i, list) and len(set(i)) < len(i), [0, 0]),
    ],
)
def test_simplest_of_its_kind(strategy, condition, shortest):
    found = simplest(strategy, condition)
    assert found == shortest
    assert type(found) is type(shortest)


@pytest.mark.parametrize(
    ("strategy", "condition", "shortest"),
    [
        (gst.arrays(gst.shapes()), lambda x: True, np.array(0.0)),
        (gst.arrays((2, 2)), lambda x: x.any(), np.array([[0.0, 0.0], [0.0, 1.0]])),
        (gst.arrays((3,)), lambda x: len(set(x)) < 3, np.zeros(3)),
        (gst.arrays_like(np.ones((2, 3), np.float32)), lambda x: True, np.zeros((2, 3), np.float32)),
        (gst.cotangents((2, 2)), lambda g: True, np.array([[1.0, 0.0], [0.0, 0.0]])),
        (gst.layouts(np.array([1.0, 2.0])), lambda a: True, np.array([1.0, 2.0])),
        (gst.matrices((2, 2), eigenvalues=(3, 5)), lambda a: True, np.diag([3.0, 5.0])),
        (gst.matrices((2, 2)), lambda a: True, np.eye(2)),
    ],
)
def test_simplest_array_of_its_kind(strategy, condition, shortest):
    assert equal(simplest(strategy, condition), shortest)


def test_simplest_operands():
    a, b = simplest(PAIRS, lambda p: p[0].size and p[0].shape != p[1].shape)
    assert {a.ndim, b.ndim} <= {0, 1, 2}
    assert not a.any()
    assert not b.any()
    a, b = simplest(PAIRS, lambda p: p[0].any() and p[1].any())
    assert (a, b) == (1, 1)
    assert a is not b  # sharing is never needed, so it is never simplest


def test_simplest_programs():
    assert repr(simplest(PROGRAMS)) == "Program([np.array(0.)], ['v0 = m.add(x0, x0)'])"
    three = simplest(PROGRAMS, lambda p: max(reads(p).values()) == 3)
    assert len(three.leaves) == 1
    assert len(three.lines) <= 3
    assert not three.leaves[0].any()


# ----------------------------------------------------------------------------- arrays


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.uint8, bool])
def test_an_array_is_of_its_shape_and_dtype(dtype):
    for shape in ((), (0,), (2, 0, 3), (2, 3), 4):
        for x in drawn(gst.arrays(shape, dtype=dtype, layouts=True), 20):
            assert type(x) is np.ndarray
            assert x.dtype == dtype
            assert x.shape == (shape if isinstance(shape, tuple) else (shape,))


def test_unique_elements():
    for x in drawn(gst.arrays((2, 5), unique=True), 30):
        assert len(set(x.flat)) == 10


def test_ties_are_drawn_on_purpose():
    """Of a thousand numbers, six are hardly ever two: Hypothesis repeats itself, but twice as often with `ties`."""
    elements = st.integers(-1000, 1000).map(float)
    with_ties, without = (
        sum(len(set(x)) < 3 for x in drawn(gst.arrays((6,), elements=elements, ties=ties))) for ties in (True, False)
    )
    assert with_ties > 1.5 * without


def test_a_large_array_can_be_drawn():
    for x in drawn(gst.arrays((40, 50)), 10):
        assert x.shape == (40, 50)
    for g in drawn(gst.cotangents((40, 50)), 10):
        assert g.any()


def test_elements_are_used_and_must_fit():
    assert all((x == 7).all() for x in drawn(gst.arrays((2, 3), elements=st.just(7.0)), 5))
    with pytest.raises(InvalidArgument, match=r"0\.1.* float32 cannot hold"):
        simplest(gst.arrays((2,), dtype=np.float32, elements=st.just(0.1)))
    with pytest.raises(InvalidArgument, match="uint8 cannot hold"):
        simplest(gst.arrays((2,), dtype=np.uint8, elements=st.just(-1)))


def test_like_a_template():
    fortran = np.asfortranarray(np.ones((2, 3), np.float32))
    for x in drawn(gst.arrays_like(fortran), 10):
        assert x.dtype == np.float32
        assert x.strides == fortran.strides
        assert x is not fortran
    assert drawn(gst.arrays_like(mg.ones((2, 1))), 5)[0].shape == (2, 1)
    assert drawn(gst.arrays_like(2.5), 5)[0].shape == ()
    assert any(not x.flags.c_contiguous for x in drawn(gst.arrays_like(np.ones((2, 3)), layouts=True), 50))


@pytest.mark.parametrize("num", [1, 2, 3, 5])
def test_operands_broadcast(num):
    for shapes in drawn(gst.broadcastable_shapes(num, max_dims=4, max_side=4, max_size=30)):
        assert len(shapes.input_shapes) == num
        assert np.broadcast_shapes(*shapes.input_shapes) == shapes.result_shape
        assert math.prod(shapes.result_shape) <= 30
    for operands_ in drawn(gst.broadcastable(num), 50):
        assert np.broadcast(*operands_).size <= 12


def test_each_operand_has_its_elements():
    positive, negative = gst.values(min_value=1), gst.values(max_value=-1)
    for x, y, z in drawn(gst.broadcastable(3, elements=[positive, negative, positive])):
        assert (x >= 1).all()
        assert (y <= -1).all()
        assert (z >= 1).all()
        assert x is not y
    assert any(x is z for x, _, z in drawn(gst.broadcastable(3, elements=[positive, negative, positive])))


def test_nothing_is_shared_or_empty_if_not_asked_for():
    for pair in drawn(gst.broadcastable(share=False, allow_empty=False, min_dims=1, dtype=np.float32)):
        assert not np.shares_memory(*pair)
        assert all(x.size and x.dtype == np.float32 for x in pair)
        assert max(x.ndim for x in pair) > 0


def test_shapes_keep_to_their_bounds():
    bounds = {"min_dims": 2, "max_dims": 4, "max_side": 5, "max_size": 20, "allow_empty": False}
    for shape in drawn(gst.shapes(**bounds), 300):
        assert 2 <= len(shape) <= 4
        assert all(1 <= side <= 5 for side in shape)
        assert math.prod(shape) <= 20
    assert {(5, 4), (4, 5), (1, 5, 2, 2)} & set(drawn(gst.shapes(**bounds), 300))
    assert set(drawn(gst.shapes(max_dims=0), 5)) == {()}
    assert all(side < 2 for shape in drawn(gst.shapes(max_size=1)) for side in shape)


@pytest.mark.parametrize("zeros", [True, False])
def test_an_upstream_gradient_says_something(zeros):
    for shape in ((), (1,), (4,), (2, 3), (0, 2)):
        for g in drawn(gst.cotangents(shape, np.float32, zeros=zeros), 60):
            assert g.shape == shape
            assert g.dtype == np.float32
            assert g.any() or not g.size
            assert zeros or g.all()
            assert g.size < 2 or len(set(g.flat)) > 1
            assert zeros or g.size < 2 or g.min() < 0 < g.max()


# ----------------------------------------------------------------------------- layouts


@pytest.mark.parametrize(
    "array",
    [
        np.array(1.5),
        np.ones(3),
        np.arange(6.0).reshape(2, 3),
        np.zeros((2, 0)),
        np.arange(24.0).reshape(2, 3, 4)[:, ::-1],
    ],
)
def test_a_layout_changes_no_number_and_shares_no_memory(array):
    before = array.copy()
    for x in drawn(gst.layouts(array), 60):
        assert equal(x, array)
        assert not np.shares_memory(x, array)
        if x.flags.writeable:
            x[...] = 9
    assert equal(array, before)


def test_layouts_are_those_the_array_can_have():
    assert possible(np.array(1.0)) == ["C", "read-only"]
    assert possible(np.arange(3.0)) == ["C", "reversed", "strided", "read-only"]
    assert possible(np.ones(3)) == ["C", "reversed", "strided", "broadcast", "read-only"]
    assert possible(np.ones((2, 2, 2))) == list(LAYOUTS)
    assert possible(np.array([[1.0, 1.0], [2.0, 2.0]])) == ["C", "F", "reversed", "strided", "broadcast", "read-only"]
    assert gst.laid_out(np.array([[1.0, 1.0], [2.0, 2.0]]), "broadcast").strides == (8, 0)


def test_a_layout_that_is_none():
    with pytest.raises(ValueError, match="'K' is no layout"):
        gst.laid_out(np.ones(2), "K")


# ----------------------------------------------------------------------------- axes and indices


@pytest.mark.parametrize("ndim", [0, 1, 2, 4])
def test_numpy_takes_every_axis_and_permutation(ndim):
    x = np.zeros((2, 1, 3, 2)[:ndim])
    for axis in drawn(gst.axes(ndim)):
        assert x.sum(axis=axis).ndim <= ndim
    for order in drawn(gst.transposes(ndim)):
        assert x.transpose(order).ndim == ndim
    for keywords in drawn(gst.reductions(x.shape)):
        np.sum(x, **keywords)


def test_axes_keep_to_their_options():
    assert None not in drawn(gst.axes(2, allow_none=False))
    assert None not in drawn(gst.transposes(3, allow_none=False))
    assert {type(axis) for axis in drawn(gst.axes(2, allow_none=False, allow_tuple=False))} == {int}
    for axis in drawn(gst.axes(4, among=[1, -1])):
        assert {a % 4 for a in (axis if isinstance(axis, tuple) else (axis,))} <= {1, 3}
    for keywords in drawn(gst.reductions((2, 0, 3), allow_empty=False)):
        np.max(np.zeros((2, 0, 3)), **keywords)  # raises ValueError for an empty axis


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (2, 3), (2, 0), (0, 2), (2, 1, 2)])
def test_numpy_and_minigrad_take_every_index(shape):
    x = np.arange(float(math.prod(shape))).reshape(shape)
    for index in drawn(gst.indices(shape)):
        np.testing.assert_array_equal(mg.tensor(x)[index].numpy(), x[index], strict=True)


def test_without_repeats_no_element_is_taken_twice():
    for index in drawn(gst.indices((2, 3), allow_repeats=False), 400):
        assert len(set(resolved(index))) == len(resolved(index))


# ----------------------------------------------------------------------------- matrices


def test_singular_values():
    for a in drawn(gst.matrices((3, 2), singular_values=(2, 1e-6)), 50):
        np.testing.assert_allclose(np.linalg.svd(a, compute_uv=False), [2, 1e-6], rtol=1e-9)
    for a in drawn(gst.matrices((2, 3, 3), singular_values=st.sampled_from([0.0, 1.0])), 50):
        s = np.linalg.svd(a, compute_uv=False)
        np.testing.assert_allclose(s, s.round(), atol=1e-12)
    ranks = {
        int(np.linalg.matrix_rank(a)) for a in drawn(gst.matrices((3, 3), singular_values=st.sampled_from([0, 1])))
    }
    assert ranks == {0, 1, 2, 3}


def test_eigenvalues():
    for a in drawn(gst.matrices((3, 3), eigenvalues=(1, -2, 4)), 50):
        np.testing.assert_allclose(np.sort(np.linalg.eigvals(a)), [-2, 1, 4], atol=1e-10)
    assert any(not np.allclose(a, a.T) for a in drawn(gst.matrices((3, 3), eigenvalues=(1, -2, 4)), 50))
    for a in drawn(gst.matrices((3, 3), eigenvalues=(1, 1, -2), symmetric=True, dtype=np.float32), 50):
        assert a.dtype == np.float32
        assert (a == a.T).all()
        np.testing.assert_allclose(np.linalg.eigvalsh(a), [-2, 1, 1], atol=1e-5)


def test_symmetric_and_positive_definite():
    signs = set()
    for a in drawn(gst.matrices((2, 2), singular_values=(1, 2), symmetric=True), 60):
        assert (a == a.T).all()
        eigenvalues = np.linalg.eigvalsh(a)
        np.testing.assert_allclose(np.sort(abs(eigenvalues)), [1, 2], rtol=1e-12)
        signs.add(tuple(np.sign(eigenvalues)))
    assert signs == {(1, 1), (-1, 1), (-1, -1)}
    for a in drawn(gst.matrices((2, 3, 3), positive_definite=True), 50):
        assert (a == a.mT).all()
        assert (np.linalg.eigvalsh(a) >= 0.24).all()


def test_matrices_are_turned_and_their_spectrum_repeats():
    examples = drawn(gst.matrices((2, 2), symmetric=True))
    assert sum(bool(a[0, 1]) for a in examples) > 40
    assert sum(len(set(abs(np.linalg.eigvalsh(a)).round(9))) == 1 for a in examples) > 10
    assert drawn(gst.matrices((0, 2)), 2)[0].shape == (0, 2)
    assert drawn(gst.matrices((0, 2, 2)), 2)[0].shape == (0, 2, 2)


# ----------------------------------------------------------------------------- programs


def gradients(program):
    leaves = [mg.tensor(leaf, requires_grad=True) for leaf in program.leaves]
    result = program.run(*leaves)
    weights = np.cos(np.arange(result.size)).reshape(result.shape)
    return result.detach().numpy(), [g.numpy() for g in mg.gradients((result * weights).sum(), leaves)]


def test_a_program_is_the_same_with_numpy_and_with_minigrad():
    for program in drawn(PROGRAMS):
        np.testing.assert_allclose(gradients(program)[0], program.run(*program.leaves, module=np), rtol=1e-12)


@pytest.mark.parametrize("name", ["autograd", "jax"])
def test_a_program_is_the_same_with_another_library(name):
    pytest.importorskip(name)
    if name == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)
        module, grad = jax.numpy, jax.grad
    else:
        import autograd

        module, grad = autograd.numpy, autograd.grad
    for program in drawn(PROGRAMS)[: 12 if name == "jax" else 60]:
        value, ours = gradients(program)
        weights = np.cos(np.arange(value.size)).reshape(value.shape)

        def total(*leaves, program=program, weights=weights):
            return module.sum(program.run(*leaves, module=module) * weights)

        theirs = grad(total, tuple(range(len(ours))))(*map(module.array, program.leaves))
        scale = max((abs(g).max() for g in ours), default=0)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9 * scale + 1e-12)


def test_a_program_is_smooth_where_it_is_drawn():
    """Differences find one slope, the same from both sides and the one that minigrad finds."""
    slopes = 0
    for program in drawn(gst.programs([*KINKED, "add", "sin", "multiply", "divide", "log"]), 60):
        value, ours = gradients(program)
        weights = np.cos(np.arange(value.size)).reshape(value.shape)
        found = numeric_jacobian(
            lambda *leaves, p=program, w=weights: np.asarray((p.run(*leaves, module=np) * w).sum()), *program.leaves
        )
        parts = zip(*found, strict=True) if len(ours) > 1 else [found]
        for (desired, uncertainty, status), g in zip(parts, ours, strict=True):
            assert not set(np.ravel(status)) & {"kink", "jump", "undefined", "infinite"}, program
            sure = np.asarray(status) == "smooth"
            slopes += int(sure.sum())
            assert (abs(desired - g) <= 8 * uncertainty + 1e-7 * (abs(g) + 1))[sure].all(), program
    assert slopes > 60


def test_a_program_is_its_source():
    for program in drawn(PROGRAMS)[:50]:
        again = eval(repr(program), {"np": np, "Program": gst.Program})
        assert again.lines == program.lines
        assert all(map(equal, again.leaves, program.leaves))
        found = {"np": np}
        exec(program.source, found)
        expected = program.run(*program.leaves, module=np)
        np.testing.assert_array_equal(found["program"](np, *program.leaves), expected)


def test_programs_keep_to_their_bounds():
    for program in drawn(gst.programs(leaves=(2, 4), length=(3, 5))):
        assert 1 <= len(program.leaves) <= 4
        assert len(program.lines) <= 5
        assert set(reads(program)) >= {f"x{n}" for n, _ in enumerate(program.leaves)}
    lengths = {len(program.lines) for program in drawn(gst.programs(["sin", "add"], length=(3, 5)))}
    assert lengths == {3, 4, 5}


def test_a_long_program():
    (program, *_) = drawn(gst.programs(["sin", "subtract"], length=(600, 600)), 3)
    assert len(program.lines) == 600
    assert all(np.isfinite(g).all() for g in gradients(program)[1])


def test_operations_of_ones_own():
    hypot = gst.Operation("m.hypot(x, y)", clear=lambda x, y: bool((np.hypot(x, y) > 0.5).all()))
    used = " ".join(line for p in drawn(gst.programs([hypot, "arctan", "negative"])) for line in p.lines)
    assert set(re.findall(r"m\.(\w+)", used)) == {"hypot", "arctan", "negative"}
    elsewhere = gst.programs(["sin"], elements=st.just(0.25))
    assert all((leaf == 0.25).all() for p in drawn(elsewhere, 20) for leaf in p.leaves)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_drawn(name):
    """And alone: no operation depends on another to be taken."""
    leaves = gst.values(min_value=0.5, max_value=2)
    for program in drawn(gst.programs([name], elements=leaves), 40):
        for line in program.lines:
            assert OPERATIONS[name].line("_", "_") == re.sub(r"\b[xv]\d+\b", "_", line.split(" = ", 1)[1])
    assert any(program.lines for program in drawn(gst.programs([name], elements=leaves), 40))


def test_a_ufunc_by_name_takes_what_it_takes():
    assert set(SMOOTH) >= {"add", "multiply"}
    for program in drawn(gst.programs(["hypot"], elements=gst.values(min_value=1, max_value=2)), 20):
        assert all(re.fullmatch(r"v\d+ = m\.hypot\([xv]\d+, [xv]\d+\)", line) for line in program.lines)


def test_a_program_without_lines_is_its_leaf():
    program = gst.Program([np.array([2.0])], [])
    assert program.run(mg.tensor([3.0])).item() == 3
    with pytest.raises(TypeError, match="argument"):
        program.run()


# ----------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: gst.values(np.int64), "dtype=int64 is not one of the kinds"),
        (lambda: gst.values("no dtype"), "'no dtype' is no dtype"),
        (lambda: gst.values(min_value=2, max_value=1), "no number lies"),
        (lambda: gst.values(min_value=1, max_value=1, exclude_min=True), "no number lies"),
        (lambda: gst.values(exclude_max=True), "exclude_max=True leaves out no number"),
        (lambda: gst.values(min_value=math.nan), "min_value=nan bounds nothing"),
        (lambda: gst.values(max_value="1"), "max_value='1' bounds nothing"),
        (lambda: gst.values(boundaries=(math.inf,)), "are no finite numbers"),
        (lambda: gst.values(boundaries=3.0), "are no finite numbers"),
        (lambda: gst.values(magnitudes=(3, -3)), "magnitudes=(3, -3) is no range"),
        (lambda: gst.arrays((-1,)), "shape=(-1,) is no shape"),
        (lambda: gst.arrays("ab"), "shape='ab' is no shape"),
        (lambda: gst.arrays((2.5,)), "shape=(2.5,) is no shape"),
        (lambda: gst.arrays((2,), dtype=np.complex128), "complex128 is not one of the kinds"),
        (lambda: gst.arrays((2,), elements=3.0), "elements=3.0 is no strategy"),
        (lambda: gst.shapes(min_dims=3, max_dims=2), "max_dims=2 is out of range"),
        (lambda: gst.shapes(max_side=0), "max_side=0 is out of range"),
        (lambda: gst.broadcastable(0), "num=0 is out of range"),
        (lambda: gst.broadcastable(2, elements=[None]), "1 strategies of elements for 2 operands"),
        (lambda: gst.cotangents((2,), int), "int64 is not one of the kinds"),
        (lambda: gst.axes(-1), "ndim=-1 is out of range"),
        (lambda: gst.axes(2, among=[2]), "names axis 2 of 2"),
        (lambda: gst.axes(0, allow_none=False, allow_tuple=False), "no axis can be drawn"),
        (lambda: gst.indices(None), "shape=None is no shape"),
        (lambda: gst.matrices((3,)), "is no shape of matrices"),
        (lambda: gst.matrices((2, 3), symmetric=True), "has no symmetric matrices"),
        (lambda: gst.matrices((2, 2), singular_values=(1, 1), eigenvalues=(1, 1)), "Give one of them"),
        (lambda: gst.matrices((2, 2), singular_values=(1, -1)), "are not all >= 0"),
        (lambda: gst.matrices((2, 2), eigenvalues=(1, 0), positive_definite=True), "are not all above 0"),
        (lambda: gst.matrices((2, 2), eigenvalues=(1, 2, 3)), "are not 2 finite numbers"),
        (lambda: gst.matrices((2, 2), eigenvalues=(1, math.inf)), "are not 2 finite numbers"),
        (lambda: gst.programs([]), "ops is empty"),
        (lambda: gst.programs(["mul"]), "ops names 'mul', which is no operation"),
        (lambda: gst.programs([np.sin]), "which is no operation"),
        (lambda: gst.programs(["modf"]), "ops names 'modf', which is no operation"),
        (lambda: gst.programs(leaves=(0, 2)), "leaves=(0, 2) is no range"),
        (lambda: gst.programs(length=5), "length=5 is no range"),
    ],
)
def test_a_bad_option_is_refused_when_it_is_drawn(make, says):
    strategy = make()  # not before: a strategy may be made where no example is ever drawn
    with pytest.raises(InvalidArgument, match=re.escape(says)) as refused:
        simplest(strategy)
    assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize("expression", ["m.sin(", "m.sin(z)", "1 + 1", "m.exp(y)"])
def test_an_operation_that_is_none(expression):
    with pytest.raises(InvalidArgument, match="is no expression"):
        gst.Operation(expression)


def test_a_value_may_be_a_strategy():
    dtypes = st.sampled_from([np.float32, np.float64])
    arrays = drawn(gst.arrays(gst.shapes(), dtype=dtypes))
    assert {x.dtype.type for x in arrays} == {np.float32, np.float64}
    assert len({x.shape for x in arrays}) > 10
    assert {x.dtype.type for x in drawn(gst.cotangents(gst.shapes(), dtypes), 30)} == {np.float32, np.float64}
    assert {x.dtype.type for pair in drawn(gst.broadcastable(dtype=dtypes), 30) for x in pair} == {
        np.float32,
        np.float64,
    }
    assert {len(pair) for pair in drawn(gst.broadcastable(st.integers(1, 3)), 30)} == {1, 2, 3}
    assert {len(axis) for axis in drawn(gst.axes(st.integers(0, 3))) if isinstance(axis, tuple)} == {0, 1, 2, 3}
    assert {len(order) for order in drawn(gst.transposes(st.integers(0, 3), allow_none=False))} == {0, 1, 2, 3}
    assert len({a.shape for a in drawn(gst.matrices(gst.shapes(min_dims=2, max_dims=2)), 50)}) > 3
    assert len({a.shape for a in drawn(gst.layouts(gst.arrays(gst.shapes())), 50)}) > 3
    assert len({a.shape for a in drawn(gst.arrays_like(gst.arrays(gst.shapes())), 50)}) > 3
    assert min(drawn(gst.values(min_value=st.integers(5, 6)), 50)) >= 5
    for keywords in drawn(gst.reductions(gst.shapes(min_dims=1, max_dims=1)), 30):
        assert keywords["axis"] in (None, 0, -1, (), (0,), (-1,))


# ----------------------------------------------------------------------------- the outside world

EVERYTHING = st.tuples(
    PAIRS, ARRAYS, UPSTREAM, CONSTANT, REDUCTIONS, TRANSPOSES, INDICES, PROGRAMS, gst.matrices((2, 2)), SPECIAL
)


@settings(FIXED, max_examples=10)
@given(st.data())
def test_no_global_state_is_touched(data):
    """Neither random generator moves while examples are drawn, and what they draw next changes no example."""
    before, numpys_before, errors = random.getstate(), np.random.get_state(), np.geterr()
    data.draw(EVERYTHING)
    after, numpys_after = random.getstate(), np.random.get_state()
    assert before == after
    assert all(np.array_equal(a, b) for a, b in zip(numpys_before, numpys_after, strict=True))
    assert np.geterr() == errors


def test_an_example_depends_on_the_seed_alone():
    first = drawn.__wrapped__(EVERYTHING, 20)
    random.seed(1)
    np.random.seed(1)
    assert repr(drawn.__wrapped__(EVERYTHING, 20)) == repr(first)


def test_without_hypothesis_it_says_what_to_install():
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "try:\n    import minigrad.testing.strategies\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed == 'minigrad.testing.strategies needs Hypothesis: pip install "minigrad[testing]"\n'


def test_every_public_name_is_there():
    assert all(hasattr(gst, name) for name in gst.__all__)
    assert gst.broadcastable_pairs is gst.broadcastable
    with pytest.raises(AttributeError, match="no attribute 'array'"):
        gst.array  # noqa: B018
