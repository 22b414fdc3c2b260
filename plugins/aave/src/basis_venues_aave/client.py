"""Lending on a real chain: the pool's calls, how positions are read, and what the pool's logs say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from attrs import evolve

from basis_venues.actions import MAX, Action, Approve, Borrow, Repay, SetCollateral, SetEMode, Supply, Withdraw
from basis_venues.contract import ClientContext
from basis_venues.errors import Denied
from basis_venues.keys import ALLOWANCE, BORROWED, SETTING, SUPPLIED, Key, KeyParts
from basis_venues.orders import Step
from basis_venues_evm import RISKY, allowance_key, emode_key
from basis_venues_evm.live import MAX_UINT, NOTHING, Call, EvmClient, Method, Read, Wanted, amount_of, approval, units_of
from basis_venues_evm.live.abi import number

from .events import PoolEvents
from .floor import Floor
from .market import USER_BITS, AaveMarket, ListedReserve, find_market
from .refusals import CODES, ERRORS
from .settings import AaveSettings

SUPPLY = Method("supply(address,uint256,address,uint16)")
WITHDRAW = Method("withdraw(address,uint256,address)")
BORROW = Method("borrow(address,uint256,uint256,uint16,address)")
REPAY = Method("repay(address,uint256,uint256,address)")
SET_EMODE = Method("setUserEMode(uint8)")
SET_COLLATERAL = Method("setUserUseReserveAsCollateral(address,bool)")
SCALED_BALANCE = Method("scaledBalanceOf(address)")
USER_EMODE = Method("getUserEMode(address)")

VARIABLE = 2
"""The only rate mode that there is."""
NO_REFERRAL = 0


class AaveClient(EvmClient):
    """Lending and borrowing for an account of the wallet."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self._settings: AaveSettings = context.settings
        self._market: AaveMarket | None = None
        self._encoders: dict[type[Action], Callable[[Any, str, str], Wanted]] = {
            Supply: self._supply,
            Withdraw: self._withdraw,
            Borrow: self._borrow,
            Repay: self._repay,
            SetCollateral: self._set_collateral,
            SetEMode: self._set_emode,
        }

    async def join(self) -> Mapping[str, str]:
        """Find the market, and register reads, logs, errors, the floor under the health factor and the pool as a spender."""
        market = self._market = await find_market(self.chain, self.venue, self._settings)
        registry = self.chain.registry
        registry.add_spender(self.venue, market.pool)
        registry.add_reads(self.venue, self._read)
        registry.watches[self.venue] = Floor(self.venue, self.chain, market, self._settings)
        self.chain.reverts.know(ERRORS)
        self.chain.reverts.know_codes(CODES)
        PoolEvents(self.venue, self.chain, market).register()
        return {}

    async def wanted(self, step: Step) -> Wanted:
        """The pool's call, or the approval that it needs. Raises `Denied` for an asset that this market does not list."""
        action, account = _acting(step)
        if isinstance(action, Approve):
            return approval(self.chain, action, account)
        encoder = self._encoders.get(type(action))
        if encoder is None:
            raise Denied(f"{self.venue} does not know {type(action).__name__}")
        return encoder(action, account, self.chain.address_of(account))

    async def checked(self, step: Step, wanted: Wanted) -> Mapping[str, Any]:
        """Raises `Denied` for a risky action that would bring the account under the floor by the chain's own figures, and for an approval
        of what the pool would refuse then: it would cost its gas and stay."""
        action, account = _acting(step)
        if isinstance(action, RISKY):
            await self.chain.weigh(wanted, account, step.actions)
        elif isinstance(action, Approve) and action.amount:
            await self.chain.check_next(wanted, await self.wanted(step._replace(actions=(_approved(step.order.action, action),))))
        return {}

    # calls

    def _supply(self, action: Supply, account: str, owner: str) -> Wanted:
        asset = self._reserve(action.asset).underlying
        return self._call(SUPPLY(asset, units_of(self.chain, action), owner, NO_REFERRAL), self._allowance(account, action.asset))

    def _withdraw(self, action: Withdraw, account: str, owner: str) -> Wanted:
        return self._call(WITHDRAW(self._reserve(action.asset).underlying, self._units_or_max(action), owner))

    def _borrow(self, action: Borrow, account: str, owner: str) -> Wanted:
        return self._call(BORROW(self._reserve(action.asset).underlying, units_of(self.chain, action), VARIABLE, NO_REFERRAL, owner))

    def _repay(self, action: Repay, account: str, owner: str) -> Wanted:
        data = REPAY(self._reserve(action.asset).underlying, self._units_or_max(action), VARIABLE, owner)
        return self._call(data, self._allowance(account, action.asset))

    def _set_collateral(self, action: SetCollateral, account: str, owner: str) -> Wanted:
        return self._call(SET_COLLATERAL(self._reserve(action.asset).underlying, action.enabled))

    def _set_emode(self, action: SetEMode, account: str, owner: str) -> Wanted:
        return self._call(SET_EMODE(action.category), emode_key(account, self.venue))

    def _call(self, data: str, *facts: Key) -> Wanted:
        return Wanted(self._found.pool, data, facts=facts)

    def _allowance(self, account: str, asset: str) -> Key:
        return allowance_key(account, self.venue, asset)

    def _units_or_max(self, action: Withdraw | Repay) -> int:
        return MAX_UINT if action.amount == MAX else units_of(self.chain, action)

    # reads

    def _read(self, parts: KeyParts) -> Read:
        name = parts.instrument.partition("/")[2]
        if parts.kind == ALLOWANCE:
            return self.chain.tokens.allowance(parts.account, self.venue, name)
        owner = self.chain.address_of(parts.account)
        if parts.kind in (SUPPLIED, BORROWED):
            return self._scaled(name, owner, debt=parts.kind == BORROWED)
        if parts.kind == SETTING and name == "emode":
            return Read(Call(self._found.pool, USER_EMODE(owner)), amount_of(0))
        if parts.kind == SETTING and name.startswith("collateral/"):
            return self._collateral(name.partition("/")[2], owner)
        raise Denied(f"{self.venue} cannot show {':'.join(parts)}")

    def _scaled(self, asset: str, owner: str, *, debt: bool) -> Read:
        reserve = self._found.reserves.get(asset)
        if reserve is None:
            return NOTHING  # what is not listed cannot be held
        token = reserve.debt_token if debt else reserve.a_token
        return Read(Call(token, SCALED_BALANCE(owner)), amount_of(self.chain.tokens.named(asset).token.decimals))

    def _collateral(self, asset: str, owner: str) -> Read:
        reserve = self._found.reserves.get(asset)
        if reserve is None:
            return NOTHING
        bit = 2 * reserve.id + 1
        return Read(Call(self._found.pool, USER_BITS(owner)), lambda data: Decimal(number(data) >> bit & 1))

    @property
    def _found(self) -> AaveMarket:
        return self.once_open(self._market)

    def _reserve(self, asset: str) -> ListedReserve:
        found = self._found.reserves.get(asset)
        if found is None:
            raise Denied(f"{self.venue} on this chain does not list {asset}; it lists {', '.join(self._found.reserves)}")
        return found


def _approved(asked: Action, approval: Approve) -> Action:
    """What an approval is for: the action of its order, as far as it is approved where that is everything that the wallet holds."""
    return evolve(asked, amount=approval.amount) if isinstance(asked, Supply) and asked.amount == MAX else asked


def _acting(step: Step) -> tuple[Action, str]:
    """The step's one action, and the account that it is for."""
    action = step.actions[0]
    return action, action.account or step.order.account
