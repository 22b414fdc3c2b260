"""The plans of `pure_lending` and of the staking part of `eth_staking`: `basis run` live against the sandbox, and the backtest of the
same plan at the figures that the contracts had. The same actions, legs and ends, and the same changes to the unit, interest included.

The figures are read from the chain by this file alone: the pool's announcements of its indices and Lido's own totals, block by block.
"""

from __future__ import annotations

import json
import re
import shutil
from bisect import bisect
from collections.abc import Iterator
from datetime import datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from command_line import free_ports, process

from basis_venues.market.synthetic import write_synthetic
from basis_venues_evm.live.abi import topic
from basis_venues_sandbox.chain import ChainControl, available

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).parents[2] / "configs"
WIDE = Context(prec=60)
INDEX_LOG = topic("ReserveDataUpdated(address,uint256,uint256,uint256,uint256,uint256)")
STAKING = {
    "mode": "eth_staking",
    "since": "2024-01-02",
    "until": "2024-02-20",
    "positions": {"wallet:balance:ETH": "40"},
    "actions": [
        {"at": "start", "id": "stake", "action": "Stake", "amount": "20"},
        {"at": "start+5m", "id": "wrap", "action": "Wrap", "amount": "max"},
        {"at": "start+20d", "id": "queue", "action": "RequestUnstake", "asset": "wstETH", "amount": "6"},
        {"at": "start+25d", "id": "collect", "action": "ClaimUnstake", "request": "all"},
        {"at": "start+30d", "id": "stake-more", "action": "Stake", "amount": "2"},
        {"at": "start+40d", "id": "unwrap", "action": "Unwrap", "amount": "3.5"},
        {"at": "end-1h", "id": "wrap-more", "action": "Wrap", "amount": "1.25"},
    ],
}
Run = dict[str, Any]


class Pair(NamedTuple):
    """The documents of both runs of one plan, and the figures that the contracts had when the live actions were mined."""

    backtest: Run
    live: Run
    figures: list[Decimal]


def document(directory: Path, *arguments: str) -> Run:
    """What a run answers."""
    done = process("run", *arguments, "--json", cwd=directory)
    assert done.code == 0, done.out + done.err
    found: Run = done.document()
    return found


class Box:
    """A sandbox whose clock begins with the plan, and a configuration that leads to it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        shutil.copytree(CONFIGS, directory / "configs")
        port, control, self._chain = free_ports(3)
        rpc = f"http://127.0.0.1:{self._chain}"
        profile = {
            "default": "testnet", "throwaway_keys": True, "clock": [f"http://127.0.0.1:{control}/time"],
            "venues": {"alchemy": {"endpoints": {"rpc": rpc}}},
        }  # fmt: skip
        (directory / "configs" / "environments" / "local.yaml").write_text(json.dumps(profile), encoding="utf-8")
        ports = ("--port", str(port), "--control-port", str(control), "--chain-port", str(self._chain))
        up = process("sandbox", "up", *ports, "--data", "synthetic", "--from", "2024-01-02", "--state", "box", cwd=directory)
        assert up.code == 0, up.out + up.err
        self.control = ChainControl(rpc)

    def close(self) -> None:
        self.control.close()
        process("sandbox", "down", "--state", "box", cwd=self.directory)

    def live(self, mode: str, *plan: str) -> Run:
        return document(self.directory, mode, *plan, "--profile", "local", "--live", "--state", "state")

    def blocks(self, run: Run) -> list[int]:
        """For each action the block of the wallet's last transaction before the next action, which is minutes away at least."""
        wallet, head = self.control.addresses.wallet.lower(), self.control.block_number()
        starts = [datetime.fromisoformat(action["at"]).timestamp() - 120 for action in run["actions"]]
        found: dict[int, int] = {}
        for number in range(1, head + 1):
            block = self.control.rpc.call("eth_getBlockByNumber", hex(number), True)
            if any(each["from"].lower() == wallet for each in block["transactions"]):
                found[bisect(starts, int(block["timestamp"], 16)) - 1] = number
        assert list(found) == list(range(len(starts)))
        return list(found.values())


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    if not available():
        pytest.skip(available().reason)
    made = Box(tmp_path)
    yield made
    made.close()


def backtest(box: Box, mode: str, plan: tuple[str, ...], live: Run, table: str, columns: dict[str, list[Decimal]], **rules: Any) -> Run:
    """The plan at the live run's figures: the synthetic history with one table in whose place they stand, from action to action."""
    data = write_synthetic(box.directory / "data")
    times = [re.sub(r":\d\d(\.\d+)?Z$", ":00Z", action["at"]) for action in live["actions"]]
    rows = [",".join((time, *(str(column[at]) for column in columns.values()))) for at, time in enumerate(times)]
    (data / f"{table}.csv").write_text("\n".join((",".join(("timestamp", *columns)), *rows, "")), encoding="utf-8")
    settings = yaml.safe_load((box.directory / "configs" / "data" / "synthetic.yaml").read_text(encoding="utf-8"))
    settings["series"] = {**rules, **{name: rule for name, rule in settings["series"].items() if name not in rules}}
    (box.directory / "configs" / "data" / "seen.yaml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return document(box.directory, mode, *plan, "--data", str(data), "--data-settings", "seen")


def told(run: Run) -> list[Any]:
    """Ids, kinds, ends, and what was left over."""
    legs = ("order", "venue", "account", "verdict")
    return [
        (a["id"], a["action"], a["state"], a["unallocated"], [tuple(leg[name] for name in legs) for leg in a["legs"]])
        for a in run["actions"]
    ]


def changes(run: Run) -> dict[str, dict[str, Decimal]]:
    """What each action changed, apart from what came to nothing; a claim goes by its kind, as its number is the queue's."""
    return {
        action["id"]: {
            re.sub(r"(:claim:lido)/\d+", r"\1", key): Decimal(amount)
            for leg in action["legs"]
            for key, amount in leg["deltas"].items()
            if Decimal(amount)
        }
        for action in run["actions"]
    }


def test_pure_lending_live_and_in_a_backtest_at_the_pools_own_indices(box: Box) -> None:
    """Supply, accrue, add, withdraw, leave with the interest: every action VERIFIED; the two agree to the unit of the dollar, and only gas,
    which each world has its own price for, differs."""
    live = box.live("pure_lending")
    pool, usdt = box.control.addresses.aave.pool, box.control.addresses.tokens["USDT"].lower()
    indices = []
    for block in box.blocks(live):
        logs = box.control.rpc.call("eth_getLogs", {"fromBlock": hex(block), "toBlock": hex(block), "address": pool, "topics": [INDEX_LOG]})
        (data,) = (log["data"] for log in logs if log["topics"][1][-40:] == usdt[2:])
        indices.append([Decimal(int(data[2 + 64 * word : 66 + 64 * word], 16)).scaleb(-27, WIDE) for word in (3, 4)])
    columns = {
        "liquidityIndex": [index for index, _ in indices], "variableBorrowIndex": [index for _, index in indices],
        "price": [Decimal(1)] * len(indices),
    }  # fmt: skip
    table = "aave_v3_reserve_USDT_1d"
    rules = {f"aave:{name}:USDT": {"table": table, "value": value} for name, value in
             (("supply_index", "liquidityIndex"), ("borrow_index", "variableBorrowIndex"), ("oracle", "price"))}  # fmt: skip
    simulated = backtest(box, "pure_lending", (), live, table, columns, **rules)

    assert live["counts"] == simulated["counts"] == {"VERIFIED": 4}
    assert told(live) == told(simulated)
    ours, theirs = changes(live), changes(simulated)
    for action, moved in ours.items():
        gas, simulated_gas = moved.pop("wallet:balance:ETH"), theirs[action].pop("wallet:balance:ETH")
        assert gas < 0
        assert simulated_gas < 0
        assert moved == theirs[action], action
    interest = sum(moved.get("wallet:balance:USDT", Decimal(0)) for moved in ours.values())
    assert 200 < interest < 400, "seven weeks of 1.9 % a year on 85 000 to 125 000"
    assert not [key for key in live["positions"] if ":supplied:" in key]


def test_staking_live_and_in_a_backtest_at_lidos_own_rate(box: Box) -> None:
    """Stake, wrap, rebase, request, finalise, claim, unwrap: every action VERIFIED; the two agree within the two wei of Lido's rounding,
    and ETH up to the gas."""
    plan = box.directory / "staking.yaml"
    plan.write_text(json.dumps(STAKING), encoding="utf-8")
    live = box.live("eth_staking", "--plan", str(plan))
    steth, reader = box.control.addresses.lido.steth, box.control.owner
    rates = []
    for block in box.blocks(live):
        pooled, shares = (
            Decimal(reader.read(steth, f"{view}()(uint256)", block=hex(block))) for view in ("getTotalPooledEther", "getTotalShares")
        )
        rates.append(WIDE.divide(pooled, shares).quantize(Decimal("1e-30"), context=WIDE))
    assert rates == sorted(rates)
    assert rates[-1] / rates[0] > Decimal("1.003"), "it was rebased on the way"
    table = "lido_wsteth_eth_1h"
    simulated = backtest(
        box, "eth_staking", ("--plan", str(plan)), live, table, {"wsteth_eth": rates},
        **{"lido:share_rate:wstETH": {"table": table, "value": "wsteth_eth"}},
    )  # fmt: skip

    assert live["counts"] == simulated["counts"] == {"VERIFIED": len(STAKING["actions"])}
    assert told(live) == told(simulated)
    ours, theirs = changes(live), changes(simulated)
    for action, moved in ours.items():
        ether, simulated_ether = (each.pop("wallet:balance:ETH") for each in (moved, theirs[action]))
        assert abs(ether - simulated_ether) < Decimal("0.05"), action
        assert moved.keys() == theirs[action].keys(), action
        for key, amount in moved.items():
            assert abs(amount - theirs[action][key]) <= Decimal("2e-18"), (action, key)
    assert ours["collect"]["wallet:claim:lido"] == -ours["queue"]["wallet:claim:lido"]
