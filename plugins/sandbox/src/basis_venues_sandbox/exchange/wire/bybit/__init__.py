"""Bybit's dialect: `v5` on a unified account."""

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

HOSTS = {"api.bybit.com": "mainnet", "api-testnet.bybit.com": "testnet", "api-demo.bybit.com": "testnet"}
TRADE = "trade"
"""Spot or futures, by the request's category."""


def _nothing(call: Call) -> dict[str, Any]:
    return {"list": [], "rows": [], "nextPageCursor": ""}


def _routes() -> dict[tuple[str, str], Route]:
    root = "/v5/"
    return {
        ("GET", root + "market/time"): Route("time", markets.time, None),
        ("GET", root + "market/instruments-info"): Route("markets", markets.instruments, None),
        ("GET", root + "market/tickers"): Route("ticker", markets.tickers, None),
        ("GET", root + "market/orderbook"): Route("book", markets.orderbook, None),
        ("GET", root + "market/risk-limit"): Route("tiers", markets.risk_limit, None),
        ("GET", root + "system/status"): Route("status", _nothing, None),
        ("POST", root + "order/create"): Route("order.create", orders.create, TRADE, True),
        ("POST", root + "order/cancel"): Route("order.cancel", orders.cancel, TRADE, True),
        ("POST", root + "order/cancel-all"): Route("orders.cancel_all", orders.cancel_all, TRADE, True),
        ("GET", root + "order/realtime"): Route("order.read", orders.realtime),
        ("GET", root + "order/history"): Route("orders.history", orders.history),
        ("GET", root + "execution/list"): Route("trades", orders.executions),
        ("GET", root + "account/wallet-balance"): Route("balance", account.wallet_balance),
        ("GET", root + "account/info"): Route("account", account.info),
        ("GET", root + "account/fee-rate"): Route("fee", account.fee_rate),
        ("GET", root + "account/transaction-log"): Route("bills", account.transaction_log),
        ("POST", root + "account/set-margin-mode"): Route("margin.set", account.set_margin_mode, FUTURES, True),
        ("GET", root + "position/list"): Route("positions", account.positions),
        ("GET", root + "position/closed-pnl"): Route("positions.history", _nothing),
        ("POST", root + "position/set-leverage"): Route("leverage.set", account.set_leverage, FUTURES, True),
        ("POST", root + "position/switch-mode"): Route("mode.set", account.switch_mode, FUTURES, True),
        ("GET", root + "user/query-api"): Route("key", account.query_api),
        ("GET", root + "asset/transfer/query-account-coins-balance"): Route("balance.funding", account.funding_balance, TRANSFER),
        ("POST", root + "asset/transfer/inter-transfer"): Route("transfer.create", assets.transfer, TRANSFER, True),
        ("GET", root + "asset/transfer/query-inter-transfer-list"): Route("transfer.read", assets.transfers, TRANSFER),
        ("POST", root + "asset/withdraw/create"): Route("withdraw.create", assets.withdraw, WITHDRAW, True),
        ("GET", root + "asset/withdraw/query-record"): Route("withdraw.read", assets.withdrawals, TRANSFER),
        ("GET", root + "asset/withdraw/query-address"): Route("account", _nothing),
        ("GET", root + "asset/deposit/query-record"): Route("deposits", assets.deposits, TRANSFER),
        ("GET", root + "asset/deposit/query-address"): Route("address", assets.address),
        ("GET", root + "asset/coin/query-info"): Route("currencies", assets.coins),
    }


class Bybit(Dialect):
    """See `basis_venues_sandbox.exchange.wire.dialect.Dialect`."""

    listed: Listed = LISTED["bybit"]
    prefixes: tuple[str, ...] = ("/v5/",)
    routes: Routes = _routes()
    most_fills: int = 100
    unsettled: Sequence[Mapping[str, Any]] = (
        {"code": 10016, "text": "Internal server error.", "status": 200},
        {"code": 170146, "text": "Order creation timeout.", "status": 200},
    )

    def environment(self, host: str, headers: Any) -> str | None:
        """The environment of a host; None for a host that is not Bybit's."""
        return HOSTS.get(host)

    def parse(self, call: Call) -> None:
        """Fill in the parameters."""
        parse(call)

    def authenticate(self, call: Call, keyring: Keyring, route: Route) -> None:
        """Check who asks. Raises `Turned`."""
        right = route.right or READ
        if right == TRADE:
            right = SPOT if markets.is_spot(call) else FUTURES
        authenticate(call, keyring, right)

    def success(self, call: Call, route: Route, result: Any) -> Reply:
        """An answer in its envelope."""
        headers = {"X-Bapi-Limit": "50", "X-Bapi-Limit-Status": "49", "X-Bapi-Limit-Reset-Timestamp": str(call.now + 1000)}
        return Reply(200, {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": call.now}, headers)

    def refusal(self, call: Call, route: Route, refused: Refused) -> Reply:
        """The core's refusal in Bybit's words."""
        return self.denial(*code_of(refused, markets.is_spot(call)))

    def denial(self, code: int | str, text: str, status: int = 200) -> Reply:
        """A refusal with this code."""
        return Reply(status, {"retCode": int(code), "retMsg": text, "result": {}, "retExtInfo": {}, "time": 0})

    def duplicate(self, call: Call) -> Reply:
        """What a client id that is taken brings."""
        if markets.is_spot(call):
            return self.denial(170141, "Duplicate clientOrderId")
        return self.denial(110072, "OrderLinkedID is duplicate")

    def limited(self, seconds: int) -> Reply:
        """Too many requests."""
        reply = self.denial(10006, "Too many visits. Exceeded the API Rate Limit.")
        reply.headers["Retry-After"] = str(seconds)
        return reply

    def banned(self, seconds: int, until: int) -> Reply:
        """The address is banned for a while."""
        reply = Reply(403, {"retCode": 10018, "retMsg": "access too frequent"})
        reply.headers["Retry-After"] = str(seconds)
        return reply

    def maintenance(self) -> Reply:
        """The venue is down."""
        return self.denial(10016, "Server error.")

    def unknown(self, call: Call) -> Reply:
        """No such path."""
        return self.denial(10001, f"no such endpoint in the sandbox: {call.method} {call.path}", 404)
