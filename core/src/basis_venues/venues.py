"""The venues of one run: model, client and timing of each, and who keeps which account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from .config.venues import Timing
from .contract import VenueClient, VenueModel
from .errors import NotRoutable
from .keys import TRANSIT, Key, protocol_of, split_key


class Venue(NamedTuple):
    """One subscribed venue at work. `simulated`: its client is the core's own. `chain`: its time is counted in blocks. `rehearsed`: its
    client shows writes and sends none."""

    name: str
    model: VenueModel
    client: VenueClient
    simulated: bool
    chain: bool
    timing: Timing
    tolerated: frozenset[str]
    rehearsed: bool = False


class Venues:
    """The venues of a run, by name, and the keeper of each account."""

    def __init__(self, venues: Iterable[Venue], keeper: Callable[[str], str]) -> None:
        self._by_name = {venue.name: venue for venue in venues}
        self._owners: dict[Key, Venue | None] = {}
        self.keeper = keeper
        """account alias -> name of the venue that shows its balances"""

    def __iter__(self) -> Iterator[Venue]:
        return iter(self._by_name.values())

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def named(self, name: str) -> Venue:
        """The venue of that name. Raises `NotRoutable`."""
        venue = self._by_name.get(name)
        if venue is None:
            raise NotRoutable(f"{name!r} is not a venue of this mode; it has {', '.join(self._by_name)}")
        return venue

    def owner(self, key: Key) -> Venue | None:
        """The venue that answers for the key; None for what only the books know: transit, and protocols that the mode does not use.

        Raises `NotRoutable` where the account's keeper is no venue of the run.
        """
        if key not in self._owners:
            self._owners[key] = self._find_owner(key)
        return self._owners[key]

    def _find_owner(self, key: Key) -> Venue | None:
        parts = split_key(key)
        if parts.kind == TRANSIT:
            return None
        protocol = protocol_of(parts)
        return self.named(self.keeper(parts.account)) if protocol is None else self._by_name.get(protocol)

    def kept_by(self, venue: Venue, keys: Iterable[Key]) -> list[Key]:
        """Those of the keys that the venue answers for."""
        return [key for key in keys if self.answering(key) is venue]

    def answering(self, key: Key) -> Venue | None:
        """As `owner`, and None as well where the account's keeper is no venue of the run."""
        try:
            return self.owner(key)
        except NotRoutable:
            return None

    def same_time(self, name: str, other: Venue) -> bool:
        """Whether times or blocks of the two mean the same clock: one venue, or both on the chain."""
        return name == other.name or (other.chain and self.named(name).chain)
