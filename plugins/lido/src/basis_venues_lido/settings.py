"""What `lido.yaml` may say."""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from basis_venues_evm import ChainSettings


@frozen(kw_only=True, eq=False, repr=False)
class LidoSettings(ChainSettings):
    """Static attributes of Lido.

    `withdrawal_delay_ms`: in simulation, how long a request waits before it can be claimed; on a chain the oracle decides.
    `stake_limit`: the most ETH that one transaction may stake, as the refilling limit of the contract is not simulated.
    `minimum_request`, `maximum_request`: bounds of one withdrawal request, in stETH. `staking_paused`, `queue_paused`: in simulation,
    the contract's switches.
    """

    withdrawal_delay_ms: int = 259_200_000
    stake_limit: Decimal = Decimal(150_000)
    minimum_request: Decimal = Decimal("1E-16")
    maximum_request: Decimal = Decimal(1000)
    staking_paused: bool = False
    queue_paused: bool = False
