"""What the kit cannot guess: actions that the venue can carry out, what the accounts hold then, and the market's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from attrs import field, frozen

from basis_venues.actions import Action
from basis_venues.amounts import exact
from basis_venues.keys import BALANCE, Key, split_key

HOUR = 3_600_000
"""ms."""
DAY = 24 * HOUR
"""ms."""
START = 1_704_067_200_000
"""When samples are carried out unless they say otherwise: 2024-01-01, 00:00 UTC, ms."""

Figure = str | int | Decimal
Figures = Mapping[str, Figure | Sequence[tuple[int, Figure]]]
"""Market figures by series: one that holds all the time, or points of (ms after the sample's start, figure)."""

Points = tuple[tuple[int, Decimal], ...]


def _positions(held: Mapping[Key, Figure]) -> Mapping[Key, Decimal]:
    return {key: exact(amount) for key, amount in held.items()}


def points_of(figures: Figures) -> Mapping[str, Points]:
    """Every series as points of (ms after the start, figure), oldest first."""
    return {series: _points(figure) for series, figure in figures.items()}


def _points(figure: Figure | Sequence[tuple[int, Figure]]) -> Points:
    if isinstance(figure, (str, int, Decimal)):
        return ((0, exact(figure)),)
    return tuple(sorted((at, exact(each)) for at, each in figure))


@frozen
class Sample:
    """One action that the venue should be able to carry out; its id may be left out.

    `holds`: positions before it, by key; what is not there is zero. `market`: figures, on top of those of the test class. `at`: when
    it is carried out, ms. `lasts`: for how long afterwards it is watched what happens to the positions by itself, ms. `first`: on the
    double's chain, the actions that lead to what it holds beyond balances, which the double gives. `idle`: a step of it may change no
    position besides what it costs, as an order that nobody takes; every other must.
    """

    action: Action
    holds: Mapping[Key, Decimal] = field(factory=dict, converter=_positions, kw_only=True)
    market: Mapping[str, Points] = field(factory=dict, converter=points_of, kw_only=True)
    at: int = field(default=START, kw_only=True)
    lasts: int = field(default=DAY, kw_only=True)
    first: tuple[Action, ...] = field(default=(), kw_only=True)
    idle: bool = field(default=False, kw_only=True)

    @property
    def is_simple(self) -> bool:
        """Whether balances are all that it holds."""
        return all(split_key(key).kind == BALANCE for key in self.holds)

    @property
    def shows(self) -> frozenset[str]:
        """The action classes that it shows: its own, and those of a bundle's legs."""
        legs: tuple[Action, ...] = getattr(self.action, "legs", ())
        return frozenset(type(each).__name__ for each in (self.action, *legs))
