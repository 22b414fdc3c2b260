"""How large a flash loan is needed or possible.

All amounts count in the flash asset, at the lending protocol's own prices, so that staked collateral is worth what was staked. With
equity E, flash loan F and its fee as a fraction f, the account ends with collateral E + F and debt F (1 + f).
"""

from __future__ import annotations

from decimal import Decimal

from basis_venues.amounts import MONEY, from_units, to_units
from basis_venues.errors import Denied
from basis_venues_evm import BPS, bps_ceil


def flash_fee(amount: Decimal, fee_bps: int, decimals: int = 18) -> Decimal:
    """The fee of a flash loan, rounded up to a base unit: the aggregator checks the floor, but Aave 3.6 takes the ceiling."""
    return from_units(bps_ceil(to_units(amount, decimals), fee_bps), decimals)


def flash_for_leverage(equity: Decimal, leverage: Decimal, fee_bps: int) -> Decimal:
    """The flash loan after which collateral / (collateral - debt) is `leverage` (above 1): F = E (L - 1) / (1 + L f).

    Raises `Denied` when `leverage` is not above 1. The result is not rounded to base units; see `floor_to`.
    """
    if leverage <= 1:
        raise Denied(f"a leverage of {leverage} needs no flash loan; it must be above 1")
    return MONEY.divide(equity * (leverage - 1), 1 + leverage * _fraction(fee_bps))


def flash_for_ltv(equity: Decimal, ltv: Decimal, fee_bps: int) -> Decimal:
    """The flash loan after which debt / collateral is `ltv` (a fraction): F = E ltv / (1 + f - ltv).

    With the highest LTV that the protocol lends at, this is the largest flash loan that can be paid back. Raises `Denied` for an `ltv`
    that is not between 0 and 1.
    """
    if not 0 < ltv < 1:
        raise Denied(f"an LTV of {ltv} is not between 0 and 1")
    return MONEY.divide(equity * ltv, 1 + _fraction(fee_bps) - ltv)


def leverage_after(equity: Decimal, flash: Decimal, fee_bps: int) -> Decimal:
    """Collateral / (collateral - debt): (E + F) / (E - F f). Raises `Denied` when the fee eats the equity."""
    own = equity - flash * _fraction(fee_bps)
    if own <= 0:
        raise Denied(f"the fee of a flash loan of {flash} is more than the equity of {equity}")
    return MONEY.divide(equity + flash, own)


def health_factor_after(equity: Decimal, flash: Decimal, fee_bps: int, threshold: Decimal) -> Decimal:
    """Collateral x threshold / debt, `threshold` being the liquidation threshold as a fraction: (E + F) t / (F (1 + f))."""
    return MONEY.divide((equity + flash) * threshold, flash * (1 + _fraction(fee_bps)))


def _fraction(fee_bps: int) -> Decimal:
    return MONEY.divide(Decimal(fee_bps), Decimal(BPS))
