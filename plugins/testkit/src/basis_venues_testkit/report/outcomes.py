"""What became of the promises of a run, by venue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..levels import LEVELS, in_order, level_of

_WORST_FIRST = ("failed", "blocked", "not tried", "passed", "skipped")


class PromiseOutcome:
    """What became of one promise of one venue: a result for each case it was tried with."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.cases: dict[str, str] = {}
        self.reasons: dict[str, str] = {}

    @property
    def result(self) -> str:
        """The worst result of its cases; a promise of which some cases passed and the rest did not apply has passed."""
        found = set(self.cases.values())
        return next((result for result in _WORST_FIRST if result in found), "not run")


class VenueOutcome:
    """What became of all promises of one venue. `import_ms` is None where it was not measured; `dialect`: over which protocol
    it was tried."""

    def __init__(self) -> None:
        self.promises: dict[str, PromiseOutcome] = {}
        self.import_ms: float | None = None
        self.dialect = ""

    def of(self, result: str) -> Mapping[str, PromiseOutcome]:
        """The promises with that result, in order."""
        return {name: self.promises[name] for name in sorted(self.promises, key=in_order) if self.promises[name].result == result}

    def level(self, promised: Mapping[str, str]) -> int | None:
        """The highest level of which, and below which, each of the `promised` was kept or does not apply; None where it is not even 0."""
        reached = None
        for level in sorted(LEVELS):
            names = [name for name in promised if level_of(name) == level]
            if not names or any(not self._kept(name) for name in names):
                break
            reached = level
        return reached

    def _kept(self, name: str) -> bool:
        return name in self.promises and self.promises[name].result in ("passed", "skipped")


class Outcomes:
    """What became of the promises of all venues of a run."""

    def __init__(self) -> None:
        self.venues: dict[str, VenueOutcome] = {}

    def take(self, said: Mapping[str, Any]) -> None:
        """Take what `judge` put on a report."""
        venue = self.venues.setdefault(said["venue"], VenueOutcome())
        outcome = venue.promises.setdefault(said["promise"], PromiseOutcome(said["title"]))
        case = said["case"]
        if outcome.cases.get(case) != "failed":  # a test that passed and whose teardown failed has failed
            outcome.cases[case] = said["result"]
            if said["reason"]:
                outcome.reasons[case] = said["reason"]
        venue.dialect = said["dialect"] or venue.dialect
        if said["import_ms"] is not None:
            venue.import_ms = said["import_ms"]
