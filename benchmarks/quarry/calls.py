"""How to call a function nobody wrote a test for: what its arguments look like, and a guess where no table says.

One idea: most differentiable functions are called in one of a dozen ways. A table entry names the way
and the domain; a function without an entry is tried as a function of one array, of two, of three, of
a matrix, and left out, by name, if none of them works.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from minigrad.testing import strategies as gst

Draw = Callable[[Any], st.SearchStrategy[tuple[Any, ...]]]
"""dtype -> arguments."""


@dataclass(frozen=True)
class Call:
    """A function of a library and the arguments to call it with."""

    name: str
    """As one writes it: `torch.special.xlogy`. Variants of a call have a word behind: `torch.norm p=1`."""
    function: Callable[..., Any]
    draw: Draw
    second: bool = True
    """Whether the second derivative is checked too."""


@dataclass(frozen=True)
class Domain:
    """The numbers of one argument."""

    low: float | None = None
    high: float | None = None
    boundaries: tuple[float, ...] = (0.0,)
    magnitudes: tuple[int, int] = (-26, 10)

    def elements(self, dtype: Any) -> st.SearchStrategy[float]:
        return gst.values(
            dtype, min_value=self.low, max_value=self.high, boundaries=self.boundaries, magnitudes=self.magnitudes
        )


REAL = Domain()
SMALL = Domain(-4.0, 4.0, (0.0, 1.0, -1.0), (-26, 1))
PLAIN = Domain(None, None, (0.0, 1.0), (-3, 2))
"""For sums of products: small numbers beside large ones are lost in them, and then nothing can be measured."""
POSITIVE = Domain(0.0, None, (0.0, 1.0))
AWAY = Domain(0.125, 4.0, (1.0,), (-3, 1))
"""Positive and not near 0."""
UNIT = Domain(-1.0, 1.0, (0.0, 1.0, -1.0), (-26, -1))
PART = Domain(0.0, 1.0, (0.0, 1.0, 0.5), (-26, -1))
FROM_ONE = Domain(1.0, None, (1.0,))
AROUND_ONE = Domain(-1.0, None, (0.0, -1.0))

DOMAINS: dict[str, tuple[Domain, ...]] = {
    **dict.fromkeys(("acos", "arccos", "asin", "arcsin", "atanh", "arctanh", "erfinv"), (UNIT,)),
    **dict.fromkeys(("logit", "ndtri"), (PART,)),
    "erfcinv": (Domain(0.0, 2.0, (0.0, 1.0, 2.0), (-26, 0)),),
    **dict.fromkeys(("acosh", "arccosh", "arcsec", "arccsc", "arccoth"), (FROM_ONE,)),
    **dict.fromkeys(
        ("log", "log2", "log10", "sqrt", "rsqrt", "lgamma", "gammaln", "digamma", "psi", "entr", "gamma"), (POSITIVE,)
    ),
    "log1p": (AROUND_ONE,),
    **dict.fromkeys(("pow", "power", "float_power"), (POSITIVE, SMALL)),
    "xlogy": (REAL, POSITIVE),
    "xlog1py": (REAL, AROUND_ONE),
    **dict.fromkeys(("rel_entr", "kl_div", "betaln", "beta"), (POSITIVE, POSITIVE)),
    **dict.fromkeys(("bessel_j0", "bessel_j1", "j0", "j1", "y0", "y1", "i0", "i1", "i0e", "i1e"), (SMALL,)),
}
"""Domains by the last part of a name, the same in every library; all real numbers if nothing is said."""


def elementwise(*domains: Domain) -> Draw:
    """Arrays that broadcast, of any shape, with 0-d and empty ones, ties across them, and one array twice."""

    def draw(dtype: Any) -> st.SearchStrategy[tuple[Any, ...]]:
        if len(domains) == 1:
            return st.tuples(gst.arrays(gst.shapes(), dtype=dtype, elements=domains[0].elements(dtype)))
        return gst.broadcastable(
            len(domains), dtype=dtype, elements=[d.elements(dtype) for d in domains], share=len(set(domains)) == 1
        ).map(tuple)

    return draw


def arrays(*shapes: tuple[int, ...], domain: Domain = PLAIN, others: st.SearchStrategy[Any] | None = None) -> Draw:
    """Arrays of these shapes, and constants drawn behind them."""

    def draw(dtype: Any) -> st.SearchStrategy[tuple[Any, ...]]:
        drawn = [gst.arrays(shape, dtype=dtype, elements=domain.elements(dtype)) for shape in shapes]
        return st.tuples(*drawn, *([] if others is None else [others]))

    return draw


def shaped(
    others: Callable[[tuple[int, ...]], st.SearchStrategy[Any]] | None = None,
    *,
    least: int = 1,
    most: int = 3,
    empty: bool = True,
    domain: Domain = REAL,
    unique: bool = False,
) -> Draw:
    """One array of any shape, and a constant behind it that depends on the shape: an axis, an index."""

    def draw(dtype: Any) -> st.SearchStrategy[tuple[Any, ...]]:
        @st.composite
        def call(draw_one: st.DrawFn) -> tuple[Any, ...]:
            shape = draw_one(gst.shapes(min_dims=least, max_dims=most, allow_empty=empty))
            x = draw_one(
                gst.arrays(shape, dtype=dtype, elements=domain.elements(dtype), ties=not unique, unique=unique)
            )
            return (x,) if others is None else (x, draw_one(others(shape)))

        return call()

    return draw


def axis(shape: tuple[int, ...]) -> st.SearchStrategy[int]:
    """One axis, counted from either end."""
    return st.integers(-len(shape), len(shape) - 1)


def square(size: int = 2, domain: Domain = SMALL) -> Draw:
    """A square matrix, or a stack of them."""
    return lambda dtype: st.sampled_from([(size, size), (1, 1), (2, size, size)]).flatmap(
        lambda shape: st.tuples(gst.arrays(shape, dtype=dtype, elements=domain.elements(dtype)))
    )


def regular(*shapes: tuple[int, ...], distinct: bool = False, symmetric: bool = False) -> Draw:
    """Matrices with singular values between 1/4 and 4, often repeated, and other arrays behind the first.

    At singular matrices an inverse has a pole and a pseudo-inverse a jump, and where singular values meet
    their vectors have no derivative: `distinct` draws none that meet.
    """
    spectrum = (3.0, 0.5) if distinct else None

    def draw(dtype: Any) -> st.SearchStrategy[tuple[Any, ...]]:
        others = [gst.arrays(shape, dtype=dtype, elements=SMALL.elements(dtype)) for shape in shapes[1:]]
        which = {"eigenvalues": spectrum, "symmetric": True} if symmetric else {"singular_values": spectrum}
        return st.tuples(gst.matrices(shapes[0], dtype=dtype, **which), *others)

    return draw


TRIALS: tuple[tuple[tuple[np.ndarray[Any, Any], ...], Callable[[str], Draw]], ...] = (
    ((np.array([0.5, 0.25]),), lambda name: elementwise(*DOMAINS.get(name, (REAL,))[:1])),
    (
        (np.array([0.5, 0.25]), np.array([0.75, 0.5])),
        lambda name: elementwise(*(DOMAINS.get(name, ()) if len(DOMAINS.get(name, ())) == 2 else (REAL, REAL))),
    ),
    ((np.array([0.5, 0.25]), np.array([0.75, 0.5]), np.array([0.5, 1.0])), lambda name: elementwise(REAL, REAL, REAL)),
    ((np.array([[2.0, 0.5], [0.25, 1.0]]),), lambda name: regular((2, 2))),
    ((np.array([[2.0, 0.5], [0.25, 1.0]]), np.array([[1.0, 0.5], [0.5, 2.0]])), lambda name: arrays((2, 2), (2, 2))),
    ((np.ones((1, 2, 4)),), lambda name: arrays((1, 2, 4))),
)
"""Arguments to try a function with, and how to draw such arguments if it takes them."""


def guessed(name: str, function: Callable[..., Any], adapter: Callable[..., Any]) -> Call | None:
    """Return a call that works, found by trying, or None."""
    last = name.rpartition(".")[2]
    for args, draw in TRIALS:
        try:
            out, pullback = adapter(function)[1].linearize(*args)
            if isinstance(out, tuple):
                continue
            pullback(np.ones_like(out))
        except Exception:
            continue
        return Call(name, function, draw(last))
    return None
