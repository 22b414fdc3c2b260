"""The live side of the exchanges: what every one of them shares. Imported by hooks only, when a client or market data is made."""

from __future__ import annotations

from .account import AccountReader, Holdings, Part, Setup, one_each
from .asking import AcknowledgedOrders, Ask, Orders, Seen, ended, quantity_of, whole
from .client import ExchangeClient
from .connection import Connection
from .desk import Desk
from .exchange import Exchange
from .fills import Fill, Position
from .history import Change, Happened, History, Resting, second_of, unexplained
from .listings import Listing, MarketReader
from .making import make_client, make_market_data
from .moving import Move, Moved, Moves, one_of
from .pages import DAY, Page, Paging, resumed
from .quotes import Figures, Quotes, middle
from .reading import Unreadable
from .saying import Proof, Proofs, Said
from .statements import Line, Stated
from .wire import Failure, Keys, Request, Wire

__all__ = [
    "DAY",
    "AccountReader",
    "AcknowledgedOrders",
    "Ask",
    "Change",
    "Connection",
    "Desk",
    "Exchange",
    "ExchangeClient",
    "Failure",
    "Figures",
    "Fill",
    "Happened",
    "History",
    "Holdings",
    "Keys",
    "Line",
    "Listing",
    "MarketReader",
    "Move",
    "Moved",
    "Moves",
    "Orders",
    "Page",
    "Paging",
    "Part",
    "Position",
    "Proof",
    "Proofs",
    "Quotes",
    "Request",
    "Resting",
    "Said",
    "Seen",
    "Setup",
    "Stated",
    "Unreadable",
    "Wire",
    "ended",
    "make_client",
    "make_market_data",
    "middle",
    "one_each",
    "one_of",
    "quantity_of",
    "resumed",
    "second_of",
    "unexplained",
    "whole",
]
