"""The matching core: takes orders, fills them against the top of the book, cancels them, finds them again.

Synchronous and deterministic: the same calls in the same order have the same outcome. The book is what `Quote` says; there are no other
traders. A taker gets the best price for as much as is there, a resting order fills whole at its limit as soon as the book reaches it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from basis_venues.amounts import floor_to

from .books import Books
from .checks import check_client_id, check_mode, check_notional, check_price, check_quantity
from .margin import free, standing
from .market import Market, Quote
from .orders import PLAIN, ZERO, Ask, Fill, Order, Quirks, Status
from .refusal import Refused, Why
from .settling import settle


class Desk:
    """The orders of one account at one venue."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self.orders: dict[int, Order] = {}
        self.fills: list[Fill] = []
        self._resting: list[Order] = []
        self._by_client_id: dict[str, list[Order]] = {}

    def resting(self) -> Iterator[Order]:
        """The orders in the book, oldest first."""
        self._resting = [order for order in self._resting if order.rests]  # what has left the book does not come back
        return iter(self._resting)

    def place(self, ask: Ask, quirks: Quirks = PLAIN) -> Order:
        """Take an order and match it. Raises `Refused`; then nothing has changed."""
        books = self._books
        market, quote = books.market(ask.symbol), books.quotes[ask.symbol]
        if ask.deadline is not None and books.now + books.settings.skew > ask.deadline:
            raise Refused(Why.LATE)
        if not market.trading:
            raise Refused(Why.HALTED, market.symbol)
        check_client_id(books, ask.client_id)
        self._check_unique(ask.client_id, market.swap)
        check_price(market, ask, quote)
        quantity = self._quantity(ask, market, quote)
        check_notional(market, ask, quantity * (ask.price or quote.mark))
        check_mode(books, market)
        quantity = self._reduced(ask, quantity) if ask.reduce_only else quantity
        self._check_refusals(ask, market, quote, quantity)
        self._check_funds(ask, market, quote, quantity)
        order = Order(
            id=books.number(), ask=ask, quantity=quantity, swap=market.swap, created=books.now, updated=books.now, quirks=quirks,
            hidden=quirks.hide_reads, unlisted=quirks.hide_fills,
        )  # fmt: skip
        self.orders[order.id] = order
        self._resting.append(order)
        self._by_client_id.setdefault(ask.client_id, []).append(order)
        self._match_arrival(order, market, quote)
        return order

    def cancel(self, order: Order) -> Order:
        """Take an order out of the book. Raises `Refused` when it no longer stands there."""
        if not order.rests:
            raise Refused(Why.ALREADY_FINAL, order.status)
        self._close(order, Status.CANCELLED, "cancelled by user")
        order.late_fill = order.quirks.fill_after_cancel
        return order

    def find(self, *, number: int | None = None, client_id: str = "", symbol: str | None = None) -> Order | None:
        """The latest order with that number or client id, as a look-up sees it: hidden and forgotten ones are not seen."""
        named = self._by_client_id.get(client_id, ()) if number is None else filter(None, (self.orders.get(number),))
        for order in reversed(tuple(named)):
            if symbol in (None, order.ask.symbol):
                return self._seen(order)
        return None

    def listed(self, order: Order) -> bool:
        """Whether lists show the order."""
        return not order.hidden and not self._forgotten(order)

    def match(self, symbol: str) -> None:
        """Fill the resting orders that the book has reached."""
        market, quote = self._books.market(symbol), self._books.quotes[symbol]
        for order in list(self.resting()):
            limit = order.ask.price
            if order.ask.symbol == symbol and not order.waits and limit is not None and _reached(order.ask, quote):
                self._fill(order, market, limit, order.left, maker=True)

    def release(self) -> None:
        """Let go orders that a script holds in part."""
        for order in list(self.resting()):
            order.waits = False
            self.match(order.ask.symbol)

    def _check_unique(self, client_id: str, swap: bool) -> None:
        if not client_id:
            return
        books = self._books
        for order in self._by_client_id.get(client_id, ()):
            if order.swap != swap and not books.rules.unified:
                continue
            if books.settings.dedupe == "forever" or order.rests:
                raise Refused(Why.DUPLICATE_ID, client_id)

    def _quantity(self, ask: Ask, market: Market, quote: Quote) -> Decimal:
        if ask.notional is not None:
            quantity = floor_to(ask.notional / quote.best(ask.side), market.lot)
        elif ask.quantity is not None:
            quantity = ask.quantity
        else:
            raise Refused(Why.MISSING_PARAMETER, "quantity")
        check_quantity(market, quantity)
        return quantity

    def _reduced(self, ask: Ask, quantity: Decimal) -> Decimal:
        size = self._books.position(ask.symbol).size
        if not size or (size > 0) == (ask.side == "buy"):
            raise Refused(Why.NOTHING_TO_REDUCE, ask.symbol)
        return min(quantity, abs(size))

    def _check_refusals(self, ask: Ask, market: Market, quote: Quote, quantity: Decimal) -> None:
        rules = self._books.rules
        if ask.time_in_force == "post_only" and rules.refuses_post_only and _reached(ask, quote):
            raise Refused(Why.WOULD_TAKE)
        if ask.time_in_force == "fok" and market.swap and rules.refuses_swap_fok and not _fillable(ask, quote, quantity):
            raise Refused(Why.NOT_FILLABLE)

    def _check_funds(self, ask: Ask, market: Market, quote: Quote, quantity: Decimal) -> None:
        price = ask.price if ask.price is not None else quote.best(ask.side)
        if market.swap:
            self._check_margin(ask, market, quantity, price)
            return
        asset = market.quote if ask.side == "buy" else market.base
        needed = quantity * price if ask.side == "buy" else quantity
        available = free(self._books, self.resting(), self._books.rules.spot_wallet, asset)
        if needed > available:
            raise Refused(Why.FUNDS, f"{needed} {asset} needed, {available} free")

    def _check_margin(self, ask: Ask, market: Market, quantity: Decimal, price: Decimal) -> None:
        size = self._books.position(ask.symbol).size
        change = quantity if ask.side == "buy" else -quantity
        opened = max(abs(size + change) - abs(size), ZERO)
        needed = opened * price / self._books.leverage_of(ask.symbol) + (quantity * price * market.taker if opened else ZERO)
        available = standing(self._books, self.resting(), self._books.rules.swap_wallet, market.quote).available
        if needed > available:
            raise Refused(Why.MARGIN, f"{needed} {market.quote} needed, {available} free")

    def _match_arrival(self, order: Order, market: Market, quote: Quote) -> None:
        ask, quirks = order.ask, order.quirks
        if quirks.reject_late:
            self._close(order, Status.REJECTED, quirks.reject_late)
            return
        reached = _reached(ask, quote)
        if ask.time_in_force == "post_only" and reached:
            self._close(order, Status.EXPIRED, "post-only would take")
            return
        if ask.time_in_force == "fok" and not _fillable(ask, quote, order.quantity):
            self._close(order, Status.EXPIRED, "not fillable at once")
            return
        if reached:
            self._take(order, market, quote)
        if order.rests and (ask.price is None or ask.time_in_force in ("ioc", "fok")):
            self._close(order, Status.EXPIRED, "nothing more to take")

    def _take(self, order: Order, market: Market, quote: Quote) -> None:
        quantity, quirks = order.quantity, order.quirks
        there = quote.there(order.ask.side, quantity)
        if quirks.partial is not None:
            there = min(there, max(floor_to(quantity * quirks.partial, market.lot), market.lot))
            order.waits = True
        if quirks.overfill is not None:
            there = floor_to(quantity * (1 + quirks.overfill), market.lot)
        if there > 0:
            price = quote.best(order.ask.side)
            quote.taken(order.ask.side, there)
            for piece in _pieces(there, quirks.pieces, market.lot):
                self._fill(order, market, price, piece, maker=False)

    def _fill(self, order: Order, market: Market, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
        fill = settle(self._books, market, order, price, quantity, maker)
        self.fills.append(fill)
        order.fills.append(fill)
        order.updated = self._books.now
        order.status = Status.FILLED if order.filled >= order.quantity else Status.PARTIAL

    def _close(self, order: Order, status: Status, reason: str) -> None:
        order.status, order.reason, order.updated = status, reason, self._books.now

    def _seen(self, order: Order) -> Order | None:
        if order.hidden:
            order.hidden -= 1
            return None
        self._count_down_late_fill(order)
        return None if self._forgotten(order) else order

    def _count_down_late_fill(self, order: Order) -> None:
        if order.late_fill is None:
            return
        if order.late_fill > 0:
            order.late_fill -= 1
            return
        order.late_fill = None
        price = order.ask.price or self._books.quotes[order.ask.symbol].mark
        self._fill(order, self._books.market(order.ask.symbol), price, order.left, maker=True)

    def _forgotten(self, order: Order) -> bool:
        window = self._books.settings.history_window
        return window is not None and not order.rests and order.updated < self._books.now - window


def _reached(ask: Ask, quote: Quote) -> bool:
    """Whether the book's best price is as good as the limit, or better."""
    if ask.price is None:
        return True
    return ask.price >= quote.ask if ask.side == "buy" else ask.price <= quote.bid


def _pieces(quantity: Decimal, count: int, lot: Decimal) -> list[Decimal]:
    """A quantity in so many whole lots each, the last with what is left over."""
    each = max(floor_to(quantity / count, lot), lot)
    full = min(count, int(quantity / each)) - 1
    return [*[each] * full, quantity - each * full]


def _fillable(ask: Ask, quote: Quote, quantity: Decimal) -> bool:
    return _reached(ask, quote) and quote.there(ask.side, quantity) >= quantity
