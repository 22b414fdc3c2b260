"""What is offered for gas: EIP-1559 fees under caps, and what a replacement must offer. All figures in wei."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from basis_venues.errors import Denied

from ..settings import TransactionSettings

GWEI = Decimal(10**9)


class Fees(NamedTuple):
    """The most that is paid for a unit of gas, and the tip in it."""

    max_fee: int
    tip: int


class Going(NamedTuple):
    """What the chain takes after the block `head`: the next block's base fee, and a usual tip."""

    base: int
    tip: int
    head: int


def going(history: Any) -> Going:
    """From the answer to `eth_feeHistory` with one percentile: the coming base fee, and the median of the recent tips."""
    tips = sorted(int(rewards[0], 16) for rewards in history.get("reward") or () if rewards)
    tip = tips[len(tips) // 2] if tips else 0
    return Going(int(history["baseFeePerGas"][-1], 16), tip, int(history["oldestBlock"], 16) + len(history["baseFeePerGas"]) - 2)


def offer(now: Going, settings: TransactionSettings) -> Fees:
    """Room for the base fee to double, within the caps. Raises `Denied` when the caps do not cover the present base fee and tip."""
    tip = min(max(now.tip, wei(settings.min_tip_gwei)), wei(settings.max_tip_gwei))
    cap = wei(settings.max_fee_gwei)
    if now.base + tip > cap:
        raise Denied(
            f"gas costs {in_gwei(now.base + tip)} gwei, above the cap of {settings.max_fee_gwei}: wait, or raise "
            "transactions.max_fee_gwei in alchemy.yaml"
        )
    return Fees(min(2 * now.base + tip, cap), tip)


def bumped(sent: Sequence[Fees], now: Going, settings: TransactionSettings) -> Fees | None:
    """Fees for a replacement: an eighth above all that were offered before, on both fields (nodes ask for a tenth), and no less than
    what is offered now. None when a cap forbids it."""
    try:
        fresh = offer(now, settings)
    except Denied:
        return None
    tip = max(fresh.tip, *(_eighth_more(fees.tip) for fees in sent))
    max_fee = max(fresh.max_fee, *(_eighth_more(fees.max_fee) for fees in sent))
    if tip > wei(settings.max_tip_gwei) or max_fee > wei(settings.max_fee_gwei):
        return None
    return Fees(max_fee, tip)


def wei(gwei: Decimal) -> int:
    """Gwei as wei."""
    return int(gwei * GWEI)


def in_gwei(amount: int) -> Decimal:
    """Wei as gwei, to three digits."""
    return (Decimal(amount) / GWEI).quantize(Decimal("0.001"))


def _eighth_more(amount: int) -> int:
    return amount + amount // 8 + 1
