"""The command's root: what it is made of, and what holds for every command."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .boundary import DEBUG, reported
from .elsewhere import commands_elsewhere
from .later import ours

_COMMANDS = (
    ("init", "init:init", "Write a configuration to start from."),
    ("venues", "venues:app", "List installed venues; trust another's."),
    ("check", "check:check", "Check offline that a mode would run."),
    ("doctor", "doctor:doctor", "Check that this machine is fit to run anything."),
    ("run", "run:run", "Run a mode's plan: a backtest, unless --live."),
    ("positions", "positions:positions", "Show a live mode's positions and books."),
    ("journal", "journal:app", "Read a live run's journal, check its chain, or export it."),
    ("env", "env:app", "Write, check or import the file of credentials, env.unified."),
    ("schema", "schema:schema", "JSON Schemas of the configuration files."),
    ("new", "new:app", "Write a distribution for a further venue."),
    ("resolve", "resolve:resolve", "Close by hand a step that only a person can."),
    ("thaw", "thaw:thaw", "Let a frozen account act again."),
    ("halt", "halt:halt", "Stop sending, at once."),
    ("resume", "halt:resume", "Take halt flags away."),
)
"""Every command of ours: its name, where it is, and its line in the list."""

_EXIT_CODES = """\b
Exit codes:
  0    done; every action is verified
  1    unexpected error
  2    wrong usage
  3    configuration, credentials or data
  4    denied by a guard or limit
  5    rejected by the venue
  6    outcome unknown: do not send it again by hand
  7    the account shows something else than the books
  8    halted or frozen
  9    plugin refused
  75   temporary: try again later
  130  interrupted (SIGINT)
  143  terminated (SIGTERM)
"""


class Root(TyperGroup):
    """The root command: reports errors, and lists commands of other distributions. A name of ours is never taken by another."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands.update((each[0], ours(*each)) for each in _COMMANDS)

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands, ours first."""
        self._look_elsewhere()
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name; None where there is none. Others are looked for only when the name is not ours."""
        if cmd_name not in self.commands:
            self._look_elsewhere()
        return super().get_command(ctx, cmd_name)

    def _look_elsewhere(self) -> None:
        for command in commands_elsewhere():
            self.commands.setdefault(str(command.name), command)

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        with reported(ctx.meta):
            return super().invoke(ctx)


app = typer.Typer(
    cls=Root,
    help="Carry a strategy's actions out at exchanges and protocols, proven from account state. Nothing is live unless --live says so.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,  # Rich's help costs more than all the rest of the start
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
)


def _print_version(value: bool) -> None:
    if value:
        from .. import __version__

        typer.echo(f"basis-venues {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from; secrets stay hidden.")] = False,
) -> None:
    context.meta[DEBUG] = debug
