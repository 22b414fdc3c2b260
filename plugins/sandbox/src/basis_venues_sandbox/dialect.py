"""What a protocol of one's own is made of, for the sandbox to speak it: everything that the three of its own are written with."""

from __future__ import annotations

from .exchange.core import Ask, Coin, Entry, Fill, Listed, Market, Movement, Order, Progress, Refused, Rules, Status, Why
from .exchange.keys import FUTURES, READ, SPOT, TRANSFER, WITHDRAW, ApiKey, Keyring
from .exchange.wire.call import Call, Reply, Route, Routes, Turned
from .exchange.wire.dialect import Dialect
from .exchange.wire.listing import fills, orders
from .exchange.wire.text import plain

__all__ = [
    "FUTURES",
    "READ",
    "SPOT",
    "TRANSFER",
    "WITHDRAW",
    "ApiKey",
    "Ask",
    "Call",
    "Coin",
    "Dialect",
    "Entry",
    "Fill",
    "Keyring",
    "Listed",
    "Market",
    "Movement",
    "Order",
    "Progress",
    "Refused",
    "Reply",
    "Route",
    "Routes",
    "Rules",
    "Status",
    "Turned",
    "Why",
    "fills",
    "orders",
    "plain",
]
