"""The plan clock, prices from a history, the counters, the ledger, the command."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from command_line import free_ports
from typer.testing import CliRunner

from basis_venues.errors import ConfigurationError
from basis_venues.market import write_synthetic
from basis_venues_sandbox import Running, running_sandbox
from basis_venues_sandbox.command import app
from basis_venues_sandbox.exchange.control.client import ControlFailed
from basis_venues_sandbox.serve import arguments
from basis_venues_sandbox.services import Options
from basis_venues_sandbox.standing import held, is_held
from basis_venues_sandbox.steering import CONTROLS, steer, usage

SPOT, SWAP = "BTC/USDT", "BTC/USDT:USDT"
SECOND_OF_JANUARY = 1_704_153_600_000
HOUR = 3_600_000
SETTINGS = """
series:
  "{venue}:price:BTC/USDT": {table: bybit_spot_BTCUSDT_1h, value: open, every: 1h}
  "{venue}:price:BTC/USDT:USDT": {table: bybit_perp_BTCUSDT_1h, value: open, every: 1h}
  "{venue}:funding:BTC/USDT:USDT": {table: bybit_funding_BTCUSDT, value: funding_rate, every: 8h}
"""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Data settings and the records that they read."""
    directory = tmp_path_factory.mktemp("history")
    settings = directory / "settings.yaml"
    settings.write_text(SETTINGS, encoding="utf-8")
    return settings, write_synthetic(directory / "records")


def column(records: Path, table: str, moment: str, place: int = 1) -> Decimal:
    """A figure as it stands in a file."""
    rows = (records / f"{table}.csv").read_text(encoding="utf-8").splitlines()
    return next(Decimal(row.split(",")[place]) for row in rows if row.startswith(moment))


def test_books_and_funding_follow_a_history(connect: Any, history: tuple[Path, Path]) -> None:
    """The mid price is the series' figure of the moment; passing sixteen hours pays the two rates, each on the price of its time."""
    settings, records = history
    with running_sandbox(now=SECOND_OF_JANUARY, data=str(settings), data_directory=str(records)) as sandbox:
        control = sandbox.control
        control.time(SECOND_OF_JANUARY + HOUR, running=False)
        control.endow("bybit", "trading", "USDT", "100000")

        async def story() -> float:
            async with connect_to(connect, sandbox) as exchange:
                await exchange.create_order(SWAP, "market", "sell", 0.1)
                return float((await exchange.fetch_ticker(SPOT))["last"])

        assert Decimal(str(asyncio.run(story()))) == column(records, "bybit_spot_BTCUSDT_1h", "2024-01-02T01")
        control.time(SECOND_OF_JANUARY + 17 * HOUR, running=False)
        paid = [Decimal(payment["amount"]) for payment in control.ledger("bybit")["payments"]]
        due = [column(records, "bybit_funding_BTCUSDT", moment) * column(records, "bybit_perp_BTCUSDT_1h", moment) / 10
               for moment in ("2024-01-02T08", "2024-01-02T16")]  # fmt: skip
        assert paid == [each.quantize(Decimal("1e-8")) for each in due]


def connect_to(connect: Any, sandbox: Running) -> Any:
    """A Bybit client for another sandbox than the fixture's, on its clock."""
    from contextlib import asynccontextmanager

    from yarl import URL

    @asynccontextmanager
    async def connected() -> Any:
        async with connect("bybit", load=False) as exchange:
            exchange.session._base = URL(sandbox.url)
            await exchange.load_time_difference()
            await exchange.load_markets()
            yield exchange

    return connected()


def test_every_request_is_counted_and_no_secret_is_kept(sandbox: Running, connect: Any) -> None:
    """Writes, reads, endpoints, connections per host; nothing signed is in the records."""

    async def story() -> None:
        async with connect("okx") as exchange:
            await exchange.create_order(SPOT, "market", "buy", 0.01, params={"clientOrderId": "counted"})
            await exchange.fetch_balance()

    asyncio.run(story())
    counts = sandbox.control.counts()
    assert counts["venues"]["okx"] == {
        "requests": 4, "writes": 1, "reads": 3, "endpoints": {"balance": 1, "markets": 2, "order.create": 1},
    }  # fmt: skip
    assert counts["connections"]["www.okx.com"] in (1, 2)
    write = next(each for each in sandbox.control.requests("okx") if each["writes"])
    assert (write["client_id"], write["path"], write["status"]) == ("counted", "/api/v5/trade/order", 200)
    assert "sign" not in json.dumps(sandbox.control.requests()).lower()


def test_a_seed_fixes_every_id(connect: Any) -> None:
    """Two sandboxes of one seed number alike, another seed differently."""

    def ids(seed: int) -> list[int]:
        with running_sandbox(seed=seed) as sandbox:

            async def story() -> None:
                async with connect_to(connect, sandbox) as exchange:
                    for _ in range(2):
                        await exchange.create_order(SPOT, "market", "buy", 0.01)

            asyncio.run(story())
            return [order["id"] for order in sandbox.control.orders("bybit")]

    assert ids(1) == ids(1) != ids(2)


def test_a_process_of_its_own_ends_with_its_owner() -> None:
    """Started, asked, ended."""
    with running_sandbox(process=True, now=SECOND_OF_JANUARY) as sandbox:
        assert sandbox.control.time() - SECOND_OF_JANUARY < 10_000
    with pytest.raises(OSError, match="refused"):
        sandbox.control.state()


def test_the_command_starts_shows_and_ends_it(tmp_path: Path) -> None:
    """`up` waits until it is ready and prints where it is; a second `up` finds it; `down` ends it."""
    runner, state = CliRunner(), ["--state", str(tmp_path)]
    port, control_port = free_ports(2)
    ports = ["--port", str(port), "--control-port", str(control_port)]
    assert runner.invoke(app, ["status", *state]).exit_code == 75
    first = runner.invoke(app, ["up", *state, *ports, "--only", "exchange", "--json"])
    try:
        assert first.exit_code == 0, first.output
        told = json.loads(first.stdout)
        assert told["endpoints"]["exchange"]["base"] == f"http://127.0.0.1:{port}"
        second = runner.invoke(app, ["up", *state, "--only", "exchange", "--json"])
        assert (json.loads(second.stdout)["pid"], "as it was started" in second.stderr) == (told["pid"], True)
        assert runner.invoke(app, ["status", *state]).exit_code == 0
        asked = [
            runner.invoke(app, ["control", *words.split(), *state, "--json"])
            for words in ("clear", "fault okx reads garbage", "orders okx")
        ]
        assert [json.loads(answer.stdout) for answer in asked] == [None, 1, []]
    finally:
        ended = runner.invoke(app, ["down", *state])
    assert ended.exit_code == 0
    assert not is_held(tmp_path)
    assert runner.invoke(app, ["down", *state]).exit_code == 0
    assert json.loads(runner.invoke(app, ["down", *state, "--json"]).stdout) == {"running": False, "ended": None}


def test_a_port_that_is_taken_is_said_to_be(tmp_path: Path) -> None:
    """Which one, and what to do; not where in the program it was found."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port, options = taken.getsockname()[1], ["--state", str(tmp_path), "--only", "exchange", "--control-port", str(free_ports(1)[0])]
        command = [sys.executable, "-c", "from basis_venues.cli import main; main()", "sandbox", "up", *options, "--port", str(port)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 3
    assert f"('127.0.0.1', {port}): " in ran.stderr
    assert "address already in use; end what listens there, or name another port" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_of_two_that_start_at_once_the_second_says_so(tmp_path: Path) -> None:
    """In a sentence; the first is left alone."""
    with held(tmp_path):
        ran = subprocess.run(arguments(["exchange"], Options(state=tmp_path)), capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (1, f"a sandbox runs in {tmp_path} already\n")


@pytest.mark.parametrize("by", ["interrupt", "down"])
def test_a_sandbox_that_is_starting_is_seen_and_ended(tmp_path: Path, by: str) -> None:
    """Its chain waits for an npm here that never ends. `status` tells that it starts; Ctrl-C, or `down`, ends it and all that it began."""
    runner, state, fetching = CliRunner(), tmp_path / "state", tmp_path / "fetching"
    npm = tmp_path / "npm"
    npm.write_text(f"#!/bin/sh\necho $$ > {fetching}.new && mv {fetching}.new {fetching}\nexec sleep 300\n")
    npm.chmod(0o700)
    there = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "BASIS_CACHE_DIR": str(tmp_path / "cache")}
    command = [sys.executable, "-c", "from basis_venues_sandbox.command import app; app()", "up", "--state", str(state), "--only", "chain"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=there, preexec_fn=_as_from_a_terminal) as starting:
        try:
            while not fetching.exists():
                assert starting.poll() is None
                time.sleep(0.05)
            told = json.loads(runner.invoke(app, ["status", "--state", str(state), "--json"]).stdout)
            if by == "interrupt":
                starting.send_signal(signal.SIGINT)
            else:
                ended = runner.invoke(app, ["down", "--state", str(state), "--json"])
                assert json.loads(ended.stdout) == {"running": False, "ended": told["starting"]}
            _, said = starting.communicate(timeout=60)
        finally:
            starting.kill()
    assert starting.returncode == (130 if by == "interrupt" else 1)
    assert "next start" not in said
    assert not is_held(state)
    for pid in (told["starting"], int(fetching.read_text())):
        _await_end(pid)


def _await_end(pid: int) -> None:
    """Whoever adopted the process has to notice that it ended."""
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    raise AssertionError(f"the process {pid} goes on")


def _as_from_a_terminal() -> None:
    """A shell has what it runs in the background ignore SIGINT, and these tests may run there."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_words_of_the_command_line_steer_the_sandbox(sandbox: Running) -> None:
    """Values in order or by name; a figure with a point is not rounded on its way."""
    url = sandbox.control.url
    assert steer(url, "endow", ("okx", "trading", "USDT", "50.000000000000000001")) is None
    assert sandbox.control.balances("okx")["trading"]["USDT"] == "50.000000000000000001"
    steer(url, "fault", ("binance", "order.create", "accept_then_status", "status=503", "kind=html", "times=2"))
    (scripted,) = steer(url, "faults", ())
    assert scripted["times"] == 2
    assert scripted["verbs"] == [{"verb": "accept_then_status", "status": 503, "kind": "html"}]


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("fualt", (), "did you mean fault?"),
        ("endow", ("okx", "trading"), "write: endow VENUE WALLET ASSET BALANCE"),
        ("fault", ("okx", "order.create", "vanish"), "there is no verb"),
        ("price", ("BTC/USDT", "dear"), "price: a figure is no number"),
    ],
)
def test_a_control_that_is_typed_wrong_is_told_as_it_is_written(sandbox: Running, name: str, words: tuple[str, ...], told: str) -> None:
    """Nothing is done, and the sentence says what to type."""
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        steer(sandbox.control.url, name, words)


def test_every_control_can_be_typed() -> None:
    """Its usage begins with its name."""
    assert all(usage(name).split()[0] == name for name in CONTROLS)


def test_a_fault_at_a_venue_that_there_is_not_is_refused(sandbox: Running) -> None:
    """It would never strike: a plugin of one's own is scripted by the name of the dialect that it speaks."""
    with pytest.raises(ControlFailed, match="mini"):
        sandbox.control.fault("mini", "order.create", "garbage")
    assert sandbox.control.faults() == []
