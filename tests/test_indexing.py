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
    with pytest.raises(mg.InplaceError, match="index_update"):
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


# ----------------------------------------------------------------------------- updates


@given(st.data())
def test_index_update_is_an_assignment_to_a_copy(data):
    """Each element of the result is one of x or of y, and its gradient goes there and nowhere else."""
    shape = data.draw(gst.shapes())
    bare, ours = _both(data.draw(gst.indices(shape)))
    there = np.zeros(shape)[bare].shape
    of_y = data.draw(st.sampled_from([there, there[1:], (), (1, *there)]))
    x = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    y = -np.arange(1.0, 1 + np.prod(of_y)).reshape(of_y[::-1]).T  # in Fortran's order
    expected = x.copy()
    try:
        expected[bare] = np.ascontiguousarray(y).reshape(of_y)
    except (TypeError, ValueError):  # an axis of length 1 in front, which NumPy does not take everywhere
        with pytest.raises((TypeError, ValueError)):
            mg.index_update(x, ours, y)
        return
    a, b = mg.from_numpy(x, requires_grad=True), mg.from_numpy(y, requires_grad=True)
    result = mg.index_update(a, ours, b)
    np.testing.assert_array_equal(result.data, expected, strict=True)
    np.testing.assert_array_equal(mg.index_update(x, ours, y), expected, strict=True)
    u = data.draw(gst.cotangents(shape))
    for g, numbers in zip(mg.gradients(result, [a, b], output_gradients=u, create_graph=True), (x, -y), strict=True):
        came_from = expected if numbers is x else -expected
        wanted = np.zeros(numbers.size + 1)
        np.add.at(wanted, np.maximum(came_from, 0).astype(int), u)
        np.testing.assert_array_equal(g.data, wanted[numbers.astype(int)], strict=True)


@given(st.data())
def test_index_add_is_add_at(data):
    shape = data.draw(gst.shapes())
    bare, ours = _both(data.draw(gst.indices(shape)))
    there = np.zeros(shape)[bare].shape
    x = data.draw(gst.arrays(shape))
    y = data.draw(gst.arrays(data.draw(st.sampled_from([there, there[1:], ()]))))
    expected = x.copy()
    np.add.at(expected, bare, y)
    a, b = mg.from_numpy(x, requires_grad=True), mg.from_numpy(y, requires_grad=True)
    result = mg.index_add(a, ours, b)
    np.testing.assert_array_equal(result.data, expected, strict=True)
    u = data.draw(gst.cotangents(shape))
    by_x, by_y = mg.gradients(result, [a, b], output_gradients=u)
    np.testing.assert_array_equal(by_x.data, u, strict=True)
    np.testing.assert_allclose(by_y.data, mg.gradient.sum_to(np.asarray(u[bare]), y.shape), rtol=1e-12, atol=1e-12)


def test_of_repeated_values_the_last_remains_and_receives_the_gradient():
    x, y = mg.zeros(3, requires_grad=True), mg.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    z = mg.index_update(x, [0, -3, 2, 0], y)
    assert z.tolist() == [4.0, 0.0, 3.0]
    by_x, by_y = mg.gradients(z, [x, y], output_gradients=np.array([5.0, 6.0, 7.0]))
    assert by_x.tolist() == [0.0, 6.0, 0.0]
    assert by_y.tolist() == [0.0, 0.0, 7.0, 5.0]


def test_one_value_for_several_elements_receives_the_sum_of_their_gradients_once_each():
    y = mg.tensor(2.0, requires_grad=True)
    z = mg.index_update(np.zeros(4), [1, 1, 3], y)
    assert z.tolist() == [0.0, 2.0, 0.0, 2.0]
    assert mg.gradients(z.sum(), y).item() == 2.0


def test_what_was_replaced_receives_exactly_nothing():
    x = mg.tensor([0.0, 4.0], requires_grad=True)
    mg.index_update(mg.sqrt(x), 0, 1.0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.25]


def test_updates_leave_their_arguments_alone_and_have_the_dtype_of_both():
    x, y = np.array([1.0, 2.0], np.float32), np.array([5.0])
    for update in (mg.index_update, mg.index_add):
        assert update(x, 0, 2.5).dtype == np.float32
        assert update(x, [0], y).dtype == np.float64
        assert update(np.arange(3), 0, 0.5).dtype == np.float64
        assert update(mg.arange(3), [1], [7]).dtype == np.int64
        assert update(mg.from_numpy(x), 1, True).dtype == np.float32
        t = mg.from_numpy(x, requires_grad=True)
        g = mg.gradients(update(t, [0], y), t, output_gradients=np.ones(2))
        assert g.dtype == np.float32
    assert x.tolist() == [1.0, 2.0]
    assert y.tolist() == [5.0]


def test_updates_of_a_number():
    t = mg.tensor(2.0, requires_grad=True)
    assert mg.gradients(mg.index_add(t, (), t), t).item() == 2.0
    assert mg.gradients(mg.index_update(t * 3, ..., t), t).item() == 1.0


@pytest.mark.parametrize("update", [mg.index_update, mg.index_add])
def test_an_update_that_does_not_fit_is_an_error(update):
    x = mg.ones(3, requires_grad=True)
    with pytest.raises(IndexError):
        update(x, 3, 1.0)
    with pytest.raises(ValueError, match="shape"):
        update(x, [0, 1], np.ones(3))


def test_gather_and_scatter_add():
    array = np.arange(6.0).reshape(2, 3)
    x = mg.from_numpy(array, requires_grad=True)
    index = np.array([[1, 0], [1, 1], [0, -1]])
    y = mg.gather(x, mg.from_numpy(index), 0)
    assert y.tolist() == [[3.0, 1.0], [3.0, 4.0], [0.0, 4.0]]
    assert mg.gradients(y.sum(), x).tolist() == [[1.0, 1.0, 0.0], [2.0, 2.0, 0.0]]
    added = mg.scatter_add(x, index, np.ones((3, 2)), axis=0)
    assert added.tolist() == [[1.0, 2.0, 2.0], [5.0, 6.0, 5.0]]
    assert type(mg.gather(array, index, 0)) is np.ndarray
    for f in (mg.gather, lambda x, i, a: mg.scatter_add(x, i, 1.0, a), mg.take_along_axis):
        with pytest.raises(mg.ShapeError, match=r"minigrad\.take"):
            f(x, [0, 1], 0)
        with pytest.raises(IndexError, match="whole numbers"):
            f(x, np.zeros((2, 3)), 0)
        with pytest.raises(IndexError):
            f(x, np.full((2, 3), 7), 1)
        with pytest.raises(np.exceptions.AxisError):
            f(x, np.zeros((2, 3), int), 2)


# ----------------------------------------------------------------------------- where something is


@pytest.mark.parametrize("shape", [(0,), (4,), (2, 3), (2, 0)])
def test_where_something_is_is_constant(shape):
    array = np.arange(float(np.prod(shape))).reshape(shape) % 2
    x = mg.from_numpy(array, requires_grad=True)
    for f in (np.nonzero, np.argwhere, np.flatnonzero, np.where, mg.nonzero, mg.argwhere, mg.flatnonzero, mg.where):
        expected, found = getattr(np, f.__name__)(array), f(x)
        assert isinstance(found, tuple) == isinstance(expected, tuple)
        for e, y in zip(*((r if isinstance(r, tuple) else (r,)) for r in (expected, found)), strict=True):
            assert type(y) is mg.Tensor
            assert not y.requires_grad
            np.testing.assert_array_equal(y.data, e, strict=True)
    np.testing.assert_array_equal(x[x.nonzero()].data, array[array.nonzero()])
    assert all(type(places) is np.ndarray for places in mg.nonzero(array))
    line = mg.tensor([1.0, 2.0, 2.0, 4.0], requires_grad=True)
    assert np.searchsorted(line, x).tolist() == np.searchsorted(line.detach().numpy(), array).tolist()
    assert line.searchsorted(2.0, side="right").item() == 3
    assert np.searchsorted(line.detach().numpy()[::-1], 2.0, sorter=mg.tensor([3, 2, 1, 0])) == 1


# ----------------------------------------------------------------------------- what is wrong, said


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda x: mg.where(x > 0, x), ValueError, "Give both, or neither"),
        (lambda x: mg.take(x, 0.0), TypeError, "whole numbers"),
        (lambda x: mg.take(x, [0.5]), TypeError, "astype"),
        (lambda x: mg.take(x, 0, mode="around"), ValueError, '"clip"'),
        (lambda x: mg.take(x, 3), IndexError, "out of bounds"),
        (lambda x: mg.compress([[True]], x), ValueError, "one axis"),
        (lambda x: mg.choose([2], [x, x]), ValueError, "number 2 of 2"),
        (lambda x: mg.choose([-1], [x, x]), ValueError, "number -1 of 2"),
        (lambda x: mg.choose([0.0], [x, x]), TypeError, "minigrad.where"),
        (lambda x: mg.choose([0], [x], mode="around"), ValueError, '"wrap"'),
        (lambda x: mg.select([x > 0], [x, x]), ValueError, "1 conditions and 2 choices"),
        (lambda x: mg.select([], []), ValueError, "one at least"),
        (lambda x: mg.select([x], [x]), TypeError, "truth values"),
        (lambda x: mg.pad(x, -1), ValueError, r"x\[1:-1\]"),
        (lambda x: mg.pad(x, 1, "mean"), ValueError, '"reflect"'),
        (lambda x: mg.pad(x[:0], 1, "edge"), ValueError, "constant"),
        (lambda x: mg.repeat(x, -1), ValueError, "from 0 on"),
        (lambda x: mg.repeat(x, [1, 2]), ValueError, "broadcast"),
        (lambda x: mg.roll(x, [[1]], 0), ValueError, "one shift for each axis"),
        (lambda x: mg.rot90(x), ValueError, "two different axes"),
        (lambda x: mg.fliplr(x), ValueError, r"minigrad.flip\(x\)"),
        (lambda x: mg.flipud(x[0]), ValueError, "one axis"),
        (lambda x: mg.moveaxis(x[None], (0, 1), 0), ValueError, "2 axes and 1 places"),
        (lambda x: mg.reshape(x, (3, 1), order="F"), TypeError, r"reshape\(x.T"),
        (lambda x: x.ravel("F"), TypeError, r"ravel\(x.T\)"),
        (lambda x: x.flatten(order="F"), TypeError, r"flatten\(x.T\)"),
        (lambda x: mg.diag(x[None, None]), ValueError, "minigrad.diagonal"),
        (lambda x: mg.diagonal(x), ValueError, "two different axes"),
        (lambda x: mg.tril(x[0]), ValueError, "matrices"),
        (lambda x: mg.split(x, 2), ValueError, "minigrad.array_split"),
        (lambda x: mg.split(x, 0), ValueError, "one at least"),
        (lambda x: mg.vsplit(x, 1), ValueError, "needs 2 axes"),
        (lambda x: mg.stack([x, x[:2]]), ValueError, "minigrad.concatenate"),
        (lambda x: mg.stack([]), ValueError, "one at least"),
        (lambda x: mg.array([x, x[:2]]), ValueError, "same shape"),
        (lambda x: mg.array([[x[0], 1.0], [x[1]]]), ValueError, "same length"),
        (lambda x: mg.meshgrid(x, x, indexing="yx"), ValueError, '"ij"'),
        (lambda x: np.pad(x, 1, mode="reflect", reflect_type="odd"), TypeError, "reflect_type"),
        (lambda x: np.take(x, [0], out=np.zeros(1)), TypeError, "out"),
    ],
)
def test_what_is_wrong_is_said(call, error, says):
    with pytest.raises(error, match=says) as caught:
        call(mg.tensor([1.0, 2.0, 3.0], requires_grad=True))
    assert len(str(caught.value).splitlines()) <= 2


def test_a_row_is_added_at_every_row_of_an_index():
    """np.add.at itself reads beyond y here, in NumPy 2.4: y has one axis, the index two."""
    index = np.array([[-1, -2], [0, -2]])
    for _ in range(20):
        found = mg.index_add(np.zeros(2), index, np.array([1.0, 2.0]))
        assert found.tolist() == [2 + 1 + 2, 1]
