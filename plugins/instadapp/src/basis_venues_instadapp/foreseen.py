"""Whether a cast would do what was planned: the decoded effects of its simulation against the bounds of its step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from basis_venues.actions import FlashBorrow, Swap
from basis_venues.amounts import ZERO, from_units, money
from basis_venues.keys import ALLOWANCE, SETTING, Key, split_key
from basis_venues.orders import Effect, Step, deltas

from .model import expected_of

DUST = 10
"""Base units that every position may be off: the contracts round each step to their own advantage."""


def departures(step: Step, effects: Iterable[Effect], tolerance: Decimal, decimals: Callable[[str], int]) -> list[str]:
    """The positions that would change otherwise than planned, each with both changes; none where the step has no planned changes.

    A position may be off by `tolerance` (a fraction, for interest and figures some seconds old) of what moves of it, and by what its
    asset's swaps may lack against the market's rate. Settings and allowances are exact. `decimals`: of an asset's base unit.
    """
    planned = {key: Decimal(text) for key, text in step.bounds.items() if ":" in key}
    if not planned:
        return []
    with money():
        found, slack = deltas(effects), _Slack(step, tolerance, decimals)
        return [
            f"{key} by {found.get(key, ZERO)}, planned {planned.get(key, ZERO)}"
            for key in sorted({*planned, *found})
            if abs(found.get(key, ZERO) - planned.get(key, ZERO)) > slack.of(key, planned.get(key, ZERO))
        ]


class _Slack:
    """How far each position may be off."""

    def __init__(self, step: Step, tolerance: Decimal, decimals: Callable[[str], int]) -> None:
        self._decimals = decimals
        self._share = tolerance
        self._by_asset: dict[str, Decimal] = {}
        for number, part in enumerate(step.actions):
            if isinstance(part, FlashBorrow) and isinstance(part.amount, Decimal):
                self._add(part.asset, part.amount * tolerance)
            elif isinstance(part, Swap):
                expected = Decimal(step.bounds[expected_of(number)])
                self._add(part.buy, expected - part.minimum)
                self._share = max(self._share, tolerance + 1 - part.minimum / expected)

    def of(self, key: Key, planned: Decimal) -> Decimal:
        """The most that the change may differ from `planned`."""
        parts = split_key(key)
        if parts.kind in (SETTING, ALLOWANCE):
            return ZERO
        asset = parts.instrument.rpartition("/")[2]
        return abs(planned) * self._share + self._by_asset.get(asset, ZERO) + from_units(DUST, self._decimals(asset))

    def _add(self, asset: str, amount: Decimal) -> None:
        self._by_asset[asset] = self._by_asset.get(asset, ZERO) + amount


def told(effects: Iterable[Effect]) -> Iterator[tuple[Key, str]]:
    """The change of each position, as text, for the journal."""
    with money():
        yield from ((key, str(amount)) for key, amount in deltas(effects).items() if amount)
