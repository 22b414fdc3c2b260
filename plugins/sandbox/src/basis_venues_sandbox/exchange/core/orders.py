"""Orders and fills as the matching core keeps them, and what a script may do to one order."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Literal

from attrs import define, field, frozen

ZERO = Decimal(0)

Side = Literal["buy", "sell"]
TimeInForce = Literal["gtc", "ioc", "fok", "post_only"]


class Status(StrEnum):
    """Where an order stands at the venue."""

    OPEN = "open"
    PARTIAL = "partial"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """What was not filled lapsed by itself: IOC, FOK, a market order without depth, a post-only order that would have taken."""
    REJECTED = "rejected"


RESTING = frozenset({Status.OPEN, Status.PARTIAL})


@frozen(kw_only=True)
class Ask:
    """What a request asks for, in base units. A market order has no price, and `quantity` or `notional` (quote units)."""

    symbol: str
    side: Side
    quantity: Decimal | None = None
    notional: Decimal | None = None
    price: Decimal | None = None
    time_in_force: TimeInForce = "gtc"
    reduce_only: bool = False
    client_id: str = ""
    deadline: int | None = None
    """The matching engine does not take it after this venue time, ms."""


@frozen(kw_only=True)
class Quirks:
    """What a script makes of the next order. Shares are fractions of its quantity."""

    partial: Decimal | None = None
    """Only this share fills at once; the rest lapses or, of a resting order, waits until it is released or cancelled."""
    overfill: Decimal | None = None
    """It fills by this share too much."""
    pieces: int = 1
    """What it takes at once comes in so many executions."""
    fee: str = ""
    """`missing`: charged, and shown only among the trades; `negative`: a rebate; any other text: the asset that it is taken in."""
    fill_after_cancel: int | None = None
    """A cancel is confirmed, and after so many look-ups the rest fills all the same."""
    hide_reads: int = 0
    """So many look-ups do not find it."""
    hide_fills: int = 0
    """So many reads of lists do not show what it filled; the order itself and the balance do."""
    reject_late: str = ""
    """It is acknowledged and then turned down, for this reason."""


PLAIN = Quirks()


@frozen(kw_only=True)
class Fill:
    """One execution. `fee` is positive when paid; `position` is the size that a perpetual's position has after it."""

    id: int
    order: int
    symbol: str
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    realised: Decimal
    at: int
    position: Decimal = ZERO

    @property
    def value(self) -> Decimal:
        """What it costs or brings in quote units, before fees."""
        return self.price * self.quantity


@define(kw_only=True)
class Order:
    """An order that the venue took. `quantity` is what it is about after reduce-only has cut it."""

    id: int
    ask: Ask
    quantity: Decimal
    swap: bool
    created: int
    updated: int
    quirks: Quirks = PLAIN
    status: Status = Status.OPEN
    reason: str = ""
    fills: list[Fill] = field(factory=list)
    hidden: int = 0
    unlisted: int = 0
    waits: bool = False
    late_fill: int | None = None

    @property
    def filled(self) -> Decimal:
        """Base units filled."""
        return sum((fill.quantity for fill in self.fills), ZERO)

    @property
    def value(self) -> Decimal:
        """Quote units that the fills came to."""
        return sum((fill.value for fill in self.fills), ZERO)

    @property
    def left(self) -> Decimal:
        """Base units that are not filled."""
        return max(self.quantity - self.filled, ZERO)

    @property
    def average(self) -> Decimal | None:
        """The mean price of the fills; None without any."""
        filled = self.filled
        return self.value / filled if filled else None

    @property
    def rests(self) -> bool:
        """Whether it stands in the book."""
        return self.status in RESTING

    def fees(self) -> dict[str, Decimal]:
        """asset -> fee paid."""
        paid: dict[str, Decimal] = {}
        for fill in self.fills:
            paid[fill.fee_asset] = paid.get(fill.fee_asset, ZERO) + fill.fee
        return paid
