"""What every on-chain model does, shown on a protocol that takes a token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, cast

import pytest

from basis_venues.actions import MAX, Action, Approve, FromLeg, Repay, Stake, Supply
from basis_venues.contract import StepFails
from basis_venues.errors import Denied, InvalidAction
from basis_venues.keys import Key
from basis_venues.orders import Limits, Order, Ref, Step
from basis_venues.positions import Positions
from basis_venues_evm import Acting, ChainModel, ChainSettings, Lines, Rule, Token, Write, allowance_key, balance_key
from basis_venues_evm.testing import FixedMarket, carry_out, context

TOKENS = {
    "ETH": Token(decimals=18),
    "USDC": Token(decimals=6),
    "USDT": Token(decimals=6, reset_allowance=True),
    "stETH": Token(decimals=18, drift=2),
}
GAS = {"Supply": 100_000, "Supply/USDC": 120_000, "Stake": 80_000, "Approve": 50_000}


class Vault(ChainModel):
    """Takes tokens and ETH, and gives nothing back."""

    def rules(self) -> Mapping[type[Action], tuple[Rule, str]]:
        """Supply pulls, stake sends."""
        return {Supply: (self._supply, "lend"), Stake: (self._stake, "stake")}

    def keys(self, action: Action, account: str, lane: str, view: Mapping[Key, Decimal]) -> Iterable[Key]:
        """Balance and allowance."""
        asset = str(action.spends())
        return (balance_key(account, asset), allowance_key(account, "vault", asset))

    def writes(self, action: Action, acting: Acting) -> tuple[Write, ...]:
        """Approve, then supply."""
        sized = self.sized(action, acting)
        if isinstance(sized, Supply):
            return (*self.approvals(sized.asset, cast("Decimal", sized.amount), "vault", acting), Write((sized,)))
        return (Write((sized,)),)

    def _supply(self, action: Supply, acting: Acting) -> Lines:
        return acting.pulled(action.asset, self.spent(action, acting), "vault")

    def _stake(self, action: Stake, acting: Acting) -> Lines:
        return (acting.debit("ETH", self.spent(action, acting)),)


class SmartVault(Vault):
    """One that acts for smart accounts."""

    def check_account(self, action: Action, acting: Acting) -> None:
        """Any will do."""


def vault(**own: Any) -> Vault:
    """A vault with the tokens and gas figures above."""
    return Vault(context("vault", ChainSettings(venue_type="defi", tokens=TOKENS, **{"gas": GAS, **own})))


def market(gwei: str = "20") -> FixedMarket:
    """Only a gas price."""
    return FixedMarket({"ethereum:gas_price:gwei": gwei})


def wallet(eth: str = "1", **balances: str) -> Positions:
    """A wallet's balances."""
    return Positions({f"wallet:balance:{asset}": Decimal(amount) for asset, amount in {"ETH": eth, **balances}.items()})


def run(action: Action, positions: Positions, account: str = "wallet", **own: Any) -> Any:
    """Carry an action out."""
    return carry_out({"vault": vault(**own)}, "vault", action, positions, market(), account=account)


def test_a_pull_is_approved_exactly_and_used_up() -> None:
    """The wallet approves what is pulled, in a step of its own, and nothing of it is left."""
    positions = wallet(USDC="100")
    outcome = run(Supply(id="s", asset="USDC", amount=40), positions)
    assert [step.id for step in outcome.steps] == ["s/vault/0", "s/vault/1"]
    assert outcome.steps[0].actions == (Approve(asset="USDC", amount=40, spender="vault", account="wallet"),)
    assert positions["wallet:balance:USDC"] == 60
    assert positions["wallet:allowance:vault/USDC"] == 0


def test_an_allowance_that_is_large_enough_is_used() -> None:
    """No approval is planned for it."""
    positions = wallet(USDC="100")
    positions["wallet:allowance:vault/USDC"] = Decimal(50)
    outcome = run(Supply(id="s", asset="USDC", amount=40), positions)
    assert len(outcome.steps) == 1
    assert positions["wallet:allowance:vault/USDC"] == 10


def test_a_token_such_as_usdt_is_reset_to_zero_first() -> None:
    """Its contract refuses to change one allowance into another."""
    positions = wallet(USDT="100")
    positions["wallet:allowance:vault/USDT"] = Decimal(1)
    outcome = run(Supply(id="s", asset="USDT", amount=40), positions)
    assert [getattr(step.actions[0], "amount", None) for step in outcome.steps] == [0, 40, 40]
    assert outcome.reverted == ""
    direct = Order("a/vault", Approve(asset="USDT", amount=2, spender="vault"), "vault", "wallet", "wallet")
    positions["wallet:allowance:vault/USDT"] = Decimal(1)
    with pytest.raises(StepFails, match="must be set to 0"):
        vault().effects(Step("a/vault/0", direct, (direct.action,)), direct.action, positions, market(), Ref("k", 0))


def test_a_smart_account_needs_no_approval() -> None:
    """Its connectors approve within the transaction, whose gas the lane's wallet pays."""
    positions = wallet()
    positions["dsa:balance:USDC"] = Decimal(5)
    smart = SmartVault(context("vault", ChainSettings(venue_type="defi", tokens=TOKENS, gas=GAS)))
    outcome = carry_out({"vault": smart}, "vault", Supply(id="s", asset="USDC", amount=5), positions, market(), account="dsa")
    assert len(outcome.steps) == 1
    assert positions["dsa:balance:USDC"] == 0
    assert positions["wallet:balance:ETH"] < 1


def test_a_protocol_that_says_nothing_of_smart_accounts_does_not_act_for_one() -> None:
    """Its transaction would be the wallet's, and would act on what the wallet holds."""
    positions = wallet(USDC="100")
    positions["dsa:balance:USDC"] = Decimal(5)
    with pytest.raises(Denied, match="vault acts for wallet, which signs, and not for dsa"):
        run(Supply(id="s", asset="USDC", amount=5), positions, account="dsa")


def test_gas_is_units_times_price_from_the_lane() -> None:
    """120,000 gas for USDC at 20 gwei are 0.0024 ETH, other assets use the plain figure; a bundle adds its parts to the base."""
    order = Order("s/vault", Supply(asset="USDC", amount=1), "vault", "dsa", "wallet")
    one = vault().cost(Step("s/vault/0", order, (order.action,)), market(), Ref("k", 0))
    assert one.lines == (("wallet:balance:ETH", Decimal("-0.0024")),)
    assert (one.id, one.kind) == ("k:gas", "gas")
    both = Step("s/vault/0", order, (order.action, Supply(asset="USDT", amount=1)))
    assert vault().cost(both, market(), Ref("k", 0)).lines[0][1] == Decimal("-0.00482")


def test_gas_is_whole_wei() -> None:
    """A price with more digits than a wei has is rounded up."""
    assert vault().gas_cost(Write((Stake(amount=1),)), market("0.00000000000001")) == Decimal("1E-18")


@pytest.mark.parametrize(("eth", "fits"), [("0.505", True), ("0.504", True), ("0.503999999999999999", False)])
def test_an_action_without_gas_is_denied(eth: str, fits: bool) -> None:
    """Half an ETH and 2.5 times 0.0016 for gas must be there."""
    order = Order("s/vault", Stake(amount="0.5"), "vault", "wallet", "wallet")
    if fits:
        assert vault().plan(order, wallet(eth), market())
    else:
        with pytest.raises(Denied, match="for gas"):
            vault().plan(order, wallet(eth), market())


def test_max_of_ether_leaves_the_gas() -> None:
    """The whole balance less 2.5 times the gas is staked."""
    positions = wallet("1")
    outcome = run(Stake(id="s", amount=MAX), positions)
    assert outcome.steps[0].actions[0].amount == Decimal("0.996")
    assert positions["wallet:balance:ETH"] == Decimal("0.0024")


def test_max_of_a_token_is_its_balance() -> None:
    """It is decided when planned, so that the approval is exact."""
    outcome = run(Supply(id="s", asset="USDC", amount=MAX), wallet(USDC="12.5"))
    assert outcome.steps[-1].actions[0].amount == Decimal("12.5")
    with pytest.raises(Denied, match="holds no USDC"):
        run(Supply(id="s", asset="USDC", amount=MAX), wallet())


def test_amounts_that_no_base_unit_holds_are_denied() -> None:
    """USDC has six decimals."""
    with pytest.raises(Denied, match="more than 6 decimals"):
        run(Supply(id="s", asset="USDC", amount="0.0000001"), wallet(USDC="1"))


def test_unknown_names_are_denied_with_the_nearest() -> None:
    """An asset, and an action without a rule or gas figure."""
    with pytest.raises(Denied, match="did you mean USDC"):
        run(Supply(id="s", asset="UDSC", amount=1), wallet())
    with pytest.raises(Denied, match="gas figure for Supply"):
        run(Supply(id="s", asset="USDC", amount=1), wallet(USDC="1"), gas={"Approve": 1})
    with pytest.raises(InvalidAction, match="only a bundle"):
        run(Supply(id="s", asset="USDC", amount=FromLeg(0)), wallet(USDC="1"))
    order = Order("r/vault", Repay(asset="USDC", amount=1), "vault", "wallet", "wallet")
    with pytest.raises(Denied, match="does not know Repay"):
        vault().effects(Step("r/vault/0", order, (order.action,)), order.action, wallet(), market(), Ref("k", 0))


def test_a_transfer_that_fails_is_reverted_and_pays_gas() -> None:
    """Too small a balance is found by the chain: the supply is undone, and no approval was sent before it, which would have stayed."""
    positions = wallet(USDC="1")
    outcome = run(Supply(id="s", asset="USDC", amount=40), positions)
    assert "exceeds balance" in outcome.reverted
    assert positions["wallet:balance:USDC"] == 1
    assert positions["wallet:allowance:vault/USDC"] == 0
    assert positions["wallet:balance:ETH"] == 1 - Decimal("0.0024")


def test_a_pull_beyond_the_allowance_fails() -> None:
    """As when the allowance was used by someone else after the plan."""
    order = Order("s/vault", Supply(asset="USDC", amount=40), "vault", "wallet", "wallet")
    with pytest.raises(StepFails, match="exceeds allowance"):
        vault().effects(Step("s/vault/0", order, (order.action,)), order.action, wallet(USDC="50"), market(), Ref("k", 0))


def test_touches_include_the_gas_once() -> None:
    """The lane's ETH is always among them, and no key twice."""
    order = Order("s/vault", Stake(amount=1), "vault", "wallet", "wallet")
    keys = vault().touches(order, wallet())
    assert sorted(set(keys)) == sorted(keys)
    assert "wallet:balance:ETH" in keys


def test_tolerance_and_lots_come_from_the_token() -> None:
    """Two wei for stETH, nothing for others; the lot is the last digit."""
    assert vault().tolerance("wallet:balance:stETH") == Decimal("2E-18")
    assert vault().tolerance("wallet:balance:USDC") == 0
    assert vault().tolerance("wallet:allowance:vault/stETH") == 0
    assert vault().limits(Supply(asset="USDC", amount=1)) == Limits(lot=Decimal("0.000001"))
