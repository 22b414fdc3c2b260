"""What happened to an OKX account."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from basis_venues_ccxt.live import Change, Desk, Fill, Happened, History, Listing, Resting
from basis_venues_ccxt.live.reading import amount, amount_or_zero, moment, needed, rows, text

from .lists import BILLS, MOST, OPEN, back_to
from .markets import kind
from .trades import fill

WALLETS = {"6": "funding", "18": "spot"}
"""OKX's numbers -> our names."""
FAILED_WITHDRAWALS = frozenset({"-1", "-2", "-3"})
TRANSFER = "1"
"""The type of a transfer's bill."""
_FUNDING, _ARRIVED = "8", "2"


class OkxHistory(History):
    """See `basis_venues_ccxt.live.History`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def since(self, markets: Collection[Listing], wallets: Collection[str], since: int) -> Happened:
        """Fills and open orders by product; bills of funding and transfers; what came in and went out."""
        fills: list[Fill] = []
        resting: list[Resting] = []
        changes: list[Change] = []
        for product in sorted({kind(each.symbol) for each in markets}):
            fills += await self._fills(product, since)
            resting += await self._open(product)
        if wallets or any(each.perpetual for each in markets):
            changes += await self._bills(_FUNDING, since)
        if wallets:
            changes += [*await self._bills(TRANSFER, since), *await self._withdrawals(since), *await self._deposits(since)]
        return Happened(tuple(fills), tuple(changes), tuple(resting))

    async def _fills(self, product: str, since: int) -> list[Fill]:
        found: list[Fill] = []
        for row in await self._desk.pages("private", "trade/fills-history", BILLS, since=since, instType=product, limit=MOST):
            listing = self._desk.listings.by_id(needed(row, "instId"), perpetual=product == "SWAP")
            if listing is not None:
                found.append(fill(row, listing))
        return found

    async def _open(self, product: str) -> list[Resting]:
        found = await self._desk.pages("private", "trade/orders-pending", OPEN, instType=product, limit=MOST)
        return [Resting(text(row, "clOrdId"), moment(row, "cTime")) for row in found if text(row, "clOrdId")]

    async def _bills(self, number: str, since: int) -> list[Change]:
        found = await self._desk.pages("private", "account/bills-archive", BILLS, since=since, type=number, limit=MOST)
        return [_funding(row) if number == _FUNDING else transfer(row) for row in found]

    async def _withdrawals(self, since: int) -> list[Change]:
        found = await self._desk.pages("private", "asset/withdrawal-history", back_to(since), limit=MOST)
        return [_withdrawal(row) for row in found if text(row, "state") not in FAILED_WITHDRAWALS]

    async def _deposits(self, since: int) -> list[Change]:
        """Those to the funding wallet. Where an address leads to the trading wallet, a bill of that wallet tells of what came."""
        found = await self._desk.pages("private", "asset/deposit-history", back_to(since), limit=MOST)
        arrived = [row for row in found if text(row, "state") == _ARRIVED]
        trading = await self._trading_addresses({needed(row, "ccy") for row in arrived if text(row, "to")})
        return [_deposit(row) for row in arrived if text(row, "to") not in trading]

    async def _trading_addresses(self, coins: Collection[str]) -> set[str]:
        """Addresses that lead to the trading wallet: in some countries there are no others."""
        answers = [await self._desk.read("private", "asset/deposit-address", ccy=coin) for coin in sorted(coins)]
        return {needed(row, "addr") for answer in answers for row in rows(answer, "data") if WALLETS.get(text(row, "to")) == "spot"}


def _funding(row: Any) -> Change:
    """`balChg` below zero was paid."""
    lines = (("futures", needed(row, "ccy"), amount(row, "balChg")),)
    return Change("funding", needed(row, "billId"), moment(row, "ts"), lines)


def transfer(row: Any) -> Change:
    """A bill of the trading wallet: its other end is the funding wallet, where it names that."""
    coin, change = needed(row, "ccy"), amount(row, "balChg")
    other = text(row, "from") if change > 0 else text(row, "to")
    lines = (("spot", coin, change), *((("funding", coin, -change),) if WALLETS.get(other) == "funding" else ()))
    return Change("transfer", needed(row, "billId"), moment(row, "ts"), lines)


def _withdrawal(row: Any) -> Change:
    lines = (("funding", needed(row, "ccy"), -amount(row, "amt") - amount_or_zero(row, "fee")),)
    return Change("transfer", needed(row, "wdId"), moment(row, "ts"), lines, text(row, "clientId") or None)


def _deposit(row: Any) -> Change:
    return Change("deposit", needed(row, "depId"), moment(row, "ts"), (("funding", needed(row, "ccy"), amount(row, "amt")),))
