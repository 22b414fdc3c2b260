"""An order as it is asked of an exchange, and what the exchange then shows of it: what each venue's plugin translates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from basis_venues.amounts import ZERO
from basis_venues.states import CLOSED, State

from .fills import Fill
from .listings import Listing
from .statements import Line, Stated, fills_of, stated
from .wire import Request

Rest = Literal["ioc", "fok", "gtc", "post_only"]


class Ask(NamedTuple):
    """One order. `size` is as the venue counts, `quantity` in base units. Every order has a limit: that of a market order is the edge
    of its plan's price band, so that the venue itself keeps it. `at`, set when it is sent: what the venue dates it is not before it."""

    listing: Listing
    key: str
    side: Literal["buy", "sell"]
    quantity: Decimal
    size: str
    price: str
    rest: Rest
    reduce_only: bool = False
    at: int = 0

    @property
    def may_rest(self) -> bool:
        """Whether it can stay in the book."""
        return self.rest in ("gtc", "post_only")

    def json(self) -> dict[str, Any]:
        """As it is kept in the journal."""
        return {**self._asdict(), "listing": self.listing.symbol, "quantity": str(self.quantity)}


def ask_from(kept: Mapping[str, Any], listing: Listing) -> Ask:
    """The order as it was kept."""
    return Ask(**{**kept, "listing": listing, "quantity": Decimal(kept["quantity"])})


class Seen(NamedTuple):
    """What a venue shows of an order: its state, the fills that it lists, and how much it says was filled in all (base units; None
    where the fills are all there is to know). `stated`: what the same answer says of the wallet after the last of those fills."""

    state: State
    fills: tuple[Fill, ...] = ()
    at: int = 0
    reason: str = ""
    filled: Decimal | None = None
    stated: Stated | None = None

    @property
    def complete(self) -> bool:
        """Whether the fills listed are all that the venue says there were."""
        return self.filled is None or quantity_of(self.fills) >= self.filled


class Orders(ABC):
    """Orders of one venue. Methods raise what a call raises, and `Unreadable` for an answer that does not say what it must."""

    @abstractmethod
    def place(self, ask: Ask) -> Request:
        """The write. The same order gives the same request."""

    @abstractmethod
    def number(self, answer: Any, ask: Ask) -> str:
        """The id that the venue gave the order, from its answer to the write. Raises `Unreadable` where there is none, or where the
        answer is that of another order: then nothing is known."""

    @abstractmethod
    async def written(self, answer: Any, ask: Ask) -> Seen:
        """What the answer to the write shows; where it only acknowledges, what a read then shows. Whatever this raises, the order is
        at least accepted."""

    @abstractmethod
    async def look(self, ask: Ask) -> Seen | None:
        """What the venue shows under the order's client id; None where it shows none."""

    @abstractmethod
    def cancel(self, ask: Ask) -> Request:
        """The request to take it back."""


class AcknowledgedOrders(Orders):
    """Orders of a venue whose answer to a write is an acknowledgement and no more. What became of one is told by the account's ledger,
    beside the balance that it left. The ledger may lag: then the order's fills tell; and where not all of it was filled, the order."""

    @abstractmethod
    async def ledger(self, answer: Any, ask: Ask) -> list[Line]:
        """The order's lines, the latest first; none where they cannot be had."""

    @abstractmethod
    async def fills(self, number: str, ask: Ask, filled: Decimal) -> tuple[Fill, ...]:
        """The fills of the order that the venue calls `number`, of which it says that `filled` was filled (0: nothing was said)."""

    @abstractmethod
    async def order(self, ask: Ask, fills: tuple[Fill, ...]) -> Seen | None:
        """The order itself, with these fills if they are all; None where the venue shows none."""

    async def written(self, answer: Any, ask: Ask) -> Seen:
        """One read is enough for an order that is filled at once, and for its account's wallet."""
        lines = [] if ask.rest == "post_only" else await self.ledger(answer, ask)
        told = fills = fills_of(lines)
        if not told and not ask.may_rest:
            fills = await self.fills(self.number(answer, ask), ask, ZERO)
        seen = whole(fills, ask) or await self.order(ask, fills) or Seen(State.ACCEPTED, reason="acknowledged, and not shown yet")
        return seen._replace(stated=stated(lines, told)) if told and seen.fills == told else seen

    async def look(self, ask: Ask) -> Seen | None:
        """By client id."""
        return await self.order(ask, ())


def quantity_of(fills: Iterable[Fill]) -> Decimal:
    """What fills come to, in base units, each counted once however often the venue lists it."""
    return sum({fill.id: abs(fill.change) for fill in fills}.values(), ZERO)


def ended(state: State, ask: Ask, *, lapsed: bool = False) -> State:
    """CANCELLED for an order that could rest, EXPIRED for one that could not: exchanges call both cancelled."""
    return State.EXPIRED if state is State.CANCELLED and (lapsed or not ask.may_rest) else state


def whole(fills: tuple[Fill, ...], ask: Ask) -> Seen | None:
    """The order as its fills alone prove it: done, when they come to all of it."""
    if quantity_of(fills) < ask.quantity:
        return None
    return Seen(State.FILLED, fills, max(fill.at for fill in fills))


def shown(seen: Seen) -> Seen:
    """What may be said now: an order whose fills are not all listed yet is not over."""
    if seen.complete or seen.state not in CLOSED:
        return seen
    return seen._replace(state=State.PARTIAL if seen.fills else State.ACCEPTED, reason="the venue does not list all of its fills yet")
