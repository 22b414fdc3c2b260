"""Whether, when and at what price a simulated order fills. A fill is always whole: the market's depth is not modelled.

- A market order fills at the market's price, worse by the slippage, and not beyond the band of its plan.
- A limit order that the market reaches when it arrives fills at once, at the better of its limit and the market's price, as taker.
- A resting order fills at its limit, as maker, at the end of the first complete bar, begun no earlier than the order, whose low (for
  a buy) or high (for a sell) reaches the limit. The bar in which the order arrived says nothing: its extreme may have come before.
"""

from __future__ import annotations

from decimal import Decimal

from basis_venues.contract import Market, StepFails
from basis_venues.orders import Step

from .instrument import Instrument
from .rules import Trade

HIGHEST = "highest_price"
LOWEST = "lowest_price"


Fill = tuple[Decimal, Decimal, int]
"""One fill: price in quote units, fee as a fraction, time in ms."""


def bounds_of(trade: Trade, instrument: Instrument, price: Decimal) -> dict[str, str]:
    """The price band of a market order planned when the market stands at `price`; a limit order is its own bound."""
    if trade.order_type != "market":
        return {}
    if trade.side == "buy":
        return {HIGHEST: str(price * instrument.highest)}
    return {LOWEST: str(price * instrument.lowest)}


def find_fill(step: Step, trade: Trade, instrument: Instrument, market: Market, since: int) -> Fill | None:
    """The fill of an order that stands since `since` (ms), as of now; None while it rests.

    Raises `StepFails` for an IOC or FOK order that would lapse, a post-only order that would take, and a price beyond the plan's band.
    """
    limit = trade.price
    if limit is None:
        return _market_fill(step, trade, instrument, market)
    if market.now() > since and may_rest(trade):
        return _resting_fill(limit, trade, instrument, market, since)
    return _arriving_fill(limit, trade, instrument, market)


def may_rest(trade: Trade) -> bool:
    """Whether the order stays at the exchange when it cannot fill at once."""
    return trade.order_type != "market" and trade.time_in_force == "gtc"


def _market_fill(step: Step, trade: Trade, instrument: Instrument, market: Market) -> Fill:
    price = market.value(instrument.price)
    if trade.side == "buy":
        price *= instrument.up
        highest = step.bounds.get(HIGHEST)
        if highest is not None and price > Decimal(highest):
            raise StepFails(f"{instrument.symbol} would cost {price:f}, above the plan's band up to {highest}")
    else:
        price *= instrument.down
        lowest = step.bounds.get(LOWEST)
        if lowest is not None and price < Decimal(lowest):
            raise StepFails(f"{instrument.symbol} would bring {price:f}, below the plan's band down to {lowest}")
    return price, instrument.taker, market.now()


def _arriving_fill(limit: Decimal, trade: Trade, instrument: Instrument, market: Market) -> Fill | None:
    price = market.value(instrument.price)
    if price <= limit if trade.side == "buy" else price >= limit:
        if trade.order_type == "post_only":
            raise StepFails(f"a post-only {trade.side} at {limit} would take: {instrument.symbol} stands at {price}", expires=True)
        return price, instrument.taker, market.now()
    if not may_rest(trade):
        why = f"an {trade.time_in_force} {trade.side} at {limit} would not fill at once: {instrument.symbol} stands at {price}"
        raise StepFails(why, expires=True)
    return None


def _resting_fill(limit: Decimal, trade: Trade, instrument: Instrument, market: Market, since: int) -> Fill | None:
    buys, length = trade.side == "buy", instrument.bar_ms
    complete = market.now() - length
    if complete < since:
        return None
    for start, extreme in market.events(instrument.low if buys else instrument.high, since - 1, complete):
        if extreme <= limit if buys else extreme >= limit:
            return limit, instrument.maker, start + length
    return None
