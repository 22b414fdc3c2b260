"""The hooks of the venue `alchemy`: the wallet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ChainAccess, ClientContext, MarketData, ModelContext, VenueClient, VenueModel

__all__ = ["chain_access", "create_client", "create_model", "market_data", "settings_class"]


@hookimpl
def settings_class() -> type:
    """What `alchemy.yaml` may say."""
    from .settings import AlchemySettings

    return AlchemySettings


@hookimpl
def create_model(context: ModelContext) -> VenueModel:
    """The model of the wallet."""
    from .model import AlchemyModel

    return AlchemyModel(context)


@hookimpl
def chain_access(context: ClientContext) -> ChainAccess:
    """RPC, the wallet's signing lane, and decoded receipts, for all on-chain venues."""
    from .access import chain_access as access

    return access(context)


@hookimpl
def create_client(context: ClientContext) -> VenueClient:
    """The wallet on a real chain."""
    from .client import AlchemyClient

    return AlchemyClient(context)


@hookimpl
def market_data(context: ClientContext) -> MarketData:
    """The gas price."""
    from .data import GasPrice

    return GasPrice(context)
