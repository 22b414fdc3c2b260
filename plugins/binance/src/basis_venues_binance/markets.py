"""Binance's markets and, for perpetuals, the account's own fee rate."""

from __future__ import annotations

import json
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from basis_venues.amounts import ZERO
from basis_venues_ccxt.live import Connection, Listing, MarketReader, Request, Said
from basis_venues_ccxt.live.reading import amount, needed, rows


class BinanceMarkets(MarketReader):
    """One request for spot and one for perpetuals; one more for each perpetual's fee rate."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def read(self, symbols: Collection[str]) -> list[Listing]:
        """Those of the configured markets that are listed."""
        spot = {market_id(each): each for each in symbols if ":" not in each}
        perpetual = {market_id(each): each for each in symbols if ":" in each}
        found: list[Listing] = []
        if spot:
            answer = await self._spot(list(spot))
            found += [_listing(row, spot[row["symbol"]]) for row in rows(answer, "symbols") if row.get("symbol") in spot]
        if perpetual:
            answer = await self._ask("fapiPublic", "exchangeInfo")
            listed = [row for row in rows(answer, "symbols") if row.get("symbol") in perpetual and row.get("contractType") == "PERPETUAL"]
            found += [_listing(row, perpetual[row["symbol"]])._replace(taker=await self._rate(row["symbol"])) for row in listed]
        return found

    async def _spot(self, identifiers: list[str]) -> Any:
        """Only those asked for. One that Binance does not know makes it refuse the whole question: then all of them."""
        try:
            return await self._ask("public", "exchangeInfo", symbols=json.dumps(identifiers, separators=(",", ":")))
        except Said:
            return await self._ask("public", "exchangeInfo")

    async def _ask(self, api: str, path: str, **params: Any) -> Any:
        return await self._connection.call(Request(api, "GET", path, params))

    async def _rate(self, identifier: str) -> Decimal | None:
        """The account's taker rate, where the futures key is there to ask for it."""
        if not self._connection.has("fapiPrivate"):
            return None
        return amount(await self._ask("fapiPrivate", "commissionRate", symbol=identifier), "takerCommissionRate")


def market_id(symbol: str) -> str:
    """`BTCUSDT`, of spot and perpetual alike."""
    return symbol.partition(":")[0].replace("/", "")


def _listing(row: Any, symbol: str) -> Listing:
    filters = {each.get("filterType"): each for each in rows(row, "filters")}
    lot, price = filters.get("LOT_SIZE"), filters.get("PRICE_FILTER")
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
    least = notional.get("minNotional", notional.get("notional"))
    return Listing(
        symbol,
        needed(row, "symbol"),
        contract=Decimal(1),
        lot=amount(lot, "stepSize").normalize(),
        tick=amount(price, "tickSize").normalize(),
        minimum=amount(lot, "minQty").normalize(),
        maximum=amount(lot, "maxQty").normalize(),
        minimum_notional=ZERO if least is None else Decimal(str(least)).normalize(),
        active=row.get("status") == "TRADING",
    )
