"""Names of positions in a lending protocol, and which actions are risky: who lends there, and who does so from an account of another venue,
mean the same."""

from __future__ import annotations

from typing import NamedTuple

from basis_venues.actions import Borrow, SetCollateral, SetEMode, Withdraw
from basis_venues.keys import BORROWED, SETTING, SUPPLIED, Key

RISKY = (Borrow, Withdraw, SetCollateral, SetEMode)
"""Actions that can bring an account nearer to liquidation."""


class ReserveKeys(NamedTuple):
    """An account's positions in one reserve. `collateral` is 1 where the deposit counts as collateral, else 0."""

    supplied: Key
    borrowed: Key
    collateral: Key


def reserve_keys(account: str, venue: str, asset: str) -> ReserveKeys:
    """`dsa:supplied:aave/WETH`, `dsa:borrowed:aave/WETH` and `dsa:setting:aave/collateral/WETH`."""
    return ReserveKeys(
        f"{account}:{SUPPLIED}:{venue}/{asset}",
        f"{account}:{BORROWED}:{venue}/{asset}",
        f"{account}:{SETTING}:{venue}/collateral/{asset}",
    )


def emode_key(account: str, venue: str) -> Key:
    """The efficiency mode, 0 for none: `dsa:setting:aave/emode`."""
    return f"{account}:{SETTING}:{venue}/emode"
