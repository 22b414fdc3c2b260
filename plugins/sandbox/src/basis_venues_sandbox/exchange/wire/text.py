"""Figures and moments as text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal

_LONGEST = Decimal("1e-12")


def plain(value: Decimal | int | None) -> str:
    """A figure without exponent and without zeros at its end; empty for None. What does not end is cut at the twelfth decimal."""
    if value is None:
        return ""
    number = Decimal(value)
    if int(number.as_tuple().exponent) < -18:
        number = number.quantize(_LONGEST, ROUND_HALF_EVEN)
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def second(moment: int) -> int:
    """The beginning of its second, ms: what many lists date by."""
    return moment // 1000 * 1000


def utc(moment: int) -> str:
    """`2019-10-12 11:12:02`."""
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
