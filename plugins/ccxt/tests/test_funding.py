"""Funding payments, against hand arithmetic."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from basis_venues.errors import MissingData
from basis_venues.orders import deltas

D = Decimal
HOUR = 3_600_000
MARGIN = "acme:collateral:USDT"
SHORT = {"acme:perp:BTC/USDT:USDT": D(-2), "acme:entry:BTC/USDT:USDT": D(-200), MARGIN: D(50)}


def with_funding(exchange: Any) -> Any:
    """Funding of 1 %, -2 % and 3 % at 8, 16 and 24 h, while the perpetual stands at 100, 110 and 120."""
    exchange.market.set("acme:funding:BTC/USDT:USDT", (8 * HOUR, "0.01"), (16 * HOUR, "-0.02"), (24 * HOUR, "0.03"))
    exchange.market.set("acme:price:BTC/USDT:USDT", (0, "100"), (16 * HOUR, "110"), (23 * HOUR, "120"))
    return exchange


def test_a_short_receives_a_positive_rate_and_pays_a_negative_one(exchange: Any, book: Any) -> None:
    """2 x 100 x 1 % = 2 received, 2 x 110 x 2 % = 4.4 paid, 2 x 120 x 3 % = 7.2 received: 4.8 in all."""
    with_funding(exchange).market.at = 30 * HOUR
    effects = exchange.model.accruals(book(SHORT), exchange.market, 0, 30 * HOUR)
    assert [effect.lines for effect in effects] == [((MARGIN, D(2)),), ((MARGIN, D("-4.4")),), ((MARGIN, D("7.2")),)]
    assert deltas(effects) == {MARGIN: D("4.8")}
    assert effects[0]._replace(lines=()) == (f"funding:acme:BTC/USDT:USDT:{8 * HOUR}", None, (), 8 * HOUR, "funding")


def test_funding_is_charged_once_however_the_time_is_cut(exchange: Any, book: Any) -> None:
    """Up to and including 8 h, then after it: the sum of the parts is the whole, id for id."""
    market, model = with_funding(exchange).market, exchange.model
    market.at = 8 * HOUR
    first = model.accruals(book(SHORT), market, 0, 8 * HOUR)
    market.at = 24 * HOUR
    rest = model.accruals(book(SHORT), market, 8 * HOUR, 24 * HOUR)
    assert len(first) == 1
    assert first + rest == model.accruals(book(SHORT), market, 0, 24 * HOUR)


def test_a_long_pays_what_a_short_receives(exchange: Any, book: Any) -> None:
    """The payments of opposite positions cancel."""
    with_funding(exchange).market.at = 24 * HOUR
    long = SHORT | {"acme:perp:BTC/USDT:USDT": D(2)}
    sums = [deltas(exchange.model.accruals(book(one), exchange.market, 0, 24 * HOUR))[MARGIN] for one in (SHORT, long)]
    assert sum(sums) == 0


def test_the_next_funding_time_is_known_only_while_a_perpetual_is_open(exchange: Any, book: Any) -> None:
    """No position, no time; with one, the next point after now."""
    with_funding(exchange)
    assert exchange.model.next_accrual(book({MARGIN: D(50)}), exchange.market, 0) is None
    assert exchange.model.next_accrual(book(SHORT), exchange.market, 8 * HOUR) == 16 * HOUR
    assert exchange.model.next_accrual(book(SHORT), exchange.market, 24 * HOUR) is None
    assert exchange.model.accruals(book({MARGIN: D(50)}), exchange.market, 0, 24 * HOUR) == ()


def test_a_payment_without_a_price_young_enough_is_missing_data(make_exchange: Any, book: Any) -> None:
    """With prices allowed to be an hour old, the one of 0 h does not value the payment of 8 h."""
    exchange = with_funding(make_exchange(funding_price_age_ms=HOUR))
    exchange.market.at = 10 * HOUR
    with pytest.raises(MissingData, match="acme:price:BTC/USDT:USDT"):
        exchange.model.accruals(book(SHORT), exchange.market, 0, 10 * HOUR)
