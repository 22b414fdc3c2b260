"""Bybit's parts of the client that all ccxt exchanges share."""

from __future__ import annotations

from basis_venues_ccxt.live import Exchange

from .account import BybitAccount
from .history import BybitHistory
from .markets import BybitMarkets
from .moves import BybitMoves
from .orders import BybitOrders
from .quotes import BybitQuotes
from .wire import BybitWire

EXCHANGE = Exchange(
    wire=BybitWire,
    markets=BybitMarkets,
    orders=BybitOrders,
    account=BybitAccount,
    history=BybitHistory,
    moves=BybitMoves,
    quotes=BybitQuotes,
)
