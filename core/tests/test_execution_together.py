"""Actions given together: their orders on one account are proven by one reading of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from toy_runs import FAR, PointJournal, Run, buy, crash_at, lost, supply

from basis_venues.errors import ActionConflict, InvalidAction, JournalUnwritable
from basis_venues.execution.manager import ExecutionManager
from basis_venues.execution.stops import HaltFlags
from basis_venues.journal.sqlite import Entry
from basis_venues.results import ActionResult
from basis_venues.states import State, Verdict

OPENING = {"north:balance:USDT": "1000000", "south:balance:USDT": "1000000", "wallet:balance:USDT": "1000", "wallet:balance:ETH": "10"}
NEVER = 10_000


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    return run


def counted(run: Run, *actions: Any, **options: Any) -> tuple[tuple[ActionResult, ...], list[str], int]:
    """What comes of the actions given together after a first order, the points passed, and the synced commits."""
    point, passed = crash_at(NEVER)
    journals: list[PointJournal] = []

    async def story() -> tuple[tuple[ActionResult, ...], int]:
        async with run.manager(point=point, journals=journals, **options) as manager:
            (await manager.execute_action(buy("first"))).raise_unless_verified()
            passed.clear()
            before = journals[0].commits
            return await manager.execute_actions(actions), journals[0].commits - before

    results, commits = asyncio.run(story())
    return results, passed, commits


@pytest.mark.parametrize("count", [1, 2, 5])
def test_k_orders_of_an_account_share_one_reading_and_one_last_commit(run: Run, count: int) -> None:
    """Each is sent after a commit of its own; then one reading and one commit are for all of them."""
    results, passed, commits = counted(run, *(buy(number, "0.5") for number in range(count)))
    assert [result.state for result in results] == ["VERIFIED"] * count
    assert passed.count("before a reading") == 1
    assert commits == count + 1
    assert len(run.exchange().fills()) == count + 1
    assert lost(run, [buy(number, "0.5") for number in range(count)], OPENING) == []


def test_the_outcome_of_a_step_shares_the_commit_of_what_comes_next(run: Run) -> None:
    """An approve and a supply: written down before each of them, and once more with the end of the action."""
    run.chain.set_up()
    _, passed, commits = counted(run, supply())
    stored = [name.removeprefix("after the commit of ") for name in passed if name.startswith("after the commit")]
    assert stored == ["Intent+Observed+Sending", "Outcome+Sending", "Outcome+Closed"]
    assert commits == 3


def test_two_accounts_are_read_once_each(run: Run) -> None:
    """Actions that are split over two exchanges: four orders, two readings."""
    run.exchange("south").set_up()
    results, passed, _ = counted(run, buy(1), buy(2))
    assert {leg.venue for result in results for leg in result.legs} == {"north", "south"}
    assert [result.state for result in results] == ["VERIFIED"] * 2
    assert passed.count("before a reading") == 2


def test_each_result_has_the_effects_of_its_own_order_and_the_joint_evidence(run: Run) -> None:
    """Effects are the order's; what was compared is the account after all of them."""
    (one, two), _, _ = counted(run, buy(1, "1"), buy(2, "3"))
    assert (one.deltas["north:balance:BTC"], two.deltas["north:balance:BTC"]) == (1, 3)
    observed = {line.key: line.observed for result in (one, two) for leg in result.legs for line in leg.compared}
    assert observed["north:balance:BTC"] == run.exchange().position("BTC") == 5


def test_an_account_that_does_not_show_the_sum_proves_none_of_them(run: Run) -> None:
    """Somebody's trade that the venue does not tell of: both are MISMATCHED, and the account is frozen."""

    def point(name: str) -> None:
        if name == "before a reading" and len(run.exchange().fills()) == 2:
            data = run.world.load()
            data["venues"]["north"]["positions"]["north:balance:USDT"] = "1"
            run.world.save(data)

    results = run.act(buy(1), buy(2), together=True, point=point)
    assert [leg.verdict for result in results for leg in result.legs] == [Verdict.MISMATCHED] * 2
    assert "north" in run.replayed().frozen


def test_an_account_that_cannot_be_read_leaves_all_of_them_unverified(run: Run) -> None:
    """They are parked with their effects in the books, and proven before the account's next order."""

    def point(name: str) -> None:
        if name == "before a reading" and len(run.exchange().fills()) == 2:
            run.exchange().change(reads=["unreadable"] * 20)

    results = run.act(buy(1), buy(2), together=True, point=point)
    assert [result.state for result in results] == ["UNVERIFIED"] * 2
    run.exchange().change(reads=[])
    assert run.act(buy(3))[0].state == "VERIFIED"
    again = run.act(buy(1), buy(2), together=True)
    assert [result.state for result in again] == ["VERIFIED"] * 2
    assert lost(run, [buy(1), buy(2), buy(3)], OPENING) == []


def test_a_refused_order_does_not_keep_the_others(run: Run) -> None:
    """The venue refuses the second of three: the first and the third are proven without it."""
    run.exchange().change(script=["fill", "refuse", "fill"])
    results = run.act(buy(1), buy(2), buy(3), together=True)
    assert [result.state for result in results] == ["VERIFIED", "REJECTED", "VERIFIED"]
    assert lost(run, [buy(1), buy(2), buy(3)], OPENING) == []


def test_an_order_is_planned_on_what_those_before_it_left(run: Run) -> None:
    """The first spends nearly all: the second is DENIED before anything of it is sent."""
    run.exchange().set_up(quote="150")
    results = run.act(buy(1, "1"), buy(2, "1"), together=True)
    assert [result.state for result in results] == ["VERIFIED", "DENIED"]
    assert len(run.exchange().fills()) == 1


def test_nothing_is_sent_after_an_order_whose_outcome_stays_unknown(run: Run) -> None:
    """The second is never settled: it goes to a person and the account is frozen; the first is proven, the third not begun."""
    run.exchange().change(script=["fill", "drop_reply"])
    flags: list[Callable[[], None]] = [lambda: run.exchange().change(mute=True)]

    def point(name: str) -> None:
        if len(run.exchange().fills()) == 2 and flags:
            flags.pop()()

    results = run.act(buy(1), buy(2), buy(3), together=True, point=point)
    assert [result.state for result in results] == ["VERIFIED", "NEEDS_HUMAN", "DENIED"]
    assert results[0].legs[0].externals == ()  # the reading showed the second's fill, which is nobody else's
    assert "north" in run.replayed().frozen
    assert len(run.exchange().fills()) == 2


def test_a_halt_stops_what_is_not_sent_yet(run: Run) -> None:
    """The operator halts while the first is under way."""
    halts = HaltFlags(run.directory / "state" / "halt")

    def point(_: str) -> None:
        if run.exchange().fills():
            halts.halt("enough")

    results = run.act(buy(1), buy(2), together=True, point=point)
    assert [result.state for result in results] == ["VERIFIED", "DENIED"]
    assert "enough" in results[1].legs[0].reason


def test_orders_of_several_steps_have_readings_of_their_own(run: Run) -> None:
    """An approve and a supply wait for each other's proof, also where they are given with others."""
    run.chain.set_up()
    results = run.act(supply(1), supply(2), buy(1), together=True)
    assert [result.state for result in results] == ["VERIFIED"] * 3
    assert len(run.chain.state()["blocks"]) == 4
    assert lost(run, [supply(1), supply(2)], OPENING) == []


def test_closed_ids_answer_with_their_results_and_new_ones_act(run: Run) -> None:
    """A batch that is given again with one action more carries out that one alone."""
    first = run.act(buy(1), buy(2), together=True)
    again = run.act(buy(1), buy(2), buy(3), together=True)
    assert [result.deltas for result in again[:2]] == [result.deltas for result in first]
    assert again[2].state == "VERIFIED"
    assert len(run.exchange().fills()) == 3


def test_an_id_twice_or_with_other_parameters_stops_all_before_anything_is_sent(run: Run) -> None:
    """Nothing of a batch is sent that cannot be meant."""
    run.act(buy(1))
    for batch in ((buy(2), buy(2)), (buy(3), buy(1, "2"))):
        with pytest.raises(ActionConflict):
            run.act(*batch, together=True)
    with pytest.raises(InvalidAction):
        run.act(buy(4), buy(5, valid_until=None), together=True)
    assert len(run.exchange().fills()) == 1


def test_each_order_has_its_own_time(run: Run) -> None:
    """One whose valid_until has passed is INTERRUPTED, the other is carried out."""
    results = run.act(buy(1, valid_until=1), buy(2, valid_until=FAR), together=True)
    assert [leg.state for result in results for leg in result.legs] == [State.INTERRUPTED, State.FILLED]


def on_a_full_disk(run: Run, kind: str, *actions: Any) -> tuple[ActionResult, ...]:
    """What comes of actions given together where no row of that kind can be written."""

    class Full(PointJournal):
        def append(self, entries: Sequence[Entry]) -> None:
            if any(entry.kind == kind for entry in entries):
                raise JournalUnwritable("the journal cannot be written (full)")
            super().append(entries)

    async def story() -> tuple[ActionResult, ...]:
        async with ExecutionManager(evolve(run.parts(), open_journal=Full)) as manager:
            return await manager.execute_actions(actions)

    return asyncio.run(story())


def test_a_disk_that_is_full_before_the_first_write_is_said_of_every_order(run: Run) -> None:
    """Nothing was begun: both are DENIED for the journal's reason, not for an earlier step that nobody could find."""
    results = on_a_full_disk(run, "SENDING", buy(1), buy(2))
    assert [result.state for result in results] == ["DENIED"] * 2
    assert [leg.reason for result in results for leg in result.legs] == ["the journal cannot be written (full)"] * 2
    assert (run.exchange().fills(), run.replayed().open) == ([], {})


def test_a_disk_that_is_full_at_the_last_commit_proves_none_of_them(run: Run) -> None:
    """They stand in the journal as being sent; the next run settles both."""
    results = on_a_full_disk(run, "CLOSED", buy(1), buy(2))
    assert [result.state for result in results] == ["UNVERIFIED"] * 2
    again = run.act(buy(1), buy(2), together=True)
    assert [result.state for result in again] == ["VERIFIED"] * 2
    assert len(run.exchange().fills()) == 2
    assert lost(run, [buy(1), buy(2)], OPENING) == []


def test_nothing_given_is_nothing_done(run: Run) -> None:
    """An empty batch answers with nothing."""
    assert run.act(together=True) == ()
    assert Decimal(run.exchange().position("BTC")) == 0
