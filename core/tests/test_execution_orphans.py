"""Orders that the venue has from a run whose journal was lost: they are found, never sent again, and never told to have come to nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from toy_runs import Killed, Run, buy, crash_when, lost

from basis_venues.states import State

OPENING = {"north:balance:USDT": "1000000"}
LONG_MS = 120_000
"""Longer than the history is read back from a write's own time."""


@pytest.fixture
def restored(tmp_path: Path) -> Run:
    """A run whose journal is of before its second order, which the venue has filled."""
    run = Run(directory=tmp_path)
    run.exchange().set_up()
    run.act(buy(1))
    shutil.copytree(tmp_path / "state", tmp_path / "backup")
    run.act(buy(2))
    shutil.rmtree(tmp_path / "state")
    shutil.copytree(tmp_path / "backup", tmp_path / "state")
    return run


def hide(run: Run, looks: int) -> None:
    """Let the venue's look-ups not show its newest order so often, while its history does."""
    world = run.world.load()
    order = world["venues"]["north"]["orders"][-1]
    order["hidden"] = order["looks"] + looks
    run.world.save(world)


@pytest.mark.parametrize("spoil", ["later once", "raises"])
def test_one_that_cannot_be_prepared_now_is_unknown_and_found_later(restored: Run, spoil: str) -> None:
    """Whatever prepare raises: no other attempt is made in its place, and the same id finds it when that is over."""
    (now,) = restored.act(buy(2), spoil=spoil)
    assert now.state == "UNKNOWN"
    (later,) = restored.act(buy(2))
    assert later.state == "VERIFIED"
    assert lost(restored, [buy(1), buy(2)], OPENING) == []


@pytest.mark.parametrize("looks", [6, 10**6])
def test_one_that_look_ups_do_not_show_is_never_sent_again(restored: Run, looks: int) -> None:
    """Asked again long after: that the account's history names it is proof enough. Shown at last it is verified, else a person decides."""
    hide(restored, looks)
    restored.clock.pass_by(LONG_MS)
    (result,) = restored.act(buy(2))
    assert result.state == ("VERIFIED" if looks == 6 else "NEEDS_HUMAN")
    assert len(restored.exchange().fills()) == 2


def test_one_that_was_adopted_by_a_run_that_was_killed_is_never_sent_again(restored: Run) -> None:
    """The next start settles the step by a history that reaches back to the order, not to its adoption."""
    hide(restored, 10**6)
    restored.clock.pass_by(LONG_MS)
    with pytest.raises(Killed):
        restored.act(buy(2), point=crash_when("after the commit of Intent+Observed+Sending"))
    (result,) = restored.act(buy(2))
    assert result.legs[0].state in (State.NEEDS_HUMAN, State.UNKNOWN)
    assert len(restored.exchange().fills()) == 2


def test_one_that_is_asked_for_after_its_time_is_found(restored: Run) -> None:
    """Its `valid_until` is of when it was begun, and that was in time."""
    restored.clock.pass_by(LONG_MS)
    (result,) = restored.act(buy(2, valid_until=restored.clock.now() - 1))
    assert result.state == "VERIFIED"
    assert len(restored.exchange().fills()) == 2
