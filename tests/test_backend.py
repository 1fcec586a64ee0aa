"""Array libraries: which one is chosen, and what happens when two meet.

One idea: everything about a second library can be tested without a GPU, by a tiny
library made here that computes with NumPy and refuses to mix, as CuPy does.
"""

import os
import subprocess
import sys
import threading
import types

import numpy as np
import pytest

import minigrad as mg


class Array:
    """An array of a library that is not NumPy: it computes with its own kind and with numbers only."""

    def __init__(self, values):
        self.values = np.asarray(values)

    dtype = property(lambda self: self.values.dtype)
    shape = property(lambda self: self.values.shape)
    ndim = property(lambda self: self.values.ndim)
    size = property(lambda self: self.values.size)
    __cuda_array_interface__ = property(lambda self: {"version": 3})

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **keywords):
        if any(isinstance(x, np.ndarray) for x in inputs):
            raise TypeError(f"Unsupported type {np.ndarray}")  # CuPy's words
        values = [x.values if isinstance(x, Array) else x for x in inputs]
        result = getattr(ufunc, method)(*values, **keywords)
        if out is not None:
            out[0].values[...] = result
            return out[0]
        return Array(result)

    def __array__(self, *args, **keywords):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")

    def __mul__(self, other):
        return np.multiply(self, other)

    def __rmul__(self, other):
        return np.multiply(other, self)

    def __add__(self, other):
        return np.add(self, other)

    def __radd__(self, other):
        return np.add(other, self)

    def __sub__(self, other):
        return np.subtract(self, other)

    def __neg__(self):
        return np.negative(self)

    def __isub__(self, other):
        return np.subtract(self, other, out=self)

    def __iadd__(self, other):
        return np.add(self, other, out=self)

    def __eq__(self, other):
        return np.equal(self, other)

    def __ne__(self, other):
        return np.not_equal(self, other)

    __hash__ = None

    def __bool__(self):
        return bool(self.values)

    def __getitem__(self, index):
        return Array(self.values[index])

    def sum(self, axis=None, keepdims=False):
        return Array(self.values.sum(axis=axis, keepdims=keepdims))

    def any(self):
        return Array(self.values.any())

    def reshape(self, *shape):
        return Array(self.values.reshape(*shape))

    def astype(self, dtype, copy=True):
        return Array(self.values.astype(dtype))

    def copy(self):
        return Array(self.values.copy())

    def item(self):
        return self.values.item()


class LenientArray(Array):
    """One that mixes silently: its arrays win."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **keywords):
        values = [x.values if isinstance(x, Array) else x for x in inputs]
        return type(self)(getattr(ufunc, method)(*values, **keywords))


@pytest.fixture
def foreign(monkeypatch):
    """The function that makes an array of the foreign library."""
    library = types.ModuleType("foreign")
    library.asarray = lambda values, dtype=None: Array(np.asarray(values, dtype))
    library.array = lambda values, dtype=None, copy=True: Array(np.array(values.values, dtype))
    library.ones = lambda shape, dtype=float: Array(np.ones(shape, dtype))
    library.zeros = lambda shape, dtype=float: Array(np.zeros(shape, dtype))
    monkeypatch.setitem(sys.modules, "foreign", library)
    for kind in (Array, LenientArray):
        monkeypatch.setattr(kind, "__module__", "foreign.core")
    return Array


# ----------------------------------------------------------------------------- the default


def test_numpy_is_the_default(monkeypatch):
    monkeypatch.delenv("MINIGRAD_BACKEND", raising=False)
    assert mg.backend.default_backend() == "numpy"
    assert mg.backend.library() is np
    assert mg.backend.library("numpy") is np
    assert type(mg.zeros(2).data) is np.ndarray


def test_the_context_manager_nests_and_restores(monkeypatch):
    monkeypatch.setenv("MINIGRAD_BACKEND", "nonsense")
    use = mg.backend.use("numpy")
    with use:
        assert mg.backend.default_backend() == "numpy"
        with use, mg.backend.use("numpy"):
            assert type(mg.zeros(2).data) is np.ndarray
        assert mg.backend.default_backend() == "numpy"
    with pytest.raises(mg.BackendError, match="nonsense"):
        mg.zeros(2)
    with pytest.raises(ZeroDivisionError), mg.backend.use("numpy"):
        raise ZeroDivisionError
    with pytest.raises(mg.BackendError, match="nonsense"):
        mg.backend.default_backend()


def test_the_context_manager_is_for_its_own_thread(monkeypatch):
    monkeypatch.setenv("MINIGRAD_BACKEND", "nonsense")
    seen = []

    def work():
        try:
            mg.zeros(2)
        except mg.BackendError:
            seen.append("the environment's")

    with mg.backend.use("numpy"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen == ["the environment's"]


def test_the_argument_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("MINIGRAD_BACKEND", "nonsense")
    assert mg.zeros(2, backend="numpy").tolist() == [0, 0]
    assert mg.tensor([1.0], backend="numpy").tolist() == [1]
    assert mg.rand(3, backend="numpy").shape == (3,)


def test_an_empty_variable_is_no_choice(monkeypatch):
    monkeypatch.setenv("MINIGRAD_BACKEND", "")
    assert mg.backend.default_backend() == "numpy"


def run(program, **environment):
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("numpy", "[0.0, 0.0]"),
        ("torch", "BackendError: MINIGRAD_BACKEND is 'torch', which is not an array library minigrad knows"),
    ],
)
def test_the_environment_variable(value, expected):
    result = run("import minigrad as mg; print(mg.zeros(2).tolist())", MINIGRAD_BACKEND=value)
    assert expected in result.stdout + result.stderr
    assert (result.returncode == 0) == (value == "numpy")


@pytest.mark.parametrize("name", ["torch", "", "NumPy", "jax.numpy"])
def test_an_unknown_name(name):
    for ask in (mg.backend.library, mg.backend.use, mg.ones(2).to, lambda n: mg.zeros(2, backend=n)):
        with pytest.raises(mg.BackendError, match=r"not an array library(.|\n)*'numpy', 'cupy'"):
            ask(name)


# ----------------------------------------------------------------------------- CuPy that is not there


@pytest.fixture
def _no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # import cupy now raises ImportError


ASKING = {
    "argument": lambda: mg.zeros(2, backend="cupy"),
    "tensor": lambda: mg.tensor([1.0], backend="cupy"),
    "random": lambda: mg.rand(2, backend="cupy"),
    "context": lambda: mg.backend.use("cupy"),
    "to": lambda: mg.ones(2).to("cupy"),
    "library": lambda: mg.backend.library("cupy"),
    "move": lambda: mg.backend.move(np.ones(2), "cupy"),
}


@pytest.mark.usefixtures("_no_cupy")
@pytest.mark.parametrize("how", ASKING)
def test_cupy_is_not_installed(how):
    with pytest.raises(mg.BackendError, match=r"CuPy is not installed(.|\n)*minigrad\[cuda12\].*minigrad\[cuda13\]"):
        ASKING[how]()
    assert type(mg.zeros(2).data) is np.ndarray


def test_cupy_by_the_environment_is_not_installed():
    program = "import sys; sys.modules['cupy'] = None; import minigrad as mg; mg.zeros(2)"
    result = run(program, MINIGRAD_BACKEND="cupy")
    assert result.returncode == 1
    assert "BackendError: the cupy backend was asked for, but CuPy is not installed" in result.stderr


@pytest.mark.parametrize("broken", ["no driver", "no card"])
def test_cupy_without_a_gpu(monkeypatch, broken):
    class CUDARuntimeError(RuntimeError):
        pass

    def count():
        if broken == "no driver":
            raise CUDARuntimeError("cudaErrorInsufficientDriver")
        return 0

    runtime = types.SimpleNamespace(getDeviceCount=count, CUDARuntimeError=CUDARuntimeError)
    cupy = types.ModuleType("cupy")
    cupy.cuda = types.SimpleNamespace(runtime=runtime)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    with pytest.raises(mg.BackendError, match=r'GPU(.|\n)*backend="numpy"'):
        mg.zeros(2, backend="cupy")


# ----------------------------------------------------------------------------- two libraries


def test_an_operation_runs_where_its_arrays_live(foreign):
    x = mg.from_numpy(foreign([1.0, 2.0]), requires_grad=True)
    c = mg.from_numpy(foreign([3.0, 4.0]))
    y = x * c + x * 2.0 - 1.0
    assert type(y.data) is foreign
    assert y.data.values.tolist() == [4, 11]
    y.backward(foreign([1.0, 10.0]))
    assert type(x.grad.data) is foreign
    assert x.grad.data.values.tolist() == [5, 60]
    assert x.grad.dtype == np.float64


def test_no_gradient_given_starts_in_the_same_library(foreign):
    x = mg.from_numpy(foreign(3.0), requires_grad=True)
    (x * x).backward()
    assert type(x.grad.data) is foreign
    assert x.grad.data.values == 6


MIXED = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "@": lambda a, b: a @ b,
    ">": lambda a, b: a > b,
    "maximum": mg.maximum,
    "where": lambda a, b: mg.where(np.array([True, False]), a, b),
    "concatenate": lambda a, b: mg.concatenate([a, b]),
}


@pytest.mark.parametrize("name", MIXED)
@pytest.mark.parametrize("order", ["numpy first", "foreign first"])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_mixing_says_how_to_move(foreign, name, order, requires_grad):
    a = mg.from_numpy(np.array([1.0, 2.0]), requires_grad=requires_grad)
    b = mg.from_numpy(foreign([3.0, 4.0]))
    pair = (a, b) if order == "numpy first" else (b, a)
    with pytest.raises(mg.BackendError, match=r"mixes arrays of foreign and numpy(.|\n)*x\.to\("):
        MIXED[name](*pair)


@pytest.mark.parametrize("order", ["numpy first", "foreign first"])
def test_mixing_with_a_bare_array(foreign, order):
    x, y = mg.tensor([1.0, 2.0]), foreign([3.0, 4.0])
    with pytest.raises(mg.BackendError, match="mixes arrays"):
        x * y if order == "numpy first" else mg.multiply(y, x)
    z, a = mg.from_numpy(y), np.ones(2)
    with pytest.raises(mg.BackendError, match="mixes arrays"):
        z * a if order == "numpy first" else mg.multiply(a, z)


@pytest.mark.usefixtures("foreign")
def test_mixing_that_the_library_itself_would_allow():
    a, b = mg.tensor([1.0, 2.0]), mg.from_numpy(LenientArray([3.0, 4.0]))
    for pair in ((a, b), (b, a)):
        with pytest.raises(mg.BackendError, match="mixes arrays"):
            mg.multiply(*pair)


def test_a_gradient_of_the_other_library(foreign):
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(mg.BackendError, match="mixes arrays"):
        (x * x).backward(foreign([1.0, 1.0]))
    assert x.grad is None


def test_an_update_in_place_from_the_other_library(foreign):
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    with mg.no_grad(), pytest.raises((mg.BackendError, TypeError)):
        x -= mg.from_numpy(foreign([1.0, 1.0]))
    assert x.detach().tolist() == [1, 2]


def test_numbers_do_not_mix(foreign):
    x = mg.from_numpy(foreign([1.0, 2.0]), requires_grad=True)
    assert (2 * x + 1).data.values.tolist() == [3, 5]


def test_an_array_of_no_known_library():
    class Strange:
        dtype = np.dtype(float)
        shape = (2,)

    with pytest.raises(mg.BackendError, match=r"no array library is known for .*Strange(.|\n)*minigrad\.tensor"):
        mg.tensor(Strange())


# ----------------------------------------------------------------------------- asking and moving


@pytest.mark.parametrize("value", [np.ones(2), np.float32(1), 1.0, 1, True])
def test_what_belongs_to_numpy(value):
    assert mg.backend.library_of(value) is np


def test_what_belongs_to_another(foreign):
    assert mg.backend.library_of(foreign([1.0])) is sys.modules["foreign"]


def test_moving_to_where_it_is():
    a = np.ones(2)
    assert mg.backend.move(a, "numpy") is a
    assert mg.backend.to_numpy(a) is a
    x = mg.tensor([1.0], requires_grad=True)
    assert x.to("numpy") is x
    y = x * 2
    assert y.to("numpy") is y
