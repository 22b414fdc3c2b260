"""The wallet: transfers, and ETH to WETH and back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

from basis_venues.actions import MAX, Action, Approve, Stake, Transfer, UnwrapEther, WrapEther
from basis_venues.errors import Denied, GuardRefused
from basis_venues.network import Account
from basis_venues.orders import Order, deltas
from basis_venues.positions import Positions
from basis_venues_alchemy.model import AlchemyModel
from basis_venues_alchemy.settings import AlchemySettings
from basis_venues_evm.testing import FixedMarket, Outcome, carry_out, changed, context, load_settings

ADDRESS = "0x00000000000000000000000000000000000000AA"
NOW = 1_700_000_000_000


def model(**own: Any) -> AlchemyModel:
    """The wallet as its plugin configures it."""
    return AlchemyModel(context("alchemy", load_settings(AlchemySettings, "basis_venues_alchemy", **own)))


def wallet() -> Positions:
    """10 ETH, 2 WETH and 1000 USDT."""
    return Positions({"wallet:balance:ETH": Decimal(10), "wallet:balance:WETH": Decimal(2), "wallet:balance:USDT": Decimal(1000)})


def run(action: Action, positions: Positions, **own: Any) -> Outcome:
    """Carry the action out at 10 gwei."""
    return carry_out({"alchemy": model(**own)}, "alchemy", action, positions, FixedMarket({"ethereum:gas_price:gwei": "10"}, NOW))


def test_a_transfer_to_an_account_is_in_transit_until_its_credit() -> None:
    """The debit opens a transit position of the target; after the delay one effect turns it into a balance."""
    positions = wallet()
    outcome = run(Transfer(id="t", asset="USDT", amount=400, source="wallet", target="binance"), positions)
    transit = "binance:transit:USDT/t/alchemy/0/1"
    assert positions["wallet:balance:USDT"] == 600
    assert positions[transit] == 400
    assert positions["binance:balance:USDT"] == 0
    arrival = outcome.effects[-1]
    assert (arrival.at, arrival.kind) == (NOW + 180_000, "deposit")
    assert deltas([arrival]) == {transit: Decimal(-400), "binance:balance:USDT": Decimal(400)}


def test_the_delay_is_set_by_target() -> None:
    """A target's own delay is used before the default."""
    outcome = run(Transfer(id="t", asset="USDT", amount=1, source="wallet", target="okx"), wallet(), credit_delay_ms={"okx": 7})
    assert outcome.effects[-1].at == NOW + 7


def test_a_transfer_arrives_in_the_wallet_that_the_target_takes_deposits_in() -> None:
    """OKX books deposits to its funding wallet, in a backtest as live."""
    okx = Account("okx", "okx:1", "okx", "okx", outer_wallet="funding")
    there = evolve(context("alchemy", load_settings(AlchemySettings, "basis_venues_alchemy")), accounts={"okx": okx})
    action = Transfer(id="t", asset="USDT", amount=1, source="wallet", target="okx")
    outcome = carry_out({"alchemy": AlchemyModel(there)}, "alchemy", action, wallet(), FixedMarket({"ethereum:gas_price:gwei": "10"}, NOW))
    assert deltas(outcome.effects[-1:])["okx:balance:funding/USDT"] == 1


def test_a_smart_account_is_credited_in_the_same_transaction() -> None:
    """Nothing is in transit on one chain."""
    positions = wallet()
    action = Transfer(id="t", asset="ETH", amount=1, source="wallet", target="dsa")
    outcome = run(action, positions)
    assert positions["dsa:balance:ETH"] == 1
    assert positions["wallet:balance:ETH"] == 9 - Decimal("0.00021")
    assert changed(outcome.effects) <= set(model().touches(Order("t/alchemy", action, "alchemy", "wallet", "wallet"), positions))


def test_a_transfer_to_a_listed_address_is_a_debit() -> None:
    """Addresses compare without regard to case; nothing arrives in an account of ours."""
    positions = wallet()
    outcome = run(
        Transfer(id="t", asset="USDT", amount=5, source="wallet", address=ADDRESS.lower()), positions, destinations=[{"address": ADDRESS}]
    )
    assert deltas(outcome.effects) == {"wallet:balance:USDT": Decimal(-5), "wallet:balance:ETH": Decimal("-0.00065")}


@pytest.mark.parametrize("allowed", [[], [{"address": ADDRESS, "asset": "ETH"}], [{"address": ADDRESS, "network": "base"}]])
def test_other_addresses_are_refused(allowed: list[dict[str, str]]) -> None:
    """Not listed, or listed for another asset or network."""
    with pytest.raises(GuardRefused, match="destinations"):
        run(Transfer(id="t", asset="USDT", amount=5, source="wallet", address=ADDRESS, network="ethereum"), wallet(), destinations=allowed)


def test_a_transfer_from_elsewhere_is_denied() -> None:
    """A transfer belongs to the venue of its source."""
    with pytest.raises(Denied, match="binance"):
        run(Transfer(id="t", asset="USDT", amount=5, source="binance", target="wallet"), wallet())


@pytest.mark.parametrize(
    "action",
    [
        Transfer(id="a", asset="WETH", amount=1, source="dsa", target="wallet"),
        WrapEther(id="a", amount=1),
        UnwrapEther(id="a", amount=1),
        Approve(id="a", asset="WETH", amount=1, spender="aave"),
    ],
)
def test_an_action_of_a_smart_account_by_itself_is_denied(action: Action) -> None:
    """Its transaction would be the wallet's, and move what the wallet holds; a transfer to the wallet would move nothing."""
    positions = wallet()
    positions |= {"dsa:balance:ETH": Decimal(5), "dsa:balance:WETH": Decimal(5)}
    market = FixedMarket({"ethereum:gas_price:gwei": "10"}, NOW)
    with pytest.raises(Denied, match="acts for wallet, which signs, and not for dsa"):
        carry_out({"alchemy": model()}, "alchemy", action, positions, market, account="dsa")


def test_an_amount_of_shares_is_not_sent_as_one_of_the_token() -> None:
    """A balance of stETH is a number of shares: an amount of it would send another one. All of it is no amount."""
    positions = wallet() | {"wallet:balance:stETH": Decimal(3)}
    send = {"id": "t", "asset": "stETH", "source": "wallet", "address": ADDRESS}
    with pytest.raises(Denied, match="is a number of shares, and an amount is not: wrap it"):
        run(Transfer(**send, amount=1), Positions(positions), destinations=[{"address": ADDRESS}])
    outcome = run(Transfer(**send, amount=MAX), Positions(positions), destinations=[{"address": ADDRESS}])
    assert deltas(outcome.effects)["wallet:balance:stETH"] == -3


def test_a_transfer_of_more_than_there_is_reverts() -> None:
    """The token refuses; only gas is lost."""
    positions = wallet()
    outcome = run(Transfer(id="t", asset="USDT", amount=1001, source="wallet", target="binance"), positions)
    assert "exceeds balance" in outcome.reverted
    assert changed(outcome.effects) == {"wallet:balance:ETH"}


def test_max_ether_leaves_its_gas() -> None:
    """21,000 gas at 10 gwei, two and a half times over: a node wants the cap on the fee covered, which is twice the base fee and a tip."""
    positions = wallet()
    run(Transfer(id="t", asset="ETH", amount=MAX, source="wallet", target="dsa"), positions)
    assert positions["dsa:balance:ETH"] == 10 - Decimal("0.000525")


def test_wrapping_and_unwrapping_are_one_to_one() -> None:
    """ETH becomes WETH and back, and only gas is lost."""
    positions = wallet()
    run(WrapEther(id="w", amount=3), positions)
    assert positions["wallet:balance:WETH"] == 5
    run(UnwrapEther(id="u", amount=MAX), positions)
    assert positions["wallet:balance:WETH"] == 0
    assert positions["wallet:balance:ETH"] == 12 - Decimal("0.00045") - Decimal("0.00036")


def test_an_approval_sets_the_allowance() -> None:
    """Not adds to it."""
    positions = wallet()
    positions["wallet:allowance:aave/WETH"] = Decimal(7)
    run(Approve(id="a", asset="WETH", amount=5, spender="aave"), positions)
    assert positions["wallet:allowance:aave/WETH"] == 5


def test_what_is_not_a_wallets_is_denied() -> None:
    """Staking is another venue's."""
    with pytest.raises(Denied, match="does not know Stake"):
        run(Stake(id="s", amount=1), wallet())
