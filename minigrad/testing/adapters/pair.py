"""Gradients written by hand on NumPy arrays, in the forms other libraries ask for.

One idea: the forms differ only in what the backward pass is handed: what the forward pass kept, the
result and the arguments, or nothing because it is a closure. All of them keep references, and come
from libraries that ask people not to write into arrays: so they work on copies of the arguments.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UncheckableError
from ..source import code_of
from .foreign import Array, Copies, Forward, Pullback, Vjp, described, floats_among

CONVENTIONS = ("residuals", "makers", "pullback")


def from_pair(
    forward: Callable[..., Any], *backward: Callable[..., Any] | None, convention: str = "residuals"
) -> tuple[Forward, Vjp]:
    """Return `(forward, vjp)` of NumPy functions written in another convention, for `check_vjp`.

    "residuals", as for jax.custom_vjp: forward(*args) -> (out, residuals) and backward(residuals, g)
    -> a gradient for each argument. "makers", as for autograd's defvjp: forward(*args) -> out, and for
    each argument maker(out, *args)(g) -> its gradient, or None for zeros. "pullback": forward(*args) ->
    (out, pullback), pullback(g) -> the gradients, and no backward. None stands for a gradient of zeros.
    Raises UncheckableError for another convention, or another number of backward passes than it has.

    >>> import numpy as np
    >>> run, vjp = from_pair(lambda x: (np.sin(x), np.cos(x)), lambda c, g: (g * c,))
    >>> run(np.array([0.0])), vjp(np.array([2.0]), None, np.array([0.0]))
    (array([0.]), array([2.]))
    """
    if convention not in CONVENTIONS:
        raise UncheckableError(
            f"from_pair knows no convention {convention!r}.\nChoose from {', '.join(map(repr, CONVENTIONS))}"
        )
    wanted = {"residuals": len(backward) == 1, "makers": len(backward) >= 1, "pullback": not backward}
    if not wanted[convention]:
        raise UncheckableError(
            f"from_pair was given {len(backward)} backward passes, which is not the convention {convention!r}.\n"
            "residuals takes one, makers one for each argument, pullback none"
        )
    name, call = described(forward, "from_pair", 1)
    call = call.removesuffix(")") + "".join(f", {_code(one)}" for one in backward)
    call += ")" if convention == "residuals" else f", convention={convention!r})"

    def run(*args: Any, **keywords: Any) -> Any:
        if convention == "makers":
            return forward(*args, **keywords)
        return _two(forward(*args, **keywords), name, convention)[0]

    def linearize(*args: Any, **keywords: Any) -> tuple[Any, Pullback]:
        places = floats_among(args, name)
        copies = Copies(args)
        if convention == "makers":
            if len(backward) < len(args) and places[-1] >= len(backward):
                raise UncheckableError(
                    f"{name} was given a float as argument {places[-1]}, and there are {len(backward)} makers.\n"
                    "Give one for each argument, None for a gradient of zeros"
                )
            out = forward(*copies.args, **keywords)
            makers = [
                None if maker is None else maker(out, *copies.args, **keywords) for maker in backward[: len(args)]
            ]

            def pull(g: Any) -> Any:
                return [None if maker is None else maker(g) for maker in makers]

        else:
            out, second = _two(forward(*copies.args, **keywords), name, convention)

            def pull(g: Any) -> Any:
                return second(g) if convention == "pullback" else backward[0](second, g)  # type: ignore[misc]

        def pullback(g: Any) -> tuple[Array, ...]:
            given = pull(g)
            copies.write_through()
            gradients = list(given) if isinstance(given, list | tuple) else [given]
            if len(gradients) == len(args):
                gradients = [gradients[n] for n in places]
            if len(gradients) != len(places):
                raise UncheckableError(
                    f"the backward pass of {name} returned {len(gradients)} gradients for {len(args)} arguments.\n"
                    "Return one for each argument, None for a gradient of zeros"
                )
            return tuple(
                np.zeros_like(np.asarray(args[n])) if gradient is None else gradient
                for n, gradient in zip(places, gradients, strict=True)
            )

        return out, pullback

    vjp = Vjp(linearize, name, call)
    vjp.zero_times_inf = "error"  # no library stands between these functions and who wrote them
    return run, vjp


def _two(returned: Any, name: str, convention: str) -> tuple[Any, Any]:
    if not (isinstance(returned, tuple) and len(returned) == 2):
        raise UncheckableError(
            f"{name} returned a {type(returned).__name__}, and the convention {convention!r} wants two things.\n"
            f"Return (out, {convention})"
        )
    return returned[0], returned[1]


def _code(f: Callable[..., Any] | None) -> str:
    return "None" if f is None else code_of(f)
