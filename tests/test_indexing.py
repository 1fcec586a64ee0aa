"""Indexing: whatever NumPy takes, with NumPy's values, and a gradient that adds up.

One idea: the gradient of x[index] is `np.add.at` into zeros: an element taken twice
receives both, one not taken receives exactly 0.
"""

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import minigrad as mg
from minigrad.testing import strategies as gst

X = np.arange(24.0).reshape(2, 3, 4) / 8


def check(array: Any, index: Any, ours: Any = None, draw: Any = None) -> None:
    """x[index] and its gradients of first and second order, against NumPy."""
    ours = index if ours is None else ours
    x = mg.from_numpy(array, requires_grad=True)
    y = x[ours]
    expected = np.asarray(array[index])
    np.testing.assert_array_equal(y.data, expected, strict=True)
    u = draw(gst.cotangents(y.shape)) if draw else np.arange(y.size).reshape(y.shape) - 1.5
    into = np.zeros(array.shape)
    np.add.at(into, index, u)
    np.testing.assert_array_equal(mg.gradients(y, x, output_gradients=u).data, into, strict=True)
    g = mg.gradients((x * x)[ours], x, output_gradients=u, create_graph=True)
    np.testing.assert_array_equal(g.data, 2 * array * into)
    np.testing.assert_array_equal(mg.gradients(g.sum(), x).data, 2 * into)


@given(st.data())
def test_any_index(data):
    array = data.draw(gst.arrays(gst.shapes()))
    check(array, *_both(data.draw(gst.indices(array.shape))), draw=data.draw)


def _both(index: Any) -> tuple[Any, Any]:
    """The index for np.add.at, which takes no bare list, and for us."""
    return (np.array(index, np.intp), index) if isinstance(index, list) else (index, index)


@given(st.data())
def test_slices_integers_new_axes_and_ellipsis(data):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=4, max_side=3, min_side=0))
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    check(data.draw(gst.arrays(shape)), index, draw=data.draw)


@given(st.data())
def test_arrays_of_integers(data):
    shape = data.draw(hnp.array_shapes(max_dims=3, max_side=3))
    index = data.draw(
        hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    )
    check(data.draw(gst.arrays(shape)), index, draw=data.draw)


@given(st.data())
def test_masks(data):
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, max_side=3, min_side=0))
    depth = data.draw(st.integers(0, len(shape)))
    mask = data.draw(hnp.arrays(bool, shape[:depth]))
    check(data.draw(gst.arrays(shape)), mask, draw=data.draw)


MASK = np.array([True, False, True])
FORMS = {
    "an integer": 1,
    "a negative integer": -1,
    "a NumPy integer": np.int32(1),
    "a slice": slice(0, 1),
    "a reversed slice": slice(None, None, -1),
    "a stepped slice": (slice(None), slice(2, None, -2)),
    "an empty slice": slice(1, 1),
    "beyond the end": slice(0, 99),
    "nothing": (),
    "ellipsis": ...,
    "a new axis": None,
    "new axes": (None, ..., None, 1),
    "an element": (1, 2, 3),
    "negative, repeated": np.array([-1, 1, 0, -1, -1]),
    "a 2-d array": np.array([[0, 1], [1, 1]]),
    "an empty array": np.array([], int),
    "a 0-d array": np.array(1),
    "two arrays": (np.array([0, 1, 1]), np.array([2, 0, 2])),
    "two arrays that broadcast": (np.array([[0], [1]]), np.array([2, 0, 2])),
    "np.ix_": np.ix_([1, 1, 0], [0, 2]),
    "a slice, then an array": (slice(None), np.array([2, 2, -3])),
    "arrays apart": (np.array([0, 1, 0]), slice(None), np.array([3, 0, 3])),
    "an array and an integer": (np.array([0, 0]), 1),
    "an array and a new axis": (None, np.array([1, 1]), ..., 0),
    "a mask": X > 1,
    "a mask of one axis": np.array([False, True]),
    "a mask in the middle": (slice(None), MASK),
    "a mask and an array": (np.array([1, 0]), MASK),
    "a mask and a slice": (0, MASK, slice(None, None, 2)),
    "a mask of nothing": np.zeros(X.shape, bool),
    "True": True,
    "False": False,
    "unsigned": np.array([1, 0], np.uint8),
}


@pytest.mark.parametrize("name", FORMS)
def test_each_form(name):
    check(X, FORMS[name])


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if isinstance(form, np.ndarray)])
def test_tensors_as_indices(name):
    check(X, FORMS[name], mg.from_numpy(FORMS[name]))


def test_lists_and_tuples_of_tensors_and_lists():
    rows, columns = np.array([0, 1, 1]), np.array([2, 0, 2])
    check(X, (rows, columns), (mg.tensor(rows), mg.tensor(columns)))
    check(X, (rows, columns), ([0, 1, 1], [2, 0, 2]))
    check(X, (rows, columns), (mg.tensor(rows), [2, 0, 2]))
    check(X, rows, [0, 1, 1])
    check(X, rows, [mg.tensor(0), mg.tensor(1), mg.tensor(1)])
    check(X, np.array([[0, 1], [1, 1]]), [[0, 1], [1, 1]])
    check(X, np.array([], int), [])
    check(X, np.array([False, True]), [False, True])
    check(X, (slice(None), MASK), (slice(None), [True, False, True]))
    check(X, (1, 2), (mg.tensor(1), 2))
    check(X, slice(0, 1), slice(mg.tensor(0), mg.tensor(1)))


def test_a_comparison_as_an_index():
    x = mg.tensor([3.0, -1.0, 2.0], requires_grad=True)
    x[x > 0].sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "index",
    [
        2,
        -3,
        (0, 0, 0, 0),
        np.array([0, 2]),
        [0, -3],
        (slice(None), 3),
        np.array([True, False, True]),
        (..., ...),
        1.0,
        np.array([0.0]),
        "a",
        mg.tensor([0.5]),
    ],
    ids=repr,
)
def test_a_bad_index_is_an_index_error(index):
    x = mg.from_numpy(X, requires_grad=True)
    with pytest.raises(IndexError):
        x[index]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradient_has_the_dtype(dtype):
    x = mg.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
    g = mg.gradients(x[[0, 0, 1]], x, output_gradients=np.array([1, 2, 3], dtype))
    assert g.dtype == dtype
    assert g.tolist() == [3.0, 3.0]


def test_what_is_taken_is_numbers_of_the_graph_not_a_window_to_write_through():
    x = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    with pytest.raises(mg.InplaceError, match="where"):
        x[0] = 5.0
    with mg.no_grad():
        x[0] = 5.0
        x[1:] = mg.tensor([6.0, 7.0])
    assert x.tolist() == [5.0, 6.0, 7.0]


def test_iterating():
    x = mg.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    rows = list(x)
    assert [row.tolist() for row in rows] == [[1.0, 2.0], [3.0, 4.0]]
    a, b = x
    (a * b).sum().backward()
    assert x.grad.tolist() == [[3.0, 4.0], [1.0, 2.0]]
    assert [float(v.detach()) for v in mg.tensor([1.0, 2.0])] == [1.0, 2.0]
    assert list(mg.tensor([])) == []
    assert [v.item() for v in reversed(mg.tensor([1.0, 2.0]))] == [2.0, 1.0]
    with pytest.raises(TypeError, match="0-d"):
        iter(mg.tensor(1.0))


def test_plain_arrays_stay_plain():
    assert type(mg.ops.getitem(X, (0, 0))) is np.ndarray
    assert type(mg.scatter(np.ones(2), np.array([0, 0]), (3,))) is np.ndarray
    np.testing.assert_array_equal(mg.scatter(np.ones(2), np.array([0, 0]), (3,)), [2, 0, 0])
    assert operator.getitem(mg.from_numpy(X), 0).shape == (3, 4)


@given(st.data())
def test_scatter_is_add_at(data):
    shape = data.draw(gst.shapes())
    bare, ours = _both(data.draw(gst.indices(shape)))
    values = data.draw(gst.arrays(np.zeros(shape)[bare].shape))
    expected = np.zeros(shape)
    np.add.at(expected, bare, values)
    x = mg.from_numpy(values, requires_grad=True)
    y = mg.scatter(x, ours, shape)
    np.testing.assert_array_equal(y.data, expected, strict=True)
    u = data.draw(gst.cotangents(shape))
    np.testing.assert_array_equal(mg.gradients(y, x, output_gradients=u).data, u[bare])
