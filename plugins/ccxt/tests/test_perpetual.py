"""Perpetuals: cost, realised profit, margin and reduce-only orders, against hand arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues.actions import PerpTrade
from basis_venues.contract import StepFails
from basis_venues_ccxt.perpetual import turn

D = Decimal
SIZE, ENTRY, MARGIN = "acme:perp:BTC/USDT:USDT", "acme:entry:BTC/USDT:USDT", "acme:collateral:USDT"


def trade(side: Any, quantity: str, price: str | None = None, **given: Any) -> PerpTrade:
    """A trade in the BTC perpetual: at the market, or IOC at a limit (which fills at the market's price, without slippage)."""
    if price is not None:
        given |= {"order_type": "limit", "time_in_force": "ioc", "price": price}
    return PerpTrade(id="a1", symbol="BTC/USDT:USDT", side=side, quantity=quantity, **given)


def at(exchange: Any, price: str) -> Any:
    """The exchange with the perpetual at `price`."""
    exchange.market.set("acme:price:BTC/USDT:USDT", (0, price))
    return exchange


def test_a_market_order_opens_at_the_slipped_price_and_pays_its_fee_in_the_settle_coin(exchange: Any, book: Any) -> None:
    """A short of 2 at 99.9 costs -199.8 and a fee of 0.05 % of it."""
    assert exchange.changes(trade("sell", "2"), book({MARGIN: D(100)})) == {SIZE: D(-2), ENTRY: D("-199.8"), MARGIN: D("-0.0999")}


def test_a_life_of_opens_adds_a_part_closed_a_flip_and_a_close(exchange: Any, book: Any) -> None:
    """Buy 2 at 100 and 1 at 130; sell 1 at 140, gaining 30; sell 5 at 90, losing 40 on 2, short 3; buy 3 at 80, gaining 30."""
    account = book({MARGIN: D(1000)})
    course = [
        ("buy", "2", "100", "2", "200", "-0.1"),
        ("buy", "1", "130", "3", "330", "-0.065"),
        ("sell", "1", "140", "2", "220", "29.93"),
        ("sell", "5", "90", "-3", "-270", "-40.225"),
        ("buy", "3", "80", "0", "0", "29.88"),
    ]
    for side, quantity, price, size, entry, gained in course:
        effects = at(exchange, price).effects(trade(side, quantity, price), account)
        after = account.after(effects)
        assert (after[SIZE], after[ENTRY], after[MARGIN] - account[MARGIN]) == (D(size), D(entry), D(gained))
        account = after
    assert account[MARGIN] == D("1019.42")


def test_a_part_closed_takes_its_share_of_the_cost_and_leaves_the_rounding_in_it() -> None:
    """A third of a cost of 100 is rounded to 12 digits; cost released and cost left add up to 100."""
    done = turn(D(3), D(100), D(-1), D(50))
    assert (done.entry, done.profit, done.opened) == (D("-33.333333333333"), D("16.666666666667"), D(0))


def test_a_short_profits_from_a_fall() -> None:
    """Sold at 100, half bought back at 90: 5 gained on 0.5."""
    assert turn(D(-1), D(-100), D("0.5"), D(90)) == (D(50), D(5), D(0))


def test_a_notional_is_turned_into_whole_lots(exchange: Any, book: Any) -> None:
    """50 USDT at 100.1 are 0.499 BTC."""
    order = PerpTrade(id="a1", symbol="BTC/USDT:USDT", side="buy", notional="50")
    assert exchange.changes(order, book({MARGIN: D(100)}))[SIZE] == D("0.499")


def test_the_initial_margin_must_fit_the_collateral_after_the_fee(exchange: Any, book: Any) -> None:
    """A cost of 100 at leverage 10 needs 10 after a fee of 0.05; 10.04 is too little, 10.05 enough."""
    with pytest.raises(StepFails, match="too little margin: 10 USDT needed"):
        exchange.effects(trade("sell", "1", "100"), book({MARGIN: D("10.04")}))
    assert exchange.changes(trade("sell", "1", "100"), book({MARGIN: D("10.05")}))[SIZE] == -1


def test_the_leverage_of_the_action_counts_before_the_default(exchange: Any, book: Any) -> None:
    """At leverage 20 the same order needs 5."""
    assert exchange.changes(trade("sell", "1", "100", leverage="20"), book({MARGIN: D("5.05")}))[SIZE] == -1
    with pytest.raises(StepFails, match="leverage of 2"):
        exchange.effects(trade("sell", "1", "100", leverage="2"), book({MARGIN: D("5.05")}))


def test_positions_in_other_perpetuals_bind_margin_too(exchange: Any, book: Any) -> None:
    """An ETH short that cost 100 binds 10 of 20, so 1 BTC with its 10 and a fee no longer fits."""
    account = book({MARGIN: D(20), "acme:perp:ETH/USDT:USDT": D(-10), "acme:entry:ETH/USDT:USDT": D(-100)})
    with pytest.raises(StepFails, match="too little margin: 20 USDT"):
        exchange.effects(trade("buy", "1", "100"), account)


def test_closing_is_never_refused_for_margin(exchange: Any, book: Any) -> None:
    """A long of 1 bought at 100 and sold at 50 loses 50 of 10: the balance below zero shows that it was past liquidation."""
    account = book({MARGIN: D(10), SIZE: D(1), ENTRY: D(100)})
    after = account.after(at(exchange, "50").effects(trade("sell", "1", "50"), account))
    assert (after[SIZE], after[ENTRY], after[MARGIN]) == (0, 0, D("-40.025"))


def test_a_reduce_only_order_is_cut_to_the_position(exchange: Any, book: Any) -> None:
    """A buy of 5 against a short of 2 closes 2 and opens nothing."""
    account = book({MARGIN: D(100), SIZE: D(-2), ENTRY: D(-200)})
    changes = exchange.changes(trade("buy", "5", "100", reduce_only=True), account)
    assert (changes[SIZE], changes[ENTRY]) == (2, 200)


@pytest.mark.parametrize("size", ["0", "2"])
def test_a_reduce_only_order_with_nothing_to_reduce_is_refused_by_the_venue(exchange: Any, book: Any, size: str) -> None:
    """A reduce-only buy without a short has nothing to do."""
    account = book({MARGIN: D(1000), SIZE: D(size), ENTRY: 100 * D(size)})
    with pytest.raises(StepFails, match="nothing to reduce"):
        exchange.effects(trade("buy", "1", "100", reduce_only=True), account)


def test_a_unified_account_settles_in_its_balance(make_exchange: Any, book: Any) -> None:
    """Fee and profit go to `balance` where there is one wallet for all."""
    exchange = make_exchange(unified=True)
    assert exchange.changes(trade("buy", "1", "100"), book({"acme:balance:USDT": D(100)}))["acme:balance:USDT"] == D("-0.05")
