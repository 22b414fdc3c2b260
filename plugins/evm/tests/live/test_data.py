"""Market data of on-chain venues: what figures are read from is found before the first figure is told."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from decimal import Decimal

import attrs
import pytest

from basis_venues.clock import PlanClock
from basis_venues.config.venues import VenueSettings
from basis_venues.contract import ClientContext, Quote
from basis_venues_evm.live import Call, EvmData, RpcUnavailable
from basis_venues_evm.live.chain import EvmChain
from basis_venues_evm.live.reading import Views
from basis_venues_evm.testing import wallet_context

SERIES = "aave:oracle:WETH"
SETTINGS = VenueSettings(venue_type="onchain")


class Chain(EvmChain):
    """In place of the chain's client: counts those who use it."""

    def __init__(self, chain_id: int = 31337, head_time: int = 0) -> None:
        self.users, self.chain_id, self._head_time = 0, chain_id, head_time

    async def views(self, calls: Collection[Call], at: int = 0, *, exact: bool = False) -> Views:
        return Views(7, dict.fromkeys(calls, f"0x{self._head_time:064x}"))

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
        return dict.fromkeys(wanted, Quote(Decimal(1), self.clock.now())) if self.found else {}


def feed(failures: int) -> tuple[Feed, Chain]:
    """Market data over a chain that stands in for a real one."""
    chain = Chain()
    return Feed(wallet_context(SETTINGS, chain=chain), failures), chain


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


@pytest.mark.parametrize(("chain_id", "behind_s", "late_s"), [(1, 13, 0), (1, 60, 0), (1, 3600, 3540), (31337, 3600, 0)])
def test_figures_of_a_node_that_stands_still_are_as_old_as_its_next_block_is_overdue(chain_id: int, behind_s: int, late_s: int) -> None:
    """A minute is granted; a chain of this machine has a block only when somebody asks for one."""
    now = 1_700_000_000
    data = Feed(attrs.evolve(wallet_context(SETTINGS, chain=Chain(chain_id, now - behind_s)), clock=PlanClock(now * 1000)), 0)
    (quote,) = asyncio.run(data.fetch((SERIES,))).values()
    assert quote.at == (now - late_s) * 1000
