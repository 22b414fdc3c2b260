"""Dividing a quantity over venues in whole lots: the parts and the reported rest add up to the whole, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from .amounts import MONEY, ZERO, floor_to

_LAST_DIGIT = Decimal("1E-18")
"""Where endless digits are cut: no venue counts in less."""


class Share(NamedTuple):
    """One venue's claim on the whole: its weight (0 to 1), its lot (0: any amount) and the least it takes."""

    venue: str
    weight: Decimal
    lot: Decimal
    minimum: Decimal


class Split(NamedTuple):
    """`parts` by venue, none of them zero; `rest` fits no venue; `notes` say which venue was left out and why."""

    parts: tuple[tuple[str, Decimal], ...]
    rest: Decimal
    notes: tuple[str, ...]


def split(whole: Decimal, shares: Sequence[Share]) -> Split:
    """Divide `whole` by weight. A venue whose part would be under its minimum is left out and its weight goes to the others.

    Weights that sum to less than 1 leave the remainder in the rest. Runs inside the money context.
    """
    taking = [share for share in shares if share.weight > 0]
    wanted = _wanted(whole, sum((share.weight for share in taking), ZERO))
    notes: list[str] = []
    while taking:
        parts = _whole_lots(wanted, taking)
        short = [share for share in taking if parts[share.venue] < max(share.minimum, share.lot) or not parts[share.venue]]
        if not short:
            placed = tuple((share.venue, parts[share.venue]) for share in taking)
            return Split(placed, whole - sum((part for _, part in placed), ZERO), tuple(notes))
        least = min(short, key=lambda share: (share.weight, share.venue))
        notes.append(f"{least.venue} left out: its part {parts[least.venue]} is under its minimum {max(least.minimum, least.lot)}")
        taking.remove(least)
    return Split((), whole, tuple(notes))


def _wanted(whole: Decimal, weight: Decimal) -> Decimal:
    """The part of the whole that is to be placed. Equal weights such as three thirds miss 1 by their last digit: that takes no lot away."""
    if 1 - _LAST_DIGIT < weight < 1:
        return whole
    wanted = whole * min(weight, Decimal(1))
    digits = min(int(whole.as_tuple().exponent), _LAST_DIGIT.adjusted())
    if int(wanted.as_tuple().exponent) >= digits:
        return wanted
    return wanted.quantize(Decimal(1).scaleb(digits), ROUND_HALF_EVEN, MONEY)


def _whole_lots(wanted: Decimal, taking: Sequence[Share]) -> dict[str, Decimal]:
    """Each venue's part, floored to its lot; then the remainder, lot by lot, to the venue furthest below its ideal part."""
    total = sum((share.weight for share in taking), ZERO)
    ideal = {share.venue: wanted * share.weight / total for share in taking}
    parts = {share.venue: floor_to(ideal[share.venue], share.lot) if share.lot else ideal[share.venue] for share in taking}
    if not all(share.lot for share in taking):
        _even_out_last_digit(wanted, taking, parts)
    rest = wanted - sum(parts.values(), ZERO)
    fitting = [share for share in taking if share.lot and share.lot <= rest]
    while fitting:
        most = max(fitting, key=lambda share: (ideal[share.venue] - parts[share.venue], share.weight, share.venue))
        more = max(most.lot, floor_to(rest / len(fitting), most.lot))
        parts[most.venue] += more
        rest -= more
        fitting = [share for share in fitting if share.lot <= rest]
    return parts


def _even_out_last_digit(wanted: Decimal, taking: Sequence[Share], parts: dict[str, Decimal]) -> None:
    """Where a venue takes any amount, a third of something would have endless digits: cut them, and give it what is left."""
    digits = min(int(wanted.as_tuple().exponent), _LAST_DIGIT.adjusted())
    free = [share.venue for share in taking if not share.lot]
    for venue in free:
        parts[venue] = parts[venue].quantize(Decimal(1).scaleb(digits), ROUND_FLOOR, MONEY)
    parts[free[0]] += wanted - sum(parts.values(), ZERO)
