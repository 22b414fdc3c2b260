"""`basis resolve`: how a person closes what only a person can."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from .options import CONFIGS_HERE, Configs, Json, Profile, State, not_blank

if TYPE_CHECKING:
    from ..journal.sqlite import SqliteJournal


class Outcome(StrEnum):
    """What a person found out about a step."""

    HAPPENED = "happened"
    DID_NOT_HAPPEN = "did-not-happen"


def resolve(
    step: Annotated[str, typer.Argument(metavar="STEP", help="The step's id, as `basis journal show` lists it.")],
    outcome: Annotated[Outcome, typer.Option("--as", help="What the venue's own records say.")],
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="How you know; it is kept in the journal.", callback=not_blank)],
    mode: Annotated[str | None, typer.Option("--mode", metavar="MODE", help="Of which mode, where two have a step of that id.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also a step that the next start settles: its venue is gone for good.")] = False,
    state: State = None,
    profile: Profile = None,
    configs: Configs = CONFIGS_HERE,
    json: Json = False,
) -> None:
    """Close by hand a step that no start can, and let its account act again, with the positions that the venue then shows. Stop the runner
    first."""
    from ..execution.resolution import resolution
    from ..journal.events import Thawed
    from ..states import State as Standing
    from . import output
    from .journal_file import opened, write_by_hand
    from .places import state_directory

    directory = state_directory(state, profile, configs)
    with opened(directory) as journal:
        found = _mode_of(journal, step, mode)
        said = Standing.FILLED if outcome is Outcome.HAPPENED else Standing.REJECTED
        events = write_by_hand(journal, directory, lambda state: resolution(state, found, step, said, reason, insist=force))
    thawed = [event.account for event in events if isinstance(event, Thawed)]
    answer = {"step": step, "mode": found, "as": outcome.value, "thawed": thawed, "reason": reason}
    if json:
        output.document(answer)
    else:
        output.line(f"{step} of {found} is closed as {outcome.value}; {', '.join(thawed) or 'no account'} may act again")


def _mode_of(journal: SqliteJournal, step: str, mode: str | None) -> str:
    """The mode that sent the step. Raises `Denied` where none did, or several."""
    from ..config.misfit import nearest
    from ..errors import Denied

    sent: list[tuple[str, str]] = [(row.subject, row.data()["mode"]) for row in journal.rows() if row.kind == "SENDING"]
    modes = sorted({name for subject, name in sent if subject == step})
    if mode in modes or (mode is None and len(modes) == 1):
        return mode or modes[0]
    if modes:
        wrong = f"; {mode!r} has none" if mode else ""
        raise Denied(f"a step {step!r} is of {' and of '.join(modes)}{wrong}: say which with --mode")
    raise Denied(
        f"the journal has no step {step!r}{nearest(step, {subject for subject, _ in sent})}; `basis journal show` lists open steps"
    )
