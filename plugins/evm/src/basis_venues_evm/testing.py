"""For tests of on-chain venues: a market of fixed figures, settings from a plugin's own YAML, and an order carried out as a chain would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from importlib.resources import files
from typing import Any, NamedTuple, TypeVar

import yaml

from basis_venues.actions import Action
from basis_venues.amounts import MONEY
from basis_venues.clock import SystemClock
from basis_venues.config.converter import make_converter
from basis_venues.config.venues import VenueSettings
from basis_venues.contract import ClientContext, ModelContext, StepFails, VenueModel
from basis_venues.errors import MissingData
from basis_venues.fold import fold
from basis_venues.keys import Key
from basis_venues.network import Account, Network
from basis_venues.orders import Effect, Order, Ref, Step
from basis_venues.positions import Positions

Settings = TypeVar("Settings", bound=VenueSettings)


class FixedMarket:
    """A `Market` whose figures stay until they are set again."""

    def __init__(self, figures: Mapping[str, str | Decimal], now: int = 0) -> None:
        self.figures = {name: Decimal(figure) for name, figure in figures.items()}
        self.moment = now

    def now(self) -> int:
        """The moment, ms."""
        return self.moment

    def value(self, series: str) -> Decimal:
        """The figure. Raises `MissingData`."""
        if series not in self.figures:
            raise MissingData(f"no figure for {series}")
        return self.figures[series]

    def events(self, series: str, since: int, until: int) -> Sequence[tuple[int, Decimal]]:
        """None."""
        return ()

    def next_event(self, series: str, after: int) -> int | None:
        """None."""
        return None


def load_settings(cls: type[Settings], package: str, **overrides: Any) -> Settings:
    """The settings in the `venue.yaml` of a plugin's package, with some top-level keys replaced."""
    data = yaml.safe_load((files(package) / "venue.yaml").read_text())
    return make_converter().structure({**data, **overrides}, cls)


def wallet_context(settings: VenueSettings, **more: Any) -> ClientContext:
    """The context of a client of the wallet on a test network. `more`: other fields of the context."""
    wallet = Account("wallet", "x", "alchemy", "wallet")
    return ClientContext(venue="alchemy", account=wallet, network=Network.TESTNET, settings=settings, clock=SystemClock(), **more)


def context(venue: str, settings: VenueSettings, alias: str = "wallet", lane: str = "wallet") -> ModelContext:
    """The context of a simulated model."""
    account = Account(alias=alias, identity=f"1:{alias}", keeper="alchemy", lane=lane)
    return ModelContext(venue=venue, account=account, network=Network.SIMULATION, settings=settings)


class Outcome(NamedTuple):
    """How an order went: its steps, all effects, and the reason where the last step was reverted."""

    steps: tuple[Step, ...]
    effects: tuple[Effect, ...]
    reverted: str = ""


def carry_out(
    models: Mapping[str, VenueModel], venue: str, action: Action, positions: Positions, market: FixedMarket,
    account: str = "wallet", lane: str = "wallet",
) -> Outcome:  # fmt: skip
    """Plan the action and fold its steps onto `positions`, gas first; later effects are returned and not booked."""
    with localcontext(MONEY):
        order = Order(f"{action.id or 'a'}/{venue}", action, venue, account, lane)
        touched = models[venue].touches(order, positions)
        steps = models[venue].plan(order, {key: positions[key] for key in (*positions, *touched)}, market)
        effects: tuple[Effect, ...] = ()
        for step in steps:
            ref = Ref(f"{step.id}/1", market.now())
            cost = models[venue].cost(step, market, ref)
            paid = () if cost is None else (cost,)
            positions.apply(paid)
            try:
                got = fold(models, step, positions, market, ref)
            except StepFails as failure:
                return Outcome(steps, (*effects, *paid), str(failure))
            positions.apply(effect for effect in got if effect.at <= market.now())
            effects = (*effects, *paid, *got)
        return Outcome(steps, effects)


def changed(effects: Sequence[Effect]) -> set[Key]:
    """The positions that the effects change."""
    return {key for effect in effects for key, _ in effect.lines}
