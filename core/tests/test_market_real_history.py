"""The recorded history, where there is one: what its files hold, and that every series works throughout the window."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from basis_venues import series
from basis_venues.clock import PlanClock
from basis_venues.market import FAR, HistoryMarket, Source, load_data_settings, open_market, open_provider, survey

HOUR = 3_600_000
START = 1_722_470_400_000  # 2024-08-01T00:00:00Z
END = 1_756_684_800_000  # 2025-09-01T00:00:00Z
SETTINGS = Path(__file__).parents[2] / "configs" / "data" / "history.yaml"
HISTORY = Path(os.environ.get("BASIS_TEST_HISTORY") or "absent")
SYMBOLS = ("BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT")
ROW = re.compile(r"^\| (\S+)\.csv\.gz \| timestamp,(\w+)\S* \| (\d+) \| \S+ \| \S+ \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)

pytestmark = [
    pytest.mark.history,
    pytest.mark.skipif(not HISTORY.is_dir(), reason="BASIS_TEST_HISTORY names no directory with recorded history"),
]


@pytest.fixture
def market() -> tuple[HistoryMarket, PlanClock]:
    """A market over the whole window, and its clock."""
    clock = PlanClock(START)
    return open_market(load_data_settings(SETTINGS), HISTORY, START, END, clock), clock


def every_series() -> list[str]:
    """All series that the settings are meant for, funding apart."""
    bars = [
        kind(venue, symbol)
        for kind in (series.price, series.low, series.high)
        for venue in ("binance", "bybit", "okx")
        for symbol in SYMBOLS
    ]
    kinds = (series.supply_index, series.borrow_index, series.oracle)
    aave = [kind("aave", asset) for kind in kinds for asset in ("USDT", "WETH", "wstETH")]
    swaps = [series.swap_rate("uniswap", "wstETH", "WETH"), series.swap_rate("uniswap", "WETH", "wstETH")]
    return [*bars, *aave, *swaps, series.share_rate("lido", "wstETH"), series.gas_price()]


def test_gaps_and_duplicates_are_those_that_the_history_states() -> None:
    """Rows, gaps, missing rows and duplicates of every file equal the table in the history's own README."""
    stated = ROW.findall((HISTORY / "README.md").read_text(encoding="utf-8"))
    provider = open_provider(load_data_settings(SETTINGS), HISTORY)
    assert len(stated) == 19
    for table, column, *counts in stated:
        every = 24 * HOUR if table.endswith("1d") else 8 * HOUR if "funding" in table else HOUR
        found = survey(provider.read(Source(table, "timestamp", column), -FAR, FAR).times, every)
        assert (table, [int(count) for count in counts]) == (table, [found.rows, found.gaps, found.missing, found.duplicates])


@pytest.mark.slow
def test_every_series_has_a_figure_at_every_hour_of_the_window(market: tuple[HistoryMarket, PlanClock]) -> None:
    """From the first to the last moment nothing is missing, and what stood in is listed gap by gap."""
    book, clock = market
    names = every_series()
    for moment in range(START, END + 1, HOUR):
        clock.set(moment)
        for name in names:
            assert book.value(name) > 0
    stood_in = {name: [note.count for note in book.substitutions if note.series == name] for name in names}
    assert [23] * 9 == stood_in["binance:price:BTC/USDT"] == stood_in["binance:price:ETH/USDT:USDT"]
    assert [9505] == stood_in["binance:price:ETH/USDT"] == stood_in["okx:price:BTC/USDT:USDT"]
    assert stood_in["okx:price:ETH/USDT:USDT"] == [720, 720, 1]
    assert stood_in["bybit:price:BTC/USDT"] == []
    assert () == book.bridged == book.duplicates


def test_no_funding_time_of_the_window_is_left_out(market: tuple[HistoryMarket, PlanClock]) -> None:
    """Three charges a day on every venue; where OKX has gaps Bybit's rates stand in, 132 of them; of 210 repeated times the last counts."""
    book, _ = market
    times = list(range(START, END, 8 * HOUR))
    for venue in ("binance", "bybit", "okx"):
        for symbol in SYMBOLS[2:]:
            assert times == [at for at, _ in book.events(series.funding(venue, symbol), START - 1, END - 1)]
    for symbol in SYMBOLS[2:]:
        name = series.funding("okx", symbol)
        assert [93, *[3] * 13] == [note.count for note in book.substitutions if note.series == name]
        assert [(note.what, note.count) for note in book.duplicates if note.series == name] == [("last", 210)]


def test_figures_are_those_of_the_files(market: tuple[HistoryMarket, PlanClock]) -> None:
    """Known cells of the files appear digit for digit."""
    book, _ = market
    assert str(book.value("okx:price:ETH/USDT:USDT")) == "3233.31"
    assert str(book.value("aave:supply_index:wstETH")) == "1.000561868039122"
    rates = dict(book.events("okx:funding:BTC/USDT:USDT", 1_743_206_400_000 - 1, 1_743_206_400_000))
    assert {at: str(rate) for at, rate in rates.items()} == {1_743_206_400_000: "0.0001"}
