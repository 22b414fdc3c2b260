"""What an exchange's own ledger states of an order: its executions, and in the same lines what the wallet held after each.

Where an order's executions, the wallet and the positions are answers of their own, each costs a request. The ledger tells the executions
and the wallet at once, so that of a spot order nothing is left to read, of a perpetual the positions alone. A statement is a reading of
the account like any other: the venue's figure of the balance, with its time; nothing here is worked out from the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from basis_venues.amounts import ZERO

from .fills import Fill
from .listings import Listing


class Line(NamedTuple):
    """One line of the ledger: what an execution changed of one coin of the wallet in all, and the balance that it left.

    A spot execution has a line of its base and one of its quote, a perpetual's one of what it settles in. `trade`: the execution's id.
    `quantity`: base units, not read of a quote's line of spot. `fee`: what it took of this coin, below zero for a rebate. `profit`: what it
    realised, None of spot. `at` and `booked`: when it was executed and written down, ms. `order` and `number`: as of a `Fill`.
    """

    trade: str
    listing: Listing
    buys: bool
    quantity: Decimal
    price: Decimal
    asset: str
    fee: Decimal
    profit: Decimal | None
    change: Decimal
    balance: Decimal
    at: int
    booked: int
    order: str | None
    number: str


class Stated(NamedTuple):
    """What the wallet held at a moment, by asset: only the assets that the venue stated."""

    at: int
    balances: Mapping[str, Decimal]


def fills_of(lines: Sequence[Line]) -> tuple[Fill, ...]:
    """The executions; none where one of them is not told by just the lines that it should have: one is missing still, or the fee was taken
    in another coin, which has a line of its own. That line may come later than the others: lines without any fee are not believed."""
    if not lines:
        return ()
    coins, trades = _coins(lines[0].listing), dict[str, dict[str, Line]]()
    for line in lines:
        trades.setdefault(line.trade, {})[line.asset] = line
    if len(trades) * len(coins) != len(lines) or any(each.keys() != set(coins) for each in trades.values()):
        return ()
    fills = tuple(_fill([each[coin] for coin in coins]) for each in trades.values())
    return fills if all(fill.fees for fill in fills) else ()


def stated(lines: Sequence[Line], fills: Sequence[Fill]) -> Stated | None:
    """The wallet after the last of one order's lines, the latest first as venues list them; `fills` are what they tell.

    None where the lines do not bear it out: one does more than its execution says (isolated margin, borrowing), or those of a coin do not
    follow from each other (something else came between). Then the wallet has to be read.
    """
    executed = {fill.id: fill for fill in fills}
    latest: dict[str, Line] = {}
    due: dict[str, Decimal] = {}
    for line in lines:
        if line.change != _by_itself(executed[line.trade], line.asset) or due.get(line.asset, line.balance) != line.balance:
            return None
        latest.setdefault(line.asset, line)
        due[line.asset] = line.balance - line.change
    return Stated(min(line.booked for line in latest.values()), {asset: line.balance for asset, line in latest.items()})


def _coins(listing: Listing) -> tuple[str, ...]:
    """What an execution changes of the wallet; the coin whose line tells the quantity first."""
    return (listing.quote,) if listing.perpetual else (listing.base, listing.quote)


def _fill(lines: Sequence[Line]) -> Fill:
    """The execution, of its lines in the sequence of `_coins`."""
    line = lines[0]
    change, value = line.quantity if line.buys else -line.quantity, line.quantity * line.price
    fees = tuple((each.asset, each.fee) for each in lines if each.fee)
    return Fill(line.trade, line.listing, change, value, fees, line.at, line.order, line.profit, line.number)


def _by_itself(fill: Fill, asset: str) -> Decimal:
    """What an execution by itself does to a coin of the wallet: what was traded, of a perpetual the realised profit, less fees."""
    fees = sum((fee for coin, fee in fill.fees if coin == asset), ZERO)
    if fill.listing.perpetual:
        return (fill.profit or ZERO) - fees
    if asset == fill.listing.base:
        return fill.change - fees
    return (-fill.value if fill.change > 0 else fill.value) - fees
