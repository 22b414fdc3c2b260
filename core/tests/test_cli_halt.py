"""`basis halt` and `basis resume`, and where a halt is seen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ACCOUNTS, basis, shipped, small_journal

from basis_venues.execution.stops import HaltFlags
from basis_venues.journal.events import Frozen
from basis_venues.journal.locks import AccountLocks, holders
from basis_venues.network import Account

BINANCE = Account("binance", ACCOUNTS["binance"], "binance", "binance")


def unwritable(world: Path) -> Path:
    """A state directory in which no flag can be set, not even by root: what should be the flags' folder leads nowhere."""
    world.mkdir(parents=True)
    (world / "halt").symlink_to(world / "gone" / "away")
    return world


def test_halt_and_resume_set_and_take_the_flags_that_a_runner_reads(tmp_path: Path) -> None:
    """One account and everything are two flags."""
    flags = HaltFlags(tmp_path / "halt")
    assert basis("halt", "--reason", "maintenance", "--state", tmp_path).code == 0
    assert basis("halt", "--account", "okx", "--reason", "odd fills", "--state", tmp_path).code == 0
    assert flags.all() == {"": "maintenance", "okx": "odd fills"}
    ran = basis("resume", "--state", tmp_path, "--json")
    left = {"state": str(tmp_path), "account": "okx", "reason": "odd fills", "resume": f"basis resume --account okx --state {tmp_path}"}
    assert ran.document() == {"halted": [left], "resumed": [str(tmp_path)], "failed": []}
    assert flags.reason("okx") == "the account okx is halted: odd fills"
    assert basis("resume", "--account", "okx", "--state", tmp_path).code == 0
    assert flags.all() == {}


def test_halt_without_a_directory_reaches_every_world_of_the_user(tmp_path: Path) -> None:
    """In haste nobody has to know where a runner keeps its state."""
    worlds = [tmp_path / "basis-venues" / name for name in ("prod", "sandbox")]
    for world in worlds:
        world.mkdir(parents=True)
    env = {"XDG_STATE_HOME": str(tmp_path)}
    assert basis("halt", "--reason", "now", env=env).code == 0
    assert all(HaltFlags(world / "halt").reason() for world in worlds)
    assert basis("resume", env=env).code == 0
    assert not any(HaltFlags(world / "halt").reason() for world in worlds)


def test_a_full_disk_keeps_nothing_from_being_halted(tmp_path: Path) -> None:
    """A flag needs no room: it stands without its reason. The process may make files here, and write nothing to them."""
    script = "import resource, sys; from pathlib import Path; from basis_venues.execution.stops import HaltFlags; "
    script += "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)); HaltFlags(Path(sys.argv[1])).halt('now')"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "halt")], check=True, timeout=60)
    assert HaltFlags(tmp_path / "halt").reason("okx") == "everything is halted: no reason given"


def test_an_alias_that_is_a_path_is_wrong_usage(tmp_path: Path) -> None:
    """A flag stays inside its directory."""
    assert basis("halt", "--account", "../x", "--reason", "no", "--state", tmp_path).code == 2


def test_a_directory_that_cannot_be_written_keeps_no_other_from_being_halted(tmp_path: Path) -> None:
    """It comes first by its name; the others are halted all the same, and the runner that was missed is named by its process."""
    missed, reached = unwritable(tmp_path / "basis-venues" / "aside"), tmp_path / "basis-venues" / "prod"
    reached.mkdir()
    env = {"XDG_STATE_HOME": str(tmp_path)}
    locks = AccountLocks(missed / "locks", [BINANCE])
    try:
        ran = basis("halt", "--reason", "now", env=env)
        told = basis("halt", "--reason", "now", "--json", env=env)
    finally:
        locks.release()
    assert HaltFlags(reached / "halt").all() == {"": "now"}
    assert (ran.code, told.code) == (3, 3)
    assert f"NOT halted in {missed} (File exists): stop the runner (process {os.getpid()})" in ran.err
    assert told.document()["failed"] == [{"state": str(missed), "reason": "File exists", "processes": [str(os.getpid())]}]
    assert {flag["state"] for flag in told.document()["halted"]} >= {str(reached)}


def test_a_runner_with_a_state_directory_of_its_own_is_told_as_not_halted(tmp_path: Path) -> None:
    """It holds its account for the whole machine user, and looks for flags where nobody has set one."""
    env = {"XDG_STATE_HOME": str(tmp_path)}
    locks = [AccountLocks(tmp_path / "basis-venues" / "account-locks", [BINANCE]), AccountLocks(tmp_path / "own" / "locks", [BINANCE])]
    try:
        everywhere = basis("halt", "--reason", "now", env=env)
        there = basis("halt", "--reason", "now", "--state", tmp_path / "own", env=env)
    finally:
        for each in locks:
            each.release()
    assert (everywhere.code, there.code) == (3, 0)
    assert f"process {os.getpid()}" in everywhere.err
    assert basis("halt", "--reason", "now", env=env).code == 0


def test_holders_are_those_who_hold_a_lock_now(tmp_path: Path) -> None:
    """A lock's file stays when its runner has ended; then nobody holds it."""
    locks = AccountLocks(tmp_path, [BINANCE, Account("okx", "okx:owner", "okx", "okx")])
    assert holders(tmp_path) == (str(os.getpid()),)
    locks.release()
    assert list(tmp_path.glob("*.lock"))
    assert holders(tmp_path) == ()
    AccountLocks(tmp_path, [BINANCE]).release()  # having looked holds nothing


def test_locks_that_cannot_be_read_may_be_held(tmp_path: Path) -> None:
    """By whom is not known; that is not the same as by nobody."""
    (tmp_path / "locks").write_text("not a folder", encoding="utf-8")
    assert holders(tmp_path / "locks") == ("unknown",)
    assert holders(tmp_path / "none") == ()


def test_a_broken_env_unified_keeps_nothing_from_being_halted(tmp_path: Path) -> None:
    """Which environment is today's cannot be told then; every directory that is there is halted, and the file is named."""
    world = tmp_path / "basis-venues" / "prod"
    world.mkdir(parents=True)
    (tmp_path / "env.unified").write_text("BASIS_ENVIRONMENT = prod\n", encoding="utf-8")
    ran = basis("halt", "--reason", "now", "--configs", shipped(tmp_path), env={"XDG_STATE_HOME": str(tmp_path)})
    assert ran.code == 0
    assert HaltFlags(world / "halt").reason() is not None
    assert "env.unified" in ran.err


@pytest.mark.parametrize("command", [("halt", "--reason", "now"), ("resume",)])
def test_a_place_that_is_none_is_refused_and_not_made(command: tuple[str, ...], tmp_path: Path) -> None:
    """A mistyped profile or directory is no halt, and must not look like one."""
    env = {"XDG_STATE_HOME": str(tmp_path / "states")}
    wrong = basis(*command, "--profile", "sandbxo", "--configs", shipped(tmp_path), env=env)
    assert wrong.code == 3
    assert "there is no such profile; there are: " in wrong.err
    assert "did you mean sandbox?" in wrong.err
    nowhere = basis(*command, "--state", tmp_path / "nowhere")
    assert nowhere.code == 3
    assert "there is no such directory" in nowhere.err
    assert not (tmp_path / "states").exists()
    assert not (tmp_path / "nowhere").exists()


def test_a_profile_that_had_a_run_is_halted_from_anywhere(tmp_path: Path) -> None:
    """Whoever halts need not stand where the configuration is."""
    world = tmp_path / "basis-venues" / "mine"
    world.mkdir(parents=True)
    ran = basis("halt", "--reason", "now", "--profile", "mine", "--configs", tmp_path / "none", env={"XDG_STATE_HOME": str(tmp_path)})
    assert ran.code == 0
    assert HaltFlags(world / "halt").reason() is not None


def test_an_account_that_nobody_knows_is_halted_with_a_warning(tmp_path: Path) -> None:
    """No doubt about a name keeps a flag from being set; venues and the journal know names."""
    ran = basis("halt", "--account", "binanec", "--reason", "odd", "--state", tmp_path)
    assert ran.code == 0
    assert HaltFlags(tmp_path / "halt").all() == {"binanec": "odd"}
    assert "no account of that name is known; did you mean binance?; known: " in ran.err
    assert "warning" not in basis("halt", "--account", "okx", "--reason", "odd", "--state", tmp_path).err
    ours = small_journal(tmp_path / "ours", [Frozen("desk", "odd", {"desk": "binance:other-owner"})])
    assert "warning" not in basis("halt", "--account", "desk", "--reason", "odd", "--state", ours).err


@pytest.mark.parametrize(
    "command", [("halt",), ("thaw", "okx"), ("dismiss", "okx:transit:USDT/1"), ("resolve", "buy-1/binance/0", "--as", "happened")]
)
def test_a_reason_says_something(command: tuple[str, ...], tmp_path: Path) -> None:
    """Nothing, or blanks alone, is wrong usage."""
    ran = basis(*command, "--reason", " ", "--state", small_journal(tmp_path))
    assert ran.code == 2
    assert "--reason" in ran.err
    assert HaltFlags(tmp_path / "halt").all() == {}


def test_what_still_stands_after_a_resume_is_told_with_its_command(tmp_path: Path) -> None:
    """Lifting the halt of everything does not lift that of an account; the command that does is one to copy."""
    basis("halt", "--account", "okx", "--reason", "odd fills", "--state", tmp_path)
    basis("halt", "--reason", "now", "--state", tmp_path)
    ran = basis("resume", "--state", tmp_path)
    assert f"basis resume --account okx --state {tmp_path}" in ran.out
    assert "nothing is halted" in basis("resume", "--account", "okx", "--state", tmp_path).out


def test_the_journal_shows_what_is_halted(tmp_path: Path) -> None:
    """Whoever asks why nothing is sent sees it on the page that they look at."""
    state = small_journal(tmp_path)
    assert basis("journal", "show", "--state", state, "--json").document()["halted"] == []
    basis("halt", "--reason", "ticket 17", "--state", state)
    assert "ticket 17" in basis("journal", "show", "--state", state).out
    (flag,) = basis("journal", "show", "--state", state, "--json").document()["halted"]
    assert flag == {"account": None, "reason": "ticket 17", "resume": f"basis resume --state {state}"}


def test_flags_that_cannot_be_read_are_shown_as_standing(tmp_path: Path) -> None:
    """A runner sends nothing then, and the list must not say that nothing is halted."""
    (tmp_path / "halt").write_text("not a folder", encoding="utf-8")
    flags = HaltFlags(tmp_path / "halt")
    assert flags.reason() is not None
    assert "cannot be read" in flags.all()[""]


def test_flags_that_cannot_be_read_here_are_not_taken_for_a_halt(tmp_path: Path) -> None:
    """The runner, of another user perhaps, may read them, and find none: whoever halts is told that it was not done."""
    (tmp_path / "halt").write_text("not a folder", encoding="utf-8")
    ran = basis("halt", "--reason", "now", "--state", tmp_path)
    assert ran.code == 3
    assert f"NOT halted in {tmp_path}" in ran.err
    assert "see to the disk, and who may write there, before a runner starts" in ran.err
