"""What the tests of bundles share: modes with a smart account, the recipe that levers it up, and what it holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from basis_venues.actions import MAX, Action, AtomicBundle, Borrow, FromLeg, SetEMode, Stake, Supply, UnwrapEther, Wrap

_SUBSCRIBED = {
    "staking_execution": {"primary": "lido"},
    "flash_loan_execution": {"primary": "instadapp"},
    "unwind_execution": {"primary": "instadapp"},
    "execution_subscriptions": {"wallet": ["alchemy"]},
}
MODE = {
    "mode": "leveraged",
    "share_class": "ETH",
    "asset": "ETH",
    "venues": {"lending_execution": {"primary": "aave", "on_chain_leverage_venue": "aave"}, **_SUBSCRIBED},
}
STAKING_MODE = {"mode": "staking", "share_class": "ETH", "asset": "ETH", "venues": _SUBSCRIBED}
POOL = "wstETH/WETH/100"
ACCOUNT_DATA = "getUserAccountData(address)(uint256,uint256,uint256,uint256,uint256,uint256)"
SCALED = "scaledBalanceOf(address)(uint256)"


def lever(soon: int, equity: str = "10", flash: str = "30", name: str = "lever", *, emode: bool = True) -> AtomicBundle:
    """The reference's recipe."""
    loan = Decimal(flash)
    enter = (SetEMode(category=1),) if emode else ()
    legs: tuple[Action, ...] = (
        UnwrapEther(amount=loan),
        Stake(amount=Decimal(equity) + loan),
        Wrap(amount=MAX),
        Supply(asset="wstETH", amount=FromLeg(2)),
        *enter,
        Borrow(asset="WETH", amount=loan * (1 + Decimal("0.0005"))),
    )
    return AtomicBundle(id=name, flash_asset="WETH", flash_amount=loan, equity=equity, legs=legs, valid_until=soon)


def staked(soon: int) -> tuple[Action, ...]:
    """12 ETH of the wallet, staked and wrapped."""
    return Stake(id="s", amount="12", valid_until=soon), Wrap(id="w", amount="max", valid_until=soon)


def account_of(run: Any) -> str:
    """Where the smart account is."""
    return str(run.client("instadapp").chain.address_of("dsa"))


def held(run: Any) -> dict[tuple[str, str], int]:
    """Every token of both accounts, Aave's included, the smart account's ETH, its efficiency mode and which reserves it uses; the wallet's
    ETH pays the gas."""
    at, read = run.control.addresses, run.control.owner.read
    accounts = {"wallet": at.wallet, "dsa": account_of(run)}
    found = {("dsa", "ETH"): run.control.balance("ETH", accounts["dsa"])}
    for name, address in accounts.items():
        for symbol, token in at.tokens.items():
            found[name, symbol] = read(token, "balanceOf(address)(uint256)", address)
        for kind, tokens in (("supplied", at.aave.a_tokens), ("borrowed", at.aave.debt_tokens)):
            found.update({(name, f"{kind} {symbol}"): read(token, SCALED, address) for symbol, token in tokens.items()})
        found[name, "emode"] = read(at.aave.pool, "getUserEMode(address)(uint256)", address)
        found[name, "reserves"] = read(at.aave.pool, "getUserConfiguration(address)(uint256)", address)
    return found
