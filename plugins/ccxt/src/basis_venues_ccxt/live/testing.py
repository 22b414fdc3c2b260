"""For tests of an exchange's parts: a desk whose exchange answers what the test says, read by the real reading code."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Coroutine, Mapping
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from basis_venues.network import Network

from ..settings import ExchangeSettings
from .asking import Ask, Orders, Seen
from .connection import Connection
from .desk import Desk
from .fills import Fill, PositionKeys
from .listings import Listing, Listings, MarketReader
from .saying import Proof, Said
from .statements import Stated
from .wire import Request, Wire

NOW = 1_760_000_000_500
"""The moment of such a desk, ms."""
Value = TypeVar("Value")


class Canned:
    """Stands for a connection: `answers` by path, each a JSON value or a function of the request. `asked` holds what was asked."""

    def __init__(self, wire: Wire, answers: Mapping[str, Any], network: Network = Network.TESTNET) -> None:
        self.wire = wire
        self.network = network
        self.asked: list[Request] = []
        self.clock = SimpleNamespace(now=lambda: NOW, at_least=lambda: NOW, offset=0, uncertainty=1)
        self.budget = SimpleNamespace(quiet=self._quiet)
        self._answers = answers

    def fence(self, _request: Request) -> int:
        """Five seconds later."""
        return NOW + 5000

    def has(self, _api: str) -> bool:
        """Every key is there."""
        return True

    async def call(self, request: Request, *, fence: int | None = None, urgent: bool = False) -> Any:
        """The answer, if it is a success to the venue's wire; else raises `Said`, as a real connection does."""
        self.asked.append(request)
        answer = self._answers[request.path]
        answer = answer(request) if callable(answer) else answer
        failure = self.wire.failure(answer)
        if failure is not None:
            raise Said(200, failure.code, failure.words)
        return answer

    async def ask(self, request: Request) -> Any:
        """The same; None where the venue refuses it."""
        try:
            return await self.call(request)
        except Said as said:
            if self.wire.proofs.of(said) in (Proof.REFUSED, Proof.FILTER):
                return None
            raise

    async def _quiet(self) -> None:
        """There is no pause."""


class _Fixed(MarketReader):
    def __init__(self, listings: Collection[Listing]) -> None:
        self._listings = tuple(listings)

    async def read(self, symbols: Collection[str]) -> Collection[Listing]:
        return self._listings


def make_desk(
    venue: str, wire: Wire, listings: Collection[Listing], answers: Mapping[str, Any], *, unified: bool = True, **more: Any
) -> tuple[Desk, Canned]:
    """A desk for the account named like the venue, and the connection that stands behind it."""
    connection = Canned(wire, answers, more.pop("network", Network.TESTNET))
    clock: Any = SimpleNamespace(now=lambda: NOW)
    markets = Listings(_Fixed(listings), [each.symbol for each in listings], None, 1, clock)
    run(markets.load())
    settings = ExchangeSettings(venue_type="cex", unified=unified, **more)
    keys = PositionKeys(venue, venue, unified)
    return Desk(connection=cast("Connection", connection), listings=markets, keys=keys, settings=settings), connection


def written(orders: Orders, ask: Ask, answer: Any) -> Seen:
    """What an order's answer shows, once its id was found in it."""
    orders.number(answer, ask)
    return run(orders.written(answer, ask))


def told_by_ledger(desk: Desk, orders: Orders, ask: Ask, answer: Any, *fills: Fill) -> Stated | None:
    """What the account's ledger states of its wallet, in the lines that tell the order with the effects of these fills."""
    seen = written(orders, ask, answer)
    assert desk.keys.effects(seen.fills) == desk.keys.effects(fills)
    return seen.stated


def run(work: Coroutine[Any, Any, Value]) -> Value:
    """Wait for something."""
    return asyncio.run(work)
