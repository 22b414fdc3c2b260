"""The live share rate: what a share is worth in ETH."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from basis_venues import series
from basis_venues.amounts import from_units
from basis_venues.contract import ClientContext, Quote
from basis_venues_evm import RAY
from basis_venues_evm.live import Call, EvmData, Method
from basis_venues_evm.live.abi import number

from .contracts import find_contracts
from .model import WSTETH
from .settings import LidoSettings

WORTH = Method("getPooledEthByShares(uint256)")


class LidoData(EvmData):
    """ETH for one share, to 27 digits: asked for 1e27 shares, as `stEthPerToken` has 18 digits only."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self._venue = context.venue
        self._settings: LidoSettings = context.settings
        self.sources = (context.venue,)
        self._series = series.share_rate(context.venue, WSTETH)
        self._view: Call | None = None

    async def join(self) -> None:
        """Find the token."""
        contracts = await find_contracts(self.chain, self._venue, self._settings)
        self._view = Call(contracts.steth, WORTH(RAY))

    async def figures(self, wanted: Collection[str]) -> Mapping[str, Quote]:
        """The rate at the latest block."""
        if self._series not in wanted or self._view is None:
            return {}
        answer = (await self.chain.views((self._view,))).answers[self._view]
        return {} if answer is None else {self._series: Quote(from_units(number(answer), 27), self.clock.now())}
