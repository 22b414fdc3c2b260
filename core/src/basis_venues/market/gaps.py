"""Where a series has no row in force, and the four rules for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple, Protocol

from ..errors import MissingData
from .notes import Notebook
from .provider import FAR, utc


class Figure(NamedTuple):
    """A figure and the moments (ms) `since <= moment < until` for which it stands."""

    since: int
    until: int
    value: Decimal


class Reading(Protocol):
    """One series, ready to be asked."""

    def at(self, moment: int) -> Figure:
        """The figure in force. Raises `MissingData`."""
        ...

    def events(self, since: int, until: int) -> list[tuple[int, Decimal]]:
        """The points after `since` up to and including `until`. Raises `MissingData` where points are missing in between."""
        ...

    def next_event(self, after: int) -> int | None:
        """When the next point after `after` is; a missing one counts, so that `events` then says so."""
        ...


class Gap(NamedTuple):
    """Moments `opens <= moment < closes` without a row in force. `row` is when the last row before it is, None before the first row;
    `held` reads that row's figure. `every` is the expected interval, 0 where none is known."""

    opens: int
    closes: int
    row: int | None
    held: Callable[[], Decimal]
    every: int

    def slots(self, since: int, until: int) -> Iterator[int]:
        """The moments after `since` up to and including `until` at which rows should have come."""
        if self.row is None or not self.every:
            return
        steps = max(1, (since - self.row) // self.every + 1)
        yield from range(self.row + steps * self.every, min(until + 1, self.closes), self.every)

    def next_slot(self, after: int) -> int | None:
        """The first such moment after `after`."""
        return next(self.slots(after, FAR), None)


class GapRule(ABC):
    """What a gap means for the series called `name`. The same three questions as of a reading."""

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def at(self, moment: int, gap: Gap) -> Figure:
        """What stands for the figure at a moment in the gap. Raises `MissingData`."""

    @abstractmethod
    def events(self, since: int, until: int, gap: Gap) -> list[tuple[int, Decimal]]:
        """What stands for the gap's points after `since` up to and including `until`. Raises `MissingData`."""

    def next_event(self, after: int, gap: Gap) -> int | None:
        """When the gap's next point after `after` is: where a row should have come, unless the rule says otherwise."""
        return gap.next_slot(after)

    def missing(self, moment: int, gap: Gap, advice: str) -> MissingData:
        """The error that says between which rows the moment lies, and what to do."""
        before = "there is no row before it" if gap.row is None else f"the last row is of {utc(gap.row)}"
        after = "none follows" if gap.closes >= FAR else f"the next is of {utc(gap.closes)}"
        return MissingData(f"{self.name} has no figure for {utc(moment)}: {before}, {after}; {advice}")


class Fail(GapRule):
    """A gap is an error."""

    advice = "in the data settings, name a substitute with `when: gap`, or say `gap: hold` with `hold_up_to`"

    def at(self, moment: int, gap: Gap) -> Figure:
        """Raises always."""
        raise self.missing(moment, gap, self.advice)

    def events(self, since: int, until: int, gap: Gap) -> list[tuple[int, Decimal]]:
        """Raises always."""
        raise self.missing(next(gap.slots(since, until), since + 1), gap, self.advice)


class Skip(GapRule):
    """What should have happened in the gap did not; there is no figure to be had."""

    def __init__(self, name: str, bridged: Notebook) -> None:
        super().__init__(name)
        self._bridged = bridged

    def at(self, moment: int, gap: Gap) -> Figure:
        """Raises always: nothing stands in."""
        raise self.missing(moment, gap, "`gap: skip` leaves events out and gives no figure")

    def events(self, since: int, until: int, gap: Gap) -> list[tuple[int, Decimal]]:
        """Nothing; each row that should have come is listed."""
        for slot in gap.slots(since, until):
            self._bridged.add(self.name, "skipped", slot, gap.opens)
        return []

    def next_event(self, after: int, gap: Gap) -> int | None:
        """None: there is nothing to wait for."""
        return None


class Hold(GapRule):
    """The last row before the gap stands in, while it is not older than `limit` ms."""

    def __init__(self, name: str, limit: int, bridged: Notebook) -> None:
        super().__init__(name)
        self._limit = limit
        self._bridged = bridged

    def at(self, moment: int, gap: Gap) -> Figure:
        """The held figure, for the time in which one row would have been in force."""
        row, held = self._row(moment, gap)
        slot = moment - (moment - row) % gap.every
        since = max(slot, gap.opens)
        self._bridged.add(self.name, "held", since, gap.opens)
        return Figure(since, min(slot + gap.every, gap.closes, row + self._limit + 1), held)

    def events(self, since: int, until: int, gap: Gap) -> list[tuple[int, Decimal]]:
        """The held figure wherever a row should have come."""
        if gap.row is None:  # before the first row nobody knows when rows should have come
            raise self.missing(since + 1, gap, "there is nothing to hold")
        held = [(slot, self._row(slot, gap)[1]) for slot in gap.slots(since, until)]
        for slot, _ in held:
            self._bridged.add(self.name, "held", slot, gap.opens)
        return held

    def _row(self, moment: int, gap: Gap) -> tuple[int, Decimal]:
        if gap.row is None:
            raise self.missing(moment, gap, "there is nothing to hold")
        if moment - gap.row > self._limit:
            raise self.missing(moment, gap, "that is older than `hold_up_to` allows")
        return gap.row, gap.held()


class Stand(GapRule):
    """Another series stands in. `reading` makes it ready when it is first needed."""

    def __init__(self, name: str, other: str, reading: Callable[[], Reading], substitutions: Notebook) -> None:
        super().__init__(name)
        self._other = other
        self._reading = reading
        self._substitutions = substitutions

    def at(self, moment: int, gap: Gap) -> Figure:
        """The other's figure, cut to the gap."""
        since, until, value = self._reading().at(moment)
        since, until = max(since, gap.opens), min(until, gap.closes)
        self._substitutions.add(self.name, self._other, since, gap.opens)
        return Figure(since, until, value)

    def events(self, since: int, until: int, gap: Gap) -> list[tuple[int, Decimal]]:
        """The other's points."""
        found = self._reading().events(since, until)
        for moment, _ in found:
            self._substitutions.add(self.name, self._other, moment, gap.opens)
        return found

    def next_event(self, after: int, gap: Gap) -> int | None:
        """The other's next point."""
        return self._reading().next_event(after)
