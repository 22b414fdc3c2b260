"""OKX's executions."""

from __future__ import annotations

from typing import Any

from basis_venues_ccxt.live import Fill, Listing
from basis_venues_ccxt.live.reading import amount, maybe, moment, needed, text


def fill(row: Any, listing: Listing) -> Fill:
    """A row of `trade/fills`. A fee below zero was paid; contracts become coins."""
    quantity = listing.from_venue(amount(row, "fillSz"))
    sign = 1 if needed(row, "side") == "buy" else -1
    return Fill(
        needed(row, "tradeId"),
        listing,
        sign * quantity,
        quantity * amount(row, "fillPx"),
        ((needed(row, "feeCcy"), -amount(row, "fee")),),
        moment(row, "ts"),
        text(row, "clOrdId") or None,
        maybe(row, "fillPnl") if listing.perpetual else None,
        text(row, "ordId"),
    )
