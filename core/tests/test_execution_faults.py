"""Faults of storage, processes and plugins: rows P5, P7, P9, P10, S8 and S9 of the catalogue."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from toy_runs import Killed, PointJournal, Run, buy, crash_when, lost, supply

from basis_venues.errors import AccountBusy, JournalCorrupt, JournalNewer, JournalUnwritable, TryAgainLater
from basis_venues.journal.events import Event, Outcome, Sending, kind_of
from basis_venues.journal.sqlite import Entry, SqliteJournal
from basis_venues.results import ActionResult
from basis_venues.states import State, Verdict

OPENING = {"north:balance:USDT": "1000000", "south:balance:USDT": "1000000", "wallet:balance:USDT": "1000", "wallet:balance:ETH": "10"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    return run


class FullDisk(PointJournal):
    """A journal whose disk is full from the commit that holds an event of the kind on."""

    full_at: type[Event] = Sending

    def make_room(self) -> None:
        """None: the free pages that it leaves would be there to be used."""

    def append(self, entries: Sequence[Entry]) -> None:
        if any(entry.kind == kind_of(self.full_at) for entry in entries):
            self.no_more_space()
        super().append(entries)


def act_with(run: Run, journal: type[SqliteJournal], *actions: object) -> list[ActionResult]:
    from attrs import evolve

    from basis_venues.execution.manager import ExecutionManager

    async def go() -> list[ActionResult]:
        async with ExecutionManager(evolve(run.parts(), open_journal=journal)) as manager:
            return [await manager.execute_action(action) for action in actions]  # type: ignore[arg-type]

    return asyncio.run(go())


def test_P5_disk_full_at_each_journal_write(run: Run) -> None:
    """Full before the write to the venue: nothing is sent and the order is DENIED. Full after it: parked, and nothing is lost."""
    (denied,) = act_with(run, type("Full", (FullDisk,), {"full_at": Sending}), buy())
    assert denied.state == "DENIED"
    assert "free the disk" in denied.legs[0].reason
    assert run.exchange().state()["writes"] == []

    after = type("Full", (FullDisk,), {"full_at": Outcome})
    parked, refused = act_with(run, after, buy(2), buy(3))
    assert (parked.legs[0].state, parked.legs[0].verdict) == (State.FILLED, Verdict.UNVERIFIED)
    assert refused.state == "STOPPED"
    assert len(run.exchange().state()["writes"]) == 1

    (result,) = run.act(buy(2))
    assert result.state == "VERIFIED"
    assert len(run.exchange().fills()) == 1
    assert lost(run, [buy(2)], OPENING) == []


def test_a_full_disk_at_the_last_commit_of_an_action_loses_nothing(run: Run) -> None:
    """The outcome of the last step and the end of the action are stored together: without them the account stops, nothing is said to be
    verified, and the next run settles the step and gives the result."""
    from basis_venues.journal.events import Closed

    first, second = act_with(run, type("Full", (FullDisk,), {"full_at": Closed}), buy(1), buy(2))
    assert first.state == "UNVERIFIED"
    assert "free the disk" in first.legs[0].reason
    assert second.state == "STOPPED"
    (again,) = run.act(buy(1))
    assert again.state == "VERIFIED"
    assert again.deltas == first.deltas
    assert len(run.exchange().fills()) == 1
    assert lost(run, [buy(1)], OPENING) == []


def test_the_id_of_an_outcome_that_could_not_be_stored_goes_on_in_the_same_run(run: Run) -> None:
    """The disk has room again: asked again, the action is closed with the result that it has."""
    from attrs import evolve

    from basis_venues.execution.manager import ExecutionManager
    from basis_venues.journal.events import Closed

    class Once(PointJournal):
        failed = False

        def append(self, entries: Sequence[Entry]) -> None:
            if not self.failed and any(entry.kind == kind_of(Closed) for entry in entries):
                self.failed = True
                raise JournalUnwritable("the journal cannot be written (full): free the disk, then start again")
            super().append(entries)

    async def go() -> tuple[ActionResult, ActionResult]:
        async with ExecutionManager(evolve(run.parts(), open_journal=Once)) as manager:
            return await manager.execute_action(buy()), await manager.execute_action(buy())

    first, again = asyncio.run(go())
    assert (first.state, again.state) == ("UNVERIFIED", "VERIFIED")
    assert len(run.exchange().fills()) == 1
    assert lost(run, [buy()], OPENING) == []


def tear_off(run: Run, kinds: Sequence[str]) -> None:
    """Take the newest rows away, as long as they are of these kinds."""
    with closing(sqlite3.connect(run.journal)) as db, db:
        for seq, kind in db.execute("SELECT seq, kind FROM rows ORDER BY seq DESC").fetchall():
            if kind not in kinds:
                break
            db.execute("DELETE FROM rows WHERE seq = ?", (seq,))


def test_P7_torn_tail_is_adopted_and_not_repeated(run: Run) -> None:
    """The newest rows are gone and the chain holds: the sweep finds our order at the venue, and the id adopts it."""
    run.act(buy(1))
    run.act(buy(2))
    tear_off(run, ["CLOSED", "OUTCOME", "SENDING"])
    (again,) = run.act(buy(2))
    assert again.state == "VERIFIED"
    assert len(run.exchange().fills()) == 2
    assert lost(run, [buy(1), buy(2)], OPENING) == []


def test_P7_torn_tail_of_a_later_attempt_is_adopted(run: Run) -> None:
    """The order that filled was the second attempt: with its rows torn off, no first attempt is made."""
    run.act(buy(1))
    run.exchange().change(script=["not_sent", "fill"])
    run.act(buy(2))
    tear_off(run, ["CLOSED", "OUTCOME", "SENDING"])
    assert run.act(buy(2))[0].state == "VERIFIED"
    assert len(run.exchange().fills()) == 2


def test_P7_torn_tail_with_the_money_gone_is_for_a_person(run: Run) -> None:
    """What the lost order spent is missing, so that it cannot be planned again: the account stops, and nothing is sent."""
    run.exchange().set_up(quote="150")
    run.act(buy(1))
    tear_off(run, ["CLOSED", "OUTCOME", "SENDING"])
    (result,) = run.act(buy(1))
    assert result.state == "UNKNOWN"
    assert "north" in run.replayed().frozen
    assert len(run.exchange().fills()) == 1


def test_P7_torn_tail_on_a_chain_stops_the_account(tmp_path: Path) -> None:
    """A chain does not tell our transactions from others: what the torn journal lost looks like a stranger's, and stops the account."""
    run = Run(directory=tmp_path)
    run.chain.set_up()
    run.act(supply(1))
    run.act(supply(2))
    tear_off(run, ["CLOSED", "OUTCOME", "SENDING"])
    blocks = len(run.chain.state()["blocks"])
    (result,) = run.act(supply(2))
    assert result.state == "DENIED"
    assert "wallet" in run.replayed().frozen
    assert len(run.chain.state()["blocks"]) == blocks


def test_P7_truncated_wal_loses_whole_commits_only(run: Run) -> None:
    """The write-ahead log is cut in the middle: what is left is a chain that holds, and the id is not carried out twice."""

    async def go() -> bytes:
        async with run.manager() as manager:
            await manager.execute_action(buy(1))
            await manager.execute_action(buy(2))
            return run.journal.with_name("journal.sqlite-wal").read_bytes()

    wal = asyncio.run(go())
    run.journal.with_name("journal.sqlite-shm").unlink(missing_ok=True)
    run.journal.unlink()
    main = sqlite3.connect(run.journal)
    main.execute("PRAGMA journal_mode=WAL")
    main.close()
    run.journal.write_bytes(b"")
    run.journal.with_name("journal.sqlite-wal").write_bytes(wal[: len(wal) - 6_000])
    results = run.act(buy(1), buy(2))
    assert [result.state for result in results] == ["VERIFIED", "VERIFIED"]
    assert len(run.exchange().fills()) == 2


@pytest.mark.parametrize("column", ["body", "kind", "subject", "hash"])
def test_P7_flipped_byte_is_detected(run: Run, column: str) -> None:
    """One letter of a row is another: the chain breaks there, and nothing is sent."""
    run.act(buy())
    with closing(sqlite3.connect(run.journal)) as db, db:
        db.execute(f"UPDATE rows SET {column} = 'x' || substr({column}, 2) WHERE seq = 2")
    with pytest.raises(JournalCorrupt, match="row 2"):
        run.act(buy(2))
    assert len(run.exchange().state()["writes"]) == 1


def test_a_row_missing_in_the_middle_is_detected(run: Run) -> None:
    """A row that was taken out leaves a gap."""
    run.act(buy())
    with closing(sqlite3.connect(run.journal)) as db, db:
        db.execute("DELETE FROM rows WHERE seq = 2")
    with pytest.raises(JournalCorrupt):
        run.act(buy(2))


def test_a_file_that_is_no_journal_is_refused(run: Run) -> None:
    """Something else lies at the journal's place: it is not overwritten."""
    run.journal.parent.mkdir(parents=True)
    run.journal.write_text("not a database, but long enough to be looked at as one by mistake" * 10)
    with pytest.raises(JournalCorrupt):
        run.act(buy())


def test_P9_a_newer_journal_is_refused(run: Run) -> None:
    """The schema is one that this version does not know: exit code 3, and nothing is sent."""
    run.act(buy())
    with closing(sqlite3.connect(run.journal)) as db, db:
        db.execute("UPDATE meta SET value = '999' WHERE name = 'schema'")
    with pytest.raises(JournalNewer, match="upgrade") as refused:
        run.act(buy(2))
    assert refused.value.exit_code == 3


def test_a_sweep_that_cannot_be_made_stops_the_start(run: Run) -> None:
    """The venue cannot tell its recent effects at start: nothing is sent, try again later."""
    run.exchange().change(histories=["unreadable"])
    with pytest.raises(TryAgainLater):
        run.act(buy())
    assert run.exchange().state()["writes"] == []


HOLDER = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from toy_runs import Run, buy
async def hold():
    async with Run(directory=Path(sys.argv[2])).manager():
        print("holding", flush=True)
        sys.stdin.readline()
asyncio.run(hold())
"""


def test_P10_two_runners_on_one_account(run: Run) -> None:
    """Another process holds the account: this one is refused, naming it, until that one ends."""
    support = Path(__file__).parent / "support"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(support), str(run.directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "holding\n"
        with pytest.raises(AccountBusy, match=str(other.pid)) as refused:
            run.act(buy())
        assert refused.value.exit_code == 8
        other.stdin.write("\n")
        other.stdin.flush()
        other.wait(10)
    assert run.act(buy())[0].state == "VERIFIED"


def test_one_runner_per_account(run: Run) -> None:
    """Also within one process the second manager is refused, and a manager of another account is not."""

    async def both() -> None:
        async with run.manager():
            with pytest.raises(AccountBusy):
                await run.manager().__aenter__()
            async with run.manager(identity="two"):
                pass

    asyncio.run(both())


@pytest.mark.parametrize("spoil", ["payload", "nan", "fence", "raises", "none", "key"])
def test_S8_wrong_types_before_a_send_are_refused(run: Run, spoil: str) -> None:
    """What a client prepared cannot be recognised or written down: DENIED, and nothing is sent."""
    (result,) = run.act(buy(), spoil=spoil)
    assert result.state == "DENIED"
    assert run.exchange().state()["writes"] == []


@pytest.mark.parametrize("broken", ["touches", "plan", "raises"])
def test_S8_wrong_answers_of_a_model_are_refused(run: Run, broken: str) -> None:
    """What a model planned is none of its own: DENIED, and nothing is sent."""
    (result,) = run.act(buy(), broken=broken)
    assert result.state == "DENIED"
    assert run.exchange().state()["writes"] == []


def test_a_plan_too_long_to_be_recognised_is_refused(run: Run) -> None:
    """A step beyond those that are looked for after a journal was torn could be sent twice: the plan is refused, with the reason."""
    (result,) = run.act(buy(), broken="long")
    assert (result.state, "17 steps; at most 16" in result.legs[0].reason) == ("DENIED", True)
    assert run.exchange().state()["writes"] == []


@pytest.mark.parametrize("kind", ["none", "dict", "text", "denied", "absent", "empty", "float", "nan", "key", "time", "rejected", "twice"])
def test_S8_wrong_types_after_a_send_are_unknown_and_settled(run: Run, kind: str) -> None:
    """The order was carried out and the answer is nonsense: it is looked up, verified, and not sent again."""
    run.exchange().change(script=[f"bad:{kind}"])
    (result,) = run.act(buy())
    assert (result.state, result.legs[0].state) == ("VERIFIED", State.FILLED)
    assert len(run.exchange().state()["writes"]) == 1


@pytest.mark.parametrize("verb", ["float", "nan", "none", "partial", "stale"])
def test_S8_a_reading_of_wrong_types_is_no_reading(run: Run, verb: str) -> None:
    """A balance that is a float, NaN, nothing, or too old is never taken for an amount, least of all for zero."""
    run.exchange().change(reads=["ok", verb])
    (result,) = run.act(buy())
    assert result.state == "VERIFIED"
    assert run.replayed().book["north:balance:USDT"] == Decimal(999_900)


@pytest.mark.parametrize("verb", ["drop_reply", "never"])
def test_S9_raising_after_a_send_is_unknown(run: Run, verb: str) -> None:
    """The client raises: the order is not taken for failed; it is looked up, and sent again only when it provably did not arrive."""
    run.exchange().change(script=[verb])
    (result,) = run.act(buy())
    assert result.state == "VERIFIED"
    assert len(run.exchange().fills()) == 1
    writes = run.exchange().state()["writes"]
    assert len(writes) == (1 if verb == "drop_reply" else 2)


def test_no_resend_before_fence(run: Run) -> None:
    """The second write leaves only after the first one's fence and its margin have passed."""
    run.exchange().change(script=["never"])
    run.act(buy())
    (_, _, fence), (_, second, _) = run.exchange().state()["writes"]
    assert second > fence + 500


def test_no_send_before_durable(run: Run) -> None:
    """When the first byte leaves, the row that names it is on disk already."""
    seen: list[bool] = []

    def point(name: str) -> None:
        if name == "before the first byte":
            with closing(sqlite3.connect(run.journal)) as db, db:
                seen.extend(kind == "SENDING" for (kind,) in db.execute("SELECT kind FROM rows WHERE kind = 'SENDING'"))

    run.act(buy(), point=point)
    assert seen == [True]


@pytest.mark.parametrize("verb", ["drop_reply", "never"])
def test_unknown_is_never_rejected(run: Run, verb: str) -> None:
    """A venue that never answers again leaves the order with a person, neither rejected nor sent again; the account is frozen."""
    run.exchange().change(script=[verb], mute=True)
    (result,) = run.act(buy())
    assert result.state == "NEEDS_HUMAN"
    assert "north" in run.replayed().frozen
    assert len(run.exchange().state()["writes"]) == 1


def test_the_journal_syncs_each_commit(run: Run) -> None:
    """The product's journal is a write-ahead log with full synchronisation, readable by its owner alone."""
    run.journal.parent.mkdir(parents=True)
    journal = SqliteJournal(run.journal, run.clock)
    mode = journal._db.execute("PRAGMA journal_mode").fetchone()
    synchronous = journal._db.execute("PRAGMA synchronous").fetchone()
    journal.close()
    assert (mode, synchronous) == (("wal",), (2,))
    assert run.journal.stat().st_mode & 0o777 == 0o600


def test_a_run_killed_while_it_creates_its_journal_starts_again(run: Run) -> None:
    """The file is there and empty: it becomes a journal."""
    run.journal.parent.mkdir(parents=True)
    run.journal.touch()
    assert run.act(buy())[0].state == "VERIFIED"


def test_rows_are_canonical_json(run: Run) -> None:
    """Every row can be read as JSON, and says the same when it is written again."""
    run.act(buy())
    from basis_venues.journal.codec import text

    journal = SqliteJournal(run.journal, run.clock)
    for row in journal.verified():
        assert text(row.event()) == row.body
        assert json.dumps(json.loads(row.body), sort_keys=True, separators=(",", ":")) == row.body
    journal.close()


def test_an_order_whose_refusal_was_not_written_down_is_tried_anew(run: Run) -> None:
    """Killed before the commit that says so: look-ups prove that nothing is there, and the order goes out a second time, and is filled."""
    run.exchange().change(script=["refuse"])
    with pytest.raises(Killed):
        run.act(buy(), point=crash_when("before the commit of Outcome+Closed"))
    assert run.exchange().fills() == []
    assert run.act(buy())[0].state == "VERIFIED"
    assert len(run.exchange().state()["writes"]) == 2
    assert lost(run, [buy()], OPENING) == []


def test_commits_of_any_length_by_two_writers_are_one_chain(tmp_path: Path) -> None:
    """None, a few rows and many, by turns of two who have the journal open: every row is there once, each after the one before it."""
    clock = Run(directory=tmp_path).clock
    writers = [SqliteJournal(tmp_path / "j.sqlite", clock) for _ in range(2)]
    counts = [1, 4, 0, 2, 9, 3, 0, 5, 4, 1]
    for number, count in enumerate(counts):
        writers[number // 2 % 2].append([Entry("X", "s", f"[{number},{row}]") for row in range(count)])
    stored = [row.body for row in writers[0].verified()]
    assert stored == [f"[{number},{row}]" for number, count in enumerate(counts) for row in range(count)]
    for each in writers:
        each.close()


def test_room_for_commits_is_made_once(tmp_path: Path) -> None:
    """The write-ahead file grows to its length; whoever opens the journal while it has that length writes nothing."""
    clock = Run(directory=tmp_path).clock
    first = SqliteJournal(tmp_path / "j.sqlite", clock)
    first.make_room()
    ahead = (tmp_path / "j.sqlite-wal").read_bytes()
    assert len(ahead) >= 4_000_000
    second = SqliteJournal(tmp_path / "j.sqlite", clock)
    second.make_room()
    assert (tmp_path / "j.sqlite-wal").read_bytes() == ahead
    second.close()
    first.close()


def test_what_another_step_did_proves_nothing(run: Run) -> None:
    """An order is lost, and the venue's answer is the one before it, as of two equal transfers: the books have that already, so that the
    account fits. A person decides; it is neither told as done nor sent again."""
    run.act(buy(1))
    run.exchange().change(script=["mistaken:nameless"])
    (result,) = run.act(buy(2))
    assert result.state == "NEEDS_HUMAN"
    assert "buy-1/north/0" in result.legs[0].reason
    assert "north" in run.replayed().frozen
    assert len(run.exchange().fills()) == 1


def test_an_answer_that_names_another_order_proves_nothing(run: Run) -> None:
    """The venue answers with what the order before it did, under that one's key: this one is looked up, found nowhere, and sent anew."""
    run.act(buy(1))
    run.exchange().change(script=["mistaken"])
    (result,) = run.act(buy(2))
    assert result.state == "VERIFIED"
    assert len({fill["order"] for fill in run.exchange().fills()}) == 2


def test_what_was_counted_as_somebody_else_s_proves_nothing(run: Run) -> None:
    """A deposit is in the books already when the venue names it as what an order did that never arrived: the account fits, and yet a
    person decides."""
    run.act(buy(1))
    run.exchange().foreign({"USDT": "7"}, kind="deposit")
    run.act(buy(2))
    run.exchange().foreign({"USDT": "7"}, kind="deposit")
    run.exchange().change(script=["mistaken"])
    (result,) = run.act(buy(3))
    assert result.state == "NEEDS_HUMAN"
    assert "somebody else" in result.legs[0].reason
