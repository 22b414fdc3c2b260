"""One account about to act: what it holds, and the lines of a balance sheet that its moves make."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from basis_venues.contract import Market, StepFails
from basis_venues.keys import Key
from basis_venues.orders import Line

Lines = tuple[Line, ...]
"""What an action changes: positions by key, each with its signed amount."""


def balance_key(account: str, asset: str) -> Key:
    """`wallet:balance:USDT`."""
    return f"{account}:balance:{asset}"


def allowance_key(account: str, spender: str, asset: str) -> Key:
    """`wallet:allowance:aave/USDT`."""
    return f"{account}:allowance:{spender}/{asset}"


class Acting(NamedTuple):
    """The account that acts, the lane that pays its gas, and the state it finds. `reference` names the attempt, where there is one."""

    account: str
    lane: str
    view: Mapping[Key, Decimal]
    market: Market
    reference: str = ""

    @property
    def is_wallet(self) -> bool:
        """Whether it signs for itself. A smart account does not: its connectors approve what they need within the transaction."""
        return self.account == self.lane

    def holds(self, asset: str) -> Decimal:
        """Its balance of `asset` (stETH in shares)."""
        return self.view[f"{self.account}:balance:{asset}"]

    def credit(self, asset: str, amount: Decimal) -> Line:
        """The line of `amount` coming in."""
        return f"{self.account}:balance:{asset}", amount

    def debit(self, asset: str, amount: Decimal) -> Line:
        """The line of `amount` going out. Raises `StepFails` when the balance is too small."""
        key = f"{self.account}:balance:{asset}"
        if self.view[key] < amount:
            raise StepFails(f"{asset}: transfer amount exceeds balance: {self.account} holds {self.view[key]}, not {amount}")
        return key, -amount

    def pulled(self, asset: str, amount: Decimal, spender: str) -> Lines:
        """The lines of `spender` taking `amount`: the balance, and a wallet's allowance with it. Raises `StepFails`."""
        return (self.debit(asset, amount), *self.allowed(asset, amount, spender))

    def allowed(self, asset: str, amount: Decimal, spender: str) -> Lines:
        """What pulling `amount` uses up of a wallet's allowance. Raises `StepFails` when it is too small."""
        if not self.is_wallet:
            return ()
        key = allowance_key(self.account, spender, asset)
        if self.view[key] < amount:
            raise StepFails(f"{asset}: transfer amount exceeds allowance: {spender} may pull {self.view[key]}, not {amount}")
        return ((key, -amount),)
