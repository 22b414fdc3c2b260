"""Live figures of the market: indices and oracle prices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal

from basis_venues import series
from basis_venues.amounts import from_units
from basis_venues.contract import ClientContext, Quote
from basis_venues.guard import LOCAL_CHAINS
from basis_venues_evm.live import Call, EvmData, Method
from basis_venues_evm.live.abi import address_in, number
from basis_venues_evm.live.multicall import BLOCK_TIME

from .market import AaveMarket, find_market
from .settings import AaveSettings

INCOME = Method("getReserveNormalizedIncome(address)")
DEBT = Method("getReserveNormalizedVariableDebt(address)")
PRICE = Method("getAssetPrice(address)")
SOURCE = Method("getSourceOfAsset(address)")
ROUND = Method("latestRoundData()")

OVERDUE_S = 90_000
"""Where `oracle_overdue_s` is not set: the longest heartbeat of Chainlink's feeds is a day."""
_UPDATED_AT = 3
"""Its word in what a feed says of its last round (Chainlink's AggregatorV3Interface)."""
_RAY_DIGITS, _USD_DIGITS = 27, 8


class AaveData(EvmData):
    """`supply_index` and `borrow_index` as of now, and `oracle` prices in USD. A price whose feed is overdue is as old as it is overdue."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self._venue = context.venue
        self._settings: AaveSettings = context.settings
        self.sources = (context.venue,)
        self._asked: dict[str, tuple[Call, int]] = {}
        self._feeds: dict[str, Call] = {}
        self._overdue_s: int | None = self._settings.oracle_overdue_s

    async def join(self) -> None:
        """Find the market, and the feeds that its oracle takes prices from."""
        market = await find_market(self.chain, self._venue, self._settings)
        for asset in market.reserves:
            self._asked.update(_views(self._venue, asset, market))
        if self._overdue_s is None and self.chain.chain_id not in LOCAL_CHAINS:
            self._overdue_s = OVERDUE_S
        if self._overdue_s is not None:
            asked = {asset: Call(market.oracle, SOURCE(each.underlying)) for asset, each in market.reserves.items()}
            answers = (await self.chain.views(asked.values())).answers
            found = {asset: answer for asset, call in asked.items() if (answer := answers[call]) is not None}
            self._feeds = {series.oracle(self._venue, asset): Call(address_in(answer), ROUND()) for asset, answer in found.items()}

    async def figures(self, wanted: Collection[str]) -> Mapping[str, Quote]:
        """The figures of one block, in one request."""
        asked = {name: self._asked[name] for name in wanted if name in self._asked}
        if not asked:
            return {}
        feeds = {name: self._feeds[name] for name in asked if name in self._feeds}
        answers = (
            await self.chain.views([*(call for call, _ in asked.values()), *feeds.values(), *([BLOCK_TIME] if feeds else ())])
        ).answers
        now, found = self.clock.now(), {}
        for name, (call, digits) in asked.items():
            answer = answers[call]
            if answer is not None:
                late = self._overdue_ms(answers[feeds[name]], answers[BLOCK_TIME]) if name in feeds else 0
                found[name] = Quote(_figure(answer, digits), now - late)
        return found

    def _overdue_ms(self, told: str | None, block_time: str | None) -> int:
        """How long ago the feed's next round should have come, by the chain's own time. A feed that does not say when is not overdue."""
        if told is None or block_time is None or self._overdue_s is None or len(told) < 2 + 64 * (_UPDATED_AT + 1):
            return 0
        return max(number(block_time) - number(told, _UPDATED_AT) - self._overdue_s, 0) * 1000


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
