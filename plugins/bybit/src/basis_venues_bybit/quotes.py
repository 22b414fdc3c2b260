"""Bybit's prices."""

from __future__ import annotations

from basis_venues_ccxt.live import Connection, Figures, Quotes, Request, Unreadable, middle
from basis_venues_ccxt.live.reading import amount, moment, rows

from .markets import category, market_id


class BybitQuotes(Quotes):
    """See `basis_venues_ccxt.live.Quotes`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def figures(self, symbol: str) -> Figures:
        """Spot: the middle of the best prices. Perpetual: mark price and funding rate."""
        params = {"category": category(symbol), "symbol": market_id(symbol)}
        answer = await self._connection.call(Request("public", "GET", "v5/market/tickers", params))
        found = rows(answer, "result", "list")
        if not found:
            raise Unreadable(f"no ticker of {symbol}")
        at = moment(answer, "time")
        if ":" in symbol:
            return Figures(amount(found[0], "markPrice"), at, amount(found[0], "fundingRate"))
        return Figures(middle(amount(found[0], "bid1Price"), amount(found[0], "ask1Price")), at)
