"""Bundles, folded over the models of the venues whose rules their legs follow."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basis_venues.actions import (
    MAX,
    Action,
    Approve,
    AtomicBundle,
    Borrow,
    ClaimUnstake,
    CreateAccount,
    Deposit,
    FlashBorrow,
    FlashPayback,
    FromLeg,
    Payout,
    Repay,
    RequestUnstake,
    SetEMode,
    SpotTrade,
    Stake,
    Supply,
    Swap,
    Transfer,
    Unwind,
    UnwrapEther,
    Withdraw,
    Wrap,
)
from basis_venues.amounts import money
from basis_venues.errors import Denied, MissingData
from basis_venues.fold import foresee
from basis_venues.orders import Order, Step, deltas
from basis_venues.positions import Positions
from basis_venues_aave.model import AaveModel
from basis_venues_aave.settings import AaveSettings
from basis_venues_alchemy.model import AlchemyModel
from basis_venues_alchemy.settings import AlchemySettings
from basis_venues_evm import ChainModel
from basis_venues_evm.testing import FixedMarket, Outcome, carry_out, changed, context, load_settings
from basis_venues_instadapp.model import InstadappModel
from basis_venues_instadapp.settings import InstadappSettings
from basis_venues_instadapp.sizing import SwapShort
from basis_venues_lido.model import LidoModel
from basis_venues_lido.settings import LidoSettings

ETH_USD = Decimal(2500)
RATE = Decimal("1.2")
WEI = Decimal("1E-18")


def models(**own: Any) -> dict[str, ChainModel]:
    """All on-chain venues of a mode, as their plugins configure them."""
    return {
        "instadapp": InstadappModel(context("instadapp", load_settings(InstadappSettings, "basis_venues_instadapp", **own), "dsa")),
        "aave": AaveModel(context("aave", load_settings(AaveSettings, "basis_venues_aave"))),
        "lido": LidoModel(context("lido", load_settings(LidoSettings, "basis_venues_lido"))),
        "alchemy": AlchemyModel(context("alchemy", load_settings(AlchemySettings, "basis_venues_alchemy"))),
    }


def market(**figures: str) -> FixedMarket:
    """ETH at 2500 USD, a share at 1.2 ETH, indices at their start, gas at 10 gwei, and a swap rate equal to the share rate."""
    return FixedMarket(
        {
            "ethereum:gas_price:gwei": "10",
            "lido:share_rate:wstETH": str(RATE),
            "aave:supply_index:wstETH": "1",
            "aave:borrow_index:WETH": "1",
            "aave:oracle:WETH": str(ETH_USD),
            "aave:oracle:wstETH": str(ETH_USD * RATE),
            "uniswap:swap_rate:wstETH/WETH": str(RATE),
            **{name.replace("__", ":").replace("_to_", "/"): value for name, value in figures.items()},
        }
    )


def owner(eth: str = "100") -> Positions:
    """A wallet with ETH, and a smart account made before."""
    return Positions({"wallet:balance:ETH": Decimal(eth), "dsa:setting:instadapp/account": Decimal(1)})


def leverage(equity: str = "10", flash: str = "70", *, emode: bool = True) -> AtomicBundle:
    """The leverage recipe: unwrap, stake, wrap, supply, enter the efficiency mode, borrow what is to be paid back."""
    loan = Decimal(flash)
    enter: tuple[Action, ...] = (SetEMode(category=1),) if emode else ()
    legs = (
        UnwrapEther(amount=loan),
        Stake(amount=Decimal(equity) + loan),
        Wrap(amount=MAX),
        Supply(asset="wstETH", amount=FromLeg(2)),
        *enter,
        Borrow(asset="WETH", amount=loan + loan * 5 / 10_000),
    )
    return AtomicBundle(id="b", flash_asset="WETH", flash_amount=loan, equity=equity, legs=legs)


def run(action: Action, positions: Positions, figures: FixedMarket | None = None, **own: Any) -> Outcome:
    """Carry the action out through instadapp."""
    return carry_out(models(**own), "instadapp", action, positions, figures or market(), account="dsa")


def test_the_leverage_recipe_ends_as_on_the_real_contracts() -> None:
    """Equity 10, flash 70 at ETH 2500: collateral 200,000 and debt 175,087.5 USD, health factor 1.0852, no debt to the lender."""
    positions = owner()
    outcome = run(leverage(), positions)
    assert outcome.reverted == ""
    with_aave = models()["aave"]
    assert isinstance(with_aave, AaveModel)
    standing = with_aave.standing("dsa", positions, market())
    assert standing.debt == 175_087_50000000
    assert 200_000_00000000 - 1000 <= standing.collateral <= 200_000_00000000
    assert standing.health_factor is not None
    assert round(standing.health_factor, 4) == Decimal("1.0852")
    assert positions["dsa:balance:WETH"] == 0
    assert positions["dsa:balance:ETH"] == 0
    assert positions["dsa:balance:stETH"] <= 2 * WEI
    assert positions["dsa:borrowed:aave/WETH"] == Decimal("70.035")
    assert positions["dsa:setting:aave/emode"] == 1
    assert positions["dsa:setting:aave/collateral/wstETH"] == 1


def test_a_bundle_is_one_transaction_with_the_flash_loan_around_its_legs() -> None:
    """Deposit and flash loan come first, payback with the fee last; the caller's leg numbers move by two."""
    outcome = run(leverage(), owner())
    (step,) = outcome.steps
    kinds = [type(part) for part in step.actions]
    assert kinds == [Deposit, FlashBorrow, UnwrapEther, Stake, Wrap, Supply, SetEMode, Borrow, FlashPayback]
    supply = step.actions[5]
    assert isinstance(supply, Supply)
    assert supply.amount == FromLeg(4)
    assert [part.venue for part in step.actions] == [None, None, "alchemy", "lido", "lido", "aave", "aave", "aave", None]
    assert {part.account for part in step.actions[2:8]} == {"dsa"}
    payback = step.actions[-1]
    assert isinstance(payback, FlashPayback)
    assert payback.amount == Decimal("70.035")


def test_the_gas_of_the_bundle_is_what_was_measured() -> None:
    """1,040,000 gas at 10 gwei are 0.0104 ETH, paid once by the wallet."""
    positions = owner()
    outcome = run(leverage(), positions)
    assert [effect.lines for effect in outcome.effects if effect.kind == "gas"] == [(("wallet:balance:ETH", Decimal("-0.0104")),)]
    assert positions["wallet:balance:ETH"] == Decimal("89.9896")


def test_the_flash_fee_is_rounded_up() -> None:
    """A loan of 70e18 + 1 wei costs 0.035 WETH and one wei, as Aave takes the ceiling."""
    bundle = AtomicBundle(id="b", flash_asset="WETH", flash_amount="70.000000000000000001", legs=(UnwrapEther(amount=1),))
    outcome = run(bundle, owner())
    payback = outcome.steps[0].actions[-1]
    assert isinstance(payback, FlashPayback)
    assert payback.amount == Decimal("70.035000000000000002")


@pytest.mark.parametrize(
    ("flash", "emode", "reason"),
    [
        ("131.9", True, ""),
        ("132.0", True, "CollateralCannotCoverNewBorrow"),
        ("36", False, ""),
        ("37", False, "CollateralCannotCoverNewBorrow"),
        ("70", False, "HealthFactorLowerThanLiquidationThreshold"),
    ],
)
def test_the_largest_flash_loan_is_that_of_the_real_protocol(flash: str, emode: bool, reason: str) -> None:
    """With the efficiency mode 131.9 passes and 132.0 does not, without it 36 and 37; at 70 without it the health factor breaks."""
    outcome = run(leverage(flash=flash, emode=emode), owner())
    assert reason in outcome.reverted
    assert bool(reason) == bool(outcome.reverted)


def test_a_reverted_bundle_costs_only_its_gas() -> None:
    """Nothing but the gas changes when a part fails."""
    positions = owner()
    outcome = run(leverage(flash="132"), positions)
    assert outcome.reverted.startswith("part 7 (Borrow)")
    assert changed(outcome.effects) == {"wallet:balance:ETH"}
    assert positions["wallet:balance:ETH"] == Decimal("99.9896")


@settings(max_examples=40)
@given(equity=st.decimals("0.1", "50", places=6), multiple=st.decimals("0.1", "11", places=4))
def test_the_flash_asset_nets_to_zero_but_for_the_fee(equity: Decimal, multiple: Decimal) -> None:
    """Over flash loan and payback the smart account loses exactly the fee, and over the bundle no flash asset stays or is missing."""
    flash = (equity * multiple).quantize(Decimal("1E-6"))
    positions = owner("1000")
    outcome = run(leverage(str(equity), str(flash)), positions)
    assert outcome.reverted == ""
    loan = deltas(effect for effect in outcome.effects if effect.kind == "flash")
    assert loan == {"dsa:balance:WETH": -flash * 5 / 10_000}
    assert positions["dsa:balance:WETH"] == 0


def test_every_position_that_a_bundle_changes_was_touched() -> None:
    """What is read before the plan holds all that the effects change."""
    bundle, positions = leverage(), owner()
    touched = models()["instadapp"].touches(Order("b/instadapp", bundle, "instadapp", "dsa", "wallet"), positions)
    assert changed(run(bundle, positions).effects) <= set(touched)


def test_tokens_as_equity_are_approved_first() -> None:
    """Equity in wstETH is pulled by the smart account: an exact approval by the wallet comes before the bundle."""
    positions = owner()
    positions["wallet:balance:wstETH"] = Decimal(8)
    legs = (
        UnwrapEther(amount=70),
        Stake(amount=70),
        Wrap(amount=MAX),
        Supply(asset="wstETH", amount=MAX),
        SetEMode(category=1),
        Borrow(asset="WETH", amount="70.035"),
    )
    bundle = AtomicBundle(id="b", flash_asset="WETH", flash_amount=70, equity=8, equity_asset="wstETH", legs=legs)
    outcome = run(bundle, positions)
    assert outcome.reverted == ""
    approve = outcome.steps[0].actions[0]
    assert approve == Approve(asset="wstETH", amount=8, spender="instadapp", account="wallet")
    assert positions["wallet:allowance:instadapp/wstETH"] == 0
    assert positions["wallet:balance:wstETH"] == 0
    assert positions["dsa:supplied:aave/wstETH"] > 66


def planned(action: Action, positions: Positions) -> tuple[Step, ...]:
    """The plan as the core makes it, judged and with its planned changes."""
    found, figures = models(), market()
    with money():
        order = Order("b/instadapp", action, "instadapp", "dsa", "wallet")
        view = {key: positions[key] for key in (*positions, *found["instadapp"].touches(order, positions))}
        return foresee(found, found["instadapp"].plan(order, view, figures), view, figures)


def brought(flash: str) -> AtomicBundle:
    """Leverage on eight wstETH of the wallet's."""
    loan = Decimal(flash)
    legs = (
        UnwrapEther(amount=loan),
        Stake(amount=loan),
        Wrap(amount=MAX),
        Supply(asset="wstETH", amount=MAX),
        SetEMode(category=1),
        Borrow(asset="WETH", amount=loan + loan * 5 / 10_000),
    )
    return AtomicBundle(id="b", flash_asset="WETH", flash_amount=loan, equity=8, equity_asset="wstETH", legs=legs)


def test_a_bundles_plan_says_what_each_position_changes_by() -> None:
    """Its bounds hold the change of every position, which are then the changes of its effects; an approval before it has none."""
    positions = owner()
    positions["wallet:balance:wstETH"] = Decimal(8)
    approve, bundle = planned(brought("30"), positions)
    assert not approve.bounds
    changes = {key: Decimal(text) for key, text in bundle.bounds.items() if ":" in key}
    done = deltas(effect for effect in run(brought("30"), positions).effects if effect.kind != "gas")
    assert changes["wallet:balance:wstETH"] == -8
    assert changes["wallet:allowance:instadapp/wstETH"] == -8
    assert changes["dsa:borrowed:aave/WETH"] == Decimal("30.015")
    assert {key: amount for key, amount in changes.items() if key.startswith("dsa")} == {
        key: amount for key, amount in done.items() if key.startswith("dsa") and amount
    }


def test_equity_in_tokens_is_judged_by_the_floor_as_well() -> None:
    """The bundle is judged on what its approval leaves. 8 wstETH at 1.2 carry 90 WETH at a floor of 1.05 and not 91: 9.6 k / (1.0005 - k)
    is 90.7 with k = 0.95 / 1.05."""
    positions = owner()
    positions["wallet:balance:wstETH"] = Decimal(8)
    planned(brought("90"), positions)
    with pytest.raises(Denied, match="under the floor"):
        planned(brought("91"), positions)


@pytest.mark.parametrize(
    ("leg", "reason"),
    [
        (Stake(amount=MAX), "leg 1 (Stake): LIDO-STETH-A deposit takes an exact amount"),
        (Stake(amount=FromLeg(0)), "leg 1 (Stake): LIDO-STETH-A deposit cannot take its amount from a leg"),
        (Wrap(amount=FromLeg(0)), "leg 1 (Wrap): WSTETH-A deposit cannot take its amount from a leg: write MAX"),
        (Borrow(asset="WETH", amount=MAX), "leg 1 (Borrow): AAVE-V3-A borrow takes an exact amount"),
        (RequestUnstake(asset="stETH", amount=1), "leg 1 (RequestUnstake): no connector"),
        (ClaimUnstake(), "leg 1 (ClaimUnstake): no connector"),
        (Deposit(asset="ETH", amount=1), "leg 1 (Deposit): no connector"),
        (Approve(asset="WETH", amount=1, spender="aave"), "leg 1 (Approve): no connector"),
        (Transfer(asset="ETH", amount=1, source="dsa", target="wallet"), "leg 1 (Transfer): no connector"),
        (SpotTrade(symbol="ETH/USDT", side="buy", quantity=1), "leg 1 (SpotTrade): no connector"),
        (Supply(asset="WETH", amount=1, venue="morpho"), "leg 1 (Supply): the connector for it acts on aave, not morpho"),
        (Supply(asset="WETH", amount=1, account="wallet"), "leg 1 (Supply): a bundle acts on dsa, not wallet"),
        (Supply(asset="WEHT", amount=1), "did you mean WETH"),
        (Swap(sell="wstETH", buy="USDC", amount=1, minimum=1), "leg 1 (Swap): no pool for wstETH/USDC"),
        (Swap(sell="stETH", buy="WETH", amount=1, minimum=1), "leg 1 (Swap): the swap connector trades wstETH"),
    ],
)
def test_what_the_connectors_cannot_express_is_denied_by_leg(leg: Action, reason: str) -> None:
    """The refusal names the leg and what is wrong with it."""
    bundle = AtomicBundle(id="b", flash_asset="WETH", flash_amount=1, legs=(UnwrapEther(amount=1), leg))
    with pytest.raises(Denied) as refusal:
        run(bundle, owner())
    assert reason in str(refusal.value)


def test_nothing_is_done_before_the_account_is_made() -> None:
    """A bundle needs CreateAccount first, which is done once and sets the account's key."""
    positions = owner()
    positions["dsa:setting:instadapp/account"] = Decimal(0)
    with pytest.raises(Denied, match="CreateAccount"):
        run(leverage(), positions)
    made = run(CreateAccount(id="c"), positions)
    assert positions["dsa:setting:instadapp/account"] == 1
    assert made.effects[0].lines == (("wallet:balance:ETH", Decimal("-0.00255")),)
    with pytest.raises(Denied, match="exists already"):
        run(CreateAccount(id="d"), positions)


def test_an_account_made_before_needs_no_creation() -> None:
    """With account_exists the key may be zero."""
    positions = owner()
    positions["dsa:setting:instadapp/account"] = Decimal(0)
    assert run(leverage(), positions, account_exists=True).reverted == ""


def test_a_wallet_without_gas_is_denied() -> None:
    """The equity and the gas must both be there."""
    with pytest.raises(Denied, match=r"holds 10\.01 ETH"):
        run(leverage(), owner("10.01"))


def test_a_flash_loan_in_ether_is_denied() -> None:
    """The lender has WETH; the refusal says what to do."""
    with pytest.raises(Denied, match="UnwrapEther"):
        run(AtomicBundle(id="b", flash_asset="ETH", flash_amount=1, legs=(Stake(amount=1),)), owner())


def test_a_swap_alone_is_denied() -> None:
    """A swap is part of a bundle or an unwind."""
    with pytest.raises(Denied, match="part of a bundle"):
        run(Swap(sell="wstETH", buy="WETH", amount=1, minimum=1), owner())


def levered() -> Positions:
    """The account after the leverage recipe."""
    positions = owner()
    assert run(leverage(), positions).reverted == ""
    return positions


def test_an_unwind_leaves_neither_debt_nor_collateral() -> None:
    """The rest in the wallet is what was put in, less both flash fees and the pool's fee on what was sold."""
    positions = levered()
    outcome = run(Unwind(id="u"), positions)
    assert outcome.reverted == ""
    kinds = [type(part) for part in outcome.steps[0].actions]
    assert kinds == [FlashBorrow, Repay, Withdraw, Swap, FlashPayback, Payout]
    for key in ("borrowed:aave/WETH", "supplied:aave/wstETH", "balance:WETH", "balance:wstETH", "setting:aave/collateral/wstETH"):
        assert positions[f"dsa:{key}"] == 0, key
    sold = 80 * Decimal("0.9999")
    flash = Decimal("70.035") + Decimal("0.00070035")
    expected = sold - Decimal("70.035") - flash * 5 / 10_000
    assert abs(positions["wallet:balance:WETH"] - expected) < Decimal("1E-15")


def test_an_unwind_in_part_keeps_the_proportion() -> None:
    """A quarter of the debt is repaid and a quarter of the collateral freed, with exact amounts."""
    positions = levered()
    supplied = positions["dsa:supplied:aave/wstETH"]
    outcome = run(Unwind(id="u", fraction="0.25"), positions)
    assert outcome.reverted == ""
    assert positions["dsa:borrowed:aave/WETH"] == Decimal("70.035") * 3 / 4
    assert abs(positions["dsa:supplied:aave/wstETH"] - supplied * 3 / 4) <= WEI
    flash = outcome.steps[0].actions[0]
    assert isinstance(flash, FlashBorrow)
    assert flash.amount == Decimal("17.50875")


def test_a_swap_that_cannot_give_its_minimum_is_refused_when_planned() -> None:
    """A slippage under the pool's own fee asks for more than the pool gives: nothing is sent, and no gas is paid."""
    positions = levered()
    before = dict(positions)
    with pytest.raises(SwapShort, match=r"part 3 \(Swap\): the pool gives .* accept more slippage"):
        run(Unwind(id="u", slippage="0.00001"), positions)
    leg = Swap(sell="wstETH", buy="WETH", amount=1, minimum="1.2")
    with pytest.raises(SwapShort, match=r"part 2 \(Swap\): the pool gives 1\.19988.*at least 1\.2 is asked for"):
        run(AtomicBundle(id="b", flash_asset="WETH", flash_amount=1, legs=(UnwrapEther(amount=1), leg)), positions)
    assert positions == before


def test_an_unwind_of_an_account_under_water_reverts() -> None:
    """When the collateral no longer pays the flash loan back, the payback fails and with it everything."""
    cheap = market(uniswap__swap_rate__wstETH_to_WETH="1.0")
    outcome = run(Unwind(id="u"), levered(), cheap, price_tolerance="0.2")
    assert "part 4 (FlashPayback)" in outcome.reverted


@pytest.mark.parametrize(("bought", "sound"), [("WETH", "1.2"), ("USDC", "3000")])
@pytest.mark.parametrize("moved", ["0.994", "1.006"])
def test_an_unwind_at_a_rate_that_someone_moved_is_refused(bought: str, sound: str, moved: str) -> None:
    """Its minimum would bound nothing. The share rate judges the pool of wstETH and WETH, whatever the oracle says, and that the others."""
    positions = owner()
    positions["wallet:balance:wstETH"] = Decimal(5)
    pool = f"uniswap__swap_rate__wstETH_to_{bought}"
    oracle = {"aave__oracle__USDC": "1", **({"aave__oracle__wstETH": "1"} if bought == "WETH" else {})}
    pools = {"wstETH/WETH": 100, "wstETH/USDC": 500}
    unwind = Unwind(id="u", debt_asset=bought)
    with money():
        rate = str(Decimal(sound) * Decimal(moved))
    with pytest.raises(Denied, match=f"which is worth {sound}.*raise price_tolerance in instadapp.yaml, now 0.005, above 0.0060"):
        run(unwind, positions, market(**oracle, **{pool: rate}), pools=pools)
    assert run(unwind, positions, market(**oracle, **{pool: sound}), pools=pools).reverted == ""


def test_without_a_share_rate_the_oracle_judges_the_pool_of_shares() -> None:
    """A mode need not have a staking venue; without both figures nothing is sent."""
    positions = owner()
    positions["wallet:balance:wstETH"] = Decimal(5)
    figures = market(uniswap__swap_rate__wstETH_to_WETH="1.19")
    del figures.figures["lido:share_rate:wstETH"]
    with pytest.raises(Denied, match="someone may be moving the pool"):
        run(Unwind(id="u"), positions, figures)
    del figures.figures["aave:oracle:wstETH"]
    with pytest.raises(MissingData, match="aave:oracle:wstETH"):
        run(Unwind(id="u"), positions, figures)


def test_an_unwind_of_ether_into_shares_is_judged_by_the_same_share_rate() -> None:
    """Its inverse."""
    positions = owner()
    positions["wallet:balance:WETH"] = Decimal(5)
    unwind = Unwind(id="u", collateral_asset="WETH", debt_asset="wstETH")
    with pytest.raises(Denied, match="someone may be moving the pool"):
        run(unwind, positions, market(uniswap__swap_rate__WETH_to_wstETH="0.82"))
    assert run(unwind, positions, market(uniswap__swap_rate__WETH_to_wstETH="0.833")).reverted == ""


def test_an_unwind_without_debt_is_the_swap_of_what_lies_in_the_wallet() -> None:
    """Staked equity in the wallet is approved, brought in, swapped and paid out; other funds of the account stay."""
    positions = owner()
    positions["wallet:balance:wstETH"] = Decimal(5)
    positions["dsa:balance:WETH"] = Decimal(1)
    outcome = run(Unwind(id="u"), positions)
    assert outcome.reverted == ""
    assert [[type(part) for part in step.actions] for step in outcome.steps] == [[Approve], [Deposit, Swap, Payout]]
    assert positions["wallet:balance:wstETH"] == 0
    assert positions["wallet:balance:WETH"] == Decimal("5.9994")
    assert positions["dsa:balance:WETH"] == 1


@pytest.mark.parametrize(("listed", "missing"), [(("wstETH",), "WETH"), (("WETH",), "wstETH")])
def test_an_unwind_of_what_is_not_read_is_denied(listed: tuple[str, ...], missing: str) -> None:
    """A debt that nobody asked for is not none: the swap of what lies in the wallet would pass for the end of the position."""
    positions = owner()
    positions["wallet:balance:wstETH"] = Decimal(5)
    with pytest.raises(Denied, match=f"whether {missing} is owed or supplied is not read: list it under lending_assets"):
        run(Unwind(id="u"), positions, lending_assets=listed)


def test_an_unwind_of_nothing_is_denied() -> None:
    """There must be collateral somewhere."""
    with pytest.raises(Denied, match="no wstETH to unwind"):
        run(Unwind(id="u"), owner())


def test_every_position_that_an_unwind_changes_was_touched() -> None:
    """What is read before the plan holds all that the effects change."""
    positions = levered()
    unwind = Unwind(id="u")
    touched = models()["instadapp"].touches(Order("u/instadapp", unwind, "instadapp", "dsa", "wallet"), positions)
    assert changed(run(unwind, positions).effects) <= set(touched)
