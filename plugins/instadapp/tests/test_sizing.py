"""The size of a flash loan."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basis_venues.errors import Denied
from basis_venues_instadapp.sizing import flash_fee, flash_for_leverage, flash_for_ltv, health_factor_after, leverage_after

AMOUNTS = st.decimals("0.001", "100000", places=6)


def test_the_example_of_the_reference() -> None:
    """Equity 10 and flash 70: fee 0.035, leverage 8.03, health factor 1.0852 (80 x 0.95 / 70.035)."""
    equity, flash = Decimal(10), Decimal(70)
    assert flash_fee(flash, 5) == Decimal("0.035")
    assert round(leverage_after(equity, flash, 5), 2) == Decimal("8.03")
    assert round(health_factor_after(equity, flash, 5, Decimal("0.95")), 4) == Decimal("1.0852")


@pytest.mark.parametrize(("ltv", "below", "above"), [("0.93", "131.9", "132.0"), ("0.785", "36", "37")])
def test_the_largest_flash_loan_lies_where_the_protocol_refuses(ltv: str, below: str, above: str) -> None:
    """F = E ltv / (1 + f - ltv) at equity 10 is between what passes and what does not."""
    assert Decimal(below) < flash_for_ltv(Decimal(10), Decimal(ltv), 5) < Decimal(above)


def test_a_fee_is_rounded_up_to_the_base_unit() -> None:
    """One wei more than 70e18 costs one wei more than 0.035."""
    assert flash_fee(Decimal("70.000000000000000001"), 5) == Decimal("0.035000000000000001")


@given(equity=AMOUNTS, leverage=st.decimals("1.01", "20", places=4), fee_bps=st.integers(0, 50))
def test_sizing_by_leverage_gives_that_leverage(equity: Decimal, leverage: Decimal, fee_bps: int) -> None:
    """Collateral over own capital, in exact fractions, is the leverage asked for."""
    flash = Fraction(flash_for_leverage(equity, leverage, fee_bps))
    own = Fraction(equity) - flash * Fraction(fee_bps, 10_000)
    assert abs((Fraction(equity) + flash) / own - Fraction(leverage)) < Fraction(1, 10**40)


@given(equity=AMOUNTS, ltv=st.decimals("0.05", "0.97", places=4), fee_bps=st.integers(0, 50))
def test_sizing_by_ltv_gives_that_ltv(equity: Decimal, ltv: Decimal, fee_bps: int) -> None:
    """Debt over collateral, in exact fractions, is the LTV asked for."""
    flash = Fraction(flash_for_ltv(equity, ltv, fee_bps))
    debt = flash * (1 + Fraction(fee_bps, 10_000))
    assert abs(debt / (Fraction(equity) + flash) - Fraction(ltv)) < Fraction(1, 10**40)


def test_impossible_targets_are_denied() -> None:
    """No loan gives a leverage of 1, an LTV of 1, or survives a fee above the equity."""
    with pytest.raises(Denied):
        flash_for_leverage(Decimal(1), Decimal(1), 5)
    with pytest.raises(Denied):
        flash_for_ltv(Decimal(1), Decimal(1), 5)
    with pytest.raises(Denied):
        leverage_after(Decimal(1), Decimal(2000), 5)
