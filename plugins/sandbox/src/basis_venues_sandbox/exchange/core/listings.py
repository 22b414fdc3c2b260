"""The venues as they are when the sandbox starts: markets, filters, fees and ways. Figures as the exchanges publish them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from attrs import frozen

from .market import Market
from .rules import Coin, Rules

D = Decimal
_TEN_MINUTES, _HALF_AN_HOUR = 600_000, 1_800_000


@frozen
class Listed:
    """A venue's ways, and the markets that it begins with."""

    rules: Rules
    markets: tuple[Market, ...]


PRICES: Mapping[str, Decimal] = {"BTC": D("50000"), "ETH": D("2500")}
"""What a coin costs in USDT before any price is set."""


def _spot(base: str, lot: str, tick: str, minimum: str, maximum: str, notional: str, maker: str, taker: str, band: str = "4") -> Market:
    return Market(
        symbol=f"{base}/USDT", base=base, quote="USDT", swap=False, tick=D(tick), lot=D(lot), minimum=D(minimum), maximum=D(maximum),
        minimum_notional=D(notional), maker=D(maker), taker=D(taker), band=D(band),
    )  # fmt: skip


def _swap(
    base: str,
    lot: str,
    tick: str,
    minimum: str,
    maximum: str,
    notional: str,
    maker: str,
    taker: str,
    leverage: int,
    contract: str = "1",
    band: str = "0.05",
) -> Market:
    """Lots and bounds of a swap are given in contracts."""
    size = D(contract)
    return Market(
        symbol=f"{base}/USDT:USDT", base=base, quote="USDT", swap=True, tick=D(tick), lot=D(lot) * size, minimum=D(minimum) * size,
        maximum=D(maximum) * size, minimum_notional=D(notional), maker=D(maker), taker=D(taker), contract=size, max_leverage=leverage,
        band=D(band),
    )  # fmt: skip


_MARKETS: Mapping[str, tuple[Market, ...]] = {
    "binance": (
        _spot("BTC", "0.00001", "0.01", "0.00001", "9000", "5", "0.001", "0.001"),
        _spot("ETH", "0.0001", "0.01", "0.0001", "9000", "5", "0.001", "0.001"),
        _swap("BTC", "0.001", "0.1", "0.001", "1000", "100", "0.0002", "0.0005", 125),
        _swap("ETH", "0.001", "0.01", "0.001", "2000", "20", "0.0002", "0.0005", 125),
    ),
    "bybit": (
        _spot("BTC", "0.000001", "0.1", "0.000011", "83", "5", "0.001", "0.001", band="0.005"),
        _spot("ETH", "0.00001", "0.01", "0.00001", "2800", "5", "0.001", "0.001", band="0.005"),
        _swap("BTC", "0.001", "0.1", "0.001", "500", "5", "0.0001", "0.0006", 100),
        _swap("ETH", "0.01", "0.01", "0.01", "7240", "5", "0.0001", "0.0006", 100),
    ),
    "okx": (
        _spot("BTC", "0.00000001", "0.1", "0.00001", "1000", "0", "0.001", "0.0015", band="0.005"),
        _spot("ETH", "0.000001", "0.01", "0.001", "10000", "0", "0.001", "0.0015", band="0.005"),
        _swap("BTC", "0.01", "0.1", "0.01", "35000", "0", "0.0002", "0.0005", 100, contract="0.01", band="0.01"),
        _swap("ETH", "0.01", "0.01", "0.01", "40000", "0", "0.0002", "0.0005", 100, contract="0.1", band="0.01"),
    ),
}


def _coins(usdt: str, eth: str, eth_minimum: str, btc: str, btc_minimum: str, erc20: str) -> dict[str, Coin]:
    return {
        "USDT": Coin(network=erc20, fee=D(usdt), minimum=D(10), delay=_TEN_MINUTES),
        "ETH": Coin(network=erc20, fee=D(eth), minimum=D(eth_minimum), delay=_TEN_MINUTES),
        "BTC": Coin(network="BTC", fee=D(btc), minimum=D(btc_minimum), delay=_HALF_AN_HOUR),
    }


_RULES: Mapping[str, Rules] = {
    "binance": Rules(
        venue="binance", spot_wallet="spot", swap_wallet="futures", wallets=("spot", "futures", "funding"), deposit_wallet="spot",
        withdrawal_wallet="spot", client_id=re.compile(r"[\.A-Z\:/a-z0-9_-]{1,36}"), dedupe="open", refuses_post_only=True,
        refuses_swap_fok=True, transfer_keys=False, leverage=20, coins=_coins("1.5", "0.0004", "0.001", "0.00003", "0.0001", "ETH"),
    ),
    "bybit": Rules(
        venue="bybit", spot_wallet="trading", swap_wallet="trading", wallets=("trading", "funding"), deposit_wallet="funding",
        withdrawal_wallet="funding", client_id=re.compile(r"[A-Za-z0-9_-]{1,36}"), dedupe="forever", refuses_post_only=False,
        refuses_swap_fok=False, transfer_keys=True, leverage=10, coins=_coins("2", "0.0005", "0.002", "0.0001", "0.001", "ETH"),
    ),
    "okx": Rules(
        venue="okx", spot_wallet="trading", swap_wallet="trading", wallets=("trading", "funding"), deposit_wallet="trading",
        withdrawal_wallet="funding", client_id=re.compile(r"[A-Za-z0-9]{1,32}"), dedupe="open", refuses_post_only=False,
        refuses_swap_fok=False, transfer_keys=True, leverage=3, coins=_coins("1.5", "0.0005", "0.001", "0.0001", "0.001", "ERC20"),
    ),
}  # fmt: skip


LISTED: Mapping[str, Listed] = {venue: Listed(rules, _MARKETS[venue]) for venue, rules in _RULES.items()}
"""The three venues whose protocols the sandbox speaks by itself."""
