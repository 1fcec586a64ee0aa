"""The same rules on a GPU: each family of operations computes there what it computes here.

One idea: nothing about derivatives is tested again; what can go wrong on a GPU is
where an array lives, and that is asked of every result and every gradient.
"""

import numpy as np
import pytest

import minigrad as mg

pytestmark = pytest.mark.cupy

GPU = "cupy"


def is_there(tensor):
    return mg.backend.library_of(tensor.data) is mg.backend.library(GPU)


def host(tensor):
    return mg.backend.to_numpy(tensor.detach().data)


def there(value, **keywords):
    return mg.tensor(value, backend=GPU, **keywords)


A = np.linspace(0.2, 1.4, 6).reshape(2, 3)
B = np.linspace(1.5, 0.4, 6).reshape(2, 3)
MASK = np.array([[True, False, True], [False, False, True]])

FAMILIES = {
    "arithmetic": lambda x, y: (x + y) * x - y / x + x**2 + x**y - (-x) + abs(x - y) + (+y),
    "numbers": lambda x, y: 2 * x + y / 3 - 1 + 2**x + 1 / y - (3 - x) ** 3,
    "elementwise": lambda x, y: mg.exp(x) + mg.log(y) + mg.sqrt(x) + mg.sin(y) + mg.cos(x) + mg.tanh(y),
    "sigmoid and relu": lambda x, y: mg.sigmoid(x) * mg.relu(x - y) + mg.square(x) + mg.reciprocal(y),
    "choices": lambda x, y: mg.maximum(x, y) + mg.minimum(x, 0.7) + mg.where(x > y, x * y, y),
    "choices with ties": lambda x, y: mg.maximum(x, x * 1) + mg.minimum(y * 1, y),
    "sum": lambda x, y: x.sum() + y.sum(axis=0) + (x * y).sum(axis=(0, 1)) + y.sum(axis=-1, keepdims=True),
    "mean": lambda x, y: x.mean() * y.mean(axis=0) + x.mean(axis=-1, keepdims=True),
    "max and min": lambda x, y: x.max() * y.min(axis=0) + x.max(axis=1, keepdims=True),
    "broadcasting": lambda x, y: x[0] * y + x[:, :1] - y.mean(),
    "matrices": lambda x, y: (x @ y.T) @ (x @ y[0]).reshape(2, 1) + x[0] @ y[1],
    "batches": lambda x, y: mg.stack([x, y]) @ x.T @ x,
    "shapes": lambda x, y: x.reshape(3, 2).T + y.transpose().reshape(2, 3) + mg.swapaxes(x, 0, 1).reshape(2, 3),
    "new axes": lambda x, y: x.expand_dims(1).squeeze(1) + y[None].broadcast_to((2, 2, 3)).sum(axis=0),
    "joining": lambda x, y: mg.concatenate([x, y, x], axis=1) @ mg.concatenate([y, x, y], axis=1).T,
    "slices": lambda x, y: x[:, ::-1] * y[::-1] + x[1, 2] * y[..., 1:2],
    "indexing with repeats": lambda x, y: x[:, [0, 0, 2]] * y[[1, 1]] + x[[0, 1], [2, 2]].sum(),
    "masks": lambda x, y: x[MASK if isinstance(x.data, np.ndarray) else there(MASK)] * y[0],
    "scatter": lambda x, y: mg.scatter(x[0], [0, 0, 2], (4,)) * y.sum(),
    "products and running sums": lambda x, y: (
        mg.prod(x, 0) * mg.cumprod(y, 1) + mg.cumprod(x[0]) + mg.cumsum(y, 0) - mg.diff(x, axis=1).sum() + mg.ptp(y)
    ),
    "statistics": lambda x, y: (
        mg.var(x, 0, ddof=1) * mg.std(y, 1, keepdims=True)
        + mg.median(x, 1, keepdims=True)
        + mg.quantile(y, 0.3)
        + mg.percentile(x, [20, 70], 1).sum()
        + mg.average(x, 0, y)
    ),
    "softmax": lambda x, y: mg.softmax(x) * mg.log_softmax(y, 0) + mg.logsumexp(x, 1, True) * mg.logsumexp(y),
    "orders": lambda x, y: mg.sort(x) * mg.topk(y, 2, 1).values.sum() + mg.partition(y, 1) + mg.topk(x[0], 1).values,
    "diagonals": lambda x, y: mg.trace(x, 1) * y + mg.trace(y),
    "NaN left out": lambda x, y: mg.nanmean(mg.where(x > 1, x * float("nan"), x), 1, keepdims=True) + mg.nanstd(y),
    "numpy's functions": lambda x, y: (
        np.exp(x) + np.sum(x * y, axis=0) + np.where(x > y, x, y) + np.concatenate([x, y])[:2]
    ),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", FAMILIES)
def test_values_and_gradients_equal_the_cpus(name, dtype):
    results = {}
    for backend in ("numpy", GPU):
        x, y = (mg.tensor(a, dtype=dtype, requires_grad=True, backend=backend) for a in (A, B))
        out = FAMILIES[name](x, y)
        (out * out).sum().backward()
        for tensor in (out, x.grad, y.grad):
            assert tensor.dtype == dtype
            assert backend == "numpy" or is_there(tensor)
        results[backend] = [host(t) for t in (out, x.grad, y.grad)]
    for here, gpu in zip(results["numpy"], results[GPU]):
        tolerance = 1e-12 if dtype == np.float64 else 2e-5
        np.testing.assert_allclose(gpu, here, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", FAMILIES)
def test_second_derivatives_equal_the_cpus(name):
    results = {}
    for backend in ("numpy", GPU):
        x, y = (mg.tensor(a, requires_grad=True, backend=backend) for a in (A, B))
        out = FAMILIES[name](x, y)
        by_x, by_y = mg.gradients((out * out).sum(), [x, y], create_graph=True)
        second = mg.gradients((by_x * by_x).sum() + (by_y * by_y).sum(), [x, y])
        assert backend == "numpy" or all(is_there(t) for t in (by_x, by_y, *second))
        results[backend] = [host(t) for t in second]
    for here, gpu in zip(results["numpy"], results[GPU]):
        np.testing.assert_allclose(gpu, here, rtol=1e-10, atol=1e-10)


def test_a_single_number():
    x = there(3.0, requires_grad=True)
    y = x * x * 2.0
    y.backward()
    assert is_there(y)
    assert is_there(x.grad)
    assert (y.item(), x.grad.item(), x.grad.shape) == (18, 12, ())


def test_repeated_indices_add_up():
    x = there(np.zeros(1000), requires_grad=True)
    x[np.zeros(5000, dtype=int)].sum().backward()
    assert host(x.grad)[0] == 5000
    assert not host(x.grad)[1:].any()


def test_indices_may_live_there():
    x = there([1.0, 2.0, 3.0], requires_grad=True)
    x[there([2, 2, 0])].sum().backward()
    assert host(x.grad).tolist() == [1, 0, 2]


def test_accumulating_and_zeroing():
    x = there([1.0, 2.0], requires_grad=True)
    for _ in range(2):
        (x * x).sum().backward()
    assert host(x.grad).tolist() == [4, 8]
    x.zero_grad()
    assert x.grad is None


def test_gradients_share_no_buffer():
    x, y = there([1.0, 2.0], requires_grad=True), there([1.0, 2.0], requires_grad=True)
    (x + y).sum().backward()
    (x * 3).sum().backward()
    assert host(x.grad).tolist() == [4, 4]
    assert host(y.grad).tolist() == [1, 1]


def test_a_gradient_may_be_given():
    x = there([1.0, 2.0], requires_grad=True)
    library = mg.backend.library(GPU)
    for g in (library.asarray([1.0, 10.0]), there([1.0, 10.0]), [1.0, 10.0]):
        x.zero_grad()
        (x * x).backward(g)
        assert host(x.grad).tolist() == [2, 40]
        assert is_there(x.grad)


def test_the_zero_where_nothing_was_taken():
    x = there([0.0, 4.0], requires_grad=True)
    mg.where(x > 0, mg.sqrt(x), 0.0).sum().backward()
    assert host(x.grad).tolist() == [0, 0.25]


def test_unused_inputs_receive_zeros_there():
    x, unused = there([1.0], requires_grad=True), there([[1.0, 2.0]], requires_grad=True)
    g = mg.gradients(x * x, [x, unused])[1]
    assert is_there(g)
    assert host(g).tolist() == [[0, 0]]


def test_descent_in_place():
    w = there([5.0, -3.0], requires_grad=True)
    array = w.data
    for _ in range(100):
        ((w - 1) ** 2).sum().backward()
        with mg.no_grad():
            w -= 0.1 * w.grad
        w.zero_grad()
    assert w.data is array
    np.testing.assert_allclose(host(w), 1, atol=1e-8)


def test_a_change_after_it_was_saved_is_caught():
    for change in ("update", "data", "detach"):
        w = there([2.0, 3.0], requires_grad=True)
        y = (w * w).sum()
        with mg.no_grad():
            if change == "update":
                w -= 1
            elif change == "data":
                w.data -= 1
            else:
                d = w.detach()
                d -= 1
        with pytest.raises(mg.InplaceError):
            y.backward()


def test_mixing_says_how_to_move():
    x, y = there([1.0, 2.0], requires_grad=True), mg.tensor([1.0, 2.0], backend="numpy")
    computations = (lambda a, b: a * b, lambda a, b: a @ b, mg.maximum, lambda a, b: mg.concatenate([a, b]))
    for compute in computations:
        for pair in ((x, y), (y, x), (x, y.numpy())):
            with pytest.raises(mg.BackendError, match=r'mixes arrays(.|\n)*x\.to\("cupy"\) or x\.to\("numpy"\)'):
                compute(*pair)


def test_moving_there_and_back():
    x = mg.tensor([1.0, 2.0], requires_grad=True, backend="numpy")
    moved = x.to(GPU)
    assert is_there(moved)
    assert moved.is_leaf
    assert moved.requires_grad
    assert moved.to(GPU) is moved
    back = moved.to("numpy")
    assert type(back.data) is np.ndarray
    assert back.detach().tolist() == [1, 2]
    with pytest.raises(mg.GraphCutError, match="detach"):
        (moved * 2).to("numpy")


def test_leaving_as_numbers_and_arrays():
    x = there([1.0, 2.0])
    assert type(x.numpy()) is np.ndarray
    assert x.tolist() == [1, 2]
    assert x.sum().item() == 3
    assert np.asarray(x).tolist() == [1, 2]
    assert f"{x.sum():.1f}" == "3.0"


def test_repr_says_where():
    assert repr(there([1.0, 2.0])) == "Tensor([1., 2.], backend=cupy)"
    assert repr(there([1.0], requires_grad=True) * 2) == "Tensor([2.], backend=cupy, creator=Mul)"


def test_making_there():
    with mg.backend.use(GPU):
        made = [
            mg.zeros((2, 3)),
            mg.ones(2),
            mg.full(2, 1.5),
            mg.eye(3),
            mg.arange(4),
            mg.linspace(0, 1, 5),
            mg.tensor([1.0, 2.0]),
            mg.tensor(1.0),
            mg.rand(2, 3),
            mg.randn(4),
            mg.normal(0.0, 1.0, (2, 2)),
        ]
    expected = [np.zeros((2, 3)), np.ones(2), np.full(2, 1.5), np.eye(3), np.arange(4), np.linspace(0, 1, 5)]
    assert all(is_there(t) for t in made)
    for t, array in zip(made, expected):
        np.testing.assert_allclose(host(t), array)
    assert is_there(mg.zeros_like(made[0]))
    assert is_there(mg.ones_like(made[0]))


def test_random_numbers_there_follow_the_seed():
    for draw in (mg.rand, mg.randn):
        mg.manual_seed(3)
        first = host(draw(1000, backend=GPU))
        mg.manual_seed(3)
        again = draw(1000, backend=GPU)
        assert is_there(again)
        np.testing.assert_array_equal(host(again), first)
        assert abs(first.mean() - (0.5 if draw is mg.rand else 0)) < 6 / np.sqrt(1000)


def test_from_an_array_that_is_there_shares_its_memory():
    array = mg.backend.library(GPU).zeros(2)
    t = mg.from_numpy(array)
    array[0] = 7
    assert host(t).tolist() == [7, 0]


def test_derivatives_as_functions():
    """Arrays of the GPU in, arrays of the GPU out, with the numbers of the CPU."""
    import cupy

    def f(x):
        return mg.sum(mg.checkpoint(lambda x: mg.tanh(x @ x.T) * mg.max(x))(x) ** 2)

    x, t = A, B
    gx, gt = cupy.asarray(A), cupy.asarray(B)
    for there_, here in [
        (mg.grad(f)(gx), mg.grad(f)(x)),
        (mg.jvp(f, (gx,), (gt,))[1], mg.jvp(f, (x,), (t,))[1]),
        (mg.vjp(mg.exp, gx)[1](gt)[0], mg.vjp(mg.exp, x)[1](t)[0]),
        (mg.jacobian(lambda x: x @ x.T)(gx), mg.jacobian(lambda x: x @ x.T)(x)),
        (mg.hessian(f)(gx), mg.hessian(f)(x)),
        (mg.hvp(f, (gx,), (gt,))[0], mg.hvp(f, (x,), (t,))[0]),
    ]:
        assert isinstance(there_, cupy.ndarray)
        np.testing.assert_allclose(there_.get(), here, rtol=1e-11, atol=1e-12)


# ----------------------------------------------------------------------------- hooks, anomalies, shared memory


@pytest.mark.parametrize("create_graph", [False, True])
def test_hooks_see_and_return_arrays_of_the_gpu(create_graph):
    x = there(A, requires_grad=True)
    h = x * x
    seen = []
    h.register_hook(seen.append)
    h.register_hook(lambda g: 2 * g)
    x.register_hook(lambda g: g.data * 3)
    g = mg.gradients(h.sum(), x, create_graph=create_graph)
    assert is_there(seen[0])
    assert is_there(g)
    np.testing.assert_allclose(host(g), 12 * A)
    total = (x * x).sum()
    total.register_hook(lambda g: 5.0)
    assert is_there(mg.gradients(total, x))


def test_an_anomaly_is_named_on_the_gpu():
    x = there([4.0, 0.0], requires_grad=True)
    with pytest.raises(mg.NonFiniteError, match=r"gradient of x\[1\] inf"), mg.detect_anomaly():
        mg.sqrt(x).sum().backward()
    with pytest.raises(mg.NonFiniteError, match=r"made -inf, its element \[1\]"), mg.detect_anomaly():
        mg.log(x)


def test_memory_of_the_gpu_is_shared_by_dlpack():
    import cupy

    theirs = cupy.ones(3)
    ours = mg.from_dlpack(theirs, requires_grad=True)
    assert is_there(ours)
    theirs[0] = 7
    assert host(ours).tolist() == [7, 1, 1]
    with pytest.raises(mg.GraphCutError):
        cupy.from_dlpack(ours)
    back = cupy.from_dlpack(ours.detach())
    back[1] = 9
    assert theirs.tolist() == [7, 9, 1]
