"""Orders at rest that nobody waits for: they are settled beside the run, which acts from other accounts meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import attrs
import pytest
from toy_runs import Killed, Run, buy, crash_when, lost

from basis_venues.actions import SpotTrade
from basis_venues.errors import Denied
from basis_venues.execution.blocking import BlockingManager
from basis_venues.execution.manager import ExecutionManager
from basis_venues.results import ActionResult
from basis_venues.states import State, Verdict

OPENING = {"north:balance:USDT": "1000000", "south:balance:USDT": "1000000"}
LEFT, STEP = ("toy", "buy-1/north/0"), "buy-1/north/0"
LONG = 100_000_000
"""Longer than any test lasts on the world's clock, ms: which order at rest has ended by then, was ended by something else."""


def resting(number: int = 1, good_for: int = LONG) -> SpotTrade:
    return buy(number, order_type="limit", price="90", good_for=good_for, venue="north")


def elsewhere(number: int = 2) -> SpotTrade:
    return buy(number, venue="south")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(directory=tmp_path)
    run.exchange("north").set_up()
    run.exchange("south").set_up()
    return run


def leave(run: Run, action: SpotTrade, verb: str = "rest:9999999") -> None:
    """A run is killed while the order rests."""
    run.exchange().change(script=[verb])
    with pytest.raises(Killed):
        run.act(action, point=crash_when("before a look-up"))
    run.exchange().change(script=[])


def end(run: Run) -> None:
    """The exchange fills what rests at the next look."""
    data = run.world.load()
    for order in data["venues"]["north"]["orders"]:
        order["looks_needed"] = 0
    run.world.save(data)


def sent(run: Run, name: str = "north") -> int:
    return len(run.exchange(name).state()["writes"])


def test_a_start_does_not_wait_for_an_order_at_rest(run: Run) -> None:
    """Other accounts act at once, while it rests; an order of its own account waits until it has ended."""
    leave(run, resting())

    async def go() -> tuple[ActionResult, ActionResult]:
        async with run.manager() as manager:
            other = await manager.execute_action(elsewhere())
            assert LEFT in manager.state.open
            waits = asyncio.ensure_future(manager.execute_action(buy(3, venue="north")))
            await asyncio.wait([waits], timeout=0.1)
            assert not waits.done()
            assert sent(run) == 1
            end(run)
            return other, await waits

    assert [result.state for result in asyncio.run(go())] == ["VERIFIED", "VERIFIED"]
    assert run.replayed().steps[LEFT].verdict is Verdict.VERIFIED
    assert sent(run) == 2


def test_it_is_taken_back_in_time_although_nobody_asks_for_it(run: Run) -> None:
    """Its time is over some seconds after the start: it is cancelled then, its account is compared, and its id answers with that."""
    leave(run, resting(good_for=20_000))

    async def go() -> None:
        async with run.manager() as manager:
            await manager.settled()
            assert manager.state.open == {}

    asyncio.run(go())
    assert run.replayed().steps[LEFT].verdict is Verdict.VERIFIED
    assert run.exchange().fills() == []
    assert run.act(resting(good_for=20_000))[0].state == "CANCELLED"
    assert sent(run) == 1


def test_whoever_asks_for_it_again_is_told_how_it_ended(run: Run) -> None:
    """The same id waits for it and is not sent anew."""
    leave(run, resting())

    async def go() -> ActionResult:
        async with run.manager() as manager:
            asked = asyncio.ensure_future(manager.execute_action(resting()))
            await asyncio.wait([asked], timeout=0.1)
            assert not asked.done()
            end(run)
            return await asked

    assert asyncio.run(go()).state == "VERIFIED"
    assert lost(run, [resting()], OPENING) == []
    assert sent(run) == 1


def test_a_run_that_is_closed_leaves_it_to_the_next(run: Run) -> None:
    """Nothing is waited for, nothing is sent, and the next start takes it up."""
    leave(run, resting())
    for number in (2, 3):
        (result,) = run.act(elsewhere(number))
        assert result.state == "VERIFIED"
        assert LEFT in run.replayed().open
    end(run)
    assert run.act(resting())[0].state == "VERIFIED"
    assert sent(run) == 1


@pytest.mark.parametrize("number", range(0, 40, 2))
def test_a_run_that_ends_anywhere_in_it_loses_nothing(run: Run, number: int) -> None:
    """The task that settles it ends at any of its points: the account takes no order before it is settled, by whoever comes next."""
    leave(run, resting(good_for=4_000))
    passed = 0

    def point(_: str) -> None:
        nonlocal passed
        passed += 1
        if passed == number:
            raise RuntimeError("here")

    async def go() -> ActionResult:
        async with run.manager(point=point) as manager:
            await manager.settled()
            return await manager.execute_action(buy(2, venue="north"))

    try:
        result = asyncio.run(go())
    except Exception:  # at the start
        result = run.act(buy(2, venue="north"))[0]
    if result.state != "VERIFIED":
        result = run.act(buy(2, venue="north"))[0]
    state = run.replayed()
    assert state.open == state.parked == {}
    assert run.act(resting(good_for=4_000), buy(2, venue="north"))[0].state == "CANCELLED"
    assert lost(run, [resting(good_for=4_000), buy(2, venue="north")], OPENING) == []


def test_what_was_sent_after_it_from_its_account_is_settled_after_it(run: Run) -> None:
    """Two open steps of one account, of orders that were given together; the first may rest: the start waits for neither."""
    both = (resting(1), buy(2, venue="north"))
    run.exchange().change(script=["fill", "rest:9999999"])
    with pytest.raises(Killed):
        run.act(*both, together=True, point=crash_when("before a look-up"))
    run.exchange().change(script=[])
    opened = [step for _, step in run.replayed().open]
    assert opened == [STEP, "buy-2/north/0"]

    async def go() -> None:
        async with run.manager() as manager:
            assert [step for _, step in manager.state.open] == opened
            end(run)
            assert (await manager.execute_action(buy(3, venue="north"))).state == "VERIFIED"
            assert manager.state.open == {}

    asyncio.run(go())
    assert [result.state for result in run.act(*both)] == ["VERIFIED", "VERIFIED"]
    assert lost(run, [*both, buy(3, venue="north")], OPENING) == []


def test_a_caller_that_gives_up_leaves_it_to_the_run(run: Run) -> None:
    """A call that timed out: the order is taken back when its time is over, as if somebody still waited for it."""
    run.exchange().change(script=["rest:9999999"])

    async def go() -> None:
        async with run.manager() as manager:
            asked = asyncio.ensure_future(manager.execute_action(resting(good_for=50_000)))
            while not sent(run):
                await asyncio.sleep(0)
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            assert LEFT in manager.state.open
            await manager.settled()
            assert LEFT not in manager.state.open
            assert (await manager.execute_action(resting(good_for=50_000))).state == "CANCELLED"

    asyncio.run(go())
    assert sent(run) == 1


def test_what_is_filled_of_it_is_explained_while_it_rests(run: Run) -> None:
    """A part is filled, and look-ups fail: the comparison of the books with the account tells that part as expected."""
    leave(run, resting(), "partial")
    run.exchange().change(mute=True)

    async def go() -> None:
        async with run.manager() as manager:
            lines = await manager.compared()
            assert LEFT in manager.state.open
            assert {key: (str(line.observed), line.agrees) for key, line in lines.items()} == {
                "north:balance:BTC": ("0.5", True), "north:balance:USDT": ("999950.0", True),
            }  # fmt: skip
            run.exchange().change(mute=False)
            await manager.settled()
            assert manager.state.steps[LEFT].report.state is State.CANCELLED  # type: ignore[union-attr]

    asyncio.run(go())
    assert run.act(resting())[0].state == "CANCELLED"
    assert lost(run, [resting()], OPENING) == []


def test_one_that_cannot_be_settled_is_told_and_settled_before_the_next_order(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    """Something fails that no venue should do: the log says so without its words, and the step stays open until its account is needed."""
    leave(run, resting(good_for=4_000))
    failing = iter([True])

    def point(name: str) -> None:
        if name.startswith("before the commit of Outcome") and next(failing, False):
            raise RuntimeError("a secret")

    async def go() -> ActionResult:
        async with run.manager(point=point) as manager:
            await manager.settled()
            return await manager.execute_action(buy(2, venue="north"))

    assert asyncio.run(go()).state == "VERIFIED"
    assert caplog.messages[-1] == f"{STEP} is not settled yet: RuntimeError"
    assert "a secret" not in caplog.text
    assert run.act(resting(good_for=4_000))[0].state == "CANCELLED"
    assert lost(run, [resting(good_for=4_000), buy(2, venue="north")], OPENING) == []


# -- cancelled by the runner -------------------------------------------------------------------------------------------------------


def cancelled(run: Run, action: SpotTrade, verb: str) -> ActionResult:
    """The result of an action that is cancelled as soon as its order has left."""
    run.exchange().change(script=[verb])

    async def go() -> ActionResult:
        async with run.manager() as manager:
            asked = asyncio.ensure_future(manager.execute_action(action))
            while not sent(run):
                await asyncio.sleep(0)
            assert await manager.cancel("buy-1") == (STEP,)
            return await asked

    return asyncio.run(go())


def test_an_order_is_cancelled_before_its_time_is_over(run: Run) -> None:
    """The caller of the action is told; nothing was filled, and it took a look or two."""
    before = run.clock.now()
    result = cancelled(run, resting(), "rest:9999999")
    assert (result.state, result.legs[0].verdict, result.deltas) == ("CANCELLED", Verdict.VERIFIED, {})
    assert run.clock.now() - before < 5_000
    assert lost(run, [resting()], OPENING) == []


def test_an_order_that_never_arrived_is_not_sent_again_once_it_is_cancelled(run: Run) -> None:
    """It is proven absent, and would be sent anew without that."""
    result = cancelled(run, resting(), "never")
    assert (result.state, sent(run)) == ("INTERRUPTED", 1)
    assert lost(run, [resting()], OPENING) == []


def test_one_that_an_earlier_run_left_is_cancelled_by_its_id(run: Run) -> None:
    leave(run, resting())

    async def go() -> ActionResult:
        async with run.manager() as manager:
            assert await manager.cancel("buy-1") == (STEP,)
            await manager.settled()
            return await manager.execute_action(resting())

    assert asyncio.run(go()).state == "CANCELLED"
    assert sent(run) == 1


def test_only_what_rests_of_a_known_action_is_cancelled(run: Run) -> None:
    """What is over has no step to cancel; what nobody knows is named with the nearest; the order of another action is left alone."""
    leave(run, resting())

    async def go() -> None:
        async with run.manager() as manager:
            await manager.execute_action(elsewhere())
            assert await manager.cancel("buy-2") == ()
            with pytest.raises(Denied, match="no action 'bye-2' is known; did you mean buy-2"):
                await manager.cancel("bye-2")
            assert LEFT in manager.state.open

    asyncio.run(go())


def test_nothing_rests_in_a_backtest(run: Run) -> None:
    """The same calls as live, which have nothing to do."""
    parts = attrs.evolve(run.parts(simulated=("north", "south")), state_directory=None, open_journal=None)
    with BlockingManager(ExecutionManager(parts)) as manager:
        assert manager.cancel("buy-1") == ()
        manager.settled()


def test_a_blocking_manager_settles_it_between_calls(run: Run) -> None:
    """Its loop runs in a thread of its own: the order is taken back while nobody calls."""
    leave(run, resting(good_for=20_000))
    with BlockingManager(run.manager()) as manager:
        manager.settled()
        assert manager.state.open == {}
        assert manager.cancel("buy-1") == ()
