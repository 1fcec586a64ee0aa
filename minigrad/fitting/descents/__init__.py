"""Descent, to be watched: the bare loop of the tutorials, and descent as a solver."""
