"""`basis dismiss`: how a person ends a transit that no history will end."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import CONFIGS_HERE, Configs, Json, Profile, State, not_blank


def dismiss(
    transit: Annotated[str, typer.Argument(metavar="TRANSIT", help="Its position, as `basis journal show` lists it: ALIAS:transit:...")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="How you know; it is kept in the journal.", callback=not_blank)],
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Wait no longer for a transfer to arrive, where no history will tell that it did: it came, or was returned, and the books say so
    already or read it with the next order. Stop the runner first."""
    from ..execution.resolution import dismissal
    from . import output
    from .journal_file import opened, write_by_hand
    from .places import state_directory

    directory = state_directory(state, profile, configs)
    with opened(directory) as journal:
        write_by_hand(journal, directory, lambda state: [dismissal(state, transit, reason)])
    if json:
        output.document({"dismissed": transit, "reason": reason})
    else:
        output.line(f"{transit} is not waited for any more")
