"""The solvers: one thing in, checked points; one thing out, `Found`."""
