"""What every check can be told.

One idea: the checks ask different questions, and take the same options; so the options are
written down once, and looked over before anything is computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypedDict

LAYOUTS = ("C", "F", "reversed", "broadcast")
"""Of the incoming gradient: in C order, in Fortran order, with negative strides, with stride 0."""

ALWAYS = ("dtype", "deterministic", "zero", "linear", "untouched", "alias", "layout")
"""The contracts of any backward pass; its shape is always looked at."""

CONTRACTS = (*ALWAYS, "saved")
"""All of them. `saved`, that arguments may change after the forward pass, is what engines owe, but not a formula."""


class Options(TypedDict, total=False):
    """The keyword arguments of every check."""

    wrt: int | Sequence[int] | None
    """The positions of the arguments to differentiate; all that hold floats, if not given."""
    argnames: Sequence[str] | None
    """What the report calls the arguments; the signature's names, if not given."""
    kwargs: dict[str, Any] | None
    """Keyword arguments for the function under test, and for its derivative."""
    rtol: float | None
    """The relative error that is allowed; sqrt(eps), half of the digits, if not given."""
    effort: Literal["auto", "full", "sampled"]
    """Every element, a sample of them and projections, or what the size suggests (64 inputs, 256 outputs)."""
    at_kinks: Literal["subgradient", "inconclusive"]
    """Whether any slope between the one-sided ones is right at a kink, or nothing is said there."""
    inconclusive: Literal["skip", "error", "ignore"]
    """Raise (in a Hypothesis test: reject) if nothing could be judged; if any slope could not; never."""
    contracts: bool | str | Sequence[str]
    """True, False, "all", or names out of CONTRACTS."""
    layouts: Sequence[str]
    """Which memory layouts of the incoming gradient are tried, out of LAYOUTS."""
    zero_times_inf: Literal["error", "allow"]
    """Whether NaN is wrong where the incoming gradient is 0 and the derivative infinite."""
    rng: int
    """The seed of the random directions and incoming gradients."""
    err_msg: str
    """Put in front of the report."""


@dataclass(frozen=True)
class Chosen:
    """The options of one check, the defaults filled in. Raises ValueError for a word that means nothing."""

    wrt: int | Sequence[int] | None = None
    argnames: Sequence[str] | None = None
    kwargs: dict[str, Any] | None = None
    rtol: float | None = None
    effort: str = "auto"
    at_kinks: str = "subgradient"
    inconclusive: str = "skip"
    contracts: bool | str | Sequence[str] = True
    layouts: Sequence[str] = LAYOUTS
    zero_times_inf: str = "error"
    rng: int = 0
    err_msg: str = ""
    written: dict[str, Any] = field(default_factory=dict)
    """The options as the caller wrote them, for the line that reproduces the check."""

    @classmethod
    def of(cls, options: Any, **more: Any) -> "Chosen":
        """The options of a call; `more` is written down too, as belonging to one check alone."""
        unknown = [name for name in options if name not in Options.__annotations__]
        if unknown:
            raise TypeError(
                f"there is no option {unknown[0]!r}.\nThe options of a check are {', '.join(Options.__annotations__)}"
            )
        written = {name: value for name, value in {**options, **more}.items() if name != "err_msg"}
        return cls(**options, written=written)

    def __post_init__(self) -> None:
        for name, allowed in (
            ("effort", ("auto", "full", "sampled")),
            ("at_kinks", ("subgradient", "inconclusive")),
            ("inconclusive", ("skip", "error", "ignore")),
            ("zero_times_inf", ("error", "allow")),
        ):
            if getattr(self, name) not in allowed:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is unknown.\nChoose from {', '.join(map(repr, allowed))}"
                )
        if isinstance(self.layouts, str):
            raise ValueError(f"layouts={self.layouts!r} is a word.\nWrite a tuple of them, layouts=({self.layouts!r},)")
        if self.kwargs is not None and not isinstance(self.kwargs, dict):
            raise ValueError(f"kwargs={self.kwargs!r} is no dict.\nWrite kwargs={{'axis': 0}}")
        if isinstance(self.rng, bool) or not isinstance(self.rng, int) or self.rng < 0:
            raise ValueError(f"rng={self.rng!r} is no seed.\nGive a whole number from 0 on")
        for what, given, known in (("layout", self.layouts, LAYOUTS), ("contract", self.contract_names, CONTRACTS)):
            for word in given:
                if word not in known:
                    raise ValueError(f"{what} {word!r} is unknown.\nChoose from {', '.join(map(repr, known))}")
        if self.rtol is not None and not 0 <= self.rtol < 1:
            raise ValueError(f"rtol={self.rtol!r} is no relative tolerance.\nIt lies between 0 and 1")

    @property
    def contract_names(self) -> tuple[str, ...]:
        """The contracts that are asked for."""
        if isinstance(self.contracts, str):
            return CONTRACTS if self.contracts == "all" else (self.contracts,)
        if isinstance(self.contracts, bool):
            return ALWAYS if self.contracts else ()
        return tuple(self.contracts)

    @property
    def keywords(self) -> dict[str, Any]:
        """The keyword arguments for the function under test."""
        return dict(self.kwargs or {})

    def but(self, **changes: Any) -> "Chosen":
        """The same options, some of them changed."""
        return replace(self, **changes)
