"""What happened to an OKX account."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from basis_venues_ccxt.live import DAY, Change, Desk, Fill, Happened, History, Listing, Resting
from basis_venues_ccxt.live.reading import amount, amount_or_zero, moment, needed, text

from .lists import BILLS, MOST, OPEN, back_to
from .markets import kind
from .trades import fill

WALLETS = {"6": "funding", "18": "spot"}
"""OKX's numbers -> our names."""
FAILED_WITHDRAWALS = frozenset({"-1", "-2", "-3"})
TRANSFER = "1"
"""The type of a transfer's bill."""
_FUNDING = "8"
_TOLD_BY_FILLS = frozenset({"2", "3", "5", "9"})
"""Trades, deliveries, liquidations and reductions by the exchange."""
_CAME = frozenset({"1", "72"})
"""Types of the funding wallet's bills: a deposit, and coins that another user sent."""
_TOLD_ELSEWHERE = frozenset({"2", "13", "130", "131"})
"""A withdrawal, one that was taken back, and what went from and to the trading wallet."""
_MONTH = 28 * DAY


class OkxHistory(History):
    """See `basis_venues_ccxt.live.History`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def since(self, markets: Collection[Listing], wallets: Collection[str], since: int) -> Happened:
        """Fills and open orders by product; the bills of both wallets; what went out."""
        fills: list[Fill] = []
        resting: list[Resting] = []
        changes: list[Change] = []
        for product in sorted({kind(each.symbol) for each in markets}):
            fills += await self._fills(product, since)
            resting += await self._open(product)
        if wallets or any(each.perpetual for each in markets):
            changes += await self._bills(since, None if wallets else _FUNDING)
        if wallets:
            changes += [*await self._withdrawals(since), *await self._wallet_bills(since)]
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

    async def _bills(self, since: int, number: str | None) -> list[Change]:
        """What changed the trading wallet without a fill; of one type where it is given."""
        found = await self._desk.pages("private", "account/bills-archive", BILLS, since=since, type=number, limit=MOST)
        return [_bill(row) for row in found if needed(row, "type") not in _TOLD_BY_FILLS]

    async def _withdrawals(self, since: int) -> list[Change]:
        found = await self._desk.pages("private", "asset/withdrawal-history", back_to(since), limit=MOST)
        return [_withdrawal(row) for row in found if text(row, "state") not in FAILED_WITHDRAWALS]

    async def _wallet_bills(self, since: int) -> list[Change]:
        """What else changed the funding wallet, each when it did: the list of deposits dates them by when they were first seen.
        `asset/bills` reaches a month back; the list of all time is updated less often."""
        path = "asset/bills" if not since or since > self._desk.now() - _MONTH else "asset/bills-history"
        found = await self._desk.pages("private", path, back_to(since), limit=MOST)
        return [_wallet_bill(row) for row in found if needed(row, "type") not in _TOLD_ELSEWHERE]


def _bill(row: Any) -> Change:
    """`balChg` below zero was paid. What is neither a transfer nor funding (interest, a conversion, a clawback) is a settlement."""
    number = needed(row, "type")
    if number == TRANSFER:
        return transfer(row)
    lines = (("spot", needed(row, "ccy"), amount(row, "balChg")),)
    return Change("funding" if number == _FUNDING else "settlement", needed(row, "billId"), moment(row, "ts"), lines)


def transfer(row: Any) -> Change:
    """A bill of the trading wallet: its other end is the funding wallet, where it names that."""
    coin, change = needed(row, "ccy"), amount(row, "balChg")
    other = text(row, "from") if change > 0 else text(row, "to")
    lines = (("spot", coin, change), *((("funding", coin, -change),) if WALLETS.get(other) == "funding" else ()))
    return Change("transfer", needed(row, "billId"), moment(row, "ts"), lines)


def _withdrawal(row: Any) -> Change:
    lines = (("funding", needed(row, "ccy"), -amount(row, "amt") - amount_or_zero(row, "fee")),)
    return Change("transfer", needed(row, "wdId"), moment(row, "ts"), lines, text(row, "clientId") or None)


def _wallet_bill(row: Any) -> Change:
    """The two wallets number their bills each by itself."""
    kind, number = "deposit" if needed(row, "type") in _CAME else "settlement", needed(row, "billId")
    return Change(kind, f"funding:{number}", moment(row, "ts"), (("funding", needed(row, "ccy"), amount(row, "balChg")),))
