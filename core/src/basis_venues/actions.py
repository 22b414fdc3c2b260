"""What a strategy can ask for.

An action is a frozen record with an id that the caller chooses and never uses twice. Amounts are `Decimal` (text and int are
converted, floats refused), in the asset's own unit; symbols are unified: `BTC/USDT` is spot, `BTC/USDT:USDT` the linear perpetual.
`MAX` means the whole balance, deposit or debt. Actions inside an `AtomicBundle` need no id.

Classes that add no field to their base are plain subclasses of an attrs class: making thirty of them costs a start a tenth of its time.

The classes are the core's, so that every mode, journal and venue means the same by them: propose a new one here. An
`__attrs_post_init__` of its own begins with `Action`'s. A default never changes: journals leave out the fields that have theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal, TypeVar

from attrs import field, fields, frozen

from .action_texts import make_plain
from .amounts import exact, positive
from .errors import InvalidAction

MAX: Literal["max"] = "max"
"""The whole balance, deposit or debt, whatever it is when the action is carried out."""


@frozen
class FromLeg:
    """An amount of a bundle: what leg `leg` (counted from 0) added of the asset that this leg spends."""

    leg: int


Amount = Decimal | FromLeg | Literal["max"]


def _is_flag(_action: Any, field: Any, value: Any) -> None:
    if type(value) is not bool:
        raise InvalidAction(f"{field.name} must be true or false, not {type(value).__name__}: text such as 'no' would count as true")


def _is_whole(_action: Any, field: Any, value: Any) -> None:
    if type(value) is not int or value < 0:
        raise InvalidAction(f"{field.name} must be a whole number from 0, written without quotes")


def moment(value: datetime | int) -> int:
    """A time as whole milliseconds since 1970 UTC. Raises `InvalidAction` for a datetime without a zone."""
    if type(value) is int:
        return value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InvalidAction("a time needs a zone: datetime(..., tzinfo=UTC)")
        return int(value.timestamp() * 1000)
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidAction(f"a time is a datetime with a zone or whole milliseconds, not {type(value).__name__}")
    return value


def _optional_moment(value: datetime | int | None) -> int | None:
    return None if value is None else moment(value)


# What a converter's parameter says is what a type checker lets callers give.
def _optional_positive(value: Decimal | int | str | None) -> Decimal | None:
    return None if value is None else positive(value)


def _or_max(value: Decimal | int | str | FromLeg) -> Amount:
    if isinstance(value, FromLeg):
        return value
    return MAX if value == MAX else positive(value)


def _legs(legs: Iterable[Action]) -> tuple[Action, ...]:
    return tuple(legs)  # `tuple` itself has no signature in Python: to make one up costs more than all the rest here


def _allowance(value: Decimal | int | str) -> Amount:
    number = exact(value)
    if number < 0:
        raise InvalidAction(f"an allowance must not be negative, and is {number}")
    return number


@frozen(kw_only=True, repr=False, eq=False)
class Action:
    """What all actions share.

    `id`: the caller's, unique for ever; it is the idempotency key. `venue`: use this subscribed venue instead of the configured one.
    `account`: the alias of the account to act on, where the venue's own is not meant (`dsa` for Aave, say). `valid_until`: milliseconds
    UTC (a datetime is converted); required when live, after it nothing more of the action is started.
    """

    action_types: ClassVar[tuple[str, ...]] = ()
    splits: ClassVar[bool] = False
    """Whether its quantity may be divided over several venues."""

    id: str = ""
    venue: str | None = None
    account: str | None = None
    valid_until: int | None = field(default=None, converter=_optional_moment)

    __attrs_post_init__ = make_plain

    # Written once here instead of generated for every class: making those methods is most of what importing this module costs.
    def __repr__(self) -> str:
        said = (f"{a.name}={getattr(self, a.name)!r}" for a in fields(type(self)) if getattr(self, a.name) != a.default)
        return f"{type(self).__name__}({', '.join(said)})"

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def _values(self) -> tuple[Any, ...]:
        return tuple(getattr(self, attribute.name) for attribute in fields(type(self)))

    def spends(self) -> str | None:
        """The asset that its `amount` is counted in and taken from; None for actions without one."""
        return getattr(self, "asset", None)


@frozen(kw_only=True, repr=False, eq=False)
class _Trade(Action):
    """What spot and perpetual trades share.

    Give `quantity` (base units) or `notional` (quote units, market orders only), not both. `price` is required for every
    `order_type` but `market`. `time_in_force`: `gtc` rests until `good_for` (milliseconds) is over; `ioc` and `fok` never rest.
    """

    splits: ClassVar[bool] = True

    symbol: str
    side: Literal["buy", "sell"]
    quantity: Decimal | None = field(default=None, converter=_optional_positive)
    notional: Decimal | None = field(default=None, converter=_optional_positive)
    order_type: Literal["market", "limit", "post_only"] = "market"
    price: Decimal | None = field(default=None, converter=_optional_positive)
    time_in_force: Literal["gtc", "ioc", "fok"] = "gtc"
    good_for: int | None = None

    def __attrs_post_init__(self) -> None:
        Action.__attrs_post_init__(self)  # not super(): trades are made by the hundred thousand
        if self.side not in ("buy", "sell"):
            raise InvalidAction("side must be one of buy, sell")
        if (self.quantity is None) == (self.notional is None):
            raise InvalidAction("give either quantity or notional")
        if self.order_type != "market" or self.price is not None or self.time_in_force != "gtc":
            self._check_limit()

    def _check_limit(self) -> None:
        if self.order_type not in ("market", "limit", "post_only"):
            raise InvalidAction("order_type must be one of market, limit, post_only")
        if self.time_in_force not in ("gtc", "ioc", "fok"):
            raise InvalidAction("time_in_force must be one of gtc, ioc, fok")
        if self.order_type == "market":
            if self.price is not None:
                raise InvalidAction("a market order takes no price")
            return
        if self.price is None or self.quantity is None:
            raise InvalidAction(f"a {self.order_type} order needs a price and a quantity")
        if self.time_in_force == "gtc" and self.good_for is None:
            raise InvalidAction("a resting order needs good_for, the milliseconds it may rest")
        if self.good_for is not None and (type(self.good_for) is not int or self.good_for <= 0):
            raise InvalidAction("good_for must be whole milliseconds above 0, written without quotes")


class SpotTrade(_Trade):
    """Buy or sell (`side`) `symbol` (`BTC/USDT`) on a spot market.

    Give `quantity` (base units) or `notional` (quote units, market orders only), not both. `price` (quote units for one base unit) is
    required for every `order_type` but `market`. `time_in_force`: `gtc` rests until `good_for` (ms) is over; `ioc` and `fok` never
    rest. An order at rest holds its account until it has ended. Raises `InvalidAction`.
    """

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("cex_spot",)


@frozen(kw_only=True, repr=False, eq=False)
class PerpTrade(_Trade):
    """Trade the linear perpetual `symbol` (`BTC/USDT:USDT`). `reduce_only` never opens or turns a position.

    `side`, `quantity`, `notional`, `order_type`, `price`, `time_in_force` and `good_for` are as in `SpotTrade`. `leverage` is the
    position's size over the collateral behind it, None for what the venue has set; `margin_mode` how that collateral is shared.
    """

    action_types: ClassVar[tuple[str, ...]] = ("cex_futures", "hedge_execution")

    reduce_only: bool = field(default=False, validator=_is_flag)
    leverage: Decimal | None = field(default=None, converter=_optional_positive)
    margin_mode: Literal["cross", "isolated"] = "cross"

    def __attrs_post_init__(self) -> None:
        _Trade.__attrs_post_init__(self)
        if self.margin_mode not in ("cross", "isolated"):
            raise InvalidAction("margin_mode must be one of cross, isolated")


@frozen(kw_only=True, repr=False, eq=False)
class Transfer(Action):
    """Move `amount` of `asset` from the account `source` to the account `target` (aliases) or to an allow-listed `address`.

    Closes when the debit is verified; the credit is a `transit` position of the target until it arrives. `network` names the chain of
    a deposit or withdrawal, `tag` the memo or destination tag that belongs to the address. `from_wallet` and `to_wallet` name an exchange's
    inner wallets (`spot`, `futures`, `funding`) when source and target are the same account.
    """

    action_types: ClassVar[tuple[str, ...]] = ("wallet",)

    asset: str
    amount: Amount = field(converter=_or_max)
    source: str
    target: str | None = None
    address: str | None = None
    network: str | None = None
    from_wallet: str | None = None
    to_wallet: str | None = None
    tag: str | None = None

    def __attrs_post_init__(self) -> None:
        Action.__attrs_post_init__(self)
        if (self.target is None) == (self.address is None):
            raise InvalidAction("give either target (an account's alias) or address")
        if self.source == self.target and (self.from_wallet is None or self.from_wallet == self.to_wallet):
            raise InvalidAction("a transfer inside one account needs from_wallet and to_wallet, and they must differ")


@frozen(kw_only=True, repr=False, eq=False)
class _AmountOnly(Action):
    amount: Amount = field(converter=_or_max)


@frozen(kw_only=True, repr=False, eq=False)
class _AssetAmount(Action):
    asset: str
    amount: Amount = field(converter=_or_max)


class WrapEther(_AmountOnly):
    """Turn ETH into WETH, one to one."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("wallet",)

    def spends(self) -> str:
        """ETH."""
        return "ETH"


class UnwrapEther(_AmountOnly):
    """Turn WETH into ETH, one to one."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("wallet",)

    def spends(self) -> str:
        """WETH."""
        return "WETH"


@frozen(kw_only=True, repr=False, eq=False)
class Approve(_AssetAmount):
    """Let `spender` pull up to `amount` of `asset`; 0 takes the leave back. Plugins plan it as a step of its own before a pull.

    `spender` is a venue (`aave`), or one contract of a venue that has several (`lido/queue`).
    """

    action_types: ClassVar[tuple[str, ...]] = ("wallet",)

    amount: Amount = field(converter=_allowance)
    spender: str


class Supply(_AssetAmount):
    """Lend `amount` of `asset`. `MAX` is the account's whole balance of it."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("lending_execution",)


class Withdraw(_AssetAmount):
    """Take `amount` of `asset` back; `MAX` the whole deposit."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("lending_execution",)


class Borrow(_AssetAmount):
    """Borrow `amount` of `asset` at the variable rate. `MAX` is refused."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("lending_execution",)


class Repay(_AssetAmount):
    """Repay `amount` of the debt in `asset`; `MAX` the whole debt."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("lending_execution",)


@frozen(kw_only=True, repr=False, eq=False)
class SetCollateral(Action):
    """Use the deposit of `asset` as collateral, or not."""

    action_types: ClassVar[tuple[str, ...]] = ("lending_execution",)

    asset: str
    enabled: bool = field(validator=_is_flag)


@frozen(kw_only=True, repr=False, eq=False)
class SetEMode(Action):
    """Enter the efficiency mode `category`; 0 leaves it."""

    action_types: ClassVar[tuple[str, ...]] = ("lending_execution",)

    category: int = field(validator=_is_whole)


class Stake(_AmountOnly):
    """Stake ETH for stETH."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("staking_execution",)

    def spends(self) -> str:
        """ETH."""
        return "ETH"


class RequestUnstake(_AssetAmount):
    """Put `amount` of `asset` (`stETH` or `wstETH`) into the withdrawal queue. Opens a `claim` position."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("staking_execution",)


@frozen(kw_only=True, repr=False, eq=False)
class ClaimUnstake(Action):
    """Collect a finalised request: `request` is its id, or `all` for every one that can be claimed."""

    action_types: ClassVar[tuple[str, ...]] = ("staking_execution",)

    request: str = "all"


class Wrap(_AmountOnly):
    """Turn stETH into wstETH; `amount` is in stETH."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("staking_execution",)

    def spends(self) -> str:
        """stETH."""
        return "stETH"


class Unwrap(_AmountOnly):
    """Turn wstETH into stETH; `amount` is in wstETH."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("staking_execution",)

    def spends(self) -> str:
        """wstETH."""
        return "wstETH"


class CreateAccount(Action):
    """Make the smart account that atomic bundles act through. Done once."""

    __slots__ = ()
    action_types: ClassVar[tuple[str, ...]] = ("flash_loan_execution",)


@frozen(kw_only=True, repr=False, eq=False)
class Swap(Action):
    """Swap `amount` of `sell` for at least `minimum` of `buy`, on an automated market. Inside a bundle or an unwind only."""

    action_types: ClassVar[tuple[str, ...]] = ("flash_loan_execution",)

    sell: str
    buy: str
    amount: Amount = field(converter=_or_max)
    minimum: Decimal = field(converter=positive)

    def spends(self) -> str:
        """What is sold."""
        return self.sell


@frozen(kw_only=True, repr=False, eq=False)
class AtomicBundle(Action):
    """`legs` in one transaction between a flash loan of `flash_amount` of `flash_asset` and its payback with the fee: all or nothing.

    `equity` of `equity_asset` goes from the lane's wallet into the smart account first. Legs are on-chain actions without ids, each
    carried out by the venue that its action type routes to, on the smart account.
    """

    action_types: ClassVar[tuple[str, ...]] = ("flash_loan_execution",)

    flash_asset: str
    flash_amount: Decimal = field(converter=positive)
    legs: tuple[Action, ...] = field(converter=_legs)
    equity: Decimal | None = field(default=None, converter=_optional_positive)
    equity_asset: str = "ETH"

    def __attrs_post_init__(self) -> None:
        Action.__attrs_post_init__(self)
        if not self.legs:
            raise InvalidAction("a bundle needs at least one leg")
        for number, leg in enumerate(self.legs):
            if not isinstance(leg, Action):
                raise InvalidAction(f"leg {number} of a bundle must be an action, not {type(leg).__name__}")
            if isinstance(leg, (AtomicBundle, Unwind, CreateAccount)):
                raise InvalidAction(f"leg {number} of a bundle cannot be a {type(leg).__name__}")
            source = getattr(leg, "amount", None)
            if isinstance(source, FromLeg) and not 0 <= source.leg < number:
                raise InvalidAction(f"leg {number} takes its amount from leg {source.leg}, which does not come before it")


@frozen(kw_only=True, repr=False, eq=False)
class Unwind(Action):
    """Close a levered position in one transaction: repay, withdraw, unwrap, swap; the rest goes to the lane's wallet.

    `fraction` (above 0, at most 1) of the debt is repaid and the collateral freed in proportion. `slippage` is the largest accepted
    shortfall of the swap against the market's rate, above 0. Without debt it is the swap of `collateral_asset` into `debt_asset` alone.
    """

    action_types: ClassVar[tuple[str, ...]] = ("unwind_execution",)

    collateral_asset: str = "wstETH"
    debt_asset: str = "WETH"
    fraction: Decimal = field(default=Decimal(1), converter=positive)
    slippage: Decimal = field(default=Decimal("0.01"), converter=positive)

    def __attrs_post_init__(self) -> None:
        Action.__attrs_post_init__(self)
        if self.fraction > 1 or self.slippage >= 1:
            raise InvalidAction("fraction is at most 1 and slippage below 1")


class FlashBorrow(_AssetAmount):
    """Part of a bundle: take the flash loan. Planned by the flash-loan venue, never asked for by a strategy."""

    __slots__ = ()


class FlashPayback(_AssetAmount):
    """Part of a bundle: give the flash loan back; `amount` includes the fee."""

    __slots__ = ()


class Deposit(_AssetAmount):
    """Part of a bundle: move `amount` of `asset` from the lane's wallet into the smart account."""

    __slots__ = ()


class Payout(_AssetAmount):
    """Part of a bundle: move `amount` of `asset` from the smart account to the lane's wallet."""

    __slots__ = ()


ActionClass = TypeVar("ActionClass", bound=type[Action])
_BY_NAME: dict[str, type[Action]] = {}


def register_action(cls: ActionClass) -> ActionClass:
    """Make an action class known by its name, for journals and plans. Raises `ValueError` when the name is taken by another class."""
    if _BY_NAME.setdefault(cls.__name__, cls) is not cls:
        raise ValueError(f"an action named {cls.__name__} exists already")
    return cls


def action_classes() -> Mapping[str, type[Action]]:
    """All known action classes by name."""
    return dict(_BY_NAME)


for _cls in (
    SpotTrade, PerpTrade, Transfer, WrapEther, UnwrapEther, Approve, Supply, Withdraw, Borrow, Repay, SetCollateral, SetEMode,
    Stake, RequestUnstake, ClaimUnstake, Wrap, Unwrap, CreateAccount, Swap, AtomicBundle, Unwind,
    FlashBorrow, FlashPayback, Deposit, Payout,
):  # fmt: skip
    register_action(_cls)
