"""Blocks that are replaced while a run is at work: what they took back is put back with the same bytes, and no account is frozen for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from modes import SINK

from basis_venues.actions import Borrow, Supply, Transfer, WrapEther
from basis_venues.states import State

pytestmark = pytest.mark.slow

_TIMING = {"poll_ms": 300, "patience_ms": 20_000, "verify_within_ms": 600}
SLOWLY = {"alchemy": {"timing": _TIMING}, "aave": {"timing": _TIMING}}
"""So that a test has the time between two looks at the chain."""


def pay(name: str, soon: int) -> Transfer:
    return Transfer(id=name, asset="ETH", amount="1", source="wallet", address=SINK, valid_until=soon)


async def sending(run: Any) -> None:
    """Wait until the node has what is being sent."""
    for _ in range(1000):
        told = [record.sending.prepared.payload["hash"] for record in run.manager.state.open.values()]
        if told and run.control.rpc.call("eth_getTransactionByHash", told[-1]) is not None:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nothing was sent")


async def end(run: Any, payments: int) -> None:
    """So many payments, each once; the books are right, and nothing is frozen or open."""
    assert run.manager.frozen == {}
    await run.judge(mined=payments)


@pytest.fixture(autouse=True)
def sink(control: Any) -> Any:
    """What arrived is what was paid."""
    before = control.balance("ETH", SINK)
    yield
    assert control.balance("ETH", SINK) - before in (0, 10**18, 2 * 10**18)


def replace_block_at_the_next_reading(run: Any) -> None:
    """The newest block goes just before positions are read."""
    run.control.fault("mutate_between", [["anvil_reorg", [1, []]]], method="eth_call")


def test_a_block_replaced_before_the_account_is_read_is_no_mismatch(play: Any, soon: int) -> None:
    """The receipt was there, and its block goes before the account is read: the payment is settled again, and then compared."""

    async def course(run: Any) -> None:
        task = asyncio.create_task(run.do(pay("a", soon)))
        await sending(run)
        replace_block_at_the_next_reading(run)
        (await task).raise_unless_verified()
        assert run.control.counts().calls["eth_sendRawTransaction"] == 2
        await end(run, 1)

    play(course, **SLOWLY)


def test_a_chain_that_comes_to_no_rest_is_for_a_person(play: Any, soon: int) -> None:
    """The newest block goes before every reading: nobody waits for ever."""

    async def course(run: Any) -> None:
        task = asyncio.create_task(run.do(pay("a", soon)))
        await sending(run)
        run.control.fault("mutate_between", [["anvil_reorg", [1, []]]], method="eth_call", times=0)
        result = await task
        run.control.clear_faults()
        assert result.state in ("MISMATCHED", "UNVERIFIED"), result
        assert run.control.counts().calls["eth_sendRawTransaction"] <= 10

    play(course, **SLOWLY)


def test_actions_proven_together_are_settled_again_together(play: Any, soon: int) -> None:
    """The block of the last of them goes before the one reading that proves them all."""

    async def course(run: Any) -> None:
        task = asyncio.create_task(run.manager.execute_actions((pay("a", soon), pay("b", soon))))
        while len(run.manager.state.open) < 2:
            await asyncio.sleep(0.01)
        await sending(run)
        replace_block_at_the_next_reading(run)
        for result in await task:
            result.raise_unless_verified()
        assert run.control.counts().calls["eth_sendRawTransaction"] == 3
        await end(run, 2)

    play(course, **SLOWLY)


def test_a_block_replaced_before_the_reading_of_the_next_order_is_no_mismatch(play: Any, soon: int) -> None:
    """After the watch looked, and before the account is read for the next order: what went is put back first."""

    async def course(run: Any) -> None:
        await run.good(pay("a", soon))
        run.manager.run.loop.readings.trust_none()
        replace_block_at_the_next_reading(run)
        await run.good(pay("b", soon))
        await end(run, 2)

    play(course)


def test_a_payment_that_is_taken_back_while_the_next_one_waits_is_sent_again(play: Any, soon: int) -> None:
    """The next one cannot be mined before it: both are, in their sequence."""

    async def course(run: Any) -> None:
        await run.good(pay("a", soon))
        run.control.automine(False)
        task = asyncio.create_task(run.do(pay("b", soon)))
        await sending(run)
        run.control.reorg(1)
        run.control.automine(True)
        (await task).raise_unless_verified()
        await end(run, 2)

    play(course)


def test_a_payment_that_is_taken_back_while_no_run_was_there_is_sent_again_at_the_start(play: Any, soon: int) -> None:
    """A run ended while the next one waited; the next start settles both."""

    async def first(run: Any) -> None:
        await run.good(pay("a", soon))
        run.control.automine(False)
        task = asyncio.create_task(run.do(pay("b", soon)))
        await sending(run)
        task.cancel()
        run.control.reorg(1)
        run.control.automine(True)

    async def second(run: Any) -> None:
        await end(run, 2)
        results = await run.good(pay("a", soon), pay("b", soon))
        assert {result.state for result in results} == {"VERIFIED"}
        await end(run, 2)

    play(first)
    play(second)


def test_what_was_begun_together_and_mined_is_known_at_the_next_start(play: Any, soon: int) -> None:
    """A run ended before it read the account, and both are in one block then: at the start the second of them explains what the first one
    does not, and is nobody else's."""

    async def first(run: Any) -> None:
        await run.good(
            WrapEther(id="w", amount="10", valid_until=soon), Supply(id="s", asset="WETH", amount="10", valid_until=soon)
        )  # fmt: skip
        loans = [Borrow(id=asset, asset=asset, amount="10", valid_until=soon) for asset in ("USDC", "USDT")]
        task = asyncio.create_task(run.manager.execute_actions(loans))
        while len(run.manager.state.open) < 2 or await run.sent() < 5:
            await asyncio.sleep(0.01)
        task.cancel()
        raws = [record.sending.prepared.payload["raw"] for record in run.manager.state.open.values()]
        run.control.reorg(2, tuple((raw, 0) for raw in raws))

    async def second(run: Any) -> None:
        await end(run, 5)

    play(first, **SLOWLY)
    play(second)


def test_what_was_begun_together_is_put_back_together(play: Any, soon: int) -> None:
    """The first of two that are proven together is taken back while the second waits: neither has an outcome yet."""

    async def course(run: Any) -> None:
        run.control.automine(False)
        task = asyncio.create_task(run.manager.execute_actions((pay("a", soon), pay("b", soon))))
        await sending(run)
        run.control.mine()
        while len(run.manager.state.open) < 2:
            await asyncio.sleep(0.01)
        await sending(run)
        run.control.reorg(1)
        run.control.automine(True)
        for result in await task:
            result.raise_unless_verified()
        await end(run, 2)

    play(course)


def test_an_approval_that_is_taken_back_while_its_supply_waits_is_sent_again(play: Any, soon: int) -> None:
    """The steps of one order; its result has the effects that stand."""

    async def course(run: Any) -> None:
        run.control.automine(False)
        task = asyncio.create_task(run.do(Supply(id="s", asset="USDC", amount="100", valid_until=soon)))
        await sending(run)
        run.control.mine()
        while len(run.manager.state.steps) < 2:
            await asyncio.sleep(0.01)
        await sending(run)
        run.control.reorg(1)
        run.control.base_fee(7 * 10**8)  # its gas costs something else now
        run.control.automine(True)
        result = await task
        result.raise_unless_verified()
        told = [effect for record in run.manager.state.steps.values() for effect in record.report.effects]
        assert list(result.legs[0].effects) == told
        await end(run, 2)

    play(course)


def test_an_approval_that_is_taken_back_before_its_supply_is_prepared_is_sent_again(play: Any, soon: int) -> None:
    """Its nonce is free again, and the supply does not take it."""

    async def course(run: Any) -> None:
        run.control.automine(False)
        task = asyncio.create_task(run.do(Supply(id="s", asset="USDC", amount="100", valid_until=soon)))
        await sending(run)
        run.control.fault("mutate_between", [["anvil_reorg", [1, []]]], method="eth_feeHistory")
        run.control.mine()
        run.control.automine(True)
        (await task).raise_unless_verified()
        assert run.control.counts().calls["eth_sendRawTransaction"] == 3
        await end(run, 2)

    play(course)


def test_two_that_are_mined_anew_at_the_same_heights_explain_each_other(play: Any, soon: int) -> None:
    """The blocks of both go, and both are in those that take their place, as high as what was read last."""

    async def course(run: Any) -> None:
        await run.good(pay("a", soon), pay("b", soon))
        raws = [record.sending.prepared.payload["raw"] for record in run.manager.state.watched.values()]
        run.control.reorg(2, ((raws[0], 0), (raws[1], 0)))
        await run.manager.heartbeat()
        await end(run, 2)

    play(course)


def test_a_payment_whose_nonce_another_took_after_all_is_not_told_as_done(play: Any, soon: int) -> None:
    """Its block goes before the account is read, and a stranger with the same key is mined in its place: refused, by proof."""

    async def course(run: Any) -> None:
        task = asyncio.create_task(run.do(pay("a", soon)))
        await sending(run)
        wallet = run.control.addresses.wallet
        run.control.rpc.call("anvil_impersonateAccount", wallet)
        strange = {"from": wallet, "to": run.control.addresses.owner, "value": "0x1"}
        changes = [["anvil_reorg", [1, []]], ["eth_sendTransaction", [strange]], ["anvil_mine", ["0x8"]]]
        run.control.fault("mutate_between", changes, method="eth_call")
        result = await task
        assert result.legs[0].state is State.REJECTED, result.legs
        assert run.manager.state.steps["on_chain", "a/alchemy/0"].verdict is None

    play(course, **SLOWLY)
