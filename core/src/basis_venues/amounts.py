"""Exact amounts: `Decimal` built from text, integer base units on a chain, never a float.

All arithmetic of this library runs in `MONEY`, a context of 60 digits that raises on invalid operations: the default 28 digits lose a
wei at 3e10 tokens.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)

from .errors import InvalidAction

MONEY = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, DivisionByZero, Overflow])
ZERO = Decimal(0)
_LARGEST = 40
"""The exponent of the largest positive amount, and of the smallest: arithmetic on them has digits enough."""


def money() -> AbstractContextManager[Context]:
    """For a `with` block whose arithmetic runs in `MONEY`. Whatever works on amounts and is called from outside begins with it."""
    return localcontext(MONEY)


_NUMERIC = "0123456789+-.eE"
"""All that text of an amount may hold: `Decimal` by itself would also read `1_0`, blanks around it and digits of any script."""


def exact(value: Decimal | int | str) -> Decimal:
    """`value` as a finite `Decimal`, digit for digit. Raises `InvalidAction` for floats, NaN, infinities and text that is no number."""
    if type(value) is Decimal:
        number = value
    elif isinstance(value, (int, str)) and not isinstance(value, bool):
        try:
            if isinstance(value, str) and value.strip(_NUMERIC):
                raise InvalidOperation
            number = Decimal(value)
        except InvalidOperation:
            raise InvalidAction("an amount is not a number, finite and in plain digits; write it as text, such as '0.25'") from None
    else:
        raise InvalidAction(f"an amount has the type {type(value).__name__}; write it as text or Decimal, never as a float")
    if not number.is_finite():
        raise InvalidAction("an amount must be a finite number")
    return number


def positive(value: Decimal | int | str) -> Decimal:
    """`exact(value)`, above zero and of a size that money has. Raises `InvalidAction`."""
    number = value if type(value) is Decimal and value.is_finite() else exact(value)  # trades are made by the hundred thousand
    if number <= 0:
        raise InvalidAction(f"an amount must be above zero, not {number}")
    if not -_LARGEST <= number.adjusted() <= _LARGEST:
        raise InvalidAction(f"an amount must be between 1e-{_LARGEST} and 1e{_LARGEST}, not {number}")
    return number


def floor_to(amount: Decimal, step: Decimal) -> Decimal:
    """The largest whole multiple of `step` (above zero) not above `amount`."""
    return (amount / step).to_integral_value(ROUND_FLOOR, MONEY) * step


def ceil_to(amount: Decimal, step: Decimal) -> Decimal:
    """The smallest whole multiple of `step` (above zero) not below `amount`."""
    return (amount / step).to_integral_value(ROUND_CEILING, MONEY) * step


def to_units(amount: Decimal, decimals: int) -> int:
    """`amount` tokens as integer base units. Raises `InvalidAction` if that would round."""
    units = MONEY.scaleb(amount, decimals)
    whole = int(units)
    if whole != units:
        raise InvalidAction(f"{amount} has more than {decimals} decimals")
    return whole


def from_units(units: int, decimals: int) -> Decimal:
    """Integer base units as an amount of tokens, exactly."""
    return MONEY.scaleb(Decimal(units), -decimals)
