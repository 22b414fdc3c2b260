"""Bybit's executions."""

from __future__ import annotations

from typing import Any

from basis_venues_ccxt.live import Fill, Line, Listing
from basis_venues_ccxt.live.reading import amount, either, maybe, moment, needed, text


def fill(row: Any, listing: Listing) -> Fill:
    """A trade of `execution/list`. Its value is price times quantity: `execValue` is rounded."""
    buys, quantity = either(row, "side", "Buy", "Sell"), amount(row, "execQty")
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
    """A trade in `account/transaction-log`. `tradeId` is the execution's `execId`; `change` is `cashFlow` without the fee (paid when
    positive); `cashFlow` of a perpetual is what it realised. On spot `qty` is of the line's own coin, below zero where it left."""
    at = moment(row, "transactionTime")
    return Line(
        needed(row, "tradeId"),
        listing,
        either(row, "side", "Buy", "Sell"),
        abs(amount(row, "qty")),
        amount(row, "tradePrice"),
        needed(row, "currency"),
        amount(row, "fee"),
        amount(row, "cashFlow") if listing.perpetual else None,
        amount(row, "change"),
        amount(row, "cashBalance"),
        at,
        at,
        text(row, "orderLinkId") or None,
        text(row, "orderId"),
    )


def _usual(listing: Listing, buys: bool, rebate: bool) -> str:
    """The coin of a fee that does not say: on spot what is received, of a rebate what is given; on perpetuals the quote."""
    return listing.base if not listing.perpetual and buys != rebate else listing.quote
