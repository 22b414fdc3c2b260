"""Binance's orders and trades, spot and futures."""

from __future__ import annotations

from typing import Any

from ...core import Ask, Fill, Order, Refused, Status, Why
from ..call import Call, Turned
from ..listing import EVER, fills
from ..listing import orders as listed
from ..text import plain
from .markets import asked, chosen, is_futures, name
from .windows import window

_STATUS = {
    Status.OPEN: "NEW",
    Status.PARTIAL: "PARTIALLY_FILLED",
    Status.FILLED: "FILLED",
    Status.CANCELLED: "CANCELED",
    Status.EXPIRED: "EXPIRED",
    Status.REJECTED: "REJECTED",
}
_SIDES = {"BUY": "buy", "SELL": "sell"}
_TIMES = {"GTC": "gtc", "IOC": "ioc", "FOK": "fok", "GTX": "post_only", "": "gtc"}
_MOST = 1000


def create(call: Call) -> dict[str, Any]:
    """POST order: the result of matching comes back at once."""
    order = call.exchange.desk.place(_ask(call), call.quirks)
    if is_futures(call):
        return futures_row(call, order)
    kind = call.maybe("newOrderRespType") or ("FULL" if order.ask.price is None else "ACK")
    row = {**spot_row(call, order), "transactTime": order.updated, "fills": [_fill_part(order, fill) for fill in order.fills]}
    if kind == "ACK":
        return {key: row[key] for key in ("symbol", "orderId", "orderListId", "clientOrderId", "transactTime")}
    if kind == "RESULT":
        del row["fills"]
    return row


def test(call: Call) -> dict[str, Any]:
    """POST order/test: the form is read, nothing is placed."""
    _ask(call)
    return {}


def read(call: Call) -> dict[str, Any]:
    """GET order, by orderId or origClientOrderId."""
    return _row(call, _found(call))


def cancel(call: Call) -> dict[str, Any]:
    """DELETE order."""
    try:
        order = call.exchange.desk.cancel(_found(call))
    except Refused as refused:
        raise Refused(Why.ALREADY_FINAL) from refused
    if is_futures(call):
        return futures_row(call, order)
    return {**spot_row(call, order), "origClientOrderId": order.ask.client_id, "clientOrderId": f"cancel{order.id}"}


def cancel_all(call: Call) -> Any:
    """DELETE openOrders, allOpenOrders."""
    resting = list(listed(call, {asked(call).symbol}, resting=True))
    if not resting and not is_futures(call):
        raise Refused(Why.ALREADY_FINAL)
    rows = [_row(call, call.exchange.desk.cancel(order)) for order in resting]
    return {"code": 200, "msg": "The operation of cancel all open order is done."} if is_futures(call) else rows


def open_orders(call: Call) -> list[dict[str, Any]]:
    """GET openOrders."""
    return [_row(call, order) for order in listed(call, {each.symbol for each in chosen(call)}, resting=True)]


def all_orders(call: Call) -> list[dict[str, Any]]:
    """GET allOrders: from an order or a moment on the first, else the latest."""
    first, last = window(call)
    least, limit = call.whole("orderId", 0), min(call.whole("limit", 500), _MOST)
    rows = [order for order in listed(call, {asked(call).symbol}) if first <= order.created <= last and order.id >= least]
    return [_row(call, order) for order in (rows[:limit] if least or call.maybe("startTime") else rows[-limit:])]


def trades(call: Call) -> list[dict[str, Any]]:
    """GET myTrades, userTrades: from a trade or a moment on the first, else the latest."""
    wanted, least, bounded = call.whole("orderId", 0), call.whole("fromId", -1), call.maybe("startTime") or call.maybe("endTime")
    if bounded and (least >= 0 or (wanted and not is_futures(call))):
        raise Turned(-1128, "Combination of optional parameters invalid.", 400)
    first, last = window(call) if least < 0 else (0, EVER)
    rows = [
        fill for fill in fills(call, {each.symbol for each in chosen(call)})
        if first <= fill.at <= last and fill.id >= least and wanted in (0, fill.order)
    ]  # fmt: skip
    limit = min(call.whole("limit", 500), _MOST)
    chunk = rows[:limit] if least >= 0 or call.maybe("startTime") else rows[-limit:]
    return [_trade_row(call, fill) for fill in chunk]


def spot_row(call: Call, order: Order) -> dict[str, Any]:
    """An order without its fills."""
    ask = order.ask
    return {
        "symbol": name(call.exchange.books.market(ask.symbol)), "orderId": order.id, "orderListId": -1, "clientOrderId": ask.client_id,
        "price": plain(ask.price or 0), "origQty": plain(order.quantity), "executedQty": plain(order.filled),
        "cummulativeQuoteQty": plain(order.value), "status": _STATUS[order.status],
        "timeInForce": "GTC" if ask.time_in_force == "post_only" else ask.time_in_force.upper(), "type": _type(ask),
        "side": ask.side.upper(),
        "stopPrice": "0", "icebergQty": "0", "time": order.created, "updateTime": order.updated, "isWorking": True,
        "workingTime": order.created, "origQuoteOrderQty": plain(ask.notional or 0), "selfTradePreventionMode": "NONE",
    }  # fmt: skip


def futures_row(call: Call, order: Order) -> dict[str, Any]:
    """An order as the futures product shows it; never with a fee."""
    ask = order.ask
    kind = "MARKET" if ask.price is None else "LIMIT"
    return {
        "orderId": order.id, "symbol": name(call.exchange.books.market(ask.symbol)), "status": _STATUS[order.status],
        "clientOrderId": ask.client_id, "price": plain(ask.price or 0), "avgPrice": plain(order.average or 0),
        "origQty": plain(order.quantity), "executedQty": plain(order.filled), "cumQty": plain(order.filled), "cumQuote": plain(order.value),
        "timeInForce": "GTX" if ask.time_in_force == "post_only" else ask.time_in_force.upper(), "type": kind,
        "reduceOnly": ask.reduce_only,
        "closePosition": False, "side": ask.side.upper(), "positionSide": "BOTH", "stopPrice": "0", "workingType": "CONTRACT_PRICE",
        "priceProtect": False, "origType": kind, "priceMatch": "NONE", "selfTradePreventionMode": "EXPIRE_MAKER", "goodTillDate": 0,
        "time": order.created, "updateTime": order.updated,
    }  # fmt: skip


def _row(call: Call, order: Order) -> dict[str, Any]:
    return futures_row(call, order) if is_futures(call) else spot_row(call, order)


def _found(call: Call) -> Order:
    """Raises `Refused` when the look-up sees no such order."""
    number, client_id = call.maybe("orderId"), call.maybe("origClientOrderId")
    if not number and not client_id:
        raise Refused(Why.MISSING_PARAMETER, "orderId")
    symbol = asked(call).symbol
    order = call.exchange.desk.find(number=call.whole("orderId", 0) if number else None, client_id=client_id, symbol=symbol)
    if order is None:
        raise Refused(Why.NO_ORDER)
    return order


def _ask(call: Call) -> Ask:
    market, kind = asked(call), call.text("type")
    side = _SIDES.get(call.text("side"))
    times = _TIMES.get(call.maybe("timeInForce"))
    if side is None or times is None or kind not in ("MARKET", "LIMIT", "LIMIT_MAKER"):
        raise Refused(Why.BAD_PARAMETER, "side" if side is None else "type")
    limit = kind != "MARKET"
    if kind == "LIMIT":
        call.text("timeInForce")
    number = call.exchange.books.last_number + 1
    return Ask(
        symbol=market.symbol, side=side, price=call.number("price") if limit else None,  # type: ignore[arg-type]
        quantity=call.maybe_number("quantity"), notional=None if limit or market.swap else call.maybe_number("quoteOrderQty"),
        time_in_force="post_only" if kind == "LIMIT_MAKER" else times,  # type: ignore[arg-type]
        reduce_only=market.swap and call.maybe("reduceOnly") == "true",
        client_id=call.maybe("newClientOrderId") or f"sandbox{number}", deadline=call.deadline,
    )  # fmt: skip


def _type(ask: Ask) -> str:
    if ask.price is None:
        return "MARKET"
    return "LIMIT_MAKER" if ask.time_in_force == "post_only" else "LIMIT"


def _fill_part(order: Order, fill: Fill) -> dict[str, Any]:
    part = {"price": plain(fill.price), "qty": plain(fill.quantity), "tradeId": fill.id}
    fee = {"commission": plain(fill.fee), "commissionAsset": fill.fee_asset}
    return part if order.quirks.fee == "missing" else {**part, **fee}


def _trade_row(call: Call, fill: Fill) -> dict[str, Any]:
    buys = fill.side == "buy"
    row: dict[str, Any] = {
        "symbol": name(call.exchange.books.market(fill.symbol)), "id": fill.id, "orderId": fill.order, "price": plain(fill.price),
        "qty": plain(fill.quantity), "quoteQty": plain(fill.value), "commission": plain(fill.fee), "commissionAsset": fill.fee_asset,
        "time": fill.at,
    }  # fmt: skip
    if is_futures(call):
        return row | {
            "buyer": buys,
            "maker": fill.maker,
            "realizedPnl": plain(fill.realised),
            "side": fill.side.upper(),
            "positionSide": "BOTH",
        }
    return row | {"orderListId": -1, "isBuyer": buys, "isMaker": fill.maker, "isBestMatch": True}
