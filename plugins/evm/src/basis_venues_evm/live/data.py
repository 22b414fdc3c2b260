"""`EvmData`: what the market data of all on-chain venues share."""

from __future__ import annotations

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

    @abstractmethod
    async def figures(self, wanted: Collection[str]) -> Mapping[str, Quote]:
        """The named series; one that cannot be had is left out."""

    async def join(self) -> None:
        """Find what the figures are read from. Called once, when the chain is open."""
        return

    async def fetch(self, series: Collection[str]) -> Mapping[str, Quote]:
        """The named series of this venue. Raises `RpcUnavailable`, and `ConfigurationError` where contracts are not as configured."""
        if not self._opened:
            await self.chain.open()
            self._opened = True
            await self.join()
        return await self.figures(series)

    async def close(self) -> None:
        """Leave the chain."""
        if self._opened:
            self._opened = False
            await self.chain.close()
