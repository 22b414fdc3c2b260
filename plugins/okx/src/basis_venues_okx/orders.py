"""OKX's orders: a write is acknowledged; what became of it is read from the account's bills, from its fills, or from the order."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from typing import Any

from basis_venues.states import State
from basis_venues_ccxt.live import AcknowledgedOrders, Ask, Desk, Fill, Line, Request, Said, Seen, Unreadable, ended, quantity_of
from basis_venues_ccxt.live.reading import amount, first, moment, needed, rows, text

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
TYPES = {"gtc": "limit", "ioc": "ioc", "fok": "fok", "post_only": "post_only"}


class OkxOrders(AcknowledgedOrders):
    """See `basis_venues_ccxt.live.AcknowledgedOrders`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def place(self, ask: Ask) -> Request:
        """Sizes in contracts. `banAmend`: refuse rather than shrink it to the balance. `pxAmendType`: OKX refuses a price outside its own
        narrow limits; one that only bounds what is taken now may be moved inside them, which is to our advantage."""
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
        if ask.rest == "ioc":
            params["pxAmendType"] = "1"
        if not perpetual:
            params["banAmend"] = True
        if ask.reduce_only:
            params["reduceOnly"] = True
        return Request("private", "POST", "trade/order", params)

    def number(self, answer: Any, ask: Ask) -> str:
        """`ordId` of an acknowledgement of this very order."""
        row = first(answer, "data")
        if text(row, "clOrdId") != ask.key:
            raise Unreadable("the answer is not about this order")
        return needed(row, "ordId")

    def cancel(self, ask: Ask) -> Request:
        """By client id."""
        return Request("private", "POST", "trade/cancel-order", {"instId": ask.listing.id, "clOrdId": ask.key})

    async def order(self, ask: Ask, fills: tuple[Fill, ...]) -> Seen:
        """By client id: of several with one id the latest, which must be ours."""
        row = first(await self._desk.read("private", "trade/order", instId=ask.listing.id, clOrdId=ask.key), "data")
        state = ended(STATES.get(needed(row, "state"), State.UNKNOWN), ask)
        filled = ask.listing.from_venue(amount(row, "accFillSz"))
        if quantity_of(fills) < filled:
            fills = await self.fills(needed(row, "ordId"), ask, filled)
        at = max([moment(row, "uTime"), *(each.at for each in fills)])
        reason = text(row, "cancelSourceReason")
        if state is State.UNKNOWN:
            reason = f"an order state that is not known: {text(row, 'state')}"
        return Seen(state, fills, at, reason, filled)

    async def fills(self, number: str, ask: Ask, filled: Decimal) -> tuple[Fill, ...]:
        """Those of the last three days, and if they are less than `filled` those of the archive."""
        found: dict[str, Fill] = {}
        for path in ("trade/fills", "trade/fills-history"):
            with suppress(Said):
                told = await self._desk.pages("private", path, BILLS, instType=kind(ask.listing.symbol), ordId=number, limit=MOST)
                found |= {each.id: each for each in (fill(row, ask.listing) for row in told if text(row, "ordId") == number)}
            if found and quantity_of(found.values()) >= filled:
                break
        return tuple(found.values())

    async def ledger(self, answer: Any, ask: Ask) -> list[Line]:
        """The account's bills."""
        number = self.number(answer, ask)
        wanted: dict[str, Any] = {"instType": kind(ask.listing.symbol), "type": "2", "begin": ask.at, "limit": 100}
        try:
            found = await self._desk.read("private", "account/bills", **wanted)
        except Said:
            return []
        return [bill(row, ask.listing, ask.side) for row in rows(found, "data") if text(row, "ordId") == number]
