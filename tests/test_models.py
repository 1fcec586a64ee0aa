"""Functions as models: parameters from the signature, start values, and words for what is no model."""

import functools

import numpy as np
import pytest

import minigrad as mg
from minigrad.fitting.models import View, checked, model_of, number

X = np.linspace(0, 1, 5)


def test_parameters_are_named_from_the_signature_and_start_at_defaults_or_1():
    model = model_of(lambda x, amplitude, rate=0.5: amplitude * np.exp(-rate * x))
    assert model.names == ("amplitude", "rate")
    assert model.start == (1.0, 0.5)
    assert model.told == {"rate"}


def test_start_goes_before_defaults_by_name_or_in_order():
    def f(x, a, b=2):
        return a * x + b

    assert model_of(f, {"b": 7}).start == (1.0, 7.0)
    assert model_of(f, [3, 4]).start == (3.0, 4.0)
    assert model_of(f, np.array([3.0, 4.0])).start == (3.0, 4.0)
    assert model_of(f, {"a": mg.tensor(3.0)}).start == (3.0, 2.0)


def test_options_are_no_parameters():
    def f(x, a, kind="up", b=2.0, *, base=10.0, verbose=False, c):
        return a * base**x + b + c + (kind == "up")

    model = model_of(f)
    assert model.names == ("a", "b", "c")
    np.testing.assert_array_equal(model.at(X, (1.0, 2.0, 3.0), 5), f(X, 1.0, b=2.0, c=3.0))
    assert model_of(f, {"base": 2}).names == ("a", "b", "base", "c")


def test_bound_methods_partials_and_callable_objects():
    class Decay:
        def __init__(self, level):
            self.level = level

        def __call__(self, x, rate):
            return self.level * np.exp(-rate * x)

        def grown(self, x, rate):
            return self.level * np.exp(rate * x)

    assert model_of(Decay(2.0)).names == ("rate",)
    assert model_of(Decay(2.0).grown).names == ("rate",)
    held = model_of(functools.partial(lambda x, a, b, c: a * x + b * x**2 + c, b=3.0))
    assert held.names == ("a", "c")
    np.testing.assert_array_equal(held.at(X, (1.0, 2.0), 5), X + 3 * X**2 + 2)


def test_a_star_stands_for_as_many_parameters_as_the_start_has():
    def sums(x, level, *b):
        return level + sum(value * x ** (k + 1) for k, value in enumerate(b))

    assert model_of(sums, [1, 2, 3]).names == ("level", "b1", "b2")
    by_name = model_of(sums, {"b1": 5, "b2": 6})
    assert by_name.start == (1.0, 5.0, 6.0)
    np.testing.assert_array_equal(by_name.at(X, by_name.start, 5), 1 + 5 * X + 6 * X**2)
    named = model_of(lambda x, **given: sum(given.values()) * x, {"p": 1, "q": 2})
    np.testing.assert_array_equal(named.at(X, named.start, 5), 3 * X)


@pytest.mark.parametrize(
    ("function", "start", "says"),
    [
        (3, None, "not a function"),
        (np.exp, None, "names|no parameters"),
        (lambda: 1, None, "no argument by position"),
        (lambda x: x, None, "no parameters"),
        (lambda x, *b: x, None, "nothing says how many"),
        (lambda x, a: a, "a=1", "start is 'a=1'"),
        (lambda x, a: a, {"a": "1"}, "the start of a is '1'"),
        (lambda x, a: a, {"a": [1.0, 2.0]}, "For several numbers write"),
        (lambda x, a: a, {"a": True}, "one real number"),
        (lambda x, a: a, {"a": 1j}, "one real number"),
    ],
)
def test_what_is_no_model_is_refused_with_what_to_write(function, start, says):
    with pytest.raises(TypeError, match=says) as error:
        model_of(function, start)
    assert len(str(error.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ({"amplitude": 1}, r"names 'amplitude', which is no parameter.*\n.*Did you mean 'amplitudo'"),
        ({"q": 1}, "Its parameters: amplitudo, b"),
        ([1, 2, 3], "3 numbers for 2 parameters"),
        ({"b": np.inf}, "the start of b is inf"),
    ],
)
def test_a_start_that_does_not_fit_is_refused(start, says):
    with pytest.raises(ValueError, match=says):
        model_of(lambda x, amplitudo, b: amplitudo * x + b, start)


def test_values_are_n_floats():
    assert checked("f", 3, 4).tolist() == [3.0] * 4
    assert checked("f", [1, 2], 2).dtype == np.float64
    assert checked("f", mg.tensor([1.0, 2.0], requires_grad=True), 2).tolist() == [1.0, 2.0]
    with pytest.raises(TypeError, match="not numbers"):
        checked("f", ["a", "b"], 2)


def test_numbers_are_python_floats():
    for value in (2, 2.0, np.float32(2), np.int64(2), np.array(2.0), mg.tensor(2.0)):
        assert type(number("x", value)) is float


def test_a_view_gives_x_back_as_it_was():
    rows = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(View()(rows), rows)
    np.testing.assert_array_equal(View(transposed=True)(rows), rows.T)
    assert list(View(names=("a", "b"))(rows)) == ["a", "b"]
    assert View(whole="it")(rows) == "it"
