"""Is the graph being recorded? `no_grad`, `enable_grad`, `set_grad_enabled`.

One idea: the answer is a context variable, so that every thread and every
asyncio task has its own, and leaving a `with` block by an exception restores it.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextvars import ContextVar
from typing import Any, NoReturn, Self, TypeVar, cast

from .place import at, here

_recording: ContextVar[bool] = ContextVar("minigrad_recording", default=True)

F = TypeVar("F", bound=Callable[..., Any])

is_recording = _recording.get
"""The answer to `is_grad_enabled`, for the engine: 13 ns, of which a function in Python around it makes 50."""


def is_grad_enabled() -> bool:
    """Return whether operations on tensors that require a gradient are recorded here.

    Each thread and each asyncio task has an answer of its own; it is yes, until a mode says otherwise.

    >>> import minigrad as mg
    >>> with mg.no_grad():
    ...     mg.is_grad_enabled()
    False
    """
    return _recording.get()


# The modes to come back to, innermost first. In the context too, not on the object, so that one
# object may be entered twice, or by two threads.
_outer: ContextVar[tuple[bool, Any] | None] = ContextVar("minigrad_outer_modes", default=None)


class _Named(type):
    """The class of the modes, so that `with no_grad:` and `@no_grad` say what is missing: the brackets."""

    _brackets = "()"

    def __call__(cls, *args: Any, **keywords: Any) -> Any:
        if args and inspect.isroutine(args[0]):
            raise cls._without_brackets(f"@{cls.__name__}")
        return super().__call__(*args, **keywords)

    def __enter__(cls) -> NoReturn:
        raise cls._without_brackets(f"with {cls.__name__}:")

    def _without_brackets(cls, written: str) -> TypeError:
        called = cls.__name__ + cls._brackets
        return TypeError(
            f"{written} lacks its brackets{at(here())}.\nWrite with {called}:, and before a function @{called}"
        )

    def __exit__(cls, *error: object) -> None:
        """Never reached: a `with` statement asks whether there is one before it enters."""


class _Mode(metaclass=_Named):
    """A recording mode for a `with` block, or for every call of a decorated function."""

    _mode: bool

    def __enter__(self) -> Self:
        _outer.set((_recording.get(), _outer.get()))
        _recording.set(self._mode)
        return self

    def __exit__(self, *error: object) -> None:
        outer = _outer.get()
        assert outer is not None, "a mode was left that was not entered in this context"
        _recording.set(outer[0])
        _outer.set(outer[1])

    def __call__(self, function: F) -> F:
        """Decorate a function, a coroutine function, or a generator function of either kind."""
        mode = type(self) if type(self) is not set_grad_enabled else functools.partial(set_grad_enabled, self._mode)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def decorated_coroutine(*args: Any, **kwargs: Any) -> Any:
                with mode():
                    return await function(*args, **kwargs)

            return cast(F, decorated_coroutine)
        if inspect.isasyncgenfunction(function):

            @functools.wraps(function)
            def decorated_async_generator(*args: Any, **kwargs: Any) -> Any:
                return _in_mode_async(mode, function(*args, **kwargs))

            return cast(F, decorated_async_generator)
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def decorated_generator(*args: Any, **kwargs: Any) -> Any:
                return _in_mode(mode, function(*args, **kwargs))

            return cast(F, decorated_generator)

        @functools.wraps(function)
        def decorated(*args: Any, **kwargs: Any) -> Any:
            with mode():
                return function(*args, **kwargs)

        return cast(F, decorated)


def _in_mode(mode: Callable[[], _Mode], generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """Run each step of a generator in `mode`, and the code between the steps in the caller's."""
    step: Callable[[], Any] = functools.partial(next, generator)
    while True:
        try:
            with mode():
                item = step()
        except StopIteration as stop:
            return stop.value
        try:
            sent = yield item
            step = functools.partial(generator.send, sent)
        except GeneratorExit:
            with mode():
                generator.close()
            raise
        except BaseException as error:
            step = functools.partial(generator.throw, error)


async def _in_mode_async(mode: Callable[[], _Mode], generator: AsyncGenerator[Any, Any]) -> AsyncGenerator[Any, Any]:
    """`_in_mode` for an asynchronous generator."""
    step: Callable[[], Any] = functools.partial(anext, generator)
    while True:
        try:
            with mode():
                item = await step()
        except StopAsyncIteration:
            return
        try:
            sent = yield item
            step = functools.partial(generator.asend, sent)
        except GeneratorExit:
            with mode():
                await generator.aclose()
            raise
        except BaseException as error:
            step = functools.partial(generator.athrow, error)


class no_grad(_Mode):
    """Stop recording, for a `with` block or a decorated function.

    >>> import minigrad as mg
    >>> w = mg.tensor(3.0, requires_grad=True)
    >>> with mg.no_grad():
    ...     w -= 0.1 * w
    >>> w
    Tensor(2.7, requires_grad=True)
    """

    _mode = False


class enable_grad(_Mode):
    """Record again inside a `no_grad` block.

    >>> import minigrad as mg
    >>> w = mg.tensor(3.0, requires_grad=True)
    >>> with mg.no_grad(), mg.enable_grad():
    ...     (w * w).requires_grad
    True
    """

    _mode = True


class set_grad_enabled(_Mode):
    """Record or not, as `mode` says: at once when called, until the end of a `with` block.

    >>> import minigrad as mg
    >>> with mg.set_grad_enabled(False):
    ...     mg.is_grad_enabled()
    False
    >>> mg.is_grad_enabled()
    True
    """

    _brackets = "(False)"

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled takes True or False, not {mode!r}")
        self._mode = mode
        self._called_in = _recording.get()
        _recording.set(mode)

    def __enter__(self) -> Self:
        _outer.set((self._called_in, _outer.get()))
        _recording.set(self._mode)
        return self

    def __call__(self, function: F) -> F:
        _recording.set(self._called_in)  # as a decorator it speaks of the calls to come only
        return super().__call__(function)
