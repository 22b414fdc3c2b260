"""The perpetual positions of an account between two readings of it."""

from __future__ import annotations

from collections.abc import Mapping

from .fills import Position


class Positions:
    """The positions as they are known, by symbol: as they were read, and carried on by what was filled since.

    Orders given together share one reading, so that each must meet the position that those before it left. A reading tells of the moment
    at which it was asked for: what is known from later stays.
    """

    def __init__(self) -> None:
        self._held: dict[str, Position] = {}
        self._as_of: dict[str, int] = {}
        self._count = 0

    def get(self, symbol: str) -> Position | None:
        """The position; None where it was never read."""
        return self._held.get(symbol)

    def mark(self) -> int:
        """A mark of this moment, for a reading that is about to be asked for."""
        self._count += 1
        return self._count

    def read(self, found: Mapping[str, Position], mark: int) -> None:
        """Take over what was read, but for what is known from after the mark."""
        for symbol, position in found.items():
            self._know(symbol, position, mark)

    def filled(self, symbol: str, after: Position) -> None:
        """Take over what an order left."""
        self._know(symbol, after, self.mark())

    def _know(self, symbol: str, position: Position, mark: int) -> None:
        if mark > self._as_of.get(symbol, 0):
            self._held[symbol], self._as_of[symbol] = position, mark
