"""What is known of perpetual positions between two readings."""

from __future__ import annotations

from decimal import Decimal

from basis_venues_ccxt.live import Position
from basis_venues_ccxt.live.positions import Positions

D = Decimal
SYMBOL = "BTC/USDT:USDT"
SHORT, LESS, FLAT = Position(D("-0.1"), D(-6000)), Position(D("-0.09"), D(-5400)), Position(D(0), D(0))


def test_a_slow_reading_does_not_undo_what_was_filled_meanwhile() -> None:
    """It tells of the moment at which it was asked for."""
    positions = Positions()
    positions.read({SYMBOL: SHORT}, positions.mark())
    slow = positions.mark()
    positions.filled(SYMBOL, LESS)
    positions.read({SYMBOL: SHORT}, slow)
    assert positions.get(SYMBOL) == LESS


def test_the_reading_that_was_asked_for_last_counts() -> None:
    """In whatever order the answers come."""
    positions = Positions()
    first, second = positions.mark(), positions.mark()
    positions.read({SYMBOL: FLAT}, second)
    positions.read({SYMBOL: SHORT}, first)
    assert positions.get(SYMBOL) == FLAT
    assert positions.get("ETH/USDT:USDT") is None
