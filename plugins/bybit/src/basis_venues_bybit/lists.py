"""How Bybit cuts its lists: by a cursor, and where a time is given by windows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from basis_venues_ccxt.live import DAY, Page, Paging
from basis_venues_ccxt.live.reading import moment, rows, text


def _cursor(answer: Any, found: list[Any]) -> Page:
    """A cursor may be told with the last page as well: the page that it leads to is empty then."""
    cursor = text(answer.get("result"), "nextPageCursor")
    return Page(found, {"cursor": cursor} if found and cursor else None)


def _list(answer: Any, _asked: Mapping[str, Any]) -> Page:
    return _cursor(answer, rows(answer, "result", "list"))


def _records(answer: Any, _asked: Mapping[str, Any]) -> Page:
    return _cursor(answer, rows(answer, "result", "rows"))


def _of_order(answer: Any, asked: Mapping[str, Any]) -> Page:
    return _if_full(_list(answer, asked), USUAL)


def _if_full(page: Page, most: int) -> Page:
    """What is on a page that is not full is all, without a request more to see it."""
    return page if len(page.rows) >= most else Page(page.rows, None)


MOST = 100
"""Executions on a page."""
USUAL = 50
"""As many where a size is not asked for. Given an order's id Bybit ignores every other parameter (its documentation of `execution/list`):
a page of so many may be full."""
MOST_POSITIONS = 200
OPEN = Paging(_list)
"""Orders in the book."""
LOG = Paging(_list)
"""The unified wallet's log between two moments."""
OF_ORDER = Paging(_of_order)
"""The executions of one order, wherever they lie in time."""
WEEKS = Paging(_list, window=7 * DAY)
"""Executions and transfers. Given a first moment alone, Bybit tells the seven days from it and nothing later (its documentation of
`execution/list` and `query-inter-transfer-list`)."""
DAYS = Paging(_list, window=DAY)
"""The unified wallet's log: given a first moment alone, a day from it."""
MONTHS = Paging(_records, window=29 * DAY)
"""Withdrawals and deposits: less than thirty days at once."""


def positions(times: list[int]) -> Paging:
    """Open positions; `times` takes the venue's time of each page."""

    def page(answer: Any, asked: Mapping[str, Any]) -> Page:
        times.append(moment(answer, "time"))
        return _if_full(_list(answer, asked), MOST_POSITIONS)

    return Paging(page)
