"""All venues under one clock: passes time, and carries what one venue sends to another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial

from .exchange import Exchange
from .listings import LISTED, Listed
from .market import Market
from .prices import Event, Prices
from .treasury import Movement

_HOUR = 3_600_000


class World:
    """The venues: the sandbox's own three, and `more`. Nothing happens unless `advance` says that time has passed."""

    def __init__(self, now: int, prices: Prices | None = None, more: Iterable[Listed] = ()) -> None:
        self.now = now
        self.exchanges: Mapping[str, Exchange] = {listed.rules.venue: Exchange(listed, now) for listed in (*LISTED.values(), *more)}
        self._prices = prices
        for venue, exchange in self.exchanges.items():
            exchange.treasury.sent = partial(self._sent, venue)
        self.rebase(now)

    def rebase(self, now: int) -> None:
        """Go to a moment, earlier or later, as if nothing had happened in between."""
        self._stand(now)
        for venue, exchange in self.exchanges.items():
            for market in list(exchange.books.markets.values()) if self._prices else ():
                price = self._prices.at(now, venue, market) if self._prices else None
                if price is not None:
                    exchange.set_price(market.symbol, price)

    def advance(self, until: int) -> None:
        """Let time pass: prices move, funding is paid, credits arrive, each at its moment. An earlier moment is ignored."""
        if until <= self.now:
            return
        upcoming = self._moments(until)
        while (due := self._next(upcoming, until)) is not None:
            self._stand(due)
            self._happen(upcoming.pop(due, []))
            for exchange in self.exchanges.values():
                exchange.treasury.settle()
        self._stand(until)

    def _stand(self, now: int) -> None:
        self.now = now
        for exchange in self.exchanges.values():
            exchange.books.now = now

    def _happen(self, events: list[Event]) -> None:
        """Prices first: funding is charged on the price of its moment."""
        for event in sorted(events, key=lambda one: one.funding):
            exchange = self.exchanges[event.venue]
            if event.funding:
                exchange.books.funding_rates[event.symbol] = event.value
                exchange.pay_funding(event.symbol, event.value)
            else:
                exchange.set_price(event.symbol, event.value)

    def _next(self, upcoming: Mapping[int, list[Event]], until: int) -> int | None:
        """The next moment after now at which something happens, not after `until`."""
        dues = [exchange.treasury.next_due() for exchange in self.exchanges.values()]
        first = next(iter(upcoming), None)
        return min((due for due in (*dues, first) if due is not None and self.now < due <= until), default=None)

    def _moments(self, until: int) -> dict[int, list[Event]]:
        """What is known to happen up to `until`, by its moment, in order."""
        events: dict[int, list[Event]] = {}
        for venue, exchange in self.exchanges.items():
            for market in exchange.books.markets.values():
                for event in self._events(venue, exchange, market, until):
                    events.setdefault(event.at, []).append(event)
        return dict(sorted(events.items()))

    def _events(self, venue: str, exchange: Exchange, market: Market, until: int) -> Iterable[Event]:
        if self._prices is not None:
            return self._prices.events(venue, market, self.now, until)
        return self._regular_funding(venue, exchange, market.symbol, until) if market.swap else ()

    def _regular_funding(self, venue: str, exchange: Exchange, symbol: str, until: int) -> list[Event]:
        """Funding at the full hours that the venue keeps, at the rate that is set."""
        if not exchange.books.position(symbol).size:
            return []
        every, late = exchange.books.settings.funding_hours * _HOUR, exchange.books.settings.funding_late
        first = (self.now - late) // every * every + every + late
        rate = exchange.books.funding_rates.get(symbol, Decimal(0))
        return [Event(at, True, venue, symbol, rate) for at in range(first, until + 1, every)]

    def _sent(self, venue: str, withdrawal: Movement) -> None:
        """What goes to a venue's own deposit address arrives there; anything else has left."""
        for exchange in self.exchanges.values():
            if withdrawal.asset in exchange.books.rules.coins and exchange.treasury.address(withdrawal.asset) == withdrawal.target:
                exchange.treasury.deposit(withdrawal.asset, withdrawal.amount, source=venue, tx=withdrawal.tx)
                return
