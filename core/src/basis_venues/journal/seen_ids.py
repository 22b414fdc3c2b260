"""Which ids have acted, in a few bytes each: a backtest of millions of actions must not keep them all as objects."""

from __future__ import annotations

from array import array


class SeenIds:
    """A set of strings that answers by a 64-bit hash, at most two thirds full: 12 to 24 bytes an id.

    Two ids share a hash once in about 10^19 pairs; the second would then be refused as known, never carried out twice.
    Open addressing with linear probing; 0 stands for an empty place.
    """

    def __init__(self) -> None:
        self._places = array("Q", bytes(8 * 1024))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, text: str) -> bool:
        return self._places[self._place(self._places, _hash(text))] != 0

    def add(self, text: str) -> None:
        """Take an id in."""
        number = _hash(text)
        place = self._place(self._places, number)
        if not self._places[place]:
            self._places[place] = number
            self._count += 1
            if self._count * 3 > len(self._places) * 2:
                self._grow()

    def _grow(self) -> None:
        larger = array("Q", bytes(16 * len(self._places)))
        for number in self._places:
            if number:
                larger[self._place(larger, number)] = number
        self._places = larger

    @staticmethod
    def _place(places: array[int], number: int) -> int:
        """Where the number is, or the empty place where it would go."""
        mask = len(places) - 1
        place = number & mask
        while places[place] and places[place] != number:
            place = (place + 1) & mask
        return place


def _hash(text: str) -> int:
    return (hash(text) & 0xFFFF_FFFF_FFFF_FFFF) or 1
