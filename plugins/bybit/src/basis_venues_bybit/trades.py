"""Bybit's executions."""

from __future__ import annotations

from typing import Any

from basis_venues_ccxt.live import Fill, Line, Listing
from basis_venues_ccxt.live.reading import amount, maybe, moment, needed, text


def fill(row: Any, listing: Listing) -> Fill:
    """A trade of `execution/list`. Its value is price times quantity: `execValue` is rounded."""
    buys, quantity = needed(row, "side") == "Buy", amount(row, "execQty")
    fee = amount(row, "execFee")
    return Fill(
        needed(row, "execId"),
        listing,
        quantity if buys else -quantity,
        quantity * amount(row, "execPrice"),
        ((text(row, "feeCurrency") or _usual(listing, buys, fee < 0), fee),),
        moment(row, "execTime"),
        text(row, "orderLinkId") or None,
        maybe(row, "execPnl"),
        text(row, "orderId"),
    )


def logged(row: Any, listing: Listing) -> Line:
    """A trade of a perpetual in `account/transaction-log`. `tradeId` is the execution's `execId`; `cashFlow` is what it realised, and
    `change` that without the fee (paid when positive)."""
    quantity, at = amount(row, "qty"), moment(row, "transactionTime")
    change, coin = quantity if needed(row, "side") == "Buy" else -quantity, needed(row, "currency")
    made = Fill(
        needed(row, "tradeId"),
        listing,
        change,
        quantity * amount(row, "tradePrice"),
        ((coin, amount(row, "fee")),),
        at,
        text(row, "orderLinkId") or None,
        amount(row, "cashFlow"),
        text(row, "orderId"),
    )
    return Line(made, coin, amount(row, "change"), amount(row, "cashBalance"), at)


def _usual(listing: Listing, buys: bool, rebate: bool) -> str:
    """The coin of a fee that does not say: on spot what is received, of a rebate what is given; on perpetuals the quote."""
    return listing.base if not listing.perpetual and buys != rebate else listing.quote
