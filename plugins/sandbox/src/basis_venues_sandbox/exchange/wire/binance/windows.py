"""The windows of time of Binance's lists."""

from __future__ import annotations

from ..call import Call, Turned
from ..listing import DAY, EVER
from .markets import is_futures


def window(call: Call) -> tuple[int, int]:
    """First and last moment, both included, that a list of orders, trades or income covers. Raises `Turned` for more between the two
    than a day (spot) or a week (futures, which also tell only the last week where neither is given, and a week from the first alone)."""
    first, last = call.whole("startTime", 0), call.whole("endTime", 0)
    if not is_futures(call):
        if first and last and last - first > DAY:
            raise Turned(-1127, "More than 24 hours between startTime and endTime.", 400)
        return first, last or EVER
    if first and last and last - first > 7 * DAY:
        raise Turned(-4165, "Invalid time interval: Maximum time interval is 7 days", 400)
    end = last or (first + 7 * DAY if first else EVER)
    return first or (last or call.exchange.books.now) - 7 * DAY, end


def span(call: Call, longest: int, usual: int) -> tuple[int, int]:
    """The same of a list of the wallet: at most `longest` ms between the two, and by itself the last `usual`."""
    first, last = call.whole("startTime", 0), call.whole("endTime", 0)
    now = call.exchange.books.now
    if first and (last or now) - first > longest:
        raise Turned(-4047, "Time interval must be within the allowed period", 400)
    return first or (last or now) - usual, last or EVER
