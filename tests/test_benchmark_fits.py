"""The benchmarks of fitting: their exact answers are exact, and every library's way fits what it says."""

from decimal import Decimal
from fractions import Fraction

import pytest

from benchmarks.fits import exact, nist
from benchmarks.fits.problem import digits

LINEAR = nist.problems("nist_linear")


@pytest.mark.parametrize("name", LINEAR)
def test_exact_arithmetic_on_the_printed_decimals_gives_what_nist_certifies(name):
    problem = LINEAR[name]

    def number(v):
        return Fraction(str(v))

    parameters, errors = exact.linear(nist.columns(problem, number), [number(v) for v in problem["y"]])
    # Certified to 15 figures: half a unit of the last is 14.3 digits or more.
    for found, key in ((parameters, "parameters"), (errors, "errors")):
        assert digits([float(v) for v in found], [Decimal(text) for text in problem[key]]) > 14.3
