"""A model run again without the model: to the bit what a record of it gives, or no program at all."""

import math
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.fitting.models import model_of
from minigrad.fitting.solvers.program import program_of
from minigrad.fitting.solvers.rows import Rows

from .nist import MODELS, PROBLEMS, points
from .test_rows import X, expressions

NUMBERS = st.floats(-2, 2)


def recorded(model, values, x=X, **settings):
    """The values and the Jacobian of a first look, which is always recorded."""
    y, columns = Rows(model_of(model, list(values)), x, len(x), range(len(values)), **settings).at(values)
    return y, columns()


def same(one, other):
    return all(np.asarray(a).tobytes() == np.asarray(b).tobytes() for a, b in zip(one, other, strict=True))


def run(model, values, x=X):
    """The values and the Jacobian of the program of a model."""
    program = program_of(lambda *b: model(x, *b), len(values))
    found = program.run([np.float64(value) for value in values])
    return found[-1], program.slopes(found).T


@given(expressions(), st.lists(NUMBERS, min_size=3, max_size=3), st.booleans())
def test_later_looks_are_those_of_a_record_to_the_bit(drawn, others, by_x):
    model, values = drawn
    with np.errstate(all="ignore"):
        rows = Rows(model_of(model), X, 7, (0, 1, 2), by_x=by_x)
        for at in (values, others, values):
            y, columns = rows.at(at)
            assert same((y, columns()), recorded(model, at, by_x=by_x))


@given(expressions())
def test_a_program_gives_what_a_record_gives_to_the_bit(drawn):
    model, values = drawn

    def moving(x, a, b, c):
        return model(x, a, b, c) + a * b * c * x

    with np.errstate(all="ignore"):
        assert same(run(moving, values), recorded(moving, values))


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_model_of_nist_is_a_program(name):
    x, _ = points(name)
    for start in ("start1", "start2"):
        values = PROBLEMS[name][start]
        with np.errstate(all="ignore"):
            assert same(run(MODELS[name], values, x), recorded(MODELS[name], values, x))


def looks_and_forgives(x, a, b):
    try:
        return a * x if float(b) > 0 else b * x
    except TypeError:
        return a * x


BLIND = {
    "if": lambda x, a, b: a * x if b > 0 else b * x,
    "where": lambda x, a, b: np.where(x < b, a * x, a * b),
    "float": lambda x, a, b: a * x + float(b),
    "math": lambda x, a, b: a * x * math.exp(b),
    "hasattr": lambda x, a, b: a * x if hasattr(b, "shape") else b * x,
    "forgiven": looks_and_forgives,
    "truth": lambda x, a, b: a * x * b if b else a * x,
    "array": lambda x, a, b: a * x + np.asarray(b),
    "text": lambda x, a, b: a * x + b * len(f"{b}"),
    "hash": lambda x, a, b: {b: a * x}[b],
    "sum": lambda x, a, b: a * x / np.sum(np.exp(-b * x)),
    "index": lambda x, a, b: np.stack([a * x, b * x])[0],
    "number": lambda x, a, b: 2.0,
    "a parameter": lambda x, a, b: a,
}


@pytest.mark.parametrize("name", BLIND)
def test_a_model_that_looks_at_its_parameters_has_no_program(name):
    assert program_of(lambda a, b: BLIND[name](X, a, b), 2) is None


@pytest.mark.parametrize("name", ["if", "where"])
@given(at=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=5))
def test_a_branch_is_taken_anew_at_every_look(name, at):
    rows = Rows(model_of(BLIND[name]), X, 7, (0, 1))
    for values in at:
        y, columns = rows.at(values)
        assert same((y, columns()), recorded(BLIND[name], values))


def test_a_choice_by_x_is_a_program():
    def model(x, a, b):
        return np.where(x > 1, np.sqrt(a * (x - 1)), b)

    with np.errstate(all="ignore"):
        for values in ([1.0, 2.0], [3.0, -1.0]):
            assert same(run(model, values), recorded(model, values))


@pytest.mark.parametrize("change", ["value", "class"])
def test_what_is_not_what_was_recorded_is_recorded_again(change):
    """A model that counts its runs, or asks what class a parameter has, was another when the placeholders came."""
    runs = count()

    def model(x, a):
        if change == "value":
            return a * x + next(runs)
        return a * x if isinstance(a, mg.Tensor) else x * a * 1.0

    rows = Rows(model_of(model), X, 7, (0,))
    rows.at([1.0])[1]()
    before = next(runs)
    y, columns = rows.at([3.0])
    expected = 3.0 * X + (before + 1 if change == "value" else 0)
    np.testing.assert_array_equal(y, expected)
    np.testing.assert_array_equal(columns()[:, 0], X)


@pytest.mark.parametrize("start", [0.0, 1.0])
def test_a_gradient_that_is_stopped_stays_stopped(start):
    """From a = 0 the slope by b is 0 whether it is stopped or not."""

    class Still(mg.Op):
        """x, and no slope"""

        elementwise = True

        def forward(x):
            return x * 1.0

        def dx(g, out, x):
            return 0 * g

    def still(b):
        return b.detach() if isinstance(b, mg.Tensor) else b

    for model in (lambda x, a, b: a * x * still(b), lambda x, a, b: a * x * mg.apply(Still, b)):
        rows = Rows(model_of(model), X, 7, (0, 1))
        for values in ([start, 2.0], [3.0, 2.0]):
            y, columns = rows.at(values)
            np.testing.assert_array_equal(y, values[0] * X * values[1])
            np.testing.assert_array_equal(columns(), np.stack([X * values[1], 0 * X], axis=1))


def test_an_anomaly_is_still_seen():
    rows = Rows(model_of(lambda x, a: np.sqrt(a * x)), X, 7, (0,))
    with mg.detect_anomaly(), np.errstate(all="ignore"):
        rows.at([1.0])[1]()
        with pytest.raises(mg.MinigradError):
            rows.at([-1.0])


def test_what_is_held_may_be_held_elsewhere_later():
    rows = Rows(model_of(lambda x, a, b: a * x + b), X, 7, (0,))
    for values in ([1.0, 2.0], [1.5, 2.0], [1.5, 3.0], [2.0, 2.0]):
        y, columns = rows.at(values)
        np.testing.assert_array_equal(y, values[0] * X + values[1])
        np.testing.assert_array_equal(columns()[:, 0], X)


def test_the_model_itself_is_not_run_any_more():
    runs = []

    def model(x, a):
        runs.append(1)
        return np.exp(a * x)

    rows = Rows(model_of(model), X, 7, (0,))
    for value in (1.0, 2.0, 3.0):
        rows.at([value])[1]()
    assert len(runs) == 2  # recorded once, and once on placeholders


@pytest.mark.parametrize("order", [(None, X + 1, None), (X + 1, None, X + 2)])
def test_other_points_are_those_that_are_given(order):
    rows = Rows(model_of(lambda x, a: a * x), X, 7, (0,))
    for x in order:
        y, columns = rows.at([2.0], x)
        np.testing.assert_array_equal(y, 2 * (X if x is None else x))
        np.testing.assert_array_equal(columns()[:, 0], X if x is None else x)
