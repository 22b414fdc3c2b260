"""What the on-chain venues of basis-venues share."""

from __future__ import annotations

from .acting import Acting, Lines, allowance_key, balance_key
from .lending import RISKY, ReserveKeys, emode_key, reserve_keys
from .model import AnyAction, ChainModel, Rule, Write, with_amount
from .rays import BPS, RAY, bps_ceil, over_ceil, over_floor, ray, times_ceil, times_floor, whole_ceil, whole_floor
from .settings import ETHER, ChainSettings, Token, TransactionSettings

__all__ = [
    "BPS",
    "ETHER",
    "RAY",
    "RISKY",
    "Acting",
    "AnyAction",
    "ChainModel",
    "ChainSettings",
    "Lines",
    "ReserveKeys",
    "Rule",
    "Token",
    "TransactionSettings",
    "Write",
    "allowance_key",
    "balance_key",
    "bps_ceil",
    "emode_key",
    "over_ceil",
    "over_floor",
    "ray",
    "reserve_keys",
    "times_ceil",
    "times_floor",
    "whole_ceil",
    "whole_floor",
    "with_amount",
]
