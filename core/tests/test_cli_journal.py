"""`basis journal`, `basis resolve`, `basis thaw` and `basis dismiss`."""

from __future__ import annotations

import json
import re
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from command_line import ACCOUNTS, basis, events, shipped, small_journal

from basis_venues.cli.examining import examined
from basis_venues.cli.journal_rows import gist, sent
from basis_venues.cli.positions import exit_code
from basis_venues.clock import PlanClock
from basis_venues.execution.stops import HaltFlags
from basis_venues.journal.events import Frozen, Observed, Outcome
from basis_venues.journal.locks import AccountLocks
from basis_venues.journal.sqlite import SqliteJournal
from basis_venues.network import Account
from basis_venues.orders import Report
from basis_venues.states import State, Verdict


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with the small journal."""
    return small_journal(tmp_path / "state")


def test_show_lists_rows_open_steps_and_frozen_accounts(state: Path) -> None:
    """What an operator needs to resolve a step is on one page."""
    ran = basis("journal", "show", "--state", state, "--json")
    assert ran.code == 0
    found = ran.document()
    assert [row["kind"] for row in found["rows"]] == ["INTENT", "SENDING", "OUTCOME", "FROZEN"]
    assert {row["at"] for row in found["rows"]} == {"2024-01-02T00:00:00Z"}
    assert found["open"] == [{"step": "buy-1/binance/0", "mode": "btc_basis", "account": "binance", "settled_by": "a person"}]
    assert found["frozen"] == {"binance": "two orders carry our id"}


def test_show_of_an_action_leaves_other_rows_out(state: Path) -> None:
    """An id shows its own rows and those of its steps."""
    ran = basis("journal", "show", "buy-1", "--state", state, "--json")
    assert [row["kind"] for row in ran.document()["rows"]] == ["INTENT", "SENDING", "OUTCOME"]
    assert "NEEDS_HUMAN two orders carry our id" in basis("journal", "show", "buy-1", "--state", state).out


def test_show_of_a_step_tells_what_to_look_for_at_the_venue(state: Path) -> None:
    """The client id and the fence (3 s after 1970) are in the text, not only in the JSON; the table of all rows leaves them out."""
    of_step = basis("journal", "show", "buy-1/binance/0", "--state", state).out
    assert re.search(r"^buy-1/binance/0 +1 +BV1 +1970-01-01T00:00:03Z$", of_step, re.MULTILINE)
    assert "BV1" not in basis("journal", "show", "--state", state).out


def test_what_was_sent_is_a_request_or_a_transaction() -> None:
    """An exchange's by method, path and parameters; a chain's by its hash, nonce and addresses, without the signed bytes."""
    order = {"key": "BV1", "fence": 3_000, "payload": {"request": ["private", "POST", "order", {"symbol": "BTCUSDT"}]}}
    assert sent("s", {"attempt": 0, "prepared": order})[2:] == ("BV1", "POST order symbol=BTCUSDT", "1970-01-01T00:00:03Z")
    transaction = {"hash": "0xab", "nonce": 7, "from": "0x1", "to": "0x2", "value": 5, "raw": "0xSIGNED"}
    told = sent("s", {"attempt": 0, "prepared": {"key": "BV2", "fence": None, "payload": transaction}})
    assert told[2:4] == ("0xab", "nonce 7 from 0x1 to 0x2, value 5 wei")
    assert "SIGNED" not in " ".join(map(str, told))


def test_an_observation_tells_the_amounts() -> None:
    """What others did with its sign; where nobody did anything, what was read."""
    effect = {"kind": "deposit", "lines": [["binance:balance:USDT", "5.5"], ["binance:balance:BTC", "-1"]]}
    seen = {"accounts": {"binance": "x"}, "book": {"binance:balance:USDT": "105.5"}, "externals": [effect]}
    assert gist("OBSERVED", seen) == "deposit binance:balance:USDT +5.5, deposit binance:balance:BTC -1"
    assert gist("OBSERVED", {**seen, "externals": []}) == "binance:balance:USDT 105.5"


@pytest.mark.parametrize(
    ("agrees", "frozen", "code"),
    [((True, None), {}, 0), ((True,), {"okx": "looked odd"}, 8), ((True, False), {"okx": "looked odd"}, 7), ((False,), {}, 7)],
)
def test_positions_end_with_7_where_an_account_differs_and_8_where_one_is_frozen(
    agrees: tuple[bool | None, ...], frozen: dict[str, str], code: int
) -> None:
    """A script sees it; what was not read neither agrees nor differs."""
    assert exit_code({"positions": [{"agrees": each} for each in agrees], "frozen": frozen}) == code


@pytest.mark.parametrize("made", [lambda home: AccountLocks(home / "locks", []), lambda home: HaltFlags(home / "halt").halt("why")])
def test_a_state_directory_is_its_owner_s_alone_whatever_makes_it(made: Callable[[Path], object], tmp_path: Path) -> None:
    """Locks and halt flags may come before the journal; neither leaves the directory open to others."""
    made(tmp_path / "given")
    assert stat.S_IMODE((tmp_path / "given").stat().st_mode) == 0o700


def test_show_can_be_cut_to_the_newest_rows(state: Path) -> None:
    """`--last 1` is the newest row."""
    rows = basis("journal", "show", "--last", 1, "--state", state, "--json").document()["rows"]
    assert [row["seq"] for row in rows] == [4]


def test_verify_accepts_a_whole_chain(state: Path) -> None:
    """A journal that nobody touched holds."""
    ran = basis("journal", "verify", "--state", state, "--json")
    assert ran.code == 0
    found = ran.document()
    assert (found["rows"], found["holds"], found["last"]["row"]) == (4, True, 4)


def test_verify_finds_a_changed_row_and_ends_with_1(state: Path) -> None:
    """One changed character breaks the chain at its row."""
    with closing(sqlite3.connect(state / "journal.sqlite")) as database, database:
        database.execute("UPDATE rows SET body = replace(body, '0.5', '0.6') WHERE seq = 1")
    ran = basis("journal", "verify", "--state", state, "--json")
    assert ran.code == 1
    assert ran.document()["error"]["type"] == "JournalCorrupt"
    assert "row 1" in ran.err


def test_export_writes_each_row_as_a_line(state: Path, tmp_path: Path) -> None:
    """Lines on stdout and in a file are the same rows; the file is for its owner alone and never written over."""
    lines = basis("journal", "export", "--state", state).out.splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [1, 2, 3, 4]
    copy = tmp_path / "copy.jsonl"
    assert basis("journal", "export", "--output", copy, "--state", state).code == 0
    assert copy.read_text(encoding="utf-8").splitlines() == lines
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert basis("journal", "export", "--output", copy, "--state", state).code == 2
    assert len(basis("journal", "export", "--state", state, "--json").document()["rows"]) == 4


def test_an_export_that_fails_leaves_no_file_behind(state: Path, tmp_path: Path) -> None:
    """Part of a journal is not taken for all of it; a place that cannot be written is wrong usage."""
    assert basis("journal", "export", "--output", tmp_path / "none" / "copy.jsonl", "--state", state).code == 2
    with sqlite3.connect(state / "journal.sqlite") as database:
        database.execute("UPDATE rows SET body = replace(body, 'two', 'six') WHERE seq = 4")
    database.close()
    copy = tmp_path / "copy.jsonl"
    assert basis("journal", "export", "--output", copy, "--state", state).code == 1
    assert not copy.exists()


def test_a_backup_is_a_journal_of_its_own(state: Path, tmp_path: Path) -> None:
    """Taken while a journal is open for writing; put into a state directory it is read as the first was. It is its owner's alone."""
    taken = tmp_path / "restored" / "journal.sqlite"
    taken.parent.mkdir()
    writing = SqliteJournal(state / "journal.sqlite", PlanClock(1_704_153_600_000))
    try:
        assert basis("journal", "backup", taken, "--state", state).code == 0
    finally:
        writing.close()
    assert stat.S_IMODE(taken.stat().st_mode) == 0o600
    assert basis("journal", "export", "--state", taken.parent).out == basis("journal", "export", "--state", state).out
    again = basis("journal", "backup", taken, "--state", state)
    assert (again.code, "Invalid value for FILE: " in again.err) == (2, True)


def test_control_characters_of_what_is_shown_are_spelt_out(state: Path) -> None:
    """A terminal would obey them: in tables and in errors, whoever wrote them."""
    forged = "gone\x1b[2J\x9b31m"
    assert "gone\\x1b[2J\\x9b31m" in basis("halt", "--reason", forged, "--state", state).out
    assert "\\x1b[2J" in basis("journal", "show", forged, "--state", state).err
    shown = basis("journal", "show", "--state", state)
    assert ("gone\\x1b[2J" in shown.out, "\x1b" in shown.out + shown.err) == (True, False)


def test_a_journal_in_a_place_that_cannot_be_written_says_how_to_read_it(state: Path) -> None:
    """Reading needs to write beside it: a copy elsewhere can be looked at. Here a directory stands where the write-ahead file would."""
    (state / "journal.sqlite-wal").mkdir()
    ran = basis("journal", "show", "--state", state)
    assert ran.code == 8
    assert f"copy {state / 'journal.sqlite'}* to a directory of your own and name that: --state DIR" in ran.err


def test_a_damaged_journal_is_no_backup(state: Path, tmp_path: Path) -> None:
    """It is told, and nothing is left that could be taken for one."""
    with sqlite3.connect(state / "journal.sqlite") as database:
        database.execute("UPDATE rows SET body = replace(body, '0.5', '0.6') WHERE seq = 1")
    database.close()
    assert basis("journal", "backup", tmp_path / "copy.sqlite", "--state", state).code == 1
    assert not (tmp_path / "copy.sqlite").exists()


def test_showing_what_no_row_is_about_names_the_nearest(state: Path) -> None:
    """An empty table would say that nothing was done; the code is that of `basis resolve`."""
    ran = basis("journal", "show", "buy-1/binanc/0", "--state", state)
    assert ran.code == 4
    assert "no row is about 'buy-1/binanc/0'; did you mean buy-1/binance/0?" in ran.err
    assert ran.out == ""


def test_a_journal_of_a_newer_version_is_refused_with_3(state: Path) -> None:
    """An older version never reads what it may misunderstand, and says what to do."""
    with closing(sqlite3.connect(state / "journal.sqlite")) as database, database:
        database.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    ran = basis("journal", "verify", "--state", state)
    assert ran.code == 3
    assert "upgrade basis-venues" in ran.err


def test_where_no_journal_is_none_is_made(tmp_path: Path) -> None:
    """Reading says that there is none, and leaves none behind."""
    ran = basis("journal", "verify", "--state", tmp_path)
    assert ran.code == 3
    assert "there is no journal" in ran.err
    assert list(tmp_path.iterdir()) == []


def test_who_asks_for_the_wrong_journal_is_told_where_there_are_any(tmp_path: Path) -> None:
    """As somebody who left out --profile."""
    (worlds := tmp_path / "basis-venues" / "sandbox").mkdir(parents=True)
    small_journal(worlds)
    ran = basis("journal", "show", "--configs", shipped(tmp_path), env={"XDG_STATE_HOME": str(tmp_path)})
    assert (ran.code, f"Journals are in: {worlds}" in ran.err) == (3, True)


def test_a_profile_has_a_journal_of_its_own(tmp_path: Path) -> None:
    """`--profile` and the environment choose the directory, as a run does."""
    small_journal(tmp_path / "basis-venues" / "sandbox")
    env = {"XDG_STATE_HOME": str(tmp_path)}
    assert basis("journal", "verify", "--profile", "sandbox", env=env).code == 0
    ran = basis("journal", "verify", env={**env, "BASIS_ENVIRONMENT": "staging"})
    assert ran.code == 3
    assert "staging" in ran.err


@pytest.mark.parametrize(("said", "kept"), [("happened", "FILLED"), ("did-not-happen", "REJECTED")])
def test_resolve_closes_the_step_and_thaws_its_account(state: Path, said: str, kept: str) -> None:
    """After it nothing is open or frozen, and the journal keeps who said what and why."""
    ran = basis("resolve", "buy-1/binance/0", "--as", said, "--reason", "looked at the web page", "--state", state, "--json")
    assert ran.code == 0
    assert ran.document()["thawed"] == ["binance"]
    found = basis("journal", "show", "--state", state, "--json").document()
    assert (found["open"], found["frozen"]) == ([], {})
    resolved = next(row for row in found["rows"] if row["kind"] == "RESOLVED")
    assert (resolved["state"], resolved["reason"]) == (kept, "looked at the web page")


@pytest.mark.parametrize("said", ["happened", "did-not-happen"])
def test_a_step_whose_run_merely_ended_is_left_to_the_next_start(tmp_path: Path, said: str) -> None:
    """The next start has proof, a person has an opinion: refused, unless somebody insists as the venue is gone for good."""
    crashed = small_journal(tmp_path / "crashed", events()[:2])
    arguments = ("resolve", "buy-1/binance/0", "--as", said, "--reason", "seen", "--state", crashed)
    refused = basis(*arguments)
    assert refused.code == 4
    assert "start the run of btc_basis again" in refused.err
    (left,) = basis("journal", "show", "--state", crashed, "--json").document()["open"]
    assert left["settled_by"] == "the next start"
    assert basis(*arguments, "--force").code == 0
    assert basis("journal", "show", "--state", crashed, "--json").document()["open"] == []


def test_a_step_whose_account_could_not_be_read_waits_for_the_next_order(tmp_path: Path) -> None:
    """It is compared again then: no person is asked for, unless the account is frozen, whose next order never comes."""
    intent, sending, outcome, frozen = events()
    assert isinstance(outcome, Outcome)
    unread = outcome._replace(report=Report(State.FILLED, (), 1_500), verdict=Verdict.UNVERIFIED)
    for name, rows, by in (("acts", [], "the account's next order"), ("frozen", [frozen], "a person")):
        state = small_journal(tmp_path / name, [intent, sending, unread, *rows])
        (left,) = basis("journal", "show", "--state", state, "--json").document()["open"]
        assert left["settled_by"] == by
        told = [finding for finding in examined(tmp_path, state) if "needs a person" in finding.text]
        assert bool(told) == (by == "a person")


def test_an_open_step_of_a_frozen_account_may_be_resolved(tmp_path: Path) -> None:
    """A start may not send anything from it again, and so cannot settle every such step."""
    frozen = small_journal(tmp_path / "frozen", [*events()[:2], Frozen("binance", "a stranger's order", ACCOUNTS)])
    assert basis("resolve", "buy-1/binance/0", "--as", "happened", "--reason", "seen", "--state", frozen).code == 0


def test_resolving_twice_is_denied_with_4(state: Path) -> None:
    """A closed step needs no person."""
    arguments = ("resolve", "buy-1/binance/0", "--as", "happened", "--reason", "seen", "--state", state)
    assert basis(*arguments).code == 0
    assert basis(*arguments).code == 4


def test_resolving_an_unknown_step_names_the_nearest(state: Path) -> None:
    """A slip of the finger is met with the step that was meant."""
    ran = basis("resolve", "buy-1/binanc/0", "--as", "happened", "--reason", "seen", "--state", state)
    assert ran.code == 4
    assert "did you mean buy-1/binance/0?" in ran.err


def test_resolving_a_step_of_another_mode_tells_whose_it_is(state: Path) -> None:
    """The step is there, and so it is not said to be missing."""
    arguments = ("resolve", "buy-1/binance/0", "--as", "happened", "--reason", "seen", "--state", state)
    ran = basis(*arguments, "--mode", "wrong")
    assert ran.code == 4
    assert "a step 'buy-1/binance/0' is of btc_basis; 'wrong' has none" in ran.err
    assert basis(*arguments, "--mode", "btc_basis").code == 0


def test_resolving_under_a_running_runner_is_refused_with_8(state: Path) -> None:
    """The journal has one writer for an account."""
    locks = AccountLocks(state / "locks", [Account("binance", ACCOUNTS["binance"], "binance", "binance")])
    try:
        ran = basis("resolve", "buy-1/binance/0", "--as", "happened", "--reason", "seen", "--state", state)
    finally:
        locks.release()
    assert ran.code == 8
    assert len(basis("journal", "show", "--state", state, "--json").document()["rows"]) == len(events())


def test_thaw_waits_for_open_steps_and_then_frees_the_account(tmp_path: Path) -> None:
    """A frozen account with a step in doubt stays frozen; one that is frozen for another reason acts again."""
    doubtful = small_journal(tmp_path / "doubtful")
    ran = basis("thaw", "binance", "--reason", "looked", "--state", doubtful)
    assert ran.code == 4
    assert "resolve it first" in ran.err
    frozen = small_journal(tmp_path / "frozen", [Frozen("binance", "a stranger's order", ACCOUNTS)])
    assert basis("thaw", "okx", "--reason", "looked", "--state", frozen).code == 4
    assert basis("thaw", "binance", "--reason", "it was mine", "--state", frozen).code == 0
    assert basis("journal", "show", "--state", frozen, "--json").document()["frozen"] == {}


def test_what_is_on_its_way_is_shown_and_dismissed_by_its_name(tmp_path: Path) -> None:
    """The table has the name to copy; another name is denied with the nearest; the reason is kept."""
    transit = "binance:transit:USDT/4711"
    owed = Observed({transit: Decimal("49.5")}, {}, (), ACCOUNTS)
    state = small_journal(tmp_path / "state", [owed])
    assert re.search(rf"^{transit} +49.5$", basis("journal", "show", "--state", state).out, re.MULTILINE)
    wrong = basis("dismiss", "binance:transit:USDT/4712", "--reason", "seen", "--state", state)
    assert wrong.code == 4
    assert f"did you mean {transit}?" in wrong.err
    assert basis("dismiss", transit, "--reason", "credited on Monday", "--state", state).code == 0
    found = basis("journal", "show", "--state", state, "--json").document()
    assert found["obligations"] == {}
    assert (found["rows"][-1]["kind"], found["rows"][-1]["subject"]) == ("DISMISSED", transit)
    assert gist("DISMISSED", found["rows"][-1]) == "credited on Monday"
