"""What a recorded call keeps is what its rules read, taken from their bytecode.

One idea: a rule is given impostors in the place of everything it is said not to read.
They know a shape and a dtype; whoever asks them for more fails the test.
"""

# rules are functions of g, out and the arguments; they have no self

import collections
import functools
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import keeping, ops
from minigrad.testing import strategies as gst
from minigrad.testing.strategies import op_cases

from .calls import DIFFERENTIABLE, is_float_array, name_of, of_forward

pytestmark = [
    pytest.mark.filterwarnings("ignore::minigrad.errors.BroadcastWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]


class Outline:
    """The shape and dtype of an array, and nothing else of it."""

    __slots__ = ("dtype", "ndim", "shape", "size")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: Any) -> None:
        self.shape, self.ndim, self.size, self.dtype = array.shape, array.ndim, array.size, array.dtype

    def _refuse(self, *args: Any, **keywords: Any) -> Any:
        raise AssertionError("a rule read an argument that it was said only to look at")

    __getattr__ = __array__ = __array_ufunc__ = __array_function__ = _refuse
    __add__ = __radd__ = __mul__ = __rmul__ = __sub__ = __rsub__ = __truediv__ = __rtruediv__ = _refuse
    __eq__ = __lt__ = __gt__ = __bool__ = __iter__ = __len__ = __getitem__ = __neg__ = _refuse  # type: ignore[assignment]


def kept_by(op: type[mg.Op], *needing: int) -> tuple[tuple[bool, ...], bool]:
    """Which arguments a call keeps, and whether its result, if those at `needing` need a gradient."""
    return op.keeps[sum(1 << n for n in needing)]


def test_an_outline_lets_nobody_read():
    outline = Outline(np.ones(2))
    assert outline.shape == (2,)
    for use in (
        lambda o: o * 2,
        lambda o: 2 * o,
        lambda o: np.ones(2) * o,
        lambda o: np.exp(o),
        lambda o: np.sum(o),
        lambda o: o.T,
        lambda o: o[0],
        lambda o: o > 0,
        lambda o: bool(o),
        lambda o: list(o),
    ):
        with pytest.raises(AssertionError, match="said only to look"):
            use(outline)


@pytest.mark.parametrize("spec", DIFFERENTIABLE, ids=name_of)
@settings(max_examples=max(settings.default.max_examples // 3, 1))
@given(data=st.data())
def test_rules_do_without_what_is_not_kept(spec, data):
    op = spec.op
    args = of_forward(data.draw(op_cases(spec)))
    if op.variadic:
        assert kept_by(op, *range(len(op.parameters)))[0][-1]  # one rule for any number: all are kept
    if args is None:
        return
    wrt = [n for n, a in enumerate(args) if is_float_array(a) and op.rules[n] is not None]
    out = np.asarray(op.forward(*args))
    g = data.draw(gst.cotangents(out.shape, out.dtype))
    for count in range(1, len(wrt) + 1):
        for needing in itertools.combinations(wrt, count):
            keeps, keeps_out = kept_by(op, *needing)
            # An argument that needs no gradient and is not kept is gone; of one that does, the shape is at hand.
            given_ = [a if k else Outline(a) if n in needing else None for n, (a, k) in enumerate(zip(args, keeps))]
            for n in needing:
                expected = op.rules[n](g, out, *args)
                found = op.rules[n](g, out if keeps_out else Outline(out), *given_)
                np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("op", "needing", "arguments", "result"),
    [
        (ops.Add, (0, 1), (False, False), False),
        (ops.Sub, (0, 1), (False, False), False),
        (ops.Mul, (0, 1), (True, True), False),
        (ops.Mul, (0,), (False, True), False),
        (ops.Mul, (1,), (True, False), False),
        (ops.Div, (0,), (False, True), False),
        (ops.Div, (0, 1), (False, True), True),
        (ops.Neg, (0,), (False,), False),
        (ops.Exp, (0,), (False,), True),
        (ops.Log, (0,), (True,), False),
        (ops.Sqrt, (0,), (False,), True),
        (ops.Tanh, (0,), (False,), True),
        (ops.Sigmoid, (0,), (False,), True),
        (ops.Relu, (0,), (False,), True),
        (ops.Square, (0,), (True,), False),
        (ops.Where, (1, 2), (True, False, False), False),
    ],
)
def test_what_is_kept(op, needing, arguments, result):
    assert kept_by(op, *needing) == (arguments, result)


@pytest.mark.parametrize(
    "op",
    [
        ops.Sum,
        ops.Mean,
        ops.Reshape,
        ops.Transpose,
        ops.BroadcastTo,
        ops.Squeeze,
        ops.ExpandDims,
        ops.GetItem,
        ops.AsType,
    ],
)
def test_linear_operations_keep_no_array(op):
    keeps, keeps_out = kept_by(op, 0)
    assert not keeps[0]
    assert not keeps_out


def test_a_recorded_call_holds_what_is_kept_and_the_origin_of_the_rest():
    w, x = mg.tensor([2.0, 3.0], requires_grad=True), np.array([5.0, 7.0])
    product = (w * x).creator
    assert product.args[1] is x
    assert not isinstance(product.args[0], np.ndarray)
    assert product.out is None
    total = (w + x).creator
    assert not any(isinstance(a, np.ndarray) for a in total.args)
    summed = (w * x).sum().creator
    assert not any(isinstance(a, np.ndarray) for a in summed.args)
    power = mg.exp(w)
    assert power.creator.out is power._array


# ----------------------------------------------------------------------------- rules of every kind


def _check(op: type[mg.Op]) -> None:
    """The rule is that of x³ or of x·y, however it is written."""
    x, y = mg.tensor([2.0, -3.0], requires_grad=True), mg.tensor([5.0, 7.0], requires_grad=True)
    if len(op.parameters) == 1:
        for create_graph in (False, True):
            g = mg.gradients(mg.apply(op, x * 1), x, output_gradients=np.array([1.0, 10.0]), create_graph=create_graph)
            assert g.tolist() == [12.0, 270.0]
        return
    for wrt, expected in ((x, [5.0, 70.0]), (y, [2.0, -30.0])):
        for create_graph in (False, True):
            g = mg.gradients(
                mg.apply(op, x * 1, y * 1), wrt, output_gradients=np.array([1.0, 10.0]), create_graph=create_graph
            )
            assert g.tolist() == expected
    x = x.detach()
    assert mg.gradients(mg.apply(op, x, y), y, output_gradients=np.array([1.0, 10.0])).tolist() == [2.0, -30.0]


class _Callable:
    """A rule that is an object."""

    def __init__(self, other: int) -> None:
        self.other = other

    def __call__(self, g: Any, out: Any, *args: Any) -> Any:
        return g * args[self.other]


def test_a_rule_with_a_closure(forgetful_registry):
    class Cube(mg.Op):
        def forward(x):
            return x**3

        def dx(g, out, x):
            def slope():
                return 3 * x * x

            return g * slope()

    _check(Cube)
    assert kept_by(Cube, 0)[0] == (True,)


def test_a_rule_with_a_comprehension(forgetful_registry):
    class Times(mg.Op):
        def forward(x, y):
            return x * y

        def dx(g, out, x, y):
            return sum([g * v for v in [y]])

        def dy(g, out, x, y):
            return next(g * x for _ in range(1))

    _check(Times)


def test_a_rule_that_is_a_lambda(forgetful_registry):
    class Times(mg.Op):
        def forward(x, y):
            return x * y

        dx = lambda g, out, x, y: g * y  # noqa: E731
        dy = lambda g, out, x, y: g * (lambda: x)()  # noqa: E731

    _check(Times)
    assert kept_by(Times, 0) == ((False, True), False)


def test_a_rule_that_is_an_object_or_a_partial_or_takes_stars(forgetful_registry):
    class ByObject(mg.Op):
        def forward(x, y):
            return x * y

        dx = _Callable(1)
        dy = _Callable(0)

    class ByPartial(mg.Op):
        def forward(x, y):
            return x * y

        dx = functools.partial(lambda scale, g, out, x, y: scale * g * y, 1)
        dy = functools.partial(lambda scale, g, out, x, y: scale * g * x, 1)

    class ByStars(mg.Op):
        def forward(x, y):
            return x * y

        def dx(g, *rest):
            return g * rest[2]

        def dy(*everything):
            return everything[0] * everything[2]

    for op in (ByObject, ByPartial, ByStars):
        _check(op)
        assert kept_by(op, 0, 1) == ((True, True), True)


def test_a_rule_that_is_a_builtin(forgetful_registry):
    """np.where(g, out, x): compiled, without bytecode to read; everything is kept."""

    class Strange(mg.Op):
        def forward(x):
            return x + 1

        dx = np.where

    assert kept_by(Strange, 0) == ((True,), True)
    x = mg.tensor([2.0, 5.0], requires_grad=True)
    assert mg.gradients(mg.apply(Strange, x), x, output_gradients=np.array([1.0, 0.0])).tolist() == [3.0, 5.0]


def test_a_decorated_rule(forgetful_registry):
    def logged(rule):
        @functools.wraps(rule)
        def wrapper(*args):
            return rule(*args)

        return wrapper

    class Cube(mg.Op):
        def forward(x):
            return x**3

        @logged
        def dx(g, out, x):
            return g * 3 * x * x

    _check(Cube)
    assert kept_by(Cube, 0) == ((True,), True)


def test_looking_and_reading_in_one_rule_is_reading(forgetful_registry):
    class Cube(mg.Op):
        def forward(x):
            return x**3

        def dx(g, out, x):
            slope = 3 * x * x if x.ndim else None
            return g.reshape(out.shape) * slope.reshape(x.shape)

    _check(Cube)
    assert kept_by(Cube, 0) == ((True,), False)


def test_a_rule_that_assigns_to_its_argument(forgetful_registry):
    class Cube(mg.Op):
        def forward(x):
            return x**3

        def dx(g, out, x):
            x = x * x
            return g * 3 * x

    _check(Cube)


def test_a_rule_that_reaches_its_argument_by_locals(forgetful_registry):
    class Cube(mg.Op):
        def forward(x):
            return x**3

        def dx(g, out, x):
            return g * 3 * locals()["x"] ** 2

    _check(Cube)


@pytest.mark.parametrize(
    ("steps", "uses"),
    [
        ([("LOAD_FAST_LOAD_FAST", ("x", "x")), ("LOAD_ATTR", "size")], "reads"),  # x / x.size, Python 3.13
        ([("LOAD_FAST_LOAD_FAST", ("g", "x")), ("LOAD_ATTR", "shape")], "looks"),
        ([("LOAD_FAST_BORROW", "x"), ("LOAD_ATTR", "ndim")], "looks"),  # Python 3.14
        ([("LOAD_FAST_BORROW_LOAD_FAST_BORROW", ("x", "g")), ("BINARY_OP", 5)], "reads"),
        ([("STORE_FAST_LOAD_FAST", ("t", "x")), ("BINARY_OP", 5)], "reads"),
        ([("LOAD_FAST_CHECK", "x"), ("RETURN_VALUE", None)], "reads"),
        ([("LOAD_DEREF", "x"), ("RETURN_VALUE", None)], "reads"),
        ([("LOAD_FAST", "g"), ("RETURN_VALUE", None)], ""),
    ],
)
def test_the_bytecode_of_other_pythons(monkeypatch, steps, uses):
    step = collections.namedtuple("step", "opname argval")
    monkeypatch.setattr(keeping.dis, "get_instructions", lambda rule: [step(*s) for s in steps])
    assert keeping.use_of(lambda g, out, x: g)(2) == uses
