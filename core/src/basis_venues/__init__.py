"""Venue adapters for trading-strategy runners: one contract for exchanges and protocols, with proof from account state.

Names are looked up when they are first used, so that a part of the package (a plugin's settings, the command line) does not pay for the
whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .actions import (
        MAX,
        Action,
        AtomicBundle,
        Borrow,
        ClaimUnstake,
        CreateAccount,
        FromLeg,
        PerpTrade,
        Repay,
        RequestUnstake,
        SetCollateral,
        SetEMode,
        SpotTrade,
        Stake,
        Supply,
        Swap,
        Transfer,
        Unwind,
        Unwrap,
        UnwrapEther,
        Withdraw,
        Wrap,
        WrapEther,
    )
    from .errors import BasisError
    from .execution.blocking import BlockingManager, drive
    from .execution.manager import ExecutionManager
    from .hookspecs import hookimpl
    from .network import Network
    from .results import ActionResult, LegResult
    from .secret import Secret
    from .states import State, Verdict

__version__ = "0.1.0"

__all__ = [
    "MAX",
    "Action",
    "ActionResult",
    "AtomicBundle",
    "BasisError",
    "BlockingManager",
    "Borrow",
    "ClaimUnstake",
    "CreateAccount",
    "ExecutionManager",
    "FromLeg",
    "LegResult",
    "Network",
    "PerpTrade",
    "Repay",
    "RequestUnstake",
    "Secret",
    "SetCollateral",
    "SetEMode",
    "SpotTrade",
    "Stake",
    "State",
    "Supply",
    "Swap",
    "Transfer",
    "Unwind",
    "Unwrap",
    "UnwrapEther",
    "Verdict",
    "Withdraw",
    "Wrap",
    "WrapEther",
    "drive",
    "hookimpl",
]

_HOMES = {
    "ActionResult": "results",
    "BasisError": "errors",
    "BlockingManager": "execution.blocking",
    "ExecutionManager": "execution.manager",
    "LegResult": "results",
    "Network": "network",
    "Secret": "secret",
    "State": "states",
    "Verdict": "states",
    "drive": "execution.blocking",
    "hookimpl": "hookspecs",
}
"""Module of each public name; those that are not here are in `actions`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f".{_HOMES.get(name, 'actions')}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
