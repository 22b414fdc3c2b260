"""How Bybit is reached: one key, a test network of its own, answers in an envelope."""

from __future__ import annotations

from typing import Any, ClassVar

from basis_venues.network import Network
from basis_venues_ccxt.live import Failure, Keys, Request, Wire

from .refusals import PROOFS


class BybitWire(Wire):
    """See `basis_venues_ccxt.live.Wire`. The options say that the account is a unified one, which the preflight checks."""

    exchange = "bybit"
    options: ClassVar = {"enableUnifiedMargin": False, "enableUnifiedAccount": True, "unifiedMarginStatus": 6}
    proofs = PROOFS
    foreign: ClassVar = {"10003": "the key is not known on this network and site (regional sites such as bybit.eu have hosts of their own)"}
    clock = Request("public", "GET", "v5/market/time")

    def switch(self, exchange: Any, network: Network) -> None:
        """The test network."""
        if network is Network.TESTNET:
            exchange.set_sandbox_mode(True)

    def keys(self, api: str) -> Keys:
        """One pair for everything."""
        return Keys("api_key", "secret")

    def failure(self, answer: Any) -> Failure | None:
        """`{"retCode": 0, ...}` is the one success."""
        code = str(answer.get("retCode", "")) if isinstance(answer, dict) else ""
        return None if code == "0" else Failure(code, str(answer.get("retMsg", "")) if isinstance(answer, dict) else "")

    def time(self, answer: Any) -> int:
        """The envelope's."""
        return int(answer["time"])

    def fenced(self, request: Request, fence: int, now: int) -> tuple[Request, dict[str, str], int | None]:
        """The receive window ends at the fence. It is documented as a test on arrival only, hence the venue's longer `fence_margin_ms`."""
        return request, {}, self.left(fence, now)

    def banned(self, status: int) -> bool:
        """403 is Bybit's "access too frequent": everything must stop for ten minutes."""
        return status == 403
