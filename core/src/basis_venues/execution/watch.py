"""Mined steps are watched until they are final: a reorganisation that takes one back reopens it."""

from __future__ import annotations

from ..journal.events import Finalised, Reopened
from ..journal.state import JournalState, Name, StepRecord
from ..orders import Report, deltas
from ..states import DONE, OPEN, State
from ..venues import Venues
from . import boundary
from .journalled import JournalledLoop


async def watch(loop: JournalledLoop, venues: Venues, state: JournalState) -> tuple[str, ...]:
    """Look once at every watched step of this run's venues, at all of them at once: a client asks for them in one request. Answers the
    ids of those that were reopened and settled again.

    All that a reorganisation took back is out of the books before the first of it is settled and compared again.
    """
    reopened: list[Name] = []
    for name, seen, report in await _looked_at(venues, state):
        back = _taken_back(seen, report)
        if not back and not report.final and report.state is not State.FINAL:
            continue
        order = seen.sending.order
        async with loop.holding(order):
            if state.watched.get(name) is not seen:  # another task was faster, or has replaced its transaction
                continue
            accounts = {alias: state.identities[alias] for alias in (order.account, order.lane)}
            if back:
                await loop.records.commit(Reopened(*name, accounts))
                reopened.append(name)
            else:
                loop.records.keep(Finalised(*name, accounts))  # lost, it would be seen again: it needs no commit of its own
    for name in reopened:
        async with loop.holding(state.steps[name].sending.order):
            record = state.open.get(name)
            if record is not None:
                await loop.resume(record.sending)
    return tuple(step for _, step in reopened)


async def _looked_at(venues: Venues, state: JournalState) -> list[tuple[Name, StepRecord, Report]]:
    """What became of each watched step. What is simulated is never taken back."""
    watched = [
        (name, record, venue.client)
        for name, record in state.watched.items()
        if record.sending.order.venue in venues and not (venue := venues.named(record.sending.order.venue)).simulated
    ]
    if not watched:
        return []
    import asyncio

    reports = await asyncio.gather(*(boundary.lookup(client, record.sending.prepared) for _, record, client in watched))
    return [(name, record, report) for (name, record, _), report in zip(watched, reports, strict=True)]


def _taken_back(record: StepRecord, report: Report) -> bool:
    """Whether the step no longer stands as it was recorded: gone, waiting again, or mined anew with another outcome."""
    known = record.report
    if known is None or report.state is State.UNKNOWN:
        return False
    if report.state in OPEN or report.state not in DONE:
        return True
    same_end = report.state is known.state or report.state is State.FINAL
    return not same_end or deltas(report.effects) != deltas(known.effects)
