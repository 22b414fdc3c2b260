"""One exchange: the parts that its plugin fills in."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from .account import AccountReader
from .asking import Orders
from .connection import Connection
from .desk import Desk
from .history import History
from .listings import MarketReader
from .moving import Moves
from .quotes import Quotes
from .wire import Wire


@frozen(kw_only=True)
class Exchange:
    """Every part is a class of the plugin: made from the connection, or from the desk that the parts share."""

    wire: Callable[[], Wire]
    markets: Callable[[Connection], MarketReader]
    orders: Callable[[Desk], Orders]
    account: Callable[[Desk], AccountReader]
    history: Callable[[Desk], History]
    moves: Callable[[Desk], Moves]
    quotes: Callable[[Connection], Quotes]
