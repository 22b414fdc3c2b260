"""Funding payments of open perpetual positions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from basis_venues.contract import Market
from basis_venues.errors import MissingData
from basis_venues.keys import Key
from basis_venues.orders import Effect

from .instrument import Instrument


class Funding:
    """What the funding times of a venue's perpetuals bring: -size x price x rate, so that longs pay a positive rate to shorts."""

    def __init__(self, venue: str, perpetuals: Iterable[Instrument], price_age_ms: int) -> None:
        self._venue = venue
        self._perpetuals = tuple(perpetuals)
        self._price_age = price_age_ms

    def payments(self, positions: Mapping[Key, Decimal], market: Market, since: int, until: int) -> tuple[Effect, ...]:
        """One effect for each funding time after `since` up to `until` and each open position. Ids are `funding:VENUE:SYMBOL:MS`."""
        return tuple(
            self._payment(perp, -size * self._price(perp, market, at) * rate, at)
            for perp, size in self._open(positions)
            for at, rate in market.events(perp.funding, since, until)
        )

    def next_time(self, positions: Mapping[Key, Decimal], market: Market, now: int) -> int | None:
        """The next funding time of an open position, ms; None without one."""
        nearest = None
        for perp, _ in self._open(positions):
            time = market.next_event(perp.funding, now)
            if time is not None and (nearest is None or time < nearest):
                nearest = time
        return nearest

    def _payment(self, perp: Instrument, amount: Decimal, at: int) -> Effect:
        return Effect(f"funding:{self._venue}:{perp.symbol}:{at}", None, ((perp.paid, amount),), at, "funding")

    def _open(self, positions: Mapping[Key, Decimal]) -> list[tuple[Instrument, Decimal]]:
        """The perpetuals that the positions hold, each with its size."""
        return [(perp, size) for perp in self._perpetuals if perp.held in positions and (size := positions[perp.held])]

    def _price(self, perp: Instrument, market: Market, at: int) -> Decimal:
        """The price in force at `at`. A past one is looked for among the points, no further back than the settings allow."""
        if at == market.now():
            return market.value(perp.price)
        points = market.events(perp.price, at - self._price_age - 1, at)
        if not points:
            raise MissingData(f"{perp.price} has no point in the {self._price_age} ms up to {at}, when funding of {perp.symbol} was due")
        return points[-1][1]
