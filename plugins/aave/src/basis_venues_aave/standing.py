"""How an account stands with Aave: what its collateral is worth, what it owes, and how far it is from liquidation.

Values are in USD with 8 decimals, LTVs and thresholds in basis points, as in `getUserAccountData` of Aave 3.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from basis_venues.amounts import MONEY
from basis_venues_evm import BPS

SLACK = Decimal("0.0001")
"""By how much a bundle may let a health factor fall in spite of a floor: roundings, and the interest since the figures were read, where a
part of a position is closed at the ratio that it has."""


class Pledge(NamedTuple):
    """One asset that counts as collateral."""

    value: int
    ltv: int
    threshold: int


class Standing(NamedTuple):
    """An account's collateral and debt."""

    pledges: tuple[Pledge, ...]
    debt: int

    @property
    def collateral(self) -> int:
        """The value of all collateral."""
        return sum(pledge.value for pledge in self.pledges)

    @property
    def ltv(self) -> int:
        """The LTV of all collateral, weighted by value and rounded down; 0 without collateral."""
        total = self.collateral
        return sum(pledge.value * pledge.ltv for pledge in self.pledges) // total if total else 0

    @property
    def health_factor(self) -> Decimal | None:
        """See `health_factor`."""
        return health_factor(((pledge.value, pledge.threshold) for pledge in self.pledges), self.debt)

    @property
    def holds_back(self) -> bool:
        """Whether there is collateral with an LTV of 0 beside a debt: then no other collateral can be taken away."""
        return bool(self.debt) and any(not pledge.ltv for pledge in self.pledges)

    @property
    def covers_debt(self) -> bool:
        """Whether the collateral carries the debt at its LTV: collateral >= ceil(debt / LTV), the condition of a new borrow."""
        ltv = self.ltv
        return not self.debt or (ltv > 0 and self.collateral >= -(-self.debt * BPS // ltv))


def health_factor(collateral: Iterable[tuple[int, int]], debt: int) -> Decimal | None:
    """sum(value x threshold) / debt, for pairs of value and threshold (basis points); None without debt, when nothing can be liquidated.

    Value and debt may be in any unit, the same for both.
    """
    if not debt:
        return None
    return MONEY.divide(Decimal(sum(value * threshold for value, threshold in collateral)), Decimal(debt * BPS))


def value_floor(units: int, price: int, decimals: int) -> int:
    """What `units` base units are worth at `price` (8 decimals), rounded down: how collateral counts."""
    return units * price // int(10**decimals)


def value_ceil(units: int, price: int, decimals: int) -> int:
    """The same rounded up: how debt counts."""
    return -(-units * price // int(10**decimals))
