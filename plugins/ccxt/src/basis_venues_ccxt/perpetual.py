"""The arithmetic of a linear perpetual position: signed size, signed cost, realised profit."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from basis_venues.amounts import ZERO
from basis_venues.orders import record

QUANTUM = Decimal("1e-12")
"""To this a part of the cost is rounded when a position is closed in part. What is rounded stays in the cost, so nothing is lost."""


class Turn(NamedTuple):
    """What a trade does to a position: change of its cost, profit realised, and the signed size that it opens (0 when it only closes)."""

    entry: Decimal
    profit: Decimal
    opened: Decimal


def turn(size: Decimal, entry: Decimal, change: Decimal, price: Decimal) -> Turn:
    """A trade of `change` (signed, base units) at `price` on a position of `size` with the cost `entry`.

    The part against the position closes it and realises what it brings less its share of the cost; the rest opens at `price`.
    Source: average-cost accounting of one-way linear perpetuals, as Binance, Bybit and OKX (net mode) show it.
    """
    if not size or (size > 0) == (change > 0):
        return record(Turn, (change * price, ZERO, change))
    if abs(change) >= abs(size):
        opened = size + change
        return record(Turn, (opened * price - entry, size * price - entry, opened))
    released = (entry * -change / size).quantize(QUANTUM)
    return Turn(-released, -change * price - released, ZERO)
