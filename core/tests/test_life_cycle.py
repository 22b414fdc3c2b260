"""A manager's life: entered once, used where it was entered, and closed only when nothing is under way any more."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from toy_runs import Run, buy, lost, nowhere
from toy_venues import ExchangeClient

from basis_venues import BlockingManager, ExecutionManager
from basis_venues.contract import Prepared, Report
from basis_venues.errors import BasisError, TryAgainLater

OPENING = {"north:balance:USDT": "1000000"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    return run


def test_entering_twice_is_refused_and_takes_nothing_from_the_one_inside(run: Run) -> None:
    """The second entry raises before anything of the first is closed: its orders go on."""

    async def go() -> str:
        async with run.manager() as manager:
            with pytest.raises(BasisError, match="entered once"):
                await manager.__aenter__()
            return (await manager.execute_action(buy())).state

    assert asyncio.run(go()) == "VERIFIED"


@pytest.mark.parametrize("call", ["execute_action", "positions", "heartbeat"])
def test_a_manager_that_is_not_open_says_how_it_is_used(run: Run, call: str) -> None:
    """Before it is entered, after it is closed, and in another event loop."""
    arguments = (buy(),) if call == "execute_action" else ()
    manager = run.manager()

    async def outside() -> None:
        with pytest.raises(BasisError, match="async with"):
            await getattr(manager, call)(*arguments)

    async def inside() -> None:
        async with manager:
            thread = threading.Thread(target=lambda: asyncio.run(outside()))
            thread.start()
            thread.join()

    asyncio.run(outside())
    with pytest.raises(BasisError, match="async with"):
        _ = manager.frozen
    asyncio.run(inside())
    asyncio.run(outside())


def test_closing_calls_off_what_is_in_flight_and_waits_for_it(run: Run) -> None:
    """The task that carried it out is over before journal and accounts are let go; the id goes on where it stood."""
    run.exchange().change(script=["rest:9999"])

    async def go() -> None:
        async with run.manager() as manager:
            flying = asyncio.create_task(manager.execute_action(buy(1, order_type="limit", price="90", good_for=60_000)))
            while not run.exchange().state()["orders"]:
                await asyncio.sleep(0.001)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(flying, 1)

    asyncio.run(go())
    run.act(buy(2))
    assert lost(run, [buy(2)], OPENING) == []


def test_a_thread_that_waits_when_the_manager_is_closed_is_told(run: Run) -> None:
    """It does not wait for ever for what nobody carries out any more."""
    run.exchange().change(script=["rest_forever"])
    told: list[BaseException] = []

    def work(manager: BlockingManager) -> None:
        try:
            manager.execute_action(buy(1, order_type="limit", price="90", good_for=60_000))
        except BaseException as error:
            told.append(error)

    with BlockingManager(run.manager()) as manager:
        thread = threading.Thread(target=work, args=(manager,), daemon=True)
        thread.start()
        while not run.exchange().state()["orders"]:
            threading.Event().wait(0.001)
    thread.join(10)
    assert [type(error) for error in told] == [TryAgainLater]
    with pytest.raises(BasisError, match="inside `with`"):
        manager.positions()


def test_threads_take_turns_in_a_backtest(run: Run) -> None:
    """Four at once on one account: every order is verified, as if there were one thread."""
    states: list[str] = []

    def work(manager: BlockingManager, name: int) -> None:
        states.extend(manager.execute_action(buy(f"{name}-{number}", quantity="0.01")).state for number in range(200))

    opening = {"north:balance:USDT": Decimal(1_000_000)}
    parts = attrs.evolve(run.parts(simulated=("north",), opening=opening), state_directory=None, open_journal=None)
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # they interrupt each other in the middle of orders
    try:
        with BlockingManager(ExecutionManager(parts)) as manager:
            threads = [threading.Thread(target=work, args=(manager, name)) for name in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(usual)
    assert states == ["VERIFIED"] * 800


def manager_with(run: Run, client: ExchangeClient) -> ExecutionManager:
    """A manager whose only venue is that client's."""
    parts = run.parts()
    north = parts.venues.named("north")._replace(client=client)
    return ExecutionManager(attrs.evolve(parts, venues=type(parts.venues)([north], parts.venues.keeper)))


def test_a_close_that_is_cut_off_while_it_waits_still_frees_the_account(run: Run) -> None:
    """The order takes a moment to end, and whoever closes is cancelled meanwhile: the next manager finds the account free."""

    class Stubborn(ExchangeClient):
        async def send(self, prepared: Prepared) -> Report:
            self.reached = asyncio.Event()
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0.05)
            return await super().send(prepared)

    async def go() -> None:
        client = Stubborn(run.exchange(), "north:one", nowhere)
        manager = await manager_with(run, client).__aenter__()
        order = asyncio.create_task(manager.execute_action(buy()))
        while not hasattr(client, "reached"):
            await asyncio.sleep(0)
        closing = asyncio.create_task(manager.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, order, return_exceptions=True)
        async with run.manager():
            pass

    asyncio.run(go())


def test_closing_during_the_start_leaves_nothing_taken(run: Run) -> None:
    """The start is called off like a call: it does not take the account after the close."""

    class Opening(ExchangeClient):
        async def open(self) -> Any:
            await asyncio.sleep(0.05)
            return await super().open()

    async def go() -> None:
        manager = manager_with(run, Opening(run.exchange(), "north:one", nowhere))
        entering = asyncio.create_task(manager.__aenter__())
        await asyncio.sleep(0)
        await manager.close()
        await asyncio.gather(entering, return_exceptions=True)
        async with run.manager():
            pass

    asyncio.run(go())


@pytest.mark.parametrize("repetition", range(5))
def test_no_thread_hangs_that_asks_while_the_manager_is_left(run: Run, repetition: int) -> None:
    """Six threads ask without pause, before, during and after the end: each is answered, at last with an error of ours."""
    over, others = threading.Event(), list[threading.Thread]()

    def ask(manager: BlockingManager) -> None:
        while not over.is_set():
            with suppress(BasisError):
                manager.execute_action(buy())

    with BlockingManager(run.manager()) as manager:
        manager.execute_action(buy())
        others += [threading.Thread(target=ask, args=(manager,), daemon=True) for _ in range(6)]
        for each in others:
            each.start()
    over.set()
    for each in others:
        each.join(10)
    assert not any(each.is_alive() for each in others)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_of_the_process_is_told_to_open_one_of_its_own(run: Run) -> None:
    """The loop's thread is not in it: it would wait for ever. Leaving `with` there closes nothing, and the parent goes on."""
    with BlockingManager(run.manager()) as manager:
        child = os.fork()
        if not child:  # nothing of pytest may run here
            code = 1
            with suppress(BaseException), manager:
                pass
            try:
                manager.execute_action(buy(1))
            except BasisError as error:
                manager.__exit__(None, None, None)
                code = 0 if "opened by another process" in str(error) else 2
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert manager.execute_action(buy(1)).state == "VERIFIED"
