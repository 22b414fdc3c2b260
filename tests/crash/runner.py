"""A runner that is killed: `runner.py DIRECTORY KIND AT`. It ends itself with SIGKILL at the point number AT; -1 lets it finish."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

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


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
