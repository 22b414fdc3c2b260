"""Live figures: how long one stands, by the clock that the profile gives the run."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from decimal import Decimal

import pytest

from basis_venues.clock import PlanClock, SteeredClock
from basis_venues.contract import Quote
from basis_venues.errors import ConfigurationError, DataUnavailable, Denied, GuardRefused, MissingData, TryAgainLater
from basis_venues.market.live import STALE_MS, LiveMarket

SERIES = "aave:supply_index:USDT"
DAY_MS = 86_400_000


class Data:
    """A venue's market data: each figure is the number of times that it was asked for."""

    sources = ("aave",)

    def __init__(self, clock: PlanClock | SteeredClock) -> None:
        self.clock = clock
        self.asked = 0
        self.down: Exception | None = None
        self.ahead = 0

    async def fetch(self, series: Collection[str]) -> Mapping[str, Quote]:
        if self.down is not None:
            raise self.down
        self.asked += 1
        return {name: Quote(Decimal(self.asked), self.clock.now() + self.ahead) for name in series}

    async def close(self) -> None:
        """Nothing to let go."""


def figure(market: LiveMarket) -> Decimal:
    asyncio.run(market.refresh([SERIES]))
    return market.value(SERIES)


def test_a_figure_stands_for_a_quarter_of_its_life_and_is_then_fetched_anew() -> None:
    """15 seconds, by the run's own clock."""
    clock = PlanClock(DAY_MS)
    market = LiveMarket([Data(clock)], clock)
    assert figure(market) == 1
    clock.set(DAY_MS + STALE_MS // 4)
    assert figure(market) == 1
    clock.set(DAY_MS + STALE_MS // 4 + 1)
    assert figure(market) == 2


def test_a_plan_that_skips_days_fetches_anew_though_no_second_passed() -> None:
    """On the sandbox the profile's clock jumps with the chain: what was read before the jump is of the past."""
    clock = SteeredClock(DAY_MS, lambda now: None)
    market = LiveMarket([Data(clock)], clock)
    clock.set(DAY_MS)
    assert figure(market) == 1
    clock.set(16 * DAY_MS)
    with pytest.raises(MissingData, match="s old") as old:
        market.value(SERIES)
    assert not isinstance(old.value, DataUnavailable)  # nobody was asked; a source that itself says what is old is no better
    assert figure(market) == 2


def test_a_figure_from_later_than_now_is_fetched_anew() -> None:
    """A clock that was put back makes nothing fresh for ever."""
    clock = PlanClock(2 * DAY_MS)
    market = LiveMarket([Data(clock)], clock)
    assert figure(market) == 1
    clock.stop_at(DAY_MS)
    assert figure(market) == 2


def test_a_figure_a_moment_ahead_is_fresh() -> None:
    """A second: the venue's clock is measured, and its answers take their time. An order at once after another asks for no figure again."""
    clock = PlanClock(DAY_MS)
    market = LiveMarket([Data(clock)], clock)
    assert figure(market) == 1
    clock.stop_at(DAY_MS - 1_000)
    assert figure(market) == 1
    clock.stop_at(DAY_MS - 1_001)
    assert figure(market) == 2


def test_a_figure_dated_far_ahead_is_refused() -> None:
    """Times in another unit, say: such a figure would be young for ever. A minute ahead is believed, as a minute's age is."""
    clock = PlanClock(DAY_MS)
    data = Data(clock)
    data.ahead = STALE_MS
    assert figure(LiveMarket([data], clock)) == 1
    data.ahead += 1
    with pytest.raises(MissingData, match="is dated 60 s ahead of this clock"):
        figure(LiveMarket([data], clock))


def test_a_source_that_fails_leaves_the_old_figure_until_it_is_too_old() -> None:
    """A minute, and no longer."""
    clock = PlanClock(DAY_MS)
    data = Data(clock)
    market = LiveMarket([data], clock)
    assert figure(market) == 1
    data.down = ConnectionError()
    clock.set(DAY_MS + STALE_MS)
    assert figure(market) == 1
    clock.set(DAY_MS + STALE_MS + 1)
    with pytest.raises(MissingData, match="60 s old"):
        figure(market)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (MissingData("the answer on BTC/USDT tells no price"), "aave could not be read: the answer on BTC/USDT tells no price"),
        (ConnectionError("https://node/SECRET"), "aave could not be read: ConnectionError"),
    ],
)
def test_what_was_never_had_is_told_with_the_reason(failure: Exception, said: str) -> None:
    """In the words of ours; of others' exceptions the name alone, since their words may hold a key."""
    clock = PlanClock(DAY_MS)
    data = Data(clock)
    data.down = failure
    with pytest.raises(MissingData) as missing:
        figure(LiveMarket([data], clock))
    assert str(missing.value) == f"{SERIES} is not known: {said}"


@pytest.mark.parametrize("failure", [ConnectionError(), TryAgainLater("down"), MissingData("the answer on BTC/USDT tells no price")])
def test_a_figure_that_cannot_be_read_just_now_may_be_there_a_moment_later(failure: Exception) -> None:
    """Whether it never came or has become too old: what needs it is interrupted, not denied."""
    clock = PlanClock(DAY_MS)
    data = Data(clock)
    market = LiveMarket([data], clock)
    data.down = failure
    with pytest.raises(DataUnavailable, match="is not known"):
        figure(market)
    data.down = None
    assert figure(market) == 1
    clock.set(DAY_MS + STALE_MS + 1)
    data.down = failure
    with pytest.raises(DataUnavailable, match="60 s old"):
        figure(market)


@pytest.mark.parametrize("failure", [ConfigurationError("another address"), GuardRefused("another chain"), Denied("no"), None])
def test_a_figure_that_will_not_come_is_missing(failure: Exception | None) -> None:
    """Something is configured wrongly or refused on this side, or nobody gives the figure at all: trying again would be for ever."""
    clock = PlanClock(DAY_MS)
    data = Data(clock)
    data.down = failure
    market = LiveMarket([data] if failure else [], clock)
    with pytest.raises(MissingData) as missing:
        figure(market)
    assert not isinstance(missing.value, TryAgainLater)
