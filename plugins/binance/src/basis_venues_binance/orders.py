"""Binance's orders: the answer to a write says at once what became of it."""

from __future__ import annotations

from typing import Any

from basis_venues.states import CLOSED, State
from basis_venues_ccxt.live import Ask, Desk, Fill, Orders, Request, Said, Seen, Unreadable
from basis_venues_ccxt.live.reading import amount, moment, needed, rows, text

from .lists import FUTURES, MOST, OF_ORDER
from .trades import as_one, from_answer, futures_fill, spot_fill, spot_fills

STATES = {
    "NEW": State.ACCEPTED,
    "PENDING_NEW": State.ACCEPTED,
    "PENDING_CANCEL": State.ACCEPTED,
    "PARTIALLY_FILLED": State.PARTIAL,
    "FILLED": State.FILLED,
    "CANCELED": State.CANCELLED,
    "EXPIRED": State.EXPIRED,
    "EXPIRED_IN_MATCH": State.EXPIRED,
    "REJECTED": State.REJECTED,
}
ARCHIVED = "-2026"
"""An old order that was taken back without a fill."""


class BinanceOrders(Orders):
    """See `basis_venues_ccxt.live.Orders`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def place(self, ask: Ask) -> Request:
        """FULL of spot lists the fills, RESULT of futures what they came to."""
        perpetual, post_only = ask.listing.perpetual, ask.rest == "post_only"
        params = {
            "symbol": ask.listing.id,
            "side": ask.side.upper(),
            "newClientOrderId": ask.key,
            "newOrderRespType": "RESULT" if perpetual else "FULL",
            "type": "LIMIT_MAKER" if post_only and not perpetual else "LIMIT",
            "quantity": ask.size,
            "price": ask.price,
        }
        if perpetual or not post_only:
            params["timeInForce"] = "GTX" if post_only else ask.rest.upper()
        if ask.reduce_only:
            params["reduceOnly"] = "true"
        return Request(_section(ask), "POST", "order", params)

    def number(self, answer: Any, ask: Ask) -> str:
        """`orderId` of an answer about this very order."""
        if text(answer, "clientOrderId") != ask.key:
            raise Unreadable("the answer is not about this order")
        return needed(answer, "orderId")

    async def written(self, answer: Any, ask: Ask) -> Seen:
        """Spot: with its fills, if the answer tells their fees. Futures: an order that is over as one fill, if the fee rate is known."""
        at = moment(answer, "updateTime" if ask.listing.perpetual else "transactTime")
        state, rate = _state(answer), self._desk.rate(ask.listing)
        if ask.listing.perpetual and not ask.may_rest and state in CLOSED and rate is not None:
            return Seen(state, from_answer(answer, ask.listing, rate), at, filled=amount(answer, "executedQty"))
        if not ask.listing.perpetual and all(text(each, "commissionAsset") for each in rows(answer, "fills")):
            fills = spot_fills(answer, ask.listing, ask.key, ask.side == "buy", at)
            return Seen(state, fills, at, filled=amount(answer, "executedQty"))
        return await self._with_fills(answer, ask, state, at)

    async def look(self, ask: Ask) -> Seen | None:
        """By client id; an archived order (-2026) had no fills."""
        try:
            answer = await self._desk.read(_section(ask), "order", symbol=ask.listing.id, origClientOrderId=ask.key)
        except Said as said:
            if said.code == ARCHIVED:
                return Seen(State.CANCELLED, reason=str(said))
            raise
        return await self._with_fills(answer, ask, _state(answer), moment(answer, "updateTime"))

    def cancel(self, ask: Ask) -> Request:
        """By client id."""
        return Request(_section(ask), "DELETE", "order", {"symbol": ask.listing.id, "origClientOrderId": ask.key})

    async def _with_fills(self, answer: Any, ask: Ask, state: State, at: int) -> Seen:
        filled = amount(answer, "executedQty")
        fills: tuple[Fill, ...] = ()
        if filled:
            fills = await self._fills(answer, ask)
            at = max([at, *(fill.at for fill in fills)])
        reason = "" if state is not State.UNKNOWN else f"an order status that is not known: {text(answer, 'status')}"
        return Seen(state, fills, at, reason, filled)

    async def _fills(self, row: Any, ask: Ask) -> tuple[Fill, ...]:
        listing, found = ask.listing, await self._trades(row, ask)
        if not listing.perpetual:
            return tuple(spot_fill(each, listing, ask.key) for each in found)
        fills = tuple(futures_fill(each, listing, ask.key) for each in found)
        return fills if ask.may_rest else as_one(fills, listing, self._desk.rate(listing))

    async def _trades(self, row: Any, ask: Ask) -> list[Any]:
        """The order's trades. Without a time the futures tell those of the last week: of an older order they are asked for by its own."""
        section, symbol, number = _section(ask), ask.listing.id, needed(row, "orderId")
        begun = moment(row, "time") if text(row, "time") else self._desk.now()
        if not ask.listing.perpetual or begun > self._desk.now() - FUTURES.window:
            path = "userTrades" if ask.listing.perpetual else "myTrades"
            found = await self._desk.pages(section, path, OF_ORDER, symbol=symbol, orderId=number, limit=MOST)
        else:
            found = await self._desk.pages(section, "userTrades", FUTURES, since=begun, symbol=symbol, limit=MOST)
        return [each for each in found if text(each, "orderId") == number]


def _section(ask: Ask) -> str:
    return "fapiPrivate" if ask.listing.perpetual else "private"


def _state(row: Any) -> State:
    return STATES.get(needed(row, "status"), State.UNKNOWN)
