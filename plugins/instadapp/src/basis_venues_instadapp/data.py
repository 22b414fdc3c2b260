"""Live swap rates: the prices of the automated market's pools."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import NamedTuple

from basis_venues import series
from basis_venues.amounts import MONEY
from basis_venues.contract import ClientContext, Quote
from basis_venues.errors import ConfigurationError
from basis_venues_evm.live import Call, EvmData, Method
from basis_venues_evm.live.abi import address, address_in, number

from .settings import InstadappSettings

FACTORY = Method("factory()")
GET_POOL = Method("getPool(address,address,uint24)")
SLOT0 = Method("slot0()")

_FIXED_POINT = 2**192
"""A pool keeps the square root of its price, in units of 2**-96."""


class Rate(NamedTuple):
    """How a rate follows from a pool's price: `call` asks for it, `inverse`: the second token is the one sold, `scale`: decimal places
    between the tokens' base units."""

    call: Call
    inverse: bool
    scale: int


class SwapRates(EvmData):
    """`swap_rate` of the pools that are configured, both ways, before their fees."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self._venue = context.venue
        self._settings: InstadappSettings = context.settings
        self.sources = (self._settings.swap_market,)
        self._rates: dict[str, Rate] = {}

    async def join(self) -> None:
        """Find the pools: the router names its factory, and that the pools."""
        factory = address_in(await self.chain.view(Call(await self._router(), FACTORY())))
        asked = {pair: self._pool(factory, *pair, fee) for pair, fee in self._pairs().items()}
        told = (await self.chain.views(asked.values())).answers
        for (sell, buy), call in asked.items():
            pool = told[call]
            if pool is not None and number(pool):
                self._rates[series.swap_rate(self._settings.swap_market, sell, buy)] = self._rate(address_in(pool), sell, buy)

    async def figures(self, wanted: Collection[str]) -> Mapping[str, Quote]:
        """The rates of one block, in one request. A pool that nobody has given a price yet has none."""
        asked = {name: self._rates[name] for name in wanted if name in self._rates}
        if not asked:
            return {}
        answers = (await self.chain.views([rate.call for rate in asked.values()])).answers
        now = self.clock.now()
        roots = {name: number(answer) for name, rate in asked.items() if (answer := answers[rate.call])}
        return {name: Quote(_figure(root, asked[name]), now) for name, root in roots.items() if root}

    async def _router(self) -> str:
        contracts = dict(await self.chain.contracts(self._venue, self._settings))
        told = (await self.chain.sandbox_addresses()).get(self._settings.swap_market, {})
        found = contracts.get("swap_router") or told.get("router")
        if not found:
            raise ConfigurationError(f"contracts in {self._venue}.yaml: swap_router of chain {self.chain.chain_id} is missing")
        return address(found, f"contracts in {self._venue}.yaml: swap_router")

    def _pairs(self) -> dict[tuple[str, str], int]:
        """Fee tiers by pair, both ways, of tokens that this chain has."""
        found: dict[tuple[str, str], int] = {}
        for pair, fee in self._settings.pools.items():
            one, other = pair.split("/")
            if self.chain.tokens.get(one) and self.chain.tokens.get(other):
                found[one, other] = found[other, one] = fee
        return found

    def _pool(self, factory: str, sell: str, buy: str, fee: int) -> Call:
        return Call(factory, GET_POOL(self.chain.tokens.named(sell).address, self.chain.tokens.named(buy).address, fee))

    def _rate(self, pool: str, sell: str, buy: str) -> Rate:
        sold, bought = self.chain.tokens.named(sell), self.chain.tokens.named(buy)
        inverse = int(sold.address, 16) > int(bought.address, 16)
        return Rate(Call(pool, SLOT0()), inverse, sold.token.decimals - bought.token.decimals)


def _figure(root: int, rate: Rate) -> Decimal:
    """Units of the bought token for one of the sold: the square of `root`, or its inverse, in whole tokens."""
    price, unit = Decimal(root * root), Decimal(_FIXED_POINT)
    units = MONEY.divide(unit, price) if rate.inverse else MONEY.divide(price, unit)
    return MONEY.scaleb(units, rate.scale)
