"""What `aave.yaml` may say. LTVs and thresholds are in basis points, as the protocol keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attrs import field, frozen

from basis_venues_evm import ChainSettings


@frozen(kw_only=True, eq=False, repr=False)
class Reserve:
    """One asset of the market.

    `ltv`: how much can be borrowed on it; `threshold`: from where a position on it is liquidated. `frozen`: neither supply nor borrow;
    `paused`: nothing. Caps are in whole tokens, 0 for none; in simulation they bound this account alone, as others are not simulated.
    `price_between`: what the oracle's price in USD may plausibly be, both ends included; nothing is planned with another one.
    """

    ltv: int
    threshold: int
    borrowing: bool = True
    frozen: bool = False
    paused: bool = False
    supply_cap: int = 0
    borrow_cap: int = 0
    price_between: tuple[Decimal, Decimal] | None = None


@frozen(kw_only=True, eq=False, repr=False)
class Category:
    """An efficiency mode: its numbers replace those of the assets in `collateral`, and only the assets in `borrowable` can be borrowed."""

    ltv: int
    threshold: int
    collateral: tuple[str, ...]
    borrowable: tuple[str, ...]
    label: str = ""


@frozen(kw_only=True, eq=False, repr=False)
class AaveSettings(ChainSettings):
    """Static attributes of an Aave market.

    `minimum_health_factor`: an action that would bring the account under it is not sent. The protocol's own limit is 1.
    `oracle_overdue_s`: a price whose feed was last updated longer ago than this is overdue, and soon nothing is planned with it; feeds that
    do not say when are not judged. Not set: 90,000 (Chainlink's longest heartbeat is a day), and no limit on a chain of this machine, whose
    feeds stand still.
    """

    reserves: Mapping[str, Reserve]
    emodes: Mapping[int, Category] = field(factory=dict)
    minimum_health_factor: Decimal = Decimal("1.05")
    oracle_overdue_s: int | None = None
