"""Sums and products of pairs are exact, or right to 31 digits."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from minigrad.fitting.solvers.extended import (
    Pair,
    add,
    dot_products,
    exactly,
    multiply,
    product,
    subtract,
    two_product,
    two_sum,
)

numbers = st.floats(-1e100, 1e100).filter(lambda v: v == 0 or abs(v) > 1e-100)
pairs = st.builds(lambda a, b: two_sum(a, a * b), numbers, st.floats(-1e-16, 1e-16))


def exact(pair):
    return Fraction(float(pair.high)) + Fraction(float(pair.low))


@given(a=numbers, b=numbers)
def test_a_sum_and_a_product_of_two_float64_lose_nothing(a, b):
    assert exact(two_sum(a, b)) == Fraction(a) + Fraction(b)
    assert exact(two_product(a, b)) == Fraction(a) * Fraction(b)


@given(a=pairs, b=pairs)
def test_pairs_add_and_multiply_to_31_digits_also_where_they_cancel(a, b):
    for found, right in (
        (add(a, b), exact(a) + exact(b)),
        (subtract(a, b), exact(a) - exact(b)),
        (multiply(a, b), exact(a) * exact(b)),
    ):
        assert abs(exact(found) - right) <= abs(right) * Fraction(1, 10**31)


@given(seed=st.integers(0, 1000), n=st.integers(1, 7), p=st.integers(1, 7), m=st.integers(1, 3))
def test_products_of_matrices_are_those_of_fractions(seed, n, p, m):
    rng = np.random.default_rng(seed)
    a, b = (Pair(high, 1e-17 * high) for high in (rng.normal(size=(n, p)), rng.normal(size=(p, m))))
    c = product(a, b)
    for i in range(n):
        for k in range(m):
            terms = [exact(a[i, j]) * exact(b[j, k]) for j in range(p)]
            assert abs(exact(c[i, k]) - sum(terms)) <= sum(map(abs, terms)) * Fraction(p, 10**31)


def test_an_inner_product_is_rounded_once_however_it_cancels():
    a = np.array([[1e16], [1.0], [-1e16], [1e-16]])
    assert dot_products(exactly(a), exactly(np.ones((4, 1)))) == 1.0 + 1e-16
