"""How OKX is reached: a key with a passphrase, demo trading on the production host by a header, answers in an envelope."""

from __future__ import annotations

from typing import Any, ClassVar

from basis_venues.network import Network
from basis_venues_ccxt.live import Failure, Keys, Request, Wire

from .refusals import PROOFS

DEMO_HEADER = "x-simulated-trading"
FENCED = frozenset({"trade/order"})
"""Paths that heed the header `expTime`; in the body it would do nothing."""
SIGNED_FOR_MS = 30_000
"""So long after the time in its signature OKX takes any other request (50102 beyond that)."""


class OkxWire(Wire):
    """See `basis_venues_ccxt.live.Wire`. The header is the only thing between demo and real money: it is asserted on every request."""

    exchange = "okx"
    headers: ClassVar = {Network.TESTNET: (DEMO_HEADER, "1"), Network.MAINNET: (DEMO_HEADER, None)}
    proofs = PROOFS
    foreign: ClassVar = {"50101": "the key belongs to the other environment (demo or live)"}
    clock = Request("public", "GET", "public/time")

    def switch(self, exchange: Any, network: Network) -> None:
        """Demo trading."""
        exchange.options["timeDifference"] = 0
        if network is Network.TESTNET:
            exchange.set_sandbox_mode(True)

    def keys(self, api: str) -> Keys:
        """One key for everything."""
        return Keys("api_key", "secret", "passphrase")

    def failure(self, answer: Any) -> Failure | None:
        """`{"code": "0", ...}` is the success; of an order the reason is in its row, with every other code as well as with 0."""
        if not isinstance(answer, dict):
            return Failure("", "the answer has no code")
        data = answer.get("data")
        row = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
        if str(row.get("sCode", "0")) not in ("0", ""):
            return Failure(str(row["sCode"]), str(row.get("sMsg", "")))
        code = str(answer.get("code", ""))
        return None if code == "0" else Failure(code, str(answer.get("msg", "")))

    def time(self, answer: Any) -> int:
        """`ts`."""
        return int(answer["data"][0]["ts"])

    def fenced(self, request: Request, fence: int, now: int) -> tuple[Request, dict[str, str], int | None]:
        """`expTime`: not carried out once the venue's time is past it. A transfer or withdrawal has the time of its signature alone."""
        self.left(fence - self.grace(request), now)
        return request, {"expTime": str(fence)} if request.path in FENCED else {}, None

    def grace(self, request: Request) -> int:
        """What carries no `expTime` is taken for as long as its signature is."""
        return 0 if request.path in FENCED else SIGNED_FOR_MS
