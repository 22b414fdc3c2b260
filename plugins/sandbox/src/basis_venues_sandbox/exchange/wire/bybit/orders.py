"""Bybit's orders and executions. A write is only acknowledged; what became of it is read."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from ...core import Ask, Fill, Order, Payment, Refused, Status, Why
from ..call import Call
from ..listing import fills
from ..listing import orders as listed
from ..text import plain
from . import windows
from .markets import asked, chosen, name, page
from .windows import WEEK, recent

_STATUS = {
    Status.OPEN: "New",
    Status.PARTIAL: "PartiallyFilled",
    Status.FILLED: "Filled",
    Status.CANCELLED: "Cancelled",
    Status.EXPIRED: "Cancelled",
    Status.REJECTED: "Rejected",
}
_SIDES = {"Buy": "buy", "Sell": "sell"}
_TIMES = {"GTC": "gtc", "IOC": "ioc", "FOK": "fok", "PostOnly": "post_only", "": "gtc"}


def create(call: Call) -> dict[str, Any]:
    """POST order/create."""
    order = call.exchange.desk.place(_ask(call), call.quirks)
    return {"orderId": order_id(order.id), "orderLinkId": order.ask.client_id}


def cancel(call: Call) -> dict[str, Any]:
    """POST order/cancel, by orderId or orderLinkId."""
    order = _found(call)
    if order is None:
        raise Refused(Why.NO_ORDER)
    call.exchange.desk.cancel(order)
    return {"orderId": order_id(order.id), "orderLinkId": order.ask.client_id}


def cancel_all(call: Call) -> dict[str, Any]:
    """POST order/cancel-all."""
    resting = list(listed(call, {each.symbol for each in chosen(call)}, resting=True))
    for order in resting:
        call.exchange.desk.cancel(order)
    return {"list": [{"orderId": order_id(each.id), "orderLinkId": each.ask.client_id} for each in resting], "success": "1"}


def realtime(call: Call) -> dict[str, Any]:
    """GET order/realtime: open orders; with an id finished ones, too."""
    if call.maybe("orderId") or call.maybe("orderLinkId"):
        order = _found(call)
        return page(call, [_row(call, order)] if order else [])
    return _page(call, _latest(call, listed(call, {each.symbol for each in chosen(call)}, resting=True)), 20, 50)


def history(call: Call) -> dict[str, Any]:
    """GET order/history: finished orders."""
    if call.maybe("orderId") or call.maybe("orderLinkId"):
        order = _found(call)
        return page(call, [_row(call, order)] if order and not order.rests else [])
    found = list(listed(call, {each.symbol for each in chosen(call)}, resting=False))
    rows = _latest(call, recent(call, found, lambda order: order.created, WEEK))
    return _page(call, [row for row in rows if call.maybe("orderStatus") in ("", row["orderStatus"])], 20, 50)


def executions(call: Call) -> dict[str, Any]:
    """GET execution/list: trades and funding, the latest first; of one order whenever they were. With an order's id Bybit ignores every
    other parameter (its documentation), and so the size that was asked of a page."""
    of_order = bool(call.maybe("orderId") or call.maybe("orderLinkId"))
    symbols, kind = {each.symbol for each in chosen(call)}, "" if of_order else call.maybe("execType")
    rows: list[tuple[int, int, dict[str, Any]]] = []
    if kind in ("", "Trade"):
        rows += [(fill.at, fill.id, _trade_row(call, fill)) for fill in fills(call, symbols) if _is_of(call, fill)]
    if kind in ("", "Funding") and not of_order:
        rows += [(each.at, each.id, _funding_row(call, each)) for each in call.exchange.payments if each.symbol in symbols]
    rows = rows if of_order else recent(call, rows, lambda row: row[0], WEEK)
    return _page(call, [row for _, _, row in sorted(rows, key=lambda row: row[:2], reverse=True)], 50, 50 if of_order else 100)


def order_id(number: int) -> str:
    """Ids here look like UUIDs."""
    return f"{number:08x}-0000-4000-8000-000000000000"


def _latest(call: Call, found: Iterable[Order]) -> list[dict[str, Any]]:
    return [_row(call, order) for order in list(found)[::-1]]


def _page(call: Call, rows: list[dict[str, Any]], usual: int, most: int) -> dict[str, Any]:
    return page(call, rows) | windows.page(call, "list", rows, usual, most)


def _found(call: Call) -> Order | None:
    number, client_id = call.maybe("orderId"), call.maybe("orderLinkId")
    symbols = {each.symbol for each in chosen(call)}
    if not number and not client_id:
        raise Refused(Why.MISSING_PARAMETER, "orderId")
    try:
        wanted = int(number[:8], 16) if number else None
    except ValueError:
        return None
    order = call.exchange.desk.find(number=wanted, client_id=client_id)
    return order if order is not None and order.ask.symbol in symbols else None


def _ask(call: Call) -> Ask:
    market, kind = asked(call), call.text("orderType")
    side, times = _SIDES.get(call.text("side")), _TIMES.get(call.maybe("timeInForce"))
    if side is None or times is None or kind not in ("Market", "Limit"):
        raise Refused(Why.BAD_PARAMETER, "side" if side is None else "orderType")
    limit, quantity = kind == "Limit", call.number("qty")
    by_value = not market.swap and not limit and side == "buy" and call.maybe("marketUnit") != "baseCoin"
    by_value = by_value or (not market.swap and not limit and call.maybe("marketUnit") == "quoteCoin")
    if market.swap and call.maybe("positionIdx") not in ("", "0"):
        raise Refused(Why.POSITION_SIDE)
    return Ask(
        symbol=market.symbol, side=side, price=call.number("price") if limit else None,  # type: ignore[arg-type]
        quantity=None if by_value else quantity, notional=quantity if by_value else None,
        time_in_force=times if limit else "ioc",  # type: ignore[arg-type]
        reduce_only=market.swap and call.maybe("reduceOnly").lower() == "true", client_id=call.maybe("orderLinkId"),
    )  # fmt: skip


def _row(call: Call, order: Order) -> dict[str, Any]:
    ask, reason = order.ask, _reason(order)
    row: dict[str, Any] = {
        "orderId": order_id(order.id), "orderLinkId": ask.client_id, "blockTradeId": "",
        "symbol": name(call.exchange.books.market(ask.symbol)), "price": plain(ask.price or 0),
        "qty": plain(ask.notional or order.quantity),
        "side": ask.side.capitalize(), "isLeverage": "", "positionIdx": 0, "orderStatus": _status(order),
        "cancelType": "CancelByUser" if order.status is Status.CANCELLED else "UNKNOWN", "rejectReason": reason,
        "avgPrice": plain(order.average), "leavesQty": plain(order.left if order.rests else 0), "leavesValue": "0",
        "cumExecQty": plain(order.filled), "cumExecValue": plain(order.value), "cumExecFee": plain(sum(order.fees().values(), Decimal(0))),
        "timeInForce": _time_in_force(ask), "orderType": "Market" if ask.price is None else "Limit", "stopOrderType": "", "orderIv": "",
        "triggerPrice": "0", "takeProfit": "", "stopLoss": "", "tpTriggerBy": "", "slTriggerBy": "", "triggerDirection": 0, "triggerBy": "",
        "lastPriceOnCreated": "", "reduceOnly": ask.reduce_only, "closeOnTrigger": False, "smpType": "None", "smpGroup": 0,
        "smpOrderId": "", "tpLimitPrice": "", "slLimitPrice": "", "placeType": "", "createdTime": str(order.created),
        "updatedTime": str(order.updated), "cumFeeDetail": {asset: plain(fee) for asset, fee in order.fees().items()},
    }  # fmt: skip
    if order.swap:
        row["tpslMode"] = "Full"
    if order.quirks.fee == "missing":
        row.pop("cumFeeDetail")
        row["cumExecFee"] = ""
    return row


def _status(order: Order) -> str:
    partly = not order.swap and order.filled and order.status in (Status.CANCELLED, Status.EXPIRED)
    return "PartiallyFilledCanceled" if partly else _STATUS[order.status]


def _reason(order: Order) -> str:
    if order.status is Status.REJECTED:
        return order.reason
    if order.status is not Status.EXPIRED:
        return "EC_NoError"
    return "EC_PostOnlyWillTakeLiquidity" if order.ask.time_in_force == "post_only" else "EC_NoImmediateQtyToFill"


def _time_in_force(ask: Ask) -> str:
    return "PostOnly" if ask.time_in_force == "post_only" else ask.time_in_force.upper()


def _is_of(call: Call, fill: Fill) -> bool:
    order = call.exchange.desk.orders[fill.order]
    return call.maybe("orderId") in ("", order_id(order.id)) and call.maybe("orderLinkId") in ("", order.ask.client_id)


def _trade_row(call: Call, fill: Fill) -> dict[str, Any]:
    """Over REST Bybit does not tell what an execution realised: that is in the account's log. `leavesQty` is what it left of the order."""
    order = call.exchange.desk.orders[fill.order]
    left = order.quantity - sum((each.quantity for each in order.fills if each.id <= fill.id), Decimal(0))
    rate = fill.fee / (fill.value if order.swap or fill.side == "sell" else fill.quantity)
    return {
        "symbol": name(call.exchange.books.market(fill.symbol)), "orderType": "Market" if order.ask.price is None else "Limit",
        "orderLinkId": order.ask.client_id, "side": fill.side.capitalize(), "orderId": order_id(order.id), "stopOrderType": "",
        "leavesQty": plain(left), "execTime": str(fill.at), "feeCurrency": fill.fee_asset, "isMaker": fill.maker,
        "execFee": plain(fill.fee), "feeRate": plain(rate), "execId": execution_id(fill.id), "execPrice": plain(fill.price),
        "orderQty": plain(order.quantity), "orderPrice": plain(order.ask.price or fill.price), "execValue": plain(fill.value),
        "execType": "Trade", "execQty": plain(fill.quantity), "closedSize": "", "seq": fill.id,
        "markPrice": plain(fill.price), "blockTradeId": "",
    }  # fmt: skip


def _funding_row(call: Call, payment: Payment) -> dict[str, Any]:
    """A funding payment as an execution: `execFee` is positive when paid."""
    return {
        "symbol": name(call.exchange.books.market(payment.symbol)), "orderType": "UNKNOWN", "orderLinkId": "",
        "side": "Sell" if payment.size > 0 else "Buy", "orderId": f"{payment.symbol}-{payment.at}", "stopOrderType": "UNKNOWN",
        "leavesQty": "0", "execTime": str(payment.at), "feeCurrency": payment.asset, "isMaker": False, "execFee": plain(-payment.amount),
        "feeRate": plain(payment.rate), "execId": execution_id(payment.id), "execPrice": plain(payment.mark), "orderQty": "0",
        "orderPrice": "0", "execValue": plain(abs(payment.size) * payment.mark), "execType": "Funding", "execQty": plain(abs(payment.size)),
        "closedSize": "", "seq": payment.id, "markPrice": plain(payment.mark), "blockTradeId": "",
    }  # fmt: skip


def execution_id(number: int) -> str:
    """Ids of executions look like UUIDs as well."""
    return f"{number:08x}-0000-5000-8000-000000000000"
