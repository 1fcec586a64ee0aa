"""Reductions, statistics and orders: what is made of several operations, hard values, and what is refused.

One idea: an operation with a class of its own is tested in `test_operations.py`; here are the functions
composed of them, by the same specs, and the points that no random array hits.
"""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing import check_grad, check_grad_grad
from minigrad.testing.spec import spec_of
from minigrad.testing.strategies import op_cases

from .calls import arrays_of, assert_close, leaves, name_of, run

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, of nothing but NaN

nan, inf = float("nan"), float("inf")

COMPOSED = [
    spec_of(f)
    for f in (
        mg.average, mg.median, mg.nanmax, mg.nanmean, mg.nanmin, mg.nanprod, mg.nanstd, mg.nansum, mg.nanvar,
        mg.percentile, mg.ptp, mg.quantile,
    )
]  # fmt: skip


@pytest.mark.parametrize("spec", COMPOSED, ids=name_of)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@settings(max_examples=max(settings.default.max_examples // 2, 1))
@given(data=st.data())
def test_value_is_numpys(spec, dtype, data):
    case = data.draw(op_cases(spec, dtypes=(dtype,)))
    expected = np.asarray(spec.values(*case.args, **case.kwargs))
    from_tensors = run(case, leaves(arrays_of(case)))
    assert type(from_tensors) is mg.Tensor
    from_arrays = case.f(*case.args, **case.kwargs)
    assert isinstance(from_arrays, np.ndarray | np.generic)
    size = max((float(np.nanmax(abs(a), initial=0)) for a in arrays_of(case)), default=0.0)
    for found in (from_tensors.data, from_arrays):
        if spec.name.startswith("nan") or spec.name == "average":  # added up in another order
            assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
            tiny = 16 * float(np.finfo(dtype).eps) * max(size, size * size * (spec.name in ("nanvar", "nanprod")))
            np.testing.assert_allclose(found, expected, rtol=1e3 * float(np.finfo(dtype).eps), atol=tiny)
        else:
            assert_close(found, expected, ulps=4)


# ----------------------------------------------------------------------------- NumPy's arguments, in NumPy's order

X = np.array([[3.0, 1.0, 2.0, 2.0], [0.0, -1.0, 5.0, 4.0]])

CALLS: dict[str, tuple[Any, ...]] = {
    "prod": (np.prod, X, 1),
    "amax": (np.amax, X, 0),
    "amin": (np.amin, X, (0, 1)),
    "var": (np.var, X, 0),
    "std": (np.std, X, -1),
    "median": (np.median, X, 1),
    "ptp": (np.ptp, X, 0),
    "cumsum": (np.cumsum, X, 1),
    "cumprod": (np.cumprod, X),
    "diff": (np.diff, X, 2, 0),
    "trace": (np.trace, X, 1),
    "average": (np.average, X, 1, [1.0, 2.0, 3.0, 4.0]),
    "argmax": (np.argmax, X, 1),
    "argmin": (np.argmin, X),
    "count_nonzero": (np.count_nonzero, X, 1),
    "sort": (np.sort, X, None),
    "argsort": (np.argsort, X[1], -1),
    "partition": (np.partition, X[0], 1),
    "quantile": (np.quantile, X, [0.1, 0.9], (1, 0)),
    "percentile": (np.percentile, X, 30, 1),
    "nansum": (np.nansum, X, 1),
    "nanmean": (np.nanmean, X, 1),
    "nanmax": (np.nanmax, X, 1),
    "nanmin": (np.nanmin, X, 1),
    "nanvar": (np.nanvar, X, 1),
    "nanstd": (np.nanstd, X, 1),
    "nanprod": (np.nanprod, X, 1),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", ["floats", "integers", "truths", "NaN", "list", "0-d float32"])
def test_numpys_function_takes_a_tensor(name, kind):
    function, x, *rest = CALLS[name]
    if kind == "integers":
        x = x.astype(np.int8)
    elif kind == "truths":
        x = x > 1
    elif kind == "NaN":
        x = np.where(x == 5, nan, x)
    elif kind == "0-d float32":
        x = x.astype(np.float32)
    if kind == "truths" and name in ("ptp", "quantile", "percentile"):
        with pytest.raises(TypeError):
            function(x, *rest)
        return  # truth values cannot be subtracted
    expected = function(x, *rest)
    if name in ("sort", "argsort", "partition") and kind in ("truths", "integers"):
        if name == "partition":
            return  # NumPy's order of the smaller and of the larger is its own
        expected = function(x, *rest, kind="stable")
    ours = getattr(mg, name)
    if kind == "list":
        found = ours(x.tolist(), *rest)
        assert not isinstance(found, mg.Tensor)
    else:
        found = function(mg.from_numpy(x), *rest)
        assert type(found) is mg.Tensor
        found = found.data
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("name", ["prod", "var", "std", "cumsum", "cumprod", "trace", "argmax", "argmin", "argsort"])
def test_the_method_is_the_function(name):
    function, x, *rest = CALLS[name]
    x = mg.tensor(x, requires_grad=True)
    np.testing.assert_array_equal(getattr(x, name)(*rest).data, function(x, *rest).data)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.prod(x, initial=2.0),
        lambda x: np.sum(x, where=[True, False]),
        lambda x: np.max(x, initial=0.0),
        lambda x: np.var(x, dtype=float),
        lambda x: np.var(x, 0, float),
        lambda x: np.std(x, mean=1.0),
        lambda x: np.nansum(x, where=[True, False]),
        lambda x: np.cumsum(x, dtype=float),
        lambda x: np.quantile(x, 0.5, method="lower"),
        lambda x: np.average(x, returned=True),
        lambda x: np.sort(x, order="a"),
        lambda x: np.median(x, overwrite_input=True),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_a_sentence(call):
    with pytest.raises(TypeError, match=r"np\.\w+ (takes fewer|on a tensor).*\n\w+"):
        call(mg.tensor([1.0, 2.0], requires_grad=True))


# ----------------------------------------------------------------------------- products of zeros

ZEROS = [
    [2.0, 0.0, 3.0, -1.5],
    [0.0, 2.0, 0.0, 3.0],
    [0.0, 0.0, 0.0, 2.0],
    [0.0, 0.0],
    [0.0],
    [1e-200, 1e-200, 3.0],
]


def by_hand(x: Any, *left_out: int) -> float:
    """The product of the elements but these."""
    return math.prod(v for n, v in enumerate(x) if n not in left_out)


@pytest.mark.parametrize("x", ZEROS, ids=str)
def test_prod_is_exact_to_the_second_order_at_zeros(x):
    t = mg.tensor(x, requires_grad=True)
    g = mg.gradients(mg.prod(t), t, create_graph=True)
    assert g.tolist() == [by_hand(x, n) for n in range(len(x))]
    for n in range(len(x)):
        second = mg.gradients(g[n], t, retain_graph=True)
        assert second.tolist() == [0.0 if m == n else by_hand(x, n, m) for m in range(len(x))]


@pytest.mark.parametrize("x", ZEROS, ids=str)
def test_cumprod_is_exact_to_the_second_order_at_zeros(x):
    t = mg.tensor(x, requires_grad=True)
    y = mg.cumprod(t)
    for k in range(len(x)):
        g = mg.gradients(y[k], t, create_graph=True)
        assert g.tolist() == [by_hand(x[: k + 1], n) if n <= k else 0.0 for n in range(len(x))]
        for n in range(k + 1):
            second = mg.gradients(g[n], t, retain_graph=True)
            expected = [0.0 if m == n or m > k else by_hand(x[: k + 1], n, m) for m in range(len(x))]
            assert second.tolist() == expected


def test_third_derivatives_of_products():
    def second(x: Any, f: Any) -> Any:
        inside = x if x.requires_grad else mg.tensor(x, requires_grad=True)
        with mg.enable_grad():
            g = mg.gradients((f(inside) * np.arange(1.0, 4.0)).sum(), inside, create_graph=True)
            y = mg.gradients((g * np.array([1.0, -2.0, 0.5])).sum(), inside, create_graph=True)
        return y if inside is x else y.detach()

    for x in (np.array([0.0, 2.0, 0.0]), np.array([1.5, 0.0, -1.0])):
        check_grad(lambda x: second(x, mg.cumprod), x)
        check_grad(lambda x: second(x, mg.prod), x)


def test_what_overflows_later_does_not_reach_what_came_before():
    """The step from one element to the next is taken on its own: no product of many factors meets a 0."""
    x = mg.tensor([2.0, 1e200, 1e200], requires_grad=True)
    g = mg.gradients(mg.cumprod(x)[0], x)
    assert g.tolist() == [1.0, 0.0, 0.0]


LOST = [[1e-200, 1e-120, 1e100, 1.0], [1e200, 1e200, 1e-300], [2.0, np.nan, 3.0], [2.0, np.inf, 3.0], [0.0, np.inf]]
"""What a product over each element would get wrong: a part is lost on the way, or is no number."""
ORDINARY = [[2.0, -3.0, 0.5, 7.0], [1e150, 1e-150, -1e100], [3.0], []]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("x", LOST + ORDINARY, ids=str)
def test_a_product_is_divided_only_where_nothing_is_lost(x):
    t = mg.tensor(x, requires_grad=True)
    others = [by_hand(x, n) for n in range(len(x))]
    assert (3.0 * mg.gradients(mg.prod(t), t)).tolist() == pytest.approx([3.0 * v for v in others], nan_ok=True)
    sums = [sum(by_hand(x[: k + 1], n) for k in range(n, len(x))) for n in range(len(x))]
    assert mg.gradients(mg.cumprod(t).sum(), t).tolist() == pytest.approx(sums, nan_ok=True)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2), (-1, 0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_prod_over_axes_divided_or_not(axis, keepdims):
    x = np.random.default_rng(0).uniform(-2, 2, (3, 4, 2))
    t = mg.tensor(x, requires_grad=True)
    y = mg.prod(t, axis, keepdims)
    u = np.arange(1.0, y.size + 1).reshape(y.shape)
    divided = mg.gradients(y, t, output_gradients=u, retain_graph=True)
    multiplied = mg.gradients(y, t, create_graph=True, output_gradients=u)  # of tensors, nothing is divided
    assert np.allclose(divided.data, multiplied.data, rtol=1e-13, atol=0)


@pytest.mark.parametrize("overflows", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_long_running_product(overflows, dtype):
    """A line of thousands is gone through in blocks, unless the product of a block overflows: the same slopes."""
    numbers = np.random.default_rng(0)
    x = numbers.uniform(-2, 2, 10_000).astype(dtype)
    u = numbers.normal(size=x.size).astype(dtype)
    x[[40, 7000]] = 0.0
    if overflows:
        x[5000:6000], u[4000:] = 1e10, 0.0
    t = mg.tensor(x, requires_grad=True)
    g = mg.gradients(mg.cumprod(t), t, output_gradients=u)
    behind, expected = 0.0, np.zeros(x.size)
    before = np.concatenate([[1.0], np.cumprod(x[:40].astype(float))])
    for n in range(x.size - 1, -1, -1):
        behind = u[n].item() + (x[n + 1].item() * behind if n + 1 < x.size else 0.0)
        if n <= 40:
            expected[n] = before[n] * behind
    assert g.dtype == dtype
    assert g.data == pytest.approx(expected, rel=1e-4 if dtype == "float32" else 1e-11)


# ----------------------------------------------------------------------------- softmax

HUGE = [1000.0, 999.0, -1000.0, 0.0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_softmax_of_huge_numbers(dtype):
    x = mg.tensor(HUGE, dtype=dtype, requires_grad=True)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        for f in (mg.logsumexp, mg.softmax, mg.log_softmax):
            y = f(x)
            assert y.dtype == dtype
            assert np.isfinite(y.data).all()
            y.sum().backward()
            assert np.isfinite(x.grad.data).all()


def test_logsumexp_at_infinities():
    for values, value, gradient in [
        ([-inf, -inf], -inf, [0.0, 0.0]),
        ([-inf, 1.0], 1.0, [0.0, 1.0]),
        ([inf, 1.0], inf, [1.0, 0.0]),
        ([inf, 1.0, inf, -inf], inf, [0.5, 0.0, 0.5, 0.0]),
        ([-inf], -inf, [0.0]),
        ([], -inf, []),
    ]:
        x = mg.tensor(values, dtype=float, requires_grad=True)
        with np.errstate(all="raise"):
            y = mg.logsumexp(x)
            g = mg.gradients(y, x, create_graph=True)
        assert y.item() == value
        assert g.tolist() == gradient
        assert not np.isnan(mg.gradients(g.sum(), x).data).any()
    rows = mg.tensor([[inf, 0.0], [-inf, -inf], [0.0, 0.0]], requires_grad=True)
    y = mg.logsumexp(rows, 1)
    assert y.tolist() == [inf, -inf, math.log(2)]
    assert mg.gradients(y.sum(), rows).tolist() == [[1.0, 0.0], [0.0, 0.0], [0.5, 0.5]]
    assert np.isnan(mg.logsumexp(mg.tensor([nan, 1.0])).item())


def test_softmax_of_integers_is_of_floats():
    x = np.array([1, 2, 3], np.int8)
    for f in (mg.softmax, mg.log_softmax, mg.logsumexp):
        np.testing.assert_array_equal(f(x), f(x.astype(float)))
        assert f(x).dtype == np.float64


# ----------------------------------------------------------------------------- spread


@pytest.mark.parametrize("value", [0.0, 0.1, -1e10, 1e-30, 1 / 3])
@pytest.mark.parametrize("count", [1, 2, 3, 7, 10])
def test_std_of_equal_numbers_has_no_slope(value, count):
    x = mg.tensor([value] * count, requires_grad=True)
    for f in (mg.std, mg.nanstd):
        g = mg.gradients(f(x), x, create_graph=True)
        assert g.tolist() == ([0.0] * count if f is mg.std else pytest.approx([0.0] * count, abs=1e-15))
        if f(x).item() == 0:
            assert mg.gradients((g * g).sum(), x).tolist() == [0.0] * count


def test_ddof_by_both_names():
    x = mg.tensor([1.0, 2.0, 4.0], requires_grad=True)
    for f in (np.var, np.std, np.nanvar, np.nanstd):
        assert f(x, ddof=1).item() == f(x, correction=1).item() == f(x.detach().numpy(), ddof=1)
        with pytest.raises(ValueError, match="two names of one number"):
            f(x, ddof=1, correction=1)
    assert np.isnan(np.var(mg.tensor([1.0]), ddof=1).item())


def test_var_of_numbers_far_from_0():
    x = np.array([1e8 + 1, 1e8 + 2, 1e8 + 4])
    check_grad(mg.var, x - 1e8)
    t = mg.tensor(x, requires_grad=True)
    exact = np.array([-4, -1, 5]) / 9 / math.sqrt(14 / 9)  # the mean itself is rounded to 1e-8
    np.testing.assert_allclose(mg.gradients(mg.std(t), t).data, exact, rtol=1e-15)


# ----------------------------------------------------------------------------- orders


def test_a_tie_passes_to_what_was_taken():
    x = mg.tensor([2.0, 1.0, 2.0, 2.0, 1.0], requires_grad=True)
    y = mg.sort(x)
    for place, origin in enumerate([1, 4, 0, 2, 3]):
        assert mg.gradients(y[place], x, retain_graph=True).data.nonzero()[0].tolist() == [origin]
    for kind in ("stable", "quicksort", None):
        assert np.argsort(x, kind=kind).tolist() == [1, 4, 0, 2, 3]
    with pytest.raises(ValueError, match="no way to sort"):
        np.sort(x, kind="fast")


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("kind", ["distinct", "ties", "NaN"])
def test_the_order_of_many_is_the_stable_one(kind, axis):
    """Of many distinct numbers it is found another way."""
    numbers = np.random.default_rng(0)
    x = numbers.permutation(np.arange(2400.0)) if kind == "distinct" else numbers.integers(0, 100, 2400).astype(float)
    if kind == "NaN":
        x[::7] = np.nan
    x = x.reshape(60, 40)
    t = mg.tensor(x, requires_grad=True)
    y = mg.sort(t, axis)
    u = np.arange(1.0, 2401.0).reshape(y.shape)
    expected = np.empty(y.shape)
    flat = x.reshape(-1) if axis is None else x
    np.put_along_axis(expected, np.argsort(flat, axis or 0, kind="stable"), u, axis or 0)
    assert np.array_equal(mg.gradients(y, t, output_gradients=u).data, expected.reshape(x.shape))


def test_sort_and_partition_methods_are_refused():
    """On an array they change it and return nothing."""
    x = mg.tensor([2.0, 1.0])
    for method, arguments in (("sort", ()), ("partition", (0,))):
        with pytest.raises(
            mg.InplaceError, match=rf"x\.{method}\(\) changes .*\nMake a new tensor: minigrad\.{method}"
        ):
            getattr(x, method)(*arguments)
    assert x.tolist() == [2.0, 1.0]


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("k", [0, 1, 2])
def test_topk(largest, axis, k):
    array = np.array([[3.0, 1.0, 2.0], [0.0, -1.0, 5.0]])
    x = mg.tensor(array, requires_grad=True)
    values, indices = mg.topk(x, k, axis, largest)
    expected = np.sort(array, axis)
    expected = np.take(np.flip(expected, axis) if largest else expected, range(k), axis)
    np.testing.assert_array_equal(values.data, expected)
    np.testing.assert_array_equal(np.take_along_axis(array, indices.data, axis), expected)
    assert indices.dtype == np.intp
    assert not indices.requires_grad
    (g,) = mg.gradients(values, [x], output_gradients=expected + 10)
    by_hand = np.zeros_like(array)
    np.put_along_axis(by_hand, indices.data, expected + 10, axis)
    np.testing.assert_array_equal(g.data, by_hand)
    check_grad_grad(lambda x: mg.topk(x, k, axis, largest).values, array)
    plain = mg.topk(array, k, axis, largest)
    assert type(plain.values) is type(plain.indices) is np.ndarray


def test_topk_of_ties_takes_the_first_and_nan_is_largest():
    assert mg.topk(np.array([1.0, 2.0, 2.0, 2.0]), 2).indices.tolist() == [1, 2]
    assert mg.topk(np.array([1.0, 0.0, 1.0, 0.0]), 3, largest=False).indices.tolist() == [1, 3, 0]
    assert mg.topk(np.array([1.0, nan, 3.0]), 2).indices.tolist() == [1, 2]
    assert mg.topk([3, 1, 2], 1).values.tolist() == [3]
    with pytest.raises(mg.ShapeError, match="topk\\(\\) of 3 elements along an axis of 2"):
        mg.topk(np.zeros(2), 3)
    with pytest.raises(np.exceptions.AxisError):
        mg.topk(np.zeros(2), 1, 1)


def test_quantiles_at_elements_and_between():
    x = mg.tensor([4.0, 1.0, 2.0, 8.0], requires_grad=True)
    y = mg.quantile(x, [0.0, 0.5, 0.75, 1.0])
    rows = [mg.gradients(y[n], x, retain_graph=True).tolist() for n in range(4)]
    assert rows == [[0, 1, 0, 0], [0.5, 0, 0.5, 0], [0.75, 0, 0, 0.25], [0, 0, 0, 1]]
    assert mg.gradients(mg.median(x), x).tolist() == [0.5, 0, 0.5, 0]
    for q in (-0.1, 1.5, [0.5, 2.0], nan):
        with pytest.raises(ValueError, match="from 0 to 1"):
            mg.quantile(x, q)
    with pytest.raises(mg.GradError, match="no derivative by q"):
        mg.quantile(x, mg.tensor(0.5, requires_grad=True))
    with pytest.raises(ValueError, match="no elements"):
        mg.quantile(mg.tensor([]), 0.5)
    assert mg.quantile(x, mg.tensor([0.5])).tolist() == [3.0]


def test_weights_that_fit_and_weights_that_do_not():
    x = np.arange(6.0).reshape(2, 3)
    assert mg.average(x, (1, 0), np.ones((3, 2))) == 2.5
    with pytest.raises(ZeroDivisionError, match="add up to zero"):
        mg.average(x, weights=np.zeros((2, 3)))
    for axis, w in ((None, np.ones(3)), (0, np.ones(3)), (1, np.ones((2, 1)))):
        with pytest.raises(mg.ShapeError, match="has weights of shape"):
            mg.average(x, axis, w)
    small = np.array([100, 100], np.int8)
    assert mg.average(small, weights=small) == np.average(small, weights=small) == 100


def test_diff_with_ends():
    x = np.array([[1.0, 4.0, 9.0], [0.0, 1.0, 0.0]])
    for keywords in (
        {"prepend": 0.0},
        {"append": [[1.0], [2.0]]},
        {"prepend": 1, "append": 5.0, "axis": 0},
        {"n": 2, "prepend": x},
        {"n": 0, "prepend": 0.0},
    ):
        np.testing.assert_array_equal(mg.diff(x, **keywords), np.diff(x, **keywords))
        check_grad(lambda x, k=keywords: mg.diff(x, **k), x)
    first, last = mg.tensor([2.0], requires_grad=True), mg.tensor(3.0, requires_grad=True)
    y = np.diff(mg.tensor([1.0, 2.0]), prepend=first, append=last)
    assert [g.tolist() for g in mg.gradients(y.sum(), [first, last])] == [[-1.0], 1.0]
    with pytest.raises(ValueError, match="order must be non-negative"):
        mg.diff(x, -1)
    with pytest.raises(ValueError, match="no neighbours"):
        mg.diff(mg.tensor(1.0), prepend=0.0)


def test_nothing_but_nan():
    x = mg.tensor([[nan, nan], [1.0, nan]], requires_grad=True)
    for f in (mg.nanmean, mg.nanmax, mg.nanmin, mg.nanvar, mg.nanstd):
        y = f(x, 1)
        assert np.isnan(y.data).tolist() == [True, False]
        (g,) = mg.gradients(y[1], [x], retain_graph=True)
        assert g.tolist() == [[0.0, 0.0], [0.0 if f in (mg.nanvar, mg.nanstd) else 1.0, 0.0]]
    assert mg.nansum(x, 1).tolist() == [0.0, 1.0]
    assert mg.nanprod(x, 1).tolist() == [1.0, 1.0]


def test_a_graph_through_every_reduction_may_be_freed_and_kept():
    """The slopes of a sum of them all are those of each."""
    x = mg.tensor([0.5, 2.0, -1.0, 3.0], requires_grad=True)
    functions = [mg.prod, mg.var, mg.std, mg.median, mg.ptp, mg.logsumexp, lambda x: mg.cumprod(x).sum()]
    total = sum(f(x) for f in functions)
    total.backward()
    alone = sum(mg.gradients(f(x), x).data for f in functions)
    np.testing.assert_allclose(x.grad.data, alone, rtol=1e-14)
