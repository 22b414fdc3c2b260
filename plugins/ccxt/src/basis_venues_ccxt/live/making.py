"""What a plugin's hooks call."""

from __future__ import annotations

from basis_venues.contract import ClientContext, MarketData, VenueClient

from .client import ExchangeClient
from .connection import connection_of
from .exchange import Exchange
from .quotes import ExchangeData
from .rules import read_rules


def make_client(context: ClientContext, exchange: Exchange, package: str) -> VenueClient:
    """The client of an exchange. `package`: the plugin's, whose manifest holds hosts, fence and rate."""
    return ExchangeClient(context, exchange, read_rules(package))


def make_market_data(context: ClientContext, exchange: Exchange, package: str) -> MarketData:
    """Live market figures of an exchange."""
    wire, rules = exchange.wire(), read_rules(package)
    return ExchangeData(context, wire, rules, exchange.quotes(connection_of(context, wire, rules)))
