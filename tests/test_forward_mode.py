"""Forward mode against reverse mode, for every operation there is: <u, J t> = <Jᵀ u, t>.

One idea: both are derived from the same rules, but by other ways, and the identity holds for whatever J
the rules say, at kinks and ties too. That the rules are right is shown elsewhere.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing import strategies as gst
from minigrad.testing.strategies import op_cases

from .calls import DIFFERENTIABLE, arrays_of, assert_close, name_of, run

pytestmark = [
    pytest.mark.filterwarnings("ignore::minigrad.errors.BroadcastWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

every_differentiable = pytest.mark.parametrize("spec", DIFFERENTIABLE, ids=name_of)
few = settings(max_examples=max(settings.default.max_examples // 8, 4))


def drawn(data: Any, spec: Any) -> Any:
    """A case where slopes are finite."""
    return data.draw(op_cases(spec, smooth=True if spec.singular else None))


def directions(data: Any, arrays: Any) -> Any:
    """A tangent for each array."""
    return tuple(data.draw(gst.cotangents(a.shape, a.dtype)) for a in arrays)


def inner(a: Any, b: Any) -> tuple[float, float]:
    """<a, b>, and the same of the sizes: what its rounding errors are measured by."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    assert a.shape == b.shape
    return float((a * b).sum()), float(np.abs(a * b).sum())


def length(*arrays: Any) -> float:
    """The sum of the sizes of all elements."""
    return float(sum(np.abs(np.asarray(a, np.float64)).sum() for a in arrays))


def assert_same(first: Any, second: Any, eps: float, floor: float) -> None:
    """Assert that two sums of inner products are equal up to rounding.

    `floor` is what the result would be with slopes of 1: a slope of 0 may be the difference of two of these.
    """
    size = floor + sum(s for _, s in first) + sum(s for _, s in second)
    if np.isfinite(size):
        assert abs(sum(p for p, _ in first) - sum(p for p, _ in second)) <= 4096 * eps * size


def eps_of(arrays: Any) -> float:
    return float(max((np.finfo(a.dtype).eps for a in arrays), default=0.0))


@every_differentiable
@few
@given(data=st.data())
def test_forward_is_the_adjoint_of_backward(spec, data):
    case = drawn(data, spec)
    arrays = arrays_of(case)
    if not arrays:
        return
    ts = directions(data, arrays)
    f = lambda *xs: run(case, xs)  # noqa: E731
    value, jt = mg.jvp(f, arrays, ts)
    expected, pullback = mg.vjp(f, *arrays)
    assert_close(value, expected, ulps=4)  # vjp copies its arguments, and NumPy may add in another order then
    assert jt.shape == value.shape
    assert jt.dtype == value.dtype
    u = data.draw(gst.cotangents(value.shape, value.dtype))
    pairs = [inner(v, t) for v, t in zip(pullback(u), ts, strict=True)]
    assert_same([inner(u, jt)], pairs, eps_of([*arrays, value]), length(u) * length(*ts))


@every_differentiable
@few
@given(data=st.data())
def test_a_constant_argument_has_no_tangent(spec, data):
    """Of several arrays one moves: what is not kept of the others is not missed."""
    case = drawn(data, spec)
    arrays = arrays_of(case)
    if len(arrays) < 2:
        return
    n = data.draw(st.integers(0, len(arrays) - 1))
    (t,) = directions(data, arrays[n : n + 1])
    f = lambda *xs: run(case, xs)  # noqa: E731
    still = [np.zeros_like(a) for a in arrays]
    still[n] = t
    value, alone = mg.jvp(f, arrays, t, argnums=n)
    together = mg.jvp(f, arrays, tuple(still))[1]
    eps = eps_of([*arrays, value])
    scale = float(np.abs(together[np.isfinite(together)]).max(initial=0.0))
    np.testing.assert_allclose(alone, together, rtol=64 * eps, atol=64 * eps * scale)


@every_differentiable
@few
@given(data=st.data())
def test_the_tangent_is_differentiated_as_any_result(spec, data):
    """grad of jvp against jvp of vjp: <u, J t> by x, along s, is <s, d(Jᵀ u)/dx t>, whichever way round."""
    if not spec.second_order:
        return
    case = data.draw(op_cases(spec, smooth=True))
    arrays = arrays_of(case)
    if not arrays:
        return
    ts, ss = directions(data, arrays), directions(data, arrays)
    f = lambda *xs: run(case, xs)  # noqa: E731
    value = f(*arrays)
    u = data.draw(gst.cotangents(np.shape(value), np.asarray(value).dtype))

    def along(*xs: Any) -> Any:
        return mg.jvp(f, xs, ts)[1]

    def back(*xs: Any) -> Any:
        return mg.vjp(f, *xs)[1](u)

    by_gradient = mg.vjp(along, *arrays)[1](u)
    by_forward = mg.jvp(back, arrays, ss)[1]
    # Σ_ij u J''[t, s], once with s put in last and once with t.
    first = [inner(g, s) for g, s in zip(by_gradient, ss, strict=True)]
    second = [inner(g, t) for g, t in zip(by_forward, ts, strict=True)]
    floor = length(u) * length(*ts) * length(*ss)
    assert_same(first, second, eps_of([*arrays, np.asarray(value)]), floor)


@pytest.mark.parametrize("reduce", [np.max, np.min])
def test_what_an_extremum_did_not_take_may_move_infinitely_fast(reduce):
    sign = 1.0 if reduce is np.max else -1.0
    _, t = mg.jvp(lambda x: reduce(sign * np.sqrt(x)), (np.array([0.0, 4.0]),), (np.array([1.0, 1.0]),))
    assert t == sign / 4


@pytest.mark.parametrize("reduce", [np.max, np.prod, np.std, np.var, np.linalg.norm, mg.logsumexp])
@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_the_second_derivative_of_a_reduction_by_forward_mode_twice(reduce, axis, keepdims):
    if axis == (0, 1) and reduce is np.linalg.norm:
        axis = 1
    x, t = np.random.default_rng(0).normal(size=(2, 3, 4))[:, :, :2]
    f = lambda x: reduce(x * x, axis=axis, keepdims=keepdims)  # noqa: E731
    twice = mg.jvp(lambda x: mg.jvp(f, (x,), (t,))[1], (x,), (t,))[1]
    back = mg.jvp(lambda x: mg.vjp(f, x)[1](np.ones_like(twice))[0], (x,), (t,))[1]
    assert_close(np.sum(twice), np.sum(back * t), ulps=256)


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
def test_an_infinite_slope_inside_of_a_checkpoint_is_infinite():
    x, t = np.array([0.0, 4.0, 0.0]), np.array([1.0, 1.0, 0.0])
    expected = mg.jvp(np.sqrt, (x,), (t,))[1]
    assert expected.tolist() == [np.inf, 0.25, 0.0]
    assert mg.jvp(mg.checkpoint(np.sqrt), (x,), (t,))[1].tolist() == expected.tolist()
    assert mg.jvp(mg.checkpoint(lambda x: np.log(x) * 2), (x,), (t,))[1].tolist() == [np.inf, 0.5, 0.0]
