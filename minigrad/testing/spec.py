"""What there is to know of an operation before its gradient can be tested.

One idea: a gradient is wrong at points that a random number never hits, so an operation says where
they are: where it is defined, which numbers to hit exactly, whether equal elements matter, where its
slope is infinite. All else (shapes, broadcasting, magnitudes, layouts, dtypes) is everybody's.

    op_spec(mg.log, domain=(0, inf))
    op_spec(mg.divide, domain=(None, nonzero))
    op_spec(mg.max, kwargs=gst.reductions, ties=True)
    op_spec(softsign, softsign_vjp)
"""

import functools
import importlib
import inspect
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from hypothesis.strategies import SearchStrategy

from ..graph import apply
from ..op import Op, by_numpy
from . import source
from .domain import LINE, Domain, domains_of
from .errors import UncheckableError

F = TypeVar("F", bound=Callable[..., Any])


class Arguments(NamedTuple):
    """Arguments of a call: what a strategy for `arguments` gives if there are keywords among them.

    >>> Arguments((1, 2), {"axis": 0}).kwargs
    {'axis': 0}
    """

    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = {}
    wrt: tuple[int, ...] | None = None
    """The arguments to differentiate by, if not all arrays of floats."""


@dataclass(frozen=True, eq=False, kw_only=True)
class OpSpec:
    """One operation, and how to draw hard cases for it; made by `op_spec`, where the fields are explained."""

    name: str
    function: Callable[..., Any]
    vjp: Callable[..., Any] | None = None
    op: type[Op] | None = None
    operands: int = 1
    domain: tuple[Domain, ...] = (LINE,)
    boundaries: tuple[float, ...] = (0.0,)
    ties: bool = False
    singular: tuple[float, ...] = ()
    smooth: bool = True
    arguments: SearchStrategy[Any] | None = None
    kwargs: Any = None
    shapes: Any = None
    numbers: bool = False
    dtypes: tuple[np.dtype[Any], ...] = (np.dtype(np.float64), np.dtype(np.float32))
    differentiable: bool = True
    linear: bool = False
    second_order: bool = True
    values: Callable[..., Any] | None = None
    reference: str | Callable[..., Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the operation, so that what `@op_spec` decorates can still be called."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<OpSpec {self.name}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints it: as `repr` does, not field by field."""
        printer.text(repr(self))

    def case(self, *args: Any, wrt: tuple[int, ...] | None = None, **kwargs: Any) -> "OpCase":
        """One call of it, to be checked."""
        return OpCase(self.function, args, kwargs, self.name, self, wrt)

    def second_oracle(self) -> Callable[..., Any] | None:
        """The function named by `reference`, imported now; None if there is none or its library is missing.

        Raises UncheckableError if the library has no such function.
        """
        if not isinstance(self.reference, str):
            return self.reference
        library, _, rest = self.reference.partition(".")
        try:
            module = importlib.import_module(library)
        except ModuleNotFoundError:
            return None
        try:
            return cast(Callable[..., Any], operator.attrgetter(rest)(module))
        except AttributeError:
            raise UncheckableError(
                f"{self.name}: its reference {self.reference!r} does not exist.\n"
                f"Name a function of {library}, as in torch.maximum"
            ) from None


@dataclass(frozen=True, eq=False)
class OpCase:
    """One call of an operation, to be checked; printed as the check it stands for.

    >>> import minigrad as mg
    >>> import numpy as np
    >>> case = OpCase(mg.maximum, (np.zeros(1), np.zeros(1)), {}, "maximum")
    >>> case
    check_grad(mg.maximum, np.array([0.]), np.array([0.]))
    >>> bool(case.check())
    True
    """

    f: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    spec: OpSpec | None = None
    wrt: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        vjp = None if self.spec is None else self.spec.vjp
        code = self.f.__qualname__ if isinstance(self.f, Twice) else source.code_of(self.f)
        head = f"check_grad({code}"
        if vjp is not None:
            head = getattr(vjp, "call", None) or f"check_vjp({source.code_of(self.f)}, {source.code_of(vjp)}"
        parts = [head, *(_pasted(self.args))]
        options: dict[str, Any] = {"wrt": self.wrt} if self.wrt is not None else {}
        options |= {"kwargs": dict(self.kwargs)} if self.kwargs else {}
        options |= {} if self.spec is None else self.spec.options
        return ", ".join([*parts, *(f"{name}={source.paste(value)}" for name, value in options.items())]) + ")"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How Hypothesis prints it: as `repr` does, not field by field."""
        printer.text(repr(self))

    def check(self, **options: Any) -> Any:
        """Run check_grad, or check_vjp if the operation came with a backward pass; returns its report.

        Raises what they raise.
        """
        from . import check_grad, check_vjp

        options = self._options(options)
        if self.spec is None or self.spec.vjp is None:
            return check_grad(self.f, *self.args, **options)
        return check_vjp(self.f, self.spec.vjp, *self.args, **options)

    def check_second(self, **options: Any) -> Any:
        """Run check_grad_grad, for a function written with minigrad; returns its report."""
        from . import check_grad_grad

        return check_grad_grad(self.f, *self.args, **self._options(options))

    def _options(self, options: dict[str, Any]) -> dict[str, Any]:
        own = {} if self.spec is None else dict(self.spec.options)
        if self.wrt is not None:
            own["wrt"] = self.wrt
        if self.kwargs:
            own["kwargs"] = dict(self.kwargs)
        return own | options


class Twice:
    """A function with one and the same argument in all its places: x + x.

    >>> import minigrad as mg
    >>> Twice(mg.multiply, 2)(3.0)
    9.0
    """

    def __init__(self, f: Callable[..., Any], times: int) -> None:
        self.f, self.times = f, times
        self.__name__ = source.name_of(f)
        self.__qualname__ = f"lambda x: {source.code_of(f)}({', '.join('x' * times)})"

    def __call__(self, x: Any, **kwargs: Any) -> Any:
        """f(x, x)"""
        return self.f(*(x,) * self.times, **kwargs)


def _pasted(args: tuple[Any, ...]) -> list[str]:
    """Code for each argument; an array that is there twice has a name, so that it is one again when pasted."""
    arrays: list[Any] = []

    def collect(value: Any) -> None:
        if isinstance(value, np.ndarray):
            arrays.append(value)
        elif isinstance(value, (list, tuple)):
            for part in value:
                collect(part)

    for arg in args:
        collect(arg)
    shared = {id(a): None for a in arrays if sum(a is b for b in arrays) > 1}
    names = dict(zip(shared, ("x", "y", "z", *(f"x{n}" for n in range(len(shared))))))
    written: set[int] = set()

    def paste(value: Any) -> str:
        if isinstance(value, np.ndarray) and id(value) in names:
            if id(value) in written:
                return names[id(value)]
            written.add(id(value))
            return f"({names[id(value)]} := {source.paste(value)})"
        if type(value) is list:
            return f"[{', '.join(map(paste, value))}]"
        if type(value) is tuple:
            return f"({', '.join(map(paste, value))}{',' * (len(value) == 1)})"
        return source.paste(value)

    return [paste(arg) for arg in args]


# ----------------------------------------------------------------------------- registering

registered: dict[Any, OpSpec] = {}
"""The spec of each function and of each Op that has one."""


def op_spec(
    function: Any = None,
    vjp: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    op: type[Op] | None = None,
    operands: int | None = None,
    domain: Any = None,
    boundaries: float | Iterable[float] | None = None,
    ties: bool = False,
    singular: float | Iterable[float] = (),
    smooth: bool | None = None,
    arguments: SearchStrategy[Any] | None = None,
    kwargs: Any = None,
    shapes: Any = None,
    numbers: bool | None = None,
    dtypes: Any = None,
    differentiable: bool = True,
    linear: bool = False,
    second_order: bool | None = None,
    values: Callable[..., Any] | None = None,
    reference: str | Callable[..., Any] | None = None,
    **options: Any,
) -> Any:
    """Register an operation, and return its OpSpec; with keywords alone it is a decorator, which returns the function.

    The operation is a function written with minigrad, an Op, or any function with its backward pass.

    - `operands`: how many arrays it takes; they broadcast together. By default, its parameters that
      have no default and are no keyword of `kwargs`.
    - `domain`: where it is defined and has a slope. (low, high), whose ends are open, or text such as
      "[0, 1)"; a list of intervals; bool or int for an operand that is a constant; a strategy of
      elements; or a tuple with one of these for each operand.
    - `boundaries`: the numbers to hit exactly, 0 unless told. `ties`: equal elements are interesting.
    - `singular`: numbers where the slope is infinite or undefined. They are drawn now and then, to see
      that a gradient of 0 stays 0 beside them.
    - `smooth`: whether there are no kinks; by default, if there are no `ties`.
    - `kwargs`: its keywords. A dict of values, strategies, or functions that are given the operands'
      shapes and return a strategy; or such a function that gives them all: `kwargs=gst.reductions`.
    - `shapes`: the operands' shapes where they do not broadcast: a strategy of one shape for all.
    - `numbers`: whether an operand may be a Python number; by default, where several broadcast and
      there is no `vjp` of another's.
    - `arguments`: a strategy of tuples of all arguments, or of `Arguments`, in place of all that.
    - `linear`; `differentiable=False` for an operation that is constant between jumps;
      `second_order=False` if its gradient cannot be differentiated, as that of a given `vjp`.
    - `values`: who else computes its values (NumPy's function, if the Op names one). `reference`: who
      else computes its gradients, perhaps by name ("torch.maximum"), imported only when asked.
    - All other keywords go to every check: `residuals=True`, `zero_times_inf="allow"`.

    Raises UncheckableError for what contradicts itself.

    >>> import numpy as np
    >>> def half_square(x):
    ...     return x * x / 2
    >>> op_spec(half_square, lambda g, out, x: g * x)
    <OpSpec half_square>
    """
    keywords = {key: value for key, value in locals().items() if key not in ("function", "vjp", "options")}
    if function is None:

        def decorate(f: F) -> F:
            op_spec(f, vjp, **keywords, **options)
            return f

        return decorate
    if isinstance(function, OpSpec):
        raise UncheckableError(f"{function.name} is a spec already.\nGive op_spec the function itself")
    target = function
    if isinstance(function, type) and issubclass(function, Op):
        op, function = function, functools.partial(apply, function)
        name = name or op.__name__.lower()
    name = name or source.name_of(function)
    if not callable(function) or (vjp is not None and not callable(vjp)):
        wrong = vjp if callable(function) else function
        raise UncheckableError(
            f"{source.paste(wrong)} is no function, but a {type(wrong).__name__}.\n"
            "Give op_spec a function, an Op, or a forward and a backward pass"
        )
    if vjp is not None and not differentiable:
        raise UncheckableError(
            f"{name} has a backward pass and is called not differentiable.\nLeave out one of the two"
        )
    if arguments is not None and not isinstance(arguments, SearchStrategy):
        raise UncheckableError(
            f"{name}: arguments={arguments!r} is no strategy.\n"
            "Give a Hypothesis strategy of tuples of arguments: gst.arrays((3,)).map(lambda x: (x,))"
        )
    if kwargs is not None and not callable(kwargs) and not isinstance(kwargs, (Mapping, SearchStrategy)):
        raise UncheckableError(
            f"{name}: kwargs={kwargs!r}.\n"
            "Give a dict, or a function of the operands' shapes that returns a strategy of dicts"
        )
    if operands is None:
        operands = _count_operands(name, op or function, kwargs) if arguments is None else 1
    if operands < 1:
        raise UncheckableError(f"{name} takes {operands} operands.\nThere is nothing to differentiate by")
    domains = domains_of(domain, operands)
    if all(isinstance(each, np.dtype) for each in domains) and differentiable and arguments is None:
        raise UncheckableError(
            f"{name}: every operand is a constant.\nGive one an interval, or say differentiable=False"
        )
    singular = _numbers(name, "singular", singular)
    given = _numbers(name, "boundaries", boundaries if boundaries is not None else 0.0)
    for what, points in (("boundary", given if boundaries is not None else ()), ("singular point", singular)):
        for point in points:
            if not any(_touches(each, point) for each in domains):
                raise UncheckableError(
                    f"{name}: the {what} {point:g} is outside of the domain.\nWiden the domain, or leave it out"
                )
    spec = OpSpec(
        name=name,
        function=function,
        vjp=vjp,
        op=op,
        operands=operands,
        domain=domains,
        boundaries=given,
        ties=ties,
        singular=singular,
        smooth=not ties if smooth is None else smooth,
        arguments=arguments,
        kwargs=kwargs,
        shapes=shapes,
        numbers=(vjp is None and operands > 1 and shapes is None) if numbers is None else numbers,
        dtypes=_dtypes(name, dtypes),
        differentiable=differentiable,
        linear=linear,
        second_order=(vjp is None and differentiable) if second_order is None else second_order,
        values=values or next((f for f, recorded in by_numpy.items() if op is not None and recorded is op), None),
        reference=reference,
        options=options,
    )
    if spec.second_order and (vjp is not None or not differentiable):
        raise UncheckableError(
            f"{name}: second_order=True, but "
            + ("its backward pass is not written with minigrad" if vjp is not None else "it is not differentiable")
            + ".\nLeave second_order out"
        )
    for key in (target, op):
        if key is not None:
            registered[key] = spec
    return spec


def _count_operands(name: str, function: Any, kwargs: Any) -> int:
    """How many arrays a function takes: its parameters without a default that are no keywords."""
    if isinstance(function, np.ufunc):
        return function.nin
    own = getattr(function, "forward", function) if isinstance(function, type) else function
    try:
        parameters = inspect.signature(own).parameters.values()
    except (TypeError, ValueError):  # a builtin that tells no signature
        return 1
    keywords = kwargs if isinstance(kwargs, Mapping) else ()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        raise UncheckableError(
            f"{name} takes any number of arguments.\nSay how many: operands=2, or give arguments=..."
        )
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return len([p for p in positional if p.default is p.empty and p.name not in keywords])


def _numbers(name: str, what: str, given: Any) -> tuple[float, ...]:
    try:
        numbers = tuple(float(x) for x in (given if isinstance(given, Iterable) else (given,)))
    except (TypeError, ValueError):
        numbers = (math.nan,)
    if any(not math.isfinite(x) for x in numbers):
        raise UncheckableError(f"{name}: {what}={given!r}.\nGive finite numbers: {what}=(0, 1)")
    return numbers


def _dtypes(name: str, given: Any) -> tuple[np.dtype[Any], ...]:
    if given is None:
        return OpSpec.dtypes
    dtypes = tuple(np.dtype(each) for each in (given if isinstance(given, (tuple, list)) else (given,)))
    if not dtypes or any(each.kind != "f" for each in dtypes):
        raise UncheckableError(f"{name}: dtypes={given!r}.\nGradients are of floats: dtypes=(np.float64, np.float32)")
    return dtypes


def _touches(domain: Domain, point: float) -> bool:
    """Whether a point lies in the domain or at an end of it."""
    if not isinstance(domain, tuple):
        return True
    return any(each.low <= point <= each.high for each in domain)


def spec_of(target: Any) -> OpSpec:
    """Return the spec of a function, an Op or a pair of functions; a spec is its own.

    Raises UncheckableError if it has none.

    >>> import minigrad as mg
    >>> spec_of(mg.maximum)
    <OpSpec maximum>
    """
    if isinstance(target, OpSpec):
        return target
    if isinstance(target, tuple) and len(target) == 2 and all(map(callable, target)):
        forward, vjp = target
        found = _look_up(forward)
        if found is not None and found.vjp is vjp:
            return found
        raise UncheckableError(
            f"{source.name_of(forward)} and its backward pass have no spec.\n"
            "Register them: op_spec(forward, vjp, domain=...)"
        )
    found = _look_up(target)
    if found is None:
        called = source.name_of(target) if callable(target) else repr(target)
        raise UncheckableError(
            f"{called} has no spec.\nSay where it is defined and what is special there: op_spec({called}, domain=...)"
        )
    return found


def _look_up(target: Any) -> OpSpec | None:
    try:
        hash(target)
    except TypeError:
        return None
    if target not in registered:
        importlib.import_module(f"{__package__}.operations")  # minigrad's own are registered when they are asked for
    return registered.get(target)


def specs() -> tuple[OpSpec, ...]:
    """Return the specs of all operations that have one: minigrad's own, and those that `op_spec` registered."""
    importlib.import_module(f"{__package__}.operations")
    return tuple(dict.fromkeys(registered.values()))


def unspecified(registry: Mapping[str, type[Op]]) -> list[str]:
    """Return the keys of the operations of a registry that have no spec: nobody tests their gradients."""
    specs()
    return sorted(key for key, op in registry.items() if op not in registered)
