"""What a plugin's hooks call."""

from __future__ import annotations

from basis_venues.contract import ClientContext, MarketData, VenueClient

from .client import ExchangeClient
from .connection import connection_of
from .exchange import Exchange
from .quotes import ExchangeData


def make_client(context: ClientContext, exchange: Exchange) -> VenueClient:
    """The client of an exchange."""
    return ExchangeClient(context, exchange)


def make_market_data(context: ClientContext, exchange: Exchange) -> MarketData:
    """Live market figures of an exchange."""
    connection = connection_of(context, exchange.wire())
    return ExchangeData(context, connection, exchange.quotes(connection))
