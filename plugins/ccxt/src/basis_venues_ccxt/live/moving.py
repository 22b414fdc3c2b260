"""Funds that leave a wallet of the account: what each venue's plugin translates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from basis_venues.amounts import ZERO
from basis_venues.network import Network
from basis_venues.states import State

from .history import second_of
from .pages import DAY
from .wire import Request

_LOST = 14 * DAY
"""So long ago a move of a lost journal may be: OKX tells the states of no older ones."""
CHAINS = {"ERC20": "ETH", "TRC20": "TRX", "BEP20": "BSC"}
"""Names that people give chains -> those of an exchange that calls a chain by its own coin (Binance, Bybit)."""


class Move(NamedTuple):
    """A transfer between two wallets (`target` is one of them) or a withdrawal (`address` and `chain` are given). `amount` is what
    arrives, `fee` what the withdrawal is expected to cost on top. `at`: what the venue dates it is not before it. `tag`: the memo
    that goes with the address. `number`: the venue's id of it, once an answer to the write has named it. `others`: the venue's ids of
    moves before it that may be dated after `at` as well: none of them is this one. `lost`: the venue answered that it has had this key, so
    that it was made before `at`, by a run whose journal was lost."""

    key: str
    asset: str
    amount: Decimal
    source: str
    target: str = ""
    address: str = ""
    chain: str = ""
    fee: Decimal = ZERO
    at: int = 0
    tag: str = ""
    number: str = ""
    others: tuple[str, ...] = ()
    lost: bool = False

    @property
    def since(self) -> int:
        """From when on the venue may have dated it, which some do by whole seconds; ms."""
        return second_of(self.at) - (_LOST if self.lost else 0)

    @property
    def inside(self) -> bool:
        """Whether it stays in the account."""
        return not self.address

    def json(self) -> dict[str, Any]:
        """As it is kept in the journal."""
        return {**self._asdict(), "amount": str(self.amount), "fee": str(self.fee), "others": list(self.others)}


def move_from(kept: Mapping[str, Any]) -> Move:
    """The move as it was kept."""
    return Move(**{**kept, "amount": Decimal(kept["amount"]), "fee": Decimal(kept["fee"]), "others": tuple(kept.get("others", ()))})


class Moved(NamedTuple):
    """What a venue shows of a move. `id` is the venue's, the same in its history. `amount`: what arrives, None for what was asked."""

    state: State
    id: str = ""
    at: int = 0
    fee: Decimal = ZERO
    reason: str = ""
    amount: Decimal | None = None


class Moves(ABC):
    """Transfers and withdrawals of one venue."""

    repeated: ClassVar[frozenset[str]] = frozenset()
    """Codes that answer a write whose key the venue has seen before: it has the move, whatever its lists show."""

    def lacking(self, network: Network, *, inside: bool) -> str | None:
        """Why the network has no such move, as a sentence; None where it has."""
        return None

    @abstractmethod
    def write(self, move: Move) -> Request:
        """The write."""

    @abstractmethod
    def number(self, answer: Any, move: Move) -> str:
        """The venue's id of the move from its answer. Raises `Unreadable` where there is none."""

    @abstractmethod
    async def look(self, move: Move) -> Moved | None:
        """What the venue shows of it, by its key where the venue keeps one, else by its number, or, where no answer named that, by all
        that is known of it; None where it shows none.
        A withdrawal is FILLED as soon as the venue has taken it from the balance."""


def one_of(found: list[Moved]) -> Moved | None:
    """The only candidate, however often the venue lists it; with several it cannot be told which is ours."""
    several = {each.id: each for each in found}
    if len(several) > 1:
        return Moved(State.UNKNOWN, reason=f"the venue shows {len(several)} moves like this one and keeps no key to tell them apart")
    return found[-1] if found else None
