"""A case: one computation, written once for every implementation that can do it.

One idea: an implementation is a function of the size that returns two functions, one
that takes a step (this is timed) and one that returns the numbers the steps led to
(these must agree with hand-written NumPy, or the table says so).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Step = Callable[[], Any]
Numbers = Callable[[], Any]
Implementation = Callable[[int], tuple[Step, Numbers]]


@dataclass
class Case:
    """One computation; `sizes` is what is measured by default, `tiny` what a test can afford."""

    name: str
    says: str
    sizes: tuple[int, ...]
    tiny: tuple[int, ...]
    measures: str = "time"
    """The "time" of a step, the "memory" that one adds, or the time to "import"."""
    needs_gpu: bool = False
    implementations: dict[str, Implementation] = field(default_factory=dict)
    largest: dict[str, int] = field(default_factory=dict)

    def written_for(self, name: str, at_most: int | None = None) -> Callable[[Implementation], Implementation]:
        """Decorate the implementation called `name`, which is not measured above the size `at_most`."""

        def add(implementation: Implementation) -> Implementation:
            self.implementations[name] = implementation
            if at_most is not None:
                self.largest[name] = at_most
            return implementation

        return add

    def names_at(self, size: int) -> list[str]:
        """Return the implementations that are meant for a size."""
        return [name for name in self.implementations if size <= self.largest.get(name, size)]
