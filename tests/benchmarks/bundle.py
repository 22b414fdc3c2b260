"""What a bundle costs on the sandbox's chain beside the same actions sent one by one from a wallet: gas, transactions, requests."""

import asyncio
import shutil
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from .harness import ROOT

FLASH, EQUITY = Decimal(30), Decimal(10)
DUE = FLASH * (1 + Decimal("0.0005"))


def run(rounds: int) -> None:
    """Print the figures. Nothing in them is random, so that one round is enough."""
    from basis_venues_sandbox.chain import running_chain

    with running_chain(flags=("--slots-in-an-epoch", "2")) as chain:
        asyncio.run(_compare(chain))


async def _compare(chain: Any) -> None:
    from basis_venues.execution.manager import ExecutionManager

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        options = {"configs": _configs(folder, chain), "live": True, "profile": "sandbox", "state": folder / "state", "env": {}}
        async with ExecutionManager.open("eth_leveraged", **options) as manager:
            print(f"{'':34} gas  transactions  requests")
            for title, actions in _courses():
                await _line(manager, chain, title, actions)


def _courses() -> tuple[tuple[str, tuple[Any, ...]], ...]:
    from basis_venues import actions as a

    ether = {"asset": "WETH"}
    legs = (
        a.UnwrapEther(amount=FLASH),
        a.Stake(amount=FLASH + EQUITY),
        a.Wrap(amount=a.MAX),
        a.Supply(asset="wstETH", amount=a.FromLeg(2)),
        a.SetEMode(category=1),
        a.Borrow(amount=DUE, **ether),
    )
    alone = (
        a.UnwrapEther(amount=FLASH),
        a.Stake(amount=FLASH + EQUITY),
        a.Wrap(amount=a.MAX),
        a.Supply(asset="wstETH", amount=a.MAX),
        a.SetEMode(category=1),
        a.Borrow(amount=DUE, **ether),
    )
    back = (a.Repay(amount=FLASH / 2, **ether), a.Withdraw(asset="wstETH", amount="10"))
    return (
        ("making the account", (a.CreateAccount(),)),
        ("entry, one bundle", (a.AtomicBundle(flash_amount=FLASH, flash_asset="WETH", legs=legs, equity=EQUITY),)),
        ("half taken down, one bundle", (a.Unwind(fraction="0.5", slippage="0.005"),)),
        ("exit, one bundle", (a.Unwind(slippage="0.005"),)),
        ("(the loan's stand-in)", (a.WrapEther(amount=FLASH),)),
        ("entry, one by one", alone),
        ("half taken down, without the swap", back),
    )


async def _line(manager: Any, chain: Any, title: str, actions: tuple[Any, ...]) -> None:
    import attrs

    node, wallet = chain.control.rpc, chain.addresses.wallet
    sent, first = int(node.call("eth_getTransactionCount", wallet, "latest"), 16), chain.control.block_number()
    chain.control.reset_counts()
    until = int(time.time() * 1000) + 86_400_000
    for number, action in enumerate(actions):
        (await manager.execute_action(attrs.evolve(action, id=f"{title} {number}", valid_until=until))).raise_unless_verified()
    blocks = (node.call("eth_getBlockByNumber", hex(block), False) for block in range(first + 1, chain.control.block_number() + 1))
    gas = sum(int(block["gasUsed"], 16) for block in blocks)
    count = int(node.call("eth_getTransactionCount", wallet, "latest"), 16) - sent
    print(f"{title:34} {gas:9,}  {count:3}  {chain.control.counts().http:4}")


def _configs(folder: Path, chain: Any) -> Path:
    configs = folder / "configs"
    shutil.copytree(ROOT / "configs", configs)
    profile = {"default": "testnet", "throwaway_keys": True, "venues": {"alchemy": {"endpoints": {"rpc": chain.url}}}}
    (configs / "environments" / "sandbox.yaml").write_text(yaml.safe_dump(profile), encoding="utf-8")
    fast = {"poll_ms": 20, "patience_ms": 20_000, "verify_within_ms": 2000}
    for venue, kind in (("alchemy", "infrastructure"), ("aave", "defi"), ("lido", "defi"), ("instadapp", "defi")):
        (configs / "venues" / f"{venue}.yaml").write_text(yaml.safe_dump({"venue_type": kind, "timing": fast}), encoding="utf-8")
    return configs
