"""`basis doctor`: whether this machine is fit to run anything. Offline; changes nothing."""

from __future__ import annotations

import typer

from .options import CONFIGS_HERE, Configs, Json, State


def doctor(state: State = None, configs: Configs = CONFIGS_HERE, json: Json = False) -> None:
    """Look at versions, plugins, trust, journals, disk, clock, file modes and caches. Each warning and failure says what mends it."""
    from ..findings import gravest
    from . import output
    from .examining import examined

    found = examined(configs, state)
    if json:
        output.document({"status": gravest(found), "checks": [each._asdict() for each in found]})
    else:
        output.findings(found)
        output.line(f"this machine: {gravest(found)}")
    raise typer.Exit(3 if gravest(found) == "fail" else 0)
