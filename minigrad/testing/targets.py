"""What a target of the command line asks for: the functions it names, and how to draw calls of them.

One idea: MODULE:FUNCTION is looked up as an import would, and becomes a question: with the spec the function has if
nothing else is said of it, else with what is said. A name that is not there is answered by the nearest one that is.
"""

import difflib
import functools
import importlib
import inspect
import math
import os
import pkgutil
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..refusal import Refusal
from .errors import UncheckableError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from .spec import OpCase, OpSpec
    from .words import Argument


@dataclass(frozen=True)
class Question:
    """A function, and how to draw calls of it."""

    name: str
    cases: "SearchStrategy[OpCase]"
    arguments: str
    second_order: bool
    advice: str = "It is asked as its op_spec says"
    """What to do if it raises an error."""


def questions_of(
    target: str, words: Sequence[str], vjp: str | None, library: str, second_order: bool | None
) -> list[Question]:
    """What a target asks for: one function, or all operations of a module."""
    from .spec import OpSpec, specs
    from .strategies import op_cases

    before = {id(spec) for spec in specs()}
    module_name, colon, name = target.partition(":")
    module = _module(module_name, target)
    if colon:
        f = _attribute(module, name, target)
        if not callable(f):
            raise Refusal(f"{target} is of type {type(f).__name__}, and no function\nWrite MODULE:FUNCTION")
        if isinstance(f, OpSpec) and (words or vjp or library != "minigrad"):
            raise Refusal(
                f"{target} is an OpSpec, which says it all\nLeave --arg, --vjp and --library out, or name its function"
            )
        return [_question(target, module, f, words, vjp, library, second_order)]
    if words or vjp or library != "minigrad":
        raise Refusal(f"{target} is a module; --arg, --vjp and --library are for functions\nName one: {target}:f")
    found = _specs_of(module_name, before)
    if not found:
        raise Refusal(
            f"{target} registers no operation with op_spec\nName a function of it: {target}:{_a_function(module)}"
        )
    return [
        Question(spec.name, op_cases(spec), "as registered", _second(spec.second_order, second_order)) for spec in found
    ]


def _second(possible: bool, wanted: bool | None) -> bool:
    return possible and wanted is not False


def _specs_of(module: str, before: set[int]) -> "list[OpSpec]":
    """The operations with a gradient that a module registers, itself or below it."""
    from .spec import specs

    def belongs(spec: "OpSpec") -> bool:
        homes = [getattr(part, "__module__", None) or "" for part in (spec.function, spec.vjp, spec.op)]
        own = [home for home in homes if home == module or home.startswith(module + ".")]
        return any(not home.startswith("minigrad.testing.adapters.") for home in own)

    # A module may register functions that were written elsewhere, backward passes included.
    new = [] if module == "minigrad" else [spec for spec in specs() if id(spec) not in before]
    return [spec for spec in specs() if spec.differentiable and (spec in new or belongs(spec))]


def _question(
    target: str,
    module: ModuleType,
    f: Callable[..., Any],
    words: Sequence[str],
    vjp: str | None,
    library: str,
    second_order: bool | None,
) -> Question:
    """One function: with the spec it has if nothing else is said of it, else with what is said."""
    from ..graph import apply
    from ..op import Op
    from . import adapters, source
    from .adapters import foreign
    from .spec import OpCase, OpSpec, spec_of
    from .strategies import op_cases
    from .words import calls, parse

    backward = None
    if vjp is not None:
        if library != "minigrad":
            raise Refusal(f"--vjp is for functions written with NumPy, not with {library}\nLeave one of the two out")
        home, _, name = vjp.rpartition(":")
        backward = _attribute(_module(home, vjp) if home else module, name, f"--vjp {vjp}")
        if not callable(backward):
            raise Refusal(f"--vjp {vjp} is of type {type(backward).__name__}, and no function\nName a function")
    elif library == "minigrad" and not words:
        try:
            spec = spec_of(f)
        except UncheckableError:
            pass  # it has none
        else:
            if second_order and not spec.second_order:
                raise Refusal(f"{target}: its spec says second_order=False\nLeave --second-order out")
            return Question(target, op_cases(spec), "as registered", _second(spec.second_order, second_order))
    op = f if isinstance(f, type) and issubclass(f, Op) else None
    positional = _positional(op.forward if op else f)
    if len(words) > 1 and positional is not None and len(positional) == 1:
        with suppress(ValueError, UncheckableError):  # what contradicts itself may have been meant for two
            parse(" ".join(words), "")
            words = [" ".join(words)]  # there is one argument that they can be about
    arguments = [parse(text, f"--arg {text!r}") for text in words]
    arguments = _as_many_as(target, op.forward if op else f, arguments)
    called, run = op.__name__.lower() if op else source.name_of(f), functools.partial(apply, op) if op else f
    if library == "jax":
        foreign.library("jax", "from_jax").config.update("jax_enable_x64", True)  # there is no other way from a shell
    if library != "minigrad":
        run, backward = getattr(adapters, f"from_{library}")(f)
    if second_order and backward is not None:
        raise Refusal(f"{target}: second derivatives are of functions written with minigrad\nLeave --second-order out")
    spec = OpSpec(name=called, function=run, vjp=backward, op=op, second_order=backward is None)
    floats = tuple(n for n, argument in enumerate(arguments) if not argument.constant)
    if not floats:
        what = "every argument is a constant" if arguments else "it takes no argument"
        raise Refusal(f"{target}: {what}\nThere is nothing to differentiate by")
    wrt = None if len(floats) == len(arguments) else floats
    cases = calls(arguments).map(lambda args: OpCase(run, args, {}, called, spec, wrt))
    names = _names(op.forward if op else f, len(arguments))
    said = "; ".join(f"{name}: {argument.text}" for name, argument in zip(names, arguments))
    advice = "Say what it takes, as in --arg 'shape=(3,4) positive'"
    if backward is None:
        advice += "; if it is written with NumPy alone, name its backward pass: --vjp NAME"
    return Question(target, cases, said, _second(spec.second_order, second_order), advice)


def _as_many_as(target: str, f: Callable[..., Any], arguments: "list[Argument]") -> "list[Argument]":
    """As many as the function takes: all of any kind if nothing was said."""
    from .words import Argument

    positional = _positional(f)
    if positional is None:
        return arguments or [Argument()]
    least = sum(p.default is p.empty and p.kind is not p.VAR_POSITIONAL for p in positional)
    most = math.inf if any(p.kind is p.VAR_POSITIONAL for p in positional) else len(positional)
    if not arguments and most > 0:
        return [Argument() for _ in range(least or 1)]
    if not least <= len(arguments) <= most:
        takes = f"{least} or more" if most == math.inf else f"{least}" if least == most else f"{least} to {most}"
        named = f" ({', '.join(p.name for p in positional)})" if positional else ""
        raise Refusal(
            f"{target} takes {takes} argument{'s' * (takes != '1')}{named}, and --arg is there "
            f"{'once' if len(arguments) == 1 else f'{len(arguments)} times'}\n"
            'Give one --arg for each; "any" for one of which there is nothing to say'
        )
    return arguments


def _positional(f: Callable[..., Any]) -> list[inspect.Parameter] | None:
    """The parameters that can be given by position; None if the function tells nothing of them."""
    if hasattr(f, "nin"):  # a ufunc, whose signature names out as well
        return [inspect.Parameter(f"x{n + 1}", inspect.Parameter.POSITIONAL_ONLY) for n in range(f.nin)]
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return None
    kinds = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    return [p for p in parameters if p.kind in kinds]


def _names(f: Callable[..., Any], count: int) -> list[str]:
    found = [p.name for p in _positional(f) or [] if p.kind is not p.VAR_POSITIONAL]
    return [found[n] if n < len(found) else f"argument {n + 1}" for n in range(count)]


def _module(name: str, target: str) -> ModuleType:
    if name.endswith(".py") or os.sep in name:
        stem = name.removesuffix(".py").replace(os.sep, ".").strip(".")
        raise Refusal(f"{target}: {name} is a file\nName the module, as in an import: {target.replace(name, stem)}")
    if not all(part.isidentifier() for part in name.split(".")):
        raise Refusal(f'"{target}" names no module\nWrite MODULE:FUNCTION, or MODULE')
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name is None or not f"{name}.".startswith(f"{missing.name}."):
            raise Refusal(f"{name} cannot be imported: {missing}\nInstall what it needs") from None
        beside = {each.name for each in pkgutil.iter_modules([str(Path.cwd())])}
        raise Refusal(
            f"there is no module {missing.name}\n"
            + _meant(name, beside | {"minigrad"}, f"It is looked for in {Path.cwd()} and among what is installed")
        ) from None
    except (Exception, SystemExit) as error:  # whatever the user's module does when it is run
        raise Refusal(f"{name} cannot be imported: {raised(error)}\nMend it first") from None


def _attribute(module: ModuleType, name: str, target: str) -> Any:
    found: Any = module
    for part in name.split("."):
        if not part or not hasattr(found, part):
            public = {each for each in dir(found) if not each.startswith("_") and callable(getattr(found, each, None))}
            owner = module.__name__ if found is module else f"{module.__name__}:{getattr(found, '__qualname__', found)}"
            raise Refusal(
                f'{target}: there is no "{part}" in {owner}\n' + _meant(part, public, "Write MODULE:FUNCTION")
            )
        found = getattr(found, part)
    return found


def _meant(name: str, there: set[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, sorted(there), 1)
    return f'Did you mean "{near[0]}"?' if near else otherwise


def _a_function(module: ModuleType) -> str:
    """One that is written there."""
    own = (name for name, f in vars(module).items() if inspect.isfunction(f) and f.__module__ == module.__name__)
    return next(own, "f")


def raised(error: BaseException) -> str:
    """What was raised, and where: in the last line that is not of a library."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_library(frame.filename)]
    inside = frames and not isinstance(error, SyntaxError)  # whose message says where
    place = f"{os.path.basename(frames[-1].filename)}, line {frames[-1].lineno}: " if inside else ""
    return f"{place}{type(error).__name__}: {error}"


def _is_library(path: str) -> bool:
    own, standard = Path(__file__).parent.parent, Path(os.__file__).parent
    return "site-packages" in path or path.startswith(("<", f"{own}{os.sep}", f"{standard}{os.sep}"))
