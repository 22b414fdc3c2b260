"""What is wrong with plain data, and where: sentences for a person, never a value."""

from __future__ import annotations

import re
from collections.abc import Iterable

Path = tuple[str | int, ...]
"""Keys and list positions from the top of a document to a place in it."""

_NAME = re.compile(r"[a-z]+(_[a-z0-9]+)*|[A-Z][a-z]+([A-Z][a-z]+)*|[A-Z][A-Z0-9]{1,9}([/_-][A-Z0-9]{2,9}){0,5}(:[A-Z0-9]{2,9})?")
_LONGEST = 40
_MOST_DIGITS = 6


class Misfit(ValueError):
    """Data that is not what its place asks for. `problems` are places and sentences; a sentence says what is expected there."""

    def __init__(self, *problems: str | tuple[Path, str]) -> None:
        self.problems = tuple(((), each) if isinstance(each, str) else each for each in problems)
        super().__init__("; ".join(text for _, text in self.problems))

    def under(self, step: str | int) -> list[tuple[Path, str]]:
        """The problems as seen from one level higher."""
        return [((step, *path), text) for path, text in self.problems]


def shown(key: str | int) -> str:
    """The key where it looks like a name or a symbol; `?` where it could be a secret pasted in the wrong place."""
    text = str(key)
    plain = _NAME.fullmatch(text) and len(text) <= _LONGEST and sum(map(str.isdigit, text)) <= _MOST_DIGITS
    return text if plain or isinstance(key, int) else "?"


def dotted(path: Path) -> str:
    """A path as people write it: `venues.data_subscriptions[2]`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{shown(part)}" for part in path).lstrip(".")


def nearest(word: object, known: Iterable[object]) -> str:
    """`; did you mean X?` for the known name that is closest to `word`, or nothing. `word` itself is not shown."""
    from difflib import get_close_matches  # only where something is wrong

    found = get_close_matches(word, [str(name) for name in known], 1) if isinstance(word, str) else []
    return f"; did you mean {found[0]}?" if found else ""
