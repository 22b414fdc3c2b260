"""What a wallet's actions do: transfers, and ETH to WETH and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from basis_venues.actions import MAX, Action, Approve, Transfer, UnwrapEther, WrapEther
from basis_venues.contract import Market, ModelContext
from basis_venues.errors import Denied
from basis_venues.guard import destination
from basis_venues.keys import Key
from basis_venues.orders import Effect, Line, Ref, Step
from basis_venues_evm import ETHER, Acting, ChainModel, Lines, Rule, Write, allowance_key, balance_key

from .settings import AlchemySettings

WETH = "WETH"


class AlchemyModel(ChainModel):
    """The wallet's model. It keeps the balances of the wallet and of the smart accounts that it owns."""

    settings: AlchemySettings

    def __init__(self, context: ModelContext) -> None:
        super().__init__(context)
        self._arrival = context.arrival

    def rules(self) -> Mapping[type[Action], tuple[Rule, str]]:
        """Transfer, wrap and unwrap. Approve is in the base."""
        return {
            Transfer: (self._transfer, "transfer"),
            WrapEther: (self._wrap, "swap"),
            UnwrapEther: (self._unwrap, "swap"),
        }

    def keys(self, action: Action, account: str, lane: str, view: Mapping[Key, Decimal]) -> Iterable[Key]:
        """What is sent, and what comes back or arrives at once."""
        if isinstance(action, (WrapEther, UnwrapEther)):
            return (balance_key(account, ETHER), balance_key(account, WETH))
        if isinstance(action, Approve):
            return (allowance_key(account, action.spender, action.asset),)
        if isinstance(action, Transfer):
            arrives = () if action.target is None or self._delay(action.target) else (self._arrival(action.target, action.asset),)
            return (balance_key(account, action.asset), *arrives)
        return ()

    def writes(self, action: Action, acting: Acting) -> tuple[Write, ...]:
        """One transaction. Raises `Denied` for a destination that is not allowed."""
        if not isinstance(action, (Transfer, WrapEther, UnwrapEther, Approve)):
            raise Denied(f"{self.venue} does not know {type(action).__name__}")
        if isinstance(action, Transfer):
            self._allow(action, acting)
        return (Write((self.sized(action, acting),)),)

    def effects(self, step: Step, action: Action, view: Mapping[Key, Decimal], market: Market, ref: Ref) -> tuple[Effect, ...]:
        """The base's effect, and for a transfer that is on its way its arrival, which lies ahead."""
        effects = super().effects(step, action, view, market, ref)
        if not isinstance(action, Transfer) or action.target is None or not self._delay(action.target):
            return effects
        transit, amount = effects[0].lines[1]
        lines = ((transit, -amount), (self._arrival(action.target, action.asset), amount))
        return (*effects, Effect(f"{ref.id}:1", ref.id, lines, market.now() + self._delay(action.target), "deposit"))

    def _delay(self, target: str) -> int:
        return self.settings.credit_delay_ms.get(target, self.settings.default_credit_delay_ms)

    def _transfer(self, action: Transfer, acting: Acting) -> Lines:
        amount = self.spent(action, acting)
        sent = acting.debit(action.asset, amount)
        if action.target is None:
            return (sent,)
        return (sent, self._received(action, acting, amount))

    def _received(self, action: Transfer, acting: Acting, amount: Decimal) -> Line:
        if self._delay(str(action.target)):
            return f"{action.target}:transit:{action.asset}/{acting.reference}", amount
        return self._arrival(str(action.target), action.asset), amount

    def _wrap(self, action: WrapEther, acting: Acting) -> Lines:
        amount = self.spent(action, acting)
        return (acting.debit(ETHER, amount), acting.credit(WETH, amount))

    def _unwrap(self, action: UnwrapEther, acting: Acting) -> Lines:
        amount = self.spent(action, acting)
        return (acting.debit(WETH, amount), acting.credit(ETHER, amount))

    def _allow(self, action: Transfer, acting: Acting) -> None:
        if action.source != acting.account:
            raise Denied(f"the transfer is from {action.source}, and this is {acting.account}: name the venue that keeps {action.source}")
        token = self.settings.tokens.get(action.asset)
        if token is not None and token.shares and action.amount != MAX:
            raise Denied(f"a balance of {action.asset} is a number of shares, and an amount is not: wrap it and send that, or all of it")
        if action.address is not None:
            destination(self.venue, self.settings, action)
