"""What an account shows of steps that are settled: compared with what their venue says, and written down.

An account that shows something else than it should is frozen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..journal.events import Event, Frozen, Outcome
from ..observers import Observers
from ..orders import Order, Report, Step, deltas
from ..results import Compared
from ..states import DONE, SUCCEEDED, State, Verdict
from ..venues import Venue, Venues
from .books import SimulatedBooks
from .loop import differences, tell_halted
from .readings import Readings
from .reconcile import Findings, Reconciler
from .records import Records
from .work import Done, Ended, Settled, Work


class Proof:
    """Proves steps and records their outcomes, for whichever loop carried them out."""

    def __init__(
        self, venues: Venues, records: Records, simulated: SimulatedBooks, reconciler: Reconciler, readings: Readings, observers: Observers
    ) -> None:
        self._venues = venues
        self._records = records
        self._state = records.state
        self._simulated = simulated
        self._reconciler = reconciler
        self._readings = readings
        self._observers = observers

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
        expected = deltas(effect for effect in effects if effect.id not in self._state.seen)
        at = max(each.report.at for each in settled)
        found = await self._reconciler.reconcile(keys, expected, own, at, venue, self._records.book())
        book = found.book
        if found.verdict is Verdict.UNVERIFIED:  # parked: until the account can be read, the books say what the effects say
            book = {key: self._state.book[key] + amount for key, amount in expected.items()}
        done = {each.work.step.id: Done(each.report, found.verdict, (), _evidence(found, each), found.reason) for each in settled}
        last = settled[-1].work.step.id
        done[last] = done[last]._replace(externals=found.externals, book=book, marks=found.marks)
        return done

    def _compare_simulated(self, work: Work, report: Report) -> Done:
        """What the step did, against the simulated ledger, with what came to the account by itself while it rested."""
        if report.state not in DONE:
            return Done(report, None)
        happened = self._simulated.absorb(work.order.account, work.order.lane)
        verdict, compared = self._simulated.verify(work.keys, report.effects, work.venue.model)
        return Done(report, verdict, happened, compared, "" if verdict is Verdict.VERIFIED else differences(compared))

    def record(self, ended: Sequence[Ended]) -> None:
        """Keep for the next commit: reports, verdicts, evidence, and whether the account is frozen."""
        for each in ended:
            reason = self._freezing(each)
            for event in self._events(each, reason):
                self._records.keep(event)
            if reason:
                tell_halted(self._observers, each.order.account, reason)
            if each.done.verdict is Verdict.VERIFIED:
                self._readings.trust(each.done.book)
            else:
                self._readings.trust_none()

    def _events(self, ended: Ended, freezing: str | None) -> Iterator[Event]:
        """What the journal is told of a step that is over."""
        mode, order, step, done = ended
        accounts = self._records.identities(order)
        if (mode, step.id) in self._state.steps:  # else it never got as far as being sent
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
        strange = None if venue.simulated else self._readings.strange(venue, done.externals)  # nobody else is in a simulation
        return mismatch or strange or self._denied(mode, order, step, done)

    def _denied(self, mode: str, order: Order, step: Step, done: Done) -> str | None:
        """Why the account must not act on: its action was closed, and a reorganisation gave this step of it another end."""
        action = self._state.actions.get((mode, order.action.id))
        if action is None or action.result is None:
            return None
        told = next((leg for leg in action.result.legs if leg.order == order.id), None)
        if told is None or done.good == (step.id not in told.steps[-1:] or told.state in SUCCEEDED):
            return None
        return f"its action was closed as {told.state.value}; a reorganisation took it back, and it is {done.report.state.value} now"


def _evidence(found: Findings, settled: Settled) -> tuple[Compared, ...]:
    """The lines of a comparison that are about what the step touched."""
    touched = {*settled.work.keys, *deltas(settled.report.effects)}
    return tuple(line for line in found.compared if line.key in touched)
