"""Mined steps are watched until they are final: a reorganisation that takes one back reopens it.

`watch` looks before orders and at heartbeats; a step that waits, and an account that shows something else than it should, have the loop
look as well (`SteppingLoop.put_back`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from ..journal.events import Finalised, Reopened
from ..journal.state import JournalState, Name, StepRecord
from ..orders import Report, deltas
from ..states import DONE, OPEN, State
from ..venues import Venues
from . import boundary

if TYPE_CHECKING:
    from .journalled import JournalledLoop

AGAIN = 5
"""So often what a reorganisation moved is compared anew. A chain, or nodes that do not agree, that comes to no rest is for a person."""


class Look(NamedTuple):
    """A look at a watched step: its record and what that said then, and what its venue says now."""

    name: Name
    record: StepRecord
    known: Report
    report: Report

    def stands(self, state: JournalState) -> bool:
        """Whether the step is as it was looked at: no other task has reopened it, settled it again or replaced its transaction."""
        return state.watched.get(self.name) is self.record and self.record.report is self.known

    def reopened(self, state: JournalState) -> Reopened:
        """The entry that takes it out of the books."""
        order = self.record.sending.order
        return Reopened(*self.name, {alias: state.identities[alias] for alias in (order.account, order.lane)})


async def watch(loop: JournalledLoop, venues: Venues, state: JournalState, accounts: Collection[str] | None = None) -> tuple[str, ...]:
    """Look once at every watched step of this run's venues, at all of them at once: a client asks for them in one request. Answers the
    ids of those that were reopened and settled again.

    `accounts`: only at steps that share one of these accounts or lanes; what is about to act there need not wait for another account.
    All that a reorganisation took back is out of the books before the first of it is settled and compared again.
    """
    reopened: list[Name] = []
    for look in await looked_at(venues, state, accounts):
        order, reopening = look.record.sending.order, look.reopened(state)
        if not taken_back(look.known, look.report):
            final = look.report.final or look.report.state is State.FINAL
            if final and look.stands(state) and not loop.held(order):  # else the next look finds it final again: nobody waits for that
                loop.records.keep(Finalised(*reopening))  # lost, it would be seen again: it needs no commit of its own
            continue
        async with loop.holding(order):
            if look.stands(state):
                await loop.records.commit(reopening)
                reopened.append(look.name)
    for name in reopened:
        async with loop.holding(state.steps[name].sending.order):
            record = state.open.get(name)
            if record is not None:
                await loop.resume(record.sending)
    return tuple(step for _, step in reopened)


async def looked_at(venues: Venues, state: JournalState, accounts: Collection[str] | None) -> list[Look]:
    """What became of each watched step. What is simulated is never taken back."""
    watched = [
        (name, record, record.report, venue.client)
        for name, record in state.watched.items()
        if record.report is not None
        and record.sending.order.venue in venues
        and not (venue := venues.named(record.sending.order.venue)).simulated
        and (accounts is None or record.sending.order.account in accounts or record.sending.order.lane in accounts)
    ]
    if not watched:
        return []
    import asyncio

    reports = await asyncio.gather(*(boundary.lookup(client, record.sending.prepared) for _, record, _, client in watched))
    return [Look(name, record, known, report) for (name, record, known, _), report in zip(watched, reports, strict=True)]


def taken_back(known: Report, report: Report) -> bool:
    """Whether a step no longer stands as it was known, by a new report of it: gone, waiting again, or mined anew with another outcome."""
    if report.state is State.UNKNOWN:
        return False
    if report.state in OPEN or report.state not in DONE:
        return True
    same_end = report.state is known.state or report.state is State.FINAL
    return not same_end or deltas(report.effects) != deltas(known.effects)
