"""The account as an exchange shows it: wallets, perpetual positions, and how it is set up."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

from attrs import field, frozen

from ..settings import MarketKind
from .fills import Position
from .listings import Listing
from .reading import Unreadable

Part = Literal["spot", "futures", "funding", "perpetuals"]
"""What can be read of an account: three wallets and the perpetual positions. On a unified account `spot` is the one wallet."""


class Holdings(NamedTuple):
    """What was read: `wallets` by part and coin, `perpetuals` by symbol. A coin or symbol that is not there is held at zero; a part that
    is not there was not read. `at`: the venue's time of the answer where it tells, else 0."""

    wallets: Mapping[str, Mapping[str, Decimal]]
    perpetuals: Mapping[str, Position] = {}
    at: int = 0


@frozen(kw_only=True)
class Setup:
    """How the account is set up. `owner`: the venue's id of its owner, empty where it tells none. `leverage` and `margin` by symbol.
    `barred`: kinds of market that the key itself may not trade, as far as the venue tells. `may_withdraw`: None where it does not tell.
    `fee_asset`: what fees are paid in instead, where a discount is on. `hidden`: what of the account key and network do not show, a wallet
    or `withdrawals`, each with a sentence that says why."""

    owner: str = ""
    one_way: bool = True
    may_trade: bool = True
    barred: tuple[MarketKind, ...] = ()
    may_withdraw: bool | None = None
    leverage: Mapping[str, Decimal] = field(factory=dict)
    margin: Mapping[str, str] = field(factory=dict)
    fee_asset: str | None = None
    hidden: Mapping[str, str] = field(factory=dict)
    problems: tuple[str, ...] = ()
    """What else speaks against trading, each as a sentence with what to do about it."""


def one_each(told: Iterable[tuple[str, Position]]) -> dict[str, Position]:
    """The open positions by symbol. Raises `Unreadable` where a market has two, in both margin modes or long and short: what is held is
    neither of them, and which of them an order meets is not told."""
    found: dict[str, Position] = {}
    for symbol, position in told:
        if position.size and symbol in found:
            raise Unreadable(f"{symbol} has two open positions (cross and isolated, or long and short); close one of them")
        if position.size:
            found[symbol] = position
    return found


class AccountReader(ABC):
    """How one venue shows an account."""

    @abstractmethod
    async def holdings(self, parts: Collection[Part]) -> Holdings:
        """The named parts, with one request for each wallet."""

    @abstractmethod
    async def setup(self, perpetuals: Collection[Listing]) -> Setup:
        """How the account is set up, for the configured perpetuals."""
