"""What happened to an account: trades, funding, deposits, withdrawals, transfers, and orders that rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import NamedTuple

from basis_venues.orders import Effect

from .fills import Fill, PositionKeys
from .listings import Listing


class Change(NamedTuple):
    """Something other than a trade. `lines` are (wallet, asset, signed amount). `id` is unique among those of one `kind`."""

    kind: str
    id: str
    at: int
    lines: tuple[tuple[str, str, Decimal], ...]
    order: str | None = None


class Resting(NamedTuple):
    """An order in the book: its client id and since when it rests."""

    order: str
    at: int


class Happened(NamedTuple):
    """What a venue tells of a period."""

    fills: tuple[Fill, ...] = ()
    changes: tuple[Change, ...] = ()
    resting: tuple[Resting, ...] = ()


class History(ABC):
    """How one venue tells its history."""

    @abstractmethod
    async def since(self, markets: Collection[Listing], wallets: Collection[str], since: int) -> Happened:
        """Everything in those markets and wallets (spot, futures, funding) since that moment, itself included; 0: the latest that
        the venue tells without being given a moment."""


def effects_of(happened: Happened, keys: PositionKeys) -> Iterable[Effect]:
    """The same as effects, with ids that are the same whenever it is told."""
    for fill in happened.fills:
        try:
            yield from keys.effects([fill])
        except ValueError:  # somebody else's fill whose profit is not told: what it leaves unexplained is said to be so
            yield from keys.effects([fill._replace(profit=Decimal(0))])
    for change in happened.changes:
        lines = tuple((keys.wallet(wallet, asset), amount) for wallet, asset, amount in change.lines)
        yield Effect(f"{keys.venue}:{change.kind}:{change.id}", change.order, lines, change.at, change.kind)
    for order in happened.resting:
        yield Effect(f"{keys.venue}:open:{order.order}", order.order, (), order.at, "open")
