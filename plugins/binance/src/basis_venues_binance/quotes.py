"""Binance's prices."""

from __future__ import annotations

from basis_venues_ccxt.live import Connection, Figures, Quotes, Request, middle
from basis_venues_ccxt.live.reading import amount, moment

from .markets import market_id


class BinanceQuotes(Quotes):
    """See `basis_venues_ccxt.live.Quotes`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def figures(self, symbol: str) -> Figures:
        """Spot: the best bid and ask, which are of now. Perpetual: mark price and funding rate."""
        params = {"symbol": market_id(symbol)}
        if ":" not in symbol:
            asked = self._connection.clock.at_least()
            row = await self._connection.call(Request("public", "GET", "ticker/bookTicker", params))
            return Figures(middle(amount(row, "bidPrice"), amount(row, "askPrice")), asked)
        row = await self._connection.call(Request("fapiPublic", "GET", "premiumIndex", params))
        return Figures(amount(row, "markPrice"), moment(row, "time"), amount(row, "lastFundingRate"))
