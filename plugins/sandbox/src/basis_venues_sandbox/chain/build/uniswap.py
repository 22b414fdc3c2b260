"""The swap pools: Uniswap V3 as published, from its prebuilt artifacts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal

from ..abi import checksum
from ..addresses import UniswapAddresses
from ..artifacts import Artifact, published_artifact
from ..deploy import Sender
from ..packages import packages
from .market import POOLS, PRICES, RESERVES, PoolTerms

PACKAGES = ("@uniswap/v3-core", "@uniswap/v3-periphery", "@uniswap/swap-router-contracts")
"""The packages that the artifacts come from."""

_NOBODY = "0x" + "00" * 20
_FOREVER = 2**63
_SPACING = {100: 1, 500: 10}
_MINT = "mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))"
_CREATE = "createAndInitializePoolIfNecessary(address,address,uint24,uint160)"


def deploy_uniswap(deployer: Sender, whale: Sender, tokens: Mapping[str, str], rate: Decimal) -> UniswapAddresses:
    """Factory, router, quoter, positions and the pools with their liquidity. `rate`: ether for one wstETH."""
    core, periphery, routers = PACKAGES
    factory = deployer.deploy(_artifact(core, "UniswapV3Factory"))
    deployer.send(factory, "enableFeeAmount(uint24,int24)", 100, _SPACING[100])
    weth = tokens["WETH"]
    positions = deployer.deploy(_artifact(periphery, "NonfungiblePositionManager"), factory, weth, _NOBODY)
    quoter = deployer.deploy(_artifact(periphery, "QuoterV2", "lens/"), factory, weth)
    router = deployer.deploy(_artifact(routers, "SwapRouter02"), _NOBODY, factory, positions, weth)
    for token in sorted({tokens[each] for pool in POOLS for each in (pool.first, pool.second)}):
        whale.send(token, "approve(address,uint256)", positions, 2**255)
    prices = {**{asset: Decimal(price) for asset, price in PRICES.items()}, "wstETH": PRICES["WETH"] * rate}
    pools = {f"{each.first}/{each.second}/{each.fee}": _fill(whale, factory, positions, tokens, each, prices) for each in POOLS}
    return UniswapAddresses(factory=factory, router=router, quoter=quoter, positions=positions, pools=pools)


def _fill(whale: Sender, factory: str, positions: str, tokens: Mapping[str, str], terms: PoolTerms, prices: Mapping[str, Decimal]) -> str:
    """Make the pool at the true price and put liquidity around it."""
    sides = sorted(zip((terms.first, terms.second), terms.amounts, strict=True), key=lambda side: int(tokens[side[0]], 16))
    (low, low_amount), (high, high_amount) = sides
    price = prices[low] / prices[high] * Decimal(10) ** (RESERVES[high].decimals - RESERVES[low].decimals)
    whale.send(positions, _CREATE, tokens[low], tokens[high], terms.fee, int(price.sqrt() * 2**96))
    spacing = _SPACING[terms.fee]
    middle = round(math.log(price, 1.0001) / spacing) * spacing
    ticks = (middle - terms.reach, middle + terms.reach)
    position = (tokens[low], tokens[high], terms.fee, *ticks, low_amount, high_amount, 0, 0, whale.address, _FOREVER)
    whale.send(positions, _MINT, position)
    return checksum(whale.read(factory, "getPool(address,address,uint24)(address)", tokens[low], tokens[high], terms.fee))


def _artifact(package: str, name: str, folder: str = "") -> Artifact:
    return published_artifact(packages()[package].folder / "artifacts" / "contracts" / folder / f"{name}.sol" / f"{name}.json")
