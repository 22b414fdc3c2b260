"""The market's figures for one reserve, and scaled amounts by the rounding table of Aave 3.6.

A scaled amount is the amount divided by the index of the moment; it stays while interest accrues. Each step rounds for the protocol:
supply down, withdrawal up, a deposit's worth down; borrow up, repayment down, a debt's worth up.
"""

from __future__ import annotations

from basis_venues import series
from basis_venues.amounts import MONEY
from basis_venues.contract import Market
from basis_venues.errors import Denied
from basis_venues_evm import RAY, over_ceil, over_floor, ray, times_ceil, times_floor


class Figures:
    """Indices and price of one asset, read from the market when asked."""

    __slots__ = ("asset", "borrow", "decimals", "price", "supply")

    def __init__(self, venue: str, asset: str, decimals: int) -> None:
        self.asset = asset
        self.decimals = decimals
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
        """The price of a whole token, with 8 decimals. Raises `Denied` when it is not above zero."""
        price = int(MONEY.scaleb(market.value(self.price), 8))
        if price <= 0:
            raise Denied(f"{self.price} is {market.value(self.price)}, which is no price; nothing is done on it")
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
