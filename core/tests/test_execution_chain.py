"""A chain without a fence: the same bytes again, mined and watched until final, taken back by reorganisations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from toy_runs import Run, lost, supply

from basis_venues.actions import Action
from basis_venues.cli.journal_file import replayed
from basis_venues.execution.manager import ExecutionManager
from basis_venues.journal.events import Reopened
from basis_venues.journal.sqlite import SqliteJournal
from basis_venues.states import State

OPENING = {"wallet:balance:USDT": "1000", "wallet:balance:ETH": "10"}
SUPPLIED = "wallet:supplied:chain/USDT"
ALLOWED = "wallet:allowance:chain/USDT"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(directory=tmp_path)
    run.chain.set_up()
    return run


def during(run: Run, *steps: Action | Callable[[ExecutionManager], None]) -> ExecutionManager:
    """One runner that carries actions out, with a heartbeat after whatever happens between them."""

    async def go() -> ExecutionManager:
        async with run.manager() as manager:
            for step in steps:
                if isinstance(step, Action):
                    await manager.execute_action(step)
                else:
                    step(manager)
                    await manager.heartbeat()
            return manager

    return asyncio.run(go())


def test_mined_is_watched_until_final(run: Run) -> None:
    """VERIFIED at one confirmation; each heartbeat looks again, until the depth at which nothing can be taken back."""
    manager = during(run, supply())
    assert [record.report.state for record in manager.state.steps.values() if record.report] == [State.MINED, State.MINED]
    assert len(run.replayed().watched) == 2
    manager = during(run, lambda _: run.chain.pass_blocks(5))
    assert manager.state.watched == {}
    state = run.replayed()
    assert {record.report.state for record in state.steps.values() if record.report} == {State.FINAL}
    assert state.watched == {}


def test_a_reorganisation_reopens_the_step_and_the_same_bytes_go_again(run: Run) -> None:
    """The block goes and the transaction is forgotten: it is broadcast again, byte for byte, and verified anew."""
    during(run, supply(), lambda _: run.chain.reorganise())
    broadcasts = run.chain.state()["broadcasts"]
    assert len(broadcasts) == 3
    assert broadcasts[1] == broadcasts[2]
    state = run.replayed()
    assert state.book[SUPPLIED] == run.chain.position(SUPPLIED) == 100
    assert state.frozen == {}
    assert lost(run, [supply()], OPENING) == []


def test_a_reorganisation_while_no_runner_was_there(run: Run) -> None:
    """It is noticed by the reading before the next order, and mended first."""
    run.act(supply(1))
    run.chain.reorganise()
    (result,) = run.act(supply(2))
    assert result.state == "VERIFIED"
    assert run.chain.position(SUPPLIED) == 200
    assert lost(run, [supply(1), supply(2)], OPENING) == []


def test_a_reorganisation_of_both_steps(run: Run) -> None:
    """Approve and supply are taken back together and come back in their sequence."""

    def both(_: ExecutionManager) -> None:
        run.chain.reorganise()
        run.chain.reorganise()

    during(run, supply(), both)
    assert (run.chain.position(SUPPLIED), run.chain.position(ALLOWED)) == (Decimal(100), Decimal(0))
    assert lost(run, [supply()], OPENING) == []


def test_a_step_that_reverts_after_a_reorganisation_stops_the_account(run: Run) -> None:
    """It was VERIFIED, and is mined anew as one that reverts: the books follow the chain, and the account waits for a person."""
    during(run, supply(), lambda _: run.chain.reorganise(reverts=True))
    state = run.replayed()
    assert state.book[SUPPLIED] == run.chain.position(SUPPLIED) == 0
    assert "REVERTED" in state.frozen["wallet"]
    assert lost(run, [supply()], OPENING) == []


def test_a_reverted_step_costs_its_gas_and_ends_the_order(run: Run) -> None:
    """The approve reverts: its gas is an effect, verified; the supply is not sent."""
    run.chain.set_up(["revert"])
    (result,) = run.act(supply())
    assert result.state == "REVERTED"
    assert result.deltas == {"wallet:balance:ETH": Decimal("-0.01")}
    assert len(run.chain.state()["broadcasts"]) == 1


def test_an_approve_that_is_not_needed_is_not_sent(run: Run) -> None:
    """Planning sees the allowance that the account was read to have."""
    data = run.world.load()
    data["venues"]["chain"]["positions"][ALLOWED] = "500"
    run.world.save(data)
    (result,) = run.act(supply())
    assert result.state == "VERIFIED"
    assert len(run.chain.state()["broadcasts"]) == 1


def test_two_orders_of_one_lane_take_two_nonces(run: Run) -> None:
    """Asked for at the same time, they go one after the other."""

    async def both() -> list[str]:
        async with run.manager() as manager:
            results = await asyncio.gather(*(manager.execute_action(supply(number)) for number in range(3)))
            return [result.state for result in results]

    assert asyncio.run(both()) == ["VERIFIED"] * 3
    blocks = run.chain.state()["blocks"]
    assert [block["nonce"] for block in blocks] == list(range(len(blocks)))
    assert run.chain.position(SUPPLIED) == 300


def test_heartbeats_and_orders_at_once_do_not_reopen_twice(run: Run) -> None:
    """A reorganisation seen by two tasks at the same time is mended once."""

    async def go() -> None:
        async with run.manager() as manager:
            await manager.execute_action(supply(1))
            run.chain.reorganise()
            await asyncio.gather(manager.heartbeat(), manager.execute_action(supply(2)), manager.heartbeat())

    asyncio.run(go())
    assert run.chain.position(SUPPLIED) == 200
    assert lost(run, [supply(1), supply(2)], OPENING) == []


def test_a_stuck_transaction_is_replaced_at_its_nonce(run: Run) -> None:
    """Waiting for ever, it is sent with a higher fee in its place: the journal has the new form first, and one of the two is mined."""
    run.chain.set_up(["stuck", "mine", "mine"])
    (result,) = run.act(supply())
    assert result.state == "VERIFIED"
    first, second, _ = run.chain.state()["broadcasts"]
    assert second == f"{first}+"
    assert [block["nonce"] for block in run.chain.state()["blocks"]] == [0, 1]
    assert lost(run, [supply()], OPENING) == []


def test_a_reverted_step_is_watched_until_final_as_well(run: Run) -> None:
    """Reverted at one confirmation, it is looked at by each heartbeat, until it can no longer be mined anew; then never again."""
    run.chain.set_up(["revert"])
    during(run, supply())
    assert len(run.replayed().watched) == 1
    during(run, lambda _: run.chain.pass_blocks(5))
    state = run.replayed()
    assert state.watched == {}
    assert [(each.report.state, each.report.final) for each in state.steps.values() if each.report] == [(State.REVERTED, True)]


def test_a_simulated_step_that_reverts_is_never_watched(run: Run) -> None:
    """In a mixed run what a simulated chain reverted stays so: no heartbeat reopens it, and it is not sent a second time."""
    run.exchange().set_up()

    async def go() -> tuple[str, dict[str, tuple[str, str]], dict[tuple[str, str], Any]]:
        opening = {"wallet:balance:USDT": Decimal(1000), "wallet:balance:ETH": Decimal(10)}
        async with run.manager(simulated=("chain",), opening=opening, broken="reverts") as manager:
            result = await manager.execute_action(supply())
            await manager.heartbeat()
            return result.state, manager.state.attempts, manager.state.watched

    state, attempts, watched = asyncio.run(go())
    assert (state, len(attempts), watched) == ("REVERTED", 1, {})


def test_a_step_replaced_while_a_heartbeat_waits_is_looked_up_as_it_is_now(run: Run) -> None:
    """Its transaction was taken back, replaced and mined under a new hash before the heartbeat's turn came: nothing is reopened."""

    async def go() -> ExecutionManager:
        async with run.manager() as manager:
            await manager.execute_action(supply())
            loop, name = manager.run.loop, ("toy", "supply-1/chain/1")
            async with loop.holding(manager.state.steps[name].sending.order):
                beat = asyncio.ensure_future(manager.heartbeat())
                for _ in range(5):
                    await asyncio.sleep(0)
                run.chain.reorganise()
                await loop.records.commit(Reopened(*name, {"wallet": "chain:one"}))
                run.chain.change(script=["stuck", "mine"])
                await loop.resume(manager.state.open[name].sending)
            await beat
            return manager

    manager = asyncio.run(go())
    assert len(run.chain.state()["blocks"]) == 2
    assert manager.state.open == {}
    assert lost(run, [supply()], OPENING) == []


def test_amounts_of_thirty_digits_survive_a_heartbeat_and_a_replay(run: Run) -> None:
    """Whatever enters the library works with sixty digits: a reorganisation that a heartbeat mends loses no last digit."""
    held = "30000000000000.000000000000000002"
    run.chain.set_up(USDT=held)
    manager = during(run, supply(amount="0.000000000000000001"), lambda _: run.chain.reorganise())
    left = Decimal("30000000000000.000000000000000001")
    assert manager.state.book["wallet:balance:USDT"] == run.chain.position("wallet:balance:USDT") == left
    journal = SqliteJournal(run.journal, run.clock)
    assert replayed(journal.verified()).book["wallet:balance:USDT"] == left
    journal.close()


def test_a_history_that_is_gone_leaves_the_account_to_a_person(run: Run) -> None:
    """Idle for longer than the node keeps blocks: the run starts, sends nothing, and goes on once the account is thawed."""
    run.act(supply(1))
    run.chain.pass_blocks(100)
    run.chain.change(keeps=50)
    (refused,) = run.act(supply(2))
    assert (refused.state, len(run.chain.state()["broadcasts"])) == ("STOPPED", 2)
    assert "keeps no more blocks" in run.replayed().frozen["wallet"]

    async def thaw() -> None:
        async with run.manager() as manager:
            await manager.thaw("wallet", "compared with an explorer")

    asyncio.run(thaw())
    run.chain.pass_blocks(100)  # whoever thaws need not act at once
    (result,) = run.act(supply(3))
    assert (result.state, run.chain.position(SUPPLIED)) == ("VERIFIED", 200)
    assert run.replayed().frozen == {}


def test_a_change_that_nobody_can_explain_any_more_is_a_mismatch(run: Run) -> None:
    """In a run that stays up: what is off stays off, so it is for a person and not to be tried again."""

    async def go() -> list[str]:
        async with run.manager() as manager:
            await manager.execute_action(supply(1))
            run.clock.pass_by(60_000)
            run.chain.pass_blocks(100)
            run.chain.change(keeps=50, positions={**run.chain.state()["positions"], "wallet:balance:USDT": "5000"})
            refused = await manager.execute_action(supply(2))
            return [refused.state, manager.state.frozen["wallet"]]

    state, reason = asyncio.run(go())
    assert state == "DENIED"
    assert "expected 900, observed 5000 (the toy node keeps no more blocks)" in reason
