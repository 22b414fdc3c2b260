"""`basis halt` and `basis resume`: the operator's stop flags."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from .options import CONFIGS_HERE, Configs, Json, Profile, State


def _alias(value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        raise typer.BadParameter("an account's alias is made of letters, digits, _ and -")
    return value


Account = Annotated[
    str | None, typer.Option("--account", metavar="ALIAS", help="This account only; without it, everything.", callback=_alias)
]


def halt(
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; runners and reports show it.")],
    account: Account = None,
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Stop sending, in every world of this user unless --state or --profile names one. Cancelling and reading go on."""
    from ..execution.stops import HaltFlags
    from .places import state_directories

    directories = state_directories(state, profile, configs)
    for directory in directories:
        HaltFlags(directory / "halt").halt(reason, account or "")
    _show(directories, [], json)


def resume(
    account: Account = None,
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Take the halt flags away again, those of `basis halt` with the same options. A frozen account stays frozen: see `basis thaw`."""
    from ..execution.stops import HaltFlags
    from .places import state_directories

    directories = state_directories(state, profile, configs)
    lifted = [directory for directory in directories if HaltFlags(directory / "halt").resume(account or "")]
    _show(directories, lifted, json)


def _show(directories: tuple[Path, ...], lifted: list[Path], json: bool) -> None:
    """All flags that stand now, and what was taken away."""
    from ..execution.stops import HaltFlags
    from . import output

    flags = [
        {"state": str(directory), "account": account or None, "reason": reason}
        for directory in directories
        for account, reason in HaltFlags(directory / "halt").all().items()
    ]
    if json:
        output.document({"halted": flags, "resumed": [str(path) for path in lifted]})
        return
    for path in lifted:
        output.line(f"resumed in {path}")
    if flags:
        output.table("halted", ("account", "reason", "state"), ((e["account"] or "everything", e["reason"], e["state"]) for e in flags))
    else:
        output.line("nothing is halted")
