"""From data settings to a market."""

from __future__ import annotations

from pathlib import Path

from ..clock import Clock
from .history import HistoryMarket
from .provider import DataProvider
from .settings import DataSettings


def open_provider(settings: DataSettings, directory: Path | str) -> DataProvider:
    """The provider that the settings choose, over `directory`: its database if they name one, else its files."""
    if settings.database is not None:
        from .database import DatabaseProvider

        return DatabaseProvider(Path(directory) / settings.database)
    from .files import FileProvider

    return FileProvider(directory)


def open_market(settings: DataSettings, directory: Path | str, since: int, until: int, clock: Clock) -> HistoryMarket:
    """A market over the history in `directory`, for the window from `since` to `until` (ms, both included). Nothing is read yet."""
    return HistoryMarket(settings, open_provider(settings, directory), clock, since, until)
