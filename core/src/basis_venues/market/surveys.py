"""What a table of one interval holds: its ends, gaps and duplicates, for checks of data before they are used."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from attrs import frozen


@frozen
class Survey:
    """Counts over sorted times: `rows` in all, `first` and `last` (ms, None without rows), stretches with rows missing (`gaps`), the
    rows `missing` in them, and rows with the time of the row before (`duplicates`)."""

    rows: int
    first: int | None
    last: int | None
    gaps: int
    missing: int
    duplicates: int


def survey(times: Sequence[int], every: int) -> Survey:
    """The survey of sorted `times` (ms), with one row expected every `every` ms."""
    distances = [after - before for before, after in pairwise(times)]
    gaps = [distance for distance in distances if distance > every]
    return Survey(
        rows=len(times),
        first=times[0] if times else None,
        last=times[-1] if times else None,
        gaps=len(gaps),
        missing=sum((distance - 1) // every for distance in gaps),
        duplicates=distances.count(0),
    )
