"""The course of a backtest: everything in memory, legs one after the other, and nothing ever waits: no task, no lock, no coroutine."""

from __future__ import annotations

from decimal import Decimal, getcontext, setcontext

from ..actions import Action
from ..amounts import MONEY
from ..errors import Denied, MissingData, Stopped
from ..journal.memory import MemoryJournal
from ..keys import OBLIGATIONS, Key
from ..orders import Effect, Order, Prepared, Report, Step, record
from ..results import STOPPED, ActionResult, Compared, LegResult
from ..states import CLOSED, DONE, SUCCEEDED, State, Verdict
from ..venues import Venue
from .books import SimulatedBooks
from .course import Course
from .loop import TightLoop, differences, rest_until
from .parts import Parts

_VERIFIED = Verdict.VERIFIED


class Backtest(Course):
    """Carries actions out on simulated accounts."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._journal = MemoryJournal(parts.stream)
        self._loop = SimulatedLoop(parts.mode, parts.venues, SimulatedBooks(parts.ledger), parts.market, parts.clock, parts.observers)

    @property
    def frozen(self) -> dict[str, str]:
        """Accounts that must not act, with the reasons."""
        return self._loop.frozen

    def execute(self, action: Action, now: int | None) -> ActionResult:
        """The action's result, when the clock has moved on to `now` (ms)."""
        outside = getcontext()
        setcontext(MONEY.copy())  # as `money()` does, at a quarter of its price
        try:
            if now is not None:
                self._clock.set(now)  # type: ignore[attr-defined]
            return self._carry_out(action)
        finally:
            setcontext(outside)

    def _carry_out(self, action: Action) -> ActionResult:
        """Route, carry out, compare. An id that acted before answers with its stored result."""
        stored = self._journal.stored(action)
        if stored is not None:
            return stored
        routed = self.route(action)
        if self.halted or self.frozen:
            stopped = self.halted or next(filter(None, map(self._loop.stopped, routed.orders)), None)
            if stopped:
                return self.denied(action, routed, stopped, STOPPED)
        result = self.summed(action, routed, tuple(map(self._loop.leg, routed.orders)))
        self._journal.close_action(result)
        return result

    async def positions(self) -> dict[Key, Decimal]:
        """Every position that is not zero."""
        return dict(self.parts.ledger.positions.held())

    def obligations(self) -> dict[Key, Decimal]:
        """What has begun and not yet arrived: claims and transits."""
        held = self.parts.ledger.positions.held()
        return {key: amount for key, amount in held.items() if key.split(":", 2)[1] in OBLIGATIONS}

    async def close(self) -> None:
        """Finish the streamed file."""
        self._journal.close()


class SimulatedLoop(TightLoop):
    """The tight loop where every venue is simulated: it answers at once, and is compared directly."""

    def leg(self, order: Order) -> LegResult:
        """Carry one order out. Never raises for what a venue did."""
        stopped = self.stopped(order) if self.frozen else None
        if stopped is not None:
            return self.refusal(order, stopped)
        venue = self._venues.named(order.venue)
        if order.action.valid_until is not None and self._too_late(order):
            return self.refusal(order, "its valid_until has passed before it was started", State.INTERRUPTED)
        try:
            keys, happened = self._look_simulated(order, venue)
            plan = self._plan(order, venue)
        except (Denied, MissingData, Stopped) as refusal:
            return self.refusal(order, str(refusal))
        return self._steps(order, venue, plan, keys, happened)

    def _steps(self, order: Order, venue: Venue, plan: tuple[Step, ...], keys: tuple[Key, ...], happened: tuple[Effect, ...]) -> LegResult:
        """The plan's steps in sequence, until one is not good."""
        effects: tuple[Effect, ...] = ()
        compared: tuple[Compared, ...] = ()
        steps: tuple[str, ...] = ()
        for step in plan:
            if steps and self._too_late(order):
                report = Report(State.INTERRUPTED, reason="its valid_until passed between two steps")
            else:
                report = self._simulated_send(venue, step, step.id)
                if report.state not in CLOSED:
                    report = self._rested(order, venue, step, report)
                    happened += self.simulated.absorb(order.account, order.lane)  # what came by itself meanwhile
            state = report.state
            verdict, lines = self.simulated.verify(keys, report.effects, venue.model) if state in DONE else (None, ())
            effects += report.effects
            compared += lines
            steps += (step.id,)
            if self._observers.anyone:
                self._tell(order, step, state)
            if verdict is not _VERIFIED or state not in SUCCEEDED:
                break
        reason = report.reason
        if verdict is not None and verdict is not _VERIFIED:
            reason = differences(compared)
            self._stop(order.account, reason)
        result = record(LegResult, (order.id, order.venue, order.account, state, verdict, reason, effects, happened, compared, steps))
        if self._observers.anyone:
            self._tell_compared(order, result)
        return result

    def _rested(self, order: Order, venue: Venue, step: Step, report: Report) -> Report:
        """What became of an order that rests: it is filled, or cancelled when its time is over."""
        from .blocking import drive
        from .settle import Recourse, settle  # few orders of a backtest rest

        until = rest_until(order, self._clock.now())
        prepared = Prepared(step.id, step, {})
        return drive(settle(venue, prepared, report, until, self._clock, Recourse(lambda: self.stopped(order))))
