"""What leaves the wallet and arrives elsewhere: at an exchange, on its way until the exchange shows it, and in a smart account."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from basis_venues.actions import CreateAccount, SpotTrade, Transfer
from basis_venues.execution.manager import ExecutionManager
from basis_venues_sandbox import running_sandbox
from basis_venues_sandbox.chain import RunningChain

CONFIGS = Path(__file__).parents[2] / "configs"
MODE = {
    "mode": "funding",
    "share_class": "USDT",
    "asset": "BTC",
    "venues": {"data_subscriptions": ["bybit"], "execution_subscriptions": {"cex_spot": ["bybit"], "wallet": ["alchemy"]}},
}
WITH_ACCOUNT = {
    "mode": "levered",
    "share_class": "ETH",
    "asset": "ETH",
    "venues": {
        "lending_execution": {"primary": "aave"},
        "staking_execution": {"primary": "lido"},
        "flash_loan_execution": {"primary": "instadapp"},
        "execution_subscriptions": {"wallet": ["alchemy"]},
    },
}


def configured(folder: Path, exchange: str, chain: str, deposit_address: str) -> Path:
    """The shipped configuration with the sandbox's endpoints, and the exchange's deposit address as a destination named after it."""
    shutil.copytree(CONFIGS, folder)
    profile = {
        "default": "testnet", "throwaway_keys": True,
        "venues": {"bybit": {"endpoints": {"base": exchange}}, "alchemy": {"endpoints": {"rpc": chain}}},
    }  # fmt: skip
    fast = {"poll_ms": 30, "patience_ms": 20_000, "verify_within_ms": 2000}
    files = {
        "modes/funding": MODE,
        "environments/sandbox": profile,
        "venues/alchemy": {
            "venue_type": "infrastructure", "timing": fast,
            "destinations": [{"label": "bybit", "address": deposit_address, "asset": "USDT"}],
        },
        "venues/bybit": {"venue_type": "cex", "timing": {**fast, "absent_reads": 2, "fence_margin_ms": 100}},
    }  # fmt: skip
    for name, content in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(json.loads(json.dumps(content))), encoding="utf-8")
    return folder


def test_a_deposit_to_an_exchange_is_on_its_way_until_the_exchange_shows_it(chain: RunningChain, tmp_path: Path) -> None:
    """The debit is verified on the chain and the amount is owed by the way there, over a restart; the exchange credits it under the
    transaction's hash, and the next order there finds it and closes the transit. Nothing is counted twice."""
    with running_sandbox() as box:
        address = box.control.address("bybit", "USDT")
        configs = configured(tmp_path / "configs", box.url, chain.url, address)
        options: dict[str, Any] = {"configs": configs, "live": True, "profile": "sandbox", "state": tmp_path / "state", "env": {}}
        box.control.endow("bybit", "trading", "USDT", "60000")
        held = chain.control.balance("USDT", address)
        until = int(time.time() * 1000) + 86_400_000

        async def deposit() -> str:
            async with ExecutionManager.open("funding", **options) as manager:
                first = SpotTrade(id="buy", symbol="BTC/USDT", side="buy", quantity="0.01", valid_until=until)
                (await manager.execute_action(first)).raise_unless_verified()
                before = (await manager.positions())["bybit:balance:USDT"]
                action = Transfer(id="fund", asset="USDT", amount="250", source="wallet", target="bybit", valid_until=until)
                result = await manager.execute_action(action)
                result.raise_unless_verified()
                assert result.deltas["wallet:balance:USDT"] == -250
                (key,) = (key for key, amount in manager.obligations().items() if amount)
                assert manager.obligations()[key] == 250
                assert (await manager.positions())["bybit:balance:USDT"] == before
                return key

        async def arrival(key: str) -> None:
            async with ExecutionManager.open("funding", **options) as manager:
                assert manager.obligations()[key] == 250, "kept over the restart"
                box.control.deposit("bybit", "USDT", "250", tx=key.rpartition("/")[2])
                again = SpotTrade(id="more", symbol="BTC/USDT", side="buy", quantity="0.01", valid_until=until)
                result = await manager.execute_action(again)
                result.raise_unless_verified()
                found = [effect for leg in result.legs for effect in leg.externals]
                assert [dict(effect.lines) for effect in found] == [{"bybit:balance:USDT": Decimal(250), key: Decimal(-250)}]
                assert not any(manager.obligations().values())

        key = asyncio.run(deposit())
        assert key.startswith("bybit:transit:USDT/0x")
        assert chain.control.balance("USDT", address) - held == 250_000_000
        asyncio.run(arrival(key))


@pytest.mark.parametrize("asset", ["ETH", "USDT"])
def test_a_transfer_to_the_smart_account_arrives_with_the_debit(play: Any, soon: int, asset: str) -> None:
    """Both sides are on this chain: one transaction, both positions verified, nothing on its way."""

    async def course(run: Any) -> None:
        await run.good(CreateAccount(id="make", valid_until=soon))
        action = Transfer(id="fund", asset=asset, amount="3.5", source="wallet", target="dsa", valid_until=soon)
        (result,) = await run.good(action)
        assert result.deltas[f"dsa:balance:{asset}"] == Decimal("3.5")
        gas = Decimal("0.001")
        assert abs(result.deltas[f"wallet:balance:{asset}"] + Decimal("3.5")) < (gas if asset == "ETH" else Decimal("1e-30"))
        account = run.client("instadapp").chain.address_of("dsa")
        assert run.control.balance(asset, account) == (3_500_000 if asset == "USDT" else 35 * 10**17)
        assert not any(run.manager.obligations().values())
        await run.judge(mined=2)

    play(course, WITH_ACCOUNT)
