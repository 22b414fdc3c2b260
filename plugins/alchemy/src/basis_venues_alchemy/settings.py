"""What `alchemy.yaml` may say."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from basis_venues_evm import ChainSettings, TransactionSettings


@frozen(kw_only=True, eq=False, repr=False)
class AlchemySettings(ChainSettings):
    """Static attributes of the wallet.

    `credit_delay_ms`: how long a transfer to another account is on its way, by the target's alias; `default_credit_delay_ms` for the
    others. 0 credits it in the same transaction, as for a smart account on the same chain. `transactions`: fees, gas and confirmations
    of everything that is sent on the chain.
    """

    credit_delay_ms: Mapping[str, int] = field(factory=dict)
    default_credit_delay_ms: int = 180_000
    transactions: TransactionSettings = field(factory=TransactionSettings)
