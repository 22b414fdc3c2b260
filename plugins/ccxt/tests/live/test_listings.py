"""Markets as published: read once, kept on disk, in base units."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.clock import PlanClock
from basis_venues.errors import Denied
from basis_venues_ccxt.live.listings import Listing, Listings, MarketReader

D = Decimal
SPOT = Listing("BTC/USDT", "BTC-USDT", D(1), D("0.00001"), D("0.1"), D("0.0001"), D(100), D(5))
SWAP = Listing("BTC/USDT:USDT", "BTC-USDT-SWAP", D("0.01"), D("0.0001"), D("0.1"), taker=D("0.0005"))


class Counting(MarketReader):
    """Both markets, and how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    async def read(self, symbols: Collection[str]) -> list[Listing]:
        """Those asked for."""
        self.asked += 1
        return [each for each in (SPOT, SWAP) if each.symbol in symbols]


def listings(
    reader: MarketReader, file: Path | None, clock: PlanClock, symbols: tuple[str, ...] = ("BTC/USDT", "BTC/USDT:USDT")
) -> Listings:
    """Markets that are kept for a minute."""
    return Listings(reader, symbols, file, 60_000, clock)


def test_a_warm_start_asks_for_nothing_and_reads_the_same_figures(tmp_path: Path) -> None:
    """From the file, digit for digit."""
    reader, clock, file = Counting(), PlanClock(1_000_000), tmp_path / "markets.json"
    asyncio.run(listings(reader, file, clock).load())
    warm = listings(reader, file, clock)
    asyncio.run(warm.load())
    assert reader.asked == 1
    assert (warm.named("BTC/USDT"), warm.named("BTC/USDT:USDT"), warm.age()) == (SPOT, SWAP, 0)


def test_a_disk_without_room_costs_a_request_at_the_next_start_and_no_order(tmp_path: Path) -> None:
    """The markets are known all the same; what was kept before stays whole."""
    reader, clock, file = Counting(), PlanClock(1_000_000), tmp_path / "markets.json"
    asyncio.run(listings(reader, file, clock).load())
    kept = file.read_text(encoding="utf-8")
    (tmp_path / "markets.new").symlink_to("/dev/full")
    clock.set(1_061_000)
    later = listings(reader, file, clock)
    asyncio.run(later.load())
    assert (later.named("BTC/USDT"), file.read_text(encoding="utf-8"), reader.asked) == (SPOT, kept, 2)


def test_old_markets_a_new_symbol_and_a_spoilt_file_are_read_anew(tmp_path: Path) -> None:
    """Age, scope and shape of the file are checked."""
    reader, clock, file = Counting(), PlanClock(1_000_000), tmp_path / "markets.json"
    asyncio.run(listings(reader, file, clock, ("BTC/USDT",)).load())
    asyncio.run(listings(reader, file, clock).load())
    assert reader.asked == 2
    clock.set(1_061_000)
    asyncio.run(listings(reader, file, clock).load())
    assert reader.asked == 3
    file.write_text("{", encoding="utf-8")
    asyncio.run(listings(reader, file, clock).load())
    assert reader.asked == 4


def test_a_filter_refusal_reads_them_anew_once() -> None:
    """Before the next order, and not again after that."""
    reader = Counting()
    markets = listings(reader, None, PlanClock(1_000_000))
    asyncio.run(markets.load())
    markets.forget()
    asyncio.run(markets.load())
    asyncio.run(markets.load())
    assert reader.asked == 2


def test_a_market_that_is_not_listed_or_closed_is_refused() -> None:
    """With what to do about it; a closed one is still known, for look-ups."""
    markets = Listings(Counting(), ("BTC/USDT",), None, 60_000, PlanClock(1))
    asyncio.run(markets.load())
    with pytest.raises(Denied, match="lists no market"):
        markets.named("DOGE/USDT")
    markets._by_symbol["BTC/USDT"] = SPOT._replace(active=False)
    assert markets.named("BTC/USDT") is not None
    with pytest.raises(Denied, match="not open for trading"):
        markets.trading("BTC/USDT")


def test_a_market_that_was_closed_is_looked_at_again_within_a_minute() -> None:
    """It may have opened since: a list with a closed market is young for a minute, one of open markets for as long as is set."""
    clock, reader = PlanClock(1_000_000), Counting()
    markets = Listings(reader, ("BTC/USDT",), None, 86_400_000, clock)
    asyncio.run(markets.load())
    markets._by_symbol["BTC/USDT"] = SPOT._replace(active=False)
    asyncio.run(markets.load())
    assert reader.asked == 1
    clock.set(clock.now() + 61_000)
    asyncio.run(markets.load())
    assert markets.trading("BTC/USDT").active
    clock.set(clock.now() + 3_600_000)
    asyncio.run(markets.load())
    assert reader.asked == 2


class Shrinking(Counting):
    """Lists everything at first, and the swap no more from then on: it was delisted."""

    async def read(self, symbols: Collection[str]) -> list[Listing]:
        """Those asked for."""
        found = await super().read(symbols)
        return found if self.asked == 1 else [SPOT]


def test_a_market_that_was_delisted_is_closed_and_still_known(tmp_path: Path) -> None:
    """What is held in it, and what became of an order, is read in its contracts: after a restart as well. One that the configuration does
    not name any more is forgotten."""
    reader, clock, file = Shrinking(), PlanClock(1_000_000), tmp_path / "markets.json"
    asyncio.run(listings(reader, file, clock).load())
    clock.set(1_061_000)
    for _ in range(2):
        markets = listings(reader, file, clock)
        asyncio.run(markets.load())
        assert reader.asked == 2
        assert markets.by_id("BTC-USDT-SWAP", perpetual=True) == SWAP._replace(active=False)
        with pytest.raises(Denied, match="not open for trading"):
            markets.trading("BTC/USDT:USDT")
    clock.set(1_122_001)
    fewer = listings(reader, file, clock, ("BTC/USDT",))
    asyncio.run(fewer.load())
    assert fewer.all() == (SPOT,)


def test_a_quantity_that_is_no_whole_lot_is_refused_with_both_figures() -> None:
    """The lot as it is now, and the nearest sizes."""
    with pytest.raises(Denied, match=r"0\.0001.*use 0\.0001 or 0\.0002"):
        SWAP.to_venue(D("0.00015"))


@given(st.integers(min_value=1, max_value=10**9), st.sampled_from([SPOT, SWAP]))
def test_whole_lots_go_to_the_venue_and_back_unchanged(lots: int, listing: Listing) -> None:
    """Contracts are what the venue counts; nothing is rounded on the way."""
    quantity = lots * listing.lot
    sent = listing.to_venue(quantity)
    assert "E" not in sent
    assert listing.from_venue(D(sent)) == quantity
