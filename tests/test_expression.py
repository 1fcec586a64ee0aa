"""A formula on the command line is what Python would compute, and nothing but a formula."""

import contextlib
import inspect
import math
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.fitting.command.expression import FUNCTIONS, ExpressionError, expression, names_in

X = np.linspace(0.5, 2.5, 7)

leaves = st.sampled_from(["x", "a", "b", "1.5", "2", "pi", "0.25"])
formulas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda f: f"-{f}"),
        inner.map(lambda f: f"({f})**2"),
        inner.map(lambda f: f"tanh({f})"),
        st.tuples(inner, inner).map(lambda p: f"maximum({p[0]}, {p[1]})"),
        st.tuples(inner, inner, inner).map(lambda p: f"where({p[0]} < 1, {p[1]}, {p[2]})"),
    ),
    max_leaves=12,
)


def python(text, **values):
    """What Python makes of the same text; only of texts that were made here."""
    names = {"pi": math.pi, "e": math.e, **{name: getattr(np, name) for name in ("tanh", "maximum", "where", "exp")}}
    return eval(text, {"__builtins__": {}}, {**names, **values})


def finite(text):
    """Whether no part of a formula divides numbers by 0: such a formula is refused."""
    try:
        expression(text)
    except ExpressionError as error:
        return "no finite real number" not in str(error)
    return True


@given(formulas.filter(finite))
def test_a_formula_means_what_it_means_in_python(text):
    values = {"a": np.float64(0.75), "b": np.float64(-1.25)}
    model = expression(text)
    with np.errstate(all="ignore"):
        expected = python(text, x=X, **values)
        found = model(X, *[float(values[name]) for name in model.parameters])
    np.testing.assert_array_equal(np.broadcast_to(found, X.shape), np.broadcast_to(expected, X.shape))


@given(formulas.filter(finite))
def test_parameters_are_in_order_of_appearance_and_a_model_can_be_pickled(text):
    model = expression(text)
    assert list(model.parameters) == list(dict.fromkeys(re.findall(r"\b[ab]\b", text)))
    assert set(names_in(text)) - {"x"} == set(model.parameters)
    assert pickle.loads(pickle.dumps(model)) == model
    assert list(inspect.signature(model).parameters) == ["x", *model.parameters]


@pytest.mark.filterwarnings("ignore:invalid value")
def test_every_function_takes_tensors_and_is_differentiable_or_flat():
    for name, (function, arity) in FUNCTIONS.items():
        if name in ("where", "clip"):
            continue
        text = f"{name}({', '.join(['a', 'x'][:arity])})"
        a = mg.tensor(0.5, requires_grad=True)
        x = np.array([1.5, 2.5])
        value = expression(text)(x, a)
        assert isinstance(value, mg.Tensor), name
        # arccosh has no value at 0.5, and its tensor none either.
        np.testing.assert_array_equal(value.data, np.asarray(function(*[0.5, x][:arity])))


def test_where_and_comparisons():
    model = expression("where(0.6 < x < t and not x == 9, a, -a)".replace(" and not x == 9", ""))
    assert model.parameters == ("t", "a")
    assert model(np.array([0.5, 1.0, 2.0]), 1.5, 3.0).tolist() == [-3, 3, -3]
    either = expression("where(x < 1 or not x < 2, 1, 0)")
    assert either(np.array([0.5, 1.5, 2.5])).tolist() == [1, 0, 1]


def test_the_derivative_goes_through():
    a, b = mg.tensor(2.0, requires_grad=True), mg.tensor(0.5, requires_grad=True)
    mg.sum(expression("a * exp(-b * x)")(X, a, b)).backward()
    np.testing.assert_allclose(a.grad.data, np.exp(-0.5 * X).sum(), rtol=1e-14)
    np.testing.assert_allclose(b.grad.data, (-X * 2 * np.exp(-0.5 * X)).sum(), rtol=1e-14)


def test_columns_by_their_names():
    plane = expression("a * u + b * v", ("u", "v"))
    assert plane.parameters == ("a", "b")
    assert plane(np.array([[1.0, 2.0], [3.0, 4.0]]), 10.0, 1.0).tolist() == [12, 34]
    assert plane({"u": np.array([1.0, 3.0]), "v": np.array([2.0, 4.0])}, 10.0, 1.0).tolist() == [12, 34]
    assert expression("a * µ", ("\u00b5",)).parameters == ("a",)  # the micro sign of a header, and Python's μ
    assert expression("a * e", ("e",)).steps[1][0] == "column"  # not 2.718...
    assert expression("a * x", ("log", "x")).columns == ("log", "x")


@pytest.mark.parametrize(
    ("text", "reason", "marked"),
    [
        ("a * sim(x)", 'there is no function "sim"; did you mean sin?', "sim"),
        ("a * b c", "cannot be read here", "c"),
        ("a ^ x", "^ is no power here: write **", "^"),
        ("a (x)", "for a product write a * (...)", "a"),
        ("3(x)", "for a product write *", "3"),
        ("y = a * x", "a formula has no = sign", "="),
        ("a * x > 3", "a comparison belongs into where", "a"),
        ("a if x > 1 else b", "a choice is written where(condition, a, b)", "a"),
        ("where(x, a, b)", "where begins with a comparison", "x"),
        ("where(x == 1, a, b)", "compared by <, <=, > and >=", "x"),
        ("exp(x, 2)", "exp takes 1 argument, and has 2", "e"),
        ("clip(x, 0)", "clip takes 3 arguments, and has 2", "c"),
        ("exp(x=x)", "takes no arguments by name", "x)"),
        ("a * exp", "exp is a function: write exp(...)", "exp"),
        ("np.exp(x)", "no dots in names: write exp(...)", "n"),
        ("a * x[0]", "a formula has no brackets", "x"),
        ("1,5 * x", "a decimal point is a point", "1"),
        ("1j * x", "real numbers, not 1j", "1"),
        ("'a' * x", "real numbers, not 'a'", "'"),
        ("True * x", "real numbers, not True", "T"),
        ("a * x # b", "a formula has no comments", "#"),
        ("x * 2 / 1e999", "no finite real number", "1e999"),
    ],
)
def test_a_mistake_is_marked_where_it_is(text, reason, marked):
    with pytest.raises(ExpressionError) as refused:
        expression(text)
    said, shown, mark = str(refused.value).split("\n")
    assert reason in said
    place = mark.index("^")
    assert place == shown.index(marked, 2)


@pytest.mark.parametrize(
    "text",
    [
        "().__class__.__bases__[0].__subclasses__()",
        "x.__class__",
        "__import__('os').system('true')",
        "__builtins__",
        "__x",
        "(lambda: 1)()",
        "[x for x in (1, 2)]",
        "{1: x}",
        "{x}",
        "[x]",
        "f'{x}'",
        "x := 3",
        "(x := 3)",
        "await x",
        "yield x",
        "*x",
        "exp(*x)",
        "exp(**x)",
        "exp(exp)(x)",
        "eval('1')",
        "open('f')",
        "print(x)",
        "getattr(x, 'y')",
        "...",
        "x @ x",
        "x // 2",
        "x << 2",
        "~x",
        "import os",
        "a; b",
        "a\nb",
        "9**9**9",
        "9**9**9 * x",
        "10**400",
        "1e999 * x",
        "2.0 ** 99999",
        "(-8) ** 0.5",
        "1 / 0",
        "1 % 0",
        "9" * 1999,
        "(" * 999 + "x" + ")" * 999,
        "-" * 1999 + "x",
        "+".join("x" * 900),
        "exp(" * 300 + "x" + ")" * 300,
        "x" * 2001,
        "x**" * 300 + "x",
        "\0",
        "x\0",
        "",
        "   ",
        "where(" * 200 + "x",
        "'" * 3,
        "\\",
        "\ud800",
    ],
)
def test_what_is_no_formula_is_refused_and_never_run(text):
    with pytest.raises(ExpressionError) as refused:
        expression(text)
    assert len(str(refused.value)) < 400


@given(st.text(alphabet="xab019.+-*/%() ,<>=!~@^[]{}'\"_:;#&|\\lambdexpwhr\n", max_size=40))
def test_whatever_is_typed_is_a_formula_or_is_refused(text):
    steps = ()
    with contextlib.suppress(ExpressionError):
        steps = expression(text).steps
    assert {kind for kind, _, _ in steps} <= {"number", "column", "parameter", "operator", "function"}
