"""The plan of `btc_basis`, simulated and live against the sandbox: the same actions, legs and ends, and changes within what was declared.

Both runs are the real command in processes of their own, on the same made-up history.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from command_line import free_ports, process

CONFIGS = Path(__file__).parents[2] / "configs"
VENUES = ("binance", "bybit", "okx")
SLIPPAGE = Decimal("0.0005")
"""What all three venues' settings declare for a simulated market order; the sandbox's spread is inside of it."""
pytestmark = pytest.mark.slow
Run = dict[str, Any]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Run]]:
    """The documents of the backtest and of the live run."""
    directory = tmp_path_factory.mktemp("parity")
    shutil.copytree(CONFIGS, directory / "configs")
    port, control, chain = free_ports(3)
    profile: dict[str, Any] = {
        "default": "testnet", "throwaway_keys": True, "clock": [f"http://127.0.0.1:{control}/time"],
        "venues": {venue: {"endpoints": {"base": f"http://127.0.0.1:{port}"}} for venue in VENUES},
    }  # fmt: skip
    profile["venues"]["alchemy"] = {"environment": "simulation"}
    (directory / "configs" / "environments" / "local.yaml").write_text(json.dumps(profile), encoding="utf-8")
    ports = ("--port", str(port), "--control-port", str(control), "--chain-port", str(chain))
    box = str(directory / "box")
    options = (*ports, "--data", "synthetic", "--from", "2024-01-02", "--state", box)
    up = process("sandbox", "up", "--only", "exchange", *options, cwd=directory)
    try:
        assert up.code == 0, up.err
        backtest = process("run", "btc_basis", "--json", cwd=directory)
        assert backtest.code == 0, backtest.err
        state = str(directory / "state")
        live = process("run", "btc_basis", "--profile", "local", "--live", "--state", state, "--json", cwd=directory)
        assert live.code == 0, live.err
        yield backtest.document(), live.document()
    finally:
        process("sandbox", "down", "--state", box, cwd=directory)


def pairs(runs: tuple[Run, Run]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each leg of the backtest with the live one."""
    return [
        (ours, theirs)
        for before, after in zip(*(run["actions"] for run in runs), strict=True)
        for ours, theirs in zip(before["legs"], after["legs"], strict=True)
    ]


def test_both_carry_out_the_whole_plan(runs: tuple[Run, Run]) -> None:
    """Spot bought, the short split 40/30/30 over three exchanges, rebalanced and closed: every action VERIFIED in both."""
    backtest, live = runs
    assert (backtest["execution_mode"], live["execution_mode"]) == ("backtest", "live")
    assert backtest["counts"] == live["counts"] == {"VERIFIED": 6}
    (short,) = [action for action in live["actions"] if action["id"] == "enter-short"]
    sizes = {leg["venue"]: leg["deltas"][f"{leg['venue']}:perp:BTC/USDT:USDT"] for leg in short["legs"]}
    assert {venue: Decimal(size) for venue, size in sizes.items()} == {
        "binance": Decimal("-0.2"), "bybit": Decimal("-0.15"), "okx": Decimal("-0.15"),
    }  # fmt: skip


def test_the_same_actions_legs_and_ends(runs: tuple[Run, Run]) -> None:
    """Ids, kinds, venues, accounts, states, verdicts, and what was left over."""

    def told(run: Run) -> list[Any]:
        legs = ("order", "venue", "account", "state", "verdict")
        return [
            (a["id"], a["action"], a["state"], a["unallocated"], [tuple(leg[name] for name in legs) for leg in a["legs"]])
            for a in run["actions"]
        ]

    assert told(runs[0]) == told(runs[1])


def test_what_was_bought_and_sold_is_the_same_to_the_last_digit(runs: tuple[Run, Run]) -> None:
    """Sizes of positions and coins, in every leg; only what prices touch may differ."""
    for ours, theirs in pairs(runs):
        assert set(ours["deltas"]) == set(theirs["deltas"]), ours["order"]
        for key, amount in ours["deltas"].items():
            if ":perp:" in key or key.endswith(":BTC"):
                assert Decimal(amount) == Decimal(theirs["deltas"][key]), f"{ours['order']} {key}"


def test_money_differs_by_no_more_than_the_declared_slippage(runs: tuple[Run, Run]) -> None:
    """Of what was traded: once where a position opens, and once more for each part of it that is closed."""
    for ours, theirs in pairs(runs):
        traded = traded_value(ours)
        for key, amount in ours["deltas"].items():
            if key.endswith(":USDT") and ":perp:" not in key:
                difference = abs(Decimal(amount) - Decimal(theirs["deltas"][key]))
                closes = ":entry:" not in key and any(":perp:" in each for each in ours["deltas"])
                assert difference <= traded * SLIPPAGE * (2 if closes else 1), f"{ours['order']} {key}: {amount}, {theirs['deltas'][key]}"


def test_funding_is_paid_in_both(runs: tuple[Run, Run]) -> None:
    """At the same moments, and the same to a thousandth: it is taken of positions that are equal, at prices that are."""
    backtest, live = (funding(run) for run in runs)
    assert set(backtest) == set(live) == set(VENUES)
    for venue in VENUES:
        assert len(backtest[venue]) == len(live[venue])
        assert sum(live[venue]) == pytest.approx(sum(backtest[venue]), rel=1e-3)


def traded_value(leg: dict[str, Any]) -> Decimal:
    """What a leg came to in USDT: its size at 100 000, more than a coin costs in that history."""
    moved = [abs(Decimal(amount)) for key, amount in leg["deltas"].items() if ":perp:" in key or key.endswith(":BTC")]
    return max(moved) * 100_000


def funding(run: Run) -> dict[str, list[float]]:
    """Payments by venue."""
    paid: dict[str, dict[str, float]] = {}
    for action in run["actions"]:
        for leg in action["legs"]:
            for effect in leg["externals"]:
                if effect["kind"] == "funding":
                    (amount,) = effect["deltas"].values()
                    paid.setdefault(leg["venue"], {})[effect["at"]] = float(amount)
    return {venue: list(payments.values()) for venue, payments in paid.items()}
