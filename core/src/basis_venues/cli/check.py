"""`basis check`: whether a mode would run; without --connect, nothing is connected to."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .options import CONFIGS_HERE, Accounts, Configs, Json, Live, Mode, Profile, mode_of


def check(
    mode: Mode,
    profile: Profile = None,
    live: Live = False,
    account: Accounts = None,
    connect: Annotated[bool, typer.Option("--connect", help="Open every live venue and ask it for a heartbeat; nothing is sent.")] = False,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Load all that a run of MODE needs and show what follows from it. Offline, unless --connect. Each warning says what mends it."""
    from . import output
    from .checking import Checks

    checks = Checks(mode_of(mode), configs, profile, live, account or (), connect)
    checks.run()
    found = checks.document()
    if json:
        output.document(found)
    else:
        _show(found)
    raise typer.Exit(checks.exit_code)


def _show(found: dict[str, Any]) -> None:
    from . import output

    output.table("", ("", "check", "found", "mend"), ((c["status"], c["check"], c["text"], c["mend"]) for c in found["checks"]))
    if found["venues"]:
        output.table("venues", ("venue", "network", "account", "needed", "version"), (tuple(each.values()) for each in found["venues"]))
    if found["routes"]:
        output.table("routes", ("action type", "venue", "weight"), (tuple(each.values()) for each in found["routes"]))
    output.line(f"{found['mode']}: {found['status']}")
