"""OKX's dialect: `api/v5` on one trading account, and a funding account beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core import LISTED, Listed, Refused
from ...keys import FUTURES, READ, SPOT, TRANSFER, WITHDRAW, Keyring
from ..call import Call, Reply, Route, Routes
from ..dialect import Dialect
from . import account, assets, markets, orders
from .errors import code_of
from .signing import authenticate, parse

HOSTS = frozenset({"www.okx.com", "eea.okx.com", "us.okx.com", "my.okx.com"})
TRADE = "trade"
_ORDER_ENDPOINTS = frozenset({"order.create", "order.cancel"})


def _nothing(call: Call) -> list[Any]:
    return []


def _routes() -> dict[tuple[str, str], Route]:
    root = "/api/v5/"
    return {
        ("GET", root + "public/time"): Route("time", markets.time, None),
        ("GET", root + "public/instruments"): Route("markets", markets.instruments, None),
        ("GET", root + "public/funding-rate"): Route("funding.rate", markets.funding_rate, None),
        ("GET", root + "public/mark-price"): Route("mark", markets.mark_price, None),
        ("GET", root + "public/position-tiers"): Route("tiers", markets.position_tiers, None),
        ("GET", root + "market/ticker"): Route("ticker", markets.tickers, None),
        ("GET", root + "market/tickers"): Route("ticker", markets.tickers, None),
        ("GET", root + "market/books"): Route("book", markets.books, None),
        ("GET", root + "system/status"): Route("status", _nothing, None),
        ("POST", root + "trade/order"): Route("order.create", orders.create, TRADE, True),
        ("POST", root + "trade/batch-orders"): Route("order.create", orders.create_batch, TRADE, True),
        ("POST", root + "trade/cancel-order"): Route("order.cancel", orders.cancel, TRADE, True),
        ("GET", root + "trade/order"): Route("order.read", orders.read),
        ("GET", root + "trade/orders-pending"): Route("orders.open", orders.pending),
        ("GET", root + "trade/orders-history"): Route("orders.history", orders.history),
        ("GET", root + "trade/orders-history-archive"): Route("orders.history", orders.history),
        ("GET", root + "trade/fills"): Route("trades", orders.executions),
        ("GET", root + "trade/fills-history"): Route("trades", orders.executions),
        ("GET", root + "account/balance"): Route("balance", account.balance),
        ("GET", root + "account/positions"): Route("positions", account.positions),
        ("GET", root + "account/positions-history"): Route("positions.history", _nothing),
        ("GET", root + "account/bills"): Route("bills", account.bills),
        ("GET", root + "account/bills-archive"): Route("funding.history", account.bills),
        ("GET", root + "account/config"): Route("key", account.config),
        ("GET", root + "account/leverage-info"): Route("leverage.read", account.leverage_info),
        ("POST", root + "account/set-leverage"): Route("leverage.set", account.set_leverage, TRADE, True),
        ("POST", root + "account/set-position-mode"): Route("mode.set", account.set_position_mode, TRADE, True),
        ("GET", root + "account/trade-fee"): Route("fee", account.trade_fee),
        ("POST", root + "asset/transfer"): Route("transfer.create", assets.transfer, TRANSFER, True),
        ("GET", root + "asset/transfer-state"): Route("transfer.read", assets.transfer_state),
        ("GET", root + "asset/balances"): Route("balance.funding", assets.balances),
        ("POST", root + "asset/withdrawal"): Route("withdraw.create", assets.withdraw, WITHDRAW, True),
        ("GET", root + "asset/withdrawal-history"): Route("withdraw.read", assets.withdrawals),
        ("GET", root + "asset/bills"): Route("deposits", assets.bills),
        ("GET", root + "asset/bills-history"): Route("deposits", assets.bills),
        ("GET", root + "asset/deposit-history"): Route("deposits", assets.deposits),
        ("GET", root + "asset/deposit-address"): Route("address", assets.address),
        ("GET", root + "asset/currencies"): Route("currencies", assets.coins),
    }


class Okx(Dialect):
    """See `basis_venues_sandbox.exchange.wire.dialect.Dialect`."""

    listed: Listed = LISTED["okx"]
    prefixes: tuple[str, ...] = ("/api/v5/",)
    routes: Routes = _routes()
    most_fills: int = 100
    unsettled: Sequence[Mapping[str, Any]] = (
        {"code": 50004, "text": "API endpoint request timeout: it may have succeeded or failed.", "status": 400},
        {"code": 51149, "text": "Order timed out. Please try again later.", "status": None},
    )

    def environment(self, host: str, headers: Mapping[str, str]) -> str | None:
        """Demo trading is on the production hosts, with a header. None for a host that is not OKX's."""
        if host not in HOSTS:
            return None
        return "testnet" if headers.get("x-simulated-trading") == "1" else "mainnet"

    def parse(self, call: Call) -> None:
        """Fill in the parameters."""
        parse(call)

    def authenticate(self, call: Call, keyring: Keyring, route: Route) -> None:
        """Check who asks. Raises `Turned`."""
        right = route.right or READ
        if right == TRADE:
            right = FUTURES if "-SWAP" in str(call.params) else SPOT
        authenticate(call, keyring, right)

    def success(self, call: Call, route: Route, result: Any) -> Reply:
        """An answer in its envelope; a batch of which some were refused has the code 2, of which all were, 1."""
        if route.endpoint not in _ORDER_ENDPOINTS:
            return Reply(200, {"code": "0", "msg": "", "data": result})
        return self._order_reply(call, result)

    def refusal(self, call: Call, route: Route, refused: Refused) -> Reply:
        """The core's refusal in OKX's words: of an order in the row, else in the envelope."""
        if route.endpoint in _ORDER_ENDPOINTS:
            return self._order_reply(call, [orders.refused_row(call, refused)])
        code, text = code_of(refused)
        return self.denial(code, text)

    def denial(self, code: int | str, text: str, status: int = 200) -> Reply:
        """A refusal with this code."""
        return Reply(status, {"code": str(code), "msg": text, "data": []})

    def deny(self, call: Call, route: Route, code: int | str, text: str, status: int | None) -> Reply:
        """A scripted refusal: codes of orders (51...) in the row, others in the envelope."""
        if route.endpoint in _ORDER_ENDPOINTS and str(code).startswith("51") and status is None:
            row = {"clOrdId": call.maybe("clOrdId"), "ordId": "", "tag": "", "ts": str(call.now), "sCode": str(code)}
            return self._order_reply(call, [row | {"sMsg": text}])
        return self.denial(code, text, status or 200)

    def duplicate(self, call: Call) -> Reply:
        """What a client id that is taken brings."""
        row = {"clOrdId": call.maybe("clOrdId"), "ordId": "", "tag": "", "ts": str(call.now), "sCode": "51016"}
        return self._order_reply(call, [row | {"sMsg": "Client order ID already exists."}])

    def limited(self, seconds: int) -> Reply:
        """Too many requests."""
        reply = self.denial("50011", "Too Many Requests", 429)
        reply.headers["Retry-After"] = str(seconds)
        return reply

    def banned(self, seconds: int, until: int) -> Reply:
        """The sub-account is shut out for a while."""
        reply = self.denial("50061", "Sub-account rate limit exceeded. Please try again later.", 429)
        reply.headers["Retry-After"] = str(seconds)
        return reply

    def maintenance(self) -> Reply:
        """The venue is down."""
        return self.denial("50001", "Service temporarily unavailable. Please try again later.", 503)

    def unknown(self, call: Call) -> Reply:
        """No such path."""
        return self.denial("50000", f"no such endpoint in the sandbox: {call.method} {call.path}", 404)

    def _order_reply(self, call: Call, rows: list[dict[str, Any]]) -> Reply:
        refused = sum(row["sCode"] != "0" for row in rows)
        code = "0" if not refused else "1" if refused == len(rows) else "2"
        text = "" if code == "0" else "All operations failed" if code == "1" else "Partial success"
        now = str(call.now * 1000)
        return Reply(200, {"code": code, "msg": text, "data": rows, "inTime": now, "outTime": now})
