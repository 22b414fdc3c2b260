"""Bybit's markets."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from basis_venues.amounts import ZERO
from basis_venues_ccxt.live import Connection, Listing, MarketReader, Request
from basis_venues_ccxt.live.reading import amount, maybe, needed, rows


class BybitMarkets(MarketReader):
    """One request for each market: those of a category come in pages."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, symbols: Collection[str]) -> list[Listing]:
        """Those of the configured markets that are listed."""
        found: list[Listing] = []
        for symbol in symbols:
            params = {"category": category(symbol), "symbol": market_id(symbol)}
            answer = await self._connection.ask(Request("public", "GET", "v5/market/instruments-info", params))
            if answer is not None:
                found += [_listing(row, symbol) for row in rows(answer, "result", "list") if row.get("symbol") == market_id(symbol)]
        return found


def market_id(symbol: str) -> str:
    """`BTCUSDT`, of spot and perpetual alike."""
    return symbol.partition(":")[0].replace("/", "")


def category(symbol: str) -> str:
    """The product that a market belongs to."""
    return "linear" if ":" in symbol else "spot"


def _listing(row: Any, symbol: str) -> Listing:
    """Of spot `minOrderQty` and `maxOrderQty` are deprecated, and the former is not checked any more: an amount has its own minimum."""
    lots = row.get("lotSizeFilter")
    perpetual = ":" in symbol
    most = maybe(lots, "maxOrderQty") if perpetual else maybe(lots, "maxLimitOrderQty") or maybe(lots, "maxOrderQty")
    return Listing(
        symbol,
        needed(row, "symbol"),
        contract=Decimal(1),
        lot=amount(lots, "qtyStep" if perpetual else "basePrecision").normalize(),
        tick=amount(row.get("priceFilter"), "tickSize").normalize(),
        minimum=(amount(lots, "minOrderQty") if perpetual else maybe(lots, "minOrderQty") or ZERO).normalize(),
        maximum=(most or ZERO).normalize(),
        minimum_notional=(maybe(lots, "minNotionalValue" if perpetual else "minOrderAmt") or ZERO).normalize(),
        active=row.get("status") == "Trading",
    )
