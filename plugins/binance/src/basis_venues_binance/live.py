"""Binance's parts of the client that all ccxt exchanges share."""

from __future__ import annotations

from basis_venues_ccxt.live import Exchange

from .account import BinanceAccount
from .history import BinanceHistory
from .markets import BinanceMarkets
from .moves import BinanceMoves
from .orders import BinanceOrders
from .quotes import BinanceQuotes
from .wire import BinanceWire

EXCHANGE = Exchange(
    wire=BinanceWire,
    markets=BinanceMarkets,
    orders=BinanceOrders,
    account=BinanceAccount,
    history=BinanceHistory,
    moves=BinanceMoves,
    quotes=BinanceQuotes,
)
