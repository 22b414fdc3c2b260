"""The wallet at work: transfers, wrapping, approvals, and the balances of its accounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from basis_venues.actions import Action, Approve, Transfer, UnwrapEther, WrapEther
from basis_venues.contract import ClientContext
from basis_venues.errors import Denied, GuardRefused
from basis_venues.keys import ALLOWANCE, BALANCE, KeyParts
from basis_venues.orders import Step
from basis_venues_evm import ETHER, allowance_key
from basis_venues_evm.live import EvmClient, Read, Wanted, tokens
from basis_venues_evm.live.abi import address

from .model import WETH
from .settings import AlchemySettings

SMART_ACCOUNT = "dsa"
"""The alias of the smart account that the wallet owns; its balances are read here, too."""


class AlchemyClient(EvmClient):
    """The wallet. It keeps the balances of itself and of the smart account that it owns."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self._settings: AlchemySettings = context.settings
        self._wallet = context.account.alias

    async def join(self) -> Mapping[str, str]:
        """Register the tokens of this chain, and the accounts kept."""
        await register_tokens(self.chain, self.venue, self._settings)
        self.chain.registry.add_reads(self.venue, self._read, keeps=(self._wallet, SMART_ACCOUNT))
        return {self._wallet: self.chain.identity_of(self._wallet)}

    async def wanted(self, step: Step) -> Wanted:
        """The transaction of a transfer, a wrap, an unwrap or an approval. Raises `Denied`, `GuardRefused`."""
        action, account = step.actions[0], step.order.account
        if isinstance(action, Transfer):
            return self._transfer(action)
        if isinstance(action, WrapEther):
            return Wanted(self._token(WETH).address, tokens.DEPOSIT(), self._token(ETHER).units(_amount(action)))
        if isinstance(action, UnwrapEther):
            weth = self._token(WETH)
            return Wanted(weth.address, tokens.WITHDRAW(weth.units(_amount(action))))
        if isinstance(action, Approve):
            return approval(self.chain, action, action.account or account)
        raise Denied(f"{self.venue} does not know {type(action).__name__}")

    def _transfer(self, action: Transfer) -> Wanted:
        token, to = self._token(action.asset), self._destination(action)
        units, on_the_way = token.units(_amount(action)), self._on_the_way(action)
        if action.asset == ETHER:
            return Wanted(to, value=units, on_the_way=on_the_way)
        move = tokens.TRANSFER_SHARES if token.token.shares else tokens.TRANSFER
        return Wanted(token.address, move(to, units), on_the_way=on_the_way)

    def _destination(self, action: Transfer) -> str:
        """Where the transfer goes: an account of this chain, or the listed address. An exchange's deposit address is the destination
        whose label is the exchange's account."""
        if action.target is not None and action.target in self.chain.registry.aliases.values():
            return self.chain.address_of(action.target)
        for each in self._settings.destinations:
            same = each.label == action.target if action.target is not None else each.address.lower() == str(action.address).lower()
            if same and each.asset in (None, action.asset) and each.network in (None, action.network):
                return address(each.address, f"a destination in {self.venue}.yaml")
        name = f"the address of {action.target}, with the label {action.target}," if action.target else "the address"
        raise GuardRefused(f"this transfer is not allowed: list {name} under destinations in {self.venue}.yaml, with asset and network")

    def _on_the_way(self, action: Transfer) -> tuple[str, Decimal] | None:
        if action.target is None or action.target in self.chain.registry.aliases.values():
            return None
        return f"{action.target}:transit:{action.asset}/", _amount(action)

    def _read(self, parts: KeyParts) -> Read:
        if parts.kind == BALANCE:
            return self.chain.tokens.balance(parts.account, parts.instrument)
        if parts.kind == ALLOWANCE:
            spender, _, symbol = parts.instrument.rpartition("/")
            return self.chain.tokens.allowance(parts.account, spender, symbol)
        raise Denied(f"{self.venue} does not keep {parts.kind} positions")

    def _token(self, symbol: str) -> Any:
        return self.chain.tokens.named(symbol)


async def register_tokens(chain: Any, venue: str, settings: AlchemySettings) -> None:
    """Tell the chain where the wallet's tokens are."""
    chain.tokens.add(settings.tokens, await chain.contracts(venue, settings), f"contracts in {venue}.yaml")


def approval(chain: Any, action: Approve, account: str) -> Wanted:
    """The transaction of an approval, to exactly its amount."""
    token = chain.tokens.named(action.asset)
    data = tokens.APPROVE(chain.registry.spender(action.spender), token.units(_amount(action)))
    return Wanted(token.address, data, facts=(allowance_key(account, action.spender, action.asset),))


def _amount(action: Action) -> Decimal:
    """The amount, which the plan has decided. Raises `Denied` for one that it left open."""
    amount = getattr(action, "amount", None)
    if not isinstance(amount, Decimal):
        raise Denied(f"{type(action).__name__} has no amount that could be sent")
    return amount
