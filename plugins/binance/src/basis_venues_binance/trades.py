"""Binance's executions.

Fees and ids of a futures order's executions are not in the answer to its write. An order that cannot rest is therefore told as one fill,
with its fee at the account's own rate: that is known from the answer alone. Where the executions show another fee, the difference is a
fill of its own without a quantity. Orders that can rest are told execution by execution, for more may come after they were closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from basis_venues.amounts import ZERO
from basis_venues_ccxt.live import Fill, Listing
from basis_venues_ccxt.live.reading import amount, either, maybe, moment, needed, rows, text

_EIGHT = Decimal("0.00000001")


def spot_fill(row: Any, listing: Listing, order: str | None, buys: bool | None = None, at: int | None = None) -> Fill:
    """A row of `myTrades`, or one of the fills in the answer to a write, which lacks side, time and what was paid: that is price times
    quantity, rounded to the eight decimals of a balance."""
    quantity, paid = amount(row, "qty"), maybe(row, "quoteQty")
    value = quantity * amount(row, "price") if paid is None else paid
    sign = 1 if (either(row, "isBuyer", "True", "False") if buys is None else buys) else -1
    fees = ((needed(row, "commissionAsset"), amount(row, "commission")),)
    identifier = text(row, "id") or needed(row, "tradeId")
    when = moment(row, "time") if at is None else at
    return Fill(identifier, listing, sign * quantity, value, fees, when, order, number=text(row, "orderId"))


def spot_fills(answer: Any, listing: Listing, order: str, buys: bool, at: int) -> tuple[Fill, ...]:
    """The fills in the answer to a write. What Binance rounded of their values is with the last: the answer tells their sum."""
    fills = tuple(spot_fill(each, listing, order, buys, at) for each in rows(answer, "fills"))
    if not fills or sum((abs(each.change) for each in fills), ZERO) != amount(answer, "executedQty"):
        return fills
    rounded = amount(answer, "cummulativeQuoteQty") - sum((each.value for each in fills), ZERO)
    return (*fills[:-1], fills[-1]._replace(value=fills[-1].value + rounded))


def futures_fill(row: Any, listing: Listing, order: str | None) -> Fill:
    """A row of `userTrades`."""
    quantity, value = amount(row, "qty"), amount(row, "qty") * amount(row, "price")
    sign = 1 if either(row, "side", "BUY", "SELL") else -1
    fees = ((needed(row, "commissionAsset"), amount(row, "commission")),)
    profit = amount(row, "realizedPnl")
    return Fill(needed(row, "id"), listing, sign * quantity, value, fees, moment(row, "time"), order, profit, needed(row, "orderId"))


def is_immediate(row: Any) -> bool:
    """Whether an order could not rest."""
    return text(row, "type") == "MARKET" or text(row, "timeInForce") in ("IOC", "FOK")


def from_answer(row: Any, listing: Listing, rate: Decimal) -> tuple[Fill, ...]:
    """The one fill of a futures order that is over, from the answer to its write, with its fee at the account's rate."""
    quantity, value = amount(row, "executedQty"), amount(row, "cumQuote")
    if not quantity:
        return ()
    change = quantity if either(row, "side", "BUY", "SELL") else -quantity
    number, at, order = needed(row, "orderId"), moment(row, "updateTime"), needed(row, "clientOrderId")
    return (Fill(f"order{number}", listing, change, value, ((listing.quote, _expected_fee(value, rate)),), at, order, None, number),)


def as_one(fills: Iterable[Fill], listing: Listing, rate: Decimal | None) -> tuple[Fill, ...]:
    """All executions of one futures order that could not rest, as that one fill, and what its fee was off by. Without a rate as they
    are."""
    fills = tuple({each.id: each for each in fills}.values())  # a row may be listed twice
    if not fills or rate is None:
        return fills
    change, value = sum((each.change for each in fills), ZERO), sum((each.value for each in fills), ZERO)
    profit = sum((each.profit or ZERO for each in fills), ZERO)
    last = max(fills, key=lambda each: each.at)
    fee = _expected_fee(value, rate)
    one = last._replace(id=f"order{last.number}", change=change, value=value, fees=((listing.quote, fee),), profit=profit)
    off: dict[str, Decimal] = {listing.quote: -fee}
    for asset, paid in (each for fill in fills for each in fill.fees):
        off[asset] = off.get(asset, ZERO) + paid
    difference = tuple((asset, paid) for asset, paid in off.items() if paid)
    if not difference:
        return (one,)
    return (one, one._replace(id=f"{one.id}-fee", change=ZERO, value=ZERO, fees=difference, profit=ZERO))


def _expected_fee(value: Decimal, rate: Decimal) -> Decimal:
    return (value * rate).quantize(_EIGHT)
