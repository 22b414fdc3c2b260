"""Binance's account: a spot, a funding and a futures wallet, and the perpetual positions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from basis_venues.errors import Denied
from basis_venues.network import Network
from basis_venues_ccxt import MarketKind
from basis_venues_ccxt.live import AccountReader, Desk, Holdings, Listing, Part, Position, Setup, one_each
from basis_venues_ccxt.live.reading import amount, needed, rows, text


class BinanceAccount(AccountReader):
    """See `basis_venues_ccxt.live.AccountReader`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def holdings(self, parts: Collection[Part]) -> Holdings:
        """The futures wallet and the positions come in one answer."""
        wallets: dict[str, dict[str, Decimal]] = {}
        perpetuals: dict[str, Position] = {}
        if "spot" in parts:
            answer = await self._desk.read("private", "account", omitZeroBalances="true")
            wallets["spot"] = {needed(row, "asset"): amount(row, "free") + amount(row, "locked") for row in rows(answer, "balances")}
        if "futures" in parts or "perpetuals" in parts:
            answer = await self._desk.read("fapiPrivateV3", "account")
            wallets["futures"] = {needed(row, "asset"): amount(row, "walletBalance") for row in rows(answer, "assets")}
            wallets["perpetuals"] = {}
            perpetuals = one_each(self._positions(rows(answer, "positions")))
        if "funding" in parts:
            if self._desk.network is not Network.MAINNET:
                raise Denied("Binance demo trading has no funding wallet; use those of spot and futures, or simulate binance in a profile")
            answer = await self._desk.read("sapi", "asset/get-funding-asset", method="POST")
            names = ("free", "locked", "freeze", "withdrawing")
            wallets["funding"] = {needed(row, "asset"): sum((amount(row, name) for name in names), Decimal(0)) for row in rows(answer)}
        return Holdings(wallets, perpetuals)

    def _positions(self, found: list[Any]) -> Iterator[tuple[str, Position]]:
        """The cost of a position is its value less its unrealised profit: this answer has no entry price."""
        for row in found:
            listing = self._desk.listings.by_id(needed(row, "symbol"), perpetual=True)
            if listing is not None:
                yield listing.symbol, Position(amount(row, "positionAmt"), amount(row, "notional") - amount(row, "unrealizedProfit"))

    async def setup(self, perpetuals: Collection[Listing]) -> Setup:
        """Of the key sets that are there. Demo trading does not tell the rights of a key."""
        has = self._desk.connection.has
        spot: Any = await self._desk.read("private", "account", omitZeroBalances="true") if has("private") else {"canTrade": True}
        rights: Any = {}
        burns: list[Any] = []
        if has("sapi") and self._desk.network is Network.MAINNET:
            rights = await self._desk.read("sapi", "account/apiRestrictions")
            burns.append((await self._desk.read("sapi", "bnbBurn")).get("spotBNBBurn"))
        futures: Any = {"canTrade": True, "dualSidePosition": False}
        configured: dict[str, Any] = {}
        if has("fapiPrivate") and perpetuals:
            futures = await self._desk.read("fapiPrivate", "accountConfig")
            burns.append((await self._desk.read("fapiPrivate", "feeBurn")).get("feeBurn"))
            configured = {row["symbol"]: row for row in rows(await self._desk.read("fapiPrivate", "symbolConfig"))}
        several = "the futures account is in multi-assets mode; switch it to single-asset mode, so that USDT alone is the margin"
        return Setup(
            owner=text(spot, "uid"),
            one_way=futures.get("dualSidePosition") is False,
            may_trade=spot.get("canTrade") is True and futures.get("canTrade") is True,
            barred=tuple(self._barred(rights)),
            may_withdraw=rights.get("enableWithdrawals"),
            leverage={each.symbol: amount(configured[each.id], "leverage") for each in perpetuals if each.id in configured},
            margin={each.symbol: _margin(configured[each.id]) for each in perpetuals if each.id in configured},
            fee_asset="BNB" if any(burns) else None,
            hidden={} if has("sapi") else {"funding": "binance shows its funding wallet to spot keys only: set them, or leave that wallet"},
            problems=(several,) if futures.get("multiAssetsMargin") else (),
        )

    def _barred(self, rights: Any) -> Iterator[MarketKind]:
        """What the keys may not trade. `canTrade` is of the account; the rights that are read are those of the spot key, which may be the
        futures key as well."""
        credentials = self._desk.connection.context.credentials
        if rights.get("enableSpotAndMarginTrading") is False:
            yield "spot"
        if rights.get("enableFutures") is False and credentials.get("futures_api_key") == credentials.get("spot_api_key"):
            yield "futures"


def _margin(row: Any) -> str:
    return {"CROSSED": "cross", "ISOLATED": "isolated"}.get(needed(row, "marginType"), text(row, "marginType"))
