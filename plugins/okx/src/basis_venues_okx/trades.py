"""OKX's executions."""

from __future__ import annotations

from typing import Any

from basis_venues_ccxt.live import Fill, Line, Listing
from basis_venues_ccxt.live.reading import amount, either, maybe, moment, needed, text


def fill(row: Any, listing: Listing) -> Fill:
    """A row of `trade/fills`. A fee below zero was paid; contracts become coins."""
    quantity = listing.from_venue(amount(row, "fillSz"))
    sign = 1 if either(row, "side", "buy", "sell") else -1
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


def bill(row: Any, listing: Listing, side: str) -> Line:
    """A trade in `account/bills`, for an order of that side: `balChg` is with the fee (below zero when paid), `pnl` what a swap realised.
    `sz` of a swap is in contracts, on spot of the bill's own coin."""
    return Line(
        needed(row, "tradeId"),
        listing,
        side == "buy",
        listing.from_venue(amount(row, "sz")),
        amount(row, "px"),
        needed(row, "ccy"),
        -amount(row, "fee"),
        amount(row, "pnl") if listing.perpetual else None,
        amount(row, "balChg"),
        amount(row, "bal"),
        moment(row, "fillTime"),
        moment(row, "ts"),
        text(row, "clOrdId") or None,
        text(row, "ordId"),
    )
