"""OKX's prices."""

from __future__ import annotations

from typing import Any

from basis_venues_ccxt.live import Connection, Figures, Quotes, Request, Unreadable, middle
from basis_venues_ccxt.live.reading import amount, moment, rows

from .markets import kind, market_id


class OkxQuotes(Quotes):
    """See `basis_venues_ccxt.live.Quotes`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def figures(self, symbol: str) -> Figures:
        """Spot: the middle of the best prices. Swap: mark price, and the funding rate of the current period."""
        if ":" not in symbol:
            row = await self._first("market/ticker", instId=market_id(symbol))
            return Figures(middle(amount(row, "bidPx"), amount(row, "askPx")), moment(row, "ts"))
        mark = await self._first("public/mark-price", instType=kind(symbol), instId=market_id(symbol))
        rate = await self._first("public/funding-rate", instId=market_id(symbol))
        return Figures(amount(mark, "markPx"), moment(mark, "ts"), amount(rate, "fundingRate"))

    async def _first(self, path: str, **params: Any) -> Any:
        found = rows(await self._connection.call(Request("public", "GET", path, params)), "data")
        if not found:
            raise Unreadable(f"no answer to {path}")
        return found[0]
