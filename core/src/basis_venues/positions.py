"""A set of positions that are known in full: a key that is not there is zero."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from .amounts import ZERO
from .keys import Key
from .orders import Effect


class Positions(dict[Key, Decimal]):
    """Positions by key, where absence means zero. Only for books that are complete; what could not be read must not get here."""

    __slots__ = ()

    def __missing__(self, key: Key) -> Decimal:
        return ZERO

    def get(self, key: Key, default: Decimal = ZERO) -> Decimal:  # type: ignore[override]
        """The amount, zero where there is none."""
        return dict.get(self, key, default)

    def apply(self, effects: Iterable[Effect]) -> None:
        """Add the effects' lines."""
        for effect in effects:
            for key, amount in effect.lines:
                self[key] = self[key] + amount

    def held(self) -> Mapping[Key, Decimal]:
        """Those that are not zero, by key."""
        return {key: self[key] for key in sorted(self) if self[key]}


class Overlaid(Positions):
    """Positions read through to `base` until they are changed here; the base stays as it is."""

    __slots__ = ("_base",)

    def __init__(self, base: Mapping[Key, Decimal]) -> None:
        super().__init__()
        self._base = base

    def __missing__(self, key: Key) -> Decimal:
        return self._base.get(key, ZERO)

    def get(self, key: Key, default: Decimal = ZERO) -> Decimal:  # type: ignore[override]
        """The amount, zero where there is none."""
        return self[key]

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or key in self._base

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield from dict.__iter__(self)
        yield from (key for key in self._base if not dict.__contains__(self, key))
