"""Live market figures of one exchange, for `data_subscriptions`."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import NamedTuple

from basis_venues import series
from basis_venues.contract import ClientContext, Quote
from basis_venues.errors import BasisError, MissingData

from .connection import Connection
from .reading import Unreadable
from .saying import Said

STALE_MS = 60_000
"""A figure that the venue itself dates further back is left out."""


class Figures(NamedTuple):
    """What a venue says of one market: the middle of the best prices (spot) or the mark price (perpetual), the funding rate of the
    current period, and when, ms."""

    price: Decimal
    at: int
    funding: Decimal | None = None


class Quotes(ABC):
    """How one venue publishes prices."""

    @abstractmethod
    async def figures(self, symbol: str) -> Figures:
        """Those of a market, by its unified symbol. Raises what a call raises, and `Unreadable`."""


class ExchangeData:
    """A `basis_venues.contract.MarketData`: price, low and high (the price of this moment) and funding rate of a venue's markets.

    A figure older than `STALE_MS` by the venue's own clock is left out, as is one that could not be had; the core then finds it missing
    or too old, and plans nothing with it.
    """

    def __init__(self, context: ClientContext, connection: Connection, quotes: Quotes) -> None:
        self.sources: tuple[str, ...] = (context.venue,)
        self._venue = context.venue
        self._symbols = tuple(context.settings.markets)
        self._connection = connection
        self._quotes = quotes

    async def fetch(self, series: Collection[str]) -> Mapping[str, Quote]:
        """The named series of this venue. Raises `MissingData` with the reason where none could be had."""
        wanted = [symbol for symbol in self._symbols if any(name.endswith(f":{symbol}") for name in series)]
        if self._connection.clock.uncertainty == 0:
            await self._connection.clock.synchronise()
        answers = await asyncio.gather(*(self._of(symbol) for symbol in wanted))
        told = [answer for answer in answers if isinstance(answer, dict)]
        silent = "; ".join(answer for answer in answers if isinstance(answer, str))
        if silent and not any(told):
            raise MissingData(silent)
        found = {name: quote for answer in told for name, quote in answer.items()}
        return {name: found[name] for name in series if name in found}

    async def close(self) -> None:
        """Let the connection go."""
        await self._connection.close()

    async def _of(self, symbol: str) -> dict[str, Quote] | str:
        """The figures of a market, or why there are none."""
        try:
            figures = await self._quotes.figures(symbol)
        except Exception as error:  # not being able to read is an answer: the series is left out
            said = f"{error}" if isinstance(error, (Said, Unreadable, BasisError)) else type(error).__name__
            return f"the answer on {symbol} tells no price: {said}"
        clock = self._connection.clock
        if clock.now() - figures.at > STALE_MS:
            return {}
        price = Quote(figures.price, figures.at - clock.offset)
        names = (series.price(self._venue, symbol), series.low(self._venue, symbol), series.high(self._venue, symbol))
        found = dict.fromkeys(names, price)
        if figures.funding is not None:
            found[series.funding(self._venue, symbol)] = Quote(figures.funding, price.at)
        return found


def middle(bid: Decimal, ask: Decimal) -> Decimal:
    """The price between the best two. Raises `Unreadable` where a side of the book is empty, which venues write as a price of zero."""
    if bid <= 0 or ask <= 0:
        raise Unreadable("a side of the book is empty")
    return (bid + ask) / 2
