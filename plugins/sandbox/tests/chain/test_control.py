"""The chain's clock, blocks and balances move as the control says, and nothing else does."""

from __future__ import annotations

import pytest

from basis_venues_sandbox.chain import Addresses, ChainControl, running_chain, wallet_address
from basis_venues_sandbox.chain.deploy import Sender

pytestmark = pytest.mark.slow

ETHER, DOLLAR = 10**18, 10**6
HOUR = 3_600_000
PLAN_START = 1_704_153_600_000


def test_the_wallet_of_the_sandbox_profile_is_funded(control: ChainControl) -> None:
    """The address of the throwaway key has ether and both dollars."""
    wallet = control.addresses.wallet
    assert wallet == wallet_address()
    assert [control.balance(each, wallet) for each in ("ETH", "USDC", "USDT")] == [1000 * ETHER, 10**6 * DOLLAR, 10**6 * DOLLAR]


def test_the_clock_goes_where_it_is_set_and_on_from_there(control: ChainControl) -> None:
    """Later times are taken, earlier ones ignored; the next block is seconds after the time that was set."""
    start = control.now() + HOUR
    control.set_time(start)
    assert control.now() == start
    control.set_time(start - HOUR)
    assert control.now() == start
    control.advance(24 * HOUR)
    assert control.now() == start + 24 * HOUR
    control.mine()
    assert 0 <= control.now() - start - 24 * HOUR <= 10_000


def test_a_chain_can_start_at_a_plans_time(tmp_path: object) -> None:
    """The first block after the start has the plan's time, and two chains run side by side."""
    with running_chain(since=PLAN_START) as chain:
        chain.control.mine()
        assert 0 <= chain.control.now() - PLAN_START <= 10_000
        process = chain.anvil.process
    assert process.poll() is not None


def test_every_asset_can_be_given(control: ChainControl) -> None:
    """What arrives is what was given; stETH may round by a wei."""
    someone = "0x" + "12" * 20
    for asset, amount in (("ETH", ETHER), ("WETH", ETHER), ("wstETH", ETHER), ("USDC", DOLLAR), ("USDT", DOLLAR)):
        control.give(asset, someone, amount)
        assert control.balance(asset, someone) == amount
    control.give("stETH", someone, ETHER)
    assert control.balance("stETH", someone) in (ETHER, ETHER - 1)


def test_a_payment_is_a_transaction_like_any_other(control: ChainControl) -> None:
    """Its hash has a receipt: an exchange's withdrawal can be followed."""
    someone = "0x" + "34" * 20
    for asset, amount in (("ETH", ETHER), ("USDT", DOLLAR)):
        assert control.rpc.call("eth_getTransactionReceipt", control.pay(asset, someone, amount))["status"] == "0x1"
        assert control.balance(asset, someone) == amount


def test_a_reorg_takes_a_transaction_back(control: ChainControl, user: Sender) -> None:
    """One block deep, with nothing put in its place."""
    receipt = user.pay(control.addresses.owner, 5)
    control.reorg(1)
    assert control.rpc.call("eth_getTransactionReceipt", receipt["transactionHash"]) is None


def test_multicall_is_where_it_is_everywhere(control: ChainControl, at: Addresses) -> None:
    """One call reads two balances and the block's number at one state."""
    from eth_abi.abi import decode

    from basis_venues_sandbox.chain.abi import calldata

    calls = [
        (at.tokens["USDC"], True, bytes.fromhex(calldata("balanceOf(address)", at.wallet)[2:])),
        (at.multicall, True, bytes.fromhex(calldata("getEthBalance(address)", at.wallet)[2:])),
        (at.tokens["USDC"], True, bytes.fromhex(calldata("noSuchThing()")[2:])),
    ]
    aggregate = "aggregate3((address,bool,bytes)[])((bool,bytes)[])"
    dollars, ether, failed = control.owner.read(at.multicall, aggregate, calls)
    assert decode(["uint256"], dollars[1]) == (10**6 * DOLLAR,)
    assert decode(["uint256"], ether[1]) == (1000 * ETHER,)
    assert not failed[0]


def test_the_addresses_are_those_that_the_protocols_name_themselves(control: ChainControl, at: Addresses) -> None:
    """Aave's from its provider, the connectors from their registry, the pools from their factory."""
    read = control.owner.read
    named = {
        "getPool()(address)": at.aave.pool,
        "getPriceOracle()(address)": at.aave.oracle,
        "getPoolDataProvider()(address)": at.aave.data_provider,
        "getPoolConfigurator()(address)": at.aave.configurator,
    }
    for view, address in named.items():
        assert read(at.aave.provider, view) == address.lower()
    known, found = read(at.instadapp.connectors, "isConnectors(string[])(bool,address[])", list(at.instadapp.by_name))
    assert known
    assert list(found) == [each.lower() for each in at.instadapp.by_name.values()]
    assert read(at.aave.pool, "POOL_REVISION()(uint256)") == 10
