"""The pages of OKX's lists: the latest first, at most a hundred, `after` (older than) and `before` (newer than) a row or a moment."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from ..call import Call
from ..listing import DAY, EVER

MOST = 100
QUARTER = 92 * DAY


def page(call: Call, rows: Iterable[dict[str, Any]], mark: str, *, at: str = "ts", kept: int = 0) -> list[dict[str, Any]]:
    """Of rows, the latest first, those between the moments `begin` and `end`, and by the column `mark` older than `after` and newer than
    `before`. `kept`: how far back the list reaches, ms."""
    oldest = call.exchange.books.now - kept if kept else 0
    begin, end = max(call.whole("begin", 0), oldest), call.whole("end", EVER)
    older, newer = call.whole("after", EVER), call.whole("before", -1)
    shown = (row for row in rows if begin <= int(row[at]) <= end and newer < int(row[mark]) < older)
    return list(islice(shown, max(1, min(call.whole("limit", MOST), MOST))))
