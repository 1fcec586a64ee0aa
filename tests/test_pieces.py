"""Sums over rows, piece by piece: as exact as all at once, whatever the number of rows."""

import numpy as np
import pytest

from minigrad.fitting.solvers.pieces import dot_products, tall_triangle

ROWS = [1, 7, 2047, 2048, 2049, 6000]


@pytest.mark.parametrize("n", ROWS)
def test_products_are_exact_where_they_can_be(n):
    """Whole numbers this small are multiplied and added without rounding."""
    draws = np.random.default_rng(n)
    a, b = draws.integers(-9, 9, (n, 3)).astype(float), draws.integers(-9, 9, n).astype(float)
    np.testing.assert_array_equal(dot_products(a, a), np.einsum("ij,ik->jk", a, a))
    np.testing.assert_array_equal(dot_products(a, b), np.einsum("ij,i->j", a, b))
    assert dot_products(b, b) == np.einsum("i,i->", b, b)


@pytest.mark.parametrize("n", ROWS[1:])
def test_a_triangle_has_the_singular_values_of_its_columns(n):
    columns = np.random.default_rng(n).normal(size=(n, 4)) * [1, 1e-3, 1e3, 1]
    found = np.linalg.svd(tall_triangle(columns), compute_uv=False)
    # Two orthogonal factorisations, each with an error of a few eps of the largest for every 100 rows or so.
    np.testing.assert_allclose(found, np.linalg.svd(columns, compute_uv=False), rtol=0, atol=1e-14 * found[0] * n**0.5)
