"""Rows chosen from the core as the venues' list endpoints choose them."""

from __future__ import annotations

from collections.abc import Iterator

from ..core import TRADE, Entry, Fill, Order, Payment
from .call import Call


def orders(call: Call, symbols: set[str], *, resting: bool | None = None) -> Iterator[Order]:
    """The orders of those symbols that lists show, oldest first; only resting or only finished ones if it says so."""
    desk = call.exchange.desk
    for order in desk.orders.values():
        if order.ask.symbol in symbols and desk.listed(order) and (resting is None or order.rests == resting):
            yield order


def fills(call: Call, symbols: set[str]) -> Iterator[Fill]:
    """The executions of those symbols, oldest first; those of an order that is still hidden are hidden with it."""
    desk = call.exchange.desk
    for fill in desk.fills:
        if fill.symbol in symbols and not desk.orders[fill.order].hidden:
            yield fill


def changes(call: Call, wallet: str) -> Iterator[tuple[Entry, Fill | Payment | None]]:
    """Every change of a wallet, the latest first, with the execution or payment that it comes from; those of an order that is still
    hidden are hidden with it."""
    exchange = call.exchange
    trades = {str(each.id): each for each in exchange.desk.fills}
    payments = {str(each.id): each for each in exchange.payments}
    for entry in reversed(exchange.books.ledger.entries):
        if entry.wallet != wallet:
            continue
        fill = trades[entry.ref] if entry.kind == TRADE else None
        if fill is None or not exchange.desk.orders[fill.order].hidden:
            yield entry, fill if fill is not None else payments.get(entry.ref)


def within(at: int, call: Call, since: str = "startTime", until: str = "endTime") -> bool:
    """Whether a moment is in the window that the request asks for, both ends included."""
    return call.whole(since, 0) <= at <= call.whole(until, 1 << 62)
