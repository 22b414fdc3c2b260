"""What an order moves, in US dollars: the figure that spend limits are about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from . import series
from .actions import (
    MAX,
    Action,
    Approve,
    AtomicBundle,
    Borrow,
    ClaimUnstake,
    CreateAccount,
    PerpTrade,
    Repay,
    RequestUnstake,
    SetCollateral,
    SetEMode,
    SpotTrade,
    Stake,
    Supply,
    Transfer,
    Unwind,
    Unwrap,
    UnwrapEther,
    Withdraw,
    Wrap,
    WrapEther,
)
from .amounts import ZERO
from .contract import Market
from .errors import Denied, MissingData
from .keys import BALANCE, BORROWED, PERP, Key, split_key
from .orders import Order

DOLLARS = frozenset({"USD", "USDT", "USDC", "DAI"})
"""Assets that are taken for a dollar each."""
SAME = {"ETH": ("WETH",), "WETH": ("ETH",), "stETH": ("ETH", "WETH")}
"""What each asset is worth, one to one: wrapped or not, or staked and counted in what was staked."""
_BRINGS_BACK = (
    Approve, ClaimUnstake, CreateAccount, Repay, RequestUnstake, SetCollateral, SetEMode, Unwind, Unwrap, UnwrapEther, Withdraw, Wrap,
    WrapEther,
)  # fmt: skip
"""Actions that take value home, lower a debt, or change only the form of what is held: no limit stands in their way."""


class Moved(NamedTuple):
    """What an order moves: `amount` of `asset`, priced by `price` (a series) where that is not the asset's own. `opens`: it adds to a
    perpetual position or debt."""

    asset: str
    amount: Decimal
    price: str = ""
    opens: bool = False


class Sources(NamedTuple):
    """The venues whose figures price an asset: exchanges by their spot price, lending protocols by their oracle. `keeper` answers which
    venue keeps an account; where none is given, accounts are named after their venues."""

    exchanges: tuple[str, ...] = ()
    lenders: tuple[str, ...] = ()
    keeper: Callable[[str], str] = str

    def of(self, asset: str) -> Iterator[str]:
        """The series that may price the asset in dollars, the best first."""
        for name in (asset, *SAME.get(asset, ())):
            yield from (series.oracle(venue, name) for venue in self.lenders)
            yield from (series.price(venue, f"{name}/USDT") for venue in self.exchanges)


def moved(order: Order, held: Callable[[Key], Decimal | None]) -> tuple[Moved, ...]:
    """What the order moves; nothing for one that brings value back. `held` answers a balance, None where it is not known.

    Raises `Denied` for an action whose value cannot be told beforehand.
    """
    action = order.action
    if isinstance(action, (SpotTrade, PerpTrade)):
        return () if getattr(action, "reduce_only", False) else (_traded(order.venue, action),)
    if isinstance(action, AtomicBundle):
        own = () if action.equity is None else (Moved(action.equity_asset, action.equity),)
        return (Moved(action.flash_asset, action.flash_amount, opens=True), *own)
    if isinstance(action, Transfer) and action.target == action.source:
        return ()
    if isinstance(action, (Transfer, Supply, Stake, Borrow)):
        return (Moved(action.spends() or "", _amount(order, action, held), opens=isinstance(action, Borrow)),)
    if isinstance(action, _BRINGS_BACK):
        return ()
    raise Denied(f"the value of {type(action).__name__} {action.id} is not known, and a spend limit is set for where it goes")


def _traded(venue: str, action: SpotTrade | PerpTrade) -> Moved:
    base, _, quote = action.symbol.partition(":")[0].partition("/")
    opens = isinstance(action, PerpTrade)
    if action.notional is not None:
        return Moved(quote, action.notional, opens=opens)
    assert action.quantity is not None
    if action.price is not None and action.side == "buy":
        return Moved(quote, action.quantity * action.price, opens=opens)
    return Moved(base, action.quantity, series.price(venue, action.symbol), opens)


def _amount(order: Order, action: Action, held: Callable[[Key], Decimal | None]) -> Decimal:
    amount = getattr(action, "amount", None)
    if isinstance(amount, Decimal):
        return amount
    if amount == MAX:
        balance = held(f"{order.account}:{BALANCE}:{action.spends()}")
        if balance is not None:
            return balance
    raise Denied(f"the amount of {action.id} is not known before the account was read, and a spend limit is set; name the amount")


def open_positions(book: Mapping[Key, Decimal], sources: Sources) -> Iterator[tuple[Key, str, Decimal, tuple[str, ...]]]:
    """Perpetual positions and debts of a book: key, asset, size, and the series whose product with it is its value."""
    for key, amount in book.items():
        parts = split_key(key)
        if not amount or parts.kind not in (PERP, BORROWED):
            continue
        if parts.kind == PERP:
            yield key, parts.instrument.partition("/")[0], abs(amount), (series.price(sources.keeper(parts.account), parts.instrument),)
        else:
            venue, _, asset = parts.instrument.partition("/")
            yield key, asset, amount, (series.borrow_index(venue, asset),)


def in_dollars(what: Moved, sources: Sources, market: Market) -> Decimal:
    """The value. A symbol's own price is in its quote, which is a dollar or priced itself. Raises `Denied` where no figure is known."""
    if what.price:
        _, _, symbol = what.price.split(":", 2)
        quote = symbol.partition(":")[0].partition("/")[2]
        return what.amount * _figure((what.price,), what.asset, market) * worth(quote, sources, market)
    return what.amount * worth(what.asset, sources, market)


def worth(asset: str, sources: Sources, market: Market) -> Decimal:
    """One unit in dollars. Raises `Denied` where no figure is known."""
    return Decimal(1) if asset in DOLLARS else _figure(tuple(sources.of(asset)), asset, market)


def _figure(names: Iterable[str], asset: str, market: Market) -> Decimal:
    for name in names:
        try:
            return market.value(name)
        except MissingData:
            continue
    raise Denied(f"the price of {asset} is not known, and a spend limit is set: subscribe to a venue that gives it (data_subscriptions)")


def needed(orders: Iterable[Order], book: Mapping[Key, Decimal], sources: Sources) -> tuple[str, ...]:
    """Every series that valuing the orders and the open positions may ask for."""
    names: list[str] = []
    for order in orders:
        try:
            found = moved(order, lambda _key: ZERO)
        except Denied:
            continue  # it is refused when it is valued
        for each in found:
            names += [each.price] if each.price else []
            names += sources.of(each.asset)
    for _, asset, _, figures in open_positions(book, sources):
        names += [*figures, *sources.of(asset)]
    return tuple(dict.fromkeys(names))
