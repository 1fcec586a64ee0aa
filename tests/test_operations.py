"""What each operation in the registry must keep to beside its slopes: those are tested in `test_specs.py`.

One idea: the tests are statements about mathematics, run for whatever is registered. The values are
NumPy's; torch is a second opinion on the slopes; the transposes are recorded as operations.
"""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import minigrad as mg
from minigrad import ops
from minigrad.testing import check_against, check_grad, from_torch
from minigrad.testing import strategies as gst
from minigrad.testing.spec import OpCase, Twice, spec_of
from minigrad.testing.strategies import op_cases

from .calls import (
    DIFFERENTIABLE,
    OPERATIONS,
    PAIRS,
    arrays_of,
    assert_close,
    is_float_array,
    leaves,
    name_of,
    out_of,
    run,
    vjp,
)

# Rows meet columns on purpose here, and 0-d counts divide by zero as NumPy does.
pytestmark = [
    pytest.mark.filterwarnings("ignore::minigrad.errors.BroadcastWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

torch.set_num_threads(1)

every_operation = pytest.mark.parametrize("spec", OPERATIONS, ids=name_of)
every_differentiable = pytest.mark.parametrize("spec", DIFFERENTIABLE, ids=name_of)
every_linear = pytest.mark.parametrize("spec", [spec for spec in OPERATIONS if spec.linear], ids=name_of)
both_dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])

few = settings(max_examples=max(settings.default.max_examples // 2, 1))


def drawn(data: Any, spec: Any, dtype: Any = np.float64, **options: Any) -> Any:
    """A case of the operation."""
    return data.draw(op_cases(spec, dtypes=(dtype,), **options))


# ----------------------------------------------------------------------------- values


@every_operation
@both_dtypes
@few
@given(data=st.data())
def test_value_is_numpys(spec, dtype, data):
    case = drawn(data, spec, dtype)
    numpy = spec.values
    if isinstance(case.f, Twice):
        numpy = Twice(numpy, case.f.times)
    expected = np.asarray(numpy(*case.args, **case.kwargs))
    if any(is_float_array(a) or isinstance(a, list) for a in case.args):
        from_tensors = run(case, leaves(arrays_of(case)))
    else:
        args = [mg.from_numpy(a) if isinstance(a, np.ndarray) else a for a in case.args]
        from_tensors = case.f(*args, **case.kwargs)
    assert type(from_tensors) is mg.Tensor
    assert type(from_tensors.data) is np.ndarray
    assert_close(from_tensors.data, expected, ulps=4)
    from_arrays = case.f(*case.args, **case.kwargs)
    assert isinstance(from_arrays, np.ndarray | np.generic)
    assert_close(from_arrays, expected, ulps=4)


@pytest.mark.parametrize("spec", [spec for spec in OPERATIONS if not spec.differentiable], ids=name_of)
@few
@given(data=st.data())
def test_what_has_no_rule_is_a_constant(spec, data):
    case = drawn(data, spec)
    given_ = [
        mg.from_numpy(a, requires_grad=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a for a in case.args
    ]
    result = case.f(*given_, **case.kwargs)
    assert not result.requires_grad
    assert result.creator is None


# ----------------------------------------------------------------------------- a second opinion on slopes


def axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)


def reduced(function: Any) -> Any:
    """torch's reduction with NumPy's meaning of axis: torch takes () for "all", NumPy for "none"."""

    def reduce(x: Any, axis: Any, keepdims: bool = False) -> Any:
        dim = axes_of(x, axis)
        return function(x, dim=dim, keepdim=keepdims) if dim else x.clone()

    return reduce


def by_number(shape: Any, index: Any) -> Any:
    """Which elements an index takes, as their numbers in C order: torch knows no negative step."""
    return torch.as_tensor(np.arange(int(np.prod(shape))).reshape(tuple(shape))[index].copy())


def torch_scatter(x: Any, index: Any, shape: tuple[int, ...]) -> Any:
    taken = by_number(shape, index).reshape(-1)
    return torch.zeros(int(np.prod(shape)), dtype=x.dtype).index_add(0, taken, x.reshape(-1)).reshape(shape)


def by_numbers(x: Any, function: Any, *args: Any) -> Any:
    """The elements of x that NumPy's function takes of an array of this shape, found by their numbers."""
    return x.reshape(-1)[torch.as_tensor(function(np.arange(x.numel()).reshape(tuple(x.shape)), *args))]


def in_numpy(index: Any) -> Any:
    """An index of NumPy's arrays, which were made torch's on the way here."""
    if isinstance(index, tuple):
        return tuple(in_numpy(part) for part in index)
    return index.numpy() if isinstance(index, torch.Tensor) else index


def torch_index_add(x: Any, index: Any, y: Any) -> Any:
    taken = by_number(x.shape, in_numpy(index))
    x, y = wide(x, y)
    return x.reshape(-1).index_add(0, taken.reshape(-1), y.expand(taken.shape).reshape(-1)).reshape(x.shape)


def torch_index_update(x: Any, index: Any, y: Any) -> Any:
    """One value after the other: the last of each element remains."""
    taken = by_number(x.shape, in_numpy(index))
    x, y = wide(x, y)
    y, flat = y.expand(taken.shape).reshape(-1), list(x.reshape(-1))
    for n, place in enumerate(taken.reshape(-1).tolist()):
        flat[place] = y[n]
    return torch.stack(flat).reshape(x.shape) if flat else x.clone()


def wide(*tensors: Any) -> list[Any]:
    """The tensors in the wider of their dtypes."""
    widest = max((t.dtype for t in tensors), key=lambda dtype: dtype.itemsize)
    return [t.to(widest) for t in tensors]


def torch_unpad(x: Any, shape: Any, pad_width: Any, mode: Any) -> Any:
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    into = torch.as_tensor(np.pad(numbers, pad_width, mode) if shape else numbers).reshape(-1)
    return torch.zeros(numbers.size, dtype=x.dtype).index_add(0, into, x.reshape(-1)).reshape(shape)


def torch_from_diagonal(x: Any, shape: Any, offset: int, axis1: int, axis2: int) -> Any:
    return torch.diagonal_scatter(torch.zeros(shape, dtype=x.dtype), x, offset, axis1, axis2)


def torch_choose(index: Any, xs: Any) -> Any:
    index, *xs = torch.broadcast_tensors(torch.as_tensor(index), *wide(*xs))
    return torch.gather(torch.stack(xs), 0, index[None])[0]


def promoted(function: Any) -> Any:
    """torch's function with NumPy's promotion: numbers take the tensors' dtype, tensors the widest of them."""

    def call(*args: Any, **keywords: Any) -> Any:
        floats = [a.dtype for a in args if isinstance(a, torch.Tensor) and a.dtype.is_floating_point]
        widest = max(floats, key=lambda dtype: dtype.itemsize)
        return function(
            *(
                torch.tensor(a, dtype=widest)
                if isinstance(a, int | float)
                else a.to(widest)
                if getattr(a, "dtype", None) in floats
                else a
                for a in args
            ),
            **keywords,
        )

    return call


def torch_convolve(a: Any, v: Any, mode: str) -> Any:
    """All products, each added where it belongs."""
    whole = torch.zeros(len(a) + len(v) - 1, dtype=a.dtype)
    for n, each in enumerate(v):
        whole = whole + torch.nn.functional.pad(a * each, (n, len(v) - 1 - n))
    short = min(len(a), len(v))
    start = {"full": 0, "same": (short - 1) // 2, "valid": short - 1}[mode]
    length = {"full": len(whole), "same": max(len(a), len(v)), "valid": len(whole) - 2 * start}[mode]
    return whole[start : start + length]


def torch_interp(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> Any:
    """The sum of hats: one for each point, 1 there and 0 at its neighbours."""
    x, xp, fp = (each.to(torch.float64) for each in (x, xp, fp))
    inside = x.clamp(float(xp[0]), float(xp[-1]))
    y = fp[0].expand(x.shape)
    for n in range(len(xp) - 1):
        part = ((inside - xp[n]) / (xp[n + 1] - xp[n])).clamp(0, 1)
        y = y + (fp[n + 1] - fp[n]) * part
    y = y if left is None else torch.where(x < xp[0], float(left), y)
    return y if right is None else torch.where(x > xp[-1], float(right), y)


def torch_solve(a: Any, b: Any, solve: Any = torch.linalg.solve) -> Any:
    """torch takes a matrix for a stack of vectors where NumPy takes it for a matrix."""
    return solve(a, b[..., None])[..., 0] if b.ndim == 1 else solve(a, b)


def of_triangle(a: Any, uplo: str) -> Any:
    """The symmetric matrix of one triangle: torch reads one, and gives the gradient to both."""
    half = torch.tril(a) if uplo == "L" else torch.triu(a)
    return half + half.mT - torch.diag_embed(torch.diagonal(a, dim1=-2, dim2=-1))


def stacked(parts: Any) -> Any:
    """Vectors as columns, numbers and other vectors below them; the signs as in the specs of decompositions."""
    vectors, *others = parts
    normal = torch.sqrt(torch.arange(2.0, 2 + vectors.shape[-2], dtype=vectors.dtype))[:, None]
    side = torch.where((vectors * normal).sum(-2, keepdim=True) < 0, -1.0, 1.0).to(vectors.dtype)
    numbers = [p[..., None, :] for p in others if p.ndim < vectors.ndim]
    vectors_too = [p * side for p in others if p.ndim == vectors.ndim]
    ordered = [*numbers, vectors * side] if not vectors_too else [vectors * side, *numbers, *vectors_too]
    return torch.cat(ordered, -2)


def reordered(u: Any, s: Any, vh: Any) -> Any:
    return u, s, vh.mT


def torch_clip(x: Any, lo: Any, hi: Any) -> Any:
    """Ties by torch's maximum and minimum; where lo = hi no gradient goes to x, which does not matter there."""
    clipped = torch.minimum(torch.maximum(x, lo), hi)
    return torch.where((lo == hi) & (x >= lo), hi, clipped)


def torch_hypot(x: Any, y: Any) -> Any:
    """torch's is NaN at the origin."""
    origin = (x == 0) & (y == 0)
    return torch.hypot(torch.where(origin, 1, x), y) * ~origin


def torch_sinc(x: Any) -> Any:
    """torch's loses its digits near 0, and far from 0 in float32."""
    dtype, x = x.dtype, x.double()
    near = abs(x) < 0.02
    squared = (np.pi * torch.where(near, x, 0)) ** 2
    series = 1 - squared / 6 * (1 - squared / 20 * (1 - squared / 42 * (1 - squared / 72)))
    return torch.where(near, series, torch.sinc(torch.where(near, 1, x))).to(dtype)


def one_by_one(function: Any) -> Any:
    """torch's reduction of one axis, over several."""

    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        for dim in sorted((n % x.ndim for n in axes_of(x, axis)), reverse=True):
            x = function(x, dim=dim, keepdim=keepdims)
        return x.clone()

    return reduce


def in_a_line(function: Any) -> Any:
    """torch's function along one axis, with NumPy's meaning of None: all elements in one line."""
    return lambda x, axis: function(x.reshape(-1), dim=0) if axis is None else function(x, dim=axis)


def spread(function: Any) -> Any:
    """torch's variance or deviation; over no axes it is 0."""

    def reduce(x: Any, axis: Any, ddof: float, keepdims: bool = False) -> Any:
        dim = axes_of(x, axis)
        return function(x, dim=dim, correction=ddof, keepdim=keepdims) if dim else x * 0

    return reduce


def torch_recurrence(a: Any, b: Any, axis: int, reverse: bool) -> Any:
    lines = list(zip(a.unbind(axis), b.unbind(axis)))
    y, steps = 0, []
    for a_n, b_n in reversed(lines) if reverse else lines:
        y = a_n * y + b_n
        steps.append(y)
    return torch.stack(steps[::-1] if reverse else steps, axis) if steps else b * 1


def torch_partition(x: Any, kth: Any, axis: Any) -> Any:
    order = torch.as_tensor(np.argpartition(x.detach().numpy(), kth, axis))
    return torch.take_along_dim(x, order, dim=axis)


log_sum = reduced(torch.logsumexp)


def torch_log_softmax(x: Any, axis: Any) -> Any:
    if not x.numel():
        return x.clone()
    x = x - reduced(torch.amax)(x.detach(), axis, True)
    return x - log_sum(x, axis, True)


TORCH = {
    "sum": reduced(torch.sum),
    "mean": reduced(torch.mean),
    "max": reduced(torch.amax),
    "min": reduced(torch.amin),
    "reshape": lambda x, shape: x.reshape(shape),
    "transpose": lambda x, axes: x.permute(tuple(reversed(range(x.ndim))) if axes is None else axes),
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "squeeze": lambda x, axis: x.squeeze() if axis is None else x.squeeze(axis),
    "expand_dims": lambda x, axis: x.reshape(np.expand_dims(np.empty(tuple(x.shape)), axis).shape),
    "astype": lambda x, dtype: x.to(torch.float32 if np.dtype(dtype) == np.float32 else torch.float64),
    "getitem": lambda x, index: x.reshape(-1)[by_number(x.shape, index)],
    "scatter": torch_scatter,
    "convolve": promoted(torch_convolve),
    "polyval": promoted(lambda p, x: sum((c * x**n for n, c in enumerate(p.flip(0))), 0 * x + 0 * p.sum())),
    "interp": torch_interp,
    "solve": promoted(torch_solve),
    "lstsq": promoted(lambda a, b: torch_solve(a, b, lambda a, b: torch.linalg.pinv(a) @ b)),
    "slogdet": lambda a: torch.linalg.slogdet(a)[1],
    "cofactors": lambda a: torch.linalg.det(a)[..., None, None] * torch.linalg.inv(a).mT,
    "cholesky": lambda a: torch.linalg.cholesky(of_triangle(a, "L")),
    "eigvalsh": lambda a, uplo: torch.linalg.eigvalsh(of_triangle(a, uplo)),
    "eigh": lambda a, uplo: stacked(torch.linalg.eigh(of_triangle(a, uplo))[::-1]),
    "svd": lambda a: stacked(reordered(*torch.linalg.svd(a, full_matrices=False))),
    "qr": lambda a: stacked((lambda q, r: (q, r.mT))(*torch.linalg.qr(a))),
    "norm2": lambda x, axis, keepdims: torch.linalg.vector_norm(x, 2, axis, keepdims),
    "normp": lambda x, p, axis, keepdims: torch.linalg.vector_norm(x, float(p), axis, keepdims),
    "outer": promoted(lambda x, y: torch.outer(x.reshape(-1), y.reshape(-1))),
    "cross": promoted(lambda x, y: torch.linalg.cross(*torch.broadcast_tensors(x, y))),
    "clip": promoted(torch_clip),
    "hypot": promoted(torch_hypot),
    "sinc": torch_sinc,
    "expm1": lambda x: torch.expm1(x).detach() + (x.exp() - x.exp().detach()),  # torch's slope, out + 1, loses digits
    "gelu": lambda x: x * torch.special.erfc(-x / 2**0.5) / 2,  # torch's own takes 1 + erf, which loses digits below 0
    "heaviside": promoted(lambda x, y: (x > 0) + (x == 0) * y + 0 * x),
    "prod": one_by_one(torch.prod),
    "trace": lambda x, offset, axis1, axis2: torch.diagonal(x, offset, axis1, axis2).sum(-1),
    "cumsum": in_a_line(torch.cumsum),
    "cumprod": in_a_line(torch.cumprod),
    "recurrence": torch_recurrence,
    "diff": lambda x, n, axis: torch.diff(x, n, axis),
    "logsumexp": log_sum,
    "softmax": lambda x, axis: torch.exp(torch_log_softmax(x, axis)),
    "log_softmax": torch_log_softmax,
    "sort": in_a_line(lambda x, dim: torch.sort(x, dim=dim, stable=True).values),
    "partition": torch_partition,
    "permute": lambda x, order, axis: torch.take_along_dim(x, torch.as_tensor(order), dim=axis),
    "var": spread(torch.var),
    "std": spread(torch.std),
    "index_update": torch_index_update,
    "index_add": torch_index_add,
    "concatenate": lambda arrays, axis: torch.cat([x.reshape(-1) if axis is None else x for x in arrays], axis or 0),
    "stack": lambda arrays, axis: torch.cat([x.unsqueeze(axis) for x in arrays], axis),
    "flip": lambda x, axis: torch.flip(x, axes_of(x, axis)),
    "rot90": lambda x, k, axes: torch.rot90(x, k, axes),
    "roll": lambda x, shift, axis: torch.roll(
        x, *(shift, axis) if isinstance(axis, tuple) or axis is None else ((shift,), (axis,))
    ),
    "full": lambda x, shape: torch.broadcast_to(x, shape).clone(),
    "repeat": lambda x, repeats, axis: (
        x.reshape(-1).repeat_interleave(repeats) if axis is None else x.repeat_interleave(repeats, axis)
    ),
    "tile": lambda x, reps: torch.tile(x, reps) if reps else x.clone(),
    "border": lambda x, pad_width, mode: by_numbers(x, np.pad, pad_width, mode) if x.ndim else x.clone(),
    "unpad": torch_unpad,
    "diagonal": lambda x, offset, axis1, axis2: torch.diagonal(x, offset, axis1, axis2),
    "fromdiagonal": torch_from_diagonal,
    "tril": lambda x, k: torch.tril(x, k) if x.ndim > 1 else torch.tril(x.expand(len(x), len(x)), k),
    "triu": lambda x, k: torch.triu(x, k) if x.ndim > 1 else torch.triu(x.expand(len(x), len(x)), k),
    "take": lambda x, indices, axis: by_numbers(x, np.take, indices, axis),
    "choose": torch_choose,
}
"""Where torch names or understands its arguments in another way than NumPy; elsewhere the spec names the function."""


SOLVED = frozenset(
    [
        "inv",
        "solve",
        "pinv",
        "lstsq",
        "det",
        "cofactors",
        "slogdet",
        "cholesky",
        "eigvalsh",
        "eigh",
        "svdvals",
        "svd",
        "qr",
        "sinc",
    ]
)
"""Operations whose zeros are what elimination, rotations or a rounded π leave of them, each library another rest."""


def torch_says_nearly_the_same(case: Any, function: Any, u: Any) -> None:
    """The value and the gradients of <u, f>, to nine digits of the largest element."""
    xs = [torch.tensor(a, requires_grad=True) for a in arrays_of(case)]
    supply = iter(xs)
    y = function(*[next(supply) if is_float_array(a) else a for a in case.args])
    expected = torch.autograd.grad(y, xs, torch.tensor(u))
    digits = 1e-9 if u.dtype == np.float64 else 1e-3
    for found, wanted in zip([out_of(case), *vjp(case, u)], [y, *expected], strict=True):
        wanted = wanted.detach().numpy()
        np.testing.assert_allclose(found, wanted, rtol=digits, atol=digits * np.abs(wanted).max(initial=1))


def with_arrays_apart(case: OpCase, n: int, f: Any = None) -> OpCase:
    """The call with a list of arrays as so many arguments; of another function, if one is given."""
    before, arrays, after = case.args[:n], case.args[n], case.args[n + 1 :]
    f = f or case.f
    return OpCase(lambda *xs: f(*before, list(xs), *after, **case.kwargs), tuple(arrays))


@every_differentiable
@few
@given(data=st.data())
def test_torch_says_the_same(spec, data):
    # Where the slope is infinite torch lets 0 times it be NaN.
    case = data.draw(op_cases(spec, smooth=True if spec.singular else None))
    function = TORCH.get(spec.name) or promoted(spec.second_oracle())
    if isinstance(case.f, Twice):
        function = Twice(function, case.f.times)
    if spec.name in SOLVED:
        out = out_of(case)
        if spec.name == "det" and not out.all():
            return  # torch says 0 for all slopes of a singular matrix; they are its cofactors
        torch_says_nearly_the_same(case, function, data.draw(gst.cotangents(out.shape, out.dtype)))
        return
    lists = [n for n, arg in enumerate(case.args) if isinstance(arg, list) and any(map(is_float_array, arg))]
    if lists:
        case, function = with_arrays_apart(case, lists[0]), with_arrays_apart(case, lists[0], function).f
    check_against(case.f, from_torch(function), *case.args, kwargs=dict(case.kwargs), wrt=case.wrt)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("exp", mg.exp),
        ("tanh", mg.tanh),
        ("sigmoid", mg.sigmoid),
        ("x**4", lambda x: x**4),
        ("x**-1.5", lambda x: x**-1.5),
        ("x**x", lambda x: x**x),
        ("2**x", lambda x: 2**x),
        ("1/x", lambda x: 1 / x),
        ("reciprocal", mg.reciprocal),
        ("x/(1+x²)", lambda x: x / (1 + x * x)),
        ("sqrt", mg.sqrt),
        ("log", mg.log),
        ("sin", mg.sin),
    ],
)
@few
@given(x=gst.arrays(gst.shapes(allow_empty=False), elements=gst.values(min_value=0.5, max_value=3)))
def test_third_derivative(name, function, x):
    """The gradient of the second derivative is what differences of the second derivative say."""

    def second(x: Any) -> Any:
        inside = x if x.requires_grad else mg.tensor(x, requires_grad=True)
        with mg.enable_grad():  # differences are taken where nothing is recorded
            y = function(inside)
            for _ in range(2):
                y = mg.gradients(y.sum(), inside, create_graph=True)
        return y if inside is x else y.detach()

    check_grad(second, x)


# ----------------------------------------------------------------------------- arguments as they come


def laid_out(array: Any) -> dict[str, Any]:
    """The same numbers, laid out differently in memory."""
    flip = (slice(None, None, -1),) * array.ndim
    spread = np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array.copy()
    return {
        "Fortran": np.asfortranarray(array).reshape(array.shape, order="A"),
        "reversed": array[flip].copy()[flip] if array.ndim else array.copy(),
        "spread": spread,
    }


@every_differentiable
@few
@given(data=st.data())
def test_the_layout_of_the_inputs_does_not_matter_and_they_may_be_read_only(spec, data):
    case = drawn(data, spec, smooth=True)
    out = out_of(case)
    u = data.draw(gst.cotangents(out.shape, out.dtype))
    u.flags.writeable = False
    expected = vjp(case, u)
    for name in ("Fortran", "reversed", "spread"):
        arrays = [laid_out(a)[name] for a in arrays_of(case)]
        for array in arrays:
            array.flags.writeable = False
        assert_close(run(case, leaves(arrays)).data, out)
        for g, e in zip(vjp(case, u, arrays), expected, strict=True):
            assert_close(g, e)


@pytest.mark.parametrize(
    "spec", [*PAIRS, *(s for s in DIFFERENTIABLE if s.name in ("where", "concatenate"))], ids=name_of
)
@pytest.mark.parametrize("narrow", [0, 1])
@few
@given(data=st.data())
def test_mixed_dtypes_promote_and_each_gradient_has_its_own(spec, narrow, data):
    case = drawn(data, spec, smooth=True)
    if len(arrays_of(case)) < 2:
        return
    arrays = [a.astype(np.float32) if n % 2 == narrow else a for n, a in enumerate(arrays_of(case))]
    xs = leaves(arrays)
    y = run(case, xs)
    assert y.dtype == np.float64
    u = data.draw(gst.cotangents(y.shape))
    expected = vjp(case, u, [a.astype(np.float64) for a in arrays])
    for g, x, e in zip(mg.gradients(y, xs, output_gradients=u), xs, expected, strict=True):
        assert g.dtype == x.dtype
        # What a rule computes of the narrow argument alone is narrow: log(x) in the rule of x**y.
        tiny = float(np.finfo(g.dtype).tiny)
        np.testing.assert_allclose(g.data, e, rtol=1e-6, atol=1e-6 * float(np.abs(e).max(initial=0)) + tiny)


@given(array=gst.arrays(gst.shapes(allow_empty=False), elements=gst.values(min_value=0.25, max_value=3)))
def test_one_tensor_twice_by_the_book(array):
    x = mg.tensor(array, requires_grad=True)
    for y, derivative in [
        (x * x, 2 * array),
        (x + x, 2 + 0 * array),
        (x - x, 0 * array),
        (x / x, 0 * array),
        (mg.maximum(x, x), 1 + 0 * array),
        (mg.minimum(x, x), 1 + 0 * array),
        (x * x * x, 3 * array**2),
        (mg.where(x > 1, x, x), 1 + 0 * array),
        (mg.concatenate([x.reshape(-1), x.reshape(-1), x.reshape(-1)]), 3 + 0 * array),
        (mg.stack([x, x]), 2 + 0 * array),
        (x[...] + x[...] + x[...], 3 + 0 * array),
    ]:
        np.testing.assert_allclose(mg.gradients(y.sum(), x).data, derivative, rtol=1e-15, atol=1e-15)


# ----------------------------------------------------------------------------- transposes


def eighths() -> Any:
    """Numbers of which any sum and product here is exact."""
    return st.integers(-24, 24).map(lambda n: n / 8)


def dyadic(data: Any, shape: Any) -> Any:
    """An array of such numbers."""
    return data.draw(gst.arrays(shape, elements=eighths()))


def inner(a: Any, b: Any) -> float:
    """<a, b>, which must have one shape."""
    assert a.shape == b.shape
    return float((a * b).sum())


@every_linear
@given(data=st.data())
def test_the_backward_pass_is_the_transpose(spec, data):
    """<A x, u> = <x, Aᵀ u>; with short dyadic numbers, to the bit (but for the quotient of a mean, and π)."""
    case = drawn(data, spec)
    arrays = [dyadic(data, a.shape) for a in arrays_of(case)]
    if len({id(a) for a in arrays_of(case)}) < len(arrays) or case.wrt is not None:
        return  # one array in two places, or a constant among the operands: not linear in the rest
    with mg.no_grad():
        out = run(case, [mg.from_numpy(a) for a in arrays]).data
    u = dyadic(data, out.shape)
    before = float(np.sum(np.float64(1) * out * u)) if out.size else 0.0
    after = sum(float(np.sum(a * g)) for a, g in zip(arrays, vjp(case, u, arrays), strict=True))
    rounds = spec.name in ("mean", "deg2rad", "rad2deg")
    assert before == (pytest.approx(after, rel=1e-13, abs=1e-13) if rounds else after)


@given(data=st.data())
def test_pairs_of_operations_are_each_others_transpose(data):
    case = drawn(data, spec_of(mg.broadcast_to))
    shape = case.kwargs["shape"]
    x, u = dyadic(data, case.args[0].shape), dyadic(data, shape)
    lead = len(shape) - x.ndim
    axes = tuple(range(lead)) + tuple(lead + n for n, m in enumerate(x.shape) if m != shape[lead + n])
    assert inner(mg.broadcast_to(x, shape), u) == inner(x, mg.sum(u, axes).reshape(x.shape))

    case = drawn(data, spec_of(mg.sum))
    x, axis = dyadic(data, case.args[0].shape), case.kwargs["axis"]
    u = dyadic(data, np.sum(x, axis, keepdims=True).shape)
    assert inner(mg.sum(x, axis, keepdims=True), u) == inner(x, mg.broadcast_to(u, x.shape))

    case = drawn(data, spec_of(mg.transpose))
    x, axes = dyadic(data, case.args[0].shape), case.kwargs["axes"]
    back = None if axes is None else tuple(np.argsort([a % x.ndim for a in axes]))
    u = dyadic(data, np.transpose(x, axes).shape)
    assert inner(mg.transpose(x, axes), u) == inner(x, mg.transpose(u, back))

    x = dyadic(data, gst.shapes())
    index = data.draw(gst.indices(x.shape))
    u = dyadic(data, x[index].shape)
    assert inner(ops.getitem(x, index), u) == inner(x, mg.scatter(u, index, x.shape))

    case = drawn(data, spec_of(mg.concatenate))
    axis = case.kwargs["axis"]
    parts = [dyadic(data, p.shape if axis is not None else (p.size,)) for p in case.args[0]]
    axis = axis or 0
    u = dyadic(data, np.concatenate(parts, axis).shape)
    slices = np.split(u, np.cumsum([p.shape[axis] for p in parts])[:-1], axis)
    assert inner(mg.concatenate(parts, axis), u) == sum(inner(p, s) for p, s in zip(parts, slices, strict=True))
    xs = leaves(parts)
    for g, s in zip(mg.gradients(mg.concatenate(xs, axis), xs, output_gradients=u), slices, strict=True):
        np.testing.assert_array_equal(g.data, s)


def test_the_transposes_are_recorded_as_operations():
    """So that they are differentiated and traced in their turn."""
    x = mg.ones((2, 3), requires_grad=True)
    for y, pair in [
        (mg.sum(x, 0), "BroadcastTo"),
        (mg.broadcast_to(x, (4, 2, 3)), "Sum"),
        (x[[0, 0, 1]], "Scatter"),
        (mg.scatter(x, [0, 0], (3, 3)), "GetItem"),
        (mg.transpose(x), "Transpose"),
        (mg.concatenate([x, x[:0]]), "GetItem"),
    ]:
        u = mg.ones(y.shape, requires_grad=True)
        g = mg.gradients(y, x, output_gradients=u, create_graph=True)
        assert pair in {type(call).__name__ for call in mg.history(g)}


def test_an_upstream_gradient_of_another_dtype_stays_in_the_graph():
    """<Jᵀv>, differentiated by v, is J, also when v is wider than the result."""
    x = mg.tensor([1.0, 2.0], dtype=np.float32, requires_grad=True)
    v = mg.tensor([3.0, 4.0], requires_grad=True)
    g = mg.gradients(x * x, x, output_gradients=v, create_graph=True)
    np.testing.assert_array_equal(mg.gradients(g.sum(), v).data, [2.0, 4.0])
