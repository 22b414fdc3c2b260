"""Fills as an exchange tells them, and what they change in the account."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from basis_venues.amounts import ZERO
from basis_venues.keys import BALANCE, ENTRY, PERP, Key
from basis_venues.orders import Effect, Line, deltas

from ..instrument import settle_key, wallet_key
from ..perpetual import turn
from .listings import Listing


class Fill(NamedTuple):
    """One execution. `change` is signed, in base units; `value` is what it came to in quote units, above zero. `fees` are
    (asset, paid): below zero for a rebate. `profit` is what it realised, None where the venue does not tell. `order`: the client id of
    its order, None where there is none or it is not told. `id` is the venue's."""

    id: str
    listing: Listing
    change: Decimal
    value: Decimal
    fees: tuple[tuple[str, Decimal], ...]
    at: int
    order: str | None
    profit: Decimal | None = None
    number: str = ""
    """The venue's id of the order."""


class Position(NamedTuple):
    """A perpetual position: signed size in base units, signed cost in quote units."""

    size: Decimal
    entry: Decimal


class PositionKeys(NamedTuple):
    """The names of one account's positions."""

    venue: str
    account: str
    unified: bool

    def spot(self, asset: str) -> Key:
        """A coin of the spot (or unified) wallet."""
        return f"{self.account}:{BALANCE}:{asset}"

    def settle(self, asset: str) -> Key:
        """A coin of the wallet in which perpetuals settle."""
        return settle_key(self.account, asset, self.unified)

    def wallet(self, name: str, asset: str) -> Key:
        """A coin of a wallet by its name: spot, futures, funding."""
        return wallet_key(self.account, name, asset, self.unified)

    def size(self, symbol: str) -> Key:
        """The size of a perpetual position."""
        return f"{self.account}:{PERP}:{symbol}"

    def cost(self, symbol: str) -> Key:
        """The cost of a perpetual position."""
        return f"{self.account}:{ENTRY}:{symbol}"

    def effects(self, fills: Iterable[Fill], before: Position | None = None) -> tuple[Effect, ...]:
        """An effect for each fill, oldest first. `before`: the position that a perpetual's fills met, for profits that are not told.
        Raises `ValueError` where a profit is needed and neither known nor to be worked out."""
        made: list[Effect] = []
        for fill in sorted(fills, key=lambda each: each.at):
            lines, before = self._perpetual(fill, before) if fill.listing.perpetual else (self._spot(fill), before)
            made.append(Effect(f"{self.venue}:trade:{fill.listing.symbol}:{fill.id}", fill.order, _summed(lines), fill.at, "trade"))
        return tuple(made)

    def after(self, symbol: str, effects: Iterable[Effect], before: Position) -> Position:
        """The perpetual position that effects leave."""
        changed = deltas(effects)
        return Position(before.size + changed.get(self.size(symbol), ZERO), before.entry + changed.get(self.cost(symbol), ZERO))

    def _spot(self, fill: Fill) -> list[Line]:
        paid = -fill.value if fill.change > 0 else fill.value
        fees = [(self.spot(asset), -fee) for asset, fee in fill.fees]
        return [(self.spot(fill.listing.base), fill.change), (self.spot(fill.listing.quote), paid), *fees]

    def _perpetual(self, fill: Fill, before: Position | None) -> tuple[list[Line], Position | None]:
        """What closes a part realises it and releases that part of the cost: cost changes by value and profit together, whether it
        opens, closes or turns the position (see `basis_venues_ccxt.perpetual`)."""
        value = fill.value if fill.change > 0 else -fill.value
        profit = fill.profit
        if profit is None:
            if before is None:
                raise ValueError(f"the venue does not tell what the fill {fill.id} realised, and the position before it is not known")
            profit = turn(before.size, before.entry, fill.change, fill.value / abs(fill.change)).profit
        after = None if before is None else Position(before.size + fill.change, before.entry + value + profit)
        symbol = fill.listing.symbol
        lines = [(self.size(symbol), fill.change), (self.cost(symbol), value + profit), (self.settle(fill.listing.quote), profit)]
        return [*lines, *((self.settle(asset), -fee) for asset, fee in fill.fees)], after


def _summed(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines with one for each position, without those that come to nothing."""
    total: dict[Key, Decimal] = {}
    for key, amount in lines:
        total[key] = total.get(key, ZERO) + amount
    return tuple((key, amount) for key, amount in total.items() if amount)
