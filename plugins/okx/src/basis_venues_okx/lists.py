"""How OKX cuts its lists: a hundred rows at once, the latest first, and `after` a row those that are older."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from basis_venues_ccxt.live import DAY, Page, Paging, resumed
from basis_venues_ccxt.live.reading import moment, needed, rows

MOST = 100
"""Rows on a page."""


def _bills(answer: Any, _asked: Mapping[str, Any]) -> Page:
    return _older(rows(answer, "data"), "billId")


def _orders(answer: Any, _asked: Mapping[str, Any]) -> Page:
    return _older(rows(answer, "data"), "ordId")


def _older(found: list[Any], name: str) -> Page:
    return Page(found, {"after": needed(found[-1], name)} if len(found) >= MOST else None)


BILLS = Paging(_bills, kept=89 * DAY, bounds=("begin", "end"))
"""Fills and bills: three months are kept."""
OPEN = Paging(_orders)
"""Orders in the book."""


def back_to(since: int) -> Paging:
    """Withdrawals and the funding wallet's bills, back to that moment, or the latest page for 0. Their `after` is a time, itself left
    out; `before` is not used: the documentation's own example takes it the other way round."""

    def page(answer: Any, _asked: Mapping[str, Any]) -> Page:
        found = rows(answer, "data")
        if not since or (found and moment(found[-1], "ts") < since):
            return Page(found, None)
        return resumed(found, MOST, "ts", "after", beyond=1)

    return Paging(page)
