"""The hooks of the venue `lido`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ModelContext, VenueModel


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
