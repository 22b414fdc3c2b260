"""A mined transaction, and what it did to the positions of our accounts.

Only logs of contracts that a venue registered count; any contract can write a log that looks like a transfer. A log says what was added
to a position (`add`), what it is from now on (`set`: an allowance after an approval), or what was used of an allowance (`spend`, which
leaves one for ever as it is). The last two need to know what the position was before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from basis_venues.amounts import MONEY, ZERO, from_units
from basis_venues.keys import Key
from basis_venues.orders import Effect, Line

from ..acting import balance_key
from ..settings import ETHER

UNLIMITED = Decimal(10) ** 36
"""An allowance of so many tokens is one for ever; of one that is greater, so many are counted."""


class Log(NamedTuple):
    """One log. `place` counts from 0 within the transaction, so that it stays when a reorganisation moves the transaction."""

    address: str
    topics: tuple[str, ...]
    data: str
    place: int


class Mined(NamedTuple):
    """A transaction with its receipt. `value` and `paid` (the gas) in wei; `gas_used` of `gas`; `ok`: it was not reverted."""

    hash: str
    block: int
    ok: bool
    sender: str
    to: str
    data: str
    value: int
    paid: int
    gas_used: int
    gas: int
    logs: tuple[Log, ...]


class Change(NamedTuple):
    """What a log says of one position."""

    key: Key
    amount: Decimal
    how: Literal["add", "set", "spend"] = "add"


class Told(NamedTuple):
    """What a log says: the kind of the effect, and the changes."""

    kind: str
    changes: tuple[Change, ...]


Decoder = Callable[[Log, Mined], Told | None]
"""Reads one log of a registered contract; None for one that concerns no account of ours."""

Find = Callable[[Log], Decoder | None]


def mined(transaction: Mapping[str, Any], receipt: Mapping[str, Any]) -> Mined:
    """From the node's answers to `eth_getTransactionByHash` and `eth_getTransactionReceipt`."""
    gas_used = int(receipt["gasUsed"], 16)
    logs = tuple(
        Log(each["address"].lower(), tuple(each["topics"]), each["data"], place)
        for place, each in enumerate(sorted(receipt["logs"], key=lambda log: int(log["logIndex"], 16)))
    )
    return Mined(
        hash=receipt["transactionHash"],
        block=int(receipt["blockNumber"], 16),
        ok=int(receipt["status"], 16) == 1,
        sender=receipt["from"].lower(),
        to=(receipt["to"] or "").lower(),
        data=transaction["input"],
        value=int(transaction["value"], 16),
        paid=gas_used * int(receipt["effectiveGasPrice"], 16),
        gas_used=gas_used,
        gas=int(transaction["gas"], 16),
        logs=logs,
    )


def told(transaction: Mined, find: Find) -> list[tuple[Log, Told]]:
    """What each log of a registered contract says, in order; nothing of a reverted transaction."""
    found = []
    for log in transaction.logs if transaction.ok else ():
        decoder = find(log)
        said = decoder(log, transaction) if decoder is not None and log.topics else None
        if said is not None:
            found.append((log, said))
    return found


def needed(said: Iterable[tuple[Log, Told]]) -> set[Key]:
    """The positions whose value before the transaction must be known."""
    return {change.key for _, each in said for change in each.changes if change.how != "add"}


def effects(
    transaction: Mined, said: Iterable[tuple[Log, Told]], accounts: Mapping[str, str], before: Mapping[Key, Decimal], order: str | None
) -> tuple[Effect, ...]:
    """All effects of the transaction. `accounts`: alias by address. `before` holds what `needed` names. `order`: its attempt key."""
    name, block = f"tx:{transaction.hash}", transaction.block
    found: list[Effect] = []
    sender = accounts.get(transaction.sender)
    if sender is not None:
        paid = (balance_key(sender, ETHER), -from_units(transaction.paid, 18))
        found.append(Effect(f"{name}:gas", order, (paid,), block, "gas"))
    sent = _ether_sent(transaction, accounts) if transaction.ok else ()
    if sent:
        found.append(Effect(f"{name}:value", order, sent, block, "transfer"))
    running = _Running(before)
    for log, each in said:
        lines = tuple(line for change in each.changes if (line := running.line(change))[1])
        if lines or each.kind == "setting":
            found.append(Effect(f"{name}:{log.place}", order, lines, block, each.kind))
    return tuple(found)


def _ether_sent(transaction: Mined, accounts: Mapping[str, str]) -> tuple[Line, ...]:
    amount = from_units(transaction.value, 18)
    if not amount:
        return ()
    sides = ((accounts.get(transaction.sender), -amount), (accounts.get(transaction.to), amount))
    return tuple((balance_key(alias, ETHER), change) for alias, change in sides if alias is not None)


class _Running:
    """Values of positions as the logs of a transaction go on."""

    def __init__(self, before: Mapping[Key, Decimal]) -> None:
        self._values = dict(before)
        self._lowered: dict[Key, Decimal] = {}

    def line(self, change: Change) -> Line:
        """The signed change. A token that itself says what is left of an allowance has said so before the one who used it does: that is
        counted once."""
        key, amount = change.key, change.amount
        if change.how == "set":
            amount = MONEY.subtract(amount, self._values[key])
            self._lowered[key] = -amount
        elif change.how == "spend":
            told = self._lowered.pop(key, None) == amount
            amount = ZERO if told or self._values[key] >= UNLIMITED else -amount
        if key in self._values:
            self._values[key] = MONEY.add(self._values[key], amount)
        return key, amount
