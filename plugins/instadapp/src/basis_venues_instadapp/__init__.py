"""The hooks of the venue `instadapp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ClientContext, MarketData, ModelContext, VenueClient, VenueModel

__all__ = ["create_client", "create_model", "market_data", "settings_class"]


@hookimpl
def settings_class() -> type:
    """What `instadapp.yaml` may say."""
    from .settings import InstadappSettings

    return InstadappSettings


@hookimpl
def create_model(context: ModelContext) -> VenueModel:
    """The model of atomic bundles on a smart account."""
    from .model import InstadappModel

    return InstadappModel(context)


@hookimpl
def create_client(context: ClientContext) -> VenueClient:
    """The smart account on a real chain."""
    from .client import InstadappClient

    return InstadappClient(context)


@hookimpl
def market_data(context: ClientContext) -> MarketData:
    """Swap rates."""
    from .data import SwapRates

    return SwapRates(context)
