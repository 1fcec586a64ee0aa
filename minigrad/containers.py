"""What lies inside nested containers, in order, and the same containers around other things.

One idea: a container is anything whose parts can be listed and put back: tuples, lists, dicts,
NamedTuples, dataclasses. Whatever else is met is a leaf, and has the path a reader would write
to reach it: `[0]`, `["w"]`, `.bias`.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each leaf of a nested container with its path, in order; dicts in the order of their keys' insertion.

    >>> list(leaves({"w": [1.0, 2.0], "b": 3.0}, "p"))
    [('p["w"][0]', 1.0), ('p["w"][1]', 2.0), ('p["b"]', 3.0)]
    """
    parts = _parts(tree)
    if parts is None:
        yield path, tree
    else:
        for step, part in parts:
            yield from leaves(part, path + step)


def rebuilt(tree: Any, put: Callable[[Any], Any]) -> Any:
    """Return the same containers with `put(leaf)` in the place of each leaf, called in the order of `leaves`.

    >>> rebuilt({"w": (1.0, 2.0)}, lambda leaf: -leaf)
    {'w': (-1.0, -2.0)}
    """
    parts = _parts(tree)
    if parts is None:
        return put(tree)
    found = [rebuilt(part, put) for _, part in parts]
    if isinstance(tree, dict):
        return type(tree)(zip(tree, found)) if type(tree) is dict else _like_dict(tree, found)
    if dataclasses.is_dataclass(tree):
        return dataclasses.replace(tree, **dict(zip(_fields(tree), found)))  # type: ignore[type-var]
    if hasattr(tree, "_fields"):
        return type(tree)(*found)
    return type(tree)(found)


def _like_dict(tree: dict[Any, Any], found: list[Any]) -> Any:
    copy = tree.copy()  # a defaultdict or an OrderedDict stays one
    for key, value in zip(tree, found):
        copy[key] = value
    return copy


def _fields(tree: Any) -> list[str]:
    return [f.name for f in dataclasses.fields(tree) if f.init]


def _code(key: Any) -> str:
    """A key as one writes it; strings in double quotes, as in the rest of this code."""
    plain = isinstance(key, str) and key.isprintable() and not set(key) & {'"', "\\"}
    return f'"{key}"' if plain else repr(key)


def _parts(tree: Any) -> list[tuple[str, Any]] | None:
    """The parts of a container with the path to each, or None for a leaf."""
    if isinstance(tree, dict):
        return [(f"[{_code(key)}]", part) for key, part in tree.items()]
    if isinstance(tree, (tuple, list)):
        names = getattr(tree, "_fields", None)
        if names:
            return [(f".{name}", part) for name, part in zip(names, tree)]
        return [(f"[{n}]", part) for n, part in enumerate(tree)]
    if hasattr(type(tree), "__dataclass_fields__"):  # as dataclasses.is_dataclass has it, in 0.1 µs and not 1
        return [(f".{name}", getattr(tree, name)) for name in _fields(tree)]
    return None
