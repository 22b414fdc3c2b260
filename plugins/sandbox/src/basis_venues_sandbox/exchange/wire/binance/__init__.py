"""Binance's dialect: spot (`api/v3`), wallet (`sapi`) and USDT-margined futures (`fapi`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core import LISTED, Listed, Refused
from ...keys import FUTURES, READ, SPOT, TRANSFER, WITHDRAW, Keyring
from ..call import Call, Reply, Route, Routes
from ..dialect import Dialect
from . import account, markets, orders, wallet
from .errors import code_of
from .signing import authenticate, parse

HOSTS = {
    "api.binance.com": "mainnet",
    "fapi.binance.com": "mainnet",
    "dapi.binance.com": "mainnet",
    "api.binance.us": "mainnet",
    "testnet.binance.vision": "testnet",
    "testnet.binancefuture.com": "testnet",
    "demo-api.binance.com": "testnet",
    "demo-fapi.binance.com": "testnet",
    "demo-dapi.binance.com": "testnet",
}
PREFIXES = ("/api/v3/", "/sapi/", "/fapi/", "/dapi/")
KEY_ONLY = frozenset({"listen.key"})
"""Endpoints that want the key and no signature."""


def _shared(root: str, right: str) -> dict[tuple[str, str], Route]:
    """What spot and futures both answer, below `root`; `right` is what a key must have to trade there."""
    return {
        ("GET", root + "ping"): Route("time", wallet.fixed({}), None),
        ("GET", root + "time"): Route("time", markets.time, None),
        ("GET", root + "exchangeInfo"): Route("markets", markets.exchange_info, None),
        ("GET", root + "ticker/price"): Route("ticker", markets.last_price, None),
        ("GET", root + "ticker/bookTicker"): Route("ticker", markets.book_ticker, None),
        ("GET", root + "ticker/24hr"): Route("ticker", markets.day_ticker, None),
        ("GET", root + "depth"): Route("book", markets.depth, None),
        ("POST", root + "order"): Route("order.create", orders.create, right, True),
        ("POST", root + "order/test"): Route("order.test", orders.test, right),
        ("GET", root + "order"): Route("order.read", orders.read),
        ("DELETE", root + "order"): Route("order.cancel", orders.cancel, right, True),
        ("GET", root + "openOrders"): Route("orders.open", orders.open_orders),
        ("GET", root + "allOrders"): Route("orders.history", orders.all_orders),
        ("GET", root + "rateLimit/order"): Route("limits", wallet.fixed([])),
    }


def _spot() -> dict[tuple[str, str], Route]:
    root = "/api/v3/"
    return _shared(root, SPOT) | {
        ("DELETE", root + "openOrders"): Route("orders.cancel_all", orders.cancel_all, SPOT, True),
        ("GET", root + "myTrades"): Route("trades", orders.trades),
        ("GET", root + "account"): Route("balance", account.spot_account),
        ("GET", root + "account/commission"): Route("fee", account.commission),
    }


def _futures() -> dict[tuple[str, str], Route]:
    root = "/fapi/v1/"
    routes = _shared(root, FUTURES) | {
        ("GET", root + "premiumIndex"): Route("mark", markets.premium_index, None),
        ("GET", root + "fundingInfo"): Route("funding.rate", markets.funding_info, None),
        ("DELETE", root + "allOpenOrders"): Route("orders.cancel_all", orders.cancel_all, FUTURES, True),
        ("GET", root + "userTrades"): Route("trades", orders.trades),
        ("POST", root + "leverage"): Route("leverage.set", account.set_leverage, FUTURES, True),
        ("POST", root + "marginType"): Route("margin.set", account.set_margin_type, FUTURES, True),
        ("POST", root + "positionSide/dual"): Route("mode.set", account.set_position_mode, FUTURES, True),
        ("GET", root + "positionSide/dual"): Route("mode.read", account.position_mode),
        ("GET", root + "multiAssetsMargin"): Route("mode.read", wallet.fixed({"multiAssetsMargin": False})),
        ("GET", root + "feeBurn"): Route("fee", wallet.fixed({"feeBurn": False})),
        ("GET", root + "symbolConfig"): Route("leverage.read", account.symbol_config),
        ("GET", root + "accountConfig"): Route("account", account.account_config),
        ("GET", root + "leverageBracket"): Route("tiers", account.leverage_brackets),
        ("GET", root + "commissionRate"): Route("fee", account.commission),
        ("GET", root + "income"): Route("funding.history", account.income),
        ("POST", root + "listenKey"): Route("listen.key", wallet.fixed({"listenKey": "sandbox"})),
        ("PUT", root + "listenKey"): Route("listen.key", wallet.fixed({"listenKey": "sandbox"})),
        ("GET", "/dapi/v1/exchangeInfo"): Route("markets", markets.nothing_listed, None),
    }
    for version in ("v2", "v3"):
        routes["GET", f"/fapi/{version}/account"] = Route("balance", account.futures_account)
        routes["GET", f"/fapi/{version}/balance"] = Route("balance", account.futures_balance)
        routes["GET", f"/fapi/{version}/positionRisk"] = Route("positions", account.positions)
    return routes


def _wallet() -> dict[tuple[str, str], Route]:
    root = "/sapi/v1/"
    return {
        ("POST", root + "asset/transfer"): Route("transfer.create", wallet.transfer, TRANSFER, True),
        ("GET", root + "asset/transfer"): Route("transfer.read", wallet.transfers),
        ("POST", root + "capital/withdraw/apply"): Route("withdraw.create", wallet.withdraw, WITHDRAW, True),
        ("GET", root + "capital/withdraw/history"): Route("withdraw.read", wallet.withdrawals),
        ("GET", root + "capital/withdraw/address/list"): Route("account", wallet.addresses),
        ("GET", root + "capital/deposit/hisrec"): Route("deposits", wallet.deposits),
        ("GET", root + "capital/deposit/address"): Route("address", wallet.address),
        ("GET", root + "capital/config/getall"): Route("currencies", wallet.coins),
        ("POST", root + "asset/get-funding-asset"): Route("balance.funding", wallet.funding_assets),
        ("GET", root + "asset/tradeFee"): Route("fee", wallet.trade_fee),
        ("GET", root + "account/apiRestrictions"): Route("key", wallet.restrictions),
        ("GET", root + "account/status"): Route("account", wallet.fixed({"data": "Normal"})),
        ("GET", root + "account/apiTradingStatus"): Route("account", wallet.fixed({"data": {"isLocked": False}})),
        ("GET", root + "bnbBurn"): Route("fee", wallet.fixed({"spotBNBBurn": False, "interestBNBBurn": False})),
        ("GET", root + "system/status"): Route("status", wallet.fixed({"status": 0, "msg": "normal"}), None),
        ("GET", root + "margin/allPairs"): Route("markets", wallet.fixed([])),
        ("GET", root + "margin/isolated/allPairs"): Route("markets", wallet.fixed([])),
    }


_ROUTES: Routes = {**_spot(), **_futures(), **_wallet()}


class Binance(Dialect):
    """See `basis_venues_sandbox.exchange.wire.dialect.Dialect`."""

    listed: Listed = LISTED["binance"]
    prefixes: tuple[str, ...] = PREFIXES
    routes: Routes = _ROUTES
    most_fills: int = 1000
    unsettled: Sequence[Mapping[str, Any]] = (
        {"code": -1006, "text": "An unexpected response was received from the message bus. Execution status unknown.", "status": 400},
        {"code": -1007, "text": "Timeout waiting for response from backend server. Send status unknown.", "status": 408},
    )

    def environment(self, host: str, headers: Any) -> str | None:
        """The environment of a host; None for a host that is not Binance's."""
        return HOSTS.get(host)

    def parse(self, call: Call) -> None:
        """Fill in the parameters."""
        parse(call)

    def authenticate(self, call: Call, keyring: Keyring, route: Route) -> None:
        """Check who asks. Raises `Turned`."""
        authenticate(call, keyring, route.right or READ, signed=route.endpoint not in KEY_ONLY)

    def success(self, call: Call, route: Route, result: Any) -> Reply:
        """An answer: no envelope."""
        return Reply(200, result, {"X-MBX-USED-WEIGHT-1M": "1"})

    def refusal(self, call: Call, route: Route, refused: Refused) -> Reply:
        """The core's refusal in Binance's words."""
        code, text = code_of(refused, call.path.startswith("/fapi/"))
        if route.endpoint == "order.cancel" and code == -2013:
            code, text = -2011, "Unknown order sent."
        return self.denial(code, text, 400)

    def denial(self, code: int | str, text: str, status: int = 400) -> Reply:
        """A refusal with this code."""
        return Reply(status, {"code": int(code), "msg": text})

    def deny(self, call: Call, route: Route, code: int | str, text: str, status: int | None) -> Reply:
        """A scripted refusal."""
        return self.denial(code, text, status or 400)

    def duplicate(self, call: Call) -> Reply:
        """What a client id that is taken brings."""
        if call.path.startswith("/fapi/"):
            return self.denial(-4116, "ClientOrderId is duplicated.")
        return self.denial(-2010, "Duplicate order sent.")

    def limited(self, seconds: int) -> Reply:
        """Too many requests."""
        reply = self.denial(-1003, "Too many requests; please use the websocket for live updates to avoid polling the API.", 429)
        reply.headers["Retry-After"] = str(seconds)
        return reply

    def banned(self, seconds: int, until: int) -> Reply:
        """The address is banned for a while."""
        reply = self.denial(-1003, f"Way too many requests; IP banned until {until}.", 418)
        reply.headers["Retry-After"] = str(seconds)
        return reply

    def maintenance(self) -> Reply:
        """The venue is down."""
        return self.denial(-1001, "Internal error; unable to process your request. Please try again.", 503)

    def unknown(self, call: Call) -> Reply:
        """No such path."""
        return self.denial(-1000, f"no such endpoint in the sandbox: {call.method} {call.path}", 404)
