"""Spot trades: fills, fees, funds and the life of limit orders, against hand arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import SpotTrade
from basis_venues.contract import StepFails

D = Decimal
HOUR = 3_600_000
BASE, QUOTE = "acme:balance:BTC", "acme:balance:USDT"


def trade(side: Any = "buy", **given: Any) -> SpotTrade:
    """A spot trade in BTC/USDT."""
    return SpotTrade(id="a1", symbol="BTC/USDT", side=side, **given)


def limit(side: Any, price: str, **given: Any) -> SpotTrade:
    """A limit order for one BTC that may rest for a day."""
    return trade(side, **({"order_type": "limit", "quantity": "1", "price": price, "good_for": 24 * HOUR} | given))


def test_a_market_buy_pays_the_slipped_price_and_its_fee_in_the_base_coin(exchange: Any, book: Any) -> None:
    """2 BTC at 100 x 1.001 cost 200.2 USDT; 0.1 % of 2 BTC stay with the exchange."""
    (effect,) = exchange.effects(trade(quantity="2"), book({QUOTE: D(1000)}))
    assert dict(effect.lines) == {BASE: D("1.998"), QUOTE: D("-200.2")}
    assert (effect.id, effect.order, effect.at, effect.kind) == ("try1:0", "try1", 0, "trade")


def test_a_market_sell_receives_the_slipped_price_less_its_fee_in_the_quote_coin(exchange: Any, book: Any) -> None:
    """2 BTC at 100 x 0.999 bring 199.8 USDT, less 0.1998."""
    assert exchange.changes(trade("sell", quantity="2"), book({BASE: D(2)})) == {BASE: D(-2), QUOTE: D("199.6002")}


def test_a_market_buy_by_notional_spends_no_more_than_it(exchange: Any, book: Any) -> None:
    """50 USDT at 100.1 pay for 0.499 BTC in whole lots, which cost 49.9499."""
    assert exchange.changes(trade(notional="50"), book({QUOTE: D(50)})) == {BASE: D("0.498501"), QUOTE: D("-49.9499")}


@pytest.mark.parametrize(("side", "held"), [("buy", {QUOTE: D("100.09")}), ("sell", {BASE: D("0.999")})])
def test_a_trade_that_the_balance_does_not_cover_is_refused_by_the_venue(exchange: Any, book: Any, side: str, held: Any) -> None:
    """One BTC needs 100.1 USDT or one BTC; a little less is too little."""
    with pytest.raises(StepFails, match="insufficient funds"):
        exchange.effects(trade(side, quantity="1"), book(held))


@pytest.mark.parametrize("time_in_force", ["gtc", "ioc", "fok"])
def test_a_marketable_limit_fills_at_once_at_the_better_price_as_taker(make_exchange: Any, book: Any, time_in_force: str) -> None:
    """A buy up to 105 fills at the market's 100 without slippage, and pays the taker's fee."""
    exchange = make_exchange(markets=_with_fees(make_exchange, maker="0.01", taker="0.02"))
    order = limit("buy", "105", time_in_force=time_in_force)
    assert exchange.changes(order, book({QUOTE: D(100)})) == {BASE: D("0.98"), QUOTE: D(-100)}


def test_a_sell_limit_at_the_price_itself_is_marketable(exchange: Any, book: Any) -> None:
    """At equality both sides meet."""
    assert exchange.changes(limit("sell", "100"), book({BASE: D(1)}))[QUOTE] == D("99.9")


@pytest.mark.parametrize("time_in_force", ["ioc", "fok"])
def test_an_order_that_may_not_rest_lapses_when_the_market_is_away(exchange: Any, book: Any, time_in_force: str) -> None:
    """A buy at 90 with the market at 100 would not fill at once."""
    with pytest.raises(StepFails, match="would not fill at once"):
        exchange.effects(limit("buy", "90", time_in_force=time_in_force), book({QUOTE: D(1000)}))


def test_a_post_only_order_that_would_take_is_refused_by_the_venue(exchange: Any, book: Any) -> None:
    """A post-only buy at the market's price would take."""
    with pytest.raises(StepFails, match="would take"):
        exchange.effects(limit("buy", "100", order_type="post_only"), book({QUOTE: D(1000)}))


def test_a_resting_order_needs_its_funds_on_arrival(exchange: Any, book: Any) -> None:
    """A buy at 90 needs 90 USDT."""
    with pytest.raises(StepFails, match="insufficient funds"):
        exchange.effects(limit("buy", "90"), book({QUOTE: D(89)}))


@pytest.mark.parametrize("order_type", ["limit", "post_only"])
def test_a_resting_buy_fills_at_its_limit_as_maker_when_a_later_bar_reached_it(make_exchange: Any, book: Any, order_type: str) -> None:
    """The bar from 1 h to 2 h goes down to 89: the order of 0:30 fills at 90 at the end of that bar, with the maker's fee."""
    exchange = make_exchange(markets=_with_fees(make_exchange, maker="0.01", taker="0.02"))
    order, funds, since = limit("buy", "90", order_type=order_type), book({QUOTE: D(1000)}), HOUR // 2
    exchange.market.set("acme:low:BTC/USDT", (0, "80"), (HOUR, "89"), (2 * HOUR, "70"))
    exchange.market.at = since
    assert exchange.effects(order, funds) == ()
    exchange.market.at = 2 * HOUR - 1
    assert exchange.effects(order, funds, since) == (), "the bar in which it arrived does not count, and the next is not complete"
    exchange.market.at = 5 * HOUR
    (effect,) = exchange.effects(order, funds, since)
    assert (effect.at, dict(effect.lines)) == (2 * HOUR, {BASE: D("0.99"), QUOTE: D(-90)})


def test_a_bar_that_begins_with_the_order_counts(exchange: Any, book: Any) -> None:
    """An order placed on the hour has the whole bar before it."""
    exchange.market.set("acme:high:BTC/USDT", (0, "200"), (HOUR, "110"))
    exchange.market.at = 2 * HOUR
    (effect,) = exchange.effects(limit("sell", "110"), book({BASE: D(1)}), since=HOUR)
    assert (effect.at, effect.lines[1]) == (2 * HOUR, (QUOTE, D("109.89")))


def test_a_resting_order_that_no_bar_reaches_goes_on_resting(exchange: Any, book: Any) -> None:
    """A high of 109.9 does not reach 110."""
    exchange.market.set("acme:high:BTC/USDT", (HOUR, "109.9"))
    exchange.market.at = 3 * HOUR
    assert exchange.effects(limit("sell", "110"), book({BASE: D(1)}), since=HOUR) == ()


def test_a_market_order_does_not_fill_beyond_the_band_of_its_plan(exchange: Any, book: Any) -> None:
    """Planned at 100 with a band of 2 %, it is refused when the market has gone to 102: with slippage that is 102.102."""
    order, funds = trade(quantity="1"), book({QUOTE: D(1000)})
    step = exchange.plan(order, funds)
    assert step.bounds == {"highest_price": "102.00"}
    exchange.market.set("acme:price:BTC/USDT", (0, "102"))
    with pytest.raises(StepFails, match="band"):
        exchange.model.effects(step, order, funds, exchange.market, _ref())


def test_a_market_sell_is_bounded_from_below(exchange: Any, book: Any) -> None:
    """Planned at 100 it may not bring less than 98."""
    order, funds = trade("sell", quantity="1"), book({BASE: D(1)})
    step = exchange.plan(order, funds)
    assert step.bounds == {"lowest_price": "98.00"}
    exchange.market.set("acme:price:BTC/USDT", (0, "98"))
    with pytest.raises(StepFails, match="band"):
        exchange.model.effects(step, order, funds, exchange.market, _ref())


def test_a_unified_account_keeps_the_margin_of_its_perpetuals_out_of_spot_trades(make_exchange: Any, book: Any) -> None:
    """A short worth 500 at leverage 10 binds 50 of 200 USDT; 150 buy 1.498 BTC but not 1.499."""
    exchange = make_exchange(unified=True)
    funds = book({QUOTE: D(200), "acme:perp:BTC/USDT:USDT": D(-5), "acme:entry:BTC/USDT:USDT": D(-500)})
    assert exchange.changes(trade(quantity="1.498"), funds)[QUOTE] == D("-149.9498")
    with pytest.raises(StepFails, match="150 free"):
        exchange.effects(trade(quantity="1.499"), funds)


def _ref() -> Any:
    from basis_venues.orders import Ref

    return Ref("try1", 0)


def _with_fees(make_exchange: Any, maker: str, taker: str) -> Any:
    from attrs import evolve

    markets = make_exchange().model.settings.markets
    return {symbol: evolve(market, maker_fee=D(maker), taker_fee=D(taker)) for symbol, market in markets.items()}
