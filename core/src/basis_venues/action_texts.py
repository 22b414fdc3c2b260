"""The text fields of an action: `str` itself, of characters that can be stored and shown, so that routing, hashing, storing and reading
mean the same by them."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from attrs import fields

from .errors import InvalidAction

Reader = Callable[[Any], tuple[Any, ...]]
_READERS: dict[type, tuple[Reader, Reader]] = {}
"""How the text fields of each class of actions are read: those that always hold text, and those that may be None."""


def make_plain(action: Any) -> None:
    """Make every text field of a new action plain, or raise `InvalidAction`.

    All fields in a loop instead of a converter for each: actions are made by the hundred thousand, and nearly all are plain.
    """
    always, optional = _READERS.get(type(action)) or _readers(type(action))
    for value in always(action):
        if type(value) is not str or not value.isprintable():
            _settle(action)
            return
    for value in optional(action):
        if value is not None and (type(value) is not str or not value.isprintable()):
            _settle(action)
            return


def _settle(action: Any) -> None:
    for each in fields(type(action)):
        value = getattr(action, each.name)
        if _is_text(each.type) and (value is not None or each.default is not None):
            object.__setattr__(action, each.name, _plain(each.name, value))


def _plain(name: str, value: Any) -> str:
    """`value` as `str` itself: how one of its subclasses (an enum, say) is formatted, stored and hashed is its own affair."""
    if not isinstance(value, str):
        raise InvalidAction(f"{name} must be text, not {type(value).__name__}: give {name} as a str")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidAction(f"{name} holds half a character (a lone surrogate), which cannot be stored: give valid text") from None
    if not value.isprintable():
        strange = next(each for each in value if not each.isprintable())
        raise InvalidAction(f"{name} holds {strange!a}, which no line or table can show: leave out line breaks and control characters")
    return str.__str__(value)


def _is_text(declared: Any) -> bool:
    """Whether a field so annotated holds text."""
    said = declared.__name__ if isinstance(declared, type) else str(declared).replace("typing.", "")
    return said.startswith(("str", "Optional[str", 'Literal["', "Literal['"))


def _readers(cls: type) -> tuple[Reader, Reader]:
    texts = [each for each in fields(cls) if _is_text(each.type)]
    always = [each.name for each in texts if each.default is not None]
    _READERS[cls] = attrgetter("id", *always), attrgetter(*(each.name for each in texts if each.default is None))
    return _READERS[cls]  # both read at least two fields, `id` twice, and so answer tuples
