"""Start-up after any end: find orders of ours that the journal lost, then settle every step that was being sent; what rests is left to the
run."""

from __future__ import annotations

from collections.abc import Iterable

from ..attempts import is_ours
from ..clock import Clock
from ..errors import HistoryGone, Stopped, TryAgainLater
from ..journal.events import Observed, Sending
from ..journal.state import JournalState
from ..keys import split_key
from ..market.provider import utc
from ..orders import Effect, Order, deltas
from ..venues import Venue, Venues
from . import boundary
from .journalled import JournalledLoop
from .loop import rest_until
from .reconcile import told


async def recover(loop: JournalledLoop, venues: Venues, state: JournalState, clock: Clock) -> list[Sending]:
    """Idempotent: interrupted at any point, it ends the same when run again. Answers what is left to be settled beside the run: orders
    whose time in the book is not over, and what was sent after them from their accounts. Raises `TryAgainLater` when a venue cannot be
    asked."""
    for venue in venues:
        if not venue.simulated:
            await _sweep(loop, venue, venues, state)
    await _look_at_transactions(venues, state)
    beside: list[Sending] = []
    for name, record in sorted(state.open.items(), key=lambda item: item[1].sending.at):
        sending = record.sending
        if sending.order.venue not in venues:
            raise Stopped(f"the step {name[1]} of the mode {name[0]} was being sent and is not settled; run that mode first")
        rehearsed = venues.named(sending.order.venue).rehearsed
        if not rehearsed and (_rests(sending, clock.now()) or any(_share(sending.order, each.order) for each in beside)):
            _say(sending, "beside this one")
            beside.append(sending)
        elif name in state.open:  # what comes after it on its lane may have had it settled
            if not rehearsed:
                _say(sending, "first")
            await loop.resume(sending)
    return beside


def _rests(sending: Sending, now: int) -> bool:
    until = rest_until(sending.order, sending.at)
    return until is not None and until > now


def _share(one: Order, other: Order) -> bool:
    return not {one.account, one.lane}.isdisjoint((other.account, other.lane))


def _say(sending: Sending, when: str) -> None:
    """Let whoever waits know what for."""
    import logging  # not needed as long as nothing was left

    until = rest_until(sending.order, sending.at)
    rests = f"; it rests until {utc(until)} at the latest, and its account takes no other order before" if until else ""
    step, venue, at = sending.prepared.step.id, sending.order.venue, utc(sending.at)
    logging.getLogger("basis_venues").warning("%s, sent to %s at %s by an earlier run, is settled %s%s", step, venue, at, when, rests)


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
