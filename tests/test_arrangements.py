"""Arranging, joining, repeating and taking: NumPy's values to the bit, and each element its own gradients.

One idea: these functions compute nothing. Given the numbers of the elements, 1, 2, 3, ..., NumPy's own
function says where in the result each of them stands; the gradient of an element is the sum of the
incoming gradient there, and that is all there is to know.
"""

import itertools
from typing import Any

import numpy as np
import pytest

import minigrad as mg

SHAPES = [(), (0,), (1,), (3,), (2, 3), (3, 1), (2, 0), (3, 3), (2, 3, 4), (1, 3, 1), (2, 1, 2, 2)]

FORMS = {
    "reshape(-1)": lambda m, x: m.reshape(x, -1),
    "reshape(3, -1)": lambda m, x: m.reshape(x, (3, -1)),
    "reshape, order": lambda m, x: m.reshape(x, (x.size, 1), order="C"),
    "ravel": lambda m, x: m.ravel(x),
    "flatten": lambda m, x: x.flatten(),
    "transpose": lambda m, x: m.transpose(x),
    "transpose(2, 0, 1)": lambda m, x: m.transpose(x, (2, 0, 1)),
    "transpose(-1, 0)": lambda m, x: m.transpose(x, (-1, 0)),
    "permute_dims": lambda m, x: m.permute_dims(x, [1, 0]),
    "matrix_transpose": lambda m, x: m.matrix_transpose(x),
    "swapaxes": lambda m, x: m.swapaxes(x, 0, -1),
    "swapaxes(1, 2)": lambda m, x: m.swapaxes(x, 1, 2),
    "moveaxis": lambda m, x: m.moveaxis(x, 0, -1),
    "moveaxis back": lambda m, x: m.moveaxis(x, -1, 1),
    "moveaxis, several": lambda m, x: m.moveaxis(x, [0, 1], [-1, 0]),
    "moveaxis, none": lambda m, x: m.moveaxis(x, (), ()),
    "moveaxis, unequal": lambda m, x: m.moveaxis(x, (0, 1), (0,)),
    "moveaxis, twice one": lambda m, x: m.moveaxis(x, (0, 0), (0, 1)),
    "rollaxis": lambda m, x: m.rollaxis(x, -1),
    "rollaxis(0, 2)": lambda m, x: m.rollaxis(x, 0, 2),
    "rollaxis(1, -1)": lambda m, x: m.rollaxis(x, 1, -1),
    "rollaxis(0, n)": lambda m, x: m.rollaxis(x, 0, x.ndim),
    "rollaxis(0, n + 1)": lambda m, x: m.rollaxis(x, 0, x.ndim + 1),
    "squeeze": lambda m, x: m.squeeze(x),
    "squeeze(-1)": lambda m, x: m.squeeze(x, -1),
    "expand_dims(0)": lambda m, x: m.expand_dims(x, 0),
    "expand_dims(1)": lambda m, x: m.expand_dims(x, 1),
    "expand_dims(-1)": lambda m, x: m.expand_dims(x, -1),
    "expand_dims(5)": lambda m, x: m.expand_dims(x, 5),
    "expand_dims(0, -1)": lambda m, x: m.expand_dims(x, (0, -1)),
    "broadcast_to": lambda m, x: m.broadcast_to(x, (2, *x.shape)),
    "broadcast_arrays": lambda m, x: m.broadcast_arrays(x, m.reshape(x, (x.size,) + (1,) * x.ndim)),
    "atleast_1d": lambda m, x: m.atleast_1d(x),
    "atleast_2d": lambda m, x: m.atleast_2d(x),
    "atleast_3d": lambda m, x: m.atleast_3d(x),
    "atleast_3d, several": lambda m, x: m.atleast_3d(x, x, x),
    "flip": lambda m, x: m.flip(x),
    "flip(0)": lambda m, x: m.flip(x, 0),
    "flip(-1)": lambda m, x: m.flip(x, axis=-1),
    "flip(1, 0)": lambda m, x: m.flip(x, (1, 0)),
    "flip()": lambda m, x: m.flip(x, ()),
    "flip(0, 0)": lambda m, x: m.flip(x, (0, 0)),
    "fliplr": lambda m, x: m.fliplr(x),
    "flipud": lambda m, x: m.flipud(x),
    "rot90": lambda m, x: m.rot90(x),
    "rot90(2)": lambda m, x: m.rot90(x, 2),
    "rot90(-1)": lambda m, x: m.rot90(x, -1),
    "rot90(4)": lambda m, x: m.rot90(x, 4),
    "rot90(1, 0)": lambda m, x: m.rot90(x, 1, (1, 0)),
    "rot90(3, 2, 0)": lambda m, x: m.rot90(x, k=3, axes=(2, 0)),
    "rot90, one axis": lambda m, x: m.rot90(x, 1, (1, 1)),
    "rot90(-1, 1)": lambda m, x: m.rot90(x, 1, (-1, 1)),
    "roll(1)": lambda m, x: m.roll(x, 1),
    "roll(-5)": lambda m, x: m.roll(x, -5),
    "roll(1, 0)": lambda m, x: m.roll(x, 1, 0),
    "roll(-1, -1)": lambda m, x: m.roll(x, -1, axis=-1),
    "roll(7, 1)": lambda m, x: m.roll(x, 7, axis=1),
    "roll(3, 0)": lambda m, x: m.roll(x, 3, 0),
    "roll((1, 2), (1, 0))": lambda m, x: m.roll(x, (1, 2), (1, 0)),
    "roll((1, 2), 0)": lambda m, x: m.roll(x, (1, 2), 0),
    "roll(1, (0, 1))": lambda m, x: m.roll(x, 1, (0, 1)),
    "roll((1, 2))": lambda m, x: m.roll(x, (1, 2)),
    "roll(array)": lambda m, x: m.roll(x, np.array([1, -1]), (0, -1)),
    "roll, unequal": lambda m, x: m.roll(x, (1, 2, 3), (0, 1)),
    "concatenate": lambda m, x: m.concatenate([x, x[:1], x]),
    "concatenate(-1)": lambda m, x: m.concatenate((x, x), -1),
    "concatenate(None)": lambda m, x: m.concatenate((x, x), None),
    "concatenate, a list": lambda m, x: m.concatenate([[0.0, 0.0], x]),
    "concat(1)": lambda m, x: m.concat([x, x], axis=1),
    "stack": lambda m, x: m.stack([x, x, x]),
    "stack(1)": lambda m, x: m.stack((x, x), 1),
    "stack(-1)": lambda m, x: m.stack((x, x), axis=-1),
    "stack(-2)": lambda m, x: m.stack((x, x), axis=-2),
    "vstack": lambda m, x: m.vstack([x, x]),
    "vstack, unequal": lambda m, x: m.vstack([x, x[:1]]),
    "vstack, a row": lambda m, x: m.vstack([x, x[0]]),
    "hstack": lambda m, x: m.hstack((x, x)),
    "hstack, unequal": lambda m, x: m.hstack((x, x[..., :1])),
    "dstack": lambda m, x: m.dstack((x, x)),
    "dstack, unequal": lambda m, x: m.dstack((x, x[..., :1])),
    "column_stack": lambda m, x: m.column_stack((x, x)),
    "column_stack, a column": lambda m, x: m.column_stack((x, x[:, 0])),
    "append": lambda m, x: m.append(x, x),
    "append, a number": lambda m, x: m.append(x, 0.0),
    "append(0)": lambda m, x: m.append(x, x[:1], axis=0),
    "split(1)": lambda m, x: m.split(x, 1),
    "split(3)": lambda m, x: m.split(x, 3),
    "split(2, 1)": lambda m, x: m.split(x, 2, axis=1),
    "split(-1)": lambda m, x: m.split(x, 3, axis=-1),
    "split([1])": lambda m, x: m.split(x, [1]),
    "split([2, 1, -1, 9])": lambda m, x: m.split(x, [2, 1, -1, 9], -1),
    "split([])": lambda m, x: m.split(x, []),
    "split(array)": lambda m, x: m.split(x, np.array([1, 2])),
    "split(0)": lambda m, x: m.split(x, 0),
    "array_split(2)": lambda m, x: m.array_split(x, 2),
    "array_split(5, -1)": lambda m, x: m.array_split(x, 5, -1),
    "array_split(0)": lambda m, x: m.array_split(x, 0),
    "vsplit": lambda m, x: m.vsplit(x, [1]),
    "hsplit": lambda m, x: m.hsplit(x, 3),
    "dsplit": lambda m, x: m.dsplit(x, 2),
    "repeat": lambda m, x: m.repeat(x, 2),
    "repeat(0)": lambda m, x: m.repeat(x, 0),
    "repeat(3, 0)": lambda m, x: m.repeat(x, 3, 0),
    "repeat(2, -1)": lambda m, x: m.repeat(x, 2, axis=-1),
    "repeat(2, 2)": lambda m, x: m.repeat(x, 2, axis=2),
    "repeat([2])": lambda m, x: m.repeat(x, [2], axis=-1),
    "repeat([2, 0, 1])": lambda m, x: m.repeat(x, [2, 0, 1], axis=-1),
    "repeat(array)": lambda m, x: m.repeat(x, np.array([1, 3]), axis=0),
    "repeat([2, 0, 1]), flat": lambda m, x: m.repeat(x, [2, 0, 1]),
    "tile(2)": lambda m, x: m.tile(x, 2),
    "tile(0)": lambda m, x: m.tile(x, 0),
    "tile(1)": lambda m, x: m.tile(x, 1),
    "tile()": lambda m, x: m.tile(x, ()),
    "tile(2, 3)": lambda m, x: m.tile(x, (2, 3)),
    "tile(2, 1, 2, 1)": lambda m, x: m.tile(x, [2, 1, 2, 1]),
    "tile(array)": lambda m, x: m.tile(x, np.array([1, 2])),
    "pad(1)": lambda m, x: m.pad(x, 1),
    "pad(0)": lambda m, x: m.pad(x, 0),
    "pad(-1)": lambda m, x: m.pad(x, -1),
    "pad(1.5)": lambda m, x: m.pad(x, 1.5),
    "pad((1, 2))": lambda m, x: m.pad(x, (1, 2)),
    "pad((2,))": lambda m, x: m.pad(x, (2,)),
    "pad(((1, 2),))": lambda m, x: m.pad(x, ((1, 2),)),
    "pad(((1,), (2,)))": lambda m, x: m.pad(x, ((1,), (2,))),
    "pad(((0, 1), (2, 0)))": lambda m, x: m.pad(x, ((0, 1), (2, 0))),
    "pad(array)": lambda m, x: m.pad(x, np.array([[0, 1], [2, 0]])),
    "pad, constants": lambda m, x: m.pad(x, 1, constant_values=-1),
    "pad, constants of sides": lambda m, x: m.pad(x, (1, 2), "constant", constant_values=(-1, -2)),
    "pad, constants of axes": lambda m, x: m.pad(x, 2, constant_values=((-1, -2), (-3, -4))),
    "pad, of no such mode": lambda m, x: m.pad(x, 1, "elsewhere"),
    **{
        f"pad({width}, {mode})": lambda m, x, width=width, mode=mode: m.pad(x, width, mode)
        for mode in ("edge", "reflect", "symmetric", "wrap")
        for width in (0, 1, 2, (1, 0), (0, 3), 7, ((3, 5), (0, 1)), ((0, 0), (4, 9)), ((1, 2), (0, 0), (5, 1)))
    },
    "diag": lambda m, x: m.diag(x),
    "diag(1)": lambda m, x: m.diag(x, 1),
    "diag(-2)": lambda m, x: m.diag(x, k=-2),
    "diag(9)": lambda m, x: m.diag(x, 9) if x.ndim == 2 else m.diag(x),
    "diagonal": lambda m, x: m.diagonal(x),
    "diagonal(1)": lambda m, x: m.diagonal(x, 1),
    "diagonal(-1, 1, 0)": lambda m, x: m.diagonal(x, -1, 1, 0),
    "diagonal(0, -1, 0)": lambda m, x: m.diagonal(x, offset=0, axis1=-1, axis2=0),
    "diagonal(0, 1, 1)": lambda m, x: m.diagonal(x, 0, 1, 1),
    "tril": lambda m, x: m.tril(x),
    "tril(1)": lambda m, x: m.tril(x, 1),
    "tril(-1)": lambda m, x: m.tril(x, k=-1),
    "triu": lambda m, x: m.triu(x),
    "triu(1)": lambda m, x: m.triu(x, 1),
    "triu(-9)": lambda m, x: m.triu(x, -9),
    "meshgrid": lambda m, x: m.meshgrid(x, x[..., :2], x[..., :1]),
    "meshgrid, ij": lambda m, x: m.meshgrid(x, x[..., :2], indexing="ij"),
    "meshgrid, sparse": lambda m, x: m.meshgrid(x, x[..., :2], sparse=True),
    "meshgrid of one": lambda m, x: m.meshgrid(x),
    "meshgrid, other": lambda m, x: m.meshgrid(x, x, indexing="yx"),
    "take(0)": lambda m, x: m.take(x, 0),
    "take([2, 0, 2])": lambda m, x: m.take(x, [2, 0, 2]),
    "take(-1, -1)": lambda m, x: m.take(x, -1, -1),
    "take([[1, 1]], 0)": lambda m, x: m.take(x, [[1, 1]], 0),
    "take((1, 0), 1)": lambda m, x: m.take(x, (1, 0), axis=1),
    "take([])": lambda m, x: m.take(x, np.array([], int)),
    "take(bool)": lambda m, x: m.take(x, np.array([True, False])),
    "take(9)": lambda m, x: m.take(x, 9),
    "take(uint8)": lambda m, x: m.take(x, np.array([1, 0], np.uint8), -1),
    "take, wrap": lambda m, x: m.take(x, [-7, 5, 30], mode="wrap"),
    "take, clip": lambda m, x: m.take(x, np.array([-7, 1, 30]), 0, mode="clip"),
    "take, wrap, one": lambda m, x: m.take(x, 5, -1, mode="wrap"),
    "take, of no such mode": lambda m, x: m.take(x, 0, mode="elsewhere"),
    "take_along_axis": lambda m, x: m.take_along_axis(x, np.zeros(x.shape, int), 0),
    "take_along_axis(-1)": lambda m, x: m.take_along_axis(x, np.ones((1,) * (x.ndim - 1) + (2,), int), -1),
    "take_along_axis(1)": lambda m, x: m.take_along_axis(x, np.full((*x.shape[:1], 2, *x.shape[2:]), -1), 1),
    "take_along_axis(None)": lambda m, x: m.take_along_axis(x, np.array([2, 0, 2]), None),
    "take_along_axis, flat": lambda m, x: m.take_along_axis(x, np.array([0]), 0),
    "take_along_axis, bool": lambda m, x: m.take_along_axis(x, np.zeros(x.shape, bool), 0),
    "compress": lambda m, x: m.compress([True, False, True], x),
    "compress(0)": lambda m, x: m.compress([0, 1], x, axis=0),
    "compress(-1)": lambda m, x: m.compress(np.array([True, True, False]), x, -1),
    "compress, 2-d": lambda m, x: m.compress([[True]], x),
    "extract": lambda m, x: m.extract(np.arange(x.size).reshape(x.shape) % 2, x),
    "extract, shorter": lambda m, x: m.extract([True, False, True], x),
    "choose": lambda m, x: m.choose(np.arange(x.size).reshape(x.shape) % 3, [x, 0.0, x.T.reshape(x.shape)]),
    "choose, broadcast": lambda m, x: m.choose(np.array([[1], [0]]), [x, 0.0 * x]),
    "choose, rows": lambda m, x: m.choose(0, x),
    "choose, wrap": lambda m, x: m.choose([-1, 3], [x[..., :1], x[..., :1], -1.0], mode="wrap"),
    "choose, clip": lambda m, x: m.choose([[-1], [3]], [x, -1.0], mode="clip"),
    "select": lambda m, x: m.select(
        [np.arange(x.size).reshape(x.shape) % 3 == 0, np.arange(x.size).reshape(x.shape) % 2 == 0], [x, -1.0]
    ),
    "select, default": lambda m, x: m.select([np.array([True, False])], [x[..., :2]], x[..., :1]),
    "select, unequal": lambda m, x: m.select([np.array([True, False])], [x, x]),
    "select, of numbers": lambda m, x: m.select([np.array([1, 0])], [x]),
}


def flat(result: Any) -> list[Any]:
    return list(result) if isinstance(result, (list, tuple)) else [result]


def attempt(f: Any, *args: Any) -> Any:
    try:
        return flat(f(*args))
    except Exception as error:
        return error


def check(f: Any, shape: Any) -> None:
    """One call, for an array of one shape: the value from arrays and tensors, by NumPy's function and by ours."""
    numbers = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
    expected = attempt(f, np, numbers)
    if isinstance(expected, Exception):
        for m, x in itertools.product((np, mg), (mg.from_numpy(numbers), mg.from_numpy(numbers, requires_grad=True))):
            with pytest.raises((ValueError, TypeError, IndexError)):
                f(m, x)
        with pytest.raises((ValueError, TypeError, IndexError)):
            f(mg, numbers)
        return
    for e, found in zip(expected, flat(f(mg, numbers)), strict=True):
        assert isinstance(found, np.ndarray | np.generic)
        np.testing.assert_array_equal(found, e, strict=isinstance(e, np.ndarray))
        assert found.dtype == e.dtype
    for m in (np, mg):
        x = mg.from_numpy(numbers, requires_grad=True)
        results = flat(f(m, x))
        assert len(results) == len(expected)
        for y, e in zip(results, expected):
            assert type(y) is mg.Tensor
            np.testing.assert_array_equal(y.data, np.asarray(e), strict=True)
            u = np.random.default_rng(0).integers(-8, 9, y.shape) / 4
            came_from = np.asarray(e).astype(int).reshape(-1)
            wanted = np.zeros(numbers.size + 1)
            np.add.at(wanted, np.maximum(came_from, 0), u.reshape(-1))
            g = mg.gradients(y, x, output_gradients=u, create_graph=True)
            np.testing.assert_array_equal(g.data, wanted[1:].reshape(shape), strict=True)


@pytest.mark.parametrize("name", FORMS)
def test_values_are_numpys_and_gradients_go_where_the_elements_came_from(name):
    for shape in SHAPES:
        check(FORMS[name], shape)


@pytest.mark.parametrize("name", FORMS)
def test_dtypes_and_layouts(name):
    f = FORMS[name]
    for shape, dtype in itertools.product([(3,), (3, 3), (2, 3, 4)], [np.float32, np.float16, np.int32, np.bool_]):
        x = (np.arange(np.prod(shape)).reshape(shape) % 5).astype(dtype)
        x = np.asfortranarray(np.repeat(x, 2, axis=-1))[..., ::-2]
        x.flags.writeable = False
        expected = attempt(f, np, x)
        if isinstance(expected, Exception):
            continue
        for y, e in zip(flat(f(np, mg.from_numpy(x))), expected, strict=True):
            np.testing.assert_array_equal(y.data, np.asarray(e), strict=True)
        if np.dtype(dtype).kind == "f":
            t = mg.from_numpy(x, requires_grad=True)
            for y in flat(f(mg, t)):
                g = mg.gradients(y, t, output_gradients=np.ones(y.shape, y.dtype))
                assert g.dtype == dtype
                assert g.shape == x.shape


# ----------------------------------------------------------------------------- methods, and what NumPy has no form for


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x.ravel(),
        lambda x: x.flatten(),
        lambda x: x.swapaxes(0, 1),
        lambda x: x.repeat(2, axis=1),
        lambda x: x.repeat([1, 2], 0),
        lambda x: x.diagonal(1),
        lambda x: x.take([0, 0], axis=1),
        lambda x: x.take(-1),
        lambda x: x.compress([False, True], axis=0),
        lambda x: x.squeeze(),
        lambda x: x.T,
        lambda x: x.mT,
        lambda x: x.nonzero()[1],
        lambda x: (x > 2).astype(int).choose([x, -x]),
    ],
)
def test_methods_are_ndarrays(call):
    array = np.arange(6.0).reshape(2, 3)
    x = mg.from_numpy(array, requires_grad=True)
    np.testing.assert_array_equal(call(x).data, call(array), strict=True)


def test_a_flattened_copy_shares_no_memory():
    x = mg.ones((2, 3))
    assert np.shares_memory(x.ravel().data, x.data)
    assert not np.shares_memory(x.flatten().data, x.data)


def test_an_array_of_tensors_lists_and_numbers_is_inside_the_graph():
    a, b = mg.tensor(2.0, requires_grad=True), mg.tensor([3.0, 4.0], requires_grad=True)
    matrix = mg.array([[a, 1], [a * a, b[0]], b])
    assert matrix.tolist() == [[2.0, 1.0], [4.0, 3.0], [3.0, 4.0]]
    by_a, by_b = mg.gradients(matrix, [a, b], output_gradients=np.arange(6.0).reshape(3, 2))
    assert by_a.item() == 0 + 2 * 2 * 2
    assert by_b.tolist() == [3.0 + 4.0, 5.0]
    assert mg.array((a, a)).tolist() == [2.0, 2.0]
    assert mg.array(a) is a
    assert type(mg.array([[1.0, 2.0]])) is np.ndarray
    assert mg.array([mg.tensor(1.0, dtype=np.float32), mg.tensor(2.0, dtype=np.float32)]).dtype == np.float32
    assert mg.array([mg.tensor([1, 2]), [3, 4]]).dtype == np.int64
    with pytest.raises(mg.GraphCutError, match=r"minigrad\.array"):
        np.array([a, a])
    with pytest.raises(mg.GraphCutError, match=r"minigrad\.array\(\[\[t1"):
        mg.tensor([[a, 1.0], [0.0, a]])


def test_constants_of_a_border_may_be_tensors():
    c, x = mg.tensor(5.0, requires_grad=True), mg.tensor([[1.0, 2.0]], requires_grad=True)
    y = mg.pad(x, ((1, 0), (0, 2)), constant_values=c)
    np.testing.assert_array_equal(y.data, np.pad([[1.0, 2.0]], ((1, 0), (0, 2)), constant_values=5.0))
    assert [g.tolist() for g in mg.gradients(y.sum(), [c, x])] == [6.0, [[1.0, 1.0]]]
    y = mg.pad(x, 1, constant_values=((c, 0.0), (c * 2, 1.0)))
    np.testing.assert_array_equal(y.data, np.pad([[1.0, 2.0]], 1, constant_values=((5, 0), (10, 1))))
    assert mg.gradients(y.sum(), c).item() == 2 + 2 * 3
    assert mg.pad(mg.arange(2), 1, constant_values=2.7).tolist() == [2, 0, 1, 2]
    assert np.pad(x, {-1: (1, 0)}).tolist() == [[0.0, 1.0, 2.0]]


def test_filled_with_a_tensor():
    t = mg.tensor(2.0, requires_grad=True)
    for y in (mg.full((2, 3), t), mg.full_like(np.zeros((2, 3)), t), mg.full((2, 3), t, dtype=np.float64)):
        assert y.tolist() == [[2.0] * 3] * 2
        assert mg.gradients(y.sum(), t).item() == 6.0
    assert mg.full(3, t, dtype=np.float32).dtype == np.float32
    row = mg.tensor([1.0, 2.0])
    filled = mg.full((2, 2), row, requires_grad=True)
    assert filled.requires_grad
    assert filled.is_leaf
    with mg.no_grad():
        filled += 1
    assert filled.tolist() == [[2.0, 3.0], [2.0, 3.0]]
    assert np.full_like(row, 7).tolist() == [7.0, 7.0]
    assert mg.full_like(row, 7, dtype=int).dtype == np.int64


def test_a_choice_that_was_not_taken_has_gradient_zero_whatever_its_slope():
    x = mg.tensor([0.0, 4.0], requires_grad=True)
    for y in (
        mg.select([x > 0], [mg.sqrt(x)], 0.0),
        mg.choose(np.array([0, 1]), [1.0, mg.sqrt(x)]),
        mg.take(mg.sqrt(x), [1]),
        mg.compress([False, True], mg.sqrt(x)),
        mg.split(mg.sqrt(x), 2)[1],
    ):
        assert mg.gradients(y.sum(), x).tolist() == [0.0, 0.25]


def test_more_choices_than_numpys_choose_takes():
    xs = [mg.tensor(float(n), requires_grad=True) for n in range(70)]
    index = np.array([[0, 69], [33, 33]])
    assert mg.choose(index, xs).tolist() == index.tolist()
    conditions = [np.array([n == 50, n >= 60]) for n in range(70)]
    y = mg.select(conditions, xs)
    assert y.tolist() == [50.0, 60.0]
    assert [g.item() for g in mg.gradients(y.sum(), xs)] == [float(n in (50, 60)) for n in range(70)]
