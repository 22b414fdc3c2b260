"""Whole runs on the sandbox's chain: configuration to verified actions, with the oracle that every fault is judged by."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from modes import SINK, mode_of

from basis_venues.config.credentials import made_up
from basis_venues.execution.manager import ExecutionManager
from basis_venues.manifest import CredentialField
from basis_venues.results import ActionResult
from basis_venues_sandbox.chain import ChainControl, ChainUnavailable, RunningChain, available, running_chain

CONFIGS = Path(__file__).parents[2] / "configs"
FAST = {"poll_ms": 30, "patience_ms": 20_000, "verify_within_ms": 2000}

IN_MEMORY = ("--prune-history", "5000")
"""All states are kept in memory. Else the oldest are put on disk after some hundred blocks, the one that every test begins with among them,
and a reorganisation gets contracts back from there without their code: a payment of a token is mined again, and moves nothing."""

MODE = mode_of("on_chain", lending_execution="aave", staking_execution="lido")
KINDS = {"alchemy": "infrastructure", "aave": "defi", "lido": "defi", "instadapp": "defi", "bybit": "cex"}


@pytest.fixture(scope="session")
def session_chain() -> Iterator[RunningChain]:
    if not available():
        pytest.skip(available().reason)
    try:
        with running_chain(flags=("--slots-in-an-epoch", "2", *IN_MEMORY)) as chain:
            yield chain
    except ChainUnavailable as missing:
        pytest.skip(str(missing))


@pytest.fixture
def chain(session_chain: RunningChain) -> Iterator[RunningChain]:
    """The chain as it was built, for one test."""
    control = session_chain.control
    before = control.snapshot()
    yield session_chain
    control.clear_faults()
    control.rpc.call("anvil_dropAllTransactions")
    control.automine(True)
    control.revert(before)
    control.base_fee(10**9)
    control.reset_counts()


@pytest.fixture
def control(chain: RunningChain) -> ChainControl:
    return chain.control


class Run:
    """A manager at work on the chain."""

    def __init__(self, manager: ExecutionManager, control: ChainControl, state: Path) -> None:
        self.manager = manager
        self.control = control
        self.state = state

    async def do(self, action: Any) -> ActionResult:
        return await self.manager.execute_action(action)

    async def good(self, *actions: Any) -> list[ActionResult]:
        """All of them, each verified."""
        results = [await self.do(action) for action in actions]
        for result in results:
            result.raise_unless_verified()
        return results

    def pass_time(self, milliseconds: int) -> None:
        """Let the chain's clock run ahead; figures fetched before that are of the past."""
        self.control.advance(milliseconds)
        self.manager._parts.market._quotes.clear()

    def client(self, venue: str) -> Any:
        return next(each.client for each in self.manager._parts.venues if each.name == venue)

    async def sent(self) -> int:
        """How many transactions of the wallet were mined."""
        return int(self.control.rpc.call("eth_getTransactionCount", self.control.addresses.wallet, "latest"), 16)

    async def judge(self, mined: int | None = None, open_steps: int = 0) -> None:
        """Nothing lost: the books are what the chain shows, nothing is open that should not be, and no secret was written."""
        state = self.manager.state
        for key, amount in (await self.manager.positions()).items():
            assert abs(state.book[key] - amount) <= 2 * self._drift(key), key
        assert len(state.open) == open_steps
        if mined is not None:
            assert await self.sent() == mined
        secret = made_up(CredentialField(name="private_key", variable="ALCHEMY__PRIVATE_KEY", secret=True)).removeprefix("0x")
        for file in self.state.rglob("*"):
            assert not file.is_file() or secret.encode() not in file.read_bytes(), file

    def _drift(self, key: str) -> Any:
        return self.manager._parts.ledger.models["alchemy"].tolerance(key)


Course = Callable[[Run], Awaitable[None]]
Play = Callable[..., None]


@pytest.fixture
def play(chain: RunningChain, tmp_path: Path) -> Play:
    """Carry a course out in a run of its own, on the state that the run before it left. `exchange`: where Bybit is. `venues`: keys laid
    over the venues' files."""

    def carry_out(course: Course, mode: dict[str, Any] = MODE, *, exchange: str | None = None, **venues: Any) -> None:
        endpoints = {"alchemy": {"rpc": chain.url}, **({"bybit": {"base": exchange}} if exchange else {})}
        configs = _configs(tmp_path / f"configs{time.monotonic_ns()}", endpoints, mode, venues)
        options = {"configs": configs, "live": True, "profile": "sandbox", "state": tmp_path / "state", "env": {}}

        async def inside() -> None:
            async with ExecutionManager.open(mode["mode"], **options) as manager:
                await course(Run(manager, chain.control, tmp_path / "state"))

        asyncio.run(inside())

    return carry_out


@pytest.fixture
def soon() -> int:
    """A time until which actions are valid."""
    return int(time.time() * 1000) + 86_400_000


def _configs(folder: Path, endpoints: dict[str, Any], mode: dict[str, Any], venues: dict[str, Any]) -> Path:
    shutil.copytree(CONFIGS, folder)
    _write(folder / "modes" / f"{mode['mode']}.yaml", mode)
    there = {venue: {"endpoints": at} for venue, at in endpoints.items()}
    profile = {"default": "testnet", "throwaway_keys": True, "venues": there}
    _write(folder / "environments" / "sandbox.yaml", profile)
    for venue, kind in KINDS.items():
        given = {"venue_type": kind, "timing": FAST, **venues.get(venue, {})}
        if venue == "alchemy":
            given.setdefault("destinations", [{"address": SINK}])
        _write(folder / "venues" / f"{venue}.yaml", given)
    return folder


def _write(file: Path, content: Any) -> None:
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
