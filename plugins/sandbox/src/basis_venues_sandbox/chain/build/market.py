"""The numbers of the market that is built: as on mainnet where they decide anything, rounded where they do not."""

from __future__ import annotations

from attrs import frozen

ETHER = 10**18
DOLLAR = 10**6

PRICES = {"WETH": 2500, "USDC": 1, "USDT": 1}
"""Prices in USD. wstETH follows from that of ether and its own rate."""


@frozen
class ReserveTerms:
    """What an asset is worth as collateral, and what it costs to borrow. All in basis points.

    `bonus`: what a liquidator pays with, 10000 and what is on top. `rates`: best usage, base, slope below it, slope above it.
    """

    decimals: int
    ltv: int
    threshold: int
    bonus: int
    reserve_factor: int
    rates: tuple[int, int, int, int]


RESERVES = {
    "WETH": ReserveTerms(18, 8050, 8300, 10500, 1500, (9200, 0, 270, 8000)),
    "wstETH": ReserveTerms(18, 7850, 8100, 10600, 500, (8000, 0, 100, 8500)),
    "USDC": ReserveTerms(6, 7500, 7800, 10450, 1000, (9200, 0, 550, 4000)),
    "USDT": ReserveTerms(6, 7500, 7800, 10450, 1000, (9200, 0, 550, 4000)),
}
"""The lending market's assets."""

EMODE = (1, 9300, 9500, 10100, "ETH correlated")
"""The efficiency mode: number, LTV, threshold, bonus, label. Collateral: wstETH and WETH; borrowable: WETH."""

FLASH_FEE_BPS = 5
LIQUIDATION_FEE_BPS = 1000

WHALE_ETHER = 20_000 * ETHER
WRAPPED_ETHER = 8_000 * ETHER
STAKED_ETHER = 1_500 * ETHER
STAKING_REWARD = 300 * ETHER
INITIAL_STAKE = 1_000 * ETHER

LENT = {"WETH": 2_000 * ETHER, "USDC": 5_000_000 * DOLLAR, "USDT": 5_000_000 * DOLLAR}
"""What the whale supplies to the lending market."""

BORROWED = {"USDC": 3_000_000 * DOLLAR, "USDT": 3_000_000 * DOLLAR}
"""What the whale borrows of it once the chain is started: three fifths of the dollars, which earn 1.9 % a year."""

WHALE_DOLLARS = 50_000_000 * DOLLAR

WALLET = {"ETH": 1_000 * ETHER, "USDC": 1_000_000 * DOLLAR, "USDT": 1_000_000 * DOLLAR}
"""What the sandbox's wallet has at the start."""


@frozen
class PoolTerms:
    """A swap pool: two assets, its fee tier in hundredths of a basis point, the amount of each, and how far its range reaches, in ticks
    (hundredths of a percent)."""

    first: str
    second: str
    fee: int
    amounts: tuple[int, int]
    reach: int


POOLS = (
    PoolTerms("wstETH", "WETH", 100, (900 * ETHER, 900 * ETHER), 100),
    PoolTerms("WETH", "USDC", 500, (1_000 * ETHER, 2_500_000 * DOLLAR), 500),
    PoolTerms("WETH", "USDT", 500, (1_000 * ETHER, 2_500_000 * DOLLAR), 500),
    PoolTerms("USDC", "USDT", 100, (2_000_000 * DOLLAR, 2_000_000 * DOLLAR), 100),
)
"""The swap pools."""
