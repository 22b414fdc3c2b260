"""The live side of on-chain venues: imported by their clients, never by a backtest."""

from __future__ import annotations

from .abi import MAX_UINT, Method
from .acts import amount_of_action, approval, units_of
from .chain import EvmChain, evm_chain
from .client import EvmClient
from .data import EvmData
from .mined import Change, Decoder, Log, Mined, Told
from .multicall import Call
from .registry import NOTHING, Read, Registry, amount_of
from .rpc import Request, Rpc, RpcUnavailable
from .signing import Signer
from .transactions import Wanted, WouldRevert

__all__ = [
    "MAX_UINT",
    "NOTHING",
    "Call",
    "Change",
    "Decoder",
    "EvmChain",
    "EvmClient",
    "EvmData",
    "Log",
    "Method",
    "Mined",
    "Read",
    "Registry",
    "Request",
    "Rpc",
    "RpcUnavailable",
    "Signer",
    "Told",
    "Wanted",
    "WouldRevert",
    "amount_of",
    "amount_of_action",
    "approval",
    "evm_chain",
    "units_of",
]
