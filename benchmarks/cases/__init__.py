"""The questions, one file each. `ALL` is them by name, in the order of the table."""

from . import (
    chain,
    cupy,
    distance_step,
    gradient_check,
    importing,
    memory,
    minibatch_step,
    one_operation,
    optimiser_step,
)

ALL = {
    case.name: case
    for case in (
        distance_step.case,
        minibatch_step.case,
        optimiser_step.sgd,
        optimiser_step.adam,
        one_operation.multiply,
        one_operation.exp,
        chain.case,
        gradient_check.case,
        importing.case,
        memory.case,
        cupy.case,
    )
}
