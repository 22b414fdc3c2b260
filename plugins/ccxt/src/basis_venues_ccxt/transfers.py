"""Moving funds between an exchange's own wallets, and out of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from attrs import frozen

from basis_venues.actions import MAX, FromLeg, Transfer
from basis_venues.amounts import ZERO
from basis_venues.contract import StepFails
from basis_venues.errors import Denied
from basis_venues.guard import destination
from basis_venues.keys import TRANSIT, Key
from basis_venues.orders import Effect, Limits, Line, Ref

from .instrument import wallet_key
from .settings import AssetSettings, ExchangeSettings

WALLETS = ("spot", "futures", "funding")


@frozen(eq=False, repr=False)
class Transfers:
    """The transfers of one account: `account` is its alias, `venue` the exchange, `outer` the wallet that faces the outside. `arrival`
    tells where an asset arrives that is sent to another account."""

    venue: str
    account: str
    settings: ExchangeSettings
    outer: str
    arrival: Callable[[str, str], Key]

    def wallet(self, name: str, asset: str) -> Key:
        """The position of one inner wallet."""
        return wallet_key(self.account, name, asset, self.settings.unified)

    def source(self, transfer: Transfer) -> Key:
        """The position that the transfer takes from: the wallet named, else the spot wallet."""
        return self.wallet(transfer.from_wallet or "spot", transfer.asset)

    def touches(self, transfer: Transfer) -> tuple[Key, ...]:
        """The positions of this account that the transfer changes."""
        if self._stays(transfer) and transfer.to_wallet is not None:
            return (self.source(transfer), self.wallet(transfer.to_wallet, transfer.asset))
        return (self.source(transfer),)

    def check(self, transfer: Transfer) -> None:
        """Raises `Denied` for a transfer that must not be tried, `GuardRefused` for an address that is not allowed."""
        if transfer.source != self.account:
            raise Denied(f"{self.venue} moves funds out of the account {self.account!r}, not {transfer.source!r}")
        if isinstance(transfer.amount, FromLeg):
            raise Denied("an exchange transfer is no part of a bundle; give its amount as a number or 'max'")
        for wallet in (transfer.from_wallet, transfer.to_wallet):
            if wallet is not None and wallet not in WALLETS:
                raise Denied(f"{self.venue} has no wallet {wallet!r}; its wallets are {', '.join(WALLETS)}")
        if self._stays(transfer):
            self._check_inside(transfer)
        else:
            self._check_withdrawal(transfer)

    def limits(self, transfer: Transfer) -> Limits:
        """The smallest withdrawal; nothing for a transfer inside. Raises `Denied` for an asset that cannot be withdrawn."""
        return Limits() if self._stays(transfer) else Limits(minimum=self._asset(transfer.asset).minimum_withdrawal)

    def effects(self, transfer: Transfer, free: Decimal, now: int, ref: Ref) -> tuple[Effect, ...]:
        """The debit, and the credit where it is known. `free` is what may leave the source. Raises `StepFails` when it is too little.

        A withdrawal opens a `transit` position of the target, which turns into its balance when the delay is over. An address lies
        outside the books: the debit closes it.
        """
        stays = self._stays(transfer)
        asset = AssetSettings() if stays else self._asset(transfer.asset)
        fee = asset.withdrawal_fee
        amount = free - fee if transfer.amount == MAX else transfer.amount
        assert isinstance(amount, Decimal)  # `check` refuses FromLeg
        if amount <= 0 or amount < asset.minimum_withdrawal or amount + fee > free:
            raise StepFails(_too_little(self.venue, transfer, fee, asset.minimum_withdrawal, free))
        debit: Line = (self.source(transfer), -amount - fee)
        if stays:
            return (Effect(f"{ref.id}:0", ref.id, (debit, (self.touches(transfer)[1], amount)), now, "transfer"),)
        if transfer.target is None:
            return (Effect(f"{ref.id}:0", ref.id, (debit,), now, "transfer"),)
        return self._withdrawal(transfer.target, transfer.asset, amount, debit, now + asset.delay_ms, now, ref)

    def _withdrawal(self, target: str, asset: str, amount: Decimal, debit: Line, arrival: int, now: int, ref: Ref) -> tuple[Effect, ...]:
        transit = f"{target}:{TRANSIT}:{asset}/{ref.id}"
        return (
            Effect(f"{ref.id}:0", ref.id, (debit, (transit, amount)), now, "transfer"),
            Effect(f"{ref.id}:1", ref.id, ((transit, -amount), (self.arrival(target, asset), amount)), arrival, "deposit"),
        )

    def _stays(self, transfer: Transfer) -> bool:
        return transfer.target == transfer.source

    def _check_inside(self, transfer: Transfer) -> None:
        if transfer.to_wallet is None:
            raise Denied(f"a transfer inside {self.venue} needs to_wallet: {', '.join(WALLETS)}")
        if self.source(transfer) == self.wallet(transfer.to_wallet, transfer.asset):
            raise Denied(f"{self.venue} keeps {transfer.from_wallet} and {transfer.to_wallet} in one unified wallet; nothing to transfer")

    def _check_withdrawal(self, transfer: Transfer) -> None:
        asset = self._asset(transfer.asset)
        if transfer.to_wallet is not None:
            raise Denied("to_wallet is for a transfer inside one account; what is sent elsewhere arrives in the target's balance")
        if self.source(transfer) != self.wallet(self.outer, transfer.asset):
            raise Denied(f"{self.venue} withdraws from its {self.outer} wallet: transfer there first, and say from_wallet: {self.outer}")
        if transfer.network is None and asset.network is None:
            raise Denied(f"a withdrawal of {transfer.asset} needs a network: name it in the transfer or in assets.{transfer.asset}.network")
        if isinstance(transfer.amount, Decimal) and transfer.amount < asset.minimum_withdrawal:
            raise Denied(f"{transfer.amount} {transfer.asset} is below the smallest withdrawal of {asset.minimum_withdrawal}")
        if transfer.address is not None:
            destination(self.venue, self.settings, transfer)

    def _asset(self, asset: str) -> AssetSettings:
        try:
            return self.settings.assets[asset]
        except KeyError:
            known = ", ".join(sorted(self.settings.assets)) or "none"
            raise Denied(f"{self.venue} cannot withdraw {asset}: its YAML lists {known} under `assets`") from None


def _too_little(venue: str, transfer: Transfer, fee: Decimal, minimum: Decimal, free: Decimal) -> str:
    fees = f" plus a fee of {fee}" if fee else ""
    least = f", at least {minimum}" if minimum > ZERO else ""
    return f"{venue} cannot move {transfer.amount} {transfer.asset}{fees}{least}: {free:f} is free"
