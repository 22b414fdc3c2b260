"""What a backtest never does: open a socket, read a credential, import a venue's library or a plugin that the mode does not use."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODES = ("btc_basis", "eth_leveraged", "eth_staking", "pure_lending")
FORBIDDEN = ("aiohttp", "ccxt", "certifi", "eth_account", "httptools", "numpy", "pandas", "py_ecc", "pydantic", "requests", "ssl", "web3")

WATCHED = """
import json, os, sys
read = set()
class Watched(dict):
    def __getitem__(self, key): read.add(key); return super().__getitem__(key)
    def get(self, key, default=None): read.add(key); return super().get(key, default)
    def __contains__(self, key): read.add(key); return super().__contains__(key)
    def __iter__(self): read.update(dict.keys(self)); return super().__iter__()
    def keys(self): read.update(dict.keys(self)); return super().keys()
    def items(self): read.update(dict.keys(self)); return super().items()
    def values(self): read.update(dict.keys(self)); return super().values()
    def copy(self): read.update(dict.keys(self)); return super().copy()
sockets, opened = [], []
def audit(event, arguments):
    if event.startswith("socket."): sockets.append(event)
    if event == "open" and isinstance(arguments[0], str): opened.append(arguments[0])
sys.addaudithook(audit)
environment = Watched({**os.environ, "BASIS_DEV__CEX__BINANCE_SPOT_API_KEY": "kX9canary7f3a"})
from pathlib import Path
from basis_venues.assemble import assemble
from basis_venues.run.plan import load_plan
from basis_venues.run.runner import run_plan
configs = Path("configs")
plan = load_plan(sys.argv[1], configs)
assembly = assemble(sys.argv[1], configs=configs, since=plan.since, until=plan.until, positions=plan.positions, env=environment)
report = run_plan(assembly, plan, plan.since, plan.until)
print(json.dumps({"modules": sorted(sys.modules), "sockets": sockets, "opened": opened, "read": sorted(read), "counts": report.counts,
                  "document": json.dumps(report.document())}))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder as an operator has one: the configuration, and the file with the credentials beside it."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "configs").symlink_to(ROOT / "configs")
    (folder / "env.unified").write_text("BASIS_DEV__CEX__BINANCE_SPOT_API_KEY=kX9canary7f3a\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=MODES)
def watched(request, home):
    """One mode's plan in a process of its own, with what it imported, opened and read."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, request.param], cwd=home, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return request.param, json.loads(done.stdout.splitlines()[-1])


def test_a_backtest_verifies_every_action(watched):
    """Each mode's plan runs from end to end on the synthetic history."""
    _, seen = watched
    assert list(seen["counts"]) == ["VERIFIED"]


def test_a_backtest_opens_no_socket(watched):
    """No audit event of a socket is raised."""
    _, seen = watched
    assert seen["sockets"] == []


def test_a_backtest_reads_no_credential(watched):
    """Neither env.unified nor a credential's variable is looked at, and no value of one reaches the report."""
    _, seen = watched
    assert not [name for name in seen["read"] if name.startswith("BASIS_DEV__")]
    assert not [path for path in seen["opened"] if path.endswith("env.unified")]
    assert "kX9canary7f3a" not in seen["document"]


def test_a_backtest_imports_no_venue_library(watched):
    """None of the heavy or networked libraries is in sys.modules."""
    _, seen = watched
    assert not {name.partition(".")[0] for name in seen["modules"]} & set(FORBIDDEN)


def test_a_backtest_imports_only_the_plugins_of_its_mode(watched):
    """Plugins of venues that the mode does not subscribe to stay out."""
    mode, seen = watched
    used = {
        "btc_basis": {"binance", "bybit", "okx", "alchemy"},
        "pure_lending": {"aave", "alchemy"},
        "eth_staking": {"lido", "instadapp", "alchemy"},
        "eth_leveraged": {"aave", "lido", "instadapp", "alchemy"},
    }[mode]
    venues = {"aave", "alchemy", "binance", "bybit", "instadapp", "lido", "okx"}
    loaded = {name.removeprefix("basis_venues_") for name in seen["modules"] if name.startswith("basis_venues_") and "." not in name}
    assert loaded & venues == used
