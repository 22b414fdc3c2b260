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
    """Look once at every watched step of this run's venues. Answers the ids of those that were reopened and settled again.

    All that a reorganisation took back is out of the books before the first of it is settled and compared again.
    """
    reopened: list[Name] = []
    for name in list(state.watched):
        order = state.steps[name].sending.order
        if order.venue not in venues or venues.named(order.venue).simulated:  # what is simulated is never taken back
            continue
        async with loop.holding(order):
            record = state.watched.get(name)  # another task may have been faster, or have replaced its transaction
            if record is None:
                continue
            report = await boundary.lookup(venues.named(order.venue).client, record.sending.prepared)
            accounts = {alias: state.identities[alias] for alias in (order.account, order.lane)}
            if _taken_back(record, report):
                await loop.records.commit(Reopened(*name, accounts))
                reopened.append(name)
            elif report.final or report.state is State.FINAL:
                await loop.records.commit(Finalised(*name, accounts))
    for name in reopened:
        async with loop.holding(state.steps[name].sending.order):
            record = state.open.get(name)
            if record is not None:
                await loop.resume(record.sending)
    return tuple(step for _, step in reopened)


def _taken_back(record: StepRecord, report: Report) -> bool:
    """Whether the step no longer stands as it was recorded: gone, waiting again, or mined anew with another outcome."""
    known = record.report
    if known is None or report.state is State.UNKNOWN:
        return False
    if report.state in OPEN or report.state not in DONE:
        return True
    same_end = report.state is known.state or report.state is State.FINAL
    return not same_end or deltas(report.effects) != deltas(known.effects)
