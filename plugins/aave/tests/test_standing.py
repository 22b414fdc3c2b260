"""Health factor and LTV against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

from hypothesis import given
from hypothesis import strategies as st

from basis_venues_aave.standing import Pledge, Standing, health_factor, value_ceil, value_floor

PLEDGES = st.lists(st.tuples(st.integers(1, 10**18), st.integers(1, 9800)), min_size=1, max_size=6)


@given(pledges=PLEDGES, debt=st.integers(1, 10**18))
def test_the_health_factor_is_the_weighted_collateral_over_the_debt(pledges: list[tuple[int, int]], debt: int) -> None:
    """sum(value x threshold) / debt in exact fractions, to more digits than money has."""
    exact = sum(Fraction(value * threshold, 10_000) for value, threshold in pledges) / debt
    found = health_factor(pledges, debt)
    assert found is not None
    assert abs(Fraction(found) - exact) <= exact / 10**55


def test_without_debt_there_is_no_health_factor() -> None:
    """Nothing can be liquidated, which is not the same as a health factor of zero."""
    assert health_factor([(100, 8000)], 0) is None


@given(pledges=PLEDGES, debt=st.integers(0, 10**18))
def test_a_debt_is_covered_when_the_collateral_carries_it_at_the_weighted_ltv(pledges: list[tuple[int, int]], debt: int) -> None:
    """The average LTV in whole basis points, and collateral >= ceil(debt / LTV)."""
    total = sum(value for value, _ in pledges)
    ltv = floor(sum(Fraction(value * bps) for value, bps in pledges) / total)
    standing = Standing(tuple(Pledge(value, bps, bps) for value, bps in pledges), debt)
    assert standing.ltv == ltv
    assert standing.covers_debt == (not debt or (ltv > 0 and total >= ceil(Fraction(debt * 10_000, ltv))))


def test_collateral_counts_down_and_debt_up() -> None:
    """Half a cent-millionth goes the protocol's way."""
    assert value_floor(3, 5 * 10**7, 1) == 15 * 10**6
    assert value_floor(1, 1, 1) == 0
    assert value_ceil(1, 1, 1) == 1
