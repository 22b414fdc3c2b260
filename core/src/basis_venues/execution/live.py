"""The course of a run with live venues: locks, journal, recovery, and legs on different accounts side by side."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

from ..actions import Action
from ..clock import SteeredClock
from ..errors import ActionConflict, InvalidAction, TryAgainLater
from ..journal.codec import fingerprint
from ..journal.events import Closed, Event, Intent, Reserved
from ..journal.locks import AccountLocks
from ..journal.sqlite import JournalUnwritable, SqliteJournal
from ..journal.state import ActionRecord, JournalState
from ..keys import Key
from ..market.live import LiveMarket
from ..network import Account
from ..orders import Order
from ..reconcile import Reconciler
from ..results import ActionResult, LegResult
from ..router import Routed
from ..states import NOTHING_HAPPENED, State, Verdict
from .books import SimulatedBooks
from .course import Course
from .journalled import JournalledLoop
from .parts import Parts
from .records import Records
from .recover import Recovered, recover
from .resolution import resolution, thawing
from .stops import HaltFlags
from .watch import watch


class LiveRun(Course):
    """Carries actions out at live venues, simulated ones beside them. Nothing is sent before `start` has settled what was left."""

    def __init__(self, parts: Parts, directory: Path) -> None:
        super().__init__(parts)
        self.recovered = Recovered((), ())
        self._directory = directory
        self._journal: SqliteJournal | None = None
        self._locks: AccountLocks | None = None
        self._in_flight: set[str] = set()
        self._venues = parts.venues
        self._reconciler = Reconciler(parts.venues, parts.clock)

    # -- life --------------------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the venues, take the accounts, read the journal, settle what was left, and only then take work."""
        parts = self.parts
        if isinstance(parts.clock, SteeredClock):
            parts.clock.set(parts.clock.now())
        identities = await self._open_venues()
        accounts = [Account(a.alias, identities[a.alias], a.keeper, a.lane) for a in parts.accounts.values()]
        self._locks = AccountLocks(parts.locks_directory or self._directory / "locks", accounts)
        self._journal = (parts.open_journal or SqliteJournal)(self._directory / "journal.sqlite", parts.clock)
        self._journal.make_room()
        self.state = JournalState(identities)
        for row in self._journal.verified():
            self.state.apply(row.event())
        simulated = SimulatedBooks(parts.ledger)
        simulated.restore(self.state, {venue.name for venue in self._venues if venue.simulated})
        self.records = Records(self._journal, self.state, simulated)
        halts = HaltFlags(self._directory / "halt")
        self.loop = JournalledLoop(
            parts.mode, self._venues, self.records, simulated, self._reconciler, parts.market, parts.clock, parts.observers, halts
        )
        self.recovered = await recover(self.loop, self._venues, self.state)

    async def _open_venues(self) -> dict[str, str]:
        """Open every live venue. Answers the identity of each account, by alias."""
        identities = {account.alias: account.identity for account in self.parts.accounts.values()}
        for venue in self._venues:
            if not venue.simulated:
                identities.update(await venue.client.open())
        return identities

    async def close(self) -> None:
        """Let connections, journal and accounts go. What is unfinished is settled at the next start."""
        try:
            for venue in self._venues:
                with suppress(Exception):  # a connection that cannot be closed must not keep the others
                    await venue.client.close()
            if isinstance(self.parts.market, LiveMarket):
                with suppress(Exception):  # as above
                    await self.parts.market.close()
        finally:
            if self._journal is not None:
                self._journal.close()
            if self._locks is not None:
                self._locks.release()

    @property
    def frozen(self) -> dict[str, str]:
        """Accounts that must not act, with the reasons."""
        return self.state.frozen

    # -- one action --------------------------------------------------------------------------------------------------------------

    async def execute(self, action: Action) -> ActionResult:
        """One action. An id that is being carried out is refused: its result comes to the one who asked first."""
        if action.id in self._in_flight:
            raise ActionConflict(f"the action {action.id!r} is being carried out; wait for its result")
        self._in_flight.add(action.id)
        try:
            record = self.state.actions.get((self.parts.mode, action.id))
            return await (self._first(action) if record is None else self._again(action, record))
        finally:
            self._in_flight.discard(action.id)

    async def _again(self, action: Action, record: ActionRecord) -> ActionResult:
        """An id that is known: its stored result, or on from where it stood."""
        if record.fingerprint != fingerprint(action):
            raise ActionConflict(f"the action id {action.id!r} was used before with other parameters; give each action its own id")
        if record.result is not None:
            return record.result
        await watch(self.loop, self._venues, self.state)
        return await self._carried_out(action, Routed(record.orders, record.unallocated, record.notes))

    async def _first(self, action: Action) -> ActionResult:
        """A new id: it is routed, and its intent kept for the first commit."""
        if action.valid_until is None:
            raise InvalidAction("a live action needs valid_until: after it nothing more of the action is started")
        if isinstance(self.parts.market, LiveMarket):
            await self.parts.market.refresh(self.parts.router.series(action))
        routed = self.route(action)
        await watch(self.loop, self._venues, self.state)
        if self.halted:
            return self.denied(action, routed, self.halted)
        reserved = await self._reserved(routed.orders)
        accounts = self.records.identities(*routed.orders)
        self.records.keep(Intent(self.parts.mode, action, routed.orders, routed.unallocated, routed.notes, accounts, reserved))
        return await self._carried_out(action, routed)

    async def _carried_out(self, action: Action, routed: Routed) -> ActionResult:
        legs = await self._side_by_side(routed.orders)
        result = self.summed(action, routed, legs)
        if all(_over(leg) for leg in legs):
            closed = Closed(self.parts.mode, result, self.records.identities(*routed.orders))
            with suppress(JournalUnwritable):  # each step is stored, or nothing was sent: asked again, the id gives the same
                await self.records.commit(closed)
        return result

    async def _reserved(self, orders: tuple[Order, ...]) -> tuple[Reserved, ...]:
        """What the orders take of the spend limits. Raises `LimitReached` or another `Denied`. Nothing waits between it and the intent."""
        limits = self.parts.limits
        if limits is None or self._journal is None:
            return ()
        await limits.refresh(orders, self.state)
        return limits.reserve(orders, self.state, self._journal)

    async def _side_by_side(self, orders: tuple[Order, ...]) -> tuple[LegResult, ...]:
        if len(orders) == 1:
            return (await self.loop.leg(orders[0]),)
        import asyncio

        legs = await asyncio.gather(*(self.loop.leg(order) for order in orders), return_exceptions=True)
        for leg in legs:
            if isinstance(leg, BaseException):  # raised only after every other leg came to its end
                raise leg
        return tuple(leg for leg in legs if isinstance(leg, LegResult))

    # -- what else a runner and an operator ask ----------------------------------------------------------------------------------

    async def positions(self) -> dict[Key, Decimal]:
        """Every position that is not zero: simulated ones from their ledger, live ones read from their owners now.

        Raises `TryAgainLater` when one could not be read.
        """
        held = dict(self.parts.ledger.positions.held())
        for venue in self._venues:
            if venue.simulated:
                continue
            reading = await self._reconciler.read(self._venues.kept_by(venue, self.state.known), 0, venue)
            if reading.failures:
                raise TryAgainLater(f"positions could not be read: {'; '.join(reading.failures)}")
            held.update(reading.values)
        return {key: amount for key, amount in sorted(held.items()) if amount}

    def obligations(self) -> dict[Key, Decimal]:
        """What has begun and not yet arrived: claims and transits."""
        return self.state.obligations()

    async def heartbeat(self) -> dict[str, Mapping[str, str]]:
        """Check every live venue's connection, and look at steps that could still be reorganised. Raises as the clients do."""
        answers = {venue.name: await venue.client.heartbeat() for venue in self._venues if not venue.simulated}
        await watch(self.loop, self._venues, self.state)
        return answers

    async def resolve(self, step: str, state: State, reason: str) -> None:
        """Close a step that only a person can. Raises `Denied` for a step that is not open."""
        await self.records.commit(*resolution(self.state, self.parts.mode, step, state, reason))

    async def thaw(self, account: str, reason: str) -> None:
        """Let a frozen account act again. Raises `Denied`."""
        event: Event = thawing(self.state, account, reason)
        await self.records.commit(event)


def _over(leg: LegResult) -> bool:
    """Whether nothing more can come of the leg: it ended at the venue and was verified, or provably had no effect."""
    if leg.state in NOTHING_HAPPENED:
        return True
    return leg.verdict is not None and leg.verdict is not Verdict.UNVERIFIED
