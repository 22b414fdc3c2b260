"""How Binance cuts its lists: by windows of time, oldest first within one, and a number of rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from basis_venues_ccxt.live import DAY, Page, Paging, resumed
from basis_venues_ccxt.live.reading import moment, needed, rows

MOST = 1000
"""Rows on a page."""
TRANSFERS_AT_ONCE = 100


def _in_time(answer: Any, _asked: Mapping[str, Any]) -> Page:
    return resumed(rows(answer), MOST, "time", "startTime")


def _of_order(answer: Any, asked: Mapping[str, Any]) -> Page:
    """Asked without a first trade Binance tells the latest: where they fill a page, they are asked for from the first on."""
    found = rows(answer)
    if len(found) < MOST:
        return Page(found, None)
    return Page(found, {"fromId": int(needed(found[-1], "id")) + 1}) if "fromId" in asked else Page([], {"fromId": 0})


def _offset(answer: Any, asked: Mapping[str, Any]) -> Page:
    found = rows(answer)
    return Page(found, {"offset": asked.get("offset", 0) + MOST} if len(found) >= MOST else None)


def _numbered(answer: Any, asked: Mapping[str, Any]) -> Page:
    """Binance leaves the rows out where there are none, and says so in the total, which also tells how many pages there are; anything else
    without rows tells nothing."""
    total, number = moment(answer, "total"), asked.get("current", 1)
    return Page(rows(answer, "rows") if total else [], {"current": number + 1} if number * TRANSFERS_AT_ONCE < total else None)


SPOT_TRADES = Paging(_in_time, window=DAY)
"""`myTrades`: no more than 24 hours between the bounds."""
FUTURES = Paging(_in_time, window=7 * DAY, kept=89 * DAY)
"""`userTrades` and `income`: seven days between the bounds; without them the last seven. Three months are kept."""
OF_ORDER = Paging(_of_order)
"""The trades of one order."""
RECORDS = Paging(_offset, window=89 * DAY)
"""Withdrawals and deposits: less than ninety days between the bounds."""
TRANSFERS = Paging(_numbered, window=7 * DAY, kept=179 * DAY)
"""Transfers between wallets: six months are kept."""
