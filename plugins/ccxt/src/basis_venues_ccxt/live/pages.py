"""Long lists of an exchange, read whole: in the windows of time and the pages that its documentation cuts them into."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple

from attrs import frozen

from basis_venues.errors import HistoryGone

from .reading import Unreadable, moment

DAY = 86_400_000
"""ms."""


class Page(NamedTuple):
    """The rows of an answer, and the parameters that ask for the page after it; None where it is the last."""

    rows: list[Any]
    following: Mapping[str, Any] | None


@frozen
class Paging:
    """How a venue cuts a list. `page` reads an answer and the parameters that asked for it. `window`: the longest time, ms, between the
    two `bounds`, both included; 0 for any. `kept`: how far back the venue answers at all, ms; 0 for any."""

    page: Callable[[Any, Mapping[str, Any]], Page]
    window: int = 0
    kept: int = 0
    bounds: tuple[str, str] = ("startTime", "endTime")


async def pages(ask: Callable[[Mapping[str, Any]], Awaitable[Any]], paging: Paging, since: int, now: int) -> list[Any]:
    """All rows since that moment, itself included; since 0 what the venue tells without being given one. Raises what asking raises, and
    `Unreadable` where a page leads to itself: a list with a hole in it is none. `HistoryGone` where the venue no longer keeps so much."""
    found: list[Any] = []
    for window in windows(since, now, paging):
        following: Mapping[str, Any] | None = {}
        while following is not None:
            params = {**window, **following}
            page = paging.page(await ask(params), params)
            if page.following is not None and page.following == following:
                raise Unreadable("a page of the list is followed by itself")
            found += page.rows
            following = page.following
    return found


def windows(since: int, now: int, paging: Paging) -> Iterator[dict[str, int]]:
    """The bounds of each request, oldest first. The last has no end, so that nothing is missed whatever the venue's clock says."""
    first, last = paging.bounds
    if not since:
        yield {}
        return
    if paging.kept and since < now - paging.kept:
        raise HistoryGone(f"the venue keeps this list for {paging.kept // DAY} days, and more is asked for")
    while paging.window and since + paging.window <= now:
        yield {first: since, last: since + paging.window - 1}
        since += paging.window
    yield {first: since}


def resumed(found: list[Any], full: int, time: str, name: str, *, beyond: int = 0) -> Page:
    """A page of a list in order of time that has no cursor: after a full one the list is asked for again from its last moment (`beyond`
    that, ms, where the bound itself is left out), whose rows come once more. Raises `Unreadable` where a full page is of one moment."""
    if len(found) < full:
        return Page(found, None)
    last = moment(found[-1], time)
    earlier = [row for row in found if moment(row, time) != last]
    if not earlier:
        raise Unreadable(f"more rows of one moment than the {full} of a page")
    return Page(earlier, {name: last + beyond})
