"""The README's Python block, as it stands: in a backtest, and live against the sandbox, killed while its order hangs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from basis_venues_sandbox import Running, running_sandbox
from basis_venues_sandbox.exchange.keys import throwaway

ROOT = Path(__file__).parents[1]
START = 1_704_153_600_000
PATIENCE = 60
pytestmark = pytest.mark.slow

RUNNER = """
import sys
from pathlib import Path

block, configs, state = sys.argv[1:]
text = Path(block).read_text()
head, printed, _ = text.partition("start = ")
assert printed, "the block's last lines begin with `start =`"
exec(compile(head, "README.md", "exec"), globals())
print(buy_half_a_coin({start}, since={start}, configs=Path(configs), state=Path(state), live=True, profile="local"))
"""


def block() -> str:
    """The one Python block of the README."""
    (found,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def box() -> Iterator[Running]:
    """The sandbox, at the moment that the README names."""
    with running_sandbox(now=START, process=True) as running:
        yield running


@pytest.fixture
def live(box: Running, tmp_path: Path) -> Iterator[Live]:
    """The example's function in processes of its own, in a directory of its own."""
    box.control.reset(now=START)
    run = Live(box, tmp_path)
    yield run
    run.end()


class Live:
    """Runs of `buy_half_a_coin` against the sandbox, one after the other."""

    def __init__(self, box: Running, directory: Path) -> None:
        self.box, self.directory = box, directory
        self.children: list[subprocess.Popen[str]] = []
        configs = directory / "configs"
        shutil.copytree(ROOT / "configs", configs)
        base = {venue: {"endpoints": {"base": box.url}} for venue in ("binance", "bybit", "okx")}
        profile: dict[str, Any] = {"default": "testnet", "throwaway_keys": True, "clock": [f"{box.control.url}/time"], "venues": base}
        profile["venues"]["alchemy"] = {"environment": "simulation"}
        (configs / "environments" / "local.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
        (directory / "block.py").write_text(block(), encoding="utf-8")
        (directory / "runner.py").write_text(RUNNER.format(start=START), encoding="utf-8")

    def begin(self) -> subprocess.Popen[str]:
        """Start the example in a process of its own."""
        folder = self.directory
        command = [sys.executable, str(folder / "runner.py"), *(str(folder / name) for name in ("block.py", "configs", "state"))]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("BASIS_")}
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean)
        self.children.append(child)
        return child

    def ended(self) -> str:
        """Start it, let it end, and answer what it printed."""
        child = self.begin()
        said, error = child.communicate(timeout=PATIENCE)
        assert child.returncode == 0, error
        for secret in (throwaway("CEX__BINANCE_SPOT_SECRET"), throwaway("CEX__BINANCE_FUTURES_SECRET")):
            assert secret not in said + error
        return said.strip()

    def orders(self) -> list[dict[str, Any]]:
        return self.box.control.orders("binance")

    def end(self) -> None:
        for child in self.children:
            if child.poll() is None:
                child.kill()
            child.communicate()

    def shown(self, *what: str) -> dict[str, Any]:
        """What `basis journal show` says."""
        command = [sys.executable, "-m", "basis_venues", "journal", "show", *what, "--state", str(self.directory / "state"), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True, cwd=self.directory)
        return dict(json.loads(done.stdout))


def test_the_block_runs_as_it_stands(tmp_path: Path) -> None:
    """In a backtest it buys half a coin, and prints what changed."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    done = subprocess.run([sys.executable, "-c", block()], cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert "'binance:balance:BTC': Decimal('0.49" in done.stdout


def test_killed_while_its_order_hangs_it_buys_once(live: Live) -> None:
    """SIGKILL after the venue took the order and before it answered: the next start finds it, and a third is told the same."""
    live.box.control.fault("binance", "order.create", "accept_then_hang")
    first = live.begin()
    deadline = time.monotonic() + PATIENCE
    while not live.orders():
        assert first.poll() is None, first.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    assert first.wait(PATIENCE) == -signal.SIGKILL
    again = live.ended()
    assert live.ended() == again
    (order,) = live.orders()
    assert Decimal(order["filled"]) == Decimal("0.5")
    assert "'binance:balance:BTC': Decimal('0.49" in again
    shown = live.shown()
    assert shown["open"] == []
    closed = [row for row in shown["rows"] if row["kind"] == "CLOSED"]
    assert [row["result"]["state"] for row in closed] == ["VERIFIED"]


def test_what_cannot_be_settled_is_said_and_nothing_is_sent_twice(live: Live) -> None:
    """The reply is lost and every look-up fails: the function says so, the next start too, and once it is seen nothing was sent again."""
    quick = {"poll_ms": 50, "patience_ms": 700, "verify_within_ms": 1000}
    (live.directory / "configs" / "venues" / "binance.yaml").write_text(yaml.safe_dump({"venue_type": "cex", "timing": quick}))
    live.box.control.fault("binance", "order.create", "accept_then_status", status=503, kind="html")
    live.box.control.fault("binance", "order.read", "endpoint_down")
    for _ in range(2):
        assert live.ended().startswith("not settled, and nothing is sent twice: ")
    assert len(live.orders()) == 1
    assert [each["step"] for each in live.shown()["open"]] == ["buy-1/binance/0"]
