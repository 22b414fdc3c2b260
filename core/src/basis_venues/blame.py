"""What a plugin raised, for its author: told without the error's own text, which may hold a secret."""

from __future__ import annotations

from pathlib import Path

_SLIPS = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, NotImplementedError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip
"""What code raises for a mistake of its own; what a venue or a connection does is of other kinds."""


def is_slip(error: BaseException) -> bool:
    """Whether the error is of the code's own making."""
    return isinstance(error, _SLIPS)


def raised(error: BaseException) -> str:
    """The kind of the error, and of a slip the line of code that it came from."""
    if not is_slip(error) or error.__traceback__ is None:
        return type(error).__name__
    from traceback import extract_tb  # only where something is wrong

    last = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} ({Path(last.filename).name}, line {last.lineno})"
