"""OKX's account: a trading wallet, a funding wallet, and the swap positions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from basis_venues_ccxt.instrument import DOLLARS
from basis_venues_ccxt.live import AccountReader, Desk, Holdings, Listing, Part, Position, Request, Setup, Unreadable, one_each
from basis_venues_ccxt.live.reading import amount, either, first, maybe, needed, rows, text

_SPOT_ONLY = "1"
"""The account level without swaps."""


class OtherContract(Unreadable):
    """A position that is worth something else than as many contracts of the size that the market is known with."""


class OkxAccount(AccountReader):
    """See `basis_venues_ccxt.live.AccountReader`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def holdings(self, parts: Collection[Part]) -> Holdings:
        """Wallets and positions are answers of their own. `cashBal` is without unrealised profit."""
        wallets: dict[str, dict[str, Decimal]] = {}
        perpetuals: dict[str, Position] = {}
        if "spot" in parts:
            account = first(await self._desk.read("private", "account/balance"), "data")
            wallets["spot"] = {needed(row, "ccy"): amount(row, "cashBal") for row in rows(account, "details")}
        if "perpetuals" in parts:
            wallets["perpetuals"] = {}
            perpetuals = await self._perpetuals()
        if "funding" in parts:
            found = rows(await self._desk.read("private", "asset/balances"), "data")
            wallets["funding"] = {needed(row, "ccy"): amount(row, "bal") for row in found}
        return Holdings(wallets, perpetuals)

    async def _perpetuals(self) -> dict[str, Position]:
        """Where they are not worth what they must be, OKX may have changed the size of a contract since its markets were read."""
        found = rows(await self._desk.read("private", "account/positions", instType="SWAP"), "data")
        try:
            return one_each(self._positions(found))
        except OtherContract:
            self._desk.listings.forget()
            await self._desk.listings.load()
            return one_each(self._positions(found))

    def _positions(self, found: list[Any]) -> Iterator[tuple[str, Position]]:
        """In net mode the sign of `pos` is the side, in hedge mode `posSide` tells it. One that was closed may be listed still."""
        for row in found:
            listing = self._desk.listings.by_id(needed(row, "instId"), perpetual=True)
            contracts = amount(row, "pos")
            if listing is not None and contracts:
                short = text(row, "posSide") != "net" and either(row, "posSide", "short", "long")
                size = listing.from_venue(-contracts if short else contracts)
                _check_worth(row, listing, size)
                yield listing.symbol, Position(size, size * amount(row, "avgPx"))

    async def setup(self, perpetuals: Collection[Listing]) -> Setup:
        """Account level, position mode and rights in one answer; the leverage of each swap in another."""
        config = first(await self._desk.read("private", "account/config"), "data")
        rights = text(config, "perm").split(",")
        mode = self._desk.settings.margin_mode
        swaps = perpetuals if text(config, "acctLv") != _SPOT_ONLY else ()  # OKX refuses questions about swaps there, and setup goes on
        leverage = {each.symbol: told for each in swaps if (told := await self._leverage(each, mode)) is not None}
        return Setup(
            owner=text(config, "uid"),
            one_way=text(config, "posMode") == "net_mode",
            may_trade="trade" in rights,
            may_withdraw="withdraw" in rights,
            leverage=leverage,
            problems=tuple(_problems(config, mode, bool(perpetuals))),
        )

    async def _leverage(self, listing: Listing, mode: str) -> Decimal | None:
        """None of a market that OKX does not list any more."""
        request = Request("private", "GET", "account/leverage-info", {"instId": listing.id, "mgnMode": mode})
        answer = await self._desk.connection.ask(request)
        return None if answer is None else amount(first(answer, "data"), "lever")


def _check_worth(row: Any, listing: Listing, size: Decimal) -> None:
    """Raises `OtherContract` where OKX's own figure of what the position is worth says so. It is in dollars: one whose coin is not quite
    worth a dollar is not taken for a contract of another size."""
    told, mark = maybe(row, "notionalUsd"), maybe(row, "markPx")
    if told is None or mark is None or listing.quote not in DOLLARS:
        return
    told, worth = abs(told), abs(size) * mark
    if max(told, worth) * 2 > min(told, worth) * 3:
        contract = f"contracts of {listing.contract:f} {listing.base}"
        raise OtherContract(f"{listing.symbol}: the position is worth {told:f} USD at OKX, and {worth:f} in {contract}")


def _problems(config: Any, mode: str, swaps: bool) -> Iterator[str]:
    level = text(config, "acctLv")
    if swaps and level == _SPOT_ONLY:
        yield "the account's mode is spot only; switch it to futures mode on OKX's web page, which swaps need"
    if level in ("3", "4"):
        mixed = "the account's mode is multi-currency or portfolio margin, in which OKX refuses plain spot orders"
        yield f"{mixed}; switch it to futures mode on OKX's web page"
    if config.get("autoLoan") is True or (level == _SPOT_ONLY and config.get("enableSpotBorrow") is True):
        yield "the account borrows by itself; switch auto-borrow off on OKX's web page"
    if mode != "cross":
        yield f"margin_mode {mode} is not for OKX, where margin of such a position leaves the wallet that is read; say margin_mode: cross"
