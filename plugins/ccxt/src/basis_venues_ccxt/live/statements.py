"""What an exchange's own ledger states of an order: its executions, and in the same lines what the wallet held after each.

Where wallet and positions are two endpoints, a perpetual order would cost a request for each besides the look at its executions. The
ledger tells the executions and the wallet at once, so that only the positions are left to read. A statement is a reading of the account
like any other: the venue's figure of the balance, with its time; nothing here is worked out from the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from basis_venues.amounts import ZERO

from .fills import Fill


class Line(NamedTuple):
    """One line of the ledger: an execution, what it changed of the wallet's `asset` in all, and the balance that it left. `at`: ms."""

    fill: Fill
    asset: str
    change: Decimal
    balance: Decimal
    at: int


class Stated(NamedTuple):
    """What the wallet in which perpetuals settle held at a moment, by asset: only the assets that the venue stated."""

    at: int
    balances: Mapping[str, Decimal]


def fills_of(lines: Sequence[Line]) -> tuple[Fill, ...]:
    """The executions; none where a line moves another coin than the one that perpetuals settle in: then a fee has a line of its own."""
    if any(line.asset != line.fill.listing.quote for line in lines):
        return ()
    return tuple(line.fill for line in lines)


def stated(lines: Sequence[Line]) -> Stated | None:
    """The wallet after the last of one order's lines, the latest first as venues list them.

    None where the lines do not bear it out: one does more than its execution says (isolated margin, borrowing), or they do not follow
    from each other (something else came between). Then the wallet has to be read.
    """
    if not fills_of(lines) or any(line.change != _by_itself(line.fill) for line in lines):
        return None
    if any(later.balance != earlier.balance + later.change for later, earlier in pairwise(lines)):
        return None
    last = lines[0]
    return Stated(last.at, {last.asset: last.balance})


def _by_itself(fill: Fill) -> Decimal:
    """What an execution by itself does to the wallet: realised profit less fees."""
    return (fill.profit or ZERO) - sum((fee for _, fee in fill.fees), ZERO)
