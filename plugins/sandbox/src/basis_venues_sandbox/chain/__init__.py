"""A local chain with the protocols on it: anvil, the real Aave V3 and Uniswap V3, stand-ins for Lido and Instadapp, and an RPC with
scripted faults."""

from __future__ import annotations

from .addresses import Addresses, read_addresses
from .control import ChainControl, Counts
from .errors import ChainBroken, ChainUnavailable, RpcError
from .running import Availability, RunningChain, available, running_chain
from .wallet import wallet_address, wallet_key

__all__ = [
    "Addresses",
    "Availability",
    "ChainBroken",
    "ChainControl",
    "ChainUnavailable",
    "Counts",
    "RpcError",
    "RunningChain",
    "available",
    "read_addresses",
    "running_chain",
    "wallet_address",
    "wallet_key",
]
