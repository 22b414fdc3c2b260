"""Options of `ExecutionManager.open` as a runner gives them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from basis_venues import BlockingManager, ExecutionManager, Supply
from basis_venues.assemble import assemble

ROOT = Path(__file__).parents[1]
START = 1_704_153_600_000


@pytest.mark.parametrize("kind", [str, Path])
def test_paths_are_taken_as_text_too(tmp_path: Path, kind: type[str] | type[Path]) -> None:
    """The directories of a backtest, and the file that its actions are streamed to."""
    stream, held = tmp_path / "rows.csv", {"wallet:balance:ETH": 1, "wallet:balance:USDT": 1000}
    options = {"configs": kind(ROOT / "configs"), "stream": kind(stream), "positions": held, "since": START}
    with BlockingManager(ExecutionManager.open("pure_lending", **options)) as manager:
        assert manager.execute_action(Supply(id="lend-1", asset="USDT", amount="5"), timestamp=START).state == "VERIFIED"
    assert "lend-1" in stream.read_text(encoding="utf-8")


def test_the_state_directory_is_taken_as_text_too(tmp_path: Path) -> None:
    """Of a live run, which is put together here and not begun."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    simulated = {venue: {"environment": "simulation"} for venue in ("bybit", "okx", "alchemy")}
    here = {"endpoints": {"base": "http://127.0.0.1:9"}}
    profile = {"default": "testnet", "throwaway_keys": True, "venues": {"binance": here, **simulated}}
    (tmp_path / "configs/environments/local.yaml").write_text(json.dumps(profile), encoding="utf-8")
    state = tmp_path / "state"
    run = assemble("btc_basis", configs=str(tmp_path / "configs"), live=True, profile="local", state=str(state), env={})
    assert run.parts.state_directory == state
