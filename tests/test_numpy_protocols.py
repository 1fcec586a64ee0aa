"""Where NumPy and Python meet a tensor: it is recorded, or refused with a reason; never a guess.

One idea: no call may quietly drop the graph. What cannot be recorded says its own name.
"""

import math
import operator
import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg

A = np.array([[1.0, 2.0], [4.0, 8.0]])
B = np.array([[2.0, 1.0], [0.5, 4.0]])


@pytest.fixture
def x():
    """A parameter."""
    return mg.tensor(A, requires_grad=True)


# ----------------------------------------------------------------------------- operators

ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.matmul]
COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("op", ARITHMETIC)
@pytest.mark.parametrize(
    "other", [B, B.astype(np.float32), B.astype(int) + 1, B.tolist()], ids=["f8", "f4", "i8", "list"]
)
def test_an_array_on_either_side_is_recorded(op, other, x):
    other_array = np.asarray(other)
    for result, expected in ((op(other, x), op(other_array, A)), (op(x, other), op(A, other_array))):
        assert type(result) is mg.Tensor
        assert result.creator is not None
        np.testing.assert_array_equal(result.data, expected, strict=True)
    (op(other, x)).sum().backward()
    assert x.grad.shape == A.shape


@pytest.mark.parametrize("op", [o for o in ARITHMETIC if o is not operator.matmul])
@pytest.mark.parametrize("scalar", [3.0, 3, np.float64(3), np.float32(3), np.int64(3), np.array(3.0)], ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_on_either_side_promotes_as_numpy_does(op, scalar, dtype):
    a = A.astype(dtype)
    x = mg.tensor(a, requires_grad=True)
    for result, expected in ((op(scalar, x), op(scalar, a)), (op(x, scalar), op(a, scalar))):
        assert type(result) is mg.Tensor
        np.testing.assert_array_equal(result.data, expected, strict=True)
        assert mg.gradients(result.sum(), x).dtype == dtype


@pytest.mark.parametrize("scalar", [True, np.True_])
def test_truth_values_count_as_numbers(scalar, x):
    assert (x * scalar).tolist() == (scalar * x).tolist() == A.tolist()


def test_python_numbers_keep_float32():
    x = mg.tensor([1.0, 2.0], dtype=np.float32, requires_grad=True)
    for y in (x * 2.0, 2 * x, x + 1, 1 - x, x / 3, 1 / x, x**2, 2.0**x, mg.maximum(x, 0.5), mg.where(x > 1, x, 0.0)):
        assert y.dtype == np.float32
        assert mg.gradients(y.sum(), x).dtype == np.float32


@pytest.mark.parametrize("op", COMPARISONS)
def test_comparisons_are_constants_of_truth_values(op, x):
    for result, expected in (
        (op(x, B), op(A, B)),
        (op(B, x), op(B, A)),
        (op(x, 2.0), op(A, 2.0)),
        (op(2.0, x), op(2.0, A)),
    ):
        assert type(result) is mg.Tensor
        assert not result.requires_grad
        assert result.creator is None
        np.testing.assert_array_equal(result.data, expected, strict=True)


def test_masks_combine(x):
    both = (x > 1) & (x < 8)
    assert both.tolist() == [[False, True], [True, False]]
    assert (~both).tolist() == [[True, False], [False, True]]
    assert (both | (x == 1)).tolist() == [[True, True], [True, False]]
    assert (np.array([True, False]) & both).tolist() == [[False, False], [True, False]]


@pytest.mark.parametrize(
    ("op", "sign"),
    [
        (operator.iadd, "+"), (operator.isub, "-"), (operator.imul, "*"), (operator.itruediv, "/"),
        (operator.ipow, "**"), (operator.imod, "%"), (operator.ifloordiv, "//"),
    ],
)  # fmt: skip
def test_an_array_is_not_changed_in_place_by_a_tensor(op, sign, x):
    array = B.copy()
    with pytest.raises(mg.GraphCutError) as caught:
        op(array, x)
    first, second = str(caught.value).splitlines()
    assert first.startswith(f"array {sign}= x would write the tensor x into an array")
    assert second.startswith(f"Write array = array {sign} x; or")
    np.testing.assert_array_equal(array, B)


@pytest.mark.parametrize("op", [operator.mod, operator.floordiv])
@pytest.mark.parametrize("other", [B, 3.0, np.float64(3), np.float32(3), np.int64(3), B.tolist()], ids=str)
def test_remainders_with_an_array_or_a_number_on_either_side(op, other, x):
    array = np.asarray(other)
    for result, expected in ((op(other, x), op(array, A)), (op(x, other), op(A, array))):
        assert type(result) is mg.Tensor
        np.testing.assert_array_equal(result.data, expected)


@pytest.mark.parametrize("other", [B, 3.0, np.float64(3)], ids=str)
def test_divmod_is_a_quotient_and_a_remainder(other, x):
    for results, expected in (
        (divmod(x, other), divmod(A, other)),
        (divmod(other, x), divmod(other, A)),
        (np.divmod(x, other), np.divmod(A, other)),
    ):
        for result, values in zip(results, expected, strict=True):
            assert type(result) is mg.Tensor
            np.testing.assert_array_equal(result.data, values)
    assert mg.gradients(divmod(x, other)[1].sum(), x).tolist() == np.ones((2, 2)).tolist()


class Above:
    """Another library's array, which wants to decide what an operator means: `__array_priority__` is high."""

    __array_priority__ = 1e6

    def __init__(self, values):
        self.values = np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __mul__(self, other):
        return Above(np.asarray(other) * self.values)

    __rmul__ = __mul__


class Below:
    """One that does not know tensors and says so."""

    def __mul__(self, other):
        return NotImplemented

    __rmul__ = __mul__


def test_another_library_that_would_copy_a_parameter_is_stopped(x):
    for run in (lambda: Above(B) * x, lambda: x * Above(B)):
        with pytest.raises(mg.GraphCutError, match="detach"):
            run()
    for result in (Above(B) * x.detach(), x.detach() * Above(B)):
        assert type(result) is Above, "it decides, as its priority asks"
        np.testing.assert_array_equal(result.values, A * B)


def test_another_library_that_knows_no_tensors_is_no_number(x):
    for run in (lambda: Below() * x, lambda: x * Below(), lambda: np.multiply(x, Below())):
        with pytest.raises(TypeError):
            run()


def test_a_subclass_of_ndarray_on_the_left_is_an_array(x):
    class Labelled(np.ndarray):
        __array_priority__ = 1e6

    for result in (B.view(Labelled) * x, x * B.view(Labelled)):
        assert type(result) is mg.Tensor
        assert result.creator is not None


def test_a_tensor_is_no_element_of_an_array_of_objects(x):
    objects = np.array([[None, 1], [2, 3]], dtype=object)
    for run in (lambda: objects * x, lambda: x * objects, lambda: np.array([x, None], dtype=object) * 1):
        with pytest.raises(TypeError):
            run()


@pytest.mark.parametrize("op", ARITHMETIC)
@pytest.mark.parametrize("other", ["text", None, {}, object()], ids=["text", "None", "dict", "object"])
def test_what_is_no_number_is_refused(op, other, x):
    with pytest.raises(TypeError):
        op(x, other)
    with pytest.raises(TypeError):
        op(other, x)


@pytest.mark.parametrize("other", [1j, np.array([1j, 2.0]), np.complex128(1j), [1j, 2.0]], ids=repr)
def test_complex_numbers_are_refused(other, x):
    for run in (lambda: x * other, lambda: other * x, lambda: x + other, lambda: mg.tensor(other)):
        with pytest.raises(mg.DtypeError, match="complex"):
            run()


def test_texts_and_objects_are_no_tensors():
    for data in ("text", ["a", "b"], [None, 1.0], np.array(["a"]), [object()]):
        with pytest.raises(mg.DtypeError):
            mg.tensor(data)


# ----------------------------------------------------------------------------- NumPy's functions

UFUNCS: list[Any] = [
    np.exp, np.log, np.sqrt, np.sin, np.cos, np.tanh, np.negative, np.positive, np.absolute, np.abs, np.square,
    np.reciprocal, np.sign,
]  # fmt: skip
BINARY_UFUNCS: list[Any] = [
    np.add, np.subtract, np.multiply, np.divide, np.true_divide, np.power, np.maximum, np.minimum, np.matmul,
]  # fmt: skip
FUNCTIONS: dict[str, Any] = {
    "sum": np.sum,
    "sum(axis)": lambda x: np.sum(x, axis=0),
    "sum(axis, keepdims)": lambda x: np.sum(x, axis=-1, keepdims=True),
    "mean": np.mean,
    "mean(axis)": lambda x: np.mean(x, 1),
    "mean((1, 0))": lambda x: np.mean(x, axis=(1, 0)),
    "max": lambda x: np.max(x, axis=0),
    "min": lambda x: np.min(x, axis=0, keepdims=True),
    "where": lambda x: np.where(A > 1, x, 0.0),
    "where, an array": lambda x: np.where(A > 1, B, x),
    "concatenate": lambda x: np.concatenate([x, B]),
    "concatenate(axis)": lambda x: np.concatenate((B, x, x), axis=-1),
    "concatenate(None)": lambda x: np.concatenate((B, x), axis=None),
    "stack": lambda x: np.stack([x, x]),
    "stack(axis)": lambda x: np.stack([B, x], axis=-1),
    "matmul": lambda x: np.matmul(B, x),
    "reshape": lambda x: np.reshape(x, (4, 1)),
    "reshape(-1)": lambda x: np.reshape(x, -1),
    "transpose": np.transpose,
    "transpose(axes)": lambda x: np.transpose(x, (1, 0)),
    "swapaxes": lambda x: np.swapaxes(x, 0, -1),
    "broadcast_to": lambda x: np.broadcast_to(x, (3, 2, 2)),
    "squeeze": lambda x: np.squeeze(np.expand_dims(x, 1)),
    "squeeze(axis)": lambda x: np.squeeze(np.expand_dims(x, 1), axis=1),
    "expand_dims": lambda x: np.expand_dims(x, (0, -1)),
    "astype": lambda x: np.astype(x, np.float32),
    "add.reduce": np.add.reduce,
    "add.reduce(axis)": lambda x: np.add.reduce(x, axis=1),
    "add.reduce(None)": lambda x: np.add.reduce(x, axis=None),
    "maximum.reduce": lambda x: np.maximum.reduce(x, axis=1),
    "minimum.reduce": np.minimum.reduce,
    "methods": lambda x: x.sum(axis=0).reshape(2, 1).transpose(),
}


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__)
def test_ufuncs_of_one_record(ufunc, x):
    result = ufunc(x)
    assert type(result) is mg.Tensor
    assert result.requires_grad == (ufunc is not np.sign)
    np.testing.assert_array_equal(result.data, ufunc(A), strict=True)


@pytest.mark.parametrize("ufunc", BINARY_UFUNCS, ids=lambda u: u.__name__)
def test_ufuncs_of_two_record(ufunc, x):
    for args, arrays in (((x, B), (A, B)), ((B, x), (B, A)), ((x, x), (A, A)), ((x, B.tolist()), (A, B))):
        result = ufunc(*args)
        assert type(result) is mg.Tensor
        assert result.requires_grad
        np.testing.assert_array_equal(result.data, ufunc(*arrays), strict=True)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_record(name, x):
    result = FUNCTIONS[name](x)
    assert type(result) is mg.Tensor
    assert result.requires_grad
    np.testing.assert_array_equal(result.data, FUNCTIONS[name](A), strict=True)
    result.sum().backward()
    assert x.grad.shape == A.shape


@pytest.mark.parametrize(("function", "value"), [(np.zeros_like, 0), (np.ones_like, 1)])
def test_likes_are_constants_of_the_same_kind(function, value):
    x = mg.tensor(A, dtype=np.float32, requires_grad=True)
    like = function(x)
    assert type(like) is mg.Tensor
    assert not like.requires_grad
    assert like.dtype == np.float32
    assert like.tolist() == np.full((2, 2), float(value)).tolist()


def test_shape_questions_are_answered(x):
    assert (np.shape(x), np.ndim(x), np.size(x)) == ((2, 2), 2, 4)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (np.spacing, "np.spacing"),
        (np.linalg.eig, "linalg.eig"),
        (np.linalg.matrix_rank, "linalg.matrix_rank"),
        (lambda x: np.nextafter(x, x), "np.nextafter"),
        (np.unique, "np.unique"),
        (np.histogram, "np.histogram"),
        (np.maximum.accumulate, "np.maximum.accumulate"),
        (np.subtract.reduce, "np.subtract.reduce"),
        (lambda x: np.add.at(x, 0, 1.0), "np.add.at"),
        (lambda x: np.add.at(B.copy(), 0, x), "np.add.at"),
        (lambda x: np.exp(x, out=B.copy()), "np.exp"),
        (lambda x: np.exp(B, out=x), "np.exp"),
        (lambda x: np.exp(x, where=B > 1), "np.exp"),
        (lambda x: np.sum(x, dtype=np.float32), "sum"),
        (lambda x: np.sum(x, out=B.copy()), "sum"),
        (lambda x: np.sum(x, where=B > 1), "sum"),
        (lambda x: np.max(x, initial=3.0), "max"),
        (lambda x: np.add.reduce(x, initial=3.0), "add.reduce|sum"),
        (lambda x: np.reshape(x, (4,), order="F"), "reshape"),
        (lambda x: np.concatenate([x, x], dtype=np.float32), "concatenate"),
    ],
)
def test_what_cannot_be_recorded_is_refused_by_name(call, name, x):
    with pytest.raises(TypeError, match=name):
        call(x)
    np.testing.assert_array_equal(x.data, A)


UNCHANGED = [
    lambda x: np.exp(x, out=None, where=True, dtype=None, casting="same_kind", order="K", subok=True),
    lambda x: np.exp(x, casting="unsafe"),
    lambda x: np.sum(x, axis=None, dtype=None, out=None) * np.ones_like(x),
    lambda x: np.sum(a=x, axis=0),
    lambda x: np.sum(x, 0, None, None, True),
    lambda x: np.mean(x, 0, None, None),
    lambda x: np.max(x, 1, None, False),
    lambda x: np.reshape(x, (4,), order="C"),
    lambda x: np.reshape(x, shape=4),
    lambda x: np.transpose(a=x),
    lambda x: np.zeros_like(x, np.float32) + x,
    lambda x: np.concatenate([x, x], axis=1, out=None, dtype=None),
    lambda x: np.add.reduce(x, axis=1, dtype=None, out=None, keepdims=True),
]


@pytest.mark.parametrize("call", UNCHANGED)
def test_keywords_that_say_what_numpy_does_anyway_are_taken(call, x):
    result = call(x)
    assert result.requires_grad
    np.testing.assert_array_equal(result.data, call(A), strict=True)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.exp(x, dtype=np.float32),
        lambda x: np.add(x, B, dtype="f4"),
        lambda x: np.multiply(x, 2, dtype=np.float32),
        lambda x: np.matmul(x, B, dtype=np.float32),
        lambda x: np.multiply.outer(x, B, dtype=np.float32),
        lambda x: np.add.reduce(x, dtype=np.float32),
    ],
)
def test_dtype_is_that_of_the_computation(call, x):
    result = call(x)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result.data, call(A), strict=True)
    assert mg.gradients(result.sum(), x).dtype == np.float64
    wide = call(mg.tensor(A, dtype=np.float32, requires_grad=True))
    assert wide.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: np.exp(x, dtype=int), r"not with dtype=int64.*\n.*astype\(np\.int64\)"),
        (lambda x: np.exp(x, dtype=complex), "not with dtype=complex128"),
        (lambda x: np.add(x, B, dtype="f4", casting="safe"), r"cannot make float32 of float64 with casting='safe'"),
        (lambda x: np.add(x, B, casting="no"), r"np\.add on a tensor takes no casting="),
        (lambda x: np.exp(x, out=np.empty((2, 2))), r"takes no out=.*\n.*y = np\.exp\(x\)"),
        (lambda x: np.exp(x, where=A > 2), r"takes no where=.*\n.*minigrad\.where\(A > 2, np\.exp\(x\), other\)"),
        (lambda x: np.exp(x, order="F"), "takes no order="),
        (lambda x: np.exp(x, signature="d->d"), "takes no signature="),
        (lambda x: np.matmul(x, x, axes=[(0, 1)] * 3), r"takes no axes=.*\n.*moveaxis"),
        (lambda x: np.sum(x, 0, np.float32), r"np\.sum on a tensor takes no dtype=.*\n.*astype"),
        (lambda x: np.sum(x, 0, None, np.empty(2)), r"np\.sum on a tensor takes no out="),
        (lambda x: np.max(x, initial=3.0), r"takes no initial=.*\n.*np\.maximum"),
        (lambda x: np.mean(x, where=A > 1), "takes no where="),
        (lambda x: np.concatenate([x, x], dtype="f4"), "takes no dtype="),
        (lambda x: np.matmul.outer(x, x), "matmul.outer|not supported|outer"),
    ],
)
def test_keywords_that_cannot_be_honoured_say_what_to_write(call, says, x):
    with pytest.raises((TypeError, ValueError), match="(?s)" + says) as caught:
        call(x)
    assert len(str(caught.value).splitlines()) <= 2
    assert x.tolist() == A.tolist()


@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.divide, np.power, np.maximum, np.minimum])
@pytest.mark.parametrize("other", [2.0, [1.0, 3.0], B, B[0], np.ones((2, 1, 3))], ids=lambda o: str(np.shape(o)))
def test_outer_of_every_elementwise_function_of_two(ufunc, other, x):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # every element is meant to meet every other
        pairs = [
            (ufunc.outer(x, other), ufunc.outer(A, other)),
            (ufunc.outer(other, x), ufunc.outer(other, A)),
            (ufunc.outer(x[:, :1], x[0]), ufunc.outer(A[:, :1], A[0])),
        ]
    for result, expected in pairs:
        assert result.requires_grad
        np.testing.assert_array_equal(result.data, expected, strict=True)
        assert mg.gradients(result.sum(), x, retain_graph=True).shape == A.shape


def test_the_gradient_of_outer():
    x, y = mg.tensor([1.0, 2.0], requires_grad=True), mg.tensor([3.0, 4.0, 5.0], requires_grad=True)
    g = np.arange(6.0).reshape(2, 3)
    dx, dy = mg.gradients(np.multiply.outer(x, y), [x, y], output_gradients=g)
    assert dx.tolist() == (g @ [3, 4, 5]).tolist()
    assert dy.tolist() == ([1, 2] @ g).tolist()


def test_questions_are_answered_by_the_array(x):
    assert np.shares_memory(x, x.data)
    assert np.may_share_memory(x, x[0])
    assert not np.shares_memory(x, B)
    assert np.result_type(x, np.float32) == np.float64
    assert np.can_cast(x, np.float32, "same_kind")
    assert np.min_scalar_type(mg.tensor(3)) == np.uint8
    assert np.common_type(x) is np.float64
    assert (np.isrealobj(x), np.iscomplexobj(x)) == (True, False)
    assert np.isreal(x).tolist() == [[True] * 2] * 2
    assert np.iscomplex(x).tolist() == [[False] * 2] * 2
    assert np.real(x) is x
    assert np.conj(x).tolist() == A.tolist()
    assert np.imag(x).tolist() == [[0, 0], [0, 0]]
    assert np.empty_like(x, np.float32).dtype == np.float32
    assert np.isin(x, [1.0, 8.0]).tolist() == [[True, False], [False, True]]
    assert np.array_repr(x) == repr(x)
    assert np.array_str(x) == np.array_str(A)
    assert np.array2string(x, precision=1, separator=",") == np.array2string(A, precision=1, separator=",")
    assert [i.tolist() for i in np.diag_indices_from(x)] == [[0, 1], [0, 1]]


def test_the_nearest_name_is_offered(x):
    with pytest.raises(TypeError, match=r"np\.bitwise_count.*\n?.*np\.bitwise_"):
        np.bitwise_count(x)


# ----------------------------------------------------------------------------- leaving the graph


def test_an_array_of_a_parameter_is_refused_while_recording(x):
    for leave in (np.asarray, np.array, lambda t: t.numpy(), lambda t: np.asarray(t * 2), lambda t: t.__array__()):
        with pytest.raises(mg.GraphCutError, match="detach"):
            leave(x)
    with mg.no_grad():
        np.testing.assert_array_equal(np.asarray(x), A)
    np.testing.assert_array_equal(np.asarray(x.detach()), A)
    constant = mg.tensor(A)
    assert np.shares_memory(np.asarray(constant), constant.data)
    assert np.asarray(constant, dtype=np.float32).dtype == np.float32
    copied = np.array(constant)
    copied[0, 0] = 99
    assert constant.tolist() == A.tolist()


def test_an_array_of_parameters_is_refused(x):
    for build in (lambda: np.array([x, x]), lambda: mg.tensor([x[0, 0], 1.0]), lambda: x + [x[0, 0], x[0, 1]]):
        with pytest.raises(TypeError):
            build()


@pytest.mark.parametrize("leave", [float, int, math.sin, math.sqrt, lambda t: round(float(t)), lambda t: range(int(t))])
def test_python_numbers_of_a_parameter_are_refused_while_recording(leave):
    w = mg.tensor(2.0, requires_grad=True)
    for t in (w, w * 1):
        with pytest.raises(TypeError, match="leave the graph"):
            leave(t)
        assert isinstance(leave(t.detach()), float | int | range)
        with mg.no_grad():
            leave(t)


def test_float_of_several_is_refused():
    with pytest.raises((TypeError, ValueError)):
        float(mg.tensor([1.0, 2.0]))
    with pytest.raises(ValueError, match="one element"):
        mg.tensor([1.0, 2.0]).item()


# ----------------------------------------------------------------------------- Python's protocols


def test_len_iter_bool_index_hash(x):
    assert len(x) == 2
    assert len(mg.tensor([])) == 0
    with pytest.raises(TypeError, match="0-d"):
        len(mg.tensor(1.0))
    with pytest.raises(TypeError, match="0-d"):
        iter(mg.tensor(1.0))
    assert bool(mg.tensor(1.0, requires_grad=True) > 0)
    assert not mg.tensor([0.0])
    for several in (x, mg.tensor([])):
        with pytest.raises(ValueError, match="ambiguous"):
            bool(several)
    assert "abc"[mg.tensor(1)] == "b"
    assert list(range(mg.tensor(3))) == [0, 1, 2]
    for wrong in (mg.tensor(1.0), mg.tensor([1]), mg.tensor([[1]])):
        with pytest.raises(TypeError):
            operator.index(wrong)


def test_tensors_are_keys_by_identity_and_compare_by_element(x):
    twin = mg.tensor(A, requires_grad=True)
    table = {x: "x", twin: "twin"}
    assert table[x] == "x"
    assert table[twin] == "twin"
    assert len({x, twin, x}) == 2
    assert hash(x) != hash(twin)
    assert (x == twin).tolist() == [[True, True], [True, True]]
    assert (x != twin).tolist() == [[False, False], [False, False]]
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert (x == "text") is False


def test_repr_tells_the_story():
    assert repr(mg.tensor([2.0, 4.0])) == "Tensor([2., 4.])"
    assert repr(mg.tensor([2.0, 4.0], requires_grad=True)) == "Tensor([2., 4.], requires_grad=True)"
    assert repr(mg.tensor(2.0, requires_grad=True) * 2) == "Tensor(4., creator=Mul)"
    assert repr(mg.tensor([1.5], dtype=np.float32)) == "Tensor([1.5], dtype=float32)"
    assert repr(mg.tensor([1, 2])) == "Tensor([1, 2])"
    assert repr(mg.tensor([True])) == "Tensor([ True])"
    assert repr(mg.tensor([])) == "Tensor([], dtype=float64)"
    assert repr(mg.tensor([[1.0, 2.0], [3.0, 4.0]])) == "Tensor([[1., 2.],\n        [3., 4.]])"
    assert "..." in repr(mg.zeros(5000))


def test_formatting_a_number(x):
    loss = mg.tensor(2.0, requires_grad=True) * 1.23456
    assert f"{loss:.3f}" == "2.469"
    assert f"{mg.tensor([1.5]):5.2f}" == " 1.50"
    assert f"{loss}" == str(loss) == repr(loss)
    with pytest.raises((TypeError, ValueError)):
        f"{x:.2f}"


def test_a_tensor_in_a_list_is_found_only_by_identity(x):
    assert x in [x]
    with pytest.raises(ValueError, match="ambiguous"):
        x in [mg.tensor(A)]  # noqa: B015


def test_plain_arrays_given_to_minigrads_functions_stay_plain():
    for function in (mg.exp, mg.sum, mg.relu, mg.sigmoid, mg.mean, mg.transpose, mg.square):
        assert isinstance(function(A), np.ndarray | np.generic)
    assert isinstance(mg.maximum(A, B), np.ndarray)
    assert isinstance(mg.stack([A, B]), np.ndarray)


METHODS = [
    lambda x: x.sum(0, None),
    lambda x: x.sum(None, None),
    lambda x: x.mean(0, None),
    lambda x: x.max(0, None),
    lambda x: x.prod(1, None),
    lambda x: x.var(0, None, None, 1),
    lambda x: x.cumsum(1, None),
    lambda x: x.argmax(0, None),
    lambda x: x.clip(2, 4, None),
    lambda x: x.round(1, None),
    lambda x: x.take([5, 9], None, None, "wrap"),
    lambda x: x.reshape((4, 1), order="C"),
    lambda x: x.reshape(4, 1, order="C"),
    lambda x: x[0].transpose(0),
    lambda x: x[0].transpose((0,)),
    lambda x: x.astype(np.float32, copy=False),
    lambda x: x.astype(np.float64, copy=True),
]


@pytest.mark.parametrize("call", METHODS)
def test_methods_take_the_arguments_that_ndarrays_take(call, x):
    np.testing.assert_array_equal(call(x).data, call(A), strict=True)


def test_astype_without_a_copy_is_the_tensor_itself_where_nothing_is_converted(x):
    assert x.astype(float, copy=False) is x
    assert x.astype(float) is not x


@pytest.mark.parametrize("index", [(2,), (1, 0), ((1, 0),), (-1,)])
def test_item_by_its_index(index, x):
    assert x.item(*index) == A.item(*index)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: x.sum(0, np.float32), r"np\.sum on a tensor takes no dtype=.*\n.*astype"),
        (lambda x: x.sum(None, np.float32), r"np\.sum on a tensor takes no dtype="),
        (lambda x: x.mean(0, np.float32), r"np\.mean on a tensor takes no dtype="),
        (lambda x: x.sum(dtype=np.float32), r"np\.sum on a tensor takes no dtype=.*x\.sum\(\)\.astype\(np\.float32\)"),
        (lambda x: x.cumsum(0, dtype=np.float32), r"np\.cumsum on a tensor takes no dtype="),
        (lambda x: x.any(where=A > 2), r"np\.any on a tensor takes no where="),
        (lambda x: x.clip(0, 1, np.zeros((2, 2))), r"np\.clip on a tensor takes no out="),
        (lambda x: x.reshape(4, order="F"), "C order"),
    ],
)
def test_methods_refuse_by_name_what_they_cannot_honour(call, says, x):
    with pytest.raises(TypeError, match="(?s)" + says):
        call(x)


# ----------------------------------------------------------------------------- what to write instead, in their words


@pytest.fixture
def z():
    """Another parameter."""
    return mg.tensor(B, requires_grad=True)


BUFFER = np.empty((2, 2))
WRITE_INSTEAD = [
    (lambda x, z: np.add(x, z, BUFFER), "BUFFER = np.add(x, z)"),
    (lambda x, z: np.add(x, z, out=BUFFER), "BUFFER = np.add(x, z)"),
    (lambda x, z: np.add(x, z, where=B > 1), "minigrad.where(B > 1, np.add(x, z), other)"),
    (lambda x, z: np.add(x, z, dtype=int), "np.add(x, z).astype(np.int64)"),
    (lambda x, z: np.sum(x, axis=0, where=B > 1), "np.sum(minigrad.where(B > 1, x, 0.0), axis=0)"),
    (lambda x, z: np.max(x, where=B > 1, initial=0.0), "np.max(minigrad.where(B > 1, x, -np.inf), initial=0.0)"),
    (lambda x, z: np.mean(x, 1, where=B > 1), "np.nanmean(minigrad.where(B > 1, x, np.nan), 1)"),
    (lambda x, z: np.concatenate([x, z], dtype=np.float32), "np.concatenate([x, z]).astype(np.float32)"),
    (lambda x, z: np.sum(x, axis=1, dtype="f4"), "x.astype('f4'), or after: np.sum(x, axis=1).astype('f4')"),
    (lambda x, z: np.sort(x, axis=0, order="f"), "np.sort(x, axis=0)"),
    (lambda x, z: np.union1d(x, z), "np.union1d(x.detach().numpy(), z.detach().numpy())"),
    (lambda x, z: np.bincount([0, 1], weights=x[0]), "np.bincount([0, 1], weights=x[0].detach().numpy())"),
    (lambda x, z: np.histogram(x * 2, bins=3), "np.histogram((x * 2).detach().numpy(), bins=3)"),
    (lambda x, z: math.hypot(x[0, 0], z[0, 0]), "minigrad.hypot(x[0, 0], z[0, 0])"),
    (lambda x, z: math.pow(x[0, 0], 3), "minigrad.power(x[0, 0], 3)"),
    (lambda x, z: math.fsum(x[0]), "minigrad.sum(x[0])"),
    (lambda x, z: np.mean([x, z]), "np.mean(minigrad.array([x, z]))"),
    (lambda x, z: np.sum([x.sum(), z.sum()]), "np.sum(minigrad.array([x.sum(), z.sum()]))"),
    (lambda x, z: np.full(3, x[0, 0]), "minigrad.full"),
]


@pytest.mark.parametrize(("call", "instead"), WRITE_INSTEAD)
def test_what_to_write_instead_is_their_own_call(call, instead, x, z):
    with pytest.raises(TypeError) as caught:
        call(x, z)
    first, second = str(caught.value).splitlines()
    assert "test_numpy_protocols.py:" in first
    assert instead in second


def test_what_to_write_instead_works(x, z):
    namespace = {"np": np, "minigrad": mg, "x": x, "z": z, "B": B, "other": 0.0}
    lines = [instead.removeprefix("BUFFER = ") for _, instead in WRITE_INSTEAD if instead.endswith(")")]
    for line in lines:
        if not line.startswith("x.astype") and "initial" not in line:
            eval(line, namespace)
    total = np.sum(mg.where(B > 1, x, 0.0), axis=0)
    np.testing.assert_array_equal(total.data, np.sum(A, axis=0, where=B > 1))


def test_a_matrix_product_in_place_of_an_array_is_told_as_one(x):
    array = B.copy()
    with pytest.raises(mg.GraphCutError, match=r"(?s)array @= x would write.*\nWrite array = array @ x;"):
        array @= x


def test_an_element_of_an_array_says_what_to_write(x):
    array = np.zeros(3)
    with pytest.raises(mg.GraphCutError) as caught:
        array[1:] = x[0]
    assert str(caught.value).startswith("[C01] array[1:] = x[0] would leave the graph: x[0] requires a gradient")
    assert "\nWrite array = minigrad.index_update(array, np.s_[1:], x[0]), or collect" in str(caught.value)
    with pytest.raises(ValueError, match="sequence") as caught:  # NumPy's own error, and ours is its cause
        array[2] = x[0, 1]
    assert "\nWrite array = minigrad.index_update(array, 2, x[0, 1]), or collect" in str(caught.value.__cause__)
    assert mg.index_update(mg.index_update(array, np.s_[1:], x[0]), 0, x[0, 1]).tolist() == [2, 1, 2]


def test_another_librarys_tensor_is_called_by_its_name(x):
    class Foreign:
        """Something that only shares its memory."""

        def __dlpack__(self, **keywords):
            raise NotImplementedError

    theirs = Foreign()
    for run in (lambda: x * theirs, lambda: theirs * x):
        with pytest.raises(mg.BackendError, match=r"minigrad\.from_dlpack\(theirs\)"):
            run()


@pytest.mark.parametrize(
    ("function", "near"),
    [
        (np.linalg.matrix_rank, "np.linalg.svdvals"),
        (np.linalg.eigvals, "np.linalg.eigvalsh"),
        (np.ldexp, r"x \* 2"),
    ],
)
def test_the_nearest_is_near_in_meaning(function, near, x):
    with pytest.raises(TypeError, match=rf"The nearest that has one is {near}"):
        function(x, 2) if function is np.ldexp else function(x)


def test_no_name_is_offered_for_its_letters_alone(x):
    with pytest.raises(TypeError) as caught:
        np.save("file", x)
    assert "nearest" not in str(caught.value)
