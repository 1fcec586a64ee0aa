"""Numbers with their errors as text: what is shown reads back, and no digit is shown that the error does not carry.

One idea: a reader of the text is written here, and has to find value and error again, to the last digit shown.
"""

import math
import re
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from minigrad.fitting.report import aligned, equation, parts, with_error

from .found_lines import line
from .test_result import X, Y

FORM = re.compile(r"(-?\d+(?:\.(\d+))?)\((\d+(?:\.\d+)?)\)(e[+-]\d+)?")


def read(text):
    """The value and the error that a text says, and what one unit of its last digit is."""
    value, decimals, error, exponent = FORM.fullmatch(text).groups()
    unit = Decimal(10) ** (int((exponent or "e0")[1:]) - len(decimals or ""))
    scale = Decimal(10) ** int((exponent or "e0")[1:])
    deviation = Decimal(error) * scale if "." in error else Decimal(error) * unit
    return Decimal(value) * scale, deviation, unit


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.2599898981, 0.04839840600, "0.260(48)"),
        (0.7476652637, 0.3148740933, "0.75(31)"),
        (1.002116818020455, 0.0004297968, "1.00212(43)"),
        (1.234e-7, 5.6e-9, "1.234(56)e-07"),
        (-1.234e12, 5.6e9, "-1.2340(56)e+12"),
        (12.3, 1.2, "12.3(1.2)"),
        (123.0, 12.0, "123(12)"),
        (12345.0, 678.0, "1.234(68)e+04"),
        (0.5, 130.0, "0.0(1.3)e+02"),
        (5.0, 0.0996, "5.00(10)"),  # 0.0996 rounds to 0.10, not to 0.100
        (0.995, 0.95, "0.99(95)"),  # 0.995 is held as 0.99499999...
        (0.125, 0.25, "0.12(25)"),  # a tie goes to the even digit
        (0.375, 0.25, "0.38(25)"),
        (-0.001, 0.5, "0.00(50)"),  # no minus zero
        (0.0, 0.5, "0.00(50)"),
        (2.0, 0.0, "2(0)"),
        (2.5, math.nan, "2.5(nan)"),
        (2.5, math.inf, "2.5(inf)"),
        (math.nan, 0.5, "nan(0.5)"),
        (math.inf, math.nan, "inf(nan)"),
        (1.0, 1e-300, "1.0(1.0e-300)"),
        (1e300, 1e299, "1.00(10)e+300"),
        (5e-324, 5e-324, "4.9(4.9)e-324"),
    ],
)
def test_a_number_with_its_error_is_written_as_people_write_it(value, error, text):
    assert with_error(value, error) == text


sizes = st.floats(allow_nan=False, allow_infinity=False)


@given(value=sizes, error=st.floats(min_value=5e-324, allow_infinity=False), digits=st.integers(1, 4))
@example(value=9.999e5, error=0.9, digits=2)
@example(value=0.0999, error=0.0999, digits=1)
def test_what_is_written_reads_back_to_half_a_unit_of_the_last_digit(value, error, digits):
    text = with_error(value, error, digits)
    assume(FORM.fullmatch(text))  # else the error is below the last digit of a float, and both are written out
    shown, deviation, unit = read(text)
    assert abs(shown - Decimal(value)) <= unit / 2
    assert abs(deviation - Decimal(error)) <= unit / 2
    # as many digits of the error as were asked for
    assert Decimal(10) ** (digits - 1) <= deviation / unit < Decimal(10) ** digits


@given(value=st.floats(1e-3, 1e3), exponent=st.integers(-15, -1))
def test_an_error_below_the_digits_of_a_float_loses_neither(value, exponent):
    error = value * 10.0**exponent
    text = with_error(value, error)
    if FORM.fullmatch(text) is None:
        assert float(text.partition("(")[0]) == value
        assert float(text.partition("(")[2][:-1]) == pytest.approx(error, rel=0.05)
    assert error < 1e-13 * value or FORM.fullmatch(text)


@given(value=sizes, error=sizes, digits=st.integers(1, 4))
def test_value_and_error_end_at_the_same_place(value, error, digits):
    text, deviation, _ = parts(value, abs(error), digits)
    assume(error and "e" not in deviation)
    assert len(text.partition(".")[2]) == len(deviation.partition(".")[2])


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(1e-9, 1e9)), min_size=1, max_size=5))
def test_points_stand_below_each_other(pairs):
    texts = aligned([with_error(value, error) for value, error in pairs])
    assert len({len(text) for text in texts}) == 1
    places = {text.split("(")[0].find(".") for text in texts if "." in text.split("(")[0]}
    assert len(places) <= 1


# Equations.


def test_equations_are_written_as_in_a_book():
    assert equation(line(X, Y)) == ["y = 0.260(48) x + 0.75(31)"]
    assert equation(line(X, -np.array(Y))) == ["y = -0.260(48) x - 0.75(31)"]
    assert equation(line([0.0, 1.0], [1.0, 3.0])) == ["y = 2 x + 1"]
    curved = equation(line(X, np.array(X) ** 2 + np.array(Y), degree=2))
    assert re.fullmatch(r"y = \S+ [+-] \S+ x [+-] 0\.995\(19\) x²", curved[0])


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(0, 10**6))
def test_an_equation_holds_at_the_digits_it_shows(slope, intercept, seed):
    rng = np.random.default_rng(seed)
    x = np.linspace(0, 1, 12)
    result = line(x, slope * x + intercept + rng.normal(0, 0.1, 12))
    (text,) = equation(result)
    numbers = [float(number) for number in re.findall(r"(-?\d+\.\d+)\(", text.replace("- ", "-"))]
    assert numbers == pytest.approx([result.slope, result.intercept], abs=0.01)


def test_names_are_kept_and_long_equations_are_broken_between_terms():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    table = pandas.DataFrame(rng.normal(size=(30, 4)), columns=["air flow", "water", "acid", "x"])
    result = line(table, pandas.Series(table.sum(axis=1) + rng.normal(size=30), name="loss"))
    lines = equation(result, width=40)
    assert len(lines) > 1
    assert all(len(text) <= 40 for text in lines)
    whole = " ".join(text.strip() for text in lines)
    assert whole.startswith("loss = ")
    for name in (" · air flow", " · water", " · acid", ") x"):
        assert name in whole


def test_names_that_are_too_long_are_shortened_where_that_is_asked():
    pandas = pytest.importorskip("pandas")
    result = line(X, pandas.Series(Y, name="a very long name"))
    assert equation(result, longest=10) == ["y = 0.260(48) x + 0.75(31)"]
    assert equation(result)[0].startswith("a very long name = ")
    table = pandas.DataFrame({"the first of them": X, "short": np.sin(X)})
    assert "· the firs… " in equation(line(table, Y), longest=9)[0]


def test_parameters_that_only_sound_like_a_line_are_listed_instead():
    result = line(X, Y)

    class Bent:
        def at(self, x):
            return np.exp(x)

        variance = at

    bent = replace(result, found=replace(result.found, curve=Bent()))
    assert equation(bent) == ["slope = 0.260(48)", "intercept = 0.75(31)"]


def test_several_outputs_have_an_equation_each():
    both = equation(line(X, np.stack([Y, np.array(Y) * 2], axis=1)))
    assert both == ["y1 = 0.260(48) x + 0.75(31)", "y2 = 0.520(97) x + 1.50(63)"]
