"""The size of a flash loan, and when there must be none."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from basis_venues.errors import Denied
from basis_venues_instadapp.sizing import (
    BeyondLtv,
    Entry,
    LenderShort,
    LoanTerms,
    SizeRefused,
    SwapShort,
    UnderFloor,
    entry,
    entry_for_leverage,
    entry_for_ltv,
    exit_for,
    flash_fee,
    flash_for_exit,
    flash_for_leverage,
    flash_for_ltv,
    health_factor_after,
    largest_entry,
    largest_flash,
    leverage_after,
    minimum_output,
)

AMOUNTS = st.decimals("0.001", "100000", places=6)
WEI = Decimal("1e-18")


def terms(**given: Any) -> LoanTerms:
    """The reference's market: fee 5 basis points, efficiency mode 1 (LTV 0.93, threshold 0.95), plenty to lend."""
    figures = {"fee_bps": 5, "ltv": "0.93", "threshold": "0.95", "floor": "1.05", "available": "1000000", **given}
    return LoanTerms(**{name: value if isinstance(value, int) else Decimal(value) for name, value in figures.items()})


TERMS = st.builds(
    lambda ltv, above, floor, fee, available, decimals: terms(
        ltv=ltv, threshold=ltv + above, floor=floor, fee_bps=fee, available=available, decimals=decimals
    ),
    ltv=st.decimals("0.05", "0.93", places=4),
    above=st.decimals("0", "0.05", places=4),
    floor=st.decimals("1", "2", places=3),
    fee=st.integers(0, 50),
    available=st.decimals("0.01", "1000000", places=6),
    decimals=st.sampled_from((6, 18)),
)


def judged(loan: Entry, bounds: LoanTerms, equity: Decimal) -> tuple[bool, bool, bool]:
    """Whether it stands within LTV, floor and what there is to lend, in exact fractions and base units of its own reckoning."""
    units = int(Fraction(loan.flash) * 10**bounds.decimals)
    fee = Fraction(-(-units * bounds.fee_bps // 10_000), 10**bounds.decimals)
    debt, collateral = Fraction(loan.flash) + fee, Fraction(equity) + Fraction(loan.flash)
    return (
        debt <= collateral * Fraction(bounds.ltv),
        collateral * Fraction(bounds.threshold) / debt >= Fraction(bounds.floor),
        Fraction(loan.flash) <= Fraction(bounds.available),
    )


def test_the_example_of_the_reference() -> None:
    """Equity 10 and flash 70: fee 0.035, leverage 8.03, health factor 1.0852 (80 x 0.95 / 70.035)."""
    equity, flash = Decimal(10), Decimal(70)
    assert flash_fee(flash, 5) == Decimal("0.035")
    assert round(leverage_after(equity, flash, 5), 2) == Decimal("8.03")
    assert round(health_factor_after(equity, flash, 5, Decimal("0.95")), 4) == Decimal("1.0852")
    sized = entry(equity, flash, terms())
    assert (sized.fee, sized.collateral, sized.debt) == (Decimal("0.035"), 80, Decimal("70.035"))
    assert (round(sized.leverage, 2), round(sized.health_factor, 4), round(sized.ltv, 4)) == (
        Decimal("8.03"),
        Decimal("1.0852"),
        Decimal("0.8754"),
    )


def test_a_size_under_the_floor_is_refused_with_the_largest_that_is_possible() -> None:
    """A floor of 1.1 allows k = 0.95 / 1.1 and so 10 x 0.863636 / 0.136864 = 63.10 WETH, by hand; the floor of 1.05 allows 70."""
    with pytest.raises(UnderFloor, match=r"would be 1\.0852, under the floor of 1\.1.*largest that is possible is 63\.1019"):
        entry(Decimal(10), Decimal(70), terms(floor="1.1"))
    with pytest.raises(UnderFloor, match="lower the floor"):
        entry_for_leverage(Decimal(10), Decimal(8), terms(floor="1.1"))
    assert entry(Decimal(10), Decimal("63.1"), terms(floor="1.1")).health_factor >= Decimal("1.1")


def test_a_size_that_the_lender_does_not_have_is_refused() -> None:
    """The flash route's liquidity bounds the loan, whatever the health factor."""
    with pytest.raises(LenderShort, match=r"has 60 to lend: take less, or wait; the largest that is possible is 60$"):
        entry_for_leverage(Decimal(10), Decimal(8), terms(available="60"))
    assert largest_flash(Decimal(10), terms(available="60")) == 60
    with pytest.raises(LenderShort, match="no loan is possible"):
        largest_entry(Decimal(10), terms(available="0"))


def test_a_size_beyond_what_the_protocol_lends_is_refused() -> None:
    """Without the efficiency mode 36 passes and 37 does not, however low the floor."""
    without = terms(ltv="0.785", threshold="0.81", floor="1")
    assert entry(Decimal(10), Decimal(36), without).ltv < Decimal("0.785")
    with pytest.raises(BeyondLtv, match=r"the protocol lends 0\.785"):
        entry(Decimal(10), Decimal(37), without)


@pytest.mark.parametrize(("ltv", "threshold", "below", "above"), [("0.93", "0.95", "131.9", "132.0"), ("0.785", "0.81", "36", "37")])
def test_the_largest_flash_loan_lies_where_the_protocol_refuses(ltv: str, threshold: str, below: str, above: str) -> None:
    """F = E ltv / (1 + f - ltv) at equity 10 is between what passes and what does not."""
    bound = flash_for_ltv(Decimal(10), Decimal(ltv), 5)
    assert Decimal(below) < bound < Decimal(above)
    largest = largest_entry(Decimal(10), terms(ltv=ltv, threshold=threshold, floor="1")).flash
    assert 0 <= bound - largest < 20 * WEI
    assert Decimal(below) < largest < Decimal(above)


def test_a_fee_is_rounded_up_to_the_base_unit() -> None:
    """One wei more than 70e18 costs one wei more than 0.035."""
    assert flash_fee(Decimal("70.000000000000000001"), 5) == Decimal("0.035000000000000001")


@given(equity=AMOUNTS, multiple=st.decimals("0.01", "40", places=4), bounds=TERMS)
def test_no_size_is_given_that_breaks_a_bound(equity: Decimal, multiple: Decimal, bounds: LoanTerms) -> None:
    """What is returned keeps LTV, floor and liquidity; what is refused breaks one of them, and the refusal's class says which."""
    flash = Decimal(int(equity * multiple * 10**6)).scaleb(-6)
    assume(flash > 0)
    loan = Entry(flash, *(Decimal(0) for _ in range(6)))
    within_ltv, within_floor, lendable = judged(loan, bounds, equity)
    try:
        given_size = entry(equity, flash, bounds)
    except LenderShort:
        assert not lendable
    except BeyondLtv:
        assert not within_ltv
    except UnderFloor:
        assert not within_floor
    else:
        assert within_ltv
        assert within_floor
        assert lendable
        assert given_size.health_factor >= bounds.floor


@given(equity=AMOUNTS, leverage=st.decimals("1.01", "20", places=4), ltv=st.decimals("0.01", "0.97", places=4), bounds=TERMS)
def test_no_target_is_met_under_the_floor(equity: Decimal, leverage: Decimal, ltv: Decimal, bounds: LoanTerms) -> None:
    """By leverage or by LTV: either a size within all bounds, or a refusal."""
    for size, target in ((entry_for_leverage, leverage), (entry_for_ltv, ltv)):
        try:
            sized = size(equity, target, bounds)
        except SizeRefused:
            continue
        assert all(judged(sized, bounds, equity))


@given(equity=AMOUNTS, bounds=TERMS)
@example(equity=Decimal("0.001"), bounds=terms(ltv="0.05", threshold="0.05", floor="1.05", fee_bps=0, available="1", decimals=6))
def test_the_largest_loan_passes_and_one_unit_more_does_not(equity: Decimal, bounds: LoanTerms) -> None:
    """It agrees with F = E k / (1 + f - k), k the lower of LTV and threshold / floor, but for what the fee's rounding takes."""
    largest, unit = largest_flash(equity, bounds), Decimal(1).scaleb(-bounds.decimals)
    lowest = min(Fraction(bounds.ltv), Fraction(bounds.threshold) / Fraction(bounds.floor))
    formula = Fraction(equity) * lowest / (1 + Fraction(bounds.fee_bps, 10_000) - lowest)
    bound = min(formula, Fraction(bounds.available))
    assert bound - Fraction(largest) < Fraction(unit) * (1 + 1 / (1 - lowest))
    assert Fraction(largest) <= bound
    if largest > 0:
        entry(equity, largest, bounds)
        with pytest.raises(SizeRefused):
            entry(equity, largest + unit, bounds)


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


@given(units=st.integers(1, 10**12), decimals=st.sampled_from((6, 18)))
def test_a_debt_that_grows_by_a_base_unit_is_still_closed(units: int, decimals: int) -> None:
    """However small it is: what stays owed keeps the collateral, and all is reverted. At most a hundred-thousandth more, rounded up."""
    debt = Decimal(units).scaleb(-decimals)
    flash = int(flash_for_exit(debt, decimals).scaleb(decimals))
    assert units + 1 <= flash <= units + -(-units // 100_000)


def test_an_exit_is_sized_with_its_minimum_and_what_is_left() -> None:
    """Debt 70, 66 wstETH at 1.2, pool fee 0.01 %, slippage 1 %: by hand, flash 70.0007, fee 0.03500035, minimum 78.408."""
    sized = exit_for(Decimal(70), Decimal(66), Decimal("1.2"), Decimal("0.0001"), Decimal("0.01"), terms())
    assert (sized.flash, sized.fee) == (Decimal("70.0007"), Decimal("0.03500035"))
    assert (sized.minimum, sized.expected) == (Decimal("78.408"), Decimal("79.19208"))
    assert sized.left == Decimal("78.408") - 70 - Decimal("0.03500035")


@pytest.mark.parametrize(
    ("changes", "refusal", "why"),
    [
        ({"available": "50"}, LenderShort, r"has 50 to lend, and closing takes 70\.0007: unwind a fraction"),
        ({"slippage": "0.00005"}, SwapShort, r"the pool gives 79\.19208 .* accept more slippage, or wait"),
        ({"sold": "58.5"}, SwapShort, r"sure of 69\.498.* only, and closing takes 70\.03500035"),
        ({"slippage": "0"}, SwapShort, "a slippage of 0 is not between 0 and 1"),
        ({"slippage": "1"}, SwapShort, "a slippage of 1 is not between 0 and 1"),
    ],
)
def test_an_exit_that_cannot_be_met_is_refused(changes: dict[str, str], refusal: type[SizeRefused], why: str) -> None:
    """Too little to lend, a minimum over what the pool gives, a minimum that does not pay the loan back, no protection at all."""
    figures = {"sold": "66", "slippage": "0.01", **changes}
    bounds = terms(available=figures.get("available", "1000"))
    with pytest.raises(refusal, match=why):
        exit_for(Decimal(70), Decimal(figures["sold"]), Decimal("1.2"), Decimal("0.0001"), Decimal(figures["slippage"]), bounds)


@given(sold=st.decimals("0.000001", "10000", places=6), rate=AMOUNTS, slippage=st.decimals("-0.5", "1.5", places=4))
def test_slippage_protection_is_never_zero(sold: Decimal, rate: Decimal, slippage: Decimal) -> None:
    """A minimum is above zero and never above the market's rate less the slippage, or there is none and nothing is sent."""
    try:
        minimum = minimum_output(sold, rate, slippage, 6)
    except SwapShort:
        assert not 0 < slippage < 1 or sold * rate * (1 - slippage) < Decimal("1e-6")
        return
    assert 0 < minimum <= sold * rate * (1 - slippage)


@pytest.mark.parametrize(
    "wrong", [{"floor": "0.99"}, {"ltv": "0.96"}, {"ltv": "0"}, {"threshold": "1"}, {"ltv": "93", "threshold": "95"}, {"fee_bps": -1}]
)
def test_terms_that_bound_nothing_are_refused(wrong: dict[str, Any]) -> None:
    """A floor where the protocol liquidates, percents instead of fractions, an LTV above the threshold."""
    with pytest.raises(SizeRefused):
        terms(**wrong)


def test_impossible_targets_are_denied() -> None:
    """No loan gives a leverage of 1, an LTV of 1, survives a fee above the equity, or stands on no equity."""
    with pytest.raises(Denied):
        flash_for_leverage(Decimal(1), Decimal(1), 5)
    with pytest.raises(Denied):
        flash_for_ltv(Decimal(1), Decimal(1), 5)
    with pytest.raises(Denied):
        leverage_after(Decimal(1), Decimal(2000), 5)
    with pytest.raises(SizeRefused):
        entry(Decimal(0), Decimal(1), terms())
