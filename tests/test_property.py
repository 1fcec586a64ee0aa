"""`op_spec`, the cases drawn from a spec, and `property_test`: a whole test in one line.

One idea: a test that writes tests is judged by what it finds. Each bug here is planted in a gradient that
somebody could have written by hand, and must be found; its right twin must pass.
"""

import random
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument

import minigrad as mg
from minigrad.gradient import sum_to
from minigrad.testing import (
    GradientMismatch,
    OpCase,
    UncheckableError,
    check_grad,
    check_vjp,
    effort,
    op_spec,
    property_test,
)
from minigrad.testing import strategies as gst
from minigrad.testing.domain import Interval, nonzero
from minigrad.testing.property import check_case
from minigrad.testing.spec import Arguments, Twice, spec_of
from minigrad.testing.strategies import kink_points, op_cases, smooth_points

inf = float("inf")
eval_names = {"np": np, "mg": mg, "check_grad": check_grad, "check_vjp": check_vjp}


@pytest.fixture(autouse=True)
def forget(forgetful_specs):
    """What a test registers does not stay."""


# ----------------------------------------------------------------------------- what it finds


def plain(x: Any) -> Any:
    return x


def product(x: Any, y: Any) -> Any:
    return x * y


def larger(x: Any, y: Any) -> Any:
    return np.maximum(x, y)


def right_larger(g: Any, out: Any, x: Any, y: Any) -> Any:
    ties = x == y
    return (
        sum_to(np.where(ties, g / 2, np.where(x > y, g, 0)), np.shape(x)).astype(x.dtype),
        sum_to(np.where(ties, g / 2, np.where(x < y, g, 0)), np.shape(y)).astype(y.dtype),
    )


def both_at_ties(g: Any, out: Any, x: Any, y: Any) -> Any:
    return (
        sum_to(np.where(x >= y, g, 0), np.shape(x)).astype(x.dtype),
        sum_to(np.where(y >= x, g, 0), np.shape(y)).astype(y.dtype),
    )


def in_c_order(g: Any, out: Any, x: Any) -> Any:
    return np.ravel(g, order="K").reshape(x.shape).copy()


def written_into(g: Any, out: Any, x: Any) -> Any:
    g *= 2 * x  # a NumPy scalar, which cannot be written to, becomes another one
    return g


def of_cumsum(g: Any, out: Any, x: Any, axis: int) -> Any:
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def of_sum(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    axis = tuple(range(x.ndim)) if axis is None else axis
    return np.broadcast_to(g if keepdims else np.expand_dims(g, axis), x.shape).copy()


def one_axis(shape: tuple[int, ...]) -> Any:
    return gst.axes(len(shape), allow_none=False, allow_tuple=False)


BUGS: dict[str, tuple[Any, Any, dict[str, Any]]] = {
    "both get 1 at a tie": (larger, both_at_ties, {"ties": True}),
    "not summed over a broadcast axis": (
        product,
        lambda g, out, x, y: (
            (g * y if np.shape(x) == out.shape else np.broadcast_to((g * y).ravel()[:1].sum(), np.shape(x)).copy()),
            sum_to(g * x, np.shape(y)).astype(y.dtype),
        ),
        {"dtypes": np.float64},
    ),
    "a small number added to be safe": (np.log, lambda g, out, x: g / (x + 1e-8), {"domain": (0, inf)}),
    "a denominator that is clamped": (
        np.sqrt,
        lambda g, out, x: g / np.maximum(2 * out, 1e-3),
        {"domain": (0, inf), "dtypes": np.float64},
    ),
    "NaN at 0": (
        lambda x: np.abs(x) ** 3,
        lambda g, out, x: g * 3 * out / x,
        {"name": "cubed"},
    ),
    "float64 for float32": (np.sin, lambda g, out, x: np.asarray(g * np.cos(x), np.float64), {}),
    "the memory order of g": (np.positive, in_c_order, {}),
    "the incoming gradient written to": (np.square, written_into, {}),
    "a wrong sign between the boundaries": (
        lambda x: np.clip(x, -1, 2),
        lambda g, out, x: np.where(x == 2, -g, np.where((x > -1) & (x < 2), g, 0)).astype(x.dtype),
        {"name": "clipped", "boundaries": (-1, 2), "smooth": False},
    ),
    "0 times inf": (
        np.sqrt,
        lambda g, out, x: g / (2 * out),
        {"domain": (0, inf), "singular": 0, "name": "root"},
    ),
    "a repeated index": (
        lambda x, index: np.asarray(x[index]),
        lambda g, out, x, index: np.array([np.sum(g[np.arange(3)[index] == n][-1:]) for n in range(3)]),
        {"name": "taken", "shapes": st.just((3,)), "dtypes": np.float64,
         "kwargs": {"index": st.lists(st.integers(-3, 2), max_size=4).map(lambda n: np.array(n, np.intp))}},
    ),
    "axes out of order": (
        np.transpose,
        lambda g, out, x, axes: np.transpose(g, axes),
        {"shapes": gst.shapes(min_dims=3), "kwargs": {"axes": lambda shape: gst.transposes(len(shape))}},
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name):
    forward, vjp, options = BUGS[name]
    test = property_test(op_spec(forward, vjp, operands=2 if forward in (larger, product) else 1, **options))
    with pytest.raises(GradientMismatch) as found:  # not an ExceptionGroup: one bug at a time
        test()
    assert "check_vjp(" in "\n".join(found.value.__notes__)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "target",
    [
        (larger, right_larger, {"ties": True}),
        (np.log, lambda g, out, x: g / x, {"domain": (0, inf)}),
        (np.negative, lambda g, out, x: -g, {}),
        (np.cumsum, of_cumsum, {"shapes": gst.shapes(min_dims=1), "kwargs": {"axis": one_axis}}),
        (np.sum, of_sum, {"kwargs": gst.reductions}),
    ],
    ids=["maximum", "log", "negative", "cumsum", "sum"],
)  # fmt: skip
def test_its_right_twin_passes(target):
    forward, vjp, options = target
    property_test(op_spec(forward, vjp, **options))()


def test_a_wrong_second_derivative_is_found_though_the_first_is_right(forgetful_registry):
    class Cube(mg.Op):
        elementwise = True

        def forward(x):
            return x**3

        def dx(g, out, x):
            return g * 3 * np.square(x if isinstance(x, np.ndarray) else x.detach())

    op_spec(Cube)
    property_test(Cube, second_order=False, examples=30)()
    with pytest.raises(GradientMismatch, match="the gradient of"):
        property_test(Cube, examples=100)()


def test_the_counterexample_is_small():
    test = property_test(op_spec(larger, both_at_ties, ties=True))
    with pytest.raises(GradientMismatch) as found:
        test()
    (line,) = re.findall(r"case=(.*),", "\n".join(found.value.__notes__))
    assert "np.array(0.), np.array(0.)" in line


# ----------------------------------------------------------------------------- how it is run


def test_a_wrong_factor_is_shown_at_a_plain_number():
    test = property_test(op_spec(np.square, lambda g, out, x: g * x))
    with pytest.raises(GradientMismatch) as found:
        test()
    assert re.search(
        r"case=check_vjp\(np.square, <lambda .*>, np.array\((-?1|0.5)\.?\)\)", "\n".join(found.value.__notes__)
    )


def test_it_tries_as_many_cases_as_it_is_told():
    counts = []
    for examples, effort_ in ((7, None), (None, "fast")):
        tried: list[OpCase] = []
        effort.choose(effort_)
        try:
            property_test(
                op_cases(mg.exp).map(lambda case, tried=tried: tried.append(case) or case), examples=examples
            )()
        finally:
            effort.choose(None)
        counts.append(len(tried))
    assert 7 <= counts[0] < 12  # those that the checks rejected come on top
    assert 50 <= counts[1] < 70


def test_it_leaves_the_global_random_numbers_alone():
    random.seed(3)
    np.random.seed(3)
    wanted = random.random(), np.random.random()
    random.seed(3)
    np.random.seed(3)
    property_test(mg.tanh, examples=10)()
    assert (random.random(), np.random.random()) == wanted


def test_the_second_order_is_left_out_on_request(monkeypatch):
    orders: list[str] = []
    monkeypatch.setattr(OpCase, "check", lambda case: orders.append("first"))
    monkeypatch.setattr(OpCase, "check_second", lambda case: orders.append("second"))
    case = find(op_cases(mg.exp, dtypes=(np.float64,)), lambda case: True)
    narrow = find(op_cases(mg.exp, dtypes=(np.float32,)), lambda case: True)
    for given_, second, expected in (
        (case, None, ["first", "second"]),
        (case, False, ["first"]),
        (narrow, None, ["first"]),
        (OpCase(mg.exp, (np.ones(1),)), None, ["first"]),
        (OpCase(mg.exp, (np.ones(1),)), True, ["first", "second"]),
    ):
        orders.clear()
        check_case(given_, second)
        assert orders == expected


def test_programs_are_cases_too():
    class Program:
        """What gst.programs draws, as far as the test knows."""

        leaves = (np.array(2.0), np.array([0.5, 1.0]))

        def run(self, x: Any, y: Any) -> Any:
            return mg.sin(x * y) + x

    property_test(st.just(Program()), examples=3)()


TEST_FILE = """
import minigrad as mg
from minigrad.testing import op_spec, property_test

test_one = property_test(mg.sin, examples=5)
test_many = property_test(mg.cos, mg.maximum, mg.ops.Exp, examples=5)
test_wrong = property_test(op_spec(lambda x: x * x, lambda g, out, x: g * x, name="square"), examples=20)

class TestInAClass:
    test_method = staticmethod(property_test(mg.exp, examples=5))
"""


def test_pytest_collects_it_and_gives_each_operation_its_id(tmp_path):
    (tmp_path / "test_gradients.py").write_text(TEST_FILE)
    run = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "-W", "ignore", "--rootdir", str(tmp_path)]
    done = subprocess.run([*run, str(tmp_path)], capture_output=True, text=True, check=False, cwd=tmp_path)
    for line in (
        "test_one PASSED",
        "test_many[cos] PASSED",
        "test_many[maximum] PASSED",
        "test_many[exp] PASSED",
        "test_wrong FAILED",
        "test_method PASSED",
        "is wrong: d out",
    ):
        assert line in done.stdout
    assert done.returncode == 1
    marked = subprocess.run(
        [*run, "-m", "gradient", "--collect-only", "-q", str(tmp_path)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert "6 tests collected" in marked.stdout


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: property_test(plain), "plain has no spec"),
        (lambda: property_test((plain, plain)), "plain and its backward pass have no spec"),
        (lambda: property_test(3), "3 has no spec"),
        (lambda: property_test(mg.equal), "equal has no gradient to test"),
        (lambda: property_test(mg.exp, examples=0), "examples=0"),
        (lambda: property_test(mg.exp, examples=True), "examples=True"),
        (lambda: property_test(op_spec(plain, plain), second_order=True), "plain has no second derivatives"),
        (lambda: property_test(st.integers())(), "drew int, which is neither a case nor a program"),
    ],
)
def test_what_cannot_be_tested_is_refused(make, sentence):
    with pytest.raises(UncheckableError, match=re.escape(sentence)) as refused:
        make()
    assert len(str(refused.value).splitlines()) == 2


# ----------------------------------------------------------------------------- specs


def test_a_decorator_returns_the_function_and_registers_it():
    @op_spec(domain=(0, inf))
    def softlog(x):
        return mg.log(x + 1)

    assert softlog(0.0) == 0
    assert spec_of(softlog).name == "softlog"
    assert 0.0 not in spec_of(softlog).domain[0][0]
    property_test(softlog, examples=10)()


def test_a_pair_is_found_by_its_functions_and_a_spec_can_be_called():
    def vjp(g, out, x):
        return g

    found = op_spec(plain, vjp)
    assert spec_of((plain, vjp)) is spec_of(plain) is spec_of(found) is found
    assert found(3) == 3
    assert repr(found) == "<OpSpec plain>"
    assert not found.second_order
    assert not found.numbers


def test_operands_are_counted():
    assert op_spec(larger, plain).operands == 2
    assert op_spec(np.add, plain).operands == 2
    assert op_spec(lambda x, axis=0: x, plain).operands == 1
    assert op_spec(lambda x, index: x, plain, kwargs={"index": 0}).operands == 1
    assert op_spec(max, plain).operands == 1  # a builtin tells nothing
    assert spec_of(mg.where).operands == 3
    assert spec_of(mg.reshape).operands == 1


def test_minigrads_own_know_numpys_function():
    assert spec_of(mg.subtract).values is np.subtract
    assert spec_of(mg.ops.Sub) is spec_of(mg.subtract)


class Two(mg.Op):
    """Of any number of arguments."""

    def forward(*xs):
        return xs[0]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"domain": (1, 0)}, "no number lies between 1.0 and 0.0"),
        ({"domain": (1, 1)}, "no number lies between"),
        ({"domain": "0, 1"}, "is no domain"),
        ({"domain": "[0, 1, 2]"}, "is no domain"),
        ({"domain": []}, "is no domain"),
        ({"domain": (float("nan"), 1)}, "no number lies between"),
        ({"domain": (None, 1)}, "2 domains for 1 operand"),
        ({"domain": {}}, "is no domain"),
        ({"domain": (None, nonzero, None)}, "3 domains for 1 operand"),
        ({"domain": float}, "a constant operand is of truth values or integers"),
        ({"domain": bool}, "every operand is a constant"),
        ({"domain": (0, 1), "boundaries": 2}, "the boundary 2 is outside of the domain"),
        ({"domain": (0, 1), "singular": (0, 3)}, "the singular point 3 is outside of the domain"),
        ({"boundaries": inf}, "boundaries=inf"),
        ({"boundaries": "zero"}, "boundaries='zero'"),
        ({"singular": [None]}, "singular=[None]"),
        ({"arguments": (np.ones(3),)}, "is no strategy"),
        ({"kwargs": 3}, "kwargs=3"),
        ({"operands": 0}, "takes 0 operands"),
        ({"dtypes": int}, "Gradients are of floats"),
        ({"dtypes": ()}, "Gradients are of floats"),
        ({"second_order": True}, "not written with minigrad"),
        ({"differentiable": False}, "has a backward pass and is called not differentiable"),
        ({"vjp": 3}, "is no function"),
    ],
)
def test_a_spec_that_contradicts_itself_is_refused(options, sentence):
    with pytest.raises(UncheckableError, match=re.escape(sentence)) as refused:
        op_spec(plain, **{"vjp": plain, **options})
    assert len(str(refused.value).splitlines()) == 2


def test_what_is_no_operation_is_refused():
    for wrong, sentence in (
        (3, "3 is no function, but a int"),
        (op_spec(plain, plain), "plain is a spec already"),
        (Two, "takes any number of arguments"),
    ):
        with pytest.raises(UncheckableError, match=sentence):
            op_spec(wrong)
    with pytest.raises(UncheckableError, match="it is not differentiable"):
        op_spec(mg.equal, differentiable=False, second_order=True)


@pytest.mark.parametrize(
    ("written", "inside", "outside"),
    [
        ((0, inf), [1e-300, 1e300], [0, -1]),
        ("[0, inf)", [0, 1e300], [-1e-300]),
        ("(-1, 1]", [1, -0.999], [-1, 1.001]),
        ("[-inf, 3)", [-1e300, 0], [3]),
    ],
)
def test_intervals(written, inside, outside):
    interval = Interval.of(written)
    assert all(x in interval for x in inside)
    assert not any(x in interval for x in outside)


def test_one_interval_covers_another():
    assert Interval.of((-inf, inf)).covers(Interval.of("[0, inf)"))
    assert Interval.of("[0, 1]").covers(Interval.of((0, 1)))
    assert not Interval.of((0, 1)).covers(Interval.of("[0, 1)"))
    assert not Interval.of((0, 1)).covers(Interval.of((0, 2)))


def test_the_second_oracle_is_imported_when_asked_for():
    assert spec_of(mg.tanh).second_oracle().__name__ == "tanh"
    assert op_spec(plain, plain).second_oracle() is None
    assert op_spec(plain, plain, reference="no_such_library.f").second_oracle() is None
    with pytest.raises(UncheckableError, match=r"'torch\.tanhh' does not exist"):
        op_spec(plain, plain, reference="torch.tanhh").second_oracle()


def test_specs_import_no_other_library():
    code = (
        "import sys, minigrad.testing.operations, minigrad.testing.property; "
        "print({'torch', 'jax', 'autograd', 'mygrad', 'pytest'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# ----------------------------------------------------------------------------- cases


def arrays_in(args: Any) -> list[Any]:
    return [a for arg in args for a in (arg if isinstance(arg, list) else [arg]) if isinstance(a, np.ndarray)]


@pytest.mark.parametrize(
    "target",
    [mg.add, mg.power, mg.max, mg.concatenate, mg.ops.getitem, mg.where, mg.transpose],
    ids=lambda f: f.__name__,
)
@settings(max_examples=40)
@given(data=st.data())
def test_a_case_is_printed_as_code_that_runs_the_check(target, data):
    case = data.draw(op_cases(target))
    if not any(a.size and a.dtype.kind == "f" for a in arrays_in(case.args)):
        return
    pasted: list[Any] = []

    def check_grad(f: Any, *args: Any, kwargs: Any = {}, wrt: Any = None) -> None:  # noqa: B006
        pasted.append((f, args, kwargs, wrt))

    eval(repr(case), {**eval_names, "check_grad": check_grad})
    ((f, args, kwargs, wrt),) = pasted
    assert f is case.f or isinstance(case.f, Twice)
    assert wrt == case.wrt
    for ours, theirs in zip(arrays_in(case.args), arrays_in(args), strict=True):
        np.testing.assert_array_equal(ours, theirs, strict=True)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(f(*args, **kwargs), case.f(*case.args, **case.kwargs))


def test_one_array_in_two_places_is_printed_as_one():
    x = np.ones(2)
    assert repr(OpCase(mg.add, (x, x))) == "check_grad(mg.add, (x := np.array([1., 1.])), x)"
    joined = OpCase(mg.concatenate, ([x, np.zeros(1), x],), {"axis": 0})
    assert (
        repr(joined) == "check_grad(mg.concatenate, [(x := np.array([1., 1.])), np.array([0.]), x], kwargs={'axis': 0})"
    )
    assert repr(OpCase(Twice(mg.add, 2), (x,))) == "check_grad(lambda x: mg.add(x, x), np.array([1., 1.]))"


def test_a_pair_is_printed_as_check_vjp():
    case = op_spec(np.sin, lambda g, out, x: g * np.cos(x)).case(np.zeros(1))
    assert repr(case).startswith("check_vjp(np.sin, <lambda at test_property.py:")
    assert case.check()


def test_options_of_a_spec_go_to_every_check():
    def forward(x):
        return np.sin(x), np.cos(x)

    case = op_spec(forward, lambda g, kept: g * kept, residuals=True).case(np.zeros(1))
    assert "residuals=True" in repr(case)
    assert case.check()


@pytest.mark.parametrize("target", [mg.maximum, mg.absolute, mg.max, mg.relu], ids=lambda f: f.__name__)
@settings(max_examples=30)
@given(data=st.data())
def test_smooth_points_are_clear_of_kinks(target, data):
    point = data.draw(smooth_points(target, clearance=2**-6))
    numbers = np.concatenate([a.ravel() for a in (point if isinstance(point, tuple) else (point,))])
    assert (np.abs(numbers) >= 2**-6).all()
    if spec_of(target).ties:
        gaps = np.diff(np.sort(numbers))
        assert (gaps >= 2**-5).all()


@pytest.mark.parametrize("target", [mg.maximum, mg.absolute, mg.max, mg.relu], ids=lambda f: f.__name__)
@settings(max_examples=30)
@given(data=st.data())
def test_kink_points_are_on_one(target, data):
    point = data.draw(kink_points(target))
    numbers = np.concatenate([a.ravel() for a in (point if isinstance(point, tuple) else (point,))])
    assert numbers.size
    if spec_of(target).ties:
        assert len(set(numbers)) < len(numbers)
    else:
        assert (numbers == 0).any()


def test_kinks_of_a_smooth_function_are_refused():
    with pytest.raises(InvalidArgument, match="exp is smooth"):
        find(kink_points(mg.exp), lambda x: True)


def test_singular_points_are_drawn_and_boundaries_hit():
    assert find(op_cases(mg.sqrt), lambda case: (case.args[0] == 0).any())
    third = op_spec(plain, plain, domain=(0.0, 1.0), boundaries=1 / 3)
    assert find(op_cases(third), lambda case: (case.args[0] == 1 / 3).any())
    assert find(op_cases(third), lambda case: ((case.args[0] > 0) & (case.args[0] < 1e-5)).any())
    closed = op_spec(plain, plain, domain="[2, 3)")
    assert find(op_cases(closed), lambda case: (case.args[0] == 2).any())


@settings(max_examples=60)
@given(data=st.data())
def test_operands_are_drawn_from_their_domains(data):
    three = op_spec(lambda x, y, c: x, plain, domain=("[0, 1]", nonzero, int), name="three", operands=3)
    x, y, c = data.draw(op_cases(three)).args
    assert ((x >= 0) & (x <= 1)).all()
    assert (y != 0).all()
    assert c.dtype.kind == "i"


@settings(max_examples=60)
@given(data=st.data())
def test_a_constant_operand_stays_of_its_dtype(data):
    chosen = op_spec(lambda c, x: mg.where(c, x, 0.0), domain=(bool, None), name="chosen")
    c, x = data.draw(op_cases(chosen)).args
    assert c.dtype == bool
    assert x.dtype.kind == "f"


def test_keywords_may_be_values_strategies_and_functions_of_the_shapes():
    def power_of_sum(x, y, n, axis, flag):
        return x

    found = op_spec(
        power_of_sum,
        plain,
        kwargs={"n": 2, "axis": lambda a, b: st.just((a, b)), "flag": st.booleans()},
    )
    case = find(op_cases(found), lambda case: case.kwargs["flag"] and case.args[0].ndim == 2)
    assert case.kwargs == {"n": 2, "axis": (case.args[0].shape, case.args[1].shape), "flag": True}


def test_arguments_of_ones_own():
    own = st.builds(lambda n: Arguments((np.full(2, float(n)),), {"scale": n}), st.integers(1, 3))

    def scaled(x, scale):
        return x * scale

    found = op_spec(scaled, lambda g, out, x, scale: g * scale, arguments=own)
    case = find(op_cases(found), lambda case: case.kwargs["scale"] == 3)
    np.testing.assert_array_equal(case.args[0], [3, 3])
    property_test(found, examples=10)()


@pytest.mark.parametrize("family", ["arithmetic", "reduction", "indexing"])
def test_any_operation_may_be_the_case_of_no_operation_in_particular(family):
    module = f"minigrad.ops.{family}"
    assert find(op_cases(), lambda case: getattr(case.spec.op, "__module__", "") == module)
