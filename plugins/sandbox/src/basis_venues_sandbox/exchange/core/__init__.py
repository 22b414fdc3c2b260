"""The matching core: pure, synchronous, in exact decimals, the same every time."""

from __future__ import annotations

from .books import Books, Settings
from .exchange import Exchange, Payment
from .ledger import ENDOWMENT, Entry, Ledger
from .listings import LISTED, Listed
from .market import Market, Quote
from .orders import Ask, Fill, Order, Quirks, Status
from .position import Position
from .prices import Prices, open_prices
from .refusal import Refused, Why
from .rules import Coin, Rules
from .settling import TRADE
from .treasury import Movement, Progress
from .world import World

__all__ = [
    "ENDOWMENT",
    "LISTED",
    "TRADE",
    "Ask",
    "Books",
    "Coin",
    "Entry",
    "Exchange",
    "Fill",
    "Ledger",
    "Listed",
    "Market",
    "Movement",
    "Order",
    "Payment",
    "Position",
    "Prices",
    "Progress",
    "Quirks",
    "Quote",
    "Refused",
    "Rules",
    "Settings",
    "Status",
    "Why",
    "World",
    "open_prices",
]
