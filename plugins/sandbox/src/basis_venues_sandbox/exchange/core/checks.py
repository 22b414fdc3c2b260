"""The filters that an order must pass, the same that the venue publishes."""

from __future__ import annotations

from decimal import Decimal

from .books import Books
from .market import Market, Quote
from .orders import Ask
from .refusal import Refused, Why

ZERO = Decimal(0)


def check_client_id(books: Books, client_id: str) -> None:
    """The venue's own alphabet and length; none at all is allowed. Raises `Refused`."""
    if client_id and not books.rules.client_id.fullmatch(client_id):
        raise Refused(Why.BAD_CLIENT_ID, client_id)


def check_price(market: Market, ask: Ask, quote: Quote) -> None:
    """Tick and price band. Raises `Refused`."""
    if ask.price is None:
        return
    if ask.price <= 0 or ask.price % market.tick:
        raise Refused(Why.TICK, f"{ask.price} is no multiple of {market.tick}")
    highest, lowest = quote.mark * (1 + market.band), quote.mark * (1 - market.band)
    if ask.price > highest if ask.side == "buy" else ask.price < lowest:
        raise Refused(Why.PRICE_BAND, ask.side)


def check_quantity(market: Market, quantity: Decimal) -> None:
    """Lot and bounds. Raises `Refused`."""
    if quantity <= 0 or quantity < market.minimum:
        raise Refused(Why.TOO_SMALL, f"{quantity} is below {market.minimum}")
    if quantity > market.maximum:
        raise Refused(Why.TOO_LARGE, f"{quantity} is above {market.maximum}")
    if quantity % market.lot:
        raise Refused(Why.LOT, f"{quantity} is no multiple of {market.lot}")


def check_notional(market: Market, ask: Ask, value: Decimal) -> None:
    """The least value of an order; closing a position is let off. Raises `Refused`."""
    if value < market.minimum_notional and not ask.reduce_only:
        raise Refused(Why.NOTIONAL, f"{value} is below {market.minimum_notional}")


def check_mode(books: Books, market: Market) -> None:
    """Whether the account may trade the market in its present modes. Raises `Refused`."""
    if market.swap and books.settings.hedge_mode:
        raise Refused(Why.POSITION_SIDE, market.symbol)
    if market.swap and books.settings.account_level < 2:
        raise Refused(Why.ACCOUNT_MODE, market.symbol)
