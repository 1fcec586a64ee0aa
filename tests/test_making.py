"""Making tensors: values, dtypes, what is shared and what is copied.

One idea: names, defaults and results are NumPy's; the tensor adds requires_grad.
"""

import numpy as np
import pytest

import minigrad as mg

MAKERS = {
    "tensor": (lambda **k: mg.tensor([1.0, 2.0], **k), np.array([1.0, 2.0])),
    "Tensor": (lambda **k: mg.Tensor([1.0, 2.0], **k), np.array([1.0, 2.0])),
    "zeros": (lambda **k: mg.zeros((2, 3), **k), np.zeros((2, 3))),
    "zeros of an integer": (lambda **k: mg.zeros(2, **k), np.zeros(2)),
    "zeros of ()": (lambda **k: mg.zeros((), **k), np.zeros(())),
    "zeros, empty": (lambda **k: mg.zeros((0, 3), **k), np.zeros((0, 3))),
    "ones": (lambda **k: mg.ones((2, 3), **k), np.ones((2, 3))),
    "full": (lambda **k: mg.full((2, 3), 1.5, **k), np.full((2, 3), 1.5)),
    "full of ()": (lambda **k: mg.full((), 1.5, **k), np.full((), 1.5)),
    "eye": (lambda **k: mg.eye(3, **k), np.eye(3)),
    "eye, rectangular": (lambda **k: mg.eye(2, 3, **k), np.eye(2, 3)),
    "arange": (lambda **k: mg.arange(4.0, **k), np.arange(4.0)),
    "arange, start": (lambda **k: mg.arange(1.0, 4, **k), np.arange(1.0, 4)),
    "arange, step": (lambda **k: mg.arange(1.0, 0, -0.25, **k), np.arange(1.0, 0, -0.25)),
    "linspace": (lambda **k: mg.linspace(0, 1, 5, **k), np.linspace(0, 1, 5)),
    "linspace, default": (lambda **k: mg.linspace(0, 1, **k), np.linspace(0, 1)),
    "zeros_like": (lambda **k: mg.zeros_like(mg.ones((2, 3)), **k), np.zeros((2, 3))),
    "ones_like": (lambda **k: mg.ones_like(mg.zeros((2, 3)), **k), np.ones((2, 3))),
    "ones_like of an array": (lambda **k: mg.ones_like(np.zeros(2), **k), np.ones(2)),
}


@pytest.mark.parametrize("name", MAKERS)
def test_values_and_defaults_are_numpys(name):
    make, expected = MAKERS[name]
    t = make()
    assert isinstance(t, mg.Tensor)
    assert t.is_leaf
    assert t.grad is None
    assert not t.requires_grad
    assert t.dtype == np.float64
    np.testing.assert_array_equal(t.numpy(), expected, strict=True)
    assert isinstance(t.data, np.ndarray)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, "float64"])
@pytest.mark.parametrize("name", MAKERS)
def test_dtype_and_requires_grad(name, dtype):
    make, expected = MAKERS[name]
    t = make(dtype=dtype, requires_grad=True)
    assert t.requires_grad
    assert t.dtype == dtype
    np.testing.assert_array_equal(t.detach().numpy(), expected.astype(dtype), strict=True)
    (t * 2).backward(np.ones(t.shape))
    assert t.grad.dtype == dtype
    assert t.grad.tolist() == np.full(t.shape, 2.0).tolist()


@pytest.mark.parametrize("name", MAKERS)
def test_integers(name):
    t = MAKERS[name][0](dtype=int)
    assert t.dtype == np.int64


def test_python_numbers_become_what_numpy_makes_of_them():
    assert mg.tensor(1.0).dtype == np.float64
    assert mg.tensor(1).dtype == np.int64
    assert mg.tensor([True, False]).dtype == np.bool_
    assert mg.tensor([1, 2.5]).dtype == np.float64
    assert mg.tensor([]).shape == (0,)
    assert mg.tensor([[1.0], [2.0]]).shape == (2, 1)
    assert mg.arange(3).dtype == np.int64
    assert mg.full(2, 7).dtype == np.int64
    assert mg.tensor(np.float32(1.5)).dtype == np.float32


def test_ragged_lists_are_refused():
    with pytest.raises(mg.ShapeError, match="nested lists"):
        mg.tensor([[1.0], [1.0, 2.0]])


def test_tensor_copies():
    a = np.array([1.0, 2.0])
    for make in (mg.tensor, mg.Tensor):
        t = make(a)
        a[0] += 5
        assert t.tolist() == [a[0] - 5, 2]
        assert not np.shares_memory(t.data, a)
    t = mg.tensor([1.0, 2.0])
    u = mg.tensor(t)
    t += 1
    assert u.tolist() == [1, 2]


def test_from_numpy_shares():
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    t = mg.from_numpy(a)
    assert t.data is a
    a[0, 0] = 7
    assert t.tolist()[0][0] == 7
    t += 1
    assert a.tolist() == [[8, 3], [4, 5]]
    view = mg.from_numpy(a[:, 1])
    view[0] = 0.0
    assert a[0, 1] == 0


def test_from_numpy_shares_a_single_number_too():
    a = np.array(1.0)
    t = mg.from_numpy(a)
    a[...] = 5
    assert t.item() == 5


def test_from_numpy_keeps_the_dtype_and_may_require_a_gradient():
    t = mg.from_numpy(np.ones(2, dtype=np.float32), requires_grad=True)
    assert t.dtype == np.float32
    (t * t).sum().backward()
    assert t.grad.tolist() == [2, 2]


@pytest.mark.parametrize("what", [[1.0], 1.0, None, mg.tensor([1.0])])
def test_from_numpy_of_no_array(what):
    with pytest.raises(TypeError, match="shares an array's memory"):
        mg.from_numpy(what)


def test_detach_shares_and_is_a_leaf_without_a_gradient():
    for start in (2.0, [1.0, 2.0]):
        t = mg.tensor(start, requires_grad=True)
        d = t.detach()
        assert d.is_leaf
        assert not d.requires_grad
        assert d.grad is None
        assert np.shares_memory(d.data, t.data)
        d *= 2
        assert t.detach().tolist() == (2 * np.asarray(start)).tolist()


def test_numpy_gives_the_memory_itself():
    for start in (2.0, [1.0, 2.0]):
        t = mg.tensor(start)
        a = t.numpy()
        a[...] = 9
        assert t.tolist() == np.full(np.shape(start), 9.0).tolist()


def test_making_a_tensor_of_a_tensor_does_not_drop_its_graph_unsaid():
    t = mg.tensor(2.0, requires_grad=True)
    for value in (t, t * 2):
        with pytest.raises(mg.GraphCutError, match=r"(t|value)\.detach\(\)"):
            mg.tensor(value)
    assert mg.tensor(t.detach(), requires_grad=True).requires_grad


def test_like_takes_shape_and_dtype_and_no_graph():
    t = mg.tensor(np.ones((2, 3)), dtype=np.float32, requires_grad=True)
    for make, value in ((mg.zeros_like, 0.0), (mg.ones_like, 1.0), (np.zeros_like, 0.0), (np.ones_like, 1.0)):
        u = make(t * 1)
        assert isinstance(u, mg.Tensor)
        assert u.shape == (2, 3)
        assert u.dtype == np.float32
        assert not u.requires_grad
        assert u.is_leaf
        assert u.tolist() == np.full((2, 3), value).tolist()


def test_requires_grad_can_be_switched_on_a_leaf():
    t = mg.tensor([1.0])
    t.requires_grad = True
    (t * 2).sum().backward()
    assert t.grad.tolist() == [2]
    t.requires_grad = False
    assert not (t * 2).requires_grad


@pytest.mark.parametrize("wrong", [-1, (2, -3), "ab", 1.5])
def test_impossible_shapes_are_refused(wrong):
    for make in (mg.zeros, mg.ones, lambda shape: mg.full(shape, 1.0)):
        with pytest.raises((ValueError, TypeError)):
            make(wrong)


@pytest.mark.parametrize("make", [mg.zeros, mg.ones])
def test_a_second_length_is_not_taken_for_requires_grad(make):
    """zeros(2, 3) is torch's spelling; NumPy's is zeros((2, 3))."""
    with pytest.raises(TypeError):
        make(2, 3)
    with pytest.raises(TypeError, match="True or False"):
        make(2, requires_grad="no")


@pytest.mark.parametrize("data", [np.ones(100_000, np.float16), np.array([2**62] * 3), np.array([True, False, True])])
def test_the_mean_of_what_overflows_when_summed(data):
    mean = mg.mean(mg.tensor(data))
    assert mean.item() == np.mean(data)
    assert mean.dtype == np.mean(data).dtype
