"""The command's root: what it is made of, and what holds for every command."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from . import check, doctor, env, halt, init, journal, new, positions, resolve, run, schema, thaw, venues
from .boundary import DEBUG, reported
from .elsewhere import commands_elsewhere

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


app.command("init", short_help="Write a configuration to start from.")(init.init)
app.add_typer(venues.app, name="venues", short_help="List installed venues; trust another's.")
app.command("check", short_help="Check offline that a mode would run.")(check.check)
app.command("doctor", short_help="Check that this machine is fit to run anything.")(doctor.doctor)
app.command("run", short_help="Run a mode's plan: a backtest, unless --live.")(run.run)
app.command("positions", short_help="Show a live mode's positions and books.")(positions.positions)
app.add_typer(journal.app, name="journal")
app.add_typer(env.app, name="env")
app.command("schema", short_help="JSON Schemas of the configuration files.")(schema.schema)
app.add_typer(new.app, name="new", short_help="Write a distribution for a further venue.")
app.command("resolve", short_help="Close by hand a step that only a person can.")(resolve.resolve)
app.command("thaw", short_help="Let a frozen account act again.")(thaw.thaw)
app.command("halt", short_help="Stop sending, at once.")(halt.halt)
app.command("resume", short_help="Take halt flags away.")(halt.resume)
