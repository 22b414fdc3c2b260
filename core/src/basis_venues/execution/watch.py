"""Mined steps are watched until they are final: a reorganisation that takes one back reopens it."""

from __future__ import annotations

from ..journal.events import Finalised, Reopened
from ..journal.state import JournalState
from ..states import REVERSIBLE, State
from ..venues import Venues
from . import boundary
from .loop import TightLoop


async def watch(loop: TightLoop, venues: Venues, state: JournalState) -> tuple[str, ...]:
    """Look once at every watched step. Answers the ids of those that were reopened and settled again."""
    reopened: list[str] = []
    for (mode, step), record in list(state.watched.items()):
        sending = record.sending
        report = await boundary.lookup(venues.named(sending.order.venue).client, sending.prepared)
        accounts = {alias: state.identities[alias] for alias in (sending.order.account, sending.order.lane)}
        if report.state is State.FINAL:
            await loop.commit(Finalised(mode, step, accounts))
        elif report.state in (State.ACCEPTED, State.ABSENT):
            await loop.commit(Reopened(mode, step, accounts))
            await loop.resume(sending)
            reopened.append(step)
        elif report.state not in REVERSIBLE | {State.UNKNOWN}:
            await loop.freeze(sending.order.account, f"{step} was mined and is now {report.state.value}")
    return tuple(reopened)
