"""The windows of time and the pages of Bybit's lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ...core import Refused, Why
from ..call import Call
from ..listing import DAY, paged

Value = TypeVar("Value")
WEEK, MONTH = 7 * DAY, 30 * DAY


def recent(call: Call, found: Sequence[Value], at: Callable[[Value], int], longest: int, alone: int = 0) -> list[Value]:
    """Those in the window that the request asks for. A first or last moment alone reaches `alone` ms (or `longest`), and none at all so
    far back from now. Raises `Refused` for more than `longest` between the two."""
    reach, first, last = alone or longest, call.whole("startTime", 0), call.whole("endTime", 0)
    if first and last and last - first > longest:
        raise Refused(Why.BAD_PARAMETER, "The time range between startTime and endTime is too long")
    end = last or (first + reach if first else call.exchange.books.now)
    begin = first or end - reach
    return [each for each in found if begin <= at(each) <= end]


def page(call: Call, name: str, found: Sequence[dict[str, Any]], usual: int, most: int) -> dict[str, Any]:
    """A page of rows, the latest first, in its envelope."""
    shown, cursor = paged(call, found, usual, most)
    return {name: shown, "nextPageCursor": cursor}
