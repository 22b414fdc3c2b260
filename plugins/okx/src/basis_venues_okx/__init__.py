"""OKX: the venue's hooks. What is heavy is imported inside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ModelContext, VenueModel


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
