"""Market figures as the venues give them now: fetched before an order is planned, and refused when they are too old.

In a mixed run the simulated venues give no figures: theirs come from recorded data, and the run's result says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from ..clock import Clock
from ..contract import Market, MarketData, Quote
from ..errors import BasisError, ConfigurationError, DataUnavailable, Denied, MissingData
from .notes import Note, Notebook
from .provider import utc

STALE_MS = 60_000
"""How old a figure may be when an order is planned with it."""
AHEAD_MS = 1_000
"""How far ahead of this clock a fresh figure may be dated: a venue's clock is known as well as its answers are quick."""


class Recorded(NamedTuple):
    """Recorded figures in a mixed run: `market` answers for the simulated `venues`, never for the `live` ones; and for sources that are
    no venue (an automated market, say) where `others` is set: then no live protocol could plan with them."""

    market: Market
    venues: frozenset[str]
    live: frozenset[str]
    others: bool

    def answers(self, source: str) -> bool:
        """Whether figures of that source may be recorded ones."""
        return source in self.venues or (self.others and source not in self.live)


class LiveMarket:
    """A `basis_venues.contract.Market` over the `market_data` of the venues in `data_subscriptions`.

    `recorded` answers for what only simulated venues ask; what a live source fails to give is never taken from it.
    """

    def __init__(self, data: Iterable[MarketData], clock: Clock, stale_ms: int = STALE_MS, recorded: Recorded | None = None) -> None:
        self._by_source = {source: each for each in data for source in each.sources}
        self._recorded = recorded
        self._substitutions = Notebook()
        self._clock = clock
        self._stale_ms = stale_ms
        self._quotes: dict[str, Quote] = {}
        self._failed: dict[str, MissingData] = {}

    def now(self) -> int:
        """The moment, ms."""
        return self._clock.now()

    def value(self, series: str) -> Decimal:
        """The figure last fetched. Raises `MissingData` where there is none, or it is too old; `DataUnavailable` where its source could not
        be read just now."""
        quote, source = self._quotes.get(series), series.partition(":")[0]
        if quote is None:
            if self._recorded is not None and source not in self._by_source and self._recorded.answers(source):
                return self._past(series, self._recorded.market)
            failed = self._failed.get(source)
            raise self._missing(source)(f"{series} is not known: {failed or 'no venue of data_subscriptions gave it'}")
        age = self.now() - quote.at
        if abs(age) > self._stale_ms:  # one of the future would never become too old
            what = f"{age // 1000} s old" if age > 0 else f"dated {-age // 1000} s ahead of this clock"
            raise self._missing(source)(f"{series} is {what}; at most {self._stale_ms // 1000} s are allowed")
        return quote.value

    def _missing(self, source: str) -> type[MissingData]:
        failed = self._failed.get(source)
        return MissingData if failed is None else type(failed)

    def events(self, series: str, since: int, until: int) -> Sequence[tuple[int, Decimal]]:
        """None: live, what happens by itself is read from the account."""
        return ()

    def next_event(self, series: str, after: int) -> int | None:
        """None, as above."""
        return None

    @property
    def substitutions(self) -> tuple[Note, ...]:
        """Series that this run took from recorded data."""
        return self._substitutions.notes()

    def _past(self, series: str, recorded: Market) -> Decimal:
        figure, now, moment = recorded.value(series), self.now(), recorded.now()
        of_now = abs(now - moment) < self._stale_ms
        self._substitutions.add(series, "recorded data" if of_now else f"recorded data of {utc(moment)}", now)
        return figure

    async def refresh(self, series: Collection[str]) -> None:
        """Fetch what is not fresh by the run's clock, which a profile may let follow a plan. A source that fails leaves its old figures,
        which then may be too old to be used."""
        now = self.now()
        first, last = now - self._stale_ms // 4, now + AHEAD_MS
        wanted = [name for name in dict.fromkeys(series) if name not in self._quotes or not first <= self._quotes[name].at <= last]
        for source, names in _by_source(wanted).items():
            data = self._by_source.get(source)
            if data is not None:
                self._quotes.update(await self._fetched(source, data, names))

    async def _fetched(self, source: str, data: MarketData, names: Collection[str]) -> Mapping[str, Quote]:
        try:
            found = await data.fetch(names)
        except Exception as error:  # not being able to read is an answer: the figures stay as old as they are
            said = f"{error}" if isinstance(error, BasisError) else type(error).__name__  # others' words may hold a key
            self._failed[source] = _failure(error)(f"{source} could not be read: {said}")
            return {}
        self._failed.pop(source, None)
        return found

    async def close(self) -> None:
        """Let the venues' connections go."""
        for data in dict.fromkeys(self._by_source.values()):
            await data.close()


def _failure(error: Exception) -> type[MissingData]:
    """What to raise for a source that failed: what is configured wrongly, or refused on this side, does not come right by itself."""
    for_good = isinstance(error, (ConfigurationError, Denied)) and not isinstance(error, MissingData)
    return MissingData if for_good else DataUnavailable


def _by_source(series: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in series:
        groups.setdefault(name.partition(":")[0], []).append(name)
    return groups
