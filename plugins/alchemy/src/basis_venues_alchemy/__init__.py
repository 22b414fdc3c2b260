"""The hooks of the venue `alchemy`: the wallet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ModelContext, VenueModel


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
