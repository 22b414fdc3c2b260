"""OKX's executions."""

from __future__ import annotations

from typing import Any

from basis_venues_ccxt.live import Fill, Line, Listing
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


def bill(row: Any, listing: Listing, side: str) -> Line:
    """A trade of a swap in `account/bills`, for an order of that side: size in contracts, `pnl` what it realised, `balChg` that and the
    fee (below zero when paid)."""
    quantity, coin = listing.from_venue(amount(row, "sz")), needed(row, "ccy")
    made = Fill(
        needed(row, "tradeId"),
        listing,
        quantity if side == "buy" else -quantity,
        quantity * amount(row, "px"),
        ((coin, -amount(row, "fee")),),
        moment(row, "fillTime"),
        text(row, "clOrdId") or None,
        amount(row, "pnl"),
        text(row, "ordId"),
    )
    return Line(made, coin, amount(row, "balChg"), amount(row, "bal"), moment(row, "ts"))
