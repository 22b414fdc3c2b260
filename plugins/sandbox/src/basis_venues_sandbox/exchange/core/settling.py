"""What a fill does to the account: balances, position, fee."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from .books import Books
from .ledger import FEES, MARKET, Posting
from .market import Market
from .orders import Fill, Order

_CENTS = Decimal("1e-8")
"""Exchanges charge in units of the eighth decimal."""

TRADE = "trade"


def settle(books: Books, market: Market, order: Order, price: Decimal, quantity: Decimal, maker: bool) -> Fill:
    """Book a fill and answer it. The fee is taken from what is received; of a perpetual, from the settlement wallet."""
    number = books.number()
    buys, value = order.ask.side == "buy", price * quantity
    rate = market.maker if maker else market.taker
    wallet = books.wallet_of(market)
    realised = position = Decimal(0)
    if market.swap:
        realised = books.position(market.symbol).trade(quantity if buys else -quantity, price, books.now)
        position = books.position(market.symbol).size
        postings: tuple[Posting, ...] = _moved(wallet, market.quote, realised)
        fee_asset, fee = market.quote, value * rate
    else:
        received, given = (quantity, -value) if buys else (value, -quantity)
        fee_asset, other = (market.base, market.quote) if buys else (market.quote, market.base)
        postings = (*_moved(wallet, fee_asset, received), *_moved(wallet, other, given))
        fee = received * rate
    fee_asset, fee = _bent(order.quirks.fee, fee_asset, fee)
    books.ledger.post(books.now, TRADE, str(number), *postings, (wallet, fee_asset, -fee), (FEES, fee_asset, fee))
    return Fill(
        id=number, order=order.id, symbol=market.symbol, side=order.ask.side, price=price, quantity=quantity, fee=fee,
        fee_asset=fee_asset, maker=maker, realised=realised, at=books.now, position=position,
    )  # fmt: skip


def _moved(wallet: str, asset: str, amount: Decimal) -> tuple[Posting, Posting]:
    return (wallet, asset, amount), (MARKET, asset, -amount)


def _bent(script: str, asset: str, fee: Decimal) -> tuple[str, Decimal]:
    """Asset and amount of the fee, as a script wants them. In a third asset it keeps its figure: what a coin is worth is not the point."""
    fee = fee.quantize(_CENTS, ROUND_HALF_UP)
    if script == "negative":
        return asset, -fee
    if script in ("", "missing"):
        return asset, fee
    return script, fee
