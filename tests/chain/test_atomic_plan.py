"""The shipped plan of leveraged staking, from the command line against a whole sandbox, in the plan's own time."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from basis_venues_sandbox.chain import available

CONFIGS = Path(__file__).parents[2] / "configs"
FAST = {"poll_ms": 50, "patience_ms": 60_000, "verify_within_ms": 2000}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not available(), reason=available().reason)]


def basis(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    return subprocess.run([sys.executable, "-m", "basis_venues", *arguments], capture_output=True, text=True, timeout=300)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


@pytest.fixture
def configs(tmp_path: Path) -> Iterator[Path]:
    """The shipped configuration, with a sandbox that runs at its own ports."""
    folder, box = tmp_path / "configs", str(tmp_path / "box")
    shutil.copytree(CONFIGS, folder)
    exchange, control, chain = free_ports(3)
    profile = yaml.safe_load((folder / "environments" / "sandbox.yaml").read_text(encoding="utf-8"))
    profile["clock"] = [f"http://127.0.0.1:{control}/time"]
    profile["venues"] = {"alchemy": {"endpoints": {"rpc": f"http://127.0.0.1:{chain}"}}}
    (folder / "environments" / "sandbox.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    for venue, kind in (("alchemy", "infrastructure"), ("aave", "defi"), ("lido", "defi"), ("instadapp", "defi")):
        (folder / "venues" / f"{venue}.yaml").write_text(yaml.safe_dump({"venue_type": kind, "timing": FAST}), encoding="utf-8")
    ports = ("--port", str(exchange), "--control-port", str(control), "--chain-port", str(chain))
    started = basis("sandbox", "up", "--state", box, *ports, "--from", "2024-01-02", "--configs", str(folder))
    try:
        assert started.returncode == 0, started.stderr
        yield folder
    finally:
        basis("sandbox", "down", "--state", box)


def test_the_plan_of_leveraged_staking_runs_live(configs: Path, tmp_path: Path) -> None:
    """Every action VERIFIED; at the end neither debt nor collateral, and of the ten ETH the fees and the swaps' price are gone."""
    done = basis(
        "run", "eth_leveraged", "--profile", "sandbox", "--live", "--configs", str(configs), "--state", str(tmp_path / "s"), "--json"
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert set(told["networks"].values()) == {"testnet"}
    assert [(action["id"], action["state"]) for action in told["actions"]] == [
        (name, "VERIFIED") for name in ("make-account", "lever-up", "halve", "close")
    ]
    assert all(line["agrees"] for action in told["actions"] for leg in action["legs"] for line in leg["reconciliation"])
    assert not [key for key in told["positions"] if ":borrowed:" in key or ":supplied:" in key]
    assert 9.9 < float(told["positions"]["wallet:balance:WETH"]) < 10
