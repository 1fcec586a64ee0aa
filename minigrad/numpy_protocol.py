"""NumPy's functions, called with a tensor: recorded, or refused by a sentence that says what to write.

One idea: NumPy asks its argument. `np.exp(x)` asks `x.__array_ufunc__`, `np.sum(x)` asks
`x.__array_function__`, and what they do is here: look the function up in `by_numpy` and
`by_function`, see to the keywords, and never guess.
"""

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import explain
from .errors import DtypeError, GraphCutError
from .explain.rewriting import inputs_at, renamed, with_first, without
from .graph import apply
from .op import by_function, by_numpy
from .place import at, here, name_of
from .value import Value

# ----------------------------------------------------------------------------- universal functions


def array_ufunc(self: Value, ufunc: np.ufunc, method: str, *inputs: Any, **keywords: Any) -> Any:
    """NumPy's `np.exp(x)`, `np.add.reduce(x)`, `np.multiply.outer(x, y)`, ... of tensors."""
    op = by_numpy.get(ufunc)
    if method == "__call__" and not keywords and op is not None:
        return apply(op, *inputs)
    name = full_name(ufunc) + ("" if method == "__call__" else f".{method}")
    if method in _INSTEAD_OF_METHOD:
        raise GraphCutError(f"{name} {_WHY_NOT[method]}{at(here())}.\n{_INSTEAD_OF_METHOD[method]}")
    if method == "reduce":
        return _reduced(name, _REDUCE, ufunc, inputs, keywords)
    if method == "accumulate":
        return _reduced(name, _ACCUMULATE, ufunc, inputs, keywords)
    run = by_function.get(ufunc) if op is None else (lambda *args: apply(op, *args))
    if run is None:
        raise no_rule(name, ufunc.__name__, inputs)
    inputs = _as_dtype(name, inputs, keywords)
    if method == "outer":
        if op is not None and not op.elementwise:
            raise no_rule(name, "outer", inputs)
        left, right = inputs
        inputs = (_grown(left, np.ndim(right), True), _grown(right, np.ndim(left), False))
    return run(*inputs)


_REDUCE: dict[Any, Any] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logaddexp: "logsumexp",
    np.logical_and: np.all,
    np.logical_or: np.any,
}
"""What reduces with each; what has no name in NumPy is ours."""

_ACCUMULATE: dict[Any, Any] = {np.add: np.cumsum, np.multiply: np.cumprod}

_WHY_NOT = {
    "at": "changes an array in place, and no gradient passes through a change",
    "reduceat": "has no derivative rule in minigrad",
}
_INSTEAD_OF_METHOD = {
    "at": "Compute a new tensor: minigrad.index_add(x, index, values), or minigrad.where(mask, new, x)",
    "reduceat": "Reduce each piece, and join them: np.stack([np.sum(piece) for piece in np.split(x, indices)])",
}


def _reduced(name: str, table: dict[Any, Any], ufunc: np.ufunc, inputs: Any, keywords: dict[str, Any]) -> Any:
    """np.add.reduce(x) is np.sum(x, axis=0), and so on."""
    function = table.get(ufunc)
    ours = _by_name(function) if isinstance(function, str) else by_function.get(function)
    if ours is None:
        raise no_rule(name, getattr(function, "__name__", None) or ufunc.__name__, inputs)
    axis, keepdims = keywords.pop("axis", 0), keywords.pop("keepdims", False)
    inputs = _as_dtype(name, inputs, keywords)
    return ours(*inputs, axis=axis, keepdims=True) if keepdims else ours(*inputs, axis=axis)


def _by_name(name: str) -> Callable[..., Any] | None:
    from . import ops  # defined after Tensor, which is defined after this

    return getattr(ops, name, None)


def _grown(x: Any, count: int, behind: bool) -> Any:
    """x with `count` axes of length 1 behind its own, or before them."""
    if not count:
        return x
    shape = np.shape(x)
    ones = (1,) * count
    return np.reshape(x, shape + ones if behind else ones + shape)


_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "out": (None,),
    "where": (True,),
    "dtype": (None,),
    "order": ("K",),
    "subok": (True, False),  # a tensor is no subclass of ndarray
    "casting": ("same_kind", "safe", "unsafe"),
    "initial": (np._NoValue,),
}
"""What changes nothing."""


def _as_dtype(name: str, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
    """The inputs converted as `dtype=` and `casting=` ask. Raises TypeError for every other keyword that matters."""
    for keyword, value in sorted(keywords.items(), key=lambda item: item[0] != "out"):  # a @= x has axes= of its own
        if keyword == "dtype" and value is not None:
            if np.dtype(value).kind != "f":
                call = without(here(), name, keyword)[0] or f"{name}(x)"
                raise DtypeError(
                    f"{name} on a tensor computes with real numbers, not with dtype={np.dtype(value)}{at(here())}.\n"
                    f"Convert the result: {call}.astype(np.{np.dtype(value)})"
                )
        elif not _is_any(value, _DEFAULTS.get(keyword, ())):
            raise _refused(name, keyword, value, inputs)
    dtype = keywords.get("dtype")
    if dtype is None:
        return inputs
    casting = keywords.get("casting", "same_kind")
    dtype = np.dtype(dtype)
    converted = []
    for x in inputs:
        if not hasattr(x, "dtype"):
            x = np.asarray(x)
        if not np.can_cast(x.dtype, dtype, casting):
            raise DtypeError(
                f"{name} cannot make {dtype} of {x.dtype} with casting={casting!r}{at(here())}.\n"
                f"Convert it first, x.astype(np.{dtype}), or leave dtype= out"
            )
        converted.append(x if x.dtype == dtype else np.astype(x, dtype))
    return tuple(converted)


def _is_any(value: Any, defaults: tuple[Any, ...]) -> bool:
    """Whether a keyword's value is one that changes nothing. An array is none, and is not compared."""
    return any(value is default or (isinstance(value, str) and value == default) for default in defaults)


_INSTEAD: dict[str, str] = {
    "out": "A result is always a new tensor: {into} = {call}",
    "where": "Compute everywhere, then choose: minigrad.where({value}, {call}, other)",
    "dtype": "Convert {before}after: {call}.astype({value})",
    "casting": "Convert before: {x}.astype(dtype)",
    "order": "A tensor has no memory order of its own: {call}",
    "initial": "Combine with it afterwards, as in np.sum(x) + initial or np.maximum(np.max(x), initial)",
    "axes": "Bring the axes to the end first: np.moveaxis(x, axis, -1)",
    "axis": "Bring the axis to the end first: np.moveaxis(x, axis, -1)",
    "signature": "Convert before: {x}.astype(dtype)",
}

_INSTEAD_OF_WHERE = {"sum": "0.0", "prod": "1.0", "max": "-np.inf", "min": "np.inf", "all": "True", "any": "False"}
_INSTEAD_OF_WHERE |= {"add.reduce": "0.0", "multiply.reduce": "1.0", "amax": "-np.inf", "amin": "np.inf"}
_INSTEAD_OF_WHERE |= {"maximum.reduce": "-np.inf", "minimum.reduce": "np.inf"}
"""What changes nothing in a reduction, and stands for what it leaves out."""


def _refused(name: str, keyword: str, value: Any, inputs: tuple[Any, ...]) -> TypeError:
    """A keyword that cannot be honoured."""
    array = value[0] if keyword == "out" and isinstance(value, tuple) else None
    if array is not None and not isinstance(array, Value) and inputs and inputs[0] is array:
        a = name_of(lambda v: v is array, "a")
        x = name_of(lambda v: isinstance(v, Value) and any(v is i for i in inputs), "x")
        sign = _SIGNS.get(name, "+")
        return GraphCutError(
            f"{a} {sign}= {x} would write the tensor {x} into an array, which keeps no record{at(here())}.\n"
            f"Write {a} = {a} {sign} {x}; or, where no gradient should pass, {a} {sign}= {x}.detach().numpy()"
        )
    return TypeError(f"{name} on a tensor takes no {keyword}={at(here())}.\n{_mended(name, keyword, len(inputs))}")


def _mended(name: str, keyword: str, count: int) -> str:
    """What to write without a keyword, or what came by position after the inputs: the reader's own call if possible."""
    call, said = without(here(), name, keyword)
    given = inputs_at(here(), name)
    if not call and 0 < count < len(given):
        call, said = f"{name}({', '.join(given[:count])})", given[count]
    x = next(iter(given), "x") if call else "x"
    short = name.removeprefix("np.")
    if keyword == "where" and (short in _INSTEAD_OF_WHERE or f"nan{short}" in _NAN):
        chosen = f"minigrad.where({said or 'mask'}, {x}, {_INSTEAD_OF_WHERE.get(short, 'np.nan')})"
        function = name if short in _INSTEAD_OF_WHERE else f"np.nan{short}"
        rest = with_first(here(), name, keyword, function, chosen) or f"{function}({chosen})"
        return f"Put what changes nothing in the place of the others: {rest}"
    if keyword == "order" and short.removeprefix("arg") in ("sort", "partition"):
        return f"It names the fields of an array of records, and a tensor has none: {call or f'{name}(x)'}"
    into = said if said.isidentifier() else "y"
    before = f"before, {x}.astype({said}), or " if x.isidentifier() and said else ""
    return _INSTEAD.get(keyword, "Leave it out: {call}").format(
        call=call or f"{name}(x)", into=into, x=x, before=before, value=said or _VALUES.get(keyword, "")
    )


_VALUES = {"where": "mask", "dtype": "dtype"}
"""What stands for a value that cannot be read in the reader's line."""


_NAN = ("nanmean", "nanstd", "nanvar")
"""Reductions in which nothing changes nothing, so that NaN has to."""

_SIGNS = {
    "np.add": "+",
    "np.subtract": "-",
    "np.multiply": "*",
    "np.divide": "/",
    "np.power": "**",
    "np.remainder": "%",
    "np.floor_divide": "//",
    "np.matmul": "@",
    "np.bitwise_and": "&",
    "np.bitwise_or": "|",
    "np.bitwise_xor": "^",
}

# ----------------------------------------------------------------------------- functions


def array_function(
    self: Value, function: Callable[..., Any], types: Any, args: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """NumPy's `np.sum(x)`, `np.concatenate([x, y])`, ... of tensors."""
    ours = by_function.get(function)
    if ours is None:
        raise no_rule(full_name(function), function.__name__, (*args, *keywords.values()))
    _, alike = _names_of_arguments(function, ours)
    if len(args) <= alike:
        try:
            return ours(*args, **keywords)
        except TypeError:
            if takes(ours, args, keywords):
                raise
    return as_numpy(function, *args, **keywords)


def as_numpy(function: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """Our version of NumPy's function, called as NumPy's is; TypeError for an argument that ours cannot honour."""
    ours = by_function.get(function) or functools.partial(apply, by_numpy[function])
    names, alike = _names_of_arguments(function, ours)
    args, keywords = _as_ours(names, alike, args, keywords)
    if not takes(ours, args, keywords):
        raise _not_taken(function, ours, keywords)
    return ours(*args, **keywords)


@functools.cache
def _names_of_arguments(function: Any, ours: Callable[..., Any]) -> tuple[dict[str, tuple[str, Any]], int]:
    """What we call each argument of NumPy's function, and its default; and how many come first in the same order.

    NumPy's sum(a, axis, dtype, out, keepdims) is our sum(x, axis, keepdims): two come first.
    """
    try:
        theirs = list(inspect.signature(function).parameters.values())
    except ValueError:  # a builtin that tells no signature
        return {}, sys.maxsize
    mine = list(inspect.signature(ours).parameters.values())
    their_names, my_names = {p.name for p in theirs}, {p.name for p in mine}
    names = {p.name: (p.name, p.default) for p in theirs}
    for n, (a, x) in enumerate(zip(theirs, mine, strict=False)):
        if x.kind is x.VAR_POSITIONAL or a.kind is a.VAR_POSITIONAL:
            return names, sys.maxsize
        if a.name != x.name:
            if a.name in my_names or x.name in their_names or a.name in _INSTEAD:
                return names, n
            names[a.name] = (x.name, a.default)
    return names, min(len(theirs), len(mine))


def _as_ours(
    names: dict[str, tuple[str, Any]], alike: int, args: tuple[Any, ...], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """A call of NumPy's function as one of ours: by our names, without what says what NumPy does anyway."""
    if names and len(args) <= len(names):
        keywords = dict(zip(list(names)[alike:], args[alike:], strict=False)) | keywords
        args = args[:alike]
    renamed = {}
    for name, value in keywords.items():
        our_name, default = names.get(name, (name, inspect.Parameter.empty))
        if value is not default:
            renamed[our_name] = value
    return args, renamed


def takes(ours: Callable[..., Any], args: Any, keywords: Any) -> bool:
    """Whether a function can be called so."""
    try:
        inspect.signature(ours).bind(*args, **keywords)
    except TypeError:
        return False
    return True


def _not_taken(function: Any, ours: Callable[..., Any], keywords: dict[str, Any]) -> TypeError:
    """NumPy's function has arguments that ours has not."""
    name = full_name(function)
    parameters = inspect.signature(ours).parameters
    for keyword, value in keywords.items():
        if keyword not in parameters and keyword in _INSTEAD:
            return _refused(name, keyword, value, ())
    unknown = ", ".join(keyword for keyword in keywords if keyword not in parameters) or "so many"
    torches = {keyword: _TORCHES[keyword] for keyword in keywords if keyword in _TORCHES}
    if torches and set(torches.values()) <= {*parameters}:
        said = ", ".join(f"{keyword}=" for keyword in torches)
        call = renamed(here(), name, torches) or f"{name}(x, {', '.join(f'{ours}=...' for ours in torches.values())})"
        return TypeError(f"{name} takes no {said}, which is torch's word{at(here())}.\nNumPy's is here: {call}")
    written = [n if p.default is p.empty else f"{n}=..." for n, p in parameters.items()]  # ours stand in another order
    return TypeError(
        f"{name} takes fewer arguments for a tensor, not {unknown}{at(here())}.\nWrite {name}({', '.join(written)})"
    )


_TORCHES = {"dim": "axis", "keepdim": "keepdims"}

# ----------------------------------------------------------------------------- what has no rule


def full_name(function: Any) -> str:
    """A function of NumPy as one writes it: `np.linalg.svd`."""
    if isinstance(function, np.ufunc):
        name = function.__name__
        others = sys.modules.get("scipy.special")
        theirs = getattr(others, name, None) is function and getattr(np, name, None) is not function
        return f"scipy.special.{name}" if theirs else f"np.{name}"
    return f"{getattr(function, '__module__', '')}.{function.__name__}".replace("numpy", "np", 1)


def no_rule(name: str, wanted: str, arguments: Any) -> TypeError:
    """A function of NumPy has no derivative rule; the nearest that has one is named."""
    return explain.no_derivative(name, arguments, _nearest(name, wanted))


def _nearest(name: str, wanted: str) -> str:
    """What to write instead: near in meaning, or else in letters; empty if nothing is."""
    import difflib  # for this message only: 1 ms

    ours = _ALSO_CALLED.get(wanted, wanted)
    if name.startswith("scipy.special.") and _by_name(ours) is not None:
        return f"minigrad.{ours}"
    known = {full_name(f): f.__name__ for f in (*by_numpy, *by_function)}
    known = {full: short for full, short in known.items() if full.startswith("np.")}  # and not getitem
    meant = _NEAREST.get(name, "")
    if meant and (not meant.startswith("np.") or meant.partition(" ")[0].strip(",") in known):
        return meant
    near = difflib.get_close_matches(wanted, known.values(), 1, 0.74)
    return next(full for full, short in known.items() if short == near[0]) if near else ""


_ALSO_CALLED = {"expit": "sigmoid"}
"""What functions of SciPy are called here."""

_NEAREST: dict[str, str] = {
    "np.modf": "np.trunc with x - np.trunc(x)",
    "np.linalg.eig": "np.linalg.eigh, for a symmetric matrix",
    "np.linalg.eigvals": "np.linalg.eigvalsh, for a symmetric matrix",
    "np.apply_along_axis": "minigrad.stack([f(row) for row in x])",
    "np.copyto": "minigrad.where(mask, new, x)",
    "np.put": "minigrad.where(mask, new, x)",
    "np.place": "minigrad.where(mask, new, x)",
    "np.putmask": "minigrad.where(mask, new, x)",
    "np.fill_diagonal": "minigrad.where(np.eye(n, dtype=bool), new, x)",
    "np.piecewise": "np.where",
    "np.linalg.matrix_rank": "np.linalg.svdvals, of which it counts those above a tolerance",
    "np.linalg.tensorsolve": "np.linalg.solve, of matrices",
    "np.linalg.tensorinv": "np.linalg.inv, of matrices",
    "np.bincount": "minigrad.index_add(np.zeros(n), index, weights)",
    "np.ldexp": "x * 2.0**n",
    "np.digitize": "np.searchsorted",
}
"""Where the meaning is nearer than the letters."""
