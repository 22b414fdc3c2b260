"""Live figures of the chain itself: the gas price."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from basis_venues import series
from basis_venues.amounts import from_units
from basis_venues.contract import ClientContext, Quote
from basis_venues_evm.live import EvmData, Request
from basis_venues_evm.live.fees import going


class GasPrice(EvmData):
    """Base fee plus a usual tip, in gwei."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self.sources = (context.settings.chain,)
        self._series = series.gas_price(context.settings.chain)

    async def figures(self, wanted: Collection[str]) -> Mapping[str, Quote]:
        """The gas price of the next block."""
        if self._series not in wanted:
            return {}
        (answer,) = await self.chain.rpc.batch((Request("eth_feeHistory", ("0x5", "latest", [50])),))
        if answer.fault is not None:
            return {}
        now = going(answer.result)
        return {self._series: Quote(from_units(now.base + now.tip, 9), self.clock.now())}
