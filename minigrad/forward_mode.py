"""Forward mode: the tangents of the results of recorded calls, from those of their arguments.

One idea: no second set of derivative rules. A call of an elementwise operation multiplies each element by
a slope, and so does its rule: the rule is given the tangent in the place of the gradient. A linear
operation is applied to the tangents themselves, a product to one tangent at a time. The rule of a reduction,
given ones, tells the slope by each element, and the tangents are added up with these. For anything else the
rule is transposed: it is linear in the gradient it is given, so going back through the rule goes forward
through the operation.
"""

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from . import anomaly
from .backend import library_of
from .gradient import ALONE, add_into, fit, zero_where_zero
from .graph import _as_tensors, apply, tick
from .mode import enable_grad
from .op import Freed, Op
from .ops.shape import BroadcastTo, broadcast_to
from .recorded import go_back, origin_of, walk
from .tensor import Tensor
from .value import Value, wrap


def push(calls: Iterable[Op], tangents: dict[Any, Any], wanted: Iterable[Any], recorded: bool, free: bool) -> None:
    """Walk forward through recorded calls, oldest first; `tangents` holds the tangent of each origin that has one.

    It starts with those of the inputs and ends with those of `wanted` added; each other is forgotten after
    its last use. If `recorded`, tangents are tensors and what is done with them is recorded; else they are
    arrays. If `free`, the record of each call is freed when it has been passed.
    """
    calls = list(calls)
    last: dict[Any, Op | None] = {}
    for call in calls:
        for way in call.recorded()[0]:
            last[way[2]] = call
    last.update(dict.fromkeys(wanted))
    freed = Freed(None) if free else None
    repeated: Any = broadcast_to if recorded else BroadcastTo.forward
    # Where a slope is infinite a tangent of 0 stays 0, without a warning: that input does not move.
    with np.errstate(divide="ignore", invalid="ignore"):
        for call in calls:
            ways, args, out, elementwise, _ = call.record  # type: ignore[misc]
            if elementwise:
                total = None
                if recorded:
                    out, args = _as_tensors(Tensor, call)
                if out is None:
                    out = call  # no rule reads it; a rule may ask for its shape
                shape = call.shape
                for _, rule, origin in ways:
                    t = tangents.get(origin)
                    if t is None:
                        continue
                    if t.shape != shape:
                        t = repeated(t, shape)
                    c = rule(t, out, *args)
                    if call.singular:
                        c = zero_where_zero(t, c)
                    if type(c) is not type(t) or c.shape != shape:
                        c = fit(c, call, call, rule)
                    if total is None:
                        total = c
                    else:  # not in place if anybody else holds it: the rule of x + y returns the tangent itself
                        total = add_into(total, c) if sys.getrefcount(total) <= ALONE else total + c
            else:
                total = _tangent(call, tangents, recorded)
            if total is not None:
                if anomaly.on:
                    anomaly.check_tangent(call, total, tangents)
                tangents[call] = total if total.dtype is call.dtype else total.astype(call.dtype)
            for way in ways:
                if last[way[2]] is call:
                    tangents.pop(way[2], None)
            if freed is not None:
                call.record = freed


def _tangent(call: Op, tangents: dict[Any, Any], recorded: bool) -> Any:
    """The tangent of the result of a call that is not elementwise; None if no argument has one."""
    ways, args, out = call.record[:3]  # type: ignore[index]
    moving = [way for way in ways if way[2] in tangents]
    if not moving:
        return None
    if call.linear:
        if call.of_one:
            return (apply if recorded else _run)(type(call), tangents[moving[0][2]], *args[1:])
        c = _through_linear(call, args, tangents, recorded)
        if c is not None:
            return c
    if recorded:
        out, args = _as_tensors(Tensor, call)
    if out is None:
        out = call
    if call.symmetric:  # its Jacobian by its one argument is its own transpose, as that of softmax
        _, rule, origin = moving[0]
        return rule(tangents[origin], out, *args)
    if call.reduces:  # its one argument over axes, as a maximum does
        _, rule, origin = moving[0]
        return _weighed(call, rule, origin, tangents[origin], out, args, recorded)
    total = None
    for n, rule, origin in moving:
        t = tangents[origin]
        if call.multilinear and _has_all(args, n, Op if recorded else (Op, Value)):
            c = (apply if recorded else _run)(type(call), *args[:n], t, *args[n + 1 :])
        else:
            c = _transposed(call, rule, origin, t, out, args, recorded)
        total = c if total is None else total + c
    return total


def _run(op: type[Op], *args: Any) -> Any:
    return op.forward(*args)


def _has_all(args: Any, but: int, stand_in: Any) -> bool:
    """Whether a record holds the values of all arguments but one: an origin stands in for what no rule reads."""
    return not any(arg is None or isinstance(arg, stand_in) for n, arg in enumerate(args) if n != but)


def _through_linear(call: Op, args: Any, tangents: dict[Any, Any], recorded: bool) -> Any:
    """The operation applied to the tangents, zeros for arguments that have none; None if a shape is not known."""
    op = type(call)
    origins = {n: origin for n, _, origin in call.record[0]}  # type: ignore[index]
    values = list(args)
    for n, arg in enumerate(args):
        if n in origins:
            t = tangents.get(origins[n])
            values[n] = _zeros(origins[n], tangents) if t is None else t
        elif (op.rules[n] if n < len(op.rules) - op.variadic else op.rules[-1]) is not None:
            if not hasattr(arg, "shape"):
                return None
            values[n] = library_of(arg).zeros(arg.shape, arg.dtype)
    return (apply if recorded else _run)(op, *values)


def _zeros(like: Any, tangents: dict[Any, Any]) -> Any:
    """Zeros of the shape and dtype of an origin, in the library of the tangents."""
    one = next(iter(tangents.values()))
    return library_of(one._array if isinstance(one, Value) else one).zeros(like.shape, like.dtype)


def _weighed(call: Op, rule: Any, origin: Any, t: Any, out: Any, args: Any, recorded: bool) -> Any:
    """The tangent of a reduction: each element acts on one result alone, and given 1 its rule is that slope."""
    ones: Any = library_of(t._array if recorded else t).ones(call.shape, call.dtype)[()]
    slopes = rule(wrap(Tensor, ones) if recorded else ones, out, *args)
    if slopes.shape != origin.shape or slopes.dtype is not origin.dtype:
        slopes = fit(slopes, origin, call, rule)
    axis, keepdims = (args[call.parameters.index(name)] for name in ("axis", "keepdims"))
    products = slopes * t
    total = products.sum(axis=axis, keepdims=keepdims)
    found = total._array if recorded else total
    if np.count_nonzero(found != found):  # perhaps of 0 · ∞: asked of the sums, for they are fewer
        return zero_where_zero(slopes, products).sum(axis=axis, keepdims=keepdims)
    return total


def _transposed(call: Op, rule: Any, origin: Any, t: Any, out: Any, args: Any, recorded: bool) -> Any:
    """J t from the rule for Jᵀ g, for any g at all: it is linear in g, and this is its own transpose."""
    # But not for zeros: where a slope is infinite their product is NaN, which a checkpoint takes for "not taken".
    one = library_of(t._array if recorded else t).ones((), call.dtype)
    ones: Any = _run(BroadcastTo, one, call.shape) if call.shape else one[()]
    with enable_grad():
        g = wrap(Tensor, ones, None, True)
        start = tick()
        with np.errstate(over="ignore"):  # of a product that nobody asks for
            back = fit(rule(g, out, *args), origin, call, rule)
        root = origin_of(back)
        g._requires_grad = False  # a constant to whoever comes later
        calls, _ = walk([root], [g], start)
        c = go_back([root], [t], calls, [g], recorded, keep=recorded).get(g)
    if c is None:  # a rule that gives zero whatever g is
        c = library_of(one).zeros(call.shape, call.dtype)
    return wrap(Tensor, c) if recorded and not isinstance(c, Value) else c
