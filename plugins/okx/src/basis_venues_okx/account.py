"""OKX's account: a trading wallet, a funding wallet, and the swap positions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from basis_venues_ccxt.live import AccountReader, Desk, Holdings, Listing, Part, Position, Setup, one_each
from basis_venues_ccxt.live.reading import amount, needed, rows, text


class OkxAccount(AccountReader):
    """See `basis_venues_ccxt.live.AccountReader`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def holdings(self, parts: Collection[Part]) -> Holdings:
        """Wallets and positions are answers of their own. `cashBal` is without unrealised profit."""
        wallets: dict[str, dict[str, Decimal]] = {}
        perpetuals: dict[str, Position] = {}
        if "spot" in parts:
            account = rows(await self._desk.read("private", "account/balance"), "data")
            details = [row for each in account for row in rows(each, "details")]
            wallets["spot"] = {needed(row, "ccy"): amount(row, "cashBal") for row in details}
        if "perpetuals" in parts:
            wallets["perpetuals"] = {}
            found = rows(await self._desk.read("private", "account/positions", instType="SWAP"), "data")
            perpetuals = one_each(self._positions(found))
        if "funding" in parts:
            found = rows(await self._desk.read("private", "asset/balances"), "data")
            wallets["funding"] = {needed(row, "ccy"): amount(row, "bal") for row in found}
        return Holdings(wallets, perpetuals)

    def _positions(self, found: list[Any]) -> Iterator[tuple[str, Position]]:
        """In net mode the sign of `pos` is the side. One that was closed may be listed still."""
        for row in found:
            listing = self._desk.listings.by_id(needed(row, "instId"), perpetual=True)
            contracts = amount(row, "pos")
            if listing is not None and contracts:
                size = listing.from_venue(contracts)
                yield listing.symbol, Position(size, size * amount(row, "avgPx"))

    async def setup(self, perpetuals: Collection[Listing]) -> Setup:
        """Account level, position mode and rights in one answer; the leverage of each swap in another."""
        config = rows(await self._desk.read("private", "account/config"), "data")[0]
        rights = text(config, "perm").split(",")
        mode = self._desk.settings.margin_mode
        leverage = {each.symbol: await self._leverage(each, mode) for each in perpetuals}
        return Setup(
            owner=text(config, "uid"),
            one_way=text(config, "posMode") == "net_mode",
            may_trade="trade" in rights,
            may_withdraw="withdraw" in rights,
            leverage=leverage,
            problems=tuple(_problems(config, mode, bool(perpetuals))),
        )

    async def _leverage(self, listing: Listing, mode: str) -> Decimal:
        found = rows(await self._desk.read("private", "account/leverage-info", instId=listing.id, mgnMode=mode), "data")
        return amount(found[0] if found else None, "lever")


def _problems(config: Any, mode: str, swaps: bool) -> Iterator[str]:
    level = text(config, "acctLv")
    if swaps and level == "1":
        yield "the account's mode is spot only; switch it to futures mode on OKX's web page, which swaps need"
    if level in ("3", "4"):
        mixed = "the account's mode is multi-currency or portfolio margin, in which OKX refuses plain spot orders"
        yield f"{mixed}; switch it to futures mode on OKX's web page"
    if config.get("autoLoan") is True:
        yield "the account borrows by itself; switch auto-borrow off on OKX's web page"
    if mode != "cross":
        yield f"margin_mode {mode} is not for OKX, where margin of such a position leaves the wallet that is read; say margin_mode: cross"
