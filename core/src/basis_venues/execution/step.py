"""One step of a run with a journal: prepared, written down, sent, settled, compared with what the account shows, and written down again.

The outcome is kept for the next commit, whatever makes it: the next step's, or the one that closes the action. A run that ends before it
finds the step as it was being sent, and settles it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any

from ..attempts import attempt_key
from ..blame import raised
from ..errors import BasisError, JournalUnwritable, TryAgainLater
from ..journal.events import Sending
from ..journal.state import Name
from ..orders import Effect, Order, Prepared, Report, Step
from ..results import LegResult
from ..states import CLOSED, DONE, OPEN, RESENDABLE, State, Verdict
from ..venues import Venue
from . import boundary
from .books import SimulatedBooks
from .loop import TightLoop, rest_until
from .parts import Parts
from .proof import Proof
from .readings import Readings
from .reconcile import Reconciler
from .records import Records
from .settle import Recourse, settle
from .stops import HaltFlags
from .watch import AGAIN, looked_at, taken_back
from .work import Done, Ended, Sent, Settled, Work

MAX_ATTEMPTS = 5
"""How often a step that provably did not arrive is prepared anew."""
_CLOCKS_DIFFER_MS = 60_000
"""A venue's history is asked from this long before a write was prepared, by this side's clock."""
_LOST = "the venue knows it already, from a run whose journal was lost"


class _Unasked(Exception):
    """A step that the venue has from a run whose journal was lost cannot be prepared, and so not be looked up."""


class SteppingLoop(TightLoop):
    """Carries single steps out at live venues, and at simulated ones beside them: the base of `JournalledLoop`, which puts them together
    to orders. `records` is the run's journal and what that says."""

    def __init__(self, parts: Parts, records: Records, simulated: SimulatedBooks, reconciler: Reconciler, halts: HaltFlags) -> None:
        super().__init__(parts.mode, parts.venues, simulated, parts.market, parts.clock, parts.observers)
        self.records = records
        self.state = records.state
        self.frozen = records.state.frozen
        self.readings = Readings(parts.venues, records, reconciler, parts.clock, parts.observers, self.put_back)
        self.proof = Proof(parts.venues, records, simulated, reconciler, self.readings, parts.observers)
        self._reconciler = reconciler
        self._halts = halts
        self._locks: dict[str, Any] = {}
        self._called_back: set[Name] = set()

    @asynccontextmanager
    async def holding(self, order: Order) -> AsyncIterator[None]:
        """The order's account and lane, for one task at a time; always taken in the same sequence."""
        first, second = sorted((order.account, order.lane))
        async with self._lock(first), nullcontext() if first == second else self._lock(second):
            yield

    def held(self, order: Order) -> bool:
        """Whether a task has the order's account or lane now."""
        return any(self._lock(alias).locked() for alias in (order.account, order.lane))

    def _lock(self, alias: str) -> Any:
        if alias not in self._locks:
            import asyncio

            self._locks[alias] = asyncio.Lock()
        return self._locks[alias]

    def stopped(self, order: Order) -> str | None:
        """Why nothing may be sent for the order now: its account or lane is frozen, or a person halted it."""
        return super().stopped(order) or self._halts.reason(order.account, order.lane)

    def _key(self, work: Work) -> str:
        return attempt_key(self._identity(work.order), work.mode, work.step.id, work.attempt)

    def _identity(self, order: Order) -> str:
        return self.state.identities.get(order.account, order.account)

    async def carry_out(self, work: Work) -> Done:
        """Send a step, settle it, and compare the account with what it did."""
        settled = await self.send_and_settle(work)
        if not settled.over:
            return Done(settled.report, None)
        (done,) = await self.conclude(work.venue, (settled,))
        return done

    async def send_and_settle(self, work: Work) -> Settled:
        """Send a step, and find out what became of it."""
        order, venue, sent = work.order, work.venue, work.sent
        while True:
            if sent is None:
                try:
                    sent = await self._write(work)
                except (JournalUnwritable, _Unasked) as error:
                    begun = (work.mode, work.step.id) in self.state.steps or self._key(work) in self.state.orphans
                    return Settled(work, Report(State.UNKNOWN if begun else State.DENIED, reason=str(error)), over=False)
            report = sent.report
            if report.state not in CLOSED:
                recourse = self._recourse(work, sent.since)
                report = await settle(venue, sent.prepared, report, rest_until(order, sent.since), self._clock, recourse)
            if report.state in OPEN:  # only where sending is stopped: it stays open
                return Settled(work, report, over=False)
            if report.state not in RESENDABLE:
                return Settled(work, self._own(work, report), over=True)
            called_back = (work.mode, work.step.id) in self._called_back
            if self._too_late(order) or work.attempt + 1 >= MAX_ATTEMPTS or self.stopped(order) or called_back:
                reason = f"it did not reach the venue ({report.reason or report.state.value})"
                return Settled(work, Report(State.INTERRUPTED, reason=reason), over=True)
            if report.state is State.NOT_SENT and not (_reorganises(venue) and await self.put_back(order, sent.since)):
                await self._clock.sleep(venue.timing.poll_ms)
            work, sent = work._replace(attempt=work.attempt + 1), None

    def call_back(self, action: str) -> tuple[str, ...]:
        """Have what rests of an action of this mode cancelled at the next look at it. Answers the ids of its steps."""
        left = [each.sending for each in self.state.open.values()]
        mine = [each for each in left if each.mode == self.mode and each.order.action.id == action]
        steps = tuple(each.step.id for each in mine if rest_until(each.order, each.at) is not None)
        self._called_back.update((self.mode, step) for step in steps)
        return steps

    def _own(self, work: Work, report: Report) -> Report:
        """The report; where it tells of what another step did (two equal transfers, say), or what was counted as somebody else's, that is
        for a person instead."""
        counted = [effect for effect in report.effects if effect.id in self.state.seen]
        other = self.state.reporting({effect.id for effect in counted}, but=(work.mode, work.step.id)) if counted else None
        if other is None and all(effect.order is not None for effect in counted):
            return report
        whose = "what somebody else did" if other is None else f"what the step {other[1]} did"
        return Report(State.NEEDS_HUMAN, reason=f"the venue shows of it {whose}: look there whether both happened")

    async def _write(self, work: Work) -> Sent:
        """Prepare, write to the journal, send; what the venue has from a run whose journal was lost is not sent. Raises `JournalUnwritable`
        when the intent could not be made durable, and `_Unasked`: nothing was sent then."""
        key = self._key(work)
        orphan = self.state.orphans.get(key, ())
        since = min((effect.at for effect in orphan), default=self._clock.now())
        try:
            prepared = await boundary.prepare(work.venue.client, work.step, key)
        except Exception as error:  # nothing has left: whatever went wrong, it is a refusal on this side
            reason = str(error) if isinstance(error, BasisError) else f"{work.venue.name} could not prepare it: {raised(error)}"
            if orphan:
                raise _Unasked(f"{_LOST}, and cannot be asked about it now ({reason}): ask for the same id again") from error
            state = State.NOT_SENT if isinstance(error, TryAgainLater) else State.DENIED
            return Sent(Prepared(key, work.step, {}), since, Report(state, reason=reason))
        await self.records.commit(self._sending_event(work, prepared, since))
        return Sent(prepared, since, Report(State.ACCEPTED, reason=_LOST) if orphan else await self._send(work, prepared))

    def _sending_event(self, work: Work, prepared: Prepared, since: int) -> Sending:
        """All that recovery needs, if this run ends while the write is under way, and what the books said before it."""
        before = {key: self.state.book[key] for key in work.keys}
        marks = {key: self.state.marks[key] for key in work.keys if key in self.state.marks}
        accounts = self.records.identities(work.order)
        return Sending(
            work.mode, work.order, work.plan, work.number, work.attempt, prepared, work.keys, before, marks, since, accounts
        )  # fmt: skip

    async def _send(self, work: Work, prepared: Prepared) -> Report:
        """What the venue says of the write, unless nothing may leave any more."""
        stopped = self.stopped(work.order)
        if stopped:
            return Report(State.INTERRUPTED, reason=stopped)
        if work.venue.simulated:
            return self._simulated_send(work.venue, work.step, prepared.key)
        return await boundary.send(work.venue.client, prepared)

    def _recourse(self, work: Work, since: int) -> Recourse:
        """What is done about a write of `since` (ms) that stays open. The journal has its new form before a byte of that leaves; else the
        first form stands."""
        venue, mode = work.venue, work.mode

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

        async def listed(prepared: Prepared) -> Report:
            report = await boundary.listed(venue.client, prepared, work.keys, since - _CLOCKS_DIFFER_MS, self.state.seen)
            return await self._if_untouched(work, report) if report.state is State.ABSENT else report

        async def put_back() -> bool:
            return await self.put_back(work.order, since)

        def called_back() -> bool:
            return (mode, work.step.id) in self._called_back

        return Recourse(lambda: self.stopped(work.order), renew, listed, put_back if _reorganises(venue) else None, called_back)

    async def _if_untouched(self, work: Work, absent: Report) -> Report:
        """The absence, unless the account is not as it was left: lists may lag behind balances, and show nothing of what moved them."""
        if work.venue.simulated:
            return absent
        found = await self._reconciler.reconcile(work.keys, {}, (), 0, work.venue, self.records.book())
        if found.verdict is Verdict.VERIFIED:
            return absent
        return Report(State.UNKNOWN, reason=f"no list shows it, and the account is not as it was left: {found.reason}")

    async def put_back(self, order: Order, before: int | None = None) -> bool:
        """What a reorganisation took back on the order's account or lane is reopened and settled again, in the sequence in which it was
        sent, with what else is open there; `before`: only what was sent before that time (ms). For a task that holds both. Answers whether
        something was settled."""
        aliases = {order.account, order.lane}
        try:
            for look in await looked_at(self._venues, self.state, aliases):
                if taken_back(look.known, look.report) and look.stands(self.state):
                    await self.records.commit(look.reopened(self.state))
        except JournalUnwritable:  # whatever is done next says so
            return False
        left = [each.sending for each in self.state.open.values() if before is None or each.sending.at < before]
        mine = [each for each in left if aliases & {each.order.account, each.order.lane} and each.order.venue in self._venues]
        done = [await self.resume(sending) for sending in sorted(mine, key=lambda sending: sending.at)]
        return any(one.report.state not in OPEN for one in done)

    async def conclude(self, venue: Venue, settled: Sequence[Settled]) -> list[Done]:
        """Compare the account with what the steps did, by one reading of it, and keep that for the next commit. What a reorganisation took
        back meanwhile is settled again and not judged by what it did before; a step that then stays open has no verdict, and is not
        kept. One that has an outcome by now keeps it."""
        told = {each.work.step.id: one for each in settled if (one := self._outcome(each.work)) is not None}
        left = [each for each in settled if each.work.step.id not in told]
        done = await self.proof.prove(venue, left)
        for _ in range(AGAIN if _reorganises(venue) else 0):
            again = await self._settled_again(left) if any(one.verdict is Verdict.MISMATCHED for one in done) else None
            if again is None:
                break
            left, done = again, await self.proof.prove(venue, again)
        ended = [Ended(each.work.mode, each.work.order, each.work.step, one) for each, one in zip(left, done, strict=True) if each.over]
        self.proof.record(ended)
        told |= {each.work.step.id: one for each, one in zip(left, done, strict=True)}
        told |= {each.step.id: self.finished(each.order, each.step, each.done) for each in ended}
        return [told[each.work.step.id] for each in settled]

    def _outcome(self, work: Work) -> Done | None:
        return Done.recorded(self.state.steps.get((work.mode, work.step.id)))

    async def _settled_again(self, settled: Sequence[Settled]) -> list[Settled] | None:
        """The steps, those settled anew whose block is another one now; None where nothing on their lane has moved."""
        names = {at: (each.work.mode, each.work.step.id) for at, each in enumerate(settled) if each.report.state in DONE}
        sent = {at: self.state.steps[name].sending for at, name in names.items()}
        moved = await self.put_back(settled[0].work.order, min(sending.at for sending in sent.values()))
        again = list(settled)
        for at, sending in sent.items():
            work, known, _ = settled[at]
            report = await boundary.lookup(work.venue.client, sending.prepared)
            if report.state is State.UNKNOWN or report.at != known.at or taken_back(known, report):
                again[at] = await self.send_and_settle(work._replace(sent=Sent(sending.prepared, sending.at, report)))
                moved = True
        return again if moved else None

    def finished(self, order: Order, step: Step, done: Done) -> Done:
        """Tell the observers; an account that does not show what it should acts no more."""
        self._tell(order, step, done.report.state)
        if done.verdict is Verdict.MISMATCHED:
            self._stop(order.account, done.reason)
        return done

    def result(self, order: Order, plan: tuple[Step, ...], done: Sequence[Done], before: tuple[Effect, ...]) -> LegResult:
        """An order's result, of what came of its steps; the observers are told."""
        if len(done) == 1:
            report, verdict, externals, compared, reason, _, _ = done[0]
            effects = report.effects
            steps: tuple[str, ...] = (plan[0].id,)
            externals = before + externals if before else externals
        else:
            report, verdict, reason = done[-1].report, done[-1].verdict, done[-1].reason
            effects = tuple(effect for step in done for effect in step.report.effects)
            externals = (*before, *(effect for step in done for effect in step.externals))
            compared = tuple(line for step in done for line in step.compared)
            steps = tuple(step.id for step in plan[: len(done)])
        if externals:  # another order's fill may be found on the way, where its own look-up did not tell it
            externals = tuple(effect for effect in externals if effect.order not in self.state.attempts)
        result = LegResult(
            order.id, order.venue, order.account, report.state, verdict, reason or report.reason, effects, externals, compared, steps
        )
        self._tell_compared(order, result)
        return result

    async def resume(self, sending: Sending) -> Done:
        """Settle a step that was being sent when a run ended: look it up first, never skip to sending. Its outcome is stored at once."""
        order = sending.order
        venue = self._venues.named(order.venue)
        sent = Sent(sending.prepared, sending.at, Report(State.UNKNOWN, reason="the last run ended while it was being sent"))
        work = Work(sending.mode, order, venue, sending.plan, sending.number, sending.keys, sending.attempt, sent)
        done = await self.carry_out(work)
        try:
            await self.records.commit()
        except JournalUnwritable as error:
            self._stop(order.account, str(error))
            return done._replace(verdict=Verdict.UNVERIFIED, reason=str(error))
        return done


def _reorganises(venue: Venue) -> bool:
    """Whether what the venue showed can be taken back."""
    return venue.chain and not venue.simulated
