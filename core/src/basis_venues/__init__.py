"""Venue adapters for trading-strategy runners: one contract for exchanges and protocols, with proof from account state."""

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
