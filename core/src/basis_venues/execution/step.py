"""One step of a run with a journal: prepared, written down, sent, settled, compared with what the account shows, and written down again.

The outcome is kept for the next commit, whatever makes it: the next step's, or the one that closes the action. A run that ends before it
finds the step as it was being sent, and settles it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from decimal import Decimal
from typing import Any, NamedTuple

from ..attempts import attempt_key
from ..blame import raised
from ..errors import BasisError, JournalUnwritable, TryAgainLater
from ..journal.events import Event, Frozen, Outcome, Sending
from ..journal.state import StepRecord
from ..keys import Key
from ..orders import Effect, Order, Prepared, Report, Step, deltas
from ..results import Compared, LegResult
from ..states import CLOSED, DONE, OPEN, RESENDABLE, SUCCEEDED, State, Verdict
from ..venues import Venue
from . import boundary
from .books import SimulatedBooks
from .loop import TightLoop, differences, tell_halted
from .parts import Parts
from .readings import Readings
from .reconcile import Findings, Reconciler
from .records import Records
from .settle import Recourse, settle
from .stops import HaltFlags
from .watch import AGAIN, looked_at, taken_back

MAX_ATTEMPTS = 5
"""How often a step that provably did not arrive is prepared anew."""
_CLOCKS_DIFFER_MS = 60_000
"""A venue's history is asked from this long before a write was prepared, by this side's clock."""
_LOST = "the venue knows it already, from a run whose journal was lost"


class _Unasked(Exception):
    """A step that the venue has from a run whose journal was lost cannot be prepared, and so not be looked up."""


class Done(NamedTuple):
    """How one step went. `book` and `marks` are what its reconciliation newly verified at live venues."""

    report: Report
    verdict: Verdict | None
    externals: tuple[Effect, ...] = ()
    compared: tuple[Compared, ...] = ()
    reason: str = ""
    book: Mapping[Key, Decimal] = {}
    marks: Mapping[str, int] = {}

    @property
    def good(self) -> bool:
        """Done as asked, and the account shows it."""
        return self.report.state in SUCCEEDED and self.verdict is Verdict.VERIFIED

    @classmethod
    def recorded(cls, record: StepRecord | None) -> Done | None:
        """As the journal has it; None for a step without an outcome."""
        if record is None or record.report is None:
            return None
        return cls(record.report, record.verdict, record.externals, record.compared)


class Sent(NamedTuple):
    """A write that was sent at `since` (ms), and what was said of it then."""

    prepared: Prepared
    since: int
    report: Report


class Work(NamedTuple):
    """One step of an order to be carried out: its index in the plan, the attempt number, and the positions it touches. `sent`: it was sent
    already, and is settled first."""

    mode: str
    order: Order
    venue: Venue
    plan: tuple[Step, ...]
    number: int
    keys: tuple[Key, ...]
    attempt: int
    sent: Sent | None = None

    @property
    def step(self) -> Step:
        """The step."""
        return self.plan[self.number]


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


class SteppingLoop(TightLoop):
    """Carries single steps out at live venues, and at simulated ones beside them: the base of `JournalledLoop`, which puts them together
    to orders. `records` is the run's journal and what that says."""

    def __init__(self, parts: Parts, records: Records, simulated: SimulatedBooks, reconciler: Reconciler, halts: HaltFlags) -> None:
        super().__init__(parts.mode, parts.venues, simulated, parts.market, parts.clock, parts.observers)
        self.records = records
        self.state = records.state
        self.frozen = records.state.frozen
        self.readings = Readings(parts.venues, records, reconciler, parts.clock, parts.observers, self.put_back)
        self._reconciler = reconciler
        self._halts = halts
        self._locks: dict[str, Any] = {}

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
                rest_until, recourse = self._rest_until(order, sent.since), self._recourse(work, sent.since)
                report = await settle(venue, sent.prepared, report, rest_until, self._clock, recourse)
            if report.state in OPEN:  # only where sending is stopped: it stays open
                return Settled(work, report, over=False)
            if report.state not in RESENDABLE:
                return Settled(work, self._own(work, report), over=True)
            if self._too_late(order) or work.attempt + 1 >= MAX_ATTEMPTS or self.stopped(order):
                reason = f"it did not reach the venue ({report.reason or report.state.value})"
                return Settled(work, Report(State.INTERRUPTED, reason=reason), over=True)
            if report.state is State.NOT_SENT and not (_reorganises(venue) and await self.put_back(order, sent.since)):
                await self._clock.sleep(venue.timing.poll_ms)
            work, sent = work._replace(attempt=work.attempt + 1), None

    def _own(self, work: Work, report: Report) -> Report:
        """The report; where it tells of what another step did (two equal transfers, say), that is for a person instead."""
        counted = {effect.id for effect in report.effects if effect.id in self.state.seen}
        other = self.state.reporting(counted, but=(work.mode, work.step.id)) if counted else None
        if other is None:
            return report
        return Report(State.NEEDS_HUMAN, reason=f"the venue shows of it what the step {other[1]} did: look there whether both happened")

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

        return Recourse(lambda: self.stopped(work.order), renew, listed, put_back if _reorganises(venue) else None)

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
        done = await self.prove(venue, left)
        for _ in range(AGAIN if _reorganises(venue) else 0):
            again = await self._settled_again(left) if any(one.verdict is Verdict.MISMATCHED for one in done) else None
            if again is None:
                break
            left, done = again, await self.prove(venue, again)
        ended = [Ended(each.work.mode, each.work.order, each.work.step, one) for each, one in zip(left, done, strict=True) if each.over]
        self.record(ended)
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

    async def prove(self, venue: Venue, settled: Sequence[Settled]) -> list[Done]:
        """Compare the account with what the steps did, by one reading of it."""
        if venue.simulated:
            return [self._compare_simulated(work, report) for work, report, _ in settled]
        verified = await self._verify(venue, [each for each in settled if each.report.state in DONE])
        return [verified.get(work.step.id, Done(report, None)) for work, report, _ in settled]

    async def _verify(self, venue: Venue, settled: Sequence[Settled]) -> dict[str, Done]:
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
        book = found.book
        if found.verdict is Verdict.UNVERIFIED:  # parked: until the account can be read, the books say what the effects say
            book = {key: self.state.book[key] + amount for key, amount in expected.items()}
        done = {each.work.step.id: Done(each.report, found.verdict, (), _evidence(found, each), found.reason) for each in settled}
        last = settled[-1].work.step.id
        done[last] = done[last]._replace(externals=found.externals, book=book, marks=found.marks)
        return done

    def _compare_simulated(self, work: Work, report: Report) -> Done:
        """What the step did, against the simulated ledger, with what came to the account by itself while it rested."""
        if report.state not in DONE:
            return Done(report, None)
        happened = self.simulated.absorb(work.order.account, work.order.lane)
        verdict, compared = self.simulated.verify(work.keys, report.effects, work.venue.model)
        return Done(report, verdict, happened, compared, "" if verdict is Verdict.VERIFIED else differences(compared))

    def record(self, ended: Sequence[Ended]) -> None:
        """Keep for the next commit: reports, verdicts, evidence, and whether the account is frozen."""
        for each in ended:
            reason = self._freezing(each)
            for event in self._events(each, reason):
                self.records.keep(event)
            if reason:
                tell_halted(self._observers, each.order.account, reason)
            if each.done.verdict is Verdict.VERIFIED:
                self.readings.trust(each.done.book)
            else:
                self.readings.trust_none()

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
        venue = self._venues.named(order.venue)
        strange = None if venue.simulated else self.readings.strange(venue, done.externals)  # nobody else is in a simulation
        return mismatch or strange or self._denied(mode, order, step, done)

    def _denied(self, mode: str, order: Order, step: Step, done: Done) -> str | None:
        """Why the account must not act on: its action was closed, and a reorganisation gave this step of it another end."""
        action = self.state.actions.get((mode, order.action.id))
        if action is None or action.result is None:
            return None
        told = next((leg for leg in action.result.legs if leg.order == order.id), None)
        if told is None or done.good == (step.id not in told.steps[-1:] or told.state in SUCCEEDED):
            return None
        return f"its action was closed as {told.state.value}; a reorganisation took it back, and it is {done.report.state.value} now"

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


def _evidence(found: Findings, settled: Settled) -> tuple[Compared, ...]:
    """The lines of a comparison that are about what the step touched."""
    touched = {*settled.work.keys, *deltas(settled.report.effects)}
    return tuple(line for line in found.compared if line.key in touched)
