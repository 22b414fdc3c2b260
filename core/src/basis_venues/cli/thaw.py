"""`basis thaw`: how a person lets a frozen account act again."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import CONFIGS_HERE, Configs, Json, Profile, State, not_blank


def thaw(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's alias, as `basis journal show` lists it.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="What was found out; it is kept in the journal.", callback=not_blank)
    ],
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Let a frozen account act again, with the positions that its venue then shows. Resolve its open steps and stop the runner first."""
    from ..execution.resolution import thawing
    from . import output
    from .journal_file import opened, write_by_hand
    from .places import state_directory

    directory = state_directory(state, profile, configs)
    with opened(directory) as journal:
        write_by_hand(journal, directory, lambda state: [thawing(state, account, reason)])
    if json:
        output.document({"thawed": account, "reason": reason})
    else:
        output.line(f"{account} may act again")
