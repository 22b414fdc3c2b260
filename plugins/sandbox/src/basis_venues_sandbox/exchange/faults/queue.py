"""The queue of faults: which verbs the next request meets."""

from __future__ import annotations

from typing import Any

from attrs import define

from ..wire.call import Route
from .verbs import FOR_EVER, Verb

EVERY, READS, WRITES = "*", "reads", "writes"


@define(kw_only=True)
class Entry:
    """Verbs that strike together. `endpoint` is a route's name, `*`, `reads`, `writes`, or `METHOD /path`; `contains` is text that must
    stand in the request's path, query or body. The first `skip` matching requests pass, the next `times` are met (-1: all)."""

    number: int
    venue: str
    endpoint: str
    verbs: tuple[Verb, ...]
    times: int
    skip: int = 0
    contains: str = ""

    def meets(self, venue: str, route: Route, line: str, text: str) -> bool:
        """Whether a request is one of those."""
        named = self.endpoint in (EVERY, route.endpoint, line, WRITES if route.writes else READS)
        return self.venue in (EVERY, venue) and named and self.contains in text

    def shown(self) -> dict[str, Any]:
        """For people."""
        verbs = [{"verb": verb.name, **verb.arguments} for verb in self.verbs]
        return {
            "number": self.number,
            "venue": self.venue,
            "endpoint": self.endpoint,
            "times": self.times,
            "skip": self.skip,
            "verbs": verbs,
        }


class FaultQueue:
    """Entries in the order in which they were scripted. One request uses up at most one; those for ever apply besides."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._last = 0

    def add(self, venue: str, endpoint: str, verbs: tuple[Verb, ...], times: int, skip: int = 0, contains: str = "") -> int:
        """Script verbs. Answers the entry's number."""
        self._last += 1
        entry = Entry(number=self._last, venue=venue, endpoint=endpoint, verbs=verbs, times=times, skip=skip, contains=contains)
        self._entries.append(entry)
        return self._last

    def take(self, venue: str, route: Route, line: str, text: str) -> tuple[Verb, ...]:
        """The verbs that this request meets."""
        met: list[Verb] = []
        used = False
        for entry in list(self._entries):
            if not entry.meets(venue, route, line, text):
                continue
            if entry.times == FOR_EVER:
                met.extend(entry.verbs)
            elif not used:
                used = True
                met.extend(self._strike(entry))
        return tuple(met)

    def clear(self, venue: str = EVERY) -> None:
        """Forget what is scripted for a venue, or for all."""
        self._entries = [entry for entry in self._entries if venue not in (EVERY, entry.venue)]

    def remove(self, number: int) -> None:
        """Forget one entry."""
        self._entries = [entry for entry in self._entries if entry.number != number]

    def shown(self) -> list[dict[str, Any]]:
        """What is still scripted."""
        return [entry.shown() for entry in self._entries]

    def _strike(self, entry: Entry) -> tuple[Verb, ...]:
        if entry.skip:
            entry.skip -= 1
            return ()
        entry.times -= 1
        if not entry.times:
            self._entries.remove(entry)
        return entry.verbs
