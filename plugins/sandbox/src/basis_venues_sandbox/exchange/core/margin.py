"""What of a balance is free. Cross margin; no liquidation: a balance below zero says that the venue would have liquidated."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from attrs import frozen

from .books import Books
from .ledger import ZERO
from .orders import Order


@frozen
class Standing:
    """A settlement wallet's figures, as exchanges show them, in one asset."""

    balance: Decimal
    locked: Decimal
    unrealised: Decimal
    position_margin: Decimal
    order_margin: Decimal

    @property
    def equity(self) -> Decimal:
        """Balance and unrealised profit."""
        return self.balance + self.unrealised

    @property
    def available(self) -> Decimal:
        """What new positions may be opened on."""
        return max(self.equity - self.locked - self.position_margin - self.order_margin, ZERO)


def locked(books: Books, resting: Iterable[Order], wallet: str, asset: str) -> Decimal:
    """What resting spot orders hold back of a wallet."""
    if wallet != books.rules.spot_wallet:
        return ZERO
    total = ZERO
    for order in resting:
        market = books.markets[order.ask.symbol]
        if order.swap:
            continue
        if order.ask.side == "buy" and market.quote == asset:
            total += order.left * (order.ask.price or ZERO)
        if order.ask.side == "sell" and market.base == asset:
            total += order.left
    return total


def standing(books: Books, resting: Iterable[Order], wallet: str, asset: str) -> Standing:
    """All figures of one asset in one wallet."""
    resting = tuple(resting)
    unrealised = held = ordered = ZERO
    if wallet == books.rules.swap_wallet:
        for symbol, position in books.positions.items():
            if books.markets[symbol].quote == asset and position.size:
                mark = books.quotes[symbol].mark
                unrealised += position.profit(mark)
                held += abs(position.size) * mark / books.leverage_of(symbol)
        for order in resting:
            if order.swap and not order.ask.reduce_only and books.markets[order.ask.symbol].quote == asset:
                ordered += order.left * (order.ask.price or ZERO) / books.leverage_of(order.ask.symbol)
    return Standing(books.ledger.balance(wallet, asset), locked(books, resting, wallet, asset), unrealised, held, ordered)


def free(books: Books, resting: Iterable[Order], wallet: str, asset: str) -> Decimal:
    """What may leave the wallet or be spent from it."""
    figures = standing(books, resting, wallet, asset)
    return max(min(figures.balance - figures.locked, figures.available), ZERO)
