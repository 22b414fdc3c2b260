"""OKX's markets. Swaps count contracts of `ctVal` coins; `Listing` counts coins."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from basis_venues_ccxt.live import Connection, Listing, MarketReader, Request
from basis_venues_ccxt.live.reading import amount, maybe, needed, rows, text


class OkxMarkets(MarketReader):
    """One request for each market."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, symbols: Collection[str]) -> list[Listing]:
        """Those of the configured markets that are listed."""
        found: list[Listing] = []
        for symbol in symbols:
            params = {"instType": kind(symbol), "instId": market_id(symbol)}
            answer = await self._connection.ask(Request("public", "GET", "public/instruments", params))
            if answer is not None:
                found += [_listing(row, symbol) for row in rows(answer, "data") if _is_it(row, symbol)]
        return found


def market_id(symbol: str) -> str:
    """`BTC-USDT`, and `BTC-USDT-SWAP` of the perpetual."""
    pair, _, settle = symbol.partition(":")
    return pair.replace("/", "-") + ("-SWAP" if settle else "")


def kind(symbol: str) -> str:
    """The product that a market belongs to."""
    return "SWAP" if ":" in symbol else "SPOT"


def _is_it(row: Any, symbol: str) -> bool:
    """Whether the row is of that market: `BTC-USD-SWAP` settles in BTC and counts dollars, which is no `BTC/USD:USD`."""
    return row.get("instId") == market_id(symbol) and text(row, "settleCcy") == symbol.partition(":")[2]


def _listing(row: Any, symbol: str) -> Listing:
    contract = amount(row, "ctVal") if ":" in symbol else Decimal(1)
    most = maybe(row, "maxLmtSz") or Decimal(0)
    return Listing(
        symbol,
        needed(row, "instId"),
        contract=contract,
        lot=(amount(row, "lotSz") * contract).normalize(),
        tick=amount(row, "tickSz").normalize(),
        minimum=(amount(row, "minSz") * contract).normalize(),
        maximum=(most * contract).normalize(),
        active=row.get("state") == "live",
    )
