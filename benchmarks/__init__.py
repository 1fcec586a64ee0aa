"""How fast is minigrad? `python -m benchmarks` measures it beside NumPy and its rivals.

One idea: a figure from another run proves nothing, so everything in the table is
measured in the same run, in turns, and read as a ratio to the same computation
written out by hand in NumPy. A file in `cases/` is one question; in it each rival
computes the same numbers, written as its own users would write it.
"""
