"""A small market, an exchange on it, and what carries one action through plan and effects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal, localcontext
from typing import Any, NamedTuple

import pytest

from basis_venues.actions import Action
from basis_venues.amounts import MONEY
from basis_venues.contract import ModelContext
from basis_venues.errors import MissingData
from basis_venues.network import Account, Network
from basis_venues.orders import Effect, Order, Ref, Step, deltas
from basis_venues_ccxt import AssetSettings, ExchangeModel, ExchangeSettings, MarketSettings, TradingParameters

D = Decimal


class FakeMarket:
    """Figures given by the test: `points` by series, and a moment that the test sets."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.points: dict[str, list[tuple[int, Decimal]]] = {}

    def set(self, series: str, *points: tuple[int, str | Decimal]) -> FakeMarket:
        """Let a series have these points."""
        self.points[series] = [(at, D(figure)) for at, figure in points]
        return self

    def now(self) -> int:
        """The moment set by the test."""
        return self.at

    def value(self, series: str) -> Decimal:
        """The last point up to now."""
        known = [figure for at, figure in self.points.get(series, ()) if at <= self.at]
        if not known:
            raise MissingData(series)
        return known[-1]

    def events(self, series: str, since: int, until: int) -> Sequence[tuple[int, Decimal]]:
        """The points after `since` up to `until`."""
        return [point for point in self.points.get(series, ()) if since < point[0] <= until]

    def next_event(self, series: str, after: int) -> int | None:
        """The time of the next point."""
        return next((at for at, _ in self.points.get(series, ()) if at > after), None)


class Book(dict[str, Decimal]):
    """A whole account: what is not there is zero."""

    def __missing__(self, key: str) -> Decimal:
        return D(0)

    def after(self, effects: Sequence[Effect]) -> Book:
        """The account as the effects leave it."""
        changes = deltas(effects)
        return Book({key: self[key] + changes.get(key, D(0)) for key in self.keys() | changes.keys()})


class Exchange(NamedTuple):
    """A model under test and the market it asks."""

    model: ExchangeModel
    market: FakeMarket

    def order(self, action: Action, account: str = "acme") -> Order:
        """The order of an action."""
        return Order(f"{action.id}/acme", action, "acme", account, account)

    def plan(self, action: Action, book: Mapping[str, Decimal] | None = None) -> Step:
        """Its one step."""
        (step,) = self.model.plan(self.order(action), Book() if book is None else book, self.market)
        return step

    def effects(self, action: Action, book: Mapping[str, Decimal], since: int | None = None) -> tuple[Effect, ...]:
        """What it does as of now, standing since `since` (now, unless given)."""
        step = self.plan(action, book)
        return self.model.effects(step, action, book, self.market, Ref("try1", self.market.at if since is None else since))

    def changes(self, action: Action, book: Mapping[str, Decimal], since: int | None = None) -> dict[str, Decimal]:
        """The sum of what it does."""
        return deltas(self.effects(action, book, since))


def settings(**changes: Any) -> ExchangeSettings:
    """Round figures, so that every expectation is worked out by hand: fees 0.1 % spot, 0.02 % and 0.05 % futures, slippage 0.1 %."""
    spot = MarketSettings(lot=D("0.001"), tick=D("0.1"), minimum=D("0.002"), maximum=D(100), minimum_notional=D(5))
    perp = MarketSettings(lot=D("0.001"), tick=D("0.1"), minimum=D("0.001"), minimum_notional=D(5))
    given: dict[str, Any] = {
        "venue_type": "cex",
        "markets": {"BTC/USDT": spot, "ETH/USDT": spot, "BTC/USDT:USDT": perp, "ETH/USDT:USDT": perp},
        "assets": {"USDT": AssetSettings(network="ERC20", withdrawal_fee=D(2), minimum_withdrawal=D(10), delay_ms=600_000)},
        "trading_parameters": TradingParameters(max_leverage=D(20)),
        "slippage": D("0.001"),
        "default_leverage": D(10),
    }
    return ExchangeSettings(**(given | changes))


@pytest.fixture(scope="session")
def make_settings() -> Callable[..., ExchangeSettings]:
    """Settings in round figures, with changes."""
    return settings


@pytest.fixture(scope="session")
def make_exchange() -> Callable[..., Exchange]:
    """An exchange on which BTC stands at 100 and ETH at 10, spot and perpetual, from time 0 on."""

    def make(outer: str = "", **changes: Any) -> Exchange:
        accounts = {name: Account(name, f"{name}:owner", name, name, outer) for name in ("acme", "other")}
        context = ModelContext(
            venue="acme", account=accounts["acme"], network=Network.SIMULATION, settings=settings(**changes), accounts=accounts
        )
        model = ExchangeModel(context)
        market = FakeMarket()
        for symbol, price in (("BTC/USDT", "100"), ("ETH/USDT", "10"), ("BTC/USDT:USDT", "100"), ("ETH/USDT:USDT", "10")):
            market.set(f"acme:price:{symbol}", (0, price))
        return Exchange(model, market)

    return make


@pytest.fixture
def exchange(make_exchange: Callable[..., Exchange]) -> Exchange:
    """The exchange with nothing changed."""
    return make_exchange()


@pytest.fixture(scope="session")
def book() -> type[Book]:
    """What holds an account."""
    return Book


@pytest.fixture(autouse=True)
def money() -> Iterator[None]:
    """The context that the core has active around models."""
    with localcontext(MONEY):
        yield
