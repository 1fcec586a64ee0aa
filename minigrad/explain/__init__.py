"""What went wrong, in the reader's words.

One idea: an error is written for the person who wrote the line. Its first line says what happened, to
which of their variables and where; its second is what to write instead. Nothing here computes, and
nothing is asked before something has failed, or is about to go wrong without a word.
"""

from .arguments import not_create_graph, not_one_each, wrong_gradient
from .changes import changed_in_place, in_place_on_an_array, in_place_while_recording, replaced, warn_if_stale
from .computing import (
    complex_numbers,
    forward_failed,
    no_array,
    no_rule,
    not_an_operation,
    refuse_masked,
    warn_if_outer,
    wrong_arguments,
)
from .going_back import freed, not_a_tensor, not_one_number, nothing_to_do, requires_none, unused
from .gradients import warn_if_not_kept, warn_of_non_finite, why
from .leaving import (
    array_of_tensors,
    copied_numbers,
    cut_here,
    integers,
    moved,
    no_array_of,
    no_derivative,
    no_truth,
    not_one_element,
)
from .matrices import unfit_matrix, without_derivative
from .rules import argument, impossible_gradient, no_gradient, rule_failed, rule_name

__all__ = [
    "argument",
    "array_of_tensors",
    "changed_in_place",
    "complex_numbers",
    "copied_numbers",
    "cut_here",
    "forward_failed",
    "freed",
    "impossible_gradient",
    "in_place_on_an_array",
    "in_place_while_recording",
    "integers",
    "moved",
    "no_array",
    "no_array_of",
    "no_derivative",
    "no_gradient",
    "no_rule",
    "no_truth",
    "not_a_tensor",
    "not_an_operation",
    "not_create_graph",
    "not_one_each",
    "not_one_element",
    "not_one_number",
    "nothing_to_do",
    "refuse_masked",
    "replaced",
    "requires_none",
    "rule_failed",
    "rule_name",
    "unfit_matrix",
    "unused",
    "warn_if_not_kept",
    "warn_if_outer",
    "warn_if_stale",
    "warn_of_non_finite",
    "why",
    "without_derivative",
    "wrong_arguments",
    "wrong_gradient",
]
