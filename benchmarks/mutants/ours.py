"""Our own harness: the property test of `minigrad.testing`, as a user would write it.

One idea: nothing but `property_test` is called. All that is added is a count of the examples up
to the first that fails, and a seed, so that the table can be made again.
"""

import functools
import warnings
from typing import Any

from hypothesis import Phase, seed, settings
from hypothesis.errors import FailedHealthCheck, Unsatisfiable

from .others import Outcome, first_line
from .subjects import Subject

# No memory of other runs, and no time spent on explaining what is counted only.
settings.register_profile(
    "planted faults", database=None, phases=[Phase.explicit, Phase.generate, Phase.target, Phase.shrink]
)

GAVE_UP = (FailedHealthCheck, Unsatisfiable)
"""Hypothesis found too little to check: that is no verdict."""


def ours(subject: Subject, examples: int, start: int = 0) -> Outcome:
    """Run the property test of a subject with so many examples, drawn from the seed `start`."""
    from minigrad.testing import InconclusiveError, UncheckableError, property_test

    before = settings.get_current_profile_name()
    settings.load_profile("planted faults")
    try:
        test: Any = property_test(subject.ours(), second_order=subject.second_order, examples=examples)
    finally:
        settings.load_profile(before)
    inner = test.hypothesis.inner_test
    drawn = failed_at = 0

    @functools.wraps(inner)
    def counted(*args: Any, **keywords: Any) -> None:
        nonlocal drawn, failed_at
        drawn += not failed_at
        try:
            inner(*args, **keywords)
        except Exception as error:
            if not type(error).__module__.startswith("hypothesis"):  # reject() and assume() are no failures
                failed_at = failed_at or drawn
            raise

    test.hypothesis.inner_test = counted
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seed(start)(test)()
    except (*GAVE_UP, InconclusiveError, UncheckableError) as error:
        return Outcome(True, failed_at or drawn, first_line(error), undecided=True)
    except Exception as error:
        return Outcome(True, failed_at, _example(error))
    return Outcome(False, examples)


def _example(error: Exception) -> str:
    """The check to paste, or what went wrong if there is none."""
    found = getattr(error, "reproduce", "")
    if found:
        return str(found)
    cases = [note for note in getattr(error, "__notes__", []) if "case=" in note]
    where = " ".join(cases[0].split("case=", 1)[1].rsplit(",", 1)[0].split()) if cases else ""
    return f"{first_line(error, 80)} in {where}" if where else first_line(error)
