"""Double-entry books: every change of a balance has its counterpart, so that no money comes from nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from attrs import frozen

ZERO = Decimal(0)

MARKET = "@market"
"""The other side of all trades."""
FEES = "@fees"
FUNDING = "@funding"
ENDOWMENT = "endowment"
"""What control gave."""
TRANSIT = "@transit"
"""Debited here and not yet credited there."""
OUTSIDE = "@outside"
"""Wherever deposits come from and withdrawals go."""

Posting = tuple[str, str, Decimal]
"""Holder (a wallet, or one of the names above), asset, signed amount."""


@frozen
class Entry:
    """One change of one wallet, and what it held afterwards."""

    number: int
    at: int
    kind: str
    ref: str
    wallet: str
    asset: str
    amount: Decimal
    balance: Decimal


class Ledger:
    """Balances of one account at one venue. A holder that begins with `@` is not the account's."""

    def __init__(self) -> None:
        self._balances: dict[tuple[str, str], Decimal] = {}
        self.entries: list[Entry] = []

    def post(self, at: int, kind: str, ref: str, *postings: Posting) -> None:
        """Book postings that cancel each other out, asset by asset; what one holder gets and pays of an asset is one entry."""
        sums: dict[str, Decimal] = {}
        changes: dict[tuple[str, str], Decimal] = {}
        for holder, asset, amount in postings:
            sums[asset] = sums.get(asset, ZERO) + amount
            changes[holder, asset] = changes.get((holder, asset), ZERO) + amount
        assert not any(sums.values()), f"postings of {kind} {ref} do not cancel out: {sums}"
        for (holder, asset), amount in changes.items():
            balance = self._balances[holder, asset] = self.balance(holder, asset) + amount
            if amount and not holder.startswith("@"):
                self.entries.append(Entry(len(self.entries), at, kind, ref, holder, asset, amount, balance))

    def move(self, at: int, kind: str, ref: str, source: str, target: str, asset: str, amount: Decimal) -> None:
        """Book an amount from one holder to another."""
        self.post(at, kind, ref, (source, asset, -amount), (target, asset, amount))

    def balance(self, holder: str, asset: str) -> Decimal:
        """What the holder has; of a holder that begins with `@`, what it gave away counts negative."""
        return self._balances.get((holder, asset), ZERO)

    def wallet(self, name: str) -> dict[str, Decimal]:
        """asset -> balance of one wallet, empty ones left out."""
        return {asset: amount for (holder, asset), amount in self._balances.items() if holder == name and amount}

    def wallets(self) -> Iterator[tuple[str, str, Decimal]]:
        """(wallet, asset, balance) of the account, empty ones left out."""
        for (holder, asset), amount in sorted(self._balances.items()):
            if amount and not holder.startswith("@"):
                yield holder, asset, amount

    def total(self, asset: str) -> Decimal:
        """The sum over all holders: always zero."""
        return sum((amount for (_, each), amount in self._balances.items() if each == asset), ZERO)

    def assets(self) -> set[str]:
        """Every asset that was ever booked."""
        return {asset for _, asset in self._balances}
