"""What a check raises when it does not pass.

One idea: three outcomes that must not be taken for each other. The gradient is wrong; nobody can
tell; this is no function whose gradient could be checked.
"""

from typing import Any

from ..errors import MinigradError


class GradientMismatch(MinigradError, AssertionError):  # noqa: N818 - it is an assertion that failed, as in numpy.testing
    """A gradient is wrong, or a backward pass breaks its contract; the message is the report.

    `evidence` holds the numbers (None for a broken contract); `contract` is the name of the
    contract that is broken ("" for a wrong number); `reproduce` is the whole line to paste.
    """

    reproduce: str = ""

    def __init__(self, message: str, evidence: Any = None, contract: str = "") -> None:
        super().__init__(message)
        self.evidence = evidence
        self.contract = contract


class InconclusiveError(MinigradError, RuntimeError):
    """No slope could be measured well enough to say right or wrong; `report` says why."""

    reproduce: str = ""

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report


class UncheckableError(MinigradError, ValueError):
    """What was given is no function whose gradient can be checked: the message says what is in the way."""
