"""What the connectors of the smart account can do, and so which legs a bundle may have.

Read from the connectors' ABIs and sources: which amounts each takes (an exact one, the whole balance, or what an earlier leg left in the
account's memory), what its arguments are, and which venue's rules it follows. The plan and the live encoder both go by this table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from basis_venues.actions import (
    MAX,
    Action,
    Borrow,
    Deposit,
    FlashBorrow,
    FlashPayback,
    FromLeg,
    Payout,
    Repay,
    SetCollateral,
    SetEMode,
    Stake,
    Supply,
    Swap,
    Unwrap,
    UnwrapEther,
    Withdraw,
    Wrap,
    WrapEther,
)
from basis_venues.errors import Denied

Role = Literal["lending", "staking", "wallet", "own"]
"""Whose rules a leg follows: that of the venue in the settings' field of this name, or those of the smart account itself."""

WETH, STETH, WSTETH = "WETH", "stETH", "wstETH"


class Connector(NamedTuple):
    """One function of a connector as its ABI has it (`dsa-connect`), with the names of the arguments: whose rules it follows, and whether
    it takes `MAX` and `FromLeg`. `asked`: whether a strategy may ask for it as a leg; the others are planned around its legs."""

    name: str
    function: str
    role: Role
    takes_max: bool = True
    takes_leg: bool = True
    asked: bool = True

    def __str__(self) -> str:
        return f"{self.name} {self.function.partition('(')[0]}"


CONNECTORS: Mapping[type[Action], Connector] = {
    WrapEther: Connector("WETH-A", "deposit(uint256 amt, uint256 getId, uint256 setId)", "wallet"),
    UnwrapEther: Connector("WETH-A", "withdraw(uint256 amt, uint256 getId, uint256 setId)", "wallet"),
    Stake: Connector("LIDO-STETH-A", "deposit(uint256 amt, uint256 getId, uint256 setId)", "staking", takes_max=False, takes_leg=False),
    # stETH is counted in shares, and what a leg added is not the amount that the wrapper takes
    Wrap: Connector("WSTETH-A", "deposit(uint256 stethAmt, uint256 getId, uint256 setId)", "staking", takes_leg=False),
    Unwrap: Connector("WSTETH-A", "withdraw(uint256 wstethAmt, uint256 getId, uint256 setId)", "staking"),
    Supply: Connector("AAVE-V3-A", "deposit(address token, uint256 amt, uint256 getId, uint256 setId)", "lending"),
    Withdraw: Connector("AAVE-V3-A", "withdraw(address token, uint256 amt, uint256 getId, uint256 setId)", "lending"),
    Borrow: Connector(
        "AAVE-V3-A", "borrow(address token, uint256 amt, uint256 rateMode, uint256 getId, uint256 setId)", "lending", takes_max=False
    ),
    Repay: Connector("AAVE-V3-A", "payback(address token, uint256 amt, uint256 rateMode, uint256 getId, uint256 setId)", "lending"),
    SetCollateral: Connector("AAVE-V3-A", "enableCollateral(address[] tokens)", "lending"),
    SetEMode: Connector("AAVE-V3-A", "setUserEMode(uint8 categoryId)", "lending"),
    # it knows the whole balance; its minimum is for each unit sold, and a leg's is for a whole that must be known
    Swap: Connector(
        "UNISWAP-V3-SWAP-A",
        "sell(address buy, address sell, uint24 fee, uint256 unitAmt, uint256 sellAmt, uint256 getId, uint256 setId)",
        "own",
        takes_leg=False,
    ),
    Payout: Connector("BASIC-A", "withdraw(address token, uint256 amt, address to, uint256 getId, uint256 setId)", "own"),
    Deposit: Connector("BASIC-A", "deposit(address token, uint256 amt, uint256 getId, uint256 setId)", "own", asked=False),
    FlashBorrow: Connector(
        "INSTAPOOL-C",
        "flashBorrowAndCast(address token, uint256 amt, uint256 route, bytes data, bytes extraData)",
        "own",
        takes_max=False,
        takes_leg=False,
        asked=False,
    ),
    FlashPayback: Connector(
        "INSTAPOOL-C",
        "flashPayback(address token, uint256 amt, uint256 getId, uint256 setId)",
        "own",
        takes_max=False,
        takes_leg=False,
        asked=False,
    ),
}
"""The connector of each part of a step."""

CONNECTOR_NAMES = tuple(dict.fromkeys(connector.name for connector in CONNECTORS.values()))
"""All that a bundle can need."""


def connector_for(leg: Action) -> Connector:
    """The connector of a leg. Raises `Denied` when there is none, or it cannot take the leg's kind of amount."""
    connector = CONNECTORS.get(type(leg))
    if connector is None or not connector.asked:
        known = ", ".join(sorted(cls.__name__ for cls, each in CONNECTORS.items() if each.asked))
        raise Denied(f"no connector does this inside a flash loan; there are connectors for {known}")
    amount = getattr(leg, "amount", None)
    if amount == MAX and (isinstance(leg, Swap) or not connector.takes_max):
        raise Denied(f"{connector} takes an exact amount, not MAX")
    if isinstance(amount, FromLeg) and not connector.takes_leg:
        exact = "an exact amount" if isinstance(leg, Swap) or not connector.takes_max else "MAX or an exact amount"
        raise Denied(f"{connector} cannot take its amount from a leg: write {exact}")
    if isinstance(leg, Swap) and STETH in (leg.sell, leg.buy):
        raise Denied("the swap connector trades wstETH, not stETH: wrap first, or unwrap after")
    if isinstance(leg, Payout) and leg.asset == STETH:
        raise Denied("stETH would arrive a wei short: wrap it and pay wstETH out")
    return connector


def leaves(part: Action) -> str | None:
    """The asset of which a part leaves in the account's memory how much it added; None where it adds none, or the connector stores
    something else (a stake stores the ETH that it took)."""
    if isinstance(part, WrapEther):
        return WETH
    if isinstance(part, UnwrapEther):
        return "ETH"
    if isinstance(part, Wrap):
        return WSTETH
    if isinstance(part, Swap):
        return part.buy
    return part.asset if isinstance(part, (Withdraw, Borrow, Deposit)) else None


def takers(parts: Sequence[Action], word: str = "part") -> dict[int, int]:
    """By the part that leaves an amount the part that takes it, which deletes it: one can serve one other. Raises `Denied`, calling a part
    by `word`, where one cannot give what another takes, or would have to give it twice."""
    found: dict[int, int] = {}
    for number, part in enumerate(parts):
        amount = getattr(part, "amount", None)
        if not isinstance(amount, FromLeg):
            continue
        source, name = amount.leg, f"{word} {number} ({type(part).__name__})"
        if leaves(parts[source]) != part.spends():
            raise Denied(f"{name} takes its amount from {word} {source} ({type(parts[source]).__name__}), which leaves no {part.spends()}")
        if found.setdefault(source, number) != number:
            raise Denied(f"{name} takes what {word} {source} left, which {word} {found[source]} has taken: write an exact amount")
    return found


def balances_moved(leg: Action) -> tuple[str, ...]:
    """The assets whose balance on the smart account a leg changes."""
    if isinstance(leg, (WrapEther, UnwrapEther)):
        return ("ETH", WETH)
    if isinstance(leg, Stake):
        return ("ETH", STETH)
    if isinstance(leg, (Wrap, Unwrap)):
        return (STETH, WSTETH)
    if isinstance(leg, Swap):
        return (leg.sell, leg.buy)
    spent = leg.spends()
    return () if spent is None or isinstance(leg, SetCollateral) else (spent,)
