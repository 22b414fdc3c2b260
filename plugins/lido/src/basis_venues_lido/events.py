"""What the logs of the token and of the withdrawal queue say. Balances are in the logs that every token has."""

from __future__ import annotations

from decimal import Decimal

from basis_venues.amounts import from_units
from basis_venues.keys import CLAIM
from basis_venues_evm import ETHER, balance_key
from basis_venues_evm.live import Change, EvmChain, Log, Mined, Told
from basis_venues_evm.live.abi import address_in, number

from .contracts import Contracts
from .model import DECIMALS

SUBMITTED = "Submitted(address,uint256,address)"
REQUESTED = "WithdrawalRequested(uint256,address,address,uint256,uint256)"
CLAIMED = "WithdrawalClaimed(uint256,address,address,uint256)"


class LidoEvents:
    """Decoders for the accounts of one chain."""

    def __init__(self, venue: str, chain: EvmChain) -> None:
        self._venue = venue
        self._aliases = chain.registry.aliases
        self._registry = chain.registry

    def register(self, contracts: Contracts) -> None:
        """Tell the chain who reads the logs."""
        self._registry.add_decoder(contracts.steth, SUBMITTED, self._submitted)
        self._registry.add_decoder(contracts.queue, REQUESTED, self._requested)
        self._registry.add_decoder(contracts.queue, CLAIMED, self._claimed)

    def _submitted(self, log: Log, sent: Mined) -> Told | None:
        """Topics: sender. Data: amount, referral. What a wallet stakes is the value of its transaction; a smart account's is only here."""
        sender = address_in(log.topics[1])
        alias = self._aliases.get(sender)
        if alias is None or sender == sent.sender:
            return None
        return Told("stake", (Change(balance_key(alias, ETHER), -_ether(log, 0)),))

    def _requested(self, log: Log, sent: Mined) -> Told | None:
        """Topics: id, requestor, owner. Data: stETH, shares."""
        alias = self._aliases.get(address_in(log.topics[3]))
        return None if alias is None else Told("stake", (Change(self._claim(alias, log), _ether(log, 0)),))

    def _claimed(self, log: Log, sent: Mined) -> Told | None:
        """Topics: id, owner, receiver. Data: ETH paid. The claim is over, whatever its nominal was."""
        owner, receiver = (self._aliases.get(address_in(log.topics[place])) for place in (2, 3))
        over = () if owner is None else (Change(self._claim(owner, log), Decimal(0), "set"),)
        paid = () if receiver is None else (Change(balance_key(receiver, ETHER), _ether(log, 0)),)
        return Told("stake", (*over, *paid)) if over or paid else None

    def _claim(self, alias: str, log: Log) -> str:
        return f"{alias}:{CLAIM}:{self._venue}/{number(log.topics[1])}"


def _ether(log: Log, word: int) -> Decimal:
    return from_units(number(log.data, word), DECIMALS)
