"""One venue: its books, its desk, its treasury, and what happens there by itself."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import attrs
from attrs import frozen

from .books import Books, open_books
from .desk import Desk
from .ledger import FUNDING
from .listings import Listed
from .refusal import Refused, Why
from .treasury import Treasury

_CENTS = Decimal("1e-8")


@frozen(kw_only=True)
class Payment:
    """One funding payment: positive when received."""

    id: int
    symbol: str
    asset: str
    amount: Decimal
    rate: Decimal
    size: Decimal
    mark: Decimal
    at: int


class Exchange:
    """A venue with one account. `books.now` is set by the world before anything is asked."""

    def __init__(self, listed: Listed, now: int = 0) -> None:
        self.venue = listed.rules.venue
        self.listed = listed
        self.books: Books = open_books(listed, now)
        self.desk = Desk(self.books)
        self.treasury = Treasury(self.books, self.desk.resting)
        self.payments: list[Payment] = []

    def set_price(self, symbol: str, price: Decimal) -> None:
        """Move a book, and fill what it reaches. Raises `Refused`."""
        self.books.set_price(symbol, price)
        self.desk.match(symbol)

    def set_book(self, symbol: str, bid: Decimal, ask: Decimal, bid_size: Decimal | None = None, ask_size: Decimal | None = None) -> None:
        """Move a book to exactly this top. Sizes in base units; None: any amount."""
        self.books.market(symbol)
        quote = self.books.quotes[symbol]
        quote.bid, quote.ask, quote.bid_size, quote.ask_size, quote.mark = bid, ask, bid_size, ask_size, (bid + ask) / 2
        self.desk.match(symbol)

    def change_market(self, symbol: str, **changes: Any) -> None:
        """Change a market's filters, fees or whether it trades."""
        self.books.markets[symbol] = attrs.evolve(self.books.market(symbol), **changes)

    def set_leverage(self, symbol: str, leverage: Decimal) -> None:
        """Raises `Refused` outside the market's bounds."""
        market = self.books.market(symbol)
        if not market.swap or not 1 <= leverage <= market.max_leverage:
            raise Refused(Why.LEVERAGE, str(market.max_leverage))
        self.books.leverage[symbol] = leverage

    def set_margin_mode(self, symbol: str, mode: str) -> None:
        """`cross` or `isolated`; isolated margin is shown and treated as cross. Raises `Refused`."""
        self.books.market(symbol)
        if self.books.margin_mode.get(symbol, "cross") == mode:
            raise Refused(Why.ALREADY_SO, "margin mode")
        self._check_flat()
        self.books.margin_mode[symbol] = mode

    def set_hedge_mode(self, hedge: bool) -> None:
        """Raises `Refused` with positions or orders open, or when it is so already."""
        if self.books.settings.hedge_mode == hedge:
            raise Refused(Why.ALREADY_SO, "position mode")
        self._check_flat()
        self.books.settings.hedge_mode = hedge

    def pay_funding(self, symbol: str, rate: Decimal) -> None:
        """Charge a rate on the open position: a long pays a positive one."""
        books, size = self.books, self.books.position(symbol).size
        if not size:
            return
        market, mark = books.market(symbol), books.quotes[symbol].mark
        amount = (-size * mark * rate).quantize(_CENTS, ROUND_HALF_UP)
        at = books.now - books.settings.funding_late
        payment = Payment(id=books.number(), symbol=symbol, asset=market.quote, amount=amount, rate=rate, size=size, mark=mark, at=at)
        self.payments.append(payment)
        books.ledger.move(at, "funding", str(payment.id), FUNDING, books.rules.swap_wallet, market.quote, amount)

    def _check_flat(self) -> None:
        busy = any(position.size for position in self.books.positions.values()) or any(order.swap for order in self.desk.resting())
        if busy:
            raise Refused(Why.OPEN_POSITIONS)
