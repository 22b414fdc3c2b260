"""Aave keeps the promises of a venue plugin."""

from __future__ import annotations

from basis_venues.actions import MAX, Borrow, Repay, SetCollateral, SetEMode, Supply, Withdraw, WrapEther
from basis_venues_testkit import Sample, VenueConformance

GAS = {"wallet:balance:ETH": "1"}
DEPOSIT = GAS | {"wallet:supplied:aave/WETH": "10", "wallet:setting:aave/collateral/WETH": "1"}
DEBT = DEPOSIT | {"wallet:borrowed:aave/USDC": "1000", "wallet:balance:USDC": "2000"}
DEPOSITED = (WrapEther(amount="10"), Supply(asset="WETH", amount="10"))
INDEBTED = (*DEPOSITED, Borrow(asset="USDC", amount="1000"))
MARKET = {
    "ethereum:gas_price:gwei": "10",
    "aave:oracle:USDC": "1",
    "aave:oracle:WETH": "2500",
    "aave:supply_index:USDC": "1.1",
    "aave:supply_index:WETH": "1.02",
    "aave:borrow_index:USDC": "1.2",
}


class TestAave(VenueConformance):
    venue = "aave"
    dialect = "chain"
    market = MARKET
    samples = (
        Sample(Supply(asset="USDC", amount="100"), holds=GAS | {"wallet:balance:USDC": "500"}),
        Sample(Withdraw(asset="WETH", amount="1"), holds=DEBT, first=INDEBTED),
        Sample(Withdraw(asset="WETH", amount=MAX), holds=DEPOSIT),
        Sample(Borrow(asset="USDC", amount="1000"), holds=DEPOSIT, first=DEPOSITED),
        Sample(Repay(asset="USDC", amount=MAX), holds=DEBT, first=INDEBTED),
        Sample(Repay(asset="USDC", amount="10"), holds=DEBT),
        Sample(SetCollateral(asset="WETH", enabled=False), holds=DEPOSIT, first=DEPOSITED),
        Sample(SetEMode(category=1), holds=DEPOSIT, first=DEPOSITED),
    )
