"""The `minigrad` command: what each room offers, gathered.

One idea: a command lives with what it commands (`fitting/command/fit.py`); here are only its
name and what is said when the libraries of the command line are missing.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click


def program() -> "click.Group":
    """Return the `minigrad` command with its subcommands. Raises ModuleNotFoundError without click and rich."""
    import click

    from . import __version__
    from .fitting.command.fit import fit
    from .testing.command import check

    @click.group("minigrad", invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(__version__, prog_name="minigrad", message="%(prog)s %(version)s")
    @click.pass_context
    def minigrad(context: click.Context) -> None:
        """Reverse-mode automatic differentiation small enough to read, lines fitted with it, gradients checked."""
        if context.invoked_subcommand is None:
            click.echo(context.get_help())

    minigrad.add_command(fit)
    minigrad.add_command(check)
    return minigrad


def main() -> None:
    """Run the command with the arguments of this process, and end the process with its exit code."""
    try:
        run = program()
    except ModuleNotFoundError as missing:
        library = (missing.name or "").partition(".")[0]
        if library not in ("click", "rich"):
            raise
        extra = "testing" if sys.argv[1:2] == ["check"] else "fit"
        print(f'minigrad: {library} is not installed: pip install "minigrad[{extra}]"', file=sys.stderr)
        raise SystemExit(2) from None
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a name may hold what the terminal cannot show
    run(prog_name="minigrad")
