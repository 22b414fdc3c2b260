"""Who waits for the watch over mined steps, and that it judges a step only as it was when it was looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from toy_runs import Run, buy, lost, supply
from toy_venues import ExchangeClient

from basis_venues.execution.manager import ExecutionManager
from basis_venues.journal.events import Reopened
from basis_venues.journal.sqlite import SqliteJournal

OPENING = {
    "wallet:balance:USDT": "1000", "wallet:balance:ETH": "10", "north:balance:USDT": "1000000", "south:balance:USDT": "1000000",
}  # fmt: skip
LAST = ("toy", "supply-1/chain/1")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """An exchange and a chain, with something in both accounts."""
    return Run(directory=tmp_path).set_up()


async def soon(waiting: Awaitable[Any]) -> Any:
    """What comes of it; fails where it waits for a lock that is not given back."""
    return await asyncio.wait_for(waiting, 20)


def kinds(run: Run) -> list[str]:
    """The kinds of the journal's rows."""
    journal = SqliteJournal(run.journal, run.clock)
    found = [row.kind for row in journal.rows()]
    journal.close()
    return found


def test_an_order_at_an_exchange_does_not_wait_for_the_wallet(run: Run) -> None:
    """A transaction was taken back and its account is busy: the exchange's order is carried out meanwhile, and the wallet mended later."""

    async def go() -> tuple[str, ExecutionManager]:
        async with run.manager() as manager:
            await manager.execute_action(supply())
            loop = manager.run.loop
            async with loop.holding(manager.state.steps[LAST].sending.order):
                run.chain.reorganise()
                bought = await soon(manager.execute_action(buy()))
            await manager.heartbeat()
            return bought.state, manager

    state, manager = asyncio.run(go())
    assert state == "VERIFIED"
    assert (manager.state.open, kinds(run).count("REOPENED")) == ({}, 1)
    assert lost(run, [supply(), buy()], OPENING) == []


def test_an_order_of_the_wallet_looks_at_its_own_steps_first(run: Run) -> None:
    """What was taken back from the account or its lane is mended before the account's next order, without a heartbeat."""

    async def go() -> str:
        async with run.manager() as manager:
            await manager.execute_action(supply(1))
            run.chain.reorganise()
            return (await manager.execute_action(supply(2))).state

    assert asyncio.run(go()) == "VERIFIED"
    assert kinds(run).count("REOPENED") == 1
    assert lost(run, [supply(1), supply(2)], OPENING) == []


def test_a_venue_that_is_down_keeps_no_heartbeat_from_the_chain(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction was taken back while the exchange does not answer: the heartbeat says so, and the transaction is mined again."""

    async def down(client: ExchangeClient) -> dict[str, str]:
        raise ConnectionError

    async def go() -> ExecutionManager:
        async with run.manager() as manager:
            await manager.execute_action(supply())
            run.chain.reorganise()
            monkeypatch.setattr(ExchangeClient, "heartbeat", down)
            with pytest.raises(ConnectionError):
                await manager.heartbeat()
            return manager

    manager = asyncio.run(go())
    assert (manager.state.open, kinds(run).count("REOPENED")) == ({}, 1)
    assert lost(run, [supply()], OPENING) == []


def test_nobody_waits_to_write_that_a_step_is_final(run: Run) -> None:
    """The account is busy: the heartbeat ends without the row, and the next one writes it."""

    async def go() -> tuple[int, int]:
        async with run.manager() as manager:
            await manager.execute_action(supply())
            run.chain.pass_blocks(5)
            async with manager.run.loop.holding(manager.state.steps[LAST].sending.order):
                await soon(manager.heartbeat())
                meanwhile = len(manager.state.watched)
            await manager.heartbeat()
            return meanwhile, len(manager.state.watched)

    assert asyncio.run(go()) == (2, 0)
    assert kinds(run).count("FINALISED") == 2


def test_a_step_that_was_mended_while_a_heartbeat_waited_is_not_reopened_again(run: Run) -> None:
    """It was looked at while it was gone; the same bytes were broadcast and settled before the heartbeat's turn came."""

    async def go() -> None:
        async with run.manager() as manager:
            await manager.execute_action(supply())
            loop = manager.run.loop
            async with loop.holding(manager.state.steps[LAST].sending.order):
                run.chain.reorganise()
                beat = asyncio.ensure_future(manager.heartbeat())
                for _ in range(5):
                    await asyncio.sleep(0)
                await loop.records.commit(Reopened(*LAST, {"wallet": "chain:one"}))
                await loop.resume(manager.state.open[LAST].sending)
            await beat
            assert manager.state.open == {}

    asyncio.run(go())
    assert kinds(run).count("REOPENED") == 1
    assert len(run.chain.state()["broadcasts"]) == 3
    assert lost(run, [supply()], OPENING) == []


def test_an_action_is_not_closed_with_what_a_reorganisation_has_taken_back(run: Run) -> None:
    """One action waits for the exchange while the other's last step is taken back and mined anew as one that reverts: its result says so,
    when it is told and when it is asked for again."""

    async def go() -> list[str]:
        async with run.manager() as manager:
            await manager.execute_action(buy("first"))
            (first,) = manager.state.steps.values()
            async with manager.run.loop.holding(first.sending.order):
                both = asyncio.ensure_future(manager.execute_actions((supply(), buy())))
                while LAST not in manager.state.steps or manager.state.open:
                    await asyncio.sleep(0)
                run.chain.reorganise(reverts=True)
                await soon(manager.heartbeat())
            told, _ = await soon(both)
            return [told.state, (await manager.execute_action(supply())).state]

    assert asyncio.run(go()) == ["REVERTED", "REVERTED"]
    assert kinds(run).count("REOPENED") == 1
    assert lost(run, [supply(), buy("first"), buy()], OPENING) == []


def test_one_that_is_open_again_is_not_closed(run: Run) -> None:
    """The same, and nobody could settle it yet: it is not over, and the id goes on when it is asked for again."""

    async def go() -> list[str]:
        async with run.manager() as manager:
            await manager.execute_action(buy("first"))
            (first,) = manager.state.steps.values()
            async with manager.run.loop.holding(first.sending.order):
                both = asyncio.ensure_future(manager.execute_actions((supply(), buy())))
                while LAST not in manager.state.steps or manager.state.open:
                    await asyncio.sleep(0)
                run.chain.reorganise()
                await manager.run.loop.records.commit(Reopened(*LAST, {"wallet": "chain:one"}))
            told, _ = await soon(both)
            return [told.state, (await manager.execute_action(supply())).state]

    assert asyncio.run(go()) == ["VERIFIED", "VERIFIED"]
    assert len(run.chain.state()["broadcasts"]) == 3
    assert lost(run, [supply(), buy("first"), buy()], OPENING) == []
