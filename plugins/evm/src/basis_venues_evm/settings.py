"""What the static YAML of every on-chain venue may say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from attrs import field, frozen

from basis_venues.config.venues import VenueSettings

ETHER = "ETH"
"""The asset that gas is paid in."""


@frozen(kw_only=True, eq=False, repr=False)
class Token:
    """What is known of a token.

    `decimals`: digits of its base unit. `drift`: base units that a balance may be off after an operation, for tokens whose contract
    rounds (stETH). `reset_allowance`: an allowance must be 0 before it is set again (USDT). `shares`: the token rebases, and is counted
    in shares (`sharesOf`, `TransferShares`).
    """

    decimals: int
    drift: int = 0
    reset_allowance: bool = False
    shares: bool = False


@frozen(kw_only=True, eq=False, repr=False)
class TransactionSettings:
    """How transactions are sent from a wallet; gas prices in gwei.

    `max_fee_gwei`, `max_tip_gwei`: caps that nothing goes over, a replacement included; `min_tip_gwei`: the least that is offered to a
    block's maker. `gas_margin`: the estimate times this is the gas limit, at most `gas_limit` (EIP-7825). `confirmations`: blocks, the
    transaction's own included, before it counts as done. `stuck_after_ms`: how long a transaction may wait before one with a higher
    fee takes its place. `timeout_ms`: of one request to the node. `log_blocks`: blocks whose logs are asked for at once (`eth_getLogs`);
    where the provider grants fewer, fewer are asked for as soon as it says so.
    """

    max_fee_gwei: Decimal = Decimal(200)
    max_tip_gwei: Decimal = Decimal(5)
    min_tip_gwei: Decimal = Decimal("0.01")
    gas_margin: Decimal = Decimal("1.25")
    gas_limit: int = 16_777_216
    confirmations: int = 1
    stuck_after_ms: int = 90_000
    timeout_ms: int = 15_000
    log_blocks: int = 2000


@frozen(kw_only=True, eq=False, repr=False)
class ChainSettings(VenueSettings):
    """Static attributes of an on-chain venue.

    `chain` names the chain in the gas-price series. `tokens` are the assets it knows, by symbol. `gas` is the gas that a transaction
    with one action uses, by the action's class name, or by class name and asset where they differ (`Transfer/ETH`). A transaction
    with several parts uses `base_gas` and the sum of theirs. `gas_buffer`: an action is tried only with this many times the
    estimated cost in the lane's wallet, as a transaction is offered with room for the base fee to double and a quarter more gas.
    `contracts` are the addresses of the venue's contracts by network (`mainnet`, `sepolia`,
    `hoodi`, `local`) and name; a local chain of the sandbox tells its own.
    """

    chain: str = "ethereum"
    tokens: Mapping[str, Token]
    gas: Mapping[str, int] = field(factory=dict)
    base_gas: int = 21_000
    gas_buffer: Decimal = Decimal("2.5")
    contracts: Mapping[str, Mapping[str, str]] = field(factory=dict)
