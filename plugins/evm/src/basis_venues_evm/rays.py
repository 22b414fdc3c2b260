"""Integer arithmetic of the contracts: base units, and rates as whole multiples of 1e-27 (a "ray").

Every function says which way it rounds. A protocol rounds each step to its own advantage, so the direction is part of its rules.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from basis_venues.amounts import MONEY

RAY = 10**27
"""One, in the unit of indices and rates: 27 decimals."""
BPS = 10_000
"""Basis points in a whole."""


def ray(rate: Decimal) -> int:
    """`rate` in rays; digits beyond the 27th are cut off, as a contract never had them."""
    return int(MONEY.scaleb(rate, 27))


def times_floor(units: int, rate: int) -> int:
    """`units` times `rate` (in rays), rounded down."""
    return units * rate // RAY


def times_ceil(units: int, rate: int) -> int:
    """`units` times `rate` (in rays), rounded up."""
    return -(-units * rate // RAY)


def over_floor(units: int, rate: int) -> int:
    """`units` divided by `rate` (in rays, above 0), rounded down."""
    return units * RAY // rate


def over_ceil(units: int, rate: int) -> int:
    """`units` divided by `rate` (in rays, above 0), rounded up."""
    return -(-units * RAY // rate)


def bps_ceil(units: int, bps: int) -> int:
    """`bps` basis points of `units`, rounded up."""
    return -(-units * bps // BPS)


def whole_floor(amount: Decimal, decimals: int) -> Decimal:
    """`amount` rounded down to whole base units of so many decimals."""
    return MONEY.scaleb(MONEY.scaleb(amount, decimals).to_integral_value(ROUND_FLOOR, MONEY), -decimals)


def whole_ceil(amount: Decimal, decimals: int) -> Decimal:
    """`amount` rounded up to whole base units of so many decimals."""
    return MONEY.scaleb(MONEY.scaleb(amount, decimals).to_integral_value(ROUND_CEILING, MONEY), -decimals)
