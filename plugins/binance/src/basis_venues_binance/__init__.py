"""Binance: the venue's hooks. What is heavy is imported inside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ClientContext, MarketData, ModelContext, VenueClient, VenueModel

__all__ = ["create_client", "create_model", "market_data", "settings_class"]


@hookimpl
def settings_class() -> type:
    """The settings that all ccxt exchanges share."""
    from basis_venues_ccxt import ExchangeSettings

    return ExchangeSettings


@hookimpl
def create_model(context: ModelContext) -> VenueModel:
    """The model that all ccxt exchanges share."""
    from basis_venues_ccxt import ExchangeModel

    return ExchangeModel(context)


@hookimpl
def create_client(context: ClientContext) -> VenueClient:
    """The client that all ccxt exchanges share, with Binance's parts."""
    from basis_venues_ccxt.live.making import make_client

    from .live import EXCHANGE

    return make_client(context, EXCHANGE)


@hookimpl
def market_data(context: ClientContext) -> MarketData:
    """Binance's prices and funding rates."""
    from basis_venues_ccxt.live.making import make_market_data

    from .live import EXCHANGE

    return make_market_data(context, EXCHANGE)
