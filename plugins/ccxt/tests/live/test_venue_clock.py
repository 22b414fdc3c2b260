"""What can be known of an exchange's clock from asking for its time."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from basis_venues.clock import PlanClock
from basis_venues_ccxt.live.venue_clock import VenueClock

DELAYS = st.integers(min_value=0, max_value=20_000)


@given(st.integers(min_value=-60_000, max_value=60_000), DELAYS, DELAYS)
def test_a_deadline_is_over_at_the_exchange_when_it_is_over_here(ahead: int, there: int, back: int) -> None:
    """Though the question for its time, or the answer, was on its way for as long as it may: when the exchange's clock shows the moment
    that it is told for a deadline, this machine's does not show a later one than the deadline itself."""
    clock = PlanClock(1_760_000_000_000)

    async def ask() -> int:
        clock.set(clock.now() + there)
        said = clock.now() + ahead
        clock.set(clock.now() + back)
        return said

    venue = VenueClock(clock, ask)
    asyncio.run(venue.synchronise())
    deadline = clock.now() + 5_000
    assert venue.reached(deadline) <= deadline + ahead
    assert venue.at_least() <= clock.now() + ahead
