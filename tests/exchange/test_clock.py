"""The plan's time and the sandbox's."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from command_line import basis

from basis_venues.errors import AccountBusy, TryAgainLater
from basis_venues.execution.manager import ExecutionManager
from basis_venues.steering import steered_time

DAY_MS = 86_400_000


@pytest.mark.parametrize("venue", ["binance"])
def test_a_run_without_a_window_goes_on_where_the_sandbox_stands(world: Any) -> None:
    """Opened for one action, a look at positions or a person's answer: the sandbox's time is neither set back nor ahead."""
    before = world.control.time()
    (leg,) = world.act(world.spot(), since=None)
    assert leg.state == "FILLED"
    assert 0 <= world.control.time() - before < 60_000


@pytest.mark.parametrize("venue", ["binance"])
def test_a_runner_that_finds_its_accounts_taken_leaves_the_time_of_the_first_alone(world: Any) -> None:
    """A second run of an earlier day, with another state directory: refused before the sandbox's clock is set back under the first."""

    async def both() -> int:
        async with world.open():
            before = world.control.time()
            second = world.assemble(since=before - DAY_MS, state=world.directory / "other")
            with pytest.raises(AccountBusy, match=r"holds the account clock \(http://127.0.0.1"):
                async with ExecutionManager(second.parts):
                    pass
            return world.control.time() - before

    assert 0 <= asyncio.run(both()) < 60_000


@pytest.mark.parametrize("venue", ["binance"])
def test_a_sandbox_that_is_set_back_by_days_is_warned_of(world: Any) -> None:
    """Its accounts have a history of the run's future: what to do is said, in the report as well. Plans of a day follow each other
    without a word."""
    now = world.control.time()
    (warning,) = world.assemble(since=now - 3 * DAY_MS).settings.warnings
    assert "is set back to" in warning
    assert "`basis sandbox down`, `basis sandbox up`, another --state" in warning
    assert world.assemble(since=now - DAY_MS).settings.warnings == ()


@pytest.mark.parametrize("venue", ["binance", "bybit", "okx"])
def test_venues_are_checked_by_the_time_that_a_run_would_have(world: Any) -> None:
    """`basis check --connect` finds no clock off where the sandbox stands in another year, and moves none."""
    world.control.jump(1_704_153_600_000, running=False)
    configs = world.directory / "configs"
    ran = basis("check", "exchanges", "--profile", "sandbox", "--live", "--connect", "--configs", configs, "--json")
    (heard,) = (each for each in ran.document()["checks"] if each["check"] == "heartbeat")
    assert heard["status"] == "pass", heard["text"]
    assert world.control.time() == 1_704_153_600_000


def test_a_sandbox_that_is_down_is_told_as_such() -> None:
    """With what to do."""
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(TryAgainLater, match="basis sandbox up"):
            steered_time([f"http://127.0.0.1:{taken.getsockname()[1]}/time"])
