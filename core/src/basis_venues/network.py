"""Where a venue is talked to, and who acts there."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Network(StrEnum):
    """Which world a venue's calls reach."""

    SIMULATION = "simulation"
    """No connection: the core's simulated client answers."""
    TESTNET = "testnet"
    """A venue's test network, demo trading, or the local sandbox."""
    MAINNET = "mainnet"
    """Real money."""


class Account(NamedTuple):
    """Where value sits, and the unit of sequence, freeze and limits.

    `alias` is what position keys carry. `identity` is what locks and the journal use: exchange, network and key owner, or chain id and
    address. `keeper` is the venue that shows its balances. `lane` is the alias of the account whose nonces or client ids are used;
    itself, except for a smart account, whose lane is its owner's wallet. `outer_wallet` is the inner wallet that deposits arrive in and
    withdrawals leave; empty where it is the balance itself.
    """

    alias: str
    identity: str
    keeper: str
    lane: str
    outer_wallet: str = ""
