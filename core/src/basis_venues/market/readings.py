"""The kinds of series: rows of a table, another series in whole, a figure derived from others, a constant."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from functools import partial, reduce
from typing import Literal, NamedTuple

from ..amounts import MONEY
from ..errors import ConfigurationError, MissingData
from .gaps import Figure, Gap, GapRule, Reading
from .notes import Notebook
from .provider import FAR, Points, utc

_RAY = Decimal("1e-27")
_NO_NUMBER = Decimal("NaN")

Interpolation = Literal["none", "linear", "index"]
Derivation = Literal["product", "ratio", "sum"]


def to_ray(figure: Decimal) -> Decimal:
    """`figure` rounded down to 27 decimals, the precision in which Aave keeps its indices."""
    return figure.quantize(_RAY, ROUND_FLOOR, MONEY)


class Duplicates(NamedTuple):
    """Which of several rows of one time counts, and the times that have several."""

    rule: Literal["fail", "first", "last"]
    times: frozenset[int] = frozenset()


def without_duplicates(name: str, points: Points, rule: Literal["fail", "first", "last"]) -> tuple[Points, Duplicates]:
    """One row for each time. Raises `ConfigurationError` under the rule `fail`, with the first pair."""
    times, texts = points
    if len(set(times)) == len(times):
        return points, Duplicates(rule)
    again = [row for row in range(1, len(times)) if times[row] == times[row - 1]]
    if rule == "fail":
        row = again[0]
        raise ConfigurationError(
            f"{name} has {len(again)} rows with the time of the row before them, first {utc(times[row])} with {texts[row - 1]} and "
            f"{texts[row]}; say in the data settings which counts, with `duplicates: first` or `duplicates: last`"
        )
    dropped = set(again) if rule == "first" else {row - 1 for row in again}
    kept = [row for row in range(len(times)) if row not in dropped]
    duplicates = Duplicates(rule, frozenset(times[row] for row in again))
    return Points([times[row] for row in kept], [texts[row] for row in kept]), duplicates


class Rows:
    """Rows of a table. Figures stay text until they are asked for."""

    def __init__(
        self, name: str, points: Points, every: int, gap_rule: GapRule, interpolate: Interpolation, duplicates: Duplicates, notes: Notebook
    ) -> None:
        self._name = name
        self._times = [*points.times, FAR]  # so that every row has one after it
        self._texts = points.texts
        self._every = every
        self._gap_rule = gap_rule
        self._interpolate = interpolate
        self._duplicates = duplicates
        self._notes = notes

    def at(self, moment: int) -> Figure:
        """The row in force, or what the interpolation or the gap rule says."""
        row = bisect_right(self._times, moment) - 1
        if row >= 0:
            here, until = self._times[row], self._end(row)
            if moment < until:
                if self._interpolate == "none":
                    return Figure(here, until, self._figure(row))
                return Figure(moment, moment + 1, self._figure(row) if moment == here else self._between(row, moment))
        return self._gap_rule.at(moment, self._gap(row))

    def events(self, since: int, until: int) -> list[tuple[int, Decimal]]:
        """Rows, and what the gap rule puts between them."""
        found: list[tuple[int, Decimal]] = []
        row = bisect_right(self._times, since) - 1
        while True:
            if self._rows_are_missing(row, since):
                gap = self._gap(row)
                start, end = max(since, gap.opens - 1), min(until, gap.closes - 1)
                found += self._gap_rule.events(start, end, gap) if start < end else ()
            row += 1
            if self._times[row] > until:
                return found
            found.append((self._times[row], self._figure(row)))

    def next_event(self, after: int) -> int | None:
        """The next row, or a point that the gap rule puts before it."""
        row = bisect_right(self._times, after) - 1
        following = self._times[row + 1]
        if self._rows_are_missing(row, after):
            gap = self._gap(row)
            between = self._gap_rule.next_event(max(after, gap.opens - 1), gap)
            if between is not None and between < following:
                return between
        return following if following < FAR else None

    def _end(self, row: int) -> int:
        """Until when a row is in force: its interval, but not beyond the next row."""
        here, following = self._times[row], self._times[row + 1]
        if following <= here + self._every:
            return following
        if not self._every and following < FAR:
            return following
        return here + (self._every if self._every and self._interpolate == "none" else 1)

    def _rows_are_missing(self, row: int, since: int) -> bool:
        """Whether a row is missing between `row` (-1: none) and the next, after `since`. No row can be missing when the first one comes
        within an interval."""
        if row >= 0:
            return self._end(row) < self._times[row + 1]
        return not self._every or since < self._times[0] - self._every

    def _gap(self, row: int) -> Gap:
        """The gap between a row (-1: none) and the next."""
        opens, here = (self._end(row), self._times[row]) if row >= 0 else (-FAR, None)
        return Gap(opens, self._times[row + 1], here, partial(self._figure, row), self._every)

    def _figure(self, row: int) -> Decimal:
        if self._duplicates.times and self._times[row] in self._duplicates.times:
            self._notes.add(self._name, self._duplicates.rule, self._times[row])
        text = self._texts[row]
        try:
            figure = Decimal(text)
        except InvalidOperation:
            figure = _NO_NUMBER
        if not figure.is_finite():
            raise MissingData(f"{self._name} has {text!r} for {utc(self._times[row])}, which is no number; mend the row, or take it out")
        return figure

    def _between(self, row: int, moment: int) -> Decimal:
        """Linear: v0 + (v1 - v0) x. Index: v0 (v1 / v0) ** x. With x the part of the time between the two rows that has passed."""
        first, second = self._figure(row), self._figure(row + 1)
        start, end = self._times[row], self._times[row + 1]
        if self._interpolate == "linear":
            rise = MONEY.multiply(MONEY.subtract(second, first), Decimal(moment - start))
            return to_ray(MONEY.add(first, MONEY.divide(rise, Decimal(end - start))))
        if first <= 0 or second <= 0:
            raise MissingData(f"{self._name} cannot be interpolated as an index after {utc(start)}: an index is above zero")
        part = MONEY.divide(Decimal(moment - start), Decimal(end - start))
        return to_ray(MONEY.multiply(first, MONEY.power(MONEY.divide(second, first), part)))


class Substituted:
    """Another series in whole."""

    def __init__(self, name: str, other: str, reading: Reading, substitutions: Notebook) -> None:
        self._name = name
        self._other = other
        self._reading = reading
        self._substitutions = substitutions

    def at(self, moment: int) -> Figure:
        """The other's figure."""
        figure = self._reading.at(moment)
        self._substitutions.add(self._name, self._other, figure.since)
        return figure

    def events(self, since: int, until: int) -> list[tuple[int, Decimal]]:
        """The other's points."""
        found = self._reading.events(since, until)
        for moment, _ in found:
            self._substitutions.add(self._name, self._other, moment)
        return found

    def next_event(self, after: int) -> int | None:
        """The other's next point."""
        return self._reading.next_event(after)


class Constant:
    """One figure at all times."""

    def __init__(self, value: Decimal) -> None:
        self._figure = Figure(-FAR, FAR, value)

    def at(self, moment: int) -> Figure:
        """The figure."""
        return self._figure

    def events(self, since: int, until: int) -> list[tuple[int, Decimal]]:
        """None: nothing happens to a constant."""
        return []

    def next_event(self, after: int) -> int | None:
        """None."""
        return None


class Derived:
    """A figure computed from others, in force while all of them are; a point of any of them is a point of this one."""

    def __init__(self, name: str, kind: Derivation, parts: Sequence[Reading]) -> None:
        self._name = name
        self._compute = _DERIVATIONS[kind]
        self._parts = parts

    def at(self, moment: int) -> Figure:
        """The figures of all parts, put together."""
        figures = [part.at(moment) for part in self._parts]
        since, until = max(figure.since for figure in figures), min(figure.until for figure in figures)
        try:
            return Figure(since, until, self._compute([figure.value for figure in figures]))
        except (ZeroDivisionError, InvalidOperation):
            raise MissingData(f"{self._name} divides by zero at {utc(moment)}") from None

    def events(self, since: int, until: int) -> list[tuple[int, Decimal]]:
        """A point wherever a part has one."""
        moments = sorted({moment for part in self._parts for moment, _ in part.events(since, until)})
        return [(moment, self.at(moment).value) for moment in moments]

    def next_event(self, after: int) -> int | None:
        """The nearest of the parts' next points."""
        return min((moment for part in self._parts if (moment := part.next_event(after)) is not None), default=None)


def _product(figures: Sequence[Decimal]) -> Decimal:
    return reduce(MONEY.multiply, figures)


def _sum(figures: Sequence[Decimal]) -> Decimal:
    return reduce(MONEY.add, figures)


def _ratio(figures: Sequence[Decimal]) -> Decimal:
    return to_ray(reduce(MONEY.divide, figures))


_DERIVATIONS: dict[Derivation, Callable[[Sequence[Decimal]], Decimal]] = {"product": _product, "ratio": _ratio, "sum": _sum}
