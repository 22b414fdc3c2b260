"""One runner for each account, whatever state directory it was given."""

from __future__ import annotations

import asyncio
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from basis_venues.errors import AccountBusy
from basis_venues_sandbox import running_sandbox

HOLDER = """
import asyncio, sys
from pathlib import Path
from basis_venues.assemble import assemble
from basis_venues.execution.manager import ExecutionManager

async def hold():
    run = assemble("exchanges", configs=Path(sys.argv[1]), live=True, profile="machine", state=Path(sys.argv[2]), env={})
    async with ExecutionManager(run.parts):
        print("holding", flush=True)
        sys.stdin.readline()
asyncio.run(hold())
"""


def ask(configs: Path, state: Path) -> Any:
    """`basis positions` as a process of its own."""
    command = [sys.executable, "-c", "from basis_venues.cli import main; main()", "positions", "exchanges", "--live"]
    return subprocess.run(
        [*command, "--profile", "machine", "--configs", str(configs), "--state", str(state), "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("venue", ["okx"])
def test_the_state_directory_is_its_owners_alone(world: Any) -> None:
    """Whoever makes it: a client that keeps its markets there comes before the locks."""
    world.act(world.spot())
    assert stat.S_IMODE((world.directory / "state").stat().st_mode) == 0o700
    world.judge(effects=1)


@pytest.mark.parametrize("venue", ["okx"])
def test_P10_another_state_directory_is_no_way_around_the_lock(venue: str, tmp_path: Path, world_of: Any) -> None:
    """Two processes with different `--state` on one account: the second is refused, naming the first, until that one ends. The same
    credentials at another sandbox are another account."""
    with running_sandbox(process=True) as box, running_sandbox(process=True) as another:
        one, elsewhere = world_of(box, tmp_path / "one", venue), world_of(another, tmp_path / "two", venue)
        configs = one.directory / "configs"
        with subprocess.Popen(
            [sys.executable, "-c", HOLDER, str(configs), str(tmp_path / "a")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as first:
            assert first.stdout is not None
            assert first.stdin is not None
            assert first.stdout.readline() == "holding\n"
            refused = ask(configs, tmp_path / "b")
            assert refused.returncode == AccountBusy.exit_code == 8, refused.stderr
            said = json.loads(refused.stdout)["error"]["message"]
            assert f"process {first.pid}" in said
            assert f"the account {venue} " in said
            assert not (tmp_path / "b" / "journal.sqlite").exists()
            free = ask(elsewhere.directory / "configs", tmp_path / "c")
            assert free.returncode == 0, free.stderr
            first.stdin.write("\n")
            first.stdin.flush()
            first.wait(20)
        again = ask(configs, tmp_path / "b")
        assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("venue", ["okx"])
def test_the_locks_are_the_machine_users(world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That of the account and that of the clock it sets lie below the user's state directory, and neither name shows the account."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))

    async def inside() -> list[str]:
        async with world.open():
            return [path.name for path in (tmp_path / "home" / "basis-venues" / "account-locks").iterdir()]

    names = asyncio.run(inside())
    assert len(names) == 2
    assert not [name for name in names if "okx" in name]
