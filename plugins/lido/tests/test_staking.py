"""Staking, wrapping and the withdrawal queue."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basis_venues.actions import MAX, Action, Borrow, ClaimUnstake, RequestUnstake, Stake, Unwrap, Wrap
from basis_venues.errors import Denied
from basis_venues.orders import Order, Ref, Step
from basis_venues.positions import Positions
from basis_venues_evm.testing import FixedMarket, Outcome, carry_out, changed, context, load_settings
from basis_venues_lido.model import LidoModel
from basis_venues_lido.queue import divide, free_ids, wrapped_bounds
from basis_venues_lido.settings import LidoSettings

NOW = 1_700_000_000_000
THREE_DAYS = 259_200_000
WEI = Decimal("1E-18")


def model(**own: Any) -> LidoModel:
    """Lido as its plugin configures it."""
    return LidoModel(context("lido", load_settings(LidoSettings, "basis_venues_lido", **own)))


def market(rate: str = "1.25", now: int = NOW) -> FixedMarket:
    """A share rate, and gas at 10 gwei."""
    return FixedMarket({"ethereum:gas_price:gwei": "10", "lido:share_rate:wstETH": rate}, now)


def wallet(**balances: str) -> Positions:
    """A wallet with 100 ETH and more."""
    return Positions({f"wallet:balance:{asset}": Decimal(amount) for asset, amount in {"ETH": "100", **balances}.items()})


def run(action: Action, positions: Positions, at: FixedMarket | None = None, account: str = "wallet", **own: Any) -> Outcome:
    """Carry the action out."""
    return carry_out({"lido": model(**own)}, "lido", action, positions, at or market(), account=account)


def claims(positions: Positions) -> dict[str, Decimal]:
    """Open requests by id."""
    return {key.rpartition("/")[2]: amount for key, amount in positions.items() if ":claim:" in key and amount}


def test_a_stake_gives_shares() -> None:
    """10 ETH at 1.25 are 8 shares; 90,000 gas at 10 gwei."""
    positions = wallet()
    run(Stake(id="s", amount=10), positions)
    assert positions["wallet:balance:stETH"] == 8
    assert positions["wallet:balance:ETH"] == 90 - Decimal("0.0009")


@given(amount=st.integers(1, 10**23), rate=st.decimals("1", "2", places=16))
@settings(max_examples=60)
def test_shares_are_rounded_down_to_the_wei(amount: int, rate: Decimal) -> None:
    """The exact quotient, cut off: shares = eth x totalShares // pooled."""
    positions = wallet(ETH="200000")
    run(Stake(id="s", amount=amount * WEI), positions, market(str(rate)))
    assert Fraction(positions["wallet:balance:stETH"]) == Fraction(floor(amount / Fraction(rate)), 10**18)


def test_wrapping_takes_an_amount_of_steth_and_gives_as_many_shares() -> None:
    """5 stETH at 1.25 are 4 wstETH; the wrapper's leave is exact and used up."""
    positions = wallet(stETH="8")
    outcome = run(Wrap(id="w", amount=5), positions)
    assert [type(step.actions[0]).__name__ for step in outcome.steps] == ["Approve", "Wrap"]
    assert (positions["wallet:balance:stETH"], positions["wallet:balance:wstETH"]) == (4, 4)
    assert positions["wallet:allowance:lido/stETH"] == 0


@given(shares=st.integers(2, 10**23), rate=st.decimals("1", "2", places=16))
@settings(max_examples=60)
def test_wrapping_everything_and_back_loses_at_most_two_wei(shares: int, rate: Decimal) -> None:
    """Shares are conserved by wrapping; going through an amount of stETH costs a share at each step at most."""
    positions = wallet(stETH=str(shares * WEI))
    run(Wrap(id="w", amount=MAX), positions, market(str(rate)))
    assert positions["wallet:balance:stETH"] + positions["wallet:balance:wstETH"] == shares * WEI
    assert positions["wallet:balance:stETH"] <= WEI
    run(Unwrap(id="u", amount=MAX), positions, market(str(rate)))
    assert positions["wallet:balance:wstETH"] == 0
    assert 0 <= shares * WEI - positions["wallet:balance:stETH"] <= 2 * WEI


def test_a_request_opens_a_claim_on_its_nominal_ether() -> None:
    """The request's id is its time; the claim counts ETH, not shares."""
    positions = wallet(stETH="8")
    outcome = run(RequestUnstake(id="r", asset="stETH", amount=5), positions)
    assert [type(step.actions[0]).__name__ for step in outcome.steps] == ["Approve", "RequestUnstake"]
    assert positions["wallet:allowance:lido/queue/stETH"] == 0
    assert positions["wallet:balance:stETH"] == 4
    assert claims(positions) == {str(NOW): Decimal(5)}


def test_wrapped_shares_are_requested_at_their_worth() -> None:
    """4 wstETH at 1.25 are a claim on 5 ETH."""
    positions = wallet(wstETH="4")
    run(RequestUnstake(id="r", asset="wstETH", amount=MAX), positions)
    assert positions["wallet:balance:wstETH"] == 0
    assert claims(positions) == {str(NOW): Decimal(5)}


# 1000 ETH are 800 wstETH at 1.25, of which a thousandth is left free: 799.2 are 999 ETH, and 2000 - 2 x 799.2 = 401.6 are 502
@pytest.mark.parametrize(("asset", "parts"), [("stETH", (1000, 1000, 500)), ("wstETH", (999, 999, 502))])
def test_a_large_withdrawal_is_one_transaction_with_several_requests(asset: str, parts: tuple[int, ...]) -> None:
    """2500 ETH are three requests of at most 1000 each, with ids that count on; of wstETH a little less, as its worth grows."""
    positions = wallet(**{asset: "2000"})
    outcome = run(RequestUnstake(id="r", asset=asset, amount=MAX), positions)
    assert len(outcome.steps) == 2
    assert claims(positions) == {str(NOW + place): Decimal(part) for place, part in enumerate(parts)}


def test_each_request_of_a_withdrawal_costs_its_gas() -> None:
    """At 10 gwei: 21,000 and three times 239,000 to ask for 2500 ETH, 21,000 and three times 74,000 to collect them."""
    positions = wallet(stETH="2000")
    asked = run(RequestUnstake(id="r", asset="stETH", amount=MAX), positions)
    assert [effect.lines[0][1] for effect in asked.effects if effect.kind == "gas"][-1] == Decimal("-0.00738")
    collected = run(ClaimUnstake(id="c"), positions, market("1.25", NOW + THREE_DAYS + 2))
    assert [effect.lines[0][1] for effect in collected.effects if effect.kind == "gas"] == [Decimal("-0.00243")]


def test_the_parts_of_a_withdrawal_of_wrapped_shares_stay_under_the_largest_request_after_a_report() -> None:
    """The oracle adds a day's 0.03 % (a tenth of the pool in a year) between quote and block: nothing is over 1000 ETH then."""
    smallest, largest = wrapped_bounds(80, 800 * 10**18)
    assert smallest == 81
    parts = divide(10_000 * 10**18, smallest, largest)
    assert max(parts) * Decimal("1.25") * Decimal("1.0003") < 1000 * 10**18


@pytest.mark.parametrize("action", [Wrap(id="w", amount=3), RequestUnstake(id="r", asset="stETH", amount=3)])
def test_what_the_wallet_does_not_hold_is_not_approved(action: Wrap | RequestUnstake) -> None:
    """2 shares at 1.25 are 2.5 stETH: no approval is sent for 3, which would stay after the refusal; for the whole of them it is."""
    positions = wallet(stETH="2")
    outcome = run(action, positions)
    assert "exceeds balance" in outcome.reverted
    assert len(outcome.steps) == 1
    assert len(run(attrs.evolve(action, amount=Decimal("2.5")), positions).steps) == 2


def test_requests_of_one_moment_have_different_ids() -> None:
    """A second request finds the first id taken."""
    positions = wallet(stETH="8")
    run(RequestUnstake(id="r", asset="stETH", amount=5), positions)
    run(RequestUnstake(id="q", asset="stETH", amount=2), positions)
    assert claims(positions) == {str(NOW): Decimal(5), str(NOW + 1): Decimal(2)}


def test_a_claim_pays_its_nominal_after_the_delay() -> None:
    """A rate that has risen meanwhile earns nothing."""
    positions = wallet(stETH="8")
    run(RequestUnstake(id="r", asset="stETH", amount=5), positions)
    early = run(ClaimUnstake(id="c"), positions, market("1.5", NOW + THREE_DAYS - 1))
    assert early.reverted == "RequestNotFoundOrNotFinalized"
    before = positions["wallet:balance:ETH"]
    run(ClaimUnstake(id="d"), positions, market("1.5", NOW + THREE_DAYS))
    assert positions["wallet:balance:ETH"] == before + 5 - Decimal("0.00095")
    assert claims(positions) == {}


def test_all_claims_those_that_are_ready() -> None:
    """One transaction takes every request whose delay is over, and leaves the others."""
    positions = wallet(stETH="8")
    run(RequestUnstake(id="r", asset="stETH", amount=5), positions)
    run(RequestUnstake(id="q", asset="stETH", amount=2), positions, market(now=NOW + 1000))
    run(ClaimUnstake(id="c"), positions, market(now=NOW + THREE_DAYS))
    assert claims(positions) == {str(NOW + 1000): Decimal(2)}
    run(ClaimUnstake(id="d", request=str(NOW + 1000)), positions, market(now=NOW + THREE_DAYS + 1000))
    assert claims(positions) == {}


def test_claims_that_do_not_exist_are_denied() -> None:
    """Neither when nothing is open, nor an id that is not among them."""
    positions = wallet(stETH="8")
    with pytest.raises(Denied, match="no open withdrawal request"):
        run(ClaimUnstake(id="c"), positions)
    run(RequestUnstake(id="r", asset="stETH", amount=5), positions)
    with pytest.raises(Denied, match=f"open are {NOW}"):
        run(ClaimUnstake(id="c", request="4711"), positions)


@pytest.mark.parametrize(
    ("action", "own", "reason"),
    [
        (Stake(id="s", amount=51), {"stake_limit": 50}, "STAKE_LIMIT"),
        (Stake(id="s", amount=1), {"staking_paused": True}, "STAKING_PAUSED"),
        (RequestUnstake(id="r", asset="stETH", amount=1), {"queue_paused": True}, "ResumedExpected"),
        (RequestUnstake(id="r", asset="stETH", amount=11), {}, "exceeds balance"),
        (Wrap(id="w", amount=11), {}, "exceeds balance"),
        (Wrap(id="w", amount=WEI), {}, "can't wrap zero"),
        (Unwrap(id="u", amount=1), {}, "exceeds balance"),
    ],
)
def test_the_contracts_refusals_revert(action: Action, own: dict[str, Any], reason: str) -> None:
    """The step fails with the contract's word for it, and the last transaction costs only gas."""
    positions = wallet(stETH="8")
    outcome = run(action, positions, **own)
    assert reason in outcome.reverted
    assert positions["wallet:balance:stETH"] == 8


def test_requests_under_the_minimum_or_of_other_assets_are_denied() -> None:
    """100 wei are the least; the queue takes stETH and wstETH."""
    with pytest.raises(Denied, match="at least"):
        run(RequestUnstake(id="r", asset="stETH", amount=99 * WEI), wallet(stETH="1"))
    run(RequestUnstake(id="r", asset="stETH", amount=100 * WEI), wallet(stETH="1"))
    with pytest.raises(Denied, match="not ETH"):
        run(RequestUnstake(id="r", asset="ETH", amount=1), wallet())
    with pytest.raises(Denied, match="does not know Borrow"):
        run(Borrow(id="b", asset="WETH", amount=1), wallet())


def test_a_smart_account_stakes_its_own_ether() -> None:
    """As a leg of a bundle; what the wallet holds is not touched."""
    positions, action = wallet(), Stake(amount=10)
    positions["dsa:balance:ETH"] = Decimal(10)
    step = Step("b/instadapp/0", Order("b/instadapp", action, "instadapp", "dsa", "wallet"), (action,))
    (effect,) = model().effects(step, action, positions, market(), Ref("k", NOW))
    assert dict(effect.lines) == {"dsa:balance:ETH": -10, "dsa:balance:stETH": 8}


@pytest.mark.parametrize("action", [Stake(id="a", amount=1), Wrap(id="a", amount=1), Unwrap(id="a", amount=1), ClaimUnstake(id="a")])
def test_an_action_of_a_smart_account_by_itself_is_denied(action: Action) -> None:
    """Its transaction would be the wallet's, and stake what the wallet holds."""
    positions = wallet(stETH="8", wstETH="8")
    positions |= {f"dsa:balance:{asset}": Decimal(8) for asset in ("ETH", "stETH", "wstETH")}
    positions[f"dsa:claim:lido/{NOW - THREE_DAYS}"] = Decimal(3)
    with pytest.raises(Denied, match="acts for wallet, which signs, and not for dsa"):
        run(action, positions, account="dsa")


@pytest.mark.parametrize("action", [Stake(id="a", amount=1), Wrap(id="a", amount=1), Unwrap(id="a", amount=1), ClaimUnstake(id="a")])
def test_every_position_that_an_action_changes_was_touched(action: Action) -> None:
    """All but the claims that a request opens, whose names are given by the queue."""
    positions = wallet(stETH="8", wstETH="8")
    positions[f"wallet:claim:lido/{NOW - THREE_DAYS}"] = Decimal(3)
    touched = model().touches(Order("a/lido", action, "lido", "wallet", "wallet"), positions)
    assert changed(run(action, positions).effects) <= set(touched)


@given(amount=st.integers(100, 10**23), largest=st.integers(1000, 10**21))
def test_a_divided_withdrawal_is_whole_and_within_bounds(amount: int, largest: int) -> None:
    """The parts add up, none is over the largest, none under the smallest, and there are as few as possible."""
    if amount // largest > 1000:
        largest = amount // 1000 + 1000
    parts = divide(amount, 100, largest)
    assert sum(parts) == amount
    assert all(100 <= part <= largest for part in parts)
    assert len(parts) == -(-amount // largest)


def test_ids_skip_those_that_are_taken() -> None:
    """Counting goes on past them."""
    assert list(free_ids(["5", "7"], 5, 3)) == ["6", "8", "9"]


def test_a_rate_of_nothing_is_refused() -> None:
    """A zero in the data is no share rate."""
    with pytest.raises(Denied, match="check the data"):
        run(Wrap(id="w", amount=MAX), wallet(stETH="1"), market("0"))
