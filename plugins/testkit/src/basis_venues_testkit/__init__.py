"""The conformance kit: numbered promises that a venue plugin keeps. See `VenueConformance`.

Nothing is imported before it is asked for: pytest loads the plugin module of this package in every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .conformance import VenueConformance
    from .samples import DAY, HOUR, START, Sample

__version__ = "0.1.0"
"""The version of the suite: what the promises are."""

__all__ = ["DAY", "HOUR", "START", "Sample", "VenueConformance"]


def __getattr__(name: str) -> Any:
    if name == "VenueConformance":
        from .conformance import VenueConformance

        return VenueConformance
    if name in __all__:
        from . import samples

        return getattr(samples, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
