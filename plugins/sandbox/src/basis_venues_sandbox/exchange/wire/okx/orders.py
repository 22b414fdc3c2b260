"""OKX's orders and fills. A write is only acknowledged; what became of it is read."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import attrs

from basis_venues.amounts import ceil_to, floor_to

from ...core import Ask, Fill, Market, Order, Refused, Status, Why
from ..call import Call
from ..listing import DAY, fills
from ..listing import orders as listed
from ..text import plain
from .errors import code_of
from .markets import asked, chosen, kind, name
from .pages import QUARTER, page

_STATE = {
    Status.OPEN: "live",
    Status.PARTIAL: "partially_filled",
    Status.FILLED: "filled",
    Status.CANCELLED: "canceled",
    Status.EXPIRED: "canceled",
    Status.REJECTED: "canceled",
}
_TYPES = {"market": "gtc", "limit": "gtc", "post_only": "post_only", "fok": "fok", "ioc": "ioc"}
_CANCEL_SOURCES = {Status.CANCELLED: "1", Status.EXPIRED: "31", Status.REJECTED: "0"}


def create(call: Call) -> list[dict[str, Any]]:
    """POST trade/order."""
    order = call.exchange.desk.place(_ask(call), call.quirks)
    return [_acknowledged(call, order)]


def create_batch(call: Call) -> list[dict[str, Any]]:
    """POST trade/batch-orders: each order by itself; the envelope's code follows from the rows."""
    rows = []
    for params in call.params.get("orders", []):
        single = attrs.evolve(call, params=params)
        try:
            rows.extend(create(single))
        except Refused as refused:
            rows.append(refused_row(single, refused))
    return rows


def cancel(call: Call) -> list[dict[str, Any]]:
    """POST trade/cancel-order."""
    order = _found(call)
    if order is None:
        raise Refused(Why.ALREADY_FINAL)
    call.exchange.desk.cancel(order)
    return [_acknowledged(call, order)]


def read(call: Call) -> list[dict[str, Any]]:
    """GET trade/order, by ordId or clOrdId: of several with one client id, the latest."""
    order = _found(call)
    if order is None:
        raise Refused(Why.NO_ORDER)
    return [_row(call, order)]


def pending(call: Call) -> list[dict[str, Any]]:
    """GET trade/orders-pending."""
    return page(call, _latest(call, listed(call, {each.symbol for each in chosen(call)}, resting=True)), "ordId", at="cTime")


def history(call: Call) -> list[dict[str, Any]]:
    """GET trade/orders-history (seven days), orders-history-archive (three months)."""
    found = _latest(call, listed(call, {each.symbol for each in chosen(call)}, resting=False))
    rows = (row for row in found if call.maybe("state") in ("", row["state"]))
    return page(call, rows, "ordId", at="cTime", kept=QUARTER if call.path.endswith("archive") else 7 * DAY)


def executions(call: Call) -> list[dict[str, Any]]:
    """GET trade/fills (three days), fills-history (three months): the latest first."""
    number = call.maybe("ordId")
    found = [fill for fill in fills(call, {each.symbol for each in chosen(call)}) if number in ("", str(fill.order))]
    rows = (_fill_row(call, fill) for fill in reversed(found))
    return page(call, rows, "billId", kept=QUARTER if call.path.endswith("history") else 3 * DAY)


def refused_row(call: Call, refused: Refused) -> dict[str, Any]:
    """A refusal as it stands in the data of an order endpoint."""
    code, text = code_of(refused)
    return {"clOrdId": call.maybe("clOrdId"), "ordId": "", "tag": "", "ts": str(call.now), "sCode": code, "sMsg": text}


def _acknowledged(call: Call, order: Order) -> dict[str, Any]:
    return {"clOrdId": order.ask.client_id, "ordId": str(order.id), "tag": "", "ts": str(call.now), "sCode": "0", "sMsg": ""}


def _found(call: Call) -> Order | None:
    number, client_id, market = call.maybe("ordId"), call.maybe("clOrdId"), asked(call)
    if not number and not client_id:
        raise Refused(Why.MISSING_PARAMETER, "ordId")
    if number and not number.isdigit():
        return None
    return call.exchange.desk.find(number=int(number) if number else None, client_id=client_id, symbol=market.symbol)


def _latest(call: Call, found: Iterable[Order]) -> list[dict[str, Any]]:
    return [_row(call, order) for order in list(found)[::-1]]


def _ask(call: Call) -> Ask:
    market, side = asked(call), call.text("side")
    order_type, size = call.text("ordType"), call.number("sz")
    times = _TYPES.get(order_type)
    if side not in ("buy", "sell") or times is None:
        raise Refused(Why.BAD_PARAMETER, "side" if times else "ordType")
    if (call.text("tdMode") == "cash") == market.swap:
        raise Refused(Why.BAD_PARAMETER, "tdMode")
    if market.swap and call.maybe("posSide") not in ("", "net"):
        raise Refused(Why.POSITION_SIDE)
    by_value = _by_value(call, market, order_type, side)
    return Ask(
        symbol=market.symbol, side=side, price=None if order_type == "market" else _price(call, market, side),  # type: ignore[arg-type]
        quantity=None if by_value else size * market.contract, notional=size if by_value else None,
        time_in_force=times, reduce_only=market.swap and call.maybe("reduceOnly").lower() == "true",  # type: ignore[arg-type]
        client_id=call.maybe("clOrdId"), deadline=call.deadline,
    )  # fmt: skip


def _price(call: Call, market: Market, side: str) -> Decimal:
    """The limit; with `pxAmendType` 1 no worse than the edge of OKX's band, beyond which it is refused otherwise."""
    price, mark = call.number("px"), call.exchange.books.quotes[market.symbol].mark
    if call.maybe("pxAmendType") != "1":
        return price
    if side == "buy":
        return min(price, floor_to(mark * (1 + market.band), market.tick))
    return max(price, ceil_to(mark * (1 - market.band), market.tick))


def _by_value(call: Call, market: Market, order_type: str, side: str) -> bool:
    """A spot market order's size: of a buy in quote units unless it says otherwise."""
    if market.swap or order_type != "market":
        return False
    return call.maybe("tgtCcy") == "quote_ccy" or (side == "buy" and call.maybe("tgtCcy") != "base_ccy")


def _row(call: Call, order: Order) -> dict[str, Any]:
    ask, market = order.ask, call.exchange.books.market(order.ask.symbol)
    last = order.fills[-1] if order.fills else None
    size = plain(ask.notional) if ask.notional is not None else plain(order.quantity / market.contract)
    return {
        "instType": kind(market), "instId": name(market), "ccy": "", "ordId": str(order.id), "clOrdId": ask.client_id, "tag": "",
        "px": plain(ask.price), "sz": size, "pnl": plain(sum((fill.realised for fill in order.fills), Decimal(0))),
        "ordType": _order_type(ask),
        "side": ask.side, "posSide": "net", "tdMode": "cross" if market.swap else "cash",
        "accFillSz": plain(order.filled / market.contract),
        "fillPx": plain(last.price) if last else "", "tradeId": str(last.id) if last else "",
        "fillSz": plain(last.quantity / market.contract) if last else "0", "fillTime": str(last.at) if last else "",
        "state": _STATE[order.status], "avgPx": plain(order.average), "attachAlgoClOrdId": "", "tpTriggerPx": "", "tpOrdPx": "",
        "lever": plain(call.exchange.books.leverage_of(market.symbol)) if market.swap else "", "slTriggerPx": "", "slOrdPx": "",
        **_fees(order, market), "source": "", "category": "normal", "uTime": str(order.updated), "cTime": str(order.created),
        "reduceOnly": str(ask.reduce_only).lower(), "cancelSource": _CANCEL_SOURCES.get(order.status, ""),
        "cancelSourceReason": order.reason if order.status in _CANCEL_SOURCES else "", "quickMgnType": "", "algoClOrdId": "", "algoId": "",
        "tgtCcy": "" if market.swap or ask.price is not None else ("base_ccy" if ask.notional is None else "quote_ccy"), "stpId": "",
        "stpMode": "cancel_maker", "isTpLimit": "false",
    }  # fmt: skip


def _fees(order: Order, market: Market) -> dict[str, str]:
    """Negative = charged; what is given back stands under `rebate`."""
    usual = market.base if order.ask.side == "buy" and not market.swap else market.quote
    if order.quirks.fee == "missing":
        return {"feeCcy": "", "fee": "", "rebateCcy": "", "rebate": ""}
    (asset, fee) = next(iter(order.fees().items()), (usual, Decimal(0)))
    if fee < 0:
        return {"feeCcy": asset, "fee": "0", "rebateCcy": asset, "rebate": plain(-fee)}
    return {"feeCcy": asset, "fee": plain(-fee), "rebateCcy": market.quote, "rebate": "0"}


def _order_type(ask: Ask) -> str:
    if ask.price is None:
        return "market"
    return "limit" if ask.time_in_force == "gtc" else ask.time_in_force


def _fill_row(call: Call, fill: Fill) -> dict[str, Any]:
    market, order = call.exchange.books.market(fill.symbol), call.exchange.desk.orders[fill.order]
    rate = fill.fee / (fill.value if market.swap or fill.side == "sell" else fill.quantity)
    return {
        "instType": kind(market), "instId": name(market), "tradeId": str(fill.id), "ordId": str(fill.order), "clOrdId": order.ask.client_id,
        "billId": str(fill.id), "tag": "", "fillPx": plain(fill.price), "fillSz": plain(fill.quantity / market.contract),
        "fillPnl": plain(fill.realised), "side": fill.side, "posSide": "net", "execType": "M" if fill.maker else "T",
        "feeCcy": fill.fee_asset, "fee": plain(-fill.fee), "feeRate": plain(-rate), "ts": str(fill.at), "fillTime": str(fill.at),
    }  # fmt: skip
