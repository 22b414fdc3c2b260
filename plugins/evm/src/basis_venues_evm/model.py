"""What the models of all on-chain venues share: gas, base units, approvals, and the course from an action to its effects.

A protocol says three things of each action: the positions that it touches (`keys`), the transactions that carry it out (`writes`),
and the rule by which it changes positions (`rules`). Everything else is here.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

import attrs

from basis_venues import series
from basis_venues.actions import MAX, Action, Amount, Approve
from basis_venues.amounts import MONEY, ZERO, from_units, to_units
from basis_venues.config.misfit import nearest
from basis_venues.contract import Market, ModelContext, StepFails, VenueModel, not_supported
from basis_venues.errors import Denied, InvalidAction
from basis_venues.keys import BALANCE, Key, split_key
from basis_venues.orders import Effect, Limits, Order, Ref, Step

from .acting import Acting, Lines, allowance_key, balance_key
from .rays import whole_ceil
from .settings import ETHER, ChainSettings, Token

Rule = Callable[[Any, Acting], Lines]
"""How an action of one class changes positions. Raises `StepFails` where the contract would revert."""

AnyAction = TypeVar("AnyAction", bound=Action)
"""The class of an action, where one of the same class is answered."""


class Write(NamedTuple):
    """One transaction: its parts, and what the plan allows, as text."""

    parts: tuple[Action, ...]
    bounds: Mapping[str, str] = {}


class ChainModel(VenueModel):
    """The base of the on-chain models. Amounts come and go as `Decimal`; rules that round compute in integer base units."""

    settings: ChainSettings

    def __init__(self, context: ModelContext) -> None:
        self.venue = context.venue
        self.settings = context.settings
        self._rules: dict[type[Action], tuple[Rule, str]] = {Approve: (self._approve, "setting"), **self.rules()}
        self._gas_price = series.gas_price(self.settings.chain)
        self._gas: dict[tuple[type[Action], str | None], int] = {}
        self._tolerances: dict[Key, Decimal] = {}

    # what a protocol says

    @abstractmethod
    def rules(self) -> Mapping[type[Action], tuple[Rule, str]]:
        """For each action class the rule that carries it out, and the kind of its effect."""

    @abstractmethod
    def keys(self, action: Action, account: str, lane: str, view: Mapping[Key, Decimal]) -> Iterable[Key]:
        """The positions that the action may change or that its plan reads, apart from the lane's ETH."""

    def writes(self, action: Action, acting: Acting) -> tuple[Write, ...]:
        """The transactions that carry out the action, in sequence. Raises `Denied`."""
        return (Write((self.sized(action, acting),)),)

    # the contract with the core

    def touches(self, order: Order, view: Mapping[Key, Decimal]) -> tuple[Key, ...]:
        """The protocol's keys, and the lane's ETH for the gas."""
        keys = self.keys(order.action, order.action.account or order.account, order.lane, view)
        return tuple(dict.fromkeys((*keys, balance_key(order.lane, ETHER))))

    def plan(self, order: Order, view: Mapping[Key, Decimal], market: Market) -> tuple[Step, ...]:
        """The protocol's writes as steps. Raises `Denied`, also for an account that the protocol does not act for, and when the lane's ETH
        does not cover the gas and what is sent."""
        acting = Acting(order.action.account or order.account, order.lane, view, market)
        self.check_account(order.action, acting)
        writes = self.writes(order.action, acting)
        self._afford(writes, acting)
        return tuple(Step(f"{order.id}/{number}", order, parts, bounds) for number, (parts, bounds) in enumerate(writes))

    def effects(self, step: Step, action: Action, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
        """One effect: the lines of the action's rule."""
        found = self._rules.get(type(action))
        if found is None:
            raise not_supported(self.venue, action)
        rule, kind = found
        order = step.order
        lines = rule(action, Acting(action.account or order.account, order.lane, view, market, ref.id))
        return (Effect(f"{ref.id}:0", ref.id, lines, market.now(), kind),)

    def cost(self, step: Step, market: Market, ref: Ref) -> Effect:
        """The gas, from the lane's ETH."""
        paid = self.gas_cost(Write(step.actions, step.bounds), market)
        return Effect(f"{ref.id}:gas", ref.id, ((balance_key(step.order.lane, ETHER), -paid),), market.now(), "gas")

    def limits(self, action: Action) -> Limits:
        """The last digit of the asset is the lot. Raises `Denied` for an asset that is not configured."""
        asset = action.spends()
        return Limits() if asset is None else Limits(lot=from_units(1, self.token(asset).decimals))

    def tolerance(self, key: Key) -> Decimal:
        """The declared drift of a balance's token; nothing for every other position."""
        found = self._tolerances.get(key)
        if found is None:
            found = self._tolerances[key] = self._drift(key)
        return found

    def series(self, action: Action) -> tuple[str, ...]:
        """The gas price."""
        return (self._gas_price,)

    def check_account(self, action: Action, acting: Acting) -> None:
        """Raises `Denied` for an action by itself that names a smart account: its transaction would be the wallet's, and would act on what
        the wallet holds. A protocol of smart accounts replaces this."""
        if not acting.is_wallet:
            raise Denied(
                f"{self.venue} acts for {acting.lane}, which signs, and not for {acting.account}: what that is to do is a leg of an "
                f"AtomicBundle; a {type(action).__name__} by itself would be {acting.lane}'s"
            )

    # amounts

    def token(self, asset: str) -> Token:
        """What is configured of `asset`. Raises `Denied` with the nearest name when it is unknown."""
        found = self.settings.tokens.get(asset)
        if found is None:
            hint = nearest(asset, self.settings.tokens)
            raise Denied(f"{self.venue} does not know {asset}{hint}; tokens are listed in {self.venue}.yaml")
        return found

    def units(self, asset: str, amount: Decimal) -> int:
        """`amount` in base units. Raises `Denied` when the asset is unknown or has fewer decimals."""
        return to_units(amount, self.token(asset).decimals)

    def amount(self, asset: str, units: int) -> Decimal:
        """Base units as an amount."""
        return from_units(units, self.token(asset).decimals)

    def spent(self, action: Any, acting: Acting) -> Decimal:
        """What an action being carried out spends: its amount, or the whole balance."""
        amount: Decimal = acting.holds(action.spends()) if action.amount == MAX else action.amount
        return amount

    def sized(self, action: AnyAction, acting: Acting) -> AnyAction:
        """The action with its amount decided: `MAX` becomes the balance that can be spent. Raises `Denied` when the amount has too
        many decimals, or nothing is there."""
        asset, amount = action.spends(), getattr(action, "amount", None)
        if asset is None or amount is None:
            return action
        if isinstance(amount, Decimal):
            self.units(asset, amount)
            return action
        if amount != MAX:
            raise InvalidAction(f"{type(action).__name__} takes its amount from a leg, which only a bundle has")
        whole = self.whole(action, asset, acting)
        if whole <= 0:
            raise Denied(f"{acting.account} holds no {asset} to {type(action).__name__}")
        return with_amount(action, whole)

    def whole(self, action: Action, asset: str, acting: Acting) -> Decimal:
        """What `MAX` means: the balance, less the gas when it is the ETH that pays it."""
        self.token(asset)
        held = acting.holds(asset)
        if asset == ETHER and acting.is_wallet:
            held -= self._gas_reserve(Write((action,)), acting.market)
        return held

    def held(self, asset: str, acting: Acting) -> Decimal:
        """The balance, in what amounts of actions are in."""
        return acting.holds(asset)

    # approvals

    def approvals(
        self, asset: str, amount: Decimal, spender: str, acting: Acting, needed: Decimal | None = None
    ) -> tuple[Write, ...]:  # fmt: skip
        """The transactions that let `spender` pull exactly `amount` from a wallet; none where it may already, or for a smart account.
        `needed`: what it will pull at the least, where that is less. None either where the wallet does not hold that: what the approval
        is for is refused whatever is allowed, and the approval would have cost its gas and would stay."""
        if not acting.is_wallet or self._lacks(asset, amount if needed is None else needed, acting):
            return ()
        allowed = acting.view[allowance_key(acting.account, spender, asset)]
        if allowed >= amount:
            return ()
        amounts = (ZERO, amount) if allowed and self.token(asset).reset_allowance else (amount,)
        return tuple(Write((Approve(asset=asset, amount=each, spender=spender, account=acting.account),)) for each in amounts)

    def _lacks(self, asset: str, amount: Decimal, acting: Acting) -> bool:
        """Whether the account does not hold so much; a number of shares does not say."""
        return not self.token(asset).shares and self.held(asset, acting) < amount

    def _approve(self, action: Approve, acting: Acting) -> Lines:
        key = allowance_key(acting.account, action.spender, action.asset)
        allowed, amount = acting.view[key], self.spent(action, acting)
        if allowed and amount and self.token(action.asset).reset_allowance:
            raise StepFails(f"{action.asset}: an allowance must be set to 0 before it is changed")
        return ((key, amount - allowed),)

    # gas

    def times(self, write: Write, market: Market) -> int:
        """How often a transaction with one part does what the part says, each time at its gas: a withdrawal may be several requests."""
        return 1

    def gas_units(self, write: Write, market: Market) -> int:
        """The gas of a transaction."""
        if len(write.parts) == 1:
            figure = self._gas_of(write.parts[0])
            return figure + (self.times(write, market) - 1) * max(figure - self.settings.base_gas, 0)
        return self.settings.base_gas + sum(self._gas_of(part) for part in write.parts)

    def gas_cost(self, write: Write, market: Market) -> Decimal:
        """The same in ETH at the present gas price, in whole wei, rounded up."""
        gwei = MONEY.multiply(Decimal(self.gas_units(write, market)), market.value(self._gas_price))
        return whole_ceil(MONEY.scaleb(gwei, -9), 18)

    def ether_sent(self, part: Action, acting: Acting) -> Decimal:
        """The ETH that the lane's wallet sends along with one part."""
        if part.spends() != ETHER or (part.account or acting.account) != acting.lane:
            return ZERO
        amount = getattr(part, "amount", ZERO)
        return amount if isinstance(amount, Decimal) else ZERO

    def _gas_of(self, part: Action) -> int:
        kind = (type(part), part.spends())
        found = self._gas.get(kind)
        if found is None:
            found = self._gas[kind] = self._gas_figure(type(part).__name__, kind[1])
        return found

    def _gas_figure(self, name: str, asset: str | None) -> int:
        figures = self.settings.gas
        for entry in (f"{name}/{asset}", name):
            if entry in figures:
                return figures[entry]
        raise Denied(f"there is no gas figure for {name}: add it under gas in {self.venue}.yaml")

    def _gas_reserve(self, write: Write, market: Market) -> Decimal:
        return whole_ceil(MONEY.multiply(self.gas_cost(write, market), self.settings.gas_buffer), 18)

    def _afford(self, writes: tuple[Write, ...], acting: Acting) -> None:
        needed = ZERO
        for write in writes:
            needed += self._gas_reserve(write, acting.market)
            needed += sum((self.ether_sent(part, acting) for part in write.parts), ZERO)
        held = acting.view[balance_key(acting.lane, ETHER)]
        if held < needed:
            raise Denied(f"{acting.lane} holds {held} ETH and needs {needed} for gas and what is sent; send it ETH or act on less")

    def _drift(self, key: Key) -> Decimal:
        parts = split_key(key)
        token = self.settings.tokens.get(parts.instrument) if parts.kind == BALANCE else None
        return ZERO if token is None else from_units(token.drift, token.decimals)


def with_amount(action: AnyAction, amount: Amount) -> AnyAction:
    """The action with another amount; it must have one."""
    change: dict[str, Any] = {"amount": amount}
    return attrs.evolve(action, **change)
