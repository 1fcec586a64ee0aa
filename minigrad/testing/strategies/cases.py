"""Calls of operations, drawn from what their specs say of them.

One idea: the points of an operation are of three kinds, and each has its strategy: anywhere, with the
hard ones among them (`op_cases`); well away from every kink (`smooth_points`); exactly on one
(`kink_points`).
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import SearchStrategy

from ..domain import Domain
from ..spec import Arguments, OpCase, OpSpec, Twice, spec_of, specs
from .arrays import arrays, broadcastable
from .layouts import rearranged
from .numbers import values
from .options import dtype_of
from .shapes import shapes

Array = np.ndarray[Any, Any]

SCALES = (*(0,) * 6, -24, -10, 7)
"""Now and then all numbers are made tiny, small or large: what is lost beside a 1 shows where there is none."""

CLEARANCE = 2.0**-8
"""How far a smooth point is from the next kink."""


def op_cases(op: Any = None, *, smooth: bool | None = None, dtypes: Any = None) -> SearchStrategy[OpCase]:
    """Draw calls of an operation that has a spec: a function, an Op, a spec; of every differentiable one if None.

    `smooth=True` keeps clear of kinks, `smooth=False` is exactly on one, None draws the hard points
    among all. `dtypes` are those of the spec unless told; the first comes three times in four, and
    several operands may be of several. Raises UncheckableError for an operation without a spec, and
    InvalidArgument, when drawn, for the kinks of one that has none.

    >>> import minigrad as mg
    >>> from hypothesis import find
    >>> find(op_cases(mg.relu), lambda case: case.args[0].any())
    check_grad(mg.relu, np.array(1.))
    """
    if op is not None:
        return _cases(spec_of(op), smooth, dtypes)
    chosen = [spec for spec in specs() if spec.differentiable and (smooth is not False or not spec.smooth)]
    return st.sampled_from(chosen).flatmap(lambda spec: _cases(spec, smooth, dtypes))


def smooth_points(op: Any, *, clearance: float = CLEARANCE) -> SearchStrategy[Any]:
    """Draw arguments of an operation that are at least `clearance` away from its kinks and singular points.

    An array, or a tuple of all its arguments if there are several. No two elements are equal if the
    operation has kinks at ties. Raises UncheckableError for an operation without a spec.

    >>> import minigrad as mg
    >>> from hypothesis import find
    >>> find(smooth_points(mg.relu), lambda x: x.shape == ())
    array(0.00390625)
    """
    return _cases(spec_of(op), True, (np.float64,), clearance).map(_point)


def kink_points(op: Any) -> SearchStrategy[Any]:
    """Draw arguments of an operation exactly on its kinks: at ties, at its boundaries.

    An array, or a tuple of all its arguments if there are several; never empty, and of two elements at least where
    the kinks of an operation of one array are ties. Raises UncheckableError for an operation without a spec,
    InvalidArgument, when drawn, for one that is smooth.

    >>> import minigrad as mg
    >>> from hypothesis import find
    >>> find(kink_points(mg.relu), lambda x: True)
    array(0.)
    """
    spec = spec_of(op)
    cases = _cases(spec, False, (np.float64,))
    if spec.ties and spec.operands == 1 and spec.arguments is None:
        cases = cases.filter(lambda case: case.args[0].size > 1)
    return cases.map(_point)


def _point(case: OpCase) -> Any:
    return case.args[0] if len(case.args) == 1 else case.args


# ----------------------------------------------------------------------------- one case


@st.composite
def _cases(draw: st.DrawFn, spec: OpSpec, smooth: bool | None, dtypes: Any, clearance: float = CLEARANCE) -> OpCase:
    if smooth is False and spec.smooth:
        raise InvalidArgument(f"{spec.name} is smooth: it has no kinks.\nSay smooth=False in its op_spec if it has")
    function = spec.function
    args, keywords, wrt = _drawn(draw, spec, hard=smooth is None)
    if not keywords:
        keywords = _keywords(draw, spec, [np.shape(a) for a in _arrays_in(args)])
    if smooth is None and spec.arguments is None:
        args = _scaled(draw, spec, args)
    if smooth is None and spec.ties and draw(st.integers(0, 5)) == 5:
        args = _nearly_tied(draw, spec, args)
    if smooth is not None:
        args = _on_kinks(draw, spec, args) if smooth is False else _clear_of_kinks(spec, args, clearance)
    args = _converted(args, _dtypes(draw, spec, dtypes))
    if smooth is None and spec.arguments is None:
        alike = spec.operands > 1 and all(arg is args[0] for arg in args)
        if alike and spec.vjp is None and draw(st.booleans()):
            # One variable in every role: f(x, x) is a function of one argument.
            return OpCase(Twice(function, spec.operands), args[:1], keywords, spec.name, spec)
        if not alike and draw(st.integers(0, 4)) == 4:
            args = tuple(rearranged(draw, a) if isinstance(a, np.ndarray) else a for a in args)
    return OpCase(function, args, keywords, spec.name, spec, wrt)


def _drawn(draw: st.DrawFn, spec: OpSpec, hard: bool) -> Arguments:
    """The arguments in float64."""
    if spec.arguments is not None:
        found = draw(spec.arguments)
        return found if isinstance(found, Arguments) else Arguments(tuple(found))
    elements = _elements(draw, spec, hard)
    if spec.operands == 1:
        shape = shapes() if spec.shapes is None else spec.shapes
        return Arguments((_constant(draw(arrays(shape, elements=elements[0], ties=spec.ties)), spec.domain[0]),))
    common = _common(spec)
    if hard and common is not None and draw(st.integers(0, 5)) == 5:
        x = draw(arrays(shapes() if spec.shapes is None else spec.shapes, elements=elements[common], ties=spec.ties))
        return Arguments((x,) * spec.operands)
    if spec.shapes is not None:
        shape = draw(spec.shapes)
        drawn = tuple(draw(arrays(shape, elements=each, ties=spec.ties)) for each in elements)
    else:
        drawn = draw(broadcastable(spec.operands, elements=elements, ties=spec.ties))
    args: list[Any] = [_constant(a, domain) for a, domain in zip(drawn, spec.domain)]
    if not (hard and spec.numbers and draw(st.integers(0, 4)) == 4):
        return Arguments(tuple(args))
    # A Python number among arrays: an operation may have a formula of its own for it.
    floats = [n for n, domain in enumerate(spec.domain) if not isinstance(domain, np.dtype)]
    if len(floats) < 2:
        return Arguments(tuple(args))
    n = draw(st.sampled_from(floats))
    number = draw(elements[n])
    args[n] = int(number) if number == int(number) and draw(st.booleans()) else number
    return Arguments(tuple(args), {}, tuple(k for k in floats if k != n))


def _elements(draw: st.DrawFn, spec: OpSpec, hard: bool) -> list[SearchStrategy[Any]]:
    """What the elements of each operand are drawn from; operands of one domain have one strategy."""
    by_domain: dict[Any, SearchStrategy[Any]] = {}
    singular = hard and bool(spec.singular) and draw(st.integers(0, 3)) == 3
    for domain in spec.domain:
        if domain not in by_domain:
            by_domain[domain] = _of_domain(domain, spec, singular)
    return [by_domain[domain] for domain in spec.domain]


def _of_domain(domain: Domain, spec: OpSpec, singular: bool) -> SearchStrategy[Any]:
    if isinstance(domain, SearchStrategy):
        return domain
    if isinstance(domain, np.dtype):
        return st.sampled_from([0.0, 1.0]) if domain.kind == "b" else st.integers(0, 3).map(float)
    parts = []
    for each in domain:
        met = tuple(b for b in spec.boundaries if b in each) or (
            (each.low,) if math.isfinite(each.low) else (each.high,) if math.isfinite(each.high) else ()
        )
        parts.append(
            values(
                min_value=each.low if math.isfinite(each.low) else None,
                max_value=each.high if math.isfinite(each.high) else None,
                exclude_min=math.isfinite(each.low) and not each.closed_low,
                exclude_max=math.isfinite(each.high) and not each.closed_high,
                boundaries=met,
            )
        )
    numbers = st.one_of(*parts[::-1])  # the upper part first: 1 is simpler than -1
    return numbers | st.sampled_from(spec.singular) if singular else numbers


def _constant(array: Array, domain: Domain) -> Array:
    """The array, of its own dtype if the operand is a constant."""
    return array.astype(domain) if isinstance(domain, np.dtype) else array


def _common(spec: OpSpec) -> int | None:
    """An operand whose numbers all other operands may have too, so that one array may be all of them."""
    domains = [domain for domain in spec.domain if isinstance(domain, tuple)]
    if len(domains) < spec.operands:
        return None
    for n, domain in enumerate(domains):
        if all(any(wide.covers(each) for wide in other) for other in domains for each in domain):
            return n
    return None


def _keywords(draw: st.DrawFn, spec: OpSpec, given: list[tuple[int, ...]]) -> dict[str, Any]:
    """The keywords, those that depend on the operands' shapes included."""
    wanted = spec.kwargs
    if wanted is None:
        return {}
    if not isinstance(wanted, Mapping):
        wanted = _resolved(draw, wanted, given)
    return {name: _resolved(draw, value, given) for name, value in wanted.items()}


def _resolved(draw: st.DrawFn, value: Any, given: list[tuple[int, ...]]) -> Any:
    """A value; a strategy's; or that of a function of the shapes."""
    if callable(value) and not isinstance(value, (type, SearchStrategy)):
        value = value(*given)
    return draw(value) if isinstance(value, SearchStrategy) else value


def _dtypes(draw: st.DrawFn, spec: OpSpec, dtypes: Any) -> Iterator[np.dtype[Any]]:
    """The dtype of each array of floats, without end."""
    allowed = list(spec.dtypes if dtypes is None else [dtype_of(draw, d) for d in dtypes])
    if len(allowed) == 1:
        return itertools.repeat(allowed[0])
    kind = draw(st.sampled_from(["first", "first", "first", "other", "mixed"]))
    if kind == "mixed":
        return (draw(st.sampled_from(allowed)) for _ in itertools.count())
    return itertools.repeat(allowed[0] if kind == "first" else draw(st.sampled_from(allowed[1:])))


# ----------------------------------------------------------------------------- arrays inside arguments


def _arrays_in(value: Any) -> list[Array]:
    """The arrays in arguments: they may stand in lists, tuples and dicts."""
    if isinstance(value, np.ndarray):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [array for part in parts for array in _arrays_in(part)]


def _mapped(value: Any, change: Callable[[Array], Array], changed: dict[int, Array] | None = None) -> Any:
    """The arguments with every array of floats changed; one that is there twice is changed once."""
    changed = {} if changed is None else changed

    def walk(part: Any) -> Any:
        if isinstance(part, np.ndarray) and part.dtype.kind == "f":
            if id(part) not in changed:
                changed[id(part)] = change(part)
            return changed[id(part)]
        if isinstance(part, dict):
            return {key: walk(each) for key, each in part.items()}
        if type(part) in (list, tuple):
            return type(part)(walk(each) for each in part)
        return part

    return walk(value)


def _converted(args: Any, dtypes: Iterator[np.dtype[Any]]) -> Any:
    return _mapped(args, lambda array: array.astype(next(dtypes), order="K", copy=False))


# ----------------------------------------------------------------------------- on kinks, and clear of them


def _inside(spec: OpSpec, which: int, x: float) -> bool:
    """Whether a number may be an element of this operand."""
    domain = spec.domain[min(which, len(spec.domain) - 1)]
    return not isinstance(domain, tuple) or any(x in each for each in domain)


def _scaled(draw: st.DrawFn, spec: OpSpec, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments times a power of two, where that is still in the domain and of a moderate size."""
    power = draw(st.sampled_from(SCALES))
    if not power:
        return args

    def move(which: int, array: Array) -> Array:
        scaled = np.ldexp(array, power)
        moderate = (np.abs(scaled) >= 2.0**-28) & (np.abs(scaled) <= 2.0**11)
        kept = [good and _inside(spec, which, float(x)) for good, x in zip(moderate.flat, scaled.flat)]
        return np.where(np.array(kept, bool).reshape(array.shape), scaled, array)

    changed: dict[int, Array] = {}
    return tuple(_mapped(arg, functools.partial(move, which), changed) for which, arg in enumerate(args))


def _nearly_tied(draw: st.DrawFn, spec: OpSpec, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with every element one of two numbers that differ by a part in a million, or less."""
    own = [float(x) for a in _arrays_in(args) if a.dtype.kind == "f" for x in a.flat]
    if not own:
        return args
    x = draw(st.sampled_from(own))
    away = math.ldexp(max(abs(x), 1.0), -draw(st.sampled_from([20, 24, 28, 14])))

    def move(which: int, array: Array) -> Array:
        pool = [y for y in (x, x + away) if _inside(spec, which, y)]
        return np.array([draw(st.sampled_from(pool)) for _ in array.flat] if pool else array).reshape(array.shape)

    return tuple(_mapped(arg, functools.partial(move, which)) for which, arg in enumerate(args))


def _on_kinks(draw: st.DrawFn, spec: OpSpec, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with elements on boundaries or, if it has kinks at ties, with equal elements."""
    own = [float(x) for a in _arrays_in(args) if a.dtype.kind == "f" for x in a.flat]
    assume(own)
    everywhere = [x for x in (*own, *spec.boundaries) if all(_inside(spec, n, x) for n in range(len(args)))]
    same = draw(st.booleans())

    def tie(which: int, array: Array) -> Array:
        moved, others = array.copy(), [x for x in own[:2] if _inside(spec, which, x)]
        for n in range(moved.size):
            alike = same or n in (0, moved.size - 1) or not others  # the first elements of two arrays always meet
            moved.flat[n] = everywhere[0] if alike else draw(st.sampled_from([everywhere[0], *others]))
        return moved

    def meet(which: int, array: Array) -> Array:
        moved, met = array.copy(), [x for x in spec.boundaries if _inside(spec, which, x)]
        for n in range(moved.size if met else 0):
            if n == 0 or draw(st.booleans()):
                moved.flat[n] = draw(st.sampled_from(met))
        return moved

    move = tie if spec.ties and everywhere else meet
    return tuple(_mapped(arg, functools.partial(move, which)) for which, arg in enumerate(args))


def _clear_of_kinks(spec: OpSpec, args: tuple[Any, ...], clearance: float) -> tuple[Any, ...]:
    """The arguments with their elements moved away from boundaries, singular points and, if they tie, each other.

    Elements move to the middle of the nearest free cell, 2 `clearance` wide.
    """
    if spec.smooth and not spec.singular:
        return args
    apart = (*(() if spec.smooth else spec.boundaries), *spec.singular)
    taken: set[int] = set()
    width = 2 * clearance

    def nearest(which: int, x: float) -> float:
        cell = math.floor(x / width)
        for away in itertools.chain.from_iterable((n, -n - 1) for n in range(4096)):
            moved = (cell + away + 0.5) * width
            if (
                cell + away not in taken
                and _inside(spec, which, moved)
                and all(abs(moved - point) >= clearance for point in apart)
            ):
                if spec.ties:
                    taken.add(cell + away)
                return moved
        raise InvalidArgument(
            f"{spec.name} has no point that is {clearance} away from its kinks, near {x}.\nGive a smaller clearance"
        )

    def move(which: int, array: Array) -> Array:
        return np.array([nearest(which, float(x)) for x in array.flat], array.dtype).reshape(array.shape)

    return tuple(_mapped(arg, functools.partial(move, which)) for which, arg in enumerate(args))
