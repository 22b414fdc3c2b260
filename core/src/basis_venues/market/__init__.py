"""Recorded market figures for backtests: read from files or a database, under rules for all that is missing or there twice.

Names are looked up when they are first used: a backtest needs few of these modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .history import HistoryMarket
    from .notes import Note
    from .opening import open_market, open_provider
    from .provider import FAR, DataProvider, Moments, Points, Source
    from .settings import DataSettings, SeriesRule, load_data_settings
    from .surveys import Survey, survey
    from .synthetic import write_synthetic

__all__ = [
    "FAR",
    "DataProvider",
    "DataSettings",
    "HistoryMarket",
    "Moments",
    "Note",
    "Points",
    "SeriesRule",
    "Source",
    "Survey",
    "load_data_settings",
    "open_market",
    "open_provider",
    "survey",
    "write_synthetic",
]

_HOMES = {
    "DataSettings": "settings",
    "HistoryMarket": "history",
    "Note": "notes",
    "SeriesRule": "settings",
    "Survey": "surveys",
    "load_data_settings": "settings",
    "open_market": "opening",
    "open_provider": "opening",
    "survey": "surveys",
    "write_synthetic": "synthetic",
}
"""Module of each public name; those that are not here are in `provider`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOMES.get(name, 'provider')}", __name__), name)
    globals()[name] = value
    return value
