"""What a venue holds to be true, as JSON data: the judge's view of what happened."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from ..core import Exchange, Order
from ..wire.text import plain


def ledger(exchange: Exchange) -> dict[str, Any]:
    """Everything: amounts as text, times ms. Orders name their client id and their fills; entries are every change of a wallet."""
    books = exchange.books
    wallets: dict[str, dict[str, str]] = {wallet: {} for wallet in books.rules.wallets}
    for wallet, asset, amount in books.ledger.wallets():
        wallets[wallet][asset] = plain(amount)
    return {
        "venue": exchange.venue,
        "now": books.now,
        "balances": wallets,
        "positions": {symbol: _data(position) for symbol, position in books.positions.items()},
        "orders": [_order(order) for order in exchange.desk.orders.values()],
        "fills": [_data(fill) for fill in exchange.desk.fills],
        "payments": [_data(payment) for payment in exchange.payments],
        "transfers": [_data(each) for each in exchange.treasury.transfers],
        "withdrawals": [_data(each) for each in exchange.treasury.withdrawals],
        "deposits": [_data(each) for each in exchange.treasury.deposits],
        "entries": [_data(entry) for entry in books.ledger.entries],
        "leverage": {symbol: plain(value) for symbol, value in books.leverage.items()},
    }


def _order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id, "client_id": order.ask.client_id, "symbol": order.ask.symbol, "side": order.ask.side, "status": order.status.value,
        "quantity": plain(order.quantity), "filled": plain(order.filled), "value": plain(order.value), "price": plain(order.ask.price),
        "time_in_force": order.ask.time_in_force, "reduce_only": order.ask.reduce_only, "reason": order.reason,
        "fees": {asset: plain(fee) for asset, fee in order.fees().items()}, "fills": [fill.id for fill in order.fills],
        "created": order.created, "updated": order.updated,
    }  # fmt: skip


def _data(thing: Any) -> dict[str, Any]:
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in attrs.asdict(thing).items()}
