"""What leaves a tensor and comes back: DLPack shares memory; copies and pickles cut the graph and say so."""

import copy
import pickle
import warnings

import numpy as np
import pytest

import minigrad as mg

torch = pytest.importorskip("torch")


# ----------------------------------------------------------------------------- DLPack


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.int32, np.uint8, np.bool_])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
def test_torch_and_we_share_memory(dtype, shape):
    t = mg.ones(shape, dtype=dtype)
    theirs = torch.from_dlpack(t)
    assert tuple(theirs.shape) == shape
    theirs.zero_()
    assert t.data.tolist() == np.zeros(shape, dtype).tolist()
    back = mg.from_dlpack(theirs)
    assert back.dtype == dtype
    back.data[...] = 1
    assert theirs.tolist() == t.tolist() == np.ones(shape, dtype).tolist()


def test_numpy_shares_memory_with_us():
    t = mg.tensor([1.0, 2.0])
    assert np.shares_memory(np.from_dlpack(t), t.data)
    array = np.arange(6.0).reshape(2, 3)
    for x in (array, array.T, array[:, ::2], array[::-1]):
        assert np.shares_memory(mg.from_dlpack(x).data, array)
        np.testing.assert_array_equal(mg.from_dlpack(x).data, x)


def test_read_only_memory_stays_read_only():
    array = np.ones(3)
    array.flags.writeable = False
    assert not mg.from_dlpack(array).data.flags.writeable
    assert not np.from_dlpack(mg.from_numpy(array)).flags.writeable


def test_a_parameter_is_made_of_foreign_memory():
    theirs = torch.tensor([1.0, 2.0])
    w = mg.from_dlpack(theirs, requires_grad=True)
    (w * w).sum().backward()
    with mg.no_grad():
        w -= 0.5 * w.grad
    assert theirs.tolist() == [0, 0]


def test_a_graph_is_not_left_while_it_is_recorded():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    for x in (w, w * 2):
        for leave in (torch.from_dlpack, np.from_dlpack, mg.from_dlpack):
            with pytest.raises(mg.GraphCutError, match=r"(?s)requires a gradient.*from_dlpack\([wx]\.detach\(\)\)"):
                leave(x)
        assert torch.from_dlpack(x.detach()).tolist() == x.tolist()
        with mg.no_grad():
            assert torch.from_dlpack(x).tolist() == x.tolist()


def test_what_torch_would_not_survive_is_refused():
    with pytest.raises(mg.BackendError, match=r"(?s)backwards.*np\.copy"):
        torch.from_dlpack(mg.tensor([1.0, 2.0])[::-1])
    assert torch.from_dlpack(np.copy(mg.tensor([1.0, 2.0])[::-1])).tolist() == [2, 1]
    assert torch.from_dlpack(mg.tensor([1.0, 2.0, 3.0])[::2]).tolist() == [1, 3]


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        ([1.0], TypeError, r"list has no __dlpack__"),
        (torch.ones(2, requires_grad=True), mg.BackendError, r"(?s)torch does not share.*x\.detach\(\)"),
        (torch.ones(2, dtype=torch.bfloat16), mg.BackendError, "torch does not share"),
        (torch.ones(2, device="meta"), mg.BackendError, "torch does not share"),
        (torch.ones(2, dtype=torch.complex64), mg.DtypeError, "complex"),
    ],
    ids=["list", "gradient", "bfloat16", "meta", "complex"],
)
def test_what_cannot_be_shared_is_refused(x, error, says):
    with pytest.raises(error, match=says):
        mg.from_dlpack(x)


def test_integers_shared_require_no_gradient():
    with pytest.raises(mg.DtypeError):
        mg.from_dlpack(torch.ones(2, dtype=torch.int32), requires_grad=True)


def test_torchs_tensors_are_refused_by_a_sentence():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    for run in (lambda: x * torch.ones(2), lambda: torch.ones(2) * x, lambda: mg.tensor(torch.ones(2))):
        with pytest.raises(mg.BackendError, match="from_dlpack"):
            run()


# ----------------------------------------------------------------------------- copies

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "deepcopy of a list": lambda x: copy.deepcopy([x])[0],
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "pickle, protocol 0": lambda x: pickle.loads(pickle.dumps(x, protocol=0)),
}


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("value", [[1.0, 2.0], 3.0, [[1.0], [2.0]], []], ids=str)
def test_a_parameter_is_copied_with_its_gradient(name, value):
    x = mg.tensor(value, requires_grad=True)
    (x * x).sum().backward()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = COPIES[name](x)
    assert type(other) is mg.Tensor
    assert other.is_leaf
    assert other.requires_grad
    assert other.tolist() == x.tolist()
    assert other.grad.tolist() == x.grad.tolist()
    assert not np.shares_memory(other.data, x.data)
    before = x.grad.tolist()
    (other * other).sum().backward()
    assert x.grad.tolist() == before, "the copy's gradient is its own"


@pytest.mark.parametrize("name", COPIES)
def test_a_computed_tensor_is_cut_and_says_so(name):
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    loss = x * x
    with pytest.warns(
        mg.GradWarning, match=r"(?s)copy of (loss|x|a tensor).*computed by Mul \(test_sharing.py"
    ) as caught:
        other = COPIES[name](loss)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert (other.tolist(), other.requires_grad, other.creator, other.grad) == ([1, 4], False, None, None)
    loss.sum().backward()
    assert x.grad.tolist() == [2, 4], "the graph itself is untouched"


def test_no_warning_where_the_cut_is_meant():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in COPIES:
            assert not COPIES[name](y.detach()).requires_grad
            with mg.no_grad():
                assert not COPIES[name](y).requires_grad


def test_a_copy_in_the_graph():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    for y in (np.copy(x), x.copy()):
        assert not np.shares_memory(y.data, x.data)
        assert mg.gradients((3 * y).sum(), x).tolist() == [3, 3]
    integers = mg.tensor([True, False])
    assert np.copy(integers).tolist() == [True, False]


def test_hooks_are_not_copied():
    x = mg.tensor(1.0, requires_grad=True)
    x.register_hook(lambda g: 2 * g)
    other = copy.deepcopy(x)
    other.backward()
    assert other.grad.item() == 1


def test_a_copy_of_a_subclass_is_of_its_class():
    class Mine(mg.Tensor):
        pass

    globals()["Mine"] = Mine
    Mine.__qualname__ = "Mine"
    for name in COPIES:
        assert type(COPIES[name](Mine([1.0]))) is Mine
