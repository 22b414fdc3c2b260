"""Tokens and the price feeds of those whose price is set."""

from __future__ import annotations

from ..artifacts import Artifacts
from ..deploy import Sender
from .market import PRICES


def deploy_tokens(owner: Sender, aave: Artifacts, own: Artifacts) -> dict[str, str]:
    """WETH, USDC and USDT; both dollars have the real ones' habits."""
    return {
        "WETH": owner.deploy(aave["WETH9Mock"], "Wrapped Ether", "WETH", owner.address),
        "USDC": owner.deploy(own["UsdCoin"]),
        "USDT": owner.deploy(own["Tether"]),
    }


def deploy_feeds(owner: Sender, own: Artifacts, wsteth: str) -> dict[str, str]:
    """A feed for each asset. That of wstETH follows ether's and the wrapper's rate."""
    feeds = {asset: owner.deploy(own["Feed"], price * 10**8) for asset, price in PRICES.items()}
    feeds["wstETH"] = owner.deploy(own["StakedFeed"], feeds["WETH"], wsteth)
    return feeds
