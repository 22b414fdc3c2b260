"""The tight loop of a run with a journal: two synced commits for each step, locks for account and lane, halt flags, and whatever was
left open by an earlier order or an earlier run is settled first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any, NamedTuple

from ..actions import Action
from ..attempts import attempt_key, attempts_among, is_ours
from ..clock import Clock
from ..contract import Market
from ..errors import BasisError, Denied, Stopped, TryAgainLater
from ..journal.events import Event, Frozen, Observed, Outcome, Sending
from ..journal.sqlite import JournalUnwritable
from ..journal.state import StepRecord
from ..keys import TRANSIT, Key, split_key
from ..market.live import LiveMarket
from ..observers import Observers
from ..orders import Effect, Order, Prepared, Report, Step, deltas
from ..reconcile import Findings, Reconciler
from ..results import Compared, LegResult
from ..states import CLOSED, DONE, NOTHING_HAPPENED, OPEN, RESENDABLE, SUCCEEDED, State, Verdict
from ..venues import Venue, Venues
from . import boundary
from .books import SimulatedBooks
from .loop import Done, TightLoop
from .records import Records
from .settle import Renew, settle
from .stops import HaltFlags

MAX_ATTEMPTS = 5
"""How often a step that provably did not arrive is prepared anew."""
MAX_STEPS = 16
"""More steps than any order has: so many are looked for after a journal was torn."""
TRUST_MS = 30_000
"""How long a verified reading of an account stands for the reading before its next order."""


class Sent(NamedTuple):
    """A write that was sent at `since` (ms), and what was said of it then."""

    prepared: Prepared
    since: int
    report: Report


class Work(NamedTuple):
    """One step of an order to be carried out: which of the plan's, in its how-manyeth attempt, on which positions. `sent`: it was sent
    already, and is settled first. `closing`: the action ends with the order, and stores its last outcome with its own end."""

    mode: str
    order: Order
    venue: Venue
    plan: tuple[Step, ...]
    number: int
    keys: tuple[Key, ...]
    attempt: int
    sent: Sent | None = None
    closing: bool = False

    @property
    def step(self) -> Step:
        """The step."""
        return self.plan[self.number]

    def ends_with(self, done: Done) -> bool:
        """Whether nothing comes between this outcome and the end of the action."""
        return self.closing and (not done.good or self.number + 1 == len(self.plan))


class Settled(NamedTuple):
    """What became of a step that was sent, as its venue says. `over`: it is to be proven and written down; else it stays open."""

    work: Work
    report: Report
    over: bool


class Ended(NamedTuple):
    """A step of a mode's order that is over, and what its account shows of it."""

    mode: str
    order: Order
    step: Step
    done: Done


class JournalledLoop(TightLoop):
    """Carries orders out at live venues, and at simulated ones beside them. `records` is its journal and what that says."""

    def __init__(
        self,
        mode: str,
        venues: Venues,
        records: Records,
        simulated: SimulatedBooks,
        reconciler: Reconciler,
        market: Market,
        clock: Clock,
        observers: Observers,
        halts: HaltFlags,
    ) -> None:
        super().__init__(mode, venues, simulated, market, clock, observers)
        self.records = records
        self.state = records.state
        self.frozen = records.state.frozen
        self._reconciler = reconciler
        self._halts = halts
        self._locks: dict[str, Any] = {}
        self._verified_at: dict[Key, int] = {}

    # -- one order -----------------------------------------------------------------------------------------------------------

    async def leg(self, order: Order, closing: bool = False) -> LegResult:
        """Carry one order out, or go on with one that was begun. Never raises for what a venue did.

        `closing`: the caller commits the end of the action next; the last outcome is kept for that commit.
        """
        async with self.holding(order):
            return await self._alone(order, closing)

    def unstored(self, leg: LegResult, error: JournalUnwritable) -> LegResult:
        """The leg, where the commit failed that its last outcome was kept for: its account acts no more."""
        if not any((self.mode, step) in self.state.steps for step in leg.steps):
            return leg
        self._stop(leg.account, str(error))
        return leg._replace(verdict=Verdict.UNVERIFIED, reason=str(error))

    @asynccontextmanager
    async def holding(self, order: Order) -> AsyncIterator[None]:
        """The order's account and lane, for one task at a time; always taken in the same sequence."""
        async with AsyncExitStack() as held:
            for alias in sorted({order.account, order.lane}):
                await held.enter_async_context(self._lock(alias))
            yield

    def _lock(self, alias: str) -> Any:
        import asyncio

        return self._locks.setdefault(alias, asyncio.Lock())

    async def _alone(self, order: Order, closing: bool) -> LegResult:
        """An order of a run with a journal. What was begun goes on with its stored plan, never refused as if nothing had happened."""
        venue = self._venues.named(order.venue)
        before: tuple[Effect, ...] = ()
        plan = self.state.plans.get((self.mode, order.id))
        if plan is not None:
            try:
                await self._verify_parked(order)
                keys = self._known_keys(order, plan)
            except Exception as error:  # as below; what of the order was sent keeps its outcome, and the id goes on when asked again
                reason = str(error) if isinstance(error, BasisError) else f"{venue.name} failed: {type(error).__name__}"
                return self._refused(order, f"it cannot go on now: {reason}", State.UNKNOWN)
            return self._result(order, plan, await self._steps_on(order, venue, plan, keys, closing), before)
        hindered = self._hindered(order)
        if hindered is not None:
            return hindered
        try:
            await self._clear_the_way(order)
            if isinstance(self._market, LiveMarket):
                await self._market.refresh(self._series(order, venue))
            keys, before = await (self._look_over(order, venue) if venue.simulated else self._look(order, venue))
            plan = await self._first_plan(order, venue)
        except Exception as error:
            return self._not_begun(order, error)
        return self._result(order, plan, await self._steps_on(order, venue, plan, keys, closing), before)

    def _hindered(self, order: Order) -> LegResult | None:
        """The refusal of an order that must not be begun now; None where it may."""
        stopped = self.stopped(order)
        if stopped:
            return self._refused(order, stopped)
        if self._too_late(order):
            return self._refused(order, "its valid_until has passed before it was started", State.INTERRUPTED)
        return None

    def _not_begun(self, order: Order, error: Exception) -> LegResult:
        """The refusal of an order that something was raised for before any of it left; a plugin may raise anything."""
        if isinstance(error, TryAgainLater):
            return self._refused(order, str(error), State.INTERRUPTED)
        if isinstance(error, BasisError):
            return self._refused(order, str(error))
        return self._refused(order, f"{order.venue} failed before anything was sent: {type(error).__name__}")

    async def _clear_the_way(self, order: Order) -> None:
        """Settle and verify what earlier orders left open on the account or lane. Raises `Denied` where that is not possible now."""
        left = self._left(order)
        if not left:
            return
        for record in left:
            if record.report is None:
                await self.resume(record.sending)
        await self._verify_parked(order)
        left = self._left(order)
        if left:
            raise Denied(f"an earlier step of the account is not settled and verified yet: {left[0].sending.step.id}")
        stopped = self.stopped(order)
        if stopped:
            raise Stopped(stopped)

    def _left(self, order: Order) -> list[StepRecord]:
        """What is not settled, or not verified, on the order's account or lane."""
        return [*self._sharing(order, self.state.open.values()), *self._sharing(order, self.state.parked.values())]

    def _sharing(self, order: Order, records: Iterable[StepRecord]) -> list[StepRecord]:
        mine = {order.account, order.lane}
        return [record for record in records if mine & {record.sending.order.account, record.sending.order.lane}]

    async def _verify_parked(self, order: Order) -> None:
        """Compare again what could not be read when it was done. The books have its effects already."""
        for record in self._sharing(order, self.state.parked.values()):
            report, sending = record.report, record.sending
            if report is None:
                continue
            keys = dict.fromkeys((*sending.keys, *deltas(report.effects)))
            own = {effect.id for effect in report.effects}
            found = await self._reconciler.reconcile(keys, {}, own, report.at, self._venues.named(sending.order.venue), self.records.book())
            if found.verdict is not Verdict.UNVERIFIED:
                externals = record.externals + found.externals
                done = Done(report, found.verdict, externals, found.compared, found.reason, found.book, found.marks)
                await self._record((Ended(sending.mode, sending.order, sending.step, done),))

    async def _first_plan(self, order: Order, venue: Venue, view: Mapping[Key, Decimal] | None = None) -> tuple[Step, ...]:
        """The plan of an order that this journal has not seen. Where the venue has it already (a torn journal), it must be the same."""
        known = self._orphaned(order)
        try:
            plan = self._plan(order, venue, view)
            boundary.check_plan(venue.name, order, plan)
            fits = not known or (max(known) < len(plan) and not venue.chain)
        except BasisError:
            if not known:
                raise
            fits = False
        if not fits:
            reason = f"{order.id} was begun by a run whose journal is lost, and is planned differently now: compare with the venue"
            await self.freeze(order.account, reason)
            raise Stopped(reason)
        return plan

    def _orphaned(self, order: Order) -> dict[int, int]:
        """Steps of the order that the venue knows and this journal does not: number -> attempt."""
        if not self.state.orphans:
            return {}
        steps = [f"{order.id}/{number}" for number in range(MAX_STEPS)]
        return attempts_among(self.state.orphans, self._identity(order), self.mode, steps, MAX_ATTEMPTS)

    def _denied(self, mode: str, order: Order, step: Step, done: Done) -> str | None:
        """Why the account must not act on: its action was closed, and a reorganisation gave this step of it another end."""
        action = self.state.actions.get((mode, order.action.id))
        if action is None or action.result is None:
            return None
        told = next((leg for leg in action.result.legs if leg.order == order.id), None)
        if told is None or done.good == (step.id not in told.steps[-1:] or told.state in SUCCEEDED):
            return None
        return f"its action was closed as {told.state.value}; a reorganisation took it back, and it is {done.report.state.value} now"

    def _key(self, order: Order, step: str, mode: str, attempt: int) -> str:
        return attempt_key(self._identity(order), mode, step, attempt)

    def _identity(self, order: Order) -> str:
        return self.state.identities.get(order.account, order.account)

    async def _steps_on(self, order: Order, venue: Venue, plan: tuple[Step, ...], keys: tuple[Key, ...], closing: bool) -> list[Done]:
        """The plan's steps in sequence, until one is not good: steps that have an outcome in the journal are not done again, one that was
        being sent is settled first."""
        done: list[Done] = []
        for number, step in enumerate(plan):
            record = self.state.steps.get((self.mode, step.id))
            if record is not None and record.report is not None:
                done.append(Done(record.report, record.verdict, record.externals, record.compared))
            elif record is not None:
                done.append(await self.resume(record.sending))
            elif number and (reason := self._stopped_between(order)):
                done.append(Done(Report(State.INTERRUPTED, reason=reason), None))
            else:
                attempt = self._orphaned(order).get(number, 0)
                done.append(await self._carry_out(Work(self.mode, order, venue, plan, number, keys, attempt, closing=closing)))
            if not done[-1].good:
                break
        return done

    def _series(self, order: Order, venue: Venue) -> tuple[str, ...]:
        """The figures that planning the order asks for, those of a bundle's legs with them."""
        legs: tuple[Action, ...] = getattr(order.action, "legs", ())
        models = self.simulated.ledger.models
        inner = [name for leg in legs for name in models[leg.venue or order.venue].series(leg)]
        return (*venue.model.series(order.action), *inner)

    def _view(self, venue: Venue) -> Mapping[Key, Decimal]:
        """Live orders are planned on observed funds only."""
        return self.simulated.ledger.positions if venue.simulated else self.state.book

    def stopped(self, order: Order) -> str | None:
        """Why nothing may be sent for the order now: its account or lane is frozen, or a person halted it."""
        return super().stopped(order) or self._halts.reason(order.account, order.lane)

    def _stopped_between(self, order: Order) -> str | None:
        return "its valid_until passed between two steps" if self._too_late(order) else self.stopped(order)

    def _known_keys(self, order: Order, plan: Sequence[Step]) -> tuple[Key, ...]:
        for step in plan:
            record = self.state.steps.get((self.mode, step.id))
            if record is not None:
                return record.sending.keys
        return self._venues.named(order.venue).model.touches(order, self.state.book)

    # -- reading before an order -------------------------------------------------------------------------------------------------

    async def _look(self, order: Order, venue: Venue) -> tuple[tuple[Key, ...], tuple[Effect, ...]]:
        """Know every position that the order touches. Answers them, and the effects of others found on the way."""
        keys = self._touched(order, venue)
        return keys, await self._read_before(order, venue, keys)

    def _touched(self, order: Order, venue: Venue) -> tuple[Key, ...]:
        venue.model.limits(order.action)  # an asset that nobody knows is refused as such, not as something that could not be read
        keys = venue.model.touches(order, self.state.book)
        boundary.check_keys(venue.name, keys)
        return keys

    async def _look_over(self, order: Order, venue: Venue) -> tuple[tuple[Key, ...], tuple[Effect, ...]]:
        """The same at a simulated venue, which may act on a live account: what that shows is read, and passed on to the ledger."""
        self.simulated.ledger.advance(self._clock.now())
        keys = venue.model.touches(order, self.simulated.ledger.positions)
        boundary.check_keys(venue.name, keys)
        owners = [(key, owner) for key in keys if (owner := self._venues.owner(key)) is not None and not owner.simulated]
        found = await self._read_before(order, owners[0][1], tuple(key for key, _ in owners)) if owners else ()
        keys, happened = self._look_simulated(order, venue)
        return keys, (*found, *happened)

    async def _read_before(self, order: Order, venue: Venue, keys: tuple[Key, ...]) -> tuple[Effect, ...]:
        """Read the keys from their owners, unless they were verified just now. Answers the effects of others found on the way."""
        if not self._needs_reading(keys):
            return ()
        findings = await self._reconciler.reconcile(keys, {}, (), 0, venue, self.records.book())
        if findings.verdict is Verdict.UNVERIFIED:
            raise TryAgainLater(f"the account could not be read before the order: {findings.reason}")
        if findings.verdict is Verdict.MISMATCHED:
            await self.freeze(order.account, f"before {order.id}: {findings.reason}")
            raise Stopped(f"the account is not as it was left: {findings.reason}")
        await self._note(order, venue, findings)
        return findings.externals

    def _needs_reading(self, keys: Collection[Key]) -> bool:
        oldest = self._clock.now() - TRUST_MS
        readable = [key for key in keys if self._venues.owner(key) is not None]
        return any(key not in self.state.known or self._verified_at.get(key, oldest - 1) < oldest for key in readable)

    def _trust(self, book: Mapping[Key, Decimal]) -> None:
        """These values were verified just now."""
        self._verified_at.update(dict.fromkeys(book, self._clock.now()))

    async def _note(self, order: Order, venue: Venue, findings: Findings) -> None:
        """Take a verified reading into the books; a change by others that the policy does not tolerate freezes the account."""
        accounts = self.records.identities(order)
        event = Observed(findings.book, findings.marks, findings.externals, accounts)
        self.records.keep(event)
        self._trust(findings.book)
        reason = self._strange(venue, findings.externals)
        if reason:
            await self.freeze(order.account, reason)
            raise Stopped(reason)

    def _strange(self, venue: Venue, externals: Iterable[Effect]) -> str | None:
        """Why the account must not act after such effects: the policy does not tolerate them, or they deny what was said of an order."""
        for effect in externals:
            if not is_ours(effect):
                owner = self._intolerant(venue, effect)
                if owner is not None:
                    tolerated = ", ".join(sorted(owner.tolerated)) or "nothing"
                    return f"{effect.kind} of someone else ({effect.id}); the policy of {owner.name} tolerates {tolerated}"
                continue
            record = self.state.steps.get(self.state.attempts.get(effect.order or "", ("", "")))
            if record is not None and record.report is not None:
                again = record.sending.prepared.key != effect.order
                if again or record.report.state in NOTHING_HAPPENED:
                    said = "was sent again" if again else f"was closed as {record.report.state.value}"
                    return f"{record.sending.step.id} {said}, and now shows the effect {effect.id}"
        return None

    def _intolerant(self, home: Venue, effect: Effect) -> Venue | None:
        """The venue whose policy does not tolerate such an effect of someone else: of those that answer for the positions it changed.
        The arrival of what we sent ourselves is always tolerated."""
        if any(split_key(key).kind == TRANSIT for key, _ in effect.lines):
            return None
        owners = [owner for key, _ in effect.lines if (owner := self._venues.owner(key)) is not None]
        return next((owner for owner in owners or [home] if effect.kind not in owner.tolerated), None)

    # -- one step ----------------------------------------------------------------------------------------------------------------

    async def _carry_out(self, work: Work) -> Done:
        """Send a step, settle it, and compare the account with what it did."""
        settled = await self._settled(work)
        if not settled.over:
            return Done(settled.report, None)
        work = settled.work
        (done,) = await self._proven(work.venue, (settled,))
        (done,) = await self._record((Ended(work.mode, work.order, work.step, done),), work.ends_with(done))
        return self._finished(work.order, work.step, done)

    async def _settled(self, work: Work) -> Settled:
        """Send a step, and find out what became of it."""
        order, venue, sent = work.order, work.venue, work.sent
        while True:
            if sent is None:
                try:
                    sent = await self._write(work)
                except JournalUnwritable as error:
                    begun = (work.mode, work.step.id) in self.state.steps
                    return Settled(work, Report(State.UNKNOWN if begun else State.DENIED, reason=str(error)), over=False)
            report = sent.report
            if report.state not in CLOSED:
                renew, rest_until = self._renewal(venue, work.mode), self._rest_until(order, sent.since)
                report = await settle(venue, sent.prepared, report, rest_until, self._clock, lambda: self.stopped(order), renew)
            if report.state in OPEN:  # only where sending is stopped: it stays open
                return Settled(work, report, over=False)
            if report.state not in RESENDABLE:
                return Settled(work, report, over=True)
            if self._too_late(order) or work.attempt + 1 >= MAX_ATTEMPTS or self.stopped(order):
                reason = f"it did not reach the venue ({report.reason or report.state.value})"
                return Settled(work, Report(State.INTERRUPTED, reason=reason), over=True)
            if report.state is State.NOT_SENT:
                await self._clock.sleep(venue.timing.poll_ms)
            work, sent = work._replace(attempt=work.attempt + 1), None

    async def _write(self, work: Work) -> Sent:
        """Prepare, write to the journal, send. Raises `JournalUnwritable` when the intent could not be made durable: nothing was sent."""
        since, key = self._clock.now(), self._key(work.order, work.step.id, work.mode, work.attempt)
        try:
            prepared = await boundary.prepare(work.venue.client, work.step, key)
        except TryAgainLater as later:
            return Sent(Prepared(key, work.step, {}), since, Report(State.NOT_SENT, reason=str(later)))
        except Exception as error:  # nothing has left: whatever else went wrong, it is a refusal on this side
            known = isinstance(error, BasisError)
            reason = str(error) if known else f"{work.venue.name} could not prepare it: {type(error).__name__}"
            return Sent(Prepared(key, work.step, {}), since, Report(State.DENIED, reason=reason))
        adopted = key in self.state.orphans
        await self.records.commit(self._sending(work, prepared))
        return Sent(prepared, since, await self._sent(work, prepared, adopted))

    def _sending(self, work: Work, prepared: Prepared) -> Sending:
        """All that recovery needs, if this run ends while the write is under way."""
        before = {key: self.state.book[key] for key in work.keys}
        marks = {key: self.state.marks[key] for key in work.keys if key in self.state.marks}
        now, accounts = self._clock.now(), self.records.identities(work.order)
        return Sending(
            work.mode, work.order, work.plan, work.number, work.attempt, prepared, work.keys, before, marks, now, accounts
        )  # fmt: skip

    async def _sent(self, work: Work, prepared: Prepared, adopted: bool) -> Report:
        """What the venue says of the write, unless it knows it already or nothing may leave any more."""
        if adopted:
            return Report(State.UNKNOWN, reason="the venue knows it already, from a run whose journal was lost")
        stopped = self.stopped(work.order)
        if stopped:
            return Report(State.INTERRUPTED, reason=stopped)
        if work.venue.simulated:
            return self._simulated_send(work.venue, work.step, prepared.key)
        return await boundary.send(work.venue.client, prepared)

    def _renewal(self, venue: Venue, mode: str) -> Renew:
        """How a stuck write is replaced: the journal has the new form before a byte of it leaves; else the first form stands."""

        async def renew(prepared: Prepared) -> Prepared | None:
            newer = None if venue.simulated else await boundary.replace(venue.client, prepared)
            if newer is None:
                return None
            sending = self.state.steps[mode, newer.step.id].sending
            try:
                await self.records.commit(sending._replace(prepared=newer))
            except JournalUnwritable:
                return None
            return newer

        return renew

    async def _proven(self, venue: Venue, settled: Sequence[Settled]) -> list[Done]:
        """Compare the account with what the steps did, by one reading of it."""
        if venue.simulated:
            return [self._compared(venue, work.keys, report) for work, report, _ in settled]
        verified = await self._verified(venue, [each for each in settled if each.report.state in DONE])
        return [verified.get(work.step.id, Done(report, None)) for work, report, _ in settled]

    async def _verified(self, venue: Venue, settled: Sequence[Settled]) -> dict[str, Done]:
        """What steps did, by their ids, against what the owners of their positions show: the sum of it all, and nothing else.

        One verdict is on all of them. What else the reading found is told with the last.
        """
        if not settled:
            return {}
        effects = [effect for each in settled for effect in each.report.effects]
        keys = dict.fromkeys(key for each in settled for key in each.work.keys)
        own = {effect.id for effect in effects}
        expected = deltas(effect for effect in effects if effect.id not in self.state.seen)
        at = max(each.report.at for each in settled)
        found = await self._reconciler.reconcile(keys, expected, own, at, venue, self.records.book())
        book = found.book if found.verdict is Verdict.VERIFIED else {}
        if found.verdict is Verdict.UNVERIFIED:  # parked: until the account can be read, the books say what the effects say
            book = {key: self.state.book[key] + amount for key, amount in expected.items()}
        done = {each.work.step.id: Done(each.report, found.verdict, (), _evidence(found, each), found.reason) for each in settled}
        last = settled[-1].work.step.id
        done[last] = done[last]._replace(externals=found.externals, book=book, marks=found.marks)
        return done

    async def _record(self, ended: Sequence[Ended], kept: bool = False) -> list[Done]:
        """The second commit: reports, verdicts, evidence, and whether the account is frozen. `kept`: for the commit that closes the action,
        which comes next; a run that ends before it finds the steps as they were being sent."""
        reasons = [self._freezing(each) for each in ended]
        events = [event for each, reason in zip(ended, reasons, strict=True) for event in self._events(each, reason)]
        try:
            await self.records.store(*events, kept=kept)
        except JournalUnwritable as error:
            self._stop(ended[0].order.account, str(error))
            return [each.done._replace(verdict=Verdict.UNVERIFIED, reason=str(error)) for each in ended]
        for each, reason in zip(ended, reasons, strict=True):
            if reason:
                self.tell_halted(each.order.account, reason)
            if each.done.verdict is Verdict.VERIFIED:
                self._trust(each.done.book)
            else:
                self._verified_at.clear()
        return [each.done for each in ended]

    def _events(self, ended: Ended, freezing: str | None) -> Iterator[Event]:
        """What the journal is told of a step that is over."""
        mode, order, step, done = ended
        accounts = self.records.identities(order)
        if (mode, step.id) in self.state.steps:  # else it never got as far as being sent
            yield Outcome(mode, step.id, done.report, done.verdict, done.externals, done.compared, done.book, done.marks, accounts)
        if freezing:
            # what is not settled may still be mined, and keeps the nonces behind it: nobody else uses the lane meanwhile
            unsettled = done.report.state is State.NEEDS_HUMAN
            for alias in dict.fromkeys((order.account, order.lane) if unsettled else (order.account,)):
                yield Frozen(alias, f"{step.id}: {freezing}", accounts)

    def _freezing(self, ended: Ended) -> str | None:
        """Why the account must not act after this step; None when it may."""
        mode, order, step, done = ended
        if done.report.state is State.NEEDS_HUMAN:
            return done.report.reason
        if done.report.alarm:
            return done.report.alarm
        mismatch = done.reason if done.verdict is Verdict.MISMATCHED else None
        return mismatch or self._strange(self._venues.named(order.venue), done.externals) or self._denied(mode, order, step, done)

    async def resume(self, sending: Sending) -> Done:
        """Settle a step that was being sent when a run ended: look it up first, never skip to sending."""
        order = sending.order
        venue = self._venues.named(order.venue)
        sent = Sent(sending.prepared, sending.at, Report(State.UNKNOWN, reason="the last run ended while it was being sent"))
        return await self._carry_out(
            Work(sending.mode, order, venue, sending.plan, sending.number, sending.keys, sending.attempt, sent)
        )  # fmt: skip

    async def freeze(self, account: str, reason: str) -> None:
        """Send nothing more from the account until a person says so."""
        await self.records.commit(Frozen(account, reason, {account: self.state.identities[account]}))
        self.tell_halted(account, reason)


def _evidence(found: Findings, settled: Settled) -> tuple[Compared, ...]:
    """The lines of a comparison that are about what the step touched."""
    touched = {*settled.work.keys, *deltas(settled.report.effects)}
    return tuple(line for line in found.compared if line.key in touched)
