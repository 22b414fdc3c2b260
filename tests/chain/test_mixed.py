"""Mixed runs: wallet and exchange on the sandbox, Aave simulated over what the wallet really holds."""

from __future__ import annotations

import asyncio
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from modes import SINK, mode_of
from typer.testing import CliRunner

from basis_venues.actions import Supply, Transfer, Withdraw
from basis_venues.assemble import assemble
from basis_venues.cli.app import app
from basis_venues.execution.manager import ExecutionManager
from basis_venues.network import Network
from basis_venues.results import ActionResult
from basis_venues.run.plan import parse_time
from basis_venues_sandbox import running_sandbox
from basis_venues_sandbox.chain import RunningChain

CONFIGS = Path(__file__).parents[2] / "configs"
SINCE, UNTIL = parse_time("2024-01-02"), parse_time("2024-02-20")
USDT, SUPPLIED = "wallet:balance:USDT", "wallet:supplied:aave/USDT"

MODE = mode_of("mixed", "USDT", "BTC", exchange="binance", lending_execution="aave")
PLAN = {
    "mode": "mixed",
    "since": "2024-01-02T00:00:00Z",
    "until": "2024-01-02T00:00:03Z",
    "actions": [
        {"at": "start", "id": "buy", "action": "SpotTrade", "symbol": "BTC/USDT", "side": "buy", "quantity": "0.1"},
        {"at": "start", "id": "lend", "action": "Supply", "asset": "USDT", "amount": "50"},
        {"at": "start+1s", "id": "send", "action": "Transfer", "asset": "USDT", "amount": "100", "source": "wallet", "address": SINK},
        {"at": "start+1s", "id": "lend-more", "action": "Supply", "asset": "USDT", "amount": "25"},
        {"at": "start+2s", "id": "back", "action": "Withdraw", "asset": "USDT", "amount": "max"},
        {"at": "start+2s", "id": "sell", "action": "SpotTrade", "symbol": "BTC/USDT", "side": "sell", "quantity": "0.05"},
    ],
}


def mixed(folder: Path, url: str, exchange: str | None = None) -> Path:
    """The spec's mixed_testnet with the sandbox's endpoints, and a destination to transfer to."""
    shutil.copytree(CONFIGS, folder)
    profile = yaml.safe_load((folder / "environments" / "mixed_testnet.yaml").read_text(encoding="utf-8"))
    profile["throwaway_keys"] = True
    profile["venues"]["alchemy"]["endpoints"] = {"rpc": url}
    if exchange is not None:
        profile["venues"]["binance"]["endpoints"] = {"base": exchange}
    (folder / "environments" / "mixed_testnet.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    venue = {"venue_type": "infrastructure", "destinations": [{"address": SINK}]}
    (folder / "venues" / "alchemy.yaml").write_text(yaml.safe_dump(venue), encoding="utf-8")
    return folder


def act(configs: Path, state: Path, *actions: Any) -> tuple[list[ActionResult], Any, dict[str, Decimal]]:
    """A run of its own: the results, its assembly, and what the simulated ledger holds at the end."""
    assembly = assemble(
        "pure_lending", configs=configs, live=True, profile="mixed_testnet", since=SINCE, until=UNTIL, state=state, env={},
        positions={USDT: 7},
    )  # fmt: skip

    async def go() -> list[ActionResult]:
        async with ExecutionManager(assembly.parts) as manager:
            return [await manager.execute_action(action) for action in actions]

    return asyncio.run(go()), assembly, dict(assembly.parts.ledger.positions)


def test_a_simulated_venue_acts_over_what_the_wallet_really_holds(chain: RunningChain, tmp_path: Path, soon: int) -> None:
    """The spec's mixed_testnet, from end to end: every action VERIFIED, over a restart, and nothing of Aave reaches the chain.

    By hand: the wallet's USDT less 100 sent on the chain and less 50 lent in the simulation is what the simulation may spend; the
    chain itself shows only the transfer. What stands in for Aave's figures is in the result.
    """
    configs, state = mixed(tmp_path / "configs", chain.url), tmp_path / "state"
    first = Supply(id="lend", asset="USDT", amount="50", valid_until=soon)
    (lent,), assembly, held = act(configs, state, first)
    assert lent.state == "VERIFIED", lent
    assert assembly.settings.networks == {"aave": Network.SIMULATION, "alchemy": Network.TESTNET}
    opening = held[USDT] + 50
    assert opening > 1000, "it is the chain's own figure, not the 7 of the plan"
    assert {note.series for note in assembly.market.substitutions} >= {"aave:supply_index:USDT"}
    assert all(note.what.startswith("recorded data of 2024-02-20") for note in assembly.market.substitutions)

    sent = Transfer(id="send", asset="USDT", amount="100", source="wallet", address=SINK, valid_until=soon)
    back = Withdraw(id="back", asset="USDT", amount="max", valid_until=soon)
    (paid,), assembly, held = act(configs, state, sent)
    assert paid.state == "VERIFIED", paid
    assert paid.deltas[USDT] == -100
    assert held[USDT] == opening - 100 - 50
    assert held[SUPPLIED] > 0, "kept over the restart"

    (taken,), assembly, held = act(configs, state, back)
    assert taken.state == "VERIFIED", taken
    assert held[SUPPLIED] == 0
    assert abs(held[USDT] - (opening - 100)) <= Decimal("0.000002"), "lent and taken back at one index: rounding alone"
    mined = int(chain.control.rpc.call("eth_getTransactionCount", chain.control.addresses.wallet, "latest"), 16)
    assert mined == 1, "the transfer; nothing of Aave"


def test_basis_run_is_verified_throughout_under_mixed_testnet(chain: RunningChain, tmp_path: Path) -> None:
    """`basis run` with Binance and the wallet on the sandbox and Aave simulated: every action of the plan is VERIFIED, the exchange has two
    orders, the chain one transaction, and at the end the books are what the two really hold."""
    with running_sandbox(process=True) as box:
        configs = mixed(tmp_path / "configs", chain.url, box.url)
        (configs / "modes" / "mixed.yaml").write_text(yaml.safe_dump(MODE), encoding="utf-8")
        (tmp_path / "plan.yaml").write_text(yaml.safe_dump(PLAN), encoding="utf-8")
        before = chain.control.balance("USDT", chain.control.addresses.wallet)
        arguments = ("--plan", str(tmp_path / "plan.yaml"), "--configs", str(configs), "--state", str(tmp_path / "state"), "--json")
        done = CliRunner().invoke(app, ["run", "mixed", "--live", "--profile", "mixed_testnet", *arguments])
        assert done.exit_code == 0, done.output
        run = json.loads(done.stdout)
        orders = box.control.orders("binance")
        held = box.control.balances("binance")["spot"]
    assert run["networks"] == {"aave": "simulation", "binance": "testnet", "alchemy": "testnet"}
    assert [(each["id"], each["state"]) for each in run["actions"]] == [(each["id"], "VERIFIED") for each in PLAN["actions"]]
    assert [leg["verdict"] for each in run["actions"] for leg in each["legs"]] == ["VERIFIED"] * len(PLAN["actions"])
    assert len(orders) == 2
    assert all(Decimal(order["filled"]) for order in orders)
    mined = int(chain.control.rpc.call("eth_getTransactionCount", chain.control.addresses.wallet, "latest"), 16)
    assert mined == 1, "the transfer; nothing of Aave"
    assert chain.control.balance("USDT", chain.control.addresses.wallet) == before - 100 * 10**6
    for asset in ("BTC", "USDT"):
        assert Decimal(run["positions"][f"binance:balance:{asset}"]) == Decimal(held[asset])
    assert SUPPLIED not in run["positions"], "all of it was taken back"
