"""Runners choose their event loop: what is carried out on asyncio's own is carried out on others as well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from basis_venues.results import LegResult

uvloop = pytest.importorskip("uvloop", reason="uvloop comes with ccxt where it runs: not on Windows")
World = Any
pytestmark = pytest.mark.slow


def test_uvloop_carries_out_orders_at_three_venues(three: World, all_verified: Callable[..., bool]) -> None:
    """Spot, and a short split over all: sent, proven, and the connections let go."""

    async def story() -> Sequence[LegResult]:
        async with three.open() as manager:
            results = [await manager.execute_action(action) for action in (three.spot(venue="okx"), three.perp(quantity="0.3"))]
        return [leg for result in results for leg in result.legs]

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        legs = runner.run(story())
    assert len(legs) == 4
    assert all_verified(*legs)
