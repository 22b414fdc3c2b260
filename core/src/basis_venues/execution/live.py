"""The course of a run with live venues: locks, journal, recovery, and legs on different accounts side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path

from ..actions import Action
from ..clock import SteeredClock
from ..config.misfit import nearest
from ..errors import ActionConflict, BasisError, Denied, InvalidAction, JournalUnwritable, TryAgainLater
from ..journal.codec import fingerprint, sharing
from ..journal.events import Closed, Intent, Reserved
from ..journal.locks import AccountLocks
from ..journal.sqlite import SqliteJournal
from ..journal.state import ActionRecord, JournalState
from ..keys import TRANSIT, Key, split_key
from ..market.live import LiveMarket
from ..network import Account
from ..orders import Order
from ..results import STOPPED, ActionResult, Compared, LegResult
from ..router import Routed
from ..states import NOTHING_HAPPENED, State, Verdict
from ..worlds import make_private
from .beside import Beside
from .books import SimulatedBooks
from .course import Course
from .journalled import JournalledLoop
from .life import NOT_OPEN, Life
from .parts import Parts
from .reconcile import Reconciler
from .records import Records
from .recover import recover
from .resolution import dismissal, resolution, thawing
from .stops import HaltFlags
from .together import carry_out_orders
from .watch import watch


class LiveRun(Course):
    """Carries actions out at live venues, simulated ones beside them. Nothing is sent from an account before what was left there is
    settled: at the `start`, or beside the run for what rests."""

    def __init__(self, parts: Parts, directory: Path) -> None:
        super().__init__(parts)
        self._directory = directory
        self._journal: SqliteJournal | None = None
        self._locks: list[AccountLocks] = []
        self._in_flight: set[str] = set()
        self._state: JournalState | None = None
        self.life = Life()
        self._venues = parts.venues
        self._reconciler = Reconciler(parts.venues, parts.clock)

    # -- start and close -----------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> JournalState:
        """What the journal says. Raises `BasisError` before the run is entered."""
        if self._state is None:
            raise BasisError(NOT_OPEN)
        return self._state

    async def start(self) -> None:
        """Open the venues, take the accounts, read the journal, settle what was left but for orders at rest, and only then take work."""
        with self.life.starting():
            await self._start()

    async def _start(self) -> None:
        parts = self.parts
        make_private(self._directory)  # before venues keep anything there
        if isinstance(parts.clock, SteeredClock):
            self._take_time(parts.clock)
        identities = await self._open_venues()
        self._take_accounts(identities)
        self._journal = (parts.open_journal or SqliteJournal)(self._directory / "journal.sqlite", parts.clock)
        self._journal.make_room()
        self._state = _replayed(self._journal, identities)
        if parts.limits is not None:
            parts.limits.read(self._journal)
        simulated = SimulatedBooks(parts.ledger)
        simulated.restore(self.state, {venue.name for venue in self._venues if venue.simulated})
        self.records = Records(self._journal, self.state, simulated)
        halts = HaltFlags(self._directory / "halt")
        self.loop = JournalledLoop(parts, self.records, simulated, self._reconciler, halts)
        self._beside = Beside(self.loop, self.life)
        self._beside.settle(await recover(self.loop, self._venues, self.state, parts.clock))

    def _take_time(self, clock: SteeredClock) -> None:
        """Put those who keep our time to where the run begins, unless another runner's is theirs: that one would act in the past. Raises
        `AccountBusy`."""
        if self.parts.locks_directory is not None:
            self._locks.append(AccountLocks(self.parts.locks_directory, [Account("clock", url, "", "clock") for url in clock.moved]))
        clock.set(clock.now())

    def _take_accounts(self, identities: Mapping[str, str]) -> None:
        """Lock the accounts of this journal, and those that venues told for the whole machine user: another state directory is no way
        around. Raises `AccountBusy`."""
        parts = self.parts
        accounts = [Account(a.alias, identities[a.alias], a.keeper, a.lane) for a in parts.accounts.values()]
        self._locks.append(AccountLocks(self._directory / "locks", accounts))
        if parts.locks_directory is not None:
            told = [a for a in accounts if a.identity != parts.accounts[a.alias].identity]
            places = (Account(a.alias, f"{a.identity}{parts.stand_ins.get(a.alias, '')}", a.keeper, a.lane) for a in told)
            self._locks.append(AccountLocks(parts.locks_directory, places))

    async def _open_venues(self) -> dict[str, str]:
        """Open every live venue. Answers the identity of each account, by alias."""
        identities = {account.alias: account.identity for account in self.parts.accounts.values()}
        for venue in self._venues:
            if not venue.simulated:
                identities.update(await venue.client.open())
        return identities

    async def close(self) -> None:
        """Call off what is in flight, and let connections, journal and accounts go. What is unfinished is settled at the next start."""
        try:
            await self.life.end()
            for venue in self._venues:
                with suppress(Exception):  # a connection that cannot be closed must not keep the others
                    await venue.client.close()
            if isinstance(self.parts.market, LiveMarket):
                with suppress(Exception):  # as above
                    await self.parts.market.close()
        finally:
            if self._journal is not None:
                self._journal.close()
            while self._locks:
                self._locks.pop().release()

    async def cancel(self, action: str) -> tuple[str, ...]:
        """Have what rests of an action cancelled. Answers the ids of its steps. Raises `Denied` for an action that is not known."""
        with self.life.in_use():
            if (self.parts.mode, action) not in self.state.actions:
                known = (name for mode, name in self.state.actions if mode == self.parts.mode)
                raise Denied(f"no action {action!r} is known{nearest(action, known)}")
            return self.loop.call_back(action)

    async def settled(self) -> None:
        """Wait until nothing is settled beside the run any more."""
        with self.life.in_use():
            await self.life.begun()

    @property
    def frozen(self) -> dict[str, str]:
        """Accounts that must not act, with the reasons."""
        return self.state.frozen

    # -- actions -----------------------------------------------------------------------------------------------------------------

    async def execute(self, action: Action) -> ActionResult:
        """One action. An id that is being carried out is refused: its result comes to the one who asked first."""
        (result,) = await self.execute_together((action,))
        return result

    async def execute_together(self, actions: Sequence[Action]) -> tuple[ActionResult, ...]:
        """Actions that do not wait for each other's proof: their orders on one account share a reading of it. Raises as `execute` does,
        before anything is sent. Among several, an action over its spend limit is denied by itself."""
        with self.life.in_use(), self._in_hand(actions):
            routed = {action.id: await self._routed(action) for action in actions}
            told = {action.id: result for action in actions if (result := self._result_of(action)) is not None}
            left = [action for action in actions if action.id not in told]
            if left:
                orders = [order for action in left for order in routed[action.id].orders]
                await watch(self.loop, self._venues, self.state, {alias for o in orders for alias in (o.account, o.lane)})
            for action in left:
                refused = await self._keep_intent(action, routed[action.id], alone=len(actions) == 1)
                if refused is not None:
                    told[action.id] = refused
            asked = [(action, routed[action.id]) for action in left if action.id not in told]
            told.update(await self._carry_out(asked))
            return tuple(told[action.id] for action in actions)

    @contextmanager
    def _in_hand(self, actions: Sequence[Action]) -> Iterator[None]:
        ids = [action.id for action in actions]
        twice = next((each for number, each in enumerate(ids) if each in self._in_flight or each in ids[:number]), None)
        if twice is not None:
            raise ActionConflict(f"the action {twice!r} is being carried out; wait for its result")
        self._in_flight.update(ids)
        try:
            yield
        finally:
            self._in_flight.difference_update(ids)

    def _known(self, action: Action) -> ActionRecord | None:
        return self.state.actions.get((self.parts.mode, action.id))

    def _result_of(self, action: Action) -> ActionResult | None:
        """The stored result of an action that is closed."""
        record = self._known(action)
        return None if record is None else record.result

    async def _routed(self, action: Action) -> Routed:
        """Where an action goes: a new one by the router, one that is known as it is stored."""
        record = self._known(action)
        if record is not None:
            if record.action is not action and fingerprint(record.action) != fingerprint(action):
                raise ActionConflict(f"the action id {action.id!r} was used before with other parameters; give each action its own id")
            return Routed(record.orders, record.unallocated, record.notes)
        if action.valid_until is None:
            raise InvalidAction("a live action needs valid_until: after it nothing more of the action is started")
        if isinstance(self.parts.market, LiveMarket):
            await self.parts.market.refresh(self.parts.router.series(action))
        return self.route(action)

    async def _keep_intent(self, action: Action, routed: Routed, alone: bool) -> ActionResult | None:
        """Keep a new action's intent for the first commit. Answers the result of one that is not begun."""
        if self._known(action) is not None:
            return None
        stopped = self.halted or next(filter(None, map(self.loop.stopped, routed.orders)), None)
        if stopped:
            return self.denied(action, routed, stopped, STOPPED)
        try:
            reserved = await self._reserve(routed.orders)
        except Denied as refusal:
            if alone:
                raise
            return self.denied(action, routed, str(refusal))
        accounts = self.records.identities(*routed.orders)
        self.records.keep(Intent(self.parts.mode, action, routed.orders, routed.unallocated, routed.notes, accounts, reserved))
        return None

    async def _carry_out(self, asked: Sequence[tuple[Action, Routed]]) -> dict[str, ActionResult]:
        """The results, by action. The end of all of them is one commit."""
        from asyncio import CancelledError

        orders = [order for _, routed in asked for order in routed.orders]
        groups = _by_account(orders)
        self.records.lanes += len(groups)
        try:
            return await self._run_and_close(asked, groups)
        except CancelledError:
            self._beside.take_over(orders)
            raise
        finally:
            self.records.lanes -= len(groups)

    async def _run_and_close(self, asked: Sequence[tuple[Action, Routed]], groups: Sequence[Sequence[Order]]) -> dict[str, ActionResult]:
        """Carry the groups of orders out, and write down which actions are over."""
        told = await self._side_by_side(groups)
        for order in (order for group in groups for order in group):
            if _over(told[order.id]) and self.loop.moved(told[order.id]):  # a heartbeat beside it saw a reorganisation
                told[order.id] = await self.loop.leg(order)
        results = {action.id: self.summed(action, routed, tuple(told[order.id] for order in routed.orders)) for action, routed in asked}
        closed = [
            Closed(self.parts.mode, results[action.id], self.records.identities(*routed.orders))
            for action, routed in asked
            if all(_over(leg) for leg in results[action.id].legs)
        ]
        try:
            await self.records.commit(*closed)
        except JournalUnwritable as error:  # asked again, each id goes on from what is stored
            if len(groups) == 1:
                told = {order: self.loop.unstored(leg, error) for order, leg in told.items()}
                return {action.id: self.summed(action, routed, tuple(told[o.id] for o in routed.orders)) for action, routed in asked}
        return results

    async def _reserve(self, orders: tuple[Order, ...]) -> tuple[Reserved, ...]:
        """What the orders take of the spend limits. Raises `LimitReached` or another `Denied`. Nothing waits between it and the intent."""
        limits = self.parts.limits
        if limits is None or self._journal is None:
            return ()
        await limits.refresh(orders, self.state)
        return limits.reserve(orders, self.state, self._journal)

    async def _side_by_side(self, groups: Sequence[Sequence[Order]]) -> dict[str, LegResult]:
        """The orders of each account, one account beside the other. Of one account alone, the last outcomes are kept for the commit that
        closes the actions."""
        if len(groups) == 1:
            return await carry_out_orders(self.loop, self._venues, groups[0])
        import asyncio

        told: dict[str, LegResult] = {}
        for done in await asyncio.gather(*(self._run_group(group) for group in groups), return_exceptions=True):
            if isinstance(done, BaseException):  # raised only after every other leg came to its end
                raise done
            told.update(done)
        return told

    async def _run_group(self, group: Sequence[Order]) -> dict[str, LegResult]:
        """The orders of one account among several: its outcomes do not wait for those of the others."""
        told = await carry_out_orders(self.loop, self._venues, group)
        try:
            await self.records.commit()
        except JournalUnwritable as error:
            return {order: self.loop.unstored(leg, error) for order, leg in told.items()}
        return told

    # -- what else a runner and an operator ask ----------------------------------------------------------------------------------

    async def positions(self) -> dict[Key, Decimal]:
        """Every position that is not zero: what live venues show is read from them now, also what the books do not vouch for; what
        simulated ones hold, and transits, which no account shows, are as the books have them.

        Raises `TryAgainLater` when one could not be read.
        """
        with self.life.in_use():
            held = {key: amount for key, amount in self.parts.ledger.positions.held().items() if self._only_in_books(key)}
            named = {*self.state.known, *self.state.book}
            for venue in self._venues:
                if venue.simulated:
                    continue
                reading = await self._reconciler.read(self._venues.kept_by(venue, named), 0, venue)
                if reading.failures:
                    raise TryAgainLater(f"positions could not be read: {'; '.join(reading.failures)}")
                held.update(reading.values)
        return {key: amount for key, amount in sorted(held.items()) if amount}

    async def compared(self) -> dict[Key, Compared]:
        """What the books vouch for, against what live venues show now. Expected is what the books say, with what has happened by itself
        since as those venues tell it: funding, say, or the end of a transit, which nobody shows. What is not tolerated explains nothing.

        Raises `TryAgainLater` where an account or its history could not be read.
        """
        found: dict[Key, Compared] = {}
        with self.life.in_use():
            for venue in self._venues:
                keys = [] if venue.simulated else self._venues.kept_by(venue, self.state.known)
                book = self.records.book()
                findings = await self._reconciler.compare_now(keys, venue, book)
                if findings.verdict is Verdict.UNVERIFIED:
                    raise TryAgainLater(f"positions could not be compared: {findings.reason}")
                found.update((line.key, line) for line in findings.compared)
                if self.loop.readings.strange(venue, findings.externals) is None:
                    found.update((key, Compared(key, left, None, True)) for key, left in findings.book.items() if key not in keys)
                else:
                    found.update((line.key, _as_booked(line, book.values[line.key])) for line in findings.compared)
        return found

    def _only_in_books(self, key: Key) -> bool:
        owner = self._venues.answering(key)
        return split_key(key).kind == TRANSIT if owner is None else owner.simulated

    def obligations(self) -> dict[Key, Decimal]:
        """What has begun and not yet arrived: claims and transits."""
        return self.state.obligations()

    async def heartbeat(self) -> dict[str, Mapping[str, str]]:
        """Look at steps that could still be reorganised, and check every live venue's connection. Raises as the clients do."""
        with self.life.in_use():
            await watch(self.loop, self._venues, self.state)  # first: it does not wait until a venue that is down is back
            await self.records.commit()  # no order comes that would take along what was kept
            return {venue.name: await venue.client.heartbeat() for venue in self._venues if not venue.simulated}

    async def resolve(self, step: str, state: State, reason: str) -> None:
        """Close a step that only a person can. Raises `Denied` for a step that is not open, or that the next start settles."""
        with self.life.in_use():
            await self.records.commit(*resolution(self.state, self.parts.mode, step, state, reason))

    async def thaw(self, account: str, reason: str) -> None:
        """Let a frozen account act again. Raises `Denied`."""
        with self.life.in_use():
            await self.records.commit(thawing(self.state, account, reason))

    async def dismiss(self, transit: Key, reason: str) -> None:
        """End a transit that no history will end. Raises `Denied`."""
        with self.life.in_use():
            await self.records.commit(dismissal(self.state, transit, reason))


def _replayed(journal: SqliteJournal, identities: Mapping[str, str]) -> JournalState:
    """What the journal says at its end, for accounts of these identities."""
    state, read = JournalState(identities), sharing()
    for row in journal.verified():
        state.apply(row.event(read))
    return state


def _as_booked(line: Compared, amount: Decimal) -> Compared:
    """The line with what the books say alone."""
    return line._replace(expected=amount, agrees=line.observed == amount)


def _by_account(orders: Iterable[Order]) -> list[list[Order]]:
    groups: dict[tuple[str, str], list[Order]] = {}
    for order in orders:
        groups.setdefault((order.account, order.lane), []).append(order)
    return list(groups.values())


def _over(leg: LegResult) -> bool:
    """Whether nothing more can come of the leg: it ended at the venue and was verified, or provably had no effect."""
    if leg.state in NOTHING_HAPPENED:
        return True
    return leg.verdict is not None and leg.verdict is not Verdict.UNVERIFIED
