"""From an error of the converter to sentences for a person: where, and what is expected there. Never a value.

The errors of attrs and cattrs carry the values they refuse, in their texts or tracebacks. They are read here and go no further.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs
from cattrs.errors import BaseValidationError, ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from ..errors import ConfigurationError
from .converter import Misfit, nearest

Path = tuple[str | int, ...]
"""Keys and list positions from the top of a document to a place in it."""

_NAME = re.compile(r"[a-z]+(_[a-z0-9]+)*|[A-Z][a-z]+([A-Z][a-z]+)*|[A-Z][A-Z0-9]{1,9}([/_-][A-Z0-9]{2,9}){0,5}(:[A-Z0-9]{2,9})?")
_LONGEST = 40
_MOST_DIGITS = 6


def shown(key: str | int) -> str:
    """The key where it looks like a name or a symbol; `?` where it could be a secret pasted in the wrong place."""
    text = str(key)
    plain = _NAME.fullmatch(text) and len(text) <= _LONGEST and sum(map(str.isdigit, text)) <= _MOST_DIGITS
    return text if plain or isinstance(key, int) else "?"


def dotted(path: Path) -> str:
    """A path as people write it: `venues.data_subscriptions[2]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{shown(part)}" for part in path).lstrip(".")


def problems_of(error: Exception, path: Path = (), owner: Any = None) -> Iterator[tuple[Path, str]]:
    """Every problem inside an error that the converter raised, as the place and a sentence about it."""
    if isinstance(error, ForbiddenExtraKeysError):
        yield from _unknown_keys(error, path)
    elif isinstance(error, (ClassValidationError, IterableValidationError)):
        yield from _members(error, path)
    elif isinstance(error, (Misfit, ConfigurationError)):
        yield path, str(error)
    else:
        blamed = tuple(part.name for part in error.args if isinstance(part, attrs.Attribute))  # as the validators of attrs say it
        path = (*path, *blamed[:1])
        yield path, f"does not fit the rules of {getattr(owner, '__name__', 'its class')}"


def _members(error: BaseValidationError, path: Path) -> Iterator[tuple[Path, str]]:
    placed, rest = error.group_exceptions()  # type: ignore[attr-defined]  # both subclasses have it
    for inner, note in placed:
        step = note.name if isinstance(error, ClassValidationError) else note.index
        if isinstance(error, ClassValidationError) and isinstance(inner, KeyError) and inner.args == (step,):
            yield (*path, step), "is missing"
        else:
            yield from problems_of(inner, (*path, step), error.cl)
    for inner in rest:
        yield from problems_of(inner, path, error.cl)


def _unknown_keys(error: ForbiddenExtraKeysError, path: Path) -> Iterator[tuple[Path, str]]:
    known = [field.alias or field.name for field in attrs.fields(error.cl)] if attrs.has(error.cl) else []
    for key in sorted(error.extra_fields, key=str):
        hint = nearest(key, known) or f"; known here: {', '.join(sorted(known))}"
        yield (*path, key), f"is not a known key{hint}"
