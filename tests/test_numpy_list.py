"""NumPy's whole public list, given a tensor: recorded, answered, or refused by a sentence. Never a guess.

One idea: the list is NumPy's own (`np.__all__`), so a function that a new NumPy brings is tested the day it comes.
"""

import functools
import itertools
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.op import by_function, by_numpy

ABOUT_NUMPY = {
    *("test", "info", "show_config", "show_runtime", "get_include", "seterr", "geterr", "seterrcall", "geterrcall"),
    *("set_printoptions", "get_printoptions", "printoptions", "setbufsize", "getbufsize"),
}
"""Not about arrays."""

FILES_AND_TEXT = {
    *("load", "loadtxt", "genfromtxt", "fromfile", "fromregex", "fromstring", "frombuffer"),
    *("base_repr", "binary_repr", "datetime_data", "nested_iters"),
}
"""Not from arrays of numbers."""

CALLS: dict[str, Callable[[Any, Any], Any]] = {
    "f(x)": lambda f, x: f(x),
    "f(x, x)": lambda f, x: f(x, x),
    "f([x, x])": lambda f, x: f([x, x]),
    "f(x, 0)": lambda f, x: f(x, 0),
    "f(x, 1.0, x)": lambda f, x: f(x, 1.0, x),
    "f(x, x, x)": lambda f, x: f(x, x, x),
    "f(x, 0, x)": lambda f, x: f(x, 0, x),
    "f(x[0])": lambda f, x: f(x[0]),
    "f(x[0], x[0])": lambda f, x: f(x[0], x[0]),
    "f(x, 0, 0)": lambda f, x: f(x, 0, 0),
}
"""Some of these fit every function of arrays."""

SPECIAL: dict[str, Callable[[Any, Any], Any]] = {
    "np.apply_along_axis": lambda f, x: f(np.sum, 0, x),
    "np.apply_over_axes": lambda f, x: f(np.sum, x, [0]),
    "np.bitwise_and": lambda f, x: f(x > 1, x > 2),
    "np.bitwise_or": lambda f, x: f(x > 1, x > 2),
    "np.put_along_axis": lambda f, x: f(x, np.array([[0]]), 1.0, 0),
    "np.save": lambda f, x: f("name", x),
    "np.savez": lambda f, x: f("name", x),
    "np.savez_compressed": lambda f, x: f("name", x),
    "np.savetxt": lambda f, x: f("name", x),
    "np.einsum": lambda f, x: f("ij->ji", x),
    "np.einsum_path": lambda f, x: f("ij->ji", x),
    "np.astype": lambda f, x: f(x, float),
    "np.can_cast": lambda f, x: f(x, float),
    "np.select": lambda f, x: f([x > 1], [x], 0.0),
    "np.piecewise": lambda f, x: f(x, [x > 1], [1.0]),
}
"""Others need a call of their own."""

PLAIN_ARRAYS = {
    *("np.tril_indices_from", "np.triu_indices_from", "np.diag_indices_from", "np.shape", "np.tril_indices"),
    *("np.atleast_1d", "np.atleast_2d", "np.atleast_3d", "np.broadcast_arrays", "np.meshgrid"),
    "np.linalg.lstsq",
}
"""Their answer is indices; or a constant given beside a tensor, which stays one; or singular values beside tensors."""

INTEGERS = {
    *("np.empty", "np.zeros", "np.ones", "np.eye", "np.identity", "np.indices", "np.tri", "np.mask_indices"),
    *("np.diag_indices", "np.tril_indices", "np.triu_indices", "np.broadcast_shapes", "np.fromfunction"),
    *("np.frompyfunc", "np.bartlett", "np.blackman", "np.hamming", "np.hanning", "np.kaiser"),
}
"""Of counts, not of arrays: a tensor in the place of a count is refused by Python or NumPy."""

NO_ARRAYS = frozenset({"np.isfortran", "np.typename", "np.fromiter"})
"""Of what a tensor is not: NumPy's own error says so."""

PUBLIC: dict[str, Any] = {
    f"{prefix}.{name}": getattr(module, name)
    for prefix, module in (("np", np), ("np.linalg", np.linalg))
    for name in sorted(module.__all__)
    if callable(getattr(module, name)) and not isinstance(getattr(module, name), type)
    if name not in ABOUT_NUMPY | FILES_AND_TEXT
}


def arrays_in(result: Any) -> list[Any]:
    """The NumPy arrays in a result, however nested."""
    if isinstance(result, np.ndarray):
        return [result]
    if isinstance(result, tuple | list):
        return [array for part in result for array in arrays_in(part)]
    return []


def outcome(function: Any, call: Any, x: Any) -> tuple[str, Any]:
    """What a call comes to: a result; a refusal of ours; or an error of NumPy's about numbers and shapes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return "result", call(function, x)
    except mg.MinigradError as error:
        return "refused", str(error)
    except TypeError as error:
        return "refused" if "minigrad" in str(error) or "tensor" in str(error) else "misfit", str(error)
    except (ValueError, IndexError, np.linalg.LinAlgError) as error:
        return "misfit", str(error)
    except (AttributeError, KeyError) as error:  # of a list or a number in our forms, where only arrays may be
        own = any(f"'{kind}'" in str(error) for kind in ("list", "float", "int", "numpy.ndarray"))
        return "misfit" if own else "cryptic", str(error)


@pytest.mark.parametrize("name", PUBLIC)
def test_recorded_answered_or_refused(name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # save("name", x) must not write, but if it did
    met = set()
    for form, call in {**CALLS, "its own": SPECIAL.get(name, CALLS["f(x)"])}.items():
        x = mg.tensor([[2.0, 1.0], [1.0, 3.0]], requires_grad=True)
        what, result = outcome(PUBLIC[name], call, x)
        met.add(what)
        assert what != "cryptic" or name in NO_ARRAYS, f"{form}: {result}"
        if what == "refused":
            assert len(result.replace("\n        [", " [").splitlines()) <= 2, "a quoted tensor apart, two lines"
        if what == "result":
            found = arrays_in(result)
            assert not any(array.dtype == object for array in found), f"{form} made an array of objects"
            assert not found or name in PLAIN_ARRAYS | INTEGERS, f"{form} left the graph: {result!r}"
        assert x.tolist() == [[2, 1], [1, 3]], f"{form} changed its argument"
    assert met & {"result", "refused"} or name in INTEGERS | NO_ARRAYS, "no call of it was recorded or refused"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [n for n, f in PUBLIC.items() if hasattr(f, "_implementation")])
def test_a_function_has_a_rule_or_names_itself(name: str) -> None:
    function = PUBLIC[name]
    if function in by_function:
        return
    with pytest.raises(TypeError) as caught:
        mg.tensor([1.0, 2.0]).__array_function__(function, (mg.Tensor,), (), {})
    assert function.__name__ in str(caught.value)
    assert "has no derivative rule" in str(caught.value)


BINARY = [n for n, f in PUBLIC.items() if isinstance(f, np.ufunc) and (f.nin, f.nout) == (2, 1) and not f.signature]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("method", ["reduce", "accumulate", "outer"])
def test_the_methods_of_a_ufunc_are_recorded_or_refused(name: str, method: str) -> None:
    run = getattr(PUBLIC[name], method)
    x = mg.tensor([[2.0, 1.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    rest = (np.array([1.0, 2.0]),) if method == "outer" else ()
    try:
        result = run(x, *rest)
    except TypeError as error:
        assert re.search(rf"np\.{PUBLIC[name].__name__}\.{method}|not supported for the input types", str(error))  # noqa: PT017
        return
    assert isinstance(result, mg.Tensor)
    np.testing.assert_allclose(result.data, run(x.detach().numpy(), *rest))
    if result.requires_grad and method != "outer":
        twin = mg.tensor(x.data, requires_grad=True)
        other = {"reduce": by_row, "accumulate": by_row_so_far}[method](PUBLIC[name], twin)
        weights = np.arange(1.0, result.size + 1).reshape(result.shape)
        expected = mg.gradients(other, twin, output_gradients=weights)
        np.testing.assert_allclose(mg.gradients(result, x, output_gradients=weights).data, expected.data)


def by_row(ufunc: Any, x: Any) -> Any:
    """Reduced over the first axis, one call a row."""
    return functools.reduce(ufunc, x)


def by_row_so_far(ufunc: Any, x: Any) -> Any:
    """Accumulated along the first axis, one call a row."""
    return np.stack(list(itertools.accumulate(x, ufunc)))


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.exp, np.logaddexp])
def test_changes_in_place_and_pieces_are_refused(ufunc: Any) -> None:
    x = mg.tensor([2.0, 1.0, 3.0], requires_grad=True)
    with pytest.raises(mg.GraphCutError, match=r"(?s)changes an array in place.*minigrad\.index_add"):
        ufunc.at(x, 0, 1.0) if ufunc.nin == 2 else ufunc.at(x, 0)
    if ufunc.nin == 2:
        with pytest.raises(mg.GraphCutError, match=r"(?s)at changes an array in place"):
            ufunc.at(np.ones(3), 0, x[0])
        with pytest.raises(TypeError, match=r"(?s)reduceat has no derivative rule.*np\.stack"):
            ufunc.reduceat(x, [0, 1])
    assert x.tolist() == [2, 1, 3]


def test_what_is_suggested_has_a_rule() -> None:
    known = {f.__name__ for f in (*by_numpy, *by_function)}
    for name, function in PUBLIC.items():
        if function in by_function or function in by_numpy:
            continue
        what, said = outcome(function, lambda f, x: f(x), mg.tensor([1.0, 2.0]))
        near = re.search(r"The nearest that has one is np\.([\w.]+\w)", said if what == "refused" else "")
        assert near is None or near[1].rpartition(".")[2] in known, f"{name}: {said}"
