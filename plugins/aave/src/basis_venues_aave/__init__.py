"""The hooks of the venue `aave`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ClientContext, MarketData, ModelContext, VenueClient, VenueModel

__all__ = ["create_client", "create_model", "market_data", "settings_class"]


@hookimpl
def settings_class() -> type:
    """What `aave.yaml` may say."""
    from .settings import AaveSettings

    return AaveSettings


@hookimpl
def create_model(context: ModelContext) -> VenueModel:
    """The model of lending and borrowing."""
    from .model import AaveModel

    return AaveModel(context)


@hookimpl
def create_client(context: ClientContext) -> VenueClient:
    """Lending on a real chain."""
    from .client import AaveClient

    return AaveClient(context)


@hookimpl
def market_data(context: ClientContext) -> MarketData:
    """Indices and oracle prices."""
    from .data import AaveData

    return AaveData(context)
