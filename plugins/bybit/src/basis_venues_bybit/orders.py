"""Bybit's orders: a write is acknowledged; what became of it is read from its executions, which of a perpetual stand in the account's
log beside the balance that they left; and where these do not say, from the order."""

from __future__ import annotations

from typing import Any

from basis_venues.states import State
from basis_venues_ccxt.live import Ask, Desk, Fill, Line, Orders, Request, Said, Seen, Unreadable, ended, told, whole
from basis_venues_ccxt.live.reading import amount, moment, needed, rows, text

from .lists import MOST, OF_ORDER
from .markets import category
from .trades import fill, logged

STATES = {
    "New": State.ACCEPTED,
    "Created": State.ACCEPTED,
    "Untriggered": State.ACCEPTED,
    "Triggered": State.ACCEPTED,
    "PartiallyFilled": State.PARTIAL,
    "Filled": State.FILLED,
    "PartiallyFilledCanceled": State.CANCELLED,
    "Cancelled": State.CANCELLED,
    "Deactivated": State.CANCELLED,
    "Rejected": State.REJECTED,
}
SLACK_MS = 5_000
"""An order may have been carried out so long before its acknowledgement was dated."""
WOULD_TAKE = "EC_PostOnlyWillTakeLiquidity"


class BybitOrders(Orders):
    """See `basis_venues_ccxt.live.Orders`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def place(self, ask: Ask) -> Request:
        """Figures as text."""
        params: dict[str, Any] = {
            "category": category(ask.listing.symbol),
            "symbol": ask.listing.id,
            "side": ask.side.capitalize(),
            "orderType": "Limit",
            "qty": ask.size,
            "price": ask.price,
            "timeInForce": "PostOnly" if ask.rest == "post_only" else ask.rest.upper(),
            "orderLinkId": ask.key,
        }
        if ask.reduce_only:
            params["reduceOnly"] = True
        return Request("private", "POST", "v5/order/create", params)

    def number(self, answer: Any, ask: Ask) -> str:
        """`orderId` of an acknowledgement of this very order."""
        result = answer.get("result")
        if text(result, "orderLinkId") != ask.key:
            raise Unreadable("the answer is not about this order")
        return needed(result, "orderId")

    async def written(self, answer: Any, ask: Ask) -> Seen:
        """One read is enough for an order that is filled at once: of a perpetual, of the log, which may lag; else of the executions."""
        if ask.rest == "post_only":
            fills: tuple[Fill, ...] = ()
        else:
            if ask.listing.perpetual and (seen := told(await self._log(ask, moment(answer, "time")), ask)):
                return seen
            fills = await self._fills(ask)
        return whole(fills, ask) or await self._order(ask, fills) or Seen(State.ACCEPTED, reason="acknowledged, and not shown yet")

    async def look(self, ask: Ask) -> Seen | None:
        """By client id, among the latest orders and then among all."""
        return await self._order(ask, None)

    def cancel(self, ask: Ask) -> Request:
        """By client id."""
        return Request("private", "POST", "v5/order/cancel", _of(ask))

    async def _order(self, ask: Ask, fills: tuple[Fill, ...] | None) -> Seen | None:
        for path in ("v5/order/realtime", "v5/order/history"):
            found = [row for row in await self._rows(path, ask) if text(row, "orderLinkId") == ask.key]
            if found:
                return await self._seen(found[0], ask, fills)
        return None

    async def _seen(self, row: Any, ask: Ask, fills: tuple[Fill, ...] | None) -> Seen:
        reason = text(row, "rejectReason")
        state = ended(STATES.get(needed(row, "orderStatus"), State.UNKNOWN), ask, lapsed=reason == WOULD_TAKE)
        filled = amount(row, "cumExecQty")
        if fills is None:
            fills = await self._fills(ask) if filled else ()
        if state is State.UNKNOWN:
            reason = f"an order status that is not known: {text(row, 'orderStatus')}"
        at = max([moment(row, "updatedTime"), *(each.at for each in fills)])
        return Seen(state, fills, at, "" if reason == "EC_NoError" else reason, filled)

    async def _fills(self, ask: Ask) -> tuple[Fill, ...]:
        found = await self._desk.pages("private", "v5/execution/list", OF_ORDER, **_of(ask), execType="Trade", limit=MOST)
        return tuple(fill(row, ask.listing) for row in found if text(row, "orderLinkId") == ask.key)

    async def _log(self, ask: Ask, acknowledged: int) -> list[Line]:
        """The order's lines in the account's log, the latest first; none where the log cannot be had."""
        kind = {"accountType": "UNIFIED", "category": "linear", "type": "TRADE"}
        try:
            answer = await self._desk.read("private", "v5/account/transaction-log", **kind, startTime=acknowledged - SLACK_MS, limit=50)
        except Said:
            return []
        return [logged(row, ask.listing) for row in rows(answer, "result", "list") if text(row, "orderLinkId") == ask.key]

    async def _rows(self, path: str, ask: Ask) -> list[Any]:
        return rows(await self._desk.read("private", path, **_of(ask)), "result", "list")


def _of(ask: Ask) -> dict[str, Any]:
    """The parameters that ask for one order."""
    return {"category": category(ask.listing.symbol), "symbol": ask.listing.id, "orderLinkId": ask.key}
