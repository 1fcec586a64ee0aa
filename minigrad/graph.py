"""The whole of autograd: record each operation, then walk the record backwards.

A leaf is a tensor somebody made. Everything else was computed, and remembers by
which recorded call: its `creator`, an instance of an `Op`. A recorded call knows
its inputs, each of them a leaf or again a recorded call; that is the graph, and
it is never stored anywhere else. `backward` visits it newest call first and asks
each call's rules for the gradients of its inputs.

One idea: a rule is written once, in NumPy. Given arrays it computes a gradient;
given tensors it records one, and so every derivative can be differentiated again.
"""

import dis
import functools
import inspect
import operator
import sys
import warnings
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, TypeVar

import numpy as np

from . import inplace
from .backend import Array, check_same_library, library_of
from .errors import (
    BroadcastWarning,
    DtypeError,
    GradError,
    GraphCutError,
    GraphFreedError,
    InplaceError,
    ShapeError,
)
from .mode import _recording
from .place import Place, at, here, name_of

registry: dict[str, type["Op"]] = {}
"""Every operation there is, by module and name."""

by_ufunc: dict[Any, type["Op"]] = {}
"""The operation that records each NumPy ufunc: `by_ufunc[np.multiply]` is Mul."""

by_function: dict[Any, Callable[..., Any]] = {}
"""minigrad's function for each NumPy function: `by_function[np.sum]` is minigrad.sum."""

F = TypeVar("F", bound=Callable[..., Any])

_new = object.__new__
_recording_now = _recording.get
_tick = inplace.clock.__next__
_frame = sys._getframe
_ndarray = np.ndarray
_add_up = np.add.reduce
_FLOATS = frozenset({np.float64, np.float32, np.float16})


class Value:
    """An array in the graph. `Tensor` adds the operators; this is what `apply` needs."""

    __slots__ = ("__weakref__", "_data", "_grad", "creator", "_requires_grad")

    _data: Array
    _grad: "Value | None"
    creator: "Op | None"
    _requires_grad: bool

    inputs: ClassVar[tuple[()]] = ()  # a leaf was computed from nothing
    age: ClassVar[int] = 0

    # attrgetter, because it is C: the backward pass asks each leaf (60 ns against 110).
    shape = property(operator.attrgetter("_data.shape"), doc="The length of each axis.")
    dtype = property(operator.attrgetter("_data.dtype"), doc="The type of each element.")
    ndim = property(operator.attrgetter("_data.ndim"), doc="The number of axes.")
    size = property(operator.attrgetter("_data.size"), doc="The number of elements.")


def wrap(kind: type[Any], array: Array, creator: "Op | None" = None, _requires_grad: bool = False) -> Any:
    """A tensor of class `kind` around an array, unchecked."""
    tensor = _new(kind)
    tensor._data = array
    tensor._grad = None
    tensor.creator = creator
    tensor._requires_grad = _requires_grad
    return tensor


# ----------------------------------------------------------------------------- operations


class Op:
    """An operation; an instance is one recorded call of it.

    A subclass writes `forward` on arrays and, for each differentiable argument,
    a rule `d<argument>` that is given `g` (the incoming gradient), `out` (the
    result) and forward's own arguments, and returns the gradient of that
    argument *before* broadcasting is undone: the engine sums it to the
    argument's shape. An argument without a rule is a constant. The rule of a
    variadic argument `*xs` is given first which of them, `dxs(k, g, out, ...)`.

    >>> import minigrad as mg
    >>> class Cube(mg.Op):
    ...     '''x³'''
    ...     def forward(x):
    ...         return x**3
    ...     def dx(g, out, x):
    ...         return g * 3 * x**2
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> mg.apply(Cube, x).backward()
    >>> x.grad
    Tensor(12.)
    """

    inputs: tuple["Op | Value | None", ...]
    """Where each argument came from: a recorded call, a leaf, or None for a constant."""
    args: tuple[Any, ...]
    """forward's arguments, as arrays. What no rule reads is not kept: its origin stands in, for its shape."""
    out: Array
    """The result, if a rule reads it. Never the tensor: that would be a reference cycle."""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    age: int
    """Its number in the order of recording: every input is older. This is the topological order."""
    place: Place | None

    forward: ClassVar[Callable[..., Any]]
    parameters: ClassVar[tuple[str, ...]] = ()
    rules: Sequence[Callable[..., Any] | None] = ()
    variadic: ClassVar[bool] = False
    of_one: ClassVar[bool] = False
    elementwise: ClassVar[bool] = False
    """Each element of the result depends on one element of each argument."""
    masks: ClassVar[bool] = False
    """The gradient holds zeros that mean "not taken": see `_pass_back`."""
    keeps: ClassVar["_Keeps"]

    def __init_subclass__(cls, ufunc: np.ufunc | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, function in list(vars(cls).items()):
            if inspect.isfunction(function):
                setattr(cls, name, staticmethod(function))
        if not hasattr(cls, "forward"):
            raise TypeError(f"{cls.__name__} has no forward: write def forward(x): ... on arrays")
        signature = inspect.signature(cls.forward).parameters
        cls.parameters = tuple(signature)
        cls.variadic = any(p.kind is p.VAR_POSITIONAL for p in signature.values())
        for name in vars(cls):
            if name[0] == "d" and isinstance(vars(cls)[name], staticmethod) and name[1:] not in signature:
                raise TypeError(
                    f"{cls.__name__}.{name} names no argument of forward({', '.join(signature)}).\n"
                    f"A rule is called d<argument>: {' or '.join('d' + p for p in signature)}"
                )
        cls.rules = tuple(getattr(cls, "d" + name, None) for name in signature)
        cls.keeps = _Keeps(cls)
        cls.of_one = not cls.variadic and (len(signature) == 1 or (any(cls.rules) and not any(cls.rules[1:])))
        key = f"{cls.__module__}.{cls.__qualname__}"
        if ufunc is not None:
            taken = by_ufunc.get(ufunc)
            if taken is not None and f"{taken.__module__}.{taken.__qualname__}" != key:
                raise TypeError(f"np.{ufunc.__name__} is recorded by {taken.__name__} already")
            by_ufunc[ufunc] = cls
        registry[key] = cls

    @property
    def ndim(self) -> int:
        """The number of axes of the result."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements of the result."""
        size = 1
        for length in self.shape:
            size *= length
        return size

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{at(self.place)}>"


def implements(*functions: Any) -> Callable[[F], F]:
    """Decorate minigrad's version of a NumPy function: `np.sum(tensor)` then calls it."""

    def register(ours: F) -> F:
        for function in functions:
            by_function[function] = ours
        return ours

    return register


_LOOKS = frozenset({"shape", "ndim", "size", "dtype"})


def _uses(rule: Callable[..., Any]) -> Callable[[int], str]:
    """How a rule uses its n-th argument: "reads" its values, "looks" at its shape or dtype, or "".

    Taken from the rule's bytecode, so that what is kept for the backward pass cannot
    disagree with what the backward pass uses. In doubt it is "reads".
    """
    code = getattr(rule, "__code__", None)
    if code is None:
        return lambda n: "reads"
    uses: dict[str, str] = {}
    steps = list(dis.get_instructions(rule))
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if not step.opname.startswith(("LOAD", "STORE_FAST_LOAD", "MAKE_CELL", "COPY_FREE")):
            continue
        names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        for name in names[:-1]:
            uses[name] = "reads"
        looks = following is not None and following.opname == "LOAD_ATTR" and following.argval in _LOOKS
        if not looks or step.opname == "MAKE_CELL":
            uses[names[-1]] = "reads"
        else:
            uses.setdefault(names[-1], "looks")
    named = code.co_varnames[: code.co_argcount]
    return lambda n: uses.get(named[n], "") if n < len(named) else "reads"


class _Keeps(dict[int, tuple[tuple[bool, ...], bool] | None]):
    """Which arguments a call must keep, and whether its result, if those in a bit mask need a gradient."""

    def __init__(self, op: type[Op]) -> None:
        self.op = op

    def __missing__(self, mask: int) -> tuple[tuple[bool, ...], bool] | None:
        if self.op.variadic:
            kept = None  # all of them
        else:
            active = [(n, _uses(rule)) for n, rule in enumerate(self.op.rules) if rule is not None and mask >> n & 1]
            # After g and out come forward's arguments. One that is only looked at is kept
            # where it has no origin to stand in for it.
            kept = (
                tuple(
                    any(use(n + 2) == "reads" or (use(n + 2) and not mask >> n & 1) for _, use in active)
                    for n in range(len(self.op.rules))
                ),
                any(use(1) == "reads" for _, use in active),
            )
        self[mask] = kept
        return kept


def apply(op: type[Op], *args: Any, **keywords: Any) -> Any:
    """Run an operation on its arguments and record the call if a gradient may pass through it.

    A tensor among the arguments makes the result a tensor; without one it is a
    plain array and nothing is recorded. Raises ShapeError, DtypeError or
    BackendError where the arguments do not fit, and GradError for an argument
    that requires a gradient and has no rule.

    >>> import minigrad as mg
    >>> x = mg.tensor(2.0, requires_grad=True)
    >>> mg.apply(mg.ops.Square, x)
    Tensor(4., creator=Square)
    """
    if keywords or (len(args) < len(op.parameters) and not op.variadic):
        bound = inspect.signature(op.forward).bind(*args, **keywords)
        bound.apply_defaults()
        args = bound.args
    if op.of_one and isinstance(args[0], Value):
        return _apply_to_one(op, *args)
    kind: Any = None
    mask = 0
    values: list[Any] = []
    origins: list[Op | Value | None] = []
    rules = _rules_of_each(op, len(args)) if op.variadic else op.rules
    for n, arg in enumerate(args):
        origin = None
        if isinstance(arg, Value):
            if kind is None or (type(arg) is not kind and issubclass(type(arg), kind)):
                kind = type(arg)
            if arg._requires_grad:
                mask |= 1 << n
                origin = arg.creator or arg
            arg = arg._data
        elif isinstance(arg, list | tuple) and (rules[n] is not None or op.elementwise):
            arg = array_of(arg)
        values.append(arg)
        origins.append(origin)
    try:
        out = op.forward(*values)
    except Exception as error:
        _explain(op, values, error)
        raise
    if kind is None:
        return out
    if type(out) is not np.ndarray and not isinstance(out, np.generic):
        out = _result(op, values, out)
    if out.dtype.kind == "c":
        raise DtypeError(_complex(op.__name__))
    if not mask or not any(rules) or not _recording_now() or out.dtype.kind != "f":
        return wrap(kind, out)
    for n, origin in enumerate(origins):
        if origin is not None and rules[n] is None:
            raise GradError(
                f"{op.__name__} has no rule for the gradient of its argument {op.parameters[n]}{at(here())}.\n"
                f"Write def d{op.parameters[n]}(g, out, {', '.join(op.parameters)}) in {op.__name__}, "
                "or pass the argument with .detach()"
            )
    node = op()
    node.place = here()
    if op.elementwise and len(values) == 2:
        _warn_if_outer(op, *values, out, node.place)
    kept = op.keeps[mask]
    if kept is None:
        node.rules = rules
        node.args = tuple(values)
        node.out = out
    else:
        node.args = tuple([v if keep else o for v, keep, o in zip(values, kept[0], origins, strict=True)])
        node.out = out if kept[1] else None
    node.inputs = tuple(origins)
    node.shape = out.shape
    node.dtype = out.dtype
    node.age = _tick()
    return wrap(kind, out, node, True)


def _apply_to_one(op: type[Op], tensor: Value, *others: Any) -> Any:
    """`apply` for one tensor and constants such as an axis, which have no rule: the common case, unrolled."""
    value = tensor._data
    try:
        out = op.forward(value, *others)
    except Exception as error:
        _explain(op, (value, *others), error)
        raise
    out_kind = type(out)
    if out_kind is not _ndarray and out_kind not in _FLOATS:
        out = _result(op, (value,), out)
    if not tensor._requires_grad or op.rules[0] is None or not _recording_now() or out.dtype.kind != "f":
        return wrap(type(tensor), out)
    node = op()
    keep, keep_out = op.keeps[1]  # type: ignore[misc]
    origin = tensor.creator or tensor
    node.inputs = (origin,)
    node.args = (value if keep[0] else origin, *others)
    node.out = out if keep_out else None
    node.shape = out.shape
    node.dtype = out.dtype
    node.place = here()
    node.age = _tick()
    return wrap(type(tensor), out, node, True)


def array_of(data: Any, like: Array = None) -> Array:
    """An array from nested lists of numbers. Raises GraphCutError if tensors are among them."""
    stack = [data]
    while stack:
        item = stack.pop()
        if isinstance(item, Value) and item._requires_grad and _recording_now():
            raise GraphCutError(
                "an array of tensors would copy their numbers and drop how they were computed" + at(here()) + ".\n"
                "Join them inside the graph: minigrad.stack([t1, t2])"
            )
        if isinstance(item, list | tuple):
            stack.extend(item)
    try:
        return np.asarray(data)
    except ValueError as error:
        raise ShapeError(f"these nested lists make no array: {error}{at(here())}") from error


def _result(op: type[Op], values: Iterable[Any], out: Any) -> Any:
    """A result that is not simply a NumPy array of floats: of a GPU, of integers, complex, or no array at all."""
    if isinstance(out, bool | int | float):
        return np.asarray(out)
    if not hasattr(out, "dtype"):
        raise TypeError(f"{op.__name__}.forward returned {type(out).__name__}, not one array{at(here())}")
    if out.dtype.kind == "c":
        raise DtypeError(_complex(op.__name__))
    check_same_library(*values)
    return out


def _complex(what: str) -> str:
    return (
        f"{what}: complex numbers have no gradient in minigrad{at(here())}.\n"
        "Compute with the real and the imaginary part as two real tensors"
    )


def _rules_of_each(op: type[Op], count: int) -> tuple[Callable[..., Any] | None, ...]:
    """The rules of a call of a variadic operation: its `*xs` rule once for each of them."""
    fixed = op.rules[:-1]
    rule = op.rules[-1]
    if rule is None:
        return (*fixed, *[None] * (count - len(fixed)))
    return (*fixed, *[functools.partial(rule, k) for k in range(count - len(fixed))])


def _explain(op: type[Op], values: Sequence[Any], error: Exception) -> None:
    """Turn a failed forward into an error in the reader's terms, or add them to it as a note."""
    arrays = [
        (name, value) for name, value in zip(op.parameters, values, strict=False) if hasattr(value, "shape")
    ]
    place = at(here())
    described = " and ".join(f"{name} {value.shape} {value.dtype}" for name, value in arrays)
    check_same_library(*values)
    if isinstance(error, ValueError) and op.elementwise and len(arrays) > 1:
        raise ShapeError(
            f"{op.__name__} got {' and '.join(f'{name} of shape {value.shape}' for name, value in arrays)}, "
            f"which do not broadcast together{place}.\n"
            "Axes are matched from the last; each pair must be equal or one of them 1: reshape one of the two"
        ) from error
    error.add_note(f"in {op.__name__}({described}){place}")


def _warn_if_outer(op: type[Op], left: Any, right: Any, out: Array, place: Place | None) -> None:
    """Warn of (n, 1) with (n,): both sides grow, their ranks differ, the growing axes have one length.

    The most expensive silent mistake in the field: predictions against targets make an
    (n, n) loss. No false alarm on bias, layer norm, explicit outer products.
    """
    a, b = getattr(left, "shape", ()), getattr(right, "shape", ())
    if len(a) == len(b) or not a or not b or out.shape in (a, b):
        return
    shape = out.shape
    grown = [n for side in (a, b) for n, m in zip(shape, (1,) * (len(shape) - len(side)) + side, strict=True) if n != m]
    if len(set(grown)) == 1 and grown[0] > 1:
        short = a if len(a) < len(b) else b
        warnings.warn(
            f"{op.__name__} of {a} and {b} is {shape}: every element meets every other{at(place)}.\n"
            f"If they belong together one by one, give them one shape: y.reshape({b if short is a else a}).  "
            "If not, write y[None, :] and this goes away.",
            BroadcastWarning,
            stacklevel=_stacklevel(),
        )


def _stacklevel() -> int:
    """How far out the reader's line is, for warnings.warn called one frame further in."""
    level = 1
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "minigrad":
        level += 1
        frame = frame.f_back
    return level


# ----------------------------------------------------------------------------- going back


def history(*outputs: Value) -> list[Op]:
    """The recorded calls that led to `outputs`, newest first: the order of a backward pass.

    Why not simply recurse from each result to its inputs? In b = a + a; c = b + b
    that would go back through b twice, each time with half of its gradient. A call
    must wait until every later call that used its result has gone, and later calls
    are exactly those of greater age. Sorting by age takes no recursion either, so a
    chain may be a million calls deep. Raises GraphFreedError if a part is gone.

    >>> import minigrad as mg
    >>> a = mg.tensor(1.0, requires_grad=True)
    >>> b = a + a
    >>> [type(call).__name__ for call in mg.history(b * b)]
    ['Mul', 'Add']
    """
    found: list[Op] = []
    seen: set[Op | Value | None] = {None}
    stack = [output.creator for output in outputs]
    while stack:
        call = stack.pop()
        if call in seen:
            continue
        seen.add(call)
        inputs = call.inputs
        if inputs is None:
            raise _freed(call)
        found.append(call)
        for origin in inputs:
            if origin not in seen and origin.age:
                stack.append(origin)
    found.sort(key=_age, reverse=True)
    return found


_age = operator.attrgetter("age")

_retained: "weakref.WeakKeyDictionary[Op, weakref.ref[Value]]" = weakref.WeakKeyDictionary()
"""The computed tensors that asked to keep their gradient, by the call that made them."""


def retain(tensor: Value) -> None:
    """Let a computed tensor keep its gradient when a backward pass comes by."""
    if tensor.creator is not None:
        _retained[tensor.creator] = weakref.ref(tensor)


def backward(
    output: Value, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False
) -> None:
    """Add the gradient of `output` to `.grad` of every leaf it was computed from.

    `gradient` is the gradient of the final result with respect to `output`, of
    output's shape; it may be left out where output has one element (then it is 1).
    The graph is freed on the way unless `retain_graph`; with `create_graph` the
    gradients are recorded themselves. Raises GradError where there is nothing to go
    back through, ShapeError for a gradient of another shape, GraphFreedError for a
    graph that is gone, InplaceError for one whose arrays were changed since.

    >>> import minigrad as mg
    >>> x = mg.tensor([1.0, 2.0], requires_grad=True)
    >>> mg.backward((x * x).sum())
    >>> x.grad
    Tensor([2., 4.])
    """
    seed = _seed(output, gradient, create_graph)
    if retain_graph is None:
        retain_graph = create_graph
    found = _pass_back([output], [seed], retain_graph, create_graph, gradient is not None)
    for leaf in list(found):
        g = found.pop(leaf)
        # Nobody else holds an array with one reference that owns its memory: it may become
        # the leaf's own buffer. Every other may be a view or another tensor's gradient.
        owned = sys.getrefcount(g) <= _ALONE
        _accumulate(leaf, g, owned)


def gradients(
    outputs: Value | Sequence[Value],
    inputs: Value | Sequence[Value],
    output_gradients: Any = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> Any:
    """Return the gradients of `outputs` (summed, if several) with respect to `inputs`.

    Nothing is stored in `.grad`, only the rules on the way to `inputs` are run, and
    the inputs may be computed tensors. With `create_graph` the gradients can be
    differentiated again, to any order. An input that outputs do not depend on has the
    gradient zero. One input gives one gradient, a sequence gives a list. Raises as
    `backward` does, and GradError for an input that requires no gradient.

    >>> import minigrad as mg
    >>> x = mg.tensor(3.0, requires_grad=True)
    >>> g = mg.gradients(x**3, x, create_graph=True)
    >>> g.item(), mg.gradients(g, x).item()
    (27.0, 18.0)
    """
    single = isinstance(inputs, Value)
    wanted: list[Value] = [inputs] if isinstance(inputs, Value) else list(inputs)
    roots: list[Value] = [outputs] if isinstance(outputs, Value) else list(outputs)
    given = [output_gradients] if isinstance(outputs, Value) or output_gradients is None else list(output_gradients)
    if output_gradients is None:
        given = [None] * len(roots)
    if len(given) != len(roots):
        raise ShapeError(f"gradients() was given {len(roots)} outputs and {len(given)} output_gradients: one for each")
    for n, tensor in enumerate(wanted):
        if not isinstance(tensor, Value):
            raise GradError(f"gradients() takes tensors as inputs; number {n} is a {type(tensor).__name__}")
        if not tensor._requires_grad:
            name = name_of(lambda v, t=tensor: v is t, f"input {n}")  # type: ignore[misc]
            raise GradError(
                f"gradients() with respect to {name}, which does not require a gradient{at(here())}.\n"
                "Make it a parameter before computing: minigrad.tensor(..., requires_grad=True)"
            )
    seeds = [_seed(root, g, create_graph) for root, g in zip(roots, given, strict=True)]
    targets = {tensor.creator or tensor for tensor in wanted}
    if retain_graph is None:
        retain_graph = create_graph
    masked = any(g is not None for g in given)
    found = _pass_back(roots, seeds, retain_graph, create_graph, masked, targets)
    results = []
    for tensor in wanted:
        g = found.get(tensor.creator or tensor)
        if g is None:
            g = library_of(tensor._data).zeros(tensor.shape, tensor.dtype)
            g = wrap(type(tensor), g) if create_graph else g
        if create_graph:
            # A constant gradient belongs to the new graph too: its own derivative is zero.
            results.append(g if g._requires_grad else wrap(type(tensor), g._data, None, True))
        else:
            results.append(wrap(type(tensor), _own(g)))
    return results[0] if single else results


def _pass_back(
    roots: Sequence[Value],
    seeds: Sequence[Any],
    retain_graph: bool,
    create_graph: bool,
    masked: bool,
    targets: set[Any] | None = None,
) -> dict[Any, Any]:
    """Walk back from `roots`; return the gradient of each leaf, or of each target.

    The gradients of this pass are in one dictionary, by origin; a call takes its own out.
    """
    grads: dict[Any, Any] = {}
    order = history(*[root for root in roots if root.creator is not None])
    for root, seed in zip(roots, seeds, strict=True):
        origin = root.creator or root
        grads[origin] = seed if origin not in grads else grads[origin] + seed
    results: dict[Any, Any] = {}
    useful: set[Any] | None = None
    if targets is not None:
        useful = set(targets)
        for call in reversed(order):
            if not useful.isdisjoint(call.inputs):
                useful.add(call)
    kind = type(roots[0])
    for call in order:
        g = grads.pop(call, None)
        if g is None:
            continue
        if targets is not None and call in targets:
            results[call] = g
        if _retained and call in _retained:
            _retain(call, g)
        if inplace.latest > call.age:
            _check_unchanged(call)
        if create_graph:
            out, args = _as_tensors(kind, call)
        else:
            out, args = call.out, call.args
        if out is None:
            out = call  # no rule reads it; it may be asked for its shape
        for rule, origin in zip(call.rules, call.inputs):
            if origin is None or (useful is not None and origin not in useful):
                continue
            c = rule(g, out, *args)  # type: ignore[misc]
            if masked and call.elementwise and c is not g:
                c = _zero_where_zero(g, c)
            try:
                if c.shape != origin.shape or c.dtype is not origin.dtype:
                    c = _fit(c, origin, call, rule)
            except AttributeError:  # not an array at all
                c = _fit(c, origin, call, rule)
            if origin in grads:
                # Never in place: x + y gives its two inputs one and the same array.
                grads[origin] = grads[origin] + c
            else:
                grads[origin] = c
        if call.masks:
            masked = True
        if not retain_graph:
            call.inputs = call.args = call.out = None  # type: ignore[assignment]
    if targets is None:
        return grads
    results.update((origin, g) for origin, g in grads.items() if origin in targets)
    return results


def _seed(output: Value, gradient: Any, create_graph: bool) -> Any:
    """The gradient a backward pass starts from: the given one, or 1 for a single element."""
    if not isinstance(output, Value):
        raise GradError(f"a backward pass starts from a tensor, not from {type(output).__name__}{at(here())}")
    if not output._requires_grad:
        name = name_of(lambda v: v is output, "this tensor")
        raise GradError(
            f"{name} has no graph to go back through: nothing it was computed from requires a gradient, "
            f"or it was computed under no_grad() or cut by detach(){at(here())}.\n"
            "Make a parameter before computing: w = minigrad.tensor(2.0, requires_grad=True)"
        )
    data = output._data
    if gradient is None:
        if data.size != 1:
            name = name_of(lambda v: v is output, "the output")
            raise GradError(
                f"a backward pass starts from d{name}/d{name} = 1, which needs one number; "
                f"{name} has shape {data.shape}{at(here())}.\n"
                f"Reduce it, {name}.sum().backward() or {name}.mean().backward(), or give the gradient: "
                f"{name}.backward(np.ones({data.shape}))"
            )
        kind = type(data)
        g = kind(1) if kind in _FLOATS else library_of(data).ones(data.shape, data.dtype)
        return wrap(type(output), g) if create_graph else g
    given = gradient if isinstance(gradient, Value) else wrap(type(output), array_of_like(gradient, data))
    if given.shape != output.shape:
        raise ShapeError(
            f"the gradient given to a backward pass has shape {given.shape}, its output {output.shape}{at(here())}.\n"
            "Give one number for each element of the output"
        )
    check_same_library(given._data, data)
    if given.dtype != data.dtype:
        given = wrap(type(output), given._data.astype(data.dtype))
    return given if create_graph else given._data


def array_of_like(data: Any, like: Array) -> Array:
    """`data` as an array: itself if it is one, else in the library and dtype of `like`."""
    if hasattr(data, "dtype") and hasattr(data, "shape"):
        return data
    return library_of(like).asarray(data, dtype=like.dtype)


def _as_tensors(kind: type[Any], call: Op) -> tuple[Any, tuple[Any, ...]]:
    """What a call kept, as tensors in the graph, so that its rules are recorded in their turn."""
    args = list(call.args)
    for n, (value, origin) in enumerate(zip(args, call.inputs, strict=False)):
        if origin is None or value is origin:
            continue
        if isinstance(origin, Op):
            args[n] = wrap(kind, value, origin, True)
        elif origin._data is value:
            args[n] = origin
        else:
            raise InplaceError(
                f"going back through {type(call).__name__}{at(call.place)} with create_graph needs "
                f"{call.parameters[n]} as it was, but its .data was replaced since.\n"
                "Call backward() before changing the parameter"
            )
    return (None if call.out is None else wrap(kind, call.out, call, True)), tuple(args)


def _fit(c: Any, origin: Any, call: Op, rule: Any) -> Any:
    """Make what a rule returned the gradient of its argument: undo broadcasting, restore the dtype."""
    shape = origin.shape
    if not shape and type(c) is _ndarray and c.dtype is origin.dtype:
        return _add_up(c, None)  # a number met an array: the common case
    if not hasattr(c, "dtype") or not hasattr(c, "shape"):
        if not isinstance(c, bool | int | float):
            raise GradError(
                f"{_rule_name(call, rule)} returned {type(c).__name__}, which is no gradient{at(call.place)}.\n"
                "A rule returns an array; an argument without a gradient has no rule"
            )
        c = np.asarray(c, dtype=origin.dtype)
    if c.shape != shape:
        c = sum_to(c, shape, lambda: f"{_rule_name(call, rule)} returned {c.shape}")
    if c.dtype != origin.dtype:
        c = c.astype(origin.dtype)
    return c


def _rule_name(call: Op, rule: Any) -> str:
    function = getattr(rule, "func", rule)
    return f"{type(call).__name__}.{function.__name__}"


def sum_to(g: Any, shape: tuple[int, ...], what: Callable[[], str] | None = None) -> Any:
    """Undo broadcasting: sum `g` over the axes along which an array of `shape` was repeated.

    Used n times, an element receives n gradients, and they add up. Works on arrays and
    tensors. Raises ShapeError if `shape` does not broadcast to g's shape.

    >>> import numpy as np
    >>> from minigrad.graph import sum_to
    >>> sum_to(np.ones((4, 3)), (3,))
    array([4., 4., 4.])
    """
    if not shape:
        return g.sum()
    lead = len(g.shape) - len(shape)
    if lead < 0 or any(n != m and n != 1 for n, m in zip(shape, g.shape[lead:], strict=True)):
        what = what or (lambda: f"an array of shape {g.shape} was given")
        raise ShapeError(
            f"{what()}, which cannot be the gradient of an argument of shape {shape}{at(here())}.\n"
            "A gradient has its argument's shape, or the shape it was broadcast to"
        )
    axes = (*range(lead), *[n + lead for n, (old, new) in enumerate(zip(shape, g.shape[lead:], strict=True)) if old != new])
    g = g.sum(axis=axes)
    return g if g.shape == shape else g.reshape(shape)


def _zero_where_zero(g: Any, c: Any) -> Any:
    """Make 0 · ∞ zero: where no gradient came in, none goes out.

    `where(x > 0, sqrt(x), 0)` sends the gradient 0 into sqrt at x = 0, where its slope
    is infinite; the product would be NaN although that branch was not taken. Only
    elements that are NaN are touched, so the rule stays linear in g elsewhere.
    """
    value = c._data if isinstance(c, Value) else c
    bad = value != value
    if not np.any(bad):
        return c
    return np.where(bad & ((g._data if isinstance(g, Value) else g) == 0), 0, c)


def _alone() -> int:
    g = object()
    return sys.getrefcount(g)


_ALONE = _alone()  # what getrefcount says of an object with one owner: 2 until Python 3.13, then 1


def _own(g: Any) -> Array:
    """An array of its own with the values of `g`; a NumPy scalar cannot be changed and is its own."""
    return g if isinstance(g, np.generic) else g.copy()


def _accumulate(tensor: Value, g: Any, owned: bool) -> None:
    """Add `g` to the tensor's `.grad`, which is always a tensor with a buffer of its own."""
    old = tensor._grad
    if old is None and not isinstance(g, Value):
        kind = type(g)
        if kind not in _FLOATS and not (owned and kind is _ndarray and g.base is None):
            g = _own(g)
        tensor._grad = wrap(type(tensor), g)
    elif old is None:
        tensor._grad = g  # create_graph: the gradient is part of a graph, and nobody's buffer
    elif isinstance(g, Value) or old._requires_grad or isinstance(old._data, np.generic):
        tensor._grad = old + (g if isinstance(g, Value) else wrap(type(tensor), g))  # type: ignore[operator]
    else:
        old._data += g  # its own buffer: 1.6 times as fast as a new one at 1e5 elements
        inplace.note_change(old._data, here())


def _retain(call: Op, g: Any) -> None:
    reference = _retained.get(call)
    tensor = None if reference is None else reference()
    if tensor is not None:
        _accumulate(tensor, g, False)


def _check_unchanged(call: Op) -> None:
    """Raise InplaceError if an array that this call kept was changed in place since it ran."""
    origins = [*call.inputs, *[None] * (len(call.args) - len(call.inputs))]
    names = [*call.parameters[:-1], *[call.parameters[-1]] * len(call.args)]
    for name, value, origin in zip([*names[: len(call.args)], "its result"], [*call.args, call.out], [*origins, None]):
        if value is None or value is origin or not hasattr(value, "dtype"):
            continue
        if isinstance(value, np.generic):
            value = origin  # a leaf that holds one number: that changes by replacing it
            if not isinstance(value, Value):
                continue
        changed, place = inplace.changed_since(call.age, value)
        if changed:
            raise InplaceError(
                f"going back through {type(call).__name__}{at(call.place)} needs {name} as it was, "
                f"but it was changed in place{at(place)}.\n"
                "Make a new tensor there, x = x + 1 instead of x += 1, or call backward() before the change"
            )


def _freed(call: Op) -> GraphFreedError:
    name = name_of(lambda v: isinstance(v, Value) and v.creator is call, "a tensor")
    return GraphFreedError(
        f"{name}, computed by {type(call).__name__}{at(call.place)}, is needed again, "
        "but its graph was freed by an earlier backward().\n"
        "Compute it again in this iteration, or cut it with .detach(); "
        "to go back twice on purpose, call backward(retain_graph=True) the first time"
    )
