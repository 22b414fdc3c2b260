"""The market as it stands on a chain: its contracts, found from the root of trust, and its reserves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from basis_venues.errors import ConfigurationError
from basis_venues_evm import RAY
from basis_venues_evm.live import Call, EvmChain, Method, RpcUnavailable
from basis_venues_evm.live.abi import address_in, number

from .settings import AaveSettings

GET_POOL = Method("getPool()")
GET_ORACLE = Method("getPriceOracle()")
GET_RESERVE = Method("getReserveData(address)")
REVISION = Method("POOL_REVISION()")
BASE_UNIT = Method("BASE_CURRENCY_UNIT()")
USER_BITS = Method("getUserConfiguration(address)")

DIRECTED_SINCE = 9
"""Pool revision from which every step rounds for the protocol; before it, half up."""
USD_UNIT = 10**8

_ID, _A_TOKEN, _DEBT_TOKEN = 7, 8, 10


class ListedReserve(NamedTuple):
    """A reserve that the market has. `id`: its place in an account's configuration."""

    asset: str
    underlying: str
    id: int
    a_token: str
    debt_token: str


class AaveMarket(NamedTuple):
    """`reserves` by asset and by the address of the underlying: those that are configured here and listed there."""

    pool: str
    oracle: str
    directed: bool
    reserves: Mapping[str, ListedReserve]
    by_underlying: Mapping[str, ListedReserve]

    def scaled(self, units: int, index: int, *, up: bool) -> int:
        """An amount divided by an index, rounded as this version of the protocol does."""
        if not self.directed:
            return (units * RAY + index // 2) // index
        return -(-units * RAY // index) if up else units * RAY // index


async def find_market(chain: EvmChain, venue: str, settings: AaveSettings) -> AaveMarket:
    """Resolve the pool and the oracle from the provider, and the reserves from the pool. Raises `ConfigurationError` where an address is
    another one than configured, and `RpcUnavailable`."""
    contracts = await chain.addresses(venue, settings, ("provider", "pool", "oracle"))
    roots = {"pool": Call(contracts["provider"], GET_POOL()), "oracle": Call(contracts["provider"], GET_ORACLE())}
    told = (await chain.views(roots.values())).answers
    for name, call in roots.items():
        if told[call] is None or address_in(told[call] or "") != contracts[name]:
            raise ConfigurationError(
                f"contracts in {venue}.yaml: the market's provider names another {name} than {contracts[name]}; check chain and addresses"
            )
    return await _reserves(chain, venue, settings, contracts["pool"], contracts["oracle"])


async def _reserves(chain: EvmChain, venue: str, settings: AaveSettings, pool: str, oracle: str) -> AaveMarket:
    known = {asset: chain.tokens.get(asset) for asset in settings.reserves}
    underlying = {asset: token.address for asset, token in known.items() if token is not None}
    calls = {asset: Call(pool, GET_RESERVE(at)) for asset, at in underlying.items()}
    revision, unit = Call(pool, REVISION()), Call(oracle, BASE_UNIT())
    told = (await chain.views((*calls.values(), revision, unit))).answers
    answers = {call: answer for call, answer in told.items() if answer is not None}
    if len(answers) < len(told):
        raise RpcUnavailable(f"{venue}: the market does not tell its reserves")
    if number(answers[unit]) != USD_UNIT:
        raise ConfigurationError(f"{venue}: the market's oracle does not price in USD with 8 decimals, which is all that is known here")
    found = {asset: _listed(asset, underlying[asset], answers[call]) for asset, call in calls.items()}
    listed = {asset: each for asset, each in found.items() if int(each.a_token, 16)}
    by_underlying = {each.underlying: each for each in listed.values()}
    return AaveMarket(pool, oracle, number(answers[revision]) >= DIRECTED_SINCE, listed, by_underlying)


def _listed(asset: str, underlying: str, data: str) -> ListedReserve:
    return ListedReserve(asset, underlying, number(data, _ID), address_in(data, _A_TOKEN), address_in(data, _DEBT_TOKEN))
