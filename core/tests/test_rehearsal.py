"""A dry run is the run itself up to each write. Over the toy venues, whose world shows whether anything was written."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
from toy_runs import TIMING, Killed, Run, buy, crash_at, nowhere, supply

from basis_venues.actions import Action
from basis_venues.errors import Denied
from basis_venues.execution.manager import ExecutionManager
from basis_venues.execution.rehearsal import Rehearsal, copied
from basis_venues.execution.stops import HaltFlags
from basis_venues.journal.events import Frozen
from basis_venues.journal.sqlite import SqliteJournal
from basis_venues.orders import Outgoing, Step
from basis_venues.results import ActionResult

D = Decimal


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """An exchange and a chain, with something in both accounts."""
    return Run(directory=tmp_path).set_up()


def rehearsed(
    run: Run, *actions: Action, show: Callable[..., Any] | None = None, point: Callable[[str], None] = nowhere
) -> tuple[Rehearsal, list[ActionResult]]:
    """A dry run of the actions on a copy of the run's state."""

    async def go() -> tuple[Rehearsal, list[ActionResult]]:
        with copied(run.directory / "state") as copy:
            parts = attrs.evolve(run.parts(point=point), state_directory=copy, open_journal=None)
            if show is not None:
                for venue in parts.venues:
                    venue.client.show = show  # type: ignore[method-assign]
            rehearsal = Rehearsal(parts)
            async with ExecutionManager(rehearsal.parts) as manager:
                return rehearsal, [await manager.execute_action(action) for action in actions]

    return asyncio.run(go())


def written(run: Run) -> dict[str, Any]:
    """What the venues hold; the time apart."""
    return dict(run.world.load()["venues"])


def files(run: Run) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in (run.directory / "state").rglob("*") if path.is_file()}


def stored(run: Run) -> dict[str, bytes]:
    """The files of the state directory, without the one that SQLite's readers mark their places in."""
    return {path: data for path, data in files(run).items() if not path.endswith("-shm")}


def test_a_dry_run_shows_every_write_and_makes_none(run: Run) -> None:
    """Two orders on one account and a transaction in two steps: each shown with its place in its lane, planned on what the ones before it
    would do; the venues and the state directory are as they were."""
    before = written(run)
    rehearsal, results = rehearsed(run, buy(1), buy(2), supply())
    assert [result.state for result in results] == ["VERIFIED"] * 3
    shown = [(write.step.id, write.ahead) for write in rehearsal.writes]
    assert shown == [("buy-1/north/0", 0), ("buy-2/north/0", 1), ("supply-1/chain/0", 0), ("supply-1/chain/1", 1)]
    assert all("does not show" in write.outgoing.unknown[0] for write in rehearsal.writes), "what a client without `show` answers"
    assert written(run) == before
    assert not (run.directory / "state").exists()


def test_the_run_that_follows_does_what_was_shown(run: Run) -> None:
    """The same steps under the same keys, with the same changes."""
    rehearsal, foreseen = rehearsed(run, buy(1), supply())
    done = run.act(buy(1), supply())
    assert [result.state for result in done] == ["VERIFIED"] * 2
    assert [leg.steps for each in done for leg in each.legs] == [leg.steps for each in foreseen for leg in each.legs]
    keys = {record.sending.prepared.key for record in run.replayed().steps.values()}
    assert keys == {write.key for write in rehearsal.writes}
    for each, other in zip(done, foreseen, strict=True):
        assert each.legs[0].deltas.keys() == other.legs[0].deltas.keys()


def test_a_dry_run_knows_what_the_journal_knows(run: Run) -> None:
    """An id that was done is not shown again; an account that is halted is refused; the journal on disk is not touched."""
    run.act(buy(1))
    before = files(run)
    rehearsal, results = rehearsed(run, buy(1), buy(2))
    assert [result.state for result in results] == ["VERIFIED", "VERIFIED"]
    assert [write.step.id for write in rehearsal.writes] == ["buy-2/north/0"]
    assert files(run) == before
    HaltFlags(run.directory / "state" / "halt").halt("lunch")
    halted, results = rehearsed(run, buy(3))
    assert halted.writes == []
    assert "lunch" in results[0].legs[0].reason


def test_what_an_earlier_run_left_is_looked_up_and_not_sent(run: Run) -> None:
    """Killed when the venue has the order and the journal does not know: the dry run finds it, and settles it in its copy alone."""
    point, passed = crash_at(0)
    with pytest.raises(Killed):
        run.act(buy(1), point=point)
    for number in range(1, 40):
        if "answer" in passed[-1] or run.exchange("north").fills():
            break
        point, passed = crash_at(number)
        with pytest.raises(Killed):
            run.act(buy(1), point=point)
    fills, before = run.exchange("north").fills(), files(run)
    assert fills
    rehearsal, results = rehearsed(run, buy(1))
    assert results[0].state == "VERIFIED"
    assert rehearsal.writes == []
    assert run.exchange("north").fills() == fills
    assert files(run) == before


def test_what_is_not_settled_yet_is_looked_up_once_and_told_as_open(run: Run) -> None:
    """A transaction of a killed run that waits to be mined: the dry run asks once, lets no time pass, and refuses what needs it settled."""
    run.chain.set_up(["stuck"] * 3)

    def point(name: str) -> None:
        if name == "executed, before the reply":
            raise Killed(name)

    with pytest.raises(Killed):
        run.act(supply(1), point=point)
    now = run.clock.now()
    looks: list[str] = []
    rehearsal, results = rehearsed(run, supply(1), supply(2), point=looks.append)
    assert [result.state for result in results] == ["UNKNOWN", "DENIED"]
    assert "supply-1/chain/0 is open since an earlier run (now: ACCEPTED); the run itself settles it first" in results[0].legs[0].reason
    assert "not settled and verified yet: supply-1/chain/0" in results[1].legs[0].reason
    assert looks.count("before a look-up") == 3, "at the start, and before each of the two orders"
    assert run.clock.now() - now < TIMING.poll_ms, "nothing was waited for"
    assert (rehearsal.writes, len(run.chain.state()["broadcasts"])) == ([], 1)


def test_a_transaction_that_was_lost_is_shown_as_it_would_go_again(run: Run) -> None:
    """Journalled, and killed before its first byte: the same bytes are shown once, as what the next run sends first."""

    def point(name: str) -> None:
        if name == "before the first byte":
            raise Killed(name)

    with pytest.raises(Killed):
        run.act(supply(1), point=point)
    rehearsal, results = rehearsed(run, supply(1))
    assert [result.state for result in results] == ["VERIFIED"]
    assert [write.step.id for write in rehearsal.writes] == ["supply-1/chain/0", "supply-1/chain/1"]
    assert run.chain.state()["broadcasts"] == []


def test_the_state_of_a_run_at_work_is_copied_as_of_one_moment(run: Run) -> None:
    """While the journal is copied, its runner writes and rolls its write-ahead file into it: the copy has a chain that holds, with all
    that was stored before; halt flags come along, locks do not."""
    state, stop = run.directory / "state", threading.Event()
    HaltFlags(state / "halt").halt("lunch")
    journal = SqliteJournal(run.journal, run.clock)
    many = [Frozen("nobody", "x" * 20_000, {"nobody": "nobody"})] * 50

    def write() -> None:
        other = SqliteJournal(run.journal, run.clock)
        while not stop.is_set():
            other.write(many)
            other._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        other.close()

    (state / "locks").mkdir()
    journal.write(many)
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(10):
            stored = sum(1 for _ in journal.rows())
            with copied(state) as copy:
                taken = SqliteJournal(copy / "journal.sqlite", run.clock)
                assert sum(1 for _ in taken.verified()) >= stored
                taken.close()
                assert (copy / "halt").is_dir()
                assert not (copy / "locks").exists()
    finally:
        stop.set()
        writer.join()
        journal.close()


def test_copying_leaves_the_files_of_a_killed_run_as_they_are(run: Run) -> None:
    """What the write-ahead file holds is in the copy and stays in the write-ahead file."""
    held = SqliteJournal(run.journal, run.clock)  # a killed run leaves its files as an open one does
    held.write([Frozen("nobody", "why", {"nobody": "nobody"})])
    before = stored(run)
    assert before[f"{run.journal}-wal"]
    with copied(run.directory / "state") as copy:
        taken = SqliteJournal(copy / "journal.sqlite", run.clock)
        assert [row.kind for row in taken.verified()] == ["FROZEN"]
        taken.close()
    assert stored(run) == before
    held.close()


def test_a_refusal_that_earlier_writes_may_mend_is_told_as_not_known_yet(run: Run) -> None:
    """A chain refuses the supply as long as its approval is not mined: that is no refusal of the plan. The first write's is."""

    async def show(step: Step, key: str, ahead: int) -> Outgoing:
        if ahead or step.order.id.startswith("buy"):
            raise Denied("the chain would refuse it")
        return Outgoing("POST", "here", "/")

    rehearsal, results = rehearsed(run, supply(), buy(1), show=show)
    assert [result.state for result in results] == ["VERIFIED", "DENIED"]
    first, second = rehearsal.writes
    assert first.outgoing.host == "here"
    assert "before the 1 ahead of it have happened; now: the chain would refuse it" in second.outgoing.unknown[0]


def test_a_dry_run_takes_nothing_back(run: Run) -> None:
    """A resting order of an earlier run is not cancelled by one."""

    async def go() -> None:
        rehearsal = Rehearsal(run.parts())
        for venue in rehearsal.parts.venues:
            with pytest.raises(Denied, match="takes nothing back"):
                await venue.client.cancel(None)  # type: ignore[arg-type]

    asyncio.run(go())
