"""Limits and refusals before anything is sent, and what the model tells about itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import PerpTrade, SpotTrade, Stake
from basis_venues.errors import ConfigurationError, Denied
from basis_venues.orders import Limits
from basis_venues_ccxt import ExchangeSettings, FeeSchedule, MarketSettings, TradingParameters

D = Decimal
SPOT: Any = {"id": "a1", "symbol": "BTC/USDT", "side": "buy"}
PERP: Any = {"id": "a1", "symbol": "BTC/USDT:USDT", "side": "sell"}
LIMIT: Any = {"order_type": "limit", "good_for": 1000}


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (SpotTrade(**SPOT, quantity="1.0005"), "1.0005 BTC is not a whole multiple of 0.001.*use 1.000 or 1.001"),
        (SpotTrade(**SPOT, quantity="0.001"), "0.001 BTC is below the minimum of 0.002 BTC"),
        (SpotTrade(**SPOT, quantity="100.001"), "100.001 BTC is above the maximum of 100 BTC"),
        (SpotTrade(**SPOT, quantity="0.049"), "4.900 USDT is below the minimum order of 5 USDT"),
        (SpotTrade(**SPOT, notional="4.99"), "4.99 USDT is below the minimum order of 5 USDT"),
        (SpotTrade(**SPOT, notional="0.1"), "0.1 USDT, which is 0.001 BTC in whole lots, is below the minimum of 0.002"),
        (SpotTrade(**SPOT, **LIMIT, quantity="1", price="99.95"), "99.95 USDT is not a whole multiple of 0.1.*use 99.9 or 100.0"),
        (SpotTrade(**SPOT | {"symbol": "BTC/USTD"}, quantity="1"), "no market 'BTC/USTD'; .*; did you mean BTC/USDT\\?"),
        (SpotTrade(**SPOT | {"symbol": "BTC/USDT:USDT"}, quantity="1"), "not one for a SpotTrade; did you mean BTC/USDT\\?"),
        (PerpTrade(**PERP | {"symbol": "BTC/USDT"}, quantity="1"), "spot market, not one for a PerpTrade; did you mean BTC/USDT:USDT\\?"),
        (PerpTrade(**PERP, quantity="1", leverage="21"), "leverage of 21 is above the limit of 20"),
        (SpotTrade(**SPOT, quantity="1", price="90", order_type="post_only", time_in_force="ioc"), "can never fill"),
        (Stake(id="a1", amount="1"), "acme does not know Stake"),
    ],
)
def test_what_the_venue_would_not_take_is_denied_with_both_figures(exchange: Any, action: Any, reason: str) -> None:
    """A refusal names what was asked, what is allowed, and what would do."""
    with pytest.raises(Denied, match=reason):
        exchange.plan(action)


def test_orders_of_another_account_are_denied(exchange: Any, book: Any) -> None:
    """The model's keys are those of its own account; another one's would be booked wrongly."""
    with pytest.raises(Denied, match="not 'other'"):
        exchange.model.plan(exchange.order(SpotTrade(**SPOT, quantity="1"), "other"), book(), exchange.market)


def test_a_market_kind_that_is_switched_off_is_denied(make_exchange: Any) -> None:
    """With `supported_markets: [spot]` there are no perpetuals."""
    with pytest.raises(Denied, match="supported_markets says spot"):
        make_exchange(supported_markets=("spot",)).plan(PerpTrade(**PERP, quantity="1"))


def test_a_reduce_only_order_is_free_of_the_minimum_notional(exchange: Any) -> None:
    """A rest worth 0.1 USDT must be closable."""
    assert exchange.plan(PerpTrade(**PERP, quantity="0.001", reduce_only=True)).id == "a1/acme/0"


def test_an_order_is_one_step_with_the_action_as_it_is(exchange: Any) -> None:
    """One write, named after its order; a limit order carries no further bounds."""
    action = SpotTrade(**SPOT, **LIMIT, quantity="1", price="90")
    step = exchange.plan(action)
    assert (step.id, step.actions, step.bounds) == ("a1/acme/0", (action,), {})


def test_spot_touches_two_positions_and_a_perpetual_three(exchange: Any, book: Any) -> None:
    """Base and quote; size, cost and what it settles in. A market that is not known touches nothing, and is denied by the plan."""
    touches = exchange.model.touches
    assert touches(exchange.order(SpotTrade(**SPOT, quantity="1")), book()) == ("acme:balance:BTC", "acme:balance:USDT")
    expected = ("acme:perp:BTC/USDT:USDT", "acme:entry:BTC/USDT:USDT", "acme:collateral:USDT")
    assert touches(exchange.order(PerpTrade(**PERP, quantity="1")), book()) == expected
    assert touches(exchange.order(SpotTrade(**SPOT | {"symbol": "X/Y"}, quantity="1")), book()) == ()


@pytest.mark.parametrize(
    ("static", "limits"),
    [
        (TradingParameters(), Limits(D("0.0001"), D("0.0005"), D(10), D(7))),
        (TradingParameters(min_size=D("0.001"), min_order_size_usd=D(10)), Limits(D("0.0001"), D("0.001"), D(10), D(10))),
        (TradingParameters(min_size=D("0.0004"), min_order_size_usd=D(6)), Limits(D("0.0001"), D("0.0005"), D(10), D(7))),
    ],
)
def test_of_static_limits_and_the_markets_filters_the_stricter_counts(make_exchange: Any, static: Any, limits: Limits) -> None:
    """Contracts of 0.01 BTC: a lot of 0.01 contracts is 0.0001 BTC, a minimum of 0.05 is 0.0005, a maximum of 1000 is 10."""
    market = MarketSettings(
        lot=D("0.01"), tick=D("0.1"), minimum=D("0.05"), maximum=D(1000), minimum_notional=D(7), contract_size=D("0.01")
    )
    exchange = make_exchange(markets={"BTC/USDT:USDT": market}, trading_parameters=static)
    assert exchange.model.limits(PerpTrade(**PERP, quantity="1")) == limits
    assert exchange.model.limits(PerpTrade(**PERP, quantity="1", reduce_only=True)) == limits._replace(minimum_notional=D(0))


@pytest.mark.parametrize(
    ("tick", "static", "allowed", "refused"),
    [("0.1", "0.01", "90.1", "90.11"), ("0.01", "0.1", "90.1", "90.11"), ("0.2", "0.5", "91", "90.5"), ("10", "0.5", "90", "95")],
)
def test_a_price_keeps_to_the_markets_tick_and_to_the_static_one(
    make_exchange: Any, tick: str, static: str, allowed: str, refused: str
) -> None:
    """The coarser tick counts; of ticks that do not divide each other, what both divide."""
    market = MarketSettings(lot=D("0.001"), tick=D(tick))
    exchange = make_exchange(markets={"BTC/USDT": market}, trading_parameters=TradingParameters(tick_size=D(static)))
    exchange.plan(SpotTrade(**SPOT, **LIMIT, quantity="1", price=allowed))
    with pytest.raises(Denied, match="tick"):
        exchange.plan(SpotTrade(**SPOT, **LIMIT, quantity="1", price=refused))


def test_the_dollar_minimum_does_not_bind_a_market_quoted_in_a_coin(make_exchange: Any) -> None:
    """10 USD are not 10 BTC."""
    static = TradingParameters(min_order_size_usd=D(10))
    exchange = make_exchange(markets={"ETH/BTC": MarketSettings(lot=D("0.001"), tick=D("0.00001"))}, trading_parameters=static)
    assert exchange.model.limits(SpotTrade(**SPOT | {"symbol": "ETH/BTC"}, quantity="1")).minimum_notional == 0


def test_sizes_are_compared_exactly_and_shown_figures_with_what_is_rounded_off(exchange: Any) -> None:
    """A size is whole lots; a cost is shown from a rounded average price; balances to eight digits."""
    tolerance = exchange.model.tolerance
    assert [tolerance(f"acme:{key}") for key in ("perp:BTC/USDT:USDT", "entry:BTC/USDT:USDT", "balance:USDT", "collateral:USDT")] == [
        0, D("0.01"), D("1e-8"), D("1e-8"),
    ]  # fmt: skip


def test_series_names_what_is_asked_of_the_market(exchange: Any) -> None:
    """A price always, the side's extreme for what may rest, the funding rate of a perpetual."""
    ask = exchange.model.series
    assert ask(SpotTrade(**SPOT, quantity="1")) == ("acme:price:BTC/USDT",)
    assert ask(SpotTrade(**SPOT, **LIMIT, quantity="1", price="90")) == ("acme:price:BTC/USDT", "acme:low:BTC/USDT")
    resting = PerpTrade(**PERP, **LIMIT, quantity="1", price="90")
    assert ask(resting) == ("acme:price:BTC/USDT:USDT", "acme:high:BTC/USDT:USDT", "acme:funding:BTC/USDT:USDT")
    assert ask(Stake(id="a1", amount="1")) == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"markets": {"BTCUSDT": MarketSettings(lot=D(1), tick=D(1))}}, "'BTCUSDT' is neither spot"),
        ({"markets": {"BTC/USD:BTC": MarketSettings(lot=D(1), tick=D(1))}}, "'BTC/USD:BTC' is neither spot"),
        ({"markets": {"BTC/USDT": MarketSettings(lot=D(0), tick=D(1))}}, "must be above zero"),
        ({"markets": {"BTC/USDT": MarketSettings(lot=D(1), tick=D(1), maker_fee=D("-0.0001"))}}, "rebates are not modelled"),
        ({"default_leverage": D(50), "trading_parameters": TradingParameters(max_leverage=D(20))}, "50 is above"),
        ({"slippage": D("0.03")}, "slippage 0.03 must not be above price_band 0.02"),
        ({"bar_ms": 0}, "bar_ms must be above zero"),
        ({"request_timeout_ms": 0}, "request_timeout_ms must be above zero"),
        ({"clock_skew_ms": -1}, "clock_skew_ms and market_age_ms not below"),
        ({"market_age_ms": -1}, "clock_skew_ms and market_age_ms not below"),
        ({"entry_tolerance": D("-0.01")}, "entry_tolerance must not be below zero"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(make_settings: Any, change: Any, problem: str) -> None:
    """A wrong YAML is found when it is loaded, not by an order."""
    with pytest.raises(ConfigurationError, match=problem):
        make_settings(**change)


def test_all_problems_of_settings_are_named_at_once() -> None:
    """Two mistakes, two sentences."""
    with pytest.raises(ConfigurationError) as caught:
        ExchangeSettings(venue_type="cex", default_leverage=D(0), bar_ms=0, fees=FeeSchedule())
    assert len(caught.value.problems) == 2
