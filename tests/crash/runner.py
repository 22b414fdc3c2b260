"""Runners that are killed. For each line `[DIRECTORY, KIND, AT]` one is started: it ends itself with SIGKILL at the point number AT; -1
lets it finish. The answer is what it ended with.

Every runner is a process of its own, forked from this one, which has imported all that they need and opened nothing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "core" / "tests" / "support"))

from toy_runs import PointJournal, Run, buy, supply

ACTIONS = {"one": (buy(1), buy(2)), "two": (buy(1, "2"),), "chain": (supply(1),), "together": (buy(1), buy(2))}


def main(directory: Path, kind: str, at: int) -> None:
    passed: list[str] = []

    def point(name: str) -> None:
        passed.append(name)
        if len(passed) == at + 1:
            (directory / "killed").write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)

    PointJournal.synced = True
    results = Run(directory=directory).act(*ACTIONS[kind], point=point, together=kind == "together")
    (directory / "points").write_text(json.dumps(passed))
    (directory / "results").write_text(json.dumps([result.state for result in results]))


def run(directory: str, kind: str, at: int) -> NoReturn:
    """Be the runner, and nothing after that."""
    signal.alarm(60)  # nobody waits longer
    ended = 1
    try:
        main(Path(directory), kind, at)
        ended = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(ended)


if __name__ == "__main__":
    for line in sys.stdin:
        runner = os.fork() or run(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(runner, 0)[1]), flush=True)
