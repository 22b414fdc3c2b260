"""The tight loop: execute, reconcile, and only then the account's next order.

Here is what every run has of it; `backtest.py` has its straight course through simulated venues, `step.py` and `journalled.py` that of a
run with a journal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ..clock import Clock
from ..contract import Market
from ..errors import BasisError, Denied, PluginRefused, Stopped
from ..fold import foresee
from ..keys import Key
from ..observers import Observers
from ..orders import Effect, Order, Report, Step
from ..results import Compared, LegResult
from ..simulate import SimulatedClient
from ..states import State, Verdict
from ..venues import Venue, Venues
from .books import SimulatedBooks


class TightLoop:
    """Orders, one after the other for each account and lane. `frozen`: accounts that must not act, with the reasons."""

    def __init__(self, mode: str, venues: Venues, simulated: SimulatedBooks, market: Market, clock: Clock, observers: Observers) -> None:
        self.mode = mode
        self.simulated = simulated
        self.frozen: dict[str, str] = {}
        self._venues = venues
        self._market = market
        self._clock = clock
        self._observers = observers

    def _plan(self, order: Order, venue: Venue, view: Mapping[Key, Decimal] | None = None) -> tuple[Step, ...]:
        view = self._view(venue) if view is None else view
        try:
            plan = foresee(self.simulated.ledger.models, venue.model.plan(order, view, self._market), view, self._market)
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
            verdict, compared = simulated.verify(keys, (), venue.model)
            if verdict is not Verdict.VERIFIED:
                self._stop(order.account, "its ledger and its books disagree")
                raise Stopped(f"before {order.id}: {differences(compared)}")
        return keys, happened

    def _simulated_send(self, venue: Venue, step: Step, key: str) -> Report:
        """What a simulated venue says of a step that is sent under the attempt key `key`."""
        client = venue.client
        assert isinstance(client, SimulatedClient)
        try:
            return client.act(step, key, self._clock.now())
        except BasisError:
            raise
        except Exception as error:
            raise PluginRefused(f"a model failed while simulating {step.id}: {type(error).__name__}: {error}") from error

    def _stop(self, account: str, reason: str) -> None:
        """Let the account act no more, and say so once."""
        if account not in self.frozen:
            self.frozen[account] = reason
            tell_halted(self._observers, account, reason)

    def refusal(self, order: Order, reason: str, state: State = State.DENIED) -> LegResult:
        """The result of an order of which nothing was sent."""
        return LegResult(order.id, order.venue, order.account, state, None, reason)

    def _tell(self, order: Order, step: Step, state: State) -> None:
        """Tell the observers where a step stands."""
        if self._observers.listening("order_state_changed"):
            self._observers.notify("order_state_changed", order=order, step=step.id, state=state)

    def _tell_compared(self, order: Order, result: LegResult) -> None:
        """Tell the observers what reconciliation found."""
        if self._observers.listening("reconciliation_finished"):
            self._observers.notify("reconciliation_finished", order=order, result=result)


def rest_until(order: Order, since: int) -> int | None:
    """Until when (ms) an order of `since` may rest at its venue; None for one that must not."""
    good_for: int | None = getattr(order.action, "good_for", None)
    return None if good_for is None else since + good_for


def tell_halted(observers: Observers, account: str, reason: str) -> None:
    """Tell the observers that an account acts no more."""
    if observers.listening("runner_halted"):
        observers.notify("runner_halted", account=account, reason=reason)


def differences(compared: Sequence[Compared]) -> str:
    """The lines of a comparison that do not agree, in words."""
    return "; ".join(f"{line.key}: expected {line.expected}, observed {line.observed}" for line in compared if not line.agrees)
