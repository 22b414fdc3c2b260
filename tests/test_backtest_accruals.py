"""What happens by itself in a backtest happens once, at its time, to what is held then; the shipped mode, on the synthetic history."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from basis_venues import BlockingManager, ExecutionManager, PerpTrade

HOUR = 3_600_000
START = 1_704_153_600_000
"""2024-01-02: funding is due at 00:00, 08:00 and 16:00 UTC."""
HELD = {"binance:collateral:USDT": 120_000, "bybit:balance:USDT": 120_000, "okx:balance:USDT": 120_000}


def opened(**more: Any) -> BlockingManager:
    """A backtest that begins then."""
    return BlockingManager(ExecutionManager.open("btc_basis", since=START, positions=HELD, **more))


def perp(name: str, side: Any, **more: Any) -> PerpTrade:
    """0.2 BTC at Binance."""
    return PerpTrade(**{"id": name, "symbol": "BTC/USDT:USDT", "side": side, "quantity": "0.2", "venue": "binance", **more})


def test_funding_is_not_paid_for_the_time_when_nothing_was_held() -> None:
    """Closed on the second day and opened again on the fifth at 09:00: by 17:00 one funding is due, that of 16:00."""
    with opened() as manager:
        manager.execute_action(perp("in", "buy"), timestamp=START)
        manager.execute_action(perp("out", "sell"), timestamp=START + 48 * HOUR + 60_000)
        manager.execute_action(perp("again", "buy"), timestamp=START + (4 * 24 + 9) * HOUR)
        before = manager.positions()["binance:collateral:USDT"]
        manager.pass_time(START + (4 * 24 + 17) * HOUR)
        paid = manager.positions()["binance:collateral:USDT"] - before
        result = manager.execute_action(perp("end", "sell"), timestamp=START + (4 * 24 + 17) * HOUR + 1)
    (funding,) = (effect for leg in result.legs for effect in leg.externals)
    assert (funding.kind, funding.at) == ("funding", START + (4 * 24 + 16) * HOUR)
    assert paid == dict(funding.lines)["binance:collateral:USDT"]


def test_the_first_position_days_into_the_window_owes_nothing_for_before() -> None:
    """The rate of a time before the window is not asked for."""
    with opened() as manager:
        assert manager.execute_action(perp("late", "buy"), timestamp=START + 5 * 24 * HOUR).state == "VERIFIED"
        manager.pass_time(START + 5 * 24 * HOUR + 9 * HOUR)


def test_an_order_that_rests_over_a_funding_is_compared_with_it() -> None:
    """A short limit far above the market rests from 15:30 to 16:30: the funding of 16:00 explains what the account shows."""
    with opened() as manager:
        manager.execute_action(perp("in", "buy"), timestamp=START + 9 * HOUR)
        rests = perp("rests", "sell", order_type="limit", price=Decimal(900_000), good_for=HOUR)
        result = manager.execute_action(rests, timestamp=START + 15 * HOUR + HOUR // 2)
        assert result.legs[0].state.value == "CANCELLED"
        assert [effect.kind for effect in result.legs[0].externals] == ["funding"]
        assert manager.frozen == {}
