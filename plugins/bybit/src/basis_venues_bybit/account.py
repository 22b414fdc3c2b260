"""Bybit's account: a unified wallet, a funding wallet, and the perpetual positions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from basis_venues_ccxt import MarketKind
from basis_venues_ccxt.live import AccountReader, Desk, Holdings, Listing, Part, Position, Request, Setup, one_each
from basis_venues_ccxt.live.reading import amount, either, first, moment, needed, rows, text

from .lists import MOST_POSITIONS, positions

UNIFIED = frozenset({"3", "4", "5", "6"})
MARGIN = {"REGULAR_MARGIN": "cross", "ISOLATED_MARGIN": "isolated", "PORTFOLIO_MARGIN": "portfolio"}

_RIGHT = "the right Wallet (Account Transfer)"


class BybitAccount(AccountReader):
    """See `basis_venues_ccxt.live.AccountReader`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def holdings(self, parts: Collection[Part]) -> Holdings:
        """Wallets and positions are answers of their own, each with the venue's time."""
        wallets: dict[str, dict[str, Decimal]] = {}
        perpetuals: dict[str, Position] = {}
        times: list[int] = []
        if "spot" in parts:
            answer = await self._desk.read("private", "v5/account/wallet-balance", accountType="UNIFIED")
            account = first(answer, "result", "list")
            wallets["spot"] = {needed(row, "coin"): amount(row, "walletBalance") for row in rows(account, "coin")}
            times.append(moment(answer, "time"))
        if "perpetuals" in parts:
            asked: dict[str, Any] = {"category": "linear", "settleCoin": "USDT", "limit": MOST_POSITIONS}
            found = await self._desk.pages("private", "v5/position/list", positions(times), **asked)
            wallets["perpetuals"] = {}
            perpetuals = one_each(self._positions(found))
        if "funding" in parts:
            answer = await self._desk.read("private", "v5/asset/transfer/query-account-coins-balance", accountType="FUND")
            wallets["funding"] = {needed(row, "coin"): amount(row, "walletBalance") for row in rows(answer, "result", "balance")}
            times.append(moment(answer, "time"))
        return Holdings(wallets, perpetuals, min(times, default=0))

    def _positions(self, found: list[Any]) -> Iterator[tuple[str, Position]]:
        for row in found:
            listing = self._desk.listings.by_id(needed(row, "symbol"), perpetual=True)
            size = amount(row, "size")
            if listing is not None and size:
                sign = 1 if either(row, "side", "Buy", "Sell") else -1
                yield listing.symbol, Position(sign * size, sign * amount(row, "positionValue"))

    async def setup(self, perpetuals: Collection[Listing]) -> Setup:
        """Rights of the key, kind and margin mode of the account; position mode and leverage of each perpetual."""
        key = (await self._desk.read("private", "v5/user/query-api")).get("result", {})
        rights = key.get("permissions") or {}
        wallet = rights.get("Wallet") or ()
        info = (await self._desk.read("private", "v5/account/info")).get("result", {})
        margin = MARGIN.get(needed(info, "marginMode"), needed(info, "marginMode"))
        shown = {each.symbol: await self._position(each) for each in perpetuals}
        old = "the account is not a unified trading account; upgrade it on Bybit's web page"
        return Setup(
            owner=text(key, "userID"),
            one_way=all(text(row, "positionIdx") == "0" for row in shown.values() if row is not None),
            may_trade=text(key, "readOnly") == "0",
            barred=tuple(_barred(rights)),
            may_withdraw="Withdraw" in wallet,
            leverage={symbol: amount(row, "leverage") for symbol, row in shown.items() if row is not None and text(row, "leverage")},
            margin=dict.fromkeys(shown, margin),
            hidden=dict(_hidden(key, wallet)),
            problems=() if text(info, "unifiedMarginStatus") in UNIFIED else (old,),
        )

    async def _position(self, listing: Listing) -> Any:
        """None of a market that Bybit does not list any more."""
        request = Request("private", "GET", "v5/position/list", {"category": "linear", "symbol": listing.id})
        answer = await self._desk.connection.ask(request)
        found = [] if answer is None else rows(answer, "result", "list")
        return found[0] if found else None


def _barred(rights: Any) -> Iterator[MarketKind]:
    """What the key may not trade, though it may write: where Bybit tells these rights at all."""
    spot, contracts = rights.get("Spot"), rights.get("ContractTrade")
    if spot is not None and "SpotTrade" not in spot:
        yield "spot"
    if contracts is not None and "Order" not in contracts and not rights.get("Derivatives"):
        yield "futures"


def _hidden(key: Any, wallet: Collection[str]) -> Iterator[tuple[str, str]]:
    """What the key does not show. The unified wallet is shown to each."""
    lacking = f"bybit shows funding wallet, transfers, deposits and withdrawals to keys with {_RIGHT} only: give it to this one"
    if not wallet:
        yield from {"funding": lacking, "withdrawals": lacking}.items()
    elif key.get("isMaster") is False:
        yield "withdrawals", "bybit withdraws by a key of the main account only, and this is a sub-account's"
