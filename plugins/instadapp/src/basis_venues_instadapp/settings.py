"""What `instadapp.yaml` may say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attrs import field, frozen

from basis_venues.amounts import positive
from basis_venues_evm import ChainSettings


@frozen(kw_only=True, eq=False, repr=False)
class InstadappSettings(ChainSettings):
    """Static attributes of the smart account and its connectors.

    `lending`, `staking`, `wallet`: the venues that carry out the legs which the connectors AAVE-V3-A, LIDO-STETH-A and WSTETH-A, and
    WETH-A stand for. `lending_assets`: the assets whose positions decide the health of the account. `flash_fee_bps`: the fee of the
    flash loan in basis points. `swap_market`: the source of the swap rates. `pools`: the fee tiers of its pools in hundredths of a
    basis point, by pair in either order; a pair that is not listed is not swapped. `account_exists`: the smart account was made
    before, so that no `CreateAccount` is needed. `simulation_tolerance`: the fraction of an amount by which the simulation of a bundle may
    change a position otherwise than planned, beside what its swaps may lack; beyond it the bundle is not sent.
    `price_tolerance`: the fraction by which the rate that an unwind's minimum is counted from may differ from a price that no trade moves:
    the share rate between wstETH and WETH, else the ratio of the lender's oracle prices; beyond it the unwind is refused.
    """

    lending: str = "aave"
    staking: str = "lido"
    wallet: str = "alchemy"
    lending_assets: tuple[str, ...] = ("WETH", "wstETH", "USDC", "USDT")
    flash_fee_bps: int = 5
    swap_market: str = "uniswap"
    pools: Mapping[str, int] = field(factory=dict)
    account_exists: bool = False
    simulation_tolerance: Decimal = field(default=Decimal("0.001"), converter=positive)
    price_tolerance: Decimal = field(default=Decimal("0.005"), converter=positive)

    def fee_tiers(self) -> dict[frozenset[str], int]:
        """The fee tier of each pool by its two assets."""
        return {frozenset(pair.split("/")): fee for pair, fee in self.pools.items()}
