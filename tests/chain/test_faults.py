"""The on-chain rows of the fault catalogue: whatever happens to a transaction, it happens once, and the books are what the chain shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from modes import SINK

from basis_venues.actions import Borrow, Stake, Supply, Transfer, WrapEther
from basis_venues.errors import GuardRefused
from basis_venues_evm.live import Call, RpcUnavailable

GWEI = 10**9


def pay(name: str, soon: int, amount: str = "1", asset: str = "ETH") -> Transfer:
    return Transfer(id=name, asset=asset, amount=amount, source="wallet", address=SINK, valid_until=soon)


async def once(run: Any, action: Transfer) -> None:
    """The payment is verified, arrived once, and took one transaction."""
    before, sent = run.control.balance("ETH", SINK), await run.sent()
    await run.good(action)
    assert run.control.balance("ETH", SINK) - before == int(action.amount * 10**18)
    await run.judge(mined=sent + 1)


Condition = Callable[[], bool]


async def until(condition: Condition) -> None:
    """Wait beside a run."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("what the test waits for did not come")


async def meanwhile(run: Any, action: Any, *later: tuple[Condition, Any]) -> Any:
    """Carry the action out; each of `later` is done as soon as its condition holds, one after the other."""
    task = asyncio.create_task(run.do(action))
    for condition, deed in later:
        await until(condition)
        deed()
    return await task


def offered(run: Any, hashes: int = 1) -> Condition:
    """Whether the node knows what is being sent under so many hashes, the latest one included."""

    def known() -> bool:
        told = [record.sending.prepared.payload["hashes"] for record in run.manager.state.open.values()]
        return bool(told) and len(told[0]) >= hashes and run.control.rpc.call("eth_getTransactionByHash", told[0][hashes - 1]) is not None

    return known


def used(run: Any) -> Condition:
    """Whether a transaction of the wallet was mined."""
    return lambda: run.control.rpc.call("eth_getTransactionCount", run.control.addresses.wallet, "latest") != "0x0"


def looked(run: Any, times: int) -> Condition:
    """Whether receipts were asked for so often since the first question."""
    asked: list[int] = []

    def enough() -> bool:
        asked.append(run.control.counts().calls.get("eth_getTransactionReceipt", 0))
        return asked[-1] - asked[0] >= times

    return enough


@pytest.mark.parametrize("verb", ["accept_then_timeout", "accept_then_status", "accept_then_reset"])
def test_e1_an_accepted_transaction_whose_answer_is_lost_is_found(play: Any, soon: int, verb: str) -> None:
    """The outcome is unknown, its hash is looked up, and it is executed once."""

    async def course(run: Any) -> None:
        run.control.fault(verb, 503 if verb == "accept_then_status" else 1)
        await once(run, pay("a", soon))

    play(course)


@pytest.mark.parametrize("client", ["geth", "anvil", "besu", "nethermind"])
def test_e2_bytes_that_a_node_knows_already_are_a_success(play: Any, soon: int, client: str) -> None:
    """In the words of each client: sent a second time, they are accepted."""

    async def course(run: Any) -> None:
        run.control.automine(False)
        run.control.fault("wording", client)
        task = asyncio.create_task(run.do(pay("a", soon)))
        await until(offered(run))
        (record,) = run.manager.state.open.values()
        again = await run.client("alchemy").send(record.sending.prepared)
        assert again.state.value == "ACCEPTED"
        run.control.automine(True)
        run.control.mine()
        (await task).raise_unless_verified()
        await run.judge(mined=1)

    play(course)


@pytest.mark.parametrize("client", ["geth", "anvil", "besu", "nethermind"])
def test_e3_a_nonce_that_is_too_low_because_it_was_mined_is_a_success(play: Any, soon: int, client: str) -> None:
    """The receipts of all its hashes are asked for before the node's words are believed."""

    async def course(run: Any) -> None:
        run.control.fault("wording", client)
        await run.good(pay("a", soon))
        (record,) = run.manager.state.watched.values()
        again = await run.client("alchemy").send(record.sending.prepared)
        assert again.state.value == "MINED"
        assert again.effects == record.report.effects
        await run.judge(mined=1)

    play(course)


def test_e4_a_foreign_transaction_that_took_the_nonce_ends_ours(play: Any, soon: int) -> None:
    """Once the other one is final, ours is proven not to have happened; nothing is signed under another nonce."""

    async def course(run: Any) -> None:
        wallet = run.control.addresses.wallet
        run.control.rpc.call("anvil_impersonateAccount", wallet)
        foreign = {"from": wallet, "to": run.control.addresses.owner, "value": "0x1"}
        run.control.fault("mutate_between", [["eth_sendTransaction", [foreign]]], method="eth_sendRawTransaction")
        before = run.control.balance("ETH", SINK)
        result = await meanwhile(run, pay("a", soon), (used(run), lambda: run.control.mine(8)))
        assert result.state == "REJECTED", result.legs
        assert "took its nonce" in result.legs[0].reason
        assert run.control.balance("ETH", SINK) == before
        assert await run.sent() == 1

    play(course)


def test_e5_nothing_is_sent_beside_a_strange_transaction_that_waits(play: Any, soon: int) -> None:
    """A transaction of the wallet that is none of this run's has the next nonce: ours is not put behind it."""

    async def course(run: Any) -> None:
        await run.good(pay("a", soon))
        wallet = run.control.addresses.wallet
        run.control.automine(False)
        run.control.rpc.call("anvil_impersonateAccount", wallet)
        run.control.rpc.call("eth_sendTransaction", {"from": wallet, "to": run.control.addresses.owner, "value": "0x1"})
        refused = await run.do(pay("b", soon))
        assert refused.state == "INTERRUPTED"
        assert "waits in the pool" in refused.legs[0].reason

    play(course)


def test_e5_a_zombie_behind_a_gap_is_listed_and_found_when_it_strikes(play: Any, soon: int) -> None:
    """A strange transaction two nonces ahead: the heartbeat lists it, ours takes the next nonce and never one above, and once the gap is
    filled the zombie is found as what it is: someone else's, with this wallet's key, which freezes the account."""

    async def course(run: Any) -> None:
        wallet, owner = run.control.addresses.wallet, run.control.addresses.owner
        run.control.rpc.call("anvil_impersonateAccount", wallet)
        zombie = run.control.rpc.call("eth_sendTransaction", {"from": wallet, "to": owner, "value": hex(10**17), "nonce": "0x2"})
        assert f"{zombie} (nonce 2)" in (await run.manager.heartbeat())["alchemy"]["waiting in the pool"]
        (first,) = await run.good(pay("a", soon))
        (record,) = run.manager.state.watched.values()
        assert record.sending.prepared.payload["nonce"] == 0
        assert not first.legs[0].externals
        assert await run.sent() == 1
        await run.do(pay("b", soon))
        run.control.mine()
        assert await run.sent() == 3
        assert "waiting in the pool" not in (await run.manager.heartbeat())["alchemy"]
        run.manager.run.loop.readings.trust_none()
        refused = await run.do(pay("c", soon))
        assert refused.state == "STOPPED"
        assert zombie in run.manager.frozen["wallet"]
        assert await run.sent() == 3

    play(course)


def test_e6_a_base_fee_that_jumps_is_answered_with_a_new_offer(play: Any, soon: int) -> None:
    """Refused for its fee, it is prepared anew under the same nonce."""

    async def course(run: Any) -> None:
        run.control.fault("fee_jump", 20 * GWEI)
        await once(run, pay("a", soon))
        (record,) = run.manager.state.watched.values()
        assert record.sending.prepared.payload["max_fee"] > 20 * GWEI
        assert run.control.counts().calls["eth_sendRawTransaction"] == 2

    play(course)


def test_e7_a_stuck_transaction_is_replaced_by_the_nodes_rule(play: Any, soon: int) -> None:
    """Both fees are raised by more than a tenth, under the same nonce; either hash would have closed the action."""

    async def course(run: Any) -> None:
        run.control.fault("min_bump", 10)
        run.control.automine(False)
        result = await meanwhile(run, pay("a", soon), (offered(run, 2), lambda: run.control.mine()))
        result.raise_unless_verified()
        (record,) = run.manager.state.watched.values()
        payload = record.sending.prepared.payload
        assert len(payload["hashes"]) >= 2
        for (fee, tip), (more_fee, more_tip) in zip(payload["fees"], payload["fees"][1:], strict=False):
            assert more_fee * 10 >= fee * 11
            assert more_tip * 10 >= tip * 11
        await run.judge(mined=1)

    play(course, alchemy={"transactions": {"stuck_after_ms": 300}})


def test_e8_no_replacement_goes_over_the_cap(play: Any, soon: int) -> None:
    """At the cap the first offer stands, and waits; whoever asks is told that it is the cap, and where it is raised."""
    told: list[str] = []

    async def ask(run: Any) -> None:
        (record,) = run.manager.state.open.values()
        told.append((await run.client("alchemy").lookup(record.sending.prepared)).reason)

    async def course(run: Any) -> None:
        run.control.automine(False)
        asking = (looked(run, 15), lambda: asyncio.ensure_future(ask(run)))
        mining = (lambda: bool(told), lambda: run.control.mine())
        result = await meanwhile(run, pay("a", soon), (offered(run), lambda: None), asking, mining)
        result.raise_unless_verified()
        assert "raise max_fee_gwei or max_tip_gwei" in told[0]
        (record,) = run.manager.state.watched.values()
        assert len(record.sending.prepared.payload["hashes"]) == 1

    play(course, alchemy={"transactions": {"stuck_after_ms": 100, "max_fee_gwei": 3, "max_tip_gwei": "0.01"}})


def test_e9_a_dropped_transaction_is_sent_again_as_it_was(play: Any, soon: int) -> None:
    """The pool forgot it: the same bytes go out again."""

    async def course(run: Any) -> None:
        run.control.automine(False)

        def drop() -> None:
            (record,) = run.manager.state.open.values()
            run.control.drop(record.sending.prepared.payload["hash"])

        result = await meanwhile(run, pay("a", soon), (offered(run), drop), (offered(run), lambda: run.control.mine()))
        result.raise_unless_verified()
        (record,) = run.manager.state.watched.values()
        assert len(record.sending.prepared.payload["hashes"]) == 1
        await run.judge(mined=1)

    play(course)


def _payload(run: Any) -> Any:
    """What is being sent."""
    (record,) = run.manager.state.open.values()
    return record.sending.prepared.payload


def test_e10_the_original_that_is_mined_after_its_replacement_closes_the_action(play: Any, soon: int) -> None:
    """Either hash is looked up: it was paid once, whichever of them a miner took."""

    async def course(run: Any) -> None:
        before = run.control.balance("ETH", SINK)
        run.control.automine(False)
        task = asyncio.create_task(run.do(pay("a", soon)))
        await until(offered(run))
        original = _payload(run)
        await until(offered(run, 2))
        again = _payload(run)
        run.control.rpc.call("anvil_dropAllTransactions")
        run.control.rpc.call("eth_sendRawTransaction", original["raw"])
        run.control.mine()
        (await task).raise_unless_verified()
        receipts = [run.control.rpc.call("eth_getTransactionReceipt", each) for each in again["hashes"][:2]]
        assert [receipt is not None for receipt in receipts] == [True, False]
        assert run.control.balance("ETH", SINK) - before == 10**18
        await run.judge(mined=1)

    play(course, alchemy={"transactions": {"stuck_after_ms": 300}})


@pytest.mark.parametrize("winner", ["original", "cancellation"])
def test_e11_a_cancellation_that_races_the_original_is_judged_by_what_was_mined(play: Any, soon: int, winner: str) -> None:
    """Somebody sends a payment of nothing under the same nonce: only the block decides, and a cancellation is believed once it is final."""

    async def course(run: Any) -> None:
        wallet, before = run.control.addresses.wallet, run.control.balance("ETH", SINK)
        run.control.automine(False)

        def race() -> None:
            if winner == "cancellation":
                fees = {"maxFeePerGas": hex(50 * GWEI), "maxPriorityFeePerGas": hex(5 * GWEI)}
                run.control.rpc.call("anvil_impersonateAccount", wallet)
                run.control.rpc.call("eth_sendTransaction", {"from": wallet, "to": wallet, "value": "0x0", "nonce": "0x0", **fees})
            run.control.mine()

        result = await meanwhile(run, pay("a", soon), (offered(run), race), (looked(run, 1), lambda: run.control.mine(8)))
        paid = run.control.balance("ETH", SINK) - before
        assert (result.state, paid) == (("VERIFIED", 10**18) if winner == "original" else ("REJECTED", 0)), result.legs
        assert await run.sent() == 1

    play(course)


def test_e12_a_reorganised_transaction_is_sent_again(play: Any, soon: int) -> None:
    """Its receipt is gone: it goes back to sent, the same bytes are mined again, and the books are right."""

    async def course(run: Any) -> None:
        await run.good(pay("a", soon))
        run.control.reorg(1)
        assert await run.sent() == 0
        await run.manager.heartbeat()
        await run.judge(mined=1)
        assert run.manager.frozen == {}

    play(course)


def test_e13_a_transaction_that_moved_to_another_block_keeps_its_effects(play: Any, soon: int) -> None:
    """Mined anew elsewhere, nothing is counted twice."""

    async def course(run: Any) -> None:
        (result,) = await run.good(pay("a", soon, "2", "USDT"))
        run.control.mine(2)
        (record,) = run.manager.state.watched.values()
        run.control.reorg(3, ((record.sending.prepared.payload["raw"], 1),))
        await run.manager.heartbeat()
        again = await run.client("alchemy").lookup(record.sending.prepared)
        assert {effect.id for effect in again.effects} == {effect.id for effect in result.legs[0].effects}
        await run.judge(mined=1)

    play(course)


def test_e14_a_reorganisation_below_the_confirmations_that_changes_the_end_goes_to_a_person(play: Any, soon: int) -> None:
    """Verified with two confirmations, taken back from three blocks deep, and its nonce used by someone else: the account is frozen, with
    both ends named, and nothing is sent in its place."""

    async def course(run: Any) -> None:
        wallet, before = run.control.addresses.wallet, run.control.balance("ETH", SINK)
        result = await meanwhile(run, pay("a", soon), (used(run), run.control.mine))
        result.raise_unless_verified()
        run.control.mine()
        run.control.reorg(3)
        run.control.rpc.call("anvil_impersonateAccount", wallet)
        run.control.rpc.call("eth_sendTransaction", {"from": wallet, "to": run.control.addresses.owner, "value": "0x1"})
        run.control.mine(8)
        await run.manager.heartbeat()
        assert "was closed as MINED" in run.manager.frozen["wallet"]
        assert "REJECTED" in run.manager.frozen["wallet"]
        assert run.control.balance("ETH", SINK) == before
        refused = await run.do(pay("b", soon))
        assert refused.state == "STOPPED"
        assert await run.sent() == 1

    play(course, alchemy={"transactions": {"confirmations": 2}})


def test_e15_a_reverted_transaction_costs_its_gas_and_says_why(play: Any, soon: int) -> None:
    """The simulation passed and the state moved: the gas is an effect, the reason is the contract's, and nothing is tried blindly."""

    async def course(run: Any) -> None:
        await run.good(WrapEther(id="w", amount="2", valid_until=soon))
        weth = run.control.addresses.tokens["WETH"]
        code = run.control.rpc.call("eth_getCode", weth, "latest")
        run.control.fault("mutate_between", [["anvil_setCode", [weth, "0x60006000fd"]]])
        result = await run.do(pay("a", soon, "1", "WETH"))
        run.control.rpc.call("anvil_setCode", weth, code)
        assert result.legs[0].state.value == "REVERTED"
        assert set(result.deltas) == {"wallet:balance:ETH"}
        assert result.deltas["wallet:balance:ETH"] < 0

    play(course)


def test_e16_out_of_gas_is_told_apart_from_a_revert(play: Any, soon: int) -> None:
    """All gas was used, and that is what is said."""

    async def course(run: Any) -> None:
        result = await run.do(pay("a", soon, "1", "USDT"))
        assert result.legs[0].state.value == "REVERTED"
        assert result.legs[0].reason.startswith("out of gas")
        assert set(result.deltas) == {"wallet:balance:ETH"}
        await run.judge(mined=1)

    play(course, alchemy={"transactions": {"gas_margin": "0.7"}})


def test_e18_a_node_that_lags_is_waited_for(play: Any, soon: int) -> None:
    """A receipt that is not there yet is not absence, and no position is read from before the transaction."""

    async def course(run: Any) -> None:
        await run.good(pay("a", soon))
        run.control.fault("lag", 1, times=6)
        await once(run, pay("b", soon))

    play(course)


def test_e18_heads_that_disagree_are_waited_for(play: Any, soon: int) -> None:
    """Every second request goes to a node that is behind."""

    async def course(run: Any) -> None:
        await run.good(pay("a", soon))
        run.control.fault("split_heads", 1, times=12)
        await run.good(pay("b", soon))
        run.control.clear_faults()
        await run.judge(mined=2)

    play(course)


def test_e19_receipts_that_never_come_go_to_a_person(play: Any, soon: int) -> None:
    """The nonce is used and nothing shows by what: the account is frozen, nothing is guessed."""

    async def course(run: Any) -> None:
        run.control.fault("null_receipt")
        result = await run.do(pay("a", soon))
        assert result.state == "NEEDS_HUMAN"
        assert "wallet" in run.manager.frozen

    play(course, alchemy={"timing": {"poll_ms": 30, "patience_ms": 600, "verify_within_ms": 500}})


@pytest.mark.parametrize("chain_id", [1, 11155111])
def test_e20_e21_another_chain_is_refused_before_anything_is_signed(play: Any, soon: int, chain_id: int) -> None:
    """At the start, and again before each signature."""

    async def course(run: Any) -> None:
        run.control.fault("chain_id", chain_id)
        result = await run.do(pay("a", soon))
        assert result.state == "DENIED"
        assert f"chain {chain_id}" in result.legs[0].reason
        with pytest.raises(GuardRefused, match=f"chain {chain_id}"):
            await run.manager.heartbeat()
        assert await run.sent() == 0

    play(course)


def test_e20_a_run_does_not_start_on_another_chain(play: Any, control: Any) -> None:
    """Nothing is opened, nothing is signed."""
    control.fault("chain_id", 1)

    async def course(run: Any) -> None:
        raise AssertionError("it must not get here")

    with pytest.raises(GuardRefused, match="chain 1"):
        play(course)


def test_e22_gas_that_the_wallet_cannot_pay_is_refused(play: Any, soon: int) -> None:
    """Before anything is signed, with both figures."""

    async def course(run: Any) -> None:
        run.control.rpc.call("anvil_setBalance", run.control.addresses.wallet, hex(10**12))
        result = await run.do(pay("a", soon, "1", "USDT"))
        assert result.state == "DENIED"
        assert "ETH" in result.legs[0].reason
        assert await run.sent() == 0

    play(course)


@pytest.mark.parametrize(
    ("close", "why"),
    [
        (lambda market: market.pause_reserve("USDC"), "ReservePaused"),
        (lambda market: market.freeze_reserve("USDC"), "ReserveFrozen"),
        (lambda market: market.caps("USDC", supply=1), "SupplyCapExceeded"),
    ],
)
def test_e23_a_closed_reserve_is_refused_in_the_protocols_words(play: Any, soon: int, close: Any, why: str) -> None:
    """Paused, frozen, or over its cap: the simulation says so, before the approval is sent as well."""

    async def course(run: Any) -> None:
        close(run.control.market)
        result = await run.do(Supply(id="a", asset="USDC", amount="100", valid_until=soon))
        assert result.legs[0].state.value == "DENIED"
        assert why in result.legs[0].reason
        await run.judge(mined=0)
        assert (await run.do(Supply(id="b", asset="USDC", amount="max", valid_until=soon))).legs[0].reason == result.legs[0].reason
        assert await run.sent() == 0

    play(course)


def test_e23_a_node_that_does_not_simulate_sends_the_approval_first(play: Any, soon: int) -> None:
    """Without `eth_simulateV1` nobody knows what the pool would say once it may pull: what is allowed then stays, and is in the books."""

    async def course(run: Any) -> None:
        run.control.fault("refuse", "the method does not exist", method="eth_simulateV1", times=0)
        run.control.market.freeze_reserve("USDC")
        result = await run.do(Supply(id="a", asset="USDC", amount="100", valid_until=soon))
        assert "ReserveFrozen" in result.legs[0].reason
        await run.judge(mined=1)

    play(course)


def test_e24_a_health_factor_under_the_floor_is_refused(play: Any, soon: int) -> None:
    """By this side's floor before the protocol's; a price that moved counts."""

    async def course(run: Any) -> None:
        await run.good(WrapEther(id="w", amount="10", valid_until=soon), Supply(id="s", asset="WETH", amount="10", valid_until=soon))
        refused = await run.do(Borrow(id="b1", asset="USDC", amount="19800", valid_until=soon))
        assert refused.state == "DENIED"
        assert "health factor" in refused.legs[0].reason
        run.control.market.set_price("WETH", Decimal(1250))
        run.pass_time(1000)
        refused = await run.do(Borrow(id="b2", asset="USDC", amount="9990", valid_until=soon))
        assert "health factor" in refused.legs[0].reason
        await run.good(Borrow(id="b3", asset="USDC", amount="5000", valid_until=soon))
        await run.judge()

    play(course)


@pytest.mark.parametrize(
    ("price", "why"), [("0", "oracle:USDC"), ("-1", "oracle:USDC"), ("0.01", "price_between of USDC"), ("1000", "price_between of USDC")]
)
def test_e25_a_price_that_cannot_be_is_refused(play: Any, soon: int, price: str, why: str) -> None:
    """A stablecoin at nothing or less, at a cent, or at a thousand dollars: it is the oracle that is wrong. Nothing is borrowed on it, and
    nothing is sent."""

    async def course(run: Any) -> None:
        await run.good(WrapEther(id="w", amount="5", valid_until=soon), Supply(id="s", asset="WETH", amount="5", valid_until=soon))
        sent = await run.sent()
        run.control.market.set_price("USDC", Decimal(price))
        run.pass_time(1000)
        refused = await run.do(Borrow(id="b", asset="USDC", amount="10", valid_until=soon))
        assert refused.state == "DENIED"
        assert why in refused.legs[0].reason
        await run.judge(mined=sent)

    play(course)


def test_e25_a_stale_price_is_refused(play: Any, soon: int) -> None:
    """A feed that should have said something by the chain's own time: nothing is borrowed on its last word until it speaks again."""

    async def course(run: Any) -> None:
        await run.good(WrapEther(id="w", amount="5", valid_until=soon), Supply(id="s", asset="WETH", amount="5", valid_until=soon))
        market = run.control.market
        for asset in ("WETH", "USDC", "USDT"):
            market.set_price(asset, market.price(asset))
        run.pass_time(1000)
        await run.good(Borrow(id="b1", asset="USDC", amount="10", valid_until=soon))
        run.pass_time(2 * 3_600_000)
        sent = await run.sent()
        refused = await run.do(Borrow(id="b2", asset="USDC", amount="10", valid_until=soon))
        assert refused.state == "DENIED"
        assert "oracle:" in refused.legs[0].reason
        assert " s old" in refused.legs[0].reason
        await run.judge(mined=sent)
        for asset in ("WETH", "USDC", "USDT"):
            market.set_price(asset, market.price(asset))
        run.pass_time(1000)
        await run.good(Borrow(id="b3", asset="USDC", amount="10", valid_until=soon))

    play(course, aave={"oracle_overdue_s": 3600})


LIQUIDATE = "liquidationCall(address,address,address,uint256,bool)"


@pytest.mark.parametrize(("price", "cover", "as_deposit"), [(2300, 5_000, False), (2300, 5_000, True), (1900, 2**200, False)])
def test_a_liquidation_is_found_as_what_it_is(play: Any, soon: int, price: int, cover: int, as_deposit: bool) -> None:
    """The price falls and somebody liquidates, in part, for deposits, or all there is so that a deficit stays: one effect of its own name
    explains debt and collateral to the unit, and the account acts no more."""

    async def course(run: Any) -> None:
        await run.good(
            WrapEther(id="w", amount="10", valid_until=soon), Supply(id="s", asset="WETH", amount="10", valid_until=soon),
            Borrow(id="b", asset="USDC", amount="14500.123457", valid_until=soon),
            Borrow(id="b2", asset="USDT", amount="5000.765431", valid_until=soon),
            Borrow(id="b3", asset="WETH", amount="0.01", valid_until=soon),
        )  # fmt: skip
        run.pass_time(30 * 86_400_000)
        at, whale = run.control.addresses, run.control.whale
        run.control.market.set_price("WETH", Decimal(price))
        whale.send(at.tokens["USDC"], "approve(address,uint256)", at.aave.pool, 2**256 - 1)
        whale.send(at.aave.pool, LIQUIDATE, at.tokens["WETH"], at.tokens["USDC"], at.wallet, cover * 10**6, as_deposit)
        run.pass_time(86_400_000)
        run.manager.run.loop.readings.trust_none()
        refused = await run.do(Borrow(id="more", asset="USDC", amount="1", valid_until=soon))
        assert refused.state == "DENIED"
        lost, owed = "wallet:supplied:aave/WETH", "wallet:borrowed:aave/USDC"
        tokens = {
            lost: at.aave.a_tokens["WETH"],
            owed: at.aave.debt_tokens["USDC"],
            "wallet:borrowed:aave/USDT": at.aave.debt_tokens["USDT"],
        }
        (told,) = (each for each in await run.client("aave").recent_effects(list(tokens), 1, 0) if each.kind == "liquidation")
        for key, token in tokens.items():
            left = run.control.owner.read(token, "scaledBalanceOf(address)(uint256)", at.wallet)
            assert run.manager.state.book[key] == Decimal(left).scaleb(-18 if key == lost else -6), "the books follow what was explained"
        assert {lost, owed} <= dict(told.lines).keys()
        if price > 1900:
            assert "liquidation of someone else" in run.manager.frozen["wallet"]

    play(course)


def test_staking_over_the_limit_and_while_paused_is_refused(play: Any, soon: int) -> None:
    """With what the contract takes at present."""

    async def course(run: Any) -> None:
        run.control.lido.stake_limit(5 * 10**18, 10**9)
        over = await run.do(Stake(id="a", amount="6", valid_until=soon))
        assert over.state == "DENIED"
        assert "at present" in over.legs[0].reason
        run.control.lido.pause_staking()
        paused = await run.do(Stake(id="b", amount="1", valid_until=soon))
        assert "paused" in paused.legs[0].reason
        await run.judge(mined=0)

    play(course)


def test_unlisted_destinations_and_unknown_tokens_are_refused(play: Any, soon: int) -> None:
    """Each with what to do about it; nothing is signed."""

    async def course(run: Any) -> None:
        stranger = Transfer(id="a", asset="ETH", amount="1", source="wallet", address="0x" + "ab" * 20, valid_until=soon)
        with pytest.raises(GuardRefused, match="destinations"):
            await run.do(stranger)
        unknown = await run.do(Supply(id="b", asset="USDTT", amount="1", valid_until=soon))
        assert unknown.state == "DENIED"
        assert "did you mean USDT" in unknown.legs[0].reason
        assert await run.sent() == 0

    play(course)


def test_others_payments_are_found_and_explained(play: Any, soon: int) -> None:
    """ETH and tokens that arrive from elsewhere explain what the books did not expect, with ids of their own."""

    async def course(run: Any) -> None:
        await run.good(pay("a", soon), pay("b", soon, "1", "USDT"))
        run.control.pay("ETH", run.control.addresses.wallet, 7 * 10**17)
        run.control.give("USDT", run.control.addresses.wallet, 5_000_000)
        run.manager.run.loop.readings.trust_none()
        one, other = await run.good(pay("c", soon), pay("d", soon, "1", "USDT"))
        externals = [effect for result in (one, other) for leg in result.legs for effect in leg.externals]
        lines = {key: amount for effect in externals for key, amount in effect.lines}
        assert lines == {"wallet:balance:ETH": Decimal("0.7"), "wallet:balance:USDT": Decimal(5)}
        assert all(effect.id.startswith(("tx:", "block:")) for effect in externals)
        await run.judge(mined=4)

    play(course)


def test_a_history_that_the_node_does_not_tell_is_said_in_its_own_words(play: Any, soon: int) -> None:
    """Nothing is sent on what nobody explains; once the node tells it, the next action goes on."""

    async def course(run: Any) -> None:
        await run.good(pay("a", soon))
        run.control.pay("ETH", run.control.addresses.wallet, 7 * 10**17)
        run.manager.run.loop.readings.trust_none()
        words = "Under the Free tier plan, you can make eth_getLogs requests with up to a 0 block range"
        run.control.fault("refuse", words, method="eth_getLogs", times=0)
        refused = await run.do(pay("b", soon))
        assert refused.state == "INTERRUPTED"
        assert words in refused.legs[0].reason
        run.control.clear_faults()
        await run.good(pay("c", soon))
        await run.judge(mined=2)

    play(course)


def test_a_node_that_stumbles_over_an_estimate_denies_nothing(play: Any, soon: int) -> None:
    """Once is waited for; where it goes on, nothing has left, and it is to be tried again later."""

    async def course(run: Any) -> None:
        words = "header not found"
        run.control.fault("refuse", words, method="eth_estimateGas", times=1)
        await run.good(pay("a", soon))
        run.control.fault("refuse", words, method="eth_estimateGas", times=0)
        refused = await run.do(pay("b", soon))
        assert refused.state == "INTERRUPTED"
        assert words in refused.legs[0].reason
        run.control.clear_faults()
        await run.good(pay("c", soon))
        await run.judge(mined=2)

    play(course)


def test_a_view_that_is_not_answered_is_no_zero(play: Any) -> None:
    """Where there is no contract, there is no answer: the caller is told so, and to try again."""

    async def course(run: Any) -> None:
        with pytest.raises(RpcUnavailable, match=f"the contract {SINK} does not answer; nothing was sent"):
            await run.client("lido").chain.view(Call(SINK, "0x00000000"))

    play(course)
