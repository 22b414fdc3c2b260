"""The runner is killed with SIGKILL at every point of its course, and once more while it recovers; a parent starts it until it ends.

Each case is judged by the five-point oracle of `toy_runs.lost`: nothing lost, nothing twice.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from toy_runs import Run, lost

from basis_venues.actions import Action

from .runner import ACTIONS

RUNNER = Path(__file__).with_name("runner.py")
OPENING = {"north:balance:USDT": "1000000", "south:balance:USDT": "1000000", "wallet:balance:USDT": "1000", "wallet:balance:ETH": "10"}
STARTS = 12
"""So often a runner is started before the test says that it never ends."""

Start = Callable[[Path, str, int], int]


class Case(NamedTuple):
    """One kind of course at a venue that behaves like `script`, killed at the points `kills`, one for each start."""

    kind: str
    script: tuple[str, ...]
    rule: str
    kills: tuple[int, ...]


def set_up(case: Case, directory: Path) -> Run:
    run = Run(directory=directory)
    if case.kind == "chain":
        run.chain.set_up(case.script)
        return run
    for name in ("north", "south") if case.kind == "two" else ("north",):
        run.exchange(name).set_up(case.script, rule=case.rule)
    return run


@pytest.fixture(scope="module")
def start() -> Iterator[Start]:
    """Starts a runner in a directory, and answers with what it ended with."""
    with subprocess.Popen([sys.executable, str(RUNNER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as runners:
        asked, told = runners.stdin, runners.stdout
        assert asked is not None
        assert told is not None

        def one(directory: Path, kind: str, at: int) -> int:
            asked.write(json.dumps([str(directory), kind, at]) + "\n")
            asked.flush()
            return int(told.readline())

        yield one


def carry_out(case: Case, directory: Path, start: Start) -> list[str]:
    """What is wrong after the case came to its end."""
    run = set_up(case, directory)
    for at in (*case.kills, *(-1 for _ in range(STARTS))):
        code = start(directory, case.kind, at)
        if code == 0:
            break
        if code != -signal.SIGKILL:
            return [f"{case}: the runner ended with {code}"]
    else:
        return [f"{case}: the runner never ended"]
    wanted: tuple[Action, ...] = ACTIONS[case.kind]
    state = run.replayed()
    wrong = lost(run, wanted, OPENING)
    wrong += [f"{action.id} is not closed" for action in wanted if state.actions["toy", action.id].result is None]
    wrong += [f"{step} is left open" for step in state.open]
    return [f"{case}: {each}" for each in wrong]


def points(kind: str, script: tuple[str, ...], rule: str, directory: Path, start: Start) -> list[str]:
    """The points that such a course passes when nobody kills it."""
    set_up(Case(kind, script, rule, ()), directory)
    assert start(directory, kind, -1) == 0
    passed: list[str] = json.loads((directory / "points").read_text())
    return passed


def judge(cases: list[Case], directory: Path, start: Start) -> None:
    wrong: list[str] = []
    for number, case in enumerate(cases):
        place = directory / str(number)
        place.mkdir()
        wrong += carry_out(case, place, start)
    assert not wrong, "\n".join(wrong)


@pytest.mark.slow
def test_P1_kill_at_each_lifecycle_step(start: Start, tmp_path: Path) -> None:
    """Killed once, at every point of a lost reply on one exchange, of two orders that share a reading, and of an approve and supply on a
    chain; at chosen points elsewhere."""
    cases: list[Case] = []
    thorough = (("one", ("drop_reply",)), ("together", ("fill", "drop_reply")), ("chain", ("drop_reply", "mine")))
    for number, (kind, script) in enumerate(thorough):
        place = tmp_path / f"points-{number}"
        place.mkdir()
        cases += [Case(kind, script, "open", (at,)) for at in range(len(points(kind, script, "open", place, start)))]
    for rule in ("open", "always"):
        for verb in ("fill", "late:2", "hide:2", "never", "partial", "refuse"):
            cases += [Case("one", (verb,), rule, (at,)) for at in (5, 8)]
    cases += [Case("two", (verb,), "open", (at,)) for verb in ("fill", "drop_reply") for at in (3, 9)]
    assert len(cases) >= 60
    judge(cases, tmp_path, start)


@pytest.mark.slow
def test_P2_kill_during_recovery_twice(start: Start, tmp_path: Path) -> None:
    """Killed right after the order was executed, and then twice more while the next starts recover."""
    cases = [
        Case("one", (verb,), rule, (6, at, at)) for verb in ("fill", "hide:1", "late:2") for rule in ("open", "always") for at in (1, 4)
    ]
    cases += [Case("chain", script, "open", (7, at, at + 1)) for script in (("lose", "mine"), ("drop_reply",)) for at in (1, 4)]
    cases += [Case("two", ("drop_reply",), "open", (11, at, at)) for at in (3,)]
    cases += [Case("together", (verb, "drop_reply"), "open", (9, at, at)) for verb in ("fill", "drop_reply") for at in (1, 4, 6)]
    assert len(cases) >= 15
    judge(cases, tmp_path, start)
