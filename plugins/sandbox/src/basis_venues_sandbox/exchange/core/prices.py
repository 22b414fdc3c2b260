"""Where the books get their prices: nowhere (they stay as they are set), or a history under a data setting."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from basis_venues import series
from basis_venues.clock import PlanClock
from basis_venues.contract import Market as Figures
from basis_venues.errors import MissingData
from basis_venues.market import FAR, load_data_settings, open_market

from .market import Market


class Event(NamedTuple):
    """A price or a funding rate that holds from a moment on."""

    at: int
    funding: bool
    venue: str
    symbol: str
    value: Decimal


class Prices:
    """Prices and funding rates of the venues' markets from a history. Markets that it lacks keep their price."""

    def __init__(self, figures: Figures, clock: PlanClock) -> None:
        self._figures = figures
        self._clock = clock
        self._absent: set[str] = set()

    def at(self, now: int, venue: str, market: Market) -> Decimal | None:
        """The price in force; None where the history has none."""
        self._clock.stop_at(now)
        name = series.price(venue, market.symbol)
        try:
            return self._figures.value(name)
        except MissingData:
            return None

    def events(self, venue: str, market: Market, since: int, until: int) -> Iterator[Event]:
        """Everything after `since` up to `until`."""
        self._clock.stop_at(until)
        yield from self._points(series.price(venue, market.symbol), False, venue, market, since, until)
        if market.swap:
            yield from self._points(series.funding(venue, market.symbol), True, venue, market, since, until)

    def _points(self, name: str, funding: bool, venue: str, market: Market, since: int, until: int) -> Iterator[Event]:
        if name in self._absent:
            return
        try:
            points = self._figures.events(name, since, until)
        except MissingData:
            self._absent.add(name)
            return
        yield from (Event(at, funding, venue, market.symbol, value) for at, value in points)


def open_prices(settings: Path, directory: Path, now: int) -> Prices:
    """A history for the sandbox. Raises `ConfigurationError` where it cannot be read."""
    clock = PlanClock(now)
    return Prices(open_market(load_data_settings(settings), directory, -FAR, FAR, clock), clock)
