"""The hooks of the venue `lido`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ClientContext, MarketData, ModelContext, VenueClient, VenueModel

__all__ = ["create_client", "create_model", "market_data", "settings_class"]


@hookimpl
def settings_class() -> type:
    """What `lido.yaml` may say."""
    from .settings import LidoSettings

    return LidoSettings


@hookimpl
def create_model(context: ModelContext) -> VenueModel:
    """The model of staking and the withdrawal queue."""
    from .model import LidoModel

    return LidoModel(context)


@hookimpl
def create_client(context: ClientContext) -> VenueClient:
    """Staking on a real chain."""
    from .client import LidoClient

    return LidoClient(context)


@hookimpl
def market_data(context: ClientContext) -> MarketData:
    """The share rate."""
    from .data import LidoData

    return LidoData(context)
