"""Running the command in tests, and a small journal for it to read."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from basis_venues.actions import SpotTrade
from basis_venues.cli.app import app
from basis_venues.clock import PlanClock
from basis_venues.journal.events import Event, Frozen, Intent, Outcome, Sending
from basis_venues.journal.sqlite import SqliteJournal
from basis_venues.orders import Order, Prepared, Report, Step
from basis_venues.states import State

ROOT = Path(__file__).resolve().parents[3]
OURS = (*(name for name in os.environ if name.startswith("BASIS_") and name != "BASIS_CACHE_DIR"), "ENVIRONMENT")
"""What a machine may have set of this project's; where it keeps what was unpacked is no setting."""
ACCOUNTS = {"binance": "binance:key-owner"}


class Ran(NamedTuple):
    """How the command ended."""

    code: int
    out: str
    err: str

    def document(self) -> Any:
        """Its one JSON document."""
        return json.loads(self.out)


def basis(*arguments: object, env: dict[str, str] | None = None) -> Ran:
    """The command, in this process."""
    cleared: dict[str, str | None] = dict.fromkeys(OURS)
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], env={**cleared, **(env or {})})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def process(*arguments: object, env: dict[str, str] | None = None, cwd: Path = ROOT) -> Ran:
    """The command, as a process of its own with its output piped; five minutes at most."""
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        [sys.executable, "-c", "from basis_venues.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**inherited, **(env or {})},
        cwd=cwd,
        check=False,
        timeout=300,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at just now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def shipped(target: Path) -> Path:
    """A copy of the shipped configuration, to be spoiled."""
    return Path(shutil.copytree(ROOT / "configs", target / "configs"))


def spoil(file: Path, old: str, new: str) -> None:
    """Change one thing in a file."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def events() -> list[Event]:
    """An action whose one step ended so that only a person can close it."""
    action = SpotTrade(id="buy-1", symbol="BTC/USDT", side="buy", quantity=Decimal("0.5"), valid_until=2_000)
    order = Order("buy-1/binance", action, "binance", "binance", "binance")
    step = Step("buy-1/binance/0", order, (action,))
    sending = Sending("btc_basis", order, (step,), 0, 1, Prepared("BV1", step, {"symbol": "BTCUSDT"}, 3_000), (), {}, {}, 1_400, ACCOUNTS)
    report = Report(State.NEEDS_HUMAN, (), 1_500, "two orders carry our id")
    return [
        Intent("btc_basis", action, (order,), Decimal(0), (), ACCOUNTS),
        sending,
        Outcome("btc_basis", step.id, report, None, (), (), {}, {}, ACCOUNTS),
        Frozen("binance", "two orders carry our id", ACCOUNTS),
    ]


def small_journal(directory: Path, rows: Sequence[Event] | None = None) -> Path:
    """A state directory whose journal holds `events()`, or other rows, written at 2024-01-02T00:00:00Z."""
    journal = SqliteJournal(directory / "journal.sqlite", PlanClock(1_704_153_600_000))
    journal.write(events() if rows is None else rows)
    journal.close()
    return directory
