"""What a fill does to the account's positions."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from basis_venues.actions import PerpTrade, SpotTrade
from basis_venues.contract import StepFails
from basis_venues.keys import Key
from basis_venues.orders import Line

from .instrument import Instrument
from .margin import Margin
from .perpetual import turn


def spot_lines(
    trade: SpotTrade, one: Instrument, quantity: Decimal, price: Decimal, fee: Decimal, view: Mapping[Key, Decimal], margin: Margin
) -> tuple[Line, ...]:
    """Base and quote of a spot fill; the fee is taken from what is received. Raises `StepFails` when what is given is not free."""
    value = quantity * price
    if trade.side == "buy":
        _cover(one.paid, value, one.quote, view, margin)
        return (one.held, quantity - quantity * fee), (one.paid, -value)
    _cover(one.held, quantity, one.base, view, margin)
    return (one.held, -quantity), (one.paid, value - value * fee)


def perpetual_lines(
    trade: PerpTrade, one: Instrument, quantity: Decimal, price: Decimal, fee: Decimal, view: Mapping[Key, Decimal], margin: Margin
) -> tuple[Line, ...]:
    """Size, cost and settle balance of a perpetual's fill. Raises `StepFails` for too little margin and for nothing to reduce."""
    size = view[one.held]
    change = quantity if trade.side == "buy" else -quantity
    if trade.reduce_only:
        change = _reducing(size, change, one)
    entry, profit, opened = turn(size, view[one.entry], change, price)
    gained = profit - abs(change) * price * fee
    if opened:
        margin.check(one, view, entry, gained, trade.leverage)
    return (one.held, change), (one.entry, entry), (one.paid, gained)


def _cover(key: Key, amount: Decimal, asset: str, view: Mapping[Key, Decimal], margin: Margin) -> None:
    free = margin.free(key, view)
    if amount > free:
        raise StepFails(f"insufficient funds: {amount:f} {asset} needed, {free:f} free")


def _reducing(size: Decimal, change: Decimal, one: Instrument) -> Decimal:
    """`change`, cut to what closes the position, as exchanges cut a reduce-only order."""
    if not size or (size > 0) == (change > 0):
        raise StepFails(f"reduce-only, and nothing to reduce: the position in {one.symbol} is {size:f}")
    return change if abs(change) < abs(size) else -size
