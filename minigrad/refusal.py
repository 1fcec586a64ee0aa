"""How a command refuses: one sentence on standard error, and exit code 2.

One idea: bad input is neither a result nor a fault of the program, so it has an exit of its own.
"""

from typing import IO, Any

import click


class Refusal(click.ClickException):
    """Bad input: the message on standard error, as it is, and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"minigrad: {self.format_message()}", err=True)
