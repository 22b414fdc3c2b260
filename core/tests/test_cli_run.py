"""What `basis run` and `basis positions` tell a person of a live run."""

from __future__ import annotations

import errno
import io
import os
import sys
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from toy_runs import Run, buy

from basis_venues.cli.positions import _show as show_positions
from basis_venues.cli.run import meaning, told
from basis_venues.run.plan import Plan
from basis_venues.run.report import RunReport


def _half_done(tmp_path: Path) -> tuple[Run, Any]:
    """One of two legs is filled, the other refused."""
    run = Run(directory=tmp_path)
    run.exchange("north").set_up()
    run.exchange("south").set_up(["refuse"])
    (part,) = run.act(buy(1, "2"))
    assert part.state == "INCOMPLETE"
    return run, part


def test_what_would_take_back_an_action_done_in_part_is_told_as_a_plan_has_it(tmp_path: Path) -> None:
    """Of two coins one was bought at north: one is to be sold there, and whoever reads it needs nothing else."""
    _, part = _half_done(tmp_path)
    said = meaning(part)
    assert said is not None
    assert "Ask for that under a new id, or take back what stands: SpotTrade " in said
    (words,) = [clause.split() for clause in said.split("; ") if "side=sell" in clause]
    assert {"side=sell", "venue=north", "symbol=BTC/USDT"} <= set(words)
    assert [Decimal(word.partition("=")[2]) for word in words if word.startswith("quantity=")] == [1]


class _Full(io.StringIO):
    def write(self, _: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("json", [False, True])
def test_a_full_disk_behind_stdout_does_not_keep_what_a_run_left_from_stderr(
    json: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report cannot be written, and which leg is missing is told all the same."""
    run, part = _half_done(tmp_path)
    settings = SimpleNamespace(
        mode=SimpleNamespace(name="toy"), selection=SimpleNamespace(live=True, environment="dev"), networks={}, manifests={}, warnings=()
    )
    assembly: Any = SimpleNamespace(settings=settings, parts=run.parts(), market=None)
    plan = Plan(name="p", mode="toy", summary="", since=None, until=None, valid_for=1, positions={}, actions=())
    report = RunReport(assembly, plan, (part,), {}, {}, 0, 1)
    monkeypatch.setattr(sys, "stdout", _Full())
    with pytest.raises(OSError, match="No space left"):
        told(report, json, {})
    assert "buy-1 is done in part. Missing: buy-1/south" in capsys.readouterr().err


def test_positions_that_agree_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty cell below "agrees" could as well be one that nobody looked at."""
    line = {"position": "okx:balance:USDT", "expected": "5", "observed": "5"}
    show_positions({"positions": [{**line, "agrees": each} for each in (True, False, None)], "obligations": {}, "frozen": {}})
    rows = capsys.readouterr().out.splitlines()[2:5]
    assert [row.split("5  ")[-1].strip() for row in rows] == ["yes", "no", "not compared"]
