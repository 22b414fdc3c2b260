"""The parts that close a levered position in one transaction."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from basis_venues.actions import MAX, Action, Deposit, FlashBorrow, FlashPayback, FromLeg, Payout, Repay, Swap, Unwind, Withdraw
from basis_venues.amounts import ZERO
from basis_venues_evm import Write, whole_ceil, whole_floor

from .sizing import SwapShort, flash_fee, flash_for_exit, minimum_output


class Holding(NamedTuple):
    """What is to be unwound: the debt, and the collateral by the place where it lies."""

    debt: Decimal
    supplied: Decimal
    on_account: Decimal
    in_wallet: Decimal


class Terms(NamedTuple):
    """What bounds an unwind. `debt_decimals` and `sold_decimals` are those of the two assets, `rate` the market's swap rate."""

    lending: str
    fee_bps: int
    rate: Decimal
    debt_decimals: int
    sold_decimals: int


def with_debt(unwind: Unwind, held: Holding, terms: Terms) -> Write:
    """Flash-borrow, repay, withdraw, swap, pay back, and pay the rest out to the lane's wallet.

    The whole position is closed with `MAX`, which the protocol resolves when the transaction is mined; a part of it with exact amounts.
    """
    whole = unwind.fraction == 1
    if whole:
        flash = flash_for_exit(held.debt, terms.debt_decimals)
        freed, sold = held.supplied, held.supplied + held.on_account
    else:
        flash = whole_ceil(held.debt * unwind.fraction, terms.debt_decimals)
        freed = sold = whole_floor(held.supplied * unwind.fraction, terms.sold_decimals)
    swap = _swap(unwind, MAX if whole else sold, sold, terms)
    fee = flash_fee(flash, terms.fee_bps, terms.debt_decimals)
    parts: tuple[Action, ...] = (
        FlashBorrow(asset=unwind.debt_asset, amount=flash),
        Repay(asset=unwind.debt_asset, amount=MAX if whole else flash, venue=terms.lending),
        *_withdrawal(unwind, freed, terms),
        swap,
        FlashPayback(asset=unwind.debt_asset, amount=flash + fee),
        Payout(asset=unwind.debt_asset, amount=MAX),
    )
    return Write(parts, {"minimum_out": str(swap.minimum), "sold": str(sold), "flash_fee": str(fee)})


def without_debt(unwind: Unwind, held: Holding, terms: Terms) -> Write:
    """Bring the collateral onto the smart account from the wallet and the lending protocol, swap it, and pay the proceeds out."""
    freed, own, brought = (
        whole_floor(amount * unwind.fraction, terms.sold_decimals) for amount in (held.supplied, held.on_account, held.in_wallet)
    )
    deposit = (Deposit(asset=unwind.collateral_asset, amount=brought),) if brought else ()
    withdrawal = _withdrawal(unwind, freed, terms)
    sold = freed + own + brought
    swap = _swap(unwind, sold, sold, terms)
    payout = Payout(asset=unwind.debt_asset, amount=FromLeg(len(deposit) + len(withdrawal)))
    return Write((*deposit, *withdrawal, swap, payout), {"minimum_out": str(swap.minimum), "sold": str(sold)})


def brought_in(write: Write) -> Decimal:
    """What a transaction pulls from the wallet."""
    return sum((part.amount for part in write.parts if isinstance(part, Deposit) and isinstance(part.amount, Decimal)), ZERO)


def _withdrawal(unwind: Unwind, freed: Decimal, terms: Terms) -> tuple[Withdraw, ...]:
    if not freed:
        return ()
    return (Withdraw(asset=unwind.collateral_asset, amount=MAX if unwind.fraction == 1 else freed, venue=terms.lending),)


def _swap(unwind: Unwind, amount: Decimal | str, sold: Decimal, terms: Terms) -> Swap:
    """The swap, for at least the market's rate less the accepted shortfall. Raises `SwapShort` when that is nothing."""
    try:
        least = minimum_output(sold, terms.rate, unwind.slippage, terms.debt_decimals)
    except SwapShort as refusal:
        raise SwapShort(f"{unwind.collateral_asset} into {unwind.debt_asset}: {refusal}") from refusal
    return Swap(sell=unwind.collateral_asset, buy=unwind.debt_asset, amount=amount, minimum=least)
