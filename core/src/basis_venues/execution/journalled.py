"""The tight loop of a run with a journal, order by order: whatever was left open by an earlier order or an earlier run is settled
first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from ..actions import Action
from ..attempts import attempts_among
from ..errors import BasisError, Denied, JournalUnwritable, Stopped, TryAgainLater
from ..journal.state import StepRecord
from ..keys import Key
from ..market.live import LiveMarket
from ..orders import Effect, Order, Report, Step, deltas
from ..results import LegResult
from ..states import State, Verdict
from ..venues import Venue
from . import boundary
from .step import MAX_ATTEMPTS, SteppingLoop
from .watch import AGAIN
from .work import Done, Ended, Work


class JournalledLoop(SteppingLoop):
    """Carries orders out. Their last outcomes are kept: whoever asks for them commits next."""

    async def leg(self, order: Order) -> LegResult:
        """Carry one order out, or go on with one that was begun. Never raises for what a venue did."""
        async with self.holding(order):
            return await self.leg_while_held(order)

    def moved(self, leg: LegResult) -> bool:
        """Whether a reorganisation has reopened a step of the leg since it was told."""
        records = [record for step in leg.steps if (record := self.state.steps.get((self.mode, step))) is not None]
        reports = [record.report for record in records if record.report is not None]
        return len(reports) < len(records) or tuple(effect for report in reports for effect in report.effects) != leg.effects

    def unstored(self, leg: LegResult, error: JournalUnwritable) -> LegResult:
        """The leg, where the commit failed that its outcomes were kept for: its account acts no more."""
        if not any((self.mode, step) in self.state.steps for step in leg.steps):
            return leg
        self._stop(leg.account, str(error))
        return leg._replace(verdict=Verdict.UNVERIFIED, reason=str(error))

    async def leg_while_held(self, order: Order) -> LegResult:
        """`leg`, by a task that holds the account. What was begun goes on with its stored plan, never refused as if nothing had
        happened."""
        venue = self._venues.named(order.venue)
        before: tuple[Effect, ...] = ()
        plan = self.state.plans.get((self.mode, order.id))
        if plan is not None:
            try:
                await self._verify_parked(order)
                keys = self._known_keys(order, plan)
            except Exception as error:  # as below; what of the order was sent keeps its outcome, and the id goes on when asked again
                reason = str(error) if isinstance(error, BasisError) else f"{venue.name} failed: {type(error).__name__}"
                return self.refusal(order, f"it cannot go on now: {reason}", State.UNKNOWN)
            return self.result(order, plan, await self._steps_on(order, venue, plan, keys), before)
        hindered = self.hindered(order)
        if hindered is not None:
            return hindered
        try:
            await self.clear_the_way(order)
            await self.refresh((order,), venue)
            keys, before = await (self._look_over(order, venue) if venue.simulated else self._look(order, venue))
            plan = await self.first_plan(order, venue)
        except Exception as error:
            return self.not_begun(order, error)
        return self.result(order, plan, await self._steps_on(order, venue, plan, keys), before)

    def hindered(self, order: Order) -> LegResult | None:
        """The refusal of an order that must not be begun now; None where it may. One that the venue has, from a run whose journal was lost,
        was begun in time."""
        stopped, begun = self.stopped(order), self._orphaned(order)
        if stopped:
            return self.refusal(order, stopped, State.UNKNOWN if begun else State.DENIED)
        if self._too_late(order) and not begun:
            return self.refusal(order, "its valid_until has passed before it was started", State.INTERRUPTED)
        return None

    def not_begun(self, order: Order, error: Exception) -> LegResult:
        """The refusal of an order that something was raised for before any of it left; a plugin may raise anything. Of one that the venue
        has, from a run whose journal was lost, nothing is known by that."""
        reason = str(error) if isinstance(error, BasisError) else f"{order.venue} failed before anything was sent: {type(error).__name__}"
        if self._orphaned(order):
            return self.refusal(order, reason, State.UNKNOWN)
        return self.refusal(order, reason, State.INTERRUPTED if isinstance(error, TryAgainLater) else State.DENIED)

    async def clear_the_way(self, order: Order) -> None:
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
            for _ in range(AGAIN):
                if not await self._verify_again(order, record):
                    break

    async def _verify_again(self, order: Order, record: StepRecord) -> bool:
        """Compare it again, once. Answers whether that is to be repeated: a reorganisation moved what it was compared with."""
        report, sending = record.report, record.sending
        if report is None or record.verdict is not Verdict.UNVERIFIED:
            return False
        if sending.order.venue not in self._venues:
            raise Stopped(
                f"the step {sending.step.id} of the mode {sending.mode} was done at {sending.order.venue}, which this run has not, and is "
                "not compared with its account yet: run that mode first"
            )
        keys = dict.fromkeys((*sending.keys, *deltas(report.effects)))
        own = {effect.id for effect in report.effects}
        found = await self._reconciler.reconcile(keys, {}, own, report.at, self._venues.named(sending.order.venue), self.records.book())
        if found.verdict is Verdict.MISMATCHED and await self.put_back(order):
            return True
        if found.verdict is not Verdict.UNVERIFIED:
            externals = record.externals + found.externals
            done = Done(report, found.verdict, externals, found.compared, found.reason, found.book, found.marks)
            self.proof.record((Ended(sending.mode, sending.order, sending.step, done),))
        return False

    async def first_plan(self, order: Order, venue: Venue, view: Mapping[Key, Decimal] | None = None) -> tuple[Step, ...]:
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
            await self.readings.freeze(order.account, reason)
            raise Stopped(reason)
        return plan

    def _orphaned(self, order: Order) -> dict[int, int]:
        """Steps of the order that the venue knows and this journal does not: number -> attempt."""
        if not self.state.orphans:
            return {}
        steps = [f"{order.id}/{number}" for number in range(boundary.MAX_STEPS)]
        return attempts_among(self.state.orphans, self._identity(order), self.mode, steps, MAX_ATTEMPTS)

    async def _steps_on(self, order: Order, venue: Venue, plan: tuple[Step, ...], keys: tuple[Key, ...]) -> list[Done]:
        """The plan's steps in sequence, until one is not good: steps that have an outcome in the journal are not done again, one that was
        being sent is settled first."""
        done: list[Done] = []
        for number, step in enumerate(plan):
            record = self.state.steps.get((self.mode, step.id))
            known = Done.recorded(record)
            if known is not None:
                done.append(known)
            elif record is not None:
                done.append(await self.resume(record.sending))
            elif number and (reason := self._stopped_between(order)):
                done.append(Done(Report(State.INTERRUPTED, reason=reason), None))
            else:
                attempt = self._orphaned(order).get(number, 0)
                done.append(await self._next(Work(self.mode, order, venue, plan, number, keys, attempt)))
            if not done[-1].good:
                break
        earlier = [Done.recorded(self.state.steps.get((self.mode, step.id))) for step in plan[: len(done) - 1]]
        # a reorganisation may have moved those before the last
        return [*(now or then for now, then in zip(earlier, done, strict=False)), done[-1]]

    async def _next(self, work: Work) -> Done:
        """Carry out a step that was never sent. Where a person let the account go on since the last one, what it holds is read first."""
        try:
            found = await self.readings.anew(work.order, work.venue, work.keys)
        except BasisError as error:  # as where an order is begun, but of this one something was sent
            return Done(Report(State.UNKNOWN, reason=f"it cannot go on now: {error}"), None)
        done = await self.carry_out(work)
        return done._replace(externals=found + done.externals) if found else done

    async def refresh(self, orders: Iterable[Order], venue: Venue) -> None:
        """Fetch the figures that planning the orders asks for."""
        if isinstance(self._market, LiveMarket):
            await self._market.refresh([name for order in orders for name in self._series(order, venue)])

    def _series(self, order: Order, venue: Venue) -> tuple[str, ...]:
        """The figures that planning the order asks for, those of a bundle's legs with them."""
        legs: tuple[Action, ...] = getattr(order.action, "legs", ())
        models = self.simulated.ledger.models
        inner = [name for leg in legs for name in models[leg.venue or order.venue].series(leg)]
        return (*venue.model.series(order.action), *inner)

    def _view(self, venue: Venue) -> Mapping[Key, Decimal]:
        """Live orders are planned on observed funds only."""
        return self.simulated.ledger.positions if venue.simulated else self.state.book

    def _stopped_between(self, order: Order) -> str | None:
        return "its valid_until passed between two steps" if self._too_late(order) else self.stopped(order)

    def _known_keys(self, order: Order, plan: Sequence[Step]) -> tuple[Key, ...]:
        for step in plan:
            record = self.state.steps.get((self.mode, step.id))
            if record is not None:
                return record.sending.keys
        return self._venues.named(order.venue).model.touches(order, self.state.book)

    async def _look(self, order: Order, venue: Venue) -> tuple[tuple[Key, ...], tuple[Effect, ...]]:
        """Know every position that the order touches. Answers them, and the effects of others found on the way."""
        keys = self.readings.touched(order, venue)
        return keys, await self.readings.before(order, venue, keys)

    async def _look_over(self, order: Order, venue: Venue) -> tuple[tuple[Key, ...], tuple[Effect, ...]]:
        """The same at a simulated venue, which may act on a live account: what that shows is read, and passed on to the ledger."""
        self.simulated.ledger.advance(self._clock.now())
        keys = venue.model.touches(order, self.simulated.ledger.positions)
        boundary.check_keys(venue.name, keys)
        owners = [(key, owner) for key in keys if (owner := self._venues.owner(key)) is not None and not owner.simulated]
        found = await self.readings.before(order, owners[0][1], tuple(key for key, _ in owners)) if owners else ()
        keys, happened = self._look_simulated(order, venue)
        return keys, (*found, *happened)
