"""The market's figures for one reserve, and scaled amounts by the rounding table of Aave 3.6.

A scaled amount is the amount divided by the index of the moment; it stays while interest accrues. Each step rounds for the protocol:
supply down, withdrawal up, a deposit's worth down; borrow up, repayment down, a debt's worth up.
"""

from __future__ import annotations

from decimal import Decimal

from basis_venues import series
from basis_venues.amounts import MONEY
from basis_venues.contract import Market
from basis_venues.errors import Denied
from basis_venues_evm import RAY, over_ceil, over_floor, ray, times_ceil, times_floor


class Figures:
    """Indices and price of one asset, read from the market when asked."""

    __slots__ = ("asset", "between", "borrow", "decimals", "price", "supply")

    def __init__(self, venue: str, asset: str, decimals: int, between: tuple[Decimal, Decimal] | None = None) -> None:
        self.asset = asset
        self.decimals = decimals
        self.between = between
        self.supply = series.supply_index(venue, asset)
        self.borrow = series.borrow_index(venue, asset)
        self.price = series.oracle(venue, asset)

    def supply_index(self, market: Market) -> int:
        """In rays. Raises `Denied` when the figure cannot be an index."""
        return _index(self.supply, market)

    def borrow_index(self, market: Market) -> int:
        """In rays. Raises `Denied` when the figure cannot be an index."""
        return _index(self.borrow, market)

    def usd(self, market: Market) -> int:
        """The price of a whole token, with 8 decimals. Raises `Denied` when it is not above zero, or not plausible."""
        told = market.value(self.price)
        price = int(MONEY.scaleb(told, 8))
        if price <= 0:
            raise Denied(f"{self.price} is {told}, which is no price; nothing is done on it")
        if self.between is not None and not self.between[0] <= told <= self.between[1]:
            low, high = self.between
            raise Denied(f"{self.price} is {told}, outside of {low} to {high} (price_between of {self.asset}); nothing is done on it")
        return price


def _index(name: str, market: Market) -> int:
    index = ray(market.value(name))
    if index < RAY:
        raise Denied(f"{name} is {market.value(name)}; an index starts at 1 and only grows, so check the data")
    return index


scaled_supply = over_floor
scaled_withdrawal = over_ceil
scaled_borrow = over_ceil
scaled_repayment = over_floor
deposit_worth = times_floor
debt_worth = times_ceil
