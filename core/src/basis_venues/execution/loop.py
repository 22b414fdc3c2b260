"""The tight loop: execute, reconcile, and only then the account's next order.

Here is the course of one order as every run has it, and as a backtest needs it: simulated venues answer at once and are compared directly,
nothing is shared with another process, nothing is to be recovered. `journalled.py` adds what a run with a journal has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from ..clock import Clock
from ..contract import Market
from ..errors import BasisError, Denied, MissingData, PluginRefused, Stopped
from ..fold import check_outcome
from ..keys import Key
from ..observers import Observers
from ..orders import Effect, Order, Prepared, Report, Step, deltas
from ..results import Compared, LegResult
from ..simulate import SimulatedClient
from ..states import CLOSED, DONE, SUCCEEDED, State, Verdict
from ..venues import Venue, Venues
from .books import SimulatedBooks

_NOTHING: Mapping[str, Any] = {}


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


class TightLoop:
    """Carries orders out, one after the other for each account and lane. `frozen`: accounts that must not act, with the reasons."""

    def __init__(self, mode: str, venues: Venues, simulated: SimulatedBooks, market: Market, clock: Clock, observers: Observers) -> None:
        self.mode = mode
        self.simulated = simulated
        self.frozen: dict[str, str] = {}
        self._venues = venues
        self._market = market
        self._clock = clock
        self._observers = observers

    async def leg(self, order: Order) -> LegResult:
        """Carry one order out. Never raises for what a venue did."""
        stopped = self.stopped(order)
        if stopped is not None:
            return self._refused(order, stopped)
        venue = self._venues.named(order.venue)
        if self._too_late(order):
            return self._refused(order, "its valid_until has passed before it was started", State.INTERRUPTED)
        try:
            keys, before = self._look_simulated(order, venue)
            plan = self._plan(order, venue)
        except (Denied, MissingData, Stopped) as refusal:
            return self._refused(order, str(refusal))
        return self._result(order, plan, await self._steps(order, venue, plan, keys), before)

    async def _steps(self, order: Order, venue: Venue, plan: tuple[Step, ...], keys: tuple[Key, ...]) -> list[Done]:
        """The plan's steps in sequence, until one is not good. A simulated step that ends at once needs no waiting."""
        done: list[Done] = []
        for number, step in enumerate(plan):
            if number and self._too_late(order):
                done.append(late())
                break
            prepared = Prepared(step.id, step, _NOTHING)
            report = self._simulated_send(venue, prepared)
            if report.state not in CLOSED:
                report = await self._rested(order, venue, prepared, report)
            one = self._finished(order, step, self._compared(venue, keys, report))
            done.append(one)
            if not one.good:
                break
        return done

    async def _rested(self, order: Order, venue: Venue, prepared: Prepared, report: Report) -> Report:
        """What became of an order that rests: it is filled, or cancelled when its time is over."""
        from .settle import settle  # few orders of a backtest rest

        until = self._rest_until(order, self._clock.now())
        return await settle(venue, prepared, report, until, self._clock, lambda: self.stopped(order), _never_renewed)

    def _plan(self, order: Order, venue: Venue) -> tuple[Step, ...]:
        view = self._view(venue)
        try:
            plan = venue.model.plan(order, view, self._market)
            for step in plan:
                if len(step.actions) > 1:
                    check_outcome(self.simulated.ledger.models, step, view, self._market)
        except BasisError:
            raise
        except Exception as error:
            raise PluginRefused(f"the model of {venue.name} failed to plan {order.id}: {type(error).__name__}: {error}") from error
        if not plan:
            raise Denied("nothing to do: the account is already as asked")
        return plan

    def _view(self, venue: Venue) -> Mapping[Key, Decimal]:
        """The positions that an order at the venue is planned on."""
        return self.simulated.ledger.positions

    def _too_late(self, order: Order) -> bool:
        until = order.action.valid_until
        return until is not None and self._clock.now() > until

    def stopped(self, order: Order) -> str | None:
        """Why nothing may be sent for the order now: its account or lane is frozen."""
        if self.frozen:
            for alias in (order.account, order.lane):
                if alias in self.frozen:
                    return f"the account {alias} is frozen: {self.frozen[alias]}"
        return None

    def _look_simulated(self, order: Order, venue: Venue) -> tuple[tuple[Key, ...], tuple[Effect, ...]]:
        """Know every position that the order touches. Answers them, and what happened to the accounts by itself: a simulated account
        can have changed in no other way."""
        simulated = self.simulated
        keys = venue.model.touches(order, simulated.ledger.positions)
        happened = simulated.absorb(order.account, order.lane) if simulated.ledger.disturbed else ()
        if happened:
            verdict, compared = simulated.verify(keys, {}, venue.model)
            if verdict is not Verdict.VERIFIED:
                self._stop(order.account, "its ledger and its books disagree")
                raise Stopped(f"before {order.id}: {off(compared)}")
        return keys, happened

    def _simulated_send(self, venue: Venue, prepared: Prepared) -> Report:
        client = venue.client
        assert isinstance(client, SimulatedClient)
        try:
            return client.act(prepared, self._clock.now())
        except BasisError:
            raise
        except Exception as error:
            raise PluginRefused(f"a model failed while simulating {prepared.step.id}: {type(error).__name__}: {error}") from error

    def _rest_until(self, order: Order, since: int | None) -> int | None:
        good_for: int | None = getattr(order.action, "good_for", None)
        return None if good_for is None else (self._clock.now() if since is None else since) + good_for

    def _compared(self, venue: Venue, keys: tuple[Key, ...], report: Report) -> Done:
        """What the step did, against the simulated ledger."""
        if report.state not in DONE:
            return Done(report, None)
        expected = deltas(report.effects)
        for key in expected:
            if key not in keys:
                keys = (*keys, key)
        verdict, compared = self.simulated.verify(keys, expected, venue.model)
        return Done(report, verdict, (), compared, "" if verdict is Verdict.VERIFIED else off(compared))

    def _finished(self, order: Order, step: Step, done: Done) -> Done:
        """Tell the observers; an account that does not show what it should acts no more."""
        if self._observers.listening("order_state_changed"):
            self._observers.notify("order_state_changed", order=order, step=step.id, state=done.report.state)
        if done.verdict is Verdict.MISMATCHED:
            self._stop(order.account, done.reason)
        return done

    def _stop(self, account: str, reason: str) -> None:
        """Let the account act no more, and say so once."""
        if account not in self.frozen:
            self.frozen[account] = reason
            self.tell_halted(account, reason)

    def tell_halted(self, account: str, reason: str) -> None:
        """Tell the observers that an account acts no more."""
        if self._observers.listening("runner_halted"):
            self._observers.notify("runner_halted", account=account, reason=reason)

    def _refused(self, order: Order, reason: str, state: State = State.DENIED) -> LegResult:
        return LegResult(order.id, order.venue, order.account, state, None, reason)

    def _result(self, order: Order, plan: tuple[Step, ...], done: list[Done], before: tuple[Effect, ...]) -> LegResult:
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
        result = LegResult(
            order.id, order.venue, order.account, report.state, verdict, reason or report.reason, effects, externals, compared, steps
        )
        if self._observers.listening("reconciliation_finished"):
            self._observers.notify("reconciliation_finished", order=order, result=result)
        return result


def late() -> Done:
    """A step that is not begun, because the action's time passed while those before it were carried out."""
    return Done(Report(State.INTERRUPTED, reason="its valid_until passed between two steps"), None)


def off(compared: Sequence[Compared]) -> str:
    """The lines of a comparison that do not agree, in words."""
    return "; ".join(f"{line.key}: expected {line.expected}, observed {line.observed}" for line in compared if not line.agrees)


async def _never_renewed(_prepared: Prepared) -> Prepared | None:
    return None
