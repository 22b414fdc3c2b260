"""Every action of the on-chain venues, through the real manager, verified against what the contracts themselves report."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from modes import SINK

from basis_venues.actions import (
    Approve,
    Borrow,
    ClaimUnstake,
    Repay,
    RequestUnstake,
    SetCollateral,
    SetEMode,
    Stake,
    Supply,
    Transfer,
    Unwrap,
    UnwrapEther,
    Withdraw,
    Wrap,
    WrapEther,
)
from basis_venues_evm.live import Method


def test_ether_and_tokens_go_to_a_listed_address(play: Any, soon: int) -> None:
    """Both arrive whole, and the wallet is short of them and of the gas, no more."""

    async def course(run: Any) -> None:
        sink = {asset: run.control.balance(asset, SINK) for asset in ("ETH", "USDT")}
        common = {"source": "wallet", "address": SINK, "valid_until": soon}
        ether, tether = await run.good(
            Transfer(id="a", asset="ETH", amount="1.5", **common), Transfer(id="b", asset="USDT", amount="2", **common)
        )
        assert run.control.balance("ETH", SINK) - sink["ETH"] == 1_500_000_000_000_000_000
        assert run.control.balance("USDT", SINK) - sink["USDT"] == 2_000_000
        assert -ether.deltas["wallet:balance:ETH"] - Decimal("1.5") < Decimal("0.001")
        assert tether.deltas["wallet:balance:USDT"] == -2
        await run.judge(mined=2)

    play(course)


def test_ether_is_wrapped_and_unwrapped(play: Any, soon: int) -> None:
    """One to one, and the gas is an effect of its own."""

    async def course(run: Any) -> None:
        wrapped, unwrapped = await run.good(
            WrapEther(id="a", amount="3", valid_until=soon), UnwrapEther(id="b", amount="1", valid_until=soon)
        )
        kinds = {effect.kind for leg in wrapped.legs for effect in leg.effects}
        assert kinds == {"gas", "transfer", "swap"}
        assert wrapped.deltas["wallet:balance:WETH"] == 3
        assert unwrapped.deltas["wallet:balance:WETH"] == -1
        await run.judge(mined=2)

    play(course)


def test_lending_agrees_with_the_contracts(play: Any, soon: int) -> None:
    """Supply, borrow, repay in part and whole, withdraw in part and whole, over months of interest: scaled amounts agree to the unit."""

    async def course(run: Any) -> None:
        await run.good(
            WrapEther(id="w", amount="20", valid_until=soon),
            Supply(id="s1", asset="USDT", amount="1000.123456", valid_until=soon),
            Supply(id="s2", asset="WETH", amount="10", valid_until=soon),
            Borrow(id="b1", asset="USDC", amount="5000.000001", valid_until=soon),
        )
        run.pass_time(90 * 86_400_000)
        await run.good(
            Supply(id="s3", asset="WETH", amount="1.000000000000000001", valid_until=soon),
            Borrow(id="b2", asset="USDC", amount="17", valid_until=soon),
            Repay(id="r1", asset="USDC", amount="1234.5", valid_until=soon),
            Withdraw(id="d1", asset="WETH", amount="0.123456789", valid_until=soon),
        )
        run.pass_time(30 * 86_400_000)
        await run.judge()
        (repaid,) = await run.good(Repay(id="r2", asset="USDC", amount="max", valid_until=soon))
        assert -repaid.deltas["wallet:balance:USDC"] > Decimal("3782.5")  # with interest
        await run.good(
            Withdraw(id="d2", asset="WETH", amount="max", valid_until=soon), Withdraw(id="d3", asset="USDT", amount="max", valid_until=soon)
        )
        held = await run.manager.positions()
        assert not [key for key in held if ":supplied:" in key or ":borrowed:" in key or ":collateral/" in key]
        await run.judge()

    play(course)


def test_settings_of_the_market_are_positions(play: Any, soon: int) -> None:
    """The efficiency mode and the collateral flag are set, seen, and taken back."""

    async def course(run: Any) -> None:
        await run.good(
            WrapEther(id="w", amount="2", valid_until=soon),
            Supply(id="s", asset="WETH", amount="2", valid_until=soon),
            SetEMode(id="e1", category=1, valid_until=soon),
            SetCollateral(id="c1", asset="WETH", enabled=False, valid_until=soon),
        )
        held = await run.manager.positions()
        assert held["wallet:setting:aave/emode"] == 1
        assert "wallet:setting:aave/collateral/WETH" not in held
        await run.good(
            SetCollateral(id="c2", asset="WETH", enabled=True, valid_until=soon), SetEMode(id="e2", category=0, valid_until=soon)
        )
        await run.judge()

    play(course)


def test_staking_from_ether_to_ether(play: Any, soon: int) -> None:
    """Stake, wrap, unwrap, a rebase that moves no position, requests, finalization at a discount, and the claim."""

    async def course(run: Any) -> None:
        await run.good(Stake(id="s", amount="30", valid_until=soon), Wrap(id="w", amount="20", valid_until=soon))
        before = await run.manager.positions()
        run.control.lido.report(reward=10**18)
        assert await run.manager.positions() == before
        await run.good(
            Unwrap(id="u", amount="1.5", valid_until=soon),
            RequestUnstake(id="r1", asset="wstETH", amount="4", valid_until=soon),
            RequestUnstake(id="r2", asset="stETH", amount="3", valid_until=soon),
        )
        refused = await run.do(ClaimUnstake(id="c0", valid_until=soon))
        assert refused.state == "DENIED"
        assert "finalised yet" in refused.legs[0].reason
        claims = {key: amount for key, amount in run.manager.obligations().items() if amount}
        assert len(claims) == 2
        stranger, at = run.control.whale, run.control.addresses  # anybody may make a request in the wallet's name
        run.control.give("stETH", stranger.address, 10**18)
        stranger.send(at.lido.steth, "approve(address,uint256)", at.lido.queue, 10**18)
        stranger.send(at.lido.queue, "requestWithdrawals(uint256[],address)", [1000], at.wallet)
        run.control.lido.finalize(discount=Decimal("0.97"))
        (claimed,) = await run.good(ClaimUnstake(id="c1", valid_until=soon))
        assert not any(run.manager.obligations().values())
        paid = claimed.deltas["wallet:balance:ETH"]
        assert Decimal("0.96") * sum(claims.values()) < paid < Decimal("0.98") * sum(claims.values())
        await run.judge()

    play(course)


def test_a_large_withdrawal_is_split_into_requests(play: Any, soon: int) -> None:
    """One transaction, as many claims as the queue's largest request makes necessary."""

    async def course(run: Any) -> None:
        await run.good(Stake(id="s", amount="50", valid_until=soon))
        (asked,) = await run.good(RequestUnstake(id="r", asset="stETH", amount="45", valid_until=soon))
        claims = {key: amount for key, amount in asked.deltas.items() if ":claim:" in key}
        assert sorted(claims.values()) == [Decimal(5), Decimal(20), Decimal(20)]
        await run.judge()

    play(course, lido={"maximum_request": 20})


def test_a_reset_token_is_approved_in_two_steps(play: Any, soon: int) -> None:
    """Tether refuses to change an allowance: what is left of an earlier one is taken back first."""

    async def course(run: Any) -> None:
        await run.good(Approve(id="a", asset="USDT", amount="5", spender="aave", valid_until=soon))
        (supplied,) = await run.good(Supply(id="s", asset="USDT", amount="100", valid_until=soon))
        assert len(supplied.legs[0].steps) == 3
        assert supplied.deltas["wallet:allowance:aave/USDT"] == -5
        await run.judge(mined=4)

    play(course)


@pytest.mark.parametrize("asset", ["WETH", "USDC"])
@pytest.mark.parametrize("units", [2**255, 2**256 - 1])
def test_an_allowance_for_ever_that_was_given_elsewhere_stays_one(play: Any, control: Any, soon: int, asset: str, units: int) -> None:
    """Whether the token lowers it or not: what is pulled under it is verified, and so is a small one in its place."""
    wallet, token = control.addresses.wallet, control.addresses.tokens[asset]
    control.rpc.call("anvil_impersonateAccount", wallet)
    given = Method("approve(address,uint256)")(control.addresses.aave.pool, units)
    control.rpc.call("eth_sendTransaction", {"from": wallet, "to": token, "data": given})
    control.give(asset, wallet, 10**18 if asset == "WETH" else 10**6)

    async def course(run: Any) -> None:
        (supplied,) = await run.good(Supply(id="s", asset=asset, amount="0.123456", valid_until=soon))
        assert len(supplied.legs[0].steps) == 1
        await run.good(Approve(id="a", asset=asset, amount="0.05", spender="aave", valid_until=soon))
        assert run.manager.state.book[f"wallet:allowance:aave/{asset}"] == Decimal("0.05")
        await run.judge(mined=3)

    play(course)


def test_a_verified_transfer_takes_three_requests(play: Any, soon: int) -> None:
    """Send, look up, verify; what comes on top are fees, the simulation, and the looks at transactions that are not final yet."""

    async def course(run: Any) -> None:
        rpc = run.client("alchemy").chain.rpc
        methods: list[list[str]] = []
        post = rpc._post

        async def counted(endpoint: Any, body: bytes, **options: Any) -> Any:
            members = json.loads(body)
            methods.append([each["method"] for each in (members if isinstance(members, list) else [members])])
            return await post(endpoint, body, **options)

        common = {"source": "wallet", "address": SINK, "valid_until": soon}
        await run.good(Transfer(id="a", asset="USDT", amount="1", **common))
        rpc._post = counted
        await run.good(Transfer(id="b", asset="USDT", amount="2", **common))
        looks = [each for each in methods if "eth_getTransactionReceipt" in each]
        rest = [each for each in methods if each not in looks and "eth_feeHistory" not in each]
        assert len(looks) <= 2  # its own, and the one before it, which is not final
        assert rest == [["eth_sendRawTransaction"], ["eth_call"]]

    play(course)


def test_all_positions_of_a_mode_are_one_request(play: Any, soon: int) -> None:
    """Wallet, lending and staking are asked at the same moment and answer from one block."""

    async def course(run: Any) -> None:
        await run.good(
            WrapEther(id="w", amount="2", valid_until=soon),
            Supply(id="s", asset="WETH", amount="1", valid_until=soon),
            Stake(id="st", amount="1", valid_until=soon),
        )
        rpc, reconciler = run.client("aave").chain.rpc, run.manager.run.loop._reconciler
        keys = tuple(run.manager.state.known)
        assert {"aave", "alchemy"} <= {run.manager._parts.venues.owner(key).name for key in keys}
        before = rpc.requests
        reading = await reconciler.read(keys, 0, next(iter(run.manager._parts.venues)))
        assert rpc.requests == before + 1
        assert not reading.failures
        assert len(set(reading.at.values())) == 1

    play(course)
