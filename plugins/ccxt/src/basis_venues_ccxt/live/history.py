"""What happened to an account: trades, funding, deposits, withdrawals, transfers, and orders that rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import NamedTuple

from basis_venues.orders import Effect

from .fills import Fill, PositionKeys
from .listings import Listing

BOOKED_WITHIN_MS = 60_000
"""So long after the moment that dates it funding may come into the balance."""


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

    def between(self, since: int, until: int) -> Happened:
        """What happened after `since` up to `until` (ms; 0: to the latest), and every order that rests.

        Venues date transfers, withdrawals and deposits by whole seconds: a change that is dated so may have come at any time of its second.
        Funding is dated by its full hour and booked a little later. Whether the books have such a change already is told by its id, or by
        what explains them.
        """
        fills = tuple(each for each in self.fills if since < each.at and (not until or each.at <= until))
        changes = tuple(each for each in self.changes if since < _latest(each) and (not until or each.at <= until))
        return self._replace(fills=fills, changes=changes)


def second_of(at: int) -> int:
    """Where its second begins, ms: what happened from then on may be dated so."""
    return at // 1000 * 1000


def _latest(change: Change) -> int:
    """The latest moment that its date may stand for."""
    if change.kind == "funding":
        return change.at + BOOKED_WITHIN_MS
    return change.at if change.at % 1000 else change.at + 999


def unexplained(told: Iterable[Change], transfers: Iterable[Change], wallet: str) -> list[Change]:
    """What the log of one wallet tells, without the transfers between the account's own wallets, which a list of these tells with both
    ends; transfers that are left came from elsewhere, or went there."""
    listed = Counter(line for each in transfers for line in each.lines if line[0] == wallet)
    left: list[Change] = []
    for each in told:
        (line,) = each.lines
        if each.kind == "transfer" and listed[line]:
            listed[line] -= 1
        else:
            left.append(each)
    return left


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
