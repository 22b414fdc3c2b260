"""Lending actions by the rules of Aave 3.6."""

from __future__ import annotations

from contextlib import nullcontext
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basis_venues.actions import MAX, Action, Borrow, Repay, SetCollateral, SetEMode, Stake, Supply, Withdraw
from basis_venues.errors import Denied
from basis_venues.orders import Order, Ref, Step
from basis_venues.positions import Positions
from basis_venues_aave.model import AaveModel
from basis_venues_aave.settings import AaveSettings
from basis_venues_evm.testing import FixedMarket, Outcome, carry_out, changed, context, load_settings

RAY = 10**27
UNIT = Decimal("0.000001")
NO_FLOOR = {"minimum_health_factor": 0}


def model(**own: Any) -> AaveModel:
    """The market as its plugin configures it."""
    return AaveModel(context("aave", load_settings(AaveSettings, "basis_venues_aave", **own)))


def market(**figures: str) -> FixedMarket:
    """ETH at 2500 USD, wstETH at 3000, stablecoins at 1, all indices at their start; `supply_USDC="1.1"` sets an index."""
    base = {"ethereum:gas_price:gwei": "10"}
    for asset, price in {"WETH": "2500", "wstETH": "3000", "USDC": "1", "USDT": "1"}.items():
        base |= {f"aave:oracle:{asset}": price, f"aave:supply_index:{asset}": "1", f"aave:borrow_index:{asset}": "1"}
    names = {"supply": "supply_index", "borrow": "borrow_index", "price": "oracle"}
    return FixedMarket({**base, **{f"aave:{names[name.split('_')[0]]}:{name.split('_')[1]}": value for name, value in figures.items()}})


def wallet(account: str = "wallet", **balances: str) -> Positions:
    """A wallet with ETH for gas, and balances of an account."""
    held = {f"{account}:balance:{asset}": Decimal(amount) for asset, amount in balances.items()}
    return Positions({"wallet:balance:ETH": Decimal(10), **held})


def run(action: Action, positions: Positions, at: FixedMarket | None = None, account: str = "wallet", **own: Any) -> Outcome:
    """Carry the action out."""
    return carry_out({"aave": model(**own)}, "aave", action, positions, at or market(), account=account)


def borrower() -> Positions:
    """10 WETH supplied and 10,000 USDC borrowed."""
    positions = wallet(WETH="10")
    run(Supply(id="s", asset="WETH", amount=10), positions)
    run(Borrow(id="b", asset="USDC", amount=10_000), positions)
    return positions


def test_the_proof_run_of_the_real_protocol() -> None:
    """10 WETH supplied and 10,000 USDC borrowed: health factor 2.075 (= 25,000 x 0.83 / 10,000)."""
    positions = borrower()
    standing = model().standing("wallet", positions, market())
    assert standing.collateral == 25_000_00000000
    assert standing.debt == 10_000_00000000
    assert standing.health_factor == Decimal("2.075")
    assert positions["wallet:balance:USDC"] == 10_000
    assert positions["wallet:setting:aave/collateral/WETH"] == 1


def test_a_debt_of_a_year_at_a_low_rate() -> None:
    """10,000 USDC of 5,000,000 borrowed (0.2 % utilisation, slope 5.5 % up to 92 %) cost 10001.1957 after a year of compounding."""
    rate = 55 * RAY // 1000 * 2 * 100 // (1000 * 92)
    x = rate
    index = RAY + x + _ray_mul(x, x // 2 + _ray_mul(x, x // 6))
    positions = borrower()
    positions["wallet:balance:USDC"] = Decimal(20_000)
    run(Repay(id="r", asset="USDC", amount=MAX), positions, market(borrow_USDC=str(Decimal(index).scaleb(-27))))
    assert round(20_000 - positions["wallet:balance:USDC"], 4) == Decimal("10001.1957")
    assert positions["wallet:borrowed:aave/USDC"] == 0


def _ray_mul(a: int, b: int) -> int:
    return (a * b + RAY // 2) // RAY


@pytest.mark.parametrize(
    ("action", "key", "scaled", "moved"),
    [
        (Supply(id="a", asset="USDC", amount=10), "supplied", "8.333333", "-10"),  # floor(10 / 1.2)
        (Withdraw(id="a", asset="USDC", amount=10), "supplied", "-8.333334", "10"),  # ceil
        (Borrow(id="a", asset="USDC", amount=10), "borrowed", "8.333334", "10"),  # ceil
        (Repay(id="a", asset="USDC", amount=10), "borrowed", "-8.333333", "-10"),  # floor
    ],
)
def test_the_rounding_table(action: Action, key: str, scaled: str, moved: str) -> None:
    """10 USDC at an index of 1.2: each step rounds the scaled amount for the protocol."""
    positions = wallet(USDC="100", WETH="10")
    run(Supply(id="c", asset="WETH", amount=10), positions)
    positions["wallet:supplied:aave/USDC"] = positions["wallet:borrowed:aave/USDC"] = Decimal(50)
    before = dict(positions)
    outcome = run(action, positions, market(supply_USDC="1.2", borrow_USDC="1.2"))
    assert outcome.reverted == ""
    assert positions[f"wallet:{key}:aave/USDC"] - before[f"wallet:{key}:aave/USDC"] == Decimal(scaled)
    assert positions["wallet:balance:USDC"] - before["wallet:balance:USDC"] == Decimal(moved)


def test_a_deposit_may_show_a_unit_less_and_a_debt_a_unit_more() -> None:
    """8.333333 x 1.2 is 9.9999996: 9.999999 as a deposit; a debt of 8.333334 x 1.2 is 10.0000008: 10.000001."""
    at = market(supply_USDC="1.2", borrow_USDC="1.2")
    positions = wallet(USDC="10", WETH="10")
    run(Supply(id="s", asset="USDC", amount=10), positions, at)
    run(Withdraw(id="w", asset="USDC", amount=MAX), positions, at)
    assert positions["wallet:balance:USDC"] == Decimal("9.999999")
    run(Supply(id="c", asset="WETH", amount=10), positions, at)
    run(Borrow(id="b", asset="USDC", amount=10), positions, at)
    run(Repay(id="r", asset="USDC", amount=MAX), positions, at)
    assert positions["wallet:balance:USDC"] == Decimal("9.999999") + 10 - Decimal("10.000001")


INDEX = st.decimals("1", "3", places=18)


@settings(max_examples=60)
@given(amount=st.integers(10, 10**15), first=INDEX, growth=st.decimals("1", "1.5", places=18))
def test_a_whole_withdrawal_leaves_nothing(amount: int, first: Decimal, growth: Decimal) -> None:
    """After MAX the scaled deposit is 0, and what is paid out is the floor of scaled times index, in exact fractions."""
    positions = wallet(USDC=str(amount * UNIT))
    later = (first * growth).quantize(Decimal("1E-27"))
    assert run(Supply(id="s", asset="USDC", amount=MAX), positions, market(supply_USDC=str(first))).reverted == ""
    run(Withdraw(id="w", asset="USDC", amount=MAX), positions, market(supply_USDC=str(later)))
    paid = floor(floor(amount / Fraction(first)) * Fraction(later))
    assert positions["wallet:supplied:aave/USDC"] == 0
    assert positions["wallet:setting:aave/collateral/USDC"] == 0
    assert positions["wallet:balance:USDC"] == paid * UNIT


@settings(max_examples=60)
@given(amount=st.integers(1, 10**10), first=INDEX, growth=st.decimals("1", "1.5", places=18))
def test_a_whole_repayment_leaves_nothing(amount: int, first: Decimal, growth: Decimal) -> None:
    """After MAX the scaled debt is 0, and what is paid is the ceiling of scaled times index, in exact fractions."""
    positions = wallet(WETH="10000", USDC="100000")
    later = (first * growth).quantize(Decimal("1E-27"))
    run(Supply(id="s", asset="WETH", amount=10_000), positions)
    assert run(Borrow(id="b", asset="USDC", amount=amount * UNIT), positions, market(borrow_USDC=str(first))).reverted == ""
    assert run(Repay(id="r", asset="USDC", amount=MAX), positions, market(borrow_USDC=str(later))).reverted == ""
    paid = ceil(ceil(amount / Fraction(first)) * Fraction(later))
    assert positions["wallet:borrowed:aave/USDC"] == 0
    assert positions["wallet:balance:USDC"] == 100_000 + (amount - paid) * UNIT


def test_supply_is_approved_exactly() -> None:
    """The Pool may pull what is supplied and nothing after it."""
    positions = wallet(USDT="50")
    outcome = run(Supply(id="s", asset="USDT", amount=50), positions)
    assert [type(step.actions[0]).__name__ for step in outcome.steps] == ["Approve", "Supply"]
    assert positions["wallet:allowance:aave/USDT"] == 0
    assert positions["wallet:balance:ETH"] == 10 - Decimal("0.0005") - Decimal("0.0016")


def test_a_whole_repayment_is_approved_with_a_margin() -> None:
    """A hundred-thousandth and one unit on top of the debt cover the interest until it is mined; the rest of the leave stays."""
    positions = borrower()
    positions["wallet:balance:USDC"] += 1
    run(Repay(id="r", asset="USDC", amount=MAX), positions)
    assert positions["wallet:allowance:aave/USDC"] == Decimal("0.100001")
    assert positions["wallet:balance:USDC"] == 1


def test_a_repayment_above_the_debt_is_cut_down() -> None:
    """What is pulled is the debt."""
    positions = borrower()
    positions["wallet:balance:USDC"] = Decimal(50_000)
    run(Repay(id="r", asset="USDC", amount=30_000), positions)
    assert positions["wallet:balance:USDC"] == 40_000
    assert positions["wallet:borrowed:aave/USDC"] == 0


@pytest.mark.parametrize(("held", "steps"), [("9999.999999", 1), ("10000", 2)])
def test_a_repayment_is_approved_only_where_the_debt_is_held(held: str, steps: int) -> None:
    """Of a debt of 10,000: what is held need not cover the interest to come; with less no approval is sent, which would stay."""
    positions = borrower()
    positions["wallet:balance:USDC"] = Decimal(held)
    outcome = run(Repay(id="r", asset="USDC", amount=MAX), positions)
    assert len(outcome.steps) == steps
    assert bool(outcome.reverted) == (steps == 1)


@pytest.mark.parametrize(
    "action",
    [
        Borrow(id="a", asset="USDC", amount=1),
        Withdraw(id="a", asset="WETH", amount="0.0001"),
    ],
)
def test_the_floor_is_not_passed_in_small_steps(action: Action) -> None:
    """At 20,750 / 19,761.9 = 1.05000025 every further step is refused, also one that takes less than a ten-thousandth: a thousand of them
    would be a liquidation."""
    positions = wallet(WETH="10")
    run(Supply(id="s", asset="WETH", amount=10), positions)
    run(Borrow(id="b", asset="USDC", amount="19761.9"), positions)
    with pytest.raises(Denied, match=r"under the floor of 1\.05"):
        run(action, positions)


def test_a_withdrawal_of_more_than_there_is_yet_is_held_to_the_floor() -> None:
    """A unit more than by the index that was read, as interest comes until it is mined: without it 20,750 / 20,000 = 1.0375 is left."""
    positions = wallet(WETH="10", USDC="1000")
    run(Supply(id="s", asset="WETH", amount=10), positions)
    run(Supply(id="u", asset="USDC", amount=1_000), positions)
    positions["wallet:borrowed:aave/USDT"] = Decimal(20_000)
    for amount in ("1000", "1000.000001"):
        with pytest.raises(Denied, match=r"would leave wallet with a health factor of 1\.0375"):
            run(Withdraw(id="a", asset="USDC", amount=amount), positions)
    positions["wallet:borrowed:aave/USDT"] = Decimal(0)
    assert run(Withdraw(id="a", asset="USDC", amount="1000.000001"), positions).reverted == "NotEnoughAvailableUserBalance"


@pytest.mark.parametrize(
    ("action", "owed", "reverted"),
    [
        (Withdraw(id="a", asset="WETH", amount=1), 100, True),
        (SetCollateral(id="a", asset="WETH", enabled=False), 100, True),
        (Withdraw(id="a", asset="WETH", amount=1), 0, False),
        (Withdraw(id="a", asset="USDC", amount=1), 100, False),
        (Borrow(id="a", asset="USDT", amount=1), 100, False),
    ],
)
def test_collateral_with_an_ltv_of_nothing_goes_first(action: Action, owed: int, reverted: bool) -> None:
    """Beside a debt, as the contracts do when the LTV of a deposit was set to 0 after it was made: it holds back all other collateral."""
    positions = wallet(USDC="1000", WETH="10")
    run(Supply(id="s", asset="WETH", amount=10), positions)
    run(Supply(id="u", asset="USDC", amount=1_000), positions)
    positions["wallet:borrowed:aave/USDT"] = Decimal(owed)
    reserves = {asset: {"ltv": 8050, "threshold": 8300} for asset in ("WETH", "wstETH", "USDT")}
    outcome = run(action, positions, reserves={**reserves, "USDC": {"ltv": 0, "threshold": 7800}})
    assert outcome.reverted.startswith("LtvValidationFailed") == reverted
    assert bool(outcome.reverted) == reverted


def test_what_is_not_owed_is_not_approved() -> None:
    """The repayment is refused, and nothing is left that the pool may pull."""
    positions = wallet(USDC="100")
    outcome = run(Repay(id="r", asset="USDC", amount=10), positions)
    assert (outcome.reverted, len(outcome.steps)) == ("NoDebtOfSelectedType", 1)
    assert positions["wallet:allowance:aave/USDC"] == 0


def test_a_smart_account_repays_what_it_has() -> None:
    """Its connector takes the smaller of balance and debt; a wallet that has too little reverts."""
    positions = Positions({key.replace("wallet:", "dsa:"): amount for key, amount in borrower().items()})
    positions["wallet:balance:ETH"] = Decimal(1)
    positions["dsa:balance:USDC"] = Decimal(4_000)
    action = Repay(asset="USDC", amount=MAX)
    step = Step("b/instadapp/0", Order("b/instadapp", action, "instadapp", "dsa", "wallet"), (action,))
    (effect,) = model().effects(step, action, positions, market(), Ref("k", 0))
    assert dict(effect.lines) == {"dsa:balance:USDC": -4_000, "dsa:borrowed:aave/USDC": -4_000}
    poor = borrower()
    poor["wallet:balance:USDC"] = Decimal(4_000)
    assert "exceeds balance" in run(Repay(id="r", asset="USDC", amount=MAX), poor).reverted


@pytest.mark.parametrize(
    "action",
    [
        Supply(id="a", asset="WETH", amount=1),
        Withdraw(id="a", asset="WETH", amount=1),
        Borrow(id="a", asset="USDC", amount=1),
        Repay(id="a", asset="USDC", amount=1),
        SetCollateral(id="a", asset="WETH", enabled=False),
        SetEMode(id="a", category=1),
    ],
)
def test_an_action_of_a_smart_account_by_itself_is_denied(action: Action) -> None:
    """Its transaction would be the wallet's: a withdrawal would hand the wallet's deposit to the smart account."""
    positions = borrower()
    positions |= {key.replace("wallet:", "dsa:"): amount for key, amount in positions.items()}
    with pytest.raises(Denied, match="acts for wallet, which signs, and not for dsa"):
        run(action, positions, account="dsa")


@pytest.mark.parametrize(("amount", "reason"), [("20125", ""), ("20126", "CollateralCannotCover"), ("20751", "HealthFactorLower")])
def test_a_borrow_is_bounded_by_ltv_and_threshold(amount: str, reason: str) -> None:
    """25,000 USD of WETH carry 20,125 at an LTV of 80.5 %, and are under water beyond 20,750 (83 %)."""
    positions = wallet(WETH="10")
    run(Supply(id="s", asset="WETH", amount=10), positions)
    assert reason in run(Borrow(id="b", asset="USDC", amount=amount), positions, **NO_FLOOR).reverted
    assert positions["wallet:borrowed:aave/USDC"] == (0 if reason else Decimal(amount))


@pytest.mark.parametrize(
    ("flash", "emode", "reason"),
    [
        ("131.9", 1, ""),
        ("132.0", 1, "CollateralCannotCoverNewBorrow"),
        ("36", 0, ""),
        ("37", 0, "CollateralCannotCoverNewBorrow"),
        ("70", 0, "HealthFactorLowerThanLiquidationThreshold"),
    ],
)
def test_the_bound_of_the_efficiency_mode(flash: str, emode: int, reason: str) -> None:
    """With equity of 10 ETH and the flash fee borrowed too: 131.9 passes at 93 %, 132.0 does not; 36 and 37 at 78.5 %."""
    wrapped = (10 + Decimal(flash)) * 2500 / 3000
    positions = wallet(wstETH="200")
    run(Supply(id="s", asset="wstETH", amount=wrapped.quantize(Decimal("1E-18"))), positions)
    run(SetEMode(id="e", category=emode), positions)
    outcome = run(Borrow(id="b", asset="WETH", amount=Decimal(flash) * Decimal("1.0005")), positions, **NO_FLOOR)
    assert reason in outcome.reverted
    assert bool(reason) == bool(outcome.reverted)


def test_the_floor_of_the_health_factor_is_kept_before_anything_is_sent() -> None:
    """20,000 of 20,750 would be 1.0375, under 1.05; 19,750 is 1.0506. The refusal names the factor and the setting."""
    positions = wallet(WETH="10")
    run(Supply(id="s", asset="WETH", amount=10), positions)
    with pytest.raises(Denied, match=r"1\.0375.*minimum_health_factor"):
        run(Borrow(id="b", asset="USDC", amount=20_000), positions)
    outcome = run(Borrow(id="b", asset="USDC", amount=19_750), positions)
    assert outcome.steps[0].bounds == {"health_factor": "1.050633"}


def test_withdrawing_under_the_floor_is_denied_and_under_water_reverts() -> None:
    """5 of 10 WETH leave 10,375 over 10,000: 1.0375. With no floor 5.5 are refused by the protocol."""
    positions = borrower()
    with pytest.raises(Denied, match=r"1\.0375"):
        run(Withdraw(id="w", asset="WETH", amount=5), positions)
    assert "HealthFactorLower" in run(Withdraw(id="w", asset="WETH", amount="5.5"), positions, **NO_FLOOR).reverted
    assert run(Withdraw(id="w", asset="WETH", amount=4), positions).reverted == ""


def test_a_deposit_that_is_no_collateral_may_always_leave() -> None:
    """Under the floor, too: it does not change the health factor."""
    positions = borrower()
    positions["wallet:supplied:aave/USDT"] = Decimal(100)
    low = market(price_WETH="1250")
    assert run(Withdraw(id="w", asset="USDT", amount=MAX), positions, low).reverted == ""


def test_under_the_floor_a_part_may_be_closed_at_its_ratio() -> None:
    """10 WETH at 1250 carry 10,000 USDC at 1.0375. Nine tenths of both taken leave that, a base unit of collateral more is of no account,
    and a twentieth of a WETH more is refused."""
    positions, low = borrower(), market(price_WETH="1250")
    for taken, passes in (("9", True), ("9.000000000000000001", True), ("9.05", False)):
        after = Positions({**positions, "wallet:supplied:aave/WETH": 10 - Decimal(taken), "wallet:borrowed:aave/USDC": Decimal(1000)})
        with nullcontext() if passes else pytest.raises(Denied, match="under the floor"):
            model().permits("wallet", positions, after, low)


def test_interest_and_prices_move_the_health_factor() -> None:
    """Deposit +10 %, debt +5 %, ETH at 2000: 11 x 2000 x 0.83 / 10,500."""
    standing = model().standing("wallet", borrower(), market(supply_WETH="1.1", borrow_USDC="1.05", price_WETH="2000"))
    assert standing.health_factor is not None
    assert round(standing.health_factor, 12) == round(Decimal(18_260) / Decimal(10_500), 12)


def test_collateral_is_switched_by_first_and_last_unit_and_by_hand() -> None:
    """The first supply turns it on, a second does not again, SetCollateral switches it, withdrawal to zero turns it off."""
    positions, key = wallet(USDC="100"), "wallet:setting:aave/collateral/USDC"
    run(Supply(id="a", asset="USDC", amount=40), positions)
    run(Supply(id="b", asset="USDC", amount=40), positions)
    assert positions[key] == 1
    run(SetCollateral(id="c", asset="USDC", enabled=False), positions)
    assert positions[key] == 0
    run(Supply(id="d", asset="USDC", amount=20), positions)
    assert positions[key] == 0
    run(SetCollateral(id="e", asset="USDC", enabled=True), positions)
    assert positions[key] == 1
    run(Withdraw(id="f", asset="USDC", amount=100), positions)
    assert (positions[key], positions["wallet:supplied:aave/USDC"]) == (0, 0)


def reserve(**flags: Any) -> dict[str, Any]:
    """Settings with flags on the reserve of USDC."""
    plain = {"ltv": 7500, "threshold": 7800}
    return {"reserves": {"WETH": {"ltv": 8050, "threshold": 8300}, "USDC": {**plain, **flags}, "USDT": plain, "wstETH": plain}, **NO_FLOOR}


@pytest.mark.parametrize(
    ("action", "own", "reason"),
    [
        (Supply(id="a", asset="USDC", amount=1), reserve(frozen=True), "ReserveFrozen"),
        (Borrow(id="a", asset="USDC", amount=1), reserve(frozen=True), "ReserveFrozen"),
        (Repay(id="a", asset="USDC", amount=1), reserve(frozen=True), ""),
        (Supply(id="a", asset="USDC", amount=1), reserve(paused=True), "ReservePaused"),
        (Withdraw(id="a", asset="USDC", amount=1), reserve(paused=True), "ReservePaused"),
        (Repay(id="a", asset="USDC", amount=1), reserve(paused=True), "ReservePaused"),
        (Borrow(id="a", asset="USDC", amount=1), reserve(borrowing=False), "BorrowingNotEnabled"),
        (Supply(id="a", asset="USDC", amount=5), reserve(supply_cap=4), "SupplyCapExceeded"),
        (Supply(id="a", asset="USDC", amount=4), reserve(supply_cap=4), ""),
        (Borrow(id="a", asset="USDC", amount=1), reserve(borrow_cap=10_000), "BorrowCapExceeded"),
        (Borrow(id="a", asset="USDC", amount=1), reserve(borrow_cap=10_001), ""),
        (Withdraw(id="a", asset="USDC", amount=1), {}, "NotEnoughAvailableUserBalance"),
        (Withdraw(id="a", asset="USDC", amount=MAX), {}, "InvalidAmount"),
        (Repay(id="a", asset="USDT", amount=1), {}, "NoDebtOfSelectedType"),
        (Supply(id="a", asset="USDT", amount=1), {}, "exceeds balance"),
        (SetCollateral(id="a", asset="USDC", enabled=True), {}, "UnderlyingBalanceZero"),
        (SetCollateral(id="a", asset="WETH", enabled=False), NO_FLOOR, "HealthFactorLower"),
        (SetEMode(id="a", category=1), {}, "InvalidDebtInEmode: USDC"),
    ],
)
def test_what_the_protocol_refuses_reverts_with_its_error(action: Action, own: dict[str, Any], reason: str) -> None:
    """The step fails with the protocol's name for it; only gas and an approval change anything."""
    positions = borrower()
    held = positions["wallet:balance:USDC"]
    outcome = run(action, positions, **own)
    assert reason in outcome.reverted
    assert bool(reason) == bool(outcome.reverted)
    assert not reason or positions["wallet:balance:USDC"] == held


def test_borrowing_without_collateral_reverts() -> None:
    """There is no LTV to borrow at."""
    assert "LtvValidationFailed" in run(Borrow(id="b", asset="USDC", amount=1), wallet(), **NO_FLOOR).reverted


def test_in_an_efficiency_mode_only_its_assets_can_be_borrowed() -> None:
    """And collateral outside of it counts with its ordinary numbers."""
    positions = wallet(wstETH="1", USDC="1000")
    run(Supply(id="s", asset="wstETH", amount=1), positions)
    run(Supply(id="t", asset="USDC", amount=1000), positions)
    run(SetEMode(id="e", category=1), positions)
    assert positions["wallet:setting:aave/emode"] == 1
    assert "NotBorrowableInEMode" in run(Borrow(id="b", asset="USDT", amount=1), positions, **NO_FLOOR).reverted
    run(Borrow(id="c", asset="WETH", amount=1), positions)
    standing = model().standing("wallet", positions, market())
    assert standing.health_factor == (3000 * Decimal("0.95") + 1000 * Decimal("0.78")) / 2500


def test_leaving_the_efficiency_mode_fails_on_the_health_factor() -> None:
    """3000 USD at 81 % do not carry 2500; leaving without debt works and changes the key back."""
    positions = wallet(wstETH="1")
    run(Supply(id="s", asset="wstETH", amount=1), positions)
    run(SetEMode(id="e", category=1), positions)
    run(Borrow(id="b", asset="WETH", amount="1"), positions)
    assert "HealthFactorLower" in run(SetEMode(id="x", category=0), positions, **NO_FLOOR).reverted
    run(Repay(id="r", asset="WETH", amount=MAX), positions)
    run(SetEMode(id="y", category=0), positions)
    assert positions["wallet:setting:aave/emode"] == 0


def test_what_this_side_refuses_is_denied() -> None:
    """Unknown assets and categories, ETH itself, MAX to borrow, other venues' actions, and figures that cannot be."""
    for action, reason in (
        (Supply(id="a", asset="USDG", amount=1), "did you mean USD"),
        (Supply(id="a", asset="ETH", amount=1), "wrap the ETH"),
        (Borrow(id="a", asset="USDC", amount=MAX), "borrow takes an amount"),
        (SetEMode(id="a", category=9), "efficiency mode 9"),
        (Stake(id="a", amount=1), "does not know Stake"),
    ):
        with pytest.raises(Denied, match=reason):
            run(action, wallet())
    with pytest.raises(Denied, match="no price"):
        run(Borrow(id="a", asset="USDC", amount=1), borrower(), market(price_WETH="0"))
    with pytest.raises(Denied, match="index starts at 1"):
        run(Withdraw(id="a", asset="WETH", amount=1), borrower(), market(supply_WETH="0"))


@pytest.mark.parametrize("absurd", [{"price_USDC": "0.499999"}, {"price_USDC": "2.000001"}, {"price_WETH": "49"}, {"price_WETH": "2500e8"}])
def test_e25_an_absurd_price_of_the_oracle_is_denied(absurd: dict[str, str]) -> None:
    """Outside of what the settings call plausible: nothing is borrowed on it, withdrawn, or taken as collateral; the ends are inside."""
    for action in (Borrow(id="a", asset="USDC", amount=1), Withdraw(id="a", asset="WETH", amount=1)):
        with pytest.raises(Denied, match="price_between"):
            run(action, borrower(), market(**absurd))
    assert run(Borrow(id="a", asset="USDC", amount=1), borrower(), market(price_USDC="0.5")).effects


@pytest.mark.parametrize(
    "action",
    [
        Supply(id="a", asset="USDC", amount=1),
        Withdraw(id="a", asset="WETH", amount=1),
        Borrow(id="a", asset="USDC", amount=1),
        Repay(id="a", asset="USDC", amount=1),
        SetCollateral(id="a", asset="WETH", enabled=True),
        SetEMode(id="a", category=0),
    ],
)
@pytest.mark.parametrize("account", ["wallet", "dsa"])
def test_every_position_that_an_action_changes_was_touched(action: Action, account: str) -> None:
    """On the wallet, with the approval that it needs, and on a smart account, where it is a leg of a bundle."""
    positions = Positions({key.replace("wallet:", f"{account}:"): amount for key, amount in borrower().items()})
    positions["wallet:balance:ETH"] = Decimal(1)
    order = Order("a/aave", action, "aave", account, "wallet")
    touched = model().touches(order, positions)
    if account == "wallet":
        effects = run(action, positions).effects
    else:
        effects = model().effects(Step("a/aave/0", order, (action,)), action, positions, market(), Ref("k", 0))
    assert effects
    assert changed(effects) <= set(touched)


def test_a_supply_asks_for_few_positions_and_a_borrow_for_all() -> None:
    """A supply cannot harm the account: its plan needs no other reserve."""
    positions = wallet(USDC="1")
    supply = model().touches(Order("a/aave", Supply(asset="USDC", amount=1), "aave", "wallet", "wallet"), positions)
    borrow = model().touches(Order("a/aave", Borrow(asset="USDC", amount=1), "aave", "wallet", "wallet"), positions)
    assert len(supply) == 7
    assert len(borrow) == 15
