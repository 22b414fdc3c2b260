"""How large a flash loan is needed or possible, and what it leaves behind; refused where that must not be sent.

Amounts count in the flash asset, at the lending protocol's own prices, so that staked collateral is worth what was staked. With equity E,
flash loan F and its fee as a fraction f, an entry ends with collateral E + F and debt F (1 + f), the fee being borrowed too. Debt over
collateral is k for the loan

    F = E k / (1 + f - k)

which is the bound that was checked on the real contracts, with k the highest LTV of the efficiency mode. Where a floor h is set for the
health factor and t is the liquidation threshold, (E + F) t / (F (1 + f)) >= h says the same with k = t / h: the lower k counts.

Sources: the formula and its vectors are those of the leverage recipe for Aave V3 through Instadapp; that fees are rounded up is Aave 3.6's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from attrs import frozen

from basis_venues.amounts import MONEY, from_units, money, to_units
from basis_venues.errors import Denied
from basis_venues_evm import BPS, bps_ceil, whole_ceil, whole_floor

INTEREST_MARGIN = 100_000
"""One part in so many of a debt is borrowed on top to close it: interest until the transaction is mined, hours at a few percent a year."""


class SizeRefused(Denied):
    """No transaction of this size must be sent. Its message says why and what to do."""


class UnderFloor(SizeRefused):
    """The health factor would be under the floor."""


class BeyondLtv(SizeRefused):
    """The lending protocol does not lend that much on the collateral."""


class LenderShort(SizeRefused):
    """The flash route has less than the loan."""


class SwapShort(SizeRefused):
    """The swap cannot give its minimum, or a minimum that is worth something."""


@frozen(kw_only=True, eq=False, repr=False)
class LoanTerms:
    """What bounds a loan.

    `fee_bps`: the flash loan's fee in basis points. `ltv`, `threshold`: the highest loan-to-value and the liquidation threshold of the
    collateral as fractions, those of the efficiency mode where one is entered. `floor`: the lowest health factor accepted (at least 1,
    where the protocol liquidates). `available`: what the flash route has to lend. `decimals`: of the flash asset. Raises `SizeRefused`
    for figures that bound nothing.
    """

    fee_bps: int
    ltv: Decimal
    threshold: Decimal
    floor: Decimal
    available: Decimal
    decimals: int = 18

    def __attrs_post_init__(self) -> None:
        if not 0 < self.ltv <= self.threshold < 1:
            raise SizeRefused(f"an LTV of {self.ltv} and a threshold of {self.threshold}: write fractions, the LTV not above the threshold")
        if self.floor < 1:
            raise SizeRefused(f"a floor of {self.floor} lets the position be liquidated: it must be at least 1")
        if self.fee_bps < 0:
            raise SizeRefused(f"a fee of {self.fee_bps} basis points is none")


class Entry(NamedTuple):
    """A levered position to be entered: the flash loan, its fee, the collateral and the debt that it leaves (the loan with its fee, to
    be borrowed), and what follows from them."""

    flash: Decimal
    fee: Decimal
    collateral: Decimal
    debt: Decimal
    leverage: Decimal
    ltv: Decimal
    health_factor: Decimal


class Exit(NamedTuple):
    """A levered position to be closed: the flash loan, its fee, the least that the swap must give, what the pool is expected to give,
    and the least that is left after the loan is paid back."""

    flash: Decimal
    fee: Decimal
    minimum: Decimal
    expected: Decimal
    left: Decimal


def entry_for_leverage(equity: Decimal, leverage: Decimal, terms: LoanTerms) -> Entry:
    """The entry after which collateral / (collateral - debt) is `leverage`, or by the rounding to base units just under it.

    Raises `UnderFloor`, `BeyondLtv` or `LenderShort`, with the largest loan that is possible, and `Denied` for a leverage not above 1.
    """
    return entry(equity, whole_floor(flash_for_leverage(equity, leverage, terms.fee_bps), terms.decimals), terms)


def entry_for_ltv(equity: Decimal, ltv: Decimal, terms: LoanTerms) -> Entry:
    """The entry after which debt / collateral is `ltv`, but for the rounding to base units. Raises as `entry_for_leverage`."""
    return entry(equity, whole_floor(flash_for_ltv(equity, ltv, terms.fee_bps), terms.decimals), terms)


def largest_entry(equity: Decimal, terms: LoanTerms) -> Entry:
    """The entry with the largest flash loan that `terms` admit, to the base unit. Raises `SizeRefused` where there is none."""
    flash = largest_flash(equity, terms)
    if flash <= 0:
        raise LenderShort(f"the flash route has {terms.available} to lend, and no loan is possible: wait, or use another flash asset")
    return entry(equity, flash, terms)


def largest_flash(equity: Decimal, terms: LoanTerms) -> Decimal:
    """F = E k / (1 + f - k) with k the lower of the LTV and threshold / floor, in whole base units, and at most what there is to lend.

    Looked for from a base unit above: the bound is cut at the last of its digits, and the fee, which is rounded up, can break it.
    """
    with money():
        bound, unit = flash_for_ltv(equity, min(terms.ltv, terms.threshold / terms.floor), terms.fee_bps), from_units(1, terms.decimals)
        flash = whole_floor(min(bound + unit, terms.available), terms.decimals)
        while flash > 0 and _refusal(equity, flash, terms) is not None:
            flash -= unit
        return flash


def entry(equity: Decimal, flash: Decimal, terms: LoanTerms) -> Entry:
    """What a flash loan of `flash`, in whole base units, leaves. Raises as `entry_for_leverage`."""
    if equity <= 0 or flash <= 0:
        raise SizeRefused(f"a flash loan of {flash} on an equity of {equity}: both must be above zero")
    with money():
        refusal = _refusal(equity, flash, terms)
        if refusal is not None:
            kind, why = refusal
            raise kind(f"a flash loan of {flash} on {equity}: {why}; the largest that is possible is {largest_flash(equity, terms)}")
        fee = flash_fee(flash, terms.fee_bps, terms.decimals)
        collateral, debt = equity + flash, flash + fee
        leverage, ltv, factor = collateral / (collateral - debt), debt / collateral, collateral * terms.threshold / debt
        return Entry(flash, fee, collateral, debt, leverage, ltv, factor)


def exit_for(debt: Decimal, sold: Decimal, rate: Decimal, pool_fee: Decimal, slippage: Decimal, terms: LoanTerms) -> Exit:
    """How a debt is closed by selling `sold` of the collateral at `rate`, in a pool that keeps the fraction `pool_fee`.

    The loan is the debt and its interest margin; the swap's minimum is the market's rate less `slippage` (a fraction). Raises
    `LenderShort` when the flash route has less, and `SwapShort` when the pool cannot be expected to give the minimum, or the minimum
    would not pay the loan back.
    """
    with money():
        flash = flash_for_exit(debt, terms.decimals)
        fee = flash_fee(flash, terms.fee_bps, terms.decimals)
        if flash > terms.available:
            raise LenderShort(f"the flash route has {terms.available} to lend, and closing takes {flash}: unwind a fraction at a time")
        minimum, expected = minimum_output(sold, rate, slippage, terms.decimals), swap_output(sold, rate, pool_fee, terms.decimals)
        meets(expected, minimum)
        left = minimum - debt - fee
        if left < 0:
            raise SwapShort(
                f"the swap is sure of {minimum} only, and closing takes {debt + fee}: accept less slippage, or unwind a fraction"
            )
        return Exit(flash, fee, minimum, expected, left)


# the parts of it


def flash_fee(amount: Decimal, fee_bps: int, decimals: int = 18) -> Decimal:
    """The fee of a flash loan, rounded up to a base unit: the aggregator checks the floor, but Aave 3.6 takes the ceiling."""
    return from_units(bps_ceil(to_units(amount, decimals), fee_bps), decimals)


def flash_for_leverage(equity: Decimal, leverage: Decimal, fee_bps: int) -> Decimal:
    """The flash loan after which collateral / (collateral - debt) is `leverage` (above 1): F = E (L - 1) / (1 + L f).

    Raises `Denied` when `leverage` is not above 1. The result is not rounded to base units.
    """
    if leverage <= 1:
        raise Denied(f"a leverage of {leverage} needs no flash loan; it must be above 1")
    with money():
        return equity * (leverage - 1) / (1 + leverage * _fraction(fee_bps))


def flash_for_ltv(equity: Decimal, ltv: Decimal, fee_bps: int) -> Decimal:
    """The flash loan after which debt / collateral is `ltv` (a fraction): F = E ltv / (1 + f - ltv).

    With the highest LTV that the protocol lends at, this is the largest flash loan that can be paid back. Raises `Denied` for an `ltv`
    that is not between 0 and 1. The result is not rounded to base units.
    """
    if not 0 < ltv < 1:
        raise Denied(f"an LTV of {ltv} is not between 0 and 1")
    with money():
        return equity * ltv / (1 + _fraction(fee_bps) - ltv)


def flash_for_exit(debt: Decimal, decimals: int = 18) -> Decimal:
    """The flash loan that closes a debt: the debt, and a hundred-thousandth of it for interest, in whole base units and at least one."""
    return MONEY.add(debt, whole_ceil(MONEY.divide(debt, Decimal(INTEREST_MARGIN)), decimals))


def minimum_output(sold: Decimal, rate: Decimal, slippage: Decimal, decimals: int = 18) -> Decimal:
    """The least that a swap must give: `sold` at `rate` less the fraction `slippage`, rounded down to base units of what is bought.

    Raises `SwapShort` where that is nothing: a swap is never sent without a minimum.
    """
    if not 0 < slippage < 1:
        raise SwapShort(f"a slippage of {slippage} is not between 0 and 1: write the accepted shortfall as a fraction, such as 0.005")
    with money():
        least = whole_floor(sold * rate * (1 - slippage), decimals)
    if least <= 0:
        raise SwapShort(f"{sold} is too little to be swapped at a rate of {rate}: not a base unit would be sure")
    return least


def swap_output(sold: Decimal, rate: Decimal, pool_fee: Decimal, decimals: int = 18) -> Decimal:
    """What a pool that keeps the fraction `pool_fee` gives for `sold` at `rate`, in whole base units; the pool's own move not counted."""
    with money():
        return whole_floor(sold * rate * (1 - pool_fee), decimals)


def meets(expected: Decimal, minimum: Decimal) -> None:
    """Raises `SwapShort` where a pool gives less than the minimum even before the swap moves it."""
    if expected < minimum:
        raise SwapShort(
            f"the pool gives {expected} at its present rate, and at least {minimum} is asked for: accept more slippage, or wait"
        )


def leverage_after(equity: Decimal, flash: Decimal, fee_bps: int) -> Decimal:
    """Collateral / (collateral - debt): (E + F) / (E - F f). Raises `Denied` when the fee eats the equity."""
    with money():
        own = equity - flash * _fraction(fee_bps)
        if own <= 0:
            raise Denied(f"the fee of a flash loan of {flash} is more than the equity of {equity}")
        return (equity + flash) / own


def health_factor_after(equity: Decimal, flash: Decimal, fee_bps: int, threshold: Decimal) -> Decimal:
    """Collateral x threshold / debt, `threshold` being the liquidation threshold as a fraction: (E + F) t / (F (1 + f))."""
    with money():
        return (equity + flash) * threshold / (flash * (1 + _fraction(fee_bps)))


def _refusal(equity: Decimal, flash: Decimal, terms: LoanTerms) -> tuple[type[SizeRefused], str] | None:
    """Why the loan must not be taken. Compared by products: a quotient would be rounded."""
    debt, collateral = flash + flash_fee(flash, terms.fee_bps, terms.decimals), equity + flash
    if flash > terms.available:
        return LenderShort, f"the flash route has {terms.available} to lend: take less, or wait"
    if debt > collateral * terms.ltv:
        return BeyondLtv, f"the protocol lends {terms.ltv} of the collateral, and {debt} would be owed on {collateral}: take less"
    if collateral * terms.threshold < terms.floor * debt:
        factor = collateral * terms.threshold / debt
        return UnderFloor, f"the health factor would be {factor:.4f}, under the floor of {terms.floor}: take less, or lower the floor"
    return None


def _fraction(fee_bps: int) -> Decimal:
    return MONEY.divide(Decimal(fee_bps), Decimal(BPS))
