"""What the venues of one chain told about it: accounts, tokens, spenders, how positions are read, and how logs are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import NamedTuple, Protocol

from basis_venues.actions import Action
from basis_venues.amounts import from_units
from basis_venues.config.misfit import nearest
from basis_venues.errors import Denied
from basis_venues.keys import BALANCE, Key, KeyParts, protocol_of, split_key

from . import abi
from .mined import Decoder, Log
from .multicall import Call


class Read(NamedTuple):
    """How a position is read: a view, and what its answer (hex) means. Without a call it is known to be zero."""

    call: Call | None
    meaning: Callable[[str], Decimal]


Reads = Callable[[KeyParts], Read]
"""How one venue's positions are read. Raises `Denied` for a key that it cannot answer for."""


BALANCES = ""
"""In place of a venue: the balances of all accounts."""


class Watch(Protocol):
    """How a lender watches an account that a transaction may bring nearer to liquidation."""

    def standing(self, owner: str) -> Call:
        """The view that says how the account stands. `owner`: its address."""

    def judge(self, account: str, before: str, after: str) -> None:
        """By the view's answers before the transaction and after it. Raises `Denied`, and `RpcUnavailable` where one says nothing."""

    async def judge_blindly(self, account: str, parts: Collection[Action]) -> None:
        """Where the node does not tell what the transaction would do: by the `parts` that it carries out. Raises `Denied`, and
        `RpcUnavailable`."""


class NotMade(Denied):
    """A smart account that does not exist yet: nothing can be in it."""


class Registry:
    """Filled by the venues while they open, asked ever after."""

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        """address -> account alias"""
        self._addresses: dict[str, str] = {}
        self._awaited: set[str] = set()
        self._spenders: dict[str, str] = {}
        self.lenders: set[str] = set()
        """addresses of contracts whose transfers are flash loans"""
        self.watches: dict[str, Watch] = {}
        """lending venue -> how it watches accounts at risk"""
        self._decoders: dict[tuple[str, str], Decoder] = {}
        self._reads: dict[str, Reads] = {}
        self._read: dict[Key, Read] = {}

    # accounts

    def add_account(self, alias: str, address: str) -> None:
        """Say where an account is."""
        self.aliases[address] = alias
        self._addresses[alias] = address

    def await_account(self, alias: str) -> None:
        """Say that an account may not be made yet: until `add_account` it holds nothing."""
        self._awaited.add(alias)

    def knows(self, alias: str) -> bool:
        """Whether the account is on this chain, and made."""
        return alias in self._addresses

    def address(self, alias: str) -> str:
        """Where the account is. Raises `Denied` while no venue has said so."""
        found = self._addresses.get(alias)
        if found is None:
            if alias in self._awaited:
                raise NotMade(f"the smart account {alias} is not made yet: send CreateAccount")
            known = ", ".join(sorted(self._addresses)) or "none"
            raise Denied(f"the account {alias} is not on this chain, or not made yet; there are: {known}")
        return found

    # spenders: contracts that may be allowed to pull tokens

    def add_spender(self, name: str, address: str) -> None:
        """Say which contract a name such as `lido/queue` means in allowances."""
        self._spenders[name] = address

    def spender(self, name: str) -> str:
        """The contract that an allowance is for. Raises `Denied` with the nearest name when it is unknown."""
        found = self._spenders.get(name)
        if found is None:
            known = ", ".join(sorted(self._spenders)) or "none"
            raise Denied(f"no venue of this mode has the spender {name}{nearest(name, self._spenders)}; there are: {known}")
        return found

    def spender_at(self, address: str) -> str | None:
        """The name of a spender's contract; None for one that nobody registered."""
        return next((name for name, each in self._spenders.items() if each == address), None)

    # positions

    def add_reads(self, venue: str, reads: Reads) -> None:
        """Say how the positions that name `venue` are read; with `BALANCES`, how balances are."""
        self._reads[venue] = reads

    def read(self, key: Key) -> Read:
        """How the position is read. Raises `Denied`."""
        found = self._read.get(key)
        if found is None:
            parts = split_key(key)
            reads = self._reads.get(BALANCES if parts.kind == BALANCE else protocol_of(parts) or "")
            if reads is None:
                raise Denied(f"no venue on this chain can show {key}: the mode lacks it, or its client says in no `registry.add_reads` how")
            try:
                found = self._read[key] = reads(parts)
            except NotMade:
                return NOTHING
        return found

    # logs

    def add_decoder(self, contract: str, event: str, decoder: Decoder) -> None:
        """Have the logs of `event` (a signature) at `contract` read by `decoder`."""
        self._decoders[contract, abi.topic(event)] = decoder

    def decoder(self, log: Log) -> Decoder | None:
        """Who reads the log; None for contracts that no venue registered."""
        return self._decoders.get((log.address, log.topics[0])) if log.topics else None

    @property
    def contracts(self) -> list[str]:
        """The contracts whose logs are read."""
        return sorted({contract for contract, _ in self._decoders})

    @property
    def topics(self) -> list[str]:
        """The first topics of the logs that are read."""
        return sorted({topic for _, topic in self._decoders})


def amount_of(decimals: int) -> Callable[[str], Decimal]:
    """The meaning of an answer that is one amount in base units."""
    return lambda data: from_units(abi.number(data), decimals)


NOTHING = Read(None, lambda _: Decimal(0))
"""A position that cannot be there: nothing has to be asked."""


def values_of(reads: Mapping[Key, Read], answers: Mapping[Call, str | None]) -> dict[Key, Decimal]:
    """The positions that could be read; one whose view failed is left out."""
    found: dict[Key, Decimal] = {}
    for key, (call, meaning) in reads.items():
        answer = None if call is None else answers[call]
        if call is None or answer is not None:
            found[key] = meaning(answer or "")
    return found
