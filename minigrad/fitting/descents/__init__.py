"""Descent, to be watched: the bare loop of the tutorials, and descent as a solver.

`descent` is the loop, recorded. `watching` is the solver: it descends in `coordinates`, those of residuals in y
(`columns`, by a `criterion`), of distances (`angles`) or of any model (`scaled`).
"""
