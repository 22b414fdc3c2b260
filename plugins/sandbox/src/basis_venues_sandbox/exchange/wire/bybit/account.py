"""Bybit's unified account: balances, positions, settings, rights of the key."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ...core import Entry, Fill, Market, Payment, Refused, Why
from ...core.margin import locked, standing
from ...keys import FUTURES, SPOT, TRANSFER, WITHDRAW
from ..call import Call
from ..listing import DAY, changes
from ..text import plain
from . import windows
from .markets import asked, chosen, name, page
from .orders import execution_id, order_id
from .windows import WEEK, recent

ZERO = Decimal(0)
_LOG_TYPES = {"trade": "TRADE", "funding": "SETTLEMENT", "transfer": "TRANSFER", "withdrawal": "WITHDRAW", "deposit": "DEPOSIT"}


def wallet_balance(call: Call) -> dict[str, Any]:
    """GET account/wallet-balance."""
    if call.text("accountType") != "UNIFIED":
        raise Refused(Why.BAD_PARAMETER, "accountType only support UNIFIED.")
    books = call.exchange.books
    settled = standing(books, call.exchange.desk.resting(), "trading", "USDT")
    wanted = [coin for coin in call.maybe("coin").split(",") if coin]
    assets = wanted or sorted({"USDT", *books.ledger.wallet("trading")})
    return {"list": [{
        "accountType": "UNIFIED", "accountIMRate": "0", "accountMMRate": "0", "accountLTV": "0", "totalEquity": plain(settled.equity),
        "totalWalletBalance": plain(settled.balance), "totalMarginBalance": plain(settled.equity),
        "totalAvailableBalance": plain(settled.available), "totalPerpUPL": plain(settled.unrealised),
        "totalInitialMargin": plain(settled.position_margin + settled.order_margin), "totalMaintenanceMargin": "0",
        "coin": [_coin(call, asset) for asset in assets],
    }]}  # fmt: skip


def funding_balance(call: Call) -> dict[str, Any]:
    """GET asset/transfer/query-account-coins-balance."""
    wallets = {"FUND": "funding", "UNIFIED": "trading"}
    wallet = wallets.get(call.text("accountType"))
    if wallet is None:
        raise Refused(Why.BAD_PARAMETER, "accountType")
    books = call.exchange.books
    held = books.ledger.wallet(wallet)
    names = [coin for coin in call.maybe("coin").split(",") if coin] or sorted(held)
    balance = [{"coin": coin, "transferBalance": plain(held.get(coin, ZERO)), "walletBalance": plain(held.get(coin, ZERO)), "bonus": ""}
               for coin in names]  # fmt: skip
    return {"memberId": "1", "accountType": call.text("accountType"), "balance": balance}


def positions(call: Call) -> dict[str, Any]:
    """GET position/list: with a symbol its row, flat or not, and in hedge mode one for each side; else what is open."""
    named = bool(call.maybe("symbol"))
    rows = [each for each in chosen(call) if each.swap and (named or call.exchange.books.position(each.symbol).size)]
    if not call.exchange.books.settings.hedge_mode:
        return page(call, [_position(call, each) for each in rows])
    sides = [_position(call, each) | {"positionIdx": side} for each in rows for side in (1, 2)]
    return page(call, [row for row in sides if named or row["side"] == ("Buy" if row["positionIdx"] == 1 else "Sell")])


def set_leverage(call: Call) -> dict[str, Any]:
    """POST position/set-leverage."""
    market, leverage = asked(call), call.number("buyLeverage")
    if leverage != call.number("sellLeverage"):
        raise Refused(Why.BAD_PARAMETER, "buy leverage not equal sell leverage")
    if leverage == call.exchange.books.leverage_of(market.symbol):
        raise Refused(Why.ALREADY_SO, "leverage")
    call.exchange.set_leverage(market.symbol, leverage)
    return {}


def set_margin_mode(call: Call) -> dict[str, Any]:
    """POST account/set-margin-mode: for the whole account."""
    modes = {"REGULAR_MARGIN": "cross", "ISOLATED_MARGIN": "isolated"}
    mode = modes.get(call.text("setMarginMode"))
    if mode is None:
        raise Refused(Why.BAD_PARAMETER, "setMarginMode")
    for market in call.exchange.books.markets.values():
        if market.swap and call.exchange.books.margin_mode.get(market.symbol, "cross") != mode:
            call.exchange.set_margin_mode(market.symbol, mode)
    return {"reasons": []}


def switch_mode(call: Call) -> dict[str, Any]:
    """POST position/switch-mode: 0 one-way, 3 hedge."""
    call.exchange.set_hedge_mode(call.whole("mode", 0) == 3)
    return {}


def info(call: Call) -> dict[str, Any]:
    """GET account/info."""
    isolated = "isolated" in call.exchange.books.margin_mode.values()
    return {
        "unifiedMarginStatus": 6, "marginMode": "ISOLATED_MARGIN" if isolated else "REGULAR_MARGIN", "isMasterTrader": False,
        "spotHedgingStatus": "OFF", "updatedTime": str(call.exchange.books.now), "dcpStatus": "OFF", "timeWindow": 10, "smpGroup": 0,
    }  # fmt: skip


def query_api(call: Call) -> dict[str, Any]:
    """GET user/query-api: what the key may do."""
    rights = call.key.rights if call.key else frozenset()
    wallet = (["AccountTransfer", "SubMemberTransfer"] if TRANSFER in rights else []) + (["Withdraw"] if WITHDRAW in rights else [])
    trades = rights & {SPOT, FUTURES}
    return {
        "id": "1", "note": "sandbox", "apiKey": call.key.key if call.key else "", "readOnly": 0 if trades else 1, "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"] if FUTURES in rights else [], "Spot": ["SpotTrade"] if SPOT in rights else [],
            "Wallet": wallet, "Options": [], "Derivatives": [], "Exchange": [], "Earn": [],
        },
        "ips": ["127.0.0.1"], "type": 1, "deadlineDay": 90, "expiredAt": "2099-01-01T00:00:00Z", "createdAt": "2024-01-01T00:00:00Z",
        "unified": 0, "uta": 1, "userID": 1, "inviterID": 0, "vipLevel": "No VIP", "mktMakerLevel": "0", "affiliateID": 0,
        "isMaster": not call.exchange.books.settings.sub_account,
        "parentUid": "0", "kycLevel": "LEVEL_DEFAULT", "kycRegion": "",
    }  # fmt: skip


def fee_rate(call: Call) -> dict[str, Any]:
    """GET account/fee-rate."""
    return {"list": [{"symbol": name(each), "takerFeeRate": plain(each.taker), "makerFeeRate": plain(each.maker)} for each in chosen(call)]}


def transaction_log(call: Call) -> dict[str, Any]:
    """GET account/transaction-log: every change of the unified wallet, the latest first. One moment alone reaches a day."""
    wanted = {name: call.maybe(name) for name in ("currency", "type", "category") if call.maybe(name)}
    found = recent(call, list(changes(call, "trading")), lambda change: change[0].at, WEEK, alone=DAY)
    rows = (_log_row(call, entry, cause) for entry, cause in found)
    shown = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return windows.page(call, "list", shown, 20, 50)


def _log_row(call: Call, entry: Entry, cause: Fill | Payment | None) -> dict[str, Any]:
    kind = _LOG_TYPES.get(entry.kind, entry.kind)
    if kind == "TRANSFER":
        kind = "TRANSFER_IN" if entry.amount > 0 else "TRANSFER_OUT"
    row = {
        "id": f"{entry.number}", "symbol": "", "category": "", "side": "None", "transactionTime": str(entry.at), "type": kind,
        "transSubType": "", "qty": "", "size": "", "currency": entry.asset, "tradePrice": "", "funding": "", "fee": "0",
        "cashFlow": plain(entry.amount), "change": plain(entry.amount), "cashBalance": plain(entry.balance), "feeRate": "",
        "bonusChange": "", "tradeId": entry.ref, "orderId": "", "orderLinkId": "", "extraFees": "",
    }  # fmt: skip
    if isinstance(cause, Payment):
        market = call.exchange.books.market(cause.symbol)
        return row | {"symbol": name(market), "category": "linear", "funding": plain(cause.amount), "cashFlow": "0",
                      "qty": plain(abs(cause.size)), "size": plain(cause.size), "tradePrice": plain(cause.mark)}  # fmt: skip
    return row | (_traded(call, entry, cause) if cause is not None else {})


def _traded(call: Call, entry: Entry, fill: Fill) -> dict[str, Any]:
    """What the row of an execution tells of it; a fee in another coin is told by that coin's own row."""
    market, order = call.exchange.books.market(fill.symbol), call.exchange.desk.orders[fill.order]
    fee = fill.fee if fill.fee_asset == entry.asset else ZERO
    return {
        "symbol": name(market), "category": "linear" if market.swap else "spot", "side": fill.side.capitalize(),
        "qty": plain(fill.quantity if market.swap else entry.amount + fee), "size": plain(fill.position), "tradePrice": plain(fill.price),
        "fee": plain(fee), "cashFlow": plain(entry.amount + fee), "feeRate": plain(market.maker if fill.maker else market.taker),
        "tradeId": execution_id(fill.id), "orderId": order_id(order.id), "orderLinkId": order.ask.client_id,
    }  # fmt: skip


def _coin(call: Call, asset: str) -> dict[str, Any]:
    books, resting = call.exchange.books, list(call.exchange.desk.resting())
    figures = standing(books, resting, "trading", asset)
    return {
        "coin": asset, "equity": plain(figures.equity), "usdValue": plain(figures.equity), "walletBalance": plain(figures.balance),
        "locked": plain(locked(books, resting, "trading", asset)), "spotHedgingQty": "0", "borrowAmount": "0", "availableToWithdraw": "",
        "availableToBorrow": "", "accruedInterest": "0", "totalOrderIM": plain(figures.order_margin),
        "totalPositionIM": plain(figures.position_margin), "totalPositionMM": "0", "unrealisedPnl": plain(figures.unrealised),
        "cumRealisedPnl": "0", "bonus": "0", "spotBorrow": "0", "collateralSwitch": True, "marginCollateral": True,
    }  # fmt: skip


def _position(call: Call, market: Market) -> dict[str, Any]:
    books = call.exchange.books
    position, mark = books.position(market.symbol), books.quotes[market.symbol].mark
    leverage, size = books.leverage_of(market.symbol), position.size
    margin = abs(size) * mark / leverage
    return {
        "positionIdx": 0, "riskId": 1, "riskLimitValue": "2000000", "symbol": name(market),
        "side": ("Buy" if size > 0 else "Sell") if size else "", "size": plain(abs(size)), "avgPrice": plain(position.entry),
        "positionValue": plain(abs(position.cost)), "tradeMode": 0, "positionStatus": "Normal", "autoAddMargin": 0, "adlRankIndicator": 2,
        "leverage": plain(leverage), "positionBalance": plain(margin), "markPrice": plain(mark), "liqPrice": "", "bustPrice": "",
        "positionMM": plain(abs(size) * mark * Decimal("0.005")), "positionMMByMp": "0", "positionIM": plain(margin),
        "positionIMByMp": plain(margin), "takeProfit": "", "stopLoss": "", "trailingStop": "0",
        "unrealisedPnl": plain(position.profit(mark)),
        "curRealisedPnl": plain(position.realised), "cumRealisedPnl": plain(position.realised), "sessionAvgPrice": "",
        "createdTime": str(position.opened), "updatedTime": str(position.updated), "seq": 1, "isReduceOnly": False, "mmrSysUpdateTime": "",
        "leverageSysUpdatedTime": "", "tpslMode": "Full", "breakEvenPrice": plain(position.entry),
    }  # fmt: skip
