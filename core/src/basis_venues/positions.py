"""A set of positions that are known in full: a key that is not there is zero."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from decimal import Decimal

from .amounts import ZERO
from .keys import Key
from .orders import Effect, deltas


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


class Overlaid(ChainMap[Key, Decimal]):
    """Positions read through to `base` until they are changed here; the base stays as it is. Zero where neither has one."""

    def __init__(self, base: Mapping[Key, Decimal]) -> None:
        super().__init__({}, base)  # type: ignore[arg-type]  # only the first is ever written to

    def __missing__(self, key: Key) -> Decimal:
        return ZERO

    def get(self, key: Key, default: Decimal = ZERO) -> Decimal:  # type: ignore[override]
        """The amount, zero where there is none."""
        return self[key]

    def apply(self, effects: Iterable[Effect]) -> None:
        """Add the effects' lines."""
        for key, change in deltas(effects).items():
            self[key] += change
