"""What points cannot tell, in words: the errors and the warnings that the linear solvers share.

One idea: what points fail to determine is said in the names that the reader gave his columns, with what to write
instead. Nothing is computed here.
"""

from collections.abc import Sequence

from .triangle import DependentError


def too_few(rows: int, parameters: int, line: bool = False) -> ValueError:
    """Return the error for fewer points than parameters, which are those of a line or of something else."""
    points = "one point does" if rows == 1 else f"{rows} points do"
    if line:
        return ValueError(
            f"{points} not determine a line.\nGive another point, or one that the line goes through: through=(0, 0)"
        )
    return ValueError(
        f"{points} not determine {parameters} parameters.\nGive at least {parameters} points, and one more for errors"
    )


def all_equal(name: str, value: float, rows: int) -> ValueError:
    """Return the error for points above each other, which a vertical line fits."""
    return ValueError(
        f"all {rows} {name} are {value:.12g}: no line y = slope · x + intercept goes through points above each other.\n"
        'For a vertical line: fit_line(x, y, loss="distance")'
    )


def dependent_features(dependent: DependentError, x_names: Sequence[str], constant: bool) -> ValueError:
    """Return the error that names the features that depend on each other."""
    k, parameters = len(x_names), len(x_names) + constant
    involved = dependent.involved[-k:]
    culprits = [name for name, is_one in zip(x_names, involved, strict=True) if is_one]
    missing = len(dependent.involved) - dependent.rank
    determined = f"the points determine {parameters - missing} of {parameters} parameters"
    them = f"{', '.join(culprits[:-1])} and {culprits[-1]}" if len(culprits) > 1 else culprits[0]
    if len(culprits) == missing:  # as many as there are directions in which nothing varies: each is one of them
        each = them if missing == 1 else f"each of {them}"
        what = "is the same in every row, as the intercept is" if constant else "is 0 in every row"
        return ValueError(f"{each} {what}: {determined}.\nLeave {them} out")
    count = ("one", "two", "three")[missing - 1] if missing < 4 else str(missing)
    example = "" if missing > 1 else f", for example {culprits[-1]}"
    return ValueError(f"{them} depend on each other: {determined}.\nLeave {count} of them out{example}")


def warnings_about(
    rows: int, parameters: int, absolute_sigma: bool, constant: Sequence[str], through: bool = False
) -> tuple[str, ...]:
    """Return what a reader of the parameters ought to know; `constant` are the names of outputs that do not vary."""
    said = []
    if rows == parameters and not absolute_sigma:
        count = "one point" if rows == 1 else f"{rows} points"
        them = "one parameter" if parameters == 1 else f"{parameters} parameters"
        said.append(f"{count} for {them}: nothing is left to tell the errors from, which are NaN")
    if constant and not through:
        are = "is constant" if len(constant) == 1 else "are constant"
        said.append(f"{' and '.join(constant)} {are}: R² is undefined")
    return tuple(said)
