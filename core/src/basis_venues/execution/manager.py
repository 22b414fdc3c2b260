"""`ExecutionManager`: what a strategy runner embeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal, getcontext, setcontext
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import field, frozen

from ..actions import Action, moment
from ..amounts import MONEY
from ..clock import Clock, PlanClock, SteeredClock
from ..errors import ActionConflict, InvalidAction, TryAgainLater
from ..journal.codec import fingerprint
from ..journal.events import Closed, Intent
from ..journal.locks import AccountLocks
from ..journal.memory import MemoryJournal
from ..journal.sqlite import JournalUnwritable, SqliteJournal
from ..journal.state import JournalState
from ..keys import Key
from ..market.live import LiveMarket
from ..network import Account
from ..observers import Observers
from ..orders import Order
from ..reconcile import Reconciler
from ..results import ActionResult, LegResult, worst
from ..router import ActionRouter, Routed
from ..simulate import SimulatedLedger
from ..states import NOTHING_HAPPENED, State, Verdict
from ..venues import Venues
from .books import SimulatedBooks
from .loop import TightLoop
from .recover import Recovered, recover
from .resolution import resolution, thawing
from .stops import HaltFlags
from .undo import undo
from .watch import watch


@frozen(kw_only=True)
class Parts:
    """What a manager is put together from. `basis_venues.assemble` makes it from configuration; tests make it by hand.

    `state_directory`: where journal, locks and halt flags live; None for a backtest, which keeps all in memory (`stream`: a file that
    gets a row for each action).
    """

    mode: str
    router: ActionRouter
    venues: Venues
    accounts: Mapping[str, Account]
    market: Any
    clock: Clock
    ledger: SimulatedLedger
    halt_on_failure: bool = True
    observers: Observers = field(factory=Observers)
    state_directory: Path | None = None
    stream: Path | None = None
    open_journal: Callable[[Path, Clock], SqliteJournal] = SqliteJournal


class ExecutionManager:
    """Carries actions out and answers with what the accounts then show. Use it as an asynchronous context manager.

    One manager runs one mode. In a backtest nothing suspends, so that `basis_venues.drive` can run it without an event loop.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._venues = parts.venues
        self._router = parts.router
        self._memory: MemoryJournal | None = None
        self._journal: SqliteJournal | None = None
        self._locks: AccountLocks | None = None
        self._halted: str | None = None
        self._in_flight: set[str] = set()
        self._simulated = SimulatedBooks(parts.ledger)
        self._live = parts.state_directory is not None
        self.recovered = Recovered((), ())
        if not self._live:
            self._ready({account.alias: account.identity for account in parts.accounts.values()})

    @classmethod
    def open(cls, mode: str, **options: Any) -> ExecutionManager:
        """A manager for the mode of that name, put together from configuration. Options: see `basis_venues.assemble.parts`."""
        from ..assemble import parts

        return cls(parts(mode, **options))

    @property
    def live(self) -> bool:
        """Whether it keeps a journal on disk: some venue is not simulated."""
        return self._live

    # -- life --------------------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> ExecutionManager:
        if not self._live:
            return self
        before = getcontext()
        setcontext(MONEY)
        try:
            await self._start()
        except BaseException:
            await self.close()
            raise
        finally:
            setcontext(before)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def _start(self) -> None:
        """Open the venues, take the accounts, read the journal, settle what was left, and only then take work."""
        directory = self._parts.state_directory
        assert directory is not None
        if isinstance(self._clock, SteeredClock):
            self._clock.set(self._clock.now())
        identities = {account.alias: account.identity for account in self._parts.accounts.values()}
        for venue in self._venues:
            if not venue.simulated:
                identities.update(await venue.client.open())
        accounts = [Account(a.alias, identities[a.alias], a.keeper, a.lane) for a in self._parts.accounts.values()]
        self._locks = AccountLocks(directory / "locks", accounts)
        self._journal = self._parts.open_journal(directory / "journal.sqlite", self._clock)
        self._ready(identities, HaltFlags(directory / "halt"))
        for row in self._journal.verified():
            self.state.apply(row.event())
        self._simulated.restore(self.state, {venue.name for venue in self._venues if venue.simulated})
        self.recovered = await recover(self._loop, self._venues, self.state)

    def _ready(self, identities: Mapping[str, str], halts: HaltFlags | None = None) -> None:
        parts = self._parts
        self.state = JournalState(identities)
        if not self._live:
            self._memory = MemoryJournal(parts.stream)
        reconciler = Reconciler(self._venues, self._clock)
        self._loop = TightLoop(
            parts.mode, self._venues, self.state, self._simulated, reconciler, parts.market, self._clock, parts.observers,
            self._journal, halts,
        )  # fmt: skip

    async def close(self) -> None:
        """Let connections, journal and accounts go. What is unfinished is settled at the next start."""
        for venue in self._venues:
            with suppress(Exception):  # a connection that cannot be closed must not keep the journal and the accounts
                await venue.client.close()
        if isinstance(self._parts.market, LiveMarket):
            with suppress(Exception):  # as above
                await self._parts.market.close()
        if self._memory is not None:
            self._memory.close()
        if self._journal is not None:
            self._journal.close()
        if self._locks is not None:
            self._locks.release()

    # -- the main entry ----------------------------------------------------------------------------------------------------------

    async def execute_action(self, action: Action, mode: str | None = None, timestamp: datetime | int | None = None) -> ActionResult:
        """Route the action, carry its orders out, compare the accounts with what was done, and answer.

        `timestamp` (a datetime with a zone, or ms) moves the clock of a backtest; live it is checked to be no later than the clock. An
        id that acted before answers with its stored result; one that was interrupted goes on where it stood. Raises `InvalidAction`,
        `NotRoutable`, `ActionConflict` and other `Denied` before anything is sent; what venues did is in the result, never raised.
        """
        if mode is not None and mode != self._parts.mode:
            raise InvalidAction(f"this manager runs the mode {self._parts.mode}, not {mode}")
        if not action.id:
            raise InvalidAction("an action needs an id of its own: it is what makes it safe to repeat")
        before = getcontext()
        setcontext(MONEY)
        try:
            if timestamp is not None:
                self._move_to(moment(timestamp))
            return await (self._simulate(action) if self._memory is not None else self._execute(action))
        finally:
            setcontext(before)

    def _move_to(self, timestamp: int) -> None:
        if isinstance(self._clock, (PlanClock, SteeredClock)):
            self._clock.set(timestamp)

    async def pass_time(self, until: datetime | int) -> None:
        """Let time pass in a backtest, and happen what happens by itself, such as funding. Live, time passes alone."""
        before = getcontext()
        setcontext(MONEY)
        try:
            self._move_to(moment(until))
        finally:
            setcontext(before)

    async def _simulate(self, action: Action) -> ActionResult:
        """The whole course in a backtest: no journal to commit to, legs one after the other."""
        memory = self._memory
        assert memory is not None
        stored = memory.stored(action)
        if stored is not None:
            return stored
        if self._halted:
            return self._all_denied(action, self._router.route(action), self._halted)
        routed = self._router.route(action)
        if self._parts.observers.listening("action_routed"):
            self._parts.observers.notify("action_routed", action=action, orders=routed.orders)
        legs = tuple([await self._loop.leg(order) for order in routed.orders])
        result = self._summed(action, routed, legs)
        memory.close_action(result)
        return result

    async def _execute(self, action: Action) -> ActionResult:
        """One action with a journal. An id that is being carried out is refused: its result comes to the one who asked first."""
        if action.id in self._in_flight:
            raise ActionConflict(f"the action {action.id!r} is being carried out; wait for its result")
        self._in_flight.add(action.id)
        try:
            return await self._execute_alone(action)
        finally:
            self._in_flight.discard(action.id)

    async def _execute_alone(self, action: Action) -> ActionResult:
        """The whole course: the id is looked up, the intent is kept, legs on different accounts run side by side."""
        name = (self._parts.mode, action.id)
        record = self.state.actions.get(name)
        if record is not None:
            if record.fingerprint != fingerprint(action):
                raise ActionConflict(f"the action id {action.id!r} was used before with other parameters; give each action its own id")
            if record.result is not None:
                return record.result
            routed = Routed(record.orders, record.unallocated, record.notes)
        else:
            if action.valid_until is None:
                raise InvalidAction("a live action needs valid_until: after it nothing more of the action is started")
            routed = self._router.route(action)
            if self._parts.observers.listening("action_routed"):
                self._parts.observers.notify("action_routed", action=action, orders=routed.orders)
        await watch(self._loop, self._venues, self.state)
        if record is None:
            if self._halted:
                return self._all_denied(action, routed, self._halted)
            self._loop.begin(
                Intent(self._parts.mode, action, routed.orders, routed.unallocated, routed.notes, self._identities(routed.orders))
            )
        legs = await self._side_by_side(routed.orders)
        result = self._summed(action, routed, legs)
        if all(_over(leg) for leg in legs):
            with suppress(JournalUnwritable):  # each step is stored, or nothing was sent: asked again, the id gives the same
                await self._loop.commit(Closed(self._parts.mode, result, self._identities(routed.orders)))
        return result

    async def _side_by_side(self, orders: tuple[Order, ...]) -> tuple[LegResult, ...]:
        if len(orders) == 1:
            return (await self._loop.leg(orders[0]),)
        import asyncio

        legs = await asyncio.gather(*(self._loop.leg(order) for order in orders), return_exceptions=True)
        for leg in legs:
            if isinstance(leg, BaseException):  # raised only after every other leg came to its end
                raise leg
        return tuple(leg for leg in legs if isinstance(leg, LegResult))

    def _summed(self, action: Action, routed: Routed, legs: tuple[LegResult, ...]) -> ActionResult:
        """The result of all legs. A leg that failed for good halts the mode, unless its configuration says to continue."""
        state = worst(legs)
        back: tuple[Action, ...] = ()
        if len(legs) > 1 and state != "VERIFIED":
            back = undo(action, legs)
            if self._parts.halt_on_failure:
                self._halted = f"a leg of {action.id} ended {state}; see its result, then start the mode again"
        result = ActionResult(action, state, legs, self._clock.now(), routed.unallocated, routed.notes, back)
        if self._parts.observers.listening("action_finished"):
            self._parts.observers.notify("action_finished", result=result)
        return result

    def _all_denied(self, action: Action, routed: Routed, reason: str) -> ActionResult:
        legs = tuple(LegResult(o.id, o.venue, o.account, State.DENIED, None, reason) for o in routed.orders)
        return ActionResult(action, worst(legs), legs, self._clock.now(), routed.unallocated, routed.notes)

    def _identities(self, orders: tuple[Order, ...]) -> dict[str, str]:
        return {alias: self.state.identities[alias] for order in orders for alias in (order.account, order.lane)}

    # -- what else a runner and an operator ask ----------------------------------------------------------------------------------

    async def positions(self) -> dict[Key, Decimal]:
        """Every position that is not zero: simulated ones from their ledger, live ones read from their owners now.

        Raises `TryAgainLater` when one could not be read.
        """
        held = dict(self._parts.ledger.positions.held())
        if not self._live:
            return held
        reconciler = Reconciler(self._venues, self._clock)
        for venue in self._venues:
            if venue.simulated:
                continue
            keys = [key for key in self.state.known if reconciler.owner(key) is venue]
            reading = await reconciler.read(keys, 0, venue)
            if reading.failures:
                raise TryAgainLater(f"positions could not be read: {'; '.join(reading.failures)}")
            held.update(reading.values)
        return {key: amount for key, amount in sorted(held.items()) if amount}

    def obligations(self) -> dict[Key, Decimal]:
        """What has begun and not yet arrived: claims and transits."""
        book = self._parts.ledger.positions.held() if not self._live else self.state.obligations()
        return {key: amount for key, amount in book.items() if key.split(":", 2)[1] in ("claim", "transit")}

    async def heartbeat(self) -> dict[str, Mapping[str, str]]:
        """Check every live venue's connection, and look at steps that could still be reorganised. Raises as the clients do."""
        answers = {venue.name: await venue.client.heartbeat() for venue in self._venues if not venue.simulated}
        if self._live:
            await watch(self._loop, self._venues, self.state)
        return answers

    async def resolve(self, step: str, state: State, reason: str) -> None:
        """Close a step that only a person can: `state` is FILLED (it happened) or REJECTED (it did not). Thaws its account, whose
        positions are then taken as the venue shows them. Raises `Denied` for a step that is not open."""
        await self._loop.commit(*resolution(self.state, self._parts.mode, step, state, reason))

    async def thaw(self, account: str, reason: str) -> None:
        """Let a frozen account act again; what it holds is read anew and taken as it stands. Raises `Denied` for an account that is not
        frozen, or while one of its steps is with a person: that is resolved first."""
        await self._loop.commit(thawing(self.state, account, reason))

    @property
    def obstacles(self) -> dict[str, str]:
        """Accounts that are frozen, with the reasons."""
        return dict(self.state.frozen)


def _over(leg: LegResult) -> bool:
    """Whether nothing more can come of the leg: it ended at the venue and was verified, or provably had no effect."""
    if leg.state in NOTHING_HAPPENED:
        return True
    return leg.verdict is not None and leg.verdict is not Verdict.UNVERIFIED

