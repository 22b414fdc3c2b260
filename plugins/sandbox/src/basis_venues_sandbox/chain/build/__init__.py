"""Building the chain: every contract deployed, every balance in place. Takes seconds once the sources are compiled."""

from __future__ import annotations

import re

from ..addresses import MULTICALL3, Addresses
from ..anvil import CHAIN_ID
from ..artifacts import Artifact
from ..deploy import Sender
from ..own import own_artifacts
from ..packages import Progress, packages
from ..rpc import Rpc
from ..wallet import wallet_address
from . import aave_sources, uniswap
from .aave import deploy_aave
from .aave_sources import aave_artifacts
from .instadapp import deploy_instadapp
from .lido import deploy_lido
from .liquidity import fund_wallet, lend, stake_and_wrap, whale_funds
from .market import WHALE_ETHER
from .tokens import deploy_feeds, deploy_tokens
from .uniswap import deploy_uniswap

__all__ = ["PACKAGES", "build_chain"]

PACKAGES = (*aave_sources.PACKAGES, *uniswap.PACKAGES, "viem")
"""The packages that building needs."""


def build_chain(rpc: Rpc, progress: Progress) -> Addresses:
    """Deploy everything on a fresh node.

    Each protocol has a deployer of its own, so that a change in one moves no address of another. The node's accounts: 0 owns tokens,
    feeds and the lending market, 1 Uniswap, 2 Lido, 3 Instadapp; 4 supplies the liquidity, 5 takes the fees.
    """
    compiled, own = aave_artifacts(progress), own_artifacts()
    owner, swapper, keeper, dealer, whale, treasury = (Sender(rpc, each) for each in rpc.call("eth_accounts")[:6])
    progress("deploying the contracts")
    tokens = deploy_tokens(owner, compiled, own)
    lido = deploy_lido(keeper, own, treasury.address)
    tokens |= {"stETH": lido.steth, "wstETH": lido.wsteth}
    whale_funds(rpc, owner, whale, WHALE_ETHER, tokens)
    rate = stake_and_wrap(keeper, whale, lido)
    feeds = deploy_feeds(owner, own, lido.wsteth)
    market = deploy_aave(owner, compiled, tokens, feeds, treasury.address)
    swaps = deploy_uniswap(swapper, whale, tokens, rate)
    accounts = deploy_instadapp(dealer, own, tokens["WETH"], market, lido, swaps.router, treasury.address)
    lend(whale, market.pool, tokens)
    _multicall(rpc, swapper)
    fund_wallet(rpc, owner, wallet_address(), tokens)
    return Addresses(
        chain_id=CHAIN_ID,
        wallet=wallet_address(),
        owner=owner.address,
        keeper=keeper.address,
        whale=whale.address,
        multicall=MULTICALL3,
        tokens=tokens,
        feeds=feeds,
        aave=market,
        lido=lido,
        uniswap=swaps,
        instadapp=accounts,
    )


def _multicall(rpc: Rpc, deployer: Sender) -> None:
    """Multicall3, at the address that it has on every public chain."""
    text = (packages()["viem"].folder / "_cjs" / "constants" / "contracts.js").read_text(encoding="utf-8")
    (code,) = re.findall(r"multicall3Bytecode = '0x([0-9a-f]+)'", text)
    made = deployer.deploy(Artifact("Multicall3", [], code, {}))
    rpc.call("anvil_setCode", MULTICALL3, rpc.call("eth_getCode", made, "latest"))
