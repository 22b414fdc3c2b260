"""The shipped on-chain plans, from the command line against a whole sandbox, in the plan's own time, beside their backtest."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from command_line import free_ports, process

from basis_venues.run.plan import load_plan
from basis_venues_sandbox.chain import ChainControl, available

CONFIGS = Path(__file__).parents[2] / "configs"
FAST = {"poll_ms": 50, "patience_ms": 60_000, "verify_within_ms": 2000}

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not available(), reason=available().reason)]


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
    started = process("sandbox", "up", "--state", box, *ports, "--from", "2024-01-02", "--configs", str(folder))
    try:
        assert started.code == 0, started.err
        yield folder
    finally:
        process("sandbox", "down", "--state", box)


def live(configs: Path, tmp_path: Path, mode: str) -> dict[str, Any]:
    """The document of a run of the mode's plan on the sandbox, every action of it VERIFIED."""
    options = ("--profile", "sandbox", "--live", "--configs", str(configs), "--state", str(tmp_path / "s"), "--json")
    done = process("run", mode, *options)
    assert done.code == 0, done.err
    told: dict[str, Any] = done.document()
    assert set(told["networks"].values()) == {"testnet"}
    assert told["counts"] == {"VERIFIED": len(told["actions"])}
    assert all(line["agrees"] for action in told["actions"] for leg in action["legs"] for line in leg["reconciliation"])
    return told


def test_the_plan_of_leveraged_staking_runs_live_as_in_its_backtest(configs: Path, tmp_path: Path) -> None:
    """Entry, hold, half and exit, every action VERIFIED; the backtest of the same plan, on the figures that the chain had, changes every
    position alike within the declared tolerances, and both health factors are Aave's own."""
    told = live(configs, tmp_path, "eth_leveraged")
    assert [action["id"] for action in told["actions"]] == ["make-account", "lever-up", "halve", "close"]
    assert not [key for key in told["positions"] if ":borrowed:" in key or ":supplied:" in key]
    assert 9.9 < float(told["positions"]["wallet:balance:WETH"]) < 10
    with closing(ChainControl(profile_of(configs)["venues"]["alchemy"]["endpoints"]["rpc"])) as chain:
        seen = [figures(chain, *each) for each in sent_by(chain, chain.addresses.wallet)]
    simulated = backtest(configs, tmp_path, seen)
    assert simulated["counts"] == told["counts"]
    ours: dict[str, Decimal] = {}
    theirs: dict[str, Decimal] = {}
    for figure, before, after in zip(seen, simulated["actions"], told["actions"], strict=True):
        sold = abs(changes(after).get(SUPPLIED, ZERO)) * figure["lido:share_rate:wstETH"]
        for key in sorted({*changes(before), *changes(after)}):
            off = abs(changes(before).get(key, ZERO) - changes(after).get(key, ZERO))
            assert off <= allowed(key, sold), (after["id"], key, changes(before).get(key), changes(after).get(key))
        add(ours, changes(before))
        add(theirs, changes(after))
        for found in (health(ours, figure), health(theirs, figure)):
            assert (found is None) == (figure["health"] is None)
            assert found is None or abs(found - figure["health"]) < HEALTH, (after["id"], found, figure["health"])


def test_the_plan_of_staking_runs_live(configs: Path, tmp_path: Path) -> None:
    """Stake, wrap, the queue's exit, and the unwind of the rest, which without debt is the swap alone."""
    told = live(configs, tmp_path, "eth_staking")
    (leave,) = (action for action in told["actions"] if action["id"] == "leave")
    (leg,) = leave["legs"]
    assert not [key for key in leg["deltas"] if ":borrowed:" in key or ":supplied:" in key]
    gone, got = (Decimal(leg["deltas"][f"wallet:balance:{asset}"]) for asset in ("wstETH", "WETH"))
    assert Decimal("1.1") < got / -gone < Decimal("1.12")
    assert not [key for key in told["positions"] if key.endswith("wstETH") or ":claim:" in key]


# the figures that the chain had, and what follows from them

SUPPLIED, BORROWED = "dsa:supplied:aave/wstETH", "dsa:borrowed:aave/WETH"
ASSETS = ("WETH", "wstETH", "USDC", "USDT")
RAY, ETHER = Decimal(10) ** 27, Decimal(10) ** 18
ZERO = Decimal(0)
THRESHOLD = Decimal("0.95")
"""The liquidation threshold of the efficiency mode."""
IMPACT = Decimal("0.0005")
"""Of what a swap sells: how far it moves the pool, which the simulation does not count. The plan itself would accept ten times as much."""
GAS = Decimal("0.0002")
"""ETH: the simulation's gas is a figure for each part, measured on other contracts."""
LATE = Decimal("1e-9")
"""Of a debt: the interest of the seconds that pass between the planning of a repayment and its block, a minute of them at the most."""
HEALTH = Decimal("1e-9")
"""The protocol counts collateral and debt in hundred-millionths of a dollar."""


def allowed(key: str, sold: Decimal) -> Decimal:
    """The declared tolerance of a change."""
    if key == "wallet:balance:ETH":
        return GAS
    if key == "wallet:balance:WETH":
        return sold * IMPACT
    if key == BORROWED:
        return sold * LATE
    return Decimal("3e-18")


def sent_by(chain: ChainControl, wallet: str) -> list[tuple[int, Decimal]]:
    """The blocks of the wallet's transactions and their gas prices in gwei, in order."""
    found = []
    for number in range(chain.block_number() + 1):
        for each in chain.rpc.call("eth_getBlockByNumber", hex(number), True)["transactions"]:
            if each["from"].lower() == wallet.lower():
                paid = chain.rpc.call("eth_getTransactionReceipt", each["hash"])["effectiveGasPrice"]
                found.append((number, Decimal(int(paid, 16)) / 10**9))
    return found


def figures(chain: ChainControl, block: int, gas_price: Decimal) -> dict[str, Any]:
    """What the contracts say at the block of an action, the swap's rate just before it; `health`: Aave's own factor of the account."""
    at, here, before = chain.addresses, hex(block), hex(block - 1)
    read = chain.owner.read
    found: dict[str, Any] = {"ethereum:gas_price:gwei": gas_price}
    for asset in ASSETS:
        token = at.tokens[asset]
        index, debt = (f"getReserveNormalized{each}(address)(uint256)" for each in ("Income", "VariableDebt"))
        found[f"aave:supply_index:{asset}"] = read(at.aave.pool, index, token, block=here) / RAY
        found[f"aave:borrow_index:{asset}"] = read(at.aave.pool, debt, token, block=here) / RAY
        found[f"aave:oracle:{asset}"] = read(at.aave.oracle, "getAssetPrice(address)(uint256)", token, block=here) / Decimal(10**8)
    found["lido:share_rate:wstETH"] = read(at.lido.steth, "getPooledEthByShares(uint256)(uint256)", int(RAY), block=here) / RAY
    slot = "slot0()(uint160,int24,uint16,uint16,uint16,uint8,bool)"
    root = Decimal(read(at.uniswap.pools["wstETH/WETH/100"], slot, block=before)[0]) / 2**96
    first = int(at.tokens["wstETH"], 16) < int(at.tokens["WETH"], 16)
    found["uniswap:swap_rate:wstETH/WETH"] = root * root if first else 1 / (root * root)
    found["health"] = factor(chain, here)
    return found


def factor(chain: ChainControl, block: str) -> Decimal | None:
    """The pool's own health factor of the wallet's first smart account; None without debt."""
    at, read = chain.addresses, chain.owner.read
    first = read(at.instadapp.list, "userLink(address)(uint64,uint64,uint64)", at.wallet, block=block)[0]
    account = read(at.instadapp.list, "accountAddr(uint64)(address)", first, block=block)
    told = read(at.aave.pool, "getUserAccountData(address)(uint256,uint256,uint256,uint256,uint256,uint256)", account, block=block)
    return Decimal(told[5]) / ETHER if told[1] else None


def health(positions: dict[str, Decimal], figure: dict[str, Any]) -> Decimal | None:
    """By hand: collateral x threshold / debt, from scaled positions."""
    owed = positions.get(BORROWED, ZERO) * figure["aave:borrow_index:WETH"] * figure["aave:oracle:WETH"]
    worth = positions.get(SUPPLIED, ZERO) * figure["aave:supply_index:wstETH"] * figure["aave:oracle:wstETH"]
    return worth * THRESHOLD / owed if owed > Decimal("1e-12") else None


def backtest(configs: Path, tmp_path: Path, seen: list[dict[str, Any]]) -> dict[str, Any]:
    """The document of the backtest of the same plan on these figures, each in force from its action's moment."""
    plan, records = load_plan("eth_leveraged", configs), tmp_path / "records"
    names = [name for name in seen[0] if name != "health"]
    moments = [due for due, _ in plan.schedule(plan.since, plan.until)]
    rows = [
        [str(moment), *(f"{figure[name]:f}" for name in names)]
        for moment, figure in zip([*moments, plan.until], [*seen, seen[-1]], strict=True)
    ]
    records.mkdir()
    (records / "figures.csv").write_text("\n".join(map(",".join, [["timestamp", *names], *rows])) + "\n", encoding="utf-8")
    series = {name: {"table": "figures", "value": name, "unit": "milliseconds"} for name in names}
    (configs / "data" / "seen.yaml").write_text(yaml.safe_dump({"summary": "As on the chain", "series": series}), encoding="utf-8")
    done = process("run", "eth_leveraged", "--data", str(records), "--data-settings", "seen", "--configs", str(configs), "--json")
    assert done.code == 0, done.err
    told: dict[str, Any] = done.document()
    assert told["execution_mode"] == "backtest"
    return told


def changes(action: dict[str, Any]) -> dict[str, Decimal]:
    """What an action changed."""
    (leg,) = action["legs"]
    return {key: Decimal(amount) for key, amount in leg["deltas"].items()}


def add(positions: dict[str, Decimal], changed: dict[str, Decimal]) -> None:
    """Keep a book."""
    for key, amount in changed.items():
        positions[key] = positions.get(key, ZERO) + amount


def profile_of(configs: Path) -> dict[str, Any]:
    """The sandbox's profile."""
    found: dict[str, Any] = yaml.safe_load((configs / "environments" / "sandbox.yaml").read_text(encoding="utf-8"))
    return found
