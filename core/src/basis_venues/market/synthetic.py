"""A small made-up history, so that every mode can be run, and every rule for imperfect data seen, without any recorded data.

It goes from 2024-01-01 to 2024-03-01, hourly (funding each 8 hours, Aave daily), looks like a market, and is the same on every machine: a
linear congruential generator and whole numbers make all of it. Its imperfections are those that `configs/data/synthetic.yaml` has
rules for: Binance's BTC prices lack 23 hours, gas prices 3; OKX's funding lacks one time and repeats three; Binance's ETH prices and OKX's
BTC prices are not there at all.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

START = datetime(2024, 1, 1, tzinfo=UTC)
HOURS = 61 * 24
"""Two months, and a day more, so that interpolation and bars reach over the end."""

_MARK = ".synthetic-2"
"""Stands beside the files once all are written. The number goes up with every change of what they hold."""
_BINANCE_LACKS = range(40 * 24 + 1, 41 * 24)
_GAS_LACKS = range(20 * 24 + 5, 20 * 24 + 8)
_OKX_FUNDING_LACKS = 30
_OKX_FUNDING_REPEATS = (60, 61, 62)

Table = tuple[str, list[str]]
"""Header and rows."""


class Generator:
    """Knuth's 64-bit linear congruential generator (MMIX); only its upper bits are used."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def between(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`, both included."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return least + (self._state >> 33) % (most - least + 1)


def write_synthetic(directory: Path | str) -> Path:
    """Write the history into `directory`, made if needed, and answer it. What already stands there complete is left as it is."""
    target = Path(directory)
    if (target / _MARK).exists():
        return target
    target.mkdir(parents=True, exist_ok=True)
    for name, (header, rows) in _tables().items():
        _write(target / f"{name}.csv", "\n".join((f"timestamp,{header}", *rows, "")))
    _write(target / _MARK, "")
    return target


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")  # another run may be reading or writing the same directory
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(path)


def _tables() -> dict[str, Table]:
    btc = _path(Generator(1), 4_350_000, 5_050_000, 12_000)
    eth = _path(Generator(2), 238_000, 280_000, 700)
    return {
        "binance_spot_BTCUSDT_1h": _bars(Generator(11), btc, 0, lacking=_BINANCE_LACKS),
        "binance_perp_BTCUSDT_1h": _bars(Generator(12), btc, 900, lacking=_BINANCE_LACKS),
        "binance_perp_ETHUSDT_1h": _bars(Generator(13), eth, 50),
        "bybit_spot_BTCUSDT_1h": _bars(Generator(14), btc, 40),
        "bybit_spot_ETHUSDT_1h": _bars(Generator(15), eth, 2),
        "bybit_perp_BTCUSDT_1h": _bars(Generator(16), btc, 1000),
        "bybit_perp_ETHUSDT_1h": _bars(Generator(17), eth, 55),
        "okx_spot_BTCUSDT_1h": _bars(Generator(18), btc, -30),
        "okx_spot_ETHUSDT_1h": _bars(Generator(19), eth, -1),
        "okx_perp_ETHUSDT_1h": _bars(Generator(20), eth, 48),
        "binance_funding_BTCUSDT": _funding(Generator(31)),
        "binance_funding_ETHUSDT": _funding(Generator(32)),
        "bybit_funding_BTCUSDT": _funding(Generator(33)),
        "bybit_funding_ETHUSDT": _funding(Generator(34)),
        "okx_funding_BTCUSDT": _flawed(_funding(Generator(35))),
        "okx_funding_ETHUSDT": _flawed(_funding(Generator(36))),
        "aave_v3_reserve_USDT_1d": _reserve(Generator(41), 10_361_969, 10_494_393, 1700, 2200, [100_000_000] * HOURS),
        "aave_v3_reserve_WETH_1d": _reserve(Generator(42), 10_180_859, 10_328_690, 480, 730, [cents * 1_000_000 for cents in eth]),
        "aave_v3_reserve_wstETH_1d": _reserve(Generator(43), 10_005_409, 10_049_308, 4, 83, [cents * 1_155_000 for cents in eth]),
        "lido_wsteth_eth_1h": _shares(),
        "ethereum_gas_1h": _gas(Generator(51)),
    }


def _path(generator: Generator, first: int, last: int, stride: int) -> list[int]:
    """Cents at each hour: a walk that is drawn to the straight line from `first` to `last`."""
    walk, path = 0, []
    for hour in range(HOURS + 1):
        path.append(first + (last - first) * hour // HOURS + walk)
        walk += generator.between(-stride, stride) - walk // 100
    return path


def _bars(generator: Generator, path: Sequence[int], premium: int, lacking: Sequence[int] = ()) -> Table:
    """Bars of one market: each opens where the one before it closed, near the common path plus the market's premium."""
    lacks = set(lacking)
    marks = [cents + premium + generator.between(-cents // 20_000, cents // 20_000) for cents in path]
    rows = []
    for hour, (begin, end) in enumerate(pairwise(marks)):
        low = min(begin, end) - generator.between(0, begin // 400)
        high = max(begin, end) + generator.between(0, begin // 400)
        volume = generator.between(50_000, 900_000)
        if hour not in lacks:
            rows.append(",".join((_time(hour), *(_figure(cents, 2) for cents in (begin, high, low, end)), _figure(volume, 3))))
    return "open,high,low,close,volume", rows


def _funding(generator: Generator) -> Table:
    """Rates about 0.0001, at times below zero."""
    return "funding_rate", [f"{_time(hour)},{_figure(generator.between(-2_500, 22_500), 8)}" for hour in range(0, HOURS, 8)]


def _flawed(funding: Table) -> Table:
    header, rows = funding
    flawed: list[str] = []
    for place, row in enumerate(rows):
        if place in _OKX_FUNDING_REPEATS:
            flawed.append(f"{row[:20]},0.0001")
        if place != _OKX_FUNDING_LACKS:
            flawed.append(row)
    return header, flawed


def _reserve(generator: Generator, supply: int, borrow: int, supply_rise: int, borrow_rise: int, usd: Sequence[int]) -> Table:
    """Indices that start at `supply` and `borrow` ten-millionths and rise each day by about so many; `usd` per hour, at 8 decimals."""
    rows = []
    supply, borrow = supply * 10**9, borrow * 10**9
    for hour in range(0, HOURS, 24):
        rows.append(f"{_time(hour)},{_figure(supply, 16)},{_figure(borrow, 16)},{_figure(usd[hour], 8)}")
        supply += supply_rise * generator.between(900_000_000, 1_100_000_000)
        borrow += borrow_rise * generator.between(900_000_000, 1_100_000_000)
    return "liquidityIndex,variableBorrowIndex,price", rows


def _shares() -> Table:
    """ETH for one wstETH, growing by 3 % a year."""
    first = 1_155_000_000_000_000_000
    return "wsteth_eth", [f"{_time(hour)},{_figure(first + first * 3 * hour // (100 * 8760), 18)}" for hour in range(HOURS)]


def _gas(generator: Generator) -> Table:
    rows = []
    for hour in range(HOURS):
        base, priority = generator.between(900, 3200), generator.between(2, 60)
        if hour not in _GAS_LACKS:
            rows.append(f"{_time(hour)},{_figure(base, 2)},{_figure(priority, 2)}")
    return "base_fee_gwei,priority_fee_p50_gwei", rows


def _time(hour: int) -> str:
    return (START + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _figure(units: int, decimals: int) -> str:
    """Whole units of the last decimal as text."""
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(decimals + 1, "0")
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"
