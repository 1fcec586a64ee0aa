"""The peak memory of one distance step, above what its data take.

The peak of a process that makes the data and takes one step, less the peak of another
that only makes the data. `distance_step` says how each is written.
"""

from ..case import Case
from . import distance_step

case = Case(
    "memory",
    "peak memory that one distance step adds to its data, at N points",
    sizes=(10_000_000,),
    tiny=(1000,),
    measures="memory",
    implementations={name: make for name, make in distance_step.case.implementations.items() if name != "micrograd"},
)
