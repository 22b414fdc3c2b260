"""Windows and pages, against a list that is cut in the way they are told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.errors import HistoryGone
from basis_venues_ccxt.live import Page, Paging, Unreadable, resumed
from basis_venues_ccxt.live.pages import pages, windows

moments = st.integers(min_value=1, max_value=500)


@given(since=moments, length=st.integers(min_value=0, max_value=500), window=st.integers(min_value=1, max_value=100))
def test_windows_lie_end_to_end(since: int, length: int, window: int) -> None:
    """None is longer than allowed, none overlaps another, and the last reaches to now and has no end."""
    cut = list(windows(since, since + length, Paging(_never, window=window)))
    assert cut[0]["startTime"] == since
    assert cut[-1].keys() == {"startTime"}
    assert since + length - cut[-1]["startTime"] < window
    for earlier, later in pairwise(cut):
        assert earlier["endTime"] - earlier["startTime"] < window
        assert later["startTime"] == earlier["endTime"] + 1


@given(times=st.lists(moments, max_size=60), since=moments, window=st.sampled_from([0, 7, 100]), full=st.integers(min_value=3, max_value=9))
def test_every_row_is_told_once(times: list[int], since: int, window: int, full: int) -> None:
    """A list that answers its oldest rows first and no more than a page; unless more are of one moment than a page has, which is said."""
    listed = _rows(times)
    wanted = [row for row in listed if row["at"] >= since]

    async def ask(params: Mapping[str, Any]) -> list[Any]:
        end = params.get("endTime", 1_000)
        return [row for row in listed if params["startTime"] <= row["at"] <= end][:full]

    paging = Paging(lambda answer, _asked: resumed(answer, full, "at", "startTime"), window=window)
    if any(times.count(at) >= full for at in times if at >= since):
        return
    assert asyncio.run(pages(ask, paging, since, 500)) == wanted


def test_a_full_page_of_one_moment_is_not_taken_for_the_whole() -> None:
    """It could not be followed."""
    with pytest.raises(Unreadable, match="one moment"):
        resumed([{"at": 1}] * 3, 3, "at", "startTime")


def test_a_page_that_leads_to_itself_is_an_error() -> None:
    """Not an end, and not for ever."""

    async def ask(_params: Mapping[str, Any]) -> None:
        return None

    with pytest.raises(Unreadable, match="followed by itself"):
        asyncio.run(pages(ask, Paging(lambda _answer, _asked: Page([1], {"cursor": "x"})), 0, 0))


def test_what_a_venue_no_longer_keeps_is_not_taken_for_nothing() -> None:
    """A list that would begin in the middle is none; from where its memory begins it is asked for in windows."""
    remembering = Paging(_never, window=400, kept=500)
    with pytest.raises(HistoryGone):
        next(windows(499, 1000, remembering))
    assert next(windows(500, 1000, remembering)) == {"startTime": 500, "endTime": 899}
    assert list(windows(0, 1000, Paging(_never, window=400))) == [{}]


def _rows(times: list[int]) -> list[dict[str, int]]:
    return [{"at": at, "id": number} for number, at in enumerate(sorted(times))]


def _never(_answer: Any, _asked: Mapping[str, Any]) -> Page:
    raise AssertionError("nothing is read here")
