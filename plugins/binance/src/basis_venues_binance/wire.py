"""How Binance is reached: two key sets, demo trading as the testnet, no envelope around answers."""

from __future__ import annotations

from typing import Any

from basis_venues.network import Network
from basis_venues_ccxt.live import Failure, Keys, Request, Wire

from .refusals import PROOFS

LONGEST_WINDOW_MS = 60_000


class BinanceWire(Wire):
    """See `basis_venues_ccxt.live.Wire`."""

    exchange = "binance"
    proofs = PROOFS
    clock = Request("public", "GET", "time")

    def switch(self, exchange: Any, network: Network) -> None:
        """Demo trading serves spot and futures with one kind of key; the older spot testnet has no futures."""
        if network is Network.TESTNET:
            exchange.enable_demo_trading(True)

    def keys(self, api: str) -> Keys:
        """Spot and futures have keys of their own; the wallet service takes those of spot."""
        side = "futures" if api.startswith("fapi") else "spot"
        return Keys(f"{side}_api_key", f"{side}_secret")

    def failure(self, answer: Any) -> Failure | None:
        """`{"code": -2010, "msg": ...}`; 200 is a success, and so is an answer without a code."""
        if not isinstance(answer, dict) or "code" not in answer or str(answer["code"]) in ("200", "0"):
            return None
        return Failure(str(answer["code"]), str(answer.get("msg", "")))

    def time(self, answer: Any) -> int:
        """`serverTime`."""
        return int(answer["serverTime"])

    def fenced(self, request: Request, fence: int, now: int) -> tuple[Request, dict[str, str], int | None]:
        """The receive window ends at the fence: Binance tests it on arrival and again before its matching engine."""
        window = min(self.left(fence, now), LONGEST_WINDOW_MS)
        return request._replace(params={**request.params, "recvWindow": window}), {}, None
