"""What the static YAML of every on-chain venue may say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attrs import field, frozen

from basis_venues.config.venues import VenueSettings

ETHER = "ETH"
"""The asset that gas is paid in."""


@frozen(kw_only=True)
class Token:
    """What is known of a token.

    `decimals`: digits of its base unit. `drift`: base units that a balance may be off after an operation, for tokens whose contract
    rounds (stETH). `reset_allowance`: an allowance must be 0 before it is set again (USDT).
    """

    decimals: int
    drift: int = 0
    reset_allowance: bool = False


@frozen(kw_only=True)
class ChainSettings(VenueSettings):
    """Static attributes of an on-chain venue.

    `chain` names the chain in the gas-price series. `tokens` are the assets it knows, by symbol. `gas` is the gas that a transaction
    with one action uses, by the action's class name, or by class name and asset where they differ (`Transfer/ETH`). A transaction
    with several parts uses `base_gas` and the sum of theirs. `gas_buffer`: an action is tried only with this many times the
    estimated cost in the lane's wallet.
    """

    chain: str = "ethereum"
    tokens: Mapping[str, Token]
    gas: Mapping[str, int] = field(factory=dict)
    base_gas: int = 21_000
    gas_buffer: Decimal = Decimal("1.25")
