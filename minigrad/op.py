"""An operation, and a recorded call of it.

One idea: they are a class and its instance. `Mul` says how to multiply and what the
derivatives are; the `Mul` that computed y is `y.creator`, and remembers what it was given.
A rule is written once, in NumPy. Given arrays it computes a gradient; given tensors it
records one, and so every derivative can be differentiated again.
"""

import inspect
import math
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import numpy as np

from . import explain
from .backend import Array
from .keeping import Keeping, Rule
from .place import Place, at, here
from .value import Value

registry: dict[str, type["Op"]] = {}
"""Every operation there is, by module and name."""

by_numpy: dict[Any, type["Op"]] = {}
"""The operation that records each NumPy function: `by_numpy[np.multiply]` is Mul."""

by_function: dict[Any, Callable[..., Any]] = {}
"""minigrad's own version of each NumPy function that takes more than arrays: `by_function[np.sum]`."""

F = TypeVar("F", bound=Callable[..., Any])


class Op:
    """An operation; an instance is one recorded call of it.

    A subclass writes `forward` on arrays and, for each differentiable argument,
    a rule `d<argument>` that is given `g` (the incoming gradient), `out` (the
    result) and forward's own arguments, and returns the gradient of that
    argument *before* broadcasting is undone: the engine sums it to the
    argument's shape. An argument without a rule is a constant. The rule of a
    variadic argument `*xs` is given first which of them: `dxs(k, g, out, ...)`.
    A class keyword `numpy=np.f` makes `np.f(tensor)` record this operation; where NumPy has
    several names for it, `numpy=(np.f, np.g)`.

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

    record: "tuple[Any, ...] | Freed"
    """(ways, args, out, elementwise, masks): all a backward pass needs, in one look-up; `Freed` by a pass.

    The ways back are (n, rule, origin) for each argument that requires a gradient: its number,
    its rule, and the recorded call or the leaf it came from. The last argument comes first: it is
    mostly the smaller, as in x / s, and its gradient is summed to a number, and its memory free
    again, before the large one is made (the distance step of 1e6 points: 10.2 ms, not 12.4).
    """
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    age: int
    """Its number in the order of recording. Whatever it was computed from is older: a topological order."""
    place: Place | None
    _hooks: Any
    """What sees the gradient of the result: see `hooks.py`; unset until there is something."""

    forward: ClassVar[Callable[..., Any]]
    parameters: ClassVar[tuple[str, ...]]
    rules: ClassVar[tuple[Rule | None, ...]]
    keeps: ClassVar[Keeping]
    variadic: ClassVar[bool]
    of_one: ClassVar[bool]
    """Only the first argument has a rule: the others are constants such as an axis, and no tensors."""
    elementwise: ClassVar[bool] = False
    """Each element of the result depends on one element of each argument. Say so in your own operation,
    and it is told what `where` did not take, and which shapes do not broadcast."""
    singular: ClassVar[bool] = False
    """Elementwise, and its slope can be infinite at a finite argument: 1/x, √x, log x, x^y."""
    linear: ClassVar[bool] = False
    """Linear in its arguments that have rules, taken together, as a sum or a reshape is: forward mode gives the
    tangents to `forward` itself. (An elementwise operation need not say so: its rule is its own transpose.)"""
    multilinear: ClassVar[bool] = False
    """Linear in each argument that has a rule, as a matrix product is: forward mode gives `forward` one tangent
    at a time."""
    reduces: ClassVar[bool] = False
    """Takes one argument together along `axis`, each of whose elements acts on one result, as max or a norm does:
    forward mode asks its rule for the slopes, by ones, and adds up."""
    symmetric: ClassVar[bool] = False
    """The Jacobian by its one argument is its own transpose, as that of softmax: its rule is forward mode too."""
    masks: ClassVar[bool] = False
    """The zeros in its gradient mean "not taken": see `_pass_back`."""

    def __init_subclass__(cls, numpy: Any = None, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        for name, function in list(vars(cls).items()):
            if inspect.isfunction(function):
                setattr(cls, name, staticmethod(function))  # a rule has no self: g and arrays in, an array out
        if not hasattr(cls, "forward"):
            raise TypeError(f"{cls.__name__} has no forward{at(here())}.\nWrite def forward(x): ... on arrays")
        parameters = inspect.signature(cls.forward).parameters
        for name, member in vars(cls).items():
            if name[0] == "d" and isinstance(member, staticmethod) and name[1:] not in parameters:
                raise TypeError(
                    f"{cls.__name__}.{name} names no argument of forward({', '.join(parameters)}){at(here())}.\n"
                    f"A rule is called d<argument>: {' or '.join('d' + p for p in parameters)}"
                )
        first = next(iter(parameters), "")
        if first == "ctx":
            raise TypeError(
                f"{cls.__name__}.forward({', '.join(parameters)}){at(here())}: the ctx is torch's.\n"
                f"Write def forward({', '.join(p for p in parameters if p != 'ctx')}) and a rule d<argument> for each, "
                "or subclass minigrad.torchlike.Function"
            )
        named_only = [name for name, p in parameters.items() if p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
        if named_only or first == "self":
            raise TypeError(
                f"{cls.__name__}.forward({', '.join(parameters)}) takes arrays by position, "
                f"and has no self{at(here())}.\n"
                f"Write def forward({', '.join(p for p in parameters if p != 'self')}), without a bare * or **"
            )
        cls.parameters = tuple(parameters)
        cls.variadic = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
        cls.rules = rules = tuple(getattr(cls, "d" + name, None) for name in parameters)
        cls.of_one = not cls.variadic and not any(rules[1:]) and (any(rules) or len(rules) == 1)
        for rule in rules:
            if rule is not None:
                _check_signature(cls, rule)
        cls.keeps = Keeping(rules)
        key = f"{cls.__module__}.{cls.__qualname__}"
        for function in numpy if isinstance(numpy, tuple) else () if numpy is None else (numpy,):
            taken = by_numpy.get(function)
            if taken is not None and f"{taken.__module__}.{taken.__qualname__}" != key:
                raise TypeError(f"np.{function.__name__} is recorded by {taken.__name__} already")
            by_numpy[function] = cls
        registry[key] = cls

    ndim = property(lambda self: len(self.shape), doc="The number of axes of the result.")
    size = property(lambda self: math.prod(self.shape), doc="The number of elements of the result.")

    @property
    def inputs(self) -> tuple["Op | Value | None", ...]:
        """Where each argument came from: a recorded call, a leaf, or None for a constant."""
        ways, args = self.recorded()[:2]
        origins = {n: origin for n, _, origin in ways}
        return tuple(origins.get(n) for n in range(len(args)))

    @property
    def args(self) -> tuple[Any, ...]:
        """forward's arguments, as arrays. What no rule reads is not kept: its origin stands in, for its shape."""
        return self.recorded()[1]  # type: ignore[no-any-return]

    @property
    def out(self) -> Array:
        """The result, if a rule reads it. Never the tensor: that would be a reference cycle."""
        return self.recorded()[2]

    def recorded(self) -> tuple[Any, ...]:
        """The record. Raises GraphFreedError if a backward pass has freed it."""
        if not self.record:
            raise explain.freed(self)
        return self.record  # type: ignore[return-value]

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{at(self.place)}>"


class Freed:
    """Stands where a record was, and remembers at which backward() it went. It is false."""

    __slots__ = ("place",)

    def __init__(self, place: Place | None) -> None:
        self.place = place

    def __bool__(self) -> bool:
        return False


def _check_signature(op: type[Op], rule: Rule) -> None:
    """Raise TypeError for a rule that could not be called, when it is written rather than when it is run."""
    if not callable(rule):
        raise TypeError(
            f"a rule of {op.__name__} is {rule!r}, no function{at(here())}.\n"
            f"Write def d{op.parameters[op.rules.index(rule)]}(g, out, {', '.join(op.parameters)})"
        )
    wanted = (*(["k"] if op.variadic else []), "g", "out", *op.parameters)
    try:
        inspect.signature(rule).bind(*wanted)
    except TypeError as error:
        stars = ["*" + name if op.variadic and name == op.parameters[-1] else name for name in wanted]
        raise TypeError(
            f"{op.__name__}.{rule.__name__} cannot be called as a rule: {error}{at(here())}.\n"
            f"Write def {rule.__name__}({', '.join(stars)})"
        ) from None
    except ValueError:  # a builtin that tells no signature
        return


def implements(*functions: Any) -> Callable[[F], F]:
    """Decorate minigrad's version of a NumPy function: `np.where(tensor, ...)` then calls it."""

    def register(ours: F) -> F:
        for function in functions:
            by_function[function] = ours
        return ours

    return register
