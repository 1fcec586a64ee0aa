"""The solvers: one thing in, checked points; one thing out, `Found`. A file for each idea, the simplest first:

- linear in the parameters, exact: `linear` is the way through, from the columns of `design` or `polynomial` to their
  `triangle`, the `refinement` of the solution and its `covariance`; `refusals` says what points cannot tell. `updating`
  takes the rows of a file in any pieces. `extent` finds the units, `extended` the digits beyond float64;
- errors in x too: `flat`, which `distance` (a line), `plane` and `york` start each in its own way; `errors_in_x` is
  what they ask for;
- outliers: `losses`, the lines of `robust`, found by `reweighting` or, for least absolute deviations, in `vertices`;
- any model: `task` is what is fitted, `levenberg` the search, `forgiving` its robust losses, and `rows` the Jacobian,
  of a `program` where the model can be recorded; `pieces` are sums over many rows;
- errors by other ways than these tell them: `uncertainty`; `redrawing` fits the draws of a bootstrap all at once.
"""
