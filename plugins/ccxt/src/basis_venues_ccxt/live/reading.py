"""Reading rows of an exchange's answer: figures as exact amounts, and nothing invented where a field is missing."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from basis_venues.amounts import ZERO

Row = Mapping[str, Any]


class Unreadable(Exception):
    """An answer without a field that it must have, or with one that makes no sense. Of a write it means that the outcome is unknown."""


def text(row: Any, name: str) -> str:
    """A field as text; empty where it is missing or null."""
    value = row.get(name) if isinstance(row, dict) else None
    if type(value) is str:
        return value
    return "" if value is None else str(value)


def needed(row: Any, name: str) -> str:
    """A field as text. Raises `Unreadable` where it is missing or empty."""
    value = text(row, name)
    if not value:
        raise Unreadable(f"the answer has no {name}")
    return value


def either(row: Any, name: str, one: str, other: str) -> bool:
    """Whether a field says the one word. Raises `Unreadable` where it says neither of them: what is no purchase need be no sale."""
    said = needed(row, name)
    if said not in (one, other):
        raise Unreadable(f"{name} is {said}, neither {one} nor {other}")
    return said == one


def amount(row: Any, name: str) -> Decimal:
    """A figure, exactly as written. Raises `Unreadable` where it is missing or no finite number."""
    try:
        value = Decimal(needed(row, name))
    except InvalidOperation:
        raise Unreadable(f"{name} is not a number") from None
    if not value.is_finite():
        raise Unreadable(f"{name} is not a finite number")
    return value


def amount_or_zero(row: Any, name: str) -> Decimal:
    """A figure; zero where the field is there and empty, as exchanges write nothing. Raises `Unreadable` where it is missing."""
    if isinstance(row, dict) and row.get(name, "missing") in ("", None):
        return ZERO
    return amount(row, name)


def maybe(row: Any, name: str) -> Decimal | None:
    """A figure, or None where it is missing or empty. Raises `Unreadable` for what is no number."""
    return amount(row, name) if text(row, name) else None


def moment(row: Any, name: str) -> int:
    """A time in ms. Raises `Unreadable`."""
    said = text(row, name)
    return int(said) if said.isdecimal() else int(amount(row, name))


def rows(answer: Any, *path: str) -> list[Any]:
    """The list at the end of a path of names. Raises `Unreadable` where there is none."""
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(answer, list):
        raise Unreadable(f"the answer has no list {'.'.join(path)}".rstrip())
    return answer


def first(answer: Any, *path: str) -> Any:
    """The first row of such a list. Raises `Unreadable` where it has none: what cannot be read is not taken for nothing."""
    found = rows(answer, *path)
    if not found:
        raise Unreadable(f"the list {'.'.join(path)} of the answer is empty")
    return found[0]
