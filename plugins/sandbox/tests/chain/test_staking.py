"""The stand-in for Lido keeps the rules and the quirks of the reference."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from basis_venues_sandbox.chain import Addresses, ChainControl, wallet_key
from basis_venues_sandbox.chain.deploy import Sender

pytestmark = pytest.mark.slow

ETHER, MAX = 10**18, 2**256 - 1
NOBODY = "0x" + "00" * 20
REQUEST = "requestWithdrawals(uint256[],address)"
Refusal = Callable[..., str]


@pytest.fixture
def staked(user: Sender, at: Addresses) -> Sender:
    """The user with a hundred ether staked and the queue approved."""
    user.send(at.lido.steth, "submit(address)", NOBODY, value=100 * ETHER)
    user.send(at.lido.steth, "approve(address,uint256)", at.lido.queue, MAX)
    return user


def request(user: Sender, at: Addresses, *amounts: int) -> None:
    user.send(at.lido.queue, REQUEST, list(amounts), NOBODY)


def queue(user: Sender, at: Addresses, view: str, *args: Any) -> Any:
    return user.read(at.lido.queue, view, *args)


def test_staking_gives_shares_at_the_pools_rate(user: Sender, control: ChainControl, at: Addresses) -> None:
    """Shares are ether times all shares over all ether, rounded down, and tell of it in three logs in order."""
    pooled = user.read(at.lido.steth, "getTotalPooledEther()(uint256)")
    shares = user.read(at.lido.steth, "getTotalShares()(uint256)")
    receipt = user.send(at.lido.steth, "submit(address)", NOBODY, value=7 * ETHER)
    assert user.read(at.lido.steth, "sharesOf(address)(uint256)", user.address) == 7 * ETHER * shares // pooled
    assert len(receipt["logs"]) == 3
    assert control.balance("stETH", user.address) in (7 * ETHER - 1, 7 * ETHER)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(amount=st.integers(min_value=2, max_value=50 * ETHER))
def test_wrapping_and_unwrapping_lose_at_most_two_wei(amount: int, staked: Sender, control: ChainControl, at: Addresses) -> None:
    """Each step rounds down once; the wrapped amount is the share count."""
    before = control.snapshot()
    staked.send(at.lido.steth, "approve(address,uint256)", at.lido.wsteth, MAX)
    stood = control.balance("stETH", staked.address)
    expected = staked.read(at.lido.wsteth, "getWstETHByStETH(uint256)(uint256)", amount)
    staked.send(at.lido.wsteth, "wrap(uint256)", amount)
    assert control.balance("wstETH", staked.address) == expected
    if expected:
        staked.send(at.lido.wsteth, "unwrap(uint256)", expected)
    assert 0 <= stood - control.balance("stETH", staked.address) <= 2
    control.revert(before)


def test_ether_sent_to_the_wrapper_is_staked_and_wrapped(user: Sender, control: ChainControl, at: Addresses) -> None:
    """One plain transfer does both."""
    user.pay(at.lido.wsteth, ETHER)
    assert control.balance("wstETH", user.address) == user.read(at.lido.steth, "getSharesByPooledEth(uint256)(uint256)", ETHER)


def test_a_report_changes_balances_without_a_transfer(staked: Sender, control: ChainControl, at: Addresses) -> None:
    """The holder's balance grows by nine tenths of the pool's growth; the tenth is minted to operators and treasury."""
    pooled = staked.read(at.lido.steth, "getTotalPooledEther()(uint256)")
    before = control.balance("stETH", staked.address)
    control.lido.report(reward=pooled // 100)
    grown = Decimal(control.balance("stETH", staked.address)) / before
    assert abs(grown - Decimal("1.009")) < Decimal("1e-12")


def test_a_rebase_goes_to_the_rate_that_was_asked_for(control: ChainControl) -> None:
    """Upwards through a reward, downwards through a penalty."""
    for rate in (Decimal("1.2"), Decimal("1.15")):
        control.lido.rebase_to(rate)
        assert abs(Decimal(control.lido.rate()) / 10**27 - rate) < Decimal("1e-15")


def test_the_price_of_the_wrapper_follows_a_rebase(control: ChainControl) -> None:
    """Ether's price times the rate."""
    control.lido.rebase_to(Decimal("1.2"))
    assert abs(control.market.price("wstETH") - 3000) < Decimal("0.000001")


def test_a_request_is_paid_after_its_finalization(staked: Sender, control: ChainControl, at: Addresses) -> None:
    """Requested, finalized at the present rate, claimed: ten ether to the wei or one less."""
    request(staked, at, 10 * ETHER)
    (number,) = queue(staked, at, "getWithdrawalRequests(address)(uint256[])", staked.address)
    assert queue(staked, at, "getClaimableEther(uint256[],uint256[])(uint256[])", [number], [0]) == (0,)
    control.lido.finalize()
    before = control.balance("ETH", staked.address)
    receipt = staked.send(at.lido.queue, "claimWithdrawal(uint256)", number)
    spent = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert control.balance("ETH", staked.address) - before + spent in (10 * ETHER, 10 * ETHER - 1)


def test_a_loss_is_borne_and_a_gain_is_not_earned(staked: Sender, control: ChainControl, at: Addresses) -> None:
    """At 97 percent of the rate the claim pays 97 percent; after a reward it pays what was asked for."""
    claimable = "getClaimableEther(uint256[],uint256[])(uint256[])"
    request(staked, at, 10 * ETHER)
    control.lido.finalize(discount=Decimal("0.97"))
    assert abs(queue(staked, at, claimable, [1], [1])[0] - 97 * ETHER // 10) <= 10
    request(staked, at, 10 * ETHER)
    control.lido.report(reward=50 * ETHER)
    control.lido.finalize()
    assert queue(staked, at, claimable, [2], [2])[0] == 10 * ETHER


def test_hints_for_two_unfinalized_requests_revert_and_for_one_are_zero(staked: Sender, at: Addresses, refusal: Refusal) -> None:
    """The quirk of the real queue: filter before asking."""
    request(staked, at, ETHER, ETHER)
    find = "findCheckpointHints(uint256[],uint256,uint256)"
    assert queue(staked, at, find + "(uint256[])", [1], 1, 0) == (0,)
    assert refusal(staked, at.lido.queue, find, [1, 2], 1, 0) == "0x71894257"


def test_open_requests_are_in_no_order_after_a_claim(staked: Sender, control: ChainControl, at: Addresses) -> None:
    """The last one takes the place of the one that left."""
    request(staked, at, ETHER, ETHER, ETHER)
    control.lido.finalize(last_id=1)
    staked.send(at.lido.queue, "claimWithdrawal(uint256)", 1)
    assert queue(staked, at, "getWithdrawalRequests(address)(uint256[])", staked.address) == (3, 2)


def test_the_owner_at_claim_time_is_paid(staked: Sender, control: ChainControl, at: Addresses, refusal: Refusal) -> None:
    """A request is a token that can be given away, by whoever may."""
    request(staked, at, ETHER)
    whale = control.whale
    transfer = "transferFrom(address,address,uint256)"
    assert refusal(whale, at.lido.queue, transfer, staked.address, whale.address, 1) == "0xaee697e7"
    staked.send(at.lido.queue, "approve(address,uint256)", whale.address, 1)
    whale.send(at.lido.queue, transfer, staked.address, whale.address, 1)
    assert queue(staked, at, "ownerOf(uint256)(address)", 1) == whale.address.lower()
    control.lido.finalize()
    assert refusal(staked, at.lido.queue, "claimWithdrawal(uint256)", 1) == "0x23295f0e"
    whale.send(at.lido.queue, "claimWithdrawals(uint256[],uint256[])", [1], [1])
    assert refusal(whale, at.lido.queue, "claimWithdrawals(uint256[],uint256[])", [1], [1]) == "0xf0e0cc2d"


def test_a_smart_account_can_hold_a_request(staked: Sender, account: Any, at: Addresses) -> None:
    """It says that it takes such tokens, and the wrapper's contract does not."""
    request(staked, at, ETHER)
    safe = "safeTransferFrom(address,address,uint256)"
    staked.send(at.lido.queue, safe, staked.address, account.address, 1)
    assert queue(staked, at, "balanceOf(address)(uint256)", account.address) == 1


@pytest.mark.parametrize(
    ("amounts", "selector"), [((99,), "0xb89b87c8"), ((1000 * ETHER + 1,), "0x8ebfb78d")], ids=["too small", "too large"]
)
def test_a_request_outside_the_bounds_is_refused(
    amounts: tuple[int, ...], selector: str, staked: Sender, at: Addresses, refusal: Refusal
) -> None:
    """From 100 wei to 1000 ether."""
    assert refusal(staked, at.lido.queue, REQUEST, list(amounts), NOBODY) == selector


def test_every_switch_has_its_refusal(staked: Sender, control: ChainControl, at: Addresses, refusal: Refusal) -> None:
    """Staking paused, over the limit, transfers stopped, the queue paused, which still pays."""
    submit = "submit(address)"
    assert refusal(staked, at.lido.steth, submit, NOBODY) == "ZERO_DEPOSIT"
    request(staked, at, ETHER)
    control.lido.finalize()
    control.lido.stake_limit(10 * ETHER, ETHER)
    assert refusal(staked, at.lido.steth, submit, NOBODY, value=11 * ETHER) == "STAKE_LIMIT"
    control.lido.pause_staking()
    assert staked.read(at.lido.steth, "getCurrentStakeLimit()(uint256)") == 0
    assert refusal(staked, at.lido.steth, submit, NOBODY, value=ETHER) == "STAKING_PAUSED"
    control.lido.stop()
    assert refusal(staked, at.lido.steth, "transfer(address,uint256)", at.owner, 1) == "CONTRACT_IS_STOPPED"
    control.lido.stop(False)
    control.lido.pause_queue()
    assert refusal(staked, at.lido.queue, REQUEST, [ETHER], NOBODY) == "0x14378398"
    staked.send(at.lido.queue, "claimWithdrawal(uint256)", 1)


def test_the_stake_limit_refills_by_the_block(staked: Sender, control: ChainControl, at: Addresses) -> None:
    """Each stake lowers it, each block gives one ether back, up to the maximum."""
    control.lido.stake_limit(10 * ETHER, ETHER)
    staked.send(at.lido.steth, "submit(address)", NOBODY, value=6 * ETHER)
    limit = "getCurrentStakeLimit()(uint256)"
    assert staked.read(at.lido.steth, limit) == 4 * ETHER
    control.mine(3)
    assert staked.read(at.lido.steth, limit) == 7 * ETHER
    control.mine(30)
    assert staked.read(at.lido.steth, limit) == 10 * ETHER
    full = "getStakeLimitFullInfo()(bool,bool,uint256,uint256,uint256,uint256,uint256)"
    assert staked.read(at.lido.steth, full)[:6] == (False, True, 10 * ETHER, 10 * ETHER, 10, 4 * ETHER)


def test_shares_can_be_moved_exactly_by_their_owner_and_by_a_delegate(staked: Sender, control: ChainControl, at: Addresses) -> None:
    """Transfers by shares lose nothing to rounding; a delegate spends an allowance of what they are worth."""
    shares_of = "sharesOf(address)(uint256)"
    whale = control.whale
    held = staked.read(at.lido.steth, shares_of, whale.address)
    staked.send(at.lido.steth, "transferShares(address,uint256)", whale.address, 1_000_003)
    staked.send(at.lido.steth, "approve(address,uint256)", whale.address, ETHER)
    whale.send(at.lido.steth, "transferSharesFrom(address,address,uint256)", staked.address, whale.address, 1_000_003)
    assert staked.read(at.lido.steth, shares_of, whale.address) - held == 2_000_006
    assert staked.read(at.lido.steth, "allowance(address,address)(uint256)", staked.address, whale.address) < ETHER


@pytest.mark.parametrize("token", ["steth", "wsteth"])
def test_a_signed_approval_counts_once(token: str, user: Sender, control: ChainControl, at: Addresses, refusal: Refusal) -> None:
    """EIP-2612, signed with an independent library."""
    account = pytest.importorskip("eth_account").Account
    contract = getattr(at.lido, token)
    name, version = ("Liquid staked Ether 2.0", "2") if token == "steth" else ("Wrapped liquid staked Ether 2.0", "1")
    content = {"owner": user.address, "spender": at.owner, "value": 5, "nonce": 0, "deadline": 2**40}
    fields = [("owner", "address"), ("spender", "address"), ("value", "uint256"), ("nonce", "uint256"), ("deadline", "uint256")]
    signed = account.sign_typed_data(
        wallet_key(),
        {"name": name, "version": version, "chainId": 31337, "verifyingContract": contract},
        {"Permit": [{"name": each, "type": kind} for each, kind in fields]},
        content,
    )
    permit = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
    args = (user.address, at.owner, 5, 2**40, signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))
    control.whale.send(contract, permit, *args)
    assert user.read(contract, "allowance(address,address)(uint256)", user.address, at.owner) == 5
    assert "INVALID" in refusal(control.whale, contract, permit, *args).upper()


def test_old_allowances_of_the_wrapper_are_lowered_even_when_unlimited(user: Sender, control: ChainControl, at: Addresses) -> None:
    """wstETH is an old ERC-20; stETH leaves an unlimited allowance alone."""
    control.give("wstETH", user.address, ETHER)
    user.send(at.lido.wsteth, "approve(address,uint256)", at.whale, MAX)
    control.whale.send(at.lido.wsteth, "transferFrom(address,address,uint256)", user.address, at.whale, 5)
    assert user.read(at.lido.wsteth, "allowance(address,address)(uint256)", user.address, at.whale) == MAX - 5


def test_the_locator_names_the_parts(user: Sender, at: Addresses) -> None:
    """An adapter resolves token, wrapper and queue from it."""
    assert user.read(at.lido.steth, "getLidoLocator()(address)") == at.lido.locator.lower()
    found = [user.read(at.lido.locator, f"{part}()(address)") for part in ("lido", "wstETH", "withdrawalQueue")]
    assert found == [at.lido.steth.lower(), at.lido.wsteth.lower(), at.lido.queue.lower()]
