"""What the logs of the index and of the smart account say. Tokens, lending and staking say the rest in their own logs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from basis_venues.actions import Payout
from basis_venues.amounts import from_units
from basis_venues.keys import Key
from basis_venues_evm import ETHER, allowance_key, balance_key
from basis_venues_evm.live import Change, EvmChain, Log, Mined, Told
from basis_venues_evm.live.abi import address_in, decoded, number

from .connectors import CONNECTORS
from .methods import BASIC_DEPOSITED, BASIC_WITHDRAWN, CAST_DATA, CAST_DONE, CREATED, ETHER_ADDRESS


class AccountEvents:
    """Decoders for the smart account of one wallet. `exists`: the key that says whether the account is made."""

    def __init__(self, venue: str, chain: EvmChain, lane: str, account: str, exists: Key) -> None:
        self._venue = venue
        self._chain = chain
        self._lane = lane
        self._account = account
        self._exists = exists

    def watch_index(self, index: str) -> None:
        """Read the logs of accounts being made."""
        self._chain.registry.add_decoder(index, CREATED, self._created)

    def watch_account(self, account: str) -> None:
        """Read the logs of the account's casts."""
        self._chain.registry.add_decoder(account, CAST_DONE, self._cast)

    def _created(self, log: Log, sent: Mined) -> Told | None:
        """Topics: owner, account, origin. Anyone can make an account for anyone: only the one that is used here counts."""
        ours = self._chain.registry.aliases.get(address_in(log.topics[2])) == self._account
        return Told("setting", (Change(self._exists, Decimal(1)),)) if ours else None

    def _cast(self, log: Log, sent: Mined) -> Told | None:
        """The account's own moves that leave no other log: ETH that is paid out, and the allowance that a deposit used up."""
        _, names, _, events, params = decoded(CAST_DATA, log.data)
        spells: Any = zip(names, events, params, strict=True)  # type: ignore[call-overload]
        changes = tuple(
            change
            for name, event, data in spells
            if name == CONNECTORS[Payout].name
            for change in self._moved(event, "0x" + data.hex(), sent)
        )
        return Told("transfer", changes) if changes else None

    def _moved(self, event: str, data: str, sent: Mined) -> Iterator[Change]:
        """Parameters: the token, the amount, and of a withdrawal the receiver."""
        token, units = address_in(data), number(data, 1)
        if event == BASIC_WITHDRAWN and token == ETHER_ADDRESS:
            amount, receiver = from_units(units, 18), self._chain.registry.aliases.get(address_in(data, 2))
            yield Change(balance_key(self._account, ETHER), -amount)
            if receiver is not None:
                yield Change(balance_key(receiver, ETHER), amount)
        if event == BASIC_DEPOSITED and self._chain.registry.aliases.get(sent.sender) == self._lane:
            placed = self._chain.tokens.at(token)
            if placed is not None:
                yield Change(allowance_key(self._lane, self._venue, placed.symbol), placed.amount(units), "spend")
