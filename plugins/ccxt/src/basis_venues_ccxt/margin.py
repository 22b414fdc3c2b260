"""What of a balance is free, and whether perpetuals fit it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from basis_venues.amounts import ZERO
from basis_venues.contract import StepFails
from basis_venues.keys import Key

from .instrument import Instrument


class Margin:
    """Initial margin of one account: the cost of all perpetuals open on a balance, divided by a leverage, must fit that balance.

    Unrealised profit and loss are left out. The leverage is that of the action at hand, else the default, for all positions alike.
    """

    def __init__(self, perpetuals: Iterable[Instrument], leverage: Decimal) -> None:
        self._leverage = leverage
        self._entries: dict[Key, tuple[Key, ...]] = {}
        for one in perpetuals:
            self._entries[one.paid] = (*self._entries.get(one.paid, ()), one.entry)

    def cost(self, settle: Key, view: Mapping[Key, Decimal]) -> Decimal:
        """The cost of all open perpetuals that settle there. A position that the view does not hold is not open."""
        cost = ZERO
        for key in self._entries.get(settle, ()):
            if key in view:
                cost += abs(view[key])
        return cost

    def free(self, key: Key, view: Mapping[Key, Decimal]) -> Decimal:
        """What may be spent of a balance: all that is not initial margin at the default leverage."""
        held = view[key]
        if key not in self._entries:
            return held
        return max(ZERO, held - self.cost(key, view) / self._leverage)

    def check(self, one: Instrument, view: Mapping[Key, Decimal], entry: Decimal, gained: Decimal, leverage: Decimal | None) -> None:
        """Raises `StepFails` when the balance plus `gained` does not carry the perpetuals after `one`'s cost has changed by `entry`."""
        leverage = leverage or self._leverage
        before = view[one.entry]
        cost = self.cost(one.paid, view) - abs(before) + abs(before + entry)
        balance = view[one.paid] + gained
        if cost > balance * leverage:
            raise StepFails(f"too little margin: {cost / leverage:f} {one.quote} needed at a leverage of {leverage}, {balance:f} there")
