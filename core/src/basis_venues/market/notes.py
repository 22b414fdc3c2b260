"""What a run's market figures leaned on: substitutes, bridged gaps and dropped duplicates, as far as the run used them."""

from __future__ import annotations

from attrs import frozen


@frozen
class Note:
    """One line for the run's report: `series`, `what` was done, over which moments (ms, first and last used) and for how many figures.

    `what` is the substitute's name; `held` or `skipped`; `first` or `last` of several rows. `count` counts different moments, as the clock
    goes forward.
    """

    series: str
    what: str
    since: int
    until: int
    count: int


class _Tally:
    def __init__(self, moment: int) -> None:
        self.since = self.until = moment
        self.count = 1

    def add(self, moment: int) -> None:
        if moment > self.until:
            self.until = moment
        elif moment < self.since:
            self.since = moment
        else:
            return
        self.count += 1


class Notebook:
    """Notes of one kind, one for each series, deed and stretch of time."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, str, int], _Tally] = {}

    def add(self, series: str, what: str, moment: int, stretch: int = 0) -> None:
        """The figure at `moment` came about by `what`; `stretch` tells one gap from the next."""
        tally = self._tallies.get((series, what, stretch))
        if tally is None:
            self._tallies[series, what, stretch] = _Tally(moment)
        else:
            tally.add(moment)

    def notes(self) -> tuple[Note, ...]:
        """All notes so far, in the order in which they first came up."""
        return tuple(Note(series, what, tally.since, tally.until, tally.count) for (series, what, _), tally in self._tallies.items())
