"""A manager's life: entered once, used where it was entered, and closed only when nothing is under way any more."""

from __future__ import annotations

import asyncio
import sys
import threading
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
from toy_runs import Run, buy, lost

from basis_venues import BlockingManager, ExecutionManager
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
    run.exchange().change(script=["rest_forever"])

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
