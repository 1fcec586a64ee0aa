"""What a recorded call must keep for the backward pass: what its rules read, and no more.

One idea: it is taken from the bytecode of the rules themselves, so it cannot disagree
with them. `g * y` reads y, so a product keeps y to find the gradient of x; `-g` reads
nothing, so a difference keeps nothing; `g.reshape(x.shape)` only looks at the shape of
x, which is known without keeping x. Dropping what is not read is what lets the array
of `a * x` die while `a * x - y` is computed.
"""

import dis
import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

Rule = Callable[..., Any]

_LOOKS = frozenset({"shape", "ndim", "size", "dtype"})


def use_of(rule: Rule) -> Callable[[int], str]:
    """How a rule uses its n-th argument: it "reads" the values, "looks" at shape or dtype, or "" not at all.

    In doubt it is "reads": for a builtin, for a variable of a closure.

    >>> from minigrad.keeping import use_of
    >>> use = use_of(lambda g, out, x, y: g * y.reshape(x.shape))
    >>> [use(n) for n in range(4)]
    ['reads', '', 'looks', 'reads']
    """
    code = getattr(rule, "__code__", None)
    if code is None:
        return lambda n: "reads"
    uses: dict[str, str] = {}
    steps = list(dis.get_instructions(rule))
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        if not step.opname.startswith(("LOAD", "STORE_FAST_LOAD", "MAKE_CELL")):
            continue
        # From Python 3.13 one instruction may load two variables; the attribute is of the last.
        names = step.argval if isinstance(step.argval, tuple) else (step.argval,)
        looks = following is not None and following.opname == "LOAD_ATTR" and following.argval in _LOOKS
        for k, name in enumerate(names):
            if looks and k == len(names) - 1 and step.opname != "MAKE_CELL":
                uses.setdefault(name, "looks")
            else:
                uses[name] = "reads"
    named = list(code.co_varnames[: code.co_argcount])
    if code.co_flags & inspect.CO_VARARGS:  # *xs stands for all that comes after
        starred = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        return lambda n: uses.get(named[n] if n < len(named) else starred, "")
    return lambda n: uses.get(named[n], "") if n < len(named) else "reads"


def kept_by(rules: Sequence[Rule | None], mask: int) -> tuple[tuple[bool, ...], bool]:
    """Which arguments a call keeps, and whether its result, if those in the bit `mask` need a gradient.

    An argument that is only looked at need not be kept where it requires a gradient:
    its origin has the shape. A constant has no origin, and is kept; so is what has no rule,
    an axis or a shape, with which forward mode calls the operation again.
    """
    uses = [use_of(rule) for n, rule in enumerate(rules) if rule is not None and mask >> n & 1]
    kept = []
    for n in range(len(rules)):
        how = {use(n + 2) for use in uses}  # after g and out come forward's arguments
        kept.append("reads" in how or ("looks" in how and not mask >> n & 1) or rules[n] is None)
    return tuple(kept), any(use(1) == "reads" for use in uses)


@functools.lru_cache(maxsize=1024)  # reading the rule of einsum takes 1 ms
def kept_by_variadic(rules: tuple[Rule | None, ...], count: int) -> tuple[tuple[bool, ...], bool]:
    """`kept_by` for a call of an operation with `*xs`, of `count` arguments: all of xs, or none of them."""
    *fixed, rule = rules
    if rule is None or not hasattr(rule, "__code__"):
        return (True,) * count, True
    reads_xs, reads_out = _read_by_variadic(rule, len(fixed))
    return (*[True] * len(fixed), *[reads_xs] * (count - len(fixed))), reads_out


@functools.lru_cache(maxsize=256)
def _read_by_variadic(rule: Rule, fixed: int) -> tuple[bool, bool]:
    """Whether a rule reads its `*xs`, and the result. Read from its bytecode once: 60 µs, ten times the call itself."""
    use = use_of(rule)  # of k, g, out, the fixed ones, then *xs
    return use(3 + fixed) == "reads", use(2) == "reads"


class Keeping(dict[int, tuple[tuple[bool, ...], bool]]):
    """`kept_by` of one operation, worked out once for each combination of arguments."""

    def __init__(self, rules: Sequence[Rule | None]) -> None:
        self._rules = rules

    def __missing__(self, mask: int) -> tuple[tuple[bool, ...], bool]:
        self[mask] = kept = kept_by(self._rules, mask)
        return kept
