"""The levels of conformance. A venue has reached one when it keeps every promise of it and of those below."""

from __future__ import annotations

from collections.abc import Mapping

LEVELS: Mapping[int, str] = {0: "loads", 1: "works", 2: "honest", 3: "survives"}
"""What each level is called."""


def level_of(promise: str) -> int:
    """The level that a promise such as `L1-4` belongs to."""
    return int(promise.partition("-")[0].removeprefix("L"))


def in_order(promise: str) -> tuple[int, int]:
    """Sorts `L1-10` after `L1-9`."""
    return level_of(promise), int(promise.partition("-")[2])
