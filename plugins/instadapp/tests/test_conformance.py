"""Instadapp keeps the promises of a venue plugin; the legs of its bundles are carried out by the models of its partners."""

from __future__ import annotations

from basis_venues.actions import MAX, AtomicBundle, Borrow, CreateAccount, FromLeg, Stake, Supply, Swap, Unwind, UnwrapEther, Wrap
from basis_venues_testkit import Sample, VenueConformance

MADE = {"wallet:balance:ETH": "20", "dsa:setting:instadapp/account": "1"}
LEVERED = MADE | {
    "dsa:supplied:aave/wstETH": "10",
    "dsa:setting:aave/collateral/wstETH": "1",
    "dsa:borrowed:aave/WETH": "5",
}
LEVERAGE = (
    UnwrapEther(amount="20"),
    Stake(amount="30"),
    Wrap(amount=MAX),
    Supply(asset="wstETH", amount=FromLeg(2)),
    Borrow(asset="WETH", amount="20.01"),
)
ENTRY = AtomicBundle(flash_asset="WETH", flash_amount="20", legs=LEVERAGE, equity="10")
MARKET = {
    "ethereum:gas_price:gwei": "10",
    "lido:share_rate:wstETH": "1.2",
    "aave:oracle:WETH": "2500",
    "aave:oracle:wstETH": "3000",
    "aave:supply_index:wstETH": "1",
    "aave:borrow_index:WETH": "1.02",
    "uniswap:swap_rate:wstETH/WETH": "1.2",
    "uniswap:swap_rate:WETH/wstETH": "0.83",
}


class TestInstadapp(VenueConformance):
    venue = "instadapp"
    dialect = "chain"
    partners = ("aave", "alchemy", "lido")
    market = MARKET
    samples = (
        Sample(ENTRY, holds=MADE, first=(CreateAccount(),)),
        Sample(CreateAccount(), holds={"wallet:balance:ETH": "20"}),
        Sample(
            AtomicBundle(flash_asset="WETH", flash_amount="1", legs=(Swap(sell="wstETH", buy="WETH", amount="1", minimum="1.1"),)),
            holds=MADE | {"dsa:balance:wstETH": "2"},
        ),
        Sample(Unwind(), holds=LEVERED, first=(CreateAccount(), ENTRY)),
        Sample(Unwind(fraction="0.5"), holds=LEVERED),
        Sample(Unwind(), holds=MADE | {"wallet:balance:wstETH": "4"}),
    )
