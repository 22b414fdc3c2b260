"""An order as it is asked of an exchange, and what the exchange then shows of it: what each venue's plugin translates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
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
    of its plan's price band, so that the venue itself keeps it."""

    listing: Listing
    key: str
    side: Literal["buy", "sell"]
    quantity: Decimal
    size: str
    price: str
    rest: Rest
    reduce_only: bool = False

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


def told(lines: Sequence[Line], ask: Ask) -> Seen | None:
    """The same of its lines in the ledger, the latest first, with what they state of the wallet."""
    seen = whole(fills_of(lines), ask)
    return None if seen is None else seen._replace(stated=stated(lines))


def shown(seen: Seen) -> Seen:
    """What may be said now: an order whose fills are not all listed yet is not over."""
    if seen.complete or seen.state not in CLOSED:
        return seen
    return seen._replace(state=State.PARTIAL if seen.fills else State.ACCEPTED, reason="the venue does not list all of its fills yet")
