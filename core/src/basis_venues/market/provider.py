"""Where market rows come from: the seam between a backtest and its files or database."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, Protocol

from ..config.misfit import nearest
from ..errors import ConfigurationError

Unit = Literal["iso", "seconds", "milliseconds"]

FAR = 1 << 62
"""A moment after all others, ms; `-FAR` is before all others."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Source(NamedTuple):
    """One series in a provider's own terms: a column of figures beside a column of times.

    `unit` says how whole numbers or text in the time column are to be read; columns of a date or timestamp type need no unit.
    `floats` says what to do where a column holds binary floats: refuse them, or take the shortest decimal that denotes the float.
    """

    table: str
    time: str
    value: str
    unit: Unit = "iso"
    floats: Literal["fail", "shortest"] = "fail"


class Points(NamedTuple):
    """Rows in the order of their times (ms), rows of one time in the order of the file; figures as the text that stands there."""

    times: Sequence[int]
    texts: Sequence[str]


class DataProvider(Protocol):
    """Reads rows; knows nothing of gaps, substitutes or duplicates."""

    def read(self, source: Source, since: int, until: int) -> Points:
        """The rows from `since` to `until` (ms, both included), with the last before and the first after them.
        Raises `TableAbsent` where there is no such table, `ConfigurationError` where a column is missing or cannot be read."""
        ...


class Moments(dict[str, int]):
    """Times as text to ms since 1970 UTC, remembered: files of one interval share their times, so most rows cost one look-up.

    Text without an offset is UTC. Raises `ValueError` for text that is no ISO 8601 time.
    """

    def __missing__(self, text: str) -> int:
        moment = datetime.fromisoformat(text.strip())
        known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        self[text] = milliseconds = (known - _EPOCH) // _MILLISECOND
        return milliseconds


def utc(moment: int) -> str:
    """A moment (ms) for people: `2024-02-10T05:00:00Z`."""
    if abs(moment) > 250_000_000_000_000:  # beyond the years that datetime knows
        return f"{moment} ms"
    text = (_EPOCH + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds" if moment % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def cut(times: Sequence[int], texts: Sequence[str], since: int, until: int) -> Points:
    """Sorted rows cut to what `DataProvider.read` promises; rows that share a time stay together."""
    first, last = bisect_left(times, since), bisect_right(times, until)
    if first and (first == len(times) or times[first] > since):
        first = bisect_left(times, times[first - 1])
    if last < len(times):
        last = bisect_right(times, times[last])
    return Points(times[first:last], texts[first:last])


def in_order(times: list[int], texts: list[str]) -> Points:
    """Rows sorted by time; rows that share a time keep their order."""
    if all(map(int.__le__, times, times[1:])):
        return Points(times, texts)
    order = sorted(range(len(times)), key=times.__getitem__)
    return Points([times[row] for row in order], [texts[row] for row in order])


def suggestion(name: str, names: Iterable[str]) -> str:
    """`; did you mean X?` when one of `names` is near to `name`, else nothing; then what there is."""
    known = sorted(names)
    return f"{nearest(name, known) or ';'} There is: {', '.join(known) or 'nothing'}"


def no_column(where: str, column: str, columns: Iterable[str]) -> ConfigurationError:
    """The error for a column that a file or table does not have."""
    return ConfigurationError(f"{where} has no column {column}{suggestion(column, columns)}")
