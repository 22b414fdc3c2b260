"""The command's root: what it is made of, and what holds for every command."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .boundary import DEBUG, UsageError, reported
from .elsewhere import BROUGHT_BY, commands_elsewhere
from .later import ours
from .options import JSON

_COMMANDS = (
    ("init", "init:init", "Write a configuration to start from.", "basis init ."),
    ("venues", "venues:app", "List installed venues; trust that of another author."),
    (
        "check", "check:check", "Check offline that a mode would run.",
        "basis check btc_basis", "basis check btc_basis --profile sandbox --live --connect",
    ),
    ("doctor", "doctor:doctor", "Check that this machine is fit to run anything.", "basis doctor"),
    (
        "run", "run:run", "Run a mode's plan: a backtest, unless --live.",
        "basis run btc_basis", "basis run btc_basis --profile sandbox --live --dry-run",
    ),
    (
        "positions", "positions:positions", "Show a live mode's positions and books.",
        "basis positions btc_basis --profile sandbox --live",
    ),
    ("journal", "journal:app", "Read a live run's journal, check its chain, copy or export it."),
    ("env", "env:app", "Write, check or import the file of credentials, env.unified."),
    ("schema", "schema:schema", "JSON Schemas of the configuration files.", "basis schema mode", "basis schema --check"),
    ("new", "new:app", "Write a distribution for a further venue."),
    (
        "resolve", "resolve:resolve", "Close by hand a step that only a person can.",
        'basis resolve enter-spot/binance/0 --profile sandbox --as happened --reason "order 123 is filled on the web page"',
    ),
    (
        "thaw", "thaw:thaw", "Let a frozen account act again.",
        'basis thaw okx --profile sandbox --reason "moved by the desk, ticket 17"',
    ),
    (
        "dismiss", "dismiss:dismiss", "Stop waiting for a transfer that no history will end.",
        'basis dismiss okx:transit:USDT/4711 --profile sandbox --reason "credited on the web page on Monday"',
    ),
    (
        "halt", "halt:halt", "Stop sending, at once.",
        'basis halt --reason "looking into ticket 17"', 'basis halt --account okx --reason "odd fills"',
    ),
    ("resume", "halt:resume", "Take halt flags away.", "basis resume", "basis resume --account okx"),
)  # fmt: skip
"""Every command of ours: its name, where it is, its line in the list, and examples where it has no commands of its own."""

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
  129  hung up (SIGHUP)
  130  interrupted (SIGINT)
  141  nobody reads the output any more (| head)
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
        if cmd_name in BROUGHT_BY and cmd_name not in self.commands:
            raise UsageError(f"`basis {cmd_name}` is brought by another distribution: pip install {BROUGHT_BY[cmd_name]}")
        return super().get_command(ctx, cmd_name)

    def _look_elsewhere(self) -> None:
        for command in commands_elsewhere():
            self.commands.setdefault(str(command.name), command)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read what was typed. A wrong option ends it before `--json` is read: so that is looked for first."""
        ctx.meta[JSON] = "--json" in args
        with reported(ctx.meta):
            return super().parse_args(ctx, args)

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
