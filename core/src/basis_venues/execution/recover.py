"""Start-up after any end: find orders of ours that the journal lost, then settle every step that was being sent."""

from __future__ import annotations

from collections.abc import Iterable

from ..attempts import is_ours
from ..errors import HistoryGone, Stopped, TryAgainLater
from ..journal.events import Observed, Sending
from ..journal.state import JournalState
from ..keys import split_key
from ..market.provider import utc
from ..orders import Effect, deltas
from ..venues import Venue, Venues
from . import boundary
from .journalled import JournalledLoop
from .reconcile import told


async def recover(loop: JournalledLoop, venues: Venues, state: JournalState) -> None:
    """Idempotent: interrupted at any point, it ends the same when run again. Raises `TryAgainLater` when a venue cannot be asked."""
    for venue in venues:
        if not venue.simulated:
            await _sweep(loop, venue, venues, state)
    await _look_at_transactions(venues, state)
    for name, record in sorted(state.open.items(), key=lambda item: item[1].sending.at):
        if record.sending.order.venue not in venues:
            raise Stopped(f"the step {name[1]} of the mode {name[0]} was being sent and is not settled; run that mode first")
        if name in state.open:  # what comes after it on its lane may have had it settled
            if not venues.named(record.sending.order.venue).rehearsed:
                _say(record.sending)
            await loop.resume(record.sending)


def _say(sending: Sending) -> None:
    """Let whoever waits for the start know what it waits for."""
    import logging  # not needed as long as nothing was left

    rests: int | None = getattr(sending.order.action, "good_for", None)
    until = f"; an order at rest, which ends by {utc(sending.at + rests)}" if rests else ""
    step, venue, at = sending.prepared.step.id, sending.order.venue, utc(sending.at)
    logging.getLogger("basis_venues").warning("settling %s first, which an earlier run sent to %s at %s%s", step, venue, at, until)


async def _look_at_transactions(venues: Venues, state: JournalState) -> None:
    """Let each chain's client know which transactions are ours, all of them: those that are in one block explain each other."""
    for record in state.open.values():
        venue = venues.named(record.sending.order.venue) if record.sending.order.venue in venues else None
        if venue is not None and venue.chain and not venue.simulated and not venue.rehearsed:  # a dry run looks once at each
            await boundary.lookup(venue.client, record.sending.prepared)


async def _sweep(loop: JournalledLoop, venue: Venue, venues: Venues, state: JournalState) -> None:
    """Take effects into the books that carry a key of ours which this journal does not know: a torn tail, an old backup. Where the venue
    does not keep them for so long, its accounts wait for a person; one that was thawed and not read since is taken as it stands."""
    kept = venues.kept_by(venue, state.marks)
    since = max((state.marks[key] for key in kept), default=0)
    try:
        effects = boundary.checked_effects(await venue.client.recent_effects((), since, 0))
    except HistoryGone as gone:
        for account in sorted({split_key(key).account for key in kept if key in state.known} - state.frozen.keys()):
            await loop.readings.freeze(account, f"{gone}: compare what it holds with the books, then thaw it")
        return
    except Exception as error:
        raise TryAgainLater(f"{venue.name} could not tell its recent effects at start ({told(error)}); nothing was sent") from error
    lost = tuple(_unknown(effects, state))
    if lost:
        book = {key: state.book[key] + change for key, change in deltas(lost).items() if key in state.known}
        keeper = {account: state.identities[account] for account in _accounts(lost, state)}
        await loop.records.commit(Observed(book, {}, lost, keeper))


def _unknown(effects: Iterable[Effect], state: JournalState) -> Iterable[Effect]:
    return (e for e in effects if is_ours(e) and e.order not in state.attempts and e.id not in state.seen)


def _accounts(effects: Iterable[Effect], state: JournalState) -> set[str]:
    named = {key.partition(":")[0] for effect in effects for key, _ in effect.lines}
    return named & set(state.identities)
