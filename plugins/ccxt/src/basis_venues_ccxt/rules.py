"""What is refused before it leaves: the exchange's filters and the configured limits."""

from __future__ import annotations

from decimal import Decimal

from basis_venues.actions import PerpTrade, SpotTrade
from basis_venues.amounts import ZERO, ceil_to, floor_to
from basis_venues.errors import Denied
from basis_venues.orders import Limits

from .instrument import Instrument

Trade = SpotTrade | PerpTrade


def lots_paid(trade: Trade, instrument: Instrument, price: Decimal) -> Decimal:
    """The quantity of an order that gives none: the whole lots that its notional pays for at `price`."""
    assert trade.notional is not None  # an action has one of the two
    return floor_to(trade.notional / price, instrument.limits.lot)


def limits_of(trade: Trade, instrument: Instrument) -> Limits:
    """What the exchange takes of the trade. One that only reduces a position is free of the minimum notional, as exchanges have it
    (Binance error -4164)."""
    reduces = isinstance(trade, PerpTrade) and trade.reduce_only
    return instrument.limits._replace(minimum_notional=ZERO) if reduces else instrument.limits


def check_trade(trade: Trade, instrument: Instrument, price: Decimal) -> None:
    """Raises `Denied`, with both figures, for an order that the exchange would not take at `price` (the limit, or the market's)."""
    lot, minimum, maximum, minimum_notional = limits_of(trade, instrument)
    quantity = trade.quantity or lots_paid(trade, instrument, price)
    if trade.quantity is not None and quantity % lot:
        raise Denied(_off_step(quantity, lot, f"the lot of {instrument.symbol}", instrument.base))
    if quantity < minimum:
        raise Denied(f"{_asked(trade, instrument, quantity)} is below the minimum of {minimum} {instrument.base} for {instrument.symbol}")
    if maximum and quantity > maximum:
        raise Denied(f"{_asked(trade, instrument, quantity)} is above the maximum of {maximum} {instrument.base} for {instrument.symbol}")
    if minimum_notional:
        notional = quantity * price if trade.notional is None else trade.notional
        if notional < minimum_notional:
            raise Denied(f"{notional:f} {instrument.quote} is below the minimum order of {minimum_notional} {instrument.quote}")
    if trade.order_type == "post_only" and trade.time_in_force != "gtc":
        raise Denied(f"a post-only order that may not rest ({trade.time_in_force}) can never fill; leave time_in_force at gtc")
    if trade.price is not None and trade.price % instrument.tick:
        raise Denied(_off_step(trade.price, instrument.tick, f"the tick of {instrument.symbol}", instrument.quote))


def check_leverage(trade: PerpTrade, most: Decimal | None) -> None:
    """Raises `Denied` for more leverage than the configuration allows."""
    if trade.leverage is not None and most is not None and trade.leverage > most:
        raise Denied(f"a leverage of {trade.leverage} is above the limit of {most}; ask for {most} or less")


def _asked(trade: Trade, instrument: Instrument, quantity: Decimal) -> str:
    if trade.notional is None:
        return f"{quantity} {instrument.base}"
    return f"{trade.notional} {instrument.quote}, which is {quantity} {instrument.base} in whole lots,"


def _off_step(value: Decimal, step: Decimal, what: str, unit: str) -> str:
    below, above = floor_to(value, step), ceil_to(value, step)
    nearest = f"{below} or {above}" if below else f"{above}"
    return f"{value} {unit} is not a whole multiple of {step}, {what}; use {nearest}"
