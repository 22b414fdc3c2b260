"""Rows chosen from the core as the venues' list endpoints choose them, in the windows and pages that these keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from ..core import ENDOWMENT, TRADE, Entry, Fill, Order, Payment
from .call import Call

DAY = 86_400_000
"""ms."""
EVER = 1 << 62
Value = TypeVar("Value")


def orders(call: Call, symbols: set[str], *, resting: bool | None = None) -> Iterator[Order]:
    """The orders of those symbols that lists show, oldest first; only resting or only finished ones if it says so."""
    desk = call.exchange.desk
    for order in desk.orders.values():
        if order.ask.symbol in symbols and desk.listed(order) and (resting is None or order.rests == resting):
            yield order


def fills(call: Call, symbols: set[str]) -> Iterator[Fill]:
    """The executions of those symbols, oldest first, but for those of orders that are hidden, or whose executions are."""
    desk = call.exchange.desk
    for fill in desk.fills:
        if fill.symbol in symbols and not _is_hidden(desk.orders[fill.order]):
            yield fill
    for order in desk.orders.values():
        order.unlisted = max(order.unlisted - 1, 0)


def changes(call: Call, wallet: str) -> Iterator[tuple[Entry, Fill | Payment | None]]:
    """Every change of a wallet, the latest first, with the execution or payment that it comes from; those of an order that is still
    hidden are hidden with it. What control gave is in no list."""
    exchange = call.exchange
    trades = {str(each.id): each for each in exchange.desk.fills}
    payments = {str(each.id): each for each in exchange.payments}
    for entry in reversed(exchange.books.ledger.entries):
        if entry.wallet != wallet or entry.kind == ENDOWMENT:
            continue
        fill = trades[entry.ref] if entry.kind == TRADE else None
        if fill is None or not _is_hidden(exchange.desk.orders[fill.order]):
            yield entry, fill if fill is not None else payments.get(entry.ref)


def _is_hidden(order: Order) -> bool:
    return bool(order.hidden or order.unlisted)


def paged(call: Call, found: Sequence[Value], usual: int, most: int) -> tuple[list[Value], str]:
    """One page of what was found, the latest first, and the cursor of the next: how many older ones there are. A page that is full has a
    cursor, even if it leads to an empty page."""
    left = call.whole("cursor", len(found))
    limit = max(1, min(call.whole("limit", usual), most))
    shown = list(found[len(found) - left :][:limit])
    return shown, str(left - len(shown)) if len(shown) == limit else ""
