"""All that one venue knows at one moment: what the desks work on."""

from __future__ import annotations

from decimal import Decimal

from attrs import define, field

from basis_venues.amounts import ceil_to, floor_to

from .ledger import Ledger
from .listings import PRICES, Listed
from .market import Market, Quote
from .position import Position
from .refusal import Refused, Why
from .rules import Dedupe, Rules

ZERO = Decimal(0)


@define
class Settings:
    """What control may change while the venue runs. Times in ms."""

    dedupe: Dedupe
    hedge_mode: bool = False
    account_level: int = 2
    """OKX: 1 spot only, 2 futures, 3 multi-currency, 4 portfolio."""
    credit_delay: int = 0
    """How long an internal transfer takes; below 0: it never arrives."""
    history_window: int | None = None
    """Finished orders older than this are not found any more."""
    spread: Decimal = Decimal("0.0001")
    """Half the distance between bid and ask, as a fraction of the price."""
    auto_transfer: bool = False
    """Deposits are transferred to the trading wallet as soon as they are credited, where they are not credited there."""
    sub_account: bool = False
    """Bybit: the keys are a sub-account's."""
    withdrawals_arrive: bool = True
    funding_hours: int = 8
    funding_late: int = 0
    """How long after its full hour, by which it is dated, funding is in the balance."""
    skew: int = 0
    """How far the venue's own clock is ahead of the sandbox's."""


@define
class Books:
    """One account at one venue, and the venue around it."""

    rules: Rules
    settings: Settings
    markets: dict[str, Market]
    now: int = 0
    ledger: Ledger = field(factory=Ledger)
    positions: dict[str, Position] = field(factory=dict)
    leverage: dict[str, Decimal] = field(factory=dict)
    margin_mode: dict[str, str] = field(factory=dict)
    quotes: dict[str, Quote] = field(factory=dict)
    funding_rates: dict[str, Decimal] = field(factory=dict)
    last_number: int = 1000

    def market(self, symbol: str) -> Market:
        """The market of that symbol. Raises `Refused`."""
        try:
            return self.markets[symbol]
        except KeyError:
            raise Refused(Why.UNKNOWN_SYMBOL, symbol) from None

    def position(self, symbol: str) -> Position:
        """The position in a perpetual, flat if it was never traded."""
        return self.positions.setdefault(symbol, Position())

    def leverage_of(self, symbol: str) -> Decimal:
        """The leverage set for a perpetual."""
        return self.leverage.get(symbol, Decimal(self.rules.leverage))

    def wallet_of(self, market: Market) -> str:
        """The wallet that trades of this market settle in."""
        return self.rules.swap_wallet if market.swap else self.rules.spot_wallet

    def number(self) -> int:
        """The next number: for orders, fills, transfers."""
        self.last_number += 1
        return self.last_number

    def set_price(self, symbol: str, price: Decimal) -> None:
        """Bid and ask of any size around a price."""
        market, spread = self.market(symbol), price * self.settings.spread
        self.quotes[symbol] = Quote(floor_to(price - spread, market.tick), ceil_to(price + spread, market.tick), price)


def open_books(listed: Listed, now: int = 0) -> Books:
    """A venue with an empty account, its books around the usual prices; around 1 where there is none."""
    books = Books(listed.rules, Settings(listed.rules.dedupe), {market.symbol: market for market in listed.markets}, now)
    for market in books.markets.values():
        books.set_price(market.symbol, PRICES.get(market.base, Decimal(1)))
        if market.swap:
            books.funding_rates[market.symbol] = Decimal("0.0001")
    return books
