"""Prices of an exchange: what cannot be read is left out, and where nothing could be had the reason is told."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from basis_venues.errors import MissingData, TryAgainLater
from basis_venues_binance.wire import BinanceWire
from basis_venues_ccxt.live import Connection, Figures, Quotes, Request, Unreadable, middle
from basis_venues_ccxt.live.quotes import ExchangeData
from basis_venues_ccxt.live.reading import amount, moment
from basis_venues_ccxt.live.testing import NOW, Canned, run

SERIES = ("acme:price:BTC/USDT", "acme:price:ETH/USDT")
WHOLE = {"last": "50000", "time": NOW}


class Prices(Quotes):
    """A price and its time, by the market's symbol."""

    def __init__(self, connection: Canned) -> None:
        self._connection = connection

    async def figures(self, symbol: str) -> Figures:
        answer = await self._connection.call(Request("public", "GET", symbol))
        return Figures(amount(answer, "last"), moment(answer, "time"))


def data(**answers: Any) -> ExchangeData:
    """Of an exchange that answers so, by the base coin."""
    connection = Canned(BinanceWire(), {f"{base}/USDT": answer for base, answer in answers.items()})
    context: Any = SimpleNamespace(venue="acme", settings=SimpleNamespace(markets={f"{base}/USDT": None for base in answers}))
    return ExchangeData(context, cast("Connection", connection), Prices(connection))


def test_a_ticker_without_a_time_is_told_as_such() -> None:
    """Nothing could be had: the reason names the market and what its answer lacks."""
    with pytest.raises(MissingData, match="the answer on BTC/USDT tells no price: the answer has no time"):
        run(data(BTC={"last": "50000"}).fetch(SERIES[:1]))


@pytest.mark.parametrize(("bid", "ask"), [("0.00000000", "50001"), ("49999", "0.00000000"), ("0", "0")])
def test_half_a_book_has_no_middle(bid: str, ask: str) -> None:
    """An empty side is written as a price of zero, and half of the other side is not what the coin costs."""
    with pytest.raises(Unreadable, match="a side of the book is empty"):
        middle(Decimal(bid), Decimal(ask))


def test_that_a_venue_banned_us_is_told_where_its_prices_are_missing() -> None:
    """In the words that say for how long, not by the name of an exception."""

    def banned(_: Request) -> Any:
        raise TryAgainLater("the venue allows no requests for another 600 s")

    with pytest.raises(MissingData, match="another 600 s"):
        run(data(BTC=banned).fetch(SERIES[:1]))


def test_a_market_that_cannot_be_read_is_left_out_beside_others() -> None:
    """The other one's price is there."""
    found = run(data(BTC=WHOLE, ETH={"last": "2500"}).fetch(SERIES))
    assert {name: quote.value for name, quote in found.items()} == {SERIES[0]: Decimal(50000)}
