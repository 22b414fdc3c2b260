"""Recorded market figures for backtests: read from files or a database, under rules for all that is missing or there twice."""

from __future__ import annotations

from .history import HistoryMarket
from .notes import Note
from .opening import open_market, open_provider
from .provider import FAR, DataProvider, Moments, Points, Source, TableAbsent
from .settings import DataSettings, SeriesRule, load_data_settings
from .survey import Survey, survey
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
    "TableAbsent",
    "load_data_settings",
    "open_market",
    "open_provider",
    "survey",
    "write_synthetic",
]
