"""Market data of on-chain venues: what figures are read from is found before the first figure is told."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from decimal import Decimal

import pytest

from basis_venues.config.venues import VenueSettings
from basis_venues.contract import ClientContext, Quote
from basis_venues_evm.live import EvmData, RpcUnavailable
from basis_venues_evm.live.chain import EvmChain
from basis_venues_evm.testing import wallet_context

SERIES = "aave:oracle:WETH"


class Chain(EvmChain):
    """In place of the chain's client: counts those who use it."""

    def __init__(self) -> None:
        self.users = 0

    async def open(self) -> None:
        self.users += 1
        await asyncio.sleep(0)

    async def close(self) -> None:
        self.users -= 1


class Feed(EvmData):
    """Finds its feed at the second try; without it, it knows no figure."""

    def __init__(self, context: ClientContext, failures: int) -> None:
        super().__init__(context)
        self.failures, self.joined, self.found = failures, 0, False

    async def join(self) -> None:
        self.joined += 1
        await asyncio.sleep(0)
        if self.joined <= self.failures:
            raise RpcUnavailable("the node does not answer")
        self.found = True

    async def figures(self, wanted: Collection[str]) -> Mapping[str, Quote]:
        return dict.fromkeys(wanted, Quote(Decimal(1), 0)) if self.found else {}


def feed(failures: int) -> tuple[Feed, Chain]:
    """Market data over a chain that stands in for a real one."""
    chain, settings = Chain(), VenueSettings(venue_type="onchain")
    return Feed(wallet_context(settings, chain=chain), failures), chain


def test_a_node_that_failed_at_the_start_is_asked_again() -> None:
    """A source that could not be joined is not taken as open: the next fetch joins it, and has its figures."""
    data, chain = feed(failures=1)

    async def course() -> Mapping[str, Quote]:
        with pytest.raises(RpcUnavailable):
            await data.fetch((SERIES,))
        assert chain.users == 0
        return await data.fetch((SERIES,))

    assert set(asyncio.run(course())) == {SERIES}
    assert (data.joined, chain.users) == (2, 1)


def test_two_who_ask_first_both_get_the_figures() -> None:
    """The second waits until the source is joined, which happens once."""
    data, chain = feed(failures=0)

    async def course() -> list[Mapping[str, Quote]]:
        return await asyncio.gather(data.fetch((SERIES,)), data.fetch((SERIES,)))

    assert [set(found) for found in asyncio.run(course())] == [{SERIES}, {SERIES}]
    assert (data.joined, chain.users) == (1, 1)
