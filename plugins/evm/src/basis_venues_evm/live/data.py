"""`EvmData`: what the market data of all on-chain venues share."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from basis_venues.contract import ClientContext, Quote
from basis_venues.guard import LOCAL_CHAINS

from . import abi
from .chain import evm_chain
from .multicall import BLOCK_TIME
from .rpc import RpcUnavailable

HEAD_OVERDUE_MS = 60_000
"""The public chains have a block every 12 seconds: a node whose newest one is older than this stands still."""


class EvmData(ABC):
    """Figures of one venue, read from the chain. The chain is opened with the first figure that is asked for."""

    sources: tuple[str, ...] = ()

    def __init__(self, context: ClientContext) -> None:
        self.chain = evm_chain(context)
        self.clock = context.clock
        self._opened = False
        self._opening = asyncio.Lock()

    @abstractmethod
    async def figures(self, wanted: Collection[str]) -> Mapping[str, Quote]:
        """The named series; one that cannot be had is left out."""

    async def join(self) -> None:
        """Find what the figures are read from. Called when the chain is open, and again by the next fetch where it failed."""
        return

    async def fetch(self, series: Collection[str]) -> Mapping[str, Quote]:
        """The named series of this venue; of a node that stands still they are as old as its next block is overdue. Raises
        `RpcUnavailable`, and `ConfigurationError` where contracts are not as configured."""
        await self._join_once()
        if self.chain.chain_id in LOCAL_CHAINS:  # has blocks when somebody asks for them
            return await self.figures(series)
        found, head = await asyncio.gather(self.figures(series), self.chain.views((BLOCK_TIME,)))
        told = head.answers[BLOCK_TIME]
        if told is None:
            raise RpcUnavailable("the node does not say of when its newest block is")
        late = max(self.clock.now() - abi.number(told) * 1000 - HEAD_OVERDUE_MS, 0)
        return {name: quote._replace(at=quote.at - late) for name, quote in found.items()}

    async def _join_once(self) -> None:
        """Half joined is not open: figures would be missing for good, or be told without what vouches for them."""
        async with self._opening:
            if self._opened:
                return
            await self.chain.open()
            try:
                await self.join()
            except BaseException:
                await self.chain.close()
                raise
            self._opened = True

    async def close(self) -> None:
        """Leave the chain."""
        if self._opened:
            self._opened = False
            await self.chain.close()
