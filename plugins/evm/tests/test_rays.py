"""Integer arithmetic against exact fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from basis_venues.amounts import MONEY
from basis_venues_evm import RAY, bps_ceil, over_ceil, over_floor, ray, times_ceil, times_floor, whole_ceil, whole_floor

UNITS = st.integers(0, 10**30)
RATES = st.integers(10**26, 10**28)


@given(units=UNITS, rate=RATES)
def test_every_rounding_goes_the_way_its_name_says(units: int, rate: int) -> None:
    """Products and quotients are the floor or ceiling of the exact fraction."""
    exact = Fraction(rate, RAY)
    assert times_floor(units, rate) == floor(units * exact)
    assert times_ceil(units, rate) == ceil(units * exact)
    assert over_floor(units, rate) == floor(units / exact)
    assert over_ceil(units, rate) == ceil(units / exact)


@given(units=UNITS, bps=st.integers(0, 10_000))
def test_a_fee_in_basis_points_is_rounded_up(units: int, bps: int) -> None:
    """The ceiling of the exact fraction."""
    assert bps_ceil(units, bps) == ceil(Fraction(units * bps, 10_000))


@given(units=UNITS, more=st.integers(0, 999))
def test_an_amount_is_rounded_to_base_units_the_way_its_name_says(units: int, more: int) -> None:
    """At 6 decimals, with three digits more than there are."""
    amount = MONEY.scaleb(Decimal(units * 1000 + more), -9)
    assert whole_floor(amount, 6) == MONEY.scaleb(Decimal(units), -6)
    assert whole_ceil(amount, 6) == MONEY.scaleb(Decimal(units + (more > 0)), -6)


def test_a_rate_is_cut_off_after_27_digits() -> None:
    """An interpolated index may have more digits than a contract."""
    assert ray(Decimal("1.0000000000000000000000000019")) == RAY + 1
