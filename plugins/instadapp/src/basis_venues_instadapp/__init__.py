"""The hooks of the venue `instadapp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from basis_venues.hookspecs import hookimpl

if TYPE_CHECKING:
    from basis_venues.contract import ModelContext, VenueModel


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
