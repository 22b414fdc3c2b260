"""A step as one `cast` of the smart account.

With a flash loan the cast has one spell more than what comes before the loan: it borrows, and carries the others inside it, to be cast
by the lender while the account has the money.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from basis_venues.actions import Deposit, FlashBorrow
from basis_venues.amounts import to_units
from basis_venues.orders import Step
from basis_venues_evm import ETHER

from .connectors import CONNECTORS
from .methods import AAVE_ROUTE, CAST, NOBODY
from .spells import FUNCTIONS, Encoder, Spell


class Loan(NamedTuple):
    """A flash loan: the part that asks for it, the token and the amount in its base units."""

    part: int
    token: str
    units: int


class Cast(NamedTuple):
    """`before` the loan, the `loan`, what is done `within` it; without a loan all is before. `value`: the ETH sent along, in wei."""

    value: int
    before: tuple[Spell, ...]
    loan: Loan | None
    within: tuple[Spell, ...]

    def data(self) -> str:
        """The account's call data, as hex."""
        return _cast(self.before) if self.loan is None else _cast((*self.before, _borrowing(self.loan, self.within)))

    def prefixes(self) -> Iterator[tuple[int, str]]:
        """For each spell, by its part: the same cast ending with it. The loan itself is one that does nothing with the money."""
        for count in range(1, len(self.before) + 1):
            yield self.before[count - 1].part, _cast(self.before[:count])
        if self.loan is not None:
            yield self.loan.part, _cast((*self.before, _borrowing(self.loan, ())))
            for count in range(1, len(self.within) + 1):
                yield self.within[count - 1].part, _cast((*self.before, _borrowing(self.loan, self.within[:count])))


def cast_of(step: Step, encoder: Encoder) -> Cast:
    """The cast of a step. Raises `Denied` with the part that the connectors cannot express."""
    spells = encoder.spells(step)
    value = sum(_ether(step))
    place = next((number for number, part in enumerate(step.actions) if isinstance(part, FlashBorrow)), None)
    if place is None:
        return Cast(value, spells, None, ())
    borrowed = step.actions[place]
    assert isinstance(borrowed, FlashBorrow)
    loan = Loan(place, encoder.address(borrowed.asset), encoder.units(borrowed))
    return Cast(value, _some(spells, range(place)), loan, _some(spells, range(place, len(step.actions))))


def _ether(step: Step) -> Iterator[int]:
    for part in step.actions:
        if isinstance(part, Deposit) and part.asset == ETHER and isinstance(part.amount, Decimal):
            yield to_units(part.amount, 18)


def _some(spells: Iterable[Spell], parts: range) -> tuple[Spell, ...]:
    return tuple(spell for spell in spells if spell.part in parts)


def _borrowing(loan: Loan, within: Sequence[Spell]) -> Spell:
    from eth_abi.abi import encode

    inner = encode(("string[]", "bytes[]"), ([spell.connector for spell in within], [spell.data for spell in within]))
    data = FUNCTIONS[FlashBorrow].method(loan.token, loan.units, AAVE_ROUTE, inner, b"")
    return Spell(loan.part, CONNECTORS[FlashBorrow].name, bytes.fromhex(data[2:]))


def _cast(spells: Sequence[Spell]) -> str:
    return CAST([spell.connector for spell in spells], [spell.data for spell in spells], NOBODY)
