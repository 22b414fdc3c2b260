"""`EvmData`: what the market data of all on-chain venues share."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping

from basis_venues.contract import ClientContext, Quote

from .chain import evm_chain


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
        """The named series of this venue. Raises `RpcUnavailable`, and `ConfigurationError` where contracts are not as configured."""
        await self._join_once()
        return await self.figures(series)

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
