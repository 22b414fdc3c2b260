"""Market figures as the venues give them now: fetched before an order is planned, and refused when they are too old."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from ..clock import Clock
from ..contract import MarketData, Quote
from ..errors import MissingData

STALE_MS = 60_000
"""How old a figure may be when an order is planned with it."""


class LiveMarket:
    """A `basis_venues.contract.Market` over the `market_data` of the venues in `data_subscriptions`."""

    def __init__(self, data: Iterable[MarketData], clock: Clock, stale_ms: int = STALE_MS) -> None:
        self._by_source = {source: each for each in data for source in each.sources}
        self._clock = clock
        self._stale_ms = stale_ms
        self._quotes: dict[str, Quote] = {}

    def now(self) -> int:
        """The moment, ms."""
        return self._clock.now()

    def value(self, series: str) -> Decimal:
        """The figure last fetched. Raises `MissingData` where there is none, or it is too old."""
        quote = self._quotes.get(series)
        if quote is None:
            raise MissingData(f"{series} is not known: no venue of data_subscriptions gave it")
        age = self.now() - quote.at
        if age > self._stale_ms:
            raise MissingData(f"{series} is {age // 1000} s old; at most {self._stale_ms // 1000} s are allowed")
        return quote.value

    def events(self, series: str, since: int, until: int) -> Sequence[tuple[int, Decimal]]:
        """None: live, what happens by itself is read from the account."""
        return ()

    def next_event(self, series: str, after: int) -> int | None:
        """None, as above."""
        return None

    async def refresh(self, series: Collection[str]) -> None:
        """Fetch what is not fresh. A source that fails leaves its old figures, which then may be too old to be used."""
        fresh_after = self.now() - self._stale_ms // 4
        wanted = [name for name in dict.fromkeys(series) if name not in self._quotes or self._quotes[name].at < fresh_after]
        for source, names in _by_source(wanted).items():
            data = self._by_source.get(source)
            if data is not None:
                self._quotes.update(await _fetched(data, names))

    async def close(self) -> None:
        """Let the venues' connections go."""
        for data in dict.fromkeys(self._by_source.values()):
            await data.close()


def _by_source(series: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in series:
        groups.setdefault(name.partition(":")[0], []).append(name)
    return groups


async def _fetched(data: MarketData, names: Collection[str]) -> Mapping[str, Quote]:
    try:
        return await data.fetch(names)
    except Exception:  # not being able to read is an answer: the figures stay as old as they are
        return {}
