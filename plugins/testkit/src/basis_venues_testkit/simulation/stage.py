"""One sample carried out in simulation: step by step to look at each call, or through the core's tight loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

import attrs

from basis_venues.actions import Action
from basis_venues.clock import PlanClock
from basis_venues.contract import VenueModel
from basis_venues.execution.backtest import SimulatedLoop
from basis_venues.execution.books import SimulatedBooks
from basis_venues.fold import fold
from basis_venues.keys import Key
from basis_venues.observers import Observers
from basis_venues.orders import Effect, Order, Ref, Step
from basis_venues.positions import Positions
from basis_venues.results import LegResult
from basis_venues.simulate import SimulatedClient, SimulatedLedger
from basis_venues.venues import Venue, Venues

from ..samples import Points, Sample
from ..subject import Subject
from .figures import SampleMarket


class Told(Positions):
    """Complete positions that note which of them were read."""

    __slots__ = ("read",)

    def __init__(self, held: Mapping[Key, Decimal]) -> None:
        super().__init__(held)
        self.read: set[Key] = set()

    def __getitem__(self, key: Key) -> Decimal:
        self.read.add(key)
        return super().__getitem__(key)

    def get(self, key: Key, default: Decimal = Decimal(0)) -> Decimal:  # type: ignore[override]
        """The amount, noted as read."""
        self.read.add(key)
        return super().get(key, default)


class Plenty(Positions):
    """An account that lacks nothing, so that nothing is refused for want of funds."""

    __slots__ = ()

    def __missing__(self, key: Key) -> Decimal:
        return Decimal(10**6)

    def get(self, key: Key, default: Decimal = Decimal(0)) -> Decimal:  # type: ignore[override]
        """As much as of everything else."""
        return self[key]


class Moment(NamedTuple):
    """One step carried out: what was held before it, the attempt, what it cost and what it did."""

    step: Step
    before: Positions
    at: int
    ref: Ref
    cost: Effect | None
    effects: tuple[Effect, ...]

    @property
    def everything(self) -> tuple[Effect, ...]:
        """The effects and the cost."""
        return self.effects if self.cost is None else (*self.effects, self.cost)


class Course(NamedTuple):
    """A sample carried out: what was touched, the plan, each of its steps, and what is held afterwards."""

    touched: tuple[Key, ...]
    plan: tuple[Step, ...]
    moments: tuple[Moment, ...]
    after: Positions


class Stage:
    """Fresh models, a clock and a market for one sample; `action` replaces the sample's own."""

    def __init__(self, subject: Subject, sample: Sample, common: Mapping[str, Points], action: Action | None = None) -> None:
        self.subject = subject
        self.sample = sample
        self.models = subject.models()
        self.model: VenueModel = self.models[subject.venue]
        self.clock = PlanClock(sample.at)
        self.market = SampleMarket({**common, **sample.market}, sample.at, self.clock)
        self.order = order_of(subject, action or sample.action)

    def positions(self) -> Positions:
        """What the sample's accounts hold before it."""
        return Positions(self.sample.holds)

    def plan(self, view: Mapping[Key, Decimal] | None = None) -> tuple[Step, ...]:
        """The model's plan of the order. Raises what the model raises."""
        return self.model.plan(self.order, self.positions() if view is None else view, self.market)

    def course(self, attempt: str = "attempt") -> Course:
        """The order carried out step by step on the models alone. Raises what they raise."""
        held = self.positions()
        touched, plan = self.model.touches(self.order, held), self.plan()
        moments = tuple(self._moments(plan, held, attempt))
        return Course(touched, plan, moments, held)

    def result(self) -> LegResult:
        """The order carried out by the core's tight loop and simulated client, and compared with the ledger."""
        ledger = SimulatedLedger(self.models, self.market, self.clock, self.sample.holds)
        venues = Venues((self._venue(name, ledger) for name in self.models), lambda alias: self.subject.accounts[alias].keeper)
        loop = SimulatedLoop("conformance", venues, SimulatedBooks(ledger), self.market, self.clock, Observers())
        return loop.leg(self.order)

    def _moments(self, plan: tuple[Step, ...], held: Positions, attempt: str) -> Iterator[Moment]:
        for number, step in enumerate(plan):
            ref = Ref(f"{attempt}{number}", self.clock.now())
            before = Positions(held)
            cost = self.model.cost(step, self.market, ref)
            effects = fold(self.models, step, held, self.market, ref)
            if not effects:  # it rests: look again when its time is over, as the core does
                self.clock.set(self.clock.now() + (getattr(self.order.action, "good_for", None) or 0))
                effects = fold(self.models, step, held, self.market, ref)
            moment = Moment(step, before, self.clock.now(), ref, cost, effects)
            held.apply(effect for effect in moment.everything if effect.at <= self.clock.now())
            yield moment

    def _venue(self, name: str, ledger: SimulatedLedger) -> Venue:
        settings = self.subject.settings[name]
        chain = self.subject.plugins.manifest(name).kind != "cex"
        client = SimulatedClient(ledger, reverts=chain)
        return Venue(name, self.models[name], client, True, chain, settings.timing, frozenset(settings.tolerated_externals))


def order_of(subject: Subject, action: Action) -> Order:
    """The order that the router would make of the action."""
    named = attrs.evolve(action, id=action.id or "sample")
    alias = action.account or getattr(action, "source", None) or subject.manifest.account.alias
    account = subject.accounts.get(alias)
    return Order(f"{named.id}/{subject.venue}", named, subject.venue, alias, alias if account is None else account.lane)
