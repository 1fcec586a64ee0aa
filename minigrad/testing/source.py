"""Values and functions as code to paste: what a report prints can be run as it stands.

One idea: `eval(paste(v))` is v again, to the last bit, with `np` (and `mg` for tensors) imported.
What cannot be said in code, a lambda or an open file, is put in angle brackets, so that nobody
mistakes it for code.
"""

import collections
import dataclasses
import enum
import functools
import math
import os.path
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..value import Value

_HOMES = ("numpy", "numpy.linalg", "numpy.fft", "math", "operator", "scipy.special", "scipy.linalg")
"""Where to look for a function that does not say where it comes from: most ufuncs do not."""


def paste(value: Any) -> str:
    """The code of a value: an array with its dtype and layout, a container, a slice, a function.

    >>> import numpy as np
    >>> paste((np.array([0.5, -np.inf], np.float32), slice(None, 2)))
    'np.s_[np.array([0.5, -np.inf], np.float32), :2]'
    """
    if isinstance(value, Value):
        return _tensor(value)
    if type(value) is np.ndarray:
        return _array(value)
    if isinstance(value, np.generic):
        return _scalar(value)
    if isinstance(value, enum.Enum):
        return f"{code_of(type(value))}.{value.name}" if value.name else bracket(repr(value))
    if value is None or value is Ellipsis or isinstance(value, bool):
        return "..." if value is Ellipsis else repr(value)
    if type(value) is float:
        return _number(value)
    if type(value) is complex:
        return _complex(value)
    if type(value) in (int, str, bytes, range):
        return repr(value)
    if isinstance(value, slice):
        return f"np.s_[{_slice(value)}]"
    if isinstance(value, np.dtype):
        return f"np.dtype({_dtype(value)})"
    if isinstance(value, (tuple, list, dict, set, frozenset)):
        return _container(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f for f in dataclasses.fields(value) if f.init]
        return f"{code_of(type(value))}({', '.join(f'{f.name}={paste(getattr(value, f.name))}' for f in fields)})"
    if type(value).__module__.partition(".")[0] == "cupy" and hasattr(value, "get"):
        return f"cp.asarray({paste(value.get())})"
    if callable(value):
        return code_of(value)
    return bracket(type(value).__name__)


def bracket(words: str) -> str:
    """Words in angle brackets: what is no code and does not pretend to be."""
    return f"<{words.strip('<>')}>"


# ------------------------------------------------------------------------------------------ numbers


def _number(x: float) -> str:
    if math.isfinite(x):
        return repr(x)
    return "np.nan" if math.isnan(x) else "np.inf" if x > 0 else "-np.inf"


def _complex(z: complex) -> str:
    # 0j - 0.0 and inf*j lose a sign or become NaN when they are written as a sum.
    return f"complex({_number(z.real)}, {_number(z.imag)})"


def _element(x: Any) -> str:
    """A NumPy scalar inside np.array(..., dtype): as short as its own dtype can be told from the neighbours."""
    kind = x.dtype.kind
    if kind == "f":
        if not np.isfinite(x):
            return _number(float(x))
        if x.dtype.itemsize > 8:
            return repr(str(x))  # as a string: a double would have cut it
        text = str(x) if x.dtype.itemsize < 8 else repr(float(x))
        if x.dtype.type(float(text)) != x:  # rounded twice, decimal to double to float, it can be another number
            text = repr(float(x))
        return text[:-1] if text.endswith(".0") else text
    if kind == "c":
        return _complex(complex(x))
    return repr(x.item())


def _scalar(x: Any) -> str:
    kind = x.dtype.kind
    if kind == "b":
        return "np.True_" if x else "np.False_"
    if kind in "VmM" or (kind == "c" and x.dtype.itemsize > 16):
        return bracket(repr(x))
    text = _element(x)
    return f"np.{type(x).__name__}({text + '0' if text.endswith('.') else text})"


# ------------------------------------------------------------------------------------------- arrays


def _dtype(dtype: np.dtype[Any]) -> str:
    """A dtype as an argument: np.float32, or '>f8' in quotes."""
    if dtype.isnative and dtype.kind in "fciub":
        return f"np.{dtype.type.__name__}"
    return repr(dtype.str)


def _tensor(tensor: Any) -> str:
    array = tensor.data
    elsewhere = not isinstance(array, np.ndarray)
    words = [_array(array.get() if elsewhere else array)]
    words += ["requires_grad=True"] * tensor.requires_grad
    words += ['backend="cupy"'] * elsewhere
    return f"mg.tensor({', '.join(words)})"


def _array(a: np.ndarray[Any, Any]) -> str:
    if a.dtype.kind in "OVmM" or (a.dtype.kind == "c" and a.dtype.itemsize > 16):
        return bracket(f"array of {a.dtype} {a.shape}")
    if not a.size:
        return f"np.zeros({_shape(a.shape)}{_as_dtype(a.dtype, 'f8')})"
    stretched = tuple(0 if s == 0 and n > 1 else slice(None) for n, s in zip(a.shape, a.strides, strict=True))
    if 0 in [i for i in stretched if i == 0]:
        once = a[tuple(slice(0, 1) if i == 0 else i for i in stretched)]
        return f"np.broadcast_to({_array(once)}, {_shape(a.shape)})"
    turned = tuple(slice(None, None, -1) if s < 0 < n - 1 else slice(None) for n, s in zip(a.shape, a.strides))
    if slice(None, None, -1) in turned:
        return f"{_array(a[turned])}[{', '.join(_slice(s) for s in turned)}]"
    return _literal(a)


def _shape(shape: tuple[int, ...]) -> str:
    return str(shape[0]) if len(shape) == 1 else str(shape)


def _as_dtype(dtype: np.dtype[Any], otherwise: str) -> str:
    return "" if dtype == np.dtype(otherwise) and dtype.isnative else f", {_dtype(dtype)}"


def _literal(a: np.ndarray[Any, Any]) -> str:
    """An array written out, or np.zeros, np.ones, np.full where every element is the same and that is shorter."""
    fortran = ', order="F"' if a.flags.f_contiguous and not a.flags.c_contiguous else ""
    kind = a.dtype.kind
    named = _as_dtype(a.dtype, {"f": "f8", "c": "c16", "b": "?"}.get(kind, "i8"))
    if kind in "US":
        named = f", {a.dtype.str!r}"
    flat = a.ravel()
    words = [_element(x) for x in (flat[:1] if a.size > 4 and _all_same(flat) else flat)]
    if len(words) < a.size:
        word = words[0]
        shape = _shape(a.shape)
        if kind in "fiub" and word in ("0.", "0", "1.", "1", "False", "True"):
            what = "zeros" if word in ("0.", "0", "False") else "ones"
            return f"np.{what}({shape}{_as_dtype(a.dtype, 'f8')}{fortran})"
        return f"np.full({shape}, {word + '0' if word.endswith('.') else word}{named}{fortran})"
    return f"np.array({_nested(words, a.shape)}{named}{fortran})"


def _all_same(flat: np.ndarray[Any, Any]) -> bool:
    """Whether all elements are one, to the bit: 0.0 is not -0.0."""
    return bool((flat == flat[0]).all()) and (flat.dtype.kind not in "fc" or not (flat == 0).any() or _plain_zero(flat))


def _plain_zero(flat: np.ndarray[Any, Any]) -> bool:
    return not np.signbit(flat.real).any() and not np.signbit(flat.imag).any()


def _nested(words: list[str], shape: tuple[int, ...]) -> str:
    if not shape:
        return words[0]
    step = len(words) // shape[0]
    return f"[{', '.join(_nested(words[n : n + step], shape[1:]) for n in range(0, len(words), step))}]"


# --------------------------------------------------------------------------------------- containers


def _slice(s: slice) -> str:
    start, stop = ("" if part is None else paste(part) for part in (s.start, s.stop))
    return f"{start}:{stop}" + ("" if s.step is None else f":{paste(s.step)}")


def _container(value: Any) -> str:
    kind = type(value)
    if isinstance(value, dict):
        inside = "{" + ", ".join(f"{paste(k)}: {paste(v)}" for k, v in value.items()) + "}"
        if isinstance(value, collections.defaultdict):
            inside = f"{code_of(value.default_factory)}, {inside}"
        return inside if kind is dict else f"{code_of(kind)}({inside})"
    if hasattr(kind, "_fields"):
        return f"{code_of(kind)}({', '.join(f'{n}={paste(v)}' for n, v in zip(kind._fields, value, strict=True))})"
    if kind is tuple and any(isinstance(v, slice) for v in value):
        inside = ", ".join(_slice(v) if isinstance(v, slice) else paste(v) for v in value)
        return f"np.s_[{inside}{',' * (len(value) == 1)}]"
    inside = ", ".join(paste(v) for v in value)
    if kind is tuple:
        return f"({inside}{',' * (len(value) == 1)})"
    if kind is list:
        return f"[{inside}]"
    if kind is set and value:
        return "{" + inside + "}"
    if kind in (set, frozenset) and not value:
        return f"{kind.__name__}()"
    return f"{code_of(kind)}([{inside}])"


# ---------------------------------------------------------------------------------------- functions


def name_of(f: Any) -> str:
    """What to call a function in a sentence: `maximum`, `Model.forward`, `<lambda at fit.py:12>`.

    >>> import numpy as np
    >>> name_of(np.sinc)
    'sinc'
    """
    if isinstance(f, functools.partial):
        return name_of(f.func)
    owner, name = getattr(f, "__self__", None), getattr(f, "__name__", "")
    if isinstance(owner, type) and name == "apply":  # torch.autograd.Function.apply: its class is the function
        return owner.__name__
    if owner is not None and name and not _is_module(owner):
        return f"{(owner if isinstance(owner, type) else type(owner)).__name__}.{name}"
    if name == "<lambda>":
        return code_of(f)
    return name or type(f).__name__


def code_of(f: Any) -> str:
    """The code that names a function or a class: `mg.maximum`, `np.sinc`, `mymodule.f`.

    What no import reaches, a lambda or a function inside a function, is said in angle brackets
    with its line: `<lambda at fit.py:12>`.

    >>> import numpy as np
    >>> code_of(np.linalg.inv)
    'np.linalg.inv'
    """
    if isinstance(f, functools.partial):
        words = [code_of(f.func), *map(paste, f.args), *(f"{k}={paste(v)}" for k, v in f.keywords.items())]
        return f"functools.partial({', '.join(words)})"
    name = getattr(f, "__qualname__", "") or getattr(f, "__name__", "")
    for prefix, module in (("mg.", "minigrad"), ("mg.ops.", "minigrad.ops")):
        if name and getattr(sys.modules.get(module), name, None) is f:
            return prefix + name
    homes = [home for home in (getattr(f, "__module__", None), *_HOMES) if isinstance(home, str)]
    for home in homes:
        if name and home in sys.modules and _reach(sys.modules[home], name) is f:
            if home in ("builtins", "__main__"):
                return name
            return ("np" + home.removeprefix("numpy") if home.partition(".")[0] == "numpy" else home) + "." + name
    owner = getattr(f, "__self__", None)
    if owner is not None and not _is_module(owner) and name:
        return f"{paste(owner)}.{f.__name__}"
    plain = name.rpartition("<locals>.")[2].strip("<>") or type(f).__name__
    return f"<{plain}{_line(f)}>"


def _is_module(owner: Any) -> bool:
    return isinstance(owner, type(sys))


def _reach(module: Any, name: str) -> Any:
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _line(f: Callable[..., Any]) -> str:
    code = getattr(f, "__code__", None)
    return "" if code is None else f" at {os.path.basename(code.co_filename)}:{code.co_firstlineno}"
