"""What happened to a Binance account."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from basis_venues.network import Network
from basis_venues_ccxt.live import Change, Desk, Fill, Happened, History, Listing, Resting
from basis_venues_ccxt.live.reading import amount, amount_or_zero, moment, needed, rows, text

from .trades import as_one, futures_fill, is_immediate, spot_fill

INNER = {"MAIN_UMFUTURE": ("spot", "futures"), "MAIN_FUNDING": ("spot", "funding"), "FUNDING_UMFUTURE": ("funding", "futures")}
INNER |= {"_".join(reversed(name.split("_"))): (target, source) for name, (source, target) in INNER.items()}
"""type -> wallets"""
_TOLD_BY_TRADES = frozenset({"REALIZED_PNL", "COMMISSION"})
_FAILED_WITHDRAWALS = frozenset({"1", "3", "5"})


class BinanceHistory(History):
    """See `basis_venues_ccxt.live.History`. Demo trading tells neither deposits nor withdrawals: there are none."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def since(self, markets: Collection[Listing], wallets: Collection[str], since: int) -> Happened:
        """Trades and orders of each market; income of the futures wallet; on mainnet what moved in and out."""
        has = self._desk.connection.has
        fills: list[Fill] = []
        resting: list[Resting] = []
        changes: list[Change] = []
        for listing in markets:
            if has(_section(listing)):
                fills += await self._trades(listing, since)
                resting += await self._open(listing)
        if has("fapiPrivate") and ("futures" in wallets or any(each.perpetual for each in markets)):
            changes += await self._income(since)
        if self._desk.network is Network.MAINNET and has("sapi") and wallets:
            changes += [*await self._transfers(since), *await self._withdrawals(since), *await self._deposits(since)]
        return Happened(tuple(fills), tuple(changes), tuple(resting))

    async def _trades(self, listing: Listing, since: int) -> list[Fill]:
        path, read = ("userTrades", futures_fill) if listing.perpetual else ("myTrades", spot_fill)
        found = rows(await self._desk.read(_section(listing), path, symbol=listing.id, startTime=since or None, limit=1000))
        if not found:
            return []
        orders = await self._orders(listing, since, {needed(row, "orderId") for row in found})
        fills = [read(row, listing, text(orders[needed(row, "orderId")], "clientOrderId") or None) for row in found]
        if not listing.perpetual:
            return fills
        by_order: dict[str, list[Fill]] = {}
        for each in fills:
            by_order.setdefault(each.number, []).append(each)
        told: list[Fill] = []
        for number, group in by_order.items():
            told += as_one(group, listing, self._desk.rate(listing)) if is_immediate(orders[number]) else group
        return told

    async def _orders(self, listing: Listing, since: int, numbers: set[str]) -> dict[str, Any]:
        """Trades do not carry the client id: the orders that they belong to, one by one where they are older than the list."""
        section = _section(listing)
        found = rows(await self._desk.read(section, "allOrders", symbol=listing.id, startTime=since or None, limit=1000))
        orders = {needed(row, "orderId"): row for row in found}
        for number in sorted(numbers - set(orders)):
            orders[number] = await self._desk.read(section, "order", symbol=listing.id, orderId=number)
        return orders

    async def _open(self, listing: Listing) -> list[Resting]:
        found = rows(await self._desk.read(_section(listing), "openOrders", symbol=listing.id))
        return [Resting(needed(row, "clientOrderId"), moment(row, "time")) for row in found]

    async def _income(self, since: int) -> list[Change]:
        """Everything that changes the futures wallet without a trade. Transfers are told with both wallets where that can be had."""
        found = rows(await self._desk.read("fapiPrivate", "income", startTime=since or None, limit=1000))
        elsewhere = {"TRANSFER"} if self._desk.network is Network.MAINNET and self._desk.connection.has("sapi") else set()
        return [_income(row) for row in found if needed(row, "incomeType") not in _TOLD_BY_TRADES | elsewhere]

    async def _transfers(self, since: int) -> list[Change]:
        changes = []
        for kind, (source, target) in INNER.items():
            answer = await self._desk.read("sapi", "asset/transfer", type=kind, startTime=since or None, size=100)
            for row in answer.get("rows") or ():
                if text(row, "status") == "CONFIRMED":
                    lines = ((source, row["asset"], -amount(row, "amount")), (target, row["asset"], amount(row, "amount")))
                    changes.append(Change("transfer", needed(row, "tranId"), moment(row, "timestamp"), lines))
        return changes

    async def _withdrawals(self, since: int) -> list[Change]:
        found = rows(await self._desk.read("sapi", "capital/withdraw/history", startTime=since or None))
        return [_withdrawal(row) for row in found if text(row, "status") not in _FAILED_WITHDRAWALS]

    async def _deposits(self, since: int) -> list[Change]:
        found = rows(await self._desk.read("sapi", "capital/deposit/hisrec", startTime=since or None, status=1))
        return [_deposit(row) for row in found]


def applied_at(row: Any) -> int:
    """When a withdrawal was asked for: `2019-10-12 11:12:02`, UTC."""
    return int(datetime.strptime(needed(row, "applyTime"), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp() * 1000)


def _section(listing: Listing) -> str:
    return "fapiPrivate" if listing.perpetual else "private"


def _income(row: Any) -> Change:
    kind = {"FUNDING_FEE": "funding", "TRANSFER": "transfer", "COMMISSION_REBATE": "fee"}.get(needed(row, "incomeType"), "settlement")
    lines = (("futures", needed(row, "asset"), amount(row, "income")),)
    return Change(kind, f"{text(row, 'symbol') or 'futures'}:{needed(row, 'tranId')}", moment(row, "time"), lines)


def _withdrawal(row: Any) -> Change:
    lines = (("spot", needed(row, "coin"), -amount(row, "amount") - amount_or_zero(row, "transactionFee")),)
    return Change("transfer", needed(row, "id"), applied_at(row), lines, text(row, "withdrawOrderId") or None)


def _deposit(row: Any) -> Change:
    return Change("deposit", needed(row, "id"), moment(row, "insertTime"), (("spot", needed(row, "coin"), amount(row, "amount")),))
