"""What happened to a Bybit account."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from basis_venues_ccxt.live import DAY, Change, Desk, Fill, Happened, History, Listing, Resting, unexplained
from basis_venues_ccxt.live.reading import amount, amount_or_zero, maybe, moment, needed, text

from .lists import DAYS, MONTHS, OPEN, WEEKS
from .markets import category
from .trades import fill

WALLETS = {"FUND": "funding", "UNIFIED": "spot"}
"""Bybit's names -> ours."""
FAILED_WITHDRAWALS = frozenset({"CancelByUser", "Reject", "Fail"})
ALL = 2
"""The withdrawals over a chain and those inside of Bybit; unless it is said, the former alone are listed."""
_ARRIVED = frozenset({"3", "10012"})
"""Deposits that are in the balance: success, and credited to the funding pool."""
_CONFIRMING = 2 * DAY
"""So long a deposit may take; its list does not say whether it is searched by the beginning or the end of that."""
_MINUTE = 60_000
"""A transfer is listed no more than this before the line of the wallet's log that it is; ms."""
_TOLD_BY_EXECUTIONS = frozenset({"TRADE", "SETTLEMENT", "DELIVERY", "LIQUIDATION", "ADL"})
_LOGGED = {"TRANSFER_IN": "transfer", "TRANSFER_OUT": "transfer", "INTEREST": "interest", "FEE_REFUND": "fee"}


class BybitHistory(History):
    """See `basis_venues_ccxt.live.History`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def since(self, markets: Collection[Listing], wallets: Collection[str], since: int) -> Happened:
        """Executions (funding is one of them) and open orders by product; what moved between wallets, in and out; and what else changed
        the unified wallet, which its log tells also to a key that may not see the rest."""
        fills: list[Fill] = []
        resting: list[Resting] = []
        changes: list[Change] = []
        for product in sorted({category(each.symbol) for each in markets}):
            more, funding = await self._executions(product, since)
            fills += more
            changes += funding
            resting += await self._open(product)
        log = await self._log(since) if wallets else []
        logged = [_logged(row) for row in log if needed(row, "type") not in _TOLD_BY_EXECUTIONS and amount_or_zero(row, "change")]
        fills = with_profits(fills, log)
        if wallets and "funding" in self._desk.hidden:
            changes += logged
        elif wallets:
            transfers = await self._transfers(max(since - _MINUTE, 0))
            changes += unexplained(logged, (change for _, change in transfers), "spot")
            changes += [change for status, change in transfers if status == "SUCCESS"]
            changes += [*await self._withdrawals(since), *await self._deposits(since)]
        return Happened(tuple(fills), tuple(changes), tuple(resting))

    async def _executions(self, product: str, since: int) -> tuple[list[Fill], list[Change]]:
        fills: list[Fill] = []
        funding: list[Change] = []
        for row in await self._desk.pages("private", "v5/execution/list", WEEKS, since=since, category=product, limit=100):
            listing = self._desk.listings.by_id(needed(row, "symbol"), perpetual=product == "linear")
            if listing is None:
                continue
            if needed(row, "execType") == "Funding":
                funding.append(_funding(row, listing))
            else:
                fills.append(fill(row, listing))
        return fills, funding

    async def _open(self, product: str) -> list[Resting]:
        settle = "USDT" if product == "linear" else None
        found = await self._desk.pages("private", "v5/order/realtime", OPEN, category=product, settleCoin=settle, limit=50)
        return [Resting(text(row, "orderLinkId"), moment(row, "createdTime")) for row in found if text(row, "orderLinkId")]

    async def _log(self, since: int) -> list[Any]:
        """What changed the unified wallet."""
        return await self._desk.pages("private", "v5/account/transaction-log", DAYS, since=since, accountType="UNIFIED", limit=50)

    async def _transfers(self, since: int) -> list[tuple[str, Change]]:
        """With their states. The log may have one that is under way."""
        found = await self._desk.pages("private", "v5/asset/transfer/query-inter-transfer-list", WEEKS, since=since, limit=50)
        return [(text(row, "status"), _transfer(row)) for row in found if text(row, "status") != "FAILED"]

    async def _withdrawals(self, since: int) -> list[Change]:
        if "withdrawals" in self._desk.hidden:  # a sub-account has none
            return []
        found = await self._desk.pages("private", "v5/asset/withdraw/query-record", MONTHS, since=since, withdrawType=ALL, limit=50)
        return [_withdrawal(row) for row in found if text(row, "status") not in FAILED_WITHDRAWALS]

    async def _deposits(self, since: int) -> list[Change]:
        begun = max(since - _CONFIRMING, 0)
        found = await self._desk.pages("private", "v5/asset/deposit/query-record", MONTHS, since=begun, limit=50)
        return [_deposit(row) for row in found if text(row, "status") in _ARRIVED]


def with_profits(fills: Iterable[Fill], log: list[Any]) -> list[Fill]:
    """A perpetual's fill with what it realised, which the list of executions does not tell: `cashFlow` of its line."""
    executed = [row for row in log if needed(row, "type") in _TOLD_BY_EXECUTIONS and text(row, "category") == "linear"]
    told = {text(row, "tradeId"): maybe(row, "cashFlow") for row in executed}
    return [each._replace(profit=told.get(each.id, each.profit)) if each.listing.perpetual else each for each in fills]


def _funding(row: Any, listing: Listing) -> Change:
    """`execFee` is positive when it was paid."""
    lines = (("futures", text(row, "feeCurrency") or listing.quote, -amount(row, "execFee")),)
    return Change("funding", f"{listing.symbol}:{needed(row, 'execId')}", moment(row, "execTime"), lines)


def _transfer(row: Any) -> Change:
    coin, moved = needed(row, "coin"), amount(row, "amount")
    ends = ((needed(row, "fromAccountType"), -moved), (needed(row, "toAccountType"), moved))
    lines = tuple((WALLETS[name], coin, change) for name, change in ends if name in WALLETS)
    return Change("transfer", needed(row, "transferId"), moment(row, "timestamp"), lines)


def _logged(row: Any) -> Change:
    """`change` is of the wallet. What is neither a transfer, interest nor a fee (a conversion, a bonus, an airdrop) is a settlement."""
    named, coin = needed(row, "type"), needed(row, "currency")
    lines = (("spot", coin, amount(row, "change")),)
    return Change(_LOGGED.get(named, "settlement"), f"{named}:{coin}:{needed(row, 'id')}", moment(row, "transactionTime"), lines)


def _withdrawal(row: Any) -> Change:
    """Out of the funding wallet: what a person withdraws from the unified one is transferred there first."""
    lines = (("funding", needed(row, "coin"), -amount(row, "amount") - amount_or_zero(row, "withdrawFee")),)
    return Change("transfer", needed(row, "withdrawId"), moment(row, "createTime"), lines)


def _deposit(row: Any) -> Change:
    """Into the funding wallet, whence the account's own setting may transfer it to the unified one."""
    number = text(row, "id") or needed(row, "txID")
    return Change("deposit", number, moment(row, "successAt"), (("funding", needed(row, "coin"), amount(row, "amount")),))
