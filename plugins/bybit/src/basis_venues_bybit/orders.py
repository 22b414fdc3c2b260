"""Bybit's orders: a write is acknowledged; what became of it is read from the account's log, from its executions, or from the order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from basis_venues.amounts import ZERO
from basis_venues.states import State
from basis_venues_ccxt.live import DAY, AcknowledgedOrders, Ask, Desk, Fill, Line, Request, Said, Seen, Unreadable, ended, quantity_of
from basis_venues_ccxt.live.reading import amount, maybe, moment, needed, rows, text

from .history import with_profits
from .lists import LOG, MOST, OF_ORDER
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
_LOGGED_WITHIN = 60_000
"""So long after an execution its line in the log may be dated; ms."""
WOULD_TAKE = "EC_PostOnlyWillTakeLiquidity"


class BybitOrders(AcknowledgedOrders):
    """See `basis_venues_ccxt.live.AcknowledgedOrders`."""

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

    def cancel(self, ask: Ask) -> Request:
        """By client id."""
        return Request("private", "POST", "v5/order/cancel", _of(ask))

    async def order(self, ask: Ask, fills: tuple[Fill, ...]) -> Seen | None:
        """By client id, among the latest orders and then among all."""
        for path in ("v5/order/realtime", "v5/order/history"):
            found = [row for row in await self._rows(path, ask) if text(row, "orderLinkId") == ask.key]
            if found:
                return await self._seen(found[0], ask, fills)
        return None

    async def look(self, ask: Ask) -> Seen | None:
        """By client id; of a perpetual with what its fills realised, so that the position that they met need not be known."""
        seen = await super().look(ask)
        if seen is None or not ask.listing.perpetual or all(each.profit is not None for each in seen.fills):
            return seen
        begun, last = min(each.at for each in seen.fills), max(each.at for each in seen.fills)
        asked: dict[str, Any] = {"accountType": "UNIFIED", "category": "linear", "startTime": begun, "limit": 50}
        asked["endTime"] = min(last + _LOGGED_WITHIN, begun + 7 * DAY)
        try:
            log = await self._desk.pages("private", "v5/account/transaction-log", LOG, **asked)
        except Said:
            return seen
        return seen._replace(fills=tuple(with_profits(seen.fills, log)))

    async def _seen(self, row: Any, ask: Ask, fills: tuple[Fill, ...]) -> Seen:
        reason = text(row, "rejectReason")
        state = ended(STATES.get(needed(row, "orderStatus"), State.UNKNOWN), ask, lapsed=reason == WOULD_TAKE)
        filled = amount(row, "cumExecQty")
        if quantity_of(fills) < filled:
            fills = await self.fills(text(row, "orderId"), ask, filled)
        if state is State.UNKNOWN:
            reason = f"an order status that is not known: {text(row, 'orderStatus')}"
        at = max([moment(row, "updatedTime"), *(each.at for each in fills)])
        return Seen(state, fills, at, "" if reason == "EC_NoError" else reason, filled)

    async def fills(self, number: str, ask: Ask, filled: Decimal) -> tuple[Fill, ...]:
        """By client id; those of one millisecond in the sequence that `leavesQty` tells, which what they realised may rest on."""
        found = await self._desk.pages("private", "v5/execution/list", OF_ORDER, **_of(ask), execType="Trade", limit=MOST)
        ours = [row for row in found if text(row, "orderLinkId") == ask.key]
        ours.sort(key=lambda row: maybe(row, "leavesQty") or ZERO, reverse=True)
        return tuple(fill(row, ask.listing) for row in ours)

    async def ledger(self, answer: Any, ask: Ask) -> list[Line]:
        """The account's log."""
        kind = {"accountType": "UNIFIED", "category": category(ask.listing.symbol), "type": "TRADE"}
        try:
            found = await self._desk.read("private", "v5/account/transaction-log", **kind, startTime=ask.at, limit=50)
        except Said:
            return []
        return [logged(row, ask.listing) for row in rows(found, "result", "list") if text(row, "orderLinkId") == ask.key]

    async def _rows(self, path: str, ask: Ask) -> list[Any]:
        return rows(await self._desk.read("private", path, **_of(ask)), "result", "list")


def _of(ask: Ask) -> dict[str, Any]:
    """The parameters that ask for one order."""
    return {"category": category(ask.listing.symbol), "symbol": ask.listing.id, "orderLinkId": ask.key}
