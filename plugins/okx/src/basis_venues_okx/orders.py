"""OKX's orders: a write is acknowledged; what became of it is read from its fills, which of a swap stand in the account's bills beside
the balance that they left; and where these do not say, from the order."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

from basis_venues.amounts import ZERO
from basis_venues.states import State
from basis_venues_ccxt.live import Ask, Desk, Fill, Line, Orders, Request, Said, Seen, Unreadable, ended, quantity_of, told, whole
from basis_venues_ccxt.live.reading import amount, moment, needed, rows, text

from .lists import BILLS, MOST
from .markets import kind
from .trades import bill, fill

STATES = {
    "live": State.ACCEPTED,
    "partially_filled": State.PARTIAL,
    "filled": State.FILLED,
    "canceled": State.CANCELLED,
    "mmp_canceled": State.CANCELLED,
}
SLACK_MS = 5_000
"""An order may have been carried out so long before its acknowledgement was dated."""
TYPES = {"gtc": "limit", "ioc": "ioc", "fok": "fok", "post_only": "post_only"}


class OkxOrders(Orders):
    """See `basis_venues_ccxt.live.Orders`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def place(self, ask: Ask) -> Request:
        """Sizes in contracts. `banAmend`: refuse rather than shrink it to the balance."""
        perpetual = ask.listing.perpetual
        params: dict[str, Any] = {
            "instId": ask.listing.id,
            "tdMode": self._desk.settings.margin_mode if perpetual else "cash",
            "side": ask.side,
            "ordType": TYPES[ask.rest],
            "sz": ask.size,
            "px": ask.price,
            "clOrdId": ask.key,
        }
        if not perpetual:
            params["banAmend"] = True
        if ask.reduce_only:
            params["reduceOnly"] = True
        return Request("private", "POST", "trade/order", params)

    def number(self, answer: Any, ask: Ask) -> str:
        """`ordId` of an acknowledgement of this very order."""
        row = _first(answer)
        if text(row, "clOrdId") != ask.key:
            raise Unreadable("the answer is not about this order")
        return needed(row, "ordId")

    async def written(self, answer: Any, ask: Ask) -> Seen:
        """One read is enough for an order that is filled at once: of a swap, of the bills, which may lag; else of the fills."""
        if ask.rest == "post_only":
            fills: tuple[Fill, ...] = ()
        else:
            if ask.listing.perpetual and (seen := told(await self._bills(_first(answer), ask), ask)):
                return seen
            fills = await self._fills(self.number(answer, ask), ask, ZERO)
        return whole(fills, ask) or await self._order(ask, fills)

    async def look(self, ask: Ask) -> Seen | None:
        """By client id: of several with one id the latest, which must be ours."""
        return await self._order(ask, None)

    def cancel(self, ask: Ask) -> Request:
        """By client id."""
        return Request("private", "POST", "trade/cancel-order", {"instId": ask.listing.id, "clOrdId": ask.key})

    async def _order(self, ask: Ask, fills: tuple[Fill, ...] | None) -> Seen:
        row = _first(await self._desk.read("private", "trade/order", instId=ask.listing.id, clOrdId=ask.key))
        state = ended(STATES.get(needed(row, "state"), State.UNKNOWN), ask)
        filled = ask.listing.from_venue(amount(row, "accFillSz"))
        if fills is None:
            fills = await self._fills(needed(row, "ordId"), ask, filled) if filled else ()
        at = max([moment(row, "uTime"), *(each.at for each in fills)])
        reason = text(row, "cancelSourceReason")
        if state is State.UNKNOWN:
            reason = f"an order state that is not known: {text(row, 'state')}"
        return Seen(state, fills, at, reason, filled)

    async def _bills(self, acknowledged: Any, ask: Ask) -> list[Line]:
        """The order's bills, the latest first; none where they cannot be had."""
        number, begin = text(acknowledged, "ordId"), moment(acknowledged, "ts") - SLACK_MS
        try:
            answer = await self._desk.read("private", "account/bills", instType="SWAP", type="2", begin=begin, limit=100)
        except Said:
            return []
        return [bill(row, ask.listing, ask.side) for row in rows(answer, "data") if text(row, "ordId") == number]

    async def _fills(self, number: str, ask: Ask, filled: Decimal) -> tuple[Fill, ...]:
        """Those of the last three days, and if they are less than `filled` those of the archive."""
        found: dict[str, Fill] = {}
        for path in ("trade/fills", "trade/fills-history"):
            with suppress(Said):
                told = await self._desk.pages("private", path, BILLS, instType=kind(ask.listing.symbol), ordId=number, limit=MOST)
                found |= {each.id: each for each in (fill(row, ask.listing) for row in told if text(row, "ordId") == number)}
            if found and quantity_of(found.values()) >= filled:
                break
        return tuple(found.values())


def _first(answer: Any) -> Any:
    found = rows(answer, "data")
    if not found:
        raise Unreadable("the answer has no row")
    return found[0]
