"""Modes for tests on the chain, and the one address that they may send to."""

from __future__ import annotations

from typing import Any

SINK = "0x000000000000000000000000000000000000dEaD"


def mode_of(name: str, share_class: str = "ETH", asset: str = "ETH", *, exchange: str | None = None, **primaries: str) -> dict[str, Any]:
    """A mode with the wallet, the primary venue of each action type, and an exchange to trade at where one is named."""
    venues: dict[str, Any] = {kind: {"primary": venue} for kind, venue in primaries.items()}
    subscribed = {"wallet": ["alchemy"]}
    if exchange is not None:
        venues["data_subscriptions"], subscribed["cex_spot"] = [exchange], [exchange]
    return {"mode": name, "share_class": share_class, "asset": asset, "venues": {**venues, "execution_subscriptions": subscribed}}
