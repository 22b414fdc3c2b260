"""The hooks of the venue `aave`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ModelContext, VenueModel


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
