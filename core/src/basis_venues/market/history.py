"""Market figures of the past, as a backtest's models ask for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial

from ..clock import Clock
from ..errors import ConfigurationError, MissingData, TableAbsent
from .gaps import Fail, GapRule, Hold, Reading, Skip, Stand
from .notes import Note, Notebook
from .provider import FAR, DataProvider, utc
from .readings import Constant, Derived, Rows, Substituted, without_duplicates
from .settings import DataSettings, SeriesRule, duration


class HistoryMarket:
    """A `basis_venues.contract.Market` over recorded figures.

    `since` and `until` (ms, both included) are the window of the run: no figure is given outside it. A series is read when it is first
    asked for. At any moment only rows of that moment or before count, except where the settings interpolate. A price is what they
    name as its column: with the bar's `open`, it is known at the moment of the row; `low` and `high` describe the bar that begins there.
    """

    def __init__(self, settings: DataSettings, provider: DataProvider, clock: Clock, since: int, until: int) -> None:
        if since > until:
            raise ConfigurationError(f"the window of the data ends ({utc(until)}) before it begins ({utc(since)})")
        self._settings = settings
        self._provider = provider
        self._now = clock.now
        self._since = since
        self._until = until
        self._readings: dict[str, Reading] = {}
        self._figures: dict[str, tuple[int, int, Decimal]] = {}
        self._quiet: dict[str, tuple[int, int]] = {}
        self._substitutions = Notebook()
        self._bridged = Notebook()
        self._duplicates = Notebook()

    def now(self) -> int:
        """The moment, ms."""
        return self._now()

    def value(self, series: str) -> Decimal:
        """The figure in force at this moment. Raises `MissingData`, `ConfigurationError` where the data cannot be read."""
        now = self._now()
        figure = self._figures.get(series)
        if figure is not None and figure[0] <= now < figure[1]:
            return figure[2]
        return self._value(series, now)

    def events(self, series: str, since: int, until: int) -> Sequence[tuple[int, Decimal]]:
        """The points after `since` up to and including `until`, oldest first. Raises as `value` does."""
        quiet = self._quiet.get(series)
        if quiet is not None and quiet[0] <= since and until < quiet[1]:
            return ()
        self._check(series, since + 1, until)
        return self._reading(series).events(since, until) if since < until else ()

    def next_event(self, series: str, after: int) -> int | None:
        """When the next point after `after` is, ms; None where none is known, as after the window. A point that should come and is missing
        counts, so that `events` then raises."""
        if after > self._until:
            return None
        quiet = self._quiet.get(series)
        if quiet is None or not quiet[0] <= after < quiet[1]:
            self._check(series, after + 1, after)
            upcoming = self._reading(series).next_event(after)
            self._quiet[series] = quiet = (after, FAR if upcoming is None else upcoming)
        return quiet[1] if quiet[1] < FAR else None

    @property
    def substitutions(self) -> tuple[Note, ...]:
        """Figures that this run took from another series; `what` names it."""
        return self._substitutions.notes()

    @property
    def bridged(self) -> tuple[Note, ...]:
        """Gaps that this run passed over, `held` or `skipped`."""
        return self._bridged.notes()

    @property
    def duplicates(self) -> tuple[Note, ...]:
        """Figures that this run took from one of several rows of one time; `what` says whether the `first` or the `last`."""
        return self._duplicates.notes()

    def _value(self, series: str, now: int) -> Decimal:
        self._check(series, now, now)
        since, until, value = self._reading(series).at(now)
        if until > self._until:
            until = self._until + 1  # the window binds the remembered figure, too
        self._figures[series] = since, until, value
        return value

    def _check(self, series: str, first: int, last: int) -> None:
        if first < self._since or last > self._until:
            asked, window = utc(first if first < self._since else last), f"{utc(self._since)} to {utc(self._until)}"
            raise MissingData(f"{series} was asked for {asked}, outside the window of this run, {window}; widen the window")

    def _reading(self, series: str) -> Reading:
        reading = self._readings.get(series)
        if reading is None:
            self._refuse_circles(series, ())
            reading = self._readings[series] = self._made(series, self._settings.rule(series))
        return reading

    def _made(self, series: str, rule: SeriesRule) -> Reading:
        if rule.constant is not None:
            return Constant(rule.constant)
        if rule.derive is not None:
            return Derived(series, rule.derive, [self._operand(name) for name in rule.of])
        if rule.table is None:
            return self._substituted(series, rule)
        try:
            return self._rows(series, rule)
        except TableAbsent:
            if rule.when != "missing":
                raise
            return self._substituted(series, rule)

    def _operand(self, name: str) -> Reading:
        return self._reading(name) if ":" in name else Constant(Decimal(name))

    def _substituted(self, series: str, rule: SeriesRule) -> Reading:
        other = rule.substitute or ""
        return Substituted(series, other, self._reading(other), self._substitutions)

    def _rows(self, series: str, rule: SeriesRule) -> Reading:
        points = self._provider.read(rule.source, self._since, self._until)
        kept, duplicates = without_duplicates(series, points, rule.duplicates)
        every = duration(rule.every) if rule.every else 0
        return Rows(series, kept, every, self._gap_rule(series, rule), rule.interpolate, duplicates, self._duplicates)

    def _gap_rule(self, series: str, rule: SeriesRule) -> GapRule:
        if rule.when == "gap" and rule.substitute is not None:
            other: Callable[[], Reading] = partial(self._reading, rule.substitute)
            return Stand(series, rule.substitute, other, self._substitutions)
        if rule.hold_up_to is not None:
            return Hold(series, duration(rule.hold_up_to), self._bridged)
        return Skip(series, self._bridged) if rule.gap == "skip" else Fail(series)

    def _refuse_circles(self, series: str, path: tuple[str, ...]) -> None:
        if series in path:
            raise ConfigurationError(f"series are read from each other in a circle: {' → '.join((*path, series))}")
        for other in self._settings.rule(series).needs:
            self._refuse_circles(other, (*path, series))
