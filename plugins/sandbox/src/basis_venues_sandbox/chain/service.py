"""The chain as a service of `basis sandbox up`."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from ..services import Absent, Options
from .anvil import Anvil
from .control import ChainControl
from .errors import ChainUnavailable
from .shim import Shim
from .state import BuiltChain, built_chain, start_built

QUEUE_MS = 3 * 86_400_000
"""How long a request waits in Lido's queue at the most, as in the venue's simulation."""
DAY_MS = 86_400_000
STAKED_A_DAY = Decimal("0.00008")
"""What a share of Lido gains a day of the plan: about 3 % a year."""
ADDRESSES = "addresses.json"
"""The file in the sandbox's directory that says where the contracts are."""

# Blocks come by themselves too, so that confirmations do; four blocks deep is final.
_FLAGS = ("--mixed-mining", "--block-time", "2", "--slots-in-an-epoch", "2")


class ChainService:
    """The node and the shim, running."""

    def __init__(self, anvil: Anvil, shim: Shim, addresses_file: Path) -> None:
        self._anvil = anvil
        self._shim = shim
        self.addresses_file = addresses_file

    @property
    def endpoints(self) -> Mapping[str, str]:
        """The endpoint for adapters, and the node behind it."""
        return {"rpc": self._shim.url, "node": self._anvil.url}

    @property
    def memory(self) -> int:
        """Bytes that the node holds in memory."""
        return self._anvil.memory()

    async def follow(self, now: int) -> None:
        """Go to a moment (ms) of the plan. When days have passed, Lido's oracle has reported what they earned, and its queue has paid what
        was asked for before."""
        await asyncio.to_thread(self._go_to, now)

    def _go_to(self, now: int) -> None:
        control = ChainControl(self._shim.url)
        passed = now - control.now()
        control.set_time(now)
        if passed >= DAY_MS:
            control.lido.rebase_to(control.lido.worth() * (1 + STAKED_A_DAY * (passed // DAY_MS)))
        if passed >= QUEUE_MS:
            control.lido.finalize()

    async def stop(self) -> None:
        """End the shim and the node."""
        await self._shim.stop()
        await asyncio.to_thread(self._anvil.stop)


async def start(options: Options) -> ChainService:
    """Start the chain on `options.chain_port`; its addresses are written to `addresses.json` in `options.state`.

    Raises `Absent` where the machine lacks what it takes.
    """
    try:
        built, anvil = await asyncio.to_thread(_start_node, options)
    except ChainUnavailable as missing:
        raise Absent(str(missing)) from None
    shim = Shim(anvil.url, built.addresses)
    try:
        await shim.start(options.chain_port)
        options.state.mkdir(parents=True, exist_ok=True)
        _tell(f"chain: {anvil.memory() / 1e6:.0f} MB")
        return ChainService(anvil, shim, Path(shutil.copy(built.addresses_file, options.state / ADDRESSES)))
    except BaseException:
        await shim.stop()
        anvil.stop()
        raise


def _start_node(options: Options) -> tuple[BuiltChain, Anvil]:
    built = built_chain(_tell)
    return built, start_built(built, options.since, _FLAGS, _tell)


def _tell(text: str) -> None:
    print(text, file=sys.stderr)
