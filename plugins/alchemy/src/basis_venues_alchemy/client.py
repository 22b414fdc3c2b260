"""The wallet at work: transfers, wrapping and approvals."""

from __future__ import annotations

from collections.abc import Mapping

from basis_venues.actions import Approve, Transfer, UnwrapEther, WrapEther
from basis_venues.contract import ClientContext
from basis_venues.errors import Denied
from basis_venues.guard import destination
from basis_venues.orders import Step
from basis_venues_evm import ETHER
from basis_venues_evm.live import EvmClient, Wanted, amount_of_action, approval, tokens, units_of
from basis_venues_evm.live.abi import address

from .model import WETH
from .settings import AlchemySettings


class AlchemyClient(EvmClient):
    """The wallet. The chain access shows the balances of all accounts on the chain, that of a smart account included."""

    def __init__(self, context: ClientContext) -> None:
        super().__init__(context)
        self._settings: AlchemySettings = context.settings
        self._wallet = context.account.alias

    async def join(self) -> Mapping[str, str]:
        """The wallet's identity: chain and address."""
        return {self._wallet: self.chain.identity_of(self._wallet)}

    async def wanted(self, step: Step) -> Wanted:
        """The transaction of a transfer, a wrap, an unwrap or an approval. Raises `Denied`, `GuardRefused`."""
        action = step.actions[0]
        if isinstance(action, Transfer):
            return self._transfer(action)
        if isinstance(action, WrapEther):
            return Wanted(self.chain.tokens.named(WETH).address, tokens.DEPOSIT(), units_of(self.chain, action))
        if isinstance(action, UnwrapEther):
            return Wanted(self.chain.tokens.named(WETH).address, tokens.WITHDRAW(units_of(self.chain, action)))
        if isinstance(action, Approve):
            return approval(self.chain, action, action.account or step.order.account)
        raise Denied(f"{self.venue} does not know {type(action).__name__}")

    def _transfer(self, action: Transfer) -> Wanted:
        to, units = self._destination(action), units_of(self.chain, action)
        arrives_later = action.target is not None and not self.chain.registry.knows(action.target)
        on_the_way = (f"{action.target}:transit:{action.asset}/", amount_of_action(action)) if arrives_later else None
        if action.asset == ETHER:
            return Wanted(to, value=units, on_the_way=on_the_way)
        token = self.chain.tokens.named(action.asset)
        move = tokens.TRANSFER_SHARES if token.token.shares else tokens.TRANSFER
        return Wanted(token.address, move(to, units), on_the_way=on_the_way)

    def _destination(self, action: Transfer) -> str:
        """Where the transfer goes: an account of this chain, or a listed address. The deposit address of an exchange is the destination
        whose label is the exchange's account."""
        if action.target is not None and self.chain.registry.knows(action.target):
            return self.chain.address_of(action.target)
        listed = destination(self.venue, self._settings, action)
        return address(listed.address, f"a destination in {self.venue}.yaml")
