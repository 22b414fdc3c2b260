"""The four modes over thirteen months of real history end where a computation by hand from the raw files ends.

The hand computation uses none of the library's models: the plan's figures, the venues' published rules, and sums over the raw rows.
"""

import json
import os
import subprocess
import sys
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, getcontext, localcontext
from pathlib import Path

import pytest
from raw import DAY, HOUR, column, hourly, moment

pytestmark = [pytest.mark.history, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SINCE, UNTIL = "2024-08-01T00:00:00Z", "2025-09-01T00:00:00Z"
START, END = moment(SINCE), moment(UNTIL)
WEI, MICRO = Decimal("1e-18"), Decimal("1e-6")


@pytest.fixture(scope="module")
def directory():
    """Where the history is."""
    named = os.environ.get("BASIS_TEST_HISTORY")
    if not named or not Path(named).is_dir():
        pytest.skip("BASIS_TEST_HISTORY does not name a directory with the real market history")
    return Path(named)


@pytest.fixture(autouse=True)
def exact():
    """Sixty digits, as money is counted in."""
    with localcontext() as context:
        context.prec = 60
        yield getcontext()


def run(mode: str, directory: Path) -> dict:
    """The document of the command that a user types."""
    command = [sys.executable, "-m", "basis_venues", "run", mode, "--data", str(directory), "--from", SINCE, "--to", UNTIL, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def positions(document: dict) -> dict[str, Decimal]:
    """The final positions."""
    return {key: Decimal(text) for key, text in document["positions"].items()}


def floor(amount: Decimal, unit: Decimal) -> Decimal:
    return amount.quantize(unit, ROUND_FLOOR)


def ceil(amount: Decimal, unit: Decimal) -> Decimal:
    return amount.quantize(unit, ROUND_CEILING)


def between_days(rows: dict[int, Decimal], at: int) -> Decimal:
    """A straight line between the rows of two days, to 27 decimals as the protocol's ray."""
    day = at // DAY * DAY
    if at == day:
        return rows[day]
    return floor(rows[day] + (rows[day + DAY] - rows[day]) * (at - day) / DAY, Decimal("1e-27"))


# -- btc_basis -------------------------------------------------------------------------------------------------------------------------

SLIPPAGE = Decimal("0.0005")


def test_btc_basis_ends_where_fills_fees_and_funding_summed_by_hand_do(directory):
    """Entry, rebalance and exit at the bars' opens, taker fees, and every funding payment of three exchanges."""
    document = run("btc_basis", directory)
    assert [action["state"] for action in document["actions"]] == ["VERIFIED"] * 6
    bybit = column(directory, "bybit_perp_BTCUSDT_1h", "open")
    perp = {"binance": bybit | column(directory, "binance_perp_BTCUSDT_1h", "open"), "bybit": bybit, "okx": bybit}
    spot = column(directory, "bybit_spot_BTCUSDT_1h", "open") | column(directory, "binance_spot_BTCUSDT_1h", "open")
    bybit_funding = column(directory, "bybit_funding_BTCUSDT", "funding_rate")
    funding = {
        "binance": column(directory, "binance_funding_BTCUSDT", "funding_rate"),
        "bybit": bybit_funding,
        "okx": bybit_funding | column(directory, "okx_funding_BTCUSDT", "funding_rate"),
    }
    fee = {"binance": Decimal("0.0005"), "bybit": Decimal("0.0006"), "okx": Decimal("0.0005")}
    entered = {"binance": Decimal("0.2"), "bybit": Decimal("0.15"), "okx": Decimal("0.15")}
    reduced = {"binance": Decimal("0.04"), "bybit": Decimal("0.03"), "okx": Decimal("0.03")}
    reduce_at, exit_at = START + 20 * DAY, END - 2 * HOUR

    expected = {"bybit:balance:USDT": Decimal(12000), "okx:balance:USDT": Decimal(12000), "binance:collateral:USDT": Decimal(12000)}
    settle = {"binance": "binance:collateral:USDT", "bybit": "bybit:balance:USDT", "okx": "okx:balance:USDT"}
    for venue, size in entered.items():
        cash = Decimal(0)
        sold = hourly(perp[venue], START) * (1 - SLIPPAGE)
        bought = {reduce_at: reduced[venue], exit_at: size - reduced[venue]}
        cash -= sold * size * fee[venue]
        for at, part in bought.items():
            price = hourly(perp[venue], at) * (1 + SLIPPAGE)
            cash += part * (sold - price) - part * price * fee[venue]
        for at, rate in funding[venue].items():
            if START + 60_000 < at <= exit_at:
                short = size if at <= reduce_at else size - reduced[venue]
                cash += short * perp[venue][at] * rate
        expected[settle[venue]] += cash

    bought = hourly(spot, START) * (1 + SLIPPAGE)
    expected["binance:balance:BTC"] = Decimal("0.5") * Decimal("0.999") - Decimal("0.1") - Decimal("0.399")
    taken = sum(
        part * hourly(spot, at) * (1 - SLIPPAGE) * Decimal("0.999")
        for at, part in ((reduce_at, Decimal("0.1")), (END - HOUR, Decimal("0.399")))
    )
    expected["binance:balance:USDT"] = Decimal(60000) - Decimal("0.5") * bought + taken

    found = positions(document)
    assert set(found) == set(expected)
    for key, amount in expected.items():
        assert abs(found[key] - amount) <= Decimal("1e-9"), key


# -- pure_lending ----------------------------------------------------------------------------------------------------------------------


def gas_paid(directory: Path, spent: list[tuple[int, int]]) -> Decimal:
    """ETH for (time, gas) pairs at base fee plus priority fee of the hour."""
    base = column(directory, "ethereum_gas_1h", "base_fee_gwei")
    tip = column(directory, "ethereum_gas_1h", "priority_fee_p50_gwei")
    return sum((gas * (hourly(base, at) + hourly(tip, at)) * Decimal("1e-9") for at, gas in spent), Decimal(0))


def test_pure_lending_ends_with_the_interest_that_the_index_gives(directory):
    """Scaled supply, rounded for the protocol at every step, times the raw index at the end."""
    found = positions(run("pure_lending", directory))
    index = column(directory, "aave_v3_reserve_USDT_1d", "liquidityIndex")
    add, take, leave = START + 15 * DAY, START + 30 * DAY, END - HOUR
    scaled = floor(Decimal(100000) / between_days(index, START), MICRO) + floor(Decimal(25000) / between_days(index, add), MICRO)
    scaled -= ceil(Decimal(40000) / between_days(index, take), MICRO)
    back = floor(scaled * between_days(index, leave), MICRO)
    assert found["wallet:balance:USDT"] == Decimal(150000) - 100000 - 25000 + 40000 + back
    assert back + 40000 - 125000 > 4000  # thirteen months of interest did arrive
    supply, withdraw, approve = 160_000, 153_000, 50_000
    paid = gas_paid(directory, [(START, approve + supply), (add, approve + supply), (take, withdraw), (leave, withdraw)])
    assert found["wallet:balance:ETH"] == 2 - paid


# -- eth_staking -----------------------------------------------------------------------------------------------------------------------


def test_eth_staking_ends_with_the_rate_that_the_shares_gained(directory):
    """Shares at the rate of each moment: staked, queued at nominal, claimed, and the rest sold at the pool's fee."""
    found = positions(run("eth_staking", directory))
    rate = column(directory, "lido_wsteth_eth_1h", "wsteth_eth")
    first = floor(20 / hourly(rate, START), WEI)
    more = floor(2 / hourly(rate, START + 26 * DAY), WEI)
    claimed = floor(6 * hourly(rate, START + 20 * DAY), WEI)
    sold = (first + more - 6) * hourly(rate, END - HOUR) * (1 - Decimal(100) / 1_000_000)
    assert abs(found["wallet:balance:WETH"] - sold) <= 10 * WEI
    approve, wrap, queue, claim = 50_000, 95_000, 260_000, 95_000
    spent = [(START, 90_000), (START + 300_000, approve + wrap), (START + 20 * DAY, approve + queue), (START + 25 * DAY, claim)]
    spent += [(START + 26 * DAY, 90_000 + approve + wrap), (END - 2 * HOUR, 255_000)]
    spent += [(END - HOUR, approve + 80_000 + 30_000 + 160_000 + 60_000)]  # let the account pull; then deposit, swap and pay out at once
    assert found["wallet:balance:ETH"] == 21 - 20 + claimed - 2 - gas_paid(directory, spent)


# -- eth_leveraged ---------------------------------------------------------------------------------------------------------------------


def test_eth_leveraged_ends_with_staking_gains_less_borrowing_and_fees(directory):
    """Collateral shares against scaled debt: half repaid after twenty days, the rest at the end, each with flash fee and swap."""
    found = positions(run("eth_leveraged", directory))
    rate = column(directory, "lido_wsteth_eth_1h", "wsteth_eth")
    supply = column(directory, "aave_v3_reserve_wstETH_1d", "liquidityIndex")
    borrow = column(directory, "aave_v3_reserve_WETH_1d", "variableBorrowIndex")
    up, halve, close = START + 300_000, START + 20 * DAY, END - HOUR
    pool, flash_fee = 1 - Decimal(100) / 1_000_000, Decimal("0.0005")
    shares = 40 / hourly(rate, up)
    scaled_supply = shares / between_days(supply, up)
    scaled_debt = Decimal("30.015") / between_days(borrow, up)
    weth = Decimal(0)
    for at, fraction in ((halve, Decimal("0.5")), (close, Decimal(1))):
        debt = scaled_debt * between_days(borrow, at) * fraction
        freed = scaled_supply * between_days(supply, at) * fraction
        lent = debt * (1 + Decimal("0.00001")) if fraction == 1 else debt
        weth += freed * hourly(rate, at) * pool - debt - lent * flash_fee
        scaled_debt -= scaled_debt * fraction
        scaled_supply -= scaled_supply * fraction
    assert abs(found["wallet:balance:WETH"] - weth) <= Decimal("1e-12")
    assert found["wallet:balance:ETH"] < 1
    assert "dsa:borrowed:aave/WETH" not in found
    assert "dsa:supplied:aave/wstETH" not in found
