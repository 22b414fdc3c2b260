"""Value on the chain: the whale's liquidity and the wallet's funds."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ..addresses import LidoAddresses
from ..deploy import Sender
from ..rpc import Rpc
from .market import BORROWED, ETHER, LENT, STAKED_ETHER, STAKING_REWARD, WALLET, WHALE_DOLLARS, WRAPPED_ETHER

_VARIABLE_RATE = 2


def fund(rpc: Rpc, owner: Sender, account: str, ether: int, dollars: int, tokens: Mapping[str, str]) -> None:
    """Give an account ether, USDC and USDT."""
    rpc.call("anvil_setBalance", account, hex(ether))
    owner.send(tokens["USDC"], "mint(address,uint256)", account, dollars)
    owner.send(tokens["USDT"], "mint(address,uint256)", account, dollars)


def fund_wallet(rpc: Rpc, owner: Sender, wallet: str, tokens: Mapping[str, str]) -> None:
    """What the sandbox's wallet starts with."""
    fund(rpc, owner, wallet, WALLET["ETH"], WALLET["USDC"], tokens)


def stake_and_wrap(keeper: Sender, whale: Sender, lido: LidoAddresses) -> Decimal:
    """The whale's wstETH, and then a reward, so that it is worth more than ether. Returns ether for one wstETH."""
    whale.send(lido.steth, "submit(address)", whale.address, value=STAKED_ETHER)
    whale.send(lido.steth, "approve(address,uint256)", lido.wsteth, 2**256 - 1)
    whale.send(lido.wsteth, "wrap(uint256)", whale.read(lido.steth, "balanceOf(address)(uint256)", whale.address))
    keeper.send(lido.steth, "report(uint256,uint256,uint256,uint256,uint256)", 0, 0, 0, 0, 0, value=STAKING_REWARD)
    return Decimal(whale.read(lido.wsteth, "stEthPerToken()(uint256)")) / ETHER


def lend(whale: Sender, pool: str, tokens: Mapping[str, str]) -> None:
    """What others can borrow."""
    for asset, amount in LENT.items():
        whale.send(tokens[asset], "approve(address,uint256)", pool, amount)
        whale.send(pool, "supply(address,uint256,address,uint16)", tokens[asset], amount, whale.address, 0)


def borrow(whale: Sender, pool: str, tokens: Mapping[str, str]) -> None:
    """What others owe, so that deposits earn interest."""
    for asset, amount in BORROWED.items():
        call = "borrow(address,uint256,uint256,uint16,address)"
        whale.send(pool, call, tokens[asset], amount, _VARIABLE_RATE, 0, whale.address)


def whale_funds(rpc: Rpc, owner: Sender, whale: Sender, ether: int, tokens: Mapping[str, str]) -> None:
    """Ether, part of it wrapped, and dollars."""
    fund(rpc, owner, whale.address, ether, WHALE_DOLLARS, tokens)
    whale.send(tokens["WETH"], "deposit()", value=WRAPPED_ETHER)
