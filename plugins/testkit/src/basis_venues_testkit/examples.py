"""One well-formed action of each class of the core, to ask a venue for what it does not offer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import attrs

from basis_venues import actions as a

_LEGS: Any = (a.UnwrapEther(amount=1),)

EXAMPLES: Mapping[str, a.Action] = {
    type(action).__name__: action
    for action in (
        a.SpotTrade(symbol="BTC/USDT", side="buy", quantity=Decimal(1)),
        a.PerpTrade(symbol="BTC/USDT:USDT", side="sell", quantity=Decimal(1)),
        a.Transfer(asset="USDT", amount=100, source="somewhere", target="elsewhere"),
        a.WrapEther(amount=1),
        a.UnwrapEther(amount=1),
        a.Approve(asset="USDC", amount=1, spender="somebody"),
        a.Supply(asset="USDC", amount=1),
        a.Withdraw(asset="USDC", amount=1),
        a.Borrow(asset="USDC", amount=1),
        a.Repay(asset="USDC", amount=1),
        a.SetCollateral(asset="USDC", enabled=True),
        a.SetEMode(category=0),
        a.Stake(amount=1),
        a.RequestUnstake(asset="stETH", amount=1),
        a.ClaimUnstake(),
        a.Wrap(amount=1),
        a.Unwrap(amount=1),
        a.CreateAccount(),
        a.Swap(sell="USDC", buy="WETH", amount=1, minimum=1),
        a.AtomicBundle(flash_asset="WETH", flash_amount=1, legs=_LEGS),
        a.Unwind(),
        a.FlashBorrow(asset="WETH", amount=1),
        a.FlashPayback(asset="WETH", amount=1),
        a.Deposit(asset="WETH", amount=1),
        a.Payout(asset="WETH", amount=1),
    )
}
"""By name of the class. The last four are parts of bundles, which no venue offers by themselves."""


def in_several_assets(action: a.Action) -> Iterator[a.Action]:
    """The action in one asset after the other: a venue must refuse what it does not offer, not only an asset that it does not know."""
    if not hasattr(action, "asset"):
        yield action
        return
    for asset in ("BTC", "ETH", "USDC", "USDT", "WETH", "stETH", "wstETH"):
        change: dict[str, Any] = {"asset": asset}
        yield attrs.evolve(action, **change)
