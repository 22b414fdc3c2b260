"""The made-up history: the same everywhere, like a market, and with one flaw for each rule."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from basis_venues import series
from basis_venues.clock import PlanClock
from basis_venues.errors import MissingData
from basis_venues.market import HistoryMarket, Note, load_data_settings, open_market, write_synthetic

HOUR = 3_600_000
START = 1_704_067_200_000  # 2024-01-01T00:00:00Z
END = 1_709_251_200_000  # 2024-03-01T00:00:00Z
SETTINGS = Path(__file__).parents[2] / "configs" / "data" / "synthetic.yaml"
SPOT = ("BTC/USDT", "ETH/USDT")
PERP = ("BTC/USDT:USDT", "ETH/USDT:USDT")
VENUES = ("binance", "bybit", "okx")
DIGEST = "2787210eecbee9679b4d5af62bc9fb695e2b1ea639d903996d68be2d55e1293a"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The written history."""
    return write_synthetic(tmp_path_factory.mktemp("data") / "synthetic")


@pytest.fixture
def market(directory: Path) -> tuple[HistoryMarket, PlanClock]:
    """A market over it, and its clock."""
    clock = PlanClock(START)
    return open_market(load_data_settings(SETTINGS), directory, START, END, clock), clock


def test_it_is_the_same_on_every_machine(directory: Path) -> None:
    """All bytes of all files are fixed."""
    digest = hashlib.sha256()
    for path in sorted(directory.glob("*.csv")):
        digest.update(path.name.encode() + path.read_bytes())
    assert digest.hexdigest() == DIGEST


def test_what_stands_complete_is_left_alone(directory: Path) -> None:
    """A second call writes nothing."""
    before = {path: path.stat().st_mtime_ns for path in directory.iterdir()}
    assert directory == write_synthetic(directory)
    assert before == {path: path.stat().st_mtime_ns for path in directory.iterdir()}


def test_every_series_has_a_figure_at_every_hour(market: tuple[HistoryMarket, PlanClock]) -> None:
    """Prices are plausible, a bar's low and high enclose its open, and indices grow."""
    book, clock = market
    indices = [(kind("aave", asset)) for kind in (series.supply_index, series.borrow_index) for asset in ("USDT", "WETH", "wstETH")]
    before = dict.fromkeys([*indices, series.share_rate("lido", "wstETH")], 0)
    for moment in range(START, END + 1, HOUR):
        clock.set(moment)
        for venue in VENUES:
            for symbol in (*SPOT, *PERP):
                price = book.value(series.price(venue, symbol))
                assert book.value(series.low(venue, symbol)) <= price <= book.value(series.high(venue, symbol))
                assert 42_000 < price < 52_000 if symbol.startswith("BTC") else 2_300 < price < 2_900
        for name, last in before.items():
            before[name] = book.value(name)  # type: ignore[assignment]
            assert before[name] > last
        assert 9 < book.value(series.gas_price()) < 33
        assert book.value(series.swap_rate("uniswap", "WETH", "wstETH")) < 1 < book.value(series.swap_rate("uniswap", "wstETH", "WETH"))
        assert 0 < book.value(series.oracle("aave", "USDT")) < book.value(series.oracle("aave", "WETH"))


def test_every_flaw_is_met_and_listed(market: tuple[HistoryMarket, PlanClock]) -> None:
    """An absent series, a bridged gap, a held gap, a skipped charge and repeated rows show up in the lists as the settings say."""
    book, clock = market
    for moment in range(START, END + 1, HOUR):
        clock.set(moment)
        for name in ("binance:price:BTC/USDT", "binance:price:ETH/USDT", "ethereum:gas_price:gwei"):
            book.value(name)
    charges = book.events(series.funding("okx", "BTC/USDT:USDT"), START - 1, END - 1)
    assert len(charges) == 179
    february_10, january_21 = START + 40 * 24 * HOUR, START + 20 * 24 * HOUR
    assert {
        Note("binance:price:BTC/USDT", "bybit:price:BTC/USDT", february_10 + HOUR, february_10 + 23 * HOUR, 23),
        Note("binance:price:ETH/USDT", "bybit:price:ETH/USDT", START, END, 1441),
    } == set(book.substitutions)
    assert {
        Note("ethereum:base_fee:gwei", "held", january_21 + 5 * HOUR, january_21 + 7 * HOUR, 3),
        Note("ethereum:priority_fee:gwei", "held", january_21 + 5 * HOUR, january_21 + 7 * HOUR, 3),
        Note("okx:funding:BTC/USDT:USDT", "skipped", START + 240 * HOUR, START + 240 * HOUR, 1),
    } == set(book.bridged)
    assert (Note("okx:funding:BTC/USDT:USDT", "last", january_21, january_21 + 16 * HOUR, 3),) == book.duplicates


def test_what_was_not_used_is_not_listed(market: tuple[HistoryMarket, PlanClock]) -> None:
    """A run that meets no flaw has nothing to report."""
    book, _ = market
    book.value("binance:price:BTC/USDT")
    book.events(series.funding("okx", "BTC/USDT:USDT"), START, START + 24 * HOUR)
    assert (book.substitutions, book.bridged, book.duplicates) == ((), (), ())


def test_a_skipped_charge_has_no_rate(market: tuple[HistoryMarket, PlanClock]) -> None:
    """The figure in a skipped gap is missing data, not zero."""
    book, clock = market
    clock.set(START + 240 * HOUR)
    with pytest.raises(MissingData):
        book.value(series.funding("okx", "ETH/USDT:USDT"))
