"""Funds that move without a trade: between wallets, in, and out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from decimal import Decimal
from enum import StrEnum

from attrs import define

from .books import Books
from .ledger import ENDOWMENT, OUTSIDE, TRANSIT
from .margin import free
from .orders import Order
from .refusal import Refused, Why
from .rules import Coin


class Progress(StrEnum):
    """How far a movement is."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"


@define(kw_only=True)
class Movement:
    """One transfer, withdrawal or deposit. `key` is what the client called it; `due` is when it is credited, None for never."""

    id: int
    kind: str
    key: str
    asset: str
    amount: Decimal
    source: str
    target: str
    at: int
    due: int | None
    fee: Decimal = Decimal(0)
    network: str = ""
    tx: str = ""
    status: Progress = Progress.PENDING


class Treasury:
    """The movements of one account. `resting` answers the orders in the book, which hold funds back."""

    def __init__(self, books: Books, resting: Callable[[], Iterable[Order]]) -> None:
        self._books = books
        self._resting = resting
        self.transfers: list[Movement] = []
        self.withdrawals: list[Movement] = []
        self.deposits: list[Movement] = []
        self.sent: Callable[[Movement], None] = lambda _withdrawal: None
        """Called with a withdrawal when it leaves the venue."""

    def transfer(self, source: str, target: str, asset: str, amount: Decimal, key: str = "") -> Movement:
        """Move between two wallets. Raises `Refused`."""
        books = self._books
        if key and books.rules.transfer_keys and any(each.key == key for each in self.transfers):
            raise Refused(Why.DUPLICATE_TRANSFER, key)
        if source == target or source not in books.rules.wallets or target not in books.rules.wallets or amount <= 0:
            raise Refused(Why.BAD_PARAMETER, f"{source} to {target}")
        if amount > self._free(source, asset):
            raise Refused(Why.TRANSFER_FUNDS, asset)
        delay = books.settings.credit_delay
        due = None if delay < 0 else books.now + delay
        moved = Movement(
            id=books.number(), kind="transfer", key=key, asset=asset, amount=amount, source=source, target=target, at=books.now, due=due
        )
        self.transfers.append(moved)
        books.ledger.move(books.now, "transfer", str(moved.id), source, TRANSIT, asset, amount)
        self.settle()
        return moved

    def withdraw(self, asset: str, amount: Decimal, address: str, network: str, key: str = "", wallet: str = "") -> Movement:
        """Send out of the venue; the fee comes on top. What lies in another `wallet` than withdrawals leave is transferred there first.
        Raises `Refused`."""
        books, coin = self._books, self.coin(asset)
        if key and any(each.key == key for each in self.withdrawals):
            raise Refused(Why.DUPLICATE_WITHDRAWAL, key)
        if network and network != coin.network:
            raise Refused(Why.BAD_PARAMETER, f"network {network}")
        if not address:
            raise Refused(Why.BAD_ADDRESS)
        if amount < coin.minimum:
            raise Refused(Why.WITHDRAWAL_LIMIT, str(coin.minimum))
        source = books.rules.withdrawal_wallet
        if amount + coin.fee > self._free(wallet or source, asset):
            raise Refused(Why.WITHDRAWAL_FUNDS, asset)
        if wallet not in ("", source):
            self.transfer(wallet, source, asset, amount + coin.fee, f"selfTransfer_{books.number()}")
        number = books.number()
        sent = Movement(
            id=number, kind="withdrawal", key=key, asset=asset, amount=amount, source=source, target=address, at=books.now,
            due=books.now + coin.delay if books.settings.withdrawals_arrive else None, fee=coin.fee, network=coin.network,
            tx=_hash(f"{books.rules.venue} withdrawal {number}"),
        )  # fmt: skip
        self.withdrawals.append(sent)
        books.ledger.move(books.now, "withdrawal", str(number), source, TRANSIT, asset, amount + coin.fee)
        self.settle()
        return sent

    def deposit(self, asset: str, amount: Decimal, *, source: str = "", tx: str = "", delay: int = 0) -> Movement:
        """What arrives from outside, credited after `delay` ms."""
        books = self._books
        number = books.number()
        arrived = Movement(
            id=number, kind="deposit", key="", asset=asset, amount=amount, source=source, target=books.rules.deposit_wallet, at=books.now,
            due=books.now + delay, network=self.coin(asset).network, tx=tx or _hash(f"{books.rules.venue} deposit {number}"),
        )  # fmt: skip
        self.deposits.append(arrived)
        books.ledger.move(books.now, "sent", str(number), OUTSIDE, TRANSIT, asset, amount)
        self.settle()
        return arrived

    def endow(self, wallet: str, asset: str, balance: Decimal) -> None:
        """Give a wallet exactly this balance, from outside."""
        ledger = self._books.ledger
        ledger.move(self._books.now, ENDOWMENT, "", OUTSIDE, wallet, asset, balance - ledger.balance(wallet, asset))

    def adjust(self, kind: str, wallet: str, asset: str, amount: Decimal) -> int:
        """Change a wallet for a reason of the venue's own, called as its log calls it. Answers the entry's reference."""
        number = self._books.number()
        self._books.ledger.move(self._books.now, kind, str(number), OUTSIDE, wallet, asset, amount)
        return number

    def address(self, asset: str) -> str:
        """Where deposits of an asset go: the same on every run. Raises `Refused`."""
        self.coin(asset)
        return f"0x{_digest(f'{self._books.rules.venue} deposit address {asset}')[:40]}"

    def coin(self, asset: str) -> Coin:
        """How the asset leaves and arrives. Raises `Refused`."""
        try:
            return self._books.rules.coins[asset]
        except KeyError:
            raise Refused(Why.UNKNOWN_ASSET, asset) from None

    def next_due(self) -> int | None:
        """When the next movement is credited, ms; None while nothing is under way."""
        return min((each.due for each in self._pending() if each.due is not None), default=None)

    def settle(self) -> None:
        """Credit what is due."""
        for each in list(self._pending()):
            if each.due is not None and each.due <= self._books.now:
                self._credit(each)

    def fail(self, movement: Movement) -> None:
        """Give a pending movement back to where it came from."""
        holder = OUTSIDE if movement.kind == "deposit" else movement.source
        self._books.ledger.move(
            self._books.now, movement.kind, str(movement.id), TRANSIT, holder, movement.asset, movement.amount + movement.fee
        )
        movement.status, movement.due = Progress.FAILED, None

    def _pending(self) -> Iterable[Movement]:
        for group in (self.transfers, self.withdrawals, self.deposits):
            yield from (each for each in group if each.status is Progress.PENDING)

    def _credit(self, movement: Movement) -> None:
        holder = OUTSIDE if movement.kind == "withdrawal" else movement.target
        movement.status = Progress.DONE
        self._books.ledger.move(
            self._books.now, movement.kind, str(movement.id), TRANSIT, holder, movement.asset, movement.amount + movement.fee
        )
        if movement.kind == "withdrawal":
            self.sent(movement)
        trading = self._books.rules.spot_wallet
        if movement.kind == "deposit" and self._books.settings.auto_transfer and movement.target != trading:
            self.transfer(movement.target, trading, movement.asset, movement.amount, f"selfTransfer_{movement.id}")

    def _free(self, wallet: str, asset: str) -> Decimal:
        return free(self._books, self._resting(), wallet, asset)


def _digest(text: str) -> str:
    return hashlib.sha256(f"basis sandbox {text}".encode()).hexdigest()


def _hash(text: str) -> str:
    return f"0x{_digest(text)}"
