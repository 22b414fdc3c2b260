"""Live figures of the market: indices and oracle prices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from basis_venues import series
from basis_venues.amounts import from_units
from basis_venues.contract import ClientContext, Quote
from basis_venues_evm.live import Call, EvmData, Method
from basis_venues_evm.live.abi import number

from .market import AaveMarket, find_market
from .settings import AaveSettings

INCOME = Method("getReserveNormalizedIncome(address)")
DEBT = Method("getReserveNormalizedVariableDebt(address)")
PRICE = Method("getAssetPrice(address)")

_RAY_DIGITS, _USD_DIGITS = 27, 8


class AaveData(EvmData):
    """`supply_index` and `borrow_index` as of now, and `oracle` prices in USD."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self._venue = context.venue
        self._settings: AaveSettings = context.settings
        self.sources = (context.venue,)
        self._asked: dict[str, tuple[Call, int]] = {}

    async def join(self) -> None:
        """Find the market."""
        market = await find_market(self.chain, self._venue, self._settings)
        for asset in market.reserves:
            self._asked.update(_views(self._venue, asset, market))

    async def figures(self, wanted: Collection[str]) -> Mapping[str, Quote]:
        """The figures of one block, in one request."""
        asked = {name: self._asked[name] for name in wanted if name in self._asked}
        if not asked:
            return {}
        answers = (await self.chain.views([call for call, _ in asked.values()])).answers
        now, found = self.clock.now(), {}
        for name, (call, digits) in asked.items():
            answer = answers[call]
            if answer is not None:
                found[name] = Quote(_figure(answer, digits), now)
        return found


def _views(venue: str, asset: str, market: AaveMarket) -> dict[str, tuple[Call, int]]:
    """For each series of the asset the view that gives it, and its decimals."""
    underlying = market.reserves[asset].underlying
    return {
        series.supply_index(venue, asset): (Call(market.pool, INCOME(underlying)), _RAY_DIGITS),
        series.borrow_index(venue, asset): (Call(market.pool, DEBT(underlying)), _RAY_DIGITS),
        series.oracle(venue, asset): (Call(market.oracle, PRICE(underlying)), _USD_DIGITS),
    }


def _figure(answer: str, digits: int) -> Decimal:
    return from_units(number(answer), digits)
