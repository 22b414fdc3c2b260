"""The pace of one account's requests."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from basis_venues.clock import PlanClock
from basis_venues.errors import TryAgainLater
from basis_venues_ccxt.live.budget import RateBudget


def test_a_burst_goes_at_once_and_then_every_request_waits_its_turn() -> None:
    """60 a minute are one a second; of a burst of 12 s a quarter is kept back, so that ten go at once: the last one starts the queue."""
    clock = PlanClock(1_000_000)
    budget = RateBudget(60, clock)

    async def go() -> list[int]:
        moments = []
        for _ in range(12):
            await budget.take()
            moments.append(clock.now() - 1_000_000)
        return moments

    assert asyncio.run(go()) == [0] * 10 + [1001, 2001]


class Shared:
    """A clock for several who wait at once: it goes on by a tenth of a second whenever all of them wait."""

    def __init__(self) -> None:
        self.at = 1_000_000

    def now(self) -> int:
        """The moment, ms."""
        return self.at

    async def sleep(self, milliseconds: int) -> None:
        """Let the others go on until then."""
        until = self.at + milliseconds
        while self.at < until:
            await asyncio.sleep(0)

    async def run(self, milliseconds: int) -> None:
        """Let so much time pass."""
        for _ in range(milliseconds // 100):
            await asyncio.sleep(0)
            self.at += 100


def test_requests_that_wait_together_go_one_after_the_other() -> None:
    """Ten of a burst at once, and of five that wait for their turn one a second."""
    clock = Shared()
    budget = RateBudget(60, clock)
    moments: list[int] = []

    async def take() -> None:
        await budget.take()
        moments.append((clock.at - 1_000_000) // 1000)

    async def go() -> None:
        await asyncio.gather(*(take() for _ in range(15)), clock.run(10_000))

    asyncio.run(go())
    assert moments[:10] == [0] * 10
    assert all(later > earlier for earlier, later in pairwise(moments[9:]))


def test_who_waits_for_its_turn_does_not_go_when_a_ban_has_come() -> None:
    """A venue that banned us is left alone, also by what stood in the queue."""
    clock = Shared()
    budget = RateBudget(60, clock)

    async def go() -> None:
        for _ in range(10):
            await budget.take()
        waiting = asyncio.create_task(budget.take())
        await clock.run(300)
        budget.ban(600_000)
        await clock.run(2_000)
        await waiting

    with pytest.raises(TryAgainLater):
        asyncio.run(go())


def test_a_reserve_is_kept_for_look_ups_and_cancels() -> None:
    """When the others must wait, an urgent one does not."""
    clock = PlanClock(1_000_000)
    budget = RateBudget(60, clock)

    async def go() -> tuple[int, int]:
        for _ in range(10):
            await budget.take()
        before = clock.now()
        await budget.take(urgent=True)
        urgent = clock.now() - before
        await budget.take()
        return urgent, clock.now() - before

    urgent, other = asyncio.run(go())
    assert urgent == 0
    assert other > 0


def test_a_ban_stops_everything_and_outlives_a_restart(tmp_path: Path) -> None:
    """No look-up either, and no probing by the next run."""
    clock = PlanClock(1_000_000)
    file = tmp_path / "banned"
    RateBudget(600, clock, file).ban(120_000)
    again = RateBudget(600, clock, file)
    with pytest.raises(TryAgainLater):
        asyncio.run(again.take(urgent=True))
    clock.set(1_000_000 + 120_000)
    asyncio.run(again.take(urgent=True))


def test_an_order_waits_for_a_pause_before_it_is_prepared() -> None:
    """A pause of 5 s is waited for; one of two minutes is refused, and nothing has left."""
    clock = PlanClock(1_000_000)
    budget = RateBudget(600, clock)
    budget.pause(5_000)
    asyncio.run(budget.quiet())
    assert clock.now() == 1_005_000
    budget.pause(120_000)
    with pytest.raises(TryAgainLater):
        asyncio.run(budget.quiet())
