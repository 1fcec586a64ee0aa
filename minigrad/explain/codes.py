"""A short code in front of each message: `[G03]`, which stays when the words change.

One idea: one may look it up, in docs/errors.md, and search for it. A kind of message has one code, whatever
its words are; it is never given to another.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E", bound=Callable[..., Exception])


def coded(code: str) -> Callable[[E], E]:
    """Decorate a function that returns an error: the code then stands in front of its message."""

    def decorate(explain: E) -> E:
        @functools.wraps(explain)
        def explained(*args: Any, **keywords: Any) -> Exception:
            error = explain(*args, **keywords)
            error.args = (f"[{code}] {error}", *error.args[1:])
            return error

        return explained  # type: ignore[return-value]

    return decorate
