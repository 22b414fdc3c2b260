"""The market of a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from basis_venues.clock import Clock
from basis_venues.errors import MissingData

from ..samples import Points

MOVE = Decimal("1.01")


class SampleMarket:
    """A `Market` of given points, which are counted from `start`. `asked` are the series that were asked for."""

    def __init__(self, figures: Mapping[str, Points], start: int, clock: Clock) -> None:
        self._points = {series: tuple((start + at, figure) for at, figure in points) for series, points in figures.items()}
        self._clock = clock
        self.asked: set[str] = set()

    def told_by(self, clock: Clock) -> SampleMarket:
        """The same figures at another clock's time."""
        other = SampleMarket({}, 0, clock)
        other._points = self._points
        return other

    def moved(self) -> SampleMarket:
        """Other figures at the same times: each by `MOVE`."""
        other = SampleMarket({}, 0, self._clock)
        other._points = {series: tuple((at, figure * MOVE) for at, figure in points) for series, points in self._points.items()}
        return other

    def now(self) -> int:
        """The moment, ms."""
        return self._clock.now()

    def value(self, series: str) -> Decimal:
        """The last figure up to now. Raises `MissingData`."""
        now = self.now()
        known = [figure for at, figure in self._of(series) if at <= now]
        if not known:
            raise MissingData(f"the sample has no figure for {series}; add it to `market`")
        return known[-1]

    def events(self, series: str, since: int, until: int) -> Sequence[tuple[int, Decimal]]:
        """The points after `since` up to and including `until`."""
        return [(at, figure) for at, figure in self._of(series) if since < at <= until]

    def next_event(self, series: str, after: int) -> int | None:
        """When the next point after `after` is."""
        return next((at for at, _ in self._of(series) if at > after), None)

    def _of(self, series: str) -> Points:
        self.asked.add(series)
        return self._points.get(series, ())
