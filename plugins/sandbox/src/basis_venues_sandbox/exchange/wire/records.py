"""Every request that came in, counted. No header, query or body is kept: they hold keys and signatures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import attrs
from attrs import define


@define(kw_only=True)
class Record:
    """One request. `connection` tells connections apart. Of its content `client_id` and `window` (see `Call`) are kept, once it was read;
    `status` is 0 until a reply goes out. `fuzzed`: which field of the reply `fuzz` bent, and how."""

    number: int
    at: int
    venue: str
    host: str
    endpoint: str
    method: str
    path: str
    writes: bool
    connection: int
    verbs: tuple[str, ...]
    client_id: str = ""
    window: int = 0
    status: int = 0
    fuzzed: str = ""


class Recorder:
    """The requests since the last reset."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(self, **facts: Any) -> Record:
        """Keep a request that has arrived: whoever counts them while it waits for its reply counts it, too."""
        self.records.append(Record(number=len(self.records) + 1, **facts))
        return self.records[-1]

    def shown(self, venue: str = "*", since: int = 0) -> list[dict[str, Any]]:
        """The requests after number `since`, oldest first."""
        return [attrs.asdict(each) for each in self.records[since:] if venue in ("*", each.venue)]

    def counts(self, since: int = 0) -> dict[str, Any]:
        """Totals per venue: requests, writes, reads, by endpoint; and connections per host."""
        records = self.records[since:]
        return {
            "requests": len(records),
            "venues": {
                venue: _totals(each for each in records if each.venue == venue) for venue in sorted({each.venue for each in records})
            },
            "connections": {
                host: len({each.connection for each in records if each.host == host}) for host in sorted({r.host for r in records})
            },
        }


def _totals(records: Iterable[Record]) -> dict[str, Any]:
    records = list(records)
    writes = sum(each.writes for each in records)
    endpoints = dict(sorted(Counter(each.endpoint for each in records).items()))
    return {"requests": len(records), "writes": writes, "reads": len(records) - writes, "endpoints": endpoints}
