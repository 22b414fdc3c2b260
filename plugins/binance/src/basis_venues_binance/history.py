"""What happened to a Binance account."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from basis_venues.network import Network
from basis_venues_ccxt.live import DAY, Change, Desk, Fill, Happened, History, Listing, Resting, Said, unexplained
from basis_venues_ccxt.live.reading import amount, amount_or_zero, moment, needed, rows, text

from .lists import FUTURES, MOST, RECORDS, SPOT_TRADES, TRANSFERS, TRANSFERS_AT_ONCE
from .trades import as_one, futures_fill, is_immediate, spot_fill

INNER = {"MAIN_UMFUTURE": ("spot", "futures"), "MAIN_FUNDING": ("spot", "funding"), "FUNDING_UMFUTURE": ("funding", "futures")}
INNER |= {"_".join(reversed(name.split("_"))): (target, source) for name, (source, target) in INNER.items()}
"""type -> wallets"""
FAILED_WITHDRAWALS = frozenset({"1", "3", "5"})
CREDITED = frozenset({"1", "6"})
"""Deposits that are in the balance: success, and those that may not be withdrawn yet."""
_CONFIRMING = 2 * DAY
"""So long a deposit may take from its first sight, which Binance lists it by, to the balance."""
_MINUTE = 60_000
"""A transfer is listed no more than this before the income that it is; ms."""
_UNLISTED = "-1121"
"""There is no such market."""
_FORGOTTEN = "-2013"
"""There is no such order, or none any more: orders are known for 90 days after they were placed, and may be filled later."""
_SHOWN = 600_000
"""A trade may be shown before its order is, and for so long it is asked for again; ms."""
_INCOME = {"FUNDING_FEE": "funding", "TRANSFER": "transfer", "COMMISSION_REBATE": "fee"}
_TOLD_BY_TRADES = frozenset({"REALIZED_PNL", "COMMISSION"})


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
                with _delisted():
                    fills += await self._trades(listing, since)
                    resting += await self._open(listing)
        if has("fapiPrivate") and ("futures" in wallets or any(each.perpetual for each in markets)):
            changes += await self._income(since)
        if self._desk.network is Network.MAINNET and has("sapi") and wallets:
            transfers = await self._transfers(max(since - _MINUTE, 0))
            changes = [*unexplained(changes, transfers, "futures"), *transfers]
            changes += [*await self._withdrawals(since), *await self._deposits(since)]
        elif not wallets:  # one end of a transfer by itself: told with the other where a wallet is asked for
            changes = [each for each in changes if each.kind != "transfer"]
        return Happened(tuple(fills), tuple(changes), tuple(resting))

    async def _trades(self, listing: Listing, since: int) -> list[Fill]:
        path, read, paging = ("userTrades", futures_fill, FUTURES) if listing.perpetual else ("myTrades", spot_fill, SPOT_TRADES)
        found = await self._desk.pages(_section(listing), path, paging, since=since, symbol=listing.id, limit=MOST)
        orders = await self._orders(listing, {needed(row, "orderId"): moment(row, "time") for row in found})
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

    async def _orders(self, listing: Listing, numbers: Mapping[str, int]) -> dict[str, Any]:
        """Trades do not carry the client id: the orders that they belong to, from the oldest on as many as come at once, and by itself
        one that is older than the list. `numbers`: with the time of a trade of each."""
        section = _section(listing)
        orders: dict[str, Any] = {}
        for number in sorted(numbers, key=int):
            if number not in orders:
                found = rows(await self._desk.read(section, "allOrders", symbol=listing.id, orderId=number, limit=MOST))
                orders |= {needed(row, "orderId"): row for row in found}
            if number not in orders:
                orders[number] = await self._order(listing, number, numbers[number])
        return orders

    async def _order(self, listing: Listing, number: str, traded: int) -> Any:
        """One order; nothing of one that Binance does not know any more, so that its trades are nobody's."""
        try:
            return await self._desk.read(_section(listing), "order", symbol=listing.id, orderId=number)
        except Said as said:
            if said.code != _FORGOTTEN or self._desk.now() - traded < _SHOWN:
                raise
            return {}

    async def _open(self, listing: Listing) -> list[Resting]:
        found = rows(await self._desk.read(_section(listing), "openOrders", symbol=listing.id))
        return [Resting(needed(row, "clientOrderId"), moment(row, "time")) for row in found]

    async def _income(self, since: int) -> list[Change]:
        """Everything that changes the futures wallet without a trade."""
        found = await self._desk.pages("fapiPrivate", "income", FUTURES, since=since, limit=MOST)
        return [_income(row) for row in found if needed(row, "incomeType") not in _TOLD_BY_TRADES]

    async def _transfers(self, since: int) -> list[Change]:
        changes = []
        for kind, (source, target) in INNER.items():
            for row in await self._desk.pages("sapi", "asset/transfer", TRANSFERS, since=since, type=kind, size=TRANSFERS_AT_ONCE):
                if text(row, "status") == "CONFIRMED":
                    lines = ((source, row["asset"], -amount(row, "amount")), (target, row["asset"], amount(row, "amount")))
                    changes.append(Change("transfer", needed(row, "tranId"), moment(row, "timestamp"), lines))
        return changes

    async def _withdrawals(self, since: int) -> list[Change]:
        found = await self._desk.pages("sapi", "capital/withdraw/history", RECORDS, since=since, limit=MOST)
        return [_withdrawal(row) for row in found if text(row, "status") not in FAILED_WITHDRAWALS]

    async def _deposits(self, since: int) -> list[Change]:
        found = await self._desk.pages("sapi", "capital/deposit/hisrec", RECORDS, since=max(since - _CONFIRMING, 0), limit=MOST)
        return [_deposit(row) for row in found if text(row, "status") in CREDITED]


@contextmanager
def _delisted() -> Iterator[None]:
    """Pass over a market that Binance does not list any more: it tells nothing of it, and of the others it still does."""
    try:
        yield
    except Said as said:
        if said.code != _UNLISTED:
            raise


def applied_at(row: Any) -> int:
    """When a withdrawal was asked for: `2019-10-12 11:12:02`, UTC."""
    return int(datetime.strptime(needed(row, "applyTime"), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp() * 1000)


def _section(listing: Listing) -> str:
    return "fapiPrivate" if listing.perpetual else "private"


def _income(row: Any) -> Change:
    """Every other type is a settlement, and its name a part of the id: `tranId` is unique among rows of one type only."""
    named, number = needed(row, "incomeType"), needed(row, "tranId")
    kind = _INCOME.get(named, "settlement")
    lines = (("futures", needed(row, "asset"), amount(row, "income")),)
    number = f"{named}:{number}" if kind == "settlement" else number
    return Change(kind, f"{text(row, 'symbol') or 'futures'}:{number}", moment(row, "time"), lines)


def _withdrawal(row: Any) -> Change:
    lines = ((_wallet(row), needed(row, "coin"), -amount(row, "amount") - amount_or_zero(row, "transactionFee")),)
    return Change("transfer", needed(row, "id"), applied_at(row), lines, text(row, "withdrawOrderId") or None)


def _deposit(row: Any) -> Change:
    at = moment(row, "completeTime" if text(row, "completeTime") else "insertTime")
    return Change("deposit", needed(row, "id"), at, ((_wallet(row), needed(row, "coin"), amount(row, "amount")),))


def _wallet(row: Any) -> str:
    return "funding" if text(row, "walletType") == "1" else "spot"
