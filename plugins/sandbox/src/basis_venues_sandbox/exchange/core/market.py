"""What is traded: one market, and what its top of the book says."""

from __future__ import annotations

from decimal import Decimal

from attrs import define, frozen

ONE = Decimal(1)


@frozen(kw_only=True)
class Market:
    """One market of one venue. Quantities are in base units, whatever the venue counts in on the wire; `contract` is base units per
    contract. Fees are fractions, positive = paid."""

    symbol: str
    base: str
    quote: str
    swap: bool
    tick: Decimal
    lot: Decimal
    minimum: Decimal
    maximum: Decimal
    minimum_notional: Decimal
    maker: Decimal
    taker: Decimal
    contract: Decimal = ONE
    max_leverage: int = 100
    band: Decimal = Decimal("0.5")
    """A buy above the mark price by more than this fraction, or a sell as far below it, is refused."""
    trading: bool = True


@define
class Quote:
    """The top of a book: what a taker gets, and how much of it (None: any amount). `mark` is also what funding is charged on."""

    bid: Decimal
    ask: Decimal
    mark: Decimal
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None

    def best(self, side: str) -> Decimal:
        """The price at which an order of that side takes."""
        return self.ask if side == "buy" else self.bid

    def there(self, side: str, quantity: Decimal) -> Decimal:
        """How much of `quantity` an order of that side can take."""
        size = self.ask_size if side == "buy" else self.bid_size
        return quantity if size is None else min(size, quantity)

    def taken(self, side: str, quantity: Decimal) -> None:
        """So much of it is gone."""
        if side == "buy" and self.ask_size is not None:
            self.ask_size = max(self.ask_size - quantity, Decimal(0))
        if side == "sell" and self.bid_size is not None:
            self.bid_size = max(self.bid_size - quantity, Decimal(0))
