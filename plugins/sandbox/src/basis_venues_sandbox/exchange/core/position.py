"""One linear perpetual position: average-cost accounting."""

from __future__ import annotations

from decimal import Decimal

from attrs import define

ZERO = Decimal(0)
_QUANTUM = Decimal("1e-12")


@define
class Position:
    """`size` and `cost` are signed alike: base units, and what they cost in quote units."""

    size: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    opened: int = 0
    updated: int = 0

    @property
    def entry(self) -> Decimal:
        """The average price of what is open; 0 when flat."""
        return self.cost / self.size if self.size else ZERO

    def profit(self, mark: Decimal) -> Decimal:
        """What closing at `mark` would realise."""
        return self.size * mark - self.cost

    def trade(self, change: Decimal, price: Decimal, at: int) -> Decimal:
        """Book a fill of `change` (signed) and answer the profit that it realises."""
        if not self.size:
            self.opened = at
        self.updated = at
        realised = self._turned(change, price)
        self.realised += realised
        return realised

    def _turned(self, change: Decimal, price: Decimal) -> Decimal:
        if not self.size or (self.size > 0) == (change > 0):
            self.size, self.cost = self.size + change, self.cost + change * price
            return ZERO
        if abs(change) < abs(self.size):
            released = (self.cost * -change / self.size).quantize(_QUANTUM)
            self.size, self.cost = self.size + change, self.cost - released
            return -change * price - released
        profit = self.size * price - self.cost
        self.size += change
        self.cost = self.size * price
        return profit
