"""OKX's parts of the client that all ccxt exchanges share."""

from __future__ import annotations

from basis_venues_ccxt.live import Exchange

from .account import OkxAccount
from .history import OkxHistory
from .markets import OkxMarkets
from .moves import OkxMoves
from .orders import OkxOrders
from .quotes import OkxQuotes
from .wire import OkxWire

EXCHANGE = Exchange(
    wire=OkxWire,
    markets=OkxMarkets,
    orders=OkxOrders,
    account=OkxAccount,
    history=OkxHistory,
    moves=OkxMoves,
    quotes=OkxQuotes,
)
