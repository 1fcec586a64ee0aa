"""How hard to look for a wrong gradient: fast, normal or thorough.

One idea: the number of examples is asked for when a test is made and said by whoever runs it,
and the two never meet. What `choose` said in this process counts; else the environment variable
MINIGRAD_EFFORT, by which the pytest plugin speaks without importing anything; else "normal".
"""

import os

LEVELS = {"fast": 50, "normal": 200, "thorough": 2000}
"""The examples of each level: before a commit, in every run of the tests, over night."""

VARIABLE = "MINIGRAD_EFFORT"

_chosen: str | None = None


def choose(level: str | None) -> None:
    """Look that hard from now on, in this process; None goes back to what the environment says.

    Raises ValueError if there is no such level.

    >>> choose("fast")
    >>> examples()
    50
    >>> choose(None)
    """
    global _chosen
    _chosen = None if level is None else _known(level, "")


def current() -> str:
    """Return the level that counts now. Raises ValueError if the environment names none there is."""
    if _chosen is not None:
        return _chosen
    return _known(os.environ.get(VARIABLE) or "normal", f"the environment variable {VARIABLE}: ")


def examples() -> int:
    """Return how many examples a property is tried on. Raises ValueError as `current` does."""
    return LEVELS[current()]


def _known(level: str, source: str) -> str:
    if level not in LEVELS:
        raise ValueError(
            f"{source}there is no effort {level!r}\n"
            f"Choose {', '.join(f'{name} ({count})' for name, count in LEVELS.items())} examples"
        )
    return level
