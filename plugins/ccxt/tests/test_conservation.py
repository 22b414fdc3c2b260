"""Whatever is traded in whatever order: lines add up, money is conserved, and a closed position leaves nothing behind."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from basis_venues.actions import PerpTrade, SpotTrade
from basis_venues.contract import StepFails
from basis_venues.orders import deltas

D = Decimal
TAKER, SPOT_FEE, SLIPPAGE = D("0.0005"), D("0.001"), D("0.001")
BASE, QUOTE = "acme:balance:BTC", "acme:balance:USDT"
SIZE, ENTRY, MARGIN = "acme:perp:BTC/USDT:USDT", "acme:entry:BTC/USDT:USDT", "acme:collateral:USDT"

quantities = st.integers(min_value=60, max_value=50_000).map(lambda lots: D(lots) / 1000)
prices = st.integers(min_value=100_000, max_value=9_999_999).map(lambda cents: D(cents) / 1000)
trades = st.tuples(st.sampled_from(["buy", "sell"]), quantities, prices)


def filled_at(side: str, price: Decimal) -> Decimal:
    """What a market order pays or receives."""
    return price * (1 + SLIPPAGE if side == "buy" else 1 - SLIPPAGE)


@given(course=st.lists(trades, max_size=12))
@settings(max_examples=150)
def test_any_course_of_perpetual_trades_conserves_money_and_closes_to_nothing(make_exchange: Any, book: Any, course: Any) -> None:
    """Margin less cost changes by what was paid and the fee, trade for trade; in the end size and cost are zero, and only cash is left."""
    exchange = make_exchange()
    account = start = book({MARGIN: D(10) ** 9})
    done: list[Any] = []
    cash = D(0)
    steps: list[Any] = list(course)
    while steps or account[SIZE]:
        size, closing = account[SIZE], not steps
        side: Any
        side, quantity, price = steps.pop(0) if steps else ("sell" if size > 0 else "buy", abs(size), D("123.4"))
        exchange.market.set("acme:price:BTC/USDT:USDT", (0, price))
        trade = PerpTrade(id="a1", symbol="BTC/USDT:USDT", side=side, quantity=quantity, reduce_only=closing)
        effects = exchange.effects(trade, account)
        after = account.after(effects)
        paid = filled_at(side, price) * quantity
        flow = (-paid if side == "buy" else paid) - paid * TAKER
        assert after[MARGIN] - after[ENTRY] == account[MARGIN] - account[ENTRY] + flow
        assert after[SIZE] == size + (quantity if side == "buy" else -quantity)
        assert after[ENTRY].compare(0) == after[SIZE].compare(0)
        done += effects
        cash += flow
        account = after
    assert (account[SIZE], account[ENTRY]) == (0, 0)
    assert account[MARGIN] - start[MARGIN] == cash
    assert {key: account[key] - start[key] for key in deltas(done)} == deltas(done)


@given(course=st.lists(trades, max_size=12))
@settings(max_examples=150)
def test_any_course_of_spot_trades_conserves_both_coins(make_exchange: Any, book: Any, course: Any) -> None:
    """A buy gives quantity x price and receives the quantity less its fee; a sell the other way round; a refusal needs a lack of funds."""
    exchange = make_exchange()
    account = start = book({BASE: D(20), QUOTE: D(20_000)})
    done: list[Any] = []
    for side, quantity, price in course:
        exchange.market.set("acme:price:BTC/USDT", (0, price))
        value = quantity * filled_at(side, price)
        given_up, needed = (QUOTE, value) if side == "buy" else (BASE, quantity)
        try:
            effects = exchange.effects(SpotTrade(id="a1", symbol="BTC/USDT", side=side, quantity=quantity), account)
        except StepFails:
            assert account[given_up] < needed
            continue
        base, quote = (quantity * (1 - SPOT_FEE), -value) if side == "buy" else (-quantity, value * (1 - SPOT_FEE))
        assert deltas(effects) == {BASE: base, QUOTE: quote}
        done += effects
        account = account.after(effects)
        assert min(account.values()) >= 0
    assert {key: account[key] - start[key] for key in deltas(done)} == deltas(done)


@given(notional=st.integers(min_value=600, max_value=10**7).map(lambda cents: D(cents) / 100), price=prices)
@settings(max_examples=150)
def test_a_notional_buys_the_most_whole_lots_that_it_pays_for(make_exchange: Any, book: Any, notional: Decimal, price: Decimal) -> None:
    """One lot more would cost more than the notional; an order too small for the minimum or too large for the maximum is denied instead."""
    exchange = make_exchange(price_band=D("0.5"))
    exchange.market.set("acme:price:BTC/USDT:USDT", (0, price))
    at, lot = filled_at("buy", price), D("0.001")
    lots = (notional / at / lot).to_integral_value(ROUND_FLOOR)
    if not lots:
        return
    order = PerpTrade(id="a1", symbol="BTC/USDT:USDT", side="buy", notional=notional)
    changes = exchange.changes(order, book({MARGIN: D(10) ** 9}))
    assert changes[SIZE] == lots * lot
    assert changes[ENTRY] <= notional < changes[ENTRY] + lot * at
